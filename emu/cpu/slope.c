/* Slopes over instructions: see slope.h. Addition, subtraction, shifts to the left and products
 * with a constant keep a value linear (modulo 2^32, as the core computes). A compare, a quotient, a
 * shift to the right or a mask give a constant for as long as the value stays in the same stretch
 * of numbers; that bounds the turns. Everything else resists.
 */
#include "emu/cpu/slope.h"

enum op_class {
    CLASS_STAGE,
    CLASS_ALU_RR,
    CLASS_ALU_RI,
    CLASS_ALU2_RI,
    CLASS_TEST_RR,
    CLASS_TEST_RI,
    CLASS_CONST,
    CLASS_LOAD_I,
    CLASS_LOAD_R,
    CLASS_LOAD_WB,
    CLASS_STORE_I,
    CLASS_STORE_R,
    CLASS_STORE_WB,
    CLASS_LDRD,
    CLASS_STRD,
    CLASS_LDM,
    CLASS_STM,
    CLASS_BRANCH,
    CLASS_BL,
    CLASS_CBZ,
    CLASS_BX,
    CLASS_NOP,
    CLASS_OTHER,
};

static const uint8_t class_of[OP_COUNT] = {
#define RK_OP(name, class) CLASS_##class,
#include "emu/cpu/op.def"
#undef RK_OP
};

/* Places in the families of op.def. */
enum { ALU_FORMS = 12, TEST_FORMS = 6, SHIFT_FORMS = 8 };
enum { FORM_RL = 9, FORM_RS = 10, FORM_RSS = 11 };

static bool in_family(enum rk_op op, enum rk_op first, unsigned forms) {
    return (unsigned)op - (unsigned)first < forms;
}

static bool alu_sets_flags(unsigned form) {
    return form == 2 || form == 3 || form == 6 || form == 7 || form == 8 || form == FORM_RSS;
}

void rk_slope_limit(struct rk_slopes *s, uint64_t turns) {
    s->turns = RK_MIN(s->turns, turns);
}

/* Turns for which value + j * slope stays within [low, high], which holds value. */
static uint64_t turns_within(uint32_t value, uint32_t slope, uint32_t low, uint32_t high) {
    int32_t step = (int32_t)slope;
    if (step == 0) {
        return UINT64_MAX;
    }
    return step > 0 ? (high - value) / (uint32_t)step : (value - low) / (uint32_t)(-(int64_t)step);
}

static uint64_t turns_same_sign(uint32_t value, uint32_t slope) {
    return value >> 31 ? turns_within(value, slope, 0x80000000u, 0xFFFFFFFFu)
                       : turns_within(value, slope, 0, 0x7FFFFFFFu);
}

/* Neither N nor Z of the result changes. */
static uint64_t turns_same_nz(uint32_t value, uint32_t slope) {
    return value == 0         ? (slope ? 0 : UINT64_MAX)
           : value >> 31 == 0 ? turns_within(value, slope, 1, 0x7FFFFFFFu)
                              : turns_same_sign(value, slope);
}

/* NZCV of x + y or x - y depend on the three sign bits and on the result being 0. */
static void keep_flags(struct rk_slopes *s, uint32_t x, uint32_t sx, uint32_t y, uint32_t sy,
                       uint32_t res, uint32_t sres) {
    rk_slope_limit(s, turns_same_sign(x, sx));
    rk_slope_limit(s, turns_same_sign(y, sy));
    rk_slope_limit(s, turns_same_nz(res, sres));
}

static void set(struct rk_slopes *s, unsigned reg, uint32_t slope) {
    if (reg < 15) {
        s->reg[reg] = slope;
    }
}

static void resist_if(struct rk_slopes *s, uint32_t slope) {
    s->resists = s->resists || slope != 0;
}

/* --- the linear ones
 * -------------------------------------------------------------------------------
 */

static void add_or_sub(struct rk_slopes *s, const struct rk_slope_step *i, enum rk_op first,
                       unsigned form, uint32_t y, uint32_t sy) {
    uint32_t x = i->r[i->rec->b], sx = s->reg[i->rec->b], res, sres;
    if (first == OP_add_rr_n) {
        res = x + y;
        sres = sx + sy;
    } else if (first == OP_sub_rr_n) {
        res = x - y;
        sres = sx - sy;
    } else {
        res = y - x;
        sres = sy - sx;
    }
    if (alu_sets_flags(form)) {
        keep_flags(s, x, sx, y, sy, res, sres);
    }
    set(s, i->rec->a, sres);
}

/* The second operand of a register form. False: shifted in a way that is not linear. */
static bool operand(const struct rk_slopes *s, const struct rk_slope_step *i, unsigned form,
                    uint32_t *value, uint32_t *slope) {
    const struct rk_rec *rec = i->rec;
    bool shifted = form >= FORM_RL;
    bool left = form == FORM_RL || (shifted && rec->d == 0);
    unsigned n = shifted ? rec->imm : 0;
    if (shifted && !left && s->reg[rec->c] != 0) {
        return false;
    }
    *value = left ? i->r[rec->c] << n : i->r[rec->c];
    *slope = left ? s->reg[rec->c] << n : s->reg[rec->c];
    return !shifted || left;
}

/* The quotient stays, and the cycles of the division, which follow the dividend's size. */
static void quotient(struct rk_slopes *s, uint32_t x, uint32_t sx, uint32_t divisor) {
    if (divisor == 0) {
        return;
    }
    uint32_t low = x / divisor * divisor;
    uint32_t high = divisor - 1 > UINT32_MAX - low ? UINT32_MAX : low + divisor - 1;
    rk_slope_limit(s, turns_within(x, sx, low, high));
    if (x >= divisor) {
        uint32_t top = UINT32_MAX >> __builtin_clz(x);
        rk_slope_limit(s, turns_within(x, sx, top / 2 + 1, top));
    }
}

static void alu_register(struct rk_slopes *s, const struct rk_slope_step *i) {
    const struct rk_rec *rec = i->rec;
    unsigned index = (unsigned)i->op - OP_and_rr_n;
    enum rk_op first = (enum rk_op)(OP_and_rr_n + index / ALU_FORMS * ALU_FORMS);
    unsigned form = index % ALU_FORMS;
    bool alu = index < 12 * ALU_FORMS,
         moves = alu && (first == OP_mov_rr_n || first == OP_mvn_rr_n);
    uint32_t sb = moves ? 0 : s->reg[rec->b], sc = s->reg[rec->c], y, sy;
    if (sb == 0 && sc == 0) {
        set(s, rec->a, 0);
    } else if (alu && first == OP_mov_rr_n && form < FORM_RL) {
        if (alu_sets_flags(form)) {
            rk_slope_limit(s, turns_same_nz(i->r[rec->c], sc));
        }
        set(s, rec->a, sc);
    } else if (alu && (first == OP_add_rr_n || first == OP_sub_rr_n || first == OP_rsb_rr_n)) {
        if (operand(s, i, form, &y, &sy)) {
            add_or_sub(s, i, first, form, y, sy);
        } else {
            s->resists = true;
        }
    } else if ((i->op == OP_mul_n || i->op == OP_mul_w) && (sb == 0 || sc == 0)) {
        set(s, rec->a, sb * i->r[rec->c] + sc * i->r[rec->b]);
    } else if (i->op == OP_udiv_w && sc == 0) {
        quotient(s, i->r[rec->b], sb, i->r[rec->c]);
        set(s, rec->a, 0);
    } else {
        s->resists = true;
    }
}

static void alu_immediate(struct rk_slopes *s, const struct rk_slope_step *i) {
    const struct rk_rec *rec = i->rec;
    unsigned index = (unsigned)i->op - OP_and_rr_n, form = index % ALU_FORMS;
    enum rk_op first = (enum rk_op)(OP_and_rr_n + index / ALU_FORMS * ALU_FORMS);
    bool moves = first == OP_mov_rr_n || first == OP_mvn_rr_n;
    uint32_t x = i->r[rec->b], sx = moves ? 0 : s->reg[rec->b], mask = rec->imm;
    if (sx == 0) {
        set(s, rec->a, 0);
    } else if (first == OP_add_rr_n || first == OP_sub_rr_n || first == OP_rsb_rr_n) {
        add_or_sub(s, i, first, form, rec->imm, 0);
    } else if (first == OP_and_rr_n && (mask & (mask + 1)) == 0) {
        rk_slope_limit(s, turns_within(x, sx, x & ~mask, x | mask));
        if (alu_sets_flags(form)) {
            rk_slope_limit(s, turns_same_nz(x & mask, sx));
        }
        set(s, rec->a, sx);
    } else {
        s->resists = true;
    }
}

/* --- shifts and extensions
 * -------------------------------------------------------------------------
 */

static void one_operand(struct rk_slopes *s, const struct rk_slope_step *i) {
    const struct rk_rec *rec = i->rec;
    bool from_c = i->op == OP_mov_sp_n || i->op == OP_mov_sp_w;
    uint32_t x = i->r[rec->b], sx = s->reg[from_c ? rec->c : rec->b], low_mask;
    if (sx == 0) {
        set(s, rec->a, 0);
        return;
    }
    bool right = i->op == OP_lsr_ri_n || i->op == OP_lsr_ri_w || i->op == OP_asr_ri_n ||
                 i->op == OP_asr_ri_w;
    if (i->op == OP_lsl_ri_n || i->op == OP_lsl_ri_w) {
        set(s, rec->a, sx << rec->imm);
    } else if (right && rec->imm < 32) {
        low_mask = (1u << rec->imm) - 1u;
        rk_slope_limit(s, turns_within(x, sx, x & ~low_mask, x | low_mask));
        set(s, rec->a, 0);
    } else if ((i->op == OP_uxth_n || i->op == OP_uxth_w || i->op == OP_uxtb_n ||
                i->op == OP_uxtb_w) &&
               rec->imm == 0) {
        low_mask = i->op == OP_uxth_n || i->op == OP_uxth_w ? 0xFFFFu : 0xFFu;
        rk_slope_limit(s, turns_within(x, sx, x & ~low_mask, x | low_mask));
        set(s, rec->a, sx);
    } else {
        s->resists = true;
    }
}

static void test(struct rk_slopes *s, const struct rk_slope_step *i, bool immediate) {
    const struct rk_rec *rec = i->rec;
    uint32_t x = i->r[rec->b], sx = s->reg[rec->b];
    uint32_t y = immediate ? rec->imm : i->r[rec->c], sy = immediate ? 0 : s->reg[rec->c];
    if (sx == 0 && sy == 0) {
        return;
    }
    if (in_family(i->op, OP_cmp_rr_n, TEST_FORMS) && i->op != OP_cmp_rs_w) {
        keep_flags(s, x, sx, y, sy, x - y, sx - sy);
    } else if (in_family(i->op, OP_cmn_rr_n, TEST_FORMS) && i->op != OP_cmn_rs_w) {
        keep_flags(s, x, sx, y, sy, x + y, sx + sy);
    } else {
        s->resists = true;
    }
}

/* UMULL by a constant: the high word stays while the product stays in the same 2^32. */
static void long_product(struct rk_slopes *s, const struct rk_slope_step *i) {
    const struct rk_rec *rec = i->rec;
    uint32_t sb = s->reg[rec->b], sc = s->reg[rec->c];
    if (sb == 0 && sc == 0 && i->op != OP_umlal_w && i->op != OP_smlal_w) {
        set(s, rec->a, 0);
        set(s, rec->d, 0);
        return;
    }
    if (i->op != OP_umull_w || (sb && sc)) {
        resist_if(s, sb | sc | s->reg[rec->a] | s->reg[rec->d]);
        return;
    }
    uint32_t x = sb ? i->r[rec->b] : i->r[rec->c], factor = sb ? i->r[rec->c] : i->r[rec->b];
    int64_t step = (int64_t)(int32_t)(sb | sc) * factor;
    uint32_t low = x * factor;
    if (step != 0) {
        rk_slope_limit(s, step > 0 ? (0xFFFFFFFFu - low) / (uint64_t)step : low / (uint64_t)-step);
        rk_slope_limit(s, turns_within(x, sb | sc, 0, 0xFFFFFFFFu));
    }
    set(s, rec->a, (sb | sc) * factor);
    set(s, rec->d, 0);
}

/* --- memory
 * ----------------------------------------------------------------------------------------
 */

static void store_word(struct rk_slope_step *i, uint32_t addr, uint32_t slope) {
    i->store[i->store_count].addr = addr;
    i->store[i->store_count].slope = slope;
    i->store_count++;
}

static bool is_post(enum rk_op op) {
    return op == OP_ldr_post_w || op == OP_ldrb_post_w || op == OP_ldrh_post_w ||
           op == OP_ldrsb_post_w || op == OP_ldrsh_post_w || op == OP_str_post_w ||
           op == OP_strb_post_w || op == OP_strh_post_w;
}

static void one_register(struct rk_slopes *s, struct rk_slope_step *i, bool load,
                         bool by_register) {
    const struct rk_rec *rec = i->rec;
    resist_if(s, s->reg[rec->b] | (by_register ? s->reg[rec->c] : 0));
    /* imm of a register form is the shift of the index; the narrow one has none */
    uint32_t addr = i->r[rec->b] + (by_register      ? i->r[rec->c] << rec->imm
                                    : is_post(i->op) ? 0
                                                     : rec->imm);
    if (load) {
        i->load_addr = addr;
        i->load_reg = rec->a;
    } else {
        store_word(i, addr, s->reg[rec->a]);
    }
}

static void two_registers(struct rk_slopes *s, struct rk_slope_step *i, bool load) {
    const struct rk_rec *rec = i->rec;
    uint32_t addr = i->r[rec->b] + (rec->d & 1 ? rec->imm : 0);
    resist_if(s, s->reg[rec->b]);
    if (load) {
        s->resists = s->resists || rec->a > rec->c; /* the list below goes upwards */
        i->load_addr = addr;
        i->load_list = 1u << rec->a | 1u << rec->c;
    } else {
        store_word(i, addr, s->reg[rec->a]);
        store_word(i, addr + 4, s->reg[rec->c]);
    }
}

static void many_registers(struct rk_slopes *s, struct rk_slope_step *i, bool load) {
    const struct rk_rec *rec = i->rec;
    uint32_t addr = rec->d & 2 ? i->r[rec->b] - 4u * rec->c : i->r[rec->b];
    resist_if(s, s->reg[rec->b]);
    if (load) {
        i->load_addr = addr;
        i->load_list = rec->imm;
        return;
    }
    for (uint32_t list = rec->imm; list; list &= list - 1, addr += 4) {
        store_word(i, addr, s->reg[__builtin_ctz(list)]);
    }
}

/* --- the rest
 * --------------------------------------------------------------------------------------
 */

static void other(struct rk_slopes *s, struct rk_slope_step *i) {
    const struct rk_rec *rec = i->rec;
    switch (i->op) {
    case OP_umull_w:
    case OP_smull_w:
    case OP_umlal_w:
    case OP_smlal_w: long_product(s, i); break;
    case OP_mla_w:
    case OP_mls_w:
        resist_if(s, s->reg[rec->b] | s->reg[rec->c] | s->reg[rec->d]);
        set(s, rec->a, 0);
        break;
    case OP_mrs_w:
    case OP_add_pc_n:
        resist_if(s, i->op == OP_add_pc_n ? s->reg[rec->b] : 0);
        set(s, rec->a, 0);
        break;
    case OP_cps_n: break;
    case OP_msr_w: resist_if(s, s->reg[rec->b]); break;
    case OP_tb_w: resist_if(s, (rec->b < 15 ? s->reg[rec->b] : 0) | s->reg[rec->c]); break;
    case OP_add_to_pc_n: resist_if(s, s->reg[rec->c]); break;
    case OP_ldr_lit_n:
    case OP_ldr_lit_w:
    case OP_ldrx_lit_w: set(s, rec->a, 0); break;
    default: s->resists = true; break;
    }
}

void rk_slope_step(struct rk_slopes *s, struct rk_slope_step *i) {
    const struct rk_rec *rec = i->rec;
    i->load_reg = 16;
    i->load_list = 0;
    i->store_count = 0;
    if (!i->executes) {
        return;
    }
    switch ((enum op_class)class_of[i->op]) {
    case CLASS_ALU_RR: alu_register(s, i); break;
    case CLASS_ALU_RI: alu_immediate(s, i); break;
    case CLASS_ALU2_RI: one_operand(s, i); break;
    case CLASS_TEST_RR: test(s, i, false); break;
    case CLASS_TEST_RI: test(s, i, true); break;
    case CLASS_CONST: set(s, rec->a, 0); break;
    case CLASS_LOAD_I:
    case CLASS_LOAD_WB: one_register(s, i, true, false); break;
    case CLASS_LOAD_R: one_register(s, i, true, true); break;
    case CLASS_STORE_I:
    case CLASS_STORE_WB: one_register(s, i, false, false); break;
    case CLASS_STORE_R: one_register(s, i, false, true); break;
    case CLASS_LDRD: two_registers(s, i, true); break;
    case CLASS_STRD: two_registers(s, i, false); break;
    case CLASS_LDM: many_registers(s, i, true); break;
    case CLASS_STM: many_registers(s, i, false); break;
    case CLASS_BL: set(s, 14, 0); break;
    case CLASS_BX:
        resist_if(s, s->reg[rec->c]);
        if (i->op == OP_blx_n) {
            set(s, 14, 0);
        }
        break;
    case CLASS_CBZ: rk_slope_limit(s, turns_same_nz(i->r[rec->b], s->reg[rec->b])); break;
    case CLASS_BRANCH:
    case CLASS_NOP: break;
    default: other(s, i); break;
    }
}
