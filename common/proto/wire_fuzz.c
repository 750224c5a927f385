/* Handshake plaintexts, key and address forms, and a stream of frames, from any bytes. The cipher
 * is a stand-in that keeps the bytes: what matters is the framing round it.
 */
#include "common/base/bytes.h"
#include "common/proto/handshake.h"
#include "common/proto/message.h"
#include "common/proto/pkcs1.h"
#include "common/proto/record.h"
#include "tests/fuzz/fuzz.h"

static int keep(void *ctx, const uint8_t key[16], const uint8_t iv[16], const uint8_t *in,
                size_t len, uint8_t *out) {
    for (size_t i = 0; i < len; i++) {
        out[i] = in[i];
    }
    return 0;
}

static void run_frames(const uint8_t *data, size_t size) {
    static const struct rk_crypto crypto = {.aes_cbc_encrypt = keep, .aes_cbc_decrypt = keep};
    struct rk_cipher cipher = {0};
    uint8_t body[RK_FRAME_MAX], frame[RK_FRAME_MAX];
    for (int len; (len = rk_frame_peek(data, size)) > 0; data += len, size -= (size_t)len) {
        size_t body_len = (size_t)len - RK_FRAME_HEAD_BYTES;
        for (size_t i = 0; i < body_len; i++) {
            body[i] = data[RK_FRAME_HEAD_BYTES + i];
        }
        int msg_len = rk_frame_open(&crypto, &cipher, body, body_len);
        if (msg_len >= 0 &&
            rk_frame_seal(&crypto, &cipher, body, (size_t)msg_len, frame, sizeof frame) != len) {
            __builtin_trap();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_claim claim;
    struct rk_server_address address;
    uint8_t padded[RK_DEVICE_PRIVATE_BYTES], public_der[RK_DEVICE_KEY_BYTES],
        plain[RK_CLAIM_PLAIN_MAX];
    if (rk_claim_decode(data, size, &claim) == 0 &&
        (size_t)rk_claim_encode(&claim, plain) != size) {
        __builtin_trap();
    }
    (void)rk_server_address_decode(data, size, &address);
    (void)rk_server_key_is_valid(data, size);
    if (rk_device_private_public(data, size, public_der) == 0 &&
        !(rk_device_private_pad(data, size, padded) == 0 &&
          rk_device_key_is_valid(public_der, sizeof public_der))) {
        /* an even modulus: a key no one could use, but no fault of the parser */
        if (public_der[RK_DEVICE_KEY_BYTES - 6] & 1) {
            __builtin_trap();
        }
    }
    int off = rk_pkcs1_unpad_encryption(data, size);
    if (off >= 0 && (size_t)off > size) {
        __builtin_trap();
    }
    run_frames(data, size);
    return 0;
}
