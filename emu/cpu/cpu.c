/* The processor as a block and as the CPU of a machine: see cpu.h. Joins its parts; the interpreter
 * is interp.c, exceptions are exception.c and nvic.c, the registers of the private bus scs.c.
 */
#include "emu/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "emu/cpu/state.h"
#include "emu/cpu/wait.h"

/* --- building ------------------------------------------------------------------------------------
 */

static bool build_space(struct rk_cpu_cache *k, unsigned which, const uint8_t *mem, uint32_t base,
                        uint32_t size) {
    struct rk_space *sp = &k->space[which];
    size_t n = size / 2 + RK_SPACE_GUARD;
    *sp = (struct rk_space){.mem = mem, .base = base, .size = size & ~1u};
    sp->records = calloc(n, sizeof *sp->records);
    sp->side = calloc(n, sizeof *sp->side);
    sp->raw = which == RK_SPACE_RAM ? calloc(n, sizeof *sp->raw) : NULL;
    return sp->records && sp->side && (sp->raw || which != RK_SPACE_RAM);
}

static void cpu_destroy(struct rk_dev *cpu) {
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    for (unsigned i = 0; i < RK_SPACE_COUNT; i++) {
        free(k->space[i].records);
        free(k->space[i].side);
        free(k->space[i].raw);
    }
    rk_wait_free(k->wait);
    free(k);
    cpu->m->cpu_cache = NULL;
}

static bool cpu_build(struct rk_dev *cpu) {
    struct rk_machine *m = cpu->m;
    struct rk_cpu_cache *k = calloc(1, sizeof *k);
    if (!k) {
        return false;
    }
    m->cpu_cache = k;
    k->labels = rk_cpu_labels();
    if (!build_space(k, RK_SPACE_FLASH, m->flash, m->flash_base, m->flash_size) ||
        !build_space(k, RK_SPACE_RAM, m->ram, m->ram_base, m->ram_size)) {
        return false;
    }
    k->wait = rk_wait_new(m);
    rk_cpu_forget(k, 0, m->flash_size);
    rk_cpu_set_limits(cpu);
    return k->wait != NULL;
}

static void cpu_code_changed(struct rk_dev *cpu, uint32_t off, uint32_t len) {
    rk_cpu_forget(rk_cpu_cache(cpu), off, len);
}

/* --- reset and start -----------------------------------------------------------------------------
 */

static void cpu_reset(struct rk_dev *cpu, enum rk_reset kind) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    uint32_t demcr = c->demcr, level[RK_COUNT(c->level)];
    uint64_t now = rk_now(cpu);
    memcpy(level, c->level, sizeof level);
    memset(c, 0, sizeof *c);
    /* The debug logic is only reset by power (DDI0403 C1.6.5); lines are what drives them. */
    c->demcr = kind == RK_RESET_POWER ? 0 : demcr;
    memcpy(c->level, level, sizeof level);
    c->r[14] = 0xFFFFFFFFu;
    c->thumb = 1;
    c->enable[0] = 1u << RK_EXC_NMI | 1u << RK_EXC_HARD | 1u << RK_EXC_SVC | 1u << RK_EXC_PENDSV |
                   1u << RK_EXC_SYSTICK;
    c->systick.origin = now;
    c->dwt.origin = now;
    rk_timer_stop(cpu, 0);
    rk_cpu_set_limits(cpu);
}

static bool cpu_start(struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    unsigned space;
    uint32_t base, sp, pc;
    if (!rk_bus_read(cpu->m, 0, 4, &sp) || !rk_bus_read(cpu->m, 4, 4, &pc)) {
        return false;
    }
    c->r[13] = sp & ~3u;
    c->r[15] = pc & ~1u;
    c->thumb = pc & 1u;
    return c->thumb && rk_cpu_find(rk_cpu_cache(cpu), cpu->m, c->r[15], &space, &base);
}

/* --- running -------------------------------------------------------------------------------------
 */

static enum rk_cpu_stop cpu_run(struct rk_dev *cpu) {
    struct rk_machine *m = cpu->m;
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    while (m->s->now < m->deadline) {
        if (c->locked) {
            return RK_CPU_LOCKED;
        }
        if (c->sleep != RK_AWAKE) {
            if (!rk_cpu_try_wake(cpu)) {
                return RK_CPU_ASLEEP;
            }
        } else if (c->vectoring) {
            rk_cpu_take_vector(cpu);
        } else if (c->take) {
            rk_cpu_enter(cpu);
        } else {
            switch (rk_cpu_execute(cpu)) {
            case RK_LEAVE_TURN: rk_wait_turn(cpu); break;
            case RK_LEAVE_BREAKPOINT: return RK_CPU_BREAKPOINT;
            default: break;
            }
        }
    }
    return RK_CPU_RAN;
}

static uint32_t cpu_input(struct rk_dev *cpu, unsigned line, uint32_t value) {
    const struct rk_cortex_m3_config *config = cpu->config;
    if (line < config->irq_count) {
        rk_nvic_input(cpu, RK_EXC_IRQ0 + line, value != 0);
    } else if (line == RK_CPU_IN_NMI) {
        rk_nvic_input(cpu, RK_EXC_NMI, value != 0);
    } else if (line == RK_CPU_IN_EVENT && value) {
        rk_cpu_state(cpu)->event = 1;
        rk_nvic_update(cpu);
    } else if (line == RK_CPU_IN_WAKE && value) {
        rk_nvic_update(cpu);
    }
    return 0;
}

static void cpu_timer(struct rk_dev *cpu, unsigned timer) {
    (void)timer;
    rk_systick_fire(cpu);
}

/* Both counters follow HCLK cycles whatever its rate; only Stop mode halts them. */
static void cpu_clock(struct rk_dev *cpu) {
    bool stopped = cpu->m->s->stopped;
    if (stopped != rk_cpu_state(cpu)->halted) {
        rk_dwt_halt(cpu);
        rk_systick_halt(cpu, stopped);
    }
}

static void cpu_restored(struct rk_dev *cpu) {
    rk_cpu_set_limits(cpu);
}

/* --- for the debugger ----------------------------------------------------------------------------
 */

static uint32_t *stack_pointer(struct rk_cpu_state *c, enum rk_cpu_reg reg) {
    bool current = reg == RK_CPU_SP || (reg == RK_CPU_PSP) == rk_cpu_uses_psp(c);
    return current ? &c->r[13] : &c->sp_banked;
}

uint32_t rk_cpu_reg_get(const struct rk_dev *cpu, enum rk_cpu_reg reg) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    switch (reg) {
    case RK_CPU_XPSR: return rk_cpu_xpsr(c);
    case RK_CPU_SP:
    case RK_CPU_MSP:
    case RK_CPU_PSP: return *stack_pointer(c, reg);
    case RK_CPU_PRIMASK: return c->primask;
    case RK_CPU_BASEPRI: return c->basepri;
    case RK_CPU_FAULTMASK: return c->faultmask;
    case RK_CPU_CONTROL: return c->control;
    default: return reg <= RK_CPU_PC ? c->r[reg] : 0;
    }
}

/* IPSR is the mode: writing it would leave the active bits behind, so it stays. */
static void set_xpsr(struct rk_cpu_state *c, uint32_t value) {
    c->apsr = value & 0xF8000000u;
    c->it = (value >> 25 & 3u) | (value >> 8 & 0xFCu);
    c->thumb = value >> 24 & 1u;
}

void rk_cpu_reg_set(struct rk_dev *cpu, enum rk_cpu_reg reg, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    uint32_t ipsr = c->ipsr;
    switch (reg) {
    case RK_CPU_XPSR: set_xpsr(c, value); break;
    case RK_CPU_SP:
    case RK_CPU_MSP:
    case RK_CPU_PSP: *stack_pointer(c, reg) = value & ~3u; break;
    case RK_CPU_PC: c->r[15] = value & ~1u; break;
    case RK_CPU_PRIMASK: c->primask = value & 1u; break;
    case RK_CPU_BASEPRI: c->basepri = value & 0xF0u; break;
    case RK_CPU_FAULTMASK: c->faultmask = value & 1u; break;
    case RK_CPU_CONTROL:
        c->ipsr = RK_EXC_NONE;
        rk_cpu_msr(cpu, 20, 0, value);
        c->ipsr = ipsr;
        break;
    default:
        if (reg < RK_CPU_PC) {
            c->r[reg] = value;
        }
        break;
    }
    rk_nvic_update(cpu);
}

static void forget_at(struct rk_cpu_cache *k, uint32_t addr) {
    const struct rk_space *ram = &k->space[RK_SPACE_RAM];
    const struct rk_space *flash = &k->space[RK_SPACE_FLASH];
    if (addr - ram->base < ram->size) {
        ram->side[(addr - ram->base) / 2].op = OP_undecoded;
    } else {
        rk_cpu_forget(k, addr - flash->base < flash->size ? addr - flash->base : addr, 2);
    }
}

int rk_cpu_breakpoint_set(struct rk_dev *cpu, uint32_t addr) {
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    addr &= ~1u;
    for (unsigned i = 0; i < k->breakpoint_count; i++) {
        if (k->breakpoint[i] == addr) {
            return RK_OK;
        }
    }
    if (k->breakpoint_count == RK_CPU_BREAKPOINTS) {
        return RK_E_LIMIT;
    }
    k->breakpoint[k->breakpoint_count++] = addr;
    forget_at(k, addr);
    return RK_OK;
}

void rk_cpu_breakpoint_clear(struct rk_dev *cpu, uint32_t addr) {
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    addr &= ~1u;
    for (unsigned i = 0; i < k->breakpoint_count; i++) {
        if (k->breakpoint[i] == addr) {
            k->breakpoint[i] = k->breakpoint[--k->breakpoint_count];
            forget_at(k, addr);
            return;
        }
    }
}

const struct rk_cpu_stats *rk_cpu_stats(const struct rk_dev *cpu) {
    return &rk_cpu_cache(cpu)->stats;
}

const struct rk_dev_ops rk_cortex_m3_ops = {
    .type = "cortex-m3",
    .state_size = sizeof(struct rk_cpu_state),
    .timer_count = 1,
    .out_count = RK_CPU_OUT_COUNT,
    .width = RK_BUS_RAW,
    .reset = cpu_reset,
    .read = rk_scs_read,
    .write = rk_scs_write,
    .input = cpu_input,
    .timer = cpu_timer,
    .clock = cpu_clock,
    .read_kind = rk_scs_read_kind,
    .write_is_idle = rk_scs_write_is_idle,
    .restored = cpu_restored,
};

const struct rk_cpu_ops rk_cortex_m3_cpu = {
    .build = cpu_build,
    .destroy = cpu_destroy,
    .start = cpu_start,
    .run = cpu_run,
    .code_changed = cpu_code_changed,
};
