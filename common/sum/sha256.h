/* SHA-256 (FIPS 180-4). The house rule is that hashes come from libraries; this one is here because
 * common/image recognises firmware images and checks the hash in their suffix, and common/ is
 * freestanding: the tool starts without loading libcrypto, and the bootloader has none. Not for
 * secrets: no claim about side channels.
 */
#ifndef RK_COMMON_SUM_SHA256_H
#define RK_COMMON_SUM_SHA256_H

#include "common/base/attr.h"

#define RK_SHA256_LEN 32

struct rk_sha256 {
    uint32_t h[8];
    uint64_t total_bytes;
    uint8_t block[64]; /* the bytes of total_bytes % 64 that wait for a full block */
};

void rk_sha256_init(struct rk_sha256 *s);
void rk_sha256_update(struct rk_sha256 *s, const void *data, size_t len);
/* Writes the digest; s must be initialised again before further use. */
void rk_sha256_final(struct rk_sha256 *s, uint8_t digest[RK_SHA256_LEN]);

/* The digest of one block. */
void rk_sha256(const void *data, size_t len, uint8_t digest[RK_SHA256_LEN]);

#endif
