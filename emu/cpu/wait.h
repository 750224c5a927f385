/* Waiting is free (design.md, Time): loops that only wait are skipped exactly. For emu/cpu only. */
#ifndef RK_EMU_CPU_WAIT_H
#define RK_EMU_CPU_WAIT_H

#include "emu/cpu/state.h"

/* A loop went round 256 times since it was last shown; the PC stands at its head. May execute and
 * skip turns. */
void rk_wait_turn(struct rk_dev *cpu);
/* While a turn is watched: accesses that leave the inline paths. Before they happen. */
void rk_wait_saw_read(struct rk_dev *cpu, uint32_t addr, unsigned size);
void rk_wait_saw_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value);

#endif
