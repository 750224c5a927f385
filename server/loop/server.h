/* The running server: libuv's loop round the device side, the store, the bus, the control socket
 * and HTTP. Everything here runs on the loop's thread unless it says otherwise.
 */
#ifndef RK_SERVER_LOOP_SERVER_H
#define RK_SERVER_LOOP_SERVER_H

#include <uv.h>

#include "server/crypto/openssl.h"
#include "server/device/hub.h"
#include "server/loop/log.h"
#include "server/loop/pool.h"
#include "server/loop/wheel.h"
#include "server/store/store.h"

struct rk_server_config {
    const char *dir;                 /* data directory: key, store, control socket */
    const char *listen;              /* address of the device port and of HTTP */
    uint16_t device_port, http_port; /* 0: any */
    uint32_t max_devices;
    bool trust_first_use;
    unsigned threads; /* for RSA; 0: one for each processor */
    struct rk_hub_limits limits;
    struct rk_log log;
};

struct rk_http;
struct rk_control;
struct rk_write;

struct rk_server {
    struct rk_server_config config;
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_timer_t tick, facts, sweep;
    uv_signal_t sigterm, sigint;
    struct rk_openssl *openssl;
    struct rk_rsa_key *key;
    struct rk_store *store;
    struct rk_bus *bus;
    struct rk_hub *hub;
    struct rk_pool *rsa_pool, *store_pool;
    struct rk_handshake_env handshake_env;
    struct rk_wheel wheel;
    struct rk_http *http;
    struct rk_control *control;
    struct rk_conn *conns;
    struct rk_write *writes, **writes_last; /* facts for the store that wait for the next batch */
    bool writing;                           /* a batch is on the store's thread */
    bool write_now;                         /* and the next is to follow at once */
    uint32_t conn_count;
    uint64_t refused_full;
    uint64_t started_ms;
    int lock_fd;
    bool stopping;
    char read_buffer[65536];
};

/* Opens everything and listens. On an error *why is a sentence with the next step. */
int rk_server_start(struct rk_server *server, const struct rk_server_config *config,
                    const char **why);
/* Until SIGTERM or SIGINT, or rk_server_drain; then everything is closed. */
int rk_server_run(struct rk_server *server);
/* No new connections, the old ones are closed, what is queued for the store is written. */
void rk_server_drain(struct rk_server *server);
uint16_t rk_server_device_port(const struct rk_server *server);

/* server.c: sets the hub's time from the clock. To be called before any call into the hub. */
void rk_server_now(struct rk_server *server);
int64_t rk_server_unix_ms(void);

/* conn.c */
struct rk_conn;
int rk_conn_listen(struct rk_server *server);
void rk_conn_turn(struct rk_server *server);
void rk_conn_close_all(struct rk_server *server);
const struct rk_hub_host *rk_conn_host(void);
/* Keeps the session's memory while work about it is on a thread. */
struct rk_conn *rk_conn_hold(struct rk_session *session);
void rk_conn_release(struct rk_conn *conn);
/* NULL when it has closed meanwhile. */
struct rk_session *rk_conn_session(const struct rk_conn *conn);

/* facts.c: what the device side tells goes to log and store */
void rk_facts_note(void *ctx, struct rk_session *session, const struct rk_note *note);
int rk_facts_lookup(void *ctx, const struct rk_claim *claim, struct rk_device_facts *facts);
void rk_facts_flush(struct rk_server *server);

/* updates.c: the queue of updates */
void rk_updates_want(void *ctx, struct rk_session *session, int64_t update_id);

#endif
