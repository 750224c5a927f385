/* Names of faults and kinds of security, and addresses as text: see net_config.h. */
#include <string.h>

#include "common/base/error.h"
#include "emu/port/net_config.h"

static const struct {
    const char *key, *text;
} faults[] = {
#define RK_NET_FAULT(name, key, text) {(key), (text)},
#include "emu/port/net_fault.def"
#undef RK_NET_FAULT
};

static const char *const securities[] = {
    [RK_NET_OPEN] = "open",
    [RK_NET_WEP] = "wep",
    [RK_NET_WPA] = "wpa",
    [RK_NET_WPA2] = "wpa2",
    [RK_NET_WPA_MIXED] = "wpa-mixed",
    [RK_NET_WPA3] = "wpa3",
};

int rk_net_security_by_name(const char *name) {
    for (unsigned i = 0; i < RK_COUNT(securities); i++) {
        if (strcmp(securities[i], name) == 0) {
            return (int)i;
        }
    }
    return RK_E_NOT_FOUND;
}

const char *rk_net_security_name(enum rk_net_security security) {
    return securities[security];
}

int rk_net_fault_by_key(const char *key) {
    for (unsigned i = 0; i < RK_COUNT(faults); i++) {
        if (strcmp(faults[i].key, key) == 0) {
            return (int)i;
        }
    }
    return RK_E_NOT_FOUND;
}

const char *rk_net_fault_key(enum rk_net_fault fault) {
    return faults[fault].key;
}

const char *rk_net_fault_text(enum rk_net_fault fault) {
    return faults[fault].text;
}

/* A decimal number of at most `digits` digits; the end, or NULL. */
static const char *number(const char *s, unsigned digits, uint32_t *value) {
    const char *start = s;
    for (*value = 0; *s >= '0' && *s <= '9'; s++) {
        if (s - start == (ptrdiff_t)digits) {
            return NULL;
        }
        *value = *value * 10 + (uint32_t)(*s - '0');
    }
    return s == start ? NULL : s;
}

static const char *quad(const char *s, uint32_t *ip) {
    *ip = 0;
    for (int part = 0; part < 4; part++) {
        uint32_t value;
        if (part && *s++ != '.') {
            return NULL;
        }
        s = number(s, 3, &value);
        if (!s || value > 255) {
            return NULL;
        }
        *ip = *ip << 8 | value;
    }
    return s;
}

bool rk_net_ip_parse(const char *text, uint32_t *ip) {
    const char *end = quad(text, ip);
    return end && *end == 0;
}

bool rk_net_addr_parse(const char *text, struct rk_net_addr *addr) {
    uint32_t port;
    const char *end = quad(text, &addr->ip);
    if (!end || *end != ':') {
        return false;
    }
    end = number(end + 1, 5, &port);
    addr->port = (uint16_t)port;
    return end && *end == 0 && port <= 65535;
}
