/* Our bootloader as it runs on the chip: start, button, light, DFU over USB (core-hardware.md
 * 4.2-4.7; host-tool.md 3 and 5.4). */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "emu/periph/flash.h"
#include "tests/loader/rig.h"
#include "tests/published.h"

static struct rk_loader_rig *r;
static uint8_t loop_app[RK_LOADER_LOOP_LEN];

static int setup(void **state) {
    r = rk_loader_rig_new();
    rk_loader_loop_app(loop_app, 0x11);
    return 0;
}

static int teardown(void **state) {
    if (r) {
        rk_loader_rig_free(r);
    }
    return 0;
}

#define NEEDS_IMAGE()                                                                              \
    if (!r) {                                                                                      \
        rk_skip("the firmware is not built (./x firmware)");                                       \
    }

static uint16_t flag(unsigned idx) {
    return rk_get_u16le(r->flash + 0x4C00 + 2 * idx);
}

static void test_loader__starts_a_valid_application_in_the_dark(void **state) {
    NEEDS_IMAGE();
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_loader_run_ns(r, 500 * RK_LOADER_MS);
    assert_true(rk_loader_in_app(r));
    assert_int_equal(r->seen_count, 0);
    assert_int_equal(flag(0), 600);
    assert_int_equal(flag(8), 0x0C00);
    assert_int_equal(rk_machine_counts(r->m)->guest_errors, 0);
    assert_int_equal(rk_machine_counts(r->m)->unmodelled, 0);
}

static void test_loader__protects_its_own_pages(void **state) {
    NEEDS_IMAGE();
    uint8_t expected[16];
    rk_option_factory(expected);
    expected[8] = 0xF0; /* pages 0-15 (core-hardware.md 1.1) */
    expected[9] = 0x0F;
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_loader_run_ns(r, 200 * RK_LOADER_MS);
    assert_memory_equal(rk_machine_nv(r->m, RK_CORE_NV_OPTION, NULL), expected, 16);
    uint64_t ops = rk_machine_counts(r->m)->flash_ops;
    rk_machine_reset(r->m, RK_RESET_POWER);
    rk_loader_run_ns(r, 200 * RK_LOADER_MS);
    assert_int_equal(rk_machine_counts(r->m)->flash_ops, ops); /* once */
}

/* A cut between the erase of the option bytes and the programming of RDP leaves read protection. */
static void test_loader__lives_with_a_cut_in_its_option_bytes(void **state) {
    NEEDS_IMAGE();
    uint8_t *option = rk_machine_nv(r->m, RK_CORE_NV_OPTION, NULL);
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_machine_cut_at(r->m, 1, RK_CUT_AFTER);
    rk_loader_run_ns(r, 200 * RK_LOADER_MS);
    assert_false(rk_machine_powered(r->m));
    assert_int_equal(option[0], 0xFF);
    rk_machine_power_on(r->m);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    assert_true(rk_loader_in_app(r));
    assert_int_equal(option[8], 0xF0);
    assert_int_equal(option[0], 0xFF); /* programming it would erase the whole flash */
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    assert_true(rk_loader_in_app(r));
}

/* Lights of a kind that were not dark, in order. */
static void saw(const char *const *names, unsigned count) {
    unsigned n = 0;
    for (unsigned i = 0; i < r->seen_count; i++) {
        if (strcmp(r->seen[i], "off") == 0) {
            continue;
        }
        if (n >= count || strcmp(r->seen[i], names[n]) != 0) {
            fail_msg("light %u is %s, expected %s", n, r->seen[i], n < count ? names[n] : "none");
        }
        n++;
    }
    assert_int_equal(n, count);
}

static void hold_mode(uint64_t ms) {
    rk_spark_core_mode_button(r->m, true);
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, ms * RK_LOADER_MS);
    rk_spark_core_mode_button(r->m, false);
}

static void test_loader__button_colours_and_dfu(void **state) {
    NEEDS_IMAGE();
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    hold_mode(3800);
    rk_loader_run_ns(r, 2 * RK_LOADER_S);
    static const char *const lights[] = {"blinking magenta", "blinking yellow"};
    saw(lights, 2);
    assert_true(rk_loader_enumerated(r, RK_LOADER_S));
}

static void test_loader__safe_mode_sets_the_flag_and_starts(void **state) {
    NEEDS_IMAGE();
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    hold_mode(2000);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    assert_true(rk_loader_in_app(r));
    assert_int_equal(flag(6), 0xFF01);
}

static void test_loader__factory_reset_shows_green_and_copies(void **state) {
    NEEDS_IMAGE();
    uint8_t factory[RK_LOADER_LOOP_LEN];
    rk_loader_loop_app(factory, 0x22);
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_loader_put(r, 0x20000, factory, sizeof factory);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    hold_mode(7200);
    rk_loader_run_ns(r, 9 * RK_LOADER_S);
    assert_true(rk_loader_in_app(r));
    assert_memory_equal(r->flash + 0x5000, factory, sizeof factory);
    static const char *const lights[] = {"blinking magenta", "blinking yellow",
                                         "fast blinking green"};
    saw(lights, 3);
    assert_int_equal(flag(1), 0);
    assert_int_equal(flag(5), 0x5A00);
}

/* --- DFU ---------------------------------------------------------------------------------------
 */

static void enter_dfu(void) {
    assert_true(rk_loader_until(r, "blinking yellow", 3 * RK_LOADER_S)); /* no application */
    assert_true(rk_loader_enumerated(r, RK_LOADER_S));
    struct rk_loader_status s;
    assert_true(rk_loader_get_status(r, &s));
    assert_int_equal(s.state, 10);
    assert_int_equal(s.status, 0x0A); /* errFIRMWARE: there is no application */
    assert_int_equal(rk_loader_control(r, 0x21, 4, 0, 0, NULL, 0, NULL), RK_USB_OK);
    assert_true(rk_loader_get_status(r, &s));
    assert_int_equal(s.state, 2);
}

static void check_string(uint8_t idx, uint8_t length, const char *text) {
    uint8_t bytes[256];
    size_t done = 0;
    assert_int_equal(rk_loader_control(r, 0x80, 6, 0x300 | idx, 0x0409, bytes, 255, &done),
                     RK_USB_OK);
    assert_int_equal(done, length);
    assert_int_equal(bytes[0], length);
    for (size_t i = 0; i < strlen(text); i++) {
        assert_int_equal(bytes[2 + 2 * i], text[i]);
        assert_int_equal(bytes[3 + 2 * i], 0);
    }
}

static void test_loader__identity_is_the_originals(void **state) {
    NEEDS_IMAGE();
    static const uint8_t configuration[36] = {9, 2,    36,   0,    1, 1,    0, 0xC0, 0x32, /**/
                                              9, 4,    0,    0,    0, 0xFE, 1, 2,    4,    /**/
                                              9, 4,    0,    1,    0, 0xFE, 1, 2,    5,    /**/
                                              9, 0x21, 0x0B, 0xFF, 0, 0,    4, 0x1A, 1};
    enter_dfu();
    const struct rk_usb_desc *d = r->host.target.desc;
    assert_int_equal(rk_get_u16le(d->device + 8), 0x1D50);
    assert_int_equal(rk_get_u16le(d->device + 10), 0x607F);
    assert_int_equal(rk_get_u16le(d->device + 2), 0x0210);
    assert_int_equal(d->config_len, 36);
    assert_memory_equal(d->config, configuration, 36);
    check_string(1, 38, "Particle          ");
    check_string(2, 20, "CORE DFU ");
    check_string(3, 50, "53FF6D065077535228300287");
    check_string(4, 98, "@Internal Flash  /0x08000000/20*001Ka,108*001Kg");
    check_string(5, 98, "@SPI Flash : SST25x/0x00000000/512*04Kg");
}

/* host-tool.md 5.4. */
static void test_loader__microsoft_descriptors(void **state) {
    NEEDS_IMAGE();
    uint8_t bytes[256];
    size_t done = 0;
    enter_dfu();
    assert_int_equal(rk_loader_control(r, 0x80, 6, 0x0F00, 0, bytes, 255, &done), RK_USB_OK);
    assert_int_equal(done, 33);
    assert_int_equal(bytes[31], 0x20);
    assert_int_equal(rk_get_u16le(bytes + 29), 162);
    assert_int_equal(rk_loader_control(r, 0xC0, 0x20, 0, 7, bytes, 255, &done), RK_USB_OK);
    assert_int_equal(done, 162);
    assert_int_equal(rk_get_u16le(bytes + 8), 162);
    assert_memory_equal(bytes + 14, "WINUSB", 6);
    assert_int_equal(rk_loader_control(r, 0xC0, 0x20, 0, 7, bytes, 10, &done), RK_USB_OK);
    assert_int_equal(done, 10);
    assert_int_equal(rk_loader_control(r, 0xC1, 0x20, 0, 5, bytes, 255, &done), RK_USB_OK);
    assert_int_equal(done, 146);
    assert_int_equal(rk_get_u32le(bytes), 146);
    assert_int_equal(rk_loader_control(r, 0xC0, 0x20, 0, 4, bytes, 255, &done), RK_USB_OK);
    assert_int_equal(done, 40);
    assert_int_equal(rk_loader_control(r, 0x80, 6, 0x3EE, 0, bytes, 18, &done), RK_USB_OK);
    assert_int_equal(done, 18);
    assert_int_equal(bytes[16], 0x20);
    assert_int_equal(rk_loader_control(r, 0x80, 6, 0x0600, 0, bytes, 10, &done), RK_USB_STALL);
}

static void test_loader__writes_reads_back_and_leaves(void **state) {
    NEEDS_IMAGE();
    uint8_t image[3000], back[3000];
    memset(image, 0xA5, sizeof image);
    memcpy(image, loop_app, sizeof loop_app);
    enter_dfu();
    assert_true(rk_loader_flash(r, 0x08005000, image, sizeof image));
    assert_true(rk_loader_upload(r, 0x08005000, back, sizeof back));
    assert_memory_equal(back, image, sizeof image);
    assert_int_equal(rk_loader_command(r, 0x21, 0x08005000).state, 5);
    assert_int_equal(rk_loader_control(r, 0x21, 1, 2, 0, NULL, 0, NULL), RK_USB_OK);
    struct rk_loader_status s;
    assert_true(rk_loader_get_status(r, &s));
    assert_int_equal(s.state, 7);
    rk_loader_run_ns(r, 500 * RK_LOADER_MS);
    assert_true(rk_loader_in_app(r));
    assert_null(r->host.target.desc);
    assert_int_equal(flag(2), 0x5000);
    assert_int_equal(rk_machine_counts(r->m)->guest_errors, 0);
}

static void test_loader__external_flash_and_short_end(void **state) {
    NEEDS_IMAGE();
    uint8_t data[4100], back[4100];
    size_t done = 0;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7 + i / 256);
    }
    enter_dfu();
    assert_true(rk_loader_flash(r, 0x20000, data, sizeof data));
    assert_memory_equal(r->ext + 0x20000, data, sizeof data);
    assert_true(rk_loader_upload(r, 0x20000, back, sizeof back));
    assert_memory_equal(back, data, sizeof data);
    assert_int_equal(rk_loader_command(r, 0x21, 0x1FFF00).state, 5);
    assert_int_equal(rk_loader_control(r, 0x21, 6, 0, 0, NULL, 0, NULL), RK_USB_OK);
    assert_int_equal(rk_loader_control(r, 0xA1, 2, 2, 0, back, 1024, &done), RK_USB_OK);
    assert_int_equal(done, 256);
}

static void test_loader__reports_what_the_original_swallowed(void **state) {
    NEEDS_IMAGE();
    static const struct {
        uint8_t command;
        uint32_t addr;
        uint8_t status;
    } rows[] = {
        {0x41, 0x08000000, 0x08},                                            /* its own pages */
        {0x41, 0x08004C00, 0x08},                                            /* the flags */
        {0x41, 0x08020000, 0x08},                                            /* behind the flash */
        {0x41, 0x00200000, 0x08}, {0x21, 0x20000000, 0x08}, {0x92, 0, 0x01}, /* read unprotect */
    };
    enter_dfu();
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        struct rk_loader_status s = rk_loader_command(r, rows[i].command, rows[i].addr);
        assert_int_equal(s.state, 10);
        assert_int_equal(s.status, rows[i].status);
        assert_int_equal(rk_loader_control(r, 0x21, 4, 0, 0, NULL, 0, NULL), RK_USB_OK);
    }
    uint8_t mass_erase = 0x41;
    assert_int_equal(rk_loader_download(r, 0, &mass_erase, 1).status, 0x01);
    assert_int_equal(rk_loader_control(r, 0x21, 4, 0, 0, NULL, 0, NULL), RK_USB_OK);
    assert_true(rk_loader_flash(r, 0x08005000, loop_app, sizeof loop_app));
    uint8_t other[4] = {1, 2, 3, 4};
    assert_int_equal(rk_loader_command(r, 0x21, 0x08005000).state, 5);
    assert_int_equal(rk_loader_download(r, 2, other, 4).status, 0x06); /* not erased: errPROG */
}

static void test_loader__a_plug_pulled_in_mid_transfer(void **state) {
    NEEDS_IMAGE();
    enter_dfu();
    assert_int_equal(rk_loader_command(r, 0x41, 0x08005000).state, 5);
    assert_int_equal(rk_loader_command(r, 0x21, 0x08005000).state, 5);
    assert_int_equal(rk_loader_control(r, 0x21, 1, 2, 0, loop_app, sizeof loop_app, NULL),
                     RK_USB_OK);
    rk_usb_host_disconnect(&r->host);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    rk_usb_host_init(&r->host);
    rk_usb_host_connect(&r->host, rk_machine_find(r->m, "USB"));
    assert_true(rk_loader_enumerated(r, RK_LOADER_S));
    struct rk_loader_status s;
    assert_true(rk_loader_get_status(r, &s));
    assert_int_equal(s.state, 2);
    assert_true(rk_loader_flash(r, 0x08005000, loop_app, sizeof loop_app));
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    assert_false(rk_loader_in_app(r)); /* no checksum, and no host said that it is complete */
}

/* The lowest word of RAM that is not as it was planted, above the variables: after a factory reset
 * and a DFU write, which are the deepest that it gets. */
static void test_loader__stack_is_small(void **state) {
    NEEDS_IMAGE();
    const uint32_t bottom = 0x20001000, top = 0x20005000;
    uint32_t word = 0x5AA55AA5;
    uint8_t factory[RK_LOADER_LOOP_LEN];
    for (uint32_t addr = bottom; addr < top; addr += 4) {
        assert_true(rk_machine_poke(r->m, addr, &word, 4));
    }
    rk_loader_loop_app(factory, 0x22);
    rk_loader_put(r, 0x20000, factory, sizeof factory);
    rk_loader_run_ns(r, 9 * RK_LOADER_S);
    assert_true(rk_loader_in_app(r));
    hold_mode(3800);
    assert_true(rk_loader_enumerated(r, RK_LOADER_S));
    assert_true(rk_loader_flash(r, 0x08005000, loop_app, sizeof loop_app));
    assert_true(rk_loader_flash(r, 0x2000, loop_app, sizeof loop_app));
    uint32_t addr = bottom;
    while (addr < top && rk_machine_peek(r->m, addr, &word, 4) && word == 0x5AA55AA5) {
        addr += 4;
    }
    size_t len = 0;
    free(rk_loader_read_built("boot/boot.bin", &len));
    print_message("bootloader: %zu bytes of 16384, %u bytes of stack\n", len,
                  (unsigned)(top - addr));
    assert_in_range(len, 1, 16384);
    assert_in_range(top - addr, 100, 2048);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_loader__starts_a_valid_application_in_the_dark),
        CASE(test_loader__protects_its_own_pages),
        CASE(test_loader__lives_with_a_cut_in_its_option_bytes),
        CASE(test_loader__button_colours_and_dfu),
        CASE(test_loader__safe_mode_sets_the_flag_and_starts),
        CASE(test_loader__factory_reset_shows_green_and_copies),
        CASE(test_loader__identity_is_the_originals),
        CASE(test_loader__microsoft_descriptors),
        CASE(test_loader__writes_reads_back_and_leaves),
        CASE(test_loader__external_flash_and_short_end),
        CASE(test_loader__reports_what_the_original_swallowed),
        CASE(test_loader__a_plug_pulled_in_mid_transfer),
        CASE(test_loader__stack_is_small),
    };
    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
