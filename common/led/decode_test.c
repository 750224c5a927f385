/* The decoder against light written down by hand from the references (emulator-findings.md "LED
 * evidence", core-hardware.md 5), and against the generator for every signal of every era. The two
 * share only signal.def; the generator's own figures are tested against core-hardware.md 5.1.
 */
#include "tests/unit.h"

#include "common/led/decode.h"
#include "common/led/pattern.h"

#define MS 1000000ull

struct light {
    double at_s;
    int r, g, b; /* of 255 */
};

struct seen {
    struct rk_led_observation events[64];
    unsigned count;
};

static void collect(struct rk_led_decoder *d, struct seen *seen) {
    struct rk_led_observation o;
    while (rk_led_decoder_event(d, &o)) {
        assert_true(seen->count < 64);
        seen->events[seen->count++] = o;
    }
}

static void play(struct seen *seen, unsigned eras, const struct light *lights, size_t count,
                 double end_s) {
    struct rk_led_decoder d;
    rk_led_decoder_init(&d, 0, eras);
    seen->count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t t = (uint64_t)(lights[i].at_s * 1e9);
        uint16_t r = (uint16_t)(lights[i].r * 10000 / 255);
        uint16_t g = (uint16_t)(lights[i].g * 10000 / 255);
        uint16_t b = (uint16_t)(lights[i].b * 10000 / 255);
        /* as the firmware does: red, green, blue, a microsecond apart */
        rk_led_decoder_feed(&d, t, r, d.level[1], d.level[2], 10000);
        rk_led_decoder_feed(&d, t + 1000, r, g, d.level[2], 10000);
        rk_led_decoder_feed(&d, t + 2000, r, g, b, 10000);
        collect(&d, seen);
    }
    rk_led_decoder_advance(&d, (uint64_t)(end_s * 1e9));
    collect(&d, seen);
}

static void expect_event(const struct seen *seen, unsigned idx, const char *name, const char *id,
                         double latest_s) {
    char is[RK_LED_NAME_CAP];
    assert_true(idx < seen->count);
    rk_led_observed_name(&seen->events[idx], is);
    assert_string_equal(is, name);
    assert_string_equal(rk_signal_info(seen->events[idx].candidates[0])->id, id);
    if ((double)seen->events[idx].seen_ns > latest_s * 1e9) {
        fail_msg("%s seen at %.3f s, wanted by %.3f s", name,
                 (double)seen->events[idx].seen_ns / 1e9, latest_s);
    }
}

/* emulator-findings.md, tinker 0.7.0 without credentials */
static void test_decode__tinker_goes_listening(void **state) {
    struct light l[16] = {{0.3006, 95, 95, 95}, {2.2193, 0, 0, 0}, {2.4943, 7, 7, 7}};
    for (int i = 0; i < 13; i++) {
        l[3 + i] = (struct light){2.5693 + 0.25 * i, 0, 0, i % 2 ? 0 : 95};
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, 16, 5.6);
    expect_event(&seen, 0, "solid white", "app-start", 0.91);
    expect_event(&seen, 1, "blinking blue", "listening", 3.6);
    assert_int_equal(seen.count, 2);
    assert_in_range(seen.events[1].period_ms, 495, 505);
}

/* emulator-findings.md, tinker 0.7.0 with credentials */
static void test_decode__tinker_connects(void **state) {
    struct light l[64] = {{0.3006, 95, 95, 95}};
    size_t n = 1;
    for (int i = 0; i < 10; i++) {
        l[n++] = (struct light){2.5253 + 0.1 * i, 0, i % 2 ? 0 : 95, 0};
    }
    for (int i = 0; i < 12; i++) {
        l[n++] = (struct light){3.5253 + 0.05 * i, 0, i % 2 ? 0 : 95, 0};
    }
    l[n++] = (struct light){4.1253, 0, 95, 95};
    for (int i = 0; i < 20; i++) {
        l[n++] = (struct light){4.2503 + 0.05 * i, 0, i % 2 ? 95 : 0, i % 2 ? 95 : 0};
    }
    struct seen seen;
    play(&seen, RK_ERA_E3, l, n, 5.25);
    expect_event(&seen, 0, "solid white", "app-start", 0.91);
    expect_event(&seen, 1, "blinking green", "wifi-connecting", 2.93);
    expect_event(&seen, 2, "fast blinking green", "wifi-dhcp", 3.78);
    expect_event(&seen, 3, "fast blinking cyan", "cloud-handshake", 4.46);
    assert_int_equal(seen.count, 4);
}

/* emulator-findings.md, deep_update and the patch programmer */
static void test_decode__radio_patchers(void **state) {
    struct light l[12] = {{0.0004, 95, 95, 95}, {0.9488, 95, 35, 0}, {0.9634, 0, 0, 0}};
    for (int i = 0; i < 8; i++) {
        l[3 + i] = (struct light){1.0644 + 0.101 * i, i % 2 ? 0 : 95, i % 2 ? 0 : 35, 0};
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, 11, 1.8);
    expect_event(&seen, 1, "blinking orange", "deep-update", 1.37);
    for (int i = 0; i < 8; i++) {
        l[i] = (struct light){0.0013 + 0.201 * i, i % 2 ? 0 : 95, 0, i % 2 ? 0 : 95};
    }
    play(&seen, RK_ERA_ALL, l, 8, 1.5);
    expect_event(&seen, 0, "blinking magenta", "radio-patching", 0.81);
    assert_int_equal(seen.count, 1);
}

/* The patch programmer in the emulator: one toggle more at 1.375 s in an even blink. */
static void test_decode__one_stray_toggle_is_no_flicker(void **state) {
    struct light l[32];
    size_t n = 0;
    double t = 0.0025;
    for (int i = 0; i < 20; i++) {
        l[n++] = (struct light){t, i % 2 ? 0 : 95, 0, i % 2 ? 0 : 95};
        t += i == 6 ? 0.1665 : i == 7 ? 0.0345 : 0.201;
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, n, t);
    expect_event(&seen, 0, "blinking magenta", "radio-patching", 0.81);
    assert_int_equal(seen.count, 1);
}

static size_t add_pulses(struct light *l, size_t n, double *t, int count, double on, double off) {
    for (int i = 0; i < count; i++) {
        l[n++] = (struct light){*t, 95, 0, 0};
        *t += on;
        l[n++] = (struct light){*t, 0, 0, 0};
        *t += off;
    }
    return n;
}

/* core-hardware.md 5.7, code 13, two passes */
static void test_decode__sos_counts_the_code(void **state) {
    struct light l[100];
    double t = 0.5;
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        n = add_pulses(l, n, &t, 3, 0.15, 0.1);
        t += 0.1;
        n = add_pulses(l, n, &t, 3, 0.3, 0.1);
        t += 0.1;
        n = add_pulses(l, n, &t, 3, 0.15, 0.1);
        t += 0.9;
        n = add_pulses(l, n, &t, 13, 0.3, 0.3);
        t += 0.8;
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, n, t + 2);
    expect_event(&seen, 0, "red SOS", "panic", 3.5);
    assert_int_equal(seen.events[0].count, 0);
    expect_event(&seen, 1, "red SOS 13", "panic", 13.1);
    assert_string_equal(rk_panic_name(seen.events[1].count), "stack overflow");
    expect_event(&seen, 2, "off", "off", t + 2);
    assert_int_equal(seen.count, 3);
}

/* Nine short pulses, or nine long ones, are not SOS. */
static void test_decode__nine_equal_pulses_are_no_sos(void **state) {
    for (int is_long = 0; is_long < 2; is_long++) {
        struct light l[40];
        double t = 0.5;
        size_t n = add_pulses(l, 0, &t, 9, is_long ? 0.3 : 0.15, 0.1);
        t += 0.9;
        n = add_pulses(l, n, &t, 2, 0.3, 0.3);
        struct seen seen;
        play(&seen, RK_ERA_ALL, l, n, t + 2);
        for (unsigned i = 0; i < seen.count; i++) {
            assert_int_not_equal(seen.events[i].pattern, RK_PATTERN_SOS);
        }
    }
}

static size_t add_cyan(struct light *l, size_t n, double *t, int toggles, double each) {
    for (int i = 0; i < toggles; i++) {
        l[n++] = (struct light){*t, 0, i % 2 ? 0 : 95, i % 2 ? 0 : 95};
        *t += each;
    }
    return n;
}

static size_t add_orange(struct light *l, size_t n, double *t, int count, double half) {
    for (int i = 0; i < count; i++) {
        l[n++] = (struct light){*t, 95, 35, 0};
        *t += half;
        l[n++] = (struct light){*t, 0, 0, 0};
        *t += half;
    }
    return n;
}

/* cloud-protocol.md 4: two orange blinks without internet, three when only the server is away */
static void test_decode__counted_blinks(void **state) {
    for (int count = 2; count <= 3; count++) {
        for (int e3 = 0; e3 < 2; e3++) {
            struct light l[64];
            double t = 0.1;
            size_t n = add_cyan(l, 0, &t, 12, 0.1);
            n = add_orange(l, n, &t, count, e3 ? 0.25 : 0.5);
            double end = t;
            n = add_cyan(l, n, &t, 12, 0.1);
            struct seen seen;
            play(&seen, e3 ? RK_ERA_E3 : RK_ERA_E2, l, n, t);
            expect_event(&seen, 0, "blinking cyan", "cloud-connecting", 0.6);
            expect_event(&seen, 1, count == 2 ? "2 orange blinks" : "3 orange blinks",
                         count == 2 ? "no-internet" : "cloud-unreachable", end + 0.01);
            expect_event(&seen, 2, "blinking cyan", "cloud-connecting", end + 0.5);
            assert_int_equal(seen.count, 3);
        }
    }
}

/* What tinker 0.7.0 shows in the emulator when the server refuses at once: two bursts of three, the
 * second right behind the first (times in ms; the gap between them takes 175 to 225 ms). */
static void bursts_with_gap(int gap_ms) {
    const int second = 5327 + gap_ms;
    const int at_ms[] = {4102, 4327, 4577, 4827, 5077, 5327};
    struct light l[64];
    double t = 0.877;
    size_t n = add_cyan(l, 0, &t, 32, 0.1);
    l[n++] = (struct light){4.077, 0, 95, 95};
    for (int burst = 0; burst < 2; burst++) {
        for (int i = 0; i < 6; i++) {
            double at_s = (at_ms[i] + burst * (second - at_ms[0])) / 1e3;
            l[n++] = (struct light){at_s, i % 2 ? 0 : 95, i % 2 ? 0 : 35, 0};
        }
    }
    for (int i = 0; i < 6; i++) {
        l[n++] = (struct light){7.052 + 0.05 * i, 0, i % 2 ? 0 : 95, 0};
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, n, 7.32);
    expect_event(&seen, 0, "blinking cyan", "cloud-connecting", 4);
    expect_event(&seen, 1, "3 orange blinks", "cloud-unreachable", 5.56);
    expect_event(&seen, 2, "fast blinking green", "wifi-dhcp", 7.31);
    assert_int_equal(seen.count, 3);
}

static void test_decode__bursts_that_follow_at_once(void **state) {
    bursts_with_gap(175);
    bursts_with_gap(200);
    bursts_with_gap(225);
}

/* cloud-protocol.md 4: the 250 ms colours of a failed handshake */
static void test_decode__handshake_flashes(void **state) {
    static const struct {
        int r, g, b;
        const char *name, *id;
    } kinds[] = {{95, 35, 0, "orange flash", "handshake-key-error"},
                 {95, 0, 95, "magenta flash", "handshake-signature-error"},
                 {95, 0, 0, "red flash", "handshake-error"}};
    for (size_t k = 0; k < 3; k++) {
        struct light l[64];
        double t = 0.1;
        size_t n = add_cyan(l, 0, &t, 12, 0.05);
        l[n++] = (struct light){t, kinds[k].r, kinds[k].g, kinds[k].b};
        t += 0.25;
        n = add_cyan(l, n, &t, 12, 0.1);
        struct seen seen;
        play(&seen, RK_ERA_ALL, l, n, t);
        expect_event(&seen, 0, "fast blinking cyan", "cloud-handshake", 0.4);
        expect_event(&seen, 1, kinds[k].name, kinds[k].id, 1.1);
        expect_event(&seen, 2, "blinking cyan", "cloud-connecting", 1.6);
        assert_int_equal(seen.count, 3);
    }
}

/* core-hardware.md 5.3: chunks toggle magenta unevenly, then the transfer stalls */
static void test_decode__update_and_stall(void **state) {
    static const int gaps_ms[] = {300, 90, 40, 160, 70, 220, 120, 60, 90, 250, 45, 140};
    struct light l[16];
    double t = 1;
    size_t n = 0;
    for (size_t i = 0; i < RK_COUNT(gaps_ms); i++) {
        l[n++] = (struct light){t, i % 2 ? 0 : 95, 0, i % 2 ? 0 : 95};
        t += gaps_ms[i] / 1e3;
    }
    l[n++] = (struct light){t, 95, 0, 95};
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, n, t + 1);
    expect_event(&seen, 0, "flickering magenta", "update-receiving", 2.2);
    expect_event(&seen, 1, "solid magenta", "update-waiting", t + 0.61);
    assert_int_equal(seen.count, 2);
}

/* core-hardware.md 4.4: MODE held at reset; the same green and red mean other things after a reset
 */
static void test_decode__loader_or_application(void **state) {
    struct rk_led_decoder d;
    struct seen seen = {.count = 0};
    rk_led_decoder_init(&d, 0, RK_ERA_E3);
    rk_led_decoder_reset(&d, 0);
    for (unsigned i = 0; i < 20; i++) {
        rk_led_decoder_feed(&d, (10 + 51 * i) * MS, 0, i % 2 ? 0 : 3735, 0, 10000);
    }
    collect(&d, &seen);
    expect_event(&seen, 0, "fast blinking green", "factory-reset", 0.25);
    assert_int_equal(seen.events[0].candidates[1], RK_SIGNAL_WIFI_DHCP);
    for (unsigned i = 0; i < 20; i++) {
        rk_led_decoder_feed(&d, (2000 + 250 * i) * MS, 0, 0, i % 2 ? 0 : 3735, 10000);
    }
    for (unsigned i = 0; i < 20; i++) {
        rk_led_decoder_feed(&d, (8000 + 50 * i) * MS, 0, i % 2 ? 0 : 3735, 0, 10000);
    }
    collect(&d, &seen);
    expect_event(&seen, seen.count - 1, "fast blinking green", "wifi-dhcp", 8.3);
}

/* core-hardware.md 5.1: per-channel toggles show mixed light for half a period after a new colour
 */
static void test_decode__mixed_half_period_is_no_signal(void **state) {
    struct light l[32];
    size_t n = 0;
    double t = 0.1;
    for (int i = 0; i < 7; i++, t += 0.101) {
        l[n++] = (struct light){t, 0, i % 2 ? 0 : 95, 0};
    }
    l[n++] = (struct light){t - 0.05, 0, 95, 95}; /* cyan is set while green is lit */
    l[n++] = (struct light){t, 0, 0, 95};         /* green toggles off, blue on */
    t += 0.101;
    for (int i = 0; i < 8; i++, t += 0.101) {
        l[n++] = (struct light){t, 0, i % 2 ? 0 : 95, i % 2 ? 0 : 95};
    }
    struct seen seen;
    play(&seen, RK_ERA_E1, l, n, t);
    expect_event(&seen, 0, "blinking green", "wifi-connecting", 0.6);
    expect_event(&seen, 1, "blinking cyan", "cloud-connecting", 1.5);
    assert_int_equal(seen.count, 2);
}

static void test_decode__jitter_and_dim_light(void **state) {
    struct light l[40];
    uint32_t random = 12345;
    for (int i = 0; i < 40; i++) {
        random = random * 1664525 + 1013904223;
        double late = (random >> 16) % 20 / 1e3;
        l[i] = (struct light){0.1 + 0.101 * i + late, i % 2 ? 0 : 3, i % 2 ? 0 : 3, 0};
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, 40, 4.1);
    expect_event(&seen, 0, "blinking yellow", "dfu", 0.7);
    assert_int_equal(seen.count, 1);
}

static void test_decode__what_no_firmware_shows_is_unknown(void **state) {
    struct light l[40];
    for (int i = 0; i < 40; i++) {
        l[i] = (struct light){0.1 + 0.4 * i, i % 2 ? 0 : 95, i % 2 ? 0 : 95, 0};
    }
    struct seen seen;
    play(&seen, RK_ERA_ALL, l, 20, 8.1);
    expect_event(&seen, 0, "blinking yellow", "unknown", 4);
    uint32_t random = 7;
    double t = 0.1;
    for (int i = 0; i < 40; i++) {
        random = random * 1664525 + 1013904223;
        l[i] = (struct light){t, (int)(random >> 24), (int)(random >> 16 & 255), 255};
        t += 0.05 + (random >> 8 & 255) / 1e3;
    }
    play(&seen, RK_ERA_ALL, l, 40, t);
    assert_true(seen.count >= 1);
    assert_int_equal(seen.events[0].candidates[0], RK_SIGNAL_UNKNOWN);
    l[0] = (struct light){0.1, 60, 200, 90};
    play(&seen, RK_ERA_ALL, l, 1, 2);
    expect_event(&seen, 0, "solid mixed colour", "unknown", 0.71);
}

static void test_decode__asking_more_often_changes_nothing(void **state) {
    struct rk_led_decoder a;
    struct rk_led_decoder b;
    struct seen seen_a = {.count = 0};
    struct seen seen_b = {.count = 0};
    const struct rk_led_form *f = NULL;
    for (size_t i = 0; (f = rk_led_form_at(i)) && f->signal != RK_SIGNAL_NO_INTERNET; i++) {
    }
    rk_led_decoder_init(&a, 0, RK_ERA_ALL);
    rk_led_decoder_init(&b, 0, RK_ERA_ALL);
    for (uint64_t t = 0; t < 12000; t++) {
        struct rk_led_level v = rk_led_pattern_at(f, RK_ERA_E1, 0, t * MS);
        rk_led_decoder_feed(&a, t * MS, v.r, v.g, v.b, v.scale);
        rk_led_decoder_feed(&b, t * MS, v.r, v.g, v.b, v.scale);
        for (unsigned i = 0; i < 10; i++) {
            rk_led_decoder_advance(&b, t * MS + i * 100000);
        }
        collect(&a, &seen_a);
        collect(&b, &seen_b);
    }
    assert_true(seen_a.count > 3);
    assert_int_equal(seen_a.count, seen_b.count);
    assert_memory_equal(seen_a.events, seen_b.events, seen_a.count * sizeof(seen_a.events[0]));
}

/* ---- generator ------------------------------------------------------------------------------- */

static const struct rk_led_form *form_of(enum rk_signal signal, enum rk_era era) {
    const struct rk_led_form *f = NULL;
    for (size_t i = 0; (f = rk_led_form_at(i)); i++) {
        if (f->signal == signal && (f->eras & era)) {
            return f;
        }
    }
    return NULL;
}

/* core-hardware.md 5.1, "key values at 96", and E0's 100 of 100 */
static void test_pattern__compare_values(void **state) {
    struct rk_led_level v =
        rk_led_pattern_at(form_of(RK_SIGNAL_HANDSHAKE_KEY, RK_ERA_E1), RK_ERA_E1, 0, 0);
    assert_int_equal(v.r, 3735);
    assert_int_equal(v.g, 1406);
    assert_int_equal(v.b, 0);
    v = rk_led_pattern_at(form_of(RK_SIGNAL_APP_START, RK_ERA_E0), RK_ERA_E0, 0, 0);
    assert_int_equal(v.r, 100);
    assert_int_equal(v.scale, 100);
    v = rk_led_pattern_at(form_of(RK_SIGNAL_CLOUD_SIGNAL, RK_ERA_E3), RK_ERA_E3, 0, 0);
    assert_int_equal(v.r, 3486);
    assert_int_equal(v.g, 1904);
    v = rk_led_pattern_at(form_of(RK_SIGNAL_CLOUD_SIGNAL, RK_ERA_E3), RK_ERA_E3, 0, 100 * MS);
    assert_int_equal(v.r, 1098);
}

static void test_pattern__cycles(void **state) {
    assert_int_equal(
        rk_led_pattern_cycle_ms(form_of(RK_SIGNAL_CLOUD_CONNECTED, RK_ERA_E1), RK_ERA_E1, 0), 4158);
    /* core-hardware.md 5.7: 3*250+100 + 3*400+100 + 3*250+900 + 5*600 + 800 */
    assert_int_equal(rk_led_pattern_cycle_ms(form_of(RK_SIGNAL_PANIC, RK_ERA_E2), RK_ERA_E2, 5),
                     7600);
    const struct rk_led_form *f = form_of(RK_SIGNAL_CLOUD_CONNECTED, RK_ERA_E3);
    assert_int_equal(rk_led_pattern_at(f, RK_ERA_E3, 0, 2000 * MS).g, 0);
    assert_int_equal(rk_led_pattern_at(f, RK_ERA_E3, 0, 4000 * MS).g, 3735);
}

static bool has_candidate(const struct rk_led_observation *o, enum rk_signal signal) {
    for (unsigned i = 0; i < o->candidate_count; i++) {
        if (o->candidates[i] == signal) {
            return true;
        }
    }
    return false;
}

/* When must a form be named, from its begin? "Within about two periods" where it has some. */
static uint64_t latest_ms(const struct rk_led_form *f, enum rk_era era) {
    switch (f->pattern) {
    case RK_PATTERN_OFF: return 1301;
    case RK_PATTERN_SOLID: return 601;
    case RK_PATTERN_BLINK: return 2 * f->period_ms + 2;
    case RK_PATTERN_BREATHE: return 250;
    case RK_PATTERN_FLICKER: return 1500;
    case RK_PATTERN_SOS: return 9000;
    default: return rk_led_pattern_cycle_ms(f, era, 0);
    }
}

static void round_trip(const struct rk_led_form *f, enum rk_era era) {
    struct rk_led_decoder d;
    struct rk_led_observation o;
    unsigned code = f->pattern == RK_PATTERN_SOS ? 7 : 0;
    uint64_t begin = 100;
    uint64_t seen_at = 0;
    rk_led_decoder_init(&d, 0, era);
    for (uint64_t t = 0; t < 20000 && !seen_at; t++) {
        if (t >= begin) {
            struct rk_led_level v = rk_led_pattern_at(f, era, code, (t - begin) * MS);
            rk_led_decoder_feed(&d, t * MS, v.r, v.g, v.b, v.scale);
        }
        rk_led_decoder_advance(&d, t * MS);
        while (rk_led_decoder_event(&d, &o)) {
            if (o.pattern == f->pattern && o.colour == f->colour && o.count == f->count + code) {
                seen_at = t;
                break;
            }
            bool is_setting = o.colour == RK_COLOUR_CYAN || o.pattern == RK_PATTERN_SOS;
            if (!is_setting) {
                char name[RK_LED_NAME_CAP];
                rk_led_observed_name(&o, name);
                fail_msg("%s in era %d was first taken for %s", rk_signal_info(f->signal)->id, era,
                         name);
            }
        }
    }
    if (!seen_at || !has_candidate(&o, f->signal)) {
        fail_msg("%s in era %d (colour %d, pattern %d) was not recognised",
                 rk_signal_info(f->signal)->id, era, f->colour, f->pattern);
    }
    if (seen_at > begin + latest_ms(f, era)) {
        fail_msg("%s in era %d took %u ms", rk_signal_info(f->signal)->id, era,
                 (unsigned)(seen_at - begin));
    }
}

static void test_decode__every_signal_of_every_era(void **state) {
    const struct rk_led_form *f;
    unsigned count = 0;
    for (size_t i = 0; (f = rk_led_form_at(i)); i++) {
        for (int era = RK_ERA_E0; era <= RK_ERA_E3; era *= 2) {
            if (f->eras & (unsigned)era) {
                round_trip(f, (enum rk_era)era);
                count++;
            }
        }
    }
    print_message("          %u looks recognised\n", count);
    assert_true(count > 100);
}

/* A fade's period is measured once it has turned twice: core-hardware.md 5.2. */
static void test_decode__breathing_period_per_era(void **state) {
    static const struct {
        enum rk_era era;
        uint32_t low_ms, high_ms;
    } wanted[] = {{RK_ERA_E0, 4150, 4250}, {RK_ERA_E1, 4110, 4210}, {RK_ERA_E3, 3950, 4050}};
    for (size_t i = 0; i < RK_COUNT(wanted); i++) {
        struct rk_led_decoder d;
        const struct rk_led_form *f = form_of(RK_SIGNAL_CLOUD_CONNECTED, wanted[i].era);
        rk_led_decoder_init(&d, 0, RK_ERA_ALL);
        for (uint64_t t = 0; t < 13000; t++) {
            struct rk_led_level v = rk_led_pattern_at(f, wanted[i].era, 0, t * MS);
            rk_led_decoder_feed(&d, t * MS, v.r, v.g, v.b, v.scale);
        }
        const struct rk_led_observation *o = rk_led_decoder_signal(&d);
        assert_int_equal(o->candidates[0], RK_SIGNAL_CLOUD_CONNECTED);
        assert_in_range(o->period_ms, wanted[i].low_ms, wanted[i].high_ms);
        struct seen seen = {.count = 0};
        collect(&d, &seen);
        assert_int_equal(seen.count, 1);
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_signal__ids_are_unique_and_names_are_known(void **state) {
    for (int i = 0; i < RK_SIGNAL_COUNT; i++) {
        const struct rk_signal_info *info = rk_signal_info((enum rk_signal)i);
        assert_int_equal(info->signal, i);
        assert_ptr_equal(rk_signal_by_id(info->id), info);
    }
    static const char *const known[] = {"breathing cyan", "blinking blue",   "fast blinking green",
                                        "solid magenta",  "2 orange blinks", "red SOS",
                                        "red SOS 14",     "rainbow",         "listening"};
    for (size_t i = 0; i < RK_COUNT(known); i++) {
        if (!rk_led_text_is_known(known[i])) {
            fail_msg("%s is not known", known[i]);
        }
    }
    assert_false(rk_led_text_is_known("breathing purple"));
    assert_false(rk_led_text_is_known(""));
}

static void test_signal__asked_by_id_or_by_name(void **state) {
    struct rk_led_observation o = {.seen_ns = 1,
                                   .colour = RK_COLOUR_RED,
                                   .pattern = RK_PATTERN_SOS,
                                   .count = 1,
                                   .candidate_count = 1,
                                   .candidates = {RK_SIGNAL_PANIC}};
    assert_true(rk_led_observed_is(&o, "panic"));
    assert_true(rk_led_observed_is(&o, "red SOS"));
    assert_true(rk_led_observed_is(&o, "red SOS 1"));
    assert_false(rk_led_observed_is(&o, "red SOS 2"));
    assert_false(rk_led_observed_is(&o, "listening"));
    o.pattern = RK_PATTERN_SOLID;
    assert_false(rk_led_observed_is(&o, "solid r"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__tinker_goes_listening),
        cmocka_unit_test(test_decode__tinker_connects),
        cmocka_unit_test(test_decode__radio_patchers),
        cmocka_unit_test(test_decode__one_stray_toggle_is_no_flicker),
        cmocka_unit_test(test_decode__sos_counts_the_code),
        cmocka_unit_test(test_decode__nine_equal_pulses_are_no_sos),
        cmocka_unit_test(test_decode__counted_blinks),
        cmocka_unit_test(test_decode__bursts_that_follow_at_once),
        cmocka_unit_test(test_decode__handshake_flashes),
        cmocka_unit_test(test_decode__update_and_stall),
        cmocka_unit_test(test_decode__loader_or_application),
        cmocka_unit_test(test_decode__mixed_half_period_is_no_signal),
        cmocka_unit_test(test_decode__jitter_and_dim_light),
        cmocka_unit_test(test_decode__what_no_firmware_shows_is_unknown),
        cmocka_unit_test(test_decode__asking_more_often_changes_nothing),
        cmocka_unit_test(test_pattern__compare_values),
        cmocka_unit_test(test_pattern__cycles),
        cmocka_unit_test(test_decode__every_signal_of_every_era),
        cmocka_unit_test(test_decode__breathing_period_per_era),
        cmocka_unit_test(test_signal__ids_are_unique_and_names_are_known),
        cmocka_unit_test(test_signal__asked_by_id_or_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
