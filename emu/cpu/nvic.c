/* Which exception comes next: pending and active bits, priorities and groups, level-sensitive
 * requests. DDI0403 B1.5.4, B3.4; DDI0337 8.
 */
#include "emu/cpu/state.h"

static uint32_t group_mask(const struct rk_cpu_state *c) {
    return 0xFFu & ~((2u << c->prigroup) - 1u);
}

/* The full priority: what decides between two that are pending. */
static int full_prio(const struct rk_cpu_state *c, unsigned exc) {
    switch (exc) {
    case RK_EXC_NMI: return RK_PRIO_NMI;
    case RK_EXC_HARD: return RK_PRIO_HARD;
    default: return c->prio[exc];
    }
}

int rk_nvic_group_prio(const struct rk_cpu_state *c, unsigned exc) {
    int prio = full_prio(c, exc);
    return prio < 0 ? prio : (int)((uint32_t)prio & group_mask(c));
}

static int active_prio(const struct rk_cpu_state *c) {
    int best = RK_PRIO_THREAD;
    for (unsigned w = 0; w < RK_COUNT(c->active); w++) {
        for (uint32_t bits = c->active[w]; bits; bits &= bits - 1) {
            int prio = rk_nvic_group_prio(c, 32 * w + (unsigned)__builtin_ctz(bits));
            best = RK_MIN(best, prio);
        }
    }
    uint32_t base = c->basepri & group_mask(c);
    return c->basepri ? RK_MIN(best, (int)base) : best;
}

int rk_nvic_execution_prio(const struct rk_cpu_state *c) {
    int prio = active_prio(c);
    if (c->primask) {
        prio = RK_MIN(prio, 0);
    }
    return c->faultmask ? RK_MIN(prio, RK_PRIO_HARD) : prio;
}

/* The most urgent exception that is pending and enabled, 0: none. Equal priorities: the lower
 * number. */
static unsigned best_pending(const struct rk_cpu_state *c) {
    unsigned best = RK_EXC_NONE;
    int best_prio = RK_PRIO_THREAD;
    for (unsigned w = 0; w < RK_COUNT(c->pend); w++) {
        for (uint32_t bits = c->pend[w] & c->enable[w]; bits; bits &= bits - 1) {
            unsigned exc = 32 * w + (unsigned)__builtin_ctz(bits);
            int prio = full_prio(c, exc);
            if (prio < best_prio) {
                best = exc;
                best_prio = prio;
            }
        }
    }
    return best;
}

static bool preempts(const struct rk_cpu_state *c, unsigned exc, int prio) {
    return exc != RK_EXC_NONE && rk_nvic_group_prio(c, exc) < prio;
}

unsigned rk_nvic_pending(const struct rk_cpu_state *c) {
    return best_pending(c);
}

bool rk_nvic_wakes(const struct rk_dev *cpu) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    int prio = active_prio(c);
    if (c->faultmask) {
        prio = RK_MIN(prio, RK_PRIO_HARD);
    }
    return preempts(c, best_pending(c), prio); /* PRIMASK does not count: DDI0403 B1.5.19 */
}

void rk_nvic_update(struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    unsigned exc = best_pending(c);
    c->take = preempts(c, exc, rk_nvic_execution_prio(c)) ? exc : RK_EXC_NONE;
    if (c->take || (c->sleep && (exc || c->event))) {
        rk_machine_kick(cpu->m);
    }
}

void rk_nvic_pend(struct rk_dev *cpu, unsigned exc, bool on) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    bool before = rk_bit_get(c->pend, exc);
    /* A request that is still there pends again at once. */
    on = on || (rk_bit_get(c->level, exc) && !rk_bit_get(c->active, exc));
    rk_bit_put(c->pend, exc, on);
    if (on && !before && c->scr & RK_SCR_SEVONPEND) {
        c->event = 1;
    }
    rk_nvic_update(cpu);
}

void rk_nvic_input(struct rk_dev *cpu, unsigned exc, bool level) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    bool rises = level && !rk_bit_get(c->level, exc);
    rk_bit_put(c->level, exc, level);
    if (rises) {
        rk_nvic_pend(cpu, exc, true);
    }
}
