/* Simulated devices and the server in memory: see test_pair.h. */
#include "server/peer/test_pair.h"

#include "common/proto/vectors.h"
#include "server/crypto/openssl.h"
#include "tests/hex.h"

static const char *const functions[] = {"brew", "digitalwrite"};
static const struct rk_describe_variable variables[] = {{"temp", RK_VALUE_DOUBLE},
                                                        {"count", RK_VALUE_INT},
                                                        {"name", RK_VALUE_STRING},
                                                        {"flag", RK_VALUE_BOOL}};

/* Keys are made once for a test program. */
static struct rk_openssl *openssl;
static struct rk_crypto crypto;
static struct rk_rsa_key *server_private, *server_public, *device_private;
static uint32_t random_state;

int pair_random(void *ctx, uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(random_state >> 24);
    }
    return 0;
}

static void free_keys(void) {
    rk_rsa_key_free(server_private);
    rk_rsa_key_free(server_public);
    rk_rsa_key_free(device_private);
    rk_openssl_free(openssl);
}

static void make_keys(void) {
    uint8_t der[1300];
    random_state = 12345;
    if (openssl) {
        return;
    }
    openssl = rk_openssl_new();
    crypto = *rk_openssl_crypto(openssl);
    crypto.random = pair_random;
    size_t len = rk_unhex(vector_server_private, der, sizeof der);
    server_private = rk_rsa_private_new(der, len);
    len = rk_unhex(vector_server_public, der, sizeof der);
    server_public = rk_rsa_public_new(der, len);
    len = rk_unhex(vector_device_private_padded, der, sizeof der);
    device_private = rk_rsa_private_new(der, len);
    atexit(free_keys);
}

struct rk_device_id pair_id(size_t n) {
    struct rk_device_id id;
    rk_unhex(vector_device_id, id.bytes, sizeof id.bytes);
    id.bytes[11] = (uint8_t)(id.bytes[11] + n);
    return id;
}

static void on_note(void *ctx, struct rk_session *session, const struct rk_note *note) {
    struct pair *p = ctx;
    p->notes[note->kind]++;
    p->last_note[note->kind] = *note;
    if (note->text.len) {
        snprintf(p->note_text, sizeof p->note_text, "%.*s", (int)note->text.len,
                 (const char *)note->text.data);
    }
}

static void sim_send(void *ctx, const uint8_t *bytes, size_t len) {
    struct pair_device *d = ctx;
    size_t step = d->slice ? d->slice : len;
    for (size_t pos = 0; pos < len && d->conn && !rk_peer_is_closed(d->conn); pos += step) {
        rk_peer_receive(d->conn, bytes + pos, RK_MIN(step, len - pos));
    }
}

static void sim_event(void *ctx, const char *name, struct rk_span data) {
    struct pair_device *d = ctx;
    snprintf(d->last_event, sizeof d->last_event, "%s", name);
    snprintf(d->last_data, sizeof d->last_data, "%.*s", (int)data.len, (const char *)data.data);
}

struct pair *pair_new(enum rk_generation_id generation, bool trust_first_use, bool add) {
    struct pair *p = calloc(1, sizeof *p);
    make_keys();
    p->model = (struct rk_sim_model){
        .crypto = &crypto,
        .server_public = server_public,
        .device_private = device_private,
        .generation = rk_generation(generation),
        .platform = rk_generation(generation)->hello_flags ? 6 : 0,
        .product = 6,
        .version = 1,
        .functions = functions,
        .function_count = RK_COUNT(functions),
        .variables = variables,
        .variable_count = RK_COUNT(variables),
        .on_event = sim_event,
        .send = sim_send,
    };
    rk_unhex(vector_device_public, p->model.key_der, sizeof p->model.key_der);
    struct rk_peer_config config = {.crypto = &crypto,
                                    .server_key = server_private,
                                    .key_new = rk_rsa_device_public_new,
                                    .key_free = rk_rsa_key_free,
                                    .trust_first_use = trust_first_use,
                                    .note = on_note,
                                    .ctx = p,
                                    .start_unix_ms = 1767225600000};
    p->peer = rk_peer_new(&config);
    assert_non_null(p->peer);
    p->bus = rk_peer_bus(p->peer);
    for (size_t n = 0; add && n < RK_COUNT(p->device); n++) {
        struct rk_device_id id = pair_id(n);
        char name[16];
        snprintf(name, sizeof name, "board%zu", n);
        assert_int_equal(rk_peer_add_device(p->peer, &id, p->model.key_der, PAIR_OWNER, name), 0);
    }
    return p;
}

void pair_free(struct pair *p) {
    rk_peer_free(p->peer);
    free(p);
}

static bool pass_output(struct pair_device *d) {
    size_t len;
    const uint8_t *out = rk_peer_output(d->conn, &len);
    if (len == 0 || d->deaf) {
        return false;
    }
    uint8_t copy[1024];
    len = RK_MIN(len, d->slice ? d->slice : sizeof copy);
    memcpy(copy, out, len);
    rk_peer_consume(d->conn, len);
    rk_sim_receive(&d->sim, copy, len, d->pair->now_ms);
    return true;
}

void pair_drop(struct pair_device *d) {
    if (d->conn) {
        struct rk_peer_conn *conn = d->conn;
        d->conn = NULL;
        rk_peer_disconnect(conn);
    }
}

/* A device that has closed, or an updated one that restarts, hangs up. */
static bool hang_up(struct pair_device *d) {
    size_t len;
    rk_peer_output(d->conn, &len);
    bool server_closed = rk_peer_is_closed(d->conn) && (len == 0 || d->deaf);
    if (server_closed || d->sim.state == RK_SIM_CLOSED ||
        (d->sim.updated && d->sim.state == RK_SIM_ONLINE)) {
        d->sim.state = RK_SIM_CLOSED;
        pair_drop(d);
        return true;
    }
    return false;
}

void pair_run(struct pair *p) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t n = 0; n < RK_COUNT(p->device); n++) {
            if (p->device[n].conn) {
                moved |= pass_output(&p->device[n]);
                moved |= hang_up(&p->device[n]);
            }
        }
    }
}

void pair_wait(struct pair *p, uint64_t ms, uint64_t step_ms) {
    uint64_t end_ms = p->now_ms + ms;
    while (p->now_ms < end_ms) {
        uint64_t due = RK_MAX(rk_peer_deadline_ms(p->peer), p->now_ms + 1);
        p->now_ms = RK_MIN(RK_MIN(due, p->now_ms + step_ms), end_ms);
        rk_peer_set_time(p->peer, p->now_ms);
        for (size_t n = 0; n < RK_COUNT(p->device); n++) {
            if (p->device[n].conn) {
                rk_sim_tick(&p->device[n].sim, p->now_ms);
            }
        }
        pair_run(p);
    }
}

struct pair_device *pair_connect(struct pair *p, size_t n) {
    struct pair_device *d = &p->device[n];
    struct rk_device_id id = pair_id(n);
    d->pair = p;
    d->conn = rk_peer_connect(p->peer, "192.0.2.1");
    assert_non_null(d->conn);
    rk_sim_start(&d->sim, &p->model, &id, d, p->now_ms);
    d->sim.updated = false;
    pair_run(p);
    return d;
}

static void on_reply(void *ctx, const struct rk_bus_reply *reply) {
    struct pair *p = ctx;
    p->reply = *reply;
    p->replied = true;
    if (reply->value.type == RK_VALUE_STRING) {
        snprintf(p->reply_text, sizeof p->reply_text, "%.*s", (int)reply->value.text.len,
                 (const char *)reply->value.text.data);
    }
}

int pair_request(struct pair *p, size_t n, enum rk_bus_request_kind kind, const char *name,
                 const char *arg, int64_t number) {
    struct rk_device_id id = pair_id(n);
    struct rk_bus_request request = {.kind = kind,
                                     .name = name,
                                     .arg = {(const uint8_t *)arg, arg ? strlen(arg) : 0},
                                     .number = number};
    p->replied = false;
    int err = p->bus->ops->request(p->bus, &id, &request, on_reply, p, NULL);
    pair_run(p);
    return err ? err : p->replied ? p->reply.error : RK_E_AGAIN;
}
