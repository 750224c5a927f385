/* Counting, update events and compare matches: RM0008 14.3.1-14.3.3, 14.3.7-14.3.10 (the general
 * timers of chapter 15 are a part of it). Jumps from event to event, and over whole periods once
 * every flag that a period can set is set. See tim_count.h.
 */
#include "emu/periph/tim_count.h"

static bool is_center(const struct rk_tim_count *c) {
    return c->cr1 & CR1_CMS;
}

/* An auto-reload of 0 blocks the counter (RM0008 14.3.2). */
static bool is_counting(const struct rk_tim_count *c) {
    return c->cr1 & CR1_CEN && c->arr_now > 0;
}

void rk_tim_load_direct(struct rk_tim_count *c) {
    if (!(c->cr1 & CR1_ARPE)) {
        c->arr_now = c->arr;
    }
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        bool preload = rk_tim_is_output(c, ch) && rk_tim_ccmr(c, ch) & 1u << 3;
        if (!preload) {
            c->ccr_now[ch] = c->ccr[ch];
        }
    }
}

static uint32_t update_event(struct rk_tim_count *c, bool quiet) {
    if (c->cr1 & CR1_UDIS) {
        return 0;
    }
    c->psc_now = c->psc;
    c->arr_now = c->arr;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        c->ccr_now[ch] = c->ccr[ch];
    }
    c->repeat = (uint8_t)c->rcr;
    if (c->bdtr & BDTR_AOE) {
        c->bdtr |= BDTR_MOE;
    }
    if (quiet) {
        return 0;
    }
    c->sr |= SR_UIF;
    return RK_TIM_EV_UPDATE;
}

uint32_t rk_tim_restart(struct rk_tim_count *c, bool quiet) {
    if (is_center(c)) {
        c->down = 0;
    }
    c->prescale = 0;
    uint32_t events = update_event(c, quiet);
    c->cnt = c->down ? c->arr_now : 0;
    return events;
}

static uint32_t wrap(struct rk_tim_count *c) {
    if (c->repeat > 0 && !(c->cr1 & CR1_UDIS)) {
        c->repeat--;
        return RK_TIM_EV_WRAP;
    }
    uint32_t events = update_event(c, false);
    if (events && c->cr1 & CR1_OPM) {
        c->cr1 &= (uint16_t)~CR1_CEN;
    }
    return events | RK_TIM_EV_WRAP;
}

bool rk_tim_ocref(const struct rk_tim_count *c, unsigned ch) {
    bool active = c->down ? c->cnt <= c->ccr_now[ch] : c->cnt < c->ccr_now[ch];
    switch (rk_tim_oc_mode(c, ch)) {
    case 4: return false;
    case 5: return true;
    case 6: return active;
    case 7: return !active;
    default: return c->ocref >> ch & 1u;
    }
}

static void latch_ocref(struct rk_tim_count *c, unsigned ch) {
    uint8_t bit = (uint8_t)(1u << ch);
    switch (rk_tim_oc_mode(c, ch)) {
    case 1: c->ocref |= bit; break;
    case 2: c->ocref &= (uint8_t)~bit; break;
    case 3: c->ocref ^= bit; break;
    default: break;
    }
}

/* Center-aligned modes 1 and 2 flag a match in one direction only (RM0008 14.4.1, CMS). */
static bool flags_matches(const struct rk_tim_count *c, bool counted_down) {
    switch ((c->cr1 & CR1_CMS) >> 5) {
    case 1: return counted_down;
    case 2: return !counted_down;
    default: return true;
    }
}

/* The counter arrived at its value; a compare value above the reload matches at the wrap. */
static uint32_t match(struct rk_tim_count *c, bool counted_down, bool wrapped, uint16_t old_arr) {
    uint32_t events = 0;
    if (!flags_matches(c, counted_down)) {
        return 0;
    }
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        uint16_t value = c->ccr_now[ch];
        if (rk_tim_is_output(c, ch) && (value == c->cnt || (wrapped && value > old_arr))) {
            c->sr |= (uint16_t)(SR_CC1IF << ch);
            latch_ocref(c, ch);
            events |= RK_TIM_EV_CC << ch;
        }
    }
    return events;
}

/* Counts to the next wrap or turn. */
static uint32_t steps_to_wrap(const struct rk_tim_count *c) {
    if (is_center(c)) {
        int left = c->down ? c->cnt : c->arr_now - c->cnt;
        return left > 0 ? (uint32_t)left : 1;
    }
    if (c->down) {
        return c->cnt + 1u;
    }
    return (c->cnt <= c->arr_now ? c->arr_now : 0xFFFFu) - c->cnt + 1u;
}

static uint32_t steps_to_event(const struct rk_tim_count *c) {
    uint32_t steps = steps_to_wrap(c);
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        uint32_t value = c->ccr_now[ch];
        if (c->down && value < c->cnt) {
            steps = RK_MIN(steps, c->cnt - value);
        } else if (!c->down && value > c->cnt) {
            steps = RK_MIN(steps, value - c->cnt);
        }
    }
    return steps;
}

/* Moves by `steps` counts, at most to the next event; answers what it met there. */
static uint32_t arrive(struct rk_tim_count *c, uint32_t steps) {
    bool down = c->down, wrapped = steps == steps_to_wrap(c);
    uint16_t old_arr = c->arr_now;
    uint32_t events = 0;
    c->cnt = (uint16_t)(down ? c->cnt - steps : c->cnt + steps);
    if (wrapped && is_center(c)) {
        c->cnt = down ? 0 : c->arr_now;
        c->down = !down;
        events = wrap(c);
    } else if (wrapped) {
        /* A counter above its reload value runs on to 0xFFFF without an overflow. */
        bool real = down || c->cnt == (uint16_t)(old_arr + 1u);
        events = real ? wrap(c) : 0;
        c->cnt = down ? c->arr_now : 0;
    }
    return events | match(c, down, wrapped, old_arr);
}

/* Whole cycles from one update event to the same state again: nothing new can happen in them. */
static uint64_t skip_cycles(struct rk_tim_count *c, uint64_t ticks) {
    uint64_t wraps = (c->cr1 & CR1_UDIS ? 0u : c->rcr) + 1u;
    uint64_t counts = is_center(c) ? 2u * wraps * c->arr_now : wraps * (c->arr_now + 1u);
    uint64_t cycle = counts * (c->psc_now + 1u);
    uint64_t n = ticks / cycle;
    for (unsigned ch = 0; ch < RK_TIM_CHANNELS; ch++) {
        bool twice =
            (c->cr1 & CR1_CMS) == CR1_CMS && c->ccr_now[ch] > 0 && c->ccr_now[ch] < c->arr_now;
        if (rk_tim_oc_mode(c, ch) == 3 && rk_tim_is_output(c, ch) && !twice && n * wraps & 1u) {
            c->ocref ^= (uint8_t)(1u << ch);
        }
    }
    return ticks - n * cycle;
}

uint32_t rk_tim_advance(struct rk_tim_count *c, uint64_t ticks) {
    uint32_t events = 0;
    unsigned settled = 0;
    while (ticks > 0 && is_counting(c)) {
        uint64_t per_count = c->psc_now + 1u;
        uint32_t steps = steps_to_event(c);
        uint64_t need = steps * per_count - RK_MIN(c->prescale, steps * per_count - 1);
        if (ticks < need) {
            uint64_t sum = c->prescale + ticks;
            uint16_t counts = (uint16_t)(sum / per_count);
            c->prescale = (uint32_t)(sum % per_count);
            c->cnt = (uint16_t)(c->down ? c->cnt - counts : c->cnt + counts);
            break;
        }
        ticks -= need;
        c->prescale = 0;
        uint32_t met = arrive(c, steps);
        events |= met;
        /* After the third update event every preload is in and every flag of a cycle was seen. */
        settled += (met & (c->cr1 & CR1_UDIS ? RK_TIM_EV_WRAP : RK_TIM_EV_UPDATE)) != 0;
        if (settled >= 3 && is_counting(c)) {
            ticks = skip_cycles(c, ticks);
            settled = 0;
        }
    }
    return events;
}

/* Enough for one full cycle of the largest repetition count, with four matches a wrap. */
#define MAX_JUMPS (2u * 257u * 5u)

uint64_t rk_tim_ticks_until(const struct rk_tim_count *c, uint32_t wanted) {
    struct rk_tim_count copy = *c;
    uint64_t ticks = 0;
    for (unsigned i = 0; i < MAX_JUMPS && is_counting(&copy); i++) {
        uint64_t span = steps_to_event(&copy) * (copy.psc_now + (uint64_t)1);
        uint64_t need = span - RK_MIN(copy.prescale, span - 1);
        ticks += need;
        copy.prescale = 0;
        if (arrive(&copy, steps_to_event(&copy)) & wanted) {
            return ticks;
        }
    }
    return UINT64_MAX;
}
