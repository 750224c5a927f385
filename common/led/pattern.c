/* See pattern.h. Brightness 96 of 256, full scale 10000; E0: 100 of 100 (core-hardware.md 5.1). */
#include "common/led/pattern.h"

#define NS_PER_MS       1000000u
#define BRIGHTNESS      96u
#define CONNECT_MS      1010u /* blinking cyan before and after a COUNT or FLASH */
#define CONNECT_HALF_MS 101u
#define RAINBOW_STEP_MS 100u
#define BREATHE_STEP_MS 21u /* E1, E2: 198 steps */
#define LED_SERVICE_MS  25u /* E3 */
#define FULL            1000u

/* Lit and dark times of one pass before the code (core-hardware.md 5.7). */
static const uint16_t sos_ms[] = {150, 100, 150, 100, 150, 200, 300, 100, 300,
                                  100, 300, 200, 150, 100, 150, 100, 150, 1000};
#define SOS_CODE_MS 300u
#define SOS_END_MS  800u

/* Toggles of an update, one per chunk: the radio's rhythm is not even. Any uneven list would do. */
static const uint16_t flicker_ms[] = {60, 170, 90, 240, 50, 130, 200, 75, 110, 300};

static const uint8_t rainbow[] = {RK_COLOUR_VIOLET, RK_COLOUR_INDIGO, RK_COLOUR_BLUE,
                                  RK_COLOUR_GREEN,  RK_COLOUR_YELLOW, RK_COLOUR_AMBER,
                                  RK_COLOUR_RED};

static uint16_t channel(uint32_t component, enum rk_era era, uint32_t part) {
    if (era == RK_ERA_E0) {
        return (uint16_t)(component * 100 / 255 * part / FULL);
    }
    return (uint16_t)(component * BRIGHTNESS * part / FULL * 10000 / 65536);
}

/* part: of FULL. */
static struct rk_led_level level_of(enum rk_led_colour colour, enum rk_era era, uint32_t part) {
    uint32_t rgb = rk_led_colour_rgb(colour);
    return (struct rk_led_level){.r = channel(rgb >> 16, era, part),
                                 .g = channel(rgb >> 8 & 0xFF, era, part),
                                 .b = channel(rgb & 0xFF, era, part),
                                 .scale = era == RK_ERA_E0 ? 100 : 10000};
}

static uint32_t breathe_part(uint32_t period_ms, enum rk_era era, uint32_t t_ms) {
    uint32_t step_ms = era == RK_ERA_E3   ? LED_SERVICE_MS
                       : era == RK_ERA_E0 ? period_ms / 200
                                          : BREATHE_STEP_MS;
    uint32_t t = t_ms % period_ms / step_ms * step_ms;
    uint32_t half = period_ms / 2;
    uint32_t from_trough = t < half ? half - t : t - half;
    return from_trough * FULL / half;
}

/* Is an alternation lit, dark, lit ... lit at t? Also true behind its end. */
static bool is_lit_in(const uint16_t *times_ms, size_t count, uint32_t t_ms) {
    size_t i = 0;
    while (i < count && t_ms >= times_ms[i]) {
        t_ms -= times_ms[i++];
    }
    return i % 2 == 0;
}

static uint32_t sum_of(const uint16_t *times_ms, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += times_ms[i];
    }
    return sum;
}

static bool sos_lit(unsigned code, uint32_t t_ms) {
    uint32_t letters = sum_of(sos_ms, RK_COUNT(sos_ms));
    if (t_ms < letters) {
        return is_lit_in(sos_ms, RK_COUNT(sos_ms), t_ms);
    }
    uint32_t t = t_ms - letters;
    return t < code * 2 * SOS_CODE_MS && t / SOS_CODE_MS % 2 == 0;
}

static uint32_t burst_ms(const struct rk_led_form *form) {
    return form->pattern == RK_PATTERN_FLASH ? form->period_ms : form->period_ms * form->count;
}

static struct rk_led_level burst_at(const struct rk_led_form *form, enum rk_era era,
                                    uint32_t t_ms) {
    if (t_ms < CONNECT_MS || t_ms - CONNECT_MS >= burst_ms(form)) {
        bool lit = t_ms / CONNECT_HALF_MS % 2 == 0;
        return level_of(RK_COLOUR_CYAN, era, lit ? FULL : 0);
    }
    uint32_t t = t_ms - CONNECT_MS;
    bool lit = form->pattern == RK_PATTERN_FLASH || t % form->period_ms < form->period_ms / 2;
    return level_of(form->colour, era, lit ? FULL : 0);
}

uint32_t rk_led_pattern_cycle_ms(const struct rk_led_form *form, enum rk_era era, unsigned code) {
    switch (form->pattern) {
    case RK_PATTERN_BLINK:
    case RK_PATTERN_RAINBOW: return form->period_ms;
    case RK_PATTERN_BREATHE: return form->period_ms;
    case RK_PATTERN_COUNT:
    case RK_PATTERN_FLASH: return 2 * CONNECT_MS + burst_ms(form);
    case RK_PATTERN_FLICKER: return sum_of(flicker_ms, RK_COUNT(flicker_ms));
    case RK_PATTERN_SOS:
        return sum_of(sos_ms, RK_COUNT(sos_ms)) + code * 2 * SOS_CODE_MS + SOS_END_MS;
    default: return 0;
    }
}

struct rk_led_level rk_led_pattern_at(const struct rk_led_form *form, enum rk_era era,
                                      unsigned code, uint64_t t_ns) {
    uint32_t cycle = rk_led_pattern_cycle_ms(form, era, code);
    uint32_t t = cycle ? (uint32_t)(t_ns / NS_PER_MS % cycle) : 0;
    uint32_t part = FULL;
    switch (form->pattern) {
    case RK_PATTERN_OFF: part = 0; break;
    case RK_PATTERN_BLINK: part = t < cycle / 2 ? FULL : 0; break;
    case RK_PATTERN_BREATHE: part = breathe_part(cycle, era, t); break;
    case RK_PATTERN_FLICKER:
        part = is_lit_in(flicker_ms, RK_COUNT(flicker_ms), t) ? FULL : 0;
        break;
    case RK_PATTERN_SOS: part = sos_lit(code, t) ? FULL : 0; break;
    case RK_PATTERN_RAINBOW: return level_of(rainbow[t / RAINBOW_STEP_MS % 7], era, FULL);
    case RK_PATTERN_COUNT:
    case RK_PATTERN_FLASH: return burst_at(form, era, t);
    default: break;
    }
    return level_of(form->colour, era, part);
}
