/* TI CC3000 radio at SPI level (cc3000.md). nv = its NVMEM. */
#ifndef RK_EMU_PART_CC3000_H
#define RK_EMU_PART_CC3000_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_cc3000_ops;

enum {
    RK_CC3000_IN_CS,     /* pin level: 0 selected */
    RK_CC3000_IN_ENABLE, /* VBAT_SW_EN level */
    RK_CC3000_IN_XFER,   /* RK_SPI_OUT_XFER values */
};
enum {
    RK_CC3000_OUT_IRQ, /* pin level, active low */
    RK_CC3000_OUT_COUNT,
};

#endif
