/* The smallest machine with a Cortex-M3: 128 KB flash, 20 KB RAM, and one block at 0x40000000 to
 * wait for. For tests, fuzzing and benchmarks only.
 */
#ifndef RK_EMU_CPU_FLAT_H
#define RK_EMU_CPU_FLAT_H

#include "emu/cpu/cpu.h"

#define RK_FLAT_FLASH   0x08000000u
#define RK_FLAT_RAM     0x20000000u
#define RK_FLAT_BLOCK   0x40000000u
#define RK_FLAT_STACK   0x20005000u
#define RK_FLAT_HANDLER 0x08001000u /* of exception n: this + 32 * n, filled with `b .` */
#define RK_FLAT_CODE    0x08000200u /* a NOP before it is where the reset vector leads */

enum { RK_FLAT_CPU, RK_FLAT_TEST, RK_FLAT_DEV_COUNT };
/* Registers of the block. */
enum {
    RK_FLAT_STATUS = 0x00,  /* stable; 1 after ARM's time, until written */
    RK_FLAT_ARM = 0x04,     /* write: STATUS becomes 1 after so many cycles */
    RK_FLAT_COUNTER = 0x08, /* every read counts up: an effect */
    RK_FLAT_KICK = 0x0C,    /* write: an idle one; remembers when */
    RK_FLAT_TICKS = 0x10,   /* follows the clock: cycles / 16 */
    RK_FLAT_IRQ = 0x14,     /* write: level of interrupt 0 */
    RK_FLAT_PERIOD = 0x18,  /* write: pulses interrupt 1 every so many cycles */
};

/* Powered on and about to execute RK_FLAT_CODE (one NOP is behind it). Aborts without memory. */
struct rk_machine *rk_flat_new(const uint16_t *code, size_t half_words);
/* With 8 KB of flash, quickly built; no code yet. */
struct rk_machine *rk_flat_new_small(void);
/* Puts code at an address of flash or RAM. */
void rk_flat_code(struct rk_machine *m, uint32_t addr, const uint16_t *code, size_t half_words);
uint32_t rk_flat_word(struct rk_machine *m, uint32_t addr);
void rk_flat_set_word(struct rk_machine *m, uint32_t addr, uint32_t value);
/* Executes n instructions; returns why it stopped. */
enum rk_stop rk_flat_step(struct rk_machine *m, uint64_t n);

#endif
