/* Waiting is free (design.md, Time): loops that only wait are skipped exactly. For emu/cpu only. */
#ifndef RK_EMU_CPU_WAIT_H
#define RK_EMU_CPU_WAIT_H

#include "emu/cpu/state.h"

/* What lives outside the arena. NULL: no memory. */
struct rk_wait *rk_wait_new(const struct rk_machine *m);
void rk_wait_free(struct rk_wait *w);

/* A loop went round again; the PC stands at its head, k->turned is the branch that led there. May
 * execute and skip turns. */
void rk_wait_turn(struct rk_dev *cpu);
/* While a turn is watched: accesses that leave the inline paths. Before they happen. */
void rk_wait_saw_read(struct rk_dev *cpu, uint32_t addr, unsigned size);
void rk_wait_saw_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value);

#endif
