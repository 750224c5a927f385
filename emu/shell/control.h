/* The control socket's language: one JSON object per line, each answered by one with the same id
 * (docs/emulator.md). Bytes in, lines out; the socket is the loop's. Also what replays a log.
 */
#ifndef RK_EMU_SHELL_CONTROL_H
#define RK_EMU_SHELL_CONTROL_H

#include "emu/port/net.h"
#include "emu/shell/session.h"

#include <jansson.h>
#include <stdio.h>

#define RK_CONTROL_LINE_MAX 4096
#define RK_CONTROL_WAITS    8

/* What the commands of every client share. */
struct rk_control_env {
    struct rk_session *s;
    const char *name;  /* the board's */
    const uint8_t *id; /* 12 bytes */
    const uint8_t *mac;
    const struct rk_net_config *net; /* NULL: no neighbourhood is known */
    double speed;                    /* virtual seconds per second; 0: as fast as it goes */
    FILE *log;                       /* what a replay needs, or NULL */
};

struct rk_control_wait {
    json_t *id; /* NULL: free */
    uint64_t at_ns;
    char signal[RK_TEXT_MAX]; /* "": time only */
};

struct rk_control {
    struct rk_control_env *env;
    void (*send)(void *ctx, const char *line, size_t len); /* a whole line with its newline */
    void *ctx;
    struct rk_control_wait waits[RK_CONTROL_WAITS];
    size_t line_len;
    bool is_line_too_long;
    char line[RK_CONTROL_LINE_MAX];
};

void rk_control_init(struct rk_control *c, struct rk_control_env *env,
                     void (*send)(void *ctx, const char *line, size_t len), void *ctx);
void rk_control_release(struct rk_control *c);
/* Bytes from a client; complete lines are executed. */
void rk_control_receive(struct rk_control *c, const void *data, size_t len);
/* Answers the waits whose signal or time has come. signal: what was just seen, or NULL. */
void rk_control_check(struct rk_control *c, const struct rk_led_observation *signal);
/* The earliest session time that a wait is for; UINT64_MAX when none is for a time. */
uint64_t rk_control_deadline(const struct rk_control *c);
/* The session has ended: every wait fails. */
void rk_control_ended(struct rk_control *c);
/* Writes an action of a hand to the log, as the command that repeats it. */
void rk_control_log_action(struct rk_control_env *env, const struct rk_action *action);

/* One line of a log: when it is due (session time), and the command; *command is the caller's.
 * RK_E_BAD_FORMAT. */
RK_NODISCARD int rk_control_log_parse(const char *line, uint64_t *at_ns, json_t **command);
/* Executes a command of a log; one that failed then fails again. */
void rk_control_replay(struct rk_control *c, json_t *command);

#endif
