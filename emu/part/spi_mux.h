/* The shared SPI bus of a board: passes an exchange to every slave and merges the answers (a slave
 * that is not selected floats: answers all ones). */
#ifndef RK_EMU_PART_SPI_MUX_H
#define RK_EMU_PART_SPI_MUX_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_spi_mux_ops;

#define RK_SPI_MUX_SLAVES 2
enum {
    RK_SPI_MUX_IN_XFER,
};
enum {
    RK_SPI_MUX_OUT_XFER = 0, /* + slave 0 or 1; both must be connected */
};

#endif
