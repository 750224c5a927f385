/* Frames: a 2-byte length and one CoAP message, AES-128-CBC with PKCS#7 padding
 * (cloud-protocol.md 2). The IV of the next frame in a direction is the first block of this one's
 * ciphertext. Knows nothing of what the messages say.
 */
#ifndef RK_COMMON_PROTO_FRAME_H
#define RK_COMMON_PROTO_FRAME_H

#include "common/proto/crypto.h"

#define RK_FRAME_HEAD_BYTES 2
/* No generation on TCP sends more than 800 bytes; some room above that. */
#define RK_FRAME_BODY_MAX 1024
#define RK_FRAME_MAX      (RK_FRAME_HEAD_BYTES + RK_FRAME_BODY_MAX)
/* Largest CoAP messages that a receiver can take (its buffer; a Core also builds its answer behind
 * the message in the same one). */
#define RK_MESSAGE_MAX_CORE   600
#define RK_MESSAGE_MAX_PHOTON 782
#define RK_MESSAGE_MAX        (RK_FRAME_BODY_MAX - 1)

struct rk_cipher {
    uint8_t key[16];
    uint8_t iv_in[16];  /* for the next frame received */
    uint8_t iv_out[16]; /* for the next frame sent */
};

/* Size of the frame round a message of len bytes. */
static inline size_t rk_frame_size(size_t len) {
    return RK_FRAME_HEAD_BYTES + (len & ~(size_t)15) + 16;
}

/* Writes one frame round msg into out and moves iv_out on. Frame size, RK_E_TOO_BIG when it does
 * not fit cap or the limit, or RK_E_CRYPTO. */
int rk_frame_seal(const struct rk_crypto *crypto, struct rk_cipher *cipher, const uint8_t *msg,
                  size_t len, uint8_t *out, size_t cap);

/* Looks at the start of a stream: size of the first frame when all of it is there, 0 when more
 * bytes are needed, RK_E_PROTOCOL when the length cannot be one. */
int rk_frame_peek(const uint8_t *stream, size_t len);

/* Decrypts the body (the frame without its head) in place and moves iv_in on. Length of the
 * message, or RK_E_CRYPTO when the padding is not right (a wrong key, or a lost frame). */
int rk_frame_open(const struct rk_crypto *crypto, struct rk_cipher *cipher, uint8_t *body,
                  size_t len);

#endif
