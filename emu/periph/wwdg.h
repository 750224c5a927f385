/* WWDG (RM0008 20): window watchdog on PCLK1. */
#ifndef RK_EMU_PERIPH_WWDG_H
#define RK_EMU_PERIPH_WWDG_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_wwdg_ops;

enum {
    RK_WWDG_OUT_IRQ,
    RK_WWDG_OUT_COUNT,
};

#endif
