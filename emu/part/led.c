/* The board's lights: see led.h. core-hardware.md 2.1, 2.3: common anode, so a channel shines while
 * its pin is low; the firmware drives them by TIM1 with active-low polarity.
 */
#include "emu/part/led.h"

#include <string.h>

#include "emu/periph/gpio.h"

struct led_state {
    uint32_t pwm[3];
    uint8_t drive[3];
    uint8_t user;
    uint16_t rgb[3];
    uint16_t full;
};

static struct led_state *state_of(const struct rk_dev *dev) {
    return dev->state;
}

/* Counts of `full` in which a channel shines. */
static uint16_t lit(const struct led_state *s, unsigned i, uint32_t full) {
    if (s->pwm[i] == RK_GPIO_PWM_NONE) {
        return s->drive[i] == 0 ? (uint16_t)full : 0;
    }
    uint32_t period = (s->pwm[i] & 0xFFFFu) + 1;
    uint32_t high = RK_MIN(s->pwm[i] >> 16, period);
    return (uint16_t)RK_MIN(period - high, 0xFFFFu);
}

static void update(struct rk_dev *dev) {
    struct led_state *s = state_of(dev);
    uint32_t full = 1;
    for (unsigned i = 0; i < 3; i++) {
        if (s->pwm[i] != RK_GPIO_PWM_NONE) {
            full = RK_MAX(full, RK_MIN((s->pwm[i] & 0xFFFFu) + 1, 0xFFFFu));
        }
    }
    uint16_t rgb[3] = {lit(s, 0, full), lit(s, 1, full), lit(s, 2, full)};
    if (memcmp(rgb, s->rgb, sizeof rgb) == 0 && s->full == full) {
        return;
    }
    memcpy(s->rgb, rgb, sizeof rgb);
    s->full = (uint16_t)full;
    if (rk_traced(dev, RK_TRACE_LED)) {
        rk_trace(dev, RK_TRACE_LED, "r %u g %u b %u of %u", rgb[0], rgb[1], rgb[2], (unsigned)full);
    }
    rk_observe_led(dev, rgb, (uint16_t)full);
}

/* A new machine's light is driven by nobody; the port's reset may speak to it before its own does.
 */
static void start_undriven(struct led_state *s) {
    if (s->full == 0) {
        s->full = 1;
        for (unsigned i = 0; i < 3; i++) {
            s->pwm[i] = RK_GPIO_PWM_NONE;
            s->drive[i] = RK_GPIO_FLOAT;
        }
    }
}

/* The pins decide: a chip's reset reaches the light through them. */
static void led_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)kind;
    start_undriven(state_of(dev));
    update(dev);
}

static uint32_t led_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct led_state *s = state_of(dev);
    start_undriven(s);
    if (line < RK_LED_IN_PIN) {
        s->pwm[line - RK_LED_IN_PWM] = value;
    } else if (line < RK_LED_IN_USER) {
        s->drive[line - RK_LED_IN_PIN] = (uint8_t)value;
    } else if (s->user != value) {
        s->user = (uint8_t)value;
        if (rk_traced(dev, RK_TRACE_LED)) {
            rk_trace(dev, RK_TRACE_LED, "D7 %u", (unsigned)value);
        }
        return 0;
    }
    update(dev);
    return 0;
}

const struct rk_dev_ops rk_led_ops = {
    .type = "led",
    .state_size = sizeof(struct led_state),
    .reset = led_reset,
    .input = led_input,
};

void rk_led_get(const struct rk_dev *dev, uint16_t rgb[3], uint16_t *full) {
    const struct led_state *s = state_of(dev);
    memcpy(rgb, s->rgb, sizeof s->rgb);
    *full = s->full;
}

bool rk_led_user(const struct rk_dev *dev) {
    return state_of(dev)->user == 1;
}
