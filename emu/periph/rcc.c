/* RCC of low- and medium-density STM32F103 (RM0008 7): oscillators with their start-up times, the
 * clock tree, gates and block resets, reset flags, and the backup domain's control register. It
 * knows no block behind its gates: they are output lines.
 */
#include "emu/periph/rcc.h"

enum {
    CR = 0x00,
    CFGR = 0x04,
    CIR = 0x08,
    APB2RSTR = 0x0C,
    APB1RSTR = 0x10,
    AHBENR = 0x14,
    APB2ENR = 0x18,
    APB1ENR = 0x1C,
    BDCR = 0x20,
    CSR = 0x24,
};

#define CR_HSION    (1u << 0)
#define CR_HSIRDY   (1u << 1)
#define CR_HSITRIM  (0x1Fu << 3)
#define CR_HSEON    (1u << 16)
#define CR_HSERDY   (1u << 17)
#define CR_HSEBYP   (1u << 18)
#define CR_CSSON    (1u << 19)
#define CR_PLLON    (1u << 24)
#define CR_PLLRDY   (1u << 25)
#define CR_WRITABLE (CR_HSION | CR_HSITRIM | CR_HSEON | CR_HSEBYP | CR_CSSON | CR_PLLON)

#define CFGR_SW       0x3u
#define CFGR_SWS      (0x3u << 2)
#define CFGR_PLLSRC   (1u << 16)
#define CFGR_PLLXTPRE (1u << 17)
#define CFGR_PLL      (0x3Fu << 16) /* PLLSRC, PLLXTPRE, PLLMUL: locked while the PLL is on */
#define CFGR_USBPRE   (1u << 22)
#define CFGR_WRITABLE 0x077FFFF3u

#define BDCR_LSEON    (1u << 0)
#define BDCR_LSERDY   (1u << 1)
#define BDCR_LSEBYP   (1u << 2)
#define BDCR_RTCSEL   (3u << 8)
#define BDCR_RTCEN    (1u << 15)
#define BDCR_BDRST    (1u << 16)
#define BDCR_WRITABLE (BDCR_LSEON | BDCR_LSEBYP | BDCR_RTCSEL | BDCR_RTCEN)

#define CSR_LSION   (1u << 0)
#define CSR_LSIRDY  (1u << 1)
#define CSR_RMVF    (1u << 24)
#define CSR_PINRST  (1u << 26)
#define CSR_PORRST  (1u << 27)
#define CSR_SFTRST  (1u << 28)
#define CSR_IWDGRST (1u << 29)
#define CSR_WWDGRST (1u << 30)
#define CSR_FLAGS   0xFC000000u

/* Ready flags 0-4 of CIR, their enables (+8) and clear bits (+16); the clock security flag. */
enum {
    RDY_LSI,
    RDY_LSE,
    RDY_HSI,
    RDY_HSE,
    RDY_PLL,
};
#define CIR_CSSF   (1u << 7)
#define CIR_ENABLE 0x1F00u
#define CIR_FLAGS  0x9Fu

/* Bits of RM0008 7.3.3-7.3.8 that a medium-density F103 has. */
#define AHB_BITS    0x00000055u
#define AHB_RESET   0x00000014u /* SRAM and flash interface */
#define APB2_BITS   0x00005E7Du
#define APB1_BITS   0x1AE64807u
#define HSICAL      0x55u /* factory value differs from chip to chip (RM0008: "XX") */
#define HSI_HZ      8000000u
#define LSI_HZ      40000u
#define LSE_HZ      32768u
#define MAX_HZ      72000000u
#define HSI_STARTUP 2u  /* us; DS5319 table 24: 1-2 */
#define LSI_STARTUP 85u /* us; DS5319 table 25 */

enum {
    SYS_HSI,
    SYS_HSE,
    SYS_PLL,
};

struct rcc_state {
    uint32_t cr, cfgr, cir, apb2rstr, apb1rstr, ahbenr, apb2enr, apb1enr, bdcr, csr;
    uint8_t dbp;
    uint8_t stop;
    uint8_t lsi_forced; /* IWDG runs */
    uint8_t hse_broken;
};

static const struct rk_rcc_config *config_of(const struct rk_dev *dev) {
    return dev->config;
}

/* --- the tree -----------------------------------------------------------------------------------
 */

static uint32_t pll_hz(const struct rk_dev *dev) {
    const struct rcc_state *s = dev->state;
    if (!(s->cr & CR_PLLRDY)) {
        return 0;
    }
    uint32_t in = HSI_HZ / 2;
    if (s->cfgr & CFGR_PLLSRC) {
        in = config_of(dev)->hse_hz / (s->cfgr & CFGR_PLLXTPRE ? 2 : 1);
    }
    uint32_t mul = (s->cfgr >> 18 & 0xFu) + 2;
    return in * RK_MIN(mul, 16u);
}

static uint32_t sys_hz(const struct rk_dev *dev) {
    const struct rcc_state *s = dev->state;
    switch (s->cfgr >> 2 & 3u) {
    case SYS_HSE: return config_of(dev)->hse_hz;
    case SYS_PLL: return pll_hz(dev);
    default: return HSI_HZ;
    }
}

/* RM0008 7.3.2: HPRE 0xxx not divided, 1000 /2 ... 1011 /16, 1100 /64 ... 1111 /512. */
static unsigned ahb_shift(uint32_t hpre) {
    unsigned n = hpre & 7u;
    return hpre & 8u ? n + (n < 4 ? 1 : 2) : 0;
}

static unsigned apb_shift(uint32_t ppre) {
    return ppre & 4u ? (ppre & 3u) + 1 : 0;
}

static uint32_t rtc_hz(const struct rk_dev *dev) {
    const struct rcc_state *s = dev->state;
    if (!(s->bdcr & BDCR_RTCEN)) {
        return 0;
    }
    switch (s->bdcr >> 8 & 3u) {
    case 1: return s->bdcr & BDCR_LSERDY ? LSE_HZ : 0;
    case 2: return s->csr & CSR_LSIRDY ? LSI_HZ : 0;
    case 3: return s->cr & CR_HSERDY ? config_of(dev)->hse_hz / 128 : 0;
    default: return 0;
    }
}

static void update_tree(struct rk_dev *dev) {
    const struct rcc_state *s = dev->state;
    uint32_t sys = sys_hz(dev);
    uint32_t hclk = sys >> ahb_shift(s->cfgr >> 4 & 0xFu);
    unsigned p1 = apb_shift(s->cfgr >> 8 & 7u), p2 = apb_shift(s->cfgr >> 11 & 7u);
    if (sys > MAX_HZ || (hclk >> p1) > MAX_HZ / 2) {
        rk_guest_error(dev, "%u Hz HCLK, PCLK1 /%u: more than the chip is rated for",
                       (unsigned)hclk, 1u << p1);
    }
    uint32_t pll = pll_hz(dev);
    rk_clock_set(dev, RK_CLOCK_HCLK, hclk);
    rk_clock_set(dev, RK_CLOCK_PCLK1, hclk >> p1);
    rk_clock_set(dev, RK_CLOCK_PCLK2, hclk >> p2);
    rk_clock_set(dev, RK_CLOCK_TIM1, p1 ? hclk >> (p1 - 1) : hclk);
    rk_clock_set(dev, RK_CLOCK_TIM2, p2 ? hclk >> (p2 - 1) : hclk);
    rk_clock_set(dev, RK_CLOCK_ADC, (hclk >> p2) / (2 * ((s->cfgr >> 14 & 3u) + 1)));
    rk_clock_set(dev, RK_CLOCK_USB, s->cfgr & CFGR_USBPRE ? pll : pll / 3 * 2);
    rk_clock_set(dev, RK_CLOCK_RTC, rtc_hz(dev));
}

/* --- interrupts ---------------------------------------------------------------------------------
 */

static void update_irq(struct rk_dev *dev) {
    const struct rcc_state *s = dev->state;
    rk_line_out(dev, RK_RCC_OUT_IRQ, (s->cir & s->cir >> 8 & 0x1Fu) != 0);
}

/* RM0008 7.3.3: a ready flag is set only when its interrupt is enabled. */
static void became_ready(struct rk_dev *dev, unsigned which) {
    struct rcc_state *s = dev->state;
    if (s->cir >> (8 + which) & 1u) {
        s->cir |= 1u << which;
        update_irq(dev);
    }
}

static void write_cir(struct rk_dev *dev, uint32_t value) {
    struct rcc_state *s = dev->state;
    bool nmi = s->cir & CIR_CSSF;
    s->cir &= ~(value >> 16 & CIR_FLAGS) & CIR_FLAGS;
    s->cir |= value & CIR_ENABLE;
    update_irq(dev);
    if (nmi && !(s->cir & CIR_CSSF)) {
        rk_line_out(dev, RK_RCC_OUT_NMI, 0);
    }
}

/* --- oscillators --------------------------------------------------------------------------------
 */

static void start(struct rk_dev *dev, unsigned osc, uint32_t us) {
    if (!rk_timer_running(dev, osc)) {
        rk_timer_set_ns(dev, osc, rk_now_ns(dev) + (uint64_t)us * 1000);
    }
}

/* The system clock follows SW as soon as the source that it names is ready. */
static void switch_system(struct rk_dev *dev) {
    struct rcc_state *s = dev->state;
    static const uint32_t ready[] = {CR_HSIRDY, CR_HSERDY, CR_PLLRDY};
    uint32_t sw = s->cfgr & CFGR_SW;
    if (s->cr & ready[sw]) {
        s->cfgr = (s->cfgr & ~CFGR_SWS) | sw << 2;
    }
}

static bool uses(const struct rcc_state *s, unsigned source) {
    unsigned sws = s->cfgr >> 2 & 3u, sw = s->cfgr & CFGR_SW;
    return sws == source || sw == source;
}

/* Directly, or as the input of the PLL that is used. */
static bool uses_hse(const struct rcc_state *s) {
    return uses(s, SYS_HSE) || (uses(s, SYS_PLL) && s->cfgr & CFGR_PLLSRC);
}

static bool uses_hsi(const struct rcc_state *s) {
    return uses(s, SYS_HSI) || (uses(s, SYS_PLL) && !(s->cfgr & CFGR_PLLSRC));
}

static void plan_pll(struct rk_dev *dev) {
    struct rcc_state *s = dev->state;
    uint32_t input = s->cfgr & CFGR_PLLSRC ? CR_HSERDY : CR_HSIRDY;
    if (s->cr & CR_PLLON && !(s->cr & CR_PLLRDY) && s->cr & input) {
        start(dev, RDY_PLL, config_of(dev)->pll_lock_us);
    }
}

static void plan_oscillators(struct rk_dev *dev) {
    struct rcc_state *s = dev->state;
    if (s->cr & CR_HSION && !(s->cr & CR_HSIRDY)) {
        start(dev, RDY_HSI, HSI_STARTUP);
    }
    if (s->cr & CR_HSEON && !(s->cr & CR_HSERDY) && !s->hse_broken) {
        start(dev, RDY_HSE, config_of(dev)->hse_start_us);
    }
    if ((s->csr & CSR_LSION || s->lsi_forced) && !(s->csr & CSR_LSIRDY)) {
        start(dev, RDY_LSI, LSI_STARTUP);
    }
    if (s->bdcr & BDCR_LSEON && !(s->bdcr & BDCR_LSERDY)) {
        start(dev, RDY_LSE, config_of(dev)->lse_start_us);
    }
    plan_pll(dev);
}

static void osc_off(struct rk_dev *dev, uint32_t *reg, uint32_t ready_bit, unsigned osc) {
    *reg &= ~ready_bit;
    rk_timer_stop(dev, osc);
}

/* What is off after a write is no longer ready. */
static void drop_oscillators(struct rk_dev *dev) {
    struct rcc_state *s = dev->state;
    if (!(s->cr & CR_HSION)) {
        osc_off(dev, &s->cr, CR_HSIRDY, RDY_HSI);
    }
    if (!(s->cr & CR_HSEON)) {
        osc_off(dev, &s->cr, CR_HSERDY, RDY_HSE);
    }
    if (!(s->cr & CR_PLLON)) {
        osc_off(dev, &s->cr, CR_PLLRDY, RDY_PLL);
    }
    if (!(s->csr & CSR_LSION) && !s->lsi_forced) {
        osc_off(dev, &s->csr, CSR_LSIRDY, RDY_LSI);
    }
    if (!(s->bdcr & BDCR_LSEON)) {
        osc_off(dev, &s->bdcr, BDCR_LSERDY, RDY_LSE);
    }
}

static void settle(struct rk_dev *dev) {
    drop_oscillators(dev);
    plan_oscillators(dev);
    switch_system(dev);
    update_tree(dev);
}

static void rcc_timer(struct rk_dev *dev, unsigned timer) {
    struct rcc_state *s = dev->state;
    switch (timer) {
    case RDY_LSI: s->csr |= CSR_LSIRDY; break;
    case RDY_LSE: s->bdcr |= BDCR_LSERDY; break;
    case RDY_HSI: s->cr |= CR_HSIRDY; break;
    case RDY_HSE: s->cr |= CR_HSERDY; break;
    case RDY_PLL: s->cr |= CR_PLLRDY; break;
    }
    settle(dev);
    became_ready(dev, timer);
}

/* RM0008 7.2.7: the system clock goes back to HSI; with the security system on, NMI. */
static void hse_failed(struct rk_dev *dev) {
    struct rcc_state *s = dev->state;
    bool was_ready = s->cr & CR_HSERDY;
    osc_off(dev, &s->cr, CR_HSERDY, RDY_HSE);
    if (!was_ready || !(s->cr & CR_CSSON)) {
        if (was_ready && uses_hse(s)) {
            rk_guest_error(dev, "the crystal stopped and the clock security system is off");
        }
        return;
    }
    if (uses_hse(s)) {
        s->cfgr &= ~(CFGR_SW | CFGR_SWS);
        s->cr |= CR_HSION | CR_HSIRDY;
    }
    s->cr &= ~(CR_HSEON | (s->cfgr & CFGR_PLLSRC ? CR_PLLON : 0));
    s->cir |= CIR_CSSF;
    settle(dev);
    rk_line_out(dev, RK_RCC_OUT_NMI, 1);
}

/* --- registers ----------------------------------------------------------------------------------
 */

static void write_cr(struct rk_dev *dev, uint32_t value) {
    struct rcc_state *s = dev->state;
    uint32_t next = value & CR_WRITABLE;
    if (!(next & CR_HSION) && uses_hsi(s)) {
        rk_guest_error(dev, "HSI is the system clock: it cannot be switched off");
        next |= CR_HSION;
    }
    if (!(next & CR_HSEON) && s->cr & CR_HSEON && uses_hse(s)) {
        rk_guest_error(dev, "HSE is the system clock: it cannot be switched off");
        next |= CR_HSEON;
    }
    if (!(next & CR_PLLON) && s->cr & CR_PLLON && uses(s, SYS_PLL)) {
        rk_guest_error(dev, "the PLL is the system clock: it cannot be switched off");
        next |= CR_PLLON;
    }
    if (s->cr & CR_HSEON && next & CR_HSEON) {
        next = (next & ~CR_HSEBYP) | (s->cr & CR_HSEBYP);
    }
    s->cr = (s->cr & ~CR_WRITABLE) | next;
    settle(dev);
}

static void write_cfgr(struct rk_dev *dev, uint32_t value) {
    struct rcc_state *s = dev->state;
    uint32_t next = value & CFGR_WRITABLE;
    if ((next & CFGR_SW) == 3) {
        rk_guest_error(dev, "CFGR.SW = 3 is reserved");
        next = (next & ~CFGR_SW) | (s->cfgr & CFGR_SW);
    }
    if (s->cr & CR_PLLON && (next ^ s->cfgr) & CFGR_PLL) {
        rk_guest_error(dev, "PLL source or factor written while the PLL is on");
        next = (next & ~CFGR_PLL) | (s->cfgr & CFGR_PLL);
    }
    s->cfgr = (s->cfgr & CFGR_SWS) | next;
    settle(dev);
}

static void reset_backup_domain(struct rk_dev *dev, bool held) {
    struct rcc_state *s = dev->state;
    s->bdcr = held ? BDCR_BDRST : 0;
    settle(dev);
}

/* RM0008 7.3.9: all bits but BDRST need PWR_CR.DBP, and a clock once selected stays selected until
 * the backup domain is reset. */
static void write_bdcr(struct rk_dev *dev, uint32_t value) {
    struct rcc_state *s = dev->state;
    if ((value ^ s->bdcr) & BDCR_BDRST) {
        bool held = value & BDCR_BDRST;
        reset_backup_domain(dev, held);
        rk_line_out(dev, RK_RCC_OUT_BDRST, held);
    }
    uint32_t next = value & BDCR_WRITABLE;
    if (s->bdcr & BDCR_BDRST || next == (s->bdcr & BDCR_WRITABLE)) {
        return;
    }
    if (!s->dbp) {
        rk_guest_error(dev, "BDCR written while PWR_CR.DBP is 0");
        return;
    }
    if (s->bdcr & BDCR_RTCSEL && (next ^ s->bdcr) & BDCR_RTCSEL) {
        rk_guest_error(dev, "RTCSEL written twice without a backup domain reset");
        next = (next & ~BDCR_RTCSEL) | (s->bdcr & BDCR_RTCSEL);
    }
    if (s->bdcr & BDCR_LSEON) {
        next = (next & ~BDCR_LSEBYP) | (s->bdcr & BDCR_LSEBYP);
    }
    s->bdcr = (s->bdcr & ~BDCR_WRITABLE) | next;
    settle(dev);
}

static void write_csr(struct rk_dev *dev, uint32_t value) {
    struct rcc_state *s = dev->state;
    if (value & CSR_RMVF) {
        s->csr &= ~CSR_FLAGS;
    }
    s->csr = (s->csr & ~CSR_LSION) | (value & CSR_LSION);
    settle(dev);
}

/* Enable and reset registers: each bit that changed goes out on its line. */
static void write_bits(struct rk_dev *dev, uint32_t *reg, uint32_t value, uint32_t valid,
                       unsigned first_line) {
    uint32_t changed = (value ^ *reg) & valid;
    if (value & ~valid) {
        rk_guest_error(dev, "enable or reset bits %08x do not exist on this chip",
                       (unsigned)(value & ~valid));
    }
    *reg = value & valid;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (changed >> bit & 1u) {
            rk_line_out(dev, first_line + bit, value >> bit & 1u);
        }
    }
}

static uint32_t register_value(const struct rcc_state *s, uint32_t off) {
    switch (off) {
    case CR: return s->cr;
    case CFGR: return s->cfgr;
    case CIR: return s->cir;
    case APB2RSTR: return s->apb2rstr;
    case APB1RSTR: return s->apb1rstr;
    case AHBENR: return s->ahbenr;
    case APB2ENR: return s->apb2enr;
    case APB1ENR: return s->apb1enr;
    case BDCR: return s->bdcr;
    case CSR: return s->csr;
    default: return 0;
    }
}

static uint32_t rcc_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    uint32_t reg = off & ~3u;
    if (reg > CSR) {
        rk_unmodelled(dev, off, false, 0);
    }
    uint32_t value = register_value(dev->state, reg) >> (8 * (off & 3u));
    return size == 4 ? value : value & ((1u << (8 * size)) - 1);
}

static void rcc_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct rcc_state *s = dev->state;
    uint32_t reg = off & ~3u;
    if (size < 4) {
        unsigned shift = 8 * (off & 3u);
        uint32_t lanes = ((1u << (8 * size)) - 1) << shift;
        value = (register_value(s, reg) & ~lanes) | (value << shift & lanes);
    }
    switch (reg) {
    case CR: write_cr(dev, value); break;
    case CFGR: write_cfgr(dev, value); break;
    case CIR: write_cir(dev, value); break;
    case APB2RSTR: write_bits(dev, &s->apb2rstr, value, APB2_BITS, RK_RCC_OUT_APB2RSTR); break;
    case APB1RSTR: write_bits(dev, &s->apb1rstr, value, APB1_BITS, RK_RCC_OUT_APB1RSTR); break;
    case AHBENR: write_bits(dev, &s->ahbenr, value, AHB_BITS, RK_RCC_OUT_AHBENR); break;
    case APB2ENR: write_bits(dev, &s->apb2enr, value, APB2_BITS, RK_RCC_OUT_APB2ENR); break;
    case APB1ENR: write_bits(dev, &s->apb1enr, value, APB1_BITS, RK_RCC_OUT_APB1ENR); break;
    case BDCR: write_bdcr(dev, value); break;
    case CSR: write_csr(dev, value); break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

/* Ready and status bits change by the block's own timers only. */
static enum rk_read_kind rcc_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    (void)off;
    return RK_READ_STABLE;
}

/* --- reset, Stop, inputs ------------------------------------------------------------------------
 */

/* core-hardware.md 9.3: every internal reset pulls NRST too, so PINRSTF comes with each. Leaving
 * Standby is a power reset of all but the backup domain (RM0008 7.1.2). */
static void set_reset_flags(struct rcc_state *s, enum rk_reset kind) {
    switch (kind) {
    case RK_RESET_POWER:
    case RK_RESET_STANDBY: s->csr = CSR_PORRST; break;
    case RK_RESET_SOFT: s->csr |= CSR_SFTRST; break;
    case RK_RESET_IWDG: s->csr |= CSR_IWDGRST; break;
    case RK_RESET_WWDG: s->csr |= CSR_WWDGRST; break;
    default: break;
    }
    s->csr = (s->csr & CSR_FLAGS) | CSR_PINRST;
}

static void drive_gates(struct rk_dev *dev) {
    const struct rcc_state *s = dev->state;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (AHB_BITS >> bit & 1u) {
            rk_line_out(dev, RK_RCC_OUT_AHBENR + bit, s->ahbenr >> bit & 1u);
        }
        if (APB2_BITS >> bit & 1u) {
            rk_line_out(dev, RK_RCC_OUT_APB2ENR + bit, s->apb2enr >> bit & 1u);
        }
        if (APB1_BITS >> bit & 1u) {
            rk_line_out(dev, RK_RCC_OUT_APB1ENR + bit, s->apb1enr >> bit & 1u);
        }
    }
}

static void to_hsi(struct rcc_state *s) {
    s->cr = (s->cr & ~(CR_HSEON | CR_HSERDY | CR_HSEBYP | CR_CSSON | CR_PLLON | CR_PLLRDY)) |
            CR_HSION | CR_HSIRDY;
    s->cfgr &= ~(CFGR_SW | CFGR_SWS);
}

static void rcc_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct rcc_state *s = dev->state;
    if (kind == RK_RESET_CLOCK) {
        return;
    }
    to_hsi(s);
    s->cr = HSICAL << 8 | 0x80u | CR_HSION | CR_HSIRDY;
    s->cfgr = 0;
    s->cir = 0;
    s->apb2rstr = s->apb1rstr = 0;
    s->ahbenr = AHB_RESET;
    s->apb2enr = s->apb1enr = 0;
    s->dbp = 0;
    s->stop = 0;
    s->lsi_forced = 0;
    if (kind == RK_RESET_POWER) {
        s->bdcr = 0;
    }
    set_reset_flags(s, kind);
    settle(dev);
    drive_gates(dev);
}

static uint32_t rcc_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct rcc_state *s = dev->state;
    switch (line) {
    case RK_RCC_IN_DBP: s->dbp = value != 0; break;
    case RK_RCC_IN_STOP:
        s->stop = value != 0;
        if (s->stop) {
            to_hsi(s); /* RM0008 5.3.5: HSE and PLL go off, HSI is the clock after wake-up */
            settle(dev);
        }
        break;
    case RK_RCC_IN_LSI:
        s->lsi_forced = value != 0;
        settle(dev);
        break;
    case RK_RCC_IN_HSE_FAIL:
        s->hse_broken = value != 0;
        if (value) {
            hse_failed(dev);
        } else {
            settle(dev);
        }
        break;
    default: break;
    }
    return 0;
}

const struct rk_dev_ops rk_rcc_ops = {
    .type = "rcc",
    .state_size = sizeof(struct rcc_state),
    .timer_count = 5,
    .out_count = RK_RCC_OUT_COUNT,
    .width = RK_BUS_RAW,
    .reset = rcc_reset,
    .read = rcc_read,
    .write = rcc_write,
    .input = rcc_input,
    .timer = rcc_timer,
    .read_kind = rcc_read_kind,
};
