/* The counting half of a timer: plain state and pure functions, for tim.c only.
 *
 * Time comes in as ticks of the timer's clock, before its prescaler. Flags of the state change as
 * the manual says; what happened is answered as a mask, and the caller drives lines from it.
 */
#ifndef RK_EMU_PERIPH_TIM_COUNT_H
#define RK_EMU_PERIPH_TIM_COUNT_H

#include "common/base/attr.h"

#define RK_TIM_CHANNELS 4

#define CR1_CEN  (1u << 0)
#define CR1_UDIS (1u << 1)
#define CR1_URS  (1u << 2)
#define CR1_OPM  (1u << 3)
#define CR1_DIR  (1u << 4)
#define CR1_CMS  (3u << 5)
#define CR1_ARPE (1u << 7)

#define SR_UIF   (1u << 0)
#define SR_CC1IF (1u << 1) /* << channel */
#define SR_COMIF (1u << 5)
#define SR_TIF   (1u << 6)
#define SR_BIF   (1u << 7)
#define SR_CC1OF (1u << 9) /* << channel */

#define BDTR_OSSI (1u << 10)
#define BDTR_AOE  (1u << 14)
#define BDTR_MOE  (1u << 15)

/* What happened, and what a caller waits for. */
#define RK_TIM_EV_UPDATE (1u << 0)
#define RK_TIM_EV_CC     (1u << 1) /* << channel: match */
#define RK_TIM_EV_WRAP   (1u << 5) /* overflow or underflow, also without an update event */

struct rk_tim_count {
    uint32_t prescale; /* ticks of the current count so far */
    uint16_t cr1;      /* CEN is cleared here by one-pulse mode */
    uint16_t sr, bdtr;
    uint16_t ccmr[2];
    uint16_t psc, arr, rcr, ccr[RK_TIM_CHANNELS]; /* as written */
    uint16_t psc_now, arr_now, ccr_now[RK_TIM_CHANNELS];
    uint16_t cnt;
    uint8_t repeat; /* wraps until the next update event */
    uint8_t down;   /* direction */
    uint8_t ocref;  /* bit per channel: latched by the match modes */
};

/* One channel's half of CCMR: CCxS, OCxPE, OCxM (or ICxPSC, ICxF). */
static inline unsigned rk_tim_ccmr(const struct rk_tim_count *c, unsigned ch) {
    return c->ccmr[ch / 2] >> (8 * (ch % 2)) & 0xFFu;
}
static inline bool rk_tim_is_output(const struct rk_tim_count *c, unsigned ch) {
    return (rk_tim_ccmr(c, ch) & 3u) == 0;
}
static inline unsigned rk_tim_oc_mode(const struct rk_tim_count *c, unsigned ch) {
    return rk_tim_ccmr(c, ch) >> 4 & 7u;
}

/* Counts; stops by itself when CEN goes. */
uint32_t rk_tim_advance(struct rk_tim_count *c, uint64_t ticks);
/* Ticks until the first event of `wanted`; UINT64_MAX: never, as things stand. */
uint64_t rk_tim_ticks_until(const struct rk_tim_count *c, uint32_t wanted);
/* Counter and prescaler start over (UG, slave reset): RM0008 14.3.2. Flags UIF unless `quiet`. */
uint32_t rk_tim_restart(struct rk_tim_count *c, bool quiet);
/* OCxREF at this instant. */
bool rk_tim_ocref(const struct rk_tim_count *c, unsigned ch);
/* Values written without preload take effect at once. */
void rk_tim_load_direct(struct rk_tim_count *c);

#endif
