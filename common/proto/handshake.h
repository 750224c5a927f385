/* The TCP handshake, both sides (cloud-protocol.md 1.2): layouts, and the RSA steps through struct
 * rk_crypto. The Core's of 2014 sends 52 bytes of plaintext, every later device 214 with its public
 * key. No stream here: the caller collects the fixed sizes.
 *
 *   server -> device  40   nonce
 *   device -> server  256  claim, encrypted with the server's public key
 *   server -> device  384  session block encrypted with the device's public key (128), and the
 *                          server's signature of its HMAC (256)
 */
#ifndef RK_COMMON_PROTO_HANDSHAKE_H
#define RK_COMMON_PROTO_HANDSHAKE_H

#include "common/proto/device_id.h"
#include "common/proto/frame.h"

#define RK_NONCE_BYTES          40
#define RK_SESSION_BLOCK_BYTES  40
#define RK_CLAIM_BYTES          256 /* encrypted */
#define RK_ANSWER_BYTES         384
#define RK_ANSWER_SESSION_BYTES 128
#define RK_DEVICE_KEY_BYTES     162 /* SubjectPublicKeyInfo of RSA-1024 */
#define RK_CLAIM_PLAIN_MAX      (RK_NONCE_BYTES + RK_DEVICE_ID_BYTES + RK_DEVICE_KEY_BYTES)

/* What the device says of itself in the second step. */
struct rk_claim {
    uint8_t nonce[RK_NONCE_BYTES];
    struct rk_device_id id;
    bool has_key;
    uint8_t key_der[RK_DEVICE_KEY_BYTES];
};

/* The secret that the server makes: key, first IV of both directions, salt. */
struct rk_session_block {
    uint8_t bytes[RK_SESSION_BLOCK_BYTES];
};

/* Layout only. Encode returns 52 or 214. Decode: RK_E_PROTOCOL for any other length, or for a key
 * that is not of the one form that devices write. */
int rk_claim_encode(const struct rk_claim *claim, uint8_t out[RK_CLAIM_PLAIN_MAX]);
int rk_claim_decode(const uint8_t *plain, size_t len, struct rk_claim *claim);

/* Is it the 162-byte form with its fixed head and exponent 65537? */
bool rk_device_key_is_valid(const uint8_t *der, size_t len);

/* Device: makes the 256 bytes of the second step. */
int rk_claim_seal(const struct rk_crypto *crypto, const struct rk_rsa_key *server_public,
                  const struct rk_claim *claim, uint8_t out[RK_CLAIM_BYTES]);

/* Server: reads them. RK_E_KEY when they were not made with our key, RK_E_PROTOCOL when the content
 * has no known form, RK_E_AUTH when the nonce is not ours. */
int rk_claim_open(const struct rk_crypto *crypto, const struct rk_rsa_key *server_private,
                  const uint8_t in[RK_CLAIM_BYTES], const uint8_t nonce[RK_NONCE_BYTES],
                  struct rk_claim *claim);

/* Server: the 384 bytes of the third step. */
int rk_answer_seal(const struct rk_crypto *crypto, const struct rk_rsa_key *server_private,
                   const struct rk_rsa_key *device_public, const struct rk_session_block *session,
                   uint8_t out[RK_ANSWER_BYTES]);

/* Device: reads them. RK_E_KEY when our private key cannot read the session block (a board shows
 * orange), RK_E_AUTH when the signature is not the server's (magenta). */
int rk_answer_open(const struct rk_crypto *crypto, const struct rk_rsa_key *device_private,
                   const struct rk_rsa_key *server_public, const uint8_t in[RK_ANSWER_BYTES],
                   struct rk_session_block *session);

/* Key and first IVs of the frames. */
void rk_cipher_init(struct rk_cipher *cipher, const struct rk_session_block *session);

/* Message id before the device's first one: big-endian from the salt up to 2014 and on every Core,
 * little-endian in Device OS 0.8 and later on Photon (cloud-protocol.md 0). */
uint16_t rk_session_first_id(const struct rk_session_block *session, bool little_endian);

#endif
