/* TIM1 to TIM4: RM0008 14 (advanced) and 15 (general purpose): the registers. tim_count.c counts,
 * tim_in.c takes pins and triggers, tim_out.c tells others. The counter is a base instant and its
 * value there: it costs nothing while no enabled interrupt, DMA request, trigger output or pin
 * depends on it, and reading a register computes on a copy, so that looking at a timer never
 * changes the machine. Knows pins as levels and duty cycles only. What is left out: emu/MISSING.md.
 */
#include "emu/periph/tim_int.h"

#include <string.h>

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
    return off <= TIM_DMAR && (rk_tim_is_advanced(dev) || (off != TIM_RCR && off != TIM_BDTR));
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
        rk_tim_sync(dev);
        s->c.sr &= (uint16_t) ~(SR_CC1IF << ch);
        rk_tim_refresh(dev);
        return s->c.ccr[ch];
    }
    struct tim_state now = *s;
    rk_tim_catch_up(&now, rk_now(dev));
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
            rk_tim_emit(dev, RK_TIM_EV_CC << ch);
        } else {
            rk_tim_capture(dev, ch);
        }
    }
    if (value & EGR_TG) {
        rk_tim_trigger_flag(dev);
    }
    if (value & EGR_UG) {
        rk_tim_begin_anew(dev, true);
    }
    if (rk_tim_is_advanced(dev) && value & EGR_COMG) {
        s->c.sr |= SR_COMIF;
        if (s->dier & DIER_COMDE) {
            rk_tim_request_dma(dev, RK_TIM_OUT_DMA_TRG);
        }
    }
    if (rk_tim_is_advanced(dev) && value & EGR_BG) {
        s->c.sr |= SR_BIF;
        s->c.bdtr &= (uint16_t)~BDTR_MOE;
    }
}

static void write_ccer(struct rk_dev *dev, uint32_t value) {
    struct tim_state *s = dev->state;
    s->ccer = (uint16_t)(value & (rk_tim_is_advanced(dev) ? 0x3FFFu : 0x3333u));
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
    bool advanced = rk_tim_is_advanced(dev);
    switch (off) {
    case TIM_CR1: write_cr1(dev, value); break;
    case TIM_CR2:
        s->cr2 = (uint16_t)(value & (advanced ? 0x7FFDu : 0xF8u));
        rk_tim_pins_changed(dev);
        break;
    case TIM_SMCR:
        s->smcr = (uint16_t)(value & 0xFFF7u);
        s->gate = rk_tim_trigger_level(s);
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
    rk_tim_sync(dev);
    write_register(dev, off, value);
    rk_tim_load_direct(&s->c);
    rk_tim_refresh(dev);
}

static enum rk_read_kind tim_read_kind(const struct rk_dev *dev, uint32_t off) {
    const struct tim_state *s = dev->state;
    if (off == TIM_DMAR || off > TIM_DMAR || is_capture(s, off)) {
        return RK_READ_EFFECT;
    }
    bool moves = off == TIM_CNT || off == TIM_SR || off == TIM_CR1 || off == TIM_BDTR;
    return moves && rk_tim_follows_clock(s) ? RK_READ_CLOCK : RK_READ_STABLE;
}

static void tim_timer(struct rk_dev *dev, unsigned timer) {
    rk_tim_sync(dev);
    rk_tim_refresh(dev);
}

static void tim_clock(struct rk_dev *dev) {
    struct tim_state *s = dev->state;
    rk_tim_sync(dev);
    s->base = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    rk_tim_refresh(dev);
}

/* Pins and triggers are the others': they stay. */
static void tim_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct tim_state *s = dev->state;
    memset(&s->c, 0, sizeof s->c); /* with its padding, which belongs to the machine's hash */
    s->c.arr = s->c.arr_now = 0xFFFFu;
    s->base = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    s->cr2 = s->smcr = s->dier = s->ccer = s->dcr = 0;
    s->ti = s->pins;
    s->etr_n = s->gate = s->burst_idx = 0;
    s->burst_line = NO_LINE;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        s->captures[ch] = 0;
    }
    rk_tim_refresh(dev);
}

const struct rk_dev_ops rk_tim_ops = {.type = "tim",
                                      .state_size = sizeof(struct tim_state),
                                      .timer_count = 1,
                                      .out_count = RK_TIM_OUT_COUNT,
                                      .width = RK_BUS_APB,
                                      .reset = tim_reset,
                                      .read = tim_read,
                                      .write = tim_write,
                                      .input = rk_tim_input,
                                      .timer = tim_timer,
                                      .clock = tim_clock,
                                      .read_kind = tim_read_kind};
