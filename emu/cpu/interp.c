/* The interpreter: threaded code over predecoded records (state.h). One handler per form of an
 * instruction, in exec_*.h by group; the list is op.def; what a record means is decode*.c.
 *
 * Registers live in the state, flags and time in locals. Time: `acc` holds the cycles left to the
 * deadline (less one) above the instructions done, so one subtraction counts both and its sign is
 * the only check between two instructions. Whatever may change the deadline (a bus access, a
 * system instruction) is followed by RESYNC.
 *
 * DDI0403 (ARMv7-M) A5, A7; cycles: CYCLES.md.
 */
#include <string.h>

#include "emu/cpu/state.h"

#define BRANCH_REFILL 2 /* P of DDI0337 table 18-1, CYCLES.md */
#define ACC_SHIFT     20
#define ACC_COUNT     ((1u << ACC_SHIFT) - 1)
#define APSR_Q        (1u << 27)

enum { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR, SHIFT_RRX };

static RK_ALWAYS_INLINE uint32_t load32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static RK_ALWAYS_INLINE void store32(uint8_t *p, uint32_t v) {
    memcpy(p, &v, 4);
}

static RK_ALWAYS_INLINE uint32_t load_n(const uint8_t *p, unsigned bytes) {
    uint16_t half;
    if (bytes == 1) {
        return *p;
    }
    if (bytes == 2) {
        memcpy(&half, p, 2);
        return half;
    }
    return load32(p);
}

static RK_ALWAYS_INLINE void store_n(uint8_t *p, unsigned bytes, uint32_t v) {
    memcpy(p, &v, bytes);
}

static RK_ALWAYS_INLINE uint32_t rotate_right(uint32_t x, unsigned n) {
    return x >> (n & 31u) | x << (-n & 31u);
}

static uint32_t reverse_bits(uint32_t x) {
    x = (x & 0x55555555u) << 1 | (x >> 1 & 0x55555555u);
    x = (x & 0x33333333u) << 2 | (x >> 2 & 0x33333333u);
    x = (x & 0x0F0F0F0Fu) << 4 | (x >> 4 & 0x0F0F0F0Fu);
    return __builtin_bswap32(x);
}

/* Any amount from 0 to 255 (DDI0403 A2.2.1, Shift_C). */
static RK_ALWAYS_INLINE uint32_t shift_by(uint32_t x, unsigned type, unsigned n) {
    switch (type) {
    case SHIFT_LSL: return n < 32 ? x << n : 0;
    case SHIFT_LSR: return n < 32 ? x >> n : 0;
    case SHIFT_ASR: return (uint32_t)((int32_t)x >> (n < 31 ? n : 31));
    default: return rotate_right(x, n);
    }
}

static RK_ALWAYS_INLINE uint32_t shift_by_carry(uint32_t x, unsigned type, unsigned n,
                                                uint32_t *carry) {
    if (n == 0) {
        return x;
    }
    switch (type) {
    case SHIFT_LSL: *carry = n <= 32 ? (uint32_t)((uint64_t)x >> (32 - n)) & 1u : 0; break;
    case SHIFT_LSR: *carry = n <= 32 ? x >> (n - 1) & 1u : 0; break;
    case SHIFT_ASR: *carry = x >> (n < 32 ? n - 1 : 31) & 1u; break;
    default: *carry = x >> ((n - 1) & 31u) & 1u; break;
    }
    return shift_by(x, type, n);
}

static uint32_t shift(uint32_t x, unsigned type, unsigned n, uint32_t carry) {
    return type == SHIFT_RRX ? x >> 1 | carry << 31 : shift_by(x, type, n);
}

static RK_ALWAYS_INLINE uint32_t shift_carry(uint32_t x, unsigned type, unsigned n,
                                             uint32_t *carry) {
    if (type == SHIFT_RRX) {
        uint32_t res = x >> 1 | *carry << 31;
        *carry = x & 1u;
        return res;
    }
    return shift_by_carry(x, type, n, carry);
}

static unsigned bits_used(uint32_t x) {
    return x ? 32u - (unsigned)__builtin_clz(x) : 0;
}

/* 2 to 12, with the number of significant bits of the quotient: CYCLES.md. */
static unsigned divide_cycles(uint32_t x, uint32_t y) {
    if (x < y) {
        return 2;
    }
    return 3 + (bits_used(x) - bits_used(y)) / 4;
}

static unsigned it_advance(unsigned it) {
    return it & 7u ? (it & 0xE0u) | (it << 1 & 0x1Fu) : 0;
}

static bool b_is_sp(const struct rk_rec *ip) {
    return ip->b == 13;
}

static bool passes(unsigned cond, int64_t nz, uint32_t cf, uint32_t vf) {
    bool n = nz < 0, z = (uint32_t)nz == 0, v = (int32_t)vf < 0;
    bool yes = true;
    switch (cond >> 1) {
    case 0: yes = z; break;
    case 1: yes = cf; break;
    case 2: yes = n; break;
    case 3: yes = v; break;
    case 4: yes = cf && !z; break;
    case 5: yes = n == v; break;
    case 6: yes = n == v && !z; break;
    default: return true;
    }
    return yes != (cond & 1u);
}

/* Bits 31:28 from the flags as the handlers keep them. */
static uint32_t pack_flags(int64_t nz, uint32_t cf, uint32_t vf) {
    return (nz < 0 ? 1u << 31 : 0) | ((uint32_t)nz == 0 ? 1u << 30 : 0) | cf << 29 |
           (vf >> 31) << 28;
}

static int64_t unpack_nz(uint32_t apsr) {
    uint32_t low = apsr >> 30 & 1u ? 0 : 1;
    return (int64_t)((uint64_t)(apsr >> 31) << 63 | low);
}

#define DEF(name) L_##name:
#define R(field)  c->r[ip->field]
#define SET_NZ(v) nz = (int32_t)(v)

/* The address of the record. */
#define PC() ((uint32_t)(((uintptr_t)ip - origin) >> 3))
/* Time at which this instruction began, and the instructions before it. */
#define NOW()   (end - 1 - (uint64_t)(acc >> ACC_SHIFT))
#define COUNT() (count_base + ((uint64_t)acc & ACC_COUNT))
#define SIDE()  sp->side[ip - sp->records]

#define CHARGE(cycles) acc -= ((int64_t)(cycles) << ACC_SHIFT) - 1
#define GO()                                                                                       \
    do {                                                                                           \
        if (RK_UNLIKELY(acc < 0)) {                                                                \
            goto stop;                                                                             \
        }                                                                                          \
        goto * ip->go;                                                                             \
    } while (0)
#define NEXT(width, cycles)                                                                        \
    do {                                                                                           \
        CHARGE(cycles);                                                                            \
        ip += (width) / 16;                                                                        \
        GO();                                                                                      \
    } while (0)
#define TAKE(cycles)                                                                               \
    do {                                                                                           \
        CHARGE(cycles);                                                                            \
        ip = (struct rk_rec *)((uintptr_t)ip + (uintptr_t)(intptr_t)(int32_t)ip->imm);             \
        GO();                                                                                      \
    } while (0)
/* Every so often a loop's turn is shown to the wait-loop analysis. */
#define TAKE_BACK(cycles)                                                                          \
    do {                                                                                           \
        struct rk_rec *from_ = ip;                                                                 \
        uint8_t turns_ = ++ip->d;                                                                  \
        CHARGE(cycles);                                                                            \
        ip = (struct rk_rec *)((uintptr_t)ip + (uintptr_t)(intptr_t)(int32_t)ip->imm);             \
        if (RK_UNLIKELY(turns_ == 0)) {                                                            \
            k->turned = from_;                                                                     \
            goto turned;                                                                           \
        }                                                                                          \
        GO();                                                                                      \
    } while (0)

/* To an address whose bit 0 says Thumb. Inside the present memory at once; ip must already stand
 * behind the instruction (an exception return may come of it). */
#define JUMP(value, cycles)                                                                        \
    do {                                                                                           \
        uint32_t to_ = (value);                                                                    \
        CHARGE(cycles);                                                                            \
        if (RK_LIKELY((to_ & 1u) && to_ - space_base < space_size)) {                              \
            ip = (struct rk_rec *)(origin + ((uintptr_t)(to_ ^ 1u) << 3));                         \
            GO();                                                                                  \
        }                                                                                          \
        target = to_;                                                                              \
        goto jump;                                                                                 \
    } while (0)
/* Without exception return, and never away from Thumb. */
#define JUMP_PLAIN(value, cycles)                                                                  \
    do {                                                                                           \
        uint32_t to_ = (value);                                                                    \
        CHARGE(cycles);                                                                            \
        if (RK_LIKELY(to_ - space_base < space_size)) {                                            \
            ip = (struct rk_rec *)(origin + ((uintptr_t)(to_ ^ 1u) << 3));                         \
            GO();                                                                                  \
        }                                                                                          \
        target = to_;                                                                              \
        goto branch;                                                                               \
    } while (0)
#define BRANCH_ONLY(value, cycles)                                                                 \
    do {                                                                                           \
        CHARGE(cycles);                                                                            \
        target = (value);                                                                          \
        goto branch;                                                                               \
    } while (0)

/* The rest of the stages of a record, from one on. */
#define STAGES(side_, from)                                                                        \
    do {                                                                                           \
        struct rk_side stage_side_ = (side_);                                                      \
        goto *labels[rk_cpu_stage(stage_side_, from)];                                             \
    } while (0)

/* Before anything that looks at the machine, and after anything that may change its deadline. */
#define SYNC()                                                                                     \
    do {                                                                                           \
        s->now = NOW();                                                                            \
        s->instr = COUNT();                                                                        \
        c->r[15] = PC();                                                                           \
    } while (0)
#define RESYNC()                                                                                   \
    do {                                                                                           \
        if (RK_UNLIKELY(m->deadline != deadline)) {                                                \
            REARM();                                                                               \
        }                                                                                          \
    } while (0)
/* s->now and s->instr are right. */
#define REARM()                                                                                    \
    do {                                                                                           \
        deadline = m->deadline;                                                                    \
        uint64_t left_ = deadline > s->now ? deadline - s->now : 0;                                \
        left_ = RK_MIN(left_, (uint64_t)ACC_COUNT);                                                \
        end = s->now + left_;                                                                      \
        count_base = s->instr;                                                                     \
        acc = ((int64_t)left_ - 1) * ((int64_t)1 << ACC_SHIFT);                                    \
    } while (0)

#define PACK_FLAGS()       ((c->apsr & APSR_Q) | pack_flags(nz, cf, vf))
#define UNPACK_FLAGS(apsr) (nz = unpack_nz(apsr), cf = (apsr) >> 29 & 1u, vf = (apsr) << 3)
#define SPILL()                                                                                    \
    do {                                                                                           \
        SYNC();                                                                                    \
        c->apsr = PACK_FLAGS();                                                                    \
        c->it = it;                                                                                \
    } while (0)
/* At an instruction that faults: it counts, the PC stays on it, and ITSTATE is its own. */
#define SPILL_FAULTED()                                                                            \
    do {                                                                                           \
        unsigned own_ = SIDE().it;                                                                 \
        it = own_ ? own_ : it;                                                                     \
        CHARGE(1);                                                                                 \
        SPILL();                                                                                   \
    } while (0)
#define FAULT(bits)                                                                                \
    do {                                                                                           \
        SPILL_FAULTED();                                                                           \
        rk_cpu_fault(cpu, bits);                                                                   \
        return RK_LEAVE_EVENT;                                                                     \
    } while (0)

#define READ(value, addr, bytes)                                                                   \
    do {                                                                                           \
        uint32_t a_ = (addr);                                                                      \
        if (RK_LIKELY(a_ - ram_base < rlimit)) {                                                   \
            (value) = load_n(ram + (a_ - ram_base), bytes);                                        \
        } else if (a_ - flash_base < flimit) {                                                     \
            (value) = load_n(flash + (a_ - flash_base), bytes);                                    \
        } else {                                                                                   \
            READ_BUS(value, a_, bytes);                                                            \
        }                                                                                          \
    } while (0)
#define READ_BUS(value, addr, bytes)                                                               \
    do {                                                                                           \
        SYNC();                                                                                    \
        uint64_t got_ = rk_cpu_read(cpu, addr, bytes);                                             \
        if (RK_UNLIKELY(got_ & RK_ACCESS_FAULT)) {                                                 \
            goto data_fault;                                                                       \
        }                                                                                          \
        RESYNC();                                                                                  \
        (value) = (uint32_t)got_;                                                                  \
    } while (0)
/* The size is not a constant. */
#define READ_ANY(value, addr, bytes) READ_BUS(value, addr, bytes)
#define WRITE(addr, bytes, value)                                                                  \
    do {                                                                                           \
        uint32_t a_ = (addr);                                                                      \
        if (RK_LIKELY(a_ - ram_base < wlimit)) {                                                   \
            store_n(ram + (a_ - ram_base), bytes, value);                                          \
        } else {                                                                                   \
            WRITE_ANY(a_, bytes, value);                                                           \
        }                                                                                          \
    } while (0)
#define WRITE_ANY(addr, bytes, value)                                                              \
    do {                                                                                           \
        SYNC();                                                                                    \
        if (RK_UNLIKELY(rk_cpu_write(cpu, addr, bytes, value) & RK_ACCESS_FAULT)) {                \
            goto data_fault;                                                                       \
        }                                                                                          \
        RESYNC();                                                                                  \
    } while (0)
#define READ_MANY(to, addr, n)                                                                     \
    do {                                                                                           \
        if (RK_LIKELY((addr)-ram_base < rlimit && (addr)-ram_base + 60 < rlimit)) {                \
            memcpy(to, ram + ((addr)-ram_base), 4u * (n));                                         \
        } else {                                                                                   \
            for (unsigned i_ = 0; i_ < (n); i_++) {                                                \
                READ((to)[i_], (addr) + 4u * i_, 4);                                               \
            }                                                                                      \
        }                                                                                          \
    } while (0)
#define NEED_ALIGNED(addr, bytes)                                                                  \
    do {                                                                                           \
        if (RK_UNLIKELY((addr) & ((bytes)-1u))) {                                                  \
            FAULT(RK_CFSR_UNALIGNED);                                                              \
        }                                                                                          \
    } while (0)
#define NEED_WORD_ALIGNED(addr) NEED_ALIGNED(addr, 4u)

/* Labels have no life outside their function, so it also hands out their table. */
static enum rk_leave run(struct rk_dev *cpu, const void *const **table) {
    static const void *const labels[OP_COUNT] = {
#define RK_OP(name, class) &&L_##name,
#include "emu/cpu/op.def"
#undef RK_OP
    };
    if (table) {
        *table = labels;
        return RK_LEAVE_EVENT;
    }

    struct rk_machine *m = cpu->m;
    struct rk_core_state *s = m->s;
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    uint8_t *const ram = m->ram;
    const uint8_t *const flash = m->flash;
    const uint32_t ram_base = m->ram_base, flash_base = m->flash_base;
    uint32_t rlimit = k->read_limit, wlimit = k->write_limit, flimit = k->flash_limit;

    const struct rk_space *sp;
    struct rk_rec *ip;
    uintptr_t origin; /* where the record of address 0 would be */
    uint32_t space_base, space_size;
    unsigned space, it;
    uint32_t target;

    int64_t nz;  /* Z: the low half is 0; N: negative */
    uint32_t cf; /* C: 0 or 1 */
    uint32_t vf; /* V: bit 31 */

    int64_t acc;
    uint64_t end, count_base, deadline;

    UNPACK_FLAGS(c->apsr);
    it = c->it;
    REARM();

enter:
    if (RK_UNLIKELY(acc < 0)) {
        return RK_LEAVE_DEADLINE;
    }
    ip = rk_cpu_find(k, m, c->r[15], &space, &space_base);
    if (RK_UNLIKELY(!ip || !c->thumb)) {
        rk_cpu_fault(cpu, !c->thumb                         ? RK_CFSR_INVSTATE
                          : rk_cpu_never_executes(c->r[15]) ? RK_CFSR_IACCVIOL
                                                            : RK_CFSR_IBUSERR);
        return RK_LEAVE_EVENT;
    }
    sp = &k->space[space];
    space_size = sp->size;
    origin = (uintptr_t)sp->records - ((uintptr_t)space_base << 3);
    if (RK_UNLIKELY(it != 0)) {
        rk_cpu_decode_rest(k, space, (uint32_t)(ip - sp->records), it);
    }
    goto * ip->go;

#include "emu/cpu/exec_data.h"

#include "emu/cpu/exec_mem.h"

#include "emu/cpu/exec_branch.h"

#include "emu/cpu/exec_misc.h"

    /* A branch that leaves this memory, or no branch at all. */
jump:
    if (target >= 0xF0000000u && c->ipsr != RK_EXC_NONE) {
        SPILL();
        rk_cpu_return(cpu, target);
        return RK_LEAVE_EVENT;
    }
branch:
    SPILL();
    c->r[15] = target & ~1u;
    c->thumb = target & 1u;
    goto enter;

data_fault:
    SPILL_FAULTED();
    return RK_LEAVE_EVENT;

turned:
    SPILL();
    return acc < 0 ? RK_LEAVE_DEADLINE : RK_LEAVE_TURN;

stop:
    SPILL();
    return RK_LEAVE_DEADLINE;
}

enum rk_leave rk_cpu_execute(struct rk_dev *cpu) {
    return run(cpu, NULL);
}

const void *const *rk_cpu_labels(void) {
    const void *const *table;
    run(NULL, &table);
    return table;
}
