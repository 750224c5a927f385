/* The CC3000's air side: which access points of the neighbourhood it can see and join, association,
 * DHCP, and leaving (cc3000.md 2.4, 3, 6.2). Latencies are fixed values inside the ranges of 6.2,
 * so that runs repeat.
 *
 * Limits of the part: 2.4 GHz, 802.11b/g, channels 1-13 and of these only the ones in its channel
 * mask (1-11 unless the host asks for more), no WPA3.
 */
#include "emu/part/cc3000_int.h"

#include <string.h>

#define ASSOCIATE_NS  (800 * CC_MS)
#define RETRY_NS      (3 * CC_S)
#define DHCP_NS       (500 * CC_MS)
#define DHCP_RETRY_NS (4 * CC_S)
#define DHCP_TRIES    2u /* 8010 without an address comes twice, then 8002 (cc3000.md 3) */
/* CC3000 data sheet (SWRS126), receiver sensitivity of the 11 Mbit/s CCK rate: below that nothing
 * lasts. */
#define RSSI_LIMIT_DBM (-88)
#define OLD_PATCH      28u

struct rk_net_config *rk_cc3000_config(struct rk_dev *dev) {
    const struct rk_net *net = dev->host;
    return net ? net->config : NULL;
}

/* --- what can be seen and joined -------------------------------------------------------------- */

/* The board walks at 3 dB a second, away and back. */
#define FADE_STEP_DB 3u
#define FADE_MAX_DB  90u

int rk_cc3000_wlan_rssi(const struct rk_dev *dev, const struct rk_net_ap *ap) {
    return ap->rssi_dbm - cc_of(dev)->fade_db;
}

static void walk(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    if (cc_fault(dev, RK_NET_FAULT_OUT_OF_RANGE)) {
        r->fade_db = (uint8_t)RK_MIN(r->fade_db + FADE_STEP_DB, FADE_MAX_DB);
    } else {
        r->fade_db = (uint8_t)(r->fade_db - RK_MIN(r->fade_db, FADE_STEP_DB));
    }
}

static bool in_reach(struct rk_dev *dev, const struct rk_net_ap *ap) {
    struct cc_policy policy;
    rk_cc3000_policy_get(dev->nv, &policy);
    return !ap->gone && !ap->band_5ghz && (ap->modes & (RK_NET_MODE_B | RK_NET_MODE_G)) &&
           ap->channel >= 1 && ap->channel <= 13 && (policy.channels >> (ap->channel - 1) & 1) &&
           rk_cc3000_wlan_rssi(dev, ap) >= RSSI_LIMIT_DBM && !cc_fault(dev, RK_NET_FAULT_AP_GONE);
}

const struct rk_net_ap *rk_cc3000_wlan_visible(struct rk_dev *dev, unsigned *idx) {
    const struct rk_net_config *config = rk_cc3000_config(dev);
    for (; config && *idx < config->ap_count; ++*idx) {
        const struct rk_net_ap *ap = &config->aps[*idx];
        if (!ap->hidden && in_reach(dev, ap)) {
            return ap;
        }
    }
    return NULL;
}

static bool is_old_patch(struct rk_dev *dev) {
    uint8_t patch[2];
    rk_cc3000_nv_patch(dev->nv, patch);
    return cc_fault(dev, RK_NET_FAULT_OLD_PATCH) && patch[1] < OLD_PATCH;
}

static bool names_match(const struct rk_net_ap *ap, const struct rk_cc3000_profile *p) {
    static const uint8_t any[6] = {0};
    return ap->ssid_len == p->ssid_len && memcmp(ap->ssid, p->ssid, p->ssid_len) == 0 &&
           (memcmp(p->bssid, any, 6) == 0 || memcmp(p->bssid, ap->bssid, 6) == 0);
}

static bool keys_match(const struct rk_net_ap *ap, const struct rk_cc3000_profile *p) {
    return ap->pass_len == p->key_len && memcmp(ap->pass, p->key, p->key_len) == 0;
}

/* Does the access point let the board in? A wrong WEP key does not show before data is sent, so
 * such a board is let in and gets no address. The firmware stores WPA and WPA2 as one type. */
static bool lets_in(struct rk_dev *dev, const struct rk_net_ap *ap,
                    const struct rk_cc3000_profile *p) {
    switch (ap->security) {
    case RK_NET_OPEN: return p->security == 0;
    case RK_NET_WEP: return p->security == 1;
    case RK_NET_WPA3: return false;
    default:
        return p->security >= 2 && keys_match(ap, p) && !is_old_patch(dev) &&
               !cc_fault(dev, RK_NET_FAULT_WRONG_PASS);
    }
}

static bool find_ap(struct rk_dev *dev, const struct rk_cc3000_profile *p) {
    const struct rk_net_config *config = rk_cc3000_config(dev);
    struct cc_wlan *w = &cc_of(dev)->wlan;
    int best = -1;
    for (unsigned i = 0; config && i < config->ap_count; i++) {
        const struct rk_net_ap *ap = &config->aps[i];
        if (names_match(ap, p) && in_reach(dev, ap) && lets_in(dev, ap, p) &&
            (best < 0 || ap->rssi_dbm > config->aps[best].rssi_dbm)) {
            best = (int)i;
        }
    }
    if (best < 0) {
        return false;
    }
    w->ap = (uint8_t)best;
    w->target = *p;
    return true;
}

/* Profiles by priority, then any open network if the policy allows it. */
static bool find_by_policy(struct rk_dev *dev) {
    struct cc_policy policy;
    rk_cc3000_policy_get(dev->nv, &policy);
    for (int priority = 255; policy.profiles && priority >= 0; priority--) {
        for (unsigned i = 0; i < CC_PROFILES; i++) {
            struct rk_cc3000_profile p;
            if (rk_cc3000_profile_get(dev->nv, i, &p) && p.priority == priority &&
                find_ap(dev, &p)) {
                return true;
            }
        }
    }
    const struct rk_net_config *config = rk_cc3000_config(dev);
    for (unsigned i = 0; policy.open_ap && config && i < config->ap_count; i++) {
        struct rk_cc3000_profile p = {.ssid_len = config->aps[i].ssid_len};
        memcpy(p.ssid, config->aps[i].ssid, sizeof p.ssid);
        if (find_ap(dev, &p)) {
            return true;
        }
    }
    return false;
}

/* --- the steps of a connection ---------------------------------------------------------------- */

static const struct rk_net_ap *current_ap(struct rk_dev *dev) {
    const struct rk_net_config *config = rk_cc3000_config(dev);
    const struct cc_wlan *w = &cc_of(dev)->wlan;
    return config && w->ap < config->ap_count ? &config->aps[w->ap] : NULL;
}

bool rk_cc3000_wlan_has_internet(struct rk_dev *dev) {
    const struct rk_net_ap *ap = current_ap(dev);
    return cc_of(dev)->wlan.state == CC_WLAN_UP && ap && ap->internet &&
           !cc_fault(dev, RK_NET_FAULT_NO_INTERNET);
}

static void trace_air(struct rk_dev *dev, const char *what) {
    const struct cc_wlan *w = &cc_of(dev)->wlan;
    if (rk_traced(dev, RK_TRACE_NET)) {
        rk_trace(dev, RK_TRACE_NET, "%s \"%.*s\"", what, w->ssid_len, (const char *)w->ssid);
    }
}

static void step_in(struct rk_dev *dev, enum cc_wlan_state state, uint64_t delay_ns) {
    cc_of(dev)->wlan.state = (uint8_t)state;
    rk_timer_set_ns(dev, CC_TIMER_WLAN, rk_now_ns(dev) + delay_ns);
}

void rk_cc3000_wlan_kick(struct rk_dev *dev) {
    const struct rk_cc3000 *r = cc_of(dev);
    struct cc_policy policy;
    rk_cc3000_policy_get(dev->nv, &policy);
    const bool wanted = r->wlan.manual || policy.profiles || policy.open_ap;
    if (!r->started || r->wlan.smartconfig) {
        return;
    }
    if (r->wlan.state == CC_WLAN_IDLE && wanted) {
        step_in(dev, CC_WLAN_CONNECTING, ASSOCIATE_NS);
    } else if (r->wlan.state == CC_WLAN_CONNECTING && !wanted) {
        cc_of(dev)->wlan.state = CC_WLAN_IDLE;
        rk_timer_stop(dev, CC_TIMER_WLAN);
    }
}

bool rk_cc3000_wlan_leave(struct rk_dev *dev) {
    struct cc_wlan *w = &cc_of(dev)->wlan;
    const bool was = w->state > CC_WLAN_CONNECTING;
    rk_timer_stop(dev, CC_TIMER_WLAN);
    w->state = CC_WLAN_IDLE;
    w->ip = (struct cc_ip_config){0};
    if (was) {
        trace_air(dev, "leaves");
        rk_cc3000_net_drop(dev);
        rk_cc3000_unsolicited(dev, 0x8002, 0, NULL, 0);
    }
    return was;
}

void rk_cc3000_wlan_put_ip(struct rk_writer *w, const struct cc_ip_config *ip) {
    rk_write_u32le(w, ip->ip);
    rk_write_u32le(w, ip->mask);
    rk_write_u32le(w, ip->gateway);
    rk_write_u32le(w, ip->dhcp);
    rk_write_u32le(w, ip->dns);
}

static void send_dhcp(struct rk_dev *dev, uint8_t status) {
    uint8_t args[20];
    struct rk_writer w = rk_writer_init(args, sizeof args);
    rk_cc3000_wlan_put_ip(&w, &cc_of(dev)->wlan.ip);
    rk_cc3000_unsolicited(dev, 0x8010, status, args, sizeof args);
}

static void associate(struct rk_dev *dev) {
    struct cc_wlan *w = &cc_of(dev)->wlan;
    const struct rk_cc3000_profile target = w->target;
    if (!(w->manual ? find_ap(dev, &target) : find_by_policy(dev))) {
        step_in(dev, CC_WLAN_CONNECTING, RETRY_NS);
        return;
    }
    const struct rk_net_ap *ap = current_ap(dev);
    memcpy(w->ssid, ap->ssid, sizeof w->ssid);
    w->ssid_len = ap->ssid_len;
    w->dhcp_fails = 0;
    trace_air(dev, "joins");
    rk_cc3000_unsolicited(dev, 0x8001, 0, NULL, 0);
    step_in(dev, CC_WLAN_ASSOCIATED, DHCP_NS);
}

static bool get_address(struct rk_dev *dev, struct cc_ip_config *ip) {
    const struct rk_net_ap *ap = current_ap(dev);
    rk_cc3000_static_get(dev->nv, ip);
    if (ip->ip) {
        return true;
    }
    if (!ap || !ap->dhcp || cc_fault(dev, RK_NET_FAULT_NO_DHCP) ||
        (ap->security == RK_NET_WEP && !keys_match(ap, &cc_of(dev)->wlan.target))) {
        return false;
    }
    *ip = (struct cc_ip_config){ap->ip, ap->mask, ap->gateway, ap->gateway, ap->dns};
    return true;
}

static void finish_dhcp(struct rk_dev *dev) {
    struct cc_wlan *w = &cc_of(dev)->wlan;
    if (get_address(dev, &w->ip)) {
        /* cc3000.md 6.3: the bytes of the EEPROM's magic instead of the server's address. */
        if (cc_fault(dev, RK_NET_FAULT_DNS_LS)) {
            w->ip.dns = 0x4C530000u;
        }
        w->state = CC_WLAN_UP;
        trace_air(dev, "has an address of");
        send_dhcp(dev, 0);
    } else if (w->dhcp_fails++ < DHCP_TRIES) {
        send_dhcp(dev, 1);
        step_in(dev, CC_WLAN_ASSOCIATED, DHCP_RETRY_NS);
    } else {
        rk_cc3000_wlan_leave(dev);
        rk_cc3000_wlan_kick(dev);
    }
}

void rk_cc3000_wlan_timer(struct rk_dev *dev) {
    switch (cc_of(dev)->wlan.state) {
    case CC_WLAN_CONNECTING: associate(dev); break;
    case CC_WLAN_ASSOCIATED: finish_dhcp(dev); break;
    default: break;
    }
}

/* Once a second: has the access point gone? */
void rk_cc3000_wlan_second(struct rk_dev *dev) {
    const struct rk_net_ap *ap = current_ap(dev);
    walk(dev);
    if (cc_of(dev)->wlan.state > CC_WLAN_CONNECTING && (!ap || !in_reach(dev, ap))) {
        rk_cc3000_wlan_leave(dev);
        rk_cc3000_wlan_kick(dev);
    }
}
