/* PKCS#1 v1.5 blocks: see pkcs1.h. */
#include "common/proto/pkcs1.h"

#include "common/base/error.h"

#define HEAD_BYTES   2 /* 00 and the block type */
#define FILLER_MIN   8 /* RFC 8017 7.2.1 */
#define OVERHEAD_MIN (HEAD_BYTES + FILLER_MIN + 1)
#define BLOCK_MAX    512

static int random_filler(const struct rk_crypto *crypto, uint8_t *out, size_t len) {
    int err = crypto->random(crypto->ctx, out, len);
    for (size_t i = 0; !err && i < len; i++) {
        for (int tries = 0; !err && !out[i] && tries < 64; tries++) {
            err = crypto->random(crypto->ctx, &out[i], 1);
        }
        if (!out[i]) {
            err = RK_E_CRYPTO; /* a random source that yields only zeros */
        }
    }
    return err;
}

int rk_pkcs1_pad_encryption(const struct rk_crypto *crypto, const uint8_t *msg, size_t len,
                            uint8_t *block, size_t block_len) {
    if (block_len < OVERHEAD_MIN || len > block_len - OVERHEAD_MIN) {
        return RK_E_RANGE;
    }
    size_t filler_len = block_len - HEAD_BYTES - 1 - len;
    block[0] = 0;
    block[1] = 2;
    int err = random_filler(crypto, block + HEAD_BYTES, filler_len);
    if (err) {
        return err;
    }
    block[HEAD_BYTES + filler_len] = 0;
    for (size_t i = 0; i < len; i++) {
        block[HEAD_BYTES + filler_len + 1 + i] = msg[i];
    }
    return 0;
}

/* All ones when a is 0, else 0, without a branch. */
static uint32_t mask_is_zero(uint32_t a) {
    return (uint32_t)(((uint64_t)a - 1) >> 32);
}

int rk_pkcs1_unpad_encryption(const uint8_t *block, size_t block_len) {
    if (block_len < OVERHEAD_MIN || block_len > BLOCK_MAX) {
        return RK_E_CRYPTO;
    }
    uint32_t good = mask_is_zero(block[0]) & mask_is_zero(block[1] ^ 2u);
    uint32_t looking = ~0u;
    uint32_t zero_idx = 0;
    for (uint32_t i = HEAD_BYTES; i < block_len; i++) {
        uint32_t hit = looking & mask_is_zero(block[i]);
        zero_idx |= hit & i;
        looking &= ~hit;
    }
    /* The separator must be there, and not among the first 8 filler bytes. */
    good &= ~looking;
    good &= mask_is_zero((zero_idx - (HEAD_BYTES + FILLER_MIN)) >> 31);
    uint32_t offset = (zero_idx + 1) & good;
    return good ? (int)offset : RK_E_CRYPTO;
}

int rk_pkcs1_pad_signature(const uint8_t *msg, size_t len, uint8_t *block, size_t block_len) {
    if (block_len < OVERHEAD_MIN || len > block_len - OVERHEAD_MIN) {
        return RK_E_RANGE;
    }
    size_t zero_idx = block_len - len - 1;
    block[0] = 0;
    block[1] = 1;
    for (size_t i = HEAD_BYTES; i < zero_idx; i++) {
        block[i] = 0xFF;
    }
    block[zero_idx] = 0;
    for (size_t i = 0; i < len; i++) {
        block[zero_idx + 1 + i] = msg[i];
    }
    return 0;
}

bool rk_pkcs1_is_signature(const uint8_t *block, size_t block_len, const uint8_t *msg, size_t len) {
    uint8_t wanted[BLOCK_MAX];
    if (block_len > sizeof wanted || rk_pkcs1_pad_signature(msg, len, wanted, block_len)) {
        return false;
    }
    uint8_t diff = 0;
    for (size_t i = 0; i < block_len; i++) {
        diff |= (uint8_t)(block[i] ^ wanted[i]);
    }
    return diff == 0;
}
