/* What a timer tells: duty cycles and levels of its pins (RM0008 14.3.8-14.3.12, table 83),
 * interrupts, DMA requests, trigger output (14.4.2 MMS), and when it must look again. See
 * tim_int.h.
 */
#include "emu/periph/tim_int.h"

/* --- time --- */

bool rk_tim_follows_clock(const struct tim_state *s) {
    return s->c.cr1 & CR1_CEN && s->cycles_per_tick && !s->debug_stop && !is_encoder(s) &&
           slave_mode(s) != SLAVE_CLOCK && !(s->smcr & SMCR_ECE) &&
           (slave_mode(s) != SLAVE_GATED || s->gate);
}

uint32_t rk_tim_catch_up(struct tim_state *s, uint64_t now) {
    if (!rk_tim_follows_clock(s)) {
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
           (!rk_tim_is_advanced(dev) || s->c.bdtr & (BDTR_MOE | BDTR_OSSI));
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
    bool off = rk_tim_is_advanced(dev) && !(s->c.bdtr & BDTR_MOE);
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
    if (!rk_tim_is_advanced(dev)) {
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

void rk_tim_pulse_trgo(struct rk_dev *dev) {
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
    uint32_t wanted = rk_tim_follows_clock(s) ? wanted_events(dev, s) : 0;
    uint64_t ticks = wanted ? rk_tim_ticks_until(&s->c, wanted) : UINT64_MAX;
    if (ticks == UINT64_MAX) {
        rk_timer_stop(dev, TIMER_EVENT);
    } else {
        rk_timer_set(dev, TIMER_EVENT, s->base + ticks * s->cycles_per_tick);
    }
}

void rk_tim_refresh(struct rk_dev *dev) {
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

void rk_tim_request_dma(struct rk_dev *dev, unsigned line) {
    struct tim_state *s = dev->state;
    s->burst_idx = 0;
    s->burst_line = (uint8_t)line;
    rk_line_out(dev, line, RK_TIM_DMA_PULSE);
}

/* Requests and triggers of what just happened; the flags are set already. */
void rk_tim_emit(struct rk_dev *dev, uint32_t events) {
    struct tim_state *s = dev->state;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        uint32_t when = s->cr2 & CR2_CCDS ? RK_TIM_EV_UPDATE : RK_TIM_EV_CC << ch;
        if (events & when && s->dier & DIER_CC1DE << ch) {
            rk_tim_request_dma(dev, RK_TIM_OUT_DMA_CC + ch);
        }
    }
    if (events & RK_TIM_EV_UPDATE && s->dier & DIER_UDE) {
        rk_tim_request_dma(dev, RK_TIM_OUT_DMA_UP);
    }
    if ((events & RK_TIM_EV_UPDATE && master_mode(s) == MASTER_UPDATE) ||
        (events & RK_TIM_EV_CC && master_mode(s) == MASTER_COMPARE)) {
        rk_tim_pulse_trgo(dev);
    }
}

void rk_tim_sync(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    uint32_t events = rk_tim_catch_up(s, rk_now(dev));
    if (events) {
        rk_tim_emit(dev, events);
    }
}
