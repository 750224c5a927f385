/* SST25VF016B: 2 MB SPI flash (data sheet S71271), with times and wear. nv = its array. */
#ifndef RK_EMU_PART_SST25_H
#define RK_EMU_PART_SST25_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_sst25_ops;

enum {
    RK_SST25_IN_CS,   /* pin level: 0 selected */
    RK_SST25_IN_XFER, /* RK_SPI_OUT_XFER values; answers 0xFF.. when not selected */
};
/* Erase count of a 4 KB sector. */
uint32_t rk_sst25_wear(const struct rk_dev *dev, unsigned sector);

#endif
