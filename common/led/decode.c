/* The decoder's frame: settling of changes, runs, what time alone decides, events and meanings. The
 * shapes are in decode_shapes.c.
 */
#include "common/led/decode.h"

#include "common/led/decode_shapes.h"

#define SETTLE_NS (1 * RK_LED_MS)
/* Longer than the longest blink that a firmware shows (500 ms lit: core-hardware.md 5.3). */
#define SOLID_NS (600 * RK_LED_MS)
/* Longer than the longest dark stretch inside a signal (1100 ms after a panic code: 5.7). */
#define OFF_NS (1300 * RK_LED_MS)
/* Longer than the 300 ms between two blinks of a code, shorter than the 1100 ms behind it. */
#define CODE_END_NS (700 * RK_LED_MS)
/* Below so many units of the timer a level says little about its colour. */
#define DIM_UNITS 8

static struct rk_led_run *current_run(struct rk_led_decoder *d) {
    return &d->runs[d->run_count - 1];
}

void rk_led_decoder_init(struct rk_led_decoder *d, uint64_t now_ns, unsigned eras) {
    *d = (struct rk_led_decoder){.eras = eras,
                                 .now_ns = now_ns,
                                 .change_ns = now_ns,
                                 .match_ns = now_ns,
                                 .level = {0, 0, 0, 1},
                                 .runs = {{.start_ns = now_ns}},
                                 .run_count = 1};
    d->breath.start_ns = d->breath.last_ns = now_ns;
}

/* ---- meaning --------------------------------------------------------------------------------- */

static bool period_fits(uint32_t measured_ms, uint32_t expected_ms) {
    uint32_t slack = expected_ms * 18 / 100 + 10;
    return measured_ms == 0 || expected_ms == 0 ||
           (measured_ms + slack >= expected_ms && measured_ms <= expected_ms + slack);
}

static bool form_fits(const struct rk_led_form *f, const struct rk_led_decoder *d,
                      const struct rk_led_shape *s) {
    if (!(f->eras & d->eras) || f->colour != s->colour || f->pattern != s->pattern) {
        return false;
    }
    switch (f->pattern) {
    case RK_PATTERN_BLINK:
    case RK_PATTERN_FLASH: return period_fits(s->period_ms, f->period_ms);
    case RK_PATTERN_COUNT: return f->count == s->count && period_fits(s->period_ms, f->period_ms);
    default: return true; /* fades of all eras look alike; the period is information only */
    }
}

/* Chunks that arrive evenly make a flicker look like a blink. */
static bool is_even_flicker(const struct rk_led_form *f, const struct rk_led_decoder *d,
                            const struct rk_led_shape *s) {
    return f->pattern == RK_PATTERN_FLICKER && s->pattern == RK_PATTERN_BLINK &&
           f->colour == s->colour && (f->eras & d->eras);
}

static void add_candidate(struct rk_led_observation *o, enum rk_signal signal) {
    for (unsigned i = 0; i < o->candidate_count; i++) {
        if (o->candidates[i] == signal) {
            return;
        }
    }
    if (o->candidate_count < RK_LED_CANDIDATES) {
        o->candidates[o->candidate_count++] = signal;
    }
}

static void add_candidates(struct rk_led_observation *o, const struct rk_led_decoder *d,
                           const struct rk_led_shape *s, bool of_loader) {
    const struct rk_led_form *f;
    for (size_t i = 0; (f = rk_led_form_at(i)); i++) {
        if (rk_signal_info(f->signal)->is_loader == of_loader && form_fits(f, d, s)) {
            add_candidate(o, f->signal);
        }
    }
}

static void find_candidates(struct rk_led_observation *o, const struct rk_led_decoder *d,
                            const struct rk_led_shape *s) {
    bool loader_first = d->was_reset && !d->in_app;
    add_candidates(o, d, s, loader_first);
    add_candidates(o, d, s, !loader_first);
    const struct rk_led_form *f;
    for (size_t i = 0; (f = rk_led_form_at(i)); i++) {
        if (is_even_flicker(f, d, s)) {
            add_candidate(o, f->signal);
        }
    }
}

bool rk_led_shape_is_known(const struct rk_led_decoder *d, const struct rk_led_shape *shape) {
    struct rk_led_observation o = {0};
    find_candidates(&o, d, shape);
    return o.candidate_count > 0;
}

static bool says_app_runs(const struct rk_led_observation *o) {
    for (unsigned i = 0; i < o->candidate_count; i++) {
        if (rk_signal_info(o->candidates[i])->is_loader || o->candidates[i] == RK_SIGNAL_OFF) {
            return false;
        }
    }
    return o->candidate_count > 0;
}

static void push_event(struct rk_led_decoder *d) {
    if (d->event_count == RK_LED_EVENTS) {
        for (unsigned i = 1; i < RK_LED_EVENTS; i++) {
            d->events[i - 1] = d->events[i];
        }
        d->event_count--;
    }
    d->events[d->event_count++] = d->current;
}

static bool looks_the_same(const struct rk_led_observation *a, const struct rk_led_observation *b) {
    char name_a[RK_LED_NAME_CAP];
    char name_b[RK_LED_NAME_CAP];
    rk_led_observed_name(a, name_a);
    rk_led_observed_name(b, name_b);
    for (unsigned i = 0; i < RK_LED_NAME_CAP && name_a[i] == name_b[i]; i++) {
        if (name_a[i] == 0) {
            return a->candidates[0] == b->candidates[0];
        }
    }
    return false;
}

void rk_led_report(struct rk_led_decoder *d, uint64_t t, const struct rk_led_shape *s) {
    d->match_ns = t;
    d->changes_since_match = 0;
    struct rk_led_observation o = {.since_ns = s->since_ns,
                                   .seen_ns = t,
                                   .colour = s->colour,
                                   .pattern = s->pattern,
                                   .period_ms = s->period_ms,
                                   .count = (uint8_t)s->count};
    find_candidates(&o, d, s);
    bool is_first = d->current.seen_ns == 0 && d->current.candidate_count == 0;
    if (!is_first && d->current.pattern == RK_PATTERN_SOS && o.pattern == RK_PATTERN_SOS &&
        o.count == 0) {
        return; /* the next pass of a panic whose code is known */
    }
    if (!is_first && looks_the_same(&o, &d->current)) {
        if (o.period_ms) {
            d->current.period_ms = o.period_ms;
        }
        return;
    }
    d->in_app = d->in_app || says_app_runs(&o);
    d->current = o;
    push_event(d);
}

/* ---- levels and runs ------------------------------------------------------------------------- */

static void start_run(struct rk_led_decoder *d, uint64_t t, enum rk_led_colour colour) {
    if (d->run_count == RK_LED_RUNS) {
        for (unsigned i = 1; i < RK_LED_RUNS; i++) {
            d->runs[i - 1] = d->runs[i];
        }
        d->run_count--;
    }
    d->runs[d->run_count++] = (struct rk_led_run){.start_ns = t, .colour = colour};
    d->is_steady_named = d->is_count_checked = d->is_code_checked = false;
    d->peak_units = 0;
}

static uint32_t units_of(const uint16_t level[4]) {
    uint32_t max = RK_MAX(level[0], level[1]);
    return RK_MAX(max, level[2]);
}

static void commit(struct rk_led_decoder *d, uint64_t t, const uint16_t level[4]) {
    for (unsigned i = 0; i < 4; i++) {
        d->level[i] = level[i];
    }
    d->change_ns = t;
    d->changes_since_match++;
    d->is_steady_named = false;
    uint32_t units = units_of(level);
    d->value = units * 65536u / RK_MAX(level[3], 1);
    struct rk_led_run *run = current_run(d);
    bool continues = units == 0
                         ? run->colour == RK_COLOUR_NONE
                         : run->colour != RK_COLOUR_NONE &&
                               (rk_led_level_fits(level, run->colour) || d->peak_units < DIM_UNITS);
    if (!continues) {
        struct rk_led_run ended = *run;
        start_run(d, t, units ? rk_led_level_colour(level) : RK_COLOUR_NONE);
        rk_led_sos_run(d, t, &ended);
    } else if (units > d->peak_units && d->peak_units < DIM_UNITS) {
        run->colour = rk_led_level_colour(level);
    }
    d->peak_units = RK_MAX(d->peak_units, units);
    rk_led_breath_step(d, t, d->value);
    if (!continues) {
        rk_led_edge(d, t);
    }
    rk_led_restless(d, t);
}

/* ---- what time decides ----------------------------------------------------------------------- */

static uint64_t steady_ns(const struct rk_led_decoder *d) {
    const struct rk_led_run *run = &d->runs[d->run_count - 1];
    if (run->colour == RK_COLOUR_NONE) {
        return run->start_ns + OFF_NS;
    }
    return d->change_ns + SOLID_NS;
}

static bool waits_for_code(const struct rk_led_decoder *d) {
    return d->sos.in_code && d->sos.code > 0 && !d->is_code_checked &&
           d->runs[d->run_count - 1].colour == RK_COLOUR_NONE;
}

uint64_t rk_led_decoder_deadline(const struct rk_led_decoder *d) {
    const struct rk_led_run *run = &d->runs[d->run_count - 1];
    uint64_t next = UINT64_MAX;
    if (d->has_pending) {
        next = d->pending_ns + SETTLE_NS;
    }
    if (!d->is_steady_named) {
        next = RK_MIN(next, steady_ns(d));
    }
    if (waits_for_code(d)) {
        next = RK_MIN(next, run->start_ns + CODE_END_NS);
    }
    uint64_t wait = d->is_count_checked ? 0 : rk_led_count_wait_ns(d);
    if (wait) {
        next = RK_MIN(next, run->start_ns + wait);
    }
    return next;
}

static void name_steady(struct rk_led_decoder *d, uint64_t t) {
    const struct rk_led_run *run = current_run(d);
    bool is_dark = run->colour == RK_COLOUR_NONE;
    d->is_steady_named = true;
    d->breath.is_active = false;
    d->breath.steps = 0;
    struct rk_led_shape s = {.since_ns = is_dark ? run->start_ns : d->change_ns,
                             .colour = run->colour,
                             .pattern = is_dark ? RK_PATTERN_OFF : RK_PATTERN_SOLID};
    rk_led_report(d, t, &s);
}

static void decide_at(struct rk_led_decoder *d, uint64_t t) {
    const struct rk_led_run *run = current_run(d);
    if (d->has_pending && d->pending_ns + SETTLE_NS <= t) {
        d->has_pending = false;
        commit(d, d->pending_ns, d->pending);
        return;
    }
    if (waits_for_code(d) && run->start_ns + CODE_END_NS <= t) {
        d->is_code_checked = true;
        struct rk_led_shape s = {.since_ns = d->sos.start_ns,
                                 .colour = RK_COLOUR_RED,
                                 .pattern = RK_PATTERN_SOS,
                                 .count = d->sos.code};
        rk_led_report(d, t, &s);
    }
    uint64_t wait = d->is_count_checked ? 0 : rk_led_count_wait_ns(d);
    if (wait && run->start_ns + wait <= t) {
        d->is_count_checked = true;
        rk_led_count_end(d, t);
    }
    if (!d->is_steady_named && steady_ns(d) <= t) {
        name_steady(d, t);
    }
}

void rk_led_decoder_advance(struct rk_led_decoder *d, uint64_t now_ns) {
    for (uint64_t t; (t = rk_led_decoder_deadline(d)) <= now_ns;) {
        decide_at(d, t);
    }
    d->now_ns = RK_MAX(d->now_ns, now_ns);
}

void rk_led_decoder_feed(struct rk_led_decoder *d, uint64_t now_ns, uint16_t r, uint16_t g,
                         uint16_t b, uint16_t scale) {
    now_ns = RK_MAX(now_ns, d->now_ns);
    rk_led_decoder_advance(d, now_ns);
    const uint16_t level[4] = {r, g, b, RK_MAX(scale, 1)};
    const uint16_t *before = d->has_pending ? d->pending : d->level;
    bool is_same = r == before[0] && g == before[1] && b == before[2];
    if (is_same && (level[3] == before[3] || (r | g | b) == 0)) {
        return;
    }
    if (!d->has_pending) {
        d->has_pending = true;
        d->pending_ns = now_ns;
    }
    for (unsigned i = 0; i < 4; i++) {
        d->pending[i] = level[i];
    }
}

void rk_led_decoder_reset(struct rk_led_decoder *d, uint64_t now_ns) {
    rk_led_decoder_advance(d, now_ns);
    d->was_reset = true;
    d->in_app = false;
    d->sos = (struct rk_led_sos){0};
}

bool rk_led_decoder_event(struct rk_led_decoder *d, struct rk_led_observation *event) {
    if (d->event_count == 0) {
        return false;
    }
    *event = d->events[0];
    d->event_count--;
    for (unsigned i = 0; i < d->event_count; i++) {
        d->events[i] = d->events[i + 1];
    }
    return true;
}

const struct rk_led_observation *rk_led_decoder_signal(const struct rk_led_decoder *d) {
    return &d->current;
}

void rk_led_observed_name(const struct rk_led_observation *o, char name[RK_LED_NAME_CAP]) {
    rk_led_name(name, o->colour, o->pattern, o->period_ms, o->count);
}

/* Does text begin with prefix? rest is where it goes on. */
static bool starts_with(const char *text, const char *prefix, const char **rest) {
    while (*prefix && *text == *prefix) {
        text++;
        prefix++;
    }
    *rest = text;
    return *prefix == 0;
}

bool rk_led_observed_is(const struct rk_led_observation *o, const char *text) {
    if (o->candidate_count == 0 && o->seen_ns == 0) {
        return false;
    }
    const struct rk_signal_info *asked = rk_signal_by_id(text);
    if (asked) {
        if (o->candidates[0] == asked->signal) {
            return true;
        }
        for (unsigned i = 1; i < o->candidate_count; i++) {
            if (o->candidates[i] == asked->signal) {
                return true;
            }
        }
        return false;
    }
    char name[RK_LED_NAME_CAP];
    const char *rest;
    rk_led_observed_name(o, name);
    return starts_with(name, text, &rest) && (*rest == 0 || o->pattern == RK_PATTERN_SOS);
}
