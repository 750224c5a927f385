/* Values that grow evenly from one turn of a loop to the next: what an instruction makes of them,
 * and for how many turns it stays so. For emu/cpu only; used by wait.c.
 */
#ifndef RK_EMU_CPU_SLOPE_H
#define RK_EMU_CPU_SLOPE_H

#include "emu/cpu/state.h"

enum { RK_SLOPE_STORES = 16 };

/* Register n is r[n] + j * reg[n] in the j-th turn from now, for j up to `turns`. */
struct rk_slopes {
    uint32_t reg[16];
    uint64_t turns;
    bool resists; /* an instruction did something with such a value that is not understood */
};

/* What an instruction is about to do, told before it is executed. */
struct rk_slope_step {
    const struct rk_rec *rec;
    enum rk_op op;
    const uint32_t *r; /* registers before */
    bool executes;     /* its condition passes */
    /* Out: a load of a word or less from `load_addr` into `load_reg` (16: none), or words from
     * there on into the registers of a list. */
    uint32_t load_addr;
    unsigned load_reg;
    uint32_t load_list;
    /* Out: what stores will write: address and slope of each. */
    unsigned store_count;
    struct {
        uint32_t addr, slope;
    } store[RK_SLOPE_STORES];
};

/* Advances the slopes over one instruction; loads get theirs afterwards from memory's. */
void rk_slope_step(struct rk_slopes *s, struct rk_slope_step *i);
/* A condition of the instruction: true for this many turns at most. */
void rk_slope_limit(struct rk_slopes *s, uint64_t turns);

#endif
