/* DMA1: RM0008 13.3 and 13.4. Seven channels; items move at once, in the order of PL and channel
 * number (bus times are not modelled). A block lowers and raises its request from inside the access
 * that serves it, so one loop at the outermost call moves everything, and calls that come meanwhile
 * only leave their request. A request that is never lowered cannot hang the machine: after a burst
 * the loop goes on a little later.
 */
#include "emu/periph/dma.h"

#define DMA_ISR  0x00u
#define DMA_IFCR 0x04u
#define DMA_CH   0x08u /* + 20 * channel: CCR, CNDTR, CPAR, CMAR */

#define CHANNELS   7u
#define CH_STRIDE  20u
#define CCR_EN     (1u << 0)
#define CCR_TCIE   (1u << 1)
#define CCR_HTIE   (1u << 2)
#define CCR_TEIE   (1u << 3)
#define CCR_DIR    (1u << 4) /* 1: read from memory */
#define CCR_CIRC   (1u << 5)
#define CCR_PINC   (1u << 6)
#define CCR_MINC   (1u << 7)
#define CCR_PSIZE  8
#define CCR_MSIZE  10
#define CCR_PL     12
#define CCR_MEM2M  (1u << 14)
#define CCR_BITS   0x7FFFu
#define FLAG_TC    2u
#define FLAG_HT    4u
#define FLAG_TE    8u
#define FLAG_ALL   0xEu
#define BURST      256u /* items in one call */
#define BURST_TIME 5u   /* cycles per item when there are more */

enum { TIMER_CONTINUE };

struct dma_channel {
    uint32_t ccr, cndtr, cpar, cmar;
    uint32_t reload; /* CNDTR when it was enabled */
    uint32_t peripheral, memory;
    uint8_t level; /* bit per source */
    uint8_t pulses;
    uint8_t flags;
    uint8_t irq_sent;
};

struct dma_state {
    struct dma_channel ch[CHANNELS];
    uint8_t busy;
    uint8_t moved; /* bit per channel, since the outermost call */
};

static void tell_irq(struct rk_dev *dev, unsigned idx) {
    struct dma_state *s = dev->state;
    struct dma_channel *c = &s->ch[idx];
    /* TCIE, HTIE, TEIE stand where the flags stand in ISR. */
    uint8_t irq = (c->flags & c->ccr & FLAG_ALL) != 0;
    if (irq != c->irq_sent) {
        c->irq_sent = irq;
        rk_line_out(dev, RK_DMA_OUT_IRQ + idx, irq);
    }
}

/* --- moving --- */

static bool is_ready(const struct dma_channel *c) {
    return c->ccr & CCR_EN && c->cndtr > 0 && (c->ccr & CCR_MEM2M || c->level || c->pulses);
}

/* Higher PL first, then the lower channel (RM0008 13.3.2). */
static int next_channel(const struct dma_state *s) {
    int best = -1;
    unsigned best_pl = 0;
    for (unsigned i = 0; i < CHANNELS; i++) {
        unsigned pl = s->ch[i].ccr >> CCR_PL & 3u;
        if (is_ready(&s->ch[i]) && (best < 0 || pl > best_pl)) {
            best = (int)i;
            best_pl = pl;
        }
    }
    return best;
}

static unsigned size_of(uint32_t ccr, unsigned shift) {
    return 1u << RK_MIN(ccr >> shift & 3u, 2u);
}

/* RM0008 13.3.4: narrower destinations take the low bits, wider ones zeros; low address bits that
 * the size does not allow are ignored. */
static bool copy_item(struct rk_dev *dev, const struct dma_channel *c) {
    unsigned psize = size_of(c->ccr, CCR_PSIZE), msize = size_of(c->ccr, CCR_MSIZE);
    uint32_t peripheral = c->peripheral & ~(psize - 1), memory = c->memory & ~(msize - 1);
    uint32_t value;
    if (c->ccr & CCR_DIR) {
        return rk_bus_master_read(dev, memory, msize, &value) &&
               rk_bus_master_write(dev, peripheral, psize, value);
    }
    return rk_bus_master_read(dev, peripheral, psize, &value) &&
           rk_bus_master_write(dev, memory, msize, value);
}

static void rewind_channel(struct dma_channel *c) {
    c->cndtr = c->reload;
    c->peripheral = c->cpar;
    c->memory = c->cmar;
}

static void move_item(struct rk_dev *dev, unsigned idx) {
    struct dma_state *s = dev->state;
    struct dma_channel *c = &s->ch[idx];
    if (c->pulses > 0) {
        c->pulses--;
    }
    s->moved |= (uint8_t)(1u << idx);
    if (!copy_item(dev, c)) {
        c->flags |= FLAG_TE;
        c->ccr &= ~CCR_EN; /* by hardware (RM0008 13.3.5) */
        tell_irq(dev, idx);
        return;
    }
    c->peripheral += c->ccr & CCR_PINC ? size_of(c->ccr, CCR_PSIZE) : 0;
    c->memory += c->ccr & CCR_MINC ? size_of(c->ccr, CCR_MSIZE) : 0;
    if (c->cndtr > 0 && --c->cndtr == c->reload / 2) {
        c->flags |= FLAG_HT;
    }
    if (c->cndtr == 0) {
        c->flags |= FLAG_TC;
        if (c->ccr & CCR_CIRC) {
            rewind_channel(c);
        }
    }
    tell_irq(dev, idx);
}

static void pump(struct rk_dev *dev) {
    struct dma_state *s = dev->state;
    if (s->busy) {
        return;
    }
    s->busy = 1;
    s->moved = 0;
    int idx;
    for (unsigned n = 0; (idx = next_channel(s)) >= 0; n++) {
        if (n == BURST) {
            rk_timer_set(dev, TIMER_CONTINUE, rk_now(dev) + BURST * BURST_TIME);
            break;
        }
        move_item(dev, (unsigned)idx);
    }
    s->busy = 0;
}

static void dma_timer(struct rk_dev *dev, unsigned timer) {
    pump(dev);
}

static uint32_t dma_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct dma_state *s = dev->state;
    unsigned idx = line / 8;
    uint8_t bit = (uint8_t)(1u << line % 8);
    if (idx >= CHANNELS) {
        return 0;
    }
    struct dma_channel *c = &s->ch[idx];
    if (value == 0) {
        c->level &= (uint8_t)~bit;
        return 0;
    }
    if (value == RK_DMA_PULSE) {
        /* Nobody keeps a pulse for a channel that is off. */
        c->pulses = (uint8_t)(c->ccr & CCR_EN && c->pulses < 255 ? c->pulses + 1 : c->pulses);
    } else {
        c->level |= bit;
    }
    if (s->busy || rk_timer_running(dev, TIMER_CONTINUE)) {
        return 0;
    }
    pump(dev);
    return s->moved >> idx & 1u ? 1u | (c->cndtr == 1 ? RK_DMA_ONE_LEFT : 0) : 0;
}

/* --- registers --- */

static uint32_t read_isr(const struct dma_state *s) {
    uint32_t isr = 0;
    for (unsigned i = 0; i < CHANNELS; i++) {
        uint32_t flags = s->ch[i].flags;
        isr |= (flags | (flags != 0)) << (4 * i); /* GIF: any of the three */
    }
    return isr;
}

static uint32_t dma_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct dma_state *s = dev->state;
    if (off == DMA_ISR) {
        return read_isr(s);
    }
    if (off == DMA_IFCR) {
        return 0;
    }
    unsigned idx = (off - DMA_CH) / CH_STRIDE;
    if (idx < CHANNELS) {
        const struct dma_channel *c = &s->ch[idx];
        switch ((off - DMA_CH) % CH_STRIDE) {
        case 0: return c->ccr;
        case 4: return c->cndtr;
        case 8: return c->cpar;
        case 12: return c->cmar;
        default: break;
        }
    }
    rk_guest_error(dev, "read of reserved +%03x", (unsigned)off);
    return 0;
}

static void write_ifcr(struct rk_dev *dev, uint32_t value) {
    struct dma_state *s = dev->state;
    for (unsigned i = 0; i < CHANNELS; i++) {
        uint32_t bits = value >> (4 * i) & 0xFu;
        s->ch[i].flags &= (uint8_t) ~(bits & 1u ? FLAG_ALL : bits);
        tell_irq(dev, i);
    }
}

static void write_ccr(struct rk_dev *dev, unsigned idx, uint32_t value) {
    struct dma_state *s = dev->state;
    struct dma_channel *c = &s->ch[idx];
    bool was_on = c->ccr & CCR_EN;
    c->ccr = value & CCR_BITS;
    if ((value & (CCR_MEM2M | CCR_CIRC)) == (CCR_MEM2M | CCR_CIRC)) {
        rk_guest_error(dev, "channel %u: circular memory to memory", idx + 1);
        c->ccr &= ~CCR_CIRC;
    }
    if ((value >> CCR_PSIZE & 3u) == 3 || (value >> CCR_MSIZE & 3u) == 3) {
        rk_guest_error(dev, "channel %u: reserved size", idx + 1);
    }
    if (c->ccr & CCR_EN && !was_on) {
        c->reload = c->cndtr;
        rewind_channel(c);
        c->pulses = 0;
    }
    tell_irq(dev, idx);
    pump(dev);
}

static void write_channel(struct rk_dev *dev, unsigned idx, unsigned reg, uint32_t value) {
    struct dma_state *s = dev->state;
    struct dma_channel *c = &s->ch[idx];
    if (reg == 0) {
        write_ccr(dev, idx, value);
        return;
    }
    if (c->ccr & CCR_EN) { /* RM0008 13.4.4-13.4.6 */
        rk_guest_error(dev, "channel %u: register +%x written while enabled", idx + 1, reg);
        return;
    }
    switch (reg) {
    case 4: c->cndtr = value & 0xFFFFu; break;
    case 8: c->cpar = value; break;
    default: c->cmar = value; break;
    }
}

static void dma_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    unsigned idx = (off - DMA_CH) / CH_STRIDE;
    if (off == DMA_IFCR) {
        write_ifcr(dev, value);
    } else if (off >= DMA_CH && idx < CHANNELS && (off - DMA_CH) % CH_STRIDE < 16) {
        write_channel(dev, idx, (off - DMA_CH) % CH_STRIDE, value);
    } else {
        rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off);
    }
}

static enum rk_read_kind dma_read_kind(const struct rk_dev *dev, uint32_t off) {
    return off < DMA_CH + CHANNELS * CH_STRIDE ? RK_READ_STABLE : RK_READ_EFFECT;
}

/* Requests are the blocks': they stay. */
static void dma_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct dma_state *s = dev->state;
    rk_timer_stop(dev, TIMER_CONTINUE);
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct dma_channel *c = &s->ch[i];
        *c = (struct dma_channel){.level = c->level, .irq_sent = c->irq_sent};
        tell_irq(dev, i);
    }
}

const struct rk_dev_ops rk_dma_ops = {.type = "dma",
                                      .state_size = sizeof(struct dma_state),
                                      .timer_count = 1,
                                      .out_count = RK_DMA_OUT_COUNT,
                                      .width = RK_BUS_APB,
                                      .reset = dma_reset,
                                      .read = dma_read,
                                      .write = dma_write,
                                      .input = dma_input,
                                      .timer = dma_timer,
                                      .read_kind = dma_read_kind};
