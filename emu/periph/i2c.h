/* I2C1 (RM0008 26): master mode against parts on the bus; slave address match. */
#ifndef RK_EMU_PERIPH_I2C_H
#define RK_EMU_PERIPH_I2C_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_i2c_ops;

/* The bus as one exchange line: value = kind << 8 | byte. */
enum {
    RK_I2C_BUS_START = 1, /* byte = address << 1 | read; answer 1 = ACK */
    RK_I2C_BUS_WRITE = 2, /* answer 1 = ACK */
    RK_I2C_BUS_READ = 3,  /* byte: 1 = the master will ACK; answer = the byte */
    RK_I2C_BUS_STOP = 4,
};
enum {
    RK_I2C_OUT_IRQ_EV,
    RK_I2C_OUT_IRQ_ER,
    RK_I2C_OUT_DMA_RX,
    RK_I2C_OUT_DMA_TX,
    RK_I2C_OUT_BUS,
    RK_I2C_OUT_COUNT,
};

#endif
