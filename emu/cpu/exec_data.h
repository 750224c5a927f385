/* Handlers of data processing instructions; included inside the interpreter's function (interp.c),
 * which defines the macros used here. DDI0403 A7.
 */
/* clang-format off */ /* a list of DEF(name) {body} is no declaration, and it does not settle */

/* --- the ALU families
 * -----------------------------------------------------------------------------
 *
 * Each operation gives VALUE of x and y; for the forms that set flags a logical operation takes its
 * carry from the shifter, an arithmetic one computes both.
 */

#define LOGIC(o, VALUE)                                                                            \
    PLAIN(o, VALUE)                                                                                \
    DEF(o##_rrs_n)                                                                                 \
    FLAGGED_LOGIC(VALUE, R(c), cf, 16) DEF(o##_rrs_w) FLAGGED_LOGIC(VALUE, R(c), cf, 32)           \
        DEF(o##_ris_n) FLAGGED_LOGIC(VALUE, ip->imm, cf, 16) DEF(o##_ris_w)                        \
            FLAGGED_LOGIC(VALUE, ip->imm, cf, 32) DEF(o##_risc_w)                                  \
                FLAGGED_LOGIC(VALUE, ip->imm, ip->imm >> 31, 32) DEF(o##_rss_w) {                  \
        uint32_t carry = cf;                                                                       \
        uint32_t shifted = shift_carry(R(c), ip->d, ip->imm, &carry);                              \
        FLAGGED_LOGIC(VALUE, shifted, carry, 32)                                                   \
    }

#define FLAGGED_LOGIC(VALUE, operand, carry, width)                                                \
    {                                                                                              \
        uint32_t x RK_UNUSED = R(b), y RK_UNUSED = (operand);                                      \
        uint32_t res = (VALUE);                                                                    \
        cf = (carry);                                                                              \
        R(a) = res;                                                                                \
        SET_NZ(res);                                                                               \
        NEXT(width, 1);                                                                            \
    }

#define ARITH(o, VALUE, FLAGS)                                                                     \
    PLAIN(o, VALUE)                                                                                \
    DEF(o##_rrs_n)                                                                                 \
    FLAGGED_ARITH(FLAGS, R(c), 16) DEF(o##_rrs_w) FLAGGED_ARITH(FLAGS, R(c), 32) DEF(o##_ris_n)    \
        FLAGGED_ARITH(FLAGS, ip->imm, 16) DEF(o##_ris_w) FLAGGED_ARITH(FLAGS, ip->imm, 32)         \
            DEF(o##_risc_w) FLAGGED_ARITH(FLAGS, ip->imm, 32) DEF(o##_rss_w)                       \
                FLAGGED_ARITH(FLAGS, shift(R(c), ip->d, ip->imm, cf), 32)

#define FLAGGED_ARITH(FLAGS, operand, width)                                                       \
    {                                                                                              \
        uint32_t x = R(b), y = (operand);                                                          \
        uint32_t res;                                                                              \
        FLAGS;                                                                                     \
        R(a) = res;                                                                                \
        SET_NZ(res);                                                                               \
        NEXT(width, 1);                                                                            \
    }

#define PLAIN(o, VALUE)                                                                            \
    DEF(o##_rr_n)                                                                                  \
    UNFLAGGED(VALUE, R(c), 16) DEF(o##_rr_w) UNFLAGGED(VALUE, R(c), 32) DEF(o##_ri_n)              \
        UNFLAGGED(VALUE, ip->imm, 16) DEF(o##_ri_w) UNFLAGGED(VALUE, ip->imm, 32) DEF(o##_rl_w)    \
            UNFLAGGED(VALUE, R(c) << ip->imm, 32) DEF(o##_rs_w)                                    \
                UNFLAGGED(VALUE, shift(R(c), ip->d, ip->imm, cf), 32)

#define UNFLAGGED(VALUE, operand, width)                                                           \
    {                                                                                              \
        uint32_t x RK_UNUSED = R(b), y RK_UNUSED = (operand);                                      \
        R(a) = (VALUE);                                                                            \
        NEXT(width, 1);                                                                            \
    }

/* DDI0403 A2.2.1 AddWithCarry. Only bit 31 of vf counts. */
#define FLAGS_ADD                                                                                  \
    res = x + y;                                                                                   \
    cf = res < x;                                                                                  \
    vf = ~(x ^ y) & (x ^ res)
#define FLAGS_SUB                                                                                  \
    res = x - y;                                                                                   \
    cf = x >= y;                                                                                   \
    vf = (x ^ y) & (x ^ res)
#define FLAGS_RSB                                                                                  \
    res = y - x;                                                                                   \
    cf = y >= x;                                                                                   \
    vf = (x ^ y) & (y ^ res)
#define FLAGS_ADC                                                                                  \
    uint64_t sum = (uint64_t)x + y + cf;                                                           \
    res = (uint32_t)sum;                                                                           \
    cf = (uint32_t)(sum >> 32);                                                                    \
    vf = ~(x ^ y) & (x ^ res)
#define FLAGS_SBC                                                                                  \
    uint64_t sum = (uint64_t)x + (uint32_t)~y + cf;                                                \
    res = (uint32_t)sum;                                                                           \
    cf = (uint32_t)(sum >> 32);                                                                    \
    vf = (x ^ y) & (x ^ res)

LOGIC(and, x &y)
LOGIC(eor, x ^ y)
LOGIC(bic, x & ~y)
LOGIC(orr, x | y)
LOGIC(orn, x | ~y)
LOGIC(mov, y)
LOGIC(mvn, ~y)
ARITH(add, x + y, FLAGS_ADD)
ARITH(sub, x - y, FLAGS_SUB)
ARITH(rsb, y - x, FLAGS_RSB)
ARITH(adc, x + y + cf, FLAGS_ADC)
ARITH(sbc, x + ~y + cf, FLAGS_SBC)

/* --- compare and test ----------------------------------------------------------------------------
 */

#define TEST_LOGIC(o, VALUE)                                                                       \
    DEF(o##_rr_n)                                                                                  \
    TESTED(VALUE, R(c), cf, 16) DEF(o##_rr_w) TESTED(VALUE, R(c), cf, 32) DEF(o##_ri_n)            \
        TESTED(VALUE, ip->imm, cf, 16) DEF(o##_ri_w) TESTED(VALUE, ip->imm, cf, 32)                \
            DEF(o##_risc_w) TESTED(VALUE, ip->imm, ip->imm >> 31, 32) DEF(o##_rs_w) {              \
        uint32_t carry = cf;                                                                       \
        uint32_t shifted = shift_carry(R(c), ip->d, ip->imm, &carry);                              \
        TESTED(VALUE, shifted, carry, 32)                                                          \
    }

#define TESTED(VALUE, operand, carry, width)                                                       \
    {                                                                                              \
        uint32_t x = R(b), y_ = (operand);                                                         \
        cf = (carry);                                                                              \
        SET_NZ(VALUE(x, y_));                                                                      \
        NEXT(width, 1);                                                                            \
    }
#define VALUE_AND(x, y) ((x) & (y))
#define VALUE_EOR(x, y) ((x) ^ (y))

#define TEST_ARITH(o, FLAGS)                                                                       \
    DEF(o##_rr_n)                                                                                  \
    COMPARED(FLAGS, R(c), 16) DEF(o##_rr_w) COMPARED(FLAGS, R(c), 32) DEF(o##_ri_n)                \
        COMPARED(FLAGS, ip->imm, 16) DEF(o##_ri_w) COMPARED(FLAGS, ip->imm, 32) DEF(o##_risc_w)    \
            COMPARED(FLAGS, ip->imm, 32) DEF(o##_rs_w)                                             \
                COMPARED(FLAGS, shift(R(c), ip->d, ip->imm, cf), 32)

#define COMPARED(FLAGS, operand, width)                                                            \
    {                                                                                              \
        uint32_t x = R(b), y = (operand);                                                          \
        uint32_t res;                                                                              \
        FLAGS;                                                                                     \
        SET_NZ(res);                                                                               \
        NEXT(width, 1);                                                                            \
    }

TEST_LOGIC(tst, VALUE_AND)
TEST_LOGIC(teq, VALUE_EOR)
TEST_ARITH(cmp, FLAGS_SUB)
TEST_ARITH(cmn, FLAGS_ADD)

/* --- shifts --------------------------------------------------------------------------------------
 *
 * By an immediate: 1..31, or 1..32 for LSR and ASR (the decoder turns #0 into what it means), and
 * RRX is ROR with d = RRX. By a register: its low byte.
 */

#define SHIFT(o, type)                                                                             \
    DEF(o##_ri_n)                                                                                  \
    SHIFTED(type, ip->imm, 16) DEF(o##_ri_w) SHIFTED(type, ip->imm, 32) DEF(o##_ris_n)             \
        SHIFTED_S(R(b), type, ip->imm, 16) DEF(o##_ris_w) SHIFTED_S(R(b), type, ip->imm, 32)       \
            DEF(o##_rr_n) SHIFTED(type, R(c) & 0xFFu, 16) DEF(o##_rr_w)                            \
                SHIFTED(type, R(c) & 0xFFu, 32) DEF(o##_rrs_n)                                     \
                    SHIFTED_S(R(b), type, R(c) & 0xFFu, 16) DEF(o##_rrs_w)                         \
                        SHIFTED_S(R(b), type, R(c) & 0xFFu, 32)

#define SHIFTED(type, amount, width)                                                               \
    {                                                                                              \
        R(a) = shift_by(R(b), type, amount);                                                       \
        NEXT(width, 1);                                                                            \
    }
#define SHIFTED_S(operand, type, amount, width)                                                    \
    {                                                                                              \
        uint32_t res = shift_by_carry(operand, type, amount, &cf);                                 \
        R(a) = res;                                                                                \
        SET_NZ(res);                                                                               \
        NEXT(width, 1);                                                                            \
    }

SHIFT(lsl, SHIFT_LSL)
SHIFT(lsr, SHIFT_LSR)
SHIFT(asr, SHIFT_ASR)
SHIFT(ror, SHIFT_ROR)

/* --- one operand ---------------------------------------------------------------------------------
 */

#define UNARY(o, VALUE)   DEF(o##_n) UNARY_BODY(VALUE, 16) DEF(o##_w) UNARY_BODY(VALUE, 32)
#define UNARY_W(o, VALUE) DEF(o##_w) UNARY_BODY(VALUE, 32)
#define UNARY_BODY(VALUE, width)                                                                   \
    {                                                                                              \
        uint32_t x RK_UNUSED = R(b);                                                               \
        R(a) = (uint32_t)(VALUE);                                                                  \
        NEXT(width, 1);                                                                            \
    }

UNARY(sxtb, (int8_t)rotate_right(x, ip->imm))
UNARY(sxth, (int16_t)rotate_right(x, ip->imm))
UNARY(uxtb, (uint8_t)rotate_right(x, ip->imm))
UNARY(uxth, (uint16_t)rotate_right(x, ip->imm))
UNARY(rev, __builtin_bswap32(x))
UNARY(rev16, rotate_right(__builtin_bswap32(x), 16))
UNARY(revsh, (int16_t)__builtin_bswap16((uint16_t)x))
UNARY_W(rbit, reverse_bits(x))
UNARY_W(clz, x ? __builtin_clz(x) : 32)
/* imm: mask of the field in place; d: its lowest bit; c: how far the top of a signed field is. */
UNARY_W(ubfx, x >> ip->d & ip->imm)
UNARY_W(sbfx, (int32_t)(x << ip->c) >> ip->d)
UNARY_W(bfc, R(a) & ~ip->imm)
UNARY_W(bfi, (R(a) & ~ip->imm) | (x << ip->d & ip->imm))
UNARY_W(movt, (R(a) & 0xFFFFu) | ip->imm)

/* imm: amount | type << 8 of the shift before; c: the width of the result. */
DEF(usat_w) {
    int64_t x = (int32_t)shift_by(R(b), ip->imm >> 8, ip->imm & 0xFFu);
    int64_t top = ((int64_t)1 << ip->c) - 1;
    int64_t res = x < 0 ? 0 : x > top ? top : x;
    c->apsr |= res != x ? APSR_Q : 0;
    R(a) = (uint32_t)res;
    NEXT(32, 1);
}
DEF(ssat_w) {
    int64_t x = (int32_t)shift_by(R(b), ip->imm >> 8, ip->imm & 0xFFu);
    int64_t top = ((int64_t)1 << (ip->c - 1)) - 1;
    int64_t res = x < -top - 1 ? -top - 1 : x > top ? top : x;
    c->apsr |= res != x ? APSR_Q : 0;
    R(a) = (uint32_t)res;
    NEXT(32, 1);
}

/* --- SP and PC -----------------------------------------------------------------------------------
 */

DEF(mov_sp_n) {
    R(a) = R(c) & ~3u;
    NEXT(16, 1);
}
DEF(mov_sp_w) {
    R(a) = R(c) & ~3u;
    NEXT(32, 1);
}
DEF(add_sp_n) {
    R(a) = (R(b) + R(c)) & ~3u;
    NEXT(16, 1);
}
/* SP = SP +- an immediate, or a register that is shifted (c < 16). */
DEF(add_sp_w) {
    R(a) = (R(b) + (ip->c < 16 ? shift(R(c), ip->d, ip->imm, cf) : ip->imm)) & ~3u;
    NEXT(32, 1);
}
DEF(sub_sp_w) {
    R(a) = (R(b) - (ip->c < 16 ? shift(R(c), ip->d, ip->imm, cf) : ip->imm)) & ~3u;
    NEXT(32, 1);
}
DEF(adr_n) {
    R(a) = ((PC() + 4) & ~3u) + ip->imm;
    NEXT(16, 1);
}
DEF(adr_w) {
    R(a) = ((PC() + 4) & ~3u) + ip->imm;
    NEXT(32, 1);
}
DEF(mov_pc_n) {
    R(a) = PC() + 4;
    NEXT(16, 1);
}
DEF(add_pc_n) {
    R(a) = R(b) + PC() + 4;
    NEXT(16, 1);
}

/* --- multiply and divide -------------------------------------------------------------------------
 *
 * d: the accumulator, or RdHi of the long forms (a: RdLo). Cycles: CYCLES.md.
 */

DEF(mul_n) {
    R(a) = R(b) * R(c);
    NEXT(16, 1);
}
DEF(mul_w) {
    R(a) = R(b) * R(c);
    NEXT(32, 1);
}
DEF(muls_n) {
    uint32_t res = R(b) * R(c);
    R(a) = res;
    SET_NZ(res);
    NEXT(16, 1);
}
DEF(mla_w) {
    R(a) = R(d) + R(b) * R(c);
    NEXT(32, 2);
}
DEF(mls_w) {
    R(a) = R(d) - R(b) * R(c);
    NEXT(32, 2);
}
DEF(umull_w) {
    uint64_t res = (uint64_t)R(b) * R(c);
    R(a) = (uint32_t)res;
    R(d) = (uint32_t)(res >> 32);
    NEXT(32, 4);
}
DEF(smull_w) {
    uint64_t res = (uint64_t)((int64_t)(int32_t)R(b) * (int32_t)R(c));
    R(a) = (uint32_t)res;
    R(d) = (uint32_t)(res >> 32);
    NEXT(32, 4);
}
DEF(umlal_w) {
    uint64_t res = (uint64_t)R(b) * R(c) + ((uint64_t)R(d) << 32 | R(a));
    R(a) = (uint32_t)res;
    R(d) = (uint32_t)(res >> 32);
    NEXT(32, 5);
}
DEF(smlal_w) {
    uint64_t res = (uint64_t)((int64_t)(int32_t)R(b) * (int32_t)R(c));
    res += (uint64_t)R(d) << 32 | R(a);
    R(a) = (uint32_t)res;
    R(d) = (uint32_t)(res >> 32);
    NEXT(32, 5);
}
DEF(udiv_w) {
    uint32_t x = R(b), y = R(c);
    if (RK_UNLIKELY(y == 0)) {
        if (c->ccr & RK_CCR_DIV_0_TRP) {
            FAULT(RK_CFSR_DIVBYZERO);
        }
        R(a) = 0;
        NEXT(32, 2);
    }
    R(a) = x / y;
    NEXT(32, divide_cycles(x, y));
}
DEF(sdiv_w) {
    int64_t x = (int32_t)R(b), y = (int32_t)R(c);
    if (RK_UNLIKELY(y == 0)) {
        if (c->ccr & RK_CCR_DIV_0_TRP) {
            FAULT(RK_CFSR_DIVBYZERO);
        }
        R(a) = 0;
        NEXT(32, 2);
    }
    R(a) = (uint32_t)(x / y);
    NEXT(32, divide_cycles((uint32_t)(x < 0 ? -x : x), (uint32_t)(y < 0 ? -y : y)));
}
