/* One connection: its states, the frames in and out, its deadlines. What the messages mean is
 * dispatch.c, calls.c, events.c and updating.c.
 */
#include "server/device/session.h"

#include <stdlib.h>
#include <string.h>

#define DESCRIBE_WAIT_MS 3000 /* for the board's own first messages; then it is asked */

/* --- sending ---------------------------------------------------------------------------------- */

static void flush(struct rk_hub *hub) {
    struct rk_session *s = hub->batch;
    size_t len = hub->out_len;
    hub->out_len = 0;
    if (len && s && s->state != RK_SESSION_CLOSED) {
        hub->host.send(s->peer, hub->out, len);
    }
}

void rk_session_batch_begin(struct rk_session *s) {
    struct rk_hub *hub = s->hub;
    if (!hub->batch) {
        hub->batch = s;
    }
    if (hub->batch == s) {
        hub->batch_depth++;
    }
}

void rk_session_batch_end(struct rk_session *s) {
    struct rk_hub *hub = s->hub;
    if (hub->batch == s && --hub->batch_depth == 0) {
        flush(hub);
        hub->batch = NULL;
    }
}

void rk_session_batch_flush(struct rk_session *s) {
    if (s->hub->batch == s) {
        flush(s->hub);
    }
}

static int seal_and_send(struct rk_session *s, const uint8_t *msg, size_t len) {
    struct rk_hub *hub = s->hub;
    uint8_t single[RK_FRAME_MAX];
    bool batched = hub->batch == s;
    if (batched && hub->out_len + rk_frame_size(len) > sizeof hub->out) {
        flush(hub);
    }
    uint8_t *out = batched ? hub->out + hub->out_len : single;
    size_t cap = batched ? sizeof hub->out - hub->out_len : sizeof single;
    int frame_len = rk_frame_seal(hub->crypto, &s->cipher, msg, len, out, cap);
    if (frame_len < 0) {
        return frame_len;
    }
    hub->stats.frames_out++;
    if (batched) {
        hub->out_len += (size_t)frame_len;
    } else {
        hub->host.send(s->peer, single, (size_t)frame_len);
    }
    return 0;
}

size_t rk_session_message_max(const struct rk_session *s) {
    bool is_core = !s->hello.has_platform || s->hello.platform == RK_PLATFORM_CORE;
    return is_core ? RK_MESSAGE_MAX_CORE : RK_MESSAGE_MAX_PHOTON;
}

int rk_session_send_msg(struct rk_session *s, const struct rk_msg *msg) {
    uint8_t plain[RK_MESSAGE_MAX];
    if (s->state != RK_SESSION_ONLINE) {
        return RK_E_CLOSED;
    }
    int len = rk_msg_encode(msg, plain, sizeof plain);
    if (len < 0) {
        return len;
    }
    return (size_t)len > rk_session_message_max(s) ? RK_E_TOO_BIG
                                                   : seal_and_send(s, plain, (size_t)len);
}

uint16_t rk_session_take_id(struct rk_session *s) {
    return s->next_id++;
}

void rk_session_ack(struct rk_session *s, uint16_t id, bool refuse) {
    struct rk_msg msg = {.kind = RK_MSG_ACK, .type = RK_COAP_ACK, .id = id};
    if (refuse) {
        msg.kind = RK_MSG_RESPONSE;
        msg.response.code = RK_COAP_BAD_REQUEST;
    }
    (void)rk_session_send_msg(s, &msg);
}

/* --- deadlines -------------------------------------------------------------------------------- */

void rk_session_rearm(struct rk_session *s) {
    uint64_t at_ms = s->deadline_ms;
    if (s->state == RK_SESSION_ONLINE) {
        at_ms = RK_MIN(at_ms, rk_session_calls_deadline(s));
        at_ms = RK_MIN(at_ms, rk_session_update_deadline(s));
    }
    if (s->state != RK_SESSION_CLOSED && at_ms < s->told_ms) {
        s->told_ms = at_ms;
        s->hub->host.wake(s->peer, at_ms);
    }
}

static void tick_online(struct rk_session *s) {
    struct rk_hub *hub = s->hub;
    if (!s->running && hub->now_ms >= s->heard_ms + hub->limits.silence_ms) {
        rk_session_close(s, RK_REASON_SILENT);
        return;
    }
    if (!s->describe_asked && hub->now_ms >= s->online_ms + DESCRIBE_WAIT_MS) {
        rk_session_ask_describe(s);
    }
    rk_session_calls_tick(s);
    rk_session_update_tick(s);
    s->deadline_ms = s->running ? UINT64_MAX : s->heard_ms + hub->limits.silence_ms;
    if (!s->describe_asked) {
        s->deadline_ms = RK_MIN(s->deadline_ms, s->online_ms + DESCRIBE_WAIT_MS);
    }
}

void rk_session_tick(struct rk_session *s) {
    s->told_ms = UINT64_MAX;
    rk_session_batch_begin(s);
    if (s->state == RK_SESSION_ONLINE) {
        tick_online(s);
    } else if (s->state != RK_SESSION_CLOSED && s->hub->now_ms >= s->deadline_ms) {
        rk_session_close(s, RK_REASON_HANDSHAKE_TIMEOUT);
    }
    rk_session_batch_end(s);
    rk_session_rearm(s);
}

/* --- life ------------------------------------------------------------------------------------- */

struct rk_session *rk_session_new(struct rk_hub *hub, void *peer, const char *address) {
    const struct rk_crypto *crypto = hub->crypto;
    struct rk_session *s = calloc(1, sizeof *s);
    struct rk_handshake_job *job = calloc(1, sizeof *job);
    if (!s || !job || crypto->random(crypto->ctx, job->nonce, sizeof job->nonce)) {
        free(s);
        free(job);
        return NULL;
    }
    *s = (struct rk_session){.hub = hub,
                             .peer = peer,
                             .job = job,
                             .state = RK_SESSION_CLAIM,
                             .told_ms = UINT64_MAX,
                             .heard_ms = hub->now_ms,
                             .deadline_ms = hub->now_ms + hub->limits.handshake_ms};
    strncat(s->address, address, sizeof s->address - 1);
    s->hello.platform = RK_PLATFORM_UNKNOWN;
    hub->stats.connections++;
    hub->stats.sessions++;
    rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_CONNECTED});
    hub->host.send(peer, job->nonce, sizeof job->nonce);
    rk_session_rearm(s);
    return s;
}

static void free_subscribed(struct rk_session *s) {
    rk_session_unsubscribe_all(s);
    rk_profile_free(s->profile);
    s->profile = NULL;
    free(s->partial);
    s->partial = NULL;
    free(s->name);
    s->name = NULL;
}

/* Everything that others know of the session ends; the memory stays until rk_session_free. */
static void leave(struct rk_session *s, enum rk_reason reason) {
    struct rk_hub *hub = s->hub;
    bool was_online = s->state == RK_SESSION_ONLINE;
    s->state = RK_SESSION_CLOSED;
    if (hub->batch == s) {
        hub->out_len = 0;
    }
    hub->stats.reasons[reason]++;
    if (was_online) {
        rk_session_update_end(s, RK_UPDATE_LOST);
        rk_session_calls_fail(s, RK_E_CLOSED);
        rk_hub_remove(hub, s);
        if (s->is_held) {
            hub->bus->ops->release(hub->bus, &s->id, s);
            s->is_held = false;
        }
        if (reason != RK_REASON_REPLACED) {
            rk_session_announce(s, "spark/status", "offline");
        }
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_OFFLINE,
                                        .reason = reason,
                                        .hello = &s->hello,
                                        .number = (int64_t)((hub->now_ms - s->online_ms) / 1000)});
    } else {
        hub->stats.refused++;
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_REFUSED, .reason = reason});
    }
    if (!s->job_out) {
        free(s->job);
        s->job = NULL;
    }
    free_subscribed(s);
}

void rk_session_close(struct rk_session *s, enum rk_reason reason) {
    if (s->state == RK_SESSION_CLOSED) {
        return;
    }
    struct rk_hub *hub = s->hub;
    if (hub->batch == s) {
        flush(hub); /* what was said before still goes out */
    }
    leave(s, reason);
    hub->host.close(s->peer);
}

static enum rk_reason reason_of_hangup(const struct rk_session *s) {
    switch (s->state) {
    case RK_SESSION_HELLO: return RK_REASON_ANSWER_REJECTED;
    case RK_SESSION_ONLINE: return s->update_sent ? RK_REASON_UPDATED : RK_REASON_PEER_CLOSED;
    default: return RK_REASON_HANDSHAKE_CLOSED;
    }
}

void rk_session_peer_closed(struct rk_session *s) {
    if (s->state != RK_SESSION_CLOSED) {
        leave(s, reason_of_hangup(s));
    }
}

void rk_session_free(struct rk_session *s) {
    if (!s) {
        return;
    }
    if (s->state != RK_SESSION_CLOSED) {
        leave(s, RK_REASON_SHUTDOWN);
    }
    s->hub->stats.sessions--;
    free(s);
}

/* --- handshake -------------------------------------------------------------------------------- */

static void receive_claim(struct rk_session *s, const uint8_t *data, size_t len) {
    struct rk_hub *hub = s->hub;
    if (len > sizeof s->job->sealed - s->partial_len) {
        rk_session_close(s, RK_REASON_TALKED_OUT_OF_TURN);
        return;
    }
    memcpy(s->job->sealed + s->partial_len, data, len);
    s->partial_len = (uint16_t)(s->partial_len + len);
    if (s->partial_len < sizeof s->job->sealed) {
        return;
    }
    if (hub->handshakes >= hub->limits.handshakes_max) {
        rk_session_close(s, RK_REASON_TOO_MANY);
        return;
    }
    s->partial_len = 0;
    s->state = RK_SESSION_RSA;
    s->job_out = true;
    hub->handshakes++;
    hub->host.handshake(s->peer, s->job);
}

static void take_facts(struct rk_session *s, const struct rk_handshake_job *job) {
    s->owner = job->facts.owner;
    s->name = job->facts.name[0] ? strdup(job->facts.name) : NULL;
    rk_cipher_init(&s->cipher, &job->session);
    s->next_id = rk_session_first_id(&job->session, false);
    s->next_token = (uint8_t)job->session.bytes[34];
}

void rk_session_handshake_done(struct rk_session *s, struct rk_handshake_job *job) {
    struct rk_hub *hub = s->hub;
    s->job_out = false;
    s->job = NULL;
    hub->handshakes--;
    if (s->state == RK_SESSION_CLOSED) {
        free(job);
        return;
    }
    if (job->has_id) {
        s->id = job->claim.id;
        s->has_id = true;
    }
    if (job->reason != RK_REASON_NONE) {
        rk_session_close(s, job->reason);
    } else {
        take_facts(s, job);
        s->state = RK_SESSION_HELLO;
        hub->stats.handshakes++;
        hub->host.send(s->peer, job->answer, sizeof job->answer);
        if (job->warning != RK_REASON_NONE) {
            rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_WARNED, .reason = job->warning});
        }
    }
    free(job);
    rk_session_rearm(s);
}

/* --- frames ----------------------------------------------------------------------------------- */

static bool is_flooding(struct rk_session *s) {
    struct rk_hub *hub = s->hub;
    if (hub->now_ms - s->second_ms >= 1000) {
        s->second_ms = hub->now_ms;
        s->messages = 0;
    }
    return hub->limits.messages_per_s && ++s->messages > hub->limits.messages_per_s && !s->running;
}

static void receive_frame(struct rk_session *s, uint8_t *body, size_t len) {
    struct rk_hub *hub = s->hub;
    bool first = s->state == RK_SESSION_HELLO;
    struct rk_msg msg;
    hub->stats.frames_in++;
    int msg_len = rk_frame_open(hub->crypto, &s->cipher, body, len);
    if (msg_len < 0) {
        rk_session_close(s, first ? RK_REASON_BAD_HELLO : RK_REASON_BAD_CIPHER);
        return;
    }
    int err = rk_msg_decode(body, (size_t)msg_len, &msg);
    if (first) {
        if (!err && msg.kind == RK_MSG_HELLO && msg.hello.has_fields) {
            rk_session_go_online(s, &msg);
        } else {
            rk_session_close(s, RK_REASON_NOT_A_HELLO);
        }
        return;
    }
    s->heard_ms = hub->now_ms;
    if (err == RK_E_UNSUPPORTED) {
        return; /* a letter of a later version */
    }
    if (err) {
        rk_session_close(s, RK_REASON_BAD_MESSAGE);
    } else if (is_flooding(s)) {
        rk_session_close(s, RK_REASON_TOO_FAST);
    } else {
        rk_session_dispatch(s, &msg);
    }
}

/* Whole frames from the start of data: how many bytes they were. */
static size_t receive_frames(struct rk_session *s, uint8_t *data, size_t len) {
    size_t pos = 0;
    while (s->state == RK_SESSION_HELLO || s->state == RK_SESSION_ONLINE) {
        int frame_len = rk_frame_peek(data + pos, len - pos);
        if (frame_len < 0) {
            rk_session_close(s, s->state == RK_SESSION_HELLO ? RK_REASON_BAD_HELLO
                                                             : RK_REASON_BAD_FRAME);
        }
        if (frame_len <= 0) {
            break;
        }
        receive_frame(s, data + pos + RK_FRAME_HEAD_BYTES, (size_t)frame_len - RK_FRAME_HEAD_BYTES);
        pos += (size_t)frame_len;
    }
    return pos;
}

/* Adds to the split frame what belongs to it: bytes taken from data. */
static size_t fill_partial(struct rk_session *s, const uint8_t *data, size_t len) {
    size_t need = RK_FRAME_HEAD_BYTES;
    if (s->partial_len >= RK_FRAME_HEAD_BYTES) {
        need = RK_FRAME_HEAD_BYTES + rk_get_u16be(s->partial);
    }
    size_t take = RK_MIN(need - s->partial_len, len);
    memcpy(s->partial + s->partial_len, data, take);
    s->partial_len = (uint16_t)(s->partial_len + take);
    return take;
}

static bool keep_partial(struct rk_session *s, const uint8_t *data, size_t len) {
    s->partial = malloc(RK_FRAME_MAX);
    if (!s->partial) {
        rk_session_close(s, RK_REASON_NO_MEMORY);
        return false;
    }
    memcpy(s->partial, data, len);
    s->partial_len = (uint16_t)len;
    return true;
}

static void drop_partial(struct rk_session *s) {
    free(s->partial);
    s->partial = NULL;
    s->partial_len = 0;
}

/* A frame began in an earlier turn: complete it first. Bytes taken from data. */
static size_t receive_split(struct rk_session *s, uint8_t *data, size_t len) {
    size_t pos = 0;
    while (s->partial && pos < len) {
        pos += fill_partial(s, data + pos, len - pos);
        size_t done = receive_frames(s, s->partial, s->partial_len);
        if (done || s->state == RK_SESSION_CLOSED) {
            drop_partial(s);
        }
    }
    return pos;
}

static void receive_stream(struct rk_session *s, uint8_t *data, size_t len) {
    size_t pos = receive_split(s, data, len);
    pos += receive_frames(s, data + pos, len - pos);
    if (pos < len && s->state != RK_SESSION_CLOSED) {
        keep_partial(s, data + pos, len - pos);
    }
}

void rk_session_receive(struct rk_session *s, uint8_t *data, size_t len) {
    rk_session_batch_begin(s);
    switch (s->state) {
    case RK_SESSION_CLAIM: receive_claim(s, data, len); break;
    case RK_SESSION_RSA: rk_session_close(s, RK_REASON_TALKED_OUT_OF_TURN); break;
    case RK_SESSION_HELLO:
    case RK_SESSION_ONLINE: receive_stream(s, data, len); break;
    default: break;
    }
    if (s->state == RK_SESSION_ONLINE) {
        rk_session_update_pump(s);
        if (s->hub->host.backlog(s->peer, false) > s->hub->limits.backlog_max) {
            rk_session_close(s, RK_REASON_NOT_READING);
        }
    }
    rk_session_batch_end(s);
    rk_session_rearm(s);
}

void rk_session_writable(struct rk_session *s) {
    if (s->state == RK_SESSION_ONLINE && s->running) {
        rk_session_batch_begin(s);
        rk_session_update_pump(s);
        rk_session_batch_end(s);
        rk_session_rearm(s);
    }
}

/* --- what is known ---------------------------------------------------------------------------- */

const struct rk_device_id *rk_session_id(const struct rk_session *s) {
    return s->has_id ? &s->id : NULL;
}

bool rk_session_is_online(const struct rk_session *s) {
    return s->state == RK_SESSION_ONLINE;
}

const char *rk_session_address(const struct rk_session *s) {
    return s->address;
}

void *rk_session_peer(const struct rk_session *s) {
    return s->peer;
}

uint16_t rk_session_platform(const struct rk_session *s) {
    return s->hello.platform;
}

uint64_t rk_session_last_heard_ms(const struct rk_session *s) {
    return s->heard_ms;
}
