/* The processor from inside, for emu/cpu only: its snapshot state, the predecoded records beside
 * it, and what its files offer each other.
 *
 * The state in the arena holds nothing that depends on how a run was cut into pieces: flags are
 * packed, the PC is an address. The interpreter unpacks it on entry and packs it on the way out.
 */
#ifndef RK_EMU_CPU_STATE_H
#define RK_EMU_CPU_STATE_H

#include "emu/core/internal.h"
#include "emu/cpu/cpu.h"
#include "emu/cpu/op.h"

enum { RK_EXC_MAX = 128 }; /* exception numbers: 16 of the system, 112 interrupts at most */

/* DDI0403 table B1-4. */
enum rk_exc {
    RK_EXC_NONE,
    RK_EXC_RESET,
    RK_EXC_NMI,
    RK_EXC_HARD,
    RK_EXC_MEM,
    RK_EXC_BUS,
    RK_EXC_USAGE,
    RK_EXC_SVC = 11,
    RK_EXC_DEBUG,
    RK_EXC_PENDSV = 14,
    RK_EXC_SYSTICK,
    RK_EXC_IRQ0,
};

/* Priorities as DDI0403 B1.5.4 counts them: lower is more urgent. */
enum { RK_PRIO_RESET = -3, RK_PRIO_NMI = -2, RK_PRIO_HARD = -1, RK_PRIO_THREAD = 256 };

enum rk_sleep { RK_AWAKE, RK_SLEEP_WFI, RK_SLEEP_WFE };

/* Where an exception entry or return stands between two calls of run(): events that fall into its
 * cycles may still change which vector is taken (late arrival, DDI0337 5.7). */
enum rk_vectoring { RK_VECTOR_NONE, RK_VECTOR_TAKE };

struct rk_systick {
    uint64_t origin; /* cycle at which the counter held `value`; counting */
    uint32_t ctrl;   /* ENABLE, TICKINT, CLKSOURCE */
    uint32_t load;
    uint32_t value; /* at origin, or where it stands while disabled */
    uint32_t countflag;
};

struct rk_dwt {
    uint64_t origin; /* CYCCNT is value + (now - origin) while it counts */
    uint32_t value;
    uint32_t ctrl;
};

struct rk_cpu_state {
    uint32_t r[16];     /* r13: the stack pointer in use; r15: the next instruction */
    uint32_t sp_banked; /* the other one */
    uint32_t apsr;      /* NZCVQ, bits 31:27 */
    uint32_t it;        /* ITSTATE */
    uint32_t ipsr;
    uint32_t thumb; /* EPSR.T: 0 after a branch to an even address */
    uint32_t primask, basepri, faultmask, control;
    uint32_t exclusive; /* the local monitor is armed */
    uint32_t event;     /* the event register of WFE */
    uint32_t sleep;     /* enum rk_sleep */
    uint32_t locked;
    uint32_t halted; /* Stop mode: SysTick and the cycle counter stand */
    uint32_t vectoring;
    uint32_t exc_return; /* for the entry under way */

    uint32_t pend[RK_EXC_MAX / 32], active[RK_EXC_MAX / 32];
    uint32_t enable[RK_EXC_MAX / 32], level[RK_EXC_MAX / 32];
    uint8_t prio[RK_EXC_MAX];
    uint32_t take; /* the pending exception that may preempt now, 0: none */

    uint32_t vtor, prigroup, scr, ccr, actlr;
    uint32_t cfsr, hfsr, mmfar, bfar, dfsr;
    uint32_t demcr;
    struct rk_systick systick;
    struct rk_dwt dwt;
};

/* One predecoded instruction; one for every half-word of executable memory. */
struct rk_rec {
    const void *go; /* label of the handler */
    uint32_t imm;
    uint8_t a, b, c, d; /* mostly Rd or Rt, Rn, Rm, and what else the handler needs */
};

enum {
    RK_SIDE_UNPREDICTABLE = 1 << 0, /* report before executing */
    RK_SIDE_BREAK = 1 << 1,         /* a breakpoint stands here */
    RK_SIDE_BRANCH_IN_IT = 1 << 2,  /* a branch that is not last in its IT block */
    RK_SIDE_WIDE = 1 << 3,
};

/* What the hot path does not need of a record. */
struct rk_side {
    uint16_t op; /* enum rk_op of the instruction itself; OP_undecoded: none yet */
    uint8_t it;  /* the ITSTATE that it was decoded for */
    uint8_t flags;
};

/* Stages that may stand before an instruction, in order (RAM check first, not counted here). */
enum rk_stage { STAGE_BREAK, STAGE_IT, STAGE_UNPREDICTABLE };

/* The handler to go to, from a stage on. */
static inline unsigned rk_cpu_stage(struct rk_side side, enum rk_stage from) {
    if (from <= STAGE_BREAK && side.flags & RK_SIDE_BREAK) {
        return OP_breakpoint;
    }
    if (from <= STAGE_IT && side.it) {
        return OP_it_eq + (side.it >> 4 < 14 ? side.it >> 4 : 14u);
    }
    return side.flags & RK_SIDE_UNPREDICTABLE ? OP_unpredictable : side.op;
}

/* A stretch of executable memory. `records` has two more than there are half-words: running off the
 * end is a fetch fault like any other. */
struct rk_space {
    struct rk_rec *records;
    struct rk_side *side;
    uint32_t *raw; /* RAM only: the bytes that each record was decoded from */
    const uint8_t *mem;
    uint32_t base, size;
};

enum { RK_SPACE_FLASH, RK_SPACE_RAM, RK_SPACE_COUNT };
#define RK_SPACE_GUARD 2u

struct rk_wait; /* emu/cpu/wait.c */

/* Everything of the CPU that is no machine state: owned by build() and destroy(). */
struct rk_cpu_cache {
    struct rk_space space[RK_SPACE_COUNT];
    const void *const *labels; /* by enum rk_op */
    /* Offsets below these are reached inline (four bytes from there on exist); 0 sends every access
     * through access.c: unaligned traps, and stores while a turn of a loop is watched. */
    uint32_t read_limit, write_limit, flash_limit;
    uint32_t breakpoint[RK_CPU_BREAKPOINTS];
    unsigned breakpoint_count;
    bool watching; /* a turn of a loop is being watched (wait.c) */
    struct rk_cpu_stats stats;
    struct rk_wait *wait;
    struct rk_rec *turned; /* the branch of RK_LEAVE_TURN */
};

static inline struct rk_cpu_state *rk_cpu_state(const struct rk_dev *cpu) {
    return cpu->state;
}

static inline struct rk_cpu_cache *rk_cpu_cache(const struct rk_dev *cpu) {
    return cpu->m->cpu_cache;
}

static inline bool rk_bit_get(const uint32_t *map, unsigned n) {
    return map[n / 32] >> (n % 32) & 1u;
}

static inline void rk_bit_put(uint32_t *map, unsigned n, bool on) {
    uint32_t bit = 1u << (n % 32);
    map[n / 32] = on ? map[n / 32] | bit : map[n / 32] & ~bit;
}

/* --- decode.c --------------------------------------------------------------------------------- */

/* Fills the record at half-word `idx` of `space` for ITSTATE `it`, and those of an IT block. */
void rk_cpu_decode(struct rk_cpu_cache *k, unsigned space, uint32_t idx, unsigned it);
/* The same for the rest of a block that is entered with ITSTATE not 0, where it is not so yet. */
void rk_cpu_decode_rest(struct rk_cpu_cache *k, unsigned space, uint32_t idx, unsigned it);
/* Forgets the records that depend on these bytes of flash. */
void rk_cpu_forget(struct rk_cpu_cache *k, uint32_t off, uint32_t len);
/* The record of an address, NULL where no code can be. *space_out: whose it is. */
struct rk_rec *rk_cpu_find(struct rk_cpu_cache *k, struct rk_machine *m, uint32_t pc,
                           unsigned *space_out, uint32_t *base_out);

/* --- interp.c --------------------------------------------------------------------------------- */

enum rk_leave {
    RK_LEAVE_DEADLINE,
    RK_LEAVE_EVENT,      /* an exception, sleep, or a change of state: look again */
    RK_LEAVE_TURN,       /* a loop went round another 256 times */
    RK_LEAVE_BREAKPOINT, /* the PC stands on one */
};
/* Executes until m->deadline or an event. */
enum rk_leave rk_cpu_execute(struct rk_dev *cpu);
const void *const *rk_cpu_labels(void);

/* Where an LDR to SP or PC finds its address: rk_rec.d. */
enum { MODE_IMM, MODE_REG, MODE_PRE, MODE_POST, MODE_LITERAL };

/* --- access.c: the bus as the core uses it ------------------------------------------------------
 */

#define RK_ACCESS_FAULT (UINT64_C(1) << 32)
/* Any address and alignment; s->now stands at the instruction's begin. On a fault the exception is
 * pending and RK_ACCESS_FAULT set. */
uint64_t rk_cpu_read(struct rk_dev *cpu, uint32_t addr, unsigned size);
uint64_t rk_cpu_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value);
/* Sets the limits of the inline paths. */
void rk_cpu_set_limits(struct rk_dev *cpu);
/* DDI0403 B3.1: the address map's execute-never regions. */
bool rk_cpu_never_executes(uint32_t addr);

/* --- nvic.c ------------------------------------------------------------------------------------
 */

/* Recomputes `take`; the CPU leaves the interpreter when there is something to do. */
void rk_nvic_update(struct rk_dev *cpu);
void rk_nvic_pend(struct rk_dev *cpu, unsigned exc, bool on);
/* The priority the core executes at, with PRIMASK and the others or without. */
int rk_nvic_execution_prio(const struct rk_cpu_state *c);
int rk_nvic_group_prio(const struct rk_cpu_state *c, unsigned exc);
/* Would something wake the core from WFI? */
/* The most urgent exception that is pending and enabled, 0: none. */
unsigned rk_nvic_pending(const struct rk_cpu_state *c);
bool rk_nvic_wakes(const struct rk_dev *cpu);
void rk_nvic_input(struct rk_dev *cpu, unsigned exc, bool level);

/* --- exception.c -------------------------------------------------------------------------------
 */

/* A synchronous fault: sets the status bits of CFSR, pends the exception or escalates. */
void rk_cpu_fault(struct rk_dev *cpu, uint32_t cfsr_bits);
void rk_cpu_hard_fault(struct rk_dev *cpu, uint32_t hfsr_bits);
void rk_cpu_svc(struct rk_dev *cpu);
void rk_cpu_sleep(struct rk_dev *cpu, enum rk_sleep how);
/* Awake again if something asks for it. False: sleeps on. */
bool rk_cpu_try_wake(struct rk_dev *cpu);
/* First half of an entry: stacks the frame, 12 cycles. Second half: takes the vector. */
void rk_cpu_enter(struct rk_dev *cpu);
void rk_cpu_take_vector(struct rk_dev *cpu);
/* A branch to `value` >= 0xF0000000 in Handler mode. r15 stands behind the instruction. */
void rk_cpu_return(struct rk_dev *cpu, uint32_t value);
/* CONTROL.SPSEL or the mode changed: which stack pointer is in r13. */
bool rk_cpu_uses_psp(const struct rk_cpu_state *c);
void rk_cpu_swap_sp(struct rk_cpu_state *c);
uint32_t rk_cpu_xpsr(const struct rk_cpu_state *c);

enum {
    RK_CFSR_IACCVIOL = 1u << 0,
    RK_CFSR_DACCVIOL = 1u << 1,
    RK_CFSR_MUNSTKERR = 1u << 3,
    RK_CFSR_MSTKERR = 1u << 4,
    RK_CFSR_MMARVALID = 1u << 7,
    RK_CFSR_IBUSERR = 1u << 8,
    RK_CFSR_PRECISERR = 1u << 9,
    RK_CFSR_UNSTKERR = 1u << 11,
    RK_CFSR_STKERR = 1u << 12,
    RK_CFSR_BFARVALID = 1u << 15,
    RK_CFSR_UNDEFINSTR = 1u << 16,
    RK_CFSR_INVSTATE = 1u << 17,
    RK_CFSR_INVPC = 1u << 18,
    RK_CFSR_NOCP = 1u << 19,
    RK_CFSR_UNALIGNED = 1u << 24,
    RK_CFSR_DIVBYZERO = 1u << 25,
    RK_HFSR_VECTTBL = 1u << 1,
    RK_HFSR_FORCED = 1u << 30,
    RK_CCR_NONBASETHRDENA = 1u << 0,
    RK_CCR_USERSETMPEND = 1u << 1,
    RK_CCR_UNALIGN_TRP = 1u << 3,
    RK_CCR_DIV_0_TRP = 1u << 4,
    RK_CCR_BFHFNMIGN = 1u << 8,
    RK_CCR_STKALIGN = 1u << 9,
    RK_SCR_SLEEPONEXIT = 1u << 1,
    RK_SCR_SLEEPDEEP = 1u << 2,
    RK_SCR_SEVONPEND = 1u << 4,
};

/* --- special.c: MRS and MSR ----------------------------------------------------------------------
 */

uint32_t rk_cpu_mrs(const struct rk_dev *cpu, unsigned sysm);
void rk_cpu_msr(struct rk_dev *cpu, unsigned sysm, unsigned mask, uint32_t value);
/* CPS: im 0 enables, 1 disables; bit 1 of `which` PRIMASK, bit 0 FAULTMASK. */
void rk_cpu_cps(struct rk_dev *cpu, unsigned disable, unsigned which);

/* --- scs.c, systick.c ----------------------------------------------------------------------------
 */

uint32_t rk_scs_read(struct rk_dev *cpu, uint32_t off, unsigned size);
void rk_scs_write(struct rk_dev *cpu, uint32_t off, uint32_t value, unsigned size);
enum rk_read_kind rk_scs_read_kind(const struct rk_dev *cpu, uint32_t off);
bool rk_scs_write_is_idle(const struct rk_dev *cpu, uint32_t off, uint32_t value);
void rk_systick_write(struct rk_dev *cpu, uint32_t off, uint32_t value);
uint32_t rk_systick_read(struct rk_dev *cpu, uint32_t off);
void rk_dwt_halt(struct rk_dev *cpu);
bool rk_dwt_counts(const struct rk_dev *cpu);
uint32_t rk_systick_value(const struct rk_dev *cpu);
void rk_systick_fire(struct rk_dev *cpu);
/* Stop mode begins or ends: `halted` is about to become so. */
void rk_systick_halt(struct rk_dev *cpu, bool halted);

#endif
