/* GDB remote serial protocol as a packet machine: bytes in, bytes out (GDB manual, appendix E; the
 * register set of the feature org.gnu.gdb.arm.m-profile). It owns no socket and does not run the
 * machine: it says what the debugger wants, and is told when the machine stopped.
 *
 * Must not know: which CPU this is (struct rk_gdb_target), sockets, time.
 */
#ifndef RK_EMU_CORE_GDB_H
#define RK_EMU_CORE_GDB_H

#include "common/base/attr.h"

/* r0-r12, sp, lr, pc, xpsr, msp, psp, primask, basepri, faultmask, control: the order of
 * target.xml. */
#define RK_GDB_REGS 23

struct rk_gdb_target {
    uint32_t (*reg_get)(void *ctx, unsigned reg);
    void (*reg_set)(void *ctx, unsigned reg, uint32_t value);
    /* False: nothing there. */
    bool (*peek)(void *ctx, uint32_t addr, void *data, size_t len);
    bool (*poke)(void *ctx, uint32_t addr, const void *data, size_t len);
    /* False: no free breakpoint. */
    bool (*break_set)(void *ctx, uint32_t addr);
    void (*break_clear)(void *ctx, uint32_t addr);
    void (*reset)(void *ctx); /* "monitor reset": the machine is reset and stays halted */
};

enum rk_gdb_wish {
    RK_GDB_HALT, /* the machine must not run */
    RK_GDB_STEP, /* one instruction, then rk_gdb_stopped() */
    RK_GDB_RUN,
};

enum rk_gdb_signal {
    RK_GDB_SIGINT = 2,   /* interrupted, or just halted */
    RK_GDB_SIGTRAP = 5,  /* breakpoint or step */
    RK_GDB_SIGSEGV = 11, /* locked up, or no code there */
};

#define RK_GDB_PACKET_CAP 2048 /* bytes between $ and #; told to GDB as PacketSize */
#define RK_GDB_BREAKS     16

enum rk_gdb_state {
    RK_GDB_IDLE,
    RK_GDB_IN_PACKET,
    RK_GDB_ESCAPED,
    RK_GDB_SUM_HIGH,
    RK_GDB_SUM_LOW,
};

struct rk_gdb {
    const struct rk_gdb_target *target;
    void *ctx;
    enum rk_gdb_wish wish;
    bool has_left; /* the debugger detached or killed: close the connection */
    bool no_ack;
    uint8_t last_signal;
    enum rk_gdb_state state;
    uint8_t sum, wanted_sum;
    bool is_too_long;
    size_t in_len;
    char in[RK_GDB_PACKET_CAP + 1];
    size_t out_len;
    char out[2 * RK_GDB_PACKET_CAP + 64]; /* one packet, escaped at worst, and acknowledgements */
    size_t answer_len;
    char answer[RK_GDB_PACKET_CAP];
    uint32_t breaks[RK_GDB_BREAKS];
    unsigned break_count;
};

/* A debugger connected: the machine is to halt at once. */
void rk_gdb_init(struct rk_gdb *g, const struct rk_gdb_target *target, void *ctx);

/* Takes bytes from the debugger until a packet has to be answered first; returns how many were
 * taken. Take the output (below), then call again with the rest. */
size_t rk_gdb_receive(struct rk_gdb *g, const void *data, size_t len);

/* Bytes for the debugger; taking them empties the buffer. data stays valid until the next call. */
size_t rk_gdb_output(struct rk_gdb *g, const char **data);

/* The machine, which ran as wished, has stopped. */
void rk_gdb_stopped(struct rk_gdb *g, enum rk_gdb_signal signal);

/* The connection is gone: breakpoints are taken back, the machine may run. */
void rk_gdb_release(struct rk_gdb *g);

#endif
