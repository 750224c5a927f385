/* ADC: RM0008 11.3-11.10 (modes, dual modes), 11.12 (registers). A conversion takes its sampling
 * time and 12.5 clocks and gives the voltage that stands at its end. ADC1 leads in dual modes and
 * asks ADC2 for its half. A continuous conversion whose result nobody has taken yet costs no
 * events: it goes on when its data or its flag is touched. Not modelled (emu/MISSING.md): external
 * triggers of the injected group, discontinuous mode, the dual modes that inject, mixed or
 * alternate. Knows voltages, no pins.
 */
#include "emu/periph/adc.h"

#include <string.h>

#define ADC_SR    0x00u
#define ADC_CR1   0x04u
#define ADC_CR2   0x08u
#define ADC_SMPR1 0x0Cu
#define ADC_SMPR2 0x10u
#define ADC_JOFR1 0x14u
#define ADC_JOFR4 0x20u
#define ADC_HTR   0x24u
#define ADC_LTR   0x28u
#define ADC_SQR1  0x2Cu
#define ADC_SQR2  0x30u
#define ADC_SQR3  0x34u
#define ADC_JSQR  0x38u
#define ADC_JDR1  0x3Cu
#define ADC_JDR4  0x48u
#define ADC_DR    0x4Cu

#define SR_AWD   (1u << 0)
#define SR_EOC   (1u << 1)
#define SR_JEOC  (1u << 2)
#define SR_JSTRT (1u << 3)
#define SR_STRT  (1u << 4)

#define CR1_EOCIE         (1u << 5)
#define CR1_AWDIE         (1u << 6)
#define CR1_JEOCIE        (1u << 7)
#define CR1_SCAN          (1u << 8)
#define CR1_AWDSGL        (1u << 9)
#define CR1_JAUTO         (1u << 10)
#define CR1_DISCEN        (1u << 11)
#define CR1_JDISCEN       (1u << 12)
#define CR1_DUALMOD_SHIFT 16
#define CR1_JAWDEN        (1u << 22)
#define CR1_AWDEN         (1u << 23)
#define CR1_BITS          0x00CFFFFFu

#define CR2_ADON         (1u << 0)
#define CR2_CONT         (1u << 1)
#define CR2_CAL          (1u << 2)
#define CR2_RSTCAL       (1u << 3)
#define CR2_DMA          (1u << 8)
#define CR2_ALIGN        (1u << 11)
#define CR2_JEXTSEL      (7u << 12)
#define CR2_JEXTTRIG     (1u << 15)
#define CR2_EXTSEL       (7u << 17)
#define EXTSEL_TIM3_TRGO (4u << 17)
#define CR2_EXTTRIG      (1u << 20)
#define CR2_JSWSTART     (1u << 21)
#define CR2_SWSTART      (1u << 22)
#define CR2_TSVREFE      (1u << 23)
#define CR2_BITS         0x00FEF90Fu

#define CHANNELS    18u
#define CH_TEMP     16u
#define CH_VREFINT  17u
#define VREF_MV     3300u
#define TEMP_25C_MV 1430u /* DS5319 table 51: V25 */
#define VREFINT_MV  1200u

/* Lengths in ADC clocks: RM0008 11.4 leaves the length of both open; the data sheet gives 5.9 us at
 * 14 MHz for CAL. */
#define CAL_TICKS    83u
#define RSTCAL_TICKS 4u

enum dual_mode { DUAL_OFF, DUAL_REGULAR_INJECTED, DUAL_REGULAR = 6, DUAL_FAST, DUAL_SLOW };
enum { TIMER_REGULAR, TIMER_INJECTED, TIMER_CAL };

struct adc_state {
    uint32_t sr, cr1, cr2, smpr[2], jofr[4], htr, ltr, sqr[3], jsqr, jdr[4], dr;
    uint16_t mv[CHANNELS];
    uint32_t mv_set;  /* bit per channel that somebody drives */
    uint8_t busy;     /* a regular conversion is under way */
    uint8_t rank;     /* it is this one of the group */
    uint8_t parked;   /* continuous, and nobody would notice the next results */
    uint8_t injected; /* an injected group is under way */
    uint8_t jrank;
    uint8_t irq_sent, dma_sent, dma_wanted, slave_irq;
    uint64_t due; /* when the regular conversion ends */
};

static bool is_master(const struct rk_dev *dev) {
    const struct rk_adc_config *config = dev->config;
    return config->master;
}

static enum dual_mode dual_mode(const struct rk_dev *dev) {
    const struct adc_state *s = dev->state;
    return is_master(dev) ? (enum dual_mode)(s->cr1 >> CR1_DUALMOD_SHIFT & 15u) : DUAL_OFF;
}

/* --- lines --- */

static void update_lines(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    bool again;
    do {
        again = false;
        uint8_t dma = s->dma_wanted && s->cr2 & CR2_DMA;
        uint8_t irq = (s->cr1 & CR1_EOCIE && s->sr & SR_EOC) ||
                      (s->cr1 & CR1_AWDIE && s->sr & SR_AWD) ||
                      (s->cr1 & CR1_JEOCIE && s->sr & SR_JEOC) || s->slave_irq;
        if (dma != s->dma_sent) {
            s->dma_sent = dma;
            again = true;
            rk_line_out(dev, RK_ADC_OUT_DMA, dma);
        } else if (irq != s->irq_sent) {
            s->irq_sent = irq;
            again = true;
            rk_line_out(dev, is_master(dev) ? RK_ADC_OUT_IRQ : RK_ADC_OUT_SLAVE_IRQ, irq);
        }
    } while (again);
}

/* --- one conversion --- */

static unsigned regular_channel(const struct adc_state *s, unsigned rank) {
    return s->sqr[2 - rank / 6] >> (5 * (rank % 6)) & 31u;
}

/* JSQR is filled from the end: JL = 1 converts JSQ4 alone (RM0008 11.12.12). */
static unsigned injected_channel(const struct adc_state *s, unsigned rank) {
    unsigned length = s->jsqr >> 20 & 3u;
    return s->jsqr >> (5 * (3 - length + rank)) & 31u;
}

/* Sampling and 12.5 clocks of conversion (RM0008 11.6): whole numbers. */
static uint32_t conversion_ticks(const struct adc_state *s, unsigned channel) {
    static const uint16_t ticks[] = {14, 20, 26, 41, 54, 68, 84, 252};
    if (channel >= CHANNELS) {
        return ticks[0];
    }
    uint32_t field = channel < 10 ? s->smpr[1] >> (3 * channel) : s->smpr[0] >> (3 * channel - 30);
    return ticks[field & 7u];
}

static uint32_t channel_mv(const struct rk_dev *dev, unsigned channel) {
    const struct adc_state *s = dev->state;
    if (channel >= CH_TEMP && (!is_master(dev) || !(s->cr2 & CR2_TSVREFE))) {
        return 0;
    }
    if (channel >= CHANNELS || s->mv_set >> channel & 1u) {
        return channel < CHANNELS ? s->mv[channel] : 0;
    }
    return channel == CH_TEMP ? TEMP_25C_MV : channel == CH_VREFINT ? VREFINT_MV : 0;
}

static uint32_t convert(struct rk_dev *dev, unsigned channel) {
    if (channel >= CHANNELS) {
        rk_guest_error(dev, "conversion of channel %u", channel);
    }
    uint32_t code = channel_mv(dev, channel) * 4096u / VREF_MV;
    return RK_MIN(code, 4095u);
}

/* RM0008 11.3.7, table 70. */
static void watch(struct adc_state *s, unsigned channel, uint32_t code, uint32_t enable) {
    bool guarded = s->cr1 & enable && (!(s->cr1 & CR1_AWDSGL) || (s->cr1 & 31u) == channel);
    if (guarded && (code > s->htr || code < s->ltr)) {
        s->sr |= SR_AWD;
    }
}

static uint32_t convert_regular(struct rk_dev *dev, unsigned rank) {
    struct adc_state *s = dev->state;
    unsigned channel = regular_channel(s, rank);
    uint32_t code = convert(dev, channel);
    watch(s, channel, code, CR1_AWDEN);
    return s->cr2 & CR2_ALIGN ? code << 4 : code;
}

/* --- the regular group --- */

static bool is_interleaved(const struct rk_dev *dev) {
    enum dual_mode mode = dual_mode(dev);
    return mode == DUAL_FAST || mode == DUAL_SLOW;
}

static unsigned group_length(const struct adc_state *s) {
    return s->cr1 & CR1_SCAN ? (s->sqr[0] >> 20 & 15u) + 1 : 1;
}

/* Slow interleaved mode goes on by itself (RM0008 11.9.4). */
static bool is_continuous(const struct rk_dev *dev) {
    const struct adc_state *s = dev->state;
    return s->cr2 & CR2_CONT || dual_mode(dev) == DUAL_SLOW;
}

static void wait_ticks(struct rk_dev *dev, unsigned timer, uint64_t from, uint64_t ticks) {
    rk_timer_set(dev, timer, from + ticks * rk_dev_cycles_per_tick(dev));
}

/* Distance of ADC1's results: interleaved starts are 7 or 14 clocks apart, each in turn (28 for one
 * converter in slow mode). */
static uint32_t period_ticks(const struct rk_dev *dev) {
    const struct adc_state *s = dev->state;
    uint32_t ticks = conversion_ticks(s, regular_channel(s, s->rank));
    return dual_mode(dev) == DUAL_SLOW ? RK_MAX(ticks, 28u) : ticks;
}

static void start_rank(struct rk_dev *dev, uint64_t from, uint32_t ticks) {
    struct adc_state *s = dev->state;
    s->busy = 1;
    s->parked = 0;
    s->due = from + (uint64_t)ticks * rk_dev_cycles_per_tick(dev);
    if (rk_dev_clock_hz(dev)) {
        rk_timer_set(dev, TIMER_REGULAR, s->due);
    }
}

static void start_regular(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    s->rank = 0;
    s->sr |= SR_STRT;
    uint32_t ticks = conversion_ticks(s, regular_channel(s, 0));
    ticks += dual_mode(dev) == DUAL_SLOW ? 14 : dual_mode(dev) == DUAL_FAST ? 7 : 0;
    start_rank(dev, rk_now(dev), ticks);
}

static void start_injected(struct rk_dev *dev);

/* Nobody sees the next result before the data or the flags are touched: the request or the flag
 * that it would raise is up already. */
static bool may_park(const struct rk_dev *dev) {
    const struct adc_state *s = dev->state;
    bool taken_by_dma = s->cr2 & CR2_DMA && !s->dma_wanted;
    return is_continuous(dev) && group_length(s) == 1 && s->sr & SR_EOC && !taken_by_dma &&
           !(s->cr1 & CR1_AWDEN);
}

static void store_result(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    s->dr = convert_regular(dev, s->rank);
    enum dual_mode mode = dual_mode(dev);
    if (mode == DUAL_REGULAR || mode == DUAL_REGULAR_INJECTED || is_interleaved(dev)) {
        s->dr |= rk_line_out(dev, RK_ADC_OUT_DUAL, s->rank) << 16;
    }
}

static void regular_done(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    uint64_t at = s->due;
    store_result(dev);
    bool last = s->rank + 1u >= group_length(s);
    if (last) {
        s->sr |= SR_EOC;
    }
    s->dma_wanted = s->cr2 & CR2_DMA && is_master(dev);
    s->rank = (uint8_t)(last ? 0 : s->rank + 1);
    s->busy = 0;
    if (!last || is_continuous(dev)) {
        start_rank(dev, at, period_ticks(dev));
    }
    update_lines(dev); /* DMA may take it here */
    if (last && s->cr1 & CR1_JAUTO) {
        start_injected(dev);
    }
    if (s->busy && may_park(dev)) {
        s->parked = 1;
        rk_timer_stop(dev, TIMER_REGULAR);
    }
}

/* A parked conversion is looked at: take it up at the next of its ends. */
static void unpark(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    if (!s->parked) {
        return;
    }
    uint64_t period = (uint64_t)period_ticks(dev) * rk_dev_cycles_per_tick(dev);
    uint64_t now = rk_now(dev);
    if (now >= s->due) {
        s->due += ((now - s->due) / period + 1) * period;
        store_result(dev);
    }
    s->parked = 0;
    if (rk_dev_clock_hz(dev)) {
        rk_timer_set(dev, TIMER_REGULAR, s->due);
    }
}

static void stop_regular(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    s->busy = s->parked = 0;
    rk_timer_stop(dev, TIMER_REGULAR);
}

/* --- the injected group: the regular one waits meanwhile (RM0008 11.3.9) --- */

static void start_injected(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    s->injected = 1;
    s->jrank = 0;
    s->sr |= SR_JSTRT;
    wait_ticks(dev, TIMER_INJECTED, rk_now(dev), conversion_ticks(s, injected_channel(s, 0)));
    if (s->busy) {
        rk_timer_stop(dev, TIMER_REGULAR);
    }
}

static void injected_done(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    unsigned channel = injected_channel(s, s->jrank);
    uint32_t code = convert(dev, channel);
    watch(s, channel, code, CR1_JAWDEN);
    int32_t value = (int32_t)code - (int32_t)s->jofr[s->jrank];
    /* Left-aligned injected data leaves room for the sign: three bits (RM0008 figure 33). */
    s->jdr[s->jrank] = (uint32_t)(s->cr2 & CR2_ALIGN ? value * 8 : value) & 0xFFFFu;
    if (s->jrank++ < (s->jsqr >> 20 & 3u)) {
        uint32_t ticks = conversion_ticks(s, injected_channel(s, s->jrank));
        wait_ticks(dev, TIMER_INJECTED, rk_now(dev), ticks);
        return;
    }
    s->injected = 0;
    s->sr |= SR_JEOC | SR_EOC;
    if (s->busy && !s->parked) { /* the interrupted conversion starts again */
        start_rank(dev, rk_now(dev), conversion_ticks(s, regular_channel(s, s->rank)));
    }
    update_lines(dev);
}

static void adc_timer(struct rk_dev *dev, unsigned timer) {
    struct adc_state *s = dev->state;
    switch (timer) {
    case TIMER_REGULAR: regular_done(dev); break;
    case TIMER_INJECTED: injected_done(dev); break;
    default: s->cr2 &= ~(CR2_CAL | CR2_RSTCAL); break;
    }
}

/* The clock changed: what is under way starts anew at the new rate. */
static void adc_clock(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    if (!rk_dev_clock_hz(dev)) {
        rk_timer_stop(dev, TIMER_REGULAR);
        rk_timer_stop(dev, TIMER_INJECTED);
        return;
    }
    if (s->injected) {
        uint32_t ticks = conversion_ticks(s, injected_channel(s, s->jrank));
        wait_ticks(dev, TIMER_INJECTED, rk_now(dev), ticks);
    } else if (s->busy && !s->parked) {
        start_rank(dev, rk_now(dev), conversion_ticks(s, regular_channel(s, s->rank)));
    }
}

/* --- registers --- */

static void check_modes(struct rk_dev *dev) {
    const struct adc_state *s = dev->state;
    enum dual_mode mode = dual_mode(dev);
    bool mode_known = mode == DUAL_OFF || mode == DUAL_REGULAR_INJECTED || mode >= DUAL_REGULAR;
    if (s->cr1 & (CR1_DISCEN | CR1_JDISCEN) || !mode_known || mode > DUAL_SLOW) {
        rk_unmodelled(dev, ADC_CR1, true, s->cr1);
    }
}

static bool starts_by_software(uint32_t cr2) {
    return (cr2 & (CR2_SWSTART | CR2_EXTTRIG | CR2_EXTSEL)) ==
           (CR2_SWSTART | CR2_EXTTRIG | CR2_EXTSEL);
}

static void start_calibration(struct rk_dev *dev, uint32_t bits) {
    struct adc_state *s = dev->state;
    s->cr2 |= bits;
    wait_ticks(dev, TIMER_CAL, rk_now(dev), bits & CR2_CAL ? CAL_TICKS : RSTCAL_TICKS);
}

static void write_cr2(struct rk_dev *dev, uint32_t value) {
    struct adc_state *s = dev->state;
    uint32_t old = s->cr2, calibration = value & (CR2_CAL | CR2_RSTCAL);
    unpark(dev);
    s->dma_wanted = s->dma_wanted && value & CR2_DMA;
    s->cr2 = (value & CR2_BITS & ~(CR2_SWSTART | CR2_JSWSTART)) | (old & (CR2_CAL | CR2_RSTCAL));
    if (!(value & CR2_ADON)) {
        stop_regular(dev);
        s->injected = 0;
        rk_timer_stop(dev, TIMER_INJECTED);
        update_lines(dev);
        return;
    }
    if (value & CR2_JEXTTRIG && (value & CR2_JEXTSEL) != CR2_JEXTSEL) {
        rk_unmodelled(dev, ADC_CR2, true, value); /* trigger of the injected group */
    }
    uint32_t trigger = value & CR2_EXTSEL;
    if (value & CR2_EXTTRIG && trigger != CR2_EXTSEL && trigger != EXTSEL_TIM3_TRGO) {
        rk_unmodelled(dev, ADC_CR2, true, value); /* compare events and EXTI11 are not wired */
    }
    if (calibration & ~old) {
        start_calibration(dev, calibration);
    }
    /* Writing ADON to a converter that is on starts it, unless another bit changes with it
     * (RM0008 11.12.3). */
    bool by_adon =
        old & CR2_ADON && s->cr2 == old && !(value & (CR2_SWSTART | CR2_JSWSTART)) && !calibration;
    if (old & CR2_ADON && (starts_by_software(value) || by_adon)) {
        start_regular(dev);
    }
    if (old & CR2_ADON && value & CR2_JSWSTART && value & CR2_JEXTTRIG &&
        (value & CR2_JEXTSEL) == CR2_JEXTSEL) {
        start_injected(dev);
    }
    if (!is_continuous(dev) && s->parked) {
        stop_regular(dev);
    }
    update_lines(dev);
}

static uint32_t read_dr(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    unpark(dev);
    s->sr &= ~SR_EOC;
    s->dma_wanted = 0;
    update_lines(dev);
    return s->dr;
}

static uint32_t adc_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    struct adc_state *s = dev->state;
    if (off >= ADC_JOFR1 && off <= ADC_JOFR4) {
        return s->jofr[(off - ADC_JOFR1) / 4];
    }
    if (off >= ADC_JDR1 && off <= ADC_JDR4) {
        return s->jdr[(off - ADC_JDR1) / 4];
    }
    switch (off) {
    case ADC_SR: return s->sr;
    case ADC_CR1: return s->cr1;
    case ADC_CR2: return s->cr2;
    case ADC_SMPR1:
    case ADC_SMPR2: return s->smpr[(off - ADC_SMPR1) / 4];
    case ADC_HTR: return s->htr;
    case ADC_LTR: return s->ltr;
    case ADC_SQR1:
    case ADC_SQR2:
    case ADC_SQR3: return s->sqr[(off - ADC_SQR1) / 4];
    case ADC_JSQR: return s->jsqr;
    case ADC_DR: return read_dr(dev);
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

/* A change of the sequence or the sampling time restarts what is under way (RM0008 11.3.3). */
static void sequence_changed(struct rk_dev *dev) {
    struct adc_state *s = dev->state;
    if (s->busy) {
        start_regular(dev);
    }
}

static void adc_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct adc_state *s = dev->state;
    if (off >= ADC_JOFR1 && off <= ADC_JOFR4) {
        s->jofr[(off - ADC_JOFR1) / 4] = value & 0xFFFu;
        return;
    }
    switch (off) {
    case ADC_SR:
        unpark(dev);
        s->sr &= value;
        update_lines(dev);
        break;
    case ADC_CR1:
        s->cr1 = value & CR1_BITS;
        check_modes(dev);
        unpark(dev);
        update_lines(dev);
        break;
    case ADC_CR2: write_cr2(dev, value); break;
    case ADC_SMPR1:
    case ADC_SMPR2:
        s->smpr[(off - ADC_SMPR1) / 4] = value & (off == ADC_SMPR1 ? 0xFFFFFFu : 0x3FFFFFFFu);
        break;
    case ADC_HTR: s->htr = value & 0xFFFu; break;
    case ADC_LTR: s->ltr = value & 0xFFFu; break;
    case ADC_SQR1:
    case ADC_SQR2:
    case ADC_SQR3:
        s->sqr[(off - ADC_SQR1) / 4] = value & (off == ADC_SQR1 ? 0xFFFFFFu : 0x3FFFFFFFu);
        sequence_changed(dev);
        break;
    case ADC_JSQR: s->jsqr = value & 0x3FFFFFu; break;
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); break;
    }
}

static uint32_t dual_conversion(struct rk_dev *dev, unsigned rank) {
    struct adc_state *s = dev->state;
    if (!(s->cr2 & CR2_ADON)) {
        return 0;
    }
    s->dr = convert_regular(dev, rank);
    if (rank + 1u >= group_length(s)) {
        s->sr |= SR_EOC | SR_STRT;
        update_lines(dev);
    }
    return s->dr & 0xFFFFu;
}

static uint32_t adc_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct adc_state *s = dev->state;
    if (line < RK_ADC_IN_MV + CHANNELS) {
        s->mv[line] = (uint16_t)RK_MIN(value, VREF_MV);
        s->mv_set |= 1u << line;
    } else if (line < RK_ADC_IN_TRIGGER + 8) {
        uint32_t selected = (s->cr2 & CR2_EXTSEL) >> 17;
        if (value && s->cr2 & CR2_ADON && s->cr2 & CR2_EXTTRIG &&
            selected == line - RK_ADC_IN_TRIGGER) {
            start_regular(dev);
        }
    } else if (line == RK_ADC_IN_DUAL) {
        return dual_conversion(dev, value);
    } else if (line == RK_ADC_IN_SLAVE_IRQ) {
        s->slave_irq = value != 0;
        update_lines(dev);
    }
    return 0;
}

static enum rk_read_kind adc_read_kind(const struct rk_dev *dev, uint32_t off) {
    return off < ADC_DR ? RK_READ_STABLE : RK_READ_EFFECT;
}

/* Voltages are the outside's: they stay. */
static void adc_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct adc_state *s = dev->state;
    /* memset: padding belongs to the machine's hash. */
    struct adc_state old;
    memcpy(&old, s, sizeof old);
    memset(s, 0, sizeof *s);
    s->htr = 0xFFF;
    memcpy(s->mv, old.mv, sizeof s->mv);
    s->mv_set = old.mv_set;
    s->irq_sent = old.irq_sent;
    s->dma_sent = old.dma_sent;
    rk_timer_stop(dev, TIMER_REGULAR);
    rk_timer_stop(dev, TIMER_INJECTED);
    rk_timer_stop(dev, TIMER_CAL);
    update_lines(dev);
}

const struct rk_dev_ops rk_adc_ops = {.type = "adc",
                                      .state_size = sizeof(struct adc_state),
                                      .timer_count = 3,
                                      .out_count = RK_ADC_OUT_COUNT,
                                      .width = RK_BUS_APB,
                                      .reset = adc_reset,
                                      .read = adc_read,
                                      .write = adc_write,
                                      .input = adc_input,
                                      .timer = adc_timer,
                                      .clock = adc_clock,
                                      .read_kind = adc_read_kind};
