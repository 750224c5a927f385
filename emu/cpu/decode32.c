/* The 32-bit encodings of data processing, multiplication and control: DDI0403 A5.3, A7.7. Loads
 * and stores are in decode32_mem.c. What ARMv7E-M adds (DSP) is UNDEFINED on a Cortex-M3.
 */
#include "emu/cpu/decode32.h"
#include "emu/cpu/decode.h"

/* Places in the families of op.def. */
enum { RR = 1, RRS = 3, RI = 5, RIS = 7, RISC = 8, RL = 9, RS = 10, RSS = 11 };
enum { TEST_RR = 1, TEST_RI = 3, TEST_RISC = 4, TEST_RS = 5 };

static enum rk_op family(enum rk_op first, unsigned place) {
    return (enum rk_op)((unsigned)first + place);
}

/* One row of A5.3.1 and A5.3.11: the operation, what it is with Rd = 15 and S, and with Rn = 15. */
struct row {
    enum rk_op first; /* OP_undecoded: no such operation */
    enum rk_op test;
    enum rk_op no_rn;
    bool sp; /* Rn and Rd may be SP */
};

static const struct row rows[16] = {
    [0] = {.first = OP_and_rr_n, .test = OP_tst_rr_n},
    [1] = {.first = OP_bic_rr_n},
    [2] = {.first = OP_orr_rr_n, .no_rn = OP_mov_rr_n},
    [3] = {.first = OP_orn_rr_n, .no_rn = OP_mvn_rr_n},
    [4] = {.first = OP_eor_rr_n, .test = OP_teq_rr_n},
    [8] = {.first = OP_add_rr_n, .test = OP_cmn_rr_n, .sp = true},
    [10] = {.first = OP_adc_rr_n},
    [11] = {.first = OP_sbc_rr_n},
    [13] = {.first = OP_sub_rr_n, .test = OP_cmp_rr_n, .sp = true},
    [14] = {.first = OP_rsb_rr_n},
};

/* A5.3.2 ThumbExpandImm_C. *rotated: the carry becomes bit 31. False: UNPREDICTABLE. */
static bool expand_imm(uint32_t imm12, uint32_t *value, bool *rotated) {
    uint32_t imm8 = imm12 & 0xFFu;
    *rotated = imm12 >= 0x400u;
    if (*rotated) {
        unsigned n = rk_bits(imm12, 7, 5);
        uint32_t x = 0x80u | (imm12 & 0x7Fu);
        *value = x >> n | x << (32 - n);
        return true;
    }
    static const uint32_t spread[] = {1, 0x00010001u, 0x01000100u, 0x01010101u};
    *value = imm8 * spread[imm12 >> 8];
    return imm12 < 0x100u || imm8 != 0;
}

static uint32_t imm12_of(const struct rk_insn *i) {
    return rk_bits(i->hw1, 10, 1) << 11 | rk_bits(i->hw2, 12, 3) << 8 | rk_bits(i->hw2, 0, 8);
}

/* SP as a destination: only from SP, and only by whole words here. */
static void to_sp(struct rk_insn *i, unsigned rn, bool set_flags, uint32_t imm) {
    if (rn != 13 || (imm & 3u)) {
        rk_decode_refuse(i);
    }
    (void)set_flags;
}

/* A5.3.1 */
static void modified_imm(struct rk_insn *i) {
    const struct row *row = &rows[rk_bits(i->hw1, 5, 4)];
    bool s = i->hw1 & 0x10u, rotated;
    unsigned rn = rk_bits(i->hw1, 0, 4), rd = rk_bits(i->hw2, 8, 4);
    uint32_t imm;
    bool good = expand_imm(imm12_of(i), &imm, &rotated);
    if (row->first == OP_undecoded) {
        i->op = OP_undefined;
        return;
    }
    if (rd == 15 && s && row->test != OP_undecoded) {
        rk_decode_set(i, family(row->test, rotated ? TEST_RISC : TEST_RI), 0, rn, 0, imm);
        if (rn == 15 || (rn == 13 && !row->sp)) {
            rk_decode_refuse(i);
        }
    } else {
        bool no_rn = rn == 15 && row->no_rn != OP_undecoded;
        unsigned place = !s ? RI : rotated ? RISC : RIS;
        rk_decode_set(i, family(no_rn ? row->no_rn : row->first, place), rd, no_rn ? 0 : rn, 0,
                      imm);
        if (rd == 15 || (rn == 15 && !no_rn) || (rn == 13 && !row->sp) || (rd == 13 && !row->sp)) {
            rk_decode_refuse(i);
        } else if (rd == 13) {
            to_sp(i, rn, s, imm);
        }
    }
    if (!good) {
        rk_decode_unpredictable(i);
    }
}

/* Type and amount of a shift by an immediate (A5.2.1 DecodeImmShift), as records hold them. */
static void imm_shift(struct rk_insn *i, unsigned *type, uint32_t *amount) {
    *type = rk_bits(i->hw2, 4, 2);
    *amount = rk_bits(i->hw2, 12, 3) << 2 | rk_bits(i->hw2, 6, 2);
    if (*amount == 0 && *type == 3) {
        *type = 4; /* RRX */
        *amount = 1;
    } else if (*amount == 0 && *type != 0) {
        *amount = 32;
    }
}

/* MOV and the shifts by an immediate: ORR with Rn = 15 (A5.3.11). */
static void move_shifted(struct rk_insn *i, bool s, unsigned rd, unsigned rm, unsigned type,
                         uint32_t amount) {
    static const enum rk_op shifts[] = {OP_lsl_ri_n, OP_lsr_ri_n, OP_asr_ri_n, OP_ror_ri_n};
    bool move = type == 0 && amount == 0;
    if (move) {
        rk_decode_set(i, s ? OP_mov_rrs_w : rd == 13 ? OP_mov_sp_w : OP_mov_rr_w, rd, 0, rm, 0);
        if (rd == 15 || rm == 15 || (rd == 13 && rm == 13) || (s && (rd == 13 || rm == 13))) {
            rk_decode_refuse(i);
        }
        return;
    }
    if (type == 4) {
        rk_decode_set(i, s ? OP_mov_rss_w : OP_mov_rs_w, rd, 0, rm, amount);
        i->d = 4;
    } else {
        rk_decode_set(i, family(shifts[type], s ? 3 : 1), rd, rm, 0, amount);
    }
    if (rd == 13 || rd == 15 || rm == 13 || rm == 15) {
        rk_decode_refuse(i);
    }
}

/* A5.3.11 */
static void shifted_register(struct rk_insn *i) {
    unsigned number = rk_bits(i->hw1, 5, 4), rn = rk_bits(i->hw1, 0, 4);
    unsigned rd = rk_bits(i->hw2, 8, 4), rm = rk_bits(i->hw2, 0, 4), type;
    const struct row *row = &rows[number];
    bool s = i->hw1 & 0x10u;
    uint32_t amount;
    imm_shift(i, &type, &amount);
    if (row->first == OP_undecoded) {
        i->op = OP_undefined;
        return;
    }
    if (number == 2 && rn == 15) {
        move_shifted(i, s, rd, rm, type, amount);
    } else if (rd == 15 && s && row->test != OP_undecoded) {
        rk_decode_set(i, family(row->test, amount ? TEST_RS : TEST_RR), 0, rn, rm, amount);
        i->d = (uint8_t)type;
        if (rn == 15 || rm == 15 || rm == 13 || (rn == 13 && !row->sp)) {
            rk_decode_refuse(i);
        }
    } else {
        bool no_rn = rn == 15 && row->no_rn != OP_undecoded;
        unsigned place = amount == 0 ? (s ? RRS : RR) : s ? RSS : type == 0 ? RL : RS;
        rk_decode_set(i, family(no_rn ? row->no_rn : row->first, place), rd, no_rn ? 0 : rn, rm,
                      amount);
        i->d = (uint8_t)type;
        if (rd == 15 || rm == 13 || rm == 15 || (rn == 15 && !no_rn) || (rn == 13 && !row->sp) ||
            (rd == 13 && (!row->sp || rn != 13 || s || type != 0 || amount > 3))) {
            rk_decode_refuse(i);
        } else if (rd == 13) {
            i->op = number == 8 ? OP_add_sp_w : OP_sub_sp_w;
        }
    }
    if (i->hw2 & 0x8000u) {
        rk_decode_unpredictable(i);
    }
}

static void saturate(struct rk_insn *i, bool is_signed, unsigned rd, unsigned rn) {
    bool arithmetic = i->hw1 & 0x20u;
    uint32_t amount = rk_bits(i->hw2, 12, 3) << 2 | rk_bits(i->hw2, 6, 2);
    if (arithmetic && amount == 0) {
        i->op = OP_undefined; /* SSAT16, USAT16 */
        return;
    }
    uint32_t width = rk_bits(i->hw2, 0, 5) + (is_signed ? 1u : 0);
    rk_decode_set(i, is_signed ? OP_ssat_w : OP_usat_w, rd, rn, width,
                  amount | (arithmetic ? 2u << 8 : 0));
    if (i->hw2 & 0x20u || i->hw1 & 0x400u) {
        rk_decode_unpredictable(i);
    }
}

static void bit_field(struct rk_insn *i, unsigned op, unsigned rd, unsigned rn) {
    unsigned lsb = rk_bits(i->hw2, 12, 3) << 2 | rk_bits(i->hw2, 6, 2);
    unsigned top = rk_bits(i->hw2, 0, 5);
    unsigned width = op == 0x16 ? top + 1 - lsb : top + 1;
    if ((op == 0x16 && top < lsb) || lsb + width > 32) {
        rk_decode_set(i, OP_nop_w, 0, 0, 0, 0);
        rk_decode_refuse(i);
        return;
    }
    uint32_t mask = (uint32_t)((UINT64_C(1) << width) - 1);
    if (op == 0x14) {
        rk_decode_set(i, OP_sbfx_w, rd, rn, 32 - lsb - width, 0);
        i->d = (uint8_t)(32 - width);
    } else if (op == 0x1C) {
        rk_decode_set(i, OP_ubfx_w, rd, rn, 0, mask);
        i->d = (uint8_t)lsb;
    } else {
        rk_decode_set(i, rn == 15 ? OP_bfc_w : OP_bfi_w, rd, rn == 15 ? rd : rn, rd, mask << lsb);
        i->d = (uint8_t)lsb;
    }
    if (i->hw2 & 0x20u || i->hw1 & 0x400u) {
        rk_decode_unpredictable(i);
    }
}

static void add_wide(struct rk_insn *i, bool subtract, unsigned rd, unsigned rn) {
    uint32_t imm = imm12_of(i);
    if (rn == 15) {
        rk_decode_set(i, OP_adr_w, rd, 0, 0, subtract ? -imm : imm);
        if (rd == 13 || rd == 15) {
            rk_decode_refuse(i);
        }
        return;
    }
    rk_decode_set(i, subtract ? OP_sub_ri_w : OP_add_ri_w, rd, rn, 0, imm);
    if (rd == 15) {
        rk_decode_refuse(i);
    } else if (rd == 13) {
        to_sp(i, rn, false, imm);
    }
}

/* A5.3.3 */
static void plain_imm(struct rk_insn *i) {
    unsigned op = rk_bits(i->hw1, 4, 5), rn = rk_bits(i->hw1, 0, 4), rd = rk_bits(i->hw2, 8, 4);
    uint32_t imm16 = rn << 12 | imm12_of(i);
    bool needs_rn = true;
    switch (op) {
    case 0x00: add_wide(i, false, rd, rn); return;
    case 0x0A: add_wide(i, true, rd, rn); return;
    case 0x04:
        rk_decode_set(i, OP_mov_ri_w, rd, 0, 0, imm16);
        needs_rn = false;
        break;
    case 0x0C:
        rk_decode_set(i, OP_movt_w, rd, rd, 0, imm16 << 16);
        needs_rn = false;
        break;
    case 0x10:
    case 0x12: saturate(i, true, rd, rn); break;
    case 0x18:
    case 0x1A: saturate(i, false, rd, rn); break;
    case 0x14:
    case 0x1C: bit_field(i, op, rd, rn); break;
    case 0x16:
        bit_field(i, op, rd, rn);
        needs_rn = rn == 13;
        break;
    default: i->op = OP_undefined; return;
    }
    if (rd == 13 || rd == 15 || (needs_rn && (rn == 13 || rn == 15))) {
        rk_decode_refuse(i);
    }
}

/* --- branches and control, A5.3.4
 * ------------------------------------------------------------------
 */

static void branch_cond(struct rk_insn *i) {
    unsigned cond = rk_bits(i->hw1, 6, 4);
    uint32_t imm = rk_bits(i->hw1, 10, 1) << 20 | rk_bits(i->hw2, 11, 1) << 19 |
                   rk_bits(i->hw2, 13, 1) << 18 | rk_bits(i->hw1, 0, 6) << 12 |
                   rk_bits(i->hw2, 0, 11) << 1;
    int32_t distance = (int32_t)(imm << 11) >> 11;
    bool back = distance <= -4;
    i->d = (uint8_t)cond;
    rk_decode_branch(i, (enum rk_op)((back ? OP_bcc_back_eq_w : OP_bcc_eq_w) + 2 * cond),
                     OP_bcc_far_w, distance);
    if (i->it) {
        rk_decode_refuse(i);
    }
}

static void branch_wide(struct rk_insn *i, bool link) {
    uint32_t s = rk_bits(i->hw1, 10, 1);
    uint32_t i1 = ~(rk_bits(i->hw2, 13, 1) ^ s) & 1u, i2 = ~(rk_bits(i->hw2, 11, 1) ^ s) & 1u;
    uint32_t imm =
        s << 24 | i1 << 23 | i2 << 22 | rk_bits(i->hw1, 0, 10) << 12 | rk_bits(i->hw2, 0, 11) << 1;
    int32_t distance = (int32_t)(imm << 7) >> 7;
    if (link) {
        rk_decode_branch(i, OP_bl_w, OP_bl_far_w, distance);
    } else {
        rk_decode_branch(i, distance <= -4 ? OP_b_back_w : OP_b_w, OP_b_far_w, distance);
    }
    rk_decode_branches(i);
}

static void hints(struct rk_insn *i) {
    unsigned op = rk_bits(i->hw2, 0, 8);
    static const enum rk_op known[] = {OP_nop_w, OP_nop_w, OP_wfe_w, OP_wfi_w, OP_sev_w};
    rk_decode_set(i, op < 5 ? known[op] : OP_nop_w, 0, 0, 0, 0);
    if (i->hw2 & 0x700u) {
        i->op = OP_undefined; /* CPS and others of the A profile */
    } else if ((i->hw1 & 15u) != 15 || i->hw2 & 0x2800u) {
        rk_decode_unpredictable(i);
    }
}

static void barriers(struct rk_insn *i) {
    switch (rk_bits(i->hw2, 4, 4)) {
    case 2: rk_decode_set(i, OP_clrex_w, 0, 0, 0, 0); break;
    case 4:
    case 5:
    case 6: rk_decode_set(i, OP_nop_w, 0, 0, 0, 0); break;
    default: i->op = OP_undefined; return;
    }
    if ((i->hw1 & 15u) != 15 || (i->hw2 & 0x2F00u) != 0x0F00u) {
        rk_decode_unpredictable(i);
    }
}

static void special_register(struct rk_insn *i, bool read) {
    unsigned sysm = rk_bits(i->hw2, 0, 8), rn = rk_bits(i->hw1, 0, 4), rd = rk_bits(i->hw2, 8, 4);
    if (read) {
        rk_decode_set(i, OP_mrs_w, rd, 0, 0, sysm);
        if (rd == 13 || rd == 15) {
            rk_decode_refuse(i);
        } else if (rn != 15 || i->hw1 & 0x10u || i->hw2 & 0x2000u) {
            rk_decode_unpredictable(i);
        }
        return;
    }
    rk_decode_set(i, OP_msr_w, 0, rn, 0, sysm);
    i->d = (uint8_t)rk_bits(i->hw2, 10, 2);
    if (rn == 13 || rn == 15) {
        rk_decode_refuse(i);
    } else if (i->hw1 & 0x10u || i->hw2 & 0x2300u || i->d == 0 || (i->d != 2 && sysm > 3)) {
        rk_decode_unpredictable(i); /* no DSP extension: the GE bits are reserved */
    }
}

static void control(struct rk_insn *i) {
    unsigned op = rk_bits(i->hw1, 4, 7);
    bool b14 = i->hw2 & 0x4000u, b12 = i->hw2 & 0x1000u;
    if (b12) {
        branch_wide(i, b14);
    } else if (b14) {
        i->op = OP_undefined; /* BLX to ARM; UDF */
    } else if ((op & 0x38u) != 0x38u) {
        branch_cond(i);
    } else if (op == 0x38 || op == 0x39) {
        special_register(i, false);
    } else if (op == 0x3A) {
        hints(i);
    } else if (op == 0x3B) {
        barriers(i);
    } else if (op == 0x3E || op == 0x3F) {
        special_register(i, true);
    } else {
        i->op = OP_undefined;
    }
}

/* --- registers, A5.3.12 to A5.3.17 ---------------------------------------------------------------
 */

static bool bad(unsigned r) {
    return r == 13 || r == 15;
}

static void reverse_or_count(struct rk_insn *i, unsigned rd, unsigned rn, unsigned rm) {
    static const enum rk_op reverses[] = {OP_rev_w, OP_rev16_w, OP_rbit_w, OP_revsh_w};
    unsigned op1 = rk_bits(i->hw1, 4, 2), op2 = rk_bits(i->hw2, 4, 2);
    if (op1 == 1) {
        rk_decode_set(i, reverses[op2], rd, rm, 0, 0);
    } else if (op1 == 3 && op2 == 0) {
        rk_decode_set(i, OP_clz_w, rd, rm, 0, 0);
    } else {
        i->op = OP_undefined;
        return;
    }
    if (bad(rd) || bad(rm)) {
        rk_decode_refuse(i);
    } else if (rn != rm) {
        rk_decode_unpredictable(i);
    }
}

static void extend(struct rk_insn *i, unsigned rd, unsigned rn, unsigned rm) {
    static const enum rk_op ops[] = {OP_sxth_w, OP_uxth_w, OP_undefined, OP_undefined,
                                     OP_sxtb_w, OP_uxtb_w, OP_undefined, OP_undefined};
    enum rk_op op = ops[rk_bits(i->hw1, 4, 3)];
    if (rn != 15 || op == OP_undefined) {
        i->op = OP_undefined; /* SXTAB and the others that add */
        return;
    }
    rk_decode_set(i, op, rd, rm, 0, rk_bits(i->hw2, 4, 2) * 8);
    if (bad(rd) || bad(rm)) {
        rk_decode_refuse(i);
    } else if (i->hw2 & 0x40u) {
        rk_decode_unpredictable(i);
    }
}

static void data_register(struct rk_insn *i) {
    static const enum rk_op shifts[] = {OP_lsl_rr_w, OP_lsr_rr_w, OP_asr_rr_w, OP_ror_rr_w};
    static const enum rk_op flagged[] = {OP_lsl_rrs_w, OP_lsr_rrs_w, OP_asr_rrs_w, OP_ror_rrs_w};
    unsigned rn = rk_bits(i->hw1, 0, 4), rd = rk_bits(i->hw2, 8, 4), rm = rk_bits(i->hw2, 0, 4);
    if ((i->hw2 & 0xF000u) != 0xF000u) {
        i->op = OP_undefined;
    } else if (i->hw1 & 0x80u) {
        if ((i->hw2 & 0xC0u) == 0x80u && !(i->hw1 & 0x40u)) {
            reverse_or_count(i, rd, rn, rm);
        } else {
            i->op = OP_undefined; /* parallel arithmetic */
        }
    } else if (i->hw2 & 0x80u) {
        extend(i, rd, rn, rm);
    } else if ((i->hw2 & 0x70u) == 0) {
        unsigned type = rk_bits(i->hw1, 5, 2);
        rk_decode_set(i, (i->hw1 & 0x10u ? flagged : shifts)[type], rd, rn, rm, 0);
        if (bad(rd) || bad(rn) || bad(rm)) {
            rk_decode_refuse(i);
        }
    } else {
        i->op = OP_undefined;
    }
}

static void multiply(struct rk_insn *i) {
    unsigned rn = rk_bits(i->hw1, 0, 4), ra = rk_bits(i->hw2, 12, 4);
    unsigned rd = rk_bits(i->hw2, 8, 4), rm = rk_bits(i->hw2, 0, 4), op = rk_bits(i->hw2, 4, 4);
    if (rk_bits(i->hw1, 4, 3) != 0 || op > 1) {
        i->op = OP_undefined;
        return;
    }
    bool plain = op == 0 && ra == 15;
    rk_decode_set(i, op ? OP_mls_w : plain ? OP_mul_w : OP_mla_w, rd, rn, rm, 0);
    i->d = (uint8_t)(plain ? 0 : ra);
    if (bad(rd) || bad(rn) || bad(rm) || (!plain && bad(ra))) {
        rk_decode_refuse(i);
    }
}

static void multiply_long(struct rk_insn *i) {
    unsigned rn = rk_bits(i->hw1, 0, 4), lo = rk_bits(i->hw2, 12, 4);
    unsigned hi = rk_bits(i->hw2, 8, 4), rm = rk_bits(i->hw2, 0, 4), op2 = rk_bits(i->hw2, 4, 4);
    enum rk_op op = OP_undefined;
    switch (rk_bits(i->hw1, 4, 3) << 4 | op2) {
    case 0x00: op = OP_smull_w; break;
    case 0x1F: op = OP_sdiv_w; break;
    case 0x20: op = OP_umull_w; break;
    case 0x3F: op = OP_udiv_w; break;
    case 0x40: op = OP_smlal_w; break;
    case 0x60: op = OP_umlal_w; break;
    default: break;
    }
    bool divide = op == OP_sdiv_w || op == OP_udiv_w;
    rk_decode_set(i, op, divide ? hi : lo, rn, rm, 0);
    i->d = (uint8_t)(divide ? 0 : hi);
    if (op == OP_undefined) {
        return;
    }
    if (bad(hi) || bad(rn) || bad(rm) || (!divide && (bad(lo) || lo == hi))) {
        rk_decode_refuse(i);
    } else if (divide && lo != 15) {
        rk_decode_unpredictable(i);
    }
}

/* A5.3.18 */
static void coprocessor(struct rk_insn *i) {
    unsigned op = rk_bits(i->hw1, 4, 6);
    i->op = op >= 0x30 || op < 2 ? OP_undefined : OP_no_coprocessor;
}

void rk_decode_32(struct rk_insn *i) {
    unsigned op1 = rk_bits(i->hw1, 11, 2), op2 = rk_bits(i->hw1, 4, 7);
    if (op2 & 0x40u && op1 != 2) {
        coprocessor(i);
    } else if (op1 == 1) {
        if (op2 & 0x20u) {
            shifted_register(i);
        } else if (op2 & 0x04u) {
            rk_decode_dual(i);
        } else {
            rk_decode_multiple(i);
        }
    } else if (op1 == 2) {
        if (i->hw2 & 0x8000u) {
            control(i);
        } else if (op2 & 0x20u) {
            plain_imm(i);
        } else {
            modified_imm(i);
        }
    } else if (!(op2 & 0x20u)) {
        rk_decode_single(i);
    } else if (!(op2 & 0x10u)) {
        data_register(i);
    } else {
        (op2 & 0x08u ? multiply_long : multiply)(i);
    }
}
