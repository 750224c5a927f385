/* The event loop of `run`: paces the session, and serves its control socket, its debugger, and the
 * keys of a terminal (libuv).
 */
#ifndef RK_EMU_SHELL_LOOP_H
#define RK_EMU_SHELL_LOOP_H

#include "emu/shell/control.h"
#include "emu/shell/folder.h"
#include "emu/shell/output.h"
#include "emu/shell/pace.h"

#include <termios.h>
#include <uv.h>

#define RK_LOOP_CLIENTS    16
#define RK_LOOP_REPLAY_MAX 4096

struct rk_loop;

struct rk_loop_client {
    struct rk_loop *loop;
    bool is_used, is_closing;
    uv_pipe_t pipe;
    struct rk_control control;
    char buffer[4096];
};

struct rk_replay_entry {
    uint64_t at_ns;
    json_t *command;
};

struct rk_loop {
    uv_loop_t uv;
    struct rk_session *s;
    struct rk_output *out;
    struct rk_control_env *env;
    struct rk_pace pace;
    double speed_limit; /* --net-speed while real sockets or hosts are attached; 0: none */
    struct rk_session_sink sink;

    uv_idle_t idle;    /* runs the board */
    uv_timer_t sleep;  /* wakes when the board may go on */
    uv_timer_t status; /* the terminal's last line */
    uv_signal_t signals[3];
    uv_pipe_t listener;
    struct rk_loop_client clients[RK_LOOP_CLIENTS];
    bool has_listener;

    uv_tcp_t gdb_listener, gdb_peer;
    bool has_gdb, has_gdb_peer;
    struct rk_gdb gdb;
    char gdb_buffer[4096];

    uv_poll_t keys;
    bool has_keys;
    struct termios keys_before;

    struct rk_control replay; /* executes what a log holds; answers nobody */
    struct rk_replay_entry *entries;
    size_t entry_count, entry_next;

    uint64_t began_ns; /* wall */
    double speed_now;  /* measured */
    uint64_t measured_real_ns, measured_virtual_ns;
    int ended_by_signal; /* its number, 0: not */
};

RK_NODISCARD int rk_loop_init(struct rk_loop *l, struct rk_session *s, struct rk_output *out,
                              struct rk_control_env *env);
/* The board's control socket. */
RK_NODISCARD int rk_loop_listen(struct rk_loop *l, const char *folder);
/* A debugger's port, "ADDR:PORT", ":PORT" or "PORT"; the board then waits for the debugger. */
RK_NODISCARD int rk_loop_listen_gdb(struct rk_loop *l, const char *address);
/* The board has power: with a debugger's port, it stands at its reset vector from now on. */
void rk_loop_gdb_begin(struct rk_loop *l);
/* Keys m, r, p, q from the terminal. */
void rk_loop_keys(struct rk_loop *l);
/* Commands from a log of an earlier run. */
RK_NODISCARD int rk_loop_replay(struct rk_loop *l, const char *path);
/* Runs until the session is done. */
void rk_loop_run(struct rk_loop *l);
void rk_loop_release(struct rk_loop *l);

#endif
