/* The bus within one process: see bus.h. */
#include <stdlib.h>
#include <string.h>

#include "server/bus/index.h"

#define BUCKETS_FIRST 64

struct holder {
    struct holder *next;
    struct rk_device_id device;
    rk_bus_request_fn on_request;
    void *ctx;
};

struct rk_bus_call {
    rk_bus_reply_fn on_reply; /* NULL: the asker has gone */
    void *ctx;
};

struct inproc {
    struct rk_bus bus;
    struct rk_bus_index index;
    struct holder **holders;
    size_t bucket_count; /* a power of two */
    size_t holder_count;
};

static struct inproc *of(struct rk_bus *bus) {
    return (struct inproc *)bus;
}

/* Device ids are made of serial numbers: all bytes count. */
static size_t bucket_of(const struct inproc *p, const struct rk_device_id *device) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof device->bytes; i++) {
        hash = (hash ^ device->bytes[i]) * 16777619u;
    }
    return (hash ^ hash >> 16) & (p->bucket_count - 1);
}

static struct holder **find(struct inproc *p, const struct rk_device_id *device) {
    struct holder **h = &p->holders[bucket_of(p, device)];
    while (*h && !rk_device_id_equal(&(*h)->device, device)) {
        h = &(*h)->next;
    }
    return h;
}

static void grow(struct inproc *p) {
    size_t old_count = p->bucket_count;
    struct holder **old = p->holders, **holders = calloc(2 * old_count, sizeof *holders);
    if (!holders) {
        return;
    }
    p->holders = holders;
    p->bucket_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct holder *h = old[i];
            old[i] = h->next;
            size_t b = bucket_of(p, &h->device);
            h->next = holders[b];
            holders[b] = h;
        }
    }
    free(old);
}

static void publish(struct rk_bus *bus, const struct rk_bus_event *event) {
    rk_bus_index_deliver(&of(bus)->index, event);
}

static struct rk_bus_subscription *subscribe(struct rk_bus *bus, const struct rk_bus_filter *filter,
                                             rk_bus_event_fn on_event, void *ctx) {
    return rk_bus_index_add(&of(bus)->index, filter, on_event, ctx);
}

static void unsubscribe(struct rk_bus *bus, struct rk_bus_subscription *subscription) {
    rk_bus_index_remove(&of(bus)->index, subscription);
}

static int hold(struct rk_bus *bus, const struct rk_device_id *device, rk_bus_request_fn on_request,
                void *ctx) {
    struct inproc *p = of(bus);
    struct holder *h = *find(p, device);
    if (!h) {
        if (p->holder_count >= p->bucket_count) {
            grow(p);
        }
        h = calloc(1, sizeof *h);
        if (!h) {
            return RK_E_NO_MEMORY;
        }
        h->device = *device;
        *find(p, device) = h;
        p->holder_count++;
    }
    h->on_request = on_request;
    h->ctx = ctx;
    return 0;
}

static void release(struct rk_bus *bus, const struct rk_device_id *device, void *ctx) {
    struct inproc *p = of(bus);
    struct holder **at = find(p, device), *h = *at;
    if (h && h->ctx == ctx) {
        *at = h->next;
        p->holder_count--;
        free(h);
    }
}

static bool is_held(struct rk_bus *bus, const struct rk_device_id *device) {
    return *find(of(bus), device) != NULL;
}

static int request(struct rk_bus *bus, const struct rk_device_id *device,
                   const struct rk_bus_request *req, rk_bus_reply_fn on_reply, void *ctx,
                   struct rk_bus_call **call) {
    struct holder *h = *find(of(bus), device);
    if (!h) {
        return RK_E_NOT_FOUND;
    }
    struct rk_bus_call *c = malloc(sizeof *c);
    if (!c) {
        return RK_E_NO_MEMORY;
    }
    *c = (struct rk_bus_call){on_reply, ctx};
    if (call) {
        *call = c;
    }
    h->on_request(h->ctx, req, c);
    return 0;
}

static void answer(struct rk_bus *bus, struct rk_bus_call *call, const struct rk_bus_reply *reply) {
    if (call->on_reply) {
        call->on_reply(call->ctx, reply);
    }
    free(call);
}

static void forget(struct rk_bus *bus, struct rk_bus_call *call) {
    call->on_reply = NULL;
}

static void close_bus(struct rk_bus *bus) {
    struct inproc *p = of(bus);
    for (size_t i = 0; i < p->bucket_count; i++) {
        while (p->holders[i]) {
            struct holder *h = p->holders[i];
            p->holders[i] = h->next;
            free(h);
        }
    }
    free(p->holders);
    rk_bus_index_release(&p->index);
    free(p);
}

static const struct rk_bus_ops inproc_ops = {
    publish, subscribe, unsubscribe, hold, release, is_held, request, answer, forget, close_bus,
};

struct rk_bus *rk_bus_inproc_new(void) {
    struct inproc *p = calloc(1, sizeof *p);
    if (!p) {
        return NULL;
    }
    p->bus.ops = &inproc_ops;
    p->bucket_count = BUCKETS_FIRST;
    p->holders = calloc(BUCKETS_FIRST, sizeof *p->holders);
    if (!p->holders || rk_bus_index_init(&p->index)) {
        free(p->holders);
        free(p);
        return NULL;
    }
    return &p->bus;
}
