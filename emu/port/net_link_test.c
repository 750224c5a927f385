/* The path between a board and the other end: what is reached, when it arrives, what gets lost, and
 * what a capture of it holds. Expected times are arithmetic on the configuration.
 */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "emu/port/net_link.h"
#include "emu/port/net_pcap.h"
#include "emu/port/net_peer.h"

#define MS   1000000ull
#define HERE 0x7F000001u

struct fixture {
    struct rk_net_config config;
    struct rk_net *peer, *link;
    int conn;
    uint8_t got[70000];
    size_t got_len;
    unsigned datagrams, closed;
    uint64_t last_ns, tick_ns;
    uint8_t file[4096];
    size_t file_len;
};

static bool on_opened(void *ctx, int conn, struct rk_net_addr to, uint64_t now) {
    struct fixture *f = ctx;
    f->conn = conn;
    f->last_ns = now;
    return to.port != 9;
}
static void on_received(void *ctx, int conn, const void *data, size_t len, uint64_t now) {
    struct fixture *f = ctx;
    assert_true(f->got_len + len <= sizeof f->got);
    memcpy(f->got + f->got_len, data, len);
    f->got_len += len;
    f->last_ns = now;
}
static void on_closed(void *ctx, int conn, uint64_t now) {
    ((struct fixture *)ctx)->closed++;
}
static void on_datagram(void *ctx, int conn, struct rk_net_addr to, const void *data, size_t len,
                        uint64_t now) {
    struct fixture *f = ctx;
    f->datagrams++;
    f->last_ns = now;
}
static uint64_t deadline(void *ctx) {
    return ((struct fixture *)ctx)->tick_ns;
}
static void tick(void *ctx, uint64_t now) {
    struct fixture *f = ctx;
    f->tick_ns = UINT64_MAX;
    rk_net_peer_send(f->peer, f->conn, "tick", 4);
}
static const struct rk_net_peer_ops ops = {on_opened,   on_received, on_closed,
                                           on_datagram, deadline,    tick};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->config.names[f->config.name_count++] = (struct rk_net_name){"cloud", HERE};
    f->config.latency_us = 20000;
    f->config.seed = 42;
    f->tick_ns = UINT64_MAX;
    f->peer = rk_net_peer_new(&ops, f);
    f->link = rk_net_link_new(&f->config, f->peer);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    rk_net_link_free(f->link);
    rk_net_peer_free(f->peer);
    free(f);
    return 0;
}

/* Lets time pass as the radio does: from one instant worth looking at to the next. */
static void pass(struct fixture *f, uint64_t until_ns) {
    while (f->link->now_ns < until_ns) {
        const uint64_t next = f->link->ops->next_ns(f->link);
        f->link->now_ns = RK_MIN(RK_MAX(next, f->link->now_ns + 1), until_ns);
    }
}

static int connect_now(struct fixture *f, int h, struct rk_net_addr to, uint64_t limit_ns) {
    const uint64_t until = f->link->now_ns + limit_ns;
    int result;
    while ((result = f->link->ops->connect(f->link, h, to)) == RK_E_AGAIN &&
           f->link->now_ns < until) {
        pass(f, RK_MIN(f->link->ops->next_ns(f->link), until));
    }
    return result;
}

static int open_up(struct fixture *f) {
    const int h = f->link->ops->open(f->link, true);
    assert_int_equal(connect_now(f, h, (struct rk_net_addr){HERE, 5683}, 1000 * MS), 0);
    return h;
}

/* --- what is reached ---------------------------------------------------------------------------
 */

static void test_route__only_what_is_mapped_and_only_here(void **state) {
    struct fixture *f = *state;
    struct rk_net_config *c = &f->config;
    struct rk_net_addr at;
    c->names[c->name_count++] = (struct rk_net_name){"far", 0x5DB8D822u};
    c->routes[c->route_count++] = (struct rk_net_route){{0x0A000001u, 5683}, {HERE, 15683}};
    c->routes[c->route_count++] = (struct rk_net_route){{0x0A000002u, 0}, {0x0A000003u, 0}};
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){HERE, 5683}, &at), 0);
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x0A000001u, 5683}, &at), 0);
    assert_int_equal(at.ip, HERE);
    assert_int_equal(at.port, 15683);
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x0A000001u, 80}, &at),
                     RK_E_REFUSED);
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x5DB8D822u, 80}, &at),
                     RK_E_REFUSED); /* a name, but not on this machine */
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x0A000002u, 80}, &at),
                     RK_E_REFUSED); /* a route to elsewhere */
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x08080808u, 53}, &at), 1);
    c->any_internet = true;
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x5DB8D822u, 80}, &at), 0);
    assert_int_equal(rk_net_link_route(c, (struct rk_net_addr){0x0A000002u, 80}, &at), 0);
    assert_int_equal(at.ip, 0x0A000003u);
}

static void test_resolve__names_and_dotted_quads(void **state) {
    struct fixture *f = *state;
    uint32_t ip = 0;
    assert_int_equal(f->link->ops->resolve(f->link, "CLOUD", &ip), 0);
    assert_int_equal(ip, HERE);
    assert_int_equal(f->link->ops->resolve(f->link, "10.0.0.255", &ip), 0);
    assert_int_equal(ip, 0x0A0000FFu);
    assert_int_equal(f->link->ops->resolve(f->link, "10.0.0.256", &ip), RK_E_NOT_FOUND);
    assert_int_equal(f->link->ops->resolve(f->link, "", &ip), RK_E_NOT_FOUND);
    assert_int_equal(f->link->ops->resolve(f->link, "example.org", &ip), RK_E_NOT_FOUND);
}

/* --- when ----------------------------------------------------------------------------------------
 */

static void test_latency__is_paid_each_way(void **state) {
    struct fixture *f = *state;
    const int h = open_up(f);
    assert_true(f->last_ns == 20 * MS);      /* the peer saw the call after one way */
    assert_true(f->link->now_ns == 40 * MS); /* the board heard after two */
    assert_int_equal(f->link->ops->send(f->link, h, "abc", 3, (struct rk_net_addr){0}), 3);
    pass(f, 59 * MS);
    assert_int_equal(f->got_len, 0);
    pass(f, 61 * MS);
    assert_int_equal(f->got_len, 3);
    rk_net_peer_send(f->peer, f->conn, "xy", 2);
    uint8_t bytes[8];
    struct rk_net_addr from;
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), RK_E_AGAIN);
    pass(f, 80 * MS);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), RK_E_AGAIN);
    pass(f, 82 * MS);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 1, &from), 1);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), 1);
    assert_int_equal(bytes[0], 'y');
}

/* 1000 + 40 bytes at 80 kbit/s are 104 ms on the line. */
static void test_bandwidth__is_charged_per_packet(void **state) {
    static const uint8_t data[1000];
    struct fixture *f = *state;
    f->config.bandwidth_bps = 80000;
    const int h = open_up(f);
    const uint64_t start = f->link->now_ns;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(f->link->ops->send(f->link, h, data, 1000, (struct rk_net_addr){0}), 1000);
    }
    pass(f, start + 1000 * MS);
    assert_int_equal(f->got_len, 3000);
    assert_true(f->last_ns - start == (3 * 104 + 20) * MS);
}

static void test_refused__after_a_round_trip(void **state) {
    struct fixture *f = *state;
    const int h = f->link->ops->open(f->link, true);
    assert_int_equal(connect_now(f, h, (struct rk_net_addr){HERE, 9}, 1000 * MS), RK_E_REFUSED);
    assert_true(f->link->now_ns == 40 * MS);
    const int far = f->link->ops->open(f->link, true);
    assert_int_equal(connect_now(f, far, (struct rk_net_addr){0x01020304u, 80}, 1000 * MS),
                     RK_E_REFUSED);
}

static void test_peer__speaks_when_its_deadline_comes(void **state) {
    struct fixture *f = *state;
    const int h = open_up(f);
    uint8_t bytes[8];
    struct rk_net_addr from;
    f->tick_ns = 500 * MS;
    pass(f, 519 * MS);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), RK_E_AGAIN);
    pass(f, 521 * MS);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), 4);
    rk_net_peer_close(f->peer, f->conn, false);
    pass(f, 600 * MS);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), 0);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), 0);
    f->link->ops->close(f->link, h);
    assert_int_equal(f->closed, 1);
}

/* --- loss ----------------------------------------------------------------------------------------
 */

/* design.md: TCP loss is delay; every byte comes, in order, and some later than the path's 20 ms.
 */
static void test_loss__of_tcp_is_delay(void **state) {
    struct fixture *f = *state;
    f->config.loss_ppm = 100000;
    const int h = open_up(f);
    uint32_t value = 0;
    uint64_t slowest = 0;
    for (int i = 0; i < 200; i++) {
        const uint64_t start = f->link->now_ns;
        uint8_t packet[64];
        for (unsigned k = 0; k < 64; k += 4) {
            rk_put_u32le(packet + k, value++);
        }
        assert_int_equal(f->link->ops->send(f->link, h, packet, 64, (struct rk_net_addr){0}), 64);
        const size_t before = f->got_len;
        while (f->got_len == before) {
            pass(f, f->link->now_ns + MS);
        }
        slowest = RK_MAX(slowest, f->last_ns - start);
    }
    for (uint32_t i = 0; i < value; i++) {
        assert_int_equal(rk_get_u32le(f->got + 4 * i), i);
    }
    assert_true(slowest >= 220 * MS); /* at least one retransmission */
    assert_true(slowest <= 16000 * MS);
}

static unsigned lossy_datagrams(struct fixture *f) {
    const int h = f->link->ops->open(f->link, false);
    for (int i = 0; i < 2000; i++) {
        f->link->ops->send(f->link, h, "x", 1, (struct rk_net_addr){HERE, 7});
        pass(f, f->link->now_ns + 30 * MS);
    }
    return f->datagrams;
}

/* 10 % of 2000: 200 +- 5 standard deviations of 13.4. And the same again with the same seed. */
static void test_loss__of_udp_is_drops_and_repeats(void **state) {
    struct fixture *f = *state;
    f->config.loss_ppm = 100000;
    const unsigned first = lossy_datagrams(f);
    assert_in_range(2000 - first, 133, 267);
    teardown(state);
    setup(state);
    f = *state;
    f->config.loss_ppm = 100000;
    assert_int_equal(lossy_datagrams(f), first);
}

/* --- capture -------------------------------------------------------------------------------------
 */

static void on_bytes(void *ctx, const void *data, size_t len) {
    struct fixture *f = ctx;
    assert_true(f->file_len + len <= sizeof f->file);
    memcpy(f->file + f->file_len, data, len);
    f->file_len += len;
}

static uint32_t ones_sum(const uint8_t *p, size_t len, uint32_t sum) {
    for (size_t i = 0; i < len; i++) {
        sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
    }
    while (sum >> 16) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum;
}

static void test_pcap__holds_whole_ip_packets(void **state) {
    static const uint8_t flags[6] = {0x02, 0x12, 0x10, 0x18, 0x18, 0x11};
    struct fixture *f = *state;
    struct rk_net_pcap pcap;
    struct rk_net_addr from;
    uint8_t bytes[8];
    rk_net_pcap_start(&pcap, f->link, 0xC0A80164u, on_bytes, f);
    const int h = open_up(f);
    f->link->ops->send(f->link, h, "abc", 3, (struct rk_net_addr){0});
    pass(f, 100 * MS);
    rk_net_peer_send(f->peer, f->conn, "hello", 5);
    f->link->ops->recv(f->link, h, bytes, 8, &from);
    pass(f, 200 * MS);
    assert_int_equal(f->link->ops->recv(f->link, h, bytes, 8, &from), 5);
    f->link->ops->close(f->link, h);
    assert_int_equal(rk_get_u32le(f->file), 0xA1B2C3D4u);
    assert_int_equal(rk_get_u32le(f->file + 20), 101);
    size_t at = 24;
    for (unsigned i = 0; i < 6; i++) {
        const uint8_t *ip = f->file + at + 16;
        const uint32_t len = rk_get_u32le(f->file + at + 8);
        assert_int_equal(len, rk_get_u16be(ip + 2));
        assert_int_equal(ones_sum(ip, 20, 0), 0xFFFF); /* RFC 1071: a right checksum sums to -0 */
        assert_int_equal(ones_sum(ip + 20, len - 20, ones_sum(ip + 12, 8, 6 + len - 20)), 0xFFFF);
        assert_int_equal(ip[33], flags[i]);
        at += 16 + len;
    }
    assert_int_equal(at, f->file_len);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_route__only_what_is_mapped_and_only_here),
        T(test_resolve__names_and_dotted_quads),
        T(test_latency__is_paid_each_way),
        T(test_bandwidth__is_charged_per_packet),
        T(test_refused__after_a_round_trip),
        T(test_peer__speaks_when_its_deadline_comes),
        T(test_loss__of_tcp_is_delay),
        T(test_loss__of_udp_is_drops_and_repeats),
        T(test_pcap__holds_whole_ip_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
