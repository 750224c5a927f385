/* struct rk_crypto on OpenSSL 3: see openssl.h. */
#include "server/crypto/openssl.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "common/base/error.h"
#include "server/crypto/rsa_key.h"

struct rk_openssl {
    struct rk_crypto crypto;
    EVP_CIPHER *aes;
    EVP_CIPHER_CTX *encrypt;
    EVP_CIPHER_CTX *decrypt;
};

static int random_bytes(void *ctx, uint8_t *out, size_t len) {
    return len <= INT_MAX && RAND_bytes(out, (int)len) == 1 ? 0 : RK_E_CRYPTO;
}

/* The context keeps its cipher: only key and IV change. */
static int aes_run(EVP_CIPHER_CTX *ctx, const uint8_t key[16], const uint8_t iv[16],
                   const uint8_t *in, size_t len, uint8_t *out) {
    int out_len = 0;
    if (len > INT_MAX || EVP_CipherInit_ex2(ctx, NULL, key, iv, -1, NULL) != 1 ||
        EVP_CipherUpdate(ctx, out, &out_len, in, (int)len) != 1) {
        return RK_E_CRYPTO;
    }
    return (size_t)out_len == len ? 0 : RK_E_CRYPTO;
}

static int aes_cbc_encrypt(void *ctx, const uint8_t key[16], const uint8_t iv[16],
                           const uint8_t *in, size_t len, uint8_t *out) {
    return aes_run(((struct rk_openssl *)ctx)->encrypt, key, iv, in, len, out);
}

static int aes_cbc_decrypt(void *ctx, const uint8_t key[16], const uint8_t iv[16],
                           const uint8_t *in, size_t len, uint8_t *out) {
    return aes_run(((struct rk_openssl *)ctx)->decrypt, key, iv, in, len, out);
}

static int hmac_sha1(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len,
                     uint8_t mac[RK_SHA1_BYTES]) {
    unsigned mac_len = RK_SHA1_BYTES;
    return HMAC(EVP_sha1(), key, (int)key_len, msg, len, mac, &mac_len) ? 0 : RK_E_CRYPTO;
}

/* The bare operation: encrypt for the public half, decrypt for the private one. */
static int rsa_run(const struct rk_rsa_key *key, bool is_private, const uint8_t *in, size_t len,
                   uint8_t *out) {
    size_t out_len = len;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    int ok = ctx != NULL && len == (size_t)EVP_PKEY_get_size(key->pkey);
    ok = ok && (is_private ? EVP_PKEY_decrypt_init(ctx) : EVP_PKEY_encrypt_init(ctx)) == 1;
    ok = ok && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
    ok = ok && (is_private ? EVP_PKEY_decrypt(ctx, out, &out_len, in, len)
                           : EVP_PKEY_encrypt(ctx, out, &out_len, in, len)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok && out_len == len ? 0 : RK_E_CRYPTO;
}

static int rsa_public(void *ctx, const struct rk_rsa_key *key, const uint8_t *in, size_t len,
                      uint8_t *out) {
    return rsa_run(key, false, in, len, out);
}

static int rsa_private(void *ctx, const struct rk_rsa_key *key, const uint8_t *in, size_t len,
                       uint8_t *out) {
    return rsa_run(key, true, in, len, out);
}

static EVP_CIPHER_CTX *cipher_new(const EVP_CIPHER *aes, int encrypt) {
    static const uint8_t blank[16];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx && (EVP_CipherInit_ex2(ctx, aes, blank, blank, encrypt, NULL) != 1 ||
                EVP_CIPHER_CTX_set_padding(ctx, 0) != 1)) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

struct rk_openssl *rk_openssl_new(void) {
    struct rk_openssl *o = calloc(1, sizeof *o);
    if (!o) {
        return NULL;
    }
    o->crypto = (struct rk_crypto){
        .ctx = o,
        .random = random_bytes,
        .aes_cbc_encrypt = aes_cbc_encrypt,
        .aes_cbc_decrypt = aes_cbc_decrypt,
        .hmac_sha1 = hmac_sha1,
        .rsa_public = rsa_public,
        .rsa_private = rsa_private,
    };
    o->aes = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    if (o->aes) {
        o->encrypt = cipher_new(o->aes, 1);
        o->decrypt = cipher_new(o->aes, 0);
    }
    if (!o->encrypt || !o->decrypt) {
        rk_openssl_free(o);
        return NULL;
    }
    return o;
}

void rk_openssl_free(struct rk_openssl *o) {
    if (o) {
        EVP_CIPHER_CTX_free(o->encrypt);
        EVP_CIPHER_CTX_free(o->decrypt);
        EVP_CIPHER_free(o->aes);
        free(o);
    }
}

const struct rk_crypto *rk_openssl_crypto(const struct rk_openssl *o) {
    return &o->crypto;
}
