/* Events of a device and events for it (cloud-protocol.md 3.7 to 3.9, 3.14). Names that begin with
 * spark or particle are the system's: they are understood here, and none of them reaches other
 * devices.
 */
#include <stdlib.h>
#include <string.h>

#include "server/device/session.h"

#define RANDOM_CHARS 40

static bool starts_with(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_reserved(const char *name) {
    return starts_with(name, "spark") || starts_with(name, "particle");
}

/* --- from the device
 * ------------------------------------------------------------------------------ */

static void publish(struct rk_session *s, const struct rk_msg_event *e, bool is_private) {
    struct rk_hub *hub = s->hub;
    struct rk_bus_event event = {.device = s->id,
                                 .owner = s->owner,
                                 .is_private = is_private,
                                 .name = e->name,
                                 .has_data = e->has_data,
                                 .data = e->data,
                                 .ttl_s = e->ttl_s,
                                 .published_ms = hub->unix_ms};
    hub->stats.events++;
    hub->bus->ops->publish(hub->bus, &event);
}

void rk_session_announce(struct rk_session *s, const char *name, const char *text) {
    struct rk_msg_event e = {
        .ttl_s = RK_EVENT_TTL, .has_data = true, .data = {(const uint8_t *)text, strlen(text)}};
    strncat(e.name, name, RK_NAME_MAX);
    publish(s, &e, true);
}

static void reply_text(struct rk_session *s, const char *name, const char *text) {
    struct rk_span data = {(const uint8_t *)text, strlen(text)};
    (void)rk_session_send_event(s, name, data, true, RK_EVENT_TTL);
}

static void reply_random(struct rk_session *s, const char *name) {
    static const char alphabet[64 + 1] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const struct rk_crypto *crypto = s->hub->crypto;
    uint8_t bytes[RANDOM_CHARS];
    char text[RANDOM_CHARS + 1] = "";
    if (crypto->random(crypto->ctx, bytes, sizeof bytes)) {
        return;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        text[i] = alphabet[bytes[i] & 63];
    }
    reply_text(s, name, text);
}

/* The questions that application libraries publish; the answer is an event of the same name. */
static bool answer_question(struct rk_session *s, const char *name) {
    const char *rest = starts_with(name, "particle/device/") ? name + 16
                       : starts_with(name, "spark/device/")  ? name + 13
                                                             : "";
    if (!strcmp(rest, "name")) {
        reply_text(s, name, s->name ? s->name : "");
    } else if (!strcmp(rest, "ip")) {
        reply_text(s, name, s->address);
    } else if (!strcmp(rest, "random")) {
        reply_random(s, name);
    } else {
        return false;
    }
    return true;
}

static void on_system_event(struct rk_session *s, const struct rk_msg_event *e) {
    if (answer_question(s, e->name)) {
        return;
    }
    if (!strcmp(e->name, "spark/device/claim/code")) {
        /* whoever sees the code could claim the device: it goes nowhere else */
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_CLAIM_CODE, .text = e->data});
        return;
    }
    rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_SYSTEM, .name = e->name, .text = e->data});
    publish(s, e, true);
}

/* A bucket that fills with time: a burst is a board that starts, the average is what it may do. */
static bool within_rate(struct rk_session *s) {
    struct rk_hub *hub = s->hub;
    uint64_t full = (uint64_t)hub->limits.events_burst * 1000;
    uint64_t credit = s->event_credit + (hub->now_ms - s->credit_ms) * hub->limits.events_per_s;
    s->credit_ms = hub->now_ms;
    s->event_credit = (uint32_t)RK_MIN(credit, full);
    if (hub->limits.events_per_s == 0) {
        return true;
    }
    if (s->event_credit < 1000) {
        return false;
    }
    s->event_credit -= 1000;
    return true;
}

void rk_session_on_event(struct rk_session *s, const struct rk_msg *msg) {
    if (!within_rate(s)) {
        s->hub->stats.slowed++;
        rk_session_ack(s, msg->id, true);
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_SLOWED, .name = msg->event.name});
        return;
    }
    rk_session_ack(s, msg->id, false);
    if (is_reserved(msg->event.name)) {
        on_system_event(s, &msg->event);
        return;
    }
    publish(s, &msg->event, msg->event.is_private);
    rk_hub_note(s, (struct rk_note){
                       .kind = RK_NOTE_EVENT, .name = msg->event.name, .text = msg->event.data});
}

/* --- to the device
 * -------------------------------------------------------------------------------- */

int rk_session_send_event(struct rk_session *s, const char *name, struct rk_span data,
                          bool is_private, uint32_t ttl_s) {
    struct rk_msg msg = {.kind = RK_MSG_EVENT,
                         .type = RK_COAP_NON,
                         .id = rk_session_take_id(s),
                         .event = {.is_private = is_private,
                                   .has_ttl = ttl_s != RK_EVENT_TTL,
                                   .ttl_s = ttl_s,
                                   .has_data = data.len > 0,
                                   .data = data}};
    size_t len = strlen(name);
    if (len == 0 || len > RK_NAME_MAX) {
        return RK_E_RANGE; /* an empty name makes a board hang up (3.9) */
    }
    if (s->running) {
        return RK_E_BUSY;
    }
    memcpy(msg.event.name, name, len + 1);
    return rk_session_send_msg(s, &msg);
}

static bool matches(const struct rk_subscribed *sub, const struct rk_bus_event *event) {
    if (strncmp(sub->prefix, event->name, sub->prefix_len) != 0) {
        return false;
    }
    bool mine = sub->session->owner != RK_OWNER_NONE && sub->session->owner == event->owner;
    switch ((enum rk_scope)sub->scope) {
    case RK_SCOPE_ALL: return !event->is_private;
    case RK_SCOPE_MINE: return mine;
    case RK_SCOPE_DEVICE:
        return rk_device_id_equal(&sub->device, &event->device) && (!event->is_private || mine);
    }
    return false;
}

/* A board runs every handler that fits, so an event must reach it once, whichever of its
 * subscriptions match: the first in the list sends it. */
static bool is_first_match(const struct rk_subscribed *sub, const struct rk_bus_event *event) {
    const struct rk_subscribed *first = sub->session->subscribed;
    while (first != sub && !(first->on_bus && matches(first, event))) {
        first = first->next;
    }
    return first == sub;
}

static void on_bus_event(void *ctx, const struct rk_bus_event *event) {
    struct rk_subscribed *sub = ctx;
    struct rk_session *s = sub->session;
    if (is_reserved(event->name) || !is_first_match(sub, event)) {
        return;
    }
    if (rk_session_send_event(s, event->name, event->data, event->is_private, event->ttl_s)) {
        s->hub->stats.dropped_events++;
    }
}

static void subscribe(struct rk_session *s, struct rk_subscribed *sub) {
    static const enum rk_bus_scope scopes[] = {
        [RK_SCOPE_ALL] = RK_BUS_PUBLIC,
        [RK_SCOPE_MINE] = RK_BUS_OWNER,
        [RK_SCOPE_DEVICE] = RK_BUS_DEVICE,
    };
    struct rk_bus_filter filter = {scopes[sub->scope], s->owner, sub->device, sub->prefix};
    struct rk_bus *bus = s->hub->bus;
    bool possible = sub->scope != RK_SCOPE_MINE || s->owner != RK_OWNER_NONE;
    sub->on_bus = possible ? bus->ops->subscribe(bus, &filter, on_bus_event, sub) : NULL;
}

static void unsubscribe(struct rk_session *s, struct rk_subscribed *sub) {
    if (sub->on_bus) {
        s->hub->bus->ops->unsubscribe(s->hub->bus, sub->on_bus);
        sub->on_bus = NULL;
    }
}

void rk_session_resubscribe(struct rk_session *s) {
    for (struct rk_subscribed *sub = s->subscribed; sub; sub = sub->next) {
        unsubscribe(s, sub);
        subscribe(s, sub);
    }
}

void rk_session_unsubscribe_all(struct rk_session *s) {
    while (s->subscribed) {
        struct rk_subscribed *sub = s->subscribed;
        s->subscribed = sub->next;
        unsubscribe(s, sub);
        free(sub);
    }
}

static unsigned count_subscribed(const struct rk_session *s) {
    unsigned n = 0;
    for (const struct rk_subscribed *sub = s->subscribed; sub; sub = sub->next) {
        n++;
    }
    return n;
}

static int add_subscription(struct rk_session *s, const struct rk_msg_subscribe *m) {
    size_t len = strlen(m->prefix);
    if (count_subscribed(s) >= s->hub->limits.subscriptions_max) {
        return RK_E_LIMIT;
    }
    struct rk_subscribed *sub = calloc(1, sizeof *sub + len + 1);
    if (!sub) {
        return RK_E_NO_MEMORY;
    }
    sub->session = s;
    sub->scope = (uint8_t)m->scope;
    sub->device = m->device;
    sub->prefix_len = (uint8_t)len;
    memcpy(sub->prefix, m->prefix, len + 1);
    sub->next = s->subscribed;
    s->subscribed = sub;
    subscribe(s, sub);
    return 0;
}

/* The system's own prefixes need no place on the bus: its answers go to the device directly. */
void rk_session_on_subscribe(struct rk_session *s, const struct rk_msg *msg) {
    int err = RK_E_RANGE;
    if (msg->subscribe.prefix[0]) {
        err = is_reserved(msg->subscribe.prefix) ? 0 : add_subscription(s, &msg->subscribe);
    }
    rk_session_ack(s, msg->id, err != 0);
}
