/* TI CC3000 as a block of the board: reset, pins, timers, and what shells may ask of it (cc3000.h).
 * What it does is in cc3000_*.c.
 */
#include "emu/part/cc3000_int.h"

#include <string.h>

static void power(struct rk_dev *dev, bool on) {
    struct rk_cc3000 *r = cc_of(dev);
    rk_cc3000_net_drop(dev);
    if (r->link.phase == CC_HUNG) {
        r->faults &= ~(1u << RK_NET_FAULT_HANG);
    }
    rk_timer_stop(dev, CC_TIMER_WLAN);
    rk_timer_stop(dev, CC_TIMER_NET);
    rk_timer_stop(dev, CC_TIMER_SECOND);
    /* Everything from here on lives in the chip's RAM. */
    const size_t volatile_off = offsetof(struct rk_cc3000, started);
    memset((uint8_t *)r + volatile_off, 0, sizeof *r - volatile_off);
    r->link.enable = on;
    if (on && dev->nv) {
        rk_cc3000_nv_prepare(dev->nv);
    }
    rk_cc3000_link_power(dev, on);
}

/* A reset of the processor lets go of the enable pin, so the radio is off until it is driven. */
static void cc3000_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)kind;
    power(dev, false);
    rk_line_out(dev, RK_CC3000_OUT_IRQ, 1);
}

static uint32_t transfer(struct rk_dev *dev, uint32_t value) {
    if (value >> 18 & 1) { /* a 16-bit frame is two bytes here, high one first */
        const uint32_t high = rk_cc3000_link_byte(dev, (uint8_t)(value >> 8));
        return high << 8 | rk_cc3000_link_byte(dev, (uint8_t)value);
    }
    return rk_cc3000_link_byte(dev, (uint8_t)value);
}

static uint32_t cc3000_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    switch (line) {
    case RK_CC3000_IN_CS: rk_cc3000_link_select(dev, value != 0); return 0;
    case RK_CC3000_IN_ENABLE:
        if (cc_of(dev)->link.enable != (value != 0)) {
            power(dev, value != 0);
        }
        return 0;
    case RK_CC3000_IN_XFER: return transfer(dev, value);
    default: return 0;
    }
}

/* cc3000.md 2.5, 3: every 10 s unless told otherwise; a lease is renewed by a second 8010. */
static void second(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    const uint32_t keepalive_s = r->timers_set ? r->timer_s[2] : 10;
    r->seconds++;
    rk_timer_set_ns(dev, CC_TIMER_SECOND, rk_now_ns(dev) + CC_S);
    if (keepalive_s && r->seconds % keepalive_s == 0) {
        rk_cc3000_unsolicited(dev, 0x8200, 0, NULL, 0);
    }
    rk_cc3000_wlan_second(dev);
    rk_cc3000_net_second(dev);
}

static void cc3000_timer(struct rk_dev *dev, unsigned timer) {
    if (cc_of(dev)->link.phase == CC_HUNG) {
        return;
    }
    switch (timer) {
    case CC_TIMER_WLAN: rk_cc3000_wlan_timer(dev); break;
    case CC_TIMER_NET: rk_cc3000_net_timer(dev); break;
    case CC_TIMER_SECOND: second(dev); break;
    default: rk_cc3000_link_timer(dev, timer); break;
    }
}

const struct rk_dev_ops rk_cc3000_ops = {
    .type = "cc3000",
    .state_size = sizeof(struct rk_cc3000),
    .timer_count = CC_TIMER_COUNT,
    .out_count = RK_CC3000_OUT_COUNT,
    .reset = cc3000_reset,
    .input = cc3000_input,
    .timer = cc3000_timer,
    .restored = rk_cc3000_net_restored,
};

/* --- for shells ------------------------------------------------------------------------------- */

void rk_cc3000_attach(struct rk_dev *dev, struct rk_net *net) {
    struct rk_cc3000 *r = cc_of(dev);
    dev->host = net;
    if (net && net->config) {
        r->random = net->config->seed;
        r->faults |= net->config->faults;
    }
}

void rk_cc3000_fault(struct rk_dev *dev, enum rk_net_fault fault, bool on) {
    struct rk_cc3000 *r = cc_of(dev);
    const uint32_t bit = 1u << fault;
    r->faults = on ? r->faults | bit : r->faults & ~bit;
    if (fault == RK_NET_FAULT_HANG && on && r->link.phase != CC_OFF) {
        r->link.phase = CC_HUNG;
    }
}

void rk_cc3000_info_get(struct rk_dev *dev, struct rk_cc3000_info *info) {
    const struct rk_cc3000 *r = cc_of(dev);
    *info = (struct rk_cc3000_info){
        .powered = r->link.phase != CC_OFF,
        .started = r->started,
        .associated = r->wlan.state > CC_WLAN_CONNECTING,
        .has_ip = r->wlan.state == CC_WLAN_UP,
        .hung = r->link.phase == CC_HUNG,
        .smartconfig = r->wlan.smartconfig,
        .free_buffers = rk_cc3000_buffers_free(dev),
        .queued = r->queue.count,
        .ip = r->wlan.ip.ip,
        .commands = r->commands,
    };
    for (unsigned sd = 0; sd < CC_SOCKETS; sd++) {
        info->open_sockets += r->sockets[sd].used;
    }
    const uint8_t *mac = rk_cc3000_file(dev->nv, CC_FILE_MAC, 0, 6);
    if (mac) {
        memcpy(info->mac, mac, 6);
    }
    rk_cc3000_nv_patch(dev->nv, info->patch);
}
