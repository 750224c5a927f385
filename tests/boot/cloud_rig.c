/* See cloud_rig.h. */
#include "tests/unit.h"

#include "common/proto/vectors.h"
#include "server/crypto/openssl.h"
#include "tests/boot/cloud_rig.h"
#include "tests/hex.h"

#define NS_PER_MS 1000000ull
/* core-hardware.md 1.2. */
#define SERVER_KEY_OFF 0x1000u
#define DEVICE_KEY_OFF 0x2000u

/* Made once for a test program. */
static struct rk_openssl *openssl;
static struct rk_crypto crypto;
static struct rk_rsa_key *server_private;
static uint32_t random_state;

static int seeded_random(void *ctx, uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(random_state >> 24);
    }
    return 0;
}

static void free_keys(void) {
    rk_rsa_key_free(server_private);
    rk_openssl_free(openssl);
}

static void make_keys(void) {
    uint8_t der[1300];
    random_state = 4711;
    if (openssl) {
        return;
    }
    openssl = rk_openssl_new();
    crypto = *rk_openssl_crypto(openssl);
    crypto.random = seeded_random;
    server_private = rk_rsa_private_new(der, rk_unhex(vector_server_private, der, sizeof der));
    atexit(free_keys);
}

/* --- between the two ---------------------------------------------------------------------------
 */

/* Hands over what the server wants to say, as far as there is room. */
static void pump(struct cloud_rig *c) {
    for (int i = 0; i < (int)RK_NET_PEER_CONNS; i++) {
        size_t len;
        const uint8_t *out = c->conns[i] ? rk_peer_output(c->conns[i], &len) : NULL;
        if (!out && !c->conns[i]) {
            continue;
        }
        const int n = len ? rk_net_peer_send(c->r.peer, i, out, len) : 0;
        if (n > 0) {
            rk_peer_consume(c->conns[i], (size_t)n);
        }
        if (rk_peer_is_closed(c->conns[i]) && (size_t)RK_MAX(n, 0) == len) {
            rk_net_peer_close(c->r.peer, i, false);
        }
    }
}

static bool on_opened(void *ctx, int conn, struct rk_net_addr to, uint64_t now) {
    struct cloud_rig *c = ctx;
    c->r.dialled = to;
    c->r.opened++;
    rk_peer_set_time(c->server, now / NS_PER_MS);
    c->conns[conn] = rk_peer_connect(c->server, "192.168.1.100");
    pump(c);
    return true;
}

static void on_received(void *ctx, int conn, const void *data, size_t len, uint64_t now) {
    struct cloud_rig *c = ctx;
    rk_peer_set_time(c->server, now / NS_PER_MS);
    if (c->conns[conn]) {
        rk_peer_receive(c->conns[conn], data, len);
    }
    pump(c);
}

static void on_closed(void *ctx, int conn, uint64_t now) {
    struct cloud_rig *c = ctx;
    c->r.closed++;
    if (c->conns[conn]) {
        rk_peer_disconnect(c->conns[conn]);
        c->conns[conn] = NULL;
    }
}

static uint64_t deadline(void *ctx) {
    const struct cloud_rig *c = ctx;
    const uint64_t ms = rk_peer_deadline_ms(c->server);
    return ms > UINT64_MAX / NS_PER_MS ? UINT64_MAX : ms * NS_PER_MS;
}

static void tick(void *ctx, uint64_t now) {
    struct cloud_rig *c = ctx;
    rk_peer_set_time(c->server, now / NS_PER_MS);
    pump(c);
}

static const struct rk_net_peer_ops cloud_ops = {.opened = on_opened,
                                                 .received = on_received,
                                                 .closed = on_closed,
                                                 .deadline_ns = deadline,
                                                 .tick = tick};

static void on_note(void *ctx, struct rk_session *session, const struct rk_note *note) {
    struct cloud_rig *c = ctx;
    c->notes[note->kind]++;
}

/* --- the board ---------------------------------------------------------------------------------
 */

static void put_keys(struct cloud_rig *c) {
    uint8_t *flash = rk_machine_nv(c->r.m, RK_CORE_NV_EXTERNAL, NULL);
    rk_unhex(vector_server_public, flash + SERVER_KEY_OFF, 294);
    rk_unhex(vector_device_private_padded, flash + DEVICE_KEY_OFF, 612);
}

void cloud_rig_init(struct cloud_rig *c, const char *image, unsigned eras) {
    uint8_t key_der[RK_DEVICE_KEY_BYTES];
    memset(c, 0, sizeof *c);
    make_keys();
    radio_rig_init_with(&c->r, image, eras, &cloud_ops, c);
    const struct rk_peer_config config = {.crypto = &crypto,
                                          .server_key = server_private,
                                          .key_new = rk_rsa_device_public_new,
                                          .key_free = rk_rsa_key_free,
                                          .note = on_note,
                                          .ctx = c,
                                          .start_unix_ms = 1767225600000};
    c->server = rk_peer_new(&config);
    memcpy(c->id.bytes, radio_rig_id, sizeof c->id.bytes);
    rk_unhex(vector_device_public, key_der, sizeof key_der);
    assert_int_equal(rk_peer_add_device(c->server, &c->id, key_der, 1, "core"), 0);
    put_keys(c);
    radio_rig_add_ap(&c->r);
    radio_rig_store(&c->r);
}

void cloud_rig_release(struct cloud_rig *c) {
    radio_rig_release(&c->r);
    for (unsigned i = 0; i < RK_NET_PEER_CONNS; i++) {
        if (c->conns[i]) {
            rk_peer_disconnect(c->conns[i]);
        }
    }
    rk_peer_free(c->server);
}
