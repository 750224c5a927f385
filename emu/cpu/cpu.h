/* The processor: ARMv7-M, Cortex-M3 r1p1 (DDI0337 TRM, DDI0403 architecture), as block 0 of a
 * machine. Core, NVIC, SCB, SysTick, DWT and the debug registers live behind one block at
 * 0xE0000000.
 */
#ifndef RK_EMU_CPU_CPU_H
#define RK_EMU_CPU_CPU_H

#include "emu/core/machine.h"

extern const struct rk_dev_ops rk_cortex_m3_ops;
extern const struct rk_cpu_ops rk_cortex_m3_cpu;

struct rk_cortex_m3_config {
    uint16_t irq_count; /* external interrupts, 60 on a medium-density STM32F103 */
    uint8_t prio_bits;  /* 4 */
};

/* Input lines: 0..irq_count-1 interrupt requests (level: 1 pends, and again while it stays 1 after
 * the handler returned, as a level-sensitive request does). */
enum {
    RK_CPU_IN_NMI = 256,
    RK_CPU_IN_EVENT = 257, /* a pulse: wakes WFE (EXTI event mode) */
    RK_CPU_IN_WAKE = 258,  /* 1: PWR lets the core leave Stop */
};
enum {
    RK_CPU_OUT_SLEEP, /* WFI/WFE sleeps: 1 sleep, 3 with SLEEPDEEP; 0 awake again */
    RK_CPU_OUT_COUNT,
};

/* --- for the debugger, tests and tools --- */

enum rk_cpu_reg { /* r0-r12 are 0-12 */
                  RK_CPU_SP = 13,
                  RK_CPU_LR,
                  RK_CPU_PC,
                  RK_CPU_XPSR,
                  RK_CPU_MSP,
                  RK_CPU_PSP,
                  RK_CPU_PRIMASK,
                  RK_CPU_BASEPRI,
                  RK_CPU_FAULTMASK,
                  RK_CPU_CONTROL,
                  RK_CPU_REG_COUNT,
};
uint32_t rk_cpu_reg_get(const struct rk_dev *cpu, enum rk_cpu_reg reg);
void rk_cpu_reg_set(struct rk_dev *cpu, enum rk_cpu_reg reg, uint32_t value);

#define RK_CPU_BREAKPOINTS 16
/* Returns 0, RK_E_LIMIT when all are in use. Checked before the instruction at addr is executed;
 * the first instruction of a run is executed without the check, so that a run leaves its
 * breakpoint. */
RK_NODISCARD int rk_cpu_breakpoint_set(struct rk_dev *cpu, uint32_t addr);
void rk_cpu_breakpoint_clear(struct rk_dev *cpu, uint32_t addr);

struct rk_cpu_stats {
    uint64_t exceptions;      /* entries */
    uint64_t unpredictable;   /* UNPREDICTABLE encodings met (each also a guest error) */
    uint32_t last_fault_cfsr; /* CFSR of the last fault, with its pc */
    uint32_t last_fault_pc;
};
const struct rk_cpu_stats *rk_cpu_stats(const struct rk_dev *cpu);

#endif
