/* IWDG (RM0008 19): the watchdog on the LSI oscillator, 40 kHz nominal. Its time does not stop in
 * Stop and Standby; every system reset stops it, unless the option bytes start it by hardware.
 * Freezing it for a debugger (DBGMCU) makes no difference here: the core never halts by itself.
 */
#include "emu/periph/iwdg.h"

enum {
    KR = 0x00,
    PR = 0x04,
    RLR = 0x08,
    SR = 0x0C,
};

#define KEY_WRITE  0x5555u
#define KEY_RELOAD 0xAAAAu
#define KEY_START  0xCCCCu
#define SR_PVU     1u
#define SR_RVU     2u
#define LSI_NS     25000u /* one cycle of 40 kHz */
/* RM0008 19.4.4: an update takes up to five cycles of the 40 kHz clock. */
#define UPDATE_NS (5 * LSI_NS)

enum {
    TIMER_EXPIRE,
    TIMER_PVU,
    TIMER_RVU,
};

struct iwdg_state {
    uint64_t end_ns; /* while it runs: when it resets the chip */
    uint32_t pr, rlr, sr;
    uint8_t open; /* PR and RLR may be written */
    uint8_t running;
    uint8_t hw; /* option byte WDG_SW = 0 */
};

/* Prescaler 4 << PR, PR 6 and 7 both /256. */
static uint64_t tick_ns(const struct iwdg_state *s) {
    return (uint64_t)LSI_NS << (2 + RK_MIN(s->pr, 6u));
}

static void plan(struct rk_dev *dev, uint64_t end_ns) {
    struct iwdg_state *s = dev->state;
    s->end_ns = end_ns;
    rk_timer_set_ns(dev, TIMER_EXPIRE, end_ns);
}

/* RM0008 table 96: the time-out is (RLR + 1) ticks. */
static void reload(struct rk_dev *dev) {
    const struct iwdg_state *s = dev->state;
    if (s->running) {
        plan(dev, rk_now_ns(dev) + tick_ns(s) * (s->rlr + 1));
    }
}

static void start(struct rk_dev *dev) {
    struct iwdg_state *s = dev->state;
    if (!s->running) {
        s->running = 1;
        rk_watchdog_running(dev, true);
        rk_line_out(dev, RK_IWDG_OUT_LSI, 1);
        reload(dev);
    }
}

static void write_kr(struct rk_dev *dev, uint32_t key) {
    struct iwdg_state *s = dev->state;
    s->open = key == KEY_WRITE;
    switch (key) {
    case KEY_RELOAD: reload(dev); break;
    case KEY_START: start(dev); break;
    case KEY_WRITE: break;
    default: rk_guest_error(dev, "unknown key %04x", (unsigned)key); break;
    }
}

/* A new prescaler counts for what is left of the running period. */
static void write_pr(struct rk_dev *dev, uint32_t value) {
    struct iwdg_state *s = dev->state;
    uint64_t now = rk_now_ns(dev);
    uint64_t left = s->running && s->end_ns > now ? (s->end_ns - now) / tick_ns(s) : 0;
    s->pr = value & 7u;
    if (s->running) {
        plan(dev, now + left * tick_ns(s));
    }
    s->sr |= SR_PVU;
    rk_timer_set_ns(dev, TIMER_PVU, now + UPDATE_NS);
}

static bool may_write(struct rk_dev *dev, uint32_t busy, const char *name) {
    const struct iwdg_state *s = dev->state;
    if (!s->open) {
        rk_guest_error(dev, "%s written without the key", name);
        return false;
    }
    if (s->sr & busy) {
        rk_guest_error(dev, "%s written while its update is under way", name);
    }
    return true;
}

static uint32_t iwdg_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct iwdg_state *s = dev->state;
    (void)size;
    switch (off) {
    case KR: return 0;
    case PR: return s->pr;
    case RLR: return s->rlr;
    case SR: return s->sr;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void iwdg_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct iwdg_state *s = dev->state;
    (void)size;
    switch (off) {
    case KR: write_kr(dev, value & 0xFFFFu); break;
    case PR:
        if (may_write(dev, SR_PVU, "PR")) {
            write_pr(dev, value);
        }
        break;
    case RLR:
        if (may_write(dev, SR_RVU, "RLR")) {
            s->rlr = value & 0xFFFu;
            s->sr |= SR_RVU;
            rk_timer_set_ns(dev, TIMER_RVU, rk_now_ns(dev) + UPDATE_NS);
        }
        break;
    case SR: rk_guest_error(dev, "write to read-only SR"); break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static void iwdg_timer(struct rk_dev *dev, unsigned timer) {
    struct iwdg_state *s = dev->state;
    switch (timer) {
    case TIMER_EXPIRE: rk_reset_request(dev, RK_RESET_IWDG); break;
    case TIMER_PVU: s->sr &= ~SR_PVU; break;
    case TIMER_RVU: s->sr &= ~SR_RVU; break;
    }
}

static void iwdg_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct iwdg_state *s = dev->state;
    if (kind == RK_RESET_CLOCK) {
        return;
    }
    *s = (struct iwdg_state){.rlr = 0xFFF, .hw = s->hw};
    for (unsigned timer = 0; timer < 3; timer++) {
        rk_timer_stop(dev, timer);
    }
    rk_watchdog_running(dev, false);
    if (s->hw) {
        start(dev);
    }
}

static uint32_t iwdg_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct iwdg_state *s = dev->state;
    if (line == RK_IWDG_IN_HW) {
        s->hw = value != 0;
    }
    return 0;
}

static enum rk_read_kind iwdg_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off <= SR ? RK_READ_STABLE : RK_READ_EFFECT;
}

/* A reload only moves the end of the period, and the next one moves it again. */
static bool iwdg_write_is_idle(const struct rk_dev *dev, uint32_t off, uint32_t value) {
    const struct iwdg_state *s = dev->state;
    return off == KR && (value & 0xFFFFu) == KEY_RELOAD && !s->open;
}

const struct rk_dev_ops rk_iwdg_ops = {
    .type = "iwdg",
    .state_size = sizeof(struct iwdg_state),
    .timer_count = 3,
    .out_count = RK_IWDG_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = iwdg_reset,
    .read = iwdg_read,
    .write = iwdg_write,
    .input = iwdg_input,
    .timer = iwdg_timer,
    .read_kind = iwdg_read_kind,
    .write_is_idle = iwdg_write_is_idle,
};
