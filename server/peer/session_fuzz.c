/* Any bytes as what a device sends, before, during and after the handshake: no crash, no leak, and
 * the session is either closed or still within its limits. The ciphers are stand-ins that keep the
 * bytes, so the fuzzer reaches the messages; RSA yields a claim that is always good.
 *
 * Input: records of one length byte and so many bytes; length 0 lets a second pass, 255 closes and
 * connects anew.
 */
#include <stdlib.h>
#include <string.h>

#include "common/proto/handshake.h"
#include "server/peer/peer.h"
#include "tests/fuzz/fuzz.h"

struct rk_rsa_key {
    char unused;
};

static const struct rk_device_id id = {{1, 2, 3}};
static uint8_t nonce[RK_NONCE_BYTES];

static int fake_random(void *ctx, uint8_t *out, size_t len) {
    memset(out, 1, len);
    memcpy(nonce, out, RK_MIN(len, sizeof nonce));
    return 0;
}

static int fake_aes(void *ctx, const uint8_t key[16], const uint8_t iv[16], const uint8_t *in,
                    size_t len, uint8_t *out) {
    memmove(out, in, len);
    return 0;
}

static int fake_hmac(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len,
                     uint8_t mac[RK_SHA1_BYTES]) {
    memset(mac, 2, RK_SHA1_BYTES);
    return 0;
}

/* A good claim when the first byte is 0, what came otherwise. */
static int fake_rsa(void *ctx, const struct rk_rsa_key *key, const uint8_t *in, size_t len,
                    uint8_t *out) {
    memmove(out, in, len);
    if (len == RK_CLAIM_BYTES && in[0] == 0) {
        memset(out, 3, len);
        out[0] = 0;
        out[1] = 2;
        out[len - RK_NONCE_BYTES - RK_DEVICE_ID_BYTES - 1] = 0;
        memset(out + len - RK_NONCE_BYTES - RK_DEVICE_ID_BYTES, 1, RK_NONCE_BYTES);
        memcpy(out + len - RK_DEVICE_ID_BYTES, id.bytes, RK_DEVICE_ID_BYTES);
    }
    return 0;
}

static struct rk_rsa_key *fake_key(const uint8_t *der, size_t len) {
    static struct rk_rsa_key key;
    return &key;
}

static void fake_key_free(struct rk_rsa_key *key) {
}

static struct rk_peer *make_peer(void) {
    static const struct rk_crypto crypto = {NULL,      fake_random, fake_aes, fake_aes,
                                            fake_hmac, fake_rsa,    fake_rsa};
    static const uint8_t key_der[RK_DEVICE_KEY_BYTES];
    static const uint8_t image[1500] = {1, 2, 3};
    struct rk_peer_config config = {
        .crypto = &crypto, .key_new = fake_key, .key_free = fake_key_free};
    struct rk_peer *peer = rk_peer_new(&config);
    if (!peer || rk_peer_add_device(peer, &id, key_der, 7, "fuzz") ||
        rk_peer_queue_update(peer, &id, image, sizeof image, "a.bin", true)) {
        abort();
    }
    return peer;
}

/* Claim and hello, so that the first bytes of the input already meet an online session. */
static struct rk_peer_conn *connect_online(struct rk_peer *peer) {
    static const uint8_t claim[RK_CLAIM_BYTES];
    static const uint8_t hello[] = {0,    16,   0x50, 0x02, 0x20, 0x22, 0xb1, 0x68, 0xff,
                                    0x00, 0x06, 0xff, 0xff, 0x00, 0x06, 0x00, 0x06, 0x01};
    struct rk_peer_conn *conn = rk_peer_connect(peer, "192.0.2.1");
    rk_peer_receive(conn, claim, sizeof claim);
    rk_peer_receive(conn, hello, sizeof hello);
    if (rk_peer_is_closed(conn)) {
        abort();
    }
    return conn;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_peer *peer = make_peer();
    struct rk_peer_conn *conn = connect_online(peer);
    uint64_t now_ms = 0;
    for (size_t pos = 0; pos < size;) {
        size_t len = RK_MIN((size_t)data[pos], size - pos - 1);
        size_t out_len;
        rk_peer_output(conn, &out_len);
        rk_peer_consume(conn, out_len);
        if (data[pos] == 255 || rk_peer_is_closed(conn)) {
            rk_peer_disconnect(conn);
            conn = rk_peer_connect(peer, "192.0.2.1");
        } else if (data[pos] == 0) {
            now_ms += 1000;
            rk_peer_set_time(peer, now_ms);
        }
        rk_peer_receive(conn, data + pos + 1, len);
        pos += 1 + len;
    }
    for (int i = 0; i < 200 && rk_peer_stats(peer)->online; i++) { /* silence ends every session */
        now_ms += 5000;
        rk_peer_set_time(peer, now_ms);
    }
    if (rk_peer_stats(peer)->online) {
        abort();
    }
    rk_peer_disconnect(conn);
    rk_peer_free(peer);
    return 0;
}
