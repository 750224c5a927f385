/* The groups of 32-bit encodings that reach memory (decode32_mem.c). For emu/cpu only. */
#ifndef RK_EMU_CPU_DECODE32_H
#define RK_EMU_CPU_DECODE32_H

#include "emu/cpu/decode.h"

void rk_decode_multiple(struct rk_insn *i);
void rk_decode_dual(struct rk_insn *i);
void rk_decode_single(struct rk_insn *i);

#endif
