/* The CRC calculation unit (RM0008 4): polynomial 0x04C11DB7, a word at a time, most significant
 * bit first, start value 0xFFFFFFFF. The four cycles that a word takes are not modelled: the bus
 * waits for them.
 */
#include "emu/periph/crc.h"

enum {
    DR = 0x00,
    IDR = 0x04,
    CR = 0x08,
};

#define POLYNOMIAL 0x04C11DB7u
#define START      0xFFFFFFFFu

struct crc_state {
    uint32_t dr;
    uint8_t idr;
};

static uint32_t feed(uint32_t crc, uint32_t word) {
    crc ^= word;
    for (int i = 0; i < 32; i++) {
        crc = crc & 0x80000000u ? crc << 1 ^ POLYNOMIAL : crc << 1;
    }
    return crc;
}

static uint32_t crc_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct crc_state *s = dev->state;
    (void)size;
    switch (off) {
    case DR: return s->dr;
    case IDR: return s->idr;
    case CR: return 0;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void crc_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct crc_state *s = dev->state;
    if (size != 4) {
        rk_guest_error(dev, "write of %u bytes: the unit takes words (RM0008 4.4)", size);
        return;
    }
    switch (off) {
    case DR: s->dr = feed(s->dr, value); break;
    case IDR: s->idr = (uint8_t)value; break;
    case CR: s->dr = value & 1u ? START : s->dr; break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static enum rk_read_kind crc_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off <= CR ? RK_READ_STABLE : RK_READ_EFFECT;
}

static void crc_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct crc_state *s = dev->state;
    (void)kind;
    *s = (struct crc_state){.dr = START};
}

const struct rk_dev_ops rk_crc_ops = {
    .type = "crc",
    .state_size = sizeof(struct crc_state),
    .width = RK_BUS_RAW,
    .reset = crc_reset,
    .read = crc_read,
    .write = crc_write,
    .read_kind = crc_read_kind,
};
