/* What each message of a device leads to (cloud-protocol.md 7, item 3). */
#include <string.h>

#include "server/device/session.h"

static void send_hello(struct rk_session *s) {
    struct rk_msg hello = {.kind = RK_MSG_HELLO, .type = RK_COAP_NON, .id = rk_session_take_id(s)};
    (void)rk_session_send_msg(s, &hello);
}

/* The latest connection of a device is the one that counts: its others are dead, or soon will be.
 */
static void replace_others(struct rk_session *s) {
    struct rk_session *other = rk_hub_find(s->hub, &s->id);
    if (other) {
        rk_session_close(other, RK_REASON_REPLACED);
    }
}

void rk_session_go_online(struct rk_session *s, const struct rk_msg *msg) {
    struct rk_hub *hub = s->hub;
    replace_others(s);
    s->state = RK_SESSION_ONLINE;
    s->hello = msg->hello;
    s->device_describes = msg->hello.flags & RK_HELLO_DEVICE_DESCRIBES;
    s->heard_ms = s->online_ms = s->credit_ms = s->second_ms = hub->now_ms;
    s->event_credit = hub->limits.events_burst * 1000;
    s->deadline_ms = hub->now_ms; /* the next tick sets it */
    rk_hub_add(hub, s);
    if (msg->type == RK_COAP_CON) {
        rk_session_ack(s, msg->id, false);
    }
    send_hello(s);
    s->is_held = hub->bus->ops->hold(hub->bus, &s->id, rk_session_on_request, s) == 0;
    rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_ONLINE, .hello = &s->hello});
    rk_session_announce(s, "spark/status", "online");
}

static void on_time(struct rk_session *s, const struct rk_msg *msg) {
    uint8_t seconds[RK_INT_BYTES];
    rk_put_u32be(seconds, (uint32_t)(s->hub->unix_ms / 1000));
    struct rk_msg reply = {.kind = RK_MSG_RESPONSE,
                           .type = RK_COAP_ACK,
                           .id = msg->id,
                           .has_token = msg->has_token,
                           .token = msg->token,
                           .response = {RK_COAP_CONTENT, true, {seconds, sizeof seconds}}};
    (void)rk_session_send_msg(s, &reply);
}

/* The device's own describe: the parts come in messages of their own; metrics are binary. */
static void on_describe_post(struct rk_session *s, const struct rk_msg *msg) {
    struct rk_span body = msg->describe.body;
    if (body.len && body.data[0] == '{' && rk_profile_merge(&s->profile, body) == 0) {
        s->described = true;
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_DESCRIBED});
        rk_session_send_waiting(s);
    }
}

static void on_goodbye(struct rk_session *s) {
    rk_session_close(s, s->update_sent ? RK_REASON_UPDATED : RK_REASON_GOODBYE);
}

/* The last of what a board sends by itself after its hello is the time request (3.2). */
static void ask_describe_once(struct rk_session *s) {
    if (!s->describe_asked && !s->running) {
        rk_session_ask_describe(s);
    }
}

static void dispatch_request(struct rk_session *s, const struct rk_msg *msg) {
    switch (msg->kind) {
    case RK_MSG_TIME: on_time(s, msg); break;
    case RK_MSG_EVENT: rk_session_on_event(s, msg); return; /* acks by itself */
    case RK_MSG_SUBSCRIBE: rk_session_on_subscribe(s, msg); return;
    default:
        if (msg->type == RK_COAP_CON) {
            rk_session_ack(s, msg->id, false);
        }
        break;
    }
    switch (msg->kind) {
    case RK_MSG_TIME: ask_describe_once(s); break;
    case RK_MSG_DESCRIBE_POST: on_describe_post(s, msg); break;
    case RK_MSG_GOODBYE: on_goodbye(s); break;
    default: break; /* server's messages sent to us, or a second hello: nothing */
    }
}

void rk_session_dispatch(struct rk_session *s, const struct rk_msg *msg) {
    switch (msg->kind) {
    case RK_MSG_PING:
        s->hub->stats.pings++;
        rk_session_ack(s, msg->id, false);
        break;
    case RK_MSG_ACK: rk_session_pong(s); break;
    case RK_MSG_RESET: break;
    case RK_MSG_RESPONSE:
        if (msg->type == RK_COAP_CON) {
            rk_session_ack(s, msg->id, false);
        }
        if (!rk_session_update_receive(s, msg)) {
            rk_session_on_response(s, msg);
        }
        break;
    case RK_MSG_CHUNK_MISSED:
    case RK_MSG_UPDATE_DONE:
        if (msg->type == RK_COAP_CON) {
            rk_session_ack(s, msg->id, false);
        }
        rk_session_update_receive(s, msg);
        break;
    default: dispatch_request(s, msg); break;
    }
}
