/* What reaches a timer: input capture (RM0008 14.3.6), encoder (14.3.16, table 82), slave modes and
 * external clocks (14.3.4, 14.3.20). See tim_int.h.
 */
#include "emu/periph/tim_int.h"

void rk_tim_begin_anew(struct rk_dev *dev, bool by_software) {
    struct tim_state *s = dev->state;
    bool quiet = s->c.cr1 & CR1_URS;
    s->base = rk_now(dev);
    uint32_t events = rk_tim_restart(&s->c, quiet);
    rk_tim_emit(dev, events);
    if (master_mode(s) == MASTER_RESET && (by_software || slave_mode(s) == SLAVE_RESET)) {
        rk_tim_pulse_trgo(dev);
    }
}

void rk_tim_capture(struct rk_dev *dev, unsigned ch) {
    struct tim_state *s = dev->state;
    if (s->c.sr & SR_CC1IF << ch) {
        s->c.sr |= (uint16_t)(SR_CC1OF << ch);
    }
    s->c.sr |= (uint16_t)(SR_CC1IF << ch);
    s->c.ccr[ch] = s->c.ccr_now[ch] = s->c.cnt;
    rk_tim_emit(dev, RK_TIM_EV_CC << ch);
}

static void count_edge(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    if (s->c.cr1 & CR1_CEN) {
        rk_tim_emit(dev, rk_tim_advance(&s->c, 1));
    }
}

void rk_tim_trigger_flag(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    s->c.sr |= SR_TIF;
    if (s->dier & DIER_TDE) {
        rk_tim_request_dma(dev, RK_TIM_OUT_DMA_TRG);
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
            rk_tim_begin_anew(dev, false);
            rk_tim_trigger_flag(dev);
        }
        break;
    case SLAVE_GATED:
        if (changed) {
            s->base = rk_now(dev);
            rk_tim_trigger_flag(dev);
        }
        break;
    case SLAVE_TRIGGER:
        if (level) {
            s->base = rk_now(dev);
            s->c.cr1 |= CR1_CEN;
            rk_tim_trigger_flag(dev);
        }
        break;
    case SLAVE_CLOCK:
        if (level) {
            count_edge(dev);
            rk_tim_trigger_flag(dev);
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

bool rk_tim_trigger_level(const struct tim_state *s) {
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
        rk_tim_capture(dev, ch);
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

void rk_tim_pins_changed(struct rk_dev *dev) {
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
    rk_tim_pins_changed(dev);
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

uint32_t rk_tim_input(struct rk_dev *dev, unsigned line, uint32_t value) {
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
    rk_tim_sync(dev);
    if (line < RK_TIM_IN_ETR) {
        set_pin(dev, line - RK_TIM_IN_CH, value != 0);
    } else if (line == RK_TIM_IN_ETR) {
        etr_changed(dev, value != 0);
    } else if (line < RK_TIM_IN_DEBUG_STOP) {
        set_itr(dev, line - RK_TIM_IN_ITR, value != 0);
    } else {
        s->debug_stop = value != 0;
    }
    rk_tim_refresh(dev);
    return 0;
}
