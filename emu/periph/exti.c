/* EXTI: RM0008 10.2 and 10.3. The pending register sits before the interrupt mask (figure 20): an
 * edge on a masked line stays pending and interrupts when the mask opens. Knows levels and edges,
 * not where a line comes from.
 */
#include "emu/periph/exti.h"

#define EXTI_IMR   0x00u
#define EXTI_EMR   0x04u
#define EXTI_RTSR  0x08u
#define EXTI_FTSR  0x0Cu
#define EXTI_SWIER 0x10u
#define EXTI_PR    0x14u

#define LINES      19u
#define LINE_BITS  0x7FFFFu
#define BITS_9_5   0x003E0u
#define BITS_15_10 0x0FC00u

struct exti_state {
    uint32_t imr, emr, rtsr, ftsr, swier, pr;
    uint32_t level; /* of the lines; not the block's: kept over resets */
    uint32_t sent;  /* PR & IMR as last told */
};

static void tell_irqs(struct rk_dev *dev) {
    struct exti_state *s = dev->state;
    uint32_t diff;
    while ((diff = (s->pr & s->imr) ^ s->sent) != 0) {
        unsigned line = (unsigned)__builtin_ctz(diff);
        uint32_t before = s->sent;
        s->sent ^= 1u << line;
        rk_line_out(dev, RK_EXTI_OUT_IRQ + line, s->sent >> line & 1u);
        if (((before & BITS_9_5) != 0) != ((s->sent & BITS_9_5) != 0)) {
            rk_line_out(dev, RK_EXTI_OUT_IRQ9_5, (s->sent & BITS_9_5) != 0);
        }
        if (((before & BITS_15_10) != 0) != ((s->sent & BITS_15_10) != 0)) {
            rk_line_out(dev, RK_EXTI_OUT_IRQ15_10, (s->sent & BITS_15_10) != 0);
        }
    }
}

static void pulse(struct rk_dev *dev, unsigned line) {
    rk_line_out(dev, line, 1);
    rk_line_out(dev, line, 0);
}

/* Edges or software triggers on the lines of `bits`. */
static void trigger(struct rk_dev *dev, uint32_t bits) {
    struct exti_state *s = dev->state;
    s->pr |= bits;
    if (bits & s->emr) {
        pulse(dev, RK_EXTI_OUT_EVENT);
    }
    if (bits & (s->imr | s->emr)) {
        pulse(dev, RK_EXTI_OUT_WAKE);
    }
    tell_irqs(dev);
}

static uint32_t exti_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct exti_state *s = dev->state;
    switch (off) {
    case EXTI_IMR: return s->imr;
    case EXTI_EMR: return s->emr;
    case EXTI_RTSR: return s->rtsr;
    case EXTI_FTSR: return s->ftsr;
    case EXTI_SWIER: return s->swier;
    case EXTI_PR: return s->pr;
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void exti_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct exti_state *s = dev->state;
    uint32_t bits = value & LINE_BITS;
    switch (off) {
    case EXTI_IMR: s->imr = bits; break;
    case EXTI_EMR: s->emr = bits; break;
    case EXTI_RTSR: s->rtsr = bits; break;
    case EXTI_FTSR: s->ftsr = bits; break;
    case EXTI_SWIER: {
        uint32_t set = bits & ~s->swier;
        s->swier |= bits;
        trigger(dev, set);
        return;
    }
    case EXTI_PR: /* rc_w1; clears SWIER too (RM0008 10.3.5) */
        s->pr &= ~bits;
        s->swier &= ~bits;
        break;
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); return;
    }
    tell_irqs(dev);
}

static enum rk_read_kind exti_read_kind(const struct rk_dev *dev, uint32_t off) {
    return off <= EXTI_PR ? RK_READ_STABLE : RK_READ_EFFECT;
}

static bool exti_write_is_idle(const struct rk_dev *dev, uint32_t off, uint32_t value) {
    const struct exti_state *s = dev->state;
    return off == EXTI_PR && !((s->pr | s->swier) & value);
}

static uint32_t exti_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct exti_state *s = dev->state;
    if (line >= LINES || (s->level >> line & 1u) == (value != 0)) {
        return 0;
    }
    uint32_t bit = 1u << line;
    s->level ^= bit;
    if ((value ? s->rtsr : s->ftsr) & bit) {
        trigger(dev, bit);
    }
    return 0;
}

static void exti_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct exti_state *s = dev->state;
    s->imr = s->emr = s->rtsr = s->ftsr = s->swier = s->pr = 0;
    tell_irqs(dev);
}

const struct rk_dev_ops rk_exti_ops = {.type = "exti",
                                       .state_size = sizeof(struct exti_state),
                                       .out_count = RK_EXTI_OUT_COUNT,
                                       .width = RK_BUS_APB,
                                       .reset = exti_reset,
                                       .read = exti_read,
                                       .write = exti_write,
                                       .input = exti_input,
                                       .read_kind = exti_read_kind,
                                       .write_is_idle = exti_write_is_idle};
