/* TIM from inside: for tim.c (registers), tim_in.c (pins, triggers, slave modes) and tim_out.c
 * (what others are told) only.
 */
#ifndef RK_EMU_PERIPH_TIM_INT_H
#define RK_EMU_PERIPH_TIM_INT_H

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

static inline bool rk_tim_is_advanced(const struct rk_dev *dev) {
    const struct rk_tim_config *config = dev->config;
    return config->advanced;
}

static inline enum slave_mode slave_mode(const struct tim_state *s) {
    return (enum slave_mode)(s->smcr & 7u);
}

static inline bool is_encoder(const struct tim_state *s) {
    enum slave_mode mode = slave_mode(s);
    return mode >= SLAVE_ENCODER_1 && mode <= SLAVE_ENCODER_3;
}

static inline enum master_mode master_mode(const struct tim_state *s) {
    return (enum master_mode)(s->cr2 >> CR2_MMS_SHIFT & 7u);
}

/* --- tim_out.c --- */

/* Counts until `now`; the events are the caller's to tell. */
uint32_t rk_tim_catch_up(struct tim_state *s, uint64_t now);
bool rk_tim_follows_clock(const struct tim_state *s);
/* Brings the block to this instant, with all that happened on the way. */
void rk_tim_sync(struct rk_dev *dev);
/* Tells requests and triggers of what just happened; the flags are set already. */
void rk_tim_emit(struct rk_dev *dev, uint32_t events);
void rk_tim_request_dma(struct rk_dev *dev, unsigned line);
void rk_tim_pulse_trgo(struct rk_dev *dev);
/* Tells pins, interrupts and trigger level what they are now, and plans the next event. */
void rk_tim_refresh(struct rk_dev *dev);

/* --- tim_in.c --- */

uint32_t rk_tim_input(struct rk_dev *dev, unsigned line, uint32_t value);
void rk_tim_begin_anew(struct rk_dev *dev, bool by_software);
void rk_tim_capture(struct rk_dev *dev, unsigned ch);
void rk_tim_trigger_flag(struct rk_dev *dev);
bool rk_tim_trigger_level(const struct tim_state *s);
void rk_tim_pins_changed(struct rk_dev *dev);

#endif
