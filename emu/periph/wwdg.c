/* WWDG (RM0008 20): a seven-bit down-counter on PCLK1 / 4096 that resets the chip when it falls
 * below 0x40, or when it is written while it stands above the window. Counted lazily.
 */
#include "emu/periph/wwdg.h"

enum {
    CR = 0x00,
    CFR = 0x04,
    SR = 0x08,
};

#define CR_T     0x7Fu
#define CR_T6    0x40u
#define CR_WDGA  0x80u
#define CFR_W    0x7Fu
#define CFR_EWI  (1u << 9)
#define CFR_BITS 0x3FFu
#define WARNING  0x40u
#define PCLKS    4096u

struct wwdg_state {
    uint64_t base; /* cycle at which the counter stood at `count` */
    uint64_t step; /* HCLK cycles per count; 0: the clock stands */
    uint32_t count;
    uint32_t cfr, sr;
    uint8_t active; /* WDGA: only a reset clears it */
};

static uint64_t step_now(const struct rk_dev *dev) {
    const struct wwdg_state *s = dev->state;
    if (!rk_dev_clock_hz(dev)) {
        return 0;
    }
    return ((uint64_t)PCLKS << (s->cfr >> 7 & 3u)) * rk_dev_cycles_per_tick(dev);
}

static uint32_t count_now(const struct rk_dev *dev) {
    const struct wwdg_state *s = dev->state;
    uint64_t gone = s->step ? (rk_now(dev) - s->base) / s->step : 0;
    return (uint32_t)(s->count - gone) & CR_T;
}

/* The next count that matters: 0x40 warns, 0x3F resets. */
static void plan(struct rk_dev *dev) {
    const struct wwdg_state *s = dev->state;
    if (!s->active || !s->step) {
        rk_timer_stop(dev, 0);
        return;
    }
    uint32_t counts = s->count > WARNING ? s->count - WARNING : s->count - WARNING + 1;
    rk_timer_set(dev, 0, s->base + counts * s->step);
}

static void rebase(struct rk_dev *dev, uint32_t count) {
    struct wwdg_state *s = dev->state;
    s->count = count;
    s->base = rk_now(dev);
    s->step = step_now(dev);
    plan(dev);
}

static void update_irq(struct rk_dev *dev) {
    const struct wwdg_state *s = dev->state;
    rk_line_out(dev, RK_WWDG_OUT_IRQ, s->sr && s->cfr & CFR_EWI);
}

static void wwdg_timer(struct rk_dev *dev, unsigned timer) {
    struct wwdg_state *s = dev->state;
    (void)timer;
    uint32_t count = count_now(dev);
    if (!(count & CR_T6)) {
        rk_reset_request(dev, RK_RESET_WWDG);
        return;
    }
    if (count == WARNING) {
        s->sr = 1;
        update_irq(dev);
    }
    rebase(dev, count);
}

static void write_cr(struct rk_dev *dev, uint32_t value) {
    struct wwdg_state *s = dev->state;
    bool too_early = s->active && count_now(dev) > (s->cfr & CFR_W);
    if (value & CR_WDGA && !s->active) {
        s->active = 1;
        rk_watchdog_running(dev, true);
    }
    rebase(dev, value & CR_T);
    if (s->active && (too_early || !(value & CR_T6))) {
        rk_timer_stop(dev, 0);
        rk_reset_request(dev, RK_RESET_WWDG);
    }
}

static uint32_t wwdg_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct wwdg_state *s = dev->state;
    (void)size;
    switch (off) {
    case CR: return count_now(dev) | (s->active ? CR_WDGA : 0);
    case CFR: return s->cfr;
    case SR: return s->sr;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void wwdg_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct wwdg_state *s = dev->state;
    uint32_t count;
    (void)size;
    switch (off) {
    case CR: write_cr(dev, value); break;
    case CFR:
        count = count_now(dev);
        s->cfr = (value & CFR_BITS) | (s->cfr & CFR_EWI); /* EWI is cleared by a reset only */
        rebase(dev, count);
        update_irq(dev);
        break;
    case SR:
        s->sr &= value & 1u;
        update_irq(dev);
        break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static void wwdg_clock(struct rk_dev *dev) {
    struct wwdg_state *s = dev->state;
    if (step_now(dev) != s->step) {
        rebase(dev, count_now(dev));
    }
}

static void wwdg_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct wwdg_state *s = dev->state;
    *s = (struct wwdg_state){.cfr = 0x7F};
    rk_watchdog_running(dev, false);
    rebase(dev, 0x7F);
    if (kind == RK_RESET_CLOCK) {
        update_irq(dev);
    }
}

static enum rk_read_kind wwdg_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off == CR ? RK_READ_CLOCK : off <= SR ? RK_READ_STABLE : RK_READ_EFFECT;
}

const struct rk_dev_ops rk_wwdg_ops = {
    .type = "wwdg",
    .state_size = sizeof(struct wwdg_state),
    .timer_count = 1,
    .out_count = RK_WWDG_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = wwdg_reset,
    .read = wwdg_read,
    .write = wwdg_write,
    .timer = wwdg_timer,
    .clock = wwdg_clock,
    .read_kind = wwdg_read_kind,
};
