/* The running server: opening, running, closing. See server.h. */
#define _GNU_SOURCE
#include "server/loop/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/http/http.h"
#include "server/loop/control.h"
#include "server/loop/keys.h"

#define FACTS_EVERY_MS 500
#define SWEEP_EVERY_MS 60000
#define UPDATE_KEEP_MS ((int64_t)90 * 24 * 3600 * 1000)
#define RSA_NICE       5 /* the loop answers pings while a storm of handshakes is worked off */
#define FDS_KEPT       64

int64_t rk_server_unix_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rk_server_now(struct rk_server *server) {
    rk_hub_set_time(server->hub, uv_now(&server->loop), rk_server_unix_ms());
}

static void on_tick(uv_timer_t *timer) {
    rk_conn_turn(timer->data);
}

/* --- small chores
 * ----------------------------------------------------------------------------------- */

struct sweep_work {
    struct rk_work work;
    struct rk_store *store;
};

static void run_sweep(struct rk_work *work) {
    struct rk_store *store = ((struct sweep_work *)work)->store;
    int64_t now_ms = rk_server_unix_ms();
    (void)store->ops->sweep(store, now_ms, now_ms - UPDATE_KEEP_MS);
}

static void sweep_done(struct rk_work *work) {
    free(work);
}

static void on_sweep(uv_timer_t *timer) {
    struct rk_server *server = timer->data;
    struct sweep_work *w = calloc(1, sizeof *w);
    if (w) {
        w->work = (struct rk_work){NULL, run_sweep, sweep_done};
        w->store = server->store;
        rk_pool_submit(server->store_pool, &w->work);
    }
}

static void on_facts(uv_timer_t *timer) {
    rk_facts_flush(timer->data);
}

static void on_signal(uv_signal_t *signal, int number) {
    rk_server_drain(signal->data);
}

/* --- opening
 * ---------------------------------------------------------------------------------------- */

static int make_dir(const char *dir) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", dir);
    for (char *p = path + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0755);
            *p = '/';
        }
    }
    return mkdir(path, 0700) && errno != EEXIST ? RK_E_IO : 0;
}

static int take_lock(struct rk_server *server) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock", server->config.dir);
    server->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (server->lock_fd < 0) {
        return RK_E_IO;
    }
    return flock(server->lock_fd, LOCK_EX | LOCK_NB) ? RK_E_BUSY : 0;
}

static int open_store(struct rk_server *server) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/store.db", server->config.dir);
    int err = rk_store_sqlite_open(path, &server->store);
    if (!err) {
        err = server->store->ops->update_recover(
            server->store, "the server stopped while it was sent", rk_server_unix_ms());
    }
    return err;
}

static int open_key(struct rk_server *server) {
    bool made;
    int err = rk_keys_load(server->config.dir, true, &server->key, &made);
    if (made) {
        rk_log(&server->config.log, RK_LOG_INFO, "key made", "file", RK_SERVER_KEY_FILE, "next",
               "rekindle server init --host NAME writes the record for a board", NULL);
    }
    return err;
}

/* As many descriptors as we may have. */
static void raise_fd_limit(struct rk_server *server) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur != RLIM_INFINITY &&
            limit.rlim_cur < server->config.max_devices + FDS_KEPT) {
            server->config.max_devices =
                limit.rlim_cur > FDS_KEPT ? (uint32_t)limit.rlim_cur - FDS_KEPT : 1;
        }
    }
}

static int open_core(struct rk_server *server) {
    unsigned threads = server->config.threads ? server->config.threads : uv_available_parallelism();
    server->openssl = rk_openssl_new();
    server->bus = rk_bus_inproc_new();
    if (!server->openssl || !server->bus) {
        return RK_E_NO_MEMORY;
    }
    struct rk_hub_host host = *rk_conn_host();
    host.ctx = server;
    const struct rk_crypto *crypto = rk_openssl_crypto(server->openssl);
    server->hub = rk_hub_new(crypto, server->bus, &host, &server->config.limits);
    server->handshake_env = (struct rk_handshake_env){
        crypto, server->key, rk_rsa_device_public_new, rk_rsa_key_free, rk_facts_lookup, server};
    server->rsa_pool = rk_pool_new(&server->loop, threads, RSA_NICE);
    server->store_pool = rk_pool_new(&server->loop, 1, 0);
    return server->hub && server->rsa_pool && server->store_pool ? 0 : RK_E_NO_MEMORY;
}

static void start_timers(struct rk_server *server) {
    uv_timer_init(&server->loop, &server->tick);
    uv_timer_init(&server->loop, &server->facts);
    uv_timer_init(&server->loop, &server->sweep);
    uv_signal_init(&server->loop, &server->sigterm);
    uv_signal_init(&server->loop, &server->sigint);
    server->tick.data = server->facts.data = server->sweep.data = server;
    server->sigterm.data = server->sigint.data = server;
    uv_timer_start(&server->tick, on_tick, RK_WHEEL_SLOT_MS, RK_WHEEL_SLOT_MS);
    uv_timer_start(&server->facts, on_facts, FACTS_EVERY_MS, FACTS_EVERY_MS);
    uv_timer_start(&server->sweep, on_sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
    uv_signal_start(&server->sigterm, on_signal, SIGTERM);
    uv_signal_start(&server->sigint, on_signal, SIGINT);
}

struct step {
    int (*open)(struct rk_server *server);
    const char *why;
};

static int open_dir(struct rk_server *server) {
    return make_dir(server->config.dir);
}

static const struct step steps[] = {
    {open_dir, "the data directory cannot be made: choose another with --data"},
    {take_lock, "another server uses this data directory: stop it, or choose another with --data"},
    {open_key,
     "the server's key cannot be used: it must be RSA-2048, mode 0600 (rekindle server doctor)"},
    {open_store, "the store cannot be opened: rekindle server check, or restore a backup"},
    {open_core, "not enough memory or threads"},
    {rk_control_listen, "the control socket cannot be opened in the data directory"},
    {rk_http_start, "the HTTP port is taken: choose another with --http-port"},
    {rk_conn_listen, "the device port is taken: choose another with --port"},
};

int rk_server_start(struct rk_server *server, const struct rk_server_config *config,
                    const char **why) {
    memset(server, 0, sizeof *server);
    server->config = *config;
    server->writes_last = &server->writes;
    server->lock_fd = -1;
    raise_fd_limit(server);
    uv_loop_init(&server->loop);
    signal(SIGPIPE, SIG_IGN);
    server->started_ms = uv_now(&server->loop);
    server->wheel.slot = server->started_ms / RK_WHEEL_SLOT_MS;
    for (size_t i = 0; i < RK_COUNT(steps); i++) {
        int err = steps[i].open(server);
        if (err) {
            *why = steps[i].why;
            return err;
        }
    }
    rk_server_now(server);
    start_timers(server);
    return 0;
}

uint16_t rk_server_device_port(const struct rk_server *server) {
    struct sockaddr_storage address = {0};
    int len = sizeof address;
    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len);
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* --- closing
 * ---------------------------------------------------------------------------------------- */

void rk_server_drain(struct rk_server *server) {
    if (server->stopping) {
        return;
    }
    server->stopping = true;
    rk_log(&server->config.log, RK_LOG_INFO, "stopping", NULL);
    uv_close((uv_handle_t *)&server->listener, NULL);
    rk_control_close(server);
    rk_http_stop(server);
    rk_conn_close_all(server);
    uv_stop(&server->loop);
}

static void close_handles(struct rk_server *server) {
    uv_close((uv_handle_t *)&server->tick, NULL);
    uv_close((uv_handle_t *)&server->facts, NULL);
    uv_close((uv_handle_t *)&server->sweep, NULL);
    uv_close((uv_handle_t *)&server->sigterm, NULL);
    uv_close((uv_handle_t *)&server->sigint, NULL);
}

int rk_server_run(struct rk_server *server) {
    uv_run(&server->loop, UV_RUN_DEFAULT);
    /* connections finish, their facts are queued and written, then the threads end */
    for (int i = 0; i < 500 && (server->conn_count || server->writing || server->writes ||
                                rk_pool_waiting(server->rsa_pool));
         i++) {
        rk_facts_flush(server);
        uv_run(&server->loop, UV_RUN_ONCE);
    }
    rk_pool_stop(server->rsa_pool);
    rk_pool_stop(server->store_pool);
    close_handles(server);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    rk_hub_free(server->hub);
    server->bus->ops->close(server->bus);
    server->store->ops->close(server->store);
    rk_rsa_key_free(server->key);
    rk_openssl_free(server->openssl);
    uv_loop_close(&server->loop);
    free(server->control);
    close(server->lock_fd);
    rk_log(&server->config.log, RK_LOG_INFO, "stopped", NULL);
    return 0;
}
