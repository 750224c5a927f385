/* TIM1 to TIM4: RM0008 14 (advanced) and 15 (general purpose). Registers, lines and the slave mode
 * controller; tim_count.c counts. The counter is a base instant and its value there: it costs
 * nothing while no enabled interrupt, DMA request, trigger output or pin depends on it, and reading
 * a register computes on a copy, so that looking at a timer never changes the machine. Knows pins
 * as levels and duty cycles only. Not modelled (emu/MISSING.md): break input, complementary outputs
 * and dead time, capture filters, hall sensor interface beyond its XOR.
 */
#include "emu/periph/tim.h"

#include "emu/periph/tim_count.h"

#define TIM_CR1   0x00u
#define TIM_CR2   0x04u
#define TIM_SMCR  0x08u
#define TIM_DIER  0x0Cu
#define TIM_SR    0x10u
#define TIM_EGR   0x14u
#define TIM_CCMR1 0x18u
#define TIM_CCMR2 0x1Cu
#define TIM_CCER  0x20u
#define TIM_CNT   0x24u
#define TIM_PSC   0x28u
#define TIM_ARR   0x2Cu
#define TIM_RCR   0x30u
#define TIM_CCR1  0x34u
#define TIM_CCR4  0x40u
#define TIM_BDTR  0x44u
#define TIM_DCR   0x48u
#define TIM_DMAR  0x4Cu

#define CR2_CCDS      (1u << 3)
#define CR2_MMS_SHIFT 4
#define CR2_TI1S      (1u << 7)
#define CR2_OIS1      (1u << 8) /* << 2 * channel */

#define SMCR_TS_SHIFT   4
#define SMCR_ETPS_SHIFT 12
#define SMCR_ECE        (1u << 14)
#define SMCR_ETP        (1u << 15)

#define DIER_UIE   (1u << 0)
#define DIER_CC1IE (1u << 1)
#define DIER_UDE   (1u << 8)
#define DIER_CC1DE (1u << 9)
#define DIER_COMDE (1u << 13)
#define DIER_TDE   (1u << 14)

#define EGR_UG   (1u << 0)
#define EGR_CC1G (1u << 1)
#define EGR_COMG (1u << 5)
#define EGR_TG   (1u << 6)
#define EGR_BG   (1u << 7)

#define CCER_CC1E (1u << 0) /* << 4 * channel */
#define CCER_CC1P (1u << 1)
#define CCER_NE   0x0444u

enum slave_mode {
    SLAVE_OFF,
    SLAVE_ENCODER_1,
    SLAVE_ENCODER_2,
    SLAVE_ENCODER_3,
    SLAVE_RESET,
    SLAVE_GATED,
    SLAVE_TRIGGER,
    SLAVE_CLOCK,
};
enum trigger_source {
    TRIGGER_ITR0,
    TRIGGER_TI1F_ED = 4,
    TRIGGER_TI1FP1,
    TRIGGER_TI2FP2,
    TRIGGER_ETRF
};
enum master_mode { MASTER_RESET, MASTER_ENABLE, MASTER_UPDATE, MASTER_COMPARE, MASTER_OC1REF };

enum { TIMER_EVENT };

#define IRQ_LINES 5u
#define NO_LINE   0xFFu

struct tim_state {
    struct rk_tim_count c;
    uint64_t base;            /* the instant that c is of */
    uint32_t cycles_per_tick; /* 0: the clock stands */
    uint16_t cr2, smcr, dier, ccer, dcr;
    uint8_t pins;                      /* levels of the channels' pins */
    uint8_t ti;                        /* TI1-TI4 after the XOR */
    uint8_t itr;                       /* levels of the internal triggers */
    uint8_t etr;                       /* pin */
    uint8_t etr_n;                     /* edges in its prescaler */
    uint8_t captures[RK_TIM_CHANNELS]; /* edges in the capture prescalers */
    uint8_t gate;                      /* TRGI, for the gated mode */
    uint8_t debug_stop;
    uint8_t irq_sent[IRQ_LINES];
    uint32_t pwm_sent[RK_TIM_CHANNELS];
    uint8_t trgo_sent;
    uint8_t in_trgo;
    uint8_t burst_idx, burst_line;
};

static bool is_advanced(const struct rk_dev *dev) {
    const struct rk_tim_config *config = dev->config;
    return config->advanced;
}

static enum slave_mode slave_mode(const struct tim_state *s) {
    return (enum slave_mode)(s->smcr & 7u);
}

static bool is_encoder(const struct tim_state *s) {
    enum slave_mode mode = slave_mode(s);
    return mode >= SLAVE_ENCODER_1 && mode <= SLAVE_ENCODER_3;
}

static enum master_mode master_mode(const struct tim_state *s) {
    return (enum master_mode)(s->cr2 >> CR2_MMS_SHIFT & 7u);
}

/* --- time --- */

static bool follows_clock(const struct tim_state *s) {
    return s->c.cr1 & CR1_CEN && s->cycles_per_tick && !s->debug_stop && !is_encoder(s) &&
           slave_mode(s) != SLAVE_CLOCK && !(s->smcr & SMCR_ECE) &&
           (slave_mode(s) != SLAVE_GATED || s->gate);
}

static uint32_t catch_up(struct tim_state *s, uint64_t now) {
    if (!follows_clock(s)) {
        s->base = now;
        return 0;
    }
    uint64_t ticks = (now - s->base) / s->cycles_per_tick;
    s->base += ticks * s->cycles_per_tick;
    return rk_tim_advance(&s->c, ticks);
}

/* --- what follows from the state: pins, interrupts, trigger level --- */

static bool drives_pin(const struct rk_dev *dev, const struct tim_state *s, unsigned ch) {
    return s->ccer >> (4 * ch) & CCER_CC1E && rk_tim_is_output(&s->c, ch) &&
           rk_tim_oc_mode(&s->c, ch) != 0 &&
           (!is_advanced(dev) || s->c.bdtr & (BDTR_MOE | BDTR_OSSI));
}

/* Counts of a period in which OCxREF is active, in PWM modes (RM0008 14.3.10). Center-aligned
 * periods are told by their half: both have the same share. */
static uint32_t active_counts(const struct tim_state *s, unsigned ch, uint32_t period) {
    uint32_t active = s->c.ccr_now[ch];
    if (!(s->c.cr1 & CR1_CMS) && s->c.down) {
        active++;
    }
    active = RK_MIN(active, period);
    return rk_tim_oc_mode(&s->c, ch) == 7 ? period - active : active;
}

static uint32_t pwm_value(const struct rk_dev *dev, const struct tim_state *s, unsigned ch) {
    if (!drives_pin(dev, s, ch)) {
        return RK_TIM_PWM_NONE;
    }
    bool off = is_advanced(dev) && !(s->c.bdtr & BDTR_MOE);
    bool inverted = s->ccer >> (4 * ch) & CCER_CC1P;
    bool center = s->c.cr1 & CR1_CMS;
    uint32_t period = center ? s->c.arr_now : s->c.arr_now + 1u;
    period = RK_MAX(period, 1u);
    uint32_t high;
    if (off) { /* OSSI: idle level (RM0008 table 83) */
        high = s->cr2 & CR2_OIS1 << 2 * ch ? period : 0;
    } else {
        bool runs = rk_tim_oc_mode(&s->c, ch) >= 6 && s->c.cr1 & CR1_CEN && s->c.arr_now > 0;
        high = runs ? active_counts(s, ch, period) : rk_tim_ocref(&s->c, ch) ? period : 0;
        high = inverted ? period - high : high;
    }
    /* 65536 counts high do not fit: always high is told as 1 of 1. */
    return high > 0xFFFFu ? 1u << 16 : high << 16 | (period - 1);
}

static void tell_irq(struct rk_dev *dev, unsigned line, bool level) {
    struct tim_state *s = dev->state;
    if (s->irq_sent[line] != level) {
        s->irq_sent[line] = level;
        rk_line_out(dev, line, level);
    }
}

static void tell_irqs(struct rk_dev *dev) {
    const struct tim_state *s = dev->state;
    unsigned pending = s->c.sr & s->dier & 0xFFu;
    if (!is_advanced(dev)) {
        tell_irq(dev, RK_TIM_OUT_IRQ, pending != 0);
        return;
    }
    tell_irq(dev, RK_TIM_OUT_IRQ_BRK, pending & SR_BIF);
    tell_irq(dev, RK_TIM_OUT_IRQ_UP, pending & SR_UIF);
    tell_irq(dev, RK_TIM_OUT_IRQ_TRG_COM, pending & (SR_COMIF | SR_TIF));
    tell_irq(dev, RK_TIM_OUT_IRQ_CC, pending & 15u * SR_CC1IF);
}

/* A ring of timers that trigger each other cannot recurse: a timer under way tells no second time.
 */
static void tell_trgo(struct rk_dev *dev, bool level) {
    struct tim_state *s = dev->state;
    if (s->trgo_sent != level && !s->in_trgo) {
        s->trgo_sent = level;
        s->in_trgo = 1;
        rk_line_out(dev, RK_TIM_OUT_TRGO, level);
        s->in_trgo = 0;
    }
}

static bool trgo_level(const struct tim_state *s) {
    switch (master_mode(s)) {
    case MASTER_RESET:
    case MASTER_UPDATE:
    case MASTER_COMPARE: return false;
    case MASTER_ENABLE: return s->c.cr1 & CR1_CEN && (slave_mode(s) != SLAVE_GATED || s->gate);
    default: return rk_tim_ocref(&s->c, (unsigned)master_mode(s) - MASTER_OC1REF);
    }
}

static void pulse_trgo(struct rk_dev *dev) {
    tell_trgo(dev, true);
    tell_trgo(dev, false);
}

/* When the next thing happens that somebody must be told of. */
static uint32_t wanted_events(const struct rk_dev *dev, const struct tim_state *s) {
    uint32_t wanted = 0;
    bool outputs = false;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        bool drives = drives_pin(dev, s, ch);
        unsigned mode = rk_tim_oc_mode(&s->c, ch);
        outputs |= drives;
        if ((s->dier & DIER_CC1IE << ch && !(s->c.sr & SR_CC1IF << ch)) ||
            (s->dier & DIER_CC1DE << ch && !(s->cr2 & CR2_CCDS)) ||
            (drives && mode >= 1 && mode <= 3)) {
            wanted |= RK_TIM_EV_CC << ch;
        }
        if (drives && s->c.ccr[ch] != s->c.ccr_now[ch]) {
            wanted |= RK_TIM_EV_UPDATE;
        }
    }
    bool cc_dma_at_update = s->cr2 & CR2_CCDS && s->dier & 15u * DIER_CC1DE;
    if ((s->dier & DIER_UIE && !(s->c.sr & SR_UIF)) || s->dier & DIER_UDE || cc_dma_at_update ||
        (outputs && (s->c.arr != s->c.arr_now || s->c.cr1 & CR1_OPM || s->c.bdtr & BDTR_AOE))) {
        wanted |= RK_TIM_EV_UPDATE;
    }
    switch (master_mode(s)) {
    case MASTER_RESET: break;
    case MASTER_ENABLE: wanted |= s->c.cr1 & CR1_OPM ? RK_TIM_EV_UPDATE : 0; break;
    case MASTER_UPDATE: wanted |= RK_TIM_EV_UPDATE; break;
    case MASTER_COMPARE: wanted |= RK_TIM_EV_CC; break;
    default:
        wanted |= RK_TIM_EV_WRAP | RK_TIM_EV_CC << ((unsigned)master_mode(s) - MASTER_OC1REF);
        break;
    }
    return wanted;
}

static void plan(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    uint32_t wanted = follows_clock(s) ? wanted_events(dev, s) : 0;
    uint64_t ticks = wanted ? rk_tim_ticks_until(&s->c, wanted) : UINT64_MAX;
    if (ticks == UINT64_MAX) {
        rk_timer_stop(dev, TIMER_EVENT);
    } else {
        rk_timer_set(dev, TIMER_EVENT, s->base + ticks * s->cycles_per_tick);
    }
}

static void refresh(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        uint32_t value = pwm_value(dev, s, ch);
        if (value != s->pwm_sent[ch]) {
            s->pwm_sent[ch] = value;
            rk_line_out(dev, RK_TIM_OUT_PWM + ch, value);
        }
    }
    tell_irqs(dev);
    tell_trgo(dev, trgo_level(s));
    plan(dev);
}

/* --- events --- */

static void request_dma(struct rk_dev *dev, unsigned line) {
    struct tim_state *s = dev->state;
    s->burst_idx = 0;
    s->burst_line = (uint8_t)line;
    rk_line_out(dev, line, RK_TIM_DMA_PULSE);
}

/* Requests and triggers of what just happened; the flags are set already. */
static void emit(struct rk_dev *dev, uint32_t events) {
    struct tim_state *s = dev->state;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        uint32_t when = s->cr2 & CR2_CCDS ? RK_TIM_EV_UPDATE : RK_TIM_EV_CC << ch;
        if (events & when && s->dier & DIER_CC1DE << ch) {
            request_dma(dev, RK_TIM_OUT_DMA_CC + ch);
        }
    }
    if (events & RK_TIM_EV_UPDATE && s->dier & DIER_UDE) {
        request_dma(dev, RK_TIM_OUT_DMA_UP);
    }
    if ((events & RK_TIM_EV_UPDATE && master_mode(s) == MASTER_UPDATE) ||
        (events & RK_TIM_EV_CC && master_mode(s) == MASTER_COMPARE)) {
        pulse_trgo(dev);
    }
}

static void sync(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    uint32_t events = catch_up(s, rk_now(dev));
    if (events) {
        emit(dev, events);
    }
}

static void restart(struct rk_dev *dev, bool by_software) {
    struct tim_state *s = dev->state;
    bool quiet = s->c.cr1 & CR1_URS;
    s->base = rk_now(dev);
    uint32_t events = rk_tim_restart(&s->c, quiet);
    emit(dev, events);
    if (master_mode(s) == MASTER_RESET && (by_software || slave_mode(s) == SLAVE_RESET)) {
        pulse_trgo(dev);
    }
}

static void capture(struct rk_dev *dev, unsigned ch) {
    struct tim_state *s = dev->state;
    if (s->c.sr & SR_CC1IF << ch) {
        s->c.sr |= (uint16_t)(SR_CC1OF << ch);
    }
    s->c.sr |= (uint16_t)(SR_CC1IF << ch);
    s->c.ccr[ch] = s->c.ccr_now[ch] = s->c.cnt;
    emit(dev, RK_TIM_EV_CC << ch);
}

static void count_edge(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    if (s->c.cr1 & CR1_CEN) {
        emit(dev, rk_tim_advance(&s->c, 1));
    }
}

static void trigger_flag(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    s->c.sr |= SR_TIF;
    if (s->dier & DIER_TDE) {
        request_dma(dev, RK_TIM_OUT_DMA_TRG);
    }
}

/* TRGI changed, or pulsed: rising edge first (RM0008 14.3.20, 15.3.14). */
static void trigger_input(struct rk_dev *dev, bool level) {
    struct tim_state *s = dev->state;
    bool changed = s->gate != level;
    s->gate = level;
    switch (slave_mode(s)) {
    case SLAVE_RESET:
        if (level) {
            restart(dev, false);
            trigger_flag(dev);
        }
        break;
    case SLAVE_GATED:
        if (changed) {
            s->base = rk_now(dev);
            trigger_flag(dev);
        }
        break;
    case SLAVE_TRIGGER:
        if (level) {
            s->base = rk_now(dev);
            s->c.cr1 |= CR1_CEN;
            trigger_flag(dev);
        }
        break;
    case SLAVE_CLOCK:
        if (level) {
            count_edge(dev);
            trigger_flag(dev);
        }
        break;
    default: break;
    }
}

static enum trigger_source trigger_source(const struct tim_state *s) {
    return (enum trigger_source)(s->smcr >> SMCR_TS_SHIFT & 7u);
}

/* --- pins --- */

/* TIx after its polarity (TIxFPx of channel x's own bit). */
static bool filtered_input(const struct tim_state *s, unsigned ti) {
    return (s->ti >> ti & 1u) != (s->ccer >> (4 * ti) & CCER_CC1P) / CCER_CC1P;
}

static bool trigger_level(const struct tim_state *s) {
    switch (trigger_source(s)) {
    case TRIGGER_TI1F_ED: return false;
    case TRIGGER_TI1FP1: return filtered_input(s, 0);
    case TRIGGER_TI2FP2: return filtered_input(s, 1);
    case TRIGGER_ETRF: return s->etr != ((s->smcr & SMCR_ETP) != 0);
    default: return s->itr >> trigger_source(s) & 1u;
    }
}

static void capture_edge(struct rk_dev *dev, unsigned ch, bool rising) {
    struct tim_state *s = dev->state;
    bool falling_wanted = s->ccer >> (4 * ch) & CCER_CC1P;
    if (!(s->ccer >> (4 * ch) & CCER_CC1E) || rising == falling_wanted) {
        return;
    }
    unsigned every = 1u << (rk_tim_ccmr(&s->c, ch) >> 2 & 3u);
    if (++s->captures[ch] >= every) {
        s->captures[ch] = 0;
        capture(dev, ch);
    }
}

/* Channels that take this input: CCxS 01 their own, 10 the pair's other (RM0008 14.4.7). */
static void capture_input(struct rk_dev *dev, unsigned ti, bool rising) {
    struct tim_state *s = dev->state;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        unsigned select = rk_tim_ccmr(&s->c, ch) & 3u;
        if ((select == 1 && ch == ti) || (select == 2 && (ch ^ 1u) == ti)) {
            capture_edge(dev, ch, rising);
        }
    }
}

/* RM0008 table 82 (counting direction versus encoder signals). */
static void encoder_edge(struct rk_dev *dev, unsigned ti) {
    struct tim_state *s = dev->state;
    enum slave_mode mode = slave_mode(s);
    bool counts = mode == SLAVE_ENCODER_3 || (mode == SLAVE_ENCODER_1 && ti == 1) ||
                  (mode == SLAVE_ENCODER_2 && ti == 0);
    if (!counts || ti > 1) {
        return;
    }
    bool rising = filtered_input(s, ti), other = filtered_input(s, ti ^ 1u);
    s->c.down = ti == 0 ? rising == other : rising != other;
    count_edge(dev);
}

static void input_edge(struct rk_dev *dev, unsigned ti) {
    struct tim_state *s = dev->state;
    bool level = filtered_input(s, ti);
    enum trigger_source source = trigger_source(s);
    capture_input(dev, ti, s->ti >> ti & 1u);
    if (is_encoder(s)) {
        encoder_edge(dev, ti);
    } else if (ti == 0 && source == TRIGGER_TI1F_ED) {
        trigger_input(dev, true);
        trigger_input(dev, false);
    } else if ((ti == 0 && source == TRIGGER_TI1FP1) || (ti == 1 && source == TRIGGER_TI2FP2)) {
        trigger_input(dev, level);
    }
}

static void pins_changed(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    uint8_t ti = s->pins;
    if (s->cr2 & CR2_TI1S) {
        uint8_t first = (uint8_t)((s->pins ^ s->pins >> 1 ^ s->pins >> 2) & 1u);
        ti = (uint8_t)((ti & ~1u) | first);
    }
    uint8_t edges = ti ^ s->ti;
    s->ti = ti;
    for (unsigned i = 0; edges && i < RK_TIM_CHANNELS; i++) {
        if (edges >> i & 1u) {
            input_edge(dev, i);
        }
    }
}

static void etr_changed(struct rk_dev *dev, bool pin) {
    struct tim_state *s = dev->state;
    if (s->etr == pin) {
        return;
    }
    s->etr = pin;
    bool level = pin != ((s->smcr & SMCR_ETP) != 0);
    unsigned every = 1u << (s->smcr >> SMCR_ETPS_SHIFT & 3u);
    if (level && every > 1 && ++s->etr_n % every != 0) {
        return;
    }
    if (level && s->smcr & SMCR_ECE) {
        count_edge(dev);
    }
    if (trigger_source(s) == TRIGGER_ETRF) {
        trigger_input(dev, level);
    }
}

static void set_pin(struct rk_dev *dev, unsigned ch, bool level) {
    struct tim_state *s = dev->state;
    s->pins = (uint8_t)((s->pins & ~(1u << ch)) | (unsigned)level << ch);
    pins_changed(dev);
}

static void set_itr(struct rk_dev *dev, unsigned n, bool level) {
    struct tim_state *s = dev->state;
    s->itr = (uint8_t)((s->itr & ~(1u << n)) | (unsigned)level << n);
    if (trigger_source(s) != (enum trigger_source)n) {
        return;
    }
    for (unsigned ch = 0; level && ch < RK_TIM_CHANNELS; ch++) {
        if ((rk_tim_ccmr(&s->c, ch) & 3u) == 3) { /* TRC */
            capture_edge(dev, ch, true);
        }
    }
    trigger_input(dev, level);
}

static uint32_t tim_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct tim_state *s = dev->state;
    if (!s->cycles_per_tick && line < RK_TIM_IN_DEBUG_STOP) {
        /* Without a clock edges go unseen, levels are there when it comes back. */
        if (line < RK_TIM_IN_ETR) {
            s->pins = (uint8_t)((s->pins & ~(1u << line)) | (value != 0) << line);
            s->ti = s->pins;
        } else if (line == RK_TIM_IN_ETR) {
            s->etr = value != 0;
        }
        return 0;
    }
    sync(dev);
    if (line < RK_TIM_IN_ETR) {
        set_pin(dev, line - RK_TIM_IN_CH, value != 0);
    } else if (line == RK_TIM_IN_ETR) {
        etr_changed(dev, value != 0);
    } else if (line < RK_TIM_IN_DEBUG_STOP) {
        set_itr(dev, line - RK_TIM_IN_ITR, value != 0);
    } else {
        s->debug_stop = value != 0;
    }
    refresh(dev);
    return 0;
}

/* --- registers --- */

static uint32_t read_register(const struct rk_dev *dev, const struct tim_state *s, uint32_t off) {
    switch (off) {
    case TIM_CR1: return (uint32_t)(s->c.cr1 & ~CR1_DIR) | (s->c.down ? CR1_DIR : 0);
    case TIM_CR2: return s->cr2;
    case TIM_SMCR: return s->smcr;
    case TIM_DIER: return s->dier;
    case TIM_SR: return s->c.sr;
    case TIM_EGR: return 0;
    case TIM_CCMR1: return s->c.ccmr[0];
    case TIM_CCMR2: return s->c.ccmr[1];
    case TIM_CCER: return s->ccer;
    case TIM_CNT: return s->c.cnt;
    case TIM_PSC: return s->c.psc;
    case TIM_ARR: return s->c.arr;
    case TIM_RCR: return s->c.rcr;
    case TIM_BDTR: return s->c.bdtr;
    case TIM_DCR: return s->dcr;
    default: return s->c.ccr[(off - TIM_CCR1) / 4];
    }
}

static bool is_register(const struct rk_dev *dev, uint32_t off) {
    return off <= TIM_DMAR && (is_advanced(dev) || (off != TIM_RCR && off != TIM_BDTR));
}

/* The register that the next access to DMAR means; asks for the burst's next item (RM0008 14.4.20).
 */
static uint32_t burst_register(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    uint32_t off = 4u * ((s->dcr & 0x1Fu) + s->burst_idx);
    if (s->burst_idx < (s->dcr >> 8 & 0x1Fu)) {
        s->burst_idx++;
        if (s->burst_line != NO_LINE) {
            rk_line_out(dev, s->burst_line, RK_TIM_DMA_PULSE);
        }
    } else {
        s->burst_idx = 0;
    }
    return off;
}

static bool is_capture(const struct tim_state *s, uint32_t off) {
    return off >= TIM_CCR1 && off <= TIM_CCR4 && !rk_tim_is_output(&s->c, (off - TIM_CCR1) / 4);
}

static uint32_t tim_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    struct tim_state *s = dev->state;
    if (off == TIM_DMAR) {
        off = burst_register(dev);
    }
    if (!is_register(dev, off) || off == TIM_DMAR) {
        rk_guest_error(dev, "read of reserved +%03x", (unsigned)off);
        return 0;
    }
    if (is_capture(s, off)) { /* reading the captured value clears its flag */
        unsigned ch = (off - TIM_CCR1) / 4;
        sync(dev);
        s->c.sr &= (uint16_t) ~(SR_CC1IF << ch);
        refresh(dev);
        return s->c.ccr[ch];
    }
    struct tim_state now = *s;
    catch_up(&now, rk_now(dev));
    return read_register(dev, &now, off);
}

static void write_cr1(struct rk_dev *dev, uint32_t value) {
    struct tim_state *s = dev->state;
    bool was_on = s->c.cr1 & CR1_CEN;
    s->c.cr1 = (uint16_t)(value & 0x3FFu & ~CR1_DIR);
    if (!(value & CR1_CMS) && !is_encoder(s)) {
        s->c.down = (value & CR1_DIR) != 0;
    }
    if (value & CR1_CEN && !was_on) {
        s->base = rk_now(dev);
    }
}

static void write_egr(struct rk_dev *dev, uint32_t value) {
    struct tim_state *s = dev->state;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        if (!(value & EGR_CC1G << ch)) {
            continue;
        }
        if (rk_tim_is_output(&s->c, ch)) {
            s->c.sr |= (uint16_t)(SR_CC1IF << ch);
            emit(dev, RK_TIM_EV_CC << ch);
        } else {
            capture(dev, ch);
        }
    }
    if (value & EGR_TG) {
        trigger_flag(dev);
    }
    if (value & EGR_UG) {
        restart(dev, true);
    }
    if (is_advanced(dev) && value & EGR_COMG) {
        s->c.sr |= SR_COMIF;
        if (s->dier & DIER_COMDE) {
            request_dma(dev, RK_TIM_OUT_DMA_TRG);
        }
    }
    if (is_advanced(dev) && value & EGR_BG) {
        s->c.sr |= SR_BIF;
        s->c.bdtr &= (uint16_t)~BDTR_MOE;
    }
}

static void write_ccer(struct rk_dev *dev, uint32_t value) {
    struct tim_state *s = dev->state;
    s->ccer = (uint16_t)(value & (is_advanced(dev) ? 0x3FFFu : 0x3333u));
    if (s->ccer & CCER_NE) {
        rk_unmodelled(dev, TIM_CCER, true, value); /* complementary outputs */
    }
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        if (!(s->ccer >> (4 * ch) & CCER_CC1E)) {
            s->captures[ch] = 0;
        }
    }
}

static void write_ccr(struct rk_dev *dev, unsigned ch, uint32_t value) {
    struct tim_state *s = dev->state;
    if (rk_tim_is_output(&s->c, ch)) {
        s->c.ccr[ch] = (uint16_t)value;
    }
}

static void write_register(struct rk_dev *dev, uint32_t off, uint32_t value) {
    struct tim_state *s = dev->state;
    bool advanced = is_advanced(dev);
    switch (off) {
    case TIM_CR1: write_cr1(dev, value); break;
    case TIM_CR2:
        s->cr2 = (uint16_t)(value & (advanced ? 0x7FFDu : 0xF8u));
        pins_changed(dev);
        break;
    case TIM_SMCR:
        s->smcr = (uint16_t)(value & 0xFFF7u);
        s->gate = trigger_level(s);
        break;
    case TIM_DIER: s->dier = (uint16_t)(value & (advanced ? 0x7FFFu : 0x5F5Fu)); break;
    case TIM_SR: s->c.sr &= (uint16_t)value; break; /* rc_w0 */
    case TIM_EGR: write_egr(dev, value); break;
    case TIM_CCMR1:
    case TIM_CCMR2: s->c.ccmr[(off - TIM_CCMR1) / 4] = (uint16_t)value; break;
    case TIM_CCER: write_ccer(dev, value); break;
    case TIM_CNT: s->c.cnt = (uint16_t)value; break;
    case TIM_PSC: s->c.psc = (uint16_t)value; break;
    case TIM_ARR: s->c.arr = (uint16_t)value; break;
    case TIM_RCR: s->c.rcr = (uint16_t)(value & 0xFFu); break;
    case TIM_BDTR: s->c.bdtr = (uint16_t)value; break;
    case TIM_DCR:
        s->dcr = (uint16_t)(value & 0x1F1Fu);
        s->burst_idx = 0;
        break;
    default: write_ccr(dev, (off - TIM_CCR1) / 4, value); break;
    }
}

static void tim_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct tim_state *s = dev->state;
    if (off == TIM_DMAR) {
        off = burst_register(dev);
    }
    if (!is_register(dev, off) || off == TIM_DMAR) {
        rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off);
        return;
    }
    sync(dev);
    write_register(dev, off, value);
    rk_tim_load_direct(&s->c);
    refresh(dev);
}

static enum rk_read_kind tim_read_kind(const struct rk_dev *dev, uint32_t off) {
    const struct tim_state *s = dev->state;
    if (off == TIM_DMAR || off > TIM_DMAR || is_capture(s, off)) {
        return RK_READ_EFFECT;
    }
    return off == TIM_CNT || off == TIM_SR || off == TIM_CR1 || off == TIM_BDTR ? RK_READ_CLOCK
                                                                                : RK_READ_STABLE;
}

static void tim_timer(struct rk_dev *dev, unsigned timer) {
    sync(dev);
    refresh(dev);
}

static void tim_clock(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    sync(dev);
    s->base = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    refresh(dev);
}

/* Pins and triggers are the others': they stay. */
static void tim_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct tim_state *s = dev->state;
    s->c = (struct rk_tim_count){.arr = 0xFFFFu, .arr_now = 0xFFFFu};
    s->base = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    s->cr2 = s->smcr = s->dier = s->ccer = s->dcr = 0;
    s->ti = s->pins;
    s->etr_n = s->gate = s->burst_idx = 0;
    s->burst_line = NO_LINE;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        s->captures[ch] = 0;
    }
    refresh(dev);
}

const struct rk_dev_ops rk_tim_ops = {.type = "tim",
                                      .state_size = sizeof(struct tim_state),
                                      .timer_count = 1,
                                      .out_count = RK_TIM_OUT_COUNT,
                                      .width = RK_BUS_APB,
                                      .reset = tim_reset,
                                      .read = tim_read,
                                      .write = tim_write,
                                      .input = tim_input,
                                      .timer = tim_timer,
                                      .clock = tim_clock,
                                      .read_kind = tim_read_kind};
