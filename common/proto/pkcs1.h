/* PKCS#1 v1.5 blocks (RFC 8017, 7.2 and 9.2) as the handshake uses them: type 2 round a message,
 * type 1 round a bare HMAC without DigestInfo (cloud-protocol.md 1.2). Only the layout; the RSA
 * operation is struct rk_crypto's.
 */
#ifndef RK_COMMON_PROTO_PKCS1_H
#define RK_COMMON_PROTO_PKCS1_H

#include "common/proto/crypto.h"

/* 00 02, random bytes other than 0, 00, msg: block_len bytes in all. RK_E_RANGE when msg is too
 * long for the block (at least 8 filler bytes stay). */
int rk_pkcs1_pad_encryption(const struct rk_crypto *crypto, const uint8_t *msg, size_t len,
                            uint8_t *block, size_t block_len);

/* The message's place inside a type 2 block: its offset, or RK_E_CRYPTO. The time taken does not
 * depend on the bytes. */
int rk_pkcs1_unpad_encryption(const uint8_t *block, size_t block_len);

/* 00 01, FF ..., 00, msg. */
int rk_pkcs1_pad_signature(const uint8_t *msg, size_t len, uint8_t *block, size_t block_len);

/* True when the block is a type 1 block round exactly this message. */
bool rk_pkcs1_is_signature(const uint8_t *block, size_t block_len, const uint8_t *msg, size_t len);

#endif
