/* The CC3000's EEPROM (cc3000.md 4.1): the file table at 0 and the files at the addresses of the
 * real part, so that raw reads and writes of the table (pseudo-file 16) mean what they mean there.
 *
 * What is inside the chip's own files is ours; all integers little-endian:
 *   file 0 (NVS)          0 "RN" · 2 version 1 · 3 policy open, fast, profiles · 8 LE32 channels
 *   file 2 (WLAN config)  7 profiles of 128 bytes: 0 0xA5 · 1 security · 2 ssid length · 3 key
 *                         length · 4 priority · 8 bssid[6] · 16 ssid[32] · 48 key[64]
 *   file 4 (driver patch) the patch's bytes as written; 0207 finds its version in them (4.2)
 *   file 6 (MAC)          6 bytes
 *   file 8 (IP config)    ip, mask, gateway, dhcp server, dns, LE32 each of the host-order address
 * Files 12-15 belong to the host and are placed behind 0x6A30 on creation.
 * Bytes of the EEPROM are outside bytes: every length and address is checked at use.
 */
#include <string.h>

#include "emu/part/cc3000_int.h"

#define FAT_SIZE   0x50u
#define FAT_ENTRY  4u
#define USER_START 0x6A30u
#define ENTRY_USED 0x03u /* allocated, valid */
#define ENTRY_FLAG 0x0Fu

#define PROFILE_SIZE 128u
#define PROFILE_MARK 0xA5u

#define CHANNELS_DEFAULT 0x7FFu /* 1-11: particle community thread 3762 */

static const struct {
    uint16_t addr, len;
} system_files[12] = {
    {0x0050, 0x1A0},  {0x01F0, 0x1A0},  {0x0390, 0x1000}, {0x1390, 0x1000},
    {0x2390, 0x2000}, {0x4390, 0x2000}, {0x6390, 0x10},   {0x63A0, 0x10},
    {0x63B0, 0x40},   {0x63F0, 0x40},   {0x6430, 0x400},  {0x6830, 0x200},
};

static void entry_set(uint8_t *nv, unsigned id, uint16_t addr, uint16_t len) {
    uint8_t *e = nv + 4 + id * FAT_ENTRY;
    rk_put_u16le(e, (uint16_t)(addr | ENTRY_USED));
    rk_put_u16le(e + 2, len);
}

static bool entry_get(const uint8_t *nv, unsigned id, uint32_t *addr, uint32_t *len) {
    if (id >= CC_FILE_COUNT || nv[0] != 'L' || nv[1] != 'S') {
        return false;
    }
    const uint8_t *e = nv + 4 + id * FAT_ENTRY;
    *addr = rk_get_u16le(e) & ~ENTRY_FLAG;
    *len = rk_get_u16le(e + 2);
    return (e[0] & 1) && *addr >= FAT_SIZE && *addr + *len <= RK_CC3000_NV_SIZE;
}

uint8_t *rk_cc3000_file(uint8_t *nv, unsigned id, uint32_t off, uint32_t len) {
    uint32_t addr = 0, file_len = FAT_SIZE;
    if (!nv || (id != CC_FILE_FAT && !entry_get(nv, id, &addr, &file_len))) {
        return NULL;
    }
    if (off > file_len || len > file_len - off) {
        return NULL;
    }
    return nv + addr + off;
}

/* A cut in the middle leaves the first half written: the EEPROM stores byte by byte. */
static bool nv_write(struct rk_dev *dev, uint8_t *to, const uint8_t *data, size_t len) {
    const enum rk_cut cut =
        rk_flash_op(dev, RK_FLASH_PROGRAM, (uint32_t)(to - dev->nv), (uint32_t)len);
    if (cut == RK_CUT_BEFORE) {
        return false;
    }
    memcpy(to, data, cut == RK_CUT_TORN ? len / 2 : len);
    return cut != RK_CUT_TORN;
}

bool rk_cc3000_file_write(struct rk_dev *dev, unsigned id, uint32_t off, const uint8_t *data,
                          size_t len) {
    uint8_t *to = rk_cc3000_file(dev->nv, id, off, (uint32_t)len);
    return to && (len == 0 || nv_write(dev, to, data, len));
}

/* First gap behind the system files that no other user file touches. */
static uint32_t find_room(const uint8_t *nv, unsigned id, uint32_t len) {
    for (uint32_t at = USER_START; at + len <= RK_CC3000_NV_SIZE; at += 16) {
        bool taken = false;
        for (unsigned other = 12; other < CC_FILE_COUNT && !taken; other++) {
            uint32_t addr, other_len;
            taken = other != id && entry_get(nv, other, &addr, &other_len) &&
                    at < addr + other_len && addr < at + len;
        }
        if (!taken) {
            return at;
        }
    }
    return 0;
}

bool rk_cc3000_file_create(struct rk_dev *dev, unsigned id, uint32_t len) {
    uint8_t *nv = dev->nv;
    if (!nv || id < CC_FILE_AES_KEY || id >= CC_FILE_COUNT || nv[0] != 'L' || len > 0xFFFFu) {
        return false;
    }
    uint8_t entry[FAT_ENTRY] = {0};
    uint32_t addr, old_len;
    if (len) {
        const bool same = entry_get(nv, id, &addr, &old_len) && old_len == len;
        addr = same ? addr : find_room(nv, id, len);
        if (!addr) {
            return false;
        }
        rk_put_u16le(entry, (uint16_t)(addr | ENTRY_USED));
        rk_put_u16le(entry + 2, (uint16_t)len);
    }
    return nv_write(dev, nv + 4 + id * FAT_ENTRY, entry, sizeof entry);
}

/* --- formatting and service packs ------------------------------------------------------------- */

/* cc3000.md 4.2: a blob starts 00 01 00 00, LE32 size - 8; the driver's version bytes follow
 * 96 00 00 00. The offset is that of service pack 1.29; the rest of the patch means nothing here.
 */
static const uint8_t patch_head[4] = {0x00, 0x01, 0x00, 0x00};
static const uint8_t version_head[7] = {0x96, 0x00, 0x00, 0x00, 0x00, 0x06, 0x01};
#define FACTORY_DRIVER_SIZE   8168u /* 1.24 */
#define FACTORY_FIRMWARE_SIZE 4616u
#define FACTORY_VERSION_OFF   6976u

void rk_cc3000_nv_format(uint8_t *nv, const uint8_t mac[6], uint8_t build) {
    memset(nv, 0xFF, RK_CC3000_NV_SIZE);
    memset(nv, 0, FAT_SIZE);
    nv[0] = 'L';
    nv[1] = 'S';
    for (unsigned id = 0; id < RK_COUNT(system_files); id++) {
        entry_set(nv, id, system_files[id].addr, system_files[id].len);
        memset(nv + system_files[id].addr, 0, system_files[id].len);
    }
    uint8_t *driver = nv + system_files[CC_FILE_DRIVER].addr;
    memcpy(driver, patch_head, sizeof patch_head);
    rk_put_u32le(driver + 4, FACTORY_DRIVER_SIZE - 8);
    memcpy(driver + FACTORY_VERSION_OFF, version_head, sizeof version_head);
    driver[FACTORY_VERSION_OFF + sizeof version_head] = build;
    uint8_t *firmware = nv + system_files[CC_FILE_FIRMWARE].addr;
    memcpy(firmware, patch_head, sizeof patch_head);
    rk_put_u32le(firmware + 4, FACTORY_FIRMWARE_SIZE - 8);
    memcpy(nv + system_files[CC_FILE_MAC].addr, mac, 6);
}

bool rk_cc3000_nv_prepare(uint8_t *nv) {
    /* Texas Instruments' prefix; boards get one of their own through rk_cc3000_nv_format(). */
    static const uint8_t mac[6] = {0x08, 0x00, 0x28, 0x00, 0x00, 0x01};
    for (size_t i = 0; i < RK_CC3000_NV_SIZE; i++) {
        if (nv[i] != 0xFF) {
            return false;
        }
    }
    rk_cc3000_nv_format(nv, mac, RK_CC3000_SP_FACTORY);
    return true;
}

void rk_cc3000_nv_patch(uint8_t *nv, uint8_t patch[2]) {
    patch[0] = patch[1] = 0;
    const uint32_t len = system_files[CC_FILE_DRIVER].len;
    const uint8_t *file = rk_cc3000_file(nv, CC_FILE_DRIVER, 0, len);
    if (!file || memcmp(file, patch_head, sizeof patch_head) != 0) {
        return;
    }
    for (uint32_t i = 0; i + sizeof version_head < len; i++) {
        if (memcmp(file + i, version_head, sizeof version_head) == 0) {
            patch[0] = 1;
            patch[1] = file[i + sizeof version_head];
            return;
        }
    }
}

bool rk_cc3000_nv_has_patches(uint8_t *nv) {
    const uint8_t *file = rk_cc3000_file(nv, CC_FILE_DRIVER, 0, sizeof patch_head);
    return file && memcmp(file, patch_head, sizeof patch_head) == 0;
}

/* --- profiles --------------------------------------------------------------------------------- */

static uint8_t *profile_at(uint8_t *nv, unsigned idx) {
    return idx < CC_PROFILES
               ? rk_cc3000_file(nv, CC_FILE_WLAN_CONFIG, idx * PROFILE_SIZE, PROFILE_SIZE)
               : NULL;
}

bool rk_cc3000_profile_get(uint8_t *nv, unsigned idx, struct rk_cc3000_profile *profile) {
    const uint8_t *p = profile_at(nv, idx);
    if (!p || p[0] != PROFILE_MARK || p[2] > sizeof profile->ssid || p[3] > sizeof profile->key) {
        return false;
    }
    *profile = (struct rk_cc3000_profile){
        .security = p[1], .ssid_len = p[2], .key_len = p[3], .priority = p[4]};
    memcpy(profile->bssid, p + 8, sizeof profile->bssid);
    memcpy(profile->ssid, p + 16, sizeof profile->ssid);
    memcpy(profile->key, p + 48, sizeof profile->key);
    return true;
}

static bool same_ssid(const struct rk_cc3000_profile *a, const struct rk_cc3000_profile *b) {
    return a->ssid_len == b->ssid_len && memcmp(a->ssid, b->ssid, a->ssid_len) == 0;
}

/* A network that is stored already is replaced: the chip holds one profile per name. */
static int profile_slot(uint8_t *nv, const struct rk_cc3000_profile *profile) {
    int free_slot = RK_E_LIMIT;
    for (unsigned i = 0; i < CC_PROFILES; i++) {
        struct rk_cc3000_profile old;
        if (!rk_cc3000_profile_get(nv, i, &old)) {
            if (free_slot < 0 && profile_at(nv, i)) {
                free_slot = (int)i;
            }
        } else if (same_ssid(&old, profile)) {
            return (int)i;
        }
    }
    return free_slot;
}

int rk_cc3000_profile_add(uint8_t *nv, const struct rk_cc3000_profile *profile) {
    if (profile->ssid_len == 0 || profile->ssid_len > sizeof profile->ssid ||
        profile->key_len > sizeof profile->key || profile->security > 3) {
        return RK_E_RANGE;
    }
    const int slot = profile_slot(nv, profile);
    uint8_t *p = slot < 0 ? NULL : profile_at(nv, (unsigned)slot);
    if (!p) {
        return RK_E_LIMIT;
    }
    memset(p, 0, PROFILE_SIZE);
    p[0] = PROFILE_MARK;
    p[1] = profile->security;
    p[2] = profile->ssid_len;
    p[3] = profile->key_len;
    p[4] = profile->priority;
    memcpy(p + 8, profile->bssid, sizeof profile->bssid);
    memcpy(p + 16, profile->ssid, profile->ssid_len);
    memcpy(p + 48, profile->key, profile->key_len);
    return slot;
}

void rk_cc3000_profile_remove(uint8_t *nv, unsigned idx) {
    uint8_t *p = profile_at(nv, idx);
    if (p) {
        memset(p, 0, PROFILE_SIZE);
    }
}

/* cc3000.md 7: the firmware decides by file 14's first byte only, the chip by its profiles. */
int rk_cc3000_nv_store(uint8_t *nv, const struct rk_cc3000_profile *profile) {
    rk_cc3000_nv_prepare(nv);
    const int slot = rk_cc3000_profile_add(nv, profile);
    if (slot < 0) {
        return slot;
    }
    uint8_t *file = rk_cc3000_file(nv, CC_FILE_SPARK, 0, 16);
    if (!file) {
        const uint32_t addr = find_room(nv, CC_FILE_SPARK, 16);
        if (!addr) {
            return RK_E_LIMIT;
        }
        entry_set(nv, CC_FILE_SPARK, (uint16_t)addr, 16);
        file = nv + addr;
        memset(file, 0, 16);
    }
    file[0] = (uint8_t)(slot + 1);
    return 0;
}

/* --- policy and address ----------------------------------------------------------------------- */

void rk_cc3000_policy_get(uint8_t *nv, struct cc_policy *policy) {
    const uint8_t *p = rk_cc3000_file(nv, CC_FILE_NVS, 0, 12);
    /* The chip's default connects by profile, as one fresh from its maker does. */
    *policy = (struct cc_policy){.profiles = 1, .channels = CHANNELS_DEFAULT};
    if (p && p[0] == 'R' && p[1] == 'N' && p[2] == 1) {
        *policy = (struct cc_policy){p[3], p[4], p[5], rk_get_u32le(p + 8)};
    }
}

void rk_cc3000_policy_set(uint8_t *nv, const struct cc_policy *policy) {
    uint8_t *p = rk_cc3000_file(nv, CC_FILE_NVS, 0, 12);
    if (p) {
        memcpy(p, "RN\1", 3);
        p[3] = policy->open_ap;
        p[4] = policy->fast;
        p[5] = policy->profiles;
        rk_put_u32le(p + 8, policy->channels);
    }
}

void rk_cc3000_static_get(uint8_t *nv, struct cc_ip_config *ip) {
    const uint8_t *p = rk_cc3000_file(nv, CC_FILE_IP, 0, 20);
    *ip = (struct cc_ip_config){0};
    if (p) {
        *ip = (struct cc_ip_config){rk_get_u32le(p), rk_get_u32le(p + 4), rk_get_u32le(p + 8),
                                    rk_get_u32le(p + 12), rk_get_u32le(p + 16)};
    }
}

void rk_cc3000_static_set(uint8_t *nv, const struct cc_ip_config *ip) {
    uint8_t *p = rk_cc3000_file(nv, CC_FILE_IP, 0, 20);
    if (p) {
        rk_put_u32le(p, ip->ip);
        rk_put_u32le(p + 4, ip->mask);
        rk_put_u32le(p + 8, ip->gateway);
        rk_put_u32le(p + 12, ip->dhcp);
        rk_put_u32le(p + 16, ip->dns);
    }
}
