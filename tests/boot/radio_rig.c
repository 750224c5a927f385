/* See radio_rig.h. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "tests/boot/radio_rig.h"
#include "tests/published.h"

#define LOOPBACK 0x7F000001u

const uint8_t radio_rig_id[12] = {0x53, 0xFF, 0x6D, 0x06, 0x50, 0x77,
                                  0x53, 0x52, 0x28, 0x30, 0x02, 0x87};

/* --- who watches ------------------------------------------------------------------------------ */

static void note(struct radio_rig *r) {
    struct rk_led_observation event;
    while (rk_led_decoder_event(&r->led, &event)) {
        if (r->seen_count < RADIO_RIG_SEEN) {
            r->seen[r->seen_count++] =
                (struct radio_rig_seen){rk_machine_now_ns(r->m), rk_machine_instr(r->m), event};
        }
    }
}

static void hash(struct radio_rig *r, uint64_t value) {
    r->led_hash = (r->led_hash ^ value) * 0x100000001B3ull; /* FNV-1a, by words */
}

static void on_led(void *ctx, const uint16_t rgb[3], uint16_t full) {
    struct radio_rig *r = ctx;
    rk_led_decoder_feed(&r->led, rk_machine_now_ns(r->m), rgb[0], rgb[1], rgb[2], full);
    hash(r, rk_machine_instr(r->m));
    hash(r, (uint64_t)rgb[0] << 32 | (uint64_t)rgb[1] << 16 | rgb[2]);
    note(r);
}

static void on_reset(void *ctx, enum rk_reset kind) {
    struct radio_rig *r = ctx;
    r->resets++;
    rk_led_decoder_reset(&r->led, rk_machine_now_ns(r->m));
}

static void on_trace(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line) {
    struct radio_rig *r = ctx;
    if (r->trace) {
        fprintf(r->trace, "%10.6f %s: %s\n", (double)rk_machine_now_ns(r->m) / 1e9, dev->name,
                line);
    }
}

/* --- the server ------------------------------------------------------------------------------- */

static bool on_opened(void *ctx, int conn, struct rk_net_addr to, uint64_t now) {
    struct radio_rig *r = ctx;
    r->dialled = to;
    if (r->refuse) {
        return false;
    }
    r->conn = conn;
    r->opened++;
    r->got_len = 0;
    if (!r->silent) {
        uint8_t nonce[40];
        for (unsigned i = 0; i < sizeof nonce; i++) {
            nonce[i] = (uint8_t)(i * 7 + 1);
        }
        rk_net_peer_send(r->peer, conn, nonce, sizeof nonce);
    }
    return true;
}

static void on_received(void *ctx, int conn, const void *data, size_t len, uint64_t now) {
    struct radio_rig *r = ctx;
    const size_t n = RK_MIN(len, sizeof r->got - r->got_len);
    memcpy(r->got + r->got_len, data, n);
    r->got_len += n;
}

static void on_closed(void *ctx, int conn, uint64_t now) {
    struct radio_rig *r = ctx;
    r->closed++;
}

static void on_datagram(void *ctx, int conn, struct rk_net_addr to, const void *data, size_t len,
                        uint64_t now) {
    struct radio_rig *r = ctx;
    r->datagram.to = to;
    r->datagram.len = RK_MIN(len, sizeof r->datagram.bytes);
    memcpy(r->datagram.bytes, data, r->datagram.len);
}

static const struct rk_net_peer_ops server_ops = {
    .opened = on_opened, .received = on_received, .closed = on_closed, .datagram = on_datagram};

/* --- the board -------------------------------------------------------------------------------- */

void radio_rig_init(struct radio_rig *r, const char *image, unsigned eras) {
    radio_rig_init_with(r, image, eras, &server_ops, r);
}

void radio_rig_init_with(struct radio_rig *r, const char *image, unsigned eras,
                         const struct rk_net_peer_ops *ops, void *ctx) {
    size_t len, cap;
    uint8_t *bytes = rk_published_image(image, &len);
    memset(r, 0, sizeof *r);
    strcpy(r->config.names[0].name, "device.spark.io");
    r->config.names[0].ip = LOOPBACK;
    r->config.name_count = 1;
    r->config.latency_us = 5000;
    r->config.seed = 1;
    r->peer = rk_net_peer_new(ops, ctx);
    r->link = rk_net_link_new(&r->config, r->peer);
    r->m = rk_machine_new(&rk_spark_core_desc, NULL);
    assert_non_null(r->m);
    rk_spark_core_init(r->m, radio_rig_id);
    uint8_t *flash = rk_machine_nv(r->m, RK_CORE_NV_INTERNAL, &cap);
    assert_true(len <= cap - 0x5000);
    memcpy(flash + 0x5000, bytes, len);
    free(bytes);
    rk_spark_core_standin_loader(r->m);
    r->radio = rk_machine_dev(r->m, RK_CORE_CC3000);
    rk_cc3000_attach(r->radio, r->link);
    rk_led_decoder_init(&r->led, 0, eras);
    r->led_hash = 0xCBF29CE484222325ull;
}

void radio_rig_release(struct radio_rig *r) {
    rk_machine_free(r->m);
    rk_net_link_free(r->link);
    rk_net_peer_free(r->peer);
}

struct rk_net_ap *radio_rig_add_ap(struct radio_rig *r) {
    struct rk_net_ap *ap = &r->config.aps[r->config.ap_count++];
    *ap = (struct rk_net_ap){.ssid = "home",
                             .ssid_len = 4,
                             .bssid = {2, 0, 0, 0, 0, 1},
                             .security = RK_NET_WPA2,
                             .pass = "password",
                             .pass_len = 8,
                             .channel = 6,
                             .modes = 7,
                             .rssi_dbm = -50,
                             .dhcp = true,
                             .internet = true,
                             .ip = 0xC0A80164u,
                             .mask = 0xFFFFFF00u,
                             .gateway = 0xC0A80101u,
                             .dns = 0xC0A80101u};
    return ap;
}

void radio_rig_store(struct radio_rig *r) {
    const struct rk_cc3000_profile p = {.ssid = "home",
                                        .ssid_len = 4,
                                        .key = "password",
                                        .key_len = 8,
                                        .security = 3,
                                        .priority = 1};
    assert_int_equal(rk_cc3000_nv_store(rk_machine_nv(r->m, RK_CORE_NV_RADIO, NULL), &p), 0);
}

void radio_rig_power(struct radio_rig *r) {
    const struct rk_observer observer = {.ctx = r,
                                         .led = on_led,
                                         .reset = on_reset,
                                         .trace = on_trace,
                                         .trace_mask =
                                             r->trace ? RK_TRACE_HCI | RK_TRACE_GUEST : 0};
    rk_machine_observe(r->m, &observer);
    rk_machine_power_on(r->m);
}

static bool shows(const struct rk_led_observation *o, const char *signal) {
    return rk_led_observed_is(o, signal);
}

bool radio_rig_saw(const struct radio_rig *r, const char *signal) {
    for (unsigned i = 0; i < r->seen_count; i++) {
        if (shows(&r->seen[i].led, signal)) {
            return true;
        }
    }
    return false;
}

void radio_rig_forget(struct radio_rig *r) {
    r->seen_count = 0;
}

/* In slices of 25 ms, so that what time alone decides about the LED is decided. */
static bool step(struct radio_rig *r, uint64_t until_ns) {
    const uint64_t at = RK_MIN(rk_machine_now_ns(r->m) + 25000000u, until_ns);
    const enum rk_stop stop = rk_machine_run(r->m, rk_machine_cycle_at_ns(r->m, at), UINT64_MAX);
    rk_led_decoder_advance(&r->led, rk_machine_now_ns(r->m));
    note(r);
    return stop == RK_STOP_CYCLE;
}

bool radio_rig_until(struct radio_rig *r, const char *signal, uint32_t limit_ms) {
    const uint64_t until = rk_machine_now_ns(r->m) + limit_ms * 1000000ull;
    const unsigned from = r->seen_count;
    while (rk_machine_now_ns(r->m) < until && step(r, until)) {
        for (unsigned i = from; i < r->seen_count; i++) {
            if (shows(&r->seen[i].led, signal)) {
                return true;
            }
        }
    }
    return false;
}

void radio_rig_run(struct radio_rig *r, uint32_t ms) {
    const uint64_t until = rk_machine_now_ns(r->m) + ms * 1000000ull;
    while (rk_machine_now_ns(r->m) < until && step(r, until)) {
    }
}

void radio_rig_print(const struct radio_rig *r, const char *title) {
    print_message("%s\n", title);
    for (unsigned i = 0; i < r->seen_count; i++) {
        char name[RK_LED_NAME_CAP];
        rk_led_observed_name(&r->seen[i].led, name);
        print_message("  %10.4f s %12llu  %s\n", (double)r->seen[i].led.since_ns / 1e9,
                      (unsigned long long)r->seen[i].instr, name);
    }
}

uint64_t radio_rig_guest_errors(const struct radio_rig *r) {
    return rk_machine_counts(r->m)->guest_errors;
}
