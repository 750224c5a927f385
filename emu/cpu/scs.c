/* The system control space and what else of the private peripheral bus is modelled: NVIC, SCB,
 * SysTick, DWT's cycle counter, the debug registers that software touches. DDI0403 B3.2, B3.4, C1;
 * DDI0337 8; PM0056 4. Offsets are from 0xE0000000.
 */
#include "emu/cpu/state.h"

enum {
    DWT_CTRL = 0x1000,
    DWT_CYCCNT = 0x1004,
    DWT_LAST = 0x1018,
    ICTR = 0xE004,
    ACTLR = 0xE008,
    SYSTICK = 0xE010,
    ISER = 0xE100,
    ICER = 0xE180,
    ISPR = 0xE200,
    ICPR = 0xE280,
    IABR = 0xE300,
    IPR = 0xE400,
    IPR_END = 0xE4F0,
    CPUID = 0xED00,
    ICSR = 0xED04,
    VTOR = 0xED08,
    AIRCR = 0xED0C,
    SCR = 0xED10,
    CCR = 0xED14,
    SHPR = 0xED18,
    SHCSR = 0xED24,
    CFSR = 0xED28,
    HFSR = 0xED2C,
    DFSR = 0xED30,
    MMFAR = 0xED34,
    BFAR = 0xED38,
    AFSR = 0xED3C,
    FEATURES = 0xED40, /* to 0xED74: ID_PFR0 ... ID_ISAR4 */
    FEATURES_END = 0xED74,
    DHCSR = 0xEDF0,
    DEMCR = 0xEDFC,
    STIR = 0xEF00,
};

#define CPUID_R1P1     0x411FC231u
#define VTOR_MASK      0x3FFFFF80u
#define VECTKEY        0x05FAu
#define VECTKEYSTAT    0xFA05u
#define DWT_NUMCOMP    (4u << 28)
#define DEMCR_TRCENA   (1u << 24)
#define CCR_WRITABLE   0x31Bu
#define DEMCR_WRITABLE 0x010F07F1u

/* DDI0337 table 4-1: processor features of a Cortex-M3. */
static const uint32_t features[] = {0x00000030, 0x00000200, 0x00100000, 0x00000000, 0x00000030,
                                    0x00000000, 0x00000000, 0x00000000, 0x01141110, 0x02111000,
                                    0x21112231, 0x01111110, 0x01310102};

/* SHCSR: which bit is what of which exception. */
enum shcsr_kind { SHCSR_ACTIVE, SHCSR_PENDING, SHCSR_ENABLE };
static const struct {
    uint8_t bit, exc, kind;
} shcsr_bits[] = {
    {0, RK_EXC_MEM, SHCSR_ACTIVE},      {1, RK_EXC_BUS, SHCSR_ACTIVE},
    {3, RK_EXC_USAGE, SHCSR_ACTIVE},    {7, RK_EXC_SVC, SHCSR_ACTIVE},
    {8, RK_EXC_DEBUG, SHCSR_ACTIVE},    {10, RK_EXC_PENDSV, SHCSR_ACTIVE},
    {11, RK_EXC_SYSTICK, SHCSR_ACTIVE}, {12, RK_EXC_USAGE, SHCSR_PENDING},
    {13, RK_EXC_MEM, SHCSR_PENDING},    {14, RK_EXC_BUS, SHCSR_PENDING},
    {15, RK_EXC_SVC, SHCSR_PENDING},    {16, RK_EXC_MEM, SHCSR_ENABLE},
    {17, RK_EXC_BUS, SHCSR_ENABLE},     {18, RK_EXC_USAGE, SHCSR_ENABLE},
};

static uint32_t *shcsr_map(struct rk_cpu_state *c, unsigned kind) {
    return kind == SHCSR_ACTIVE ? c->active : kind == SHCSR_PENDING ? c->pend : c->enable;
}

static unsigned irq_count(const struct rk_dev *cpu) {
    return ((const struct rk_cortex_m3_config *)cpu->config)->irq_count;
}

/* --- cycle counter -------------------------------------------------------------------------------
 */

bool rk_dwt_counts(const struct rk_dev *cpu) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    return c->dwt.ctrl & 1u && c->demcr & DEMCR_TRCENA && !c->halted;
}

static uint32_t cyccnt(const struct rk_dev *cpu) {
    const struct rk_dwt *d = &rk_cpu_state(cpu)->dwt;
    return rk_dwt_counts(cpu) ? d->value + (uint32_t)(cpu->m->s->now - d->origin) : d->value;
}

/* Holds the value while what makes it count changes. */
static void cyccnt_hold(struct rk_dev *cpu) {
    struct rk_dwt *d = &rk_cpu_state(cpu)->dwt;
    d->value = cyccnt(cpu);
    d->origin = cpu->m->s->now;
}

void rk_dwt_halt(struct rk_dev *cpu) {
    cyccnt_hold(cpu);
}

/* --- NVIC bit maps -------------------------------------------------------------------------------
 */

/* The 32 interrupts of register `n` of a map that counts exceptions: 16 further on. */
static uint32_t irq_word(const uint32_t *map, unsigned n) {
    uint64_t both = map[n];
    both |= n + 1 < RK_EXC_MAX / 32 ? (uint64_t)map[n + 1] << 32 : 0;
    return (uint32_t)(both >> 16);
}

static void write_irqs(struct rk_dev *cpu, unsigned n, uint32_t bits, uint32_t *map, bool on) {
    for (; bits; bits &= bits - 1) {
        unsigned irq = 32 * n + (unsigned)__builtin_ctz(bits);
        if (irq >= irq_count(cpu)) {
            break;
        }
        if (map) {
            rk_bit_put(map, RK_EXC_IRQ0 + irq, on);
        } else {
            rk_nvic_pend(cpu, RK_EXC_IRQ0 + irq, on);
        }
    }
    rk_nvic_update(cpu);
}

static bool nvic_read(const struct rk_dev *cpu, uint32_t off, uint32_t *value) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    unsigned n = (off & 0x1Fu) / 4;
    if (n >= RK_EXC_MAX / 32) {
        *value = 0;
        return off >= ISER && off < IPR;
    }
    switch (off & ~0x1Fu) {
    case ISER:
    case ICER: *value = irq_word(c->enable, n); return true;
    case ISPR:
    case ICPR: *value = irq_word(c->pend, n); return true;
    case IABR: *value = irq_word(c->active, n); return true;
    default: return false;
    }
}

static bool nvic_write(struct rk_dev *cpu, uint32_t off, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    unsigned n = (off & 0x1Fu) / 4;
    switch (off & ~0x1Fu) {
    case ISER: write_irqs(cpu, n, value, c->enable, true); return true;
    case ICER: write_irqs(cpu, n, value, c->enable, false); return true;
    case ISPR: write_irqs(cpu, n, value, NULL, true); return true;
    case ICPR: write_irqs(cpu, n, value, NULL, false); return true;
    case IABR: return true;
    default: return false;
    }
}

/* --- priorities, by byte -------------------------------------------------------------------------
 */

/* The exception whose priority byte is at off, 0: none. */
static unsigned prio_exc(const struct rk_dev *cpu, uint32_t off) {
    if (off >= SHPR && off < SHPR + 12) {
        unsigned exc = off - SHPR + 4;
        bool is = (exc >= RK_EXC_MEM && exc <= RK_EXC_USAGE) || exc == RK_EXC_SVC ||
                  exc == RK_EXC_DEBUG || exc == RK_EXC_PENDSV || exc == RK_EXC_SYSTICK;
        return is ? exc : 0;
    }
    return off - IPR < irq_count(cpu) ? RK_EXC_IRQ0 + off - IPR : 0;
}

static bool is_prio(uint32_t off) {
    return (off >= IPR && off < IPR_END) || (off >= SHPR && off < SHPR + 12);
}

static uint32_t read_prio(const struct rk_dev *cpu, uint32_t off, unsigned size) {
    uint32_t value = 0;
    for (unsigned n = 0; n < size; n++) {
        unsigned exc = prio_exc(cpu, off + n);
        value |= exc ? (uint32_t)rk_cpu_state(cpu)->prio[exc] << (8 * n) : 0;
    }
    return value;
}

static void write_prio(struct rk_dev *cpu, uint32_t off, uint32_t value, unsigned size) {
    const struct rk_cortex_m3_config *config = cpu->config;
    for (unsigned n = 0; n < size; n++) {
        unsigned exc = prio_exc(cpu, off + n);
        if (exc) {
            rk_cpu_state(cpu)->prio[exc] =
                (uint8_t)(value >> (8 * n) & (0xFFu & ~(0xFFu >> config->prio_bits)));
        }
    }
    rk_nvic_update(cpu);
}

/* --- SCB -----------------------------------------------------------------------------------------
 */

static uint32_t read_icsr(const struct rk_dev *cpu) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    uint32_t value = c->ipsr | rk_nvic_pending(c) << 12, others = 0, irqs = 0;
    for (unsigned w = 0; w < RK_EXC_MAX / 32; w++) {
        uint32_t own = c->ipsr / 32 == w ? 1u << (c->ipsr % 32) : 0;
        others |= c->active[w] & ~own;
        irqs |= w == 0 ? c->pend[0] >> 16 : c->pend[w];
    }
    value |= others == 0 ? 1u << 11 : 0;
    value |= irqs ? 1u << 22 : 0;
    value |= rk_bit_get(c->pend, RK_EXC_SYSTICK) ? 1u << 26 : 0;
    value |= rk_bit_get(c->pend, RK_EXC_PENDSV) ? 1u << 28 : 0;
    return value | (rk_bit_get(c->pend, RK_EXC_NMI) ? 1u << 31 : 0);
}

static void write_icsr(struct rk_dev *cpu, uint32_t value) {
    static const struct {
        uint8_t bit, exc, on;
    } bits[] = {{31, RK_EXC_NMI, 1},
                {28, RK_EXC_PENDSV, 1},
                {27, RK_EXC_PENDSV, 0},
                {26, RK_EXC_SYSTICK, 1},
                {25, RK_EXC_SYSTICK, 0}};
    for (size_t n = 0; n < RK_COUNT(bits); n++) {
        if (value >> bits[n].bit & 1u) {
            rk_nvic_pend(cpu, bits[n].exc, bits[n].on);
        }
    }
}

static void write_aircr(struct rk_dev *cpu, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (value >> 16 != VECTKEY) {
        rk_guest_error(cpu, "AIRCR write %08x without its key", (unsigned)value);
        return;
    }
    c->prigroup = value >> 8 & 7u;
    if (value & 4u) {
        rk_reset_request(cpu, RK_RESET_SOFT);
    }
    if (value & 3u) {
        rk_guest_error(cpu, "AIRCR VECTRESET or VECTCLRACTIVE outside a debugger");
    }
    rk_nvic_update(cpu);
}

static uint32_t read_shcsr(const struct rk_dev *cpu) {
    uint32_t value = 0;
    for (size_t n = 0; n < RK_COUNT(shcsr_bits); n++) {
        const uint32_t *map = shcsr_map(rk_cpu_state(cpu), shcsr_bits[n].kind);
        value |= rk_bit_get(map, shcsr_bits[n].exc) ? 1u << shcsr_bits[n].bit : 0;
    }
    return value;
}

static void write_shcsr(struct rk_dev *cpu, uint32_t value) {
    for (size_t n = 0; n < RK_COUNT(shcsr_bits); n++) {
        uint32_t *map = shcsr_map(rk_cpu_state(cpu), shcsr_bits[n].kind);
        rk_bit_put(map, shcsr_bits[n].exc, value >> shcsr_bits[n].bit & 1u);
    }
    rk_nvic_update(cpu);
}

/* --- words ---------------------------------------------------------------------------------------
 */

static uint32_t read_word(struct rk_dev *cpu, uint32_t off) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    uint32_t value;
    if (nvic_read(cpu, off, &value)) {
        return value;
    }
    if (off >= SYSTICK && off < SYSTICK + 16) {
        return rk_systick_read(cpu, off - SYSTICK);
    }
    if (off >= FEATURES && off < FEATURES_END) {
        return features[(off - FEATURES) / 4];
    }
    switch (off) {
    case DWT_CTRL: return c->dwt.ctrl | DWT_NUMCOMP;
    case DWT_CYCCNT: return cyccnt(cpu);
    case ICTR: return (irq_count(cpu) - 1u) / 32;
    case ACTLR: return c->actlr;
    case CPUID: return CPUID_R1P1;
    case ICSR: return read_icsr(cpu);
    case VTOR: return c->vtor;
    case AIRCR: return VECTKEYSTAT << 16 | c->prigroup << 8;
    case SCR: return c->scr;
    case CCR: return c->ccr;
    case SHCSR: return read_shcsr(cpu);
    case CFSR: return c->cfsr;
    case HFSR: return c->hfsr;
    case DFSR: return c->dfsr;
    case MMFAR: return c->mmfar;
    case BFAR: return c->bfar;
    case DEMCR: return c->demcr;
    case AFSR:
    case STIR:
    case DHCSR: return 0;
    default: break;
    }
    rk_unmodelled(cpu, off, false, 0);
    return 0;
}

static void write_dwt(struct rk_dev *cpu, uint32_t off, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    cyccnt_hold(cpu);
    if (off == DWT_CTRL) {
        c->dwt.ctrl = value & 1u;
        if (value & 0x007F0000u) {
            rk_unmodelled(cpu, off, true, value);
        }
    } else if (off == DWT_CYCCNT) {
        c->dwt.value = value;
    } else {
        c->demcr = value & DEMCR_WRITABLE;
    }
}

static void write_ccr(struct rk_dev *cpu, uint32_t value) {
    rk_cpu_state(cpu)->ccr = value & CCR_WRITABLE;
    rk_cpu_set_limits(cpu);
    rk_machine_kick(cpu->m); /* the interpreter reads its limits when it begins */
}

static void write_word(struct rk_dev *cpu, uint32_t off, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (nvic_write(cpu, off, value)) {
        return;
    }
    if (off >= SYSTICK && off < SYSTICK + 16) {
        rk_systick_write(cpu, off - SYSTICK, value);
        return;
    }
    switch (off) {
    case DWT_CTRL:
    case DWT_CYCCNT:
    case DEMCR: write_dwt(cpu, off, value); return;
    case ACTLR: c->actlr = value & 7u; return;
    case ICSR: write_icsr(cpu, value); return;
    case VTOR: c->vtor = value & VTOR_MASK; return;
    case AIRCR: write_aircr(cpu, value); return;
    case SCR: c->scr = value & 0x16u; return;
    case CCR: write_ccr(cpu, value); return;
    case SHCSR: write_shcsr(cpu, value); return;
    case CFSR: c->cfsr &= ~value; return;
    case HFSR: c->hfsr &= ~value; return;
    case DFSR: c->dfsr &= ~value; return;
    case MMFAR: c->mmfar = value; return;
    case BFAR: c->bfar = value; return;
    case STIR: write_irqs(cpu, (value & 0x1FFu) / 32, 1u << (value & 31u), NULL, true); return;
    case CPUID:
    case ICTR:
    case AFSR: rk_guest_error(cpu, "write to read-only register +%04x", (unsigned)off); return;
    default: rk_unmodelled(cpu, off, true, value); return;
    }
}

/* --- the bus side --------------------------------------------------------------------------------
 */

uint32_t rk_scs_read(struct rk_dev *cpu, uint32_t off, unsigned size) {
    if (is_prio(off)) {
        return read_prio(cpu, off, size);
    }
    uint32_t value = read_word(cpu, off & ~3u) >> (8 * (off & 3u));
    return size == 4 ? value : value & ((1u << (8 * size)) - 1u);
}

static bool write_one_clears(uint32_t off) {
    return off == CFSR || off == HFSR || off == DFSR;
}

void rk_scs_write(struct rk_dev *cpu, uint32_t off, uint32_t value, unsigned size) {
    if (is_prio(off)) {
        write_prio(cpu, off, value, size);
        return;
    }
    if (size < 4) {
        uint32_t word = off & ~3u, shift = 8 * (off & 3u);
        uint32_t mask = (size == 1 ? 0xFFu : 0xFFFFu) << shift;
        value =
            (value << shift & mask) | (write_one_clears(word) ? 0 : read_word(cpu, word) & ~mask);
        off = word;
    }
    write_word(cpu, off, value);
}

enum rk_read_kind rk_scs_read_kind(const struct rk_dev *cpu, uint32_t off) {
    switch (off & ~3u) {
    case DWT_CYCCNT: return RK_READ_CLOCK;
    case SYSTICK: return rk_cpu_state(cpu)->systick.countflag ? RK_READ_EFFECT : RK_READ_STABLE;
    case SYSTICK + 8: return RK_READ_CLOCK;
    default: return off >= DWT_CTRL ? RK_READ_STABLE : RK_READ_EFFECT;
    }
}

bool rk_scs_write_is_idle(const struct rk_dev *cpu, uint32_t off, uint32_t value) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    unsigned n = (off & 0x1Fu) / 4;
    uint32_t now = 0;
    switch (off & ~0x1Fu) {
    case ISER: return nvic_read(cpu, off, &now) && (value & ~now) == 0;
    case ICER: return n < RK_EXC_MAX / 32 && nvic_read(cpu, off, &now) && (value & now) == 0;
    default: return off == VTOR && (value & VTOR_MASK) == c->vtor;
    }
}
