/* Who wants an event, without asking everyone: subscriptions by what they must match exactly
 * (nothing, an owner, or a device) and their prefix. An event looks up each prefix length in use
 * once, so 20,000 devices that subscribed to the same two prefixes cost one event two look-ups.
 */
#ifndef RK_SERVER_BUS_INDEX_H
#define RK_SERVER_BUS_INDEX_H

#include "server/bus/bus.h"

struct rk_bus_subscription {
    struct rk_bus_subscription *next; /* in its bucket */
    struct rk_bus_subscription *dead_next;
    rk_bus_event_fn on_event;
    void *ctx;
    int64_t owner;
    struct rk_device_id device;
    uint32_t hash;
    uint8_t scope;
    uint8_t prefix_len;
    bool dead; /* unsubscribed while an event was being delivered */
    char prefix[];
};

struct rk_bus_index {
    struct rk_bus_subscription **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    uint32_t lengths[3][RK_NAME_MAX + 1]; /* subscriptions by family and prefix length */
    unsigned delivering;
    struct rk_bus_subscription *dead;
};

int rk_bus_index_init(struct rk_bus_index *index);
void rk_bus_index_release(struct rk_bus_index *index);
struct rk_bus_subscription *rk_bus_index_add(struct rk_bus_index *index,
                                             const struct rk_bus_filter *filter,
                                             rk_bus_event_fn on_event, void *ctx);
void rk_bus_index_remove(struct rk_bus_index *index, struct rk_bus_subscription *s);
void rk_bus_index_deliver(struct rk_bus_index *index, const struct rk_bus_event *event);

#endif
