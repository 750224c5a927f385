/* The server's key pair on disk: DIR/server.key.pem, made at the first start, readable by its owner
 * only. */
#ifndef RK_SERVER_LOOP_KEYS_H
#define RK_SERVER_LOOP_KEYS_H

#include <stdbool.h>

#include "common/proto/record.h"
#include "server/crypto/openssl.h"

#define RK_SERVER_KEY_FILE "server.key.pem"

/* *made: it was not there and was made. RK_E_KEY: not a 2048-bit key with e = 65537; RK_E_ACCESS:
 * others can read it; RK_E_IO. */
int rk_keys_load(const char *dir, bool may_make, struct rk_rsa_key **key, bool *made);

/* The 512 bytes that a board keeps. */
int rk_keys_record(const struct rk_rsa_key *key, const char *host, uint16_t port,
                   uint8_t record[RK_SERVER_RECORD_BYTES]);

#endif
