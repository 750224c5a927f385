/* Where a board's names and addresses lead: see net_link.h. Pure: only the configuration decides.
 */
#include "common/base/error.h"
#include "emu/port/net_config.h"
#include "emu/port/net_link.h"

static bool is_here(uint32_t ip) {
    return ip >> 24 == 127;
}

bool rk_net_is_multicast(uint32_t ip) {
    return ip >> 28 == 14 || ip == 0xFFFFFFFFu;
}

bool rk_net_is_name(const struct rk_net_config *config, uint32_t ip) {
    for (unsigned i = 0; i < config->name_count; i++) {
        if (config->names[i].ip == ip) {
            return true;
        }
    }
    return false;
}

int rk_net_link_route(const struct rk_net_config *config, struct rk_net_addr to,
                      struct rk_net_addr *at) {
    *at = to;
    for (unsigned i = 0; i < config->route_count; i++) {
        const struct rk_net_route *r = &config->routes[i];
        if (r->from.ip == to.ip && (r->from.port == 0 || r->from.port == to.port)) {
            *at = (struct rk_net_addr){r->to.ip, r->to.port ? r->to.port : to.port};
            return is_here(at->ip) || config->any_internet ? 0 : RK_E_REFUSED;
        }
    }
    if (to.ip == 0x08080808u && to.port == 53) {
        return 1; /* what the firmware asks to know whether there is an internet (design.md) */
    }
    if (config->any_internet || (rk_net_is_name(config, to.ip) && is_here(to.ip))) {
        return 0;
    }
    return RK_E_REFUSED;
}

static bool same_name(const char *a, const char *b) {
    for (;; a++, b++) {
        const char lower = *b >= 'A' && *b <= 'Z' ? (char)(*b - 'A' + 'a') : *b;
        if (*a != lower) {
            return false;
        }
        if (*a == 0) {
            return true;
        }
    }
}

/* Names of the configuration; "8.8.8.8" is an address already, as resolvers know. */
bool rk_net_lookup(const struct rk_net_config *config, const char *name, uint32_t *ip) {
    if (rk_net_ip_parse(name, ip)) {
        return true;
    }
    for (unsigned i = 0; i < config->name_count; i++) {
        if (same_name(config->names[i].name, name)) {
            *ip = config->names[i].ip;
            return true;
        }
    }
    return false;
}
