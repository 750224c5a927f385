/* See session.h. */
#include "emu/shell/session.h"

#include "emu/cpu/cpu.h"
#include "emu/part/led.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The clock may change inside a stretch, and with it how long its cycles are: short stretches keep
 * the error small (a reset, which slows it most, ends a stretch by itself). */
#define STRETCH_NS 20000000u

/* A board that restarts itself so many times, each time soon, does so for ever: an update takes
 * three restarts, deep_update with its attempt counter six (core-hardware.md 8.4). Watchdogs bite
 * after 3 to 5 s (2.5). */
#define RESET_ROW_MAX    12
#define RESET_ROW_GAP_NS 15000000000ull

/* So many exceptions in so long, and the last fault always at the same place. */
#define FAULT_LOOP_NS  500000000u
#define FAULT_LOOP_MIN 100000u

#define TAP_NS 100000000u

/* ---- text ------------------------------------------------------------------------------------ */

static int parse_time_part(const char **text, uint64_t *ns) {
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    const char *p = *text;
    if (strspn(p, "0123456789.") == 0) {
        return RK_E_RANGE;
    }
    char *end;
    double value = strtod(p, &end);
    double scale = 1e9;
    for (size_t i = 0; i < RK_COUNT(units); i++) {
        size_t len = strlen(units[i].unit);
        if (strncmp(end, units[i].unit, len) == 0) {
            scale = units[i].ns;
            end += len;
            break;
        }
    }
    if (!(value >= 0 && value * scale < 1e18)) { /* 31 years */
        return RK_E_RANGE;
    }
    *ns = (uint64_t)(value * scale + 0.5);
    *text = end;
    return 0;
}

int rk_parse_time(const char *text, uint64_t *ns) {
    int rc = parse_time_part(&text, ns);
    return rc ? rc : *text ? RK_E_RANGE : 0;
}

static bool take_word(const char **text, const char *word) {
    size_t len = strlen(word);
    if (strncmp(*text, word, len) != 0) {
        return false;
    }
    *text += len;
    return true;
}

static void insert_action(struct rk_session *s, struct rk_action action) {
    unsigned i = s->script_count++;
    while (i > 0 && s->script[i - 1].at_ns > action.at_ns) {
        s->script[i] = s->script[i - 1];
        i--;
    }
    s->script[i] = action;
}

int rk_session_script(struct rk_session *s, const char *text) {
    enum rk_action_kind kind;
    uint64_t at;
    uint64_t hold = TAP_NS;
    if (take_word(&text, "mode")) {
        kind = RK_ACTION_MODE;
    } else if (take_word(&text, "reset")) {
        kind = RK_ACTION_RESET;
    } else if (take_word(&text, "power")) {
        kind = RK_ACTION_POWER;
    } else {
        return RK_E_BAD_FORMAT;
    }
    if (!take_word(&text, "@") || parse_time_part(&text, &at) ||
        (take_word(&text, "+") && parse_time_part(&text, &hold)) || *text) {
        return RK_E_BAD_FORMAT;
    }
    if (s->script_count + 2 > RK_SCRIPT_MAX) {
        return RK_E_LIMIT;
    }
    insert_action(s, (struct rk_action){s->start_ns + at, kind, true});
    insert_action(s, (struct rk_action){s->start_ns + at + hold, kind, false});
    return 0;
}

/* ---- what the machine tells ------------------------------------------------------------------ */

/* Calls one function of every sink that has it. */
#define TELL(s, function, ...)                                                                     \
    do {                                                                                           \
        for (unsigned sink_idx = 0; sink_idx < (s)->sink_count; sink_idx++) {                      \
            const struct rk_session_sink *sink = (s)->sinks[sink_idx];                             \
            if (sink->function) {                                                                  \
                sink->function(sink->ctx, __VA_ARGS__);                                            \
            }                                                                                      \
        }                                                                                          \
    } while (0)

uint64_t rk_session_now(const struct rk_session *s) {
    return rk_machine_now_ns(s->m) + s->off_ns;
}

void rk_session_end(struct rk_session *s, int error, const char *reason) {
    if (s->state == RK_SESSION_DONE) {
        return;
    }
    s->state = RK_SESSION_DONE;
    s->error = error;
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    rk_machine_stop(s->m);
}

static void remember(struct rk_session *s, const struct rk_led_observation *o) {
    if (s->history_count == RK_HISTORY_MAX) {
        memmove(&s->history[0], &s->history[1], sizeof s->history - sizeof s->history[0]);
        s->history_count--;
    }
    s->history[s->history_count++] = *o;
}

static void drain_signals(struct rk_session *s) {
    struct rk_led_observation o;
    while (s->state != RK_SESSION_DONE && rk_led_decoder_event(&s->led, &o)) {
        remember(s, &o);
        TELL(s, signal, &o);
        if (s->until && rk_led_observed_is(&o, s->until)) {
            s->is_until_seen = true;
            rk_session_end(s, 0, "the signal was seen");
        }
    }
}

static void on_light(void *ctx, const uint16_t rgb[3], uint16_t full) {
    struct rk_session *s = ctx;
    rk_led_decoder_feed(&s->led, rk_session_now(s), rgb[0], rgb[1], rgb[2], full);
    TELL(s, light, rgb, full);
    drain_signals(s);
    rk_machine_stop(s->m); /* what the light means may be decided soon: plan the stretch anew */
}

static void on_pin(void *ctx, unsigned pin, bool level) {
    struct rk_session *s = ctx;
    TELL(s, pin, pin, level);
}

static bool is_by_guest(enum rk_reset kind) {
    return kind == RK_RESET_SOFT || kind == RK_RESET_IWDG || kind == RK_RESET_WWDG;
}

static void on_reset(void *ctx, enum rk_reset kind) {
    struct rk_session *s = ctx;
    uint64_t now = rk_session_now(s);
    rk_led_decoder_reset(&s->led, now);
    if (!s->reset_down) { /* while the button is held, it has not started yet */
        TELL(s, reset, kind);
    }
    bool is_soon = now - s->last_reset_ns <= RESET_ROW_GAP_NS;
    s->reset_row = !is_by_guest(kind) ? 0 : is_soon ? s->reset_row + 1 : 1;
    s->last_reset_ns = now;
    if (s->reset_row >= RESET_ROW_MAX && !s->keeps_resetting) {
        rk_session_end(s, RK_E_GUEST_RESET_LOOP, "12 restarts in a row");
    }
    rk_machine_stop(s->m); /* the clock is slow again: plan the stretch anew */
}

static void on_trace(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line) {
    struct rk_session *s = ctx;
    TELL(s, trace, kind, dev, line);
}

static void observe(struct rk_session *s) {
    bool wants_pins = false;
    for (unsigned i = 0; i < s->sink_count; i++) {
        wants_pins = wants_pins || s->sinks[i]->pin;
    }
    struct rk_observer observer = {.ctx = s,
                                   .led = on_light,
                                   .pin = wants_pins ? on_pin : NULL,
                                   .reset = on_reset,
                                   .trace = on_trace,
                                   .trace_mask = s->trace_mask};
    rk_machine_observe(s->m, &observer);
}

void rk_session_init(struct rk_session *s, struct rk_machine *m, unsigned eras,
                     uint32_t trace_mask) {
    *s = (struct rk_session){.m = m, .trace_mask = trace_mask, .end_ns = UINT64_MAX};
    observe(s);
    s->start_ns = rk_session_now(s);
    rk_led_decoder_init(&s->led, s->start_ns, eras);
}

void rk_session_add_sink(struct rk_session *s, const struct rk_session_sink *sink) {
    if (s->sink_count < RK_SINKS_MAX) {
        s->sinks[s->sink_count++] = sink;
        observe(s);
    }
}

void rk_session_restored(struct rk_session *s, uint64_t off_ns) {
    uint16_t rgb[3];
    uint16_t full;
    s->off_ns = off_ns;
    s->start_ns = s->last_reset_ns = rk_session_now(s);
    s->reset_row = 0;
    rk_led_decoder_init(&s->led, s->start_ns, s->led.eras);
    rk_led_get(rk_machine_dev(s->m, RK_CORE_LED), rgb, &full);
    rk_led_decoder_feed(&s->led, s->start_ns, rgb[0], rgb[1], rgb[2], full);
}

/* ---- hands ----------------------------------------------------------------------------------- */

bool rk_session_is_on(const struct rk_session *s) {
    return rk_machine_powered(s->m);
}

static void act_power(struct rk_session *s, bool off) {
    if (off == !rk_session_is_on(s)) {
        return;
    }
    if (off) {
        rk_machine_power_off(s->m);
    } else {
        rk_machine_power_on(s->m);
    }
    TELL(s, power, !off);
}

/* Down: the reset happens (with one instruction of what follows, unseen) and nothing runs; up: it
 * starts. */
static void act_reset(struct rk_session *s, bool is_down) {
    if (is_down == s->reset_down) {
        return;
    }
    s->reset_down = is_down;
    rk_machine_reset(s->m, RK_RESET_PIN);
    if (is_down && rk_session_is_on(s)) {
        (void)rk_machine_run(s->m, UINT64_MAX, rk_machine_instr(s->m) + 1);
    }
}

void rk_session_act(struct rk_session *s, enum rk_action_kind kind, bool is_down) {
    struct rk_action action = {rk_session_now(s), kind, is_down};
    TELL(s, action, &action);
    s->reset_row = 0;
    switch (kind) {
    case RK_ACTION_MODE:
        s->mode_down = is_down;
        s->mode_since_ns = action.at_ns;
        rk_spark_core_mode_button(s->m, is_down);
        break;
    case RK_ACTION_RESET: act_reset(s, is_down); break;
    case RK_ACTION_POWER: act_power(s, is_down); break;
    }
}

/* ---- running --------------------------------------------------------------------------------- */

static void play_script(struct rk_session *s) {
    while (s->script_next < s->script_count &&
           s->script[s->script_next].at_ns <= rk_session_now(s)) {
        struct rk_action action = s->script[s->script_next++];
        rk_session_act(s, action.kind, action.is_down);
    }
}

/* When this stretch ends at the latest. */
static uint64_t stretch_end(const struct rk_session *s, uint64_t limit_ns) {
    uint64_t end = RK_MIN(limit_ns, rk_session_now(s) + STRETCH_NS);
    end = RK_MIN(end, s->end_ns);
    end = RK_MIN(end, RK_MAX(rk_led_decoder_deadline(&s->led), rk_session_now(s) + 1));
    if (s->script_next < s->script_count) {
        end = RK_MIN(end, s->script[s->script_next].at_ns);
    }
    return end;
}

static void debugger_stop(struct rk_session *s, enum rk_gdb_signal signal) {
    rk_gdb_stopped(s->gdb, signal);
    s->state = RK_SESSION_HALTED;
}

static void handle_stop(struct rk_session *s, enum rk_stop why) {
    switch (why) {
    case RK_STOP_BREAKPOINT:
        if (s->gdb) {
            debugger_stop(s, RK_GDB_SIGTRAP);
        } else {
            rk_session_end(s, RK_E_GUEST_LOCKUP, "a BKPT instruction without a debugger");
        }
        break;
    case RK_STOP_LOCKUP:
    case RK_STOP_NOWHERE:
        if (s->gdb) {
            debugger_stop(s, RK_GDB_SIGSEGV);
        } else if (why == RK_STOP_LOCKUP) {
            rk_session_end(s, RK_E_GUEST_LOCKUP, "a fault inside its fault handler");
        } else {
            rk_session_end(s, RK_E_GUEST_NOWHERE, "its reset vector leads nowhere");
        }
        break;
    case RK_STOP_POWER_CUT: TELL(s, power, false); break;
    default: break;
    }
}

/* A handler that returns to the fault (the stand-in loader's `bx lr`) repeats it for ever; a board
 * would sit there dark. */
static void check_fault_loop(struct rk_session *s) {
    const struct rk_cpu_stats *stats = rk_cpu_stats(rk_machine_dev(s->m, 0));
    uint64_t now = rk_session_now(s);
    bool is_looping = stats->last_fault_cfsr && stats->last_fault_pc == s->fault_pc &&
                      stats->exceptions > s->fault_count;
    if (!is_looping) {
        s->fault_since_ns = now;
    } else if (now - s->fault_since_ns > FAULT_LOOP_NS &&
               stats->exceptions - s->fault_count > FAULT_LOOP_MIN && !s->gdb) {
        char reason[RK_TEXT_MAX];
        snprintf(reason, sizeof reason, "it faults at 0x%08x for ever",
                 (unsigned)stats->last_fault_pc);
        rk_session_end(s, RK_E_GUEST_NOWHERE, reason);
    }
    if (now == s->fault_since_ns) {
        s->fault_count = stats->exceptions;
        s->fault_pc = stats->last_fault_pc;
    }
}

static void run_stretch(struct rk_session *s, uint64_t end_ns) {
    uint64_t now = rk_session_now(s);
    if (!rk_session_is_on(s) || s->reset_down) {
        s->off_ns += end_ns > now ? end_ns - now : 0;
    } else {
        uint64_t cycle = rk_machine_cycle_at_ns(s->m, end_ns - s->off_ns);
        handle_stop(s, rk_machine_run(s->m, cycle, UINT64_MAX));
        check_fault_loop(s);
    }
    rk_led_decoder_advance(&s->led, rk_session_now(s));
    drain_signals(s);
}

static void check_end(struct rk_session *s) {
    if (s->state != RK_SESSION_DONE && rk_session_now(s) >= s->end_ns) {
        rk_session_end(s, s->until ? RK_E_SIGNAL_NOT_SEEN : 0, "the time is over");
    }
}

static bool step_for_debugger(struct rk_session *s) {
    if (s->gdb->wish == RK_GDB_STEP && rk_session_is_on(s)) {
        s->state = RK_SESSION_RUNS;
        enum rk_stop why = rk_machine_run(s->m, UINT64_MAX, rk_machine_instr(s->m) + 1);
        if (why == RK_STOP_LOCKUP || why == RK_STOP_NOWHERE) {
            debugger_stop(s, RK_GDB_SIGSEGV);
        } else {
            debugger_stop(s, RK_GDB_SIGTRAP);
        }
        drain_signals(s);
    }
    return s->gdb->wish == RK_GDB_RUN;
}

enum rk_session_state rk_session_run(struct rk_session *s, uint64_t limit_ns) {
    while (s->state != RK_SESSION_DONE) {
        if (s->gdb && s->gdb->wish != RK_GDB_RUN && !step_for_debugger(s)) {
            s->state = RK_SESSION_HALTED;
            break;
        }
        s->state = RK_SESSION_RUNS;
        play_script(s);
        check_end(s);
        if (s->state == RK_SESSION_DONE || rk_session_now(s) >= limit_ns) {
            break;
        }
        run_stretch(s, stretch_end(s, limit_ns));
    }
    return s->state;
}
