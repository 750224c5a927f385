/* The hub: time, figures, and the table of devices that are online. See hub.h. */
#include <stdlib.h>

#include "server/device/session.h"

#define BUCKETS_FIRST 64

static const struct rk_reason_info reasons[RK_REASONS] = {
#define RK_REASON(n, c, words, remedy_words) {#n, RK_REASON_CLASS_##c, words, remedy_words},
#include "server/device/reason.def"
#undef RK_REASON
};

const struct rk_reason_info *rk_reason_info(enum rk_reason reason) {
    return &reasons[(unsigned)reason < RK_REASONS ? reason : RK_REASON_NONE];
}

struct rk_hub_limits rk_hub_limits_default(void) {
    return (struct rk_hub_limits){
        .handshake_ms = 60000,
        .silence_ms = 35000,
        .answer_ms = 30000,
        .calls_max = 32,
        .events_per_s = 20, /* a board allows its application 4, and more to its system */
        .events_burst = 300,
        .messages_per_s = 20000,
        .subscriptions_max = 16,
        .handshakes_max = 8192,
        .backlog_max = 256 * 1024,
    };
}

struct rk_hub *rk_hub_new(const struct rk_crypto *crypto, struct rk_bus *bus,
                          const struct rk_hub_host *host, const struct rk_hub_limits *limits) {
    struct rk_hub *hub = calloc(1, sizeof *hub);
    if (!hub) {
        return NULL;
    }
    hub->crypto = crypto;
    hub->bus = bus;
    hub->host = *host;
    hub->limits = *limits;
    hub->bucket_count = BUCKETS_FIRST;
    hub->buckets = calloc(BUCKETS_FIRST, sizeof *hub->buckets);
    if (!hub->buckets) {
        free(hub);
        return NULL;
    }
    return hub;
}

void rk_hub_free(struct rk_hub *hub) {
    if (hub) {
        free(hub->buckets);
        free(hub);
    }
}

void rk_hub_set_time(struct rk_hub *hub, uint64_t now_ms, int64_t unix_ms) {
    hub->now_ms = now_ms;
    hub->unix_ms = unix_ms;
}

const struct rk_hub_stats *rk_hub_stats(const struct rk_hub *hub) {
    return &hub->stats;
}

void rk_hub_note(struct rk_session *s, struct rk_note note) {
    struct rk_hub *hub = s->hub;
    if (s->has_id && !note.id) {
        note.id = &s->id;
    }
    hub->host.note(hub->host.ctx, s, &note);
}

static uint32_t bucket_of(const struct rk_hub *hub, const struct rk_device_id *id) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        hash = (hash ^ id->bytes[i]) * 16777619u;
    }
    return (hash ^ hash >> 16) & (hub->bucket_count - 1);
}

struct rk_session *rk_hub_find(struct rk_hub *hub, const struct rk_device_id *id) {
    struct rk_session *s = hub->buckets[bucket_of(hub, id)];
    while (s && !rk_device_id_equal(&s->id, id)) {
        s = s->next_in_bucket;
    }
    return s;
}

/* A bigger table; without memory the old one goes on. */
static void grow(struct rk_hub *hub) {
    uint32_t old_count = hub->bucket_count;
    struct rk_session **old = hub->buckets, **buckets = calloc(2 * old_count, sizeof *buckets);
    if (!buckets) {
        return;
    }
    hub->buckets = buckets;
    hub->bucket_count = 2 * old_count;
    for (uint32_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct rk_session *s = old[i];
            old[i] = s->next_in_bucket;
            uint32_t b = bucket_of(hub, &s->id);
            s->next_in_bucket = buckets[b];
            buckets[b] = s;
        }
    }
    free(old);
}

void rk_hub_add(struct rk_hub *hub, struct rk_session *s) {
    if (hub->stats.online >= hub->bucket_count) {
        grow(hub);
    }
    uint32_t b = bucket_of(hub, &s->id);
    s->next_in_bucket = hub->buckets[b];
    hub->buckets[b] = s;
    hub->stats.online++;
}

void rk_hub_remove(struct rk_hub *hub, struct rk_session *s) {
    struct rk_session **p = &hub->buckets[bucket_of(hub, &s->id)];
    while (*p && *p != s) {
        p = &(*p)->next_in_bucket;
    }
    if (*p) {
        *p = s->next_in_bucket;
        hub->stats.online--;
    }
}
