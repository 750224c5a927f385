/* A block that the chip has and this model does not: every access is loud (RK unmodelled class),
 * reads as 0 and changes nothing. Listed in emu/MISSING.md. */
#include "emu/core/absent.h"

static void absent_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

static uint32_t absent_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    (void)size;
    rk_unmodelled(dev, off, false, 0);
    return 0;
}

static void absent_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    (void)size;
    rk_unmodelled(dev, off, true, value);
}

const struct rk_dev_ops rk_absent_ops = {
    .type = "absent",
    .width = RK_BUS_RAW,
    .reset = absent_reset,
    .read = absent_read,
    .write = absent_write,
};
