/* Building a machine from its tables, power and reset, and the loop that runs it: see machine.h. */
#include "emu/core/internal.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 64u

static size_t round_up(size_t n) {
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* --- building ----------------------------------------------------------------------------------
 */

static size_t count_wires(const struct rk_machine_desc *desc) {
    size_t n = 0;
    for (size_t t = 0; desc->wires[t]; t++) {
        for (const struct rk_wire *w = desc->wires[t]; w->from != 0xFFFFu; w++) {
            n++;
        }
    }
    return n;
}

static size_t count_outputs(const struct rk_machine_desc *desc) {
    size_t n = 0;
    for (size_t i = 0; i < desc->dev_count; i++) {
        n += desc->devs[i].ops->out_count;
    }
    return n;
}

static size_t count_timers(const struct rk_machine_desc *desc) {
    size_t n = 0;
    for (size_t i = 0; i < desc->dev_count; i++) {
        n += desc->devs[i].ops->timer_count;
    }
    return n;
}

static size_t arena_layout(const struct rk_machine_desc *desc, size_t timer_count) {
    size_t size = round_up(sizeof(struct rk_core_state));
    size += round_up(timer_count * sizeof(struct rk_timer_slot));
    size += round_up(desc->ram_size);
    for (size_t i = 0; i < desc->dev_count; i++) {
        size += round_up(desc->devs[i].ops->state_size);
    }
    return size;
}

static void place_devs(struct rk_machine *m) {
    const struct rk_machine_desc *desc = m->desc;
    size_t off = round_up(sizeof(struct rk_core_state));
    m->s = (void *)m->arena;
    m->timers = (void *)(m->arena + off);
    off += round_up(m->timer_count * sizeof(struct rk_timer_slot));
    m->ram = m->arena + off;
    off += round_up(desc->ram_size);
    uint16_t timer = 0, out = 0;
    for (size_t i = 0; i < desc->dev_count; i++) {
        const struct rk_dev_desc *d = &desc->devs[i];
        m->devs[i] = (struct rk_dev){.ops = d->ops,
                                     .state = m->arena + off,
                                     .m = m,
                                     .config = d->config,
                                     .name = d->name,
                                     .nv = d->nv ? m->nv[d->nv - 1] : NULL,
                                     .nv_size = d->nv ? desc->nv[d->nv - 1].size : 0,
                                     .base = d->base,
                                     .size = d->size,
                                     .id = (uint16_t)i,
                                     .timer_base = timer,
                                     .domain = (uint8_t)d->domain,
                                     .out_base = out};
        for (unsigned t = 0; t < d->ops->timer_count; t++) {
            m->timer_owner[timer++] = (uint16_t)i;
        }
        out = (uint16_t)(out + d->ops->out_count);
        off += round_up(d->ops->state_size);
    }
}

static void place_pages(struct rk_machine *m) {
    memset(m->page_dev, RK_NO_DEV, sizeof m->page_dev);
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        const struct rk_dev *dev = &m->devs[i];
        for (uint32_t a = 0; a < dev->size; a += 1u << RK_PAGE_SHIFT) {
            uint32_t page = (dev->base + a - RK_PERIPH_BASE) >> RK_PAGE_SHIFT;
            if (page < RK_PERIPH_PAGES) {
                m->page_dev[page] = (uint8_t)i;
            }
        }
    }
}

/* Groups the wires by output, keeping the tables' order within one. */
static void place_wires(struct rk_machine *m) {
    const struct rk_machine_desc *desc = m->desc;
    uint16_t n = 0;
    for (size_t i = 0; i < desc->dev_count; i++) {
        for (unsigned line = 0; line < desc->devs[i].ops->out_count; line++) {
            struct rk_outputs *o = &m->outputs[m->devs[i].out_base + line];
            o->first = n;
            for (size_t t = 0; desc->wires[t]; t++) {
                for (const struct rk_wire *wire = desc->wires[t]; wire->from != 0xFFFFu; wire++) {
                    if (wire->from == i && wire->from_line == line) {
                        m->targets[n++] = (struct rk_target){wire->to, wire->to_line};
                    }
                }
            }
            o->count = (uint16_t)(n - o->first);
        }
    }
}

static bool place_nv(struct rk_machine *m, uint8_t *const nv[]) {
    for (size_t i = 0; i < m->desc->nv_count; i++) {
        m->nv[i] = nv ? nv[i] : NULL;
        if (!m->nv[i]) {
            m->nv[i] = malloc(m->desc->nv[i].size);
            if (!m->nv[i]) {
                return false;
            }
            m->nv_owned |= (uint8_t)(1u << i);
            memset(m->nv[i], 0xFF, m->desc->nv[i].size);
        }
    }
    return true;
}

struct rk_machine *rk_machine_new(const struct rk_machine_desc *desc, uint8_t *const nv[]) {
    struct rk_machine *m = calloc(1, sizeof *m);
    if (!m) {
        return NULL;
    }
    m->desc = desc;
    m->skip = true;
    m->timer_count = count_timers(desc);
    m->next_timer = m->timer_count;
    m->arena_size = arena_layout(desc, m->timer_count);
    m->arena = aligned_alloc(ALIGN, m->arena_size);
    m->devs = calloc(desc->dev_count, sizeof *m->devs);
    m->outputs = calloc(count_outputs(desc) + 1, sizeof *m->outputs);
    m->targets = calloc(count_wires(desc) + 1, sizeof *m->targets);
    m->timer_owner = calloc(m->timer_count + 1, sizeof *m->timer_owner);
    if (!m->arena || !m->devs || !m->outputs || !m->targets || !m->timer_owner ||
        !place_nv(m, nv)) {
        rk_machine_free(m);
        return NULL;
    }
    memset(m->arena, 0, m->arena_size);
    place_devs(m);
    place_pages(m);
    place_wires(m);
    m->ram_base = desc->ram_base;
    m->ram_size = desc->ram_size;
    m->flash = m->nv[desc->flash_nv];
    m->flash_base = desc->flash_base;
    m->flash_size = (uint32_t)desc->nv[desc->flash_nv].size;
    m->s->hz[RK_CLOCK_HCLK] = desc->hclk_reset_hz;
    if (!desc->cpu->build(&m->devs[0])) {
        rk_machine_free(m);
        return NULL;
    }
    return m;
}

void rk_machine_free(struct rk_machine *m) {
    if (!m) {
        return;
    }
    if (m->desc && m->cpu_cache) {
        m->desc->cpu->destroy(&m->devs[0]);
    }
    for (size_t i = 0; i < RK_NV_MAX; i++) {
        if (m->nv_owned >> i & 1) {
            free(m->nv[i]);
        }
    }
    free(m->timer_owner);
    free(m->targets);
    free(m->outputs);
    free(m->devs);
    free(m->arena);
    free(m);
}

/* --- lines -------------------------------------------------------------------------------------
 */

static void set_gate(struct rk_dev *dev, bool on) {
    uint32_t *word = &dev->m->s->gates[dev->id / 32];
    uint32_t bit = 1u << (dev->id % 32);
    if (((*word & bit) != 0) != on) {
        *word ^= bit;
        if (dev->ops->clock) {
            dev->ops->clock(dev);
        }
    }
}

static uint32_t deliver(struct rk_machine *m, struct rk_target to, uint32_t value) {
    struct rk_dev *dev = &m->devs[to.dev];
    if (to.line == RK_LINE_GATE) {
        set_gate(dev, value != 0);
        return 0;
    }
    if (to.line == RK_LINE_RESET) {
        if (value) {
            dev->ops->reset(dev, RK_RESET_CLOCK);
        }
        return 0;
    }
    return dev->ops->input ? dev->ops->input(dev, to.line, value) : 0;
}

uint32_t rk_line_out(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct rk_machine *m = dev->m;
    const struct rk_outputs *o = &m->outputs[dev->out_base + line];
    uint32_t answer = 0;
    for (unsigned i = 0; i < o->count; i++) {
        answer = deliver(m, m->targets[o->first + i], value);
    }
    return answer;
}

uint32_t rk_machine_input(struct rk_machine *m, unsigned dev, unsigned line, uint32_t value) {
    return deliver(m, (struct rk_target){(uint16_t)dev, (uint16_t)line}, value);
}

/* --- power and reset ---------------------------------------------------------------------------
 */

static void reset_all(struct rk_machine *m, enum rk_reset kind) {
    struct rk_core_state *s = m->s;
    s->reset_pending = 0;
    s->stopped = 0;
    s->stall_until = 0;
    if (kind == RK_RESET_STANDBY) { /* RM0008 5.3.6: the 1.8 V domain was off */
        memset(m->ram, 0, m->ram_size);
    }
    memset(s->gates, 0, sizeof s->gates);
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        if (!m->desc->devs[i].gated) {
            s->gates[i / 32] |= 1u << (i % 32);
        }
    }
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        m->devs[i].ops->reset(&m->devs[i], kind);
    }
    m->counts.resets++;
    if (m->obs.reset) {
        m->obs.reset(m->obs.ctx, kind);
    }
    rk_machine_kick(m);
}

void rk_machine_reset(struct rk_machine *m, enum rk_reset kind) {
    if (m->s->powered) {
        m->s->reset_kind = (uint8_t)kind;
        m->s->reset_pending = 1;
    }
}

void rk_machine_power_on(struct rk_machine *m) {
    if (!m->s->powered) {
        m->s->powered = 1;
        m->power_failed = false;
        m->s->reset_kind = RK_RESET_POWER;
        m->s->reset_pending = 1;
    }
}

void rk_machine_power_off(struct rk_machine *m) {
    m->s->powered = 0;
    m->s->watchdogs = 0;
    memset(m->ram, 0, m->ram_size);
    for (size_t i = 0; i < m->timer_count; i++) {
        m->timers[i].running = 0;
    }
    rk_timers_rebuild(m);
    static const uint16_t dark[3] = {0, 0, 0};
    if (m->obs.led) {
        m->obs.led(m->obs.ctx, dark, 1);
    }
}

bool rk_machine_powered(const struct rk_machine *m) {
    return m->s->powered;
}

void rk_reset_request(struct rk_dev *dev, enum rk_reset kind) {
    rk_machine_reset(dev->m, kind);
    rk_machine_kick(dev->m);
}

void rk_watchdog_running(struct rk_dev *dev, bool running) {
    uint32_t bit = 1u << (dev->id % 32);
    if (running) {
        dev->m->s->watchdogs |= bit;
    } else {
        dev->m->s->watchdogs &= ~bit;
    }
}

/* --- running -----------------------------------------------------------------------------------
 */

/* Fires what is due, each at its own instant; the CPU may be a few cycles further. */
static void fire_timers(struct rk_machine *m) {
    struct rk_core_state *s = m->s;
    while (m->next_timer < m->timer_count && m->timers[m->next_timer].at_cycle <= s->now) {
        size_t slot = m->next_timer;
        struct rk_dev *dev = &m->devs[m->timer_owner[slot]];
        uint64_t now = s->now;
        s->now = m->timers[slot].at_cycle;
        rk_timer_stop(dev, (unsigned)(slot - dev->timer_base));
        dev->ops->timer(dev, (unsigned)(slot - dev->timer_base));
        s->now = now;
    }
}

static uint64_t next_event(const struct rk_machine *m, uint64_t limit) {
    if (m->next_timer < m->timer_count) {
        limit = RK_MIN(limit, m->timers[m->next_timer].at_cycle);
    }
    return limit;
}

void rk_machine_stop(struct rk_machine *m) {
    m->stop_requested = true;
    rk_machine_kick(m);
}

void rk_stop_request(struct rk_dev *dev) {
    rk_machine_stop(dev->m);
}

/* Time passes without instructions: asleep, stalled, or locked up with a watchdog running. */
static void pass_time(struct rk_machine *m, uint64_t until) {
    uint64_t at = next_event(m, until);
    if (at > m->s->now) {
        m->s->now = at;
    }
    fire_timers(m);
}

static bool take_reset(struct rk_machine *m, enum rk_stop *why) {
    reset_all(m, (enum rk_reset)m->s->reset_kind);
    if (!m->desc->cpu->start(&m->devs[0])) {
        *why = RK_STOP_NOWHERE;
        return false;
    }
    return true;
}

/* One stretch of instructions, or of sleep. True: go on. */
static bool run_stretch(struct rk_machine *m, uint64_t until_cycle, uint64_t until_instr,
                        enum rk_stop *why) {
    struct rk_core_state *s = m->s;
    if (s->stall_until > s->now) {
        pass_time(m, RK_MIN(s->stall_until, until_cycle));
        return true;
    }
    /* Every instruction takes a cycle at least, so this bound can never run one too many. */
    uint64_t bound = until_instr - s->instr;
    uint64_t limit = bound < until_cycle - s->now ? s->now + bound : until_cycle;
    m->deadline = next_event(m, limit);
    switch (m->desc->cpu->run(&m->devs[0])) {
    case RK_CPU_RAN: fire_timers(m); return true;
    case RK_CPU_ASLEEP: pass_time(m, until_cycle); return true;
    case RK_CPU_BREAKPOINT: *why = RK_STOP_BREAKPOINT; return false;
    case RK_CPU_LOCKED:
        if (s->watchdogs == 0) {
            *why = RK_STOP_LOCKUP;
            return false;
        }
        pass_time(m, until_cycle);
        return true;
    }
    return true;
}

enum rk_stop rk_machine_run(struct rk_machine *m, uint64_t until_cycle, uint64_t until_instr) {
    struct rk_core_state *s = m->s;
    enum rk_stop why = RK_STOP_REQUEST;
    m->stop_requested = false;
    m->run_instr = s->instr;
    for (;;) {
        if (m->power_failed) {
            m->power_failed = false;
            rk_machine_power_off(m);
            return RK_STOP_POWER_CUT;
        }
        if (!s->powered) {
            return RK_STOP_POWER_CUT;
        }
        if (m->stop_requested) {
            return RK_STOP_REQUEST;
        }
        if (s->now >= until_cycle) {
            return RK_STOP_CYCLE;
        }
        if (s->instr >= until_instr) {
            return RK_STOP_INSTR;
        }
        if (s->reset_pending) {
            if (!take_reset(m, &why)) {
                return why;
            }
            continue;
        }
        if (!run_stretch(m, until_cycle, until_instr, &why)) {
            return why;
        }
    }
}

void rk_cpu_stall_ns(struct rk_dev *dev, uint64_t ns) {
    struct rk_machine *m = dev->m;
    uint64_t until = rk_cycle_at_ns(m, rk_ns_at_cycle(m, m->s->now) + ns);
    m->s->stall_until = RK_MAX(m->s->stall_until, until);
    rk_machine_kick(m);
}

enum rk_cut rk_flash_op(struct rk_dev *dev, enum rk_flash_op op, uint32_t addr, uint32_t len) {
    struct rk_machine *m = dev->m;
    m->counts.flash_ops++;
    if (m->obs.flash_op) {
        m->obs.flash_op(m->obs.ctx, dev, op, addr, len);
    }
    if (rk_traced(dev, RK_TRACE_FLASH)) {
        rk_trace(dev, RK_TRACE_FLASH, "%s %08x+%x", op == RK_FLASH_ERASE ? "erase" : "program",
                 (unsigned)addr, (unsigned)len);
    }
    if (m->power_failed) {
        return RK_CUT_BEFORE;
    }
    if (m->cut_left == 0 || --m->cut_left > 0) {
        return RK_CUT_NONE;
    }
    m->power_failed = true;
    rk_machine_kick(m);
    return m->cut_how;
}

void rk_machine_cut_at(struct rk_machine *m, uint64_t nth, enum rk_cut how) {
    m->cut_left = nth;
    m->cut_how = how;
}

void rk_code_changed(struct rk_dev *dev, uint32_t off, uint32_t len) {
    dev->m->desc->cpu->code_changed(&dev->m->devs[0], off, len);
}
