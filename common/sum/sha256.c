/* SHA-256 as FIPS 180-4 sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2.2 describe it. */
#include "common/sum/sha256.h"

#include "common/base/bytes.h"

static const uint32_t round_k[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

static uint32_t rotr(uint32_t x, unsigned n) {
    return x >> n | x << (32 - n);
}

static void expand(uint32_t w[64], const uint8_t block[64]) {
    for (unsigned i = 0; i < 16; i++) {
        w[i] = rk_get_u32be(block + 4 * i);
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void compress(uint32_t h[8], const uint8_t block[64]) {
    uint32_t w[64];
    uint32_t v[8]; /* a..h of the standard */
    expand(w, block);
    for (unsigned i = 0; i < 8; i++) {
        v[i] = h[i];
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
        uint32_t choose = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choose + round_k[i] + w[i];
        uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        for (unsigned j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (unsigned i = 0; i < 8; i++) {
        h[i] += v[i];
    }
}

void rk_sha256_init(struct rk_sha256 *s) {
    *s = (struct rk_sha256){.h = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F,
                                  0x9B05688C, 0x1F83D9AB, 0x5BE0CD19}};
}

void rk_sha256_update(struct rk_sha256 *s, const void *data, size_t len) {
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        s->block[s->total_bytes++ % 64] = p[i];
        if (s->total_bytes % 64 == 0) {
            compress(s->h, s->block);
        }
    }
}

void rk_sha256_final(struct rk_sha256 *s, uint8_t digest[RK_SHA256_LEN]) {
    static const uint8_t pad[64] = {0x80};
    uint64_t bits = s->total_bytes * 8;
    size_t used = s->total_bytes % 64;
    rk_sha256_update(s, pad, used < 56 ? 56 - used : 120 - used);
    uint8_t length[8];
    rk_put_u32be(length, (uint32_t)(bits >> 32));
    rk_put_u32be(length + 4, (uint32_t)bits);
    rk_sha256_update(s, length, sizeof(length));
    for (unsigned i = 0; i < 8; i++) {
        rk_put_u32be(digest + 4 * i, s->h[i]);
    }
}

void rk_sha256(const void *data, size_t len, uint8_t digest[RK_SHA256_LEN]) {
    struct rk_sha256 s;
    rk_sha256_init(&s);
    rk_sha256_update(&s, data, len);
    rk_sha256_final(&s, digest);
}
