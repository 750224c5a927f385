/* See wifi.h. Limits: core-hardware.md 7.2, cc3000.md 3. */
#include "emu/shell/wifi.h"

#include "emu/part/cc3000.h"
#include "emu/port/net_config.h"

#include <stdio.h>
#include <string.h>

/* What a board has that was kept up to date in 2014: joins WPA, does not stall (cc3000.md 4.2). */
#define SERVICE_PACK 28

static const char *const security_names[] = {"open", "wep", "wpa", "wpa2"};

/* Copies up to an unescaped colon or the end; *text moves behind the colon. False: too long. */
static bool take_part(const char **text, char *part, size_t cap) {
    size_t len = 0;
    const char *p = *text;
    while (*p && *p != ':') {
        if (*p == '\\' && p[1] == ':') {
            p++;
        }
        if (len + 1 >= cap) {
            return false;
        }
        part[len++] = *p++;
    }
    part[len] = 0;
    *text = *p ? p + 1 : NULL;
    return true;
}

static int check_pass(const struct rk_wifi *wifi) {
    size_t len = strlen(wifi->pass);
    switch (wifi->security) {
    case 0: return len == 0 ? 0 : RK_E_BAD_FORMAT;
    case 1:
        return (len == 10 || len == 26) && strspn(wifi->pass, "0123456789abcdefABCDEF") == len
                   ? 0
                   : RK_E_RANGE;
    default: return len >= 8 && len <= 63 ? 0 : RK_E_RANGE;
    }
}

int rk_wifi_parse(const char *text, struct rk_wifi *wifi) {
    char security[8];
    *wifi = (struct rk_wifi){0};
    if (!take_part(&text, wifi->ssid, sizeof wifi->ssid) || !wifi->ssid[0]) {
        return RK_E_RANGE;
    }
    if (!text) {
        return 0;
    }
    if (!take_part(&text, security, sizeof security)) {
        return RK_E_BAD_FORMAT;
    }
    while (wifi->security < RK_COUNT(security_names) &&
           strcmp(security_names[wifi->security], security) != 0) {
        wifi->security++;
    }
    if (wifi->security == RK_COUNT(security_names)) {
        return RK_E_BAD_FORMAT;
    }
    if (text) {
        size_t len = strlen(text);
        if (len >= sizeof wifi->pass) {
            return RK_E_RANGE;
        }
        memcpy(wifi->pass, text, len + 1);
    }
    return check_pass(wifi);
}

static int write_network(struct rk_folder *f, const struct rk_wifi *wifi) {
    static const enum rk_net_security securities[] = {RK_NET_OPEN, RK_NET_WEP, RK_NET_WPA,
                                                      RK_NET_WPA2};
    char path[RK_PATH_MAX];
    struct rk_net_config config;
    rk_net_config_default(&config);
    int rc = rk_path_in(f->path, "network.json", path);
    if (rc == 0 && wifi) {
        rc = rk_net_config_add_ap(&config, wifi->ssid, securities[wifi->security], wifi->pass);
    }
    return rc ? rc : rk_net_config_save(path, &config);
}

/* A WEP key is bytes in the radio and hexadecimal digits for people. */
static size_t key_bytes(const struct rk_wifi *wifi, uint8_t key[64]) {
    size_t len = strlen(wifi->pass);
    if (wifi->security != 1) {
        memcpy(key, wifi->pass, len);
        return len;
    }
    for (size_t i = 0; i < len / 2; i++) {
        unsigned value = 0;
        sscanf(wifi->pass + 2 * i, "%2x", &value);
        key[i] = (uint8_t)value;
    }
    return len / 2;
}

int rk_wifi_store(struct rk_folder *f, const struct rk_wifi *wifi) {
    uint8_t *nv = f->nv[RK_CORE_NV_RADIO];
    rk_cc3000_nv_format(nv, f->mac, SERVICE_PACK);
    if (wifi) {
        struct rk_cc3000_profile profile = {.security = (uint8_t)wifi->security, .priority = 1};
        profile.ssid_len = (uint8_t)strlen(wifi->ssid);
        memcpy(profile.ssid, wifi->ssid, profile.ssid_len);
        profile.key_len = (uint8_t)key_bytes(wifi, profile.key);
        int rc = rk_cc3000_nv_store(nv, &profile);
        if (rc) {
            return rc;
        }
    }
    return write_network(f, wifi);
}
