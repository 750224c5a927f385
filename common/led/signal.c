/* The tables of signal.def, and names. */
#include "common/led/signal.h"

/* Slowest "fast" blink and the limit of the rest: the forms are 100 to 102 and 200 ms or more. */
#define FAST_BLINK_MAX_MS 150

enum { WHO_APP, WHO_LOADER };

static const struct rk_signal_info signals[] = {
#define RK_SIGNAL(id_, text_, who_, meaning_) {RK_SIGNAL_##id_, text_, WHO_##who_, meaning_},
#include "common/led/signal.def"
};

static const struct rk_led_form forms[] = {
#define RK_FORM(id_, eras_, colour_, pattern_, period_, count_)                                    \
    {RK_SIGNAL_##id_, eras_, RK_COLOUR_##colour_, RK_PATTERN_##pattern_, period_, count_},
#include "common/led/signal.def"
};

static const struct {
    const char *name;
    uint32_t rgb;
} colours[RK_COLOUR_COUNT] = {
    [RK_COLOUR_NONE] = {"dark", 0x000000},       [RK_COLOUR_RED] = {"red", 0xFF0000},
    [RK_COLOUR_GREEN] = {"green", 0x00FF00},     [RK_COLOUR_BLUE] = {"blue", 0x0000FF},
    [RK_COLOUR_YELLOW] = {"yellow", 0xFFFF00},   [RK_COLOUR_CYAN] = {"cyan", 0x00FFFF},
    [RK_COLOUR_MAGENTA] = {"magenta", 0xFF00FF}, [RK_COLOUR_WHITE] = {"white", 0xFFFFFF},
    [RK_COLOUR_ORANGE] = {"orange", 0xFF6000},   [RK_COLOUR_VIOLET] = {"violet", 0xEE82EE},
    [RK_COLOUR_INDIGO] = {"indigo", 0x4B0082},   [RK_COLOUR_AMBER] = {"amber", 0xFFA500},
    [RK_COLOUR_MIXED] = {"mixed colour", 0},     [RK_COLOUR_RAINBOW] = {"rainbow", 0},
};

static const char *const panic_names[] = {
    "unknown code",
    "hard fault",
    "NMI",
    "memory fault",
    "bus fault",
    "usage fault",
    "invalid length",
    "exit",
    "out of heap",
    "SPI overrun",
    "assertion failed",
    "invalid case",
    "pure virtual call",
    "stack overflow",
    "heap error",
};

const struct rk_signal_info *rk_signal_info(enum rk_signal signal) {
    return &signals[(unsigned)signal < RK_SIGNAL_COUNT ? signal : RK_SIGNAL_UNKNOWN];
}

static bool same_text(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct rk_signal_info *rk_signal_by_id(const char *id) {
    for (size_t i = 0; i < RK_COUNT(signals); i++) {
        if (same_text(signals[i].id, id)) {
            return &signals[i];
        }
    }
    return NULL;
}

const struct rk_led_form *rk_led_form_at(size_t idx) {
    return idx < RK_COUNT(forms) ? &forms[idx] : NULL;
}

const char *rk_led_colour_name(enum rk_led_colour colour) {
    return colours[(unsigned)colour < RK_COLOUR_COUNT ? colour : RK_COLOUR_MIXED].name;
}

uint32_t rk_led_colour_rgb(enum rk_led_colour colour) {
    return colours[(unsigned)colour < RK_COLOUR_COUNT ? colour : RK_COLOUR_MIXED].rgb;
}

static void append(char name[RK_LED_NAME_CAP], const char *text) {
    size_t len = 0;
    while (name[len]) {
        len++;
    }
    while (*text && len + 1 < RK_LED_NAME_CAP) {
        name[len++] = *text++;
    }
    name[len] = 0;
}

static void append_number(char name[RK_LED_NAME_CAP], unsigned n) {
    char digits[4] = {(char)('0' + n / 100 % 10), (char)('0' + n / 10 % 10), (char)('0' + n % 10)};
    append(name, n >= 100 ? digits : n >= 10 ? digits + 1 : digits + 2);
}

void rk_led_name(char name[RK_LED_NAME_CAP], enum rk_led_colour colour, enum rk_led_pattern pattern,
                 uint32_t period_ms, unsigned count) {
    static const char *const before[] = {
        [RK_PATTERN_OFF] = "off",
        [RK_PATTERN_SOLID] = "solid ",
        [RK_PATTERN_BLINK] = "blinking ",
        [RK_PATTERN_BREATHE] = "breathing ",
        [RK_PATTERN_FLICKER] = "flickering ",
        [RK_PATTERN_IRREGULAR] = "irregular ",
    };
    name[0] = 0;
    if (pattern == RK_PATTERN_COUNT) {
        append_number(name, count);
        append(name, " ");
    } else if (pattern == RK_PATTERN_BLINK && period_ms && period_ms <= FAST_BLINK_MAX_MS) {
        append(name, "fast ");
    }
    if ((unsigned)pattern < RK_COUNT(before) && before[pattern]) {
        append(name, before[pattern]);
    }
    if (pattern != RK_PATTERN_OFF) {
        append(name, rk_led_colour_name(colour));
    }
    if (pattern == RK_PATTERN_COUNT) {
        append(name, count == 1 ? " blink" : " blinks");
    } else if (pattern == RK_PATTERN_FLASH) {
        append(name, " flash");
    } else if (pattern == RK_PATTERN_SOS) {
        append(name, " SOS");
        if (count) {
            append(name, " ");
            append_number(name, count);
        }
    }
}

bool rk_led_text_is_known(const char *text) {
    if (rk_signal_by_id(text)) {
        return true;
    }
    char name[RK_LED_NAME_CAP];
    for (size_t i = 0; i < RK_COUNT(forms); i++) {
        const struct rk_led_form *f = &forms[i];
        unsigned last = f->pattern == RK_PATTERN_SOS ? RK_COUNT(panic_names) - 1 : 0;
        for (unsigned code = 0; code <= last; code++) {
            rk_led_name(name, f->colour, f->pattern, f->period_ms, f->count + code);
            if (same_text(name, text)) {
                return true;
            }
        }
    }
    return false;
}

const char *rk_panic_name(unsigned code) {
    return panic_names[code < RK_COUNT(panic_names) ? code : 0];
}
