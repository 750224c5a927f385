/* RSA keys in and out of their forms: see openssl.h. */
#include "server/crypto/rsa_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "common/proto/handshake.h"
#include "server/crypto/openssl.h"

#define DEVICE_MODULUS_OFF   29
#define DEVICE_MODULUS_BYTES 128

/* Takes the EVP key over; NULL in, NULL out. */
static struct rk_rsa_key *wrap(EVP_PKEY *pkey) {
    if (pkey && EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    struct rk_rsa_key *key = pkey ? malloc(sizeof *key) : NULL;
    if (key) {
        key->pkey = pkey;
    } else {
        EVP_PKEY_free(pkey);
    }
    return key;
}

struct rk_rsa_key *rk_rsa_public_new(const uint8_t *der, size_t len) {
    const unsigned char *p = der;
    return wrap(d2i_PUBKEY(NULL, &p, (long)len));
}

static OSSL_PARAM *public_params(const uint8_t *modulus, size_t len) {
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus, (int)len, NULL);
    OSSL_PARAM *params = NULL;
    if (bld && n && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_ulong(bld, OSSL_PKEY_PARAM_RSA_E, 65537) == 1) {
        params = OSSL_PARAM_BLD_to_param(bld);
    }
    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    return params;
}

struct rk_rsa_key *rk_rsa_device_public_new(const uint8_t *der, size_t len) {
    if (!rk_device_key_is_valid(der, len)) {
        return NULL;
    }
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = public_params(der + DEVICE_MODULUS_OFF, DEVICE_MODULUS_BYTES);
    EVP_PKEY_CTX *ctx = params ? EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL) : NULL;
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1) {
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return wrap(pkey);
}

/* Never asks for a pass phrase on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx) {
    return -1;
}

struct rk_rsa_key *rk_rsa_private_new(const void *data, size_t len) {
    EVP_PKEY *pkey = NULL;
    if (len >= 5 && !memcmp(data, "-----", 5)) {
        BIO *bio = BIO_new_mem_buf(data, (int)len);
        pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
        BIO_free(bio);
    } else {
        const unsigned char *p = data;
        pkey = d2i_AutoPrivateKey(NULL, &p, (long)len);
    }
    return wrap(pkey);
}

struct rk_rsa_key *rk_rsa_generate(unsigned bits) {
    return wrap(EVP_RSA_gen(bits));
}

void rk_rsa_key_free(struct rk_rsa_key *key) {
    if (key) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

unsigned rk_rsa_key_bits(const struct rk_rsa_key *key) {
    return (unsigned)EVP_PKEY_get_bits(key->pkey);
}

/* Hands over DER that OpenSSL allocated. */
static int take_der(unsigned char *der, int der_len, uint8_t *out, size_t cap) {
    int result = der_len < 0 ? RK_E_CRYPTO : (size_t)der_len > cap ? RK_E_TOO_BIG : der_len;
    if (result > 0) {
        memcpy(out, der, (size_t)der_len);
    }
    OPENSSL_clear_free(der, der_len > 0 ? (size_t)der_len : 0);
    return result;
}

int rk_rsa_public_der(const struct rk_rsa_key *key, uint8_t *out, size_t cap) {
    unsigned char *der = NULL;
    int der_len = i2d_PUBKEY(key->pkey, &der);
    return take_der(der, der_len, out, cap);
}

int rk_rsa_public_parse(const void *data, size_t len, uint8_t *der, size_t cap) {
    struct rk_rsa_key *key = NULL;
    if (len >= 5 && !memcmp(data, "-----", 5)) {
        BIO *bio = BIO_new_mem_buf(data, (int)len);
        key = bio ? wrap(PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL)) : NULL;
        BIO_free(bio);
    } else {
        key = rk_rsa_public_new(data, len);
    }
    int result = key ? rk_rsa_public_der(key, der, cap) : RK_E_KEY;
    rk_rsa_key_free(key);
    return result;
}

static OSSL_ENCODER_CTX *pkcs1_encoder(const struct rk_rsa_key *key, const char *form) {
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(
        key->pkey, OSSL_KEYMGMT_SELECT_ALL_PARAMETERS | OSSL_KEYMGMT_SELECT_KEYPAIR, form,
        "type-specific", NULL);
    return ctx;
}

int rk_rsa_private_der(const struct rk_rsa_key *key, uint8_t *out, size_t cap) {
    unsigned char *der = NULL;
    size_t der_len = 0;
    OSSL_ENCODER_CTX *ctx = pkcs1_encoder(key, "DER");
    int ok = ctx && OSSL_ENCODER_to_data(ctx, &der, &der_len) == 1;
    OSSL_ENCODER_CTX_free(ctx);
    return ok ? take_der(der, (int)der_len, out, cap) : RK_E_CRYPTO;
}

char *rk_rsa_private_pem(const struct rk_rsa_key *key, size_t *len) {
    unsigned char *pem = NULL;
    size_t pem_len = 0;
    OSSL_ENCODER_CTX *ctx = pkcs1_encoder(key, "PEM");
    char *copy = NULL;
    if (ctx && OSSL_ENCODER_to_data(ctx, &pem, &pem_len) == 1) {
        copy = malloc(pem_len + 1);
    }
    if (copy) {
        memcpy(copy, pem, pem_len);
        copy[pem_len] = '\0';
        *len = pem_len;
    }
    OPENSSL_clear_free(pem, pem_len);
    OSSL_ENCODER_CTX_free(ctx);
    return copy;
}

void rk_rsa_pem_free(char *pem, size_t len) {
    if (pem) {
        OPENSSL_cleanse(pem, len);
        free(pem);
    }
}
