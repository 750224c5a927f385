/* The server in memory: see peer.h. */
#include "server/peer/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX (1024 * 1024)

struct known {
    struct known *next;
    struct rk_device_id id;
    bool has_key;
    struct rk_device_facts facts;
    uint8_t *image; /* of the queued update */
    size_t image_len;
    bool allow_fast;
    char file_name[RK_DEVICE_NAME_MAX + 1];
};

struct rk_peer_conn {
    struct rk_peer *peer;
    struct rk_peer_conn *next;
    struct rk_session *session;
    uint64_t wake_ms;
    bool closed;
    uint8_t *out;
    size_t out_len, out_cap;
};

struct rk_peer {
    struct rk_peer_config config;
    struct rk_bus *bus;
    struct rk_hub *hub;
    struct known *known;
    struct rk_peer_conn *conns;
    struct rk_handshake_env env;
    uint64_t now_ms;
};

static struct known *find(struct rk_peer *peer, const struct rk_device_id *id) {
    struct known *k = peer->known;
    while (k && !rk_device_id_equal(&k->id, id)) {
        k = k->next;
    }
    return k;
}

/* --- the host --------------------------------------------------------------------------------- */

static void host_send(void *peer, const uint8_t *bytes, size_t len) {
    struct rk_peer_conn *c = peer;
    if (c->closed || len > OUTPUT_MAX - c->out_len) {
        return;
    }
    if (c->out_len + len > c->out_cap) {
        size_t cap = RK_MAX((c->out_len + len + 1023) & ~(size_t)1023, 2 * c->out_cap);
        uint8_t *out = realloc(c->out, cap);
        if (!out) {
            return;
        }
        c->out = out;
        c->out_cap = cap;
    }
    memcpy(c->out + c->out_len, bytes, len);
    c->out_len += len;
}

static size_t host_backlog(void *peer, bool exact) {
    return ((struct rk_peer_conn *)peer)->out_len;
}

static void host_handshake(void *peer, struct rk_handshake_job *job) {
    struct rk_peer_conn *c = peer;
    rk_handshake_job_run(job, &c->peer->env);
    rk_session_handshake_done(c->session, job);
}

static void host_close(void *peer) {
    ((struct rk_peer_conn *)peer)->closed = true;
}

static void host_wake(void *peer, uint64_t at_ms) {
    ((struct rk_peer_conn *)peer)->wake_ms = at_ms;
}

static void host_note(void *ctx, struct rk_session *session, const struct rk_note *note) {
    struct rk_peer *p = ctx;
    if (p->config.note) {
        p->config.note(p->config.ctx, session, note);
    }
}

static void host_want_update(void *ctx, struct rk_session *session, int64_t update_id) {
    struct known *k = find(ctx, rk_session_id(session));
    if (k && k->image) {
        uint8_t *image = k->image;
        k->image = NULL;
        (void)rk_session_update(session, 1, k->file_name, image, k->image_len, k->allow_fast);
    }
}

static int lookup(void *ctx, const struct rk_claim *claim, struct rk_device_facts *facts) {
    struct rk_peer *p = ctx;
    struct known *k = find(p, &claim->id);
    if (!k && p->config.trust_first_use && claim->has_key) {
        if (rk_peer_add_device(p, &claim->id, claim->key_der, RK_OWNER_NONE, "")) {
            return RK_E_NO_MEMORY;
        }
        k = find(p, &claim->id);
    }
    if (!k) {
        return RK_E_NOT_FOUND;
    }
    *facts = k->facts;
    return k->has_key ? 0 : RK_E_KEY;
}

/* --- life ------------------------------------------------------------------------------------- */

struct rk_peer *rk_peer_new(const struct rk_peer_config *config) {
    struct rk_peer *p = calloc(1, sizeof *p);
    struct rk_hub_limits limits = config->limits ? *config->limits : rk_hub_limits_default();
    if (!p) {
        return NULL;
    }
    struct rk_hub_host host = {
        .send = host_send,
        .backlog = host_backlog,
        .handshake = host_handshake,
        .close = host_close,
        .wake = host_wake,
        .note = host_note,
        .want_update = host_want_update,
        .ctx = p,
    };
    p->config = *config;
    p->env = (struct rk_handshake_env){
        config->crypto, config->server_key, config->key_new, config->key_free, lookup, p};
    p->bus = rk_bus_inproc_new();
    p->hub = p->bus ? rk_hub_new(config->crypto, p->bus, &host, &limits) : NULL;
    if (!p->hub) {
        rk_peer_free(p);
        return NULL;
    }
    rk_peer_set_time(p, 0);
    return p;
}

static void free_conn(struct rk_peer_conn *c) {
    rk_session_free(c->session);
    free(c->out);
    free(c);
}

void rk_peer_free(struct rk_peer *p) {
    if (!p) {
        return;
    }
    while (p->conns) {
        struct rk_peer_conn *c = p->conns;
        p->conns = c->next;
        free_conn(c);
    }
    while (p->known) {
        struct known *k = p->known;
        p->known = k->next;
        free(k->image);
        free(k);
    }
    rk_hub_free(p->hub);
    if (p->bus) {
        p->bus->ops->close(p->bus);
    }
    free(p);
}

int rk_peer_add_device(struct rk_peer *p, const struct rk_device_id *id, const uint8_t *key_der,
                       int64_t owner, const char *name) {
    struct known *k = find(p, id);
    if (!k) {
        k = calloc(1, sizeof *k);
        if (!k) {
            return RK_E_NO_MEMORY;
        }
        k->id = *id;
        k->next = p->known;
        p->known = k;
    }
    k->facts.owner = owner;
    snprintf(k->facts.name, sizeof k->facts.name, "%s", name);
    k->has_key = key_der != NULL;
    if (key_der) {
        memcpy(k->facts.key_der, key_der, sizeof k->facts.key_der);
    }
    return 0;
}

static void ignore_reply(void *ctx, const struct rk_bus_reply *reply) {
}

int rk_peer_queue_update(struct rk_peer *p, const struct rk_device_id *id, const void *image,
                         size_t len, const char *file_name, bool allow_fast) {
    struct known *k = find(p, id);
    uint8_t *copy = k ? malloc(len) : NULL;
    if (!copy) {
        return k ? RK_E_NO_MEMORY : RK_E_NOT_FOUND;
    }
    memcpy(copy, image, len);
    free(k->image);
    k->image = copy;
    k->image_len = len;
    k->allow_fast = allow_fast;
    snprintf(k->file_name, sizeof k->file_name, "%s", file_name);
    struct rk_bus_request request = {.kind = RK_BUS_UPDATE};
    (void)p->bus->ops->request(p->bus, id, &request, ignore_reply, NULL, NULL);
    return 0; /* offline: it gets it when it comes */
}

/* --- time and bytes --------------------------------------------------------------------------- */

void rk_peer_set_time(struct rk_peer *p, uint64_t now_ms) {
    p->now_ms = now_ms;
    rk_hub_set_time(p->hub, now_ms, p->config.start_unix_ms + (int64_t)now_ms);
    for (struct rk_peer_conn *c = p->conns; c; c = c->next) {
        if (c->wake_ms <= now_ms) {
            c->wake_ms = UINT64_MAX;
            rk_session_tick(c->session);
        }
    }
}

uint64_t rk_peer_deadline_ms(const struct rk_peer *p) {
    uint64_t at_ms = UINT64_MAX;
    for (const struct rk_peer_conn *c = p->conns; c; c = c->next) {
        at_ms = RK_MIN(at_ms, c->wake_ms);
    }
    return at_ms;
}

struct rk_peer_conn *rk_peer_connect(struct rk_peer *p, const char *address) {
    struct rk_peer_conn *c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->peer = p;
    c->wake_ms = UINT64_MAX;
    c->session = rk_session_new(p->hub, c, address);
    if (!c->session) {
        free(c);
        return NULL;
    }
    c->next = p->conns;
    p->conns = c;
    return c;
}

void rk_peer_receive(struct rk_peer_conn *c, const void *data, size_t len) {
    const uint8_t *from = data;
    uint8_t buffer[2048]; /* the session decrypts in place */
    while (len && !c->closed) {
        size_t n = RK_MIN(len, sizeof buffer);
        memcpy(buffer, from, n);
        rk_session_receive(c->session, buffer, n);
        from += n;
        len -= n;
    }
}

const uint8_t *rk_peer_output(const struct rk_peer_conn *c, size_t *len) {
    *len = c->out_len;
    return c->out;
}

void rk_peer_consume(struct rk_peer_conn *c, size_t len) {
    len = RK_MIN(len, c->out_len);
    memmove(c->out, c->out + len, c->out_len - len);
    c->out_len -= len;
    if (len && !c->closed) {
        rk_session_writable(c->session);
    }
}

bool rk_peer_is_closed(const struct rk_peer_conn *c) {
    return c->closed;
}

void rk_peer_disconnect(struct rk_peer_conn *c) {
    struct rk_peer_conn **at = &c->peer->conns;
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    if (!c->closed) {
        rk_session_peer_closed(c->session);
    }
    free_conn(c);
}

struct rk_bus *rk_peer_bus(struct rk_peer *p) {
    return p->bus;
}

const struct rk_hub_stats *rk_peer_stats(const struct rk_peer *p) {
    return rk_hub_stats(p->hub);
}
