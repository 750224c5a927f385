/* A bench for one block without a CPU: a machine of a CPU that never executes, the block under
 * test, and a probe that records every output line. Tests read and write registers over the bus, as
 * firmware does, drive the block's inputs, and let virtual time pass. For tests only.
 */
#ifndef RK_EMU_CORE_TESTBENCH_H
#define RK_EMU_CORE_TESTBENCH_H

#include "emu/core/machine.h"

#define RK_TESTBENCH_BASE  0x40010000u
#define RK_TESTBENCH_LINES 256

struct rk_testbench {
    struct rk_machine *m;
    struct rk_dev *dev;                  /* block 1: under test */
    uint32_t level[RK_TESTBENCH_LINES];  /* last value of each output line */
    uint32_t pulses[RK_TESTBENCH_LINES]; /* times it was driven */
    uint32_t answer[RK_TESTBENCH_LINES]; /* what the probe answers on each line */
    void *tables;
};

/* hclk_hz also is the rate of every domain. nv_size 0: none, else filled with 0xFF. The block is
 * powered on and reset. NULL on no memory. */
struct rk_testbench *rk_testbench_new(const struct rk_dev_ops *ops, const void *config,
                                      uint32_t hclk_hz, size_t nv_size);
void rk_testbench_free(struct rk_testbench *t);

/* Register access at an offset of the block; size 4 unless named. Fails the process' assertion when
 * the bus answers with an error: use rk_testbench_try_* to expect one. */
uint32_t rk_testbench_read(struct rk_testbench *t, uint32_t off);
void rk_testbench_write(struct rk_testbench *t, uint32_t off, uint32_t value);
bool rk_testbench_try_read(struct rk_testbench *t, uint32_t addr, unsigned size, uint32_t *value);
bool rk_testbench_try_write(struct rk_testbench *t, uint32_t addr, unsigned size, uint32_t value);

void rk_testbench_input(struct rk_testbench *t, unsigned line, uint32_t value);
void rk_testbench_pass_ns(struct rk_testbench *t, uint64_t ns);
void rk_testbench_pass_cycles(struct rk_testbench *t, uint64_t cycles);
/* Sets a clock domain as RCC would. */
void rk_testbench_clock(struct rk_testbench *t, enum rk_clock_domain domain, uint32_t hz);

#endif
