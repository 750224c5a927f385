/* GPIO port: RM0008 9.1 (modes), 9.2 (registers), 9.3.5 and 31.4 (JTAG pins). Resolves the level of
 * each pin from its mode, ODR, alternate function, pulls and the outside; knows nothing of who is
 * connected. A pin that a timer channel drives has the level 1 only while the channel never pulls
 * it low: its edges are not resolved, watchers take the duty cycle from RK_GPIO_OUT_PWM.
 */
#include "emu/periph/gpio.h"

#define GPIO_CRL  0x00u
#define GPIO_CRH  0x04u
#define GPIO_IDR  0x08u
#define GPIO_ODR  0x0Cu
#define GPIO_BSRR 0x10u
#define GPIO_BRR  0x14u
#define GPIO_LCKR 0x18u

#define LCKK (1u << 16)

#define VDD_MV       3300u
#define THRESHOLD_MV 1650u
#define PINS         16u
#define OBSERVED     4u /* ports A-D have names for watchers */

struct gpio_state {
    uint32_t crl, crh;
    uint16_t odr;
    uint16_t lock;     /* pins whose mode is frozen */
    uint16_t lock_try; /* LCK bits of the sequence under way */
    uint8_t lock_step;
    uint8_t locked;
    uint8_t swj;

    /* The outside, kept over resets. A pin has a digital drive or an analog voltage: the last set.
     */
    uint16_t ext_driven, ext_level;
    uint16_t ext_analog;
    uint16_t ext_mv[PINS];
    /* Alternate functions, as the blocks told. */
    uint16_t af_driven, af_level;
    uint16_t pwm_driven, pwm_high;
    uint32_t pwm[PINS];

    /* Derived from CRL and CRH: one bit per pin. */
    uint16_t out_pp, out_od, af_pp, af_od, pull, analog;

    uint16_t level; /* resolved */
    uint16_t sent;  /* as last told on the lines */
    uint32_t pwm_sent[PINS];
    uint16_t mv_sent[PINS];
};

/* --- levels --- */

/* Pins that the debug port owns in this SWJ_CFG, and the pull that it gives them: PA13 JTMS up,
 * PA14 JTCK down, PA15 JTDI up, PB3 JTDO none, PB4 NJTRST up (RM0008 31.4.4). */
static uint16_t swj_pins(const struct rk_dev *dev) {
    const struct rk_gpio_config *config = dev->config;
    const struct gpio_state *s = dev->state;
    bool jtag = s->swj < 2, swd = s->swj < 4;
    if (config->port == 0) {
        return (uint16_t)((jtag ? 1u << 15 : 0) | (swd ? 3u << 13 : 0));
    }
    if (config->port == 1) {
        return (uint16_t)((s->swj == 0 ? 1u << 4 : 0) | (jtag ? 1u << 3 : 0));
    }
    return 0;
}

static uint16_t swj_pull_ups(const struct rk_dev *dev) {
    const struct rk_gpio_config *config = dev->config;
    return config->port == 0 ? 1u << 13 | 1u << 15 : 1u << 4;
}

static uint16_t outside_level(const struct gpio_state *s, uint16_t *driven) {
    *driven = s->ext_driven | s->ext_analog;
    return s->ext_level & s->ext_driven;
}

static uint16_t resolve(const struct rk_dev *dev) {
    const struct gpio_state *s = dev->state;
    uint16_t swj = swj_pins(dev);
    uint16_t driven;
    uint16_t ext = outside_level(s, &driven);
    /* Without a strong drive: the outside, else the pull, else 0. */
    uint16_t pull_up = (uint16_t)((s->pull & s->odr & ~swj) | (swj_pull_ups(dev) & swj));
    uint16_t weak = (uint16_t)(ext | (pull_up & ~driven));
    uint16_t af_known = s->af_driven | s->pwm_driven;
    uint16_t af = (uint16_t)((s->af_level & s->af_driven) | (s->pwm_high & s->pwm_driven));
    uint16_t strong = (uint16_t)(s->out_pp | (s->out_od & ~s->odr) | (s->af_pp & af_known) |
                                 (s->af_od & af_known & ~af));
    uint16_t value = (uint16_t)((s->out_pp & s->odr) | (s->af_pp & af));
    strong &= (uint16_t)~swj;
    /* The Schmitt trigger of an analog input gives 0 (RM0008 9.1.11). */
    return (uint16_t)((strong & value) | (~strong & weak & ~(s->analog & ~swj)));
}

/* What a voltmeter sees at the pin: for the ADC. */
static uint16_t millivolts(const struct rk_dev *dev, unsigned pin) {
    const struct gpio_state *s = dev->state;
    uint16_t bit = (uint16_t)(1u << pin);
    uint16_t output = s->out_pp | s->out_od | s->af_pp | s->af_od;
    if (!(output & bit) && s->ext_analog & bit) {
        return s->ext_mv[pin];
    }
    uint16_t high = output & bit ? s->level : (uint16_t)(s->ext_level & s->ext_driven);
    if (!(output & bit) && !(s->ext_driven & bit)) {
        high = s->pull & s->odr;
    }
    return high & bit ? VDD_MV : 0;
}

/* Tells what changed. Whoever is told may come back with another input: the loops look at the state
 * anew each time. */
static void tell_levels(struct rk_dev *dev) {
    const struct rk_gpio_config *config = dev->config;
    struct gpio_state *s = dev->state;
    uint16_t diff;
    while ((diff = s->level ^ s->sent) != 0) {
        unsigned pin = (unsigned)__builtin_ctz(diff);
        bool level = s->level >> pin & 1u;
        s->sent ^= (uint16_t)(1u << pin);
        if (config->port < OBSERVED) {
            rk_observe_pin(dev, PINS * config->port + pin, level);
        }
        rk_line_out(dev, RK_GPIO_OUT_PIN + pin, level);
    }
}

static void tell_pwm(struct rk_dev *dev, unsigned pin) {
    struct gpio_state *s = dev->state;
    uint16_t bit = (uint16_t)(1u << pin);
    bool on = (s->af_pp | s->af_od) & s->pwm_driven & ~swj_pins(dev) & bit;
    uint32_t value = on ? s->pwm[pin] : RK_GPIO_PWM_NONE;
    if (value != s->pwm_sent[pin]) {
        s->pwm_sent[pin] = value;
        rk_line_out(dev, RK_GPIO_OUT_PWM + pin, value);
    }
}

static void tell_mv(struct rk_dev *dev, unsigned pin) {
    struct gpio_state *s = dev->state;
    uint16_t mv = millivolts(dev, pin);
    if (mv != s->mv_sent[pin]) {
        s->mv_sent[pin] = mv;
        rk_line_out(dev, RK_GPIO_OUT_MV + pin, mv);
    }
}

static void levels_changed(struct rk_dev *dev) {
    struct gpio_state *s = dev->state;
    uint16_t before = s->level;
    s->level = resolve(dev);
    for (uint16_t diff = before ^ s->level; diff; diff &= (uint16_t)(diff - 1)) {
        tell_mv(dev, (unsigned)__builtin_ctz(diff));
    }
    tell_levels(dev);
}

static void modes_changed(struct rk_dev *dev) {
    struct gpio_state *s = dev->state;
    s->out_pp = s->out_od = s->af_pp = s->af_od = s->pull = s->analog = 0;
    for (unsigned pin = 0; pin < PINS; pin++) {
        uint32_t nibble = (pin < 8 ? s->crl : s->crh) >> (4 * (pin & 7u)) & 0xFu;
        uint16_t bit = (uint16_t)(1u << pin);
        uint16_t *const output[] = {&s->out_pp, &s->out_od, &s->af_pp, &s->af_od};
        if (nibble & 3u) {
            *output[nibble >> 2] |= bit;
        } else if (nibble == 0x8u) {
            s->pull |= bit;
        } else if (nibble == 0) {
            s->analog |= bit;
        }
    }
    levels_changed(dev);
    for (unsigned pin = 0; pin < PINS; pin++) {
        tell_pwm(dev, pin);
        tell_mv(dev, pin);
    }
}

/* --- registers --- */

/* Mode registers as they would be after writing value to CRL (pins from 0) or CRH (from 8): locked
 * pins keep theirs. */
static uint32_t merge_modes(const struct gpio_state *s, uint32_t old, uint32_t value,
                            unsigned first) {
    for (unsigned i = 0; s->locked && i < 8; i++) {
        if (s->lock >> (first + i) & 1u) {
            uint32_t mask = 0xFu << (4 * i);
            value = (value & ~mask) | (old & mask);
        }
    }
    return value;
}

/* RM0008 9.2.7: LCKK written 1, 0, 1 with the same LCK bits, then read. */
static void write_lckr(struct gpio_state *s, uint32_t value) {
    bool key = value & LCKK;
    uint16_t pins = (uint16_t)value;
    if (s->locked) {
        return;
    }
    if (s->lock_step == 1 && !key && pins == s->lock_try) {
        s->lock_step = 2;
    } else if (s->lock_step == 2 && key && pins == s->lock_try) {
        s->lock = pins;
        s->locked = 1;
        s->lock_step = 0;
    } else {
        s->lock_step = key ? 1 : 0;
        s->lock_try = pins;
    }
}

static uint16_t odr_after(const struct gpio_state *s, uint32_t off, uint32_t value) {
    switch (off) {
    case GPIO_BSRR: return (uint16_t)((s->odr & ~(value >> 16)) | value); /* set wins over reset */
    case GPIO_BRR: return (uint16_t)(s->odr & ~value);
    default: return (uint16_t)value;
    }
}

static uint32_t gpio_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct gpio_state *s = dev->state;
    switch (off) {
    case GPIO_CRL: return s->crl;
    case GPIO_CRH: return s->crh;
    case GPIO_IDR: return s->level;
    case GPIO_ODR: return s->odr;
    case GPIO_BSRR: return 0;
    case GPIO_BRR: return 0;
    case GPIO_LCKR: return (s->locked ? LCKK : 0) | (s->locked ? s->lock : s->lock_try);
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void gpio_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct gpio_state *s = dev->state;
    switch (off) {
    case GPIO_CRL:
        s->crl = merge_modes(s, s->crl, value, 0);
        modes_changed(dev);
        break;
    case GPIO_CRH:
        s->crh = merge_modes(s, s->crh, value, 8);
        modes_changed(dev);
        break;
    case GPIO_ODR:
    case GPIO_BSRR:
    case GPIO_BRR: {
        uint16_t odr = odr_after(s, off, value);
        if (odr != s->odr) {
            s->odr = odr;
            levels_changed(dev);
        }
        break;
    }
    case GPIO_LCKR: write_lckr(s, value); break;
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); break;
    }
}

static enum rk_read_kind gpio_read_kind(const struct rk_dev *dev, uint32_t off) {
    return off <= GPIO_LCKR ? RK_READ_STABLE : RK_READ_EFFECT;
}

static bool gpio_write_is_idle(const struct rk_dev *dev, uint32_t off, uint32_t value) {
    const struct gpio_state *s = dev->state;
    switch (off) {
    case GPIO_CRL: return merge_modes(s, s->crl, value, 0) == s->crl;
    case GPIO_CRH: return merge_modes(s, s->crh, value, 8) == s->crh;
    case GPIO_ODR:
    case GPIO_BSRR:
    case GPIO_BRR: return odr_after(s, off, value) == s->odr;
    default: return false;
    }
}

/* --- lines --- */

static void set_bit(uint16_t *word, unsigned pin, bool on) {
    uint16_t bit = (uint16_t)(1u << pin);
    *word = (uint16_t)(on ? *word | bit : *word & ~bit);
}

static void set_pwm(struct rk_dev *dev, unsigned pin, uint32_t value) {
    struct gpio_state *s = dev->state;
    set_bit(&s->pwm_driven, pin, value != RK_GPIO_PWM_NONE);
    set_bit(&s->pwm_high, pin, value != RK_GPIO_PWM_NONE && value >> 16 > (value & 0xFFFFu));
    s->pwm[pin] = value;
}

static uint32_t gpio_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct gpio_state *s = dev->state;
    unsigned pin = line & 15u;
    if (line < RK_GPIO_IN_AF) {
        set_bit(&s->ext_driven, pin, value != RK_GPIO_FLOAT);
        set_bit(&s->ext_level, pin, value == 1);
        set_bit(&s->ext_analog, pin, false);
        levels_changed(dev);
        tell_mv(dev, pin);
    } else if (line < RK_GPIO_IN_PWM) {
        set_bit(&s->af_driven, pin, value != RK_GPIO_FLOAT);
        set_bit(&s->af_level, pin, value == 1);
        levels_changed(dev);
    } else if (line < RK_GPIO_IN_ANALOG) {
        set_pwm(dev, pin, value);
        tell_pwm(dev, pin);
        levels_changed(dev);
    } else if (line < RK_GPIO_IN_SWJ) {
        set_bit(&s->ext_analog, pin, true);
        set_bit(&s->ext_driven, pin, true);
        set_bit(&s->ext_level, pin, value >= THRESHOLD_MV);
        s->ext_mv[pin] = (uint16_t)RK_MIN(value, 0xFFFFu);
        levels_changed(dev);
        tell_mv(dev, pin);
    } else if (line == RK_GPIO_IN_SWJ) {
        s->swj = (uint8_t)value;
        modes_changed(dev);
    }
    return 0;
}

/* The outside and the alternate functions are not the port's: they stay. */
static void gpio_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct gpio_state *s = dev->state;
    s->crl = s->crh = 0x44444444u;
    s->odr = 0;
    s->lock = s->lock_try = 0;
    s->lock_step = s->locked = 0;
    for (unsigned pin = 0; pin < PINS; pin++) {
        s->pwm_sent[pin] = 0; /* told again: its idle value is not 0 */
    }
    modes_changed(dev);
}

const struct rk_dev_ops rk_gpio_ops = {.type = "gpio",
                                       .state_size = sizeof(struct gpio_state),
                                       .out_count = RK_GPIO_OUT_COUNT,
                                       .width = RK_BUS_APB,
                                       .reset = gpio_reset,
                                       .read = gpio_read,
                                       .write = gpio_write,
                                       .input = gpio_input,
                                       .read_kind = gpio_read_kind,
                                       .write_is_idle = gpio_write_is_idle};
