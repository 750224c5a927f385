/* Handlers of loads and stores; included inside the interpreter's function (interp.c). RAM is
 * reached inline at any alignment, flash is read inline, all else goes over rk_cpu_read and
 * rk_cpu_write. DDI0403 A7, A3.2.1 (alignment).
 */
/* clang-format off */ /* a list of DEF(name) {body} is no declaration, and it does not settle */

/* --- one register --------------------------------------------------------------------------------
 */

#define LOAD(o, bytes, CAST)                                                                       \
    DEF(o##_i_n)                                                                                   \
    LOAD_BODY(R(b) + ip->imm, bytes, CAST, 16) DEF(o##_i_w)                                        \
        LOAD_BODY(R(b) + ip->imm, bytes, CAST, 32) DEF(o##_r_n)                                    \
            LOAD_BODY(R(b) + R(c), bytes, CAST, 16) DEF(o##_r_w)                                   \
                LOAD_BODY(R(b) + (R(c) << ip->imm), bytes, CAST, 32) DEF(o##_pre_w) {              \
        uint32_t addr = R(b) + ip->imm, value;                                                     \
        READ(value, addr, bytes);                                                                  \
        R(b) = addr;                                                                               \
        R(a) = (uint32_t)(CAST)value;                                                              \
        NEXT(32, 2);                                                                               \
    }                                                                                              \
    DEF(o##_post_w) {                                                                              \
        uint32_t addr = R(b), value;                                                               \
        READ(value, addr, bytes);                                                                  \
        R(b) = addr + ip->imm;                                                                     \
        R(a) = (uint32_t)(CAST)value;                                                              \
        NEXT(32, 2);                                                                               \
    }

#define LOAD_BODY(address, bytes, CAST, width)                                                     \
    {                                                                                              \
        uint32_t addr = (address), value;                                                          \
        READ(value, addr, bytes);                                                                  \
        R(a) = (uint32_t)(CAST)value;                                                              \
        NEXT(width, 2);                                                                            \
    }

LOAD(ldr, 4, uint32_t)
LOAD(ldrb, 1, uint8_t)
LOAD(ldrh, 2, uint16_t)
LOAD(ldrsb, 1, int8_t)
LOAD(ldrsh, 2, int16_t)

#define STORE(o, bytes)                                                                            \
    DEF(o##_i_n)                                                                                   \
    STORE_BODY(R(b) + ip->imm, bytes, 16) DEF(o##_i_w) STORE_BODY(R(b) + ip->imm, bytes, 32)       \
        DEF(o##_r_n) STORE_BODY(R(b) + R(c), bytes, 16) DEF(o##_r_w)                               \
            STORE_BODY(R(b) + (R(c) << ip->imm), bytes, 32) DEF(o##_pre_w) {                       \
        uint32_t addr = R(b) + ip->imm;                                                            \
        WRITE(addr, bytes, R(a));                                                                  \
        R(b) = addr;                                                                               \
        NEXT(32, 2);                                                                               \
    }                                                                                              \
    DEF(o##_post_w) {                                                                              \
        uint32_t addr = R(b);                                                                      \
        WRITE(addr, bytes, R(a));                                                                  \
        R(b) = addr + ip->imm;                                                                     \
        NEXT(32, 2);                                                                               \
    }

#define STORE_BODY(address, bytes, width)                                                          \
    {                                                                                              \
        uint32_t addr = (address);                                                                 \
        WRITE(addr, bytes, R(a));                                                                  \
        NEXT(width, 2);                                                                            \
    }

STORE(str, 4)
STORE(strb, 1)
STORE(strh, 2)

/* A literal of code that runs from flash: imm is its offset there. */
DEF(ldr_flash_n) {
    R(a) = load32(flash + ip->imm);
    NEXT(16, 2);
}
DEF(ldr_flash_w) {
    R(a) = load32(flash + ip->imm);
    NEXT(32, 2);
}
DEF(ldr_lit_n)
LOAD_BODY(((PC() + 4) & ~3u) + ip->imm, 4, uint32_t, 16) DEF(ldr_lit_w)
    LOAD_BODY(((PC() + 4) & ~3u) + ip->imm, 4, uint32_t, 32)
    /* Narrow literals; c: bytes, d: sign-extended. */
    DEF(ldrx_lit_w) {
    uint32_t addr = ((PC() + 4) & ~3u) + ip->imm, value;
    READ_ANY(value, addr, ip->c);
    if (ip->d) {
        value = ip->c == 1 ? (uint32_t)(int8_t)value : (uint32_t)(int16_t)value;
    }
    R(a) = value;
    NEXT(32, 2);
}

/* LDR to SP or PC. d: mode (MODE_x). c: the index register of MODE_REG. */
#define WIDE_LDR_ADDRESS                                                                           \
    uint32_t base = ip->d == MODE_LITERAL ? (PC() + 4) & ~3u : R(b);                               \
    uint32_t moved = ip->d == MODE_REG ? base + (R(c) << ip->imm) : base + ip->imm;                \
    uint32_t addr = ip->d == MODE_POST ? base : moved, value

DEF(ldr_sp_w) {
    WIDE_LDR_ADDRESS;
    READ(value, addr, 4);
    if (ip->d == MODE_PRE || ip->d == MODE_POST) {
        R(b) = moved;
    }
    c->r[13] = value & ~3u;
    NEXT(32, 2);
}
DEF(ldr_pc_w) {
    WIDE_LDR_ADDRESS;
    READ(value, addr, 4);
    if (ip->d == MODE_PRE || ip->d == MODE_POST) {
        R(b) = b_is_sp(ip) ? moved & ~3u : moved;
    }
    ip += 2;
    JUMP(value, 2 + BRANCH_REFILL);
}

/* --- two registers -------------------------------------------------------------------------------
 *
 * d: bit 0 indexed, bit 1 written back. c: Rt2.
 */

DEF(ldrd_w) {
    uint32_t moved = R(b) + ip->imm;
    uint32_t addr = ip->d & 1 ? moved : R(b), low, high;
    NEED_WORD_ALIGNED(addr);
    READ(low, addr, 4);
    READ(high, addr + 4, 4);
    if (ip->d & 2) {
        R(b) = moved;
    }
    R(a) = low;
    R(c) = high;
    NEXT(32, 3);
}
DEF(ldrd_lit_w) {
    uint32_t addr = ((PC() + 4) & ~3u) + ip->imm, low, high;
    NEED_WORD_ALIGNED(addr);
    READ(low, addr, 4);
    READ(high, addr + 4, 4);
    R(a) = low;
    R(c) = high;
    NEXT(32, 3);
}
DEF(strd_w) {
    uint32_t moved = R(b) + ip->imm;
    uint32_t addr = ip->d & 1 ? moved : R(b);
    NEED_WORD_ALIGNED(addr);
    WRITE(addr, 4, R(a));
    WRITE(addr + 4, 4, R(c));
    if (ip->d & 2) {
        R(b) = moved;
    }
    NEXT(32, 3);
}

/* --- many registers -----------------------------------------------------------------------------
 *
 * imm: the list; c: how many; d: bit 0 written back, bit 1 decrement before. Not interruptible: an
 * LDM or STM is never cut in the middle here (EPSR.ICI stays 0).
 */

#define LDM_BODY(width, finish)                                                                    \
    {                                                                                              \
        uint32_t addr = ip->d & 2 ? R(b) - 4u * ip->c : R(b);                                      \
        NEED_WORD_ALIGNED(addr);                                                                   \
        uint32_t loaded[16];                                                                       \
        READ_MANY(loaded, addr, ip->c);                                                            \
        uint32_t moved = ip->d & 2 ? addr : addr + 4u * ip->c;                                     \
        if (ip->d & 1) {                                                                           \
            R(b) = moved;                                                                          \
        }                                                                                          \
        const uint32_t *from = loaded;                                                             \
        for (uint32_t list = ip->imm; list; list &= list - 1) {                                    \
            c->r[__builtin_ctz(list)] = *from++;                                                   \
        }                                                                                          \
        finish                                                                                     \
    }

DEF(ldm_n)
LDM_BODY(16, NEXT(16, 1 + ip->c);) DEF(ldm_w) LDM_BODY(32, NEXT(32, 1 + ip->c);)
    /* The PC is the last of the list; r15 in the state is only rewritten when the loop is left. */
    DEF(ldm_pc_n) LDM_BODY(16, unsigned n = ip->c; ip += 1; JUMP(c->r[15], 1 + n + BRANCH_REFILL);)
        DEF(ldm_pc_w)
            LDM_BODY(32, unsigned n = ip->c; ip += 2; JUMP(c->r[15], 1 + n + BRANCH_REFILL);)

#define STM_BODY(width)                                                                            \
    {                                                                                              \
        uint32_t addr = ip->d & 2 ? R(b) - 4u * ip->c : R(b);                                      \
        NEED_WORD_ALIGNED(addr);                                                                   \
        if (RK_LIKELY(addr - ram_base < wlimit && addr - ram_base + 60 < wlimit)) {                \
            uint8_t *to = ram + (addr - ram_base);                                                 \
            for (uint32_t list = ip->imm; list; list &= list - 1, to += 4) {                       \
                store32(to, c->r[__builtin_ctz(list)]);                                            \
            }                                                                                      \
        } else {                                                                                   \
            uint32_t at = addr;                                                                    \
            for (uint32_t list = ip->imm; list; list &= list - 1, at += 4) {                       \
                WRITE(at, 4, c->r[__builtin_ctz(list)]);                                           \
            }                                                                                      \
        }                                                                                          \
        if (ip->d & 1) {                                                                           \
            R(b) = ip->d & 2 ? addr : addr + 4u * ip->c;                                           \
        }                                                                                          \
        NEXT(width, 1 + ip->c);                                                                    \
    }

                DEF(stm_n) STM_BODY(16) DEF(stm_w) STM_BODY(32)

    /* --- exclusive
     * -----------------------------------------------------------------------------------
     *
     * One core, one local monitor over all of memory (DDI0403 A3.4). d: bytes. c: Rt of STREX.
     */

    DEF(ldrex_w) {
    uint32_t addr = R(b) + ip->imm, value;
    NEED_ALIGNED(addr, ip->d);
    READ_ANY(value, addr, ip->d);
    c->exclusive = 1;
    R(a) = value;
    NEXT(32, 2);
}
DEF(strex_w) {
    uint32_t addr = R(b) + ip->imm;
    NEED_ALIGNED(addr, ip->d);
    uint32_t failed = !c->exclusive;
    if (!failed) {
        WRITE_ANY(addr, ip->d, R(c));
    }
    c->exclusive = 0;
    R(a) = failed;
    NEXT(32, 2);
}
DEF(clrex_w) {
    c->exclusive = 0;
    NEXT(32, 1);
}
