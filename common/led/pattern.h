/* From a signal to light: what the timer's compare registers hold at a moment, as the firmware of
 * that era would set them (core-hardware.md 5.1, 5.2). For tests, for the firmware of this tree,
 * and for showing a signal. The decoder does not use it.
 */
#ifndef RK_COMMON_LED_PATTERN_H
#define RK_COMMON_LED_PATTERN_H

#include "common/led/signal.h"

struct rk_led_level {
    uint16_t r, g, b;
    uint16_t scale; /* what fully lit would be: ARR + 1 */
};

/* The level of form at t_ns after it began, in one era (one bit of enum rk_era). COUNT and FLASH
 * stand between blinking cyan, as on a board that tries to connect. code: blinks of a panic code.
 */
struct rk_led_level rk_led_pattern_at(const struct rk_led_form *form, enum rk_era era,
                                      unsigned code, uint64_t t_ns);

/* How long the pattern is until it repeats, in ms; 0 when it never changes. */
uint32_t rk_led_pattern_cycle_ms(const struct rk_led_form *form, enum rk_era era, unsigned code);

#endif
