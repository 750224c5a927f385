/* SmartConfig (cc3000.md 5): credentials that a phone sent over the air. The radio either stores
 * them itself, or leaves them in file 13 for the host, encrypted with the key in file 12. The air
 * protocol itself (packet lengths) is not modelled: rk_cc3000_smartconfig() is "it was received".
 * Also the mDNS advert by which the phone learns that it worked.
 */
#include "emu/part/cc3000_int.h"

#include <string.h>

#define SHARED_SIZE 67u

/* --- AES-128, one block (FIPS 197), computed without tables: it runs once per credentials ----- */

static uint8_t mul2(uint8_t x) {
    return (uint8_t)(x << 1 ^ ((x >> 7) * 0x1B));
}

static uint8_t mul(uint8_t a, uint8_t b) {
    uint8_t p = 0;
    for (; b; b >>= 1, a = mul2(a)) {
        p ^= (uint8_t)((b & 1) * a);
    }
    return p;
}

/* FIPS 197 5.1.1: inverse in GF(2^8), x^254, then the affine map. */
static uint8_t sub(uint8_t x) {
    uint8_t inv = 1, square = x;
    for (int bit = 1; bit < 8; bit++) {
        square = mul(square, square);
        inv = mul(inv, square);
    }
    uint8_t out = 0x63;
    for (int r = 0; r < 5; r++) {
        out ^= (uint8_t)(inv << r | inv >> (8 - r));
    }
    return x ? out : 0x63;
}

static void next_key(uint8_t key[16], uint8_t rcon) {
    for (int i = 0; i < 4; i++) {
        key[i] ^= (uint8_t)(sub(key[12 + (i + 1) % 4]) ^ (i == 0 ? rcon : 0));
    }
    for (int i = 4; i < 16; i++) {
        key[i] ^= key[i - 4];
    }
}

static void add_key(uint8_t s[16], const uint8_t key[16]) {
    for (int i = 0; i < 16; i++) {
        s[i] ^= key[i];
    }
}

static void sub_and_shift(uint8_t s[16]) {
    uint8_t t[16];
    for (int i = 0; i < 16; i++) {
        t[i] = sub(s[(i + 4 * (i % 4)) % 16]);
    }
    memcpy(s, t, 16);
}

static void mix_columns(uint8_t s[16]) {
    for (int c = 0; c < 16; c += 4) {
        const uint8_t a[4] = {s[c], s[c + 1], s[c + 2], s[c + 3]};
        for (int i = 0; i < 4; i++) {
            s[c + i] = (uint8_t)(mul2(a[i]) ^ mul2(a[(i + 1) % 4]) ^ a[(i + 1) % 4] ^
                                 a[(i + 2) % 4] ^ a[(i + 3) % 4]);
        }
    }
}

void rk_cc3000_aes128(const uint8_t key[16], uint8_t block[16]) {
    uint8_t k[16];
    uint8_t rcon = 1;
    memcpy(k, key, 16);
    add_key(block, k);
    for (int round = 1; round <= 10; round++, rcon = mul2(rcon)) {
        sub_and_shift(block);
        if (round < 10) {
            mix_columns(block);
        }
        next_key(k, rcon);
        add_key(block, k);
    }
}

/* --- the result ------------------------------------------------------------------------------- */

/* Layout and padding of cc3000.md 5. */
static void build_shared(uint8_t out[SHARED_SIZE], const struct rk_cc3000_profile *p,
                         const uint8_t key[16]) {
    uint8_t plain[32] = {0};
    memset(out, 0, SHARED_SIZE);
    if (p->key_len >= 32) {
        memcpy(plain, p->key, 32);
    } else {
        plain[0] = p->key_len;
        memcpy(plain + 1, p->key, p->key_len);
    }
    rk_cc3000_aes128(key, plain);
    rk_cc3000_aes128(key, plain + 16);
    const unsigned n = p->ssid_len;
    out[0] = p->ssid_len;
    memcpy(out + 1, p->ssid, n);
    out[n + 1] = 32;
    out[n + 2] = p->security;
    memcpy(out + n + 3, plain, RK_MIN(sizeof plain, SHARED_SIZE - 3 - n));
}

static bool leave_for_host(struct rk_dev *dev, const struct rk_cc3000_profile *p) {
    const uint8_t *key = rk_cc3000_file(dev->nv, CC_FILE_AES_KEY, 0, 16);
    uint8_t shared[SHARED_SIZE];
    if (!key) {
        return false;
    }
    build_shared(shared, p, key);
    if (!rk_cc3000_file(dev->nv, CC_FILE_SHARED, 0, SHARED_SIZE)) {
        rk_cc3000_file_create(dev, CC_FILE_SHARED, SHARED_SIZE);
    }
    return rk_cc3000_file_write(dev, CC_FILE_SHARED, 0, shared, sizeof shared);
}

int rk_cc3000_smartconfig(struct rk_dev *dev, const struct rk_cc3000_profile *profile) {
    struct rk_cc3000 *r = cc_of(dev);
    if (profile->ssid_len == 0 || profile->ssid_len > 32 || profile->key_len > 32 ||
        profile->security > 3) {
        return RK_E_RANGE;
    }
    if (!r->started || !r->wlan.smartconfig || r->link.phase != CC_RUN) {
        return RK_E_WRONG_MODE;
    }
    const bool ok = r->wlan.smartconfig_aes ? leave_for_host(dev, profile)
                                            : rk_cc3000_profile_add(dev->nv, profile) >= 0;
    if (!ok) {
        return RK_E_LIMIT;
    }
    r->wlan.smartconfig = 0;
    rk_cc3000_unsolicited(dev, 0x8080, 0, NULL, 0);
    return 0;
}

/* --- mDNS ------------------------------------------------------------------------------------- */

/* An unasked answer (RFC 6762): one A record, NAME.local. */
void rk_cc3000_mdns_announce(struct rk_dev *dev, const uint8_t *name, size_t len) {
    struct rk_net *net = rk_cc3000_net(dev);
    uint8_t bytes[96];
    struct rk_writer w = rk_writer_init(bytes, sizeof bytes);
    static const uint8_t header[12] = {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    rk_write_bytes(&w, header, sizeof header);
    rk_write_u8(&w, (uint8_t)len);
    rk_write_bytes(&w, name, len);
    rk_write_bytes(&w, "\5local", 7);
    rk_write_u16be(&w, 1);       /* A */
    rk_write_u16be(&w, 0x8001u); /* IN, cache flush */
    rk_write_u32be(&w, 120);
    rk_write_u16be(&w, 4);
    rk_write_u32be(&w, cc_of(dev)->wlan.ip.ip);
    const int handle = net && !w.overrun ? net->ops->open(net, false) : RK_E_NETWORK;
    if (handle >= 0) {
        (void)net->ops->send(net, handle, bytes, w.len, (struct rk_net_addr){0xE00000FBu, 5353});
        net->ops->close(net, handle);
    }
}
