/* A whole emulated machine: blocks, lines, memories, timers, snapshots, and the loop that runs it.
 *
 * Pure: no I/O, no clock, no globals; it allocates only in rk_machine_new(). Many machines may live
 * in one process. Everything that makes up the machine's state is in one arena without pointers
 * plus the non-volatile memories, so a snapshot is a copy of the bytes (design.md, Emulator).
 */
#ifndef RK_EMU_CORE_MACHINE_H
#define RK_EMU_CORE_MACHINE_H

#include "emu/core/device.h"

enum rk_stop {
    RK_STOP_CYCLE,      /* the time limit was reached */
    RK_STOP_INSTR,      /* exactly the asked number of instructions was executed */
    RK_STOP_REQUEST,    /* rk_machine_stop() or a block asked */
    RK_STOP_BREAKPOINT, /* pc stands on a breakpoint, or BKPT was executed under a debugger */
    RK_STOP_LOCKUP,     /* the CPU is locked up (fault in HardFault or NMI) and no watchdog runs */
    RK_STOP_NOWHERE,    /* the reset vector does not lead to code */
    RK_STOP_POWER_CUT,  /* the planned cut: call rk_machine_power_on() to go on */
};

/* Why a CPU came back. */
enum rk_cpu_stop {
    RK_CPU_RAN,    /* the machine's deadline was reached */
    RK_CPU_ASLEEP, /* WFI/WFE: time may jump to the next timer */
    RK_CPU_LOCKED, /* lock-up */
    RK_CPU_BREAKPOINT,
};

/* What a machine needs of its CPU besides being block 0 of it. */
struct rk_cpu_ops {
    bool (*build)(
        struct rk_dev *cpu); /* allocates what lives outside the arena; false: no memory */
    void (*destroy)(struct rk_dev *cpu);
    /* After every block was reset: loads MSP and PC from the vector table. False: no code there. */
    bool (*start)(struct rk_dev *cpu);
    /* Runs instructions until s->now >= m->deadline; every instruction takes at least one cycle. */
    enum rk_cpu_stop (*run)(struct rk_dev *cpu);
    /* Bytes of internal flash changed: off and len from its start. */
    void (*code_changed)(struct rk_dev *cpu, uint32_t off, uint32_t len);
};

/* One block of a machine. */
struct rk_dev_desc {
    const struct rk_dev_ops *ops;
    const char *name;
    uint32_t base, size; /* bus window; size 0: not on the bus */
    enum rk_clock_domain domain;
    bool gated; /* its clock is off after reset until a line opens RK_LINE_GATE */
    uint8_t nv; /* 1 + index into nv[] of the machine, 0: none */
    const void *config;
};

/* Input lines that the core answers for every block. */
#define RK_LINE_GATE  0xFFF0u /* 1: clock on, 0: clock off */
#define RK_LINE_RESET 0xFFF1u /* value 1: ops->reset(RK_RESET_CLOCK) */

/* One connection: an output line of a block to an input line of another. Tables end with
 * RK_WIRE_END. */
struct rk_wire {
    uint16_t from, from_line;
    uint16_t to, to_line;
};

#define RK_WIRE_END                                                                                \
    { 0xFFFFu, 0, 0, 0 }

struct rk_nv_desc {
    const char *name; /* "internal": also the file name in a board folder, without .bin */
    size_t size;
};

/* A chip or board in tables. Block 0 is the CPU. A board's tables start with the chip's. */
struct rk_machine_desc {
    const char *name;
    const struct rk_cpu_ops *cpu;
    const struct rk_dev_desc *devs;
    size_t dev_count;
    const struct rk_wire *const *wires; /* NULL-terminated list of tables */
    const struct rk_nv_desc *nv;
    size_t nv_count;
    uint8_t flash_nv;    /* index in nv: internal flash */
    uint32_t flash_base; /* 0x08000000, aliased at 0 */
    uint16_t flash_dev;  /* block that answers writes to the flash array */
    uint32_t ram_base, ram_size;
    uint32_t hclk_reset_hz;
};

#define RK_NV_MAX 8

/* Who watches. Any member may be NULL. Called inside rk_machine_run(); must not change the machine
 * except by rk_machine_stop(). */
struct rk_observer {
    void *ctx;
    void (*led)(void *ctx, const uint16_t rgb[3], uint16_t full);
    void (*pin)(void *ctx, unsigned pin, bool level);
    void (*reset)(void *ctx, enum rk_reset kind);
    void (*flash_op)(void *ctx, const struct rk_dev *dev, enum rk_flash_op op, uint32_t addr,
                     uint32_t len);
    void (*trace)(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line);
    uint32_t trace_mask; /* RK_TRACE_x */
};

struct rk_counts {
    uint64_t guest_errors;
    uint64_t unmodelled;
    uint64_t flash_ops; /* erases and programs of every non-volatile memory */
    uint64_t resets;    /* since the machine was built */
    uint64_t
        skipped_instr; /* instructions that were accounted for without being executed one by one */
};

/* nv[i]: nv_size bytes of the shell's (an mmapped file), or NULL: the machine's own, filled with
 * 0xFF. NULL result: out of memory. The machine is powered off. */
struct rk_machine *rk_machine_new(const struct rk_machine_desc *desc, uint8_t *const nv[]);
void rk_machine_free(struct rk_machine *m);

/* Power. Off loses RAM, registers and the backup domain; on is RK_RESET_POWER. */
void rk_machine_power_on(struct rk_machine *m);
void rk_machine_power_off(struct rk_machine *m);
bool rk_machine_powered(const struct rk_machine *m);
/* Reset button (RK_RESET_PIN) or any other kind; at once. */
void rk_machine_reset(struct rk_machine *m, enum rk_reset kind);

/* Runs until `until_cycle` (rk_machine_now) or `until_instr` (rk_machine_instr), whichever is
 * first; UINT64_MAX: no limit. Stops exactly: at most the instruction that crosses until_cycle is
 * finished, and never an instruction more than until_instr. */
enum rk_stop rk_machine_run(struct rk_machine *m, uint64_t until_cycle, uint64_t until_instr);
/* From inside a callback: rk_machine_run returns RK_STOP_REQUEST before the next instruction. */
void rk_machine_stop(struct rk_machine *m);

uint64_t rk_machine_now(const struct rk_machine *m);    /* HCLK cycles */
uint64_t rk_machine_now_ns(const struct rk_machine *m); /* ns since it was built */
uint64_t rk_machine_instr(const struct rk_machine *m);  /* instructions executed (and skipped) */
/* The first cycle whose instant is not before `ns`, at the present clock. */
uint64_t rk_machine_cycle_at_ns(const struct rk_machine *m, uint64_t ns);
const struct rk_counts *rk_machine_counts(const struct rk_machine *m);

void rk_machine_observe(struct rk_machine *m, const struct rk_observer *observer);
/* Skipping of loops that only wait: on by default; the result is the same either way. */
void rk_machine_set_skip(struct rk_machine *m, bool on);
/* The power fails at the nth flash operation from now (1 = the next one); 0 cancels. */
void rk_machine_cut_at(struct rk_machine *m, uint64_t nth, enum rk_cut how);

struct rk_dev *rk_machine_dev(struct rk_machine *m, unsigned id);
struct rk_dev *rk_machine_find(struct rk_machine *m, const char *name);
uint8_t *rk_machine_nv(struct rk_machine *m, unsigned idx, size_t *size);
/* The shell changed non-volatile memory itself (wrote an image): predecoded code is dropped. */
void rk_machine_nv_changed(struct rk_machine *m);

/* Drives an input line of a block as the outside world does (button, pin). Between runs only. */
uint32_t rk_machine_input(struct rk_machine *m, unsigned dev, unsigned line, uint32_t value);

/* Memory as a debugger sees it: no side effects on RAM and flash; registers are read as the CPU
 * would. false: nothing there. Writes go to RAM, registers, and straight into flash cells. */
bool rk_machine_peek(struct rk_machine *m, uint32_t addr, void *data, size_t len);
bool rk_machine_poke(struct rk_machine *m, uint32_t addr, const void *data, size_t len);

/* Snapshots: `buf` of rk_machine_snapshot_size() bytes; same build, same description. Load fails
 * with RK_E_SNAPSHOT for bytes that do not belong. Host links (radio, USB) are told by
 * ops->restored. */
size_t rk_machine_snapshot_size(const struct rk_machine *m);
void rk_machine_snapshot_save(const struct rk_machine *m, void *buf);
RK_NODISCARD int rk_machine_snapshot_load(struct rk_machine *m, const void *buf, size_t len);
/* FNV-1a-like 64-bit hash over all state, volatile and not. Equal hashes: equal machines. */
uint64_t rk_machine_hash(const struct rk_machine *m);

#endif
