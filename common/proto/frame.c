/* Frames: see frame.h. */
#include "common/proto/frame.h"

#include "common/base/bytes.h"
#include "common/base/error.h"

static void copy_block(uint8_t *to, const uint8_t *from) {
    for (size_t i = 0; i < RK_AES_BLOCK_BYTES; i++) {
        to[i] = from[i];
    }
}

int rk_frame_seal(const struct rk_crypto *crypto, struct rk_cipher *cipher, const uint8_t *msg,
                  size_t len, uint8_t *out, size_t cap) {
    if (len > RK_MESSAGE_MAX || rk_frame_size(len) > cap) {
        return RK_E_TOO_BIG;
    }
    size_t body_len = rk_frame_size(len) - RK_FRAME_HEAD_BYTES;
    uint8_t *body = out + RK_FRAME_HEAD_BYTES;
    rk_put_u16be(out, (uint16_t)body_len);
    for (size_t i = 0; i < len; i++) {
        body[i] = msg[i];
    }
    for (size_t i = len; i < body_len; i++) {
        body[i] = (uint8_t)(body_len - len);
    }
    int err =
        crypto->aes_cbc_encrypt(crypto->ctx, cipher->key, cipher->iv_out, body, body_len, body);
    if (err) {
        return err;
    }
    copy_block(cipher->iv_out, body);
    return (int)(RK_FRAME_HEAD_BYTES + body_len);
}

int rk_frame_peek(const uint8_t *stream, size_t len) {
    if (len < RK_FRAME_HEAD_BYTES) {
        return 0;
    }
    size_t body_len = rk_get_u16be(stream);
    if (body_len == 0 || body_len % RK_AES_BLOCK_BYTES || body_len > RK_FRAME_BODY_MAX) {
        return RK_E_PROTOCOL;
    }
    size_t size = RK_FRAME_HEAD_BYTES + body_len;
    return len < size ? 0 : (int)size;
}

/* Length without PKCS#7 padding, or RK_E_CRYPTO. */
static int unpad(const uint8_t *body, size_t len) {
    uint8_t pad = body[len - 1];
    if (pad == 0 || pad > RK_AES_BLOCK_BYTES) {
        return RK_E_CRYPTO;
    }
    for (size_t i = len - pad; i < len; i++) {
        if (body[i] != pad) {
            return RK_E_CRYPTO;
        }
    }
    return (int)(len - pad);
}

int rk_frame_open(const struct rk_crypto *crypto, struct rk_cipher *cipher, uint8_t *body,
                  size_t len) {
    if (len == 0 || len % RK_AES_BLOCK_BYTES) {
        return RK_E_PROTOCOL;
    }
    uint8_t next_iv[RK_AES_BLOCK_BYTES];
    copy_block(next_iv, body);
    int err = crypto->aes_cbc_decrypt(crypto->ctx, cipher->key, cipher->iv_in, body, len, body);
    if (err) {
        return err;
    }
    copy_block(cipher->iv_in, next_iv);
    return unpad(body, len);
}
