/* The electronic signature at 0x1FFFF7E0 (RM0008 30): flash size and the 96-bit unique id, read as
 * bytes, half-words or words; written in the factory only.
 */
#include "emu/periph/dbgmcu.h"

#include <string.h>

#define SIZE_OFF 0x00u
#define ID_OFF   0x08u
#define WINDOW   0x20u

struct esig_state {
    uint8_t id[12];
};

void rk_esig_set_id(struct rk_dev *dev, const uint8_t id[12]) {
    struct esig_state *s = dev->state;
    memcpy(s->id, id, sizeof s->id);
}

/* Bytes that no register covers read as erased system memory. */
static uint8_t byte_at(const struct rk_dev *dev, uint32_t off) {
    const struct esig_state *s = dev->state;
    const struct rk_esig_config *config = dev->config;
    if (off - SIZE_OFF < 2) {
        return (uint8_t)(config->flash_kb >> (8 * (off - SIZE_OFF)));
    }
    return off - ID_OFF < sizeof s->id ? s->id[off - ID_OFF] : 0xFF;
}

static uint32_t esig_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    uint32_t value = 0;
    for (unsigned i = 0; i < size && off + i < WINDOW; i++) {
        value |= (uint32_t)byte_at(dev, off + i) << (8 * i);
    }
    return value;
}

static void esig_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    (void)size;
    rk_guest_error(dev, "write of %08x to +%02x: the signature is read-only", (unsigned)value,
                   (unsigned)off);
}

static enum rk_read_kind esig_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    (void)off;
    return RK_READ_STABLE;
}

static void esig_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

const struct rk_dev_ops rk_esig_ops = {
    .type = "esig",
    .state_size = sizeof(struct esig_state),
    .width = RK_BUS_RAW,
    .reset = esig_reset,
    .read = esig_read,
    .write = esig_write,
    .read_kind = esig_read_kind,
};
