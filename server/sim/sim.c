/* A device in software: handshake, frames, and the answers that are the same in every situation.
 * See sim.h; updates are in sim_update.c.
 */
#include "server/sim/sim.h"

#include <string.h>

#include "common/base/error.h"
#include "server/sim/sim_internal.h"

#define PING_AFTER_MS 15000
#define PING_WAIT_MS  10000

static void fail(struct rk_sim *sim, int error) {
    if (sim->state != RK_SIM_CLOSED) {
        sim->state = RK_SIM_CLOSED;
        sim->error = error;
    }
}

int rk_sim_send_raw(struct rk_sim *sim, const uint8_t *plain, size_t len) {
    uint8_t frame[RK_FRAME_MAX];
    int frame_len =
        rk_frame_seal(sim->model->crypto, &sim->cipher, plain, len, frame, sizeof frame);
    if (frame_len > 0) {
        sim->model->send(sim->ctx, frame, (size_t)frame_len);
    }
    return RK_MIN(frame_len, 0);
}

void rk_sim_send(struct rk_sim *sim, const struct rk_msg *msg) {
    uint8_t plain[RK_MESSAGE_MAX];
    int len = rk_msg_encode(msg, plain, sizeof plain);
    if (len > 0) {
        (void)rk_sim_send_raw(sim, plain, (size_t)len);
    }
}

void rk_sim_ack(struct rk_sim *sim, uint16_t id) {
    rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_ACK, .type = RK_COAP_ACK, .id = id});
}

void rk_sim_respond(struct rk_sim *sim, enum rk_coap_type type, uint16_t id,
                    const struct rk_msg *request, uint8_t code, struct rk_span payload) {
    rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_RESPONSE,
                                      .type = type,
                                      .id = id,
                                      .has_token = true,
                                      .token = request->token,
                                      .response = {code, payload.data != NULL, payload}});
}

/* --- handshake
 * ------------------------------------------------------------------------------------ */

static void send_claim(struct rk_sim *sim) {
    const struct rk_sim_model *m = sim->model;
    struct rk_claim claim = {.id = sim->id, .has_key = m->generation->has_key};
    uint8_t sealed[RK_CLAIM_BYTES];
    memcpy(claim.nonce, sim->in, RK_NONCE_BYTES);
    memcpy(claim.key_der, m->key_der, sizeof claim.key_der);
    if (rk_claim_seal(m->crypto, m->server_public, &claim, sealed)) {
        fail(sim, RK_E_CRYPTO);
        return;
    }
    sim->state = RK_SIM_ANSWER;
    m->send(sim->ctx, sealed, sizeof sealed);
}

static void send_hello(struct rk_sim *sim) {
    const struct rk_sim_model *m = sim->model;
    rk_sim_send(sim,
                &(struct rk_msg){.kind = RK_MSG_HELLO,
                                 .type = RK_COAP_NON,
                                 .id = sim->next_id++,
                                 .hello = {true, m->product, m->version,
                                           (uint8_t)(m->generation->hello_flags | sim->hello_flags),
                                           m->generation->has_platform, m->platform}});
}

static void take_answer(struct rk_sim *sim, uint64_t now_ms) {
    const struct rk_sim_model *m = sim->model;
    struct rk_session_block session;
    int err = rk_answer_open(m->crypto, m->device_private, m->server_public, sim->in, &session);
    if (err) {
        fail(sim, err);
        return;
    }
    rk_cipher_init(&sim->cipher, &session);
    sim->next_id = (uint16_t)(rk_session_first_id(&session, m->generation->little_endian_id) + 1);
    sim->next_token = (uint8_t)(session.bytes[34] + 1);
    sim->state = RK_SIM_HELLO;
    sim->hello_ms = sim->heard_ms = now_ms;
    send_hello(sim);
}

/* --- requests
 * ------------------------------------------------------------------------------------- */

static void on_describe(struct rk_sim *sim, const struct rk_msg *msg) {
    const struct rk_sim_model *m = sim->model;
    const struct rk_generation *g = m->generation;
    uint8_t json[RK_MESSAGE_MAX - 8];
    bool system = g->describe != RK_DESCRIBE_PLAIN && (msg->describe.flags & RK_DESCRIBE_SYSTEM);
    int len = rk_describe_write(m->functions, m->function_count, m->variables, m->variable_count,
                                system ? m->platform : RK_PLATFORM_UNKNOWN, json, sizeof json);
    struct rk_span body = {json, len > 0 ? (size_t)len : 0};
    if (g->describe == RK_DESCRIBE_SEPARATE) {
        rk_sim_ack(sim, msg->id);
        rk_sim_respond(sim, RK_COAP_CON, sim->next_id++, msg, RK_COAP_CONTENT, body);
        return;
    }
    rk_sim_respond(sim, RK_COAP_ACK, msg->id, msg, RK_COAP_CONTENT, body);
    if (g->describe == RK_DESCRIBE_TWICE) { /* the second has a garbage id (3.4) */
        len = rk_describe_write(m->functions, m->function_count, m->variables, m->variable_count,
                                RK_PLATFORM_UNKNOWN, json, sizeof json);
        body.len = len > 0 ? (size_t)len : 0;
        rk_sim_respond(sim, RK_COAP_ACK, 0xB5E7, msg, RK_COAP_CONTENT, body);
    }
}

static bool has_function(const struct rk_sim *sim, const char *name) {
    for (size_t i = 0; i < sim->model->function_count; i++) {
        if (!strcmp(sim->model->functions[i], name)) {
            return true;
        }
    }
    return false;
}

/* An unknown function is acknowledged, and never answered (3.5). */
static void on_call(struct rk_sim *sim, const struct rk_msg *msg) {
    rk_sim_ack(sim, msg->id);
    if (!has_function(sim, msg->call.name)) {
        return;
    }
    sim->calls_in++;
    int32_t result = sim->model->call ? sim->model->call(sim->ctx, msg->call.name, msg->call.arg)
                                      : (int32_t)msg->call.arg.len;
    uint8_t payload[RK_INT_BYTES];
    rk_payload_put_i32(payload, result);
    rk_sim_respond(sim, RK_COAP_NON, sim->next_id++, msg, RK_COAP_CHANGED,
                   (struct rk_span){payload, sizeof payload});
}

static struct rk_value default_value(enum rk_value_type type) {
    struct rk_value value = {.type = type};
    switch (type) {
    case RK_VALUE_BOOL: value.truth = true; break;
    case RK_VALUE_INT: value.number = -7; break;
    case RK_VALUE_DOUBLE: value.real = 21.5; break;
    case RK_VALUE_STRING: value.text = (struct rk_span){(const uint8_t *)"text", 4}; break;
    }
    return value;
}

static void on_variable(struct rk_sim *sim, const struct rk_msg *msg) {
    const struct rk_sim_model *m = sim->model;
    uint8_t payload[512];
    for (size_t i = 0; i < m->variable_count; i++) {
        if (strcmp(m->variables[i].name, msg->variable.name) != 0) {
            continue;
        }
        struct rk_value value = default_value(m->variables[i].type);
        if (m->get) {
            m->get(sim->ctx, m->variables[i].name, &value);
        }
        int len = rk_value_encode(&value, payload, sizeof payload);
        struct rk_span body = {payload, len > 0 ? (size_t)len : 0};
        if (m->generation->variable_separate) {
            rk_sim_ack(sim, msg->id);
            rk_sim_respond(sim, RK_COAP_NON, sim->next_id++, msg, RK_COAP_CONTENT, body);
        } else {
            rk_sim_respond(sim, RK_COAP_ACK, msg->id, msg, RK_COAP_CONTENT, body);
        }
    }
}

/* --- after the hello
 * -------------------------------------------------------------------------------- */

static void request_time(struct rk_sim *sim) {
    rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_TIME,
                                      .type = RK_COAP_CON,
                                      .id = sim->next_id++,
                                      .has_token = true,
                                      .token = sim->next_token++});
}

static void on_server_hello(struct rk_sim *sim) {
    if (sim->state != RK_SIM_HELLO) {
        return;
    }
    sim->state = RK_SIM_ONLINE;
    sim->hello_flags = 0;
    if (!sim->model->quiet) {
        rk_sim_publish(sim, "spark/device/last_reset", "power_down", true, false);
        rk_sim_subscribe(sim, "spark", RK_SCOPE_MINE, NULL);
    }
    request_time(sim);
}

static void on_response(struct rk_sim *sim, const struct rk_msg *msg) {
    if (msg->response.code == RK_COAP_CONTENT && msg->response.payload.len == 4) {
        sim->time_s = rk_get_u32be(msg->response.payload.data);
    } else if (msg->response.code == RK_COAP_BAD_REQUEST) {
        sim->slowed++;
    }
}

static uint16_t ack_id(struct rk_sim *sim, const struct rk_msg *msg) {
    return sim->model->generation->fresh_ack_id ? sim->next_id++ : msg->id;
}

static void dispatch(struct rk_sim *sim, const struct rk_msg *msg) {
    switch (msg->kind) {
    case RK_MSG_HELLO: on_server_hello(sim); break;
    case RK_MSG_ACK:
        sim->acks++;
        if (sim->ping_ms) {
            sim->pings_answered++;
            sim->ping_ms = 0;
        }
        break;
    case RK_MSG_PING: rk_sim_ack(sim, ack_id(sim, msg)); break;
    case RK_MSG_RESPONSE: on_response(sim, msg); break;
    case RK_MSG_DESCRIBE: on_describe(sim, msg); break;
    case RK_MSG_CALL: on_call(sim, msg); break;
    case RK_MSG_VARIABLE: on_variable(sim, msg); break;
    case RK_MSG_SIGNAL:
        sim->signalling = msg->signal_on;
        rk_sim_respond(sim, RK_COAP_ACK, ack_id(sim, msg), msg, RK_COAP_CHANGED,
                       (struct rk_span){0});
        break;
    case RK_MSG_EVENT:
        sim->events_in++;
        if (sim->model->on_event) {
            sim->model->on_event(sim->ctx, msg->event.name, msg->event.data);
        }
        break;
    default: rk_sim_update_message(sim, msg); break;
    }
}

/* --- bytes
 * ------------------------------------------------------------------------------------------ */

static size_t wanted(const struct rk_sim *sim) {
    switch (sim->state) {
    case RK_SIM_NONCE: return RK_NONCE_BYTES;
    case RK_SIM_ANSWER: return RK_ANSWER_BYTES;
    default:
        return sim->in_len < RK_FRAME_HEAD_BYTES ? RK_FRAME_HEAD_BYTES
                                                 : RK_FRAME_HEAD_BYTES + rk_get_u16be(sim->in);
    }
}

static void take_frame(struct rk_sim *sim) {
    struct rk_msg msg;
    int len = rk_frame_open(sim->model->crypto, &sim->cipher, sim->in + RK_FRAME_HEAD_BYTES,
                            sim->in_len - RK_FRAME_HEAD_BYTES);
    if (len < 0 || rk_msg_decode(sim->in + RK_FRAME_HEAD_BYTES, (size_t)len, &msg)) {
        fail(sim, RK_E_PROTOCOL);
        return;
    }
    sim->frames_in++;
    dispatch(sim, &msg);
}

/* in holds what was wanted. */
static void take(struct rk_sim *sim, uint64_t now_ms) {
    if (sim->state == RK_SIM_NONCE) {
        send_claim(sim);
    } else if (sim->state == RK_SIM_ANSWER) {
        take_answer(sim, now_ms);
    } else if (sim->in_len == RK_FRAME_HEAD_BYTES) {
        if (rk_frame_peek(sim->in, sim->in_len) < 0) {
            fail(sim, RK_E_PROTOCOL);
        }
        return; /* the head only: now the length is known */
    } else {
        take_frame(sim);
    }
    sim->in_len = 0;
}

void rk_sim_receive(struct rk_sim *sim, const uint8_t *data, size_t len, uint64_t now_ms) {
    while (len && sim->state != RK_SIM_CLOSED) {
        size_t n = RK_MIN(wanted(sim) - sim->in_len, len);
        memcpy(sim->in + sim->in_len, data, n);
        sim->in_len = (uint16_t)(sim->in_len + n);
        data += n;
        len -= n;
        sim->heard_ms = now_ms;
        if (sim->in_len == wanted(sim)) {
            take(sim, now_ms);
        }
    }
}

void rk_sim_start(struct rk_sim *sim, const struct rk_sim_model *model,
                  const struct rk_device_id *id, void *ctx, uint64_t now_ms) {
    uint8_t flags = sim->updated ? RK_HELLO_OTA_SUCCESS : 0;
    *sim = (struct rk_sim){.model = model,
                           .ctx = ctx,
                           .id = *id,
                           .hello_flags = flags,
                           .heard_ms = now_ms,
                           .faults = sim->faults,
                           .flash = sim->flash,
                           .flash_size = sim->flash_size};
}

void rk_sim_ping(struct rk_sim *sim, uint64_t now_ms) {
    sim->ping_ms = now_ms;
    rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_PING, .id = sim->next_id++});
}

void rk_sim_tick(struct rk_sim *sim, uint64_t now_ms) {
    const struct rk_generation *g = sim->model->generation;
    if (sim->state == RK_SIM_HELLO && g->hello_timeout_ms &&
        now_ms >= sim->hello_ms + g->hello_timeout_ms) {
        fail(sim, RK_E_TIMEOUT);
    }
    if (sim->state != RK_SIM_ONLINE || sim->receiver.running) {
        return;
    }
    if (sim->ping_ms && now_ms >= sim->ping_ms + PING_WAIT_MS) {
        fail(sim, RK_E_TIMEOUT);
    } else if (!sim->ping_ms && now_ms >= sim->heard_ms + PING_AFTER_MS) {
        rk_sim_ping(sim, now_ms);
    }
}

void rk_sim_publish(struct rk_sim *sim, const char *name, const char *data, bool is_private,
                    bool with_ack) {
    struct rk_msg msg = {.kind = RK_MSG_EVENT,
                         .type = with_ack ? RK_COAP_CON : RK_COAP_NON,
                         .id = sim->next_id++,
                         .event = {.is_private = is_private,
                                   .has_data = data != NULL,
                                   .data = {(const uint8_t *)data, data ? strlen(data) : 0}}};
    strncat(msg.event.name, name, RK_NAME_MAX);
    rk_sim_send(sim, &msg);
}

void rk_sim_subscribe(struct rk_sim *sim, const char *prefix, enum rk_scope scope,
                      const struct rk_device_id *device) {
    struct rk_msg msg = {.kind = RK_MSG_SUBSCRIBE,
                         .type = RK_COAP_CON,
                         .id = sim->next_id++,
                         .subscribe = {.scope = scope}};
    strncat(msg.subscribe.prefix, prefix, RK_NAME_MAX);
    if (device) {
        msg.subscribe.device = *device;
    }
    rk_sim_send(sim, &msg);
}

void rk_sim_goodbye(struct rk_sim *sim) {
    static const uint8_t reason[] = {RK_GOODBYE_CLOUD};
    rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_GOODBYE,
                                      .type = RK_COAP_NON,
                                      .id = sim->next_id++,
                                      .payload = {reason, sizeof reason}});
}
