/* The handlers of the interpreter by number; the list is op.def. */
#ifndef RK_EMU_CPU_OP_H
#define RK_EMU_CPU_OP_H

enum rk_op {
#define RK_OP(name, class) OP_##name,
#include "emu/cpu/op.def"
#undef RK_OP
    OP_COUNT,
};

#endif
