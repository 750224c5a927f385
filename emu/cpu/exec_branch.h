/* Handlers of branches; included inside the interpreter's function (interp.c). imm of a direct
 * branch is the distance between the two records in bytes; the _far forms lead out of the memory
 * they stand in and hold the distance of the addresses. DDI0403 A7.
 */
/* clang-format off */ /* a list of DEF(name) {body} is no declaration, and it does not settle */

#define COND_EQ ((uint32_t)nz == 0)
#define COND_NE ((uint32_t)nz != 0)
#define COND_CS (cf != 0)
#define COND_CC (cf == 0)
#define COND_MI (nz < 0)
#define COND_PL (nz >= 0)
#define COND_VS ((int32_t)vf < 0)
#define COND_VC ((int32_t)vf >= 0)
#define COND_HI (cf != 0 && (uint32_t)nz != 0)
#define COND_LS (cf == 0 || (uint32_t)nz == 0)
#define COND_GE ((int32_t)((uint32_t)((uint64_t)nz >> 32) ^ vf) >= 0)
#define COND_LT ((int32_t)((uint32_t)((uint64_t)nz >> 32) ^ vf) < 0)
#define COND_GT ((uint32_t)nz != 0 && COND_GE)
#define COND_LE ((uint32_t)nz == 0 || COND_LT)

#define EACH_COND(X)                                                                               \
    X(eq, COND_EQ) X(ne, COND_NE) X(cs, COND_CS) X(cc, COND_CC) X(mi, COND_MI) X(pl, COND_PL)      \
    X(vs, COND_VS) X(vc, COND_VC) X(hi, COND_HI) X(ls, COND_LS) X(ge, COND_GE) X(lt, COND_LT)      \
    X(gt, COND_GT) X(le, COND_LE)

#define BRANCH_ON(name, COND)                                                                      \
    DEF(bcc_##name##_n) BRANCH_BODY(COND, 16)                                                      \
    DEF(bcc_##name##_w) BRANCH_BODY(COND, 32)                                                      \
    DEF(bcc_back_##name##_n) BRANCH_BACK_BODY(COND, 16)                                            \
    DEF(bcc_back_##name##_w) BRANCH_BACK_BODY(COND, 32)

#define BRANCH_BODY(COND, width)                                                                   \
    {                                                                                              \
        if (COND) {                                                                                \
            TAKE(1 + BRANCH_REFILL);                                                               \
        }                                                                                          \
        NEXT(width, 1);                                                                            \
    }
#define BRANCH_BACK_BODY(COND, width)                                                              \
    {                                                                                              \
        if (COND) {                                                                                \
            TAKE_BACK(1 + BRANCH_REFILL);                                                          \
        }                                                                                          \
        NEXT(width, 1);                                                                            \
    }

EACH_COND(BRANCH_ON)

DEF(b_n) TAKE(1 + BRANCH_REFILL);
DEF(b_w) TAKE(1 + BRANCH_REFILL);
DEF(b_back_n) TAKE_BACK(1 + BRANCH_REFILL);
DEF(b_back_w) TAKE_BACK(1 + BRANCH_REFILL);
DEF(b_far_n) JUMP((PC() + 4 + ip->imm) | 1u, 1 + BRANCH_REFILL);
DEF(b_far_w) JUMP((PC() + 4 + ip->imm) | 1u, 1 + BRANCH_REFILL);
DEF(bl_w) {
    c->r[14] = (PC() + 4) | 1u;
    TAKE(1 + BRANCH_REFILL);
}
DEF(bl_far_w) {
    uint32_t to = PC() + 4 + ip->imm;
    c->r[14] = (PC() + 4) | 1u;
    JUMP(to | 1u, 1 + BRANCH_REFILL);
}
DEF(cbz_n) {
    if (R(b) == 0) {
        TAKE(1 + BRANCH_REFILL);
    }
    NEXT(16, 1);
}
DEF(cbnz_n) {
    if (R(b) != 0) {
        TAKE(1 + BRANCH_REFILL);
    }
    NEXT(16, 1);
}
/* c: 0 CBZ, 1 CBNZ. */
DEF(cbz_far_n) {
    if ((R(b) != 0) == ip->c) {
        JUMP((PC() + 4 + ip->imm) | 1u, 1 + BRANCH_REFILL);
    }
    NEXT(16, 1);
}
/* d: the condition. */
DEF(bcc_far_n) {
    if (passes(ip->d, nz, cf, vf)) {
        JUMP((PC() + 4 + ip->imm) | 1u, 1 + BRANCH_REFILL);
    }
    NEXT(16, 1);
}
DEF(bcc_far_w) {
    if (passes(ip->d, nz, cf, vf)) {
        JUMP((PC() + 4 + ip->imm) | 1u, 1 + BRANCH_REFILL);
    }
    NEXT(32, 1);
}
DEF(bx_n) {
    uint32_t to = R(c);
    ip += 1;
    JUMP(to, 1 + BRANCH_REFILL);
}
DEF(blx_n) {
    uint32_t to = R(c);
    c->r[14] = (PC() + 2) | 1u;
    ip += 1;
    /* BLX never is an exception return (DDI0403 A2.3.1 BLXWritePC). */
    if (RK_UNLIKELY(to >= 0xF0000000u)) {
        BRANCH_ONLY(to, 1 + BRANCH_REFILL);
    }
    JUMP(to, 1 + BRANCH_REFILL);
}
DEF(mov_to_pc_n) JUMP_PLAIN(R(c) | 1u, 1 + BRANCH_REFILL);
DEF(add_to_pc_n) JUMP_PLAIN((R(c) + PC() + 4) | 1u, 1 + BRANCH_REFILL);
/* TBB, TBH. d: 0 bytes, 1 half-words; b 15: the table follows the instruction. */
DEF(tb_w) {
    uint32_t base = ip->b == 15 ? PC() + 4 : R(b), value;
    if (ip->d) {
        READ(value, base + 2 * R(c), 2);
    } else {
        READ(value, base + R(c), 1);
    }
    JUMP_PLAIN((PC() + 4 + 2 * value) | 1u, 2 + BRANCH_REFILL);
}
