/* The quirk device against core-hardware.md 4.6-4.7, request by request. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "emu/port/quirk.h"

static struct rk_quirk quirk;
static uint8_t internal[RK_QUIRK_INTERNAL], external[RK_QUIRK_EXTERNAL];
static unsigned unplugged;

static void on_plugged(struct rk_usb_watcher *watcher) {
    (void)watcher;
}

static void on_unplugged(struct rk_usb_watcher *watcher) {
    (void)watcher;
    unplugged++;
}

static struct rk_usb_watcher watcher;

static void start(enum rk_quirk_era era, bool instant) {
    struct rk_quirk_config config = {.era = era,
                                     .internal = internal,
                                     .external = external,
                                     .protected_low = true,
                                     .instant = instant};
    /* host-tool.md 3.6: 53ff74065075535153231087 -> 8D8522A65153 */
    static const uint8_t id[12] = {0x53, 0xFF, 0x74, 0x06, 0x50, 0x75,
                                   0x53, 0x51, 0x53, 0x23, 0x10, 0x87};
    memcpy(config.id, id, sizeof id);
    memset(internal, 0xFF, sizeof internal);
    memset(external, 0xFF, sizeof external);
    unplugged = 0;
    rk_quirk_init(&quirk, &config);
    watcher = (struct rk_usb_watcher){on_plugged, on_unplugged, NULL, NULL};
    rk_usb_watch(&quirk.target, &watcher);
    rk_quirk_plug(&quirk, 1);
}

static int setup(void **state) {
    (void)state;
    start(RK_QUIRK_V0_45, true);
    return 0;
}

static void on_complete(struct rk_usb_transfer *t) {
    (void)t;
}

static struct rk_usb_transfer last;

/* Returns bytes transferred, or -1 for a stall. */
static int request(uint8_t type, uint8_t req, uint16_t value, uint16_t index, void *data,
                   uint16_t len) {
    last = (struct rk_usb_transfer){.data = data, .len = len, .complete = on_complete};
    last.setup[0] = type;
    last.setup[1] = req;
    rk_put_u16le(last.setup + 2, value);
    rk_put_u16le(last.setup + 4, index);
    rk_put_u16le(last.setup + 6, len);
    rk_usb_submit(&quirk.target, &last);
    while (last.pending) {
        rk_quirk_advance(&quirk, rk_quirk_deadline_ns(&quirk));
    }
    return last.status == RK_USB_OK ? (int)last.done : -1;
}

static int dnload(uint16_t block, const void *data, uint16_t len) {
    return request(0x21, 1, block, 0, (void *)(uintptr_t)data, len);
}

static int upload(uint16_t block, void *data, uint16_t len) {
    return request(0xA1, 2, block, 0, data, len);
}

/* State, and the whole reply for who wants it. */
static uint8_t status[6];
static int getstatus(void) {
    assert_int_equal(request(0xA1, 3, 0, 0, status, 6), 6);
    return status[4];
}

static void clrstatus(void) {
    assert_int_equal(request(0x21, 4, 0, 0, NULL, 0), 0);
}

static void do_abort(void) {
    assert_int_equal(request(0x21, 6, 0, 0, NULL, 0), 0);
}

static void command(uint8_t code, uint32_t addr) {
    uint8_t data[5] = {code};
    rk_put_u32le(data + 1, addr);
    assert_int_equal(dnload(0, data, 5), 5);
    assert_int_equal(getstatus(), 4);
    assert_int_equal(getstatus(), 5);
}

static void assert_string(uint8_t index, const char *text, unsigned chars) {
    uint8_t data[255];
    assert_int_equal(request(0x80, 6, (uint16_t)(0x0300 | index), 0x0409, data, 255),
                     2 + 2 * (int)chars);
    assert_int_equal(data[0], 2 + 2 * chars);
    assert_int_equal(data[1], 3);
    for (unsigned i = 0; i < chars; i++) {
        assert_int_equal(rk_get_u16le(data + 2 + 2 * i), i < strlen(text) ? text[i] : 0);
    }
}

static void test_quirk__descriptors_are_the_originals(void **state) {
    (void)state;
    uint8_t data[255];
    assert_int_equal(request(0x80, 6, 0x0100, 0, data, 64), 18);
    assert_int_equal(rk_get_u16le(data + 2), 0x0100);
    assert_int_equal(rk_get_u16le(data + 8), 0x1D50);
    assert_int_equal(rk_get_u16le(data + 10), 0x607F);
    assert_int_equal(rk_get_u16le(data + 12), 0x0200);
    assert_int_equal(request(0x80, 6, 0x0200, 0, data, 255), 36);
    assert_int_equal(data[7], 0xC0);
    assert_int_equal(data[8], 0x32);
    static const uint8_t functional[9] = {9, 0x21, 0x0B, 0xFF, 0, 0, 4, 0x1A, 1};
    assert_memory_equal(data + 27, functional, 9);
    assert_string(1, "Particle          ", 18);
    assert_string(2, "CORE DFU ", 9);
    assert_string(3, "8D8522A65153", 12);
    assert_string(4, "@Internal Flash  /0x08000000/20*001Ka,108*001Kg", 48);
    assert_string(5, "@SPI Flash : SST25x/0x00000000/512*04Kg", 48);
    assert_int_equal(request(0x80, 6, 0x0309, 0x0409, data, 255), -1);
    assert_int_equal(request(0x80, 6, 0x2100, 0, data, 9), -1);
    assert_int_equal(request(0x80, 6, 0x0600, 0, data, 10), -1);
}

static void test_quirk__eras_differ_in_vendor_and_serial(void **state) {
    (void)state;
    start(RK_QUIRK_2014, true);
    assert_string(1, "Spark Devices     ", 18);
    start(RK_QUIRK_V0_70, true);
    assert_string(3, "53FF74065075535153231087", 25);
}

static void test_quirk__starts_in_error_and_toggles_by_clrstatus(void **state) {
    (void)state;
    assert_int_equal(getstatus(), 10);
    assert_int_equal(status[0], 0x0A);
    clrstatus();
    assert_int_equal(getstatus(), 2);
    assert_int_equal(status[0], 0);
    clrstatus();
    assert_int_equal(getstatus(), 10);
    assert_int_equal(status[0], 0x0E);
    do_abort(); /* not out of an error */
    assert_int_equal(getstatus(), 10);
}

static void test_quirk__detach_stalls(void **state) {
    (void)state;
    assert_int_equal(request(0x21, 0, 1000, 0, NULL, 0), -1);
    assert_int_equal(dnload(2, "x", 1), -1); /* not from dfuERROR */
}

static void test_quirk__work_happens_after_getstatus(void **state) {
    (void)state;
    uint8_t data[4] = {1, 2, 3, 4};
    clrstatus();
    command(0x21, 0x08006000);
    assert_int_equal(dnload(2, data, 4), 4);
    assert_int_equal(internal[0x6000], 0xFF);
    assert_int_equal(getstatus(), 4);
    assert_int_equal(status[1], 50);
    assert_memory_equal(internal + 0x6000, data, 4);
    assert_int_equal(getstatus(), 5);
    assert_int_equal(status[1], 0);
}

static void test_quirk__poll_times_follow_the_previous_pointer(void **state) {
    (void)state;
    uint8_t set[5] = {0x21, 0, 0, 2, 0}, erase[5] = {0x41, 0, 0x60, 0, 8};
    clrstatus();
    dnload(0, set, 5);
    getstatus();
    assert_int_equal(status[1], 50); /* a set-address reports the write time */
    getstatus();
    dnload(0, erase, 5); /* of internal flash, but the pointer was external */
    getstatus();
    assert_int_equal(status[1], 20);
    getstatus();
    dnload(0, erase, 5);
    getstatus();
    assert_int_equal(status[1], 50);
}

static void test_quirk__address_chooses_the_medium_not_the_alternate(void **state) {
    (void)state;
    uint8_t data[2] = {0xAB, 0xCD};
    clrstatus();
    assert_int_equal(request(0x01, 11, 1, 0, NULL, 0), 0); /* alternate setting 1: SPI flash */
    command(0x21, 0x08005000);
    dnload(2, data, 2);
    getstatus();
    getstatus();
    assert_memory_equal(internal + 0x5000, data, 2);
    assert_int_equal(request(0x01, 11, 4, 0, NULL, 0), -1);
}

static void test_quirk__errors_are_swallowed(void **state) {
    (void)state;
    uint8_t data[4] = {0};
    clrstatus();
    command(0x41, 0x20000000); /* no medium */
    command(0x41, 0x08000000); /* protected */
    command(0x21, 0x08000000);
    dnload(2, data, 4);
    assert_int_equal(getstatus(), 4);
    assert_int_equal(getstatus(), 5);
    assert_int_equal(status[0], 0);
    assert_int_equal(internal[0], 0xFF);
    dnload(0, "\x41", 1); /* mass erase */
    assert_int_equal(getstatus(), 4);
    assert_int_equal(status[0], 0);
}

static void test_quirk__flash_obeys_its_own_rules(void **state) {
    (void)state;
    uint8_t first[3] = {0x11, 0x22, 0x33}, second[4] = {0x44, 0x44, 0, 0};
    clrstatus();
    command(0x21, 0x08006000);
    dnload(2, first, 3); /* padded to a word with 0xFF */
    getstatus();
    getstatus();
    dnload(2, second, 4); /* a written half-word takes only 0 */
    getstatus();
    getstatus();
    static const uint8_t expected[4] = {0x11, 0x22, 0, 0};
    assert_memory_equal(internal + 0x6000, expected, 4);
    internal[0x63FF] = 1;
    internal[0x6400] = 1;
    command(0x41, 0x08006123);
    assert_int_equal(internal[0x6000], 0xFF);
    assert_int_equal(internal[0x63FF], 0xFF);
    assert_int_equal(internal[0x6400], 1);
    external[0x20FFF] = 1;
    external[0x21000] = 1;
    command(0x41, 0x00020000);
    assert_int_equal(external[0x20FFF], 0xFF);
    assert_int_equal(external[0x21000], 1);
}

static void test_quirk__uploads_are_always_full(void **state) {
    (void)state;
    uint8_t data[1024];
    internal[0x5000 + 1024] = 0x5A;
    clrstatus();
    assert_int_equal(upload(0, data, 3), 3);
    assert_memory_equal(data, "\x00\x21\x41", 3);
    assert_int_equal(getstatus(), 9);
    do_abort();
    assert_int_equal(upload(3, data, 1024), 1024); /* the default pointer is 0x08005000 */
    assert_int_equal(data[0], 0x5A);
    do_abort();
    command(0x21, 0x0801FFFE);
    do_abort();
    assert_int_equal(upload(2, data, 100), 100); /* beyond the end, no short packet */
    do_abort();
    assert_int_equal(upload(1, data, 10), -1);
    assert_int_equal(getstatus(), 0x0F);
    clrstatus();
    clrstatus();
    assert_int_equal(getstatus(), 2);
}

static void test_quirk__early_era_leaves_at_once(void **state) {
    (void)state;
    start(RK_QUIRK_2014, true);
    rk_put_u16le(internal + 0x4C04, 0x0005);
    clrstatus();
    assert_int_equal(dnload(0, NULL, 0), 0);
    assert_int_equal(getstatus(), 7);
    assert_int_equal(status[1], 1);
    rk_quirk_advance(&quirk, quirk.now_ns + 1000000);
    assert_int_equal(unplugged, 1);
    assert_true(quirk.left);
    assert_int_equal(rk_get_u16le(internal + 0x4C04), 0x5000);
}

static void test_quirk__late_era_leaves_after_half_a_second(void **state) {
    (void)state;
    clrstatus();
    assert_int_equal(dnload(0, NULL, 0), 0);
    assert_int_equal(getstatus(), 5);
    assert_int_equal(getstatus(), 8);
    rk_quirk_advance(&quirk, quirk.now_ns + 499000000);
    assert_int_equal(unplugged, 0);
    rk_quirk_advance(&quirk, quirk.now_ns + 2000000);
    assert_int_equal(unplugged, 1);
}

static void test_quirk__flash_takes_its_time(void **state) {
    (void)state;
    start(RK_QUIRK_V0_45, false);
    clrstatus();
    uint8_t erase[5] = {0x41, 0, 0x60, 0, 8};
    dnload(0, erase, 5);
    getstatus();
    uint64_t before = quirk.now_ns;
    getstatus(); /* NAK until the page is erased: 20 ms typical */
    assert_int_equal(quirk.now_ns - before, 20000000);
}

static void test_quirk__a_bus_reset_keeps_the_state(void **state) {
    (void)state;
    clrstatus();
    assert_int_equal(request(0x00, 9, 1, 0, NULL, 0), 0);
    assert_int_equal(quirk.target.configuration, 1);
    rk_usb_reset(&quirk.target);
    assert_int_equal(quirk.target.configuration, 0);
    assert_int_equal(getstatus(), 2);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_quirk__descriptors_are_the_originals),
        TEST(test_quirk__eras_differ_in_vendor_and_serial),
        TEST(test_quirk__starts_in_error_and_toggles_by_clrstatus),
        TEST(test_quirk__detach_stalls),
        TEST(test_quirk__work_happens_after_getstatus),
        TEST(test_quirk__poll_times_follow_the_previous_pointer),
        TEST(test_quirk__address_chooses_the_medium_not_the_alternate),
        TEST(test_quirk__errors_are_swallowed),
        TEST(test_quirk__flash_obeys_its_own_rules),
        TEST(test_quirk__uploads_are_always_full),
        TEST(test_quirk__early_era_leaves_at_once),
        TEST(test_quirk__late_era_leaves_after_half_a_second),
        TEST(test_quirk__flash_takes_its_time),
        TEST(test_quirk__a_bus_reset_keeps_the_state),
    };
    return cmocka_run_group_tests_name("quirk", tests, NULL, NULL);
}
