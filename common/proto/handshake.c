/* The handshake: see handshake.h. */
#include "common/proto/handshake.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/proto/pkcs1.h"

#define KEY_HEAD_BYTES 29
#define KEY_TAIL_BYTES 5
#define SALT_OFF       32

static const uint8_t key_head[KEY_HEAD_BYTES] = {
    0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x81, 0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
static const uint8_t key_tail[KEY_TAIL_BYTES] = {0x02, 0x03, 0x01, 0x00, 0x01};

static bool equal(const uint8_t *a, const uint8_t *b, size_t len) {
    uint8_t diff = 0;
    for (size_t i = 0; i < len; i++) {
        diff |= (uint8_t)(a[i] ^ b[i]);
    }
    return diff == 0;
}

static void copy(uint8_t *to, const uint8_t *from, size_t len) {
    for (size_t i = 0; i < len; i++) {
        to[i] = from[i];
    }
}

bool rk_device_key_is_valid(const uint8_t *der, size_t len) {
    return len == RK_DEVICE_KEY_BYTES && equal(der, key_head, sizeof key_head) &&
           equal(der + len - sizeof key_tail, key_tail, sizeof key_tail) &&
           (der[KEY_HEAD_BYTES] & 0x80) && (der[len - sizeof key_tail - 1] & 1);
}

int rk_claim_encode(const struct rk_claim *claim, uint8_t out[RK_CLAIM_PLAIN_MAX]) {
    struct rk_writer w = rk_writer_init(out, RK_CLAIM_PLAIN_MAX);
    rk_write_bytes(&w, claim->nonce, sizeof claim->nonce);
    rk_write_bytes(&w, claim->id.bytes, sizeof claim->id.bytes);
    if (claim->has_key) {
        rk_write_bytes(&w, claim->key_der, sizeof claim->key_der);
    }
    return (int)w.len;
}

int rk_claim_decode(const uint8_t *plain, size_t len, struct rk_claim *claim) {
    const size_t short_len = RK_NONCE_BYTES + RK_DEVICE_ID_BYTES;
    if (len != short_len && len != RK_CLAIM_PLAIN_MAX) {
        return RK_E_PROTOCOL;
    }
    copy(claim->nonce, plain, RK_NONCE_BYTES);
    copy(claim->id.bytes, plain + RK_NONCE_BYTES, RK_DEVICE_ID_BYTES);
    claim->has_key = len > short_len;
    if (claim->has_key) {
        if (!rk_device_key_is_valid(plain + short_len, RK_DEVICE_KEY_BYTES)) {
            return RK_E_PROTOCOL;
        }
        copy(claim->key_der, plain + short_len, RK_DEVICE_KEY_BYTES);
    }
    return 0;
}

int rk_claim_seal(const struct rk_crypto *crypto, const struct rk_rsa_key *server_public,
                  const struct rk_claim *claim, uint8_t out[RK_CLAIM_BYTES]) {
    uint8_t plain[RK_CLAIM_PLAIN_MAX], block[RK_CLAIM_BYTES];
    int len = rk_claim_encode(claim, plain);
    int err = rk_pkcs1_pad_encryption(crypto, plain, (size_t)len, block, sizeof block);
    return err ? err : crypto->rsa_public(crypto->ctx, server_public, block, sizeof block, out);
}

int rk_claim_open(const struct rk_crypto *crypto, const struct rk_rsa_key *server_private,
                  const uint8_t in[RK_CLAIM_BYTES], const uint8_t nonce[RK_NONCE_BYTES],
                  struct rk_claim *claim) {
    uint8_t block[RK_CLAIM_BYTES];
    if (crypto->rsa_private(crypto->ctx, server_private, in, sizeof block, block)) {
        return RK_E_KEY;
    }
    int msg_off = rk_pkcs1_unpad_encryption(block, sizeof block);
    if (msg_off < 0) {
        return RK_E_KEY;
    }
    int err = rk_claim_decode(block + msg_off, sizeof block - (size_t)msg_off, claim);
    if (!err && !equal(claim->nonce, nonce, RK_NONCE_BYTES)) {
        err = RK_E_AUTH;
    }
    return err;
}

static int answer_mac(const struct rk_crypto *crypto, const struct rk_session_block *session,
                      const uint8_t *sealed, uint8_t mac[RK_SHA1_BYTES]) {
    return crypto->hmac_sha1(crypto->ctx, session->bytes, sizeof session->bytes, sealed,
                             RK_ANSWER_SESSION_BYTES, mac);
}

int rk_answer_seal(const struct rk_crypto *crypto, const struct rk_rsa_key *server_private,
                   const struct rk_rsa_key *device_public, const struct rk_session_block *session,
                   uint8_t out[RK_ANSWER_BYTES]) {
    uint8_t block[RK_CLAIM_BYTES], mac[RK_SHA1_BYTES];
    int err = rk_pkcs1_pad_encryption(crypto, session->bytes, sizeof session->bytes, block,
                                      RK_ANSWER_SESSION_BYTES);
    if (!err) {
        err = crypto->rsa_public(crypto->ctx, device_public, block, RK_ANSWER_SESSION_BYTES, out);
    }
    if (!err) {
        err = answer_mac(crypto, session, out, mac);
    }
    if (!err) {
        err = rk_pkcs1_pad_signature(mac, sizeof mac, block, sizeof block);
    }
    return err ? err
               : crypto->rsa_private(crypto->ctx, server_private, block, sizeof block,
                                     out + RK_ANSWER_SESSION_BYTES);
}

int rk_answer_open(const struct rk_crypto *crypto, const struct rk_rsa_key *device_private,
                   const struct rk_rsa_key *server_public, const uint8_t in[RK_ANSWER_BYTES],
                   struct rk_session_block *session) {
    uint8_t block[RK_CLAIM_BYTES], mac[RK_SHA1_BYTES];
    if (crypto->rsa_private(crypto->ctx, device_private, in, RK_ANSWER_SESSION_BYTES, block)) {
        return RK_E_KEY;
    }
    int off = rk_pkcs1_unpad_encryption(block, RK_ANSWER_SESSION_BYTES);
    if (off < 0 || RK_ANSWER_SESSION_BYTES - off != RK_SESSION_BLOCK_BYTES) {
        return RK_E_KEY;
    }
    copy(session->bytes, block + off, RK_SESSION_BLOCK_BYTES);
    int err = answer_mac(crypto, session, in, mac);
    if (err) {
        return err;
    }
    if (crypto->rsa_public(crypto->ctx, server_public, in + RK_ANSWER_SESSION_BYTES, RK_CLAIM_BYTES,
                           block)) {
        return RK_E_AUTH;
    }
    return rk_pkcs1_is_signature(block, sizeof block, mac, sizeof mac) ? 0 : RK_E_AUTH;
}

void rk_cipher_init(struct rk_cipher *cipher, const struct rk_session_block *session) {
    copy(cipher->key, session->bytes, 16);
    copy(cipher->iv_in, session->bytes + 16, 16);
    copy(cipher->iv_out, session->bytes + 16, 16);
}

uint16_t rk_session_first_id(const struct rk_session_block *session, bool little_endian) {
    const uint8_t *salt = session->bytes + SALT_OFF;
    return little_endian ? rk_get_u16le(salt) : rk_get_u16be(salt);
}
