/* Exceptions: entry, return, faults and their escalation, lock-up, sleep. DDI0403 B1.5; the cycles
 * of entry, return and tail-chaining: CYCLES.md.
 *
 * An entry has two halves. The first stacks the frame and lets its cycles pass; requests that come
 * up in them are known when the second half chooses the vector (late arrival, DDI0337 5.7).
 */
#include "emu/cpu/state.h"

enum { ENTRY_CYCLES = 12, RETURN_CYCLES = 10, TAIL_CYCLES = 6 };

#define FRAME_SIZE  0x20u
#define XPSR_ALIGN  (1u << 9)
#define XPSR_T      (1u << 24)
#define XPSR_FLAGS  0xF8000000u
#define HANDLER_MSP 0xFFFFFFF1u
#define THREAD_MSP  0xFFFFFFF9u
#define THREAD_PSP  0xFFFFFFFDu

/* --- registers
 * ------------------------------------------------------------------------------------
 */

bool rk_cpu_uses_psp(const struct rk_cpu_state *c) {
    return c->ipsr == RK_EXC_NONE && c->control & 2u;
}

void rk_cpu_swap_sp(struct rk_cpu_state *c) {
    uint32_t other = c->sp_banked;
    c->sp_banked = c->r[13];
    c->r[13] = other;
}

uint32_t rk_cpu_xpsr(const struct rk_cpu_state *c) {
    return (c->apsr & XPSR_FLAGS) | (c->it & 3u) << 25 | (c->it >> 2) << 10 |
           (c->thumb ? XPSR_T : 0) | c->ipsr;
}

/* --- faults
 * ---------------------------------------------------------------------------------------
 */

static bool can_take(const struct rk_cpu_state *c, unsigned exc) {
    return rk_bit_get(c->enable, exc) && rk_nvic_group_prio(c, exc) < rk_nvic_execution_prio(c);
}

static void lock_up(struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    c->locked = 1;
    rk_guest_error(cpu, "lock-up: a fault in HardFault or NMI, pc %08x", (unsigned)c->r[15]);
    rk_machine_kick(cpu->m);
}

void rk_cpu_hard_fault(struct rk_dev *cpu, uint32_t hfsr_bits) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    struct rk_cpu_stats *stats = &rk_cpu_cache(cpu)->stats;
    stats->last_fault_cfsr = c->cfsr;
    stats->last_fault_pc = c->r[15];
    c->hfsr |= hfsr_bits;
    if (rk_nvic_execution_prio(c) <= RK_PRIO_HARD) {
        lock_up(cpu);
        return;
    }
    rk_nvic_pend(cpu, RK_EXC_HARD, true);
}

void rk_cpu_fault(struct rk_dev *cpu, uint32_t cfsr_bits) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    struct rk_cpu_stats *stats = &rk_cpu_cache(cpu)->stats;
    unsigned exc = cfsr_bits & 0xFFu ? RK_EXC_MEM : cfsr_bits & 0xFF00u ? RK_EXC_BUS : RK_EXC_USAGE;
    c->cfsr |= cfsr_bits;
    stats->last_fault_cfsr = c->cfsr;
    stats->last_fault_pc = c->r[15];
    if (rk_traced(cpu, RK_TRACE_IRQ)) {
        rk_trace(cpu, RK_TRACE_IRQ, "fault cfsr %08x pc %08x", (unsigned)c->cfsr,
                 (unsigned)c->r[15]);
    }
    if (can_take(c, exc)) {
        rk_nvic_pend(cpu, exc, true);
    } else {
        rk_cpu_hard_fault(cpu, RK_HFSR_FORCED);
    }
}

void rk_cpu_svc(struct rk_dev *cpu) {
    if (can_take(rk_cpu_state(cpu), RK_EXC_SVC)) {
        rk_nvic_pend(cpu, RK_EXC_SVC, true);
    } else {
        rk_cpu_hard_fault(cpu, RK_HFSR_FORCED);
    }
}

/* --- sleep, B1.5.17 to B1.5.20
 * ---------------------------------------------------------------------
 */

void rk_cpu_sleep(struct rk_dev *cpu, enum rk_sleep how) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (how == RK_SLEEP_WFE && c->event) {
        c->event = 0;
        return;
    }
    if (rk_nvic_wakes(cpu)) {
        return;
    }
    c->sleep = how;
    rk_line_out(cpu, RK_CPU_OUT_SLEEP, c->scr & RK_SCR_SLEEPDEEP ? 3 : 1);
}

bool rk_cpu_try_wake(struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (c->sleep == RK_SLEEP_WFE && c->event) {
        c->event = 0;
    } else if (!rk_nvic_wakes(cpu)) {
        return false;
    }
    c->sleep = RK_AWAKE;
    rk_line_out(cpu, RK_CPU_OUT_SLEEP, 0);
    return true;
}

/* --- entry, B1.5.6
 * ---------------------------------------------------------------------------------
 */

static bool stack_words(struct rk_dev *cpu, uint32_t addr, const uint32_t *words) {
    for (unsigned n = 0; n < FRAME_SIZE / 4; n++) {
        if (!rk_bus_write(cpu->m, addr + 4 * n, 4, words[n])) {
            return false;
        }
    }
    return true;
}

static uint32_t return_code(const struct rk_cpu_state *c) {
    if (c->ipsr != RK_EXC_NONE) {
        return HANDLER_MSP;
    }
    return c->control & 2u ? THREAD_PSP : THREAD_MSP;
}

void rk_cpu_enter(struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    bool align = c->ccr & RK_CCR_STKALIGN && c->r[13] & 4u;
    uint32_t frame = (c->r[13] - FRAME_SIZE) & (align ? ~4u : ~0u);
    uint32_t xpsr = rk_cpu_xpsr(c) | (align ? XPSR_ALIGN : 0);
    const uint32_t words[] = {c->r[0],  c->r[1],  c->r[2],  c->r[3],
                              c->r[12], c->r[14], c->r[15], xpsr};
    c->exc_return = return_code(c);
    c->r[13] = frame;
    c->vectoring = RK_VECTOR_TAKE;
    cpu->m->s->now += ENTRY_CYCLES;
    if (!stack_words(cpu, frame, words)) {
        rk_cpu_fault(cpu, RK_CFSR_STKERR);
    }
}

static void trace_entry(struct rk_dev *cpu, unsigned exc, uint32_t from) {
    if (rk_traced(cpu, RK_TRACE_IRQ)) {
        rk_trace(cpu, RK_TRACE_IRQ, "enter %u (irq %d) from %08x prio %d", exc,
                 (int)exc - RK_EXC_IRQ0, (unsigned)from,
                 rk_nvic_group_prio(rk_cpu_state(cpu), exc));
    }
}

static void activate(struct rk_dev *cpu, unsigned exc, uint32_t vector) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    trace_entry(cpu, exc, c->r[15]);
    if (rk_cpu_uses_psp(c)) {
        rk_cpu_swap_sp(c);
    }
    rk_bit_put(c->pend, exc, false);
    rk_bit_put(c->active, exc, true);
    c->control &= ~2u;
    c->ipsr = exc;
    c->it = 0;
    c->r[14] = c->exc_return;
    c->r[15] = vector & ~1u;
    c->thumb = vector & 1u;
    c->exclusive = 0;
    c->event = 1;
    rk_cpu_cache(cpu)->stats.exceptions++;
}

static void unstack(struct rk_dev *cpu, uint32_t value);

void rk_cpu_take_vector(struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    uint32_t vector;
    rk_nvic_update(cpu);
    c->vectoring = RK_VECTOR_NONE;
    if (c->take == RK_EXC_NONE) {
        if (!c->locked) {
            unstack(cpu, c->exc_return); /* what was pending is gone */
        }
        return;
    }
    unsigned exc = c->take;
    if (!rk_bus_read(cpu->m, c->vtor + 4 * exc, 4, &vector)) {
        if (exc == RK_EXC_HARD || exc == RK_EXC_NMI) {
            lock_up(cpu);
            return;
        }
        /* The HardFault comes in its place, with the same frame: B1.5.6, VECTTBL. */
        c->vectoring = RK_VECTOR_TAKE;
        rk_bit_put(c->pend, exc, false);
        rk_cpu_hard_fault(cpu, RK_HFSR_VECTTBL);
        return;
    }
    activate(cpu, exc, vector);
    rk_nvic_update(cpu);
}

/* --- return, B1.5.8
 * --------------------------------------------------------------------------------
 */

static unsigned active_count(const struct rk_cpu_state *c) {
    unsigned n = 0;
    for (unsigned w = 0; w < RK_COUNT(c->active); w++) {
        n += (unsigned)__builtin_popcount(c->active[w]);
    }
    return n;
}

static bool return_is_valid(const struct rk_cpu_state *c, uint32_t value) {
    unsigned nested = active_count(c);
    if (!rk_bit_get(c->active, c->ipsr)) {
        return false;
    }
    if (value == HANDLER_MSP) {
        return nested > 1;
    }
    return (value == THREAD_MSP || value == THREAD_PSP) &&
           (nested == 1 || c->ccr & RK_CCR_NONBASETHRDENA);
}

static void deactivate(struct rk_cpu_state *c, unsigned exc) {
    rk_bit_put(c->active, exc, false);
    if (exc != RK_EXC_NMI) {
        c->faultmask = 0;
    }
    if (rk_bit_get(c->level, exc)) {
        rk_bit_put(c->pend, exc, true);
    }
}

static void restore(struct rk_cpu_state *c, uint32_t value, const uint32_t *words, uint32_t frame) {
    uint32_t xpsr = words[7];
    c->r[0] = words[0];
    c->r[1] = words[1];
    c->r[2] = words[2];
    c->r[3] = words[3];
    c->r[12] = words[4];
    c->r[14] = words[5];
    c->r[15] = words[6] & ~1u;
    c->apsr = xpsr & XPSR_FLAGS;
    c->thumb = (xpsr & XPSR_T) != 0;
    c->it = (xpsr >> 25 & 3u) | (xpsr >> 8 & 0xFCu);
    uint32_t sp = frame + FRAME_SIZE;
    sp |= c->ccr & RK_CCR_STKALIGN && xpsr & XPSR_ALIGN ? 4u : 0;
    if (value == THREAD_PSP) {
        c->sp_banked = sp;
    } else {
        c->r[13] = sp;
    }
    c->ipsr = value == HANDLER_MSP ? xpsr & 0x1FFu : 0;
    c->control = (c->control & ~2u) | (value == THREAD_PSP ? 2u : 0);
    if (rk_cpu_uses_psp(c)) {
        rk_cpu_swap_sp(c);
    }
}

/* A fault while returning is taken with the frame that is still on the stack. */
static void chain(struct rk_dev *cpu, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    c->exc_return = value;
    c->vectoring = RK_VECTOR_TAKE;
    cpu->m->s->now += TAIL_CYCLES;
}

static void unstack(struct rk_dev *cpu, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    /* In Handler mode r13 is the MSP and the bank holds the PSP; after an entry that found nothing
     * to take, the mode is still the old one. */
    bool banked = value == THREAD_PSP && !rk_cpu_uses_psp(c);
    uint32_t frame = banked ? c->sp_banked : c->r[13];
    uint32_t words[FRAME_SIZE / 4];
    for (unsigned n = 0; n < FRAME_SIZE / 4; n++) {
        if (!rk_bus_read(cpu->m, frame + 4 * n, 4, &words[n])) {
            chain(cpu, value);
            rk_cpu_fault(cpu, RK_CFSR_UNSTKERR);
            return;
        }
    }
    if (rk_cpu_uses_psp(c)) {
        rk_cpu_swap_sp(c);
        c->control &= ~2u;
    }
    restore(c, value, words, frame);
    cpu->m->s->now += RETURN_CYCLES;
    c->exclusive = 0;
    c->event = 1;
    bool handler = value == HANDLER_MSP;
    if (handler != ((words[7] & 0x1FFu) != 0) || c->ipsr >= RK_EXC_MAX) {
        c->ipsr = handler ? RK_EXC_HARD : 0; /* never reached by a frame that an entry wrote */
        rk_cpu_fault(cpu, RK_CFSR_INVPC);
    }
    if (rk_traced(cpu, RK_TRACE_IRQ)) {
        rk_trace(cpu, RK_TRACE_IRQ, "return to %08x ipsr %u", (unsigned)c->r[15],
                 (unsigned)c->ipsr);
    }
    rk_nvic_update(cpu);
    if (!handler && c->scr & RK_SCR_SLEEPONEXIT && !c->take) {
        rk_cpu_sleep(cpu, RK_SLEEP_WFI);
    }
}

void rk_cpu_return(struct rk_dev *cpu, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    bool valid = return_is_valid(c, value);
    unsigned exc = c->ipsr;
    if (rk_traced(cpu, RK_TRACE_IRQ)) {
        rk_trace(cpu, RK_TRACE_IRQ, "leave %u by %08x", exc, (unsigned)value);
    }
    deactivate(c, exc);
    if (!valid) {
        chain(cpu, value | 0xF0000000u);
        rk_cpu_fault(cpu, RK_CFSR_INVPC);
        return;
    }
    rk_nvic_update(cpu);
    if (c->take) {
        chain(cpu, value);
        return;
    }
    unstack(cpu, value);
}
