/* The 16 option bytes at 0x1FFFF800 (PM0075 2.5): cells without rules. Who may program them, and
 * with what, is decided by the flash controller, to which bus writes are passed on.
 */
#include "emu/periph/flash.h"

#include <string.h>

#include "common/base/bytes.h"

#define OPTION_BYTES 16u

void rk_option_factory(uint8_t bytes[16]) {
    static const uint8_t values[8] = {0xA5, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    for (size_t i = 0; i < sizeof values; i++) {
        bytes[2 * i] = values[i];
        bytes[2 * i + 1] = values[i] ^ 0xFFu;
    }
}

static void option_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

static uint32_t option_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const uint8_t *p = dev->nv + off;
    return size == 1 ? p[0] : size == 2 ? rk_get_u16le(p) : rk_get_u32le(p);
}

static void option_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    if (size != 2) {
        rk_guest_error(dev, "option bytes take half-words, not %u bytes", size);
        return;
    }
    rk_line_out(dev, RK_OPTION_OUT_WRITE, off << 16 | (value & 0xFFFFu));
}

static uint32_t option_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    uint32_t off = value >> 16 & 0xEu;
    if (line != RK_OPTION_IN_COMMAND) {
        return 0;
    }
    switch (value >> 24) {
    case RK_OPTION_GET: return rk_get_u16le(dev->nv + off);
    case RK_OPTION_PROGRAM: rk_put_u16le(dev->nv + off, (uint16_t)value); return 1;
    case RK_OPTION_ERASE: memset(dev->nv, 0xFF, RK_MIN(value & 0xFFFFu, OPTION_BYTES)); return 1;
    default: return 0;
    }
}

static enum rk_read_kind option_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    (void)off;
    return RK_READ_STABLE;
}

const struct rk_dev_ops rk_option_ops = {
    .type = "option",
    .out_count = RK_OPTION_OUT_COUNT,
    .width = RK_BUS_RAW,
    .reset = option_reset,
    .read = option_read,
    .write = option_write,
    .input = option_input,
    .read_kind = option_read_kind,
};
