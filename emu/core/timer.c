/* Virtual time and the timer table: one-shot timers in cycles or nanoseconds, earliest first; equal
 * times fire in table order, so runs are deterministic. A linear table: a Core has about forty.
 */
#include "emu/core/internal.h"

#define NS_PER_S 1000000000u

/* x * num / den, rounded down; whole parts first, so that 64 bits are enough (num, den < 2^32) and
 * firmware that feeds its watchdog in every turn pays no 128-bit division. */
static uint64_t scale(uint64_t x, uint64_t num, uint64_t den) {
    return x / den * num + x % den * num / den;
}

uint64_t rk_ns_at_cycle(const struct rk_machine *m, uint64_t cycle) {
    const struct rk_core_state *s = m->s;
    return s->base_ns + scale(cycle - s->base_cycle, NS_PER_S, s->hz[RK_CLOCK_HCLK]);
}

uint64_t rk_cycle_at_ns(const struct rk_machine *m, uint64_t ns) {
    const struct rk_core_state *s = m->s;
    if (ns <= s->base_ns) {
        return s->base_cycle;
    }
    uint64_t since = ns - s->base_ns, hz = s->hz[RK_CLOCK_HCLK];
    uint64_t cycles = since / NS_PER_S * hz + (since % NS_PER_S * hz + NS_PER_S - 1) / NS_PER_S;
    return cycles > UINT64_MAX - s->base_cycle ? UINT64_MAX : cycles + s->base_cycle;
}

static void find_next(struct rk_machine *m) {
    size_t best = m->timer_count;
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < m->timer_count; i++) {
        if (m->timers[i].running && m->timers[i].at_cycle < at) {
            best = i;
            at = m->timers[i].at_cycle;
        }
    }
    m->next_timer = best;
}

void rk_timers_rebuild(struct rk_machine *m) {
    for (size_t i = 0; i < m->timer_count; i++) {
        struct rk_timer_slot *t = &m->timers[i];
        if (t->running && t->in_ns) {
            t->at_cycle = rk_cycle_at_ns(m, t->at_ns);
        }
    }
    find_next(m);
    rk_machine_kick(m);
}

static void arm(struct rk_dev *dev, unsigned timer, uint64_t at_cycle, uint64_t at_ns, bool in_ns) {
    struct rk_machine *m = dev->m;
    size_t slot = (size_t)dev->timer_base + timer;
    struct rk_timer_slot *t = &m->timers[slot];
    bool was_next = m->next_timer == slot;
    *t = (struct rk_timer_slot){.at_cycle = at_cycle, .at_ns = at_ns, .running = 1, .in_ns = in_ns};
    if (was_next) {
        find_next(m);
    } else if (m->next_timer == m->timer_count || at_cycle < m->timers[m->next_timer].at_cycle ||
               (at_cycle == m->timers[m->next_timer].at_cycle && slot < m->next_timer)) {
        m->next_timer = slot;
    }
    if (at_cycle < m->deadline) {
        m->deadline = at_cycle;
    }
}

void rk_timer_set(struct rk_dev *dev, unsigned timer, uint64_t at_cycle) {
    arm(dev, timer, RK_MAX(at_cycle, dev->m->s->now), 0, false);
}

void rk_timer_set_ns(struct rk_dev *dev, unsigned timer, uint64_t at_ns) {
    uint64_t at_cycle = rk_cycle_at_ns(dev->m, at_ns);
    arm(dev, timer, RK_MAX(at_cycle, dev->m->s->now), at_ns, true);
}

void rk_timer_stop(struct rk_dev *dev, unsigned timer) {
    struct rk_machine *m = dev->m;
    size_t slot = (size_t)dev->timer_base + timer;
    m->timers[slot].running = 0;
    if (m->next_timer == slot) {
        find_next(m);
    }
}

bool rk_timer_running(const struct rk_dev *dev, unsigned timer) {
    return dev->m->timers[(size_t)dev->timer_base + timer].running;
}

uint64_t rk_now(const struct rk_dev *dev) {
    return dev->m->s->now;
}

uint64_t rk_now_ns(const struct rk_dev *dev) {
    return rk_ns_at_cycle(dev->m, dev->m->s->now);
}

/* --- clocks ------------------------------------------------------------------------------------
 */

uint32_t rk_dev_clock_hz(const struct rk_dev *dev) {
    const struct rk_core_state *s = dev->m->s;
    if (!rk_dev_clocked(dev) || (s->stopped && dev->domain != RK_CLOCK_RTC)) {
        return 0;
    }
    return s->hz[dev->domain];
}

uint32_t rk_dev_cycles_per_tick(const struct rk_dev *dev) {
    const struct rk_core_state *s = dev->m->s;
    uint32_t hz = s->hz[dev->domain];
    uint32_t ratio = hz ? s->hz[RK_CLOCK_HCLK] / hz : 1;
    return ratio ? ratio : 1;
}

bool rk_dev_clocked(const struct rk_dev *dev) {
    return dev->m->s->gates[dev->id / 32] >> (dev->id % 32) & 1;
}

static void tell_clocks(struct rk_machine *m) {
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        if (m->devs[i].ops->clock) {
            m->devs[i].ops->clock(&m->devs[i]);
        }
    }
}

void rk_clock_set(struct rk_dev *dev, enum rk_clock_domain domain, uint32_t hz) {
    struct rk_machine *m = dev->m;
    struct rk_core_state *s = m->s;
    if (s->hz[domain] == hz || (domain == RK_CLOCK_HCLK && hz == 0)) {
        return;
    }
    if (domain == RK_CLOCK_HCLK) {
        uint64_t ns = rk_ns_at_cycle(m, s->now);
        s->base_cycle = s->now;
        s->base_ns = ns;
        s->hz[domain] = hz;
        rk_timers_rebuild(m);
    }
    s->hz[domain] = hz;
    if (rk_traced(dev, RK_TRACE_CLOCK)) {
        rk_trace(dev, RK_TRACE_CLOCK, "domain %d %u Hz", (int)domain, (unsigned)hz);
    }
    tell_clocks(m);
}

void rk_clock_stop_all(struct rk_dev *dev, bool stopped) {
    if (dev->m->s->stopped != stopped) {
        dev->m->s->stopped = stopped;
        tell_clocks(dev->m);
    }
}
