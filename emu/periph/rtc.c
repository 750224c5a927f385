/* RTC of the F103 (RM0008 18): a 32-bit counter behind a 20-bit prescaler in the backup domain. It
 * counts over every reset and is lost with the power. Counted lazily: only the end of a prescaler
 * round is a timer; DIV is derived from the clock.
 */
#include "emu/periph/rtc.h"

enum {
    CRH = 0x00,
    CRL = 0x04,
    PRLH = 0x08,
    PRLL = 0x0C,
    DIVH = 0x10,
    DIVL = 0x14,
    CNTH = 0x18,
    CNTL = 0x1C,
    ALRH = 0x20,
    ALRL = 0x24,
};

#define CRL_SECF  (1u << 0)
#define CRL_ALRF  (1u << 1)
#define CRL_OWF   (1u << 2)
#define CRL_RSF   (1u << 3)
#define CRL_CNF   (1u << 4)
#define CRL_RTOFF (1u << 5)
#define CRL_FLAGS (CRL_SECF | CRL_ALRF | CRL_OWF | CRL_RSF)

/* RM0008 18.3.4: a write takes at least three RTCCLK cycles after CNF was cleared (measured by the
 * images: about 90 us, emulator-findings.md). RSF comes with the next update of the counters as the
 * bus sees them: one to two cycles. */
#define WRITE_TICKS 3u
#define SYNC_TICKS  2u

enum {
    TIMER_ROUND, /* the prescaler reaches its end */
    TIMER_RTOFF,
    TIMER_RSF,
};

#define SET_PRL 1u
#define SET_CNT 2u
#define SET_ALR 4u

struct rtc_state {
    /* backup domain */
    uint64_t epoch_ns; /* instant of tick 0 at the present rate */
    uint64_t round;    /* tick at which the prescaler was loaded last */
    uint32_t hz;       /* rate of RTCCLK since epoch_ns; 0: stands */
    uint32_t prl, cnt, alr;
    uint32_t div; /* valid while the clock stands */
    /* bus interface */
    uint32_t crh, crl;
    uint32_t new_prl, new_cnt, new_alr; /* written in configuration mode */
    uint8_t written;                    /* SET_x */
    uint8_t committing;                 /* SET_x under way */
    uint8_t dbp;
    uint8_t held; /* BDCR.BDRST */
};

/* --- time ---------------------------------------------------------------------------------------
 */

static uint64_t ticks_now(const struct rk_dev *dev) {
    const struct rtc_state *s = dev->state;
    if (!s->hz) {
        return 0;
    }
    return (uint64_t)((unsigned __int128)(rk_now_ns(dev) - s->epoch_ns) * s->hz / 1000000000u);
}

static uint64_t tick_ns(const struct rtc_state *s, uint64_t tick) {
    unsigned __int128 ns = ((unsigned __int128)tick * 1000000000u + s->hz - 1) / s->hz;
    return s->epoch_ns + (uint64_t)ns;
}

static void at_tick(struct rk_dev *dev, unsigned timer, uint64_t tick) {
    const struct rtc_state *s = dev->state;
    if (s->hz) {
        rk_timer_set_ns(dev, timer, tick_ns(s, tick));
    } else {
        rk_timer_stop(dev, timer);
    }
}

static uint32_t div_now(const struct rk_dev *dev) {
    const struct rtc_state *s = dev->state;
    if (!s->hz) {
        return s->div;
    }
    uint64_t gone = ticks_now(dev) - s->round;
    return gone > s->prl ? 0 : s->prl - (uint32_t)gone;
}

static void plan_round(struct rk_dev *dev) {
    const struct rtc_state *s = dev->state;
    at_tick(dev, TIMER_ROUND, s->round + s->prl + 1);
}

static void plan_interface(struct rk_dev *dev) {
    const struct rtc_state *s = dev->state;
    uint64_t now = ticks_now(dev);
    if (!(s->crl & CRL_RTOFF)) {
        at_tick(dev, TIMER_RTOFF, now + WRITE_TICKS);
    }
    if (!(s->crl & CRL_RSF)) {
        at_tick(dev, TIMER_RSF, now + SYNC_TICKS);
    }
}

/* The rate changed: the count so far stands, tick 0 is now. */
static void rtc_clock(struct rk_dev *dev) {
    struct rtc_state *s = dev->state;
    uint32_t hz = rk_dev_clock_hz(dev);
    if (hz == s->hz) {
        return;
    }
    uint32_t div = div_now(dev);
    s->hz = hz;
    s->div = div;
    s->epoch_ns = rk_now_ns(dev);
    s->round = (uint64_t)div - s->prl; /* may wrap: only differences count */
    plan_round(dev);
    plan_interface(dev);
}

/* --- lines --------------------------------------------------------------------------------------
 */

static void update_irq(struct rk_dev *dev) {
    const struct rtc_state *s = dev->state;
    rk_line_out(dev, RK_RTC_OUT_IRQ, (s->crl & s->crh & 7u) != 0);
}

/* EXTI 17 looks for an edge: each alarm gives one, also when the flag still stands. */
static void raise_alarm(struct rk_dev *dev) {
    struct rtc_state *s = dev->state;
    if (s->crl & CRL_ALRF) {
        rk_line_out(dev, RK_RTC_OUT_ALARM, 0);
    }
    s->crl |= CRL_ALRF;
    rk_line_out(dev, RK_RTC_OUT_ALARM, 1);
}

static void end_of_round(struct rk_dev *dev) {
    struct rtc_state *s = dev->state;
    s->round += s->prl + 1;
    s->cnt++;
    s->crl |= CRL_SECF | (s->cnt == 0 ? CRL_OWF : 0);
    if (s->cnt == s->alr) {
        raise_alarm(dev);
    }
    rk_line_out(dev, RK_RTC_OUT_TAMPER_CAL, 1);
    plan_round(dev);
    update_irq(dev);
}

/* RM0008 18.4.4: a change of PRL or CNT loads the prescaler anew. */
static void commit(struct rk_dev *dev) {
    struct rtc_state *s = dev->state;
    if (s->committing & SET_PRL) {
        s->prl = s->new_prl;
    }
    if (s->committing & SET_CNT) {
        s->cnt = s->new_cnt;
    }
    if (s->committing & SET_ALR) {
        s->alr = s->new_alr;
    }
    if (s->committing & (SET_PRL | SET_CNT)) {
        s->round = ticks_now(dev);
        s->div = s->prl;
        plan_round(dev);
    }
    s->committing = 0;
    s->crl |= CRL_RTOFF;
}

static void rtc_timer(struct rk_dev *dev, unsigned timer) {
    struct rtc_state *s = dev->state;
    switch (timer) {
    case TIMER_ROUND: end_of_round(dev); break;
    case TIMER_RTOFF: commit(dev); break;
    case TIMER_RSF: s->crl |= CRL_RSF; break;
    }
}

/* --- registers ----------------------------------------------------------------------------------
 */

/* Flags are cleared by 0; leaving configuration mode starts the write (RM0008 18.3.4). */
static void write_crl(struct rk_dev *dev, uint32_t value) {
    struct rtc_state *s = dev->state;
    bool leaves = s->crl & CRL_CNF && !(value & CRL_CNF);
    bool alarm = s->crl & CRL_ALRF;
    s->crl &= ~CRL_FLAGS | (value & CRL_FLAGS);
    s->crl = (s->crl & ~CRL_CNF) | (value & CRL_CNF);
    if (leaves) {
        s->committing |= s->written;
        s->written = 0;
        s->crl &= ~CRL_RTOFF;
        at_tick(dev, TIMER_RTOFF, ticks_now(dev) + WRITE_TICKS);
    }
    if (!(s->crl & CRL_RSF) && !rk_timer_running(dev, TIMER_RSF)) {
        at_tick(dev, TIMER_RSF, ticks_now(dev) + SYNC_TICKS);
    }
    if (alarm && !(s->crl & CRL_ALRF)) {
        rk_line_out(dev, RK_RTC_OUT_ALARM, 0);
    }
    update_irq(dev);
}

static void put_high(uint32_t *reg, uint32_t value, uint32_t mask) {
    *reg = (*reg & 0xFFFFu) | (value & mask) << 16;
}

static void put_low(uint32_t *reg, uint32_t value) {
    *reg = (*reg & 0xFFFF0000u) | (value & 0xFFFFu);
}

/* What a half that is not written holds: the value that is in force. */
static void begin_write(struct rtc_state *s, uint8_t which) {
    if (!(s->written & which)) {
        s->written |= which;
        switch (which) {
        case SET_PRL: s->new_prl = s->prl; break;
        case SET_CNT: s->new_cnt = s->cnt; break;
        case SET_ALR: s->new_alr = s->alr; break;
        }
    }
}

static void write_backup(struct rk_dev *dev, uint32_t off, uint32_t value) {
    struct rtc_state *s = dev->state;
    if (!s->dbp || s->held) {
        rk_guest_error(dev, "+%02x written while the backup domain is protected", (unsigned)off);
        return;
    }
    if (!(s->crl & CRL_CNF)) {
        rk_guest_error(dev, "+%02x written outside configuration mode", (unsigned)off);
        return;
    }
    begin_write(s, off <= PRLL ? SET_PRL : off <= CNTL ? SET_CNT : SET_ALR);
    switch (off) {
    case PRLH: put_high(&s->new_prl, value, 0xF); break;
    case PRLL: put_low(&s->new_prl, value); break;
    case CNTH: put_high(&s->new_cnt, value, 0xFFFF); break;
    case CNTL: put_low(&s->new_cnt, value); break;
    case ALRH: put_high(&s->new_alr, value, 0xFFFF); break;
    case ALRL: put_low(&s->new_alr, value); break;
    }
}

static uint32_t rtc_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct rtc_state *s = dev->state;
    (void)size;
    switch (off) {
    case CRH: return s->crh;
    case CRL: return s->crl;
    case DIVH: return div_now(dev) >> 16;
    case DIVL: return div_now(dev) & 0xFFFFu;
    case CNTH: return s->cnt >> 16;
    case CNTL: return s->cnt & 0xFFFFu;
    case PRLH:
    case PRLL:
    case ALRH:
    case ALRL: rk_guest_error(dev, "read of write-only +%02x", (unsigned)off); return 0;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void rtc_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct rtc_state *s = dev->state;
    (void)size;
    switch (off) {
    case CRH:
        s->crh = value & 7u;
        update_irq(dev);
        break;
    case CRL: write_crl(dev, value); break;
    case PRLH:
    case PRLL:
    case CNTH:
    case CNTL:
    case ALRH:
    case ALRL: write_backup(dev, off, value); break;
    case DIVH:
    case DIVL: rk_guest_error(dev, "write to read-only +%02x", (unsigned)off); break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static enum rk_read_kind rtc_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    switch (off) {
    case CRH:
    case CRL:
    case CNTH:
    case CNTL: return RK_READ_STABLE;
    case DIVH:
    case DIVL: return RK_READ_CLOCK;
    default: return RK_READ_EFFECT;
    }
}

/* --- reset --------------------------------------------------------------------------------------
 */

static void reset_backup(struct rk_dev *dev) {
    struct rtc_state *s = dev->state;
    s->prl = s->div = 0x8000;
    s->cnt = 0;
    s->alr = 0xFFFFFFFFu;
    s->epoch_ns = rk_now_ns(dev);
    s->round = 0;
    s->hz = rk_dev_clock_hz(dev);
    plan_round(dev);
}

static void rtc_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct rtc_state *s = dev->state;
    if (kind == RK_RESET_CLOCK) {
        return;
    }
    s->crh = 0;
    s->crl = CRL_RTOFF;
    s->written = s->committing = 0;
    s->dbp = 0;
    s->held = 0;
    rk_timer_stop(dev, TIMER_RTOFF);
    rk_timer_stop(dev, TIMER_RSF);
    if (kind == RK_RESET_POWER) {
        reset_backup(dev);
    }
    plan_interface(dev);
}

static uint32_t rtc_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct rtc_state *s = dev->state;
    if (line == RK_RTC_IN_DBP) {
        s->dbp = value != 0;
    } else if (line == RK_RTC_IN_BDRST) {
        s->held = value != 0;
        if (value) {
            reset_backup(dev);
        }
    }
    return 0;
}

const struct rk_dev_ops rk_rtc_ops = {
    .type = "rtc",
    .state_size = sizeof(struct rtc_state),
    .timer_count = 3,
    .out_count = RK_RTC_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = rtc_reset,
    .read = rtc_read,
    .write = rtc_write,
    .input = rtc_input,
    .timer = rtc_timer,
    .clock = rtc_clock,
    .read_kind = rtc_read_kind,
};
