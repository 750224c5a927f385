/* The 32-bit encodings of loads and stores: DDI0403 A5.3.5 to A5.3.10, A7.7. */
#include "emu/cpu/decode32.h"

static bool bad(unsigned r) {
    return r == 13 || r == 15;
}

/* A5.3.5 */
void rk_decode_multiple(struct rk_insn *i) {
    unsigned mode = rk_bits(i->hw1, 7, 2), rn = rk_bits(i->hw1, 0, 4);
    bool write_back = i->hw1 & 0x20u, load = i->hw1 & 0x10u;
    uint32_t list = i->hw2 & 0xFFFFu;
    unsigned count = (unsigned)__builtin_popcount(list);
    if (mode == 0 || mode == 3) {
        i->op = OP_undefined;
        return;
    }
    enum rk_op op = !load ? OP_stm_w : list & 0x8000u ? OP_ldm_pc_w : OP_ldm_w;
    rk_decode_set(i, op, 0, rn, count, list);
    i->d = (uint8_t)((write_back ? 1u : 0) | (mode == 2 ? 2u : 0));
    if (op == OP_ldm_pc_w) {
        rk_decode_branches(i);
    }
    if (rn == 15 || count < 2 || list & 0x2000u || (write_back && list >> rn & 1u) ||
        (load ? (list & 0xC000u) == 0xC000u : (list & 0x8000u) != 0)) {
        rk_decode_refuse(i);
    }
}

static void exclusive_word(struct rk_insn *i, bool load) {
    unsigned rn = rk_bits(i->hw1, 0, 4), rt = rk_bits(i->hw2, 12, 4), rd = rk_bits(i->hw2, 8, 4);
    uint32_t imm = rk_bits(i->hw2, 0, 8) * 4;
    if (load) {
        rk_decode_set(i, OP_ldrex_w, rt, rn, 0, imm);
    } else {
        rk_decode_set(i, OP_strex_w, rd, rn, rt, imm);
    }
    i->d = 4;
    if (bad(rt) || rn == 15 || (!load && (bad(rd) || rd == rn || rd == rt))) {
        rk_decode_refuse(i);
    } else if (load && rd != 15) {
        rk_decode_unpredictable(i);
    }
}

static void exclusive_narrow(struct rk_insn *i, bool load, unsigned bytes) {
    unsigned rn = rk_bits(i->hw1, 0, 4), rt = rk_bits(i->hw2, 12, 4), rd = rk_bits(i->hw2, 0, 4);
    if (load) {
        rk_decode_set(i, OP_ldrex_w, rt, rn, 0, 0);
    } else {
        rk_decode_set(i, OP_strex_w, rd, rn, rt, 0);
    }
    i->d = (uint8_t)bytes;
    if (bad(rt) || rn == 15 || (!load && (bad(rd) || rd == rn || rd == rt))) {
        rk_decode_refuse(i);
    } else if (rk_bits(i->hw2, 8, 4) != 15 || (load && rd != 15)) {
        rk_decode_unpredictable(i);
    }
}

static void table_branch(struct rk_insn *i, bool half) {
    unsigned rn = rk_bits(i->hw1, 0, 4), rm = rk_bits(i->hw2, 0, 4);
    rk_decode_set(i, OP_tb_w, 0, rn, rm, 0);
    i->d = half;
    rk_decode_branches(i);
    if (rn == 13 || bad(rm)) {
        rk_decode_refuse(i);
    } else if ((i->hw2 & 0xFF00u) != 0xF000u) {
        rk_decode_unpredictable(i);
    }
}

static void exclusive_or_table(struct rk_insn *i) {
    bool load = i->hw1 & 0x10u;
    unsigned op3 = rk_bits(i->hw2, 4, 4);
    if (!(i->hw1 & 0x80u)) {
        exclusive_word(i, load);
    } else if (op3 == 4 || op3 == 5) {
        exclusive_narrow(i, load, op3 == 4 ? 1 : 2);
    } else if (load && op3 < 2) {
        table_branch(i, op3 == 1);
    } else {
        i->op = OP_undefined;
    }
}

/* A5.3.6 */
void rk_decode_dual(struct rk_insn *i) {
    bool pre = i->hw1 & 0x100u, up = i->hw1 & 0x80u, write_back = i->hw1 & 0x20u;
    bool load = i->hw1 & 0x10u;
    unsigned rn = rk_bits(i->hw1, 0, 4), rt = rk_bits(i->hw2, 12, 4), rt2 = rk_bits(i->hw2, 8, 4);
    uint32_t imm = rk_bits(i->hw2, 0, 8) * 4;
    if (!pre && !write_back) {
        exclusive_or_table(i);
        return;
    }
    enum rk_op op = !load ? OP_strd_w : rn == 15 ? OP_ldrd_lit_w : OP_ldrd_w;
    rk_decode_set(i, op, rt, rn, rt2, up ? imm : -imm);
    i->d = (uint8_t)((pre ? 1u : 0) | (write_back ? 2u : 0));
    if (bad(rt) || bad(rt2) || (load && rt == rt2) || (rn == 15 && (!load || write_back)) ||
        (write_back && (rn == rt || rn == rt2))) {
        rk_decode_refuse(i);
    }
}

/* --- one register, A5.3.7 to A5.3.10
 * --------------------------------------------------------------
 */

enum form { FORM_I, FORM_R, FORM_PRE, FORM_POST };

/* The families' places in op.def: i_n i_w r_n r_w pre_w post_w. */
static enum rk_op op_of(enum rk_op first, enum form form) {
    static const uint8_t place[] = {1, 3, 4, 5};
    return (enum rk_op)((unsigned)first + place[form]);
}

/* The address part: form, register or immediate. False: UNDEFINED. */
static bool address(struct rk_insn *i, enum form *form, unsigned *rm, uint32_t *imm, bool *user) {
    *rm = 0;
    *user = false;
    if (i->hw1 & 0x80u) {
        *form = FORM_I;
        *imm = rk_bits(i->hw2, 0, 12);
        return true;
    }
    if (!(i->hw2 & 0x800u)) {
        *form = FORM_R;
        *rm = rk_bits(i->hw2, 0, 4);
        *imm = rk_bits(i->hw2, 4, 2);
        return (i->hw2 & 0x7C0u) == 0;
    }
    bool pre = i->hw2 & 0x400u, up = i->hw2 & 0x200u, write_back = i->hw2 & 0x100u;
    *imm = rk_bits(i->hw2, 0, 8);
    *imm = up ? *imm : -*imm;
    *form = !pre ? FORM_POST : write_back ? FORM_PRE : FORM_I;
    *user = pre && up && !write_back; /* LDRT and its kin; without an MPU they are plain accesses */
    return pre || write_back;
}

static void store(struct rk_insn *i, unsigned size, unsigned rn, unsigned rt) {
    static const enum rk_op ops[] = {OP_strb_i_n, OP_strh_i_n, OP_str_i_n};
    enum form form;
    unsigned rm;
    uint32_t imm;
    bool user;
    if (!address(i, &form, &rm, &imm, &user) || rn == 15 || i->hw1 & 0x100u) {
        i->op = OP_undefined;
        return;
    }
    rk_decode_set(i, op_of(ops[size], form), rt, rn, rm, imm);
    bool write_back = form == FORM_PRE || form == FORM_POST;
    if (rt == 15 || (rt == 13 && (size < 2 || user)) || (form == FORM_R && bad(rm)) ||
        (write_back && (rn == rt || (rn == 13 && imm & 3u)))) {
        rk_decode_refuse(i);
    }
}

static void load_literal(struct rk_insn *i, unsigned size, bool is_signed, unsigned rt) {
    uint32_t imm = rk_bits(i->hw2, 0, 12);
    imm = i->hw1 & 0x80u ? imm : -imm;
    if (size < 2) {
        rk_decode_set(i, OP_ldrx_lit_w, rt, 15, 1u << size, imm);
        i->d = is_signed;
        return;
    }
    if (bad(rt)) {
        rk_decode_set(i, rt == 13 ? OP_ldr_sp_w : OP_ldr_pc_w, 0, 15, 0, imm);
        i->d = MODE_LITERAL;
        return;
    }
    uint32_t at = ((i->off + 4) & ~3u) + imm;
    if (i->in_flash && at < i->size && at + 4 <= i->size) {
        rk_decode_set(i, OP_ldr_flash_w, rt, 15, 0, at);
    } else {
        rk_decode_set(i, OP_ldr_lit_w, rt, 15, 0, imm);
    }
}

/* PLD, PLI and the unallocated hints beside them: Rt = 15 of a narrow load. */
static void preload(struct rk_insn *i, enum form form, unsigned rn, bool user) {
    rk_decode_set(i, OP_nop_w, 0, 0, 0, 0);
    if (rn != 15 && (form == FORM_PRE || form == FORM_POST || user)) {
        rk_decode_unpredictable(i);
    }
}

static void load(struct rk_insn *i, unsigned size, unsigned rn, unsigned rt) {
    static const enum rk_op plain[] = {OP_ldrb_i_n, OP_ldrh_i_n, OP_ldr_i_n};
    static const enum rk_op extended[] = {OP_ldrsb_i_n, OP_ldrsh_i_n};
    bool is_signed = i->hw1 & 0x100u;
    enum form form = FORM_I;
    unsigned rm = 0;
    uint32_t imm = 0;
    bool user = false;
    if ((rn != 15 && !address(i, &form, &rm, &imm, &user)) || (is_signed && size == 2)) {
        i->op = OP_undefined;
        return;
    }
    if (rt == 15 && size < 2) {
        preload(i, form, rn, user);
        return;
    }
    bool write_back = form == FORM_PRE || form == FORM_POST;
    if (rn == 15) {
        load_literal(i, size, is_signed, rt);
    } else if (bad(rt) && size == 2) {
        static const uint8_t modes[] = {MODE_IMM, MODE_REG, MODE_PRE, MODE_POST};
        rk_decode_set(i, rt == 13 ? OP_ldr_sp_w : OP_ldr_pc_w, 0, rn, rm, imm);
        i->d = modes[form];
    } else {
        rk_decode_set(i, op_of(is_signed ? extended[size] : plain[size], form), rt, rn, rm, imm);
    }
    if (rt == 15) {
        rk_decode_branches(i);
    }
    if ((rt == 13 && size < 2) || (bad(rt) && user) || (form == FORM_R && bad(rm)) ||
        (write_back && (rn == rt || (rn == 13 && imm & 3u)))) {
        rk_decode_refuse(i);
    }
}

void rk_decode_single(struct rk_insn *i) {
    unsigned size = rk_bits(i->hw1, 5, 2), rn = rk_bits(i->hw1, 0, 4), rt = rk_bits(i->hw2, 12, 4);
    if (size == 3) {
        i->op = OP_undefined;
    } else if (i->hw1 & 0x10u) {
        load(i, size, rn, rt);
    } else {
        store(i, size, rn, rt);
    }
}
