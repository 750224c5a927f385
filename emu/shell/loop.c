/* The loop's heart: how far the board runs, when it sleeps, and the end. See loop.h. */
#include "emu/shell/loop.h"

#include "emu/shell/fail.h"
#include "emu/shell/loop_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The board runs at most this long before sockets and keys are looked at. */
#define SLICE_REAL_NS    8000000u
#define SLICE_VIRTUAL_NS 20000000u
#define SLEEP_MAX_MS     20u
#define STATUS_MS        60u
#define MEASURE_NS       500000000u

/* ---- what happens in the session ------------------------------------------------------------- */

static void on_signal(void *ctx, const struct rk_led_observation *o) {
    rk_loop_clients_signal(ctx, o);
}

static void on_action(void *ctx, const struct rk_action *action) {
    struct rk_loop *l = ctx;
    rk_control_log_action(l->env, action);
}

/* ---- running --------------------------------------------------------------------------------- */

/* A board without power (or held in reset) has nothing to hurry to, unless someone waits for a
 * time. */
static bool may_hurry(const struct rk_loop *l, uint64_t next_ns) {
    bool is_dead = !rk_session_is_on(l->s) || l->s->reset_down;
    return !is_dead || next_ns != UINT64_MAX || l->s->end_ns != UINT64_MAX ||
           l->s->script_next < l->s->script_count;
}

static uint64_t next_stop(const struct rk_loop *l) {
    uint64_t next = rk_loop_clients_deadline(l);
    if (l->entry_next < l->entry_count) {
        next = RK_MIN(next, l->entries[l->entry_next].at_ns);
    }
    return next;
}

static void play_log(struct rk_loop *l) {
    while (l->entry_next < l->entry_count &&
           l->entries[l->entry_next].at_ns <= rk_session_now(l->s)) {
        struct rk_replay_entry *e = &l->entries[l->entry_next++];
        (void)rk_control_replay(&l->replay,
                                e->command); /* a command that failed then fails again */
    }
}

static double wanted_speed(const struct rk_loop *l, uint64_t next_ns) {
    double speed = l->env->speed;
    if (speed <= 0 && !may_hurry(l, next_ns)) {
        speed = 1;
    }
    if (l->speed_limit > 0 && (speed <= 0 || speed > l->speed_limit)) {
        speed = l->speed_limit;
    }
    return speed;
}

static void measure(struct rk_loop *l) {
    uint64_t real = uv_hrtime();
    uint64_t now = rk_session_now(l->s);
    if (real - l->measured_real_ns >= MEASURE_NS || now < l->measured_virtual_ns) {
        l->speed_now = now < l->measured_virtual_ns ? 0
                                                    : (double)(now - l->measured_virtual_ns) /
                                                          (double)(real - l->measured_real_ns);
        l->measured_real_ns = real;
        l->measured_virtual_ns = now;
    }
}

/* Runs for one slice. Returns how many ms the board has to wait before it may go on. */
static unsigned run_slice(struct rk_loop *l) {
    uint64_t begin = uv_hrtime();
    for (;;) {
        play_log(l);
        uint64_t next = next_stop(l);
        uint64_t now = rk_session_now(l->s);
        double speed = wanted_speed(l, next);
        if (speed != l->pace.speed || now < l->pace.virtual_ns) {
            rk_pace_set(&l->pace, speed, uv_hrtime(), now);
        }
        uint64_t target = rk_pace_target(&l->pace, uv_hrtime(), now);
        if (target <= now) {
            double wait_ms = (double)(now - target) / 1e6 / speed;
            return 1 + (unsigned)RK_MIN(wait_ms, (double)SLEEP_MAX_MS);
        }
        uint64_t limit = RK_MIN(RK_MIN(target, next), now + SLICE_VIRTUAL_NS);
        enum rk_session_state state = rk_session_run(l->s, limit);
        rk_loop_clients_check(l);
        if (state != RK_SESSION_RUNS || uv_hrtime() - begin > SLICE_REAL_NS) {
            return 0;
        }
    }
}

static void on_idle(uv_idle_t *idle);

static void on_sleep(uv_timer_t *timer) {
    struct rk_loop *l = timer->data;
    uv_idle_start(&l->idle, on_idle);
}

static void on_idle(uv_idle_t *idle) {
    struct rk_loop *l = idle->data;
    unsigned wait_ms = run_slice(l);
    measure(l);
    rk_loop_gdb_flush(l);
    if (l->s->state == RK_SESSION_DONE) {
        uv_stop(&l->uv);
    } else if (l->s->state == RK_SESSION_HALTED) {
        uv_idle_stop(idle);
        uv_timer_stop(&l->sleep);
    } else if (wait_ms) {
        uv_idle_stop(idle);
        uv_timer_start(&l->sleep, on_sleep, wait_ms, 0);
    }
}

void rk_loop_wake(struct rk_loop *l) {
    if (l->s->state == RK_SESSION_DONE) {
        uv_stop(&l->uv);
        return;
    }
    uv_timer_stop(&l->sleep);
    uv_idle_start(&l->idle, on_idle);
}

static void on_status(uv_timer_t *timer) {
    struct rk_loop *l = timer->data;
    rk_output_status(l->out, l->speed_now);
}

static void on_stop_signal(uv_signal_t *handle, int number) {
    struct rk_loop *l = handle->data;
    l->ended_by_signal = number;
    rk_session_end(l->s, 0, "interrupted");
    rk_loop_wake(l);
}

/* ---- writing --------------------------------------------------------------------------------- */

#define WAITING_MAX (1024u * 1024)

static void on_written(uv_write_t *request, int status) {
    free(request);
}

bool rk_loop_send(uv_stream_t *stream, const char *data, size_t len) {
    uv_buf_t buf = uv_buf_init((char *)data, (unsigned)len);
    int sent = uv_stream_get_write_queue_size(stream) == 0 ? uv_try_write(stream, &buf, 1) : 0;
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == len) {
        return true;
    }
    if (uv_stream_get_write_queue_size(stream) + len > WAITING_MAX) {
        return false;
    }
    uv_write_t *request = malloc(sizeof *request + len - done);
    if (!request) {
        return false;
    }
    char *copy = (char *)(request + 1);
    memcpy(copy, data + done, len - done);
    buf = uv_buf_init(copy, (unsigned)(len - done));
    if (uv_write(request, stream, &buf, 1, on_written) != 0) {
        free(request);
        return false;
    }
    return true;
}

/* ---- begin and end --------------------------------------------------------------------------- */

int rk_loop_init(struct rk_loop *l, struct rk_session *s, struct rk_output *out,
                 struct rk_control_env *env) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    memset(l, 0, sizeof *l);
    l->s = s;
    l->out = out;
    l->env = env;
    if (uv_loop_init(&l->uv) != 0) {
        return RK_E_NO_MEMORY;
    }
    l->sink = (struct rk_session_sink){.ctx = l, .signal = on_signal, .action = on_action};
    rk_session_add_sink(s, &l->sink);
    uv_idle_init(&l->uv, &l->idle);
    uv_timer_init(&l->uv, &l->sleep);
    uv_timer_init(&l->uv, &l->status);
    l->idle.data = l->sleep.data = l->status.data = l;
    for (unsigned i = 0; i < RK_COUNT(numbers); i++) {
        uv_signal_init(&l->uv, &l->signals[i]);
        l->signals[i].data = l;
        uv_signal_start(&l->signals[i], on_stop_signal, numbers[i]);
    }
    rk_control_init(&l->replay, env, NULL, NULL);
    return 0;
}

static int add_entry(struct rk_loop *l, const char *line) {
    struct rk_replay_entry e;
    int rc = rk_control_log_parse(line, &e.at_ns, &e.command);
    if (rc == 0 && l->entry_count == RK_LOOP_REPLAY_MAX) {
        json_decref(e.command);
        rc = RK_E_LIMIT;
    }
    if (rc == 0) {
        l->entries[l->entry_count++] = e;
    }
    return rc;
}

int rk_loop_replay(struct rk_loop *l, const char *path) {
    uint8_t *file = NULL;
    size_t len = 0;
    int rc = rk_read_file(path, 16u * 1024 * 1024, &file, &len);
    if (rc) {
        return rc;
    }
    l->entries = calloc(RK_LOOP_REPLAY_MAX, sizeof *l->entries);
    char *text = l->entries ? malloc(len + 1) : NULL;
    rc = text ? 0 : RK_E_NO_MEMORY;
    if (text) {
        memcpy(text, file, len);
        text[len] = 0;
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line && rc == 0;
             line = strtok_r(NULL, "\n", &rest)) {
            rc = add_entry(l, line);
        }
    }
    free(text);
    free(file);
    return rc;
}

void rk_loop_run(struct rk_loop *l) {
    l->began_ns = l->measured_real_ns = uv_hrtime();
    l->measured_virtual_ns = rk_session_now(l->s);
    l->speed_now = 1;
    rk_pace_set(&l->pace, l->env->speed, l->began_ns, l->measured_virtual_ns);
    if (l->out->mode == RK_OUTPUT_TERMINAL) {
        uv_timer_start(&l->status, on_status, 0, STATUS_MS);
    }
    uv_idle_start(&l->idle, on_idle);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    rk_loop_clients_end(l);
    rk_loop_gdb_flush(l);
}

static void close_handle(uv_handle_t *handle, void *ctx) {
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void rk_loop_release(struct rk_loop *l) {
    rk_loop_keys_close(l);
    rk_loop_gdb_close(l);
    rk_loop_clients_close(l);
    rk_control_release(&l->replay);
    for (size_t i = 0; i < l->entry_count; i++) {
        json_decref(l->entries[i].command);
    }
    free(l->entries);
    uv_run(&l->uv, UV_RUN_NOWAIT); /* what is already written may still leave */
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    (void)uv_loop_close(&l->uv);
}
