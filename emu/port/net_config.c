/* See net_config.h. */
#include "emu/port/net_config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/error.h"

#define FILE_MAX 65536u

/* Where the reader stands, for messages. */
struct reading {
    struct rk_net_config *config;
    char *why;
    size_t why_cap;
};

static int fail(struct reading *r, int error, const char *fmt, ...) RK_PRINTF(3, 4);
static int fail(struct reading *r, int error, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    if (r->why_cap) {
        vsnprintf(r->why, r->why_cap, fmt, args);
    }
    va_end(args);
    return error;
}

/* Names and the address that the original firmware knows: cloud-protocol.md 1, deep_update's
 * built-in one (cc3000.md 4.5). */
static const char *const cloud_names[] = {"device.spark.io", "device.particle.io",
                                          "staging-device.spark.io"};
#define CLOUD_FALLBACK_IP 0x36D0E504u /* 54.208.229.4 */
#define LOOPBACK          0x7F000001u

void rk_net_config_default(struct rk_net_config *config) {
    memset(config, 0, sizeof *config);
    for (unsigned i = 0; i < RK_COUNT(cloud_names); i++) {
        struct rk_net_name *n = &config->names[config->name_count++];
        snprintf(n->name, sizeof n->name, "%s", cloud_names[i]);
        n->ip = LOOPBACK;
    }
    config->routes[config->route_count++] =
        (struct rk_net_route){{CLOUD_FALLBACK_IP, 0}, {LOOPBACK, 0}};
    config->latency_us = 5000;
    config->seed = 1;
}

static void default_ap(struct rk_net_ap *ap, unsigned number) {
    *ap = (struct rk_net_ap){.bssid = {0x02, 0, 0, 0, 0, (uint8_t)(number + 1)},
                             .channel = 6,
                             .modes = RK_NET_MODE_B | RK_NET_MODE_G | RK_NET_MODE_N,
                             .rssi_dbm = -50,
                             .dhcp = true,
                             .internet = true,
                             .ip = 0xC0A80164u,      /* 192.168.1.100 */
                             .mask = 0xFFFFFF00u,    /* 255.255.255.0 */
                             .gateway = 0xC0A80101u, /* 192.168.1.1 */
                             .dns = 0xC0A80101u};
}

/* --- keys ------------------------------------------------------------------------------------- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_bytes(const char *s, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const int high = hex_digit(s[2 * i]);
        const int low = high < 0 ? -1 : hex_digit(s[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool set_key(struct rk_net_ap *ap, const char *pass) {
    const size_t len = strlen(pass);
    if (ap->security == RK_NET_OPEN) {
        return len == 0;
    }
    if (ap->security == RK_NET_WEP && (len == 10 || len == 26)) {
        ap->pass_len = (uint8_t)(len / 2);
        return hex_bytes(pass, ap->pass, len / 2);
    }
    const bool fits = ap->security == RK_NET_WEP ? len == 5 || len == 13 : len >= 8 && len <= 63;
    if (fits) {
        ap->pass_len = (uint8_t)len;
        memcpy(ap->pass, pass, len);
    }
    return fits;
}

int rk_net_config_add_ap(struct rk_net_config *config, const char *ssid,
                         enum rk_net_security security, const char *passphrase) {
    const size_t len = strlen(ssid);
    if (config->ap_count == RK_NET_APS) {
        return RK_E_LIMIT;
    }
    struct rk_net_ap *ap = &config->aps[config->ap_count];
    default_ap(ap, config->ap_count);
    ap->security = (uint8_t)security;
    if (len == 0 || len > sizeof ap->ssid || !set_key(ap, passphrase ? passphrase : "")) {
        return RK_E_RANGE;
    }
    memcpy(ap->ssid, ssid, len);
    ap->ssid_len = (uint8_t)len;
    config->ap_count++;
    return 0;
}

/* --- reading values --------------------------------------------------------------------------- */

static int read_number(struct reading *r, const char *key, const json_t *value, double low,
                       double high, double *out) {
    *out = json_number_value(value);
    if (!json_is_number(value) || !(*out >= low && *out <= high)) {
        return fail(r, RK_E_RANGE, "%s: a number from %g to %g is needed", key, low, high);
    }
    return 0;
}

static int read_bool(struct reading *r, const char *key, const json_t *value, bool *out) {
    *out = json_is_true(value);
    return json_is_boolean(value) ? 0
                                  : fail(r, RK_E_BAD_FORMAT, "%s: true or false is needed", key);
}

static int read_ip(struct reading *r, const char *key, const json_t *value, uint32_t *ip) {
    const char *text = json_string_value(value);
    return text && rk_net_ip_parse(text, ip)
               ? 0
               : fail(r, RK_E_BAD_FORMAT, "%s: an address like 192.168.1.1 is needed", key);
}

/* --- access points ---------------------------------------------------------------------------- */

static int read_range(struct reading *r, const json_t *value, uint32_t *ip) {
    uint32_t last;
    int error = read_ip(r, "dhcp.range", json_array_get(value, 0), ip);
    error = error ? error : read_ip(r, "dhcp.range", json_array_get(value, 1), &last);
    if (!error && last < *ip) {
        error = fail(r, RK_E_RANGE, "dhcp.range: the last address is below the first");
    }
    return error;
}

static int read_dhcp(struct reading *r, const json_t *value, struct rk_net_ap *ap) {
    const char *key;
    json_t *item;
    int error = 0;
    ap->dhcp = !json_is_false(value);
    if (json_is_boolean(value)) {
        return 0;
    }
    if (!json_is_object(value)) {
        return fail(r, RK_E_BAD_FORMAT, "dhcp: an object, true or false is needed");
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, item) {
        if (strcmp(key, "range") == 0) {
            error = read_range(r, item, &ap->ip);
        } else if (strcmp(key, "mask") == 0) {
            error = read_ip(r, "dhcp.mask", item, &ap->mask);
        } else if (strcmp(key, "gateway") == 0) {
            error = read_ip(r, "dhcp.gateway", item, &ap->gateway);
        } else if (strcmp(key, "dns") == 0) {
            error = read_ip(r, "dhcp.dns", item, &ap->dns);
        } else {
            error = fail(r, RK_E_BAD_FORMAT, "dhcp: unknown key \"%s\"", key);
        }
        if (error) {
            break;
        }
    }
    return error;
}

static int read_bssid(struct reading *r, const json_t *value, uint8_t out[6]) {
    const char *s = json_string_value(value);
    bool ok = s && strlen(s) == 17;
    for (unsigned i = 0; ok && i < 6; i++) {
        ok = hex_bytes(s + 3 * i, out + i, 1) && (i == 5 || s[3 * i + 2] == ':');
    }
    return ok ? 0 : fail(r, RK_E_BAD_FORMAT, "bssid: six bytes like 02:00:00:00:00:01 are needed");
}

static int read_modes(struct reading *r, const json_t *value, uint8_t *modes) {
    const char *s = json_string_value(value);
    for (*modes = 0; s && *s; s++) {
        const char *letters = "bgn";
        const char *at = strchr(letters, *s);
        if (!at) {
            s = NULL;
            break;
        }
        *modes |= (uint8_t)(1u << (at - letters));
    }
    return s && *modes ? 0 : fail(r, RK_E_BAD_FORMAT, "modes: some of the letters b, g, n");
}

static int read_security(struct reading *r, const json_t *value, struct rk_net_ap *ap) {
    const char *s = json_string_value(value);
    const int security = s ? rk_net_security_by_name(s) : RK_E_NOT_FOUND;
    if (security < 0) {
        return fail(r, RK_E_BAD_FORMAT, "security: open, wep, wpa, wpa2, wpa-mixed or wpa3");
    }
    ap->security = (uint8_t)security;
    return 0;
}

static int read_ssid(struct reading *r, const json_t *value, struct rk_net_ap *ap) {
    const size_t len = json_string_length(value);
    if (len == 0 || len > sizeof ap->ssid) {
        return fail(r, RK_E_RANGE, "ssid: 1 to 32 bytes are needed");
    }
    memcpy(ap->ssid, json_string_value(value), len);
    ap->ssid_len = (uint8_t)len;
    return 0;
}

static int read_channel(struct reading *r, const json_t *value, struct rk_net_ap *ap) {
    double n;
    const int error = read_number(r, "channel", value, 1, 196, &n);
    ap->channel = (uint8_t)n;
    ap->band_5ghz = ap->band_5ghz || n > 14;
    return error;
}

static int read_ap_key(struct reading *r, const char *key, const json_t *value,
                       struct rk_net_ap *ap) {
    double n = 0;
    int error;
    if (strcmp(key, "ssid") == 0) {
        return read_ssid(r, value, ap);
    }
    if (strcmp(key, "bssid") == 0) {
        return read_bssid(r, value, ap->bssid);
    }
    if (strcmp(key, "hidden") == 0) {
        return read_bool(r, key, value, &ap->hidden);
    }
    if (strcmp(key, "band") == 0) {
        error = read_number(r, key, value, 2.4, 5, &n);
        ap->band_5ghz = n > 2.5;
        return error;
    }
    if (strcmp(key, "modes") == 0) {
        return read_modes(r, value, &ap->modes);
    }
    if (strcmp(key, "channel") == 0) {
        return read_channel(r, value, ap);
    }
    if (strcmp(key, "rssi") == 0) {
        error = read_number(r, key, value, -127, 0, &n);
        ap->rssi_dbm = (int8_t)n;
        return error;
    }
    if (strcmp(key, "security") == 0) {
        return read_security(r, value, ap);
    }
    if (strcmp(key, "dhcp") == 0) {
        return read_dhcp(r, value, ap);
    }
    if (strcmp(key, "internet") == 0) {
        return read_bool(r, key, value, &ap->internet);
    }
    if (strcmp(key, "gone") == 0) {
        return read_bool(r, key, value, &ap->gone);
    }
    if (strcmp(key, "passphrase") == 0) {
        return 0; /* needs the kind of security: read_ap() */
    }
    return fail(r, RK_E_BAD_FORMAT, "access point: unknown key \"%s\"", key);
}

static int read_ap(struct reading *r, const json_t *value) {
    const char *key;
    json_t *item;
    if (!json_is_object(value)) {
        return fail(r, RK_E_BAD_FORMAT, "access_points: objects are needed");
    }
    if (r->config->ap_count == RK_NET_APS) {
        return fail(r, RK_E_LIMIT, "access_points: at most %u", RK_NET_APS);
    }
    struct rk_net_ap *ap = &r->config->aps[r->config->ap_count];
    default_ap(ap, r->config->ap_count);
    json_object_foreach((json_t *)(uintptr_t)value, key, item) {
        const int error = read_ap_key(r, key, item, ap);
        if (error) {
            return error;
        }
    }
    const char *pass = json_string_value(json_object_get(value, "passphrase"));
    if (ap->ssid_len == 0) {
        return fail(r, RK_E_BAD_FORMAT, "access point %u has no ssid", r->config->ap_count + 1u);
    }
    if (!set_key(ap, pass ? pass : "")) {
        return fail(r, RK_E_RANGE,
                    "passphrase of \"%.*s\": 8 to 63 characters for WPA, 5 or 13 "
                    "characters or 10 or 26 hex digits for WEP, none for open",
                    ap->ssid_len, (const char *)ap->ssid);
    }
    r->config->ap_count++;
    return 0;
}

static int read_aps(struct reading *r, const json_t *value) {
    size_t i;
    json_t *item;
    if (!json_is_array(value)) {
        return fail(r, RK_E_BAD_FORMAT, "access_points: an array is needed");
    }
    json_array_foreach(value, i, item) {
        const int error = read_ap(r, item);
        if (error) {
            return error;
        }
    }
    return 0;
}

/* --- names and routes ------------------------------------------------------------------------- */

static struct rk_net_name *name_slot(struct rk_net_config *config, const char *name) {
    for (unsigned i = 0; i < config->name_count; i++) {
        if (strcmp(config->names[i].name, name) == 0) {
            return &config->names[i];
        }
    }
    return config->name_count < RK_NET_NAMES ? &config->names[config->name_count++] : NULL;
}

static int read_names(struct reading *r, json_t *value) {
    const char *key;
    json_t *item;
    if (!json_is_object(value)) {
        return fail(r, RK_E_BAD_FORMAT, "dns: an object is needed");
    }
    json_object_foreach(value, key, item) {
        char name[sizeof r->config->names[0].name];
        size_t len = 0;
        for (; key[len] && len < sizeof name; len++) {
            name[len] = key[len] >= 'A' && key[len] <= 'Z' ? (char)(key[len] | 0x20) : key[len];
        }
        if (len == 0 || len == sizeof name) {
            return fail(r, RK_E_RANGE, "dns: a name has 1 to 63 characters");
        }
        name[len] = 0;
        struct rk_net_name *slot = name_slot(r->config, name);
        if (!slot) {
            return fail(r, RK_E_LIMIT, "dns: at most %u names", RK_NET_NAMES);
        }
        memcpy(slot->name, name, len + 1);
        const int error = read_ip(r, key, item, &slot->ip);
        if (error) {
            return error;
        }
    }
    return 0;
}

static bool read_end(const char *text, struct rk_net_addr *addr) {
    return text && (rk_net_addr_parse(text, addr) || rk_net_ip_parse(text, &addr->ip));
}

/* Routes of the file come before the default ones: the first that fits counts. */
static int read_routes(struct reading *r, json_t *value) {
    const char *key;
    json_t *item;
    unsigned count = 0;
    if (!json_is_object(value)) {
        return fail(r, RK_E_BAD_FORMAT, "routes: an object is needed");
    }
    json_object_foreach(value, key, item) {
        struct rk_net_config *c = r->config;
        struct rk_net_route route = {0};
        if (!read_end(key, &route.from) || !read_end(json_string_value(item), &route.to)) {
            return fail(r, RK_E_BAD_FORMAT, "routes: \"%s\": ADDRESS[:PORT] to ADDRESS[:PORT]",
                        key);
        }
        if (c->route_count == RK_NET_ROUTES) {
            return fail(r, RK_E_LIMIT, "routes: at most %u", RK_NET_ROUTES);
        }
        memmove(&c->routes[count + 1], &c->routes[count],
                (c->route_count - count) * sizeof c->routes[0]);
        c->routes[count++] = route;
        c->route_count++;
    }
    return 0;
}

static int read_faults(struct reading *r, const json_t *value) {
    size_t i;
    json_t *item;
    if (!json_is_array(value)) {
        return fail(r, RK_E_BAD_FORMAT, "faults: an array is needed");
    }
    json_array_foreach(value, i, item) {
        const char *key = json_string_value(item);
        const int fault = key ? rk_net_fault_by_key(key) : RK_E_NOT_FOUND;
        if (fault < 0) {
            return fail(r, RK_E_BAD_FORMAT, "faults: no fault \"%s\"", key ? key : "?");
        }
        r->config->faults |= 1u << fault;
    }
    return 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static int read_key(struct reading *r, const char *key, json_t *value) {
    static const struct {
        const char *key;
        size_t off; /* of the uint32_t it sets */
        double scale, high;
    } numbers[] = {
        {"latency_ms", offsetof(struct rk_net_config, latency_us), 1000, 60000},
        {"jitter_ms", offsetof(struct rk_net_config, jitter_us), 1000, 60000},
        {"loss_percent", offsetof(struct rk_net_config, loss_ppm), 10000, 100},
        {"bandwidth_kbps", offsetof(struct rk_net_config, bandwidth_bps), 1000, 1000000},
    };
    double n;
    for (unsigned i = 0; i < RK_COUNT(numbers); i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            const int error = read_number(r, key, value, 0, numbers[i].high, &n);
            const uint32_t scaled = error ? 0 : (uint32_t)(n * numbers[i].scale + 0.5);
            memcpy((uint8_t *)r->config + numbers[i].off, &scaled, sizeof scaled);
            return error;
        }
    }
    if (strcmp(key, "seed") == 0) {
        const int error = read_number(r, key, value, 0, 9007199254740991.0, &n);
        r->config->seed = error ? 0 : (uint64_t)n;
        return error;
    }
    if (strcmp(key, "access_points") == 0) {
        return read_aps(r, value);
    }
    if (strcmp(key, "dns") == 0) {
        return read_names(r, value);
    }
    if (strcmp(key, "routes") == 0) {
        return read_routes(r, value);
    }
    if (strcmp(key, "faults") == 0) {
        return read_faults(r, value);
    }
    return fail(r, RK_E_BAD_FORMAT, "unknown key \"%s\"", key);
}

int rk_net_config_parse(const char *text, size_t len, struct rk_net_config *config, char *why,
                        size_t why_cap) {
    struct reading r = {config, why, why_cap};
    json_error_t error;
    rk_net_config_default(config);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        return fail(&r, RK_E_BAD_FORMAT, "line %d: %s", error.line, error.text);
    }
    int result = 0;
    const char *key;
    json_t *value;
    if (!json_is_object(root)) {
        result = fail(&r, RK_E_BAD_FORMAT, "an object is needed");
    }
    json_object_foreach(root, key, value) {
        result = read_key(&r, key, value);
        if (result) {
            break;
        }
    }
    json_decref(root);
    return result;
}

int rk_net_config_load(const char *path, struct rk_net_config *config, char *why, size_t why_cap) {
    struct reading r = {config, why, why_cap};
    char text[FILE_MAX];
    FILE *f = fopen(path, "rb");
    if (!f) {
        return fail(&r, RK_E_NOT_FOUND, "%s cannot be opened", path);
    }
    const size_t len = fread(text, 1, sizeof text, f);
    const bool bad = ferror(f) != 0;
    fclose(f);
    if (bad || len == sizeof text) {
        return fail(&r, bad ? RK_E_IO : RK_E_TOO_BIG, "%s cannot be read", path);
    }
    return rk_net_config_parse(text, len, config, why, why_cap);
}
