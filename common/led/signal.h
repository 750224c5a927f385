/* What the LED can say: signals, how each looks in each era, and names for people. Generated from
 * signal.def. Colours and patterns are those of core-hardware.md 5.1 and 5.2.
 */
#ifndef RK_COMMON_LED_SIGNAL_H
#define RK_COMMON_LED_SIGNAL_H

#include "common/base/attr.h"
#include "common/board/era.h"

enum rk_signal {
#define RK_SIGNAL(id, ...) RK_SIGNAL_##id,
#include "common/led/signal.def"
    RK_SIGNAL_COUNT
};

enum rk_led_colour {
    RK_COLOUR_NONE, /* dark */
    RK_COLOUR_RED,
    RK_COLOUR_GREEN,
    RK_COLOUR_BLUE,
    RK_COLOUR_YELLOW,
    RK_COLOUR_CYAN,
    RK_COLOUR_MAGENTA,
    RK_COLOUR_WHITE,
    RK_COLOUR_ORANGE,
    RK_COLOUR_VIOLET, /* EE82EE, 4B0082 and FFA500: of the rainbow only */
    RK_COLOUR_INDIGO,
    RK_COLOUR_AMBER,
    RK_COLOUR_MIXED,   /* none of these */
    RK_COLOUR_RAINBOW, /* seven of these, one after the other */
    RK_COLOUR_COUNT
};

enum rk_led_pattern {
    RK_PATTERN_OFF,
    RK_PATTERN_SOLID,
    RK_PATTERN_BLINK,
    RK_PATTERN_BREATHE,
    RK_PATTERN_COUNT,   /* so many blinks, then something else */
    RK_PATTERN_FLASH,   /* once, inside another pattern */
    RK_PATTERN_FLICKER, /* on and off without a rhythm */
    RK_PATTERN_RAINBOW,
    RK_PATTERN_SOS, /* and blinks that count out a panic code */
    RK_PATTERN_IRREGULAR,
};

struct rk_signal_info {
    enum rk_signal signal;
    const char *id;
    bool is_loader;
    const char *meaning; /* one clause */
};

struct rk_led_form {
    enum rk_signal signal;
    unsigned eras;
    enum rk_led_colour colour;
    enum rk_led_pattern pattern;
    uint32_t period_ms;
    uint8_t count;
};

#define RK_LED_NAME_CAP 40

const struct rk_signal_info *rk_signal_info(enum rk_signal signal);
/* By id; NULL when there is none. */
const struct rk_signal_info *rk_signal_by_id(const char *id);
/* Walks the forms in table order; NULL after the last. */
const struct rk_led_form *rk_led_form_at(size_t idx);

const char *rk_led_colour_name(enum rk_led_colour colour);
/* 8 bits each of red, green, blue at full brightness: 0xRRGGBB; 0 for MIXED and RAINBOW. */
uint32_t rk_led_colour_rgb(enum rk_led_colour colour);

/* What a person calls it: "breathing cyan", "fast blinking magenta", "2 orange blinks", "red SOS
 * 1". Count is the number of blinks, or the panic code (0: not known yet). */
void rk_led_name(char name[RK_LED_NAME_CAP], enum rk_led_colour colour, enum rk_led_pattern pattern,
                 uint32_t period_ms, unsigned count);

/* True when text is the id of a signal or the name of a look that some firmware shows: what may be
 * waited for. */
bool rk_led_text_is_known(const char *text);

/* Meaning of a panic code (core-hardware.md 5.7); "unknown code" for others. */
const char *rk_panic_name(unsigned code);

#endif
