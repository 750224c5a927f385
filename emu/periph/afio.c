/* AFIO: RM0008 9.4. Chooses for each EXTI line the port whose pin it follows, and holds the remap
 * bits. SWJ_CFG is write-only: 001, 010 and 100 (and 000) take effect, every other value leaves it
 * as it is; firmware that sets a remap writes 111 there (core-hardware.md 9.1).
 */
#include "emu/periph/afio.h"

#define AFIO_EVCR    0x00u
#define AFIO_MAPR    0x04u
#define AFIO_EXTICR1 0x08u
#define AFIO_EXTICR4 0x14u

#define EVCR_BITS     0xFFu
#define EVCR_EVOE     0x80u
#define SWJ_SHIFT     24
#define MAPR_BITS     0x001FFFFFu
#define PORTS         5u
#define EXTICR_NIBBLE 0xFu

struct afio_state {
    uint32_t evcr, mapr;
    uint32_t exticr[4];
    uint16_t level[PORTS];
    uint16_t exti; /* as last told to EXTI */
    uint32_t mapr_sent;
    uint8_t swj;
    uint8_t swj_sent;
};

static uint16_t selected_levels(const struct afio_state *s) {
    uint16_t levels = 0;
    for (unsigned line = 0; line < 16; line++) {
        unsigned port = s->exticr[line / 4] >> (4 * (line % 4)) & EXTICR_NIBBLE;
        if (port < PORTS) {
            levels |= s->level[port] & (uint16_t)(1u << line);
        }
    }
    return levels;
}

static void tell_exti(struct rk_dev *dev) {
    struct afio_state *s = dev->state;
    uint16_t diff;
    while ((diff = selected_levels(s) ^ s->exti) != 0) {
        unsigned line = (unsigned)__builtin_ctz(diff);
        s->exti ^= (uint16_t)(1u << line);
        rk_line_out(dev, RK_AFIO_OUT_EXTI + line, s->exti >> line & 1u);
    }
}

static void tell_remaps(struct rk_dev *dev) {
    struct afio_state *s = dev->state;
    if (s->swj != s->swj_sent) {
        s->swj_sent = s->swj;
        rk_line_out(dev, RK_AFIO_OUT_SWJ, s->swj);
    }
    if (s->mapr != s->mapr_sent) {
        s->mapr_sent = s->mapr;
        rk_line_out(dev, RK_AFIO_OUT_MAPR, s->mapr);
    }
}

static uint32_t afio_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct afio_state *s = dev->state;
    if (off >= AFIO_EXTICR1 && off <= AFIO_EXTICR4) {
        return s->exticr[(off - AFIO_EXTICR1) / 4];
    }
    switch (off) {
    case AFIO_EVCR: return s->evcr;
    case AFIO_MAPR: return s->mapr;
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void write_exticr(struct rk_dev *dev, unsigned idx, uint32_t value) {
    struct afio_state *s = dev->state;
    for (unsigned i = 0; i < 4; i++) {
        if ((value >> (4 * i) & EXTICR_NIBBLE) >= PORTS) {
            rk_guest_error(dev, "EXTI line %u on a port that is not there", 4 * idx + i);
        }
    }
    s->exticr[idx] = value & 0xFFFFu;
    tell_exti(dev);
}

static void afio_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct afio_state *s = dev->state;
    if (off >= AFIO_EXTICR1 && off <= AFIO_EXTICR4) {
        write_exticr(dev, (off - AFIO_EXTICR1) / 4, value);
        return;
    }
    switch (off) {
    case AFIO_EVCR:
        s->evcr = value & EVCR_BITS;
        if (value & EVCR_EVOE) {
            rk_unmodelled(dev, off, true, value); /* EVENTOUT on a pin */
        }
        break;
    case AFIO_MAPR: {
        unsigned swj = value >> SWJ_SHIFT & 7u;
        if (swj == 0 || swj == 1 || swj == 2 || swj == 4) {
            s->swj = (uint8_t)swj;
        }
        s->mapr = value & MAPR_BITS;
        tell_remaps(dev);
        break;
    }
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); break;
    }
}

static enum rk_read_kind afio_read_kind(const struct rk_dev *dev, uint32_t off) {
    return off <= AFIO_EXTICR4 ? RK_READ_STABLE : RK_READ_EFFECT;
}

static uint32_t afio_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct afio_state *s = dev->state;
    uint16_t bit = (uint16_t)(1u << (line % 16));
    uint16_t *level = &s->level[line / 16];
    *level = (uint16_t)(value ? *level | bit : *level & ~bit);
    tell_exti(dev);
    return 0;
}

static void afio_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct afio_state *s = dev->state;
    s->evcr = s->mapr = 0;
    for (unsigned i = 0; i < RK_COUNT(s->exticr); i++) {
        s->exticr[i] = 0;
    }
    s->swj = 0;
    tell_exti(dev);
    tell_remaps(dev);
}

const struct rk_dev_ops rk_afio_ops = {.type = "afio",
                                       .state_size = sizeof(struct afio_state),
                                       .out_count = RK_AFIO_OUT_COUNT,
                                       .width = RK_BUS_APB,
                                       .reset = afio_reset,
                                       .read = afio_read,
                                       .write = afio_write,
                                       .input = afio_input,
                                       .read_kind = afio_read_kind};
