/* IWDG (RM0008 19): independent watchdog on LSI (40 kHz nominal). */
#ifndef RK_EMU_PERIPH_IWDG_H
#define RK_EMU_PERIPH_IWDG_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_iwdg_ops;

enum {
    RK_IWDG_OUT_LSI, /* 1 when started */
    RK_IWDG_OUT_COUNT,
};
enum {
    RK_IWDG_IN_HW, /* option byte WDG_SW = 0: starts by itself at reset */
};

#endif
