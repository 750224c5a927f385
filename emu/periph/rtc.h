/* RTC (RM0008 18): backup-domain counter; keeps running over resets, lost with the power. */
#ifndef RK_EMU_PERIPH_RTC_H
#define RK_EMU_PERIPH_RTC_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_rtc_ops;

enum {
    RK_RTC_IN_DBP,   /* PWR_CR.DBP: writes are taken */
    RK_RTC_IN_BDRST, /* backup domain reset */
};
enum {
    RK_RTC_OUT_IRQ,        /* global: second, overflow (and alarm) */
    RK_RTC_OUT_ALARM,      /* level to EXTI 17 and PWR */
    RK_RTC_OUT_TAMPER_CAL, /* second/alarm pulse for BKP's calibration output */
    RK_RTC_OUT_COUNT,
};

#endif
