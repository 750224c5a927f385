/* The index of subscriptions: see index.h. */
#include "server/bus/index.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 64

/* What must match exactly. */
enum family { FAMILY_ALL, FAMILY_OWNER, FAMILY_DEVICE };

static enum family family_of(enum rk_bus_scope scope) {
    return scope == RK_BUS_OWNER    ? FAMILY_OWNER
           : scope == RK_BUS_DEVICE ? FAMILY_DEVICE
                                    : FAMILY_ALL;
}

static uint32_t hash_bytes(uint32_t hash, const void *data, size_t len) {
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * 16777619u; /* FNV-1a */
    }
    return hash;
}

/* Without the prefix: that is added a byte at a time. */
static uint32_t hash_key(enum family family, int64_t owner, const struct rk_device_id *device) {
    uint8_t tag = (uint8_t)family;
    uint32_t hash = hash_bytes(2166136261u, &tag, 1);
    if (family == FAMILY_OWNER) {
        hash = hash_bytes(hash, &owner, sizeof owner);
    } else if (family == FAMILY_DEVICE) {
        hash = hash_bytes(hash, device->bytes, sizeof device->bytes);
    }
    return hash;
}

int rk_bus_index_init(struct rk_bus_index *index) {
    *index = (struct rk_bus_index){.bucket_count = BUCKETS_FIRST};
    index->buckets = calloc(BUCKETS_FIRST, sizeof *index->buckets);
    return index->buckets ? 0 : RK_E_NO_MEMORY;
}

static void free_dead(struct rk_bus_index *index) {
    while (index->dead) {
        struct rk_bus_subscription *s = index->dead;
        index->dead = s->dead_next;
        free(s);
    }
}

void rk_bus_index_release(struct rk_bus_index *index) {
    free_dead(index);
    for (size_t i = 0; i < index->bucket_count; i++) {
        while (index->buckets[i]) {
            struct rk_bus_subscription *s = index->buckets[i];
            index->buckets[i] = s->next;
            free(s);
        }
    }
    free(index->buckets);
}

static struct rk_bus_subscription **bucket(struct rk_bus_index *index, uint32_t hash) {
    return &index->buckets[hash & (index->bucket_count - 1)];
}

/* A bigger table; without memory the old one goes on. */
static void grow(struct rk_bus_index *index) {
    size_t old_count = index->bucket_count;
    struct rk_bus_subscription **old = index->buckets;
    struct rk_bus_subscription **buckets = calloc(2 * old_count, sizeof *buckets);
    if (!buckets) {
        return;
    }
    index->buckets = buckets;
    index->bucket_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct rk_bus_subscription *s = old[i];
            old[i] = s->next;
            s->next = *bucket(index, s->hash);
            *bucket(index, s->hash) = s;
        }
    }
    free(old);
}

struct rk_bus_subscription *rk_bus_index_add(struct rk_bus_index *index,
                                             const struct rk_bus_filter *filter,
                                             rk_bus_event_fn on_event, void *ctx) {
    size_t len = strlen(filter->prefix);
    if (len > RK_NAME_MAX) {
        return NULL;
    }
    struct rk_bus_subscription *s = malloc(sizeof *s + len + 1);
    if (!s) {
        return NULL;
    }
    enum family family = family_of(filter->scope);
    *s = (struct rk_bus_subscription){.on_event = on_event,
                                      .ctx = ctx,
                                      .owner = filter->owner,
                                      .device = filter->device,
                                      .scope = (uint8_t)filter->scope,
                                      .prefix_len = (uint8_t)len};
    memcpy(s->prefix, filter->prefix, len + 1);
    s->hash = hash_bytes(hash_key(family, filter->owner, &filter->device), s->prefix, len);
    /* A table must not change under a delivery that walks it. */
    if (index->count >= index->bucket_count && !index->delivering) {
        grow(index);
    }
    s->next = *bucket(index, s->hash);
    *bucket(index, s->hash) = s;
    index->lengths[family][len]++;
    index->count++;
    return s;
}

static void unlink_one(struct rk_bus_index *index, struct rk_bus_subscription *s) {
    struct rk_bus_subscription **p = bucket(index, s->hash);
    while (*p != s) {
        p = &(*p)->next;
    }
    *p = s->next;
}

void rk_bus_index_remove(struct rk_bus_index *index, struct rk_bus_subscription *s) {
    if (s->dead) {
        return;
    }
    index->lengths[family_of((enum rk_bus_scope)s->scope)][s->prefix_len]--;
    index->count--;
    if (!index->delivering) {
        unlink_one(index, s);
        free(s);
        return;
    }
    s->dead = true;
    s->dead_next = index->dead;
    index->dead = s;
}

static bool is_for(const struct rk_bus_subscription *s, const struct rk_bus_event *event,
                   enum family family, size_t len) {
    if (s->dead || s->prefix_len != len || family_of((enum rk_bus_scope)s->scope) != family ||
        memcmp(s->prefix, event->name, len) != 0) {
        return false;
    }
    bool mine = s->owner == event->owner && event->owner != RK_OWNER_NONE;
    switch ((enum rk_bus_scope)s->scope) {
    case RK_BUS_PUBLIC: return !event->is_private;
    case RK_BUS_VISIBLE: return !event->is_private || mine;
    case RK_BUS_OWNER: return mine;
    case RK_BUS_DEVICE:
        return rk_device_id_equal(&s->device, &event->device) && (!event->is_private || mine);
    }
    return false;
}

static void deliver_family(struct rk_bus_index *index, const struct rk_bus_event *event,
                           enum family family) {
    size_t name_len = strlen(event->name);
    uint32_t hash = hash_key(family, event->owner, &event->device);
    for (size_t len = 0;; len++) {
        if (index->lengths[family][len]) {
            struct rk_bus_subscription *next;
            for (struct rk_bus_subscription *s = *bucket(index, hash); s; s = next) {
                next = s->next; /* new ones are put before, removed ones stay linked */
                if (s->hash == hash && is_for(s, event, family, len)) {
                    s->on_event(s->ctx, event);
                }
            }
        }
        if (len >= name_len || len >= RK_NAME_MAX) {
            return;
        }
        hash = hash_bytes(hash, event->name + len, 1);
    }
}

void rk_bus_index_deliver(struct rk_bus_index *index, const struct rk_bus_event *event) {
    index->delivering++;
    deliver_family(index, event, FAMILY_ALL);
    deliver_family(index, event, FAMILY_OWNER);
    deliver_family(index, event, FAMILY_DEVICE);
    if (--index->delivering == 0) {
        for (struct rk_bus_subscription *s = index->dead; s; s = s->dead_next) {
            unlink_one(index, s);
        }
        free_dead(index);
    }
}
