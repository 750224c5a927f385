/* See unicorn_cpu.h. What emulator-findings.md says of Unicorn 2.0.1 shapes it: a stop asked for in
 * a bus access would replay the block, so it waits for the next block; clearing PRIMASK is
 * invisible, so while something is pending every block looks at it. Time: two cycles an
 * instruction, the mean of these images here.
 */
#include "bench/unicorn_cpu.h"

#include <stdlib.h>

#include <unicorn/unicorn.h>

#include "emu/cpu/state.h"

enum { CYCLES = 2, EXC_RETURN_NUMBER = 8, SVC_NUMBER = 2 };

struct executor {
    uc_engine *uc;
    struct rk_dev *cpu;
    uint8_t count[65536]; /* instructions of the block that begins at this half-word, 0: unknown */
    int interrupt;        /* number that ended the run, -1: none */
};

static const int reg_ids[] = {UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3,
                              UC_ARM_REG_R4,  UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
                              UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
                              UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,  UC_ARM_REG_PC};

/* ctx: the machine and the region's base. */
static uint64_t on_read(uc_engine *uc, uint64_t off, unsigned size, void *ctx) {
    (void)uc;
    struct rk_machine *m = ((struct rk_machine **)ctx)[0];
    uint32_t base = (uint32_t)(uintptr_t)((void **)ctx)[1], value = 0;
    rk_bus_read(m, base + (uint32_t)off, size, &value);
    return value;
}

static void on_write(uc_engine *uc, uint64_t off, unsigned size, uint64_t value, void *ctx) {
    (void)uc;
    struct rk_machine *m = ((struct rk_machine **)ctx)[0];
    uint32_t base = (uint32_t)(uintptr_t)((void **)ctx)[1];
    rk_bus_write(m, base + (uint32_t)off, size, (uint32_t)value);
}

static unsigned count_block(const struct rk_machine *m, uint32_t addr, unsigned size) {
    unsigned n = 0;
    for (uint32_t off = addr & 0x1FFFFu, end = off + size; off < end; n++) {
        off += m->flash[off + 1] >= 0xE8 ? 4 : 2;
    }
    return n;
}

static bool pending(const struct rk_cpu_state *c) {
    uint32_t any = 0;
    for (unsigned w = 0; w < RK_COUNT(c->pend); w++) {
        any |= c->pend[w] & c->enable[w];
    }
    return any != 0;
}

static void on_block(uc_engine *uc, uint64_t addr, uint32_t size, void *ctx) {
    struct executor *x = ctx;
    struct rk_machine *m = x->cpu->m;
    struct rk_cpu_state *c = rk_cpu_state(x->cpu);
    uint8_t *count = &x->count[(addr & 0x1FFFFu) / 2];
    if (*count == 0) {
        *count = (uint8_t)count_block(m, (uint32_t)addr, size);
    }
    if (m->s->now >= m->deadline) {
        uc_emu_stop(uc);
        return;
    }
    if (pending(c)) {
        uint32_t mask = 0, base = 0;
        uc_reg_read(uc, UC_ARM_REG_PRIMASK, &mask);
        uc_reg_read(uc, UC_ARM_REG_BASEPRI, &base);
        if (mask != c->primask || base != c->basepri) {
            c->primask = mask;
            c->basepri = base;
            rk_nvic_update(x->cpu);
        }
        if (c->take) {
            uc_emu_stop(uc);
            return;
        }
    }
    m->s->now += (uint64_t)*count * CYCLES;
    m->s->instr += *count;
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *ctx) {
    ((struct executor *)ctx)->interrupt = (int)number;
    uc_emu_stop(uc);
}

static bool map_io(struct executor *x, uint32_t base, size_t size) {
    void **ctx = calloc(2, sizeof *ctx); /* lives as long as the benchmark */
    if (!ctx) {
        return false;
    }
    ctx[0] = x->cpu->m;
    ctx[1] = (void *)(uintptr_t)base;
    return uc_mmio_map(x->uc, base, size, on_read, ctx, on_write, ctx) == UC_ERR_OK;
}

/* The machine's own bytes: exceptions and DMA reach them, too. */
static bool map_memory(struct executor *x, uint32_t base, uint32_t size, uint8_t *bytes,
                       uint32_t rights) {
    return uc_mem_map_ptr(x->uc, base, size, rights, bytes) == UC_ERR_OK;
}

static bool unicorn_build(struct rk_dev *cpu) {
    struct rk_machine *m = cpu->m;
    struct executor *x = calloc(1, sizeof *x);
    uc_hook hook;
    if (!x || !rk_cortex_m3_cpu.build(cpu)) {
        return false;
    }
    cpu->host = x;
    x->cpu = cpu;
    bool good =
        uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &x->uc) == UC_ERR_OK &&
        uc_ctl_set_cpu_model(x->uc, UC_CPU_ARM_CORTEX_M3) == UC_ERR_OK &&
        map_memory(x, m->flash_base, m->flash_size, m->flash, UC_PROT_READ | UC_PROT_EXEC) &&
        map_memory(x, 0, m->flash_size, m->flash, UC_PROT_READ | UC_PROT_EXEC) &&
        map_memory(x, m->ram_base, m->ram_size, m->ram, UC_PROT_ALL);
    good = good && map_io(x, 0x40000000u, 0x28000) && map_io(x, 0x42000000u, 0x600000) &&
           map_io(x, 0xE0000000u, 0x100000) && map_io(x, 0x1FFFF000u, 0x1000);
    return good && !uc_hook_add(x->uc, &hook, UC_HOOK_BLOCK, (void *)on_block, x, 1, 0) &&
           !uc_hook_add(x->uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, x, 1, 0);
}

static void unicorn_destroy(struct rk_dev *cpu) {
    struct executor *x = cpu->host;
    uc_close(x->uc);
    free(x);
    rk_cortex_m3_cpu.destroy(cpu);
}

static bool unicorn_start(struct rk_dev *cpu) {
    return rk_cortex_m3_cpu.start(cpu);
}

static void unicorn_code_changed(struct rk_dev *cpu, uint32_t off, uint32_t len) {
    struct executor *x = cpu->host;
    if (x && x->uc) {
        uc_ctl_remove_cache(x->uc, cpu->m->flash_base + off, cpu->m->flash_base + off + len);
    }
}

/* Exceptions are the machine's: its state gets Unicorn's registers and stack, and gives them back.
 */
static void to_state(struct executor *x) {
    struct rk_cpu_state *c = rk_cpu_state(x->cpu);
    uint32_t xpsr = 0;
    for (unsigned i = 0; i < 16; i++) {
        uc_reg_read(x->uc, reg_ids[i], &c->r[i]);
    }
    uc_reg_read(x->uc, UC_ARM_REG_XPSR, &xpsr);
    uc_reg_read(x->uc, UC_ARM_REG_PRIMASK, &c->primask);
    uc_reg_read(x->uc, UC_ARM_REG_BASEPRI, &c->basepri);
    c->apsr = xpsr & 0xF8000000u;
    c->it = (xpsr >> 25 & 3u) | (xpsr >> 8 & 0xFCu);
    rk_nvic_update(x->cpu);
}

static void from_state(struct executor *x) {
    struct rk_cpu_state *c = rk_cpu_state(x->cpu);
    uint32_t xpsr = rk_cpu_xpsr(c);
    for (unsigned i = 0; i < 15; i++) {
        uc_reg_write(x->uc, reg_ids[i], &c->r[i]);
    }
    uc_reg_write(x->uc, UC_ARM_REG_XPSR, &xpsr);
    uc_reg_write(x->uc, UC_ARM_REG_PRIMASK, &c->primask);
    uc_reg_write(x->uc, UC_ARM_REG_BASEPRI, &c->basepri);
}

static enum rk_cpu_stop unicorn_run(struct rk_dev *cpu) {
    struct rk_machine *m = cpu->m;
    struct executor *x = cpu->host;
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    while (m->s->now < m->deadline) {
        if (c->locked) {
            return RK_CPU_LOCKED;
        }
        if (c->vectoring) {
            rk_cpu_take_vector(cpu);
        } else if (c->take) {
            rk_cpu_enter(cpu);
        } else {
            from_state(x);
            x->interrupt = -1;
            uc_err err = uc_emu_start(x->uc, c->r[15] | 1u, 0xFFFFFFFEu, 0, 0);
            to_state(x);
            if (x->interrupt == EXC_RETURN_NUMBER) {
                rk_cpu_return(cpu, c->r[15] | 1u);
            } else if (x->interrupt == SVC_NUMBER) {
                rk_cpu_svc(cpu);
            } else if (x->interrupt >= 0 || err != UC_ERR_OK) {
                rk_cpu_fault(cpu, RK_CFSR_UNDEFINSTR);
            }
        }
    }
    return RK_CPU_RAN;
}

const struct rk_cpu_ops rk_unicorn_cpu = {
    .build = unicorn_build,
    .destroy = unicorn_destroy,
    .start = unicorn_start,
    .run = unicorn_run,
    .code_changed = unicorn_code_changed,
};
