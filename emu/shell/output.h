/* What `run` shows: the light in true colour with its name and meaning in a terminal, one line per
 * change otherwise, JSON lines with --json (docs/emulator.md). A sink of the session.
 */
#ifndef RK_EMU_SHELL_OUTPUT_H
#define RK_EMU_SHELL_OUTPUT_H

#include "emu/shell/session.h"
#include "emu/shell/vcd.h"

#include <stdio.h>

enum rk_output_mode {
    RK_OUTPUT_LINES,
    RK_OUTPUT_TERMINAL,
    RK_OUTPUT_JSON,
};

struct rk_output {
    enum rk_output_mode mode;
    FILE *out;
    const struct rk_session *s;
    const char *name; /* the board's */
    struct rk_vcd vcd;
    uint16_t rgb[3];
    uint16_t full;
    bool has_status; /* the last line of the terminal is the status */
    struct rk_session_sink sink;
};

/* Add output->sink to the session afterwards. */
void rk_output_init(struct rk_output *o, enum rk_output_mode mode, FILE *out,
                    const struct rk_session *s, const char *name);

/* The terminal's last line; speed is virtual seconds per second. */
void rk_output_status(struct rk_output *o, double speed);
/* "listening": where the control socket and the debugger's port are. what: "control", "gdb". */
void rk_output_listening(struct rk_output *o, const char *what, const char *address);
/* How it ended. real_s: seconds of the wall. */
void rk_output_end(struct rk_output *o, double real_s);

/* An observation as JSON members without braces, for output and control: "id":"listening",... The
 * text is written to a stream. */
void rk_output_observation(FILE *out, const struct rk_led_observation *o);
const char *rk_reset_name(enum rk_reset kind);
const char *rk_led_pattern_name(enum rk_led_pattern pattern);

#endif
