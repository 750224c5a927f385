/* What the decoder makes of one instruction, before it becomes a record. For emu/cpu only. */
#ifndef RK_EMU_CPU_DECODE_H
#define RK_EMU_CPU_DECODE_H

#include "emu/cpu/state.h"

struct rk_insn {
    uint32_t hw1, hw2;
    uint32_t off;  /* of the instruction in its memory */
    uint32_t size; /* of that memory */
    bool in_flash; /* literals are at a fixed place of it */
    unsigned it;   /* ITSTATE it is decoded for; 0: outside */
    bool last_in_it;

    enum rk_op op;
    uint32_t imm;
    uint8_t a, b, c, d;
    uint8_t flags; /* RK_SIDE_x */
};

void rk_decode_16(struct rk_insn *i);
void rk_decode_32(struct rk_insn *i);

/* Shared by both. `far` is the op for targets outside the memory. */
void rk_decode_branch(struct rk_insn *i, enum rk_op near, enum rk_op far, int32_t distance);
/* A branch inside an IT block must be its last instruction. */
void rk_decode_branches(struct rk_insn *i);
void rk_decode_unpredictable(struct rk_insn *i);
/* UNPREDICTABLE without a harmless meaning: reported, then an UNDEFINED instruction. */
void rk_decode_refuse(struct rk_insn *i);

static inline uint32_t rk_bits(uint32_t x, unsigned low, unsigned count) {
    return x >> low & ((1u << count) - 1u);
}

static inline void rk_decode_set(struct rk_insn *i, enum rk_op op, unsigned a, unsigned b,
                                 unsigned c, uint32_t imm) {
    i->op = op;
    i->a = (uint8_t)a;
    i->b = (uint8_t)b;
    i->c = (uint8_t)c;
    i->imm = imm;
}

#endif
