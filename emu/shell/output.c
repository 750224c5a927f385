/* See output.h. */
#include "emu/shell/output.h"

#include <inttypes.h>
#include <sys/ioctl.h>

static double seconds(uint64_t ns) {
    return (double)ns / 1e9;
}

const char *rk_reset_name(enum rk_reset kind) {
    static const char *const names[] = {
        [RK_RESET_POWER] = "power",          [RK_RESET_PIN] = "pin",
        [RK_RESET_SOFT] = "software",        [RK_RESET_IWDG] = "watchdog",
        [RK_RESET_WWDG] = "window-watchdog", [RK_RESET_STANDBY] = "standby",
        [RK_RESET_CLOCK] = "clock",
    };
    return (unsigned)kind < RK_COUNT(names) ? names[kind] : "unknown";
}

const char *rk_led_pattern_name(enum rk_led_pattern pattern) {
    static const char *const names[] = {
        [RK_PATTERN_OFF] = "off",         [RK_PATTERN_SOLID] = "solid",
        [RK_PATTERN_BLINK] = "blink",     [RK_PATTERN_BREATHE] = "breathe",
        [RK_PATTERN_COUNT] = "count",     [RK_PATTERN_FLASH] = "flash",
        [RK_PATTERN_FLICKER] = "flicker", [RK_PATTERN_RAINBOW] = "rainbow",
        [RK_PATTERN_SOS] = "sos",         [RK_PATTERN_IRREGULAR] = "irregular",
    };
    return (unsigned)pattern < RK_COUNT(names) ? names[pattern] : "unknown";
}

static const char *meaning_of(const struct rk_led_observation *o) {
    return rk_signal_info(rk_led_observed_signal(o))->meaning;
}

/* Every text in it is from our own tables: nothing to escape. */
void rk_output_observation(FILE *out, const struct rk_led_observation *o) {
    char name[RK_LED_NAME_CAP];
    rk_led_observed_name(o, name);
    fprintf(out,
            "\"id\":\"%s\",\"name\":\"%s\",\"colour\":\"%s\",\"pattern\":\"%s\",\"period_ms\":%u,"
            "\"count\":%u,\"since_ns\":%" PRIu64 ",\"meaning\":\"%s\"",
            rk_signal_info(rk_led_observed_signal(o))->id, name, rk_led_colour_name(o->colour),
            rk_led_pattern_name(o->pattern), (unsigned)o->period_ms, o->count, o->since_ns,
            meaning_of(o));
    if (o->pattern == RK_PATTERN_SOS && o->count) {
        fprintf(out, ",\"panic\":\"%s\"", rk_panic_name(o->count));
    }
    fputs(",\"candidates\":[", out);
    for (unsigned i = 0; i < o->candidate_count; i++) {
        fprintf(out, "%s\"%s\"", i ? "," : "", rk_signal_info(o->candidates[i])->id);
    }
    fputs("]", out);
}

/* Takes the status line away, so that a line may be printed in its place. */
static void clear_status(struct rk_output *o) {
    if (o->has_status) {
        fputs("\r\033[K", o->out);
        o->has_status = false;
    }
}

static void json_begin(struct rk_output *o, const char *event) {
    fprintf(o->out, "{\"event\":\"%s\",\"time_ns\":%" PRIu64 ",\"instr\":%" PRIu64, event,
            rk_session_now(o->s), rk_machine_instr(o->s->m));
}

static void json_end(struct rk_output *o) {
    fputs("}\n", o->out);
    fflush(o->out);
}

static void line_begin(struct rk_output *o) {
    clear_status(o);
    fprintf(o->out, "%10.3f s  ", seconds(rk_session_now(o->s)));
}

static void line_end(struct rk_output *o) {
    fputs("\n", o->out);
    fflush(o->out);
}

/* A dot in the colour of the light, at full brightness: people read the hue. */
static void print_dot(struct rk_output *o, uint32_t rgb) {
    if (rgb) {
        fprintf(o->out, "\033[38;2;%u;%u;%um●\033[0m ", (unsigned)(rgb >> 16),
                (unsigned)(rgb >> 8 & 0xFF), (unsigned)(rgb & 0xFF));
    } else {
        fputs("○ ", o->out);
    }
}

static void print_meaning(struct rk_output *o, const struct rk_led_observation *ob) {
    char name[RK_LED_NAME_CAP];
    rk_led_observed_name(ob, name);
    fprintf(o->out, "%s - %s", name, meaning_of(ob));
    if (ob->pattern == RK_PATTERN_SOS && ob->count) {
        fprintf(o->out, ": %s", rk_panic_name(ob->count));
    }
}

static void on_signal(void *ctx, const struct rk_led_observation *ob) {
    struct rk_output *o = ctx;
    if (o->mode == RK_OUTPUT_JSON) {
        fprintf(o->out, "{\"event\":\"signal\",\"time_ns\":%" PRIu64 ",\"instr\":%" PRIu64 ",",
                ob->seen_ns, rk_machine_instr(o->s->m));
        rk_output_observation(o->out, ob);
        json_end(o);
        return;
    }
    clear_status(o);
    fprintf(o->out, "%10.3f s  ", seconds(ob->seen_ns));
    if (o->mode == RK_OUTPUT_TERMINAL) {
        print_dot(o, rk_led_colour_rgb(ob->colour));
    }
    print_meaning(o, ob);
    line_end(o);
}

static void on_light(void *ctx, const uint16_t rgb[3], uint16_t full) {
    struct rk_output *o = ctx;
    for (unsigned i = 0; i < 3; i++) {
        o->rgb[i] = rgb[i];
    }
    o->full = full;
    rk_vcd_light(&o->vcd, rk_session_now(o->s), rgb, full);
}

static void on_pin(void *ctx, unsigned pin, bool level) {
    struct rk_output *o = ctx;
    rk_vcd_pin(&o->vcd, rk_session_now(o->s), pin, level);
}

static void on_reset(void *ctx, enum rk_reset kind) {
    struct rk_output *o = ctx;
    rk_vcd_reset(&o->vcd, rk_session_now(o->s));
    if (o->mode == RK_OUTPUT_JSON) {
        json_begin(o, "reset");
        fprintf(o->out, ",\"kind\":\"%s\"", rk_reset_name(kind));
        json_end(o);
    } else {
        line_begin(o);
        fprintf(o->out, "reset (%s)", rk_reset_name(kind));
        line_end(o);
    }
}

static void on_power(void *ctx, bool is_on) {
    struct rk_output *o = ctx;
    if (o->mode == RK_OUTPUT_JSON) {
        json_begin(o, "power");
        fprintf(o->out, ",\"on\":%s", is_on ? "true" : "false");
        json_end(o);
    } else {
        line_begin(o);
        fprintf(o->out, "power %s", is_on ? "on" : "off");
        line_end(o);
    }
}

static void on_action(void *ctx, const struct rk_action *action) {
    struct rk_output *o = ctx;
    if (action->kind == RK_ACTION_POWER) {
        return; /* power tells itself */
    }
    const char *button = action->kind == RK_ACTION_MODE ? "mode" : "reset";
    if (o->mode == RK_OUTPUT_JSON) {
        json_begin(o, "button");
        fprintf(o->out, ",\"button\":\"%s\",\"down\":%s", button,
                action->is_down ? "true" : "false");
        json_end(o);
    } else {
        line_begin(o);
        fprintf(o->out, "%s button %s", button, action->is_down ? "down" : "up");
        line_end(o);
    }
}

/* Traces are for reading beside the result, so they go to stderr. */
static void on_trace(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line) {
    struct rk_output *o = ctx;
    clear_status(o);
    fprintf(stderr, "%14.6f %-6s %s\n", seconds(rk_session_now(o->s)), dev ? dev->name : "-", line);
}

void rk_output_init(struct rk_output *o, enum rk_output_mode mode, FILE *out,
                    const struct rk_session *s, const char *name) {
    *o = (struct rk_output){.mode = mode, .out = out, .s = s, .name = name, .full = 1};
    o->sink = (struct rk_session_sink){.ctx = o,
                                       .signal = on_signal,
                                       .light = on_light,
                                       .pin = on_pin,
                                       .reset = on_reset,
                                       .power = on_power,
                                       .action = on_action,
                                       .trace = on_trace};
}

/* The light as it is now, brightened so that the brightest channel is full. */
static uint32_t shown_rgb(const struct rk_output *o) {
    uint32_t max = RK_MAX(RK_MAX(o->rgb[0], o->rgb[1]), o->rgb[2]);
    uint32_t rgb = 0;
    for (unsigned i = 0; max && i < 3; i++) {
        rgb = rgb << 8 | o->rgb[i] * 255u / max;
    }
    return rgb;
}

/* Columns of the terminal; a status line that wraps could not be taken away again. */
static int columns(const struct rk_output *o) {
    struct winsize size;
    if (ioctl(fileno(o->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

void rk_output_status(struct rk_output *o, double speed) {
    if (o->mode != RK_OUTPUT_TERMINAL) {
        return;
    }
    const struct rk_led_observation *ob = rk_led_decoder_signal(&o->s->led);
    char name[RK_LED_NAME_CAP] = "...";
    char hands[64] = "";
    char text[256];
    if (ob->seen_ns) {
        rk_led_observed_name(ob, name);
    }
    if (o->s->mode_down) {
        snprintf(hands, sizeof hands, "MODE held %.1f s  ",
                 seconds(rk_session_now(o->s) - o->s->mode_since_ns));
    }
    snprintf(text, sizeof text, "%-22s %.1f s  x%.1f  %s%s", name, seconds(rk_session_now(o->s)),
             speed, hands,
             rk_session_is_on(o->s) ? "m MODE  r RESET  p power  q quit" : "power off: p  q");
    clear_status(o);
    print_dot(o, shown_rgb(o));
    fprintf(o->out, "%.*s", columns(o) - 3, text);
    fflush(o->out);
    o->has_status = true;
}

void rk_output_listening(struct rk_output *o, const char *what, const char *address) {
    if (o->mode == RK_OUTPUT_JSON) {
        json_begin(o, "listening");
        fprintf(o->out, ",\"what\":\"%s\",\"address\":\"", what);
        for (const char *p = address; *p; p++) { /* a path may hold anything */
            if (*p == '"' || *p == '\\') {
                fputc('\\', o->out);
            }
            if ((unsigned char)*p >= 0x20) {
                fputc(*p, o->out);
            }
        }
        fputs("\"", o->out);
        json_end(o);
    } else {
        clear_status(o);
        fprintf(stderr, "%s listens on %s\n", what, address);
    }
}

static void print_history(struct rk_output *o) {
    for (unsigned i = 0; i < o->s->history_count; i++) {
        const struct rk_led_observation *ob = &o->s->history[i];
        fprintf(stderr, "%10.3f s  ", seconds(ob->seen_ns));
        char name[RK_LED_NAME_CAP];
        rk_led_observed_name(ob, name);
        fprintf(stderr, "%s - %s\n", name, meaning_of(ob));
    }
}

void rk_output_end(struct rk_output *o, double real_s) {
    const struct rk_session *s = o->s;
    double virtual_s = seconds(rk_session_now(s) - s->start_ns);
    double speed = real_s > 0 ? virtual_s / real_s : 0;
    const struct rk_counts *counts = rk_machine_counts(s->m);
    if (o->mode == RK_OUTPUT_JSON) {
        json_begin(o, "end");
        fprintf(o->out,
                ",\"reason\":\"%s\",\"error\":%d,\"guest_errors\":%" PRIu64
                ",\"unmodelled\":%" PRIu64 ",\"flash_ops\":%" PRIu64 ",\"resets\":%" PRIu64
                ",\"skipped_instr\":%" PRIu64 ",\"real_s\":%.3f,\"speed\":%.2f",
                s->reason, -s->error, counts->guest_errors, counts->unmodelled, counts->flash_ops,
                counts->resets, counts->skipped_instr, real_s, speed);
        json_end(o);
        return;
    }
    clear_status(o);
    fprintf(stderr, "%.3f s, %" PRIu64 " instructions, x%.1f: %s\n", virtual_s,
            rk_machine_instr(s->m), speed, s->reason);
    if (counts->guest_errors || counts->unmodelled) {
        fprintf(stderr,
                "%" PRIu64 " mistakes of the firmware, %" PRIu64
                " accesses to what is not modelled (--trace guest shows them)\n",
                counts->guest_errors, counts->unmodelled);
    }
    if (s->error == RK_E_SIGNAL_NOT_SEEN) {
        fprintf(stderr, "the last signals were:\n");
        print_history(o);
    }
}
