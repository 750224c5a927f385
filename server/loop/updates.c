/* The queue of updates: what waits for a device is found when it comes online or when it is asked
 * for, checked against what the device said of itself, and handed to its session. One that failed
 * stays in the store with its reason and is never offered again by itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/device/update_check.h"
#include "server/loop/server.h"

struct find_work {
    struct rk_work work;
    struct rk_server *server;
    struct rk_conn *conn;
    struct rk_device_id id;
    int64_t update_id; /* 0: the next in the queue */
    int err;
    struct rk_store_update update;
    uint8_t *image;
    size_t len;
    uint32_t max_bytes;
};

struct fail_work {
    struct rk_work work;
    struct rk_server *server;
    int64_t update_id;
    char why[RK_STORE_TEXT_MAX + 1];
};

static void run_fail(struct rk_work *work) {
    struct fail_work *w = (struct fail_work *)work;
    struct rk_store *s = w->server->store;
    (void)s->ops->update_set(s, w->update_id, RK_STORE_UPDATE_FAILED, w->why, rk_server_unix_ms());
}

static void fail_done(struct rk_work *work) {
    free(work);
}

static void fail(struct rk_server *server, const struct rk_store_update *update, const char *why) {
    struct fail_work *w = calloc(1, sizeof *w);
    char id[RK_DEVICE_ID_TEXT];
    rk_device_id_format(&update->device, id);
    rk_log(&server->config.log, RK_LOG_WARN, "update refused", "id", id, "file", update->file_name,
           "cause", why, NULL);
    if (w) {
        w->work = (struct rk_work){NULL, run_fail, fail_done};
        w->server = server;
        w->update_id = update->id;
        snprintf(w->why, sizeof w->why, "%s", why);
        rk_pool_submit(server->store_pool, &w->work);
    }
}

static void run_find(struct rk_work *work) {
    struct find_work *w = (struct find_work *)work;
    struct rk_store *s = w->server->store;
    char value[RK_STORE_TEXT_MAX + 1];
    w->err = w->update_id ? s->ops->update_get(s, w->update_id, &w->update)
                          : s->ops->update_next(s, &w->id, &w->update);
    if (!w->err && (w->update.state != RK_STORE_UPDATE_QUEUED ||
                    !rk_device_id_equal(&w->update.device, &w->id))) {
        w->err = RK_E_NOT_FOUND;
    }
    if (!w->err) {
        w->err = s->ops->update_image(s, w->update.id, &w->image, &w->len);
    }
    if (!w->err && s->ops->fact_get(s, &w->id, "max_binary", value) == 0) {
        w->max_bytes = (uint32_t)strtoul(value, NULL, 10);
    }
}

static void offer(struct find_work *w, struct rk_session *session) {
    struct rk_update_target target = {rk_session_platform(session), w->max_bytes, session};
    char why[RK_STORE_TEXT_MAX + 1] = "";
    int err = rk_update_check(w->image, w->len, &target, why, sizeof why);
    if (err) {
        fail(w->server, &w->update, why);
        return;
    }
    err = rk_session_update(session, w->update.id, w->update.file_name, w->image, w->len,
                            w->update.allow_fast);
    w->image = NULL; /* the session's, or freed by it */
    if (err && err != RK_E_BUSY && err != RK_E_CLOSED) {
        fail(w->server, &w->update, rk_error_info(err)->text);
    }
}

static void find_done(struct rk_work *work) {
    struct find_work *w = (struct find_work *)work;
    struct rk_session *session = rk_conn_session(w->conn);
    if (!w->err && session && rk_session_is_online(session)) {
        rk_server_now(w->server);
        offer(w, session);
    }
    free(w->image);
    rk_conn_release(w->conn);
    free(w);
}

void rk_updates_want(void *ctx, struct rk_session *session, int64_t update_id) {
    struct rk_server *server = ctx;
    struct find_work *w = calloc(1, sizeof *w);
    if (!w) {
        return;
    }
    w->work = (struct rk_work){NULL, run_find, find_done};
    w->server = server;
    w->conn = rk_conn_hold(session);
    w->id = *rk_session_id(session);
    w->update_id = update_id;
    rk_pool_submit(server->store_pool, &w->work);
}
