/* The shapes the decoder looks for in the runs of colour: fades, blinks, counted blinks and
 * flashes, the rainbow, flicker, and SOS. Figures: core-hardware.md 4.5, 5.2, 5.3, 5.7; the
 * tolerances cover toggles that come late because the flash stalls the processor.
 */
#include "common/led/decode_shapes.h"

/* ---- colour ---------------------------------------------------------------------------------- */

/* Of 256: palette colours are at least 43/256 apart in one channel (orange and violet against their
 * neighbours), 4-bit themes round by up to 8/256. */
#define HUE_SLACK 33

bool rk_led_level_fits(const uint16_t level[4], enum rk_led_colour colour) {
    uint32_t rgb = rk_led_colour_rgb(colour);
    if (rgb == 0) {
        return colour == RK_COLOUR_MIXED && rk_led_level_colour(level) == RK_COLOUR_MIXED;
    }
    uint32_t max = RK_MAX(RK_MAX(level[0], level[1]), level[2]);
    uint32_t full = RK_MAX(RK_MAX(rgb >> 16, rgb >> 8 & 0xFF), rgb & 0xFF);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t component = rgb >> (16 - 8 * i) & 0xFF;
        /* Both sides times full * 256; one unit of the timer is always allowed. */
        uint64_t is = (uint64_t)level[i] * full * 256;
        uint64_t should = (uint64_t)component * max * 256;
        uint64_t slack = (uint64_t)full * (HUE_SLACK * max + 256);
        if (is + slack < should || is > should + slack) {
            return false;
        }
    }
    return true;
}

static uint64_t hue_distance(const uint16_t level[4], enum rk_led_colour colour) {
    uint32_t rgb = rk_led_colour_rgb(colour);
    uint32_t max = RK_MAX(RK_MAX(level[0], level[1]), level[2]);
    uint32_t full = RK_MAX(RK_MAX(rgb >> 16, rgb >> 8 & 0xFF), rgb & 0xFF);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 3; i++) {
        int64_t is = (int64_t)level[i] * 65536 / max;
        int64_t should = (int64_t)(rgb >> (16 - 8 * i) & 0xFF) * 65536 / full;
        sum += (uint64_t)(is > should ? is - should : should - is);
    }
    return sum;
}

enum rk_led_colour rk_led_level_colour(const uint16_t level[4]) {
    enum rk_led_colour best = RK_COLOUR_MIXED;
    uint64_t best_distance = UINT64_MAX;
    for (int c = RK_COLOUR_RED; c <= RK_COLOUR_AMBER; c++) {
        enum rk_led_colour colour = (enum rk_led_colour)c;
        if (rk_led_level_fits(level, colour) && hue_distance(level, colour) < best_distance) {
            best = colour;
            best_distance = hue_distance(level, colour);
        }
    }
    return best;
}

/* ---- fades ----------------------------------------------------------------------------------- */

/* Of 65536: the largest step of a fade. The steepest (E0, 100 levels) moves by 655; a late LED
 * service may skip a few. */
#define FADE_STEP_MAX    3932
#define FADE_STEP_MAX_NS (250 * RK_LED_MS)
#define FADE_STEPS       6

static void breath_restart(struct rk_led_breath *b, uint64_t t, uint32_t value,
                           enum rk_led_colour colour) {
    *b = (struct rk_led_breath){
        .colour = colour, .value = value, .peak = value, .start_ns = t, .last_ns = t};
}

static void breath_turn(struct rk_led_breath *b, uint64_t t, int direction) {
    if (b->direction) {
        uint64_t extreme = b->last_ns + (t - b->last_ns) / 2; /* flat ends: the middle of them */
        if (b->extreme_ns) {
            b->half_ns = extreme - b->extreme_ns;
        }
        b->extreme_ns = extreme;
    }
    b->direction = direction;
    b->steps = 1;
}

void rk_led_breath_step(struct rk_led_decoder *d, uint64_t t, uint32_t value) {
    struct rk_led_breath *b = &d->breath;
    enum rk_led_colour colour = d->runs[d->run_count - 1].colour;
    uint32_t change = value > b->value ? value - b->value : b->value - value;
    bool hue_changed = value && b->colour != RK_COLOUR_NONE && colour != b->colour &&
                       b->peak > FADE_STEP_MAX / 2 && value > FADE_STEP_MAX / 2;
    if (change > FADE_STEP_MAX || t - b->last_ns > FADE_STEP_MAX_NS || hue_changed) {
        breath_restart(b, t, value, colour);
        return;
    }
    if (change == 0) {
        return;
    }
    if (value > b->peak || b->colour == RK_COLOUR_NONE) {
        b->peak = RK_MAX(b->peak, value);
        b->colour = value ? colour : b->colour;
    }
    int direction = value > b->value ? 1 : -1;
    if (direction != b->direction) {
        breath_turn(b, t, direction);
    } else {
        b->steps++;
    }
    b->value = value;
    b->last_ns = t;
    b->is_active = b->is_active || b->steps >= FADE_STEPS;
    if (b->is_active && b->colour != RK_COLOUR_NONE) {
        struct rk_led_shape s = {.since_ns = b->start_ns,
                                 .colour = b->colour,
                                 .pattern = RK_PATTERN_BREATHE,
                                 .period_ms = (uint32_t)(2 * b->half_ns / RK_LED_MS)};
        rk_led_report(d, t, &s);
    }
}

/* ---- runs ------------------------------------------------------------------------------------ */

static uint64_t run_ns(const struct rk_led_decoder *d, unsigned idx) {
    return d->runs[idx + 1].start_ns - d->runs[idx].start_ns;
}

static bool is_dark(const struct rk_led_decoder *d, unsigned idx) {
    return d->runs[idx].colour == RK_COLOUR_NONE;
}

/* The first of the runs up to the current one in which one colour and darkness take turns. */
static unsigned alternation_start(const struct rk_led_decoder *d) {
    unsigned first = d->run_count - 1;
    while (first > 0 && is_dark(d, first - 1) != is_dark(d, first) &&
           (first + 1 >= d->run_count || d->runs[first - 1].colour == d->runs[first + 1].colour)) {
        first--;
    }
    return first;
}

static enum rk_led_colour alternation_colour(const struct rk_led_decoder *d) {
    unsigned last = d->run_count - 1;
    return is_dark(d, last) ? d->runs[last - 1].colour : d->runs[last].colour;
}

static bool is_near(uint64_t ns, uint64_t mean_ns) {
    uint64_t slack = mean_ns * 3 / 10 + 8 * RK_LED_MS;
    return ns + slack >= mean_ns && ns <= mean_ns + slack;
}

/* ---- blinks ---------------------------------------------------------------------------------- */

#define BLINK_RUNS_MIN     3 /* a period and a half */
#define BLINK_RUNS_MAX     8
#define BLINK_RUNS_UNKNOWN 8 /* before a rhythm that no firmware has is reported */

/* How many finished runs, from the last back to first + 1 (the first may be cut), are alike; their
 * sum goes to total_ns. */
static unsigned even_runs(const struct rk_led_decoder *d, unsigned first, uint64_t *total_ns) {
    unsigned count = 0;
    uint64_t total = 0;
    for (unsigned i = d->run_count - 1; i-- > first + 1 && count < BLINK_RUNS_MAX;) {
        uint64_t ns = run_ns(d, i);
        if (count && !is_near(ns, total / count)) {
            break;
        }
        total += ns;
        count++;
    }
    *total_ns = total;
    return count;
}

static bool find_blink(struct rk_led_decoder *d, uint64_t t) {
    unsigned first = alternation_start(d);
    uint64_t total = 0;
    unsigned count = even_runs(d, first, &total);
    if (count < BLINK_RUNS_MIN) {
        return false;
    }
    struct rk_led_shape s = {.since_ns = d->runs[d->run_count - 1 - count].start_ns,
                             .colour = alternation_colour(d),
                             .pattern = RK_PATTERN_BLINK,
                             .period_ms = (uint32_t)(2 * total / count / RK_LED_MS)};
    bool is_same = d->current.colour == s.colour;
    bool is_flickering = is_same && d->current.pattern == RK_PATTERN_FLICKER;
    bool is_counting = is_same && d->current.pattern == RK_PATTERN_COUNT;
    bool is_known = rk_led_shape_is_known(d, &s);
    if (count < BLINK_RUNS_UNKNOWN && (is_flickering || !is_known)) {
        return is_flickering;
    }
    if (is_counting && !is_known) {
        return false; /* bursts that follow one another */
    }
    rk_led_report(d, t, &s);
    return true;
}

#define FLICKER_RUNS     5
#define FLICKER_RUNS_MAX 8 /* needed to overrule a blink that merely stalled */
#define FLICKER_ODD_RUNS 3
#define FLICKER_NS       (4000 * RK_LED_MS)

/* How many of the last finished runs are unlike the others? One stray toggle in a steady blink
 * makes two. */
static unsigned odd_runs(const struct rk_led_decoder *d, unsigned count) {
    unsigned last = d->run_count - 1;
    uint64_t mean = (d->runs[last].start_ns - d->runs[last - count].start_ns) / count;
    unsigned odd = 0;
    for (unsigned i = last - count; i < last; i++) {
        odd += !is_near(run_ns(d, i), mean);
    }
    return odd;
}

static bool find_flicker(struct rk_led_decoder *d, uint64_t t) {
    unsigned last = d->run_count - 1;
    unsigned count = last - alternation_start(d);
    struct rk_led_shape s = {.colour = alternation_colour(d), .pattern = RK_PATTERN_FLICKER};
    bool was_blink = d->current.pattern == RK_PATTERN_BLINK && d->current.colour == s.colour;
    unsigned needed = was_blink ? FLICKER_RUNS_MAX : FLICKER_RUNS;
    if (count < needed || odd_runs(d, needed) < FLICKER_ODD_RUNS || !rk_led_shape_is_known(d, &s)) {
        return false;
    }
    s.since_ns = d->runs[last - needed].start_ns;
    if (t - s.since_ns > FLICKER_NS) {
        return false;
    }
    rk_led_report(d, t, &s);
    return true;
}

/* ---- counted blinks and flashes -------------------------------------------------------------- */

#define COUNT_ON_MIN_NS (180 * RK_LED_MS)
#define COUNT_ON_MAX_NS (650 * RK_LED_MS)
#define FLASH_MAX_NS    (400 * RK_LED_MS)

static bool may_count(enum rk_led_colour colour) {
    return colour == RK_COLOUR_RED || colour == RK_COLOUR_ORANGE || colour == RK_COLOUR_MAGENTA;
}

/* The last lit run that is finished, if it could belong to a burst; run_count when not. */
static unsigned burst_last(const struct rk_led_decoder *d) {
    unsigned last = d->run_count - 1;
    unsigned lit = last >= 1 && is_dark(d, last - 1) ? last - 2 : last - 1;
    if (last < 1 || lit >= last || !may_count(d->runs[lit].colour)) {
        return d->run_count;
    }
    uint64_t on = run_ns(d, lit);
    return on >= COUNT_ON_MIN_NS && on <= COUNT_ON_MAX_NS ? lit : d->run_count;
}

uint64_t rk_led_count_wait_ns(const struct rk_led_decoder *d) {
    unsigned last = d->run_count - 1;
    if (last < 1 || !is_dark(d, last) || burst_last(d) != last - 1 || d->sos.in_code) {
        return 0;
    }
    return run_ns(d, last - 1) * 3 / 2;
}

/* Where one burst follows another at once (the retry fails as fast as it begins), the dark time
 * between them is cut short, by a tick of the LED service (25 ms of 250) at least; inside a burst
 * it is as long as the light. */
static bool is_between_bursts(const struct rk_led_decoder *d, unsigned dark, uint64_t on) {
    return run_ns(d, dark) < on * 93 / 100;
}

/* Flashes tell how a handshake ended, so cyan must stand before them (cloud-protocol.md 4). */
static bool follows_cyan(const struct rk_led_decoder *d, unsigned idx) {
    unsigned before = idx >= 2 && is_dark(d, idx - 1) ? idx - 2 : idx - 1;
    return idx >= 1 && d->runs[before].colour == RK_COLOUR_CYAN;
}

void rk_led_count_end(struct rk_led_decoder *d, uint64_t t) {
    unsigned lit = burst_last(d);
    if (lit == d->run_count || d->sos.in_code) {
        return;
    }
    enum rk_led_colour colour = d->runs[lit].colour;
    uint64_t on = run_ns(d, lit);
    unsigned count = 1;
    unsigned first = lit;
    while (first >= 2 && is_dark(d, first - 1) && d->runs[first - 2].colour == colour) {
        if (is_between_bursts(d, first - 1, on)) {
            break;
        }
        if (!is_near(run_ns(d, first - 2), on) || !is_near(run_ns(d, first - 1), on)) {
            return; /* some other rhythm */
        }
        first -= 2;
        count++;
    }
    bool is_flash = count == 1 && on <= FLASH_MAX_NS;
    struct rk_led_shape s = {.since_ns = d->runs[first].start_ns,
                             .colour = colour,
                             .pattern = is_flash ? RK_PATTERN_FLASH : RK_PATTERN_COUNT,
                             .period_ms = (uint32_t)((is_flash ? on : 2 * on) / RK_LED_MS),
                             .count = is_flash ? 0 : count};
    if (first > 0 && (!is_flash || follows_cyan(d, first)) && rk_led_shape_is_known(d, &s)) {
        rk_led_report(d, t, &s);
    }
}

/* A new colour right behind a burst ends it too, and so does the next burst. */
static void end_burst(struct rk_led_decoder *d, uint64_t t) {
    unsigned last = d->run_count - 1;
    unsigned lit = burst_last(d);
    if (is_dark(d, last) || lit >= last) {
        return;
    }
    uint64_t on = run_ns(d, lit);
    bool has_gap = is_dark(d, last - 1);
    if (d->runs[lit].colour == d->runs[last].colour
            ? has_gap && is_between_bursts(d, last - 1, on)
            : !has_gap || run_ns(d, last - 1) < on * 3 / 2) {
        rk_led_count_end(d, t);
    }
}

/* ---- rainbow --------------------------------------------------------------------------------- */

static int rainbow_place(enum rk_led_colour colour) {
    static const enum rk_led_colour order[] = {RK_COLOUR_VIOLET, RK_COLOUR_INDIGO, RK_COLOUR_BLUE,
                                               RK_COLOUR_GREEN,  RK_COLOUR_YELLOW, RK_COLOUR_AMBER,
                                               RK_COLOUR_RED};
    for (int i = 0; i < (int)RK_COUNT(order); i++) {
        if (order[i] == colour) {
            return i;
        }
    }
    return -1;
}

static bool find_rainbow(struct rk_led_decoder *d, uint64_t t) {
    unsigned last = d->run_count - 1;
    if (last < 3) {
        return false;
    }
    for (unsigned i = last - 3; i < last; i++) {
        int place = rainbow_place(d->runs[i].colour);
        if (place < 0 || rainbow_place(d->runs[i + 1].colour) != (place + 1) % 7 ||
            !is_near(run_ns(d, i), 100 * RK_LED_MS)) {
            return false;
        }
    }
    struct rk_led_shape s = {.since_ns = d->runs[last - 3].start_ns,
                             .colour = RK_COLOUR_RAINBOW,
                             .pattern = RK_PATTERN_RAINBOW,
                             .period_ms = 700};
    rk_led_report(d, t, &s);
    return true;
}

/* ---- all at an edge -------------------------------------------------------------------------- */

/* More than three counted blinks and the letters of an SOS bring without being any shape yet. */
#define UNKNOWN_CHANGES 10
#define UNKNOWN_NS      (3000 * RK_LED_MS)
#define SOS_LETTERS     3

void rk_led_edge(struct rk_led_decoder *d, uint64_t t) {
    if (d->sos.in_code || d->run_count < 2) {
        return;
    }
    end_burst(d, t);
    (void)(find_rainbow(d, t) || find_blink(d, t) || find_flicker(d, t));
}

void rk_led_restless(struct rk_led_decoder *d, uint64_t t) {
    if (d->changes_since_match < UNKNOWN_CHANGES || d->sos.letters >= SOS_LETTERS ||
        t - d->match_ns <= UNKNOWN_NS || d->run_count < 2) {
        return;
    }
    struct rk_led_shape s = {
        .since_ns = d->match_ns, .colour = alternation_colour(d), .pattern = RK_PATTERN_IRREGULAR};
    rk_led_report(d, t, &s);
}

/* ---- SOS ------------------------------------------------------------------------------------- */

static bool is_between(uint64_t ns, unsigned from_ms, unsigned to_ms) {
    return ns >= from_ms * RK_LED_MS && ns <= to_ms * RK_LED_MS;
}

static void sos_letter(struct rk_led_decoder *d, uint64_t t, uint64_t ns, uint64_t start_ns) {
    struct rk_led_sos *sos = &d->sos;
    bool is_short = is_between(ns, 100, 225);
    bool is_long = is_between(ns, 226, 420);
    bool wants_long = sos->letters >= 3 && sos->letters < 6;
    if (wants_long ? is_long : is_short) {
        sos->letters++;
    } else {
        sos->letters = is_short;
    }
    if (sos->letters == 1) {
        sos->start_ns = start_ns;
    }
    if (sos->letters == 9) {
        sos->in_code = true;
        sos->code = 0;
        struct rk_led_shape s = {
            .since_ns = sos->start_ns, .colour = RK_COLOUR_RED, .pattern = RK_PATTERN_SOS};
        rk_led_report(d, t, &s);
    }
}

static bool sos_gap_fits(const struct rk_led_sos *sos, uint64_t ns) {
    if (!sos->in_code) {
        return is_between(ns, 50, 320);
    }
    return sos->code == 0 ? is_between(ns, 700, 1400) : is_between(ns, 200, 450);
}

void rk_led_sos_run(struct rk_led_decoder *d, uint64_t t, const struct rk_led_run *run) {
    struct rk_led_sos *sos = &d->sos;
    uint64_t ns = t - run->start_ns;
    if (run->colour == RK_COLOUR_NONE) {
        if (sos->letters && !sos_gap_fits(sos, ns)) {
            *sos = (struct rk_led_sos){0};
        }
    } else if (run->colour != RK_COLOUR_RED) {
        *sos = (struct rk_led_sos){0};
    } else if (!sos->in_code) {
        sos_letter(d, t, ns, run->start_ns);
    } else if (is_between(ns, 200, 420)) {
        sos->code++;
        d->match_ns = t;
    } else {
        *sos = (struct rk_led_sos){0};
        sos_letter(d, t, ns, run->start_ns);
    }
}
