/* From light to a signal: fed with every change of the LED's three levels, it names what the LED
 * shows, whatever the brightness, the era's scale or the jitter (core-hardware.md 4.5, 5.1 to 5.7).
 *
 * It has no clock and no heap: the caller owns the struct and gives times. All decisions fall at
 * moments that follow from the changes alone, so the same changes give the same events with the
 * same times, however often the caller asks. A blink is named after one and a half periods, a fade
 * after six steps, a steady light after 600 ms, darkness after 1300 ms, a panic code when its pass
 * ends.
 *
 * Must not know: timers, emulators, files, and the generator in pattern.h.
 */
#ifndef RK_COMMON_LED_DECODE_H
#define RK_COMMON_LED_DECODE_H

#include "common/led/signal.h"

#define RK_LED_CANDIDATES 4
#define RK_LED_RUNS       24
#define RK_LED_EVENTS     8

struct rk_led_observation {
    uint64_t since_ns; /* when what is shown began */
    uint64_t seen_ns;  /* when it was recognised */
    enum rk_led_colour colour;
    enum rk_led_pattern pattern;
    uint32_t period_ms; /* measured; 0 while it is not known, or where there is none */
    uint8_t count;      /* COUNT: blinks; SOS: panic code, 0 while it is not known */
    uint8_t candidate_count;
    enum rk_signal
        candidates[RK_LED_CANDIDATES]; /* likeliest first; [0] is UNKNOWN when none fits */
};

/* A stretch of one colour, or of darkness. */
struct rk_led_run {
    uint64_t start_ns;
    enum rk_led_colour colour;
};

struct rk_led_breath {
    enum rk_led_colour colour;
    int direction;
    unsigned steps; /* in this direction */
    bool is_active;
    uint32_t value, peak;
    uint64_t start_ns, last_ns, extreme_ns, half_ns;
};

struct rk_led_sos {
    unsigned letters; /* of the nine pulses */
    bool in_code;
    unsigned code;
    uint64_t start_ns;
};

struct rk_led_decoder {
    unsigned eras;
    bool in_app;    /* an application's signal was seen since the last reset */
    bool was_reset; /* a reset was reported */
    bool has_pending;
    uint64_t pending_ns, now_ns, change_ns;
    uint16_t level[4], pending[4]; /* r, g, b, scale */
    uint32_t value, peak_units;
    struct rk_led_run runs[RK_LED_RUNS]; /* the last one is still going on */
    unsigned run_count;
    bool is_steady_named, is_count_checked, is_code_checked;
    struct rk_led_breath breath;
    struct rk_led_sos sos;
    uint64_t match_ns; /* when a known shape was last confirmed */
    unsigned changes_since_match;
    struct rk_led_observation current;
    struct rk_led_observation events[RK_LED_EVENTS];
    unsigned event_count;
};

/* The LED is dark at now_ns. eras: what may run on this board, RK_ERA_ALL when that is not known.
 */
void rk_led_decoder_init(struct rk_led_decoder *d, uint64_t now_ns, unsigned eras);

/* The levels changed at now_ns (times never go back). Each is of scale (CCR of ARR + 1). Changes
 * within 1 ms count as one, so channels may be fed one by one. */
void rk_led_decoder_feed(struct rk_led_decoder *d, uint64_t now_ns, uint16_t r, uint16_t g,
                         uint16_t b, uint16_t scale);

/* The chip was reset at now_ns: where a look has two meanings, the bootloader's is likelier until
 * an application shows itself. Optional. */
void rk_led_decoder_reset(struct rk_led_decoder *d, uint64_t now_ns);

/* Decides what time alone decides up to now_ns. */
void rk_led_decoder_advance(struct rk_led_decoder *d, uint64_t now_ns);

/* The next time at which advance may bring an event; UINT64_MAX when only a change can. */
uint64_t rk_led_decoder_deadline(const struct rk_led_decoder *d);

/* Takes the oldest event: what the LED began to show. False when there is none. The last
 * RK_LED_EVENTS are kept. */
bool rk_led_decoder_event(struct rk_led_decoder *d, struct rk_led_observation *event);

/* What the LED shows, as recognised up to the last feed or advance. Before anything was recognised
 * candidate_count is 0 and candidates[0] is UNKNOWN. */
const struct rk_led_observation *rk_led_decoder_signal(const struct rk_led_decoder *d);

/* The observation's likeliest signal, its spoken name, and whether a text (id or spoken name, as in
 * `--until`) describes it. "red SOS" also describes a panic with any code. */
static inline enum rk_signal rk_led_observed_signal(const struct rk_led_observation *o) {
    return o->candidates[0];
}
void rk_led_observed_name(const struct rk_led_observation *o, char name[RK_LED_NAME_CAP]);
bool rk_led_observed_is(const struct rk_led_observation *o, const char *text);

#endif
