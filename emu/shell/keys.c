/* See keys.h. */
#include "emu/shell/keys.h"

#include "emu/shell/files.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FILE_MAX 16384

/* Every integer goes to its full width, for the firmware's reader (cloud-protocol.md 1.3). */
static int pad_private(EVP_PKEY *key, uint8_t der[RK_DEVICE_PRIVATE_BYTES]) {
    unsigned char *pkcs1 = NULL;
    int len = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? i2d_PrivateKey(key, &pkcs1) : -1;
    int rc = RK_E_KEY;
    if (len > 0 && rk_device_private_pad(pkcs1, (size_t)len, der) == 0) {
        rc = 0;
    }
    if (len > 0) {
        OPENSSL_clear_free(pkcs1, (size_t)len);
    }
    return rc;
}

int rk_device_key_make(uint8_t der[RK_DEVICE_PRIVATE_BYTES]) {
    EVP_PKEY *key = EVP_RSA_gen(1024u);
    int rc = key ? pad_private(key, der) : RK_E_CRYPTO;
    EVP_PKEY_free(key);
    return rc;
}

static EVP_PKEY *read_private(const uint8_t *data, size_t len) {
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (!key) {
        const unsigned char *p = data;
        key = d2i_AutoPrivateKey(NULL, &p, (long)len);
    }
    return key;
}

static EVP_PKEY *read_public(const uint8_t *data, size_t len) {
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (!key) {
        const unsigned char *p = data;
        key = d2i_PUBKEY(NULL, &p, (long)len);
    }
    return key;
}

int rk_device_key_load(const char *path, uint8_t der[RK_DEVICE_PRIVATE_BYTES]) {
    uint8_t *file = NULL;
    size_t len = 0;
    int rc = rk_read_file(path, KEY_FILE_MAX, &file, &len);
    if (rc) {
        return rc;
    }
    EVP_PKEY *key = read_private(file, len);
    rc = key ? pad_private(key, der) : RK_E_KEY;
    EVP_PKEY_free(key);
    OPENSSL_cleanse(file, len);
    free(file);
    return rc;
}

static int to_pem(EVP_PKEY *key, char **pem) {
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    int rc = RK_E_CRYPTO;
    if (bio && PEM_write_bio_PUBKEY(bio, key) == 1) {
        long len = BIO_get_mem_data(bio, &text);
        *pem = strndup(text, (size_t)len);
        rc = *pem ? 0 : RK_E_NO_MEMORY;
    }
    BIO_free(bio);
    return rc;
}

int rk_device_key_public(const uint8_t der[RK_DEVICE_PRIVATE_BYTES], char **pem) {
    EVP_PKEY *key = read_private(der, RK_DEVICE_PRIVATE_BYTES);
    int rc = key ? to_pem(key, pem) : RK_E_KEY;
    EVP_PKEY_free(key);
    return rc;
}

static int encode_server_key(EVP_PKEY *key, uint8_t der[RK_SERVER_KEY_BYTES]) {
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    int rc = RK_E_KEY;
    if (len == RK_SERVER_KEY_BYTES && rk_server_key_is_valid(spki, (size_t)len)) {
        memcpy(der, spki, RK_SERVER_KEY_BYTES);
        rc = 0;
    }
    OPENSSL_free(spki);
    return rc;
}

int rk_server_key_load(const char *path, uint8_t der[RK_SERVER_KEY_BYTES],
                       struct rk_server_address *address, bool *has_address) {
    uint8_t *file = NULL;
    size_t len = 0;
    int rc = rk_read_file(path, KEY_FILE_MAX, &file, &len);
    if (rc) {
        return rc;
    }
    EVP_PKEY *key = read_public(file, len);
    if (!key) {
        key = read_private(file, len);
    }
    rc = key ? encode_server_key(key, der) : RK_E_KEY;
    EVP_PKEY_free(key);
    *has_address = rc == 0 && len >= RK_SERVER_RECORD_BYTES && file[0] == 0x30 &&
                   rk_server_address_decode(file + RK_SERVER_KEY_REGION, RK_ADDRESS_RECORD_BYTES,
                                            address) == 0;
    OPENSSL_cleanse(file, len);
    free(file);
    return rc;
}

int rk_random_bytes(uint8_t *out, size_t len) {
    return RAND_bytes(out, (int)len) == 1 ? 0 : RK_E_CRYPTO;
}
