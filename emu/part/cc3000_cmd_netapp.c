/* The CC3000's network commands: addresses, timers, ping, mDNS (cc3000.md 2.5). */
#include <string.h>

#include "emu/part/cc3000_int.h"

/* A static address comes in network order and holds from the next start on. */
void rk_cc3000_cmd_ip_settings(struct rk_dev *dev, struct cc_call *call) {
    struct cc_ip_config ip = {0};
    ip.ip = rk_read_u32be(&call->args);
    ip.mask = rk_read_u32be(&call->args);
    ip.gateway = rk_read_u32be(&call->args);
    rk_read_u32be(&call->args);
    ip.dns = rk_read_u32be(&call->args);
    rk_cc3000_static_set(dev->nv, &ip);
    rk_cc3000_reply_status(dev, call->opcode, 0);
}

/* The MAC is not known to the chip before its first connection (cc3000.md 2.5). */
void rk_cc3000_cmd_ipconfig(struct rk_dev *dev, struct cc_call *call) {
    const struct cc_wlan *wlan = &cc_of(dev)->wlan;
    uint8_t out[58] = {0};
    struct rk_writer w = rk_writer_init(out, sizeof out);
    const uint8_t *mac = rk_cc3000_file(dev->nv, CC_FILE_MAC, 0, 6);
    rk_cc3000_wlan_put_ip(&w, &wlan->ip);
    if (wlan->state == CC_WLAN_UP && mac) {
        memcpy(out + 20, mac, 6);
    }
    if (wlan->state > CC_WLAN_CONNECTING) {
        memcpy(out + 26, wlan->ssid, wlan->ssid_len);
    }
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), call->opcode, 0, out, sizeof out);
}

void rk_cc3000_cmd_arp_flush(struct rk_dev *dev, struct cc_call *call) {
    rk_cc3000_reply_status(dev, call->opcode, 0);
}

void rk_cc3000_cmd_debug_level(struct rk_dev *dev, struct cc_call *call) {
    rk_cc3000_reply_status(dev, call->opcode, 0);
}

void rk_cc3000_cmd_timers(struct rk_dev *dev, struct cc_call *call) {
    struct rk_cc3000 *r = cc_of(dev);
    for (unsigned i = 0; i < RK_COUNT(r->timer_s); i++) {
        r->timer_s[i] = rk_read_u32le(&call->args);
    }
    r->timers_set = 1;
    rk_cc3000_reply_status(dev, call->opcode, 0);
}

/* --- ping ------------------------------------------------------------------------------------- */

/* The order of the octets depends on the caller (cc3000.md 2.5): network order, unless only the
 * reversed one lies in the board's own network. */
static uint32_t ping_target(struct rk_dev *dev, uint32_t raw_be) {
    const struct cc_ip_config *ip = &cc_of(dev)->wlan.ip;
    const uint32_t swapped = __builtin_bswap32(raw_be);
    const bool local = ((swapped ^ ip->gateway) & ip->mask) == 0;
    return local && ip->mask ? swapped : raw_be;
}

void rk_cc3000_cmd_ping(struct rk_dev *dev, struct cc_call *call) {
    struct cc_ping *ping = &cc_of(dev)->ping;
    *ping = (struct cc_ping){.min_ms = UINT32_MAX};
    ping->ip = ping_target(dev, rk_read_u32be(&call->args));
    const uint32_t attempts = rk_read_u32le(&call->args);
    rk_read_u32le(&call->args); /* size */
    const uint32_t timeout_ms = rk_read_u32le(&call->args);
    ping->left = RK_MIN(attempts, 1000u);
    ping->timeout_ms = RK_MIN(timeout_ms, 60000u);
    ping->running = 1;
    ping->next_ns = rk_now_ns(dev);
    rk_cc3000_reply_status(dev, call->opcode, 0);
    rk_cc3000_net_kick(dev);
}

void rk_cc3000_ping_report(struct rk_dev *dev) {
    const struct cc_ping *ping = &cc_of(dev)->ping;
    uint8_t args[20] = {0};
    rk_put_u32le(args, ping->sent);
    rk_put_u32le(args + 4, ping->received);
    if (ping->received) {
        rk_put_u32le(args + 8, ping->min_ms);
        rk_put_u32le(args + 12, ping->max_ms);
        rk_put_u32le(args + 16, ping->sum_ms / ping->received);
    }
    rk_cc3000_unsolicited(dev, 0x8040, 0, args, sizeof args);
}

void rk_cc3000_cmd_ping_report(struct rk_dev *dev, struct cc_call *call) {
    rk_cc3000_reply_status(dev, call->opcode, 0);
    rk_cc3000_ping_report(dev);
}

void rk_cc3000_cmd_ping_stop(struct rk_dev *dev, struct cc_call *call) {
    cc_of(dev)->ping.running = 0;
    rk_cc3000_reply_status(dev, call->opcode, 0);
}

static void ping_answer(struct cc_ping *ping, uint32_t ms) {
    ping->received++;
    ping->sum_ms += ms;
    ping->min_ms = RK_MIN(ping->min_ms, ms);
    ping->max_ms = RK_MAX(ping->max_ms, ms);
}

/* The access point answers for itself; the rest is beyond it. */
static int ping_once(struct rk_dev *dev, uint32_t ip, uint32_t *rtt_us) {
    const struct cc_wlan *wlan = &cc_of(dev)->wlan;
    struct rk_net *net = rk_cc3000_net(dev);
    if (wlan->state == CC_WLAN_UP && ip == wlan->ip.gateway && !cc_fault(dev, RK_NET_FAULT_CFOD)) {
        return 0;
    }
    return net ? net->ops->ping(net, ip, rtt_us) : RK_E_NETWORK;
}

/* One attempt at a time; each takes its round trip, or its time-out. */
void rk_cc3000_ping_poll(struct rk_dev *dev) {
    struct cc_ping *ping = &cc_of(dev)->ping;
    const uint64_t now = rk_now_ns(dev);
    if (!ping->running || now < ping->next_ns) {
        return;
    }
    if (ping->left == 0) {
        ping->running = 0;
        rk_cc3000_ping_report(dev);
        return;
    }
    uint32_t rtt_us = 2000;
    const int result = ping_once(dev, ping->ip, &rtt_us);
    ping->left--;
    ping->sent++;
    if (result == 0) {
        ping_answer(ping, rtt_us / 1000u);
        ping->next_ns = now + (uint64_t)rtt_us * CC_US + CC_MS;
    } else {
        ping->next_ns = now + (uint64_t)ping->timeout_ms * CC_MS + CC_MS;
    }
}

/* --- mDNS ------------------------------------------------------------------------------------- */

void rk_cc3000_cmd_mdns(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t enable = rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const uint8_t *name = rk_read_bytes(&call->args, len);
    if (!name || len > 32) {
        rk_guest_error(dev, "CC3000: mDNS name of %u bytes", (unsigned)len);
        rk_cc3000_reply_status(dev, call->opcode, 1);
        return;
    }
    if (enable) {
        rk_cc3000_mdns_announce(dev, name, len);
    }
    rk_cc3000_reply_status(dev, call->opcode, 0);
}
