/* What the device side tells: to the log at once, to the store in batches. Facts that come while a
 * batch is being written are the next batch, so a storm of 5,000 boards is a few commits and not
 * 5,000.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/loop/server.h"

enum write_kind { WRITE_SEEN, WRITE_FAILED, WRITE_FACT, WRITE_UPDATE, WRITE_RETURNED, WRITE_CLAIM };

struct rk_write {
    struct rk_write *next;
    enum write_kind kind;
    struct rk_device_id id;
    int64_t at_ms, number;
    uint16_t platform;
    bool confirmed;
    int64_t claimed_by; /* result of WRITE_CLAIM */
    char key[32];
    char text[RK_STORE_TEXT_MAX + 1];
};

struct batch {
    struct rk_work work;
    struct rk_server *server;
    struct rk_write *writes;
};

/* --- on the store's thread
 * ------------------------------------------------------------------------- */

/* A board that took an update and is back: it says whether it runs it (hello flag 01). */
static void write_returned(struct rk_store *s, const struct rk_write *w) {
    struct rk_store_update u;
    if (s->ops->update_in_state(s, &w->id, RK_STORE_UPDATE_RESTARTING, &u) == 0) {
        (void)s->ops->update_set(
            s, u.id, w->confirmed ? RK_STORE_UPDATE_DONE : RK_STORE_UPDATE_FAILED,
            w->confirmed ? "the board runs it" : "the board came back without confirming it",
            w->at_ms);
    }
}

static void write_claim(struct rk_store *s, struct rk_write *w) {
    struct rk_store_device d;
    int64_t user;
    if (s->ops->device_get(s, &w->id, &d) == 0 && d.owner == RK_STORE_NOBODY &&
        s->ops->claim_take(s, w->text, w->at_ms, &user) == 0 &&
        s->ops->device_set_owner(s, &w->id, user) == 0) {
        w->claimed_by = user;
    }
}

static void write_one(struct rk_store *s, struct rk_write *w) {
    switch (w->kind) {
    case WRITE_SEEN: (void)s->ops->device_seen(s, &w->id, w->platform, w->text, w->at_ms); break;
    case WRITE_FAILED: (void)s->ops->device_failed(s, &w->id, w->text, w->at_ms); break;
    case WRITE_FACT: (void)s->ops->fact_set(s, &w->id, w->key, w->text); break;
    case WRITE_UPDATE:
        (void)s->ops->update_set(s, w->number, (enum rk_store_update_state)w->platform, w->text,
                                 w->at_ms);
        break;
    case WRITE_RETURNED: write_returned(s, w); break;
    case WRITE_CLAIM: break; /* outside the batch: it reads what it has written */
    }
}

static void run_batch(struct rk_work *work) {
    struct batch *b = (struct batch *)work;
    struct rk_store *s = b->server->store;
    (void)s->ops->batch_begin(s);
    for (struct rk_write *w = b->writes; w; w = w->next) {
        write_one(s, w);
    }
    (void)s->ops->batch_end(s);
    for (struct rk_write *w = b->writes; w; w = w->next) {
        if (w->kind == WRITE_CLAIM) {
            write_claim(s, w);
        }
    }
}

/* --- on the loop's thread
 * -------------------------------------------------------------------------- */

static void ignore_reply(void *ctx, const struct rk_bus_reply *reply) {
}

static void tell_claimed(struct rk_server *server, const struct rk_write *w) {
    char id[RK_DEVICE_ID_TEXT];
    rk_device_id_format(&w->id, id);
    rk_log(&server->config.log, RK_LOG_INFO, w->claimed_by ? "claimed" : "claim refused", "id", id,
           NULL);
    if (!w->claimed_by) {
        return;
    }
    struct rk_bus_request owner = {.kind = RK_BUS_OWNER_IS, .number = w->claimed_by};
    struct rk_bus_request success = {.kind = RK_BUS_SEND,
                                     .name = "spark/device/claim/success",
                                     .arg = {(const uint8_t *)"claimed", 7}};
    rk_server_now(server);
    (void)server->bus->ops->request(server->bus, &w->id, &owner, ignore_reply, NULL, NULL);
    (void)server->bus->ops->request(server->bus, &w->id, &success, ignore_reply, NULL, NULL);
}

static void batch_done(struct rk_work *work) {
    struct batch *b = (struct batch *)work;
    struct rk_server *server = b->server;
    while (b->writes) {
        struct rk_write *w = b->writes;
        b->writes = w->next;
        if (w->kind == WRITE_CLAIM) {
            tell_claimed(server, w);
        }
        free(w);
    }
    free(b);
    server->writing = false;
    if (server->write_now) {
        rk_facts_flush(server);
    }
}

void rk_facts_flush(struct rk_server *server) {
    struct batch *b;
    if (server->writing || !server->writes || !(b = calloc(1, sizeof *b))) {
        return;
    }
    b->work = (struct rk_work){NULL, run_batch, batch_done};
    b->server = server;
    b->writes = server->writes;
    server->writes = NULL;
    server->writes_last = &server->writes;
    server->writing = true;
    server->write_now = false;
    rk_pool_submit(server->store_pool, &b->work);
}

static struct rk_write *add_write(struct rk_server *server, enum write_kind kind,
                                  const struct rk_device_id *id) {
    struct rk_write *w = calloc(1, sizeof *w);
    if (w) {
        w->kind = kind;
        w->id = *id;
        w->at_ms = rk_server_unix_ms();
        *server->writes_last = w;
        server->writes_last = &w->next;
    }
    return w;
}

static void set_text(struct rk_write *w, struct rk_span text) {
    snprintf(w->text, sizeof w->text, "%.*s", (int)RK_MIN(text.len, (size_t)RK_STORE_TEXT_MAX),
             text.data ? (const char *)text.data : "");
}

static void store_seen(struct rk_server *server, struct rk_session *session,
                       const struct rk_note *note) {
    struct rk_write *w = add_write(server, WRITE_SEEN, note->id);
    if (w) {
        w->platform = rk_session_platform(session);
        snprintf(w->text, sizeof w->text, "%s", rk_session_address(session));
    }
    if (note->kind == RK_NOTE_ONLINE && (w = add_write(server, WRITE_RETURNED, note->id))) {
        w->confirmed = note->hello->flags & RK_HELLO_OTA_SUCCESS;
    }
}

static void store_failed(struct rk_server *server, const struct rk_note *note) {
    struct rk_write *w = note->id ? add_write(server, WRITE_FAILED, note->id) : NULL;
    if (w) {
        snprintf(w->text, sizeof w->text, "%s", rk_reason_info(note->reason)->name);
    }
}

/* The last part of the name says which fact it is. */
static void store_fact(struct rk_server *server, const struct rk_note *note) {
    const char *key = strrchr(note->name, '/');
    struct rk_write *w = key ? add_write(server, WRITE_FACT, note->id) : NULL;
    if (w) {
        snprintf(w->key, sizeof w->key, "%s", key + 1);
        set_text(w, note->text);
    }
}

static void store_update(struct rk_server *server, const struct rk_note *note) {
    struct rk_write *w = add_write(server, WRITE_UPDATE, note->id);
    if (!w) {
        return;
    }
    w->number = note->number;
    if (note->kind == RK_NOTE_UPDATE_STARTED) {
        w->platform = RK_STORE_UPDATE_RUNNING;
        return;
    }
    w->platform =
        note->result == RK_UPDATE_OK ? RK_STORE_UPDATE_RESTARTING : RK_STORE_UPDATE_FAILED;
    snprintf(w->text, sizeof w->text, "%s", rk_update_result_text(note->result));
}

static void store_claim(struct rk_server *server, const struct rk_note *note) {
    struct rk_write *w = add_write(server, WRITE_CLAIM, note->id);
    if (w) {
        set_text(w, note->text);
    }
}

static void log_note(struct rk_server *server, struct rk_session *session,
                     const struct rk_note *note) {
    const struct rk_log *log = &server->config.log;
    const struct rk_reason_info *reason = rk_reason_info(note->reason);
    const char *address = rk_session_address(session);
    char id[RK_DEVICE_ID_TEXT] = "", number[24];
    if (note->id) {
        rk_device_id_format(note->id, id);
    }
    snprintf(number, sizeof number, "%lld", (long long)note->number);
    switch (note->kind) {
    case RK_NOTE_REFUSED:
        rk_log(log, RK_LOG_WARN, "refused", "id", id, "address", address, "reason", reason->name,
               "cause", reason->text, "remedy", reason->remedy, NULL);
        break;
    case RK_NOTE_WARNED:
        rk_log(log, RK_LOG_WARN, "handshake", "id", id, "address", address, "cause", reason->text,
               "remedy", reason->remedy, NULL);
        break;
    case RK_NOTE_ONLINE:
        rk_log(log, RK_LOG_INFO, "online", "id", id, "address", address, NULL);
        break;
    case RK_NOTE_OFFLINE:
        rk_log(log, RK_LOG_INFO, "offline", "id", id, "cause", reason->text, "remedy",
               reason->remedy, "seconds", number, NULL);
        break;
    case RK_NOTE_UPDATE_STARTED:
        rk_log(log, RK_LOG_INFO, "update started", "id", id, "update", number, NULL);
        break;
    case RK_NOTE_UPDATE_ENDED:
        rk_log(log, note->result == RK_UPDATE_OK ? RK_LOG_INFO : RK_LOG_WARN, "update ended", "id",
               id, "update", number, "result", rk_update_result_text(note->result), NULL);
        break;
    case RK_NOTE_SYSTEM:
        rk_log(log, RK_LOG_INFO, "says", "id", id, "event", note->name, NULL);
        break;
    case RK_NOTE_SLOWED: rk_log(log, RK_LOG_DEBUG, "slowed", "id", id, NULL); break;
    default: break;
    }
}

void rk_facts_note(void *ctx, struct rk_session *session, const struct rk_note *note) {
    struct rk_server *server = ctx;
    if (note->kind == RK_NOTE_EVENT || note->kind == RK_NOTE_UPDATE_MOVED ||
        note->kind == RK_NOTE_CONNECTED) {
        return;
    }
    log_note(server, session, note);
    switch (note->kind) {
    case RK_NOTE_ONLINE:
    case RK_NOTE_OFFLINE: store_seen(server, session, note); break;
    case RK_NOTE_REFUSED:
    case RK_NOTE_WARNED: store_failed(server, note); break;
    case RK_NOTE_SYSTEM: store_fact(server, note); break;
    case RK_NOTE_CLAIM_CODE: store_claim(server, note); break;
    case RK_NOTE_UPDATE_STARTED:
    case RK_NOTE_UPDATE_ENDED: store_update(server, note); break;
    default: return;
    }
    if (note->kind == RK_NOTE_CLAIM_CODE || note->kind == RK_NOTE_UPDATE_STARTED ||
        note->kind == RK_NOTE_UPDATE_ENDED) {
        server->write_now = true;
        rk_facts_flush(server);
    }
}

/* On a thread of the RSA pool. */
int rk_facts_lookup(void *ctx, const struct rk_claim *claim, struct rk_device_facts *facts) {
    struct rk_server *server = ctx;
    struct rk_store *s = server->store;
    struct rk_store_device d;
    int err = s->ops->device_get(s, &claim->id, &d);
    if (err == RK_E_NOT_FOUND && server->config.trust_first_use && claim->has_key) {
        memset(&d, 0, sizeof d);
        d.id = claim->id;
        d.has_key = true;
        memcpy(d.key_der, claim->key_der, sizeof d.key_der);
        err = s->ops->device_add(s, &d);
    }
    if (!err && !d.has_key && server->config.trust_first_use && claim->has_key) {
        memcpy(d.key_der, claim->key_der, sizeof d.key_der);
        d.has_key = s->ops->device_set_key(s, &d.id, d.key_der) == 0;
    }
    if (err) {
        return err;
    }
    facts->owner = d.owner;
    snprintf(facts->name, sizeof facts->name, "%s", d.name);
    memcpy(facts->key_der, d.key_der, sizeof facts->key_der);
    return d.has_key ? 0 : RK_E_KEY;
}
