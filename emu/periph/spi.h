/* SPI1, SPI2 (RM0008 25; I2S is not modelled). */
#ifndef RK_EMU_PERIPH_SPI_H
#define RK_EMU_PERIPH_SPI_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_spi_ops;

enum {
    RK_SPI_OUT_IRQ,
    RK_SPI_OUT_DMA_RX, /* level request */
    RK_SPI_OUT_DMA_TX,
    RK_SPI_OUT_XFER, /* exchange: value = MOSI frame | CPOL/CPHA mode << 16 | (1 << 18 when 16-bit);
                        the answer is the MISO frame. Sent when a frame has left completely */
    RK_SPI_OUT_COUNT,
};

#endif
