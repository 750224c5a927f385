/* USB/IP and the capture, byte by byte (usb-testing.md 5), with the quirk device behind them. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "emu/port/pcap.h"
#include "emu/port/quirk.h"
#include "emu/port/usbip.h"

static struct rk_quirk quirk;
static uint8_t internal[RK_QUIRK_INTERNAL], external[RK_QUIRK_EXTERNAL];
static struct rk_usbip_conn *conn, *other;
static uint8_t out[65536], capture[65536];
static size_t out_len, capture_len;

static void collect(void *ctx, const void *data, size_t len) {
    (void)ctx;
    assert_true(out_len + len <= sizeof out);
    memcpy(out + out_len, data, len);
    out_len += len;
}

static void collect_capture(void *ctx, const void *data, size_t len) {
    (void)ctx;
    assert_true(capture_len + len <= sizeof capture);
    memcpy(capture + capture_len, data, len);
    capture_len += len;
}

static int setup(void **state) {
    (void)state;
    struct rk_quirk_config config = {
        .era = RK_QUIRK_2014, .internal = internal, .external = external, .instant = true};
    memset(internal, 0xFF, sizeof internal);
    rk_quirk_init(&quirk, &config);
    rk_quirk_plug(&quirk, 0);
    conn = calloc(1, sizeof *conn);
    other = calloc(1, sizeof *other);
    out_len = capture_len = 0;
    rk_usbip_open(conn, &quirk.target, "core-1", collect, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    rk_usbip_close(conn);
    free(conn);
    free(other);
    return 0;
}

static bool op(struct rk_usbip_conn *c, uint16_t code, const char *busid) {
    uint8_t bytes[40] = {0x01, 0x11};
    rk_put_u16be(bytes + 2, code);
    if (busid) {
        memcpy(bytes + 8, busid, strlen(busid));
    }
    return rk_usbip_input(c, bytes, busid ? 40 : 8);
}

static void import(void) {
    assert_true(op(conn, 0x8003, "core-1"));
    assert_int_equal(out_len, 8 + 312);
    out_len = 0;
}

static void put_submit(uint8_t head[48], uint32_t seqnum, uint32_t in, uint32_t ep, uint32_t len,
                       const uint8_t setup_bytes[8]) {
    memset(head, 0, 48);
    rk_put_u32be(head, 1);
    rk_put_u32be(head + 4, seqnum);
    rk_put_u32be(head + 8, 0x00010002);
    rk_put_u32be(head + 12, in);
    rk_put_u32be(head + 16, ep);
    rk_put_u32be(head + 24, len);
    memcpy(head + 40, setup_bytes, 8);
}

static bool control(uint32_t seqnum, uint8_t type, uint8_t request, uint16_t value,
                    const void *data, uint16_t len) {
    uint8_t s[8] = {type, request}, head[48];
    rk_put_u16le(s + 2, value);
    rk_put_u16le(s + 6, len);
    put_submit(head, seqnum, type >> 7, 0, len, s);
    return rk_usbip_input(conn, head, 48) &&
           (type & 0x80 || len == 0 || rk_usbip_input(conn, data, len));
}

/* A RET_SUBMIT at the start of what came out. */
static void assert_return(uint32_t seqnum, int32_t status, uint32_t length) {
    assert_true(out_len >= 48);
    assert_int_equal(rk_get_u32be(out), 3);
    assert_int_equal(rk_get_u32be(out + 4), seqnum);
    assert_int_equal((int32_t)rk_get_u32be(out + 20), status);
    assert_int_equal(rk_get_u32be(out + 24), length);
}

static void test_usbip__lists_the_device(void **state) {
    (void)state;
    assert_true(op(conn, 0x8005, NULL));
    assert_int_equal(out_len, 8 + 4 + 312 + 4);
    static const uint8_t head[12] = {1, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1};
    assert_memory_equal(out, head, 12);
    const uint8_t *d = out + 12;
    assert_string_equal((const char *)d + 256, "core-1");
    assert_int_equal(rk_get_u32be(d + 296), 2); /* full speed */
    static const uint8_t ids[12] = {0x1D, 0x50, 0x60, 0x7F, 0x02, 0x00, 0, 0, 0, 0, 1, 1};
    assert_memory_equal(d + 300, ids, 12);
    static const uint8_t interface[4] = {0xFE, 1, 2, 0};
    assert_memory_equal(d + 312, interface, 4);
}

static void test_usbip__lists_nothing_when_unplugged(void **state) {
    (void)state;
    rk_quirk_unplug(&quirk);
    assert_true(op(conn, 0x8005, NULL));
    assert_int_equal(out_len, 12);
    assert_int_equal(rk_get_u32be(out + 8), 0);
    out_len = 0;
    assert_true(op(conn, 0x8003, "core-1"));
    assert_int_equal(out_len, 8);
    assert_int_equal(rk_get_u32be(out + 4), 1);
}

static void test_usbip__imports_once(void **state) {
    (void)state;
    assert_true(op(conn, 0x8003, "core-2"));
    assert_int_equal(out_len, 8);
    assert_int_not_equal(rk_get_u32be(out + 4), 0);
    out_len = 0;
    import();
    rk_usbip_open(other, &quirk.target, "core-1", collect, NULL);
    assert_true(op(other, 0x8003, "core-1"));
    assert_int_equal(out_len, 8);
    assert_int_equal(rk_get_u32be(out + 4), 2); /* in use */
    rk_usbip_close(conn);
    out_len = 0;
    assert_true(op(other, 0x8003, "core-1"));
    assert_int_equal(out_len, 320);
    rk_usbip_close(other);
}

static void test_usbip__control_in_out_and_stall(void **state) {
    (void)state;
    import();
    assert_true(control(7, 0x80, 6, 0x0100, NULL, 18));
    assert_int_equal(out_len, 48 + 18);
    assert_return(7, 0, 18);
    assert_int_equal(out[48], 18);
    out_len = 0;
    assert_true(control(8, 0x80, 6, 0x0600, NULL, 10));
    assert_int_equal(out_len, 48);
    assert_return(8, -32, 0);
    out_len = 0;
    assert_true(control(9, 0x21, 4, 0, NULL, 0));
    assert_return(9, 0, 0);
    out_len = 0;
    uint8_t erase[5] = {0x41, 0, 0x60, 0, 8};
    assert_true(control(10, 0x21, 1, 0, erase, 5));
    assert_int_equal(out_len, 48);
    assert_return(10, 0, 5);
}

static void test_usbip__bytes_may_come_one_by_one(void **state) {
    (void)state;
    uint8_t bytes[40] = {0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, 'c', 'o', 'r', 'e', '-', '1'};
    for (unsigned i = 0; i < sizeof bytes; i++) {
        assert_true(rk_usbip_input(conn, bytes + i, 1));
    }
    assert_int_equal(out_len, 320);
}

static void test_usbip__set_address_stays_here(void **state) {
    (void)state;
    import();
    assert_true(control(1, 0x00, 5, 9, NULL, 0));
    assert_return(1, 0, 0);
}

static void test_usbip__sixty_four_byte_read_is_a_reset(void **state) {
    (void)state;
    import();
    assert_true(control(1, 0x00, 9, 1, NULL, 0));
    assert_int_equal(quirk.target.configuration, 1);
    assert_true(control(2, 0x80, 6, 0x0100, NULL, 64));
    assert_int_equal(quirk.target.configuration, 0);
}

static void test_usbip__unlink_answers_both_ways(void **state) {
    (void)state;
    uint8_t head[48] = {0};
    import();
    quirk.busy_until_ns = UINT64_MAX; /* nothing completes */
    assert_true(control(5, 0x80, 6, 0x0100, NULL, 18));
    assert_int_equal(out_len, 0);
    rk_put_u32be(head, 2);
    rk_put_u32be(head + 4, 6);
    rk_put_u32be(head + 20, 5);
    assert_true(rk_usbip_input(conn, head, 48));
    assert_int_equal(out_len, 48); /* RET_UNLINK, and no RET_SUBMIT */
    assert_int_equal(rk_get_u32be(out), 4);
    assert_int_equal(rk_get_u32be(out + 4), 6);
    assert_int_equal((int32_t)rk_get_u32be(out + 20), -104);
    out_len = 0;
    rk_put_u32be(head + 4, 8);
    assert_true(rk_usbip_input(conn, head, 48));
    assert_int_equal(rk_get_u32be(out + 4), 8);
    assert_int_equal(rk_get_u32be(out + 20), 0); /* it had completed */
}

static void test_usbip__unplugging_ends_the_connection(void **state) {
    (void)state;
    import();
    quirk.busy_until_ns = UINT64_MAX;
    assert_true(control(5, 0x80, 6, 0x0100, NULL, 18));
    rk_quirk_unplug(&quirk);
    assert_return(5, -108, 0);
    assert_false(rk_usbip_is_open(conn));
    assert_false(control(6, 0x80, 6, 0x0100, NULL, 18));
}

static void test_usbip__nonsense_closes(void **state) {
    (void)state;
    assert_false(op(conn, 0x1234, NULL));
    rk_usbip_close(conn);
    rk_usbip_open(conn, &quirk.target, "core-1", collect, NULL);
    import();
    uint8_t head[48], s[8] = {0x80, 6, 0, 1, 0, 0, 64, 0};
    put_submit(head, 1, 1, 0, 0x7FFFFFFF, s);
    assert_false(rk_usbip_input(conn, head, 48));
}

/* Linux' usbmon.rst, "Raw binary format and mmap": offsets in the 64-byte packet head. */
static void test_pcap__records_as_usbmon_does(void **state) {
    (void)state;
    struct rk_usb_pcap pcap;
    import();
    quirk.now_ns = 3000005000;
    rk_usb_pcap_start(&pcap, &quirk.target, collect_capture, NULL);
    assert_int_equal(capture_len, 24);
    assert_int_equal(rk_get_u32le(capture), 0xA1B2C3D4u);
    assert_int_equal(rk_get_u32le(capture + 20), 220);
    assert_true(control(7, 0x80, 6, 0x0100, NULL, 18));
    assert_int_equal(capture_len, 24 + 16 + 64 + 16 + 64 + 18);
    const uint8_t *s = capture + 24 + 16, *c = s + 64 + 16;
    assert_int_equal(rk_get_u32le(capture + 24), 3);
    assert_int_equal(rk_get_u32le(capture + 28), 5);
    assert_int_equal(s[8], 'S');
    assert_int_equal(s[9], 2); /* control */
    assert_int_equal(s[10], 0x80);
    assert_int_equal(s[14], 0); /* a setup packet is there */
    assert_int_equal(s[15], '<');
    assert_int_equal((int32_t)rk_get_u32le(s + 28), -115);
    assert_int_equal(rk_get_u32le(s + 32), 18);
    assert_int_equal(rk_get_u32le(s + 36), 0);
    static const uint8_t setup_bytes[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
    assert_memory_equal(s + 40, setup_bytes, 8);
    assert_int_equal(c[8], 'C');
    assert_memory_equal(c, s, 8); /* the same id */
    assert_int_equal(c[14], '-');
    assert_int_equal(c[15], 0);
    assert_int_equal(rk_get_u32le(c + 28), 0);
    assert_int_equal(rk_get_u32le(c + 32), 18);
    assert_int_equal(rk_get_u32le(c + 36), 18);
    assert_int_equal(c[64], 18);
    rk_usb_pcap_stop(&pcap);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_usbip__lists_the_device),
        TEST(test_usbip__lists_nothing_when_unplugged),
        TEST(test_usbip__imports_once),
        TEST(test_usbip__control_in_out_and_stall),
        TEST(test_usbip__bytes_may_come_one_by_one),
        TEST(test_usbip__set_address_stays_here),
        TEST(test_usbip__sixty_four_byte_read_is_a_reset),
        TEST(test_usbip__unlink_answers_both_ways),
        TEST(test_usbip__unplugging_ends_the_connection),
        TEST(test_usbip__nonsense_closes),
        TEST(test_pcap__records_as_usbmon_does),
    };
    return cmocka_run_group_tests_name("usbip", tests, NULL, NULL);
}
