/* Writes network.json: see net_config.h. What it writes, net_config.c reads back the same. */
#include "emu/port/net_config.h"

#include <jansson.h>
#include <stdio.h>

#include "common/base/error.h"

static json_t *ip_json(uint32_t ip) {
    return json_sprintf("%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static json_t *addr_json(struct rk_net_addr a) {
    return a.port ? json_sprintf("%u.%u.%u.%u:%u", a.ip >> 24, a.ip >> 16 & 255, a.ip >> 8 & 255,
                                 a.ip & 255, a.port)
                  : ip_json(a.ip);
}

static json_t *pass_json(const struct rk_net_ap *ap) {
    char hex[2 * sizeof ap->pass + 1] = "";
    if (ap->security != RK_NET_WEP) {
        return json_stringn((const char *)ap->pass, ap->pass_len);
    }
    for (unsigned i = 0; i < ap->pass_len; i++) {
        snprintf(hex + 2 * i, 3, "%02x", ap->pass[i]);
    }
    return json_string(hex);
}

static json_t *ap_json(const struct rk_net_ap *ap) {
    json_t *o = json_object();
    char modes[4];
    snprintf(modes, sizeof modes, "%s%s%s", ap->modes & RK_NET_MODE_B ? "b" : "",
             ap->modes & RK_NET_MODE_G ? "g" : "", ap->modes & RK_NET_MODE_N ? "n" : "");
    json_object_set_new(o, "ssid", json_stringn((const char *)ap->ssid, ap->ssid_len));
    json_object_set_new(o, "bssid",
                        json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", ap->bssid[0], ap->bssid[1],
                                     ap->bssid[2], ap->bssid[3], ap->bssid[4], ap->bssid[5]));
    json_object_set_new(o, "hidden", json_boolean(ap->hidden));
    json_object_set_new(o, "band", ap->band_5ghz ? json_integer(5) : json_real(2.4));
    json_object_set_new(o, "modes", json_string(modes));
    json_object_set_new(o, "channel", json_integer(ap->channel));
    json_object_set_new(o, "rssi", json_integer(ap->rssi_dbm));
    json_object_set_new(o, "security",
                        json_string(rk_net_security_name((enum rk_net_security)ap->security)));
    json_object_set_new(o, "passphrase", pass_json(ap));
    json_object_set_new(o, "internet", json_boolean(ap->internet));
    json_object_set_new(o, "gone", json_boolean(ap->gone));
    if (!ap->dhcp) {
        json_object_set_new(o, "dhcp", json_false());
        return o;
    }
    json_object_set_new(o, "dhcp",
                        json_pack("{s:[o,o],s:o,s:o,s:o}", "range", ip_json(ap->ip),
                                  ip_json(ap->ip), "mask", ip_json(ap->mask), "gateway",
                                  ip_json(ap->gateway), "dns", ip_json(ap->dns)));
    return o;
}

static json_t *config_json(const struct rk_net_config *c) {
    json_t *root = json_object(), *aps = json_array(), *dns = json_object();
    json_t *routes = json_object(), *faults = json_array();
    for (unsigned i = 0; i < c->ap_count; i++) {
        json_array_append_new(aps, ap_json(&c->aps[i]));
    }
    for (unsigned i = 0; i < c->name_count; i++) {
        json_object_set_new(dns, c->names[i].name, ip_json(c->names[i].ip));
    }
    for (unsigned i = 0; i < c->route_count; i++) {
        char from[32];
        const struct rk_net_addr a = c->routes[i].from;
        snprintf(from, sizeof from, a.port ? "%u.%u.%u.%u:%u" : "%u.%u.%u.%u", a.ip >> 24,
                 a.ip >> 16 & 255, a.ip >> 8 & 255, a.ip & 255, a.port);
        json_object_set_new(routes, from, addr_json(c->routes[i].to));
    }
    for (int i = 0; i < RK_NET_FAULT_COUNT; i++) {
        if (c->faults >> i & 1) {
            json_array_append_new(faults, json_string(rk_net_fault_key((enum rk_net_fault)i)));
        }
    }
    json_object_set_new(root, "access_points", aps);
    json_object_set_new(root, "dns", dns);
    json_object_set_new(root, "routes", routes);
    json_object_set_new(root, "latency_ms", json_real(c->latency_us / 1000.0));
    json_object_set_new(root, "jitter_ms", json_real(c->jitter_us / 1000.0));
    json_object_set_new(root, "loss_percent", json_real(c->loss_ppm / 10000.0));
    json_object_set_new(root, "bandwidth_kbps", json_real(c->bandwidth_bps / 1000.0));
    json_object_set_new(root, "seed", json_integer((json_int_t)c->seed));
    json_object_set_new(root, "faults", faults);
    return root;
}

/* Written beside and renamed: a kill leaves the old file or the new one. */
int rk_net_config_save(const char *path, const struct rk_net_config *config) {
    char beside[4096];
    const int n = snprintf(beside, sizeof beside, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof beside) {
        return RK_E_RANGE;
    }
    json_t *root = config_json(config);
    const bool ok =
        root && json_dump_file(root, beside, JSON_INDENT(2)) == 0 && rename(beside, path) == 0;
    json_decref(root);
    return ok ? 0 : RK_E_IO;
}
