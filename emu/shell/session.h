/* One emulated board that runs: the machine, the decoder of its light, the hands on its buttons,
 * and when to stop. Virtual time only: it has no clock, no socket and prints nothing; what happens
 * is told to a sink. The loop (loop.c) and tests drive it.
 *
 * Session time is the machine's time plus the time it was without power or held in reset, in ns.
 */
#ifndef RK_EMU_SHELL_SESSION_H
#define RK_EMU_SHELL_SESSION_H

#include "common/base/error.h"
#include "common/led/decode.h"
#include "emu/board/spark_core.h"
#include "emu/core/gdb.h"

#define RK_SCRIPT_MAX  64 /* actions; a press with its release is two */
#define RK_HISTORY_MAX 8
#define RK_TEXT_MAX    64
#define RK_SINKS_MAX   4

enum rk_action_kind {
    RK_ACTION_MODE,  /* the MODE button */
    RK_ACTION_RESET, /* the RESET button: while it is down nothing runs */
    RK_ACTION_POWER, /* pressed: power is off */
};

struct rk_action {
    uint64_t at_ns; /* session time */
    enum rk_action_kind kind;
    bool is_down;
};

/* Who is told. Any function may be NULL. None may run or change the session, except by
 * rk_session_end(). */
struct rk_session_sink {
    void *ctx;
    void (*signal)(void *ctx, const struct rk_led_observation *o);
    void (*light)(void *ctx, const uint16_t rgb[3], uint16_t full); /* every change of the light */
    void (*pin)(void *ctx, unsigned pin, bool level);
    void (*reset)(void *ctx, enum rk_reset kind);
    void (*power)(void *ctx, bool is_on);
    void (*action)(void *ctx, const struct rk_action *action);
    void (*trace)(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line);
};

enum rk_session_state {
    RK_SESSION_RUNS,
    RK_SESSION_HALTED, /* a debugger holds it */
    RK_SESSION_DONE,   /* see error: 0 when it ended as wanted */
};

struct rk_session {
    struct rk_machine *m;
    const struct rk_session_sink *sinks[RK_SINKS_MAX];
    unsigned sink_count;
    uint32_t trace_mask;
    struct rk_led_decoder led;
    struct rk_led_observation history[RK_HISTORY_MAX]; /* the last signals, oldest first */
    unsigned history_count;
    struct rk_action script[RK_SCRIPT_MAX]; /* by time */
    unsigned script_count, script_next;
    uint64_t start_ns; /* session time at its begin; script and --for count from here */
    uint64_t off_ns;   /* time without power or in reset, part of session time */
    uint64_t end_ns;   /* UINT64_MAX: no end */
    const char *until; /* signal to wait for, or NULL */
    bool is_until_seen;
    bool mode_down, reset_down, keeps_resetting;
    uint64_t mode_since_ns;
    unsigned reset_row; /* resets by the guest, each soon after the one before */
    uint64_t last_reset_ns;
    uint32_t fault_pc; /* of the last fault, when it was first seen */
    uint64_t fault_count, fault_since_ns;
    struct rk_gdb *gdb; /* NULL: no debugger */
    enum rk_session_state state;
    int error;
    char reason[RK_TEXT_MAX]; /* of the end, in words */
};

/* m is powered off; it stays the caller's. eras: which firmware may run (RK_ERA_ALL). */
void rk_session_init(struct rk_session *s, struct rk_machine *m, unsigned eras,
                     uint32_t trace_mask);
/* At most RK_SINKS_MAX; sinks live as long as the session. */
void rk_session_add_sink(struct rk_session *s, const struct rk_session_sink *sink);

/* "mode@4s+3.5s", "reset@5s", "power@10s+2s": at session time 4 s after begin for 3.5 s (0.1 s when
 * it is left out). RK_E_BAD_FORMAT, RK_E_LIMIT. */
RK_NODISCARD int rk_session_script(struct rk_session *s, const char *text);

/* Time: "10s", "250ms", "1.5s", "2m", or plain seconds. RK_E_RANGE. */
RK_NODISCARD int rk_parse_time(const char *text, uint64_t *ns);

uint64_t rk_session_now(const struct rk_session *s);
/* Runs until session time limit_ns at most, or until something ends or halts it. */
enum rk_session_state rk_session_run(struct rk_session *s, uint64_t limit_ns);

/* What a hand does now. */
void rk_session_act(struct rk_session *s, enum rk_action_kind kind, bool is_down);
bool rk_session_is_on(const struct rk_session *s);
void rk_session_end(struct rk_session *s, int error, const char *reason);

/* A snapshot was loaded into the machine: time and light are what it says. */
void rk_session_restored(struct rk_session *s, uint64_t off_ns);

#endif
