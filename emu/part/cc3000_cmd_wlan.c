/* The CC3000's WLAN commands: policy, profiles, scan, connect, SmartConfig (cc3000.md 2.4, 5). */
#include <string.h>

#include "emu/part/cc3000_int.h"

static void reply(struct rk_dev *dev, const struct cc_call *call, int32_t value) {
    rk_cc3000_reply_i32(dev, call->opcode, value);
}

/* --- connect and disconnect ------------------------------------------------------------------- */

void rk_cc3000_cmd_connect_ap(struct rk_dev *dev, struct cc_call *call) {
    struct rk_reader *in = &call->args;
    struct rk_cc3000_profile p = {0};
    rk_read_u32le(in);
    const uint32_t ssid_len = rk_read_u32le(in);
    const uint32_t security = rk_read_u32le(in);
    rk_read_u32le(in);
    const uint32_t key_len = rk_read_u32le(in);
    rk_read_u16le(in);
    const uint8_t *bssid = rk_read_bytes(in, sizeof p.bssid);
    if (ssid_len > sizeof p.ssid || key_len > sizeof p.key || security > 3) {
        rk_guest_error(dev, "CC3000: connect-ap with ssid of %u and key of %u bytes",
                       (unsigned)ssid_len, (unsigned)key_len);
        reply(dev, call, -1);
        return;
    }
    const uint8_t *ssid = rk_read_bytes(in, ssid_len);
    const uint8_t *key = rk_read_bytes(in, key_len);
    if (in->overrun) {
        rk_guest_error(dev, "CC3000: connect-ap is cut");
        reply(dev, call, -1);
        return;
    }
    memcpy(p.bssid, bssid, sizeof p.bssid);
    memcpy(p.ssid, ssid, ssid_len);
    memcpy(p.key, key, key_len);
    p.ssid_len = (uint8_t)ssid_len;
    p.key_len = (uint8_t)key_len;
    p.security = (uint8_t)security;
    rk_cc3000_wlan_leave(dev);
    cc_of(dev)->wlan.manual = 1;
    cc_of(dev)->wlan.target = p;
    reply(dev, call, 0);
    rk_cc3000_wlan_kick(dev);
}

void rk_cc3000_cmd_disconnect(struct rk_dev *dev, struct cc_call *call) {
    cc_of(dev)->wlan.manual = 0;
    const bool was = cc_of(dev)->wlan.state > CC_WLAN_CONNECTING;
    reply(dev, call, was ? 0 : -129);
    rk_cc3000_wlan_leave(dev);
}

void rk_cc3000_cmd_status(struct rk_dev *dev, struct cc_call *call) {
    static const uint8_t status[] = {
        [CC_WLAN_IDLE] = 0, [CC_WLAN_CONNECTING] = 1, [CC_WLAN_ASSOCIATED] = 2, [CC_WLAN_UP] = 3};
    reply(dev, call, status[cc_of(dev)->wlan.state]);
}

void rk_cc3000_cmd_event_mask(struct rk_dev *dev, struct cc_call *call) {
    cc_of(dev)->event_mask = rk_read_u32le(&call->args);
    reply(dev, call, 0);
}

/* --- policy and profiles ---------------------------------------------------------------------- */

void rk_cc3000_cmd_policy(struct rk_dev *dev, struct cc_call *call) {
    struct cc_policy policy;
    rk_cc3000_policy_get(dev->nv, &policy);
    policy.open_ap = rk_read_u32le(&call->args) != 0;
    policy.fast = rk_read_u32le(&call->args) != 0;
    policy.profiles = rk_read_u32le(&call->args) != 0;
    rk_cc3000_policy_set(dev->nv, &policy);
    reply(dev, call, 0);
    rk_cc3000_wlan_kick(dev);
}

/* Where key material starts differs per security; the lengths say how much of it there is
 * (cc3000.md 2.4.1). */
static bool read_key(struct rk_reader *in, struct rk_cc3000_profile *p) {
    uint32_t key_len = 0;
    if (p->security == 1) {
        rk_read_u32le(in); /* offset word */
        key_len = rk_read_u32le(in);
        rk_read_u32le(in); /* index of the key in use: the images only send 0 */
    } else if (p->security >= 2) {
        rk_read_bytes(in, 16); /* ciphers, key management, offset word */
        key_len = rk_read_u32le(in);
    }
    const uint8_t *ssid = rk_read_bytes(in, p->ssid_len);
    if (key_len > sizeof p->key || in->overrun) {
        return false;
    }
    const uint8_t *key = rk_read_bytes(in, key_len);
    if (in->overrun) {
        return false;
    }
    memcpy(p->ssid, ssid, p->ssid_len);
    memcpy(p->key, key, key_len);
    p->key_len = (uint8_t)key_len;
    return true;
}

void rk_cc3000_cmd_add_profile(struct rk_dev *dev, struct cc_call *call) {
    struct rk_reader *in = &call->args;
    struct rk_cc3000_profile p = {0};
    const uint32_t security = rk_read_u32le(in);
    rk_read_u32le(in);
    const uint32_t ssid_len = rk_read_u32le(in);
    rk_read_u16le(in);
    const uint8_t *bssid = rk_read_bytes(in, sizeof p.bssid);
    p.priority = (uint8_t)rk_read_u32le(in);
    int slot = -1;
    if (bssid && security <= 3 && ssid_len <= sizeof p.ssid) {
        memcpy(p.bssid, bssid, sizeof p.bssid);
        p.security = (uint8_t)security;
        p.ssid_len = (uint8_t)ssid_len;
        slot = read_key(in, &p) ? rk_cc3000_profile_add(dev->nv, &p) : -1;
    }
    if (slot < 0) {
        rk_guest_error(dev, "CC3000: add-profile: security %u, ssid of %u bytes",
                       (unsigned)security, (unsigned)ssid_len);
    }
    reply(dev, call, slot < 0 ? -1 : slot);
    rk_cc3000_wlan_kick(dev);
}

void rk_cc3000_cmd_delete_profile(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t idx = rk_read_u32le(&call->args);
    for (unsigned i = 0; i < CC_PROFILES; i++) {
        if (idx == 255 || idx == i) {
            rk_cc3000_profile_remove(dev->nv, i);
        }
    }
    reply(dev, call, idx == 255 || idx < CC_PROFILES ? 0 : -1);
}

/* --- scan ------------------------------------------------------------------------------------- */

/* The mask is kept over restarts (particle community thread 3762); the times only set how old a
 * result may be, and ours are always fresh. */
void rk_cc3000_cmd_scan_params(struct rk_dev *dev, struct cc_call *call) {
    struct cc_policy policy;
    rk_cc3000_policy_get(dev->nv, &policy);
    rk_read_bytes(&call->args, 20);
    policy.channels = rk_read_u32le(&call->args);
    rk_cc3000_policy_set(dev->nv, &policy);
    cc_of(dev)->wlan.scan_next = 0;
    reply(dev, call, 0);
}

static uint8_t security_code(const struct rk_net_ap *ap) {
    static const uint8_t codes[] = {[RK_NET_OPEN] = 0, [RK_NET_WEP] = 1,       [RK_NET_WPA] = 2,
                                    [RK_NET_WPA2] = 3, [RK_NET_WPA_MIXED] = 3, [RK_NET_WPA3] = 3};
    return codes[ap->security];
}

static unsigned count_visible(struct rk_dev *dev, unsigned from) {
    unsigned count = 0;
    for (; rk_cc3000_wlan_visible(dev, &from); from++) {
        count++;
    }
    return count;
}

void rk_cc3000_cmd_scan_results(struct rk_dev *dev, struct cc_call *call) {
    struct cc_wlan *wlan = &cc_of(dev)->wlan;
    unsigned idx = wlan->scan_next;
    const unsigned left = count_visible(dev, idx);
    const struct rk_net_ap *ap = rk_cc3000_wlan_visible(dev, &idx);
    uint8_t out[50] = {0};
    rk_put_u32le(out, left);
    rk_put_u32le(out + 4, ap ? 1 : 2);
    if (ap) {
        /* As the scan listing reads it; WiFi.RSSI() of the same firmware adds 127 (2.4.2). */
        const uint8_t rssi = (uint8_t)RK_MIN(-rk_cc3000_wlan_rssi(dev, ap), 127);
        out[8] = (uint8_t)(1u | rssi << 1);
        out[9] = (uint8_t)(security_code(ap) | ap->ssid_len << 2);
        memcpy(out + 12, ap->ssid, ap->ssid_len);
        memcpy(out + 44, ap->bssid, sizeof ap->bssid);
    }
    wlan->scan_next = ap ? (uint8_t)(idx + 1) : 0; /* after the end the list starts again */
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), call->opcode, 0, out, sizeof out);
}

/* --- SmartConfig ------------------------------------------------------------------------------ */

void rk_cc3000_cmd_smartconfig_start(struct rk_dev *dev, struct cc_call *call) {
    struct cc_wlan *wlan = &cc_of(dev)->wlan;
    wlan->smartconfig_aes = rk_read_u32le(&call->args) != 0;
    reply(dev, call, 0);
    rk_cc3000_wlan_leave(dev);
    wlan->smartconfig = 1;
}

void rk_cc3000_cmd_smartconfig_stop(struct rk_dev *dev, struct cc_call *call) {
    cc_of(dev)->wlan.smartconfig = 0;
    reply(dev, call, 0);
    rk_cc3000_wlan_kick(dev);
}

void rk_cc3000_cmd_prefix(struct rk_dev *dev, struct cc_call *call) {
    memcpy(cc_of(dev)->wlan.prefix, rk_read_bytes(&call->args, 3), 3);
    reply(dev, call, 0);
}

void rk_cc3000_cmd_configure_patch(struct rk_dev *dev, struct cc_call *call) {
    rk_cc3000_reply_status(dev, call->opcode, 0);
}
