/* The ciphers that the device protocol needs, as a table: OpenSSL on hosts (server/crypto), another
 * library in firmware. RSA is the bare operation over one block of modulus size: the padding is
 * common/proto/pkcs1.h, so that it is the same everywhere and can be checked byte for byte.
 */
#ifndef RK_COMMON_PROTO_CRYPTO_H
#define RK_COMMON_PROTO_CRYPTO_H

#include "common/base/attr.h"

#define RK_AES_BLOCK_BYTES 16
#define RK_SHA1_BYTES      20

/* A key as the implementation keeps it. This header's users only pass it on. */
struct rk_rsa_key;

/* Every function returns 0 or RK_E_CRYPTO. ctx is handed to each. in and out may be the same. */
struct rk_crypto {
    void *ctx;
    int (*random)(void *ctx, uint8_t *out, size_t len);
    int (*aes_cbc_encrypt)(void *ctx, const uint8_t key[16], const uint8_t iv[16],
                           const uint8_t *in, size_t len, uint8_t *out);
    int (*aes_cbc_decrypt)(void *ctx, const uint8_t key[16], const uint8_t iv[16],
                           const uint8_t *in, size_t len, uint8_t *out);
    int (*hmac_sha1)(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len,
                     uint8_t mac[RK_SHA1_BYTES]);
    /* in and out: len bytes, which must be the size of the modulus. */
    int (*rsa_public)(void *ctx, const struct rk_rsa_key *key, const uint8_t *in, size_t len,
                      uint8_t *out);
    int (*rsa_private)(void *ctx, const struct rk_rsa_key *key, const uint8_t *in, size_t len,
                       uint8_t *out);
};

#endif
