/* struct rk_crypto on OpenSSL 3 (EVP), and RSA keys for it. One cipher context for each direction
 * is shared by all devices and re-keyed for every frame: a context of its own would cost each
 * device 656 bytes. So the AES functions of one instance belong to one thread; the RSA functions
 * and HMAC may be used by any.
 */
#ifndef RK_SERVER_CRYPTO_OPENSSL_H
#define RK_SERVER_CRYPTO_OPENSSL_H

#include "common/proto/crypto.h"

struct rk_openssl;

/* NULL when OpenSSL cannot provide the ciphers. */
struct rk_openssl *rk_openssl_new(void);
void rk_openssl_free(struct rk_openssl *o);
const struct rk_crypto *rk_openssl_crypto(const struct rk_openssl *o);

/* SubjectPublicKeyInfo DER of any RSA key. NULL when it is not one. */
struct rk_rsa_key *rk_rsa_public_new(const uint8_t *der, size_t len);

/* A device's 162-byte public key, whose form is known: several times as fast. */
struct rk_rsa_key *rk_rsa_device_public_new(const uint8_t *der, size_t len);

/* Private key: DER or PEM, PKCS#1 or PKCS#8. */
struct rk_rsa_key *rk_rsa_private_new(const void *data, size_t len);

/* A fresh key pair with e = 65537. */
struct rk_rsa_key *rk_rsa_generate(unsigned bits);

void rk_rsa_key_free(struct rk_rsa_key *key);

unsigned rk_rsa_key_bits(const struct rk_rsa_key *key);

/* DER of the public half into out: its length, or RK_E_TOO_BIG. */
int rk_rsa_public_der(const struct rk_rsa_key *key, uint8_t *out, size_t cap);

/* Public key from PEM or DER text, as provisioning sends it, into DER. */
int rk_rsa_public_parse(const void *data, size_t len, uint8_t *der, size_t cap);

/* PKCS#1 DER of the private key: its length, or RK_E_TOO_BIG. */
int rk_rsa_private_der(const struct rk_rsa_key *key, uint8_t *out, size_t cap);

/* PEM of the private key, as a malloc'ed string. NULL without memory. */
char *rk_rsa_private_pem(const struct rk_rsa_key *key, size_t *len);
/* Overwrites and frees such a string. */
void rk_rsa_pem_free(char *pem, size_t len);

#endif
