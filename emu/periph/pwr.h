/* PWR (RM0008 5): backup-domain write protection, Stop and Standby, wake-up. */
#ifndef RK_EMU_PERIPH_PWR_H
#define RK_EMU_PERIPH_PWR_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_pwr_ops;

enum {
    RK_PWR_IN_SLEEP,     /* from the CPU: RK_CPU_OUT_SLEEP values */
    RK_PWR_IN_WAKE,      /* pulse from EXTI */
    RK_PWR_IN_WKUP_PIN,  /* PA0 level */
    RK_PWR_IN_RTC_ALARM, /* level */
};
enum {
    RK_PWR_OUT_DBP,      /* to RCC, RTC, BKP */
    RK_PWR_OUT_STOP,     /* to RCC: 1 enter, 0 leave */
    RK_PWR_OUT_CPU_WAKE, /* to the CPU */
    RK_PWR_OUT_COUNT,
};

#endif
