/* The CC3000's commands against cc3000.md 2-5: what each reply holds, where, and in which octet
 * order; association rules; sockets over a peer on virtual time; service packs; faults. The host is
 * cc3000_bench.c; expected bytes are written out from the reference.
 */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "emu/part/cc3000_bench.h"
#include "emu/part/cc3000_int.h"
#include "emu/port/net_link.h"
#include "emu/port/net_peer.h"

#define PEER_IP 0x0A0B0C0Du /* 10.11.12.13 */

struct fixture {
    struct cc_bench b;
    struct rk_net_config config;
    struct rk_net *peer, *link;
    int conn;
    uint8_t got[4096];
    size_t got_len;
    struct rk_net_addr dialled;
    unsigned closed;
    bool echo;
};

static bool on_opened(void *ctx, int conn, struct rk_net_addr to, uint64_t now) {
    struct fixture *f = ctx;
    f->conn = conn;
    f->dialled = to;
    return to.port != 1;
}

static void on_received(void *ctx, int conn, const void *data, size_t len, uint64_t now) {
    struct fixture *f = ctx;
    memcpy(f->got + f->got_len, data, RK_MIN(len, sizeof f->got - f->got_len));
    f->got_len += RK_MIN(len, sizeof f->got - f->got_len);
    if (f->echo) {
        rk_net_peer_send(f->peer, conn, data, len);
    }
}

static void on_closed(void *ctx, int conn, uint64_t now) {
    struct fixture *f = ctx;
    f->closed++;
}

static void on_datagram(void *ctx, int conn, struct rk_net_addr to, const void *data, size_t len,
                        uint64_t now) {
    struct fixture *f = ctx;
    f->conn = conn;
    f->dialled = to;
    memcpy(f->got, data, len);
    f->got_len = len;
    rk_net_peer_datagram(f->peer, conn, to, "pong!", 5);
}

static const struct rk_net_peer_ops peer_ops = {
    .opened = on_opened, .received = on_received, .closed = on_closed, .datagram = on_datagram};

static struct rk_net_ap make_ap(const char *ssid, enum rk_net_security security, const char *pass) {
    struct rk_net_ap ap = {.ssid_len = (uint8_t)strlen(ssid),
                           .bssid = {2, 0, 0, 0, 0, 9},
                           .security = (uint8_t)security,
                           .pass_len = (uint8_t)strlen(pass),
                           .channel = 6,
                           .modes = 7,
                           .rssi_dbm = -50,
                           .dhcp = true,
                           .internet = true,
                           .ip = 0xC0A80116u,
                           .mask = 0xFFFFFF00u,
                           .gateway = 0xC0A80101u,
                           .dns = 0xC0A80102u};
    memcpy(ap.ssid, ssid, ap.ssid_len);
    memcpy(ap.pass, pass, ap.pass_len);
    return ap;
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->config.aps[f->config.ap_count++] = make_ap("home", RK_NET_WPA2, "password");
    strcpy(f->config.names[0].name, "device.spark.io");
    f->config.names[0].ip = PEER_IP;
    f->config.name_count = 1;
    f->config.routes[f->config.route_count++] =
        (struct rk_net_route){{PEER_IP, 0}, {0x7F000001u, 0}};
    f->config.seed = 7;
    f->peer = rk_net_peer_new(&peer_ops, f);
    f->link = rk_net_link_new(&f->config, f->peer);
    cc_bench_init(&f->b, f->link);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    cc_bench_release(&f->b);
    rk_net_link_free(f->link);
    rk_net_peer_free(f->peer);
    free(f);
    return 0;
}

static uint64_t errors(const struct fixture *f) {
    return rk_machine_counts(f->b.t->m)->guest_errors;
}

static int32_t call_i32(struct fixture *f, uint16_t opcode, const void *args, size_t len) {
    assert_true(cc_bench_call(&f->b, opcode, args, len));
    return cc_bench_word(&f->b, 0);
}

static void words(uint8_t *out, const uint32_t *in, size_t count) {
    for (size_t i = 0; i < count; i++) {
        rk_put_u32le(out + 4 * i, in[i]);
    }
}

#define CALL(f, opcode, ...)                                                                       \
    call_words((f), (opcode), (const uint32_t[]){__VA_ARGS__},                                     \
               sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static int32_t call_words(struct fixture *f, uint16_t opcode, const uint32_t *in, size_t count) {
    uint8_t args[255] = {0};
    words(args, in, count);
    return call_i32(f, opcode, args, 4 * count);
}

/* A profile as the firmware sends it (2.4.1, right column). */
static int32_t add_wpa(struct fixture *f, const char *ssid, const char *pass) {
    uint8_t a[255] = {0};
    const size_t n = strlen(ssid), k = strlen(pass);
    words(a, (const uint32_t[]){3, 0x28, (uint32_t)n}, 3);
    rk_put_u32le(a + 20, 1);
    words(a + 24, (const uint32_t[]){0x18, 0x1E, 2, (uint32_t)(8 + n), (uint32_t)k}, 5);
    memcpy(a + 44, ssid, n);
    memcpy(a + 44 + n, pass, k);
    return call_i32(f, 0x0005, a, 44 + n + k);
}

static void connect_wifi(struct fixture *f) {
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(add_wpa(f, "home", "password"), 0);
    assert_int_equal(CALL(f, 0x0008, 0x8204), 0);
    assert_true(cc_bench_call(&f->b, 0x2009, (const uint8_t[20]){0}, 20));
    assert_int_equal(CALL(f, 0x0004, 0, 0, 1), 0);
    assert_true(cc_bench_event(&f->b, 0x8001, 3000));
    assert_true(cc_bench_event(&f->b, 0x8010, 3000));
    assert_int_equal(f->b.rx[4], 0);
}

static void sockaddr(uint8_t out[8], uint32_t ip, uint16_t port) {
    rk_put_u16le(out, 2);
    rk_put_u16be(out + 2, port);
    rk_put_u32be(out + 4, ip);
}

static int32_t connect_to(struct fixture *f, uint32_t sd, uint32_t ip, uint16_t port) {
    uint8_t a[20] = {0};
    words(a, (const uint32_t[]){sd, 8, 8}, 3);
    sockaddr(a + 12, ip, port);
    return call_i32(f, 0x1007, a, sizeof a);
}

static int32_t open_tcp(struct fixture *f) {
    const int32_t sd = CALL(f, 0x1001, 2, 1, 6);
    assert_int_equal(sd, 0);
    assert_int_equal(connect_to(f, 0, PEER_IP, 5683), 0);
    return sd;
}

static void send_tcp(struct fixture *f, const void *data, size_t len) {
    uint8_t p[1100] = {2, 0x81, 16};
    rk_put_u16le(p + 3, (uint16_t)(16 + len));
    words(p + 5, (const uint32_t[]){0, 12, (uint32_t)len, 0}, 4);
    memcpy(p + 21, data, len);
    assert_true(cc_bench_write(&f->b, p, 21 + len));
}

static int32_t select_read(struct fixture *f, uint32_t mask, uint32_t usec) {
    return CALL(f, 0x1008, 8, 0x14, 0x14, 0x14, 0x14, 0, mask, 0, 0, 0, usec);
}

/* --- association and addresses ---------------------------------------------------------------- */

/* 3: 192.168.1.22 is 16 01 a8 c0, in 8010 and in 2005 (captured). */
static void test_wlan__connects_and_gives_reversed_addresses(void **state) {
    static const uint8_t expect[20] = {0x16, 1,    0xA8, 0xC0, 0,    0xFF, 0xFF, 0xFF, 1,    1,
                                       0xA8, 0xC0, 1,    1,    0xA8, 0xC0, 2,    1,    0xA8, 0xC0};
    struct fixture *f = *state;
    connect_wifi(f);
    assert_int_equal(f->b.rx[3], 21);
    assert_memory_equal(f->b.rx + 5, expect, sizeof expect);
    assert_true(cc_bench_call(&f->b, 0x2005, NULL, 0));
    assert_int_equal(f->b.rx[3], 59);
    assert_memory_equal(f->b.rx + 5, expect, sizeof expect);
    assert_memory_equal(f->b.rx + 25, "\x08\x00\x28", 3); /* MAC, TI's prefix */
    assert_memory_equal(f->b.rx + 31, "home", 5);
    assert_int_equal(CALL(f, 0x0009), 3);
    assert_int_equal(errors(f), 0);
}

static void test_wlan__joins_only_what_the_chip_could(void **state) {
    static const struct {
        const char *what;
        uint8_t security, channel, modes, secure_profile;
        bool band_5ghz, hidden;
        int8_t rssi;
        const char *pass;
        bool joins;
    } cases[] = {
        {"wpa2", RK_NET_WPA2, 6, 7, 3, false, false, -50, "password", true},
        {"wpa by a profile of type 3", RK_NET_WPA, 6, 7, 3, false, false, -50, "password", true},
        {"mixed", RK_NET_WPA_MIXED, 6, 7, 3, false, false, -50, "password", true},
        {"wpa3 only", RK_NET_WPA3, 6, 7, 3, false, false, -50, "password", false},
        {"5 GHz", RK_NET_WPA2, 36, 7, 3, true, false, -50, "password", false},
        {"n only", RK_NET_WPA2, 6, RK_NET_MODE_N, 3, false, false, -50, "password", false},
        {"channel 11", RK_NET_WPA2, 11, 7, 3, false, false, -50, "password", true},
        {"channel 12", RK_NET_WPA2, 12, 7, 3, false, false, -50, "password", false},
        {"channel 14", RK_NET_WPA2, 14, 7, 3, false, false, -50, "password", false},
        {"too far", RK_NET_WPA2, 6, 7, 3, false, false, -95, "password", false},
        {"wrong passphrase", RK_NET_WPA2, 6, 7, 3, false, false, -50, "passw0rd", false},
        {"open, profile wpa", RK_NET_OPEN, 6, 7, 3, false, false, -50, "", false},
        {"hidden", RK_NET_WPA2, 6, 7, 3, false, true, -50, "password", true},
    };
    struct fixture *f = *state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_net_ap *ap = &f->config.aps[0];
        *ap = make_ap("home", (enum rk_net_security)cases[i].security, cases[i].pass);
        ap->channel = cases[i].channel;
        ap->modes = cases[i].modes;
        ap->band_5ghz = cases[i].band_5ghz;
        ap->hidden = cases[i].hidden;
        ap->rssi_dbm = cases[i].rssi;
        assert_true(cc_bench_start(&f->b, 0));
        assert_int_equal(add_wpa(f, "home", "password"), 0);
        assert_int_equal(CALL(f, 0x0004, 0, 0, 1), 0);
        if (cc_bench_event(&f->b, 0x8010, 10000) != cases[i].joins) {
            fail_msg("%s", cases[i].what);
        }
    }
}

/* 2.4: channels above 11 only with a mask that allows them; the mask survives. */
static void test_wlan__channel_12_after_scan_parameters_allow_it(void **state) {
    struct fixture *f = *state;
    uint8_t scan[100] = {36};
    rk_put_u32le(scan + 20, 0x1FFF);
    f->config.aps[0].channel = 12;
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(add_wpa(f, "home", "password"), 0);
    assert_int_equal(call_i32(f, 0x0003, scan, sizeof scan), 0);
    assert_int_equal(CALL(f, 0x0004, 0, 0, 1), 0);
    assert_true(cc_bench_start(&f->b, 0));
    assert_true(cc_bench_event(&f->b, 0x8010, 5000));
}

/* 3: 8010 with zeros twice, then 8002. */
static void test_wlan__no_dhcp_ends_in_a_disconnect(void **state) {
    static const uint8_t zeros[20];
    struct fixture *f = *state;
    f->config.aps[0].dhcp = false;
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(add_wpa(f, "home", "password"), 0);
    assert_int_equal(CALL(f, 0x0004, 0, 0, 1), 0);
    assert_true(cc_bench_event(&f->b, 0x8001, 3000));
    for (int i = 0; i < 2; i++) {
        assert_true(cc_bench_event(&f->b, 0x8010, 10000));
        assert_int_not_equal(f->b.rx[4], 0);
        assert_memory_equal(f->b.rx + 5, zeros, 20);
    }
    assert_true(cc_bench_event(&f->b, 0x8002, 10000));
}

static void test_wlan__notices_that_the_access_point_went_away(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    open_tcp(f);
    f->config.aps[0].gone = true;
    assert_true(cc_bench_event(&f->b, 0x8002, 3000));
    f->config.aps[0].gone = false;
    assert_true(cc_bench_event(&f->b, 0x8010, 20000));
    assert_int_equal(CALL(f, 0x0002), 0);
    assert_true(cc_bench_event(&f->b, 0x8002, 100));
    assert_int_equal(CALL(f, 0x0002), -129);
}

/* 2.4.2. */
static void test_wlan__scan_lists_what_is_visible(void **state) {
    struct fixture *f = *state;
    f->config.aps[1] = make_ap("hidden", RK_NET_OPEN, "");
    f->config.aps[1].hidden = true;
    f->config.aps[2] = make_ap("guest", RK_NET_OPEN, "");
    f->config.aps[2].rssi_dbm = -71;
    f->config.ap_count = 3;
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(CALL(f, 0x0007, 0), 2);
    assert_int_equal(f->b.rx[3], 51);
    assert_int_equal(f->b.rx[5 + 8], 1 | 50 << 1);
    assert_int_equal(f->b.rx[5 + 9], 3 | 4 << 2);
    assert_int_equal(CALL(f, 0x0007, 0), 1);
    assert_int_equal(f->b.rx[5 + 8], 1 | 71 << 1);
    assert_int_equal(f->b.rx[5 + 9], 0 | 5 << 2);
    assert_memory_equal(f->b.rx + 5 + 12, "guest\0\0\0", 8);
    assert_memory_equal(f->b.rx + 5 + 44, "\x02\0\0\0\0\x09", 6);
    assert_int_equal(CALL(f, 0x0007, 0), 0);
    assert_int_equal(cc_bench_word(&f->b, 1), 2);
    assert_memory_equal(f->b.rx + 5 + 44, "\0\0\0\0\0\0", 6);
}

/* --- sockets ---------------------------------------------------------------------------------- */

/* 2.6: A+4 reversed octets; -69 for what is not known. */
static void test_dns__answers_reversed_octets(void **state) {
    uint8_t ask[8 + 15] = {8, 0, 0, 0, 15};
    struct fixture *f = *state;
    connect_wifi(f);
    memcpy(ask + 8, "device.spark.io", 15);
    assert_int_equal(call_i32(f, 0x1010, ask, sizeof ask), 0);
    assert_memory_equal(f->b.rx + 9, "\x0D\x0C\x0B\x0A", 4);
    memcpy(ask + 8, "nobody.spark.io", 15);
    assert_int_equal(call_i32(f, 0x1010, ask, sizeof ask), -69);
}

/* 2.6: event, then data packet 85 with 24 argument bytes; 0C at +4; LE16 counts both. */
static void test_tcp__receives_event_then_data(void **state) {
    static const uint8_t head[29] = {2, 0x85, 24, 24 + 40, 0, 0, 0, 0, 0, 0x0C, 0, 0, 0, 40};
    uint8_t nonce[40];
    struct fixture *f = *state;
    memset(nonce, 0xA7, sizeof nonce);
    connect_wifi(f);
    open_tcp(f);
    assert_int_equal(f->dialled.port, 5683);
    assert_int_equal(select_read(f, 1, 5000), 0);
    rk_net_peer_send(f->peer, f->conn, nonce, sizeof nonce);
    assert_int_equal(select_read(f, 1, 5000), 1);
    assert_int_equal(cc_bench_word(&f->b, 1), 1);
    assert_int_equal(CALL(f, 0x1004, 0, 40, 0), 0);
    assert_int_equal(cc_bench_word(&f->b, 1), 40);
    assert_true(cc_bench_read(&f->b, 5000));
    assert_memory_equal(f->b.rx, head, sizeof head);
    assert_memory_equal(f->b.rx + 29, nonce, sizeof nonce);
}

/* 2.6, 2.6.1: 1003 with the count, then exactly one 4100 of `01 00 sd 01 01 00`. */
static void test_tcp__sends_and_gives_one_credit_per_send(void **state) {
    static const uint8_t credit[11] = {4, 0, 0x41, 7, 0, 1, 0, 0, 1, 1, 0};
    uint8_t block[256];
    struct fixture *f = *state;
    memset(block, 0x5A, sizeof block);
    connect_wifi(f);
    open_tcp(f);
    for (int i = 0; i < 12; i++) {
        send_tcp(f, block, sizeof block);
        assert_true(cc_bench_event(&f->b, 0x1003, 100));
        assert_int_equal(cc_bench_word(&f->b, 0), 0);
        assert_int_equal(cc_bench_word(&f->b, 1), 256);
        assert_true(cc_bench_read(&f->b, 20000));
        assert_memory_equal(f->b.rx, credit, sizeof credit);
        assert_false(cc_bench_read(&f->b, 20000));
    }
    assert_int_equal(f->got_len, 12 * 256);
    assert_memory_equal(f->got, block, sizeof block);
}

/* 2.6.3: after the data is drained 8800 with LE32 sd, then recv answers -57. */
static void test_tcp__close_wait_after_the_data_was_read(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    open_tcp(f);
    rk_net_peer_send(f->peer, f->conn, "bye", 3);
    rk_net_peer_close(f->peer, f->conn, false);
    assert_int_equal(select_read(f, 1, 5000), 1);
    assert_false(cc_bench_read(&f->b, 100000));
    CALL(f, 0x1004, 0, 100, 0);
    assert_int_equal(cc_bench_word(&f->b, 1), 3);
    assert_true(cc_bench_read(&f->b, 5000));
    assert_memory_equal(f->b.rx + 29, "bye", 3);
    assert_true(cc_bench_event(&f->b, 0x8800, 100));
    assert_int_equal(f->b.rx[3], 5);
    assert_int_equal(cc_bench_word(&f->b, 0), 0);
    CALL(f, 0x1004, 0, 100, 0);
    assert_int_equal(cc_bench_word(&f->b, 1), -57);
    assert_int_equal(CALL(f, 0x100B, 0), 0);
    assert_int_equal(f->closed, 1);
}

static void test_tcp__connect_fails_before_the_hosts_own_limit(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    assert_int_equal(CALL(f, 0x1001, 2, 1, 6), 0);
    assert_true(connect_to(f, 0, PEER_IP, 1) < 0);      /* refused */
    assert_true(connect_to(f, 0, 0x08080404u, 80) < 0); /* not mapped */
    assert_int_equal(CALL(f, 0x100B, 0), 0);
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_NO_INTERNET, true);
    assert_int_equal(CALL(f, 0x1001, 2, 1, 6), 0);
    const uint64_t before = rk_machine_now_ns(f->b.t->m);
    assert_int_equal(connect_to(f, 0, PEER_IP, 5683), -1);
    const uint64_t took_ms = (rk_machine_now_ns(f->b.t->m) - before) / 1000000;
    assert_in_range(took_ms, 5000, 8000);
}

/* "Internet" of the firmware's test (design.md, Network). */
static void test_tcp__the_internet_test_address_answers_inside(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    assert_int_equal(CALL(f, 0x1001, 2, 1, 6), 0);
    assert_int_equal(connect_to(f, 0, 0x08080808u, 53), 0);
    assert_int_equal(f->dialled.port, 0);
}

/* 2.6: the address stands behind the data, 16 bytes long in 0.7.0; 100F answers. */
static void test_udp__sendto_and_recvfrom(void **state) {
    uint8_t p[5 + 24 + 4 + 16] = {2, 0x83, 24};
    struct fixture *f = *state;
    connect_wifi(f);
    assert_int_equal(CALL(f, 0x1001, 2, 2, 17), 0);
    rk_put_u16le(p + 3, 24 + 4 + 16);
    words(p + 5, (const uint32_t[]){0, 20, 4, 0, 12, 8}, 6);
    memcpy(p + 29, "ping", 4);
    sockaddr(p + 33, PEER_IP, 7777);
    assert_true(cc_bench_write(&f->b, p, sizeof p));
    assert_true(cc_bench_event(&f->b, 0x100F, 100));
    assert_int_equal(cc_bench_word(&f->b, 1), 4);
    assert_int_equal(select_read(f, 1, 500000), 1);
    assert_int_equal(f->got_len, 4);
    assert_int_equal(f->dialled.port, 7777);
    CALL(f, 0x100D, 0, 100, 0);
    assert_int_equal(cc_bench_word(&f->b, 1), 5);
    assert_true(cc_bench_event(&f->b, 0, 0) || cc_bench_read(&f->b, 5000));
    assert_int_equal(f->b.rx[1], 0x84);
    assert_memory_equal(f->b.rx + 29, "pong!", 5);
}

/* 2.6: a server; -2 when nothing waits. */
static void test_tcp__accepts(void **state) {
    uint8_t bind[20];
    uint8_t option[24];
    struct fixture *f = *state;
    connect_wifi(f);
    assert_int_equal(CALL(f, 0x1001, 2, 1, 6), 0);
    words(option, (const uint32_t[]){0, 0xFFFF, 2, 8, 4, 0}, 6);
    assert_int_equal(call_i32(f, 0x1009, option, sizeof option), 0);
    words(bind, (const uint32_t[]){0, 8, 8}, 3);
    sockaddr(bind + 12, 0, 48879);
    assert_int_equal(call_i32(f, 0x1002, bind, sizeof bind), 0);
    assert_int_equal(CALL(f, 0x1006, 0, 0), 0);
    CALL(f, 0x1005, 0);
    assert_int_equal(cc_bench_word(&f->b, 1), -2);
    assert_int_equal(f->b.rx[3], 17);
    assert_true(rk_net_peer_connect(f->peer, 1, (struct rk_net_addr){1, 2}) < 0);
    const int conn = rk_net_peer_connect(f->peer, 48879, (struct rk_net_addr){0x7F000001u, 4444});
    assert_true(conn >= 0);
    CALL(f, 0x1005, 0);
    assert_int_equal(cc_bench_word(&f->b, 1), 1);
    assert_memory_equal(f->b.rx + 5 + 8, "\x02\x00\x11\x5C\x7F\x00\x00\x01", 8);
    rk_net_peer_send(f->peer, conn, "hi", 2);
    assert_int_equal(select_read(f, 2, 5000), 1);
}

static void test_socket__four_at_once_lowest_free_first(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(CALL(f, 0x1001, 2, 1, 6), i);
    }
    assert_int_equal(CALL(f, 0x1001, 2, 1, 6), -128);
    assert_int_equal(CALL(f, 0x100B, 1), 0);
    assert_int_equal(CALL(f, 0x1001, 2, 2, 17), 1);
}

/* 2.5: inactivity 60 s unless the timers say otherwise. */
static void test_tcp__idle_connection_is_closed_by_the_default_timer(void **state) {
    struct fixture *f = *state;
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(add_wpa(f, "home", "password"), 0);
    assert_int_equal(CALL(f, 0x0004, 0, 0, 1), 0);
    assert_true(cc_bench_event(&f->b, 0x8010, 5000));
    open_tcp(f);
    assert_true(cc_bench_event(&f->b, 0x8800, 65000));
}

/* --- ping ------------------------------------------------------------------------------------- */

static void test_ping__reports_after_the_last_attempt(void **state) {
    uint8_t ask[16] = {192, 168, 1, 1, 3, 0, 0, 0, 32, 0, 0, 0, 0xF4, 1, 0, 0};
    struct fixture *f = *state;
    connect_wifi(f);
    assert_true(cc_bench_call(&f->b, 0x2002, ask, sizeof ask));
    assert_true(cc_bench_event(&f->b, 0x8040, 3000));
    assert_int_equal(cc_bench_word(&f->b, 0), 3);
    assert_int_equal(cc_bench_word(&f->b, 1), 3);
    memcpy(ask, "\x01\x01\xA8\xC0", 4); /* the same, reversed */
    assert_true(cc_bench_call(&f->b, 0x2002, ask, sizeof ask));
    assert_true(cc_bench_event(&f->b, 0x8040, 3000));
    assert_int_equal(cc_bench_word(&f->b, 1), 3);
    memcpy(ask, "\x08\x08\x04\x04", 4);
    assert_true(cc_bench_call(&f->b, 0x2002, ask, sizeof ask));
    assert_true(cc_bench_event(&f->b, 0x8040, 3000));
    assert_int_equal(cc_bench_word(&f->b, 0), 3);
    assert_int_equal(cc_bench_word(&f->b, 1), 0);
}

/* --- EEPROM ----------------------------------------------------------------------------------- */

static int32_t nvmem_write(struct fixture *f, uint32_t file, uint32_t off, const void *data,
                           size_t len) {
    uint8_t p[300] = {2, 0x90, 16};
    rk_put_u16le(p + 3, (uint16_t)(16 + len));
    words(p + 5, (const uint32_t[]){file, 12, (uint32_t)len, off}, 4);
    memcpy(p + 21, data, len);
    assert_true(cc_bench_write(&f->b, p, 21 + len));
    assert_true(cc_bench_event(&f->b, 0x0202, 100));
    return cc_bench_word(&f->b, 0);
}

static int nvmem_read(struct fixture *f, uint32_t file, uint32_t len, uint32_t off) {
    CALL(f, 0x0201, file, len, off);
    assert_true(cc_bench_read(&f->b, 5000));
    assert_int_equal(f->b.rx[1], 0x91);
    return rk_get_u16le(f->b.rx + 3) - f->b.rx[2];
}

/* 2.7, 9.7: the data packet always comes; its length is the result. */
static void test_nvmem__read_always_sends_a_data_packet(void **state) {
    struct fixture *f = *state;
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(nvmem_read(f, 14, 16, 0), 0);
    assert_int_equal(nvmem_read(f, 6, 6, 0), 6);
    assert_int_equal(nvmem_read(f, 11, 128, 0), 128);
    assert_int_equal(nvmem_read(f, 99, 1, 0), 0);
    assert_int_equal(nvmem_read(f, 6, 6, 0xFFFFFFFFu), 0);
    assert_true(cc_bench_call(&f->b, 0x0203, "\x0E\0\0\0\x10\0\0\0", 8));
    assert_int_equal(nvmem_write(f, 14, 0, "0123456789abcdef", 16), 0);
    assert_int_equal(nvmem_write(f, 14, 8, "0123456789abcdef", 16), -1);
    assert_int_equal(nvmem_read(f, 14, 16, 0), 16);
    assert_memory_equal(f->b.rx + 5 + f->b.rx[2], "0123456789abcdef", 16);
}

/* 4.2, 4.3: version out of file 4; system files only after start argument 2; a FAT write with zeros
 * at 52 erases the host's files. */
static void test_nvmem__service_pack_follows_what_was_written(void **state) {
    static const uint8_t head[8] = {0, 1, 0, 0, 0x68, 0x1B, 0, 0};
    static const uint8_t version[8] = {0x96, 0, 0, 0, 0, 6, 1, 0x20};
    static const uint8_t zeros[16];
    struct fixture *f = *state;
    assert_true(cc_bench_start(&f->b, 0));
    assert_true(cc_bench_call(&f->b, 0x0207, NULL, 0));
    assert_memory_equal(f->b.rx + 3, "\x05\0\0\x06\x01\x18", 6); /* 1.24 from the factory */
    assert_true(cc_bench_call(&f->b, 0x0203, "\x0E\0\0\0\x10\0\0\0", 8));
    assert_int_equal(nvmem_write(f, 4, 0, head, 8), -1);
    assert_int_equal(nvmem_write(f, 16, 52, zeros, 16), -1);
    assert_true(cc_bench_start(&f->b, 2));
    assert_int_equal(nvmem_write(f, 16, 0, "LS", 2), 0);
    assert_int_equal(nvmem_write(f, 16, 52, zeros, 16), 0);
    assert_int_equal(nvmem_read(f, 14, 16, 0), 0);
    assert_int_equal(nvmem_write(f, 4, 6976, zeros, 8), 0);
    assert_int_equal(nvmem_write(f, 4, 0, head, 8), 0);
    assert_int_equal(nvmem_write(f, 4, 6448, version, 8), 0);
    assert_true(cc_bench_start(&f->b, 0));
    assert_true(cc_bench_call(&f->b, 0x0207, NULL, 0));
    assert_memory_equal(f->b.rx + 5, "\0\x06\x01\x20", 4);
}

/* 2.3: without patches in the EEPROM the chip asks the host for three. */
static void test_start__asks_for_patches_that_are_missing(void **state) {
    uint8_t no_patch[7] = {3, 0, 2, 0, 0, 0};
    uint8_t zero = 0;
    struct fixture *f = *state;
    assert_true(cc_bench_start(&f->b, 2));
    assert_int_equal(nvmem_write(f, 4, 0, "\xFF\xFF\xFF\xFF", 4), 0);
    assert_true(cc_bench_power_on(&f->b));
    uint8_t start[5] = {1, 0, 0x40, 1, zero};
    assert_true(cc_bench_write(&f->b, start, sizeof start));
    for (uint8_t which = 1; which <= 3; which++) {
        assert_true(cc_bench_event(&f->b, 0x1000, 200));
        assert_int_equal(f->b.rx[5], which);
        no_patch[1] = which;
        assert_true(cc_bench_write(&f->b, no_patch, 6));
    }
    assert_true(cc_bench_event(&f->b, 0x4000, 200));
}

/* --- SmartConfig
 * ---------------------------------------------------------------------------------- */

/* 5: the test vector of the reference. */
static void test_smartconfig__leaves_encrypted_credentials(void **state) {
    static const uint8_t cipher[32] = {0x01, 0x2F, 0x5D, 0x98, 0x93, 0x4D, 0xF3, 0x1B,
                                       0x1D, 0xE0, 0x5F, 0x94, 0x89, 0x80, 0x80, 0xC2,
                                       0x99, 0x1A, 0xC6, 0x6C, 0x08, 0xDB, 0x52, 0x75,
                                       0x26, 0xC2, 0x63, 0xE0, 0xCC, 0xAA, 0xC0, 0x9E};
    const struct rk_cc3000_profile p = {
        .ssid = "home", .ssid_len = 4, .key = "password", .key_len = 8, .security = 3};
    struct fixture *f = *state;
    assert_true(cc_bench_start(&f->b, 0));
    assert_int_equal(rk_cc3000_smartconfig(f->b.t->dev, &p), RK_E_WRONG_MODE);
    assert_true(cc_bench_call(&f->b, 0x0203, "\x0C\0\0\0\x10\0\0\0", 8));
    assert_int_equal(nvmem_write(f, 12, 0, "sparkdevices2013", 16), 0);
    assert_true(cc_bench_call(&f->b, 0x000C, "TTT", 3));
    assert_int_equal(CALL(f, 0x000A, 1), 0);
    assert_int_equal(rk_cc3000_smartconfig(f->b.t->dev, &p), 0);
    assert_true(cc_bench_event(&f->b, 0x8080, 100));
    assert_int_equal(nvmem_read(f, 13, 67, 0), 67);
    const uint8_t *file = f->b.rx + 5 + f->b.rx[2];
    assert_memory_equal(file, "\4home\x20\3", 7);
    assert_memory_equal(file + 7, cipher, sizeof cipher);
}

/* --- faults
 * --------------------------------------------------------------------------------------- */

static void test_fault__credits_get_lost(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    open_tcp(f);
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_NO_CREDIT, true);
    send_tcp(f, "x", 1);
    assert_true(cc_bench_event(&f->b, 0x1003, 100));
    assert_false(cc_bench_read(&f->b, 1000000));
}

static void test_fault__hang_lasts_until_enable_moves(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_HANG, true);
    cc_bench_cs(&f->b, false);
    assert_false(cc_bench_wait_irq(&f->b, false, 100000));
    cc_bench_cs(&f->b, true);
    assert_true(cc_bench_start(&f->b, 0));
}

static void test_fault__old_service_pack_stalls_until_enable_moves(void **state) {
    static const uint8_t big[20000];
    struct fixture *f = *state;
    connect_wifi(f);
    open_tcp(f);
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_OLD_PATCH, true);
    rk_net_peer_send(f->peer, f->conn, big, sizeof big);
    size_t total = 0;
    while (select_read(f, 1, 500000) == 1) {
        CALL(f, 0x1004, 0, 900, 0);
        total += (size_t)cc_bench_word(&f->b, 1);
        assert_true(cc_bench_read(&f->b, 5000));
    }
    assert_in_range(total, 16384, 19000);
    assert_true(cc_bench_start(&f->b, 0)); /* and cannot join WPA any more */
    assert_int_equal(CALL(f, 0x0004, 0, 0, 1), 0);
    assert_false(cc_bench_event(&f->b, 0x8001, 5000));
}

static void test_fault__dns_server_reads_as_the_eeproms_magic(void **state) {
    struct fixture *f = *state;
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_DNS_LS, true);
    connect_wifi(f);
    assert_memory_equal(f->b.rx + 5 + 16, "\x00\x00\x53\x4C", 4);
}

/* 50 to 88 dB below 1 mW are 13 steps of a second; and back again. */
static void test_fault__walking_away_and_back(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_OUT_OF_RANGE, true);
    assert_false(cc_bench_event(&f->b, 0x8002, 11500));
    assert_true(cc_bench_event(&f->b, 0x8002, 3000));
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_OUT_OF_RANGE, false);
    assert_true(cc_bench_event(&f->b, 0x8010, 10000));
}

static void test_fault__late_close(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    open_tcp(f);
    rk_cc3000_fault(f->b.t->dev, RK_NET_FAULT_LATE_CLOSE, true);
    rk_net_peer_close(f->peer, f->conn, false);
    assert_int_equal(select_read(f, 1, 5000), 0);
    assert_false(cc_bench_event(&f->b, 0x8800, 25000));
    assert_true(cc_bench_event(&f->b, 0x8800, 10000));
}

/* --- snapshots
 * ------------------------------------------------------------------------------------ */

/* design.md, Time: after restore sockets read closed. */
static void test_snapshot__sockets_read_closed_after_restore(void **state) {
    struct fixture *f = *state;
    connect_wifi(f);
    open_tcp(f);
    const size_t size = rk_machine_snapshot_size(f->b.t->m);
    uint8_t *snapshot = malloc(size);
    rk_machine_snapshot_save(f->b.t->m, snapshot);
    assert_int_equal(rk_machine_snapshot_load(f->b.t->m, snapshot, size), 0);
    free(snapshot);
    assert_true(cc_bench_event(&f->b, 0x8800, 100));
    CALL(f, 0x1004, 0, 10, 0);
    assert_int_equal(cc_bench_word(&f->b, 1), -57);
    assert_int_equal(f->closed, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_wlan__connects_and_gives_reversed_addresses),
        T(test_wlan__joins_only_what_the_chip_could),
        T(test_wlan__channel_12_after_scan_parameters_allow_it),
        T(test_wlan__no_dhcp_ends_in_a_disconnect),
        T(test_wlan__notices_that_the_access_point_went_away),
        T(test_wlan__scan_lists_what_is_visible),
        T(test_dns__answers_reversed_octets),
        T(test_tcp__receives_event_then_data),
        T(test_tcp__sends_and_gives_one_credit_per_send),
        T(test_tcp__close_wait_after_the_data_was_read),
        T(test_tcp__connect_fails_before_the_hosts_own_limit),
        T(test_tcp__the_internet_test_address_answers_inside),
        T(test_udp__sendto_and_recvfrom),
        T(test_tcp__accepts),
        T(test_socket__four_at_once_lowest_free_first),
        T(test_tcp__idle_connection_is_closed_by_the_default_timer),
        T(test_ping__reports_after_the_last_attempt),
        T(test_nvmem__read_always_sends_a_data_packet),
        T(test_nvmem__service_pack_follows_what_was_written),
        T(test_start__asks_for_patches_that_are_missing),
        T(test_smartconfig__leaves_encrypted_credentials),
        T(test_fault__credits_get_lost),
        T(test_fault__hang_lasts_until_enable_moves),
        T(test_fault__old_service_pack_stalls_until_enable_moves),
        T(test_fault__dns_server_reads_as_the_eeproms_magic),
        T(test_fault__walking_away_and_back),
        T(test_fault__late_close),
        T(test_snapshot__sockets_read_closed_after_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
