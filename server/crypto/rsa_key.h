/* What a key is on OpenSSL. Only for the files of server/crypto. */
#ifndef RK_SERVER_CRYPTO_RSA_KEY_H
#define RK_SERVER_CRYPTO_RSA_KEY_H

#include <openssl/types.h>

struct rk_rsa_key {
    EVP_PKEY *pkey;
};

#endif
