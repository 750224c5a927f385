/* A memory or sensor on I2C as most are: the first byte written after the address sets a register
 * pointer, further bytes are stored from there, reads go on from there; the pointer wraps.
 */
#ifndef RK_EMU_PART_I2C_MEMORY_H
#define RK_EMU_PART_I2C_MEMORY_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_i2c_memory_ops;

struct rk_i2c_memory_config {
    uint8_t address; /* 7 bits */
};

#define RK_I2C_MEMORY_SIZE 256u
enum {
    RK_I2C_MEMORY_IN_BUS, /* kind << 8 | byte, as RK_I2C_OUT_BUS says; answers 0 when not meant */
};
/* The cells, for who sets a sensor's values. */
uint8_t *rk_i2c_memory_bytes(struct rk_dev *dev);

#endif
