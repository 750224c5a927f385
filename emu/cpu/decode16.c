/* The 16-bit encodings: DDI0403 A5.2, A7.7. Inside an IT block the data processing forms set no
 * flags; that is decided here, once.
 */
#include "emu/cpu/decode.h"

/* The form that sets flags outside an IT block and none inside. */
static void set_s(struct rk_insn *i, enum rk_op flagged, enum rk_op plain, unsigned a, unsigned b,
                  unsigned c, uint32_t imm) {
    rk_decode_set(i, i->it ? plain : flagged, a, b, c, imm);
}

/* A5.2.1: shift by immediate, add, subtract, move, compare. */
static void shift_imm(struct rk_insn *i) {
    unsigned type = rk_bits(i->hw1, 11, 2), n = rk_bits(i->hw1, 6, 5);
    unsigned rm = rk_bits(i->hw1, 3, 3), rd = rk_bits(i->hw1, 0, 3);
    if (type == 0 && n == 0) {
        set_s(i, OP_mov_rrs_n, OP_mov_rr_n, rd, 0, rm, 0);
        if (i->it) {
            rk_decode_unpredictable(i); /* A7.7.77 T2 */
        }
        return;
    }
    static const enum rk_op flagged[] = {OP_lsl_ris_n, OP_lsr_ris_n, OP_asr_ris_n};
    static const enum rk_op plain[] = {OP_lsl_ri_n, OP_lsr_ri_n, OP_asr_ri_n};
    set_s(i, flagged[type], plain[type], rd, rm, 0, n ? n : 32);
}

static void add_sub_3(struct rk_insn *i) {
    unsigned rd = rk_bits(i->hw1, 0, 3), rn = rk_bits(i->hw1, 3, 3), x = rk_bits(i->hw1, 6, 3);
    switch (rk_bits(i->hw1, 9, 2)) {
    case 0: set_s(i, OP_add_rrs_n, OP_add_rr_n, rd, rn, x, 0); break;
    case 1: set_s(i, OP_sub_rrs_n, OP_sub_rr_n, rd, rn, x, 0); break;
    case 2: set_s(i, OP_add_ris_n, OP_add_ri_n, rd, rn, 0, x); break;
    default: set_s(i, OP_sub_ris_n, OP_sub_ri_n, rd, rn, 0, x); break;
    }
}

static void imm_8(struct rk_insn *i) {
    unsigned rd = rk_bits(i->hw1, 8, 3);
    uint32_t imm = rk_bits(i->hw1, 0, 8);
    switch (rk_bits(i->hw1, 11, 2)) {
    case 0: set_s(i, OP_mov_ris_n, OP_mov_ri_n, rd, 0, 0, imm); break;
    case 1: rk_decode_set(i, OP_cmp_ri_n, 0, rd, 0, imm); break;
    case 2: set_s(i, OP_add_ris_n, OP_add_ri_n, rd, rd, 0, imm); break;
    default: set_s(i, OP_sub_ris_n, OP_sub_ri_n, rd, rd, 0, imm); break;
    }
}

/* A5.2.2 */
static void data_processing(struct rk_insn *i) {
    static const enum rk_op flagged[] = {OP_and_rrs_n, OP_eor_rrs_n, OP_lsl_rrs_n, OP_lsr_rrs_n,
                                         OP_asr_rrs_n, OP_adc_rrs_n, OP_sbc_rrs_n, OP_ror_rrs_n,
                                         OP_tst_rr_n,  OP_rsb_ris_n, OP_cmp_rr_n,  OP_cmn_rr_n,
                                         OP_orr_rrs_n, OP_muls_n,    OP_bic_rrs_n, OP_mvn_rrs_n};
    static const enum rk_op plain[] = {OP_and_rr_n, OP_eor_rr_n, OP_lsl_rr_n, OP_lsr_rr_n,
                                       OP_asr_rr_n, OP_adc_rr_n, OP_sbc_rr_n, OP_ror_rr_n,
                                       OP_tst_rr_n, OP_rsb_ri_n, OP_cmp_rr_n, OP_cmn_rr_n,
                                       OP_orr_rr_n, OP_mul_n,    OP_bic_rr_n, OP_mvn_rr_n};
    unsigned op = rk_bits(i->hw1, 6, 4), rdn = rk_bits(i->hw1, 0, 3), rm = rk_bits(i->hw1, 3, 3);
    set_s(i, flagged[op], plain[op], rdn, op == 9 ? rm : rdn, rm, 0);
}

static void add_high(struct rk_insn *i, unsigned rdn, unsigned rm) {
    if (rdn == 15) {
        rk_decode_set(i, OP_add_to_pc_n, 0, 0, rm, 0);
        rk_decode_branches(i);
        if (rm == 15) {
            rk_decode_refuse(i);
        }
    } else if (rm == 15) {
        rk_decode_set(i, OP_add_pc_n, rdn, rdn, 0, 0);
        if (rdn == 13) {
            rk_decode_refuse(i);
        }
    } else {
        rk_decode_set(i, rdn == 13 ? OP_add_sp_n : OP_add_rr_n, rdn, rdn, rm, 0);
    }
}

static void mov_high(struct rk_insn *i, unsigned rd, unsigned rm) {
    if (rd == 15) {
        rk_decode_set(i, OP_mov_to_pc_n, 0, 0, rm, 0);
        rk_decode_branches(i);
        if (rm == 15) {
            /* A branch to PC + 4: the record has no PC to read. */
            rk_decode_branch(i, OP_b_n, OP_b_far_n, 0);
        }
    } else if (rm == 15) {
        rk_decode_set(i, OP_mov_pc_n, rd, 0, 0, 0);
        if (rd == 13) {
            rk_decode_refuse(i);
        }
    } else {
        rk_decode_set(i, rd == 13 ? OP_mov_sp_n : OP_mov_rr_n, rd, 0, rm, 0);
    }
}

static void branch_exchange(struct rk_insn *i, unsigned rm) {
    bool link = i->hw1 & 0x80u;
    rk_decode_set(i, link ? OP_blx_n : OP_bx_n, 0, 0, rm, 0);
    if (i->hw1 & 7u) {
        rk_decode_unpredictable(i);
    }
    rk_decode_branches(i);
    if (rm == 15) {
        rk_decode_refuse(i); /* BX PC would leave Thumb; BLX PC is UNPREDICTABLE */
    }
}

/* A5.2.3 */
static void special(struct rk_insn *i) {
    unsigned rdn = rk_bits(i->hw1, 0, 3) | rk_bits(i->hw1, 7, 1) << 3, rm = rk_bits(i->hw1, 3, 4);
    switch (rk_bits(i->hw1, 8, 2)) {
    case 0: add_high(i, rdn, rm); break;
    case 1:
        rk_decode_set(i, OP_cmp_rr_n, 0, rdn, rm, 0);
        if (rdn == 15 || rm == 15) {
            rk_decode_refuse(i);
        } else if (rdn < 8 && rm < 8) {
            rk_decode_unpredictable(i);
        }
        break;
    case 2: mov_high(i, rdn, rm); break;
    default: branch_exchange(i, rm); break;
    }
}

static void literal(struct rk_insn *i) {
    uint32_t imm = rk_bits(i->hw1, 0, 8) * 4, at = ((i->off + 4) & ~3u) + imm;
    if (i->in_flash && at + 4 <= i->size) {
        rk_decode_set(i, OP_ldr_flash_n, rk_bits(i->hw1, 8, 3), 15, 0, at);
    } else {
        rk_decode_set(i, OP_ldr_lit_n, rk_bits(i->hw1, 8, 3), 15, 0, imm);
    }
}

/* A5.2.4 */
static void load_store_reg(struct rk_insn *i) {
    static const enum rk_op ops[] = {OP_str_r_n, OP_strh_r_n, OP_strb_r_n, OP_ldrsb_r_n,
                                     OP_ldr_r_n, OP_ldrh_r_n, OP_ldrb_r_n, OP_ldrsh_r_n};
    rk_decode_set(i, ops[rk_bits(i->hw1, 9, 3)], rk_bits(i->hw1, 0, 3), rk_bits(i->hw1, 3, 3),
                  rk_bits(i->hw1, 6, 3), 0);
}

static void load_store_imm(struct rk_insn *i) {
    unsigned group = rk_bits(i->hw1, 12, 4);
    bool load = i->hw1 & 0x800u;
    unsigned rt = rk_bits(i->hw1, 0, 3), rn = rk_bits(i->hw1, 3, 3);
    uint32_t imm = rk_bits(i->hw1, 6, 5);
    switch (group) {
    case 6: rk_decode_set(i, load ? OP_ldr_i_n : OP_str_i_n, rt, rn, 0, imm * 4); break;
    case 7: rk_decode_set(i, load ? OP_ldrb_i_n : OP_strb_i_n, rt, rn, 0, imm); break;
    case 8: rk_decode_set(i, load ? OP_ldrh_i_n : OP_strh_i_n, rt, rn, 0, imm * 2); break;
    default:
        rk_decode_set(i, load ? OP_ldr_i_n : OP_str_i_n, rk_bits(i->hw1, 8, 3), 13, 0,
                      rk_bits(i->hw1, 0, 8) * 4);
        break;
    }
}

static void multiple(struct rk_insn *i, bool load, unsigned rn, uint32_t list, unsigned mode) {
    enum rk_op op = !load ? OP_stm_n : list & 0x8000u ? OP_ldm_pc_n : OP_ldm_n;
    rk_decode_set(i, op, 0, rn, (unsigned)__builtin_popcount(list), list);
    i->d = (uint8_t)mode;
    if (list == 0) {
        rk_decode_refuse(i);
    }
    if (op == OP_ldm_pc_n) {
        rk_decode_branches(i);
    }
}

static void push_pop(struct rk_insn *i) {
    bool pop = i->hw1 & 0x800u;
    uint32_t list = rk_bits(i->hw1, 0, 8);
    list |= i->hw1 & 0x100u ? (pop ? 0x8000u : 0x4000u) : 0;
    multiple(i, pop, 13, list, pop ? 1 : 3);
}

static void load_store_multiple(struct rk_insn *i) {
    bool load = i->hw1 & 0x800u;
    unsigned rn = rk_bits(i->hw1, 8, 3);
    uint32_t list = rk_bits(i->hw1, 0, 8);
    bool in_list = list >> rn & 1u;
    multiple(i, load, rn, list, load && in_list ? 0 : 1);
    if (!load && in_list && list & ((1u << rn) - 1u)) {
        rk_decode_unpredictable(i); /* what is stored for Rn is UNKNOWN: its old value here */
    }
}

static void hints_and_it(struct rk_insn *i) {
    unsigned op = rk_bits(i->hw1, 4, 4), mask = rk_bits(i->hw1, 0, 4);
    static const enum rk_op hints[] = {OP_nop_n, OP_nop_n, OP_wfe_n, OP_wfi_n, OP_sev_n};
    if (mask == 0) {
        rk_decode_set(i, op < 5 ? hints[op] : OP_nop_n, 0, 0, 0, 0);
        return;
    }
    rk_decode_set(i, OP_it_n, 0, 0, 0, op << 4 | mask);
    if (op == 15 || (op == 14 && __builtin_popcount(mask) != 1) || i->it) {
        rk_decode_refuse(i);
    }
}

static void cps(struct rk_insn *i) {
    if ((i->hw1 & 0xFFE0u) != 0xB660u) {
        i->op = OP_undefined;
        return;
    }
    rk_decode_set(i, OP_cps_n, rk_bits(i->hw1, 4, 1), rk_bits(i->hw1, 0, 2), 0, 0);
    if ((i->hw1 & 0xCu) || !(i->hw1 & 3u) || i->it) {
        rk_decode_unpredictable(i);
    }
}

static void extend_or_reverse(struct rk_insn *i, bool reverse) {
    static const enum rk_op extends[] = {OP_sxth_n, OP_sxtb_n, OP_uxth_n, OP_uxtb_n};
    static const enum rk_op reverses[] = {OP_rev_n, OP_rev16_n, OP_undefined, OP_revsh_n};
    unsigned op = rk_bits(i->hw1, 6, 2);
    rk_decode_set(i, reverse ? reverses[op] : extends[op], rk_bits(i->hw1, 0, 3),
                  rk_bits(i->hw1, 3, 3), 0, 0);
}

/* A5.2.5 */
static void miscellaneous(struct rk_insn *i) {
    uint32_t imm7 = rk_bits(i->hw1, 0, 7) * 4;
    switch (rk_bits(i->hw1, 8, 4)) {
    case 0x0: rk_decode_set(i, i->hw1 & 0x80u ? OP_sub_ri_n : OP_add_ri_n, 13, 13, 0, imm7); break;
    case 0x1:
    case 0x3:
    case 0x9:
    case 0xB:
        rk_decode_set(i, OP_cbz_n, 0, rk_bits(i->hw1, 0, 3), rk_bits(i->hw1, 11, 1), 0);
        rk_decode_branch(i, i->c ? OP_cbnz_n : OP_cbz_n, OP_cbz_far_n,
                         (int32_t)(rk_bits(i->hw1, 3, 5) << 1 | rk_bits(i->hw1, 9, 1) << 6));
        if (i->it) {
            rk_decode_refuse(i);
        }
        break;
    case 0x2: extend_or_reverse(i, false); break;
    case 0x4:
    case 0x5:
    case 0xC:
    case 0xD: push_pop(i); break;
    case 0x6: cps(i); break;
    case 0xA: extend_or_reverse(i, true); break;
    case 0xE: rk_decode_set(i, OP_bkpt_n, 0, 0, 0, rk_bits(i->hw1, 0, 8)); break;
    case 0xF: hints_and_it(i); break;
    default: i->op = OP_undefined; break;
    }
}

/* A5.2.6 */
static void branch_or_svc(struct rk_insn *i) {
    unsigned cond = rk_bits(i->hw1, 8, 4);
    if (cond == 14) {
        i->op = OP_undefined; /* UDF */
    } else if (cond == 15) {
        rk_decode_set(i, OP_svc_n, 0, 0, 0, rk_bits(i->hw1, 0, 8));
    } else {
        int32_t distance = (int8_t)rk_bits(i->hw1, 0, 8) * 2;
        bool back = distance <= -4;
        i->d = (uint8_t)cond;
        rk_decode_branch(i, (enum rk_op)((back ? OP_bcc_back_eq_n : OP_bcc_eq_n) + 2 * cond),
                         OP_bcc_far_n, distance);
        if (i->it) {
            rk_decode_refuse(i);
        }
    }
}

static void branch(struct rk_insn *i) {
    int32_t distance = (int32_t)(rk_bits(i->hw1, 0, 11) << 21) >> 20;
    rk_decode_branch(i, distance <= -4 ? OP_b_back_n : OP_b_n, OP_b_far_n, distance);
    rk_decode_branches(i);
}

void rk_decode_16(struct rk_insn *i) {
    switch (rk_bits(i->hw1, 11, 5)) {
    case 0:
    case 1:
    case 2: shift_imm(i); break;
    case 3: add_sub_3(i); break;
    case 4:
    case 5:
    case 6:
    case 7: imm_8(i); break;
    case 8: (i->hw1 & 0x400u ? special : data_processing)(i); break;
    case 9: literal(i); break;
    case 10:
    case 11: load_store_reg(i); break;
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19: load_store_imm(i); break;
    case 20:
        rk_decode_set(i, OP_adr_n, rk_bits(i->hw1, 8, 3), 0, 0, rk_bits(i->hw1, 0, 8) * 4);
        break;
    case 21:
        rk_decode_set(i, OP_add_ri_n, rk_bits(i->hw1, 8, 3), 13, 0, rk_bits(i->hw1, 0, 8) * 4);
        break;
    case 22:
    case 23: miscellaneous(i); break;
    case 24:
    case 25: load_store_multiple(i); break;
    case 26:
    case 27: branch_or_svc(i); break;
    default: branch(i); break;
    }
}
