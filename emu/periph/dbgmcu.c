/* DBGMCU (RM0008 31.16): the device id code and the debug configuration, which a machine whose core
 * never halts only keeps. Its register is reset by the power alone, not by a system reset.
 */
#include "emu/periph/dbgmcu.h"

enum {
    IDCODE = 0x00,
    CR = 0x04,
};

/* RM0008 31.6.1: medium density 0x410, revision Y 0x2003. */
#define ID_VALUE    0x20036410u
#define CR_WRITABLE 0x0001FFE7u

struct dbgmcu_state {
    uint32_t cr;
};

static uint32_t dbgmcu_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct dbgmcu_state *s = dev->state;
    (void)size;
    switch (off) {
    case IDCODE: return ID_VALUE;
    case CR: return s->cr;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void dbgmcu_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct dbgmcu_state *s = dev->state;
    (void)size;
    if (off == CR) {
        s->cr = value & CR_WRITABLE;
    } else {
        rk_unmodelled(dev, off, true, value);
    }
}

static enum rk_read_kind dbgmcu_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off <= CR ? RK_READ_STABLE : RK_READ_EFFECT;
}

static void dbgmcu_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct dbgmcu_state *s = dev->state;
    if (kind == RK_RESET_POWER) {
        s->cr = 0;
    }
}

const struct rk_dev_ops rk_dbgmcu_ops = {
    .type = "dbgmcu",
    .state_size = sizeof(struct dbgmcu_state),
    .width = RK_BUS_APB,
    .reset = dbgmcu_reset,
    .read = dbgmcu_read,
    .write = dbgmcu_write,
    .read_kind = dbgmcu_read_kind,
};
