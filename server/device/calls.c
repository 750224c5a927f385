/* Requests from the bus to the device and back: function calls, variables, signal, ping, describe
 * (cloud-protocol.md 3.3 to 3.6, 3.11). Answers are matched by token; a token is in use until its
 * answer or timeout.
 */
#include <stdlib.h>
#include <string.h>

#include "server/device/session.h"

#define DESCRIBE_JSON_MAX 6144
#define VERSION_1_0       1000 /* of the system module: long names and arguments from there on */

static void answer(struct rk_session *s, struct rk_bus_call *call, int error, int32_t number) {
    struct rk_bus *bus = s->hub->bus;
    struct rk_bus_reply reply = {.error = error, .number = number};
    bus->ops->answer(bus, call, &reply);
}

static void finish(struct rk_session *s, struct rk_pending *p, const struct rk_bus_reply *reply) {
    struct rk_pending **at = &s->pending;
    while (*at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    if (p->call) {
        s->hub->bus->ops->answer(s->hub->bus, p->call, reply);
    }
    free(p);
}

static void finish_error(struct rk_session *s, struct rk_pending *p, int error) {
    struct rk_bus_reply reply = {.error = error};
    finish(s, p, &reply);
}

void rk_session_calls_fail(struct rk_session *s, int error) {
    while (s->pending) {
        finish_error(s, s->pending, error);
    }
}

static bool token_in_use(const struct rk_session *s, uint8_t token) {
    for (const struct rk_pending *p = s->pending; p; p = p->next) {
        if (p->sent && p->token == token) {
            return true;
        }
    }
    return false;
}

static uint8_t take_token(struct rk_session *s) {
    do {
        s->next_token++;
    } while (token_in_use(s, s->next_token)); /* at most calls_max of 256 are */
    return s->next_token;
}

/* The longest argument that the device takes whole; a longer one it would cut, and call all the
 * same. */
static size_t arg_max(const struct rk_session *s) {
    if (!s->hello.has_platform) {
        return RK_ARG_MAX_2014;
    }
    bool long_ones = s->hello.platform != RK_PLATFORM_CORE &&
                     rk_profile_system_version(s->profile) >= VERSION_1_0;
    return long_ones ? RK_ARG_MAX : RK_ARG_MAX_CORE;
}

/* --- sending
 * -------------------------------------------------------------------------------------- */

static int fill_call(struct rk_session *s, struct rk_pending *p, struct rk_msg *msg) {
    msg->kind = RK_MSG_CALL;
    if (!rk_profile_function(s->profile, p->name, msg->call.name)) {
        return RK_E_NOT_FOUND;
    }
    msg->call.arg = (struct rk_span){p->arg, p->arg_len};
    return p->arg_len > arg_max(s) ? RK_E_TOO_BIG : 0;
}

static int fill_variable(struct rk_session *s, struct rk_pending *p, struct rk_msg *msg) {
    enum rk_value_type type;
    msg->kind = RK_MSG_VARIABLE;
    if (!rk_profile_variable(s->profile, p->name, msg->variable.name, &type)) {
        return RK_E_NOT_FOUND;
    }
    p->value_type = (uint8_t)type;
    return 0;
}

static int fill(struct rk_session *s, struct rk_pending *p, struct rk_msg *msg) {
    *msg = (struct rk_msg){.type = RK_COAP_CON, .has_token = true};
    switch (p->kind) {
    case RK_BUS_CALL: return fill_call(s, p, msg);
    case RK_BUS_GET: return fill_variable(s, p, msg);
    case RK_BUS_SIGNAL:
        msg->kind = RK_MSG_SIGNAL;
        msg->signal_on = p->arg_len > 0;
        return 0;
    case RK_BUS_PING:
        msg->kind = RK_MSG_PING;
        msg->has_token = false;
        return 0;
    default: msg->kind = RK_MSG_DESCRIBE; return 0;
    }
}

static bool needs_profile(const struct rk_pending *p) {
    return p->call &&
           (p->kind == RK_BUS_CALL || p->kind == RK_BUS_GET || p->kind == RK_BUS_DESCRIBE);
}

static void reply_described(struct rk_session *s, struct rk_pending *p) {
    char json[DESCRIBE_JSON_MAX];
    int len = rk_profile_write(s->profile, s->hello.platform, json, sizeof json);
    struct rk_bus_reply reply = {
        .error = len < 0 ? len : 0,
        .value = {.type = RK_VALUE_STRING,
                  .text = {(const uint8_t *)json, len < 0 ? 0 : (size_t)len}}};
    finish(s, p, &reply);
}

static void send_pending(struct rk_session *s, struct rk_pending *p) {
    struct rk_msg msg;
    if (p->call && p->kind == RK_BUS_DESCRIBE) {
        reply_described(s, p);
        return;
    }
    int err = fill(s, p, &msg);
    if (!err) {
        msg.id = rk_session_take_id(s);
        msg.token = p->token = take_token(s);
        p->sent = true;
        err = rk_session_send_msg(s, &msg);
    }
    if (err) {
        finish_error(s, p, err);
    }
}

static struct rk_pending *first_sendable(struct rk_session *s) {
    struct rk_pending *p = s->pending;
    while (p && (p->sent || (!s->described && needs_profile(p)))) {
        p = p->next;
    }
    return p;
}

/* What waited for the describe, or for the end of an update. Answering may bring new requests or
 * end the session, so each step starts from the head again. */
void rk_session_send_waiting(struct rk_session *s) {
    struct rk_pending *p;
    while (s->state == RK_SESSION_ONLINE && !s->running && (p = first_sendable(s))) {
        send_pending(s, p);
    }
}

static unsigned count_pending(const struct rk_session *s) {
    unsigned n = 0;
    for (const struct rk_pending *p = s->pending; p; p = p->next) {
        n++;
    }
    return n;
}

static int add_pending(struct rk_session *s, const struct rk_bus_request *request,
                       struct rk_bus_call *call) {
    size_t arg_len = request->kind == RK_BUS_SIGNAL ? request->number != 0 : request->arg.len;
    size_t name_len = request->name ? strlen(request->name) : 0;
    if (count_pending(s) >= s->hub->limits.calls_max) {
        return RK_E_LIMIT;
    }
    if (name_len > RK_NAME_MAX) {
        return RK_E_NOT_FOUND;
    }
    if (arg_len > RK_ARG_MAX) {
        return RK_E_TOO_BIG;
    }
    struct rk_pending *p = calloc(1, sizeof *p + arg_len);
    if (!p) {
        return RK_E_NO_MEMORY;
    }
    p->call = call;
    p->kind = (uint8_t)request->kind;
    p->deadline_ms = s->hub->now_ms + s->hub->limits.answer_ms;
    p->arg_len = (uint16_t)arg_len;
    if (name_len) {
        memcpy(p->name, request->name, name_len);
    }
    if (request->arg.len) {
        memcpy(p->arg, request->arg.data, request->arg.len);
    }
    struct rk_pending **at = &s->pending;
    while (*at) {
        at = &(*at)->next;
    }
    *at = p;
    return 0;
}

void rk_session_ask_describe(struct rk_session *s) {
    struct rk_bus_request request = {.kind = RK_BUS_DESCRIBE};
    s->describe_asked = true;
    if (add_pending(s, &request, NULL) == 0) {
        rk_session_send_waiting(s);
    }
}

/* --- from the bus
 * --------------------------------------------------------------------------------- */

static void on_send_event(struct rk_session *s, const struct rk_bus_request *request,
                          struct rk_bus_call *call) {
    int err = rk_session_send_event(s, request->name, request->arg, true, RK_EVENT_TTL);
    answer(s, call, err, 0);
}

static void on_cancel(struct rk_session *s, struct rk_bus_call *call) {
    bool running = s->running != NULL;
    answer(s, call, running ? 0 : RK_E_NOT_FOUND, 0);
    if (running) {
        rk_session_update_end(s, RK_UPDATE_CANCELLED);
        rk_session_close(s, RK_REASON_UPDATE_FAILED); /* the one way to stop a board (3.13) */
    }
}

/* Subscriptions to "mine" mean other devices now. */
static void on_owner(struct rk_session *s, int64_t owner, struct rk_bus_call *call) {
    s->owner = owner;
    rk_session_resubscribe(s);
    answer(s, call, 0, 0);
}

static bool describe_is_pending(const struct rk_session *s) {
    const struct rk_pending *p = s->pending;
    while (p && p->call) {
        p = p->next;
    }
    return p != NULL;
}

static void on_request(struct rk_session *s, const struct rk_bus_request *request,
                       struct rk_bus_call *call) {
    int err = s->running ? RK_E_BUSY : add_pending(s, request, call);
    if (err) {
        answer(s, call, err, 0);
        return;
    }
    if (!s->described && !describe_is_pending(s)) {
        rk_session_ask_describe(s); /* it was not answered, or not well: once for each call */
    }
    rk_session_send_waiting(s);
}

void rk_session_on_request(void *ctx, const struct rk_bus_request *request,
                           struct rk_bus_call *call) {
    struct rk_session *s = ctx;
    s->hub->stats.calls++;
    rk_session_batch_begin(s);
    switch (request->kind) {
    case RK_BUS_SEND: on_send_event(s, request, call); break;
    case RK_BUS_UPDATE:
        answer(s, call, s->running ? RK_E_BUSY : 0, 0);
        if (!s->running) {
            s->hub->host.want_update(s->hub->host.ctx, s, request->number);
        }
        break;
    case RK_BUS_CANCEL: on_cancel(s, call); break;
    case RK_BUS_OWNER_IS: on_owner(s, request->number, call); break;
    case RK_BUS_DROP:
        answer(s, call, 0, 0);
        rk_session_close(s, RK_REASON_REMOVED);
        break;
    default: on_request(s, request, call); break;
    }
    rk_session_batch_end(s);
    rk_session_rearm(s);
}

/* --- from the device
 * -------------------------------------------------------------------------------- */

static void on_described(struct rk_session *s, struct rk_pending *p, const struct rk_msg *msg) {
    struct rk_span json = msg->response.payload;
    bool good = msg->response.code >> 5 == 2 && rk_profile_merge(&s->profile, json) == 0;
    finish_error(s, p, 0);
    if (good) {
        s->described = true;
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_DESCRIBED});
        rk_session_send_waiting(s);
        s->hub->host.want_update(s->hub->host.ctx, s, 0);
    } else {
        rk_session_calls_fail(s, RK_E_PROTOCOL);
    }
}

static void on_result(struct rk_session *s, struct rk_pending *p, const struct rk_msg *msg) {
    struct rk_bus_reply reply = {0};
    struct rk_span payload = msg->response.payload;
    if (msg->response.code >> 5 != 2) {
        reply.error = msg->response.code == RK_COAP_NOT_FOUND ? RK_E_NOT_FOUND : RK_E_REFUSED;
    } else if (p->kind == RK_BUS_CALL) {
        reply.error = rk_payload_get_i32(payload, &reply.number);
    } else if (p->kind == RK_BUS_GET) {
        reply.error = rk_value_decode((enum rk_value_type)p->value_type, payload, &reply.value);
    }
    finish(s, p, &reply);
}

bool rk_session_on_response(struct rk_session *s, const struct rk_msg *msg) {
    for (struct rk_pending *p = s->pending; p; p = p->next) {
        if (p->sent && p->kind != RK_BUS_PING && msg->has_token && p->token == msg->token) {
            if (p->kind == RK_BUS_DESCRIBE) {
                on_described(s, p, msg);
            } else {
                on_result(s, p, msg);
            }
            return true;
        }
    }
    return false; /* the second half of a describe of 0.5, a late answer: nothing */
}

/* The ACK of a ping may carry a fresh id (cloud-protocol.md 3.3): any ACK will do. */
void rk_session_pong(struct rk_session *s) {
    for (struct rk_pending *p = s->pending; p; p = p->next) {
        if (p->sent && p->kind == RK_BUS_PING) {
            finish_error(s, p, 0);
            return;
        }
    }
}

/* --- time
 * ----------------------------------------------------------------------------------------- */

static struct rk_pending *first_overdue(struct rk_session *s) {
    struct rk_pending *p = s->pending;
    while (p && s->hub->now_ms < p->deadline_ms) {
        p = p->next;
    }
    return p;
}

void rk_session_calls_tick(struct rk_session *s) {
    struct rk_pending *p;
    while ((p = first_overdue(s))) {
        finish_error(s, p, RK_E_TIMEOUT);
    }
}

uint64_t rk_session_calls_deadline(const struct rk_session *s) {
    uint64_t at_ms = UINT64_MAX;
    for (const struct rk_pending *p = s->pending; p; p = p->next) {
        at_ms = RK_MIN(at_ms, p->deadline_ms);
    }
    return at_ms;
}

bool rk_session_calls_in_flight(const struct rk_session *s) {
    for (const struct rk_pending *p = s->pending; p; p = p->next) {
        if (p->sent) {
            return true;
        }
    }
    return false;
}
