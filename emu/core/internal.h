/* The machine from inside: for emu/core and emu/cpu only. */
#ifndef RK_EMU_CORE_INTERNAL_H
#define RK_EMU_CORE_INTERNAL_H

#include "emu/core/machine.h"

struct rk_timer_slot {
    uint64_t at_cycle; /* for an ns timer: derived from at_ns at the present clock */
    uint64_t at_ns;
    uint8_t running;
    uint8_t in_ns;
};

/* First thing in the arena. No pointers. */
struct rk_core_state {
    uint64_t now;        /* HCLK cycles; while an instruction accesses the bus: where it began */
    uint64_t instr;      /* instructions executed */
    uint64_t base_cycle; /* base_ns is the instant of base_cycle; both move at clock changes */
    uint64_t base_ns;
    uint64_t stall_until; /* no instruction before this cycle */
    uint32_t hz[RK_CLOCK_COUNT];
    uint32_t gates[4];  /* bit per block: its clock is on */
    uint32_t watchdogs; /* bit per running watchdog */
    uint8_t powered;
    uint8_t stopped; /* Stop mode: every clock of the chip stands */
    uint8_t reset_pending;
    uint8_t reset_kind;
};

struct rk_outputs {
    uint16_t first, count; /* in rk_machine.targets */
};

struct rk_target {
    uint16_t dev, line;
};

#define RK_PAGE_SHIFT   10u
#define RK_PERIPH_BASE  0x40000000u
#define RK_PERIPH_PAGES 160u
#define RK_NO_DEV       0xFFu

struct rk_machine {
    /* Read by the CPU at every bus access. */
    struct rk_core_state *s;
    uint64_t deadline; /* the CPU returns when s->now reached it; 0: at once */
    uint8_t *ram;
    uint8_t *flash;
    uint32_t ram_base, ram_size;
    uint32_t flash_base, flash_size;

    const struct rk_machine_desc *desc;
    struct rk_dev *devs;
    struct rk_outputs *outputs;
    struct rk_target *targets;
    struct rk_timer_slot *timers; /* in the arena */
    uint16_t *timer_owner;
    size_t timer_count;
    size_t next_timer; /* index of the earliest running one, timer_count: none */
    uint8_t *arena;
    size_t arena_size;
    uint8_t *nv[RK_NV_MAX];
    uint8_t nv_owned; /* bit per memory that rk_machine_free() frees */
    uint8_t page_dev[RK_PERIPH_PAGES];

    struct rk_observer obs;
    struct rk_counts counts;
    uint64_t cut_left; /* flash operations until the power fails; 0: never */
    enum rk_cut cut_how;
    uint64_t run_instr; /* s->instr at the call of rk_machine_run(): no breakpoint holds there */
    bool stop_requested;
    bool power_failed;
    bool skip;
    void *cpu_cache; /* owned by emu/cpu */
};

/* Aligned accesses of 1, 2 or 4 bytes. False: bus error. Values are zero-extended. */
bool rk_bus_read(struct rk_machine *m, uint32_t addr, unsigned size, uint32_t *value);
bool rk_bus_write(struct rk_machine *m, uint32_t addr, unsigned size, uint32_t value);
/* The block whose window holds addr, or NULL; *off its offset in it. For the wait-loop analysis. */
struct rk_dev *rk_bus_find(struct rk_machine *m, uint32_t addr, uint32_t *off);

/* Makes the CPU return to the machine's loop before its next instruction. */
static inline void rk_machine_kick(struct rk_machine *m) {
    m->deadline = 0;
}

void rk_timers_rebuild(struct rk_machine *m);
uint64_t rk_cycle_at_ns(const struct rk_machine *m, uint64_t ns);
uint64_t rk_ns_at_cycle(const struct rk_machine *m, uint64_t cycle);

#endif
