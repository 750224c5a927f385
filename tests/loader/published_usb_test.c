/* The published applications on USB, started by our bootloader: their descriptors and console are
 * those of core-hardware.md 6.1 and 7.1; the request of the patch programmers leads into DFU (4.8);
 * a factory reset shows its lights (4.4, 4.5). */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "tests/loader/rig.h"
#include "tests/published.h"

#define APP_ADDR   0x08005000u
#define FLAG_ADDR  0x08004C04u
#define BKP_DR10   0x40006C28u
#define BLANK_FLAG "\xFF\xFF"

/* core-hardware.md 6.1: bytes 2 to 13 of the device descriptor, and the whole configuration. */
static const uint8_t device_head[12] = {0, 2, 2, 0, 0, 64, 0x50, 0x1D, 0x7D, 0x60, 0, 2};
static const uint8_t config[67] = {
    9, 2,  67,   0,    2,  1,  0,    0xC0, 0xE1, /* configuration */
    9, 4,  0,    0,    1,  2,  2,    1,    0,    /* interface 0: one endpoint */
    5, 36, 0,    0x10, 1,                        /* header, CDC 1.10 */
    5, 36, 1,    0,    1,                        /* call management */
    4, 36, 2,    2,                              /* ACM */
    5, 36, 6,    0,    1,                        /* union */
    7, 5,  0x82, 3,    8,  0,  0xFF,             /* interrupt IN */
    9, 4,  1,    0,    2,  10, 0,    0,    0,    /* interface 1: two endpoints */
    7, 5,  0x03, 2,    64, 0,  0,                /* bulk OUT */
    7, 5,  0x81, 2,    64, 0,  0,                /* bulk IN */
};

static struct rk_loader_rig *r;

static int setup(void **state) {
    (void)state;
    r = rk_loader_rig_new();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    if (r) {
        rk_loader_rig_free(r);
    }
    return 0;
}

static uint16_t product(void) {
    const struct rk_usb_desc *desc = r->host.target.desc;
    return desc ? rk_get_u16le(desc->device + 10) : 0;
}

static bool wait_product(uint16_t wanted, uint64_t ns) {
    uint64_t end = rk_machine_now_ns(r->m) + ns;
    while (product() != wanted && rk_machine_now_ns(r->m) < end) {
        rk_loader_run_ns(r, RK_LOADER_MS);
    }
    return product() == wanted;
}

static void check_cdc(void) {
    const struct rk_usb_desc *desc = r->host.target.desc;
    assert_memory_equal(desc->device + 2, device_head, sizeof device_head);
    assert_int_equal(desc->config_len, sizeof config);
    assert_memory_equal(desc->config, config, sizeof config);
}

static void check_console(const char *version) {
    char answer[512], expected[128];
    assert_int_equal(rk_loader_control(r, 0, 9, 1, 0, NULL, 0, NULL), RK_USB_OK);
    assert_true(rk_loader_until(r, "blinking blue", 10 * RK_LOADER_S));
    rk_loader_say(r, "i", answer, sizeof answer, 500 * RK_LOADER_MS);
    assert_string_equal(answer, "Your core id is 53ff6d065077535228300287\r\n");
    snprintf(expected, sizeof expected, "system firmware version: %s\n\r\n", version);
    rk_loader_say(r, "v", answer, sizeof answer, 500 * RK_LOADER_MS);
    assert_string_equal(answer, expected);
}

static void need_loader(void) {
    if (!r) {
        skip(); /* the rig said why */
    }
}

static void test_published_usb__descriptors_and_console(void **state) {
    static const struct {
        const char *id, *version;
    } apps[] = {{"core-tinker-0.7.0", "0.7.0"},
                {"core-tinker-0.5.1", "0.5.1"},
                {"core-voodoospark-0.4.7", "0.4.7"}};
    (void)state;
    need_loader();
    for (size_t i = 0; i < RK_COUNT(apps); i++) {
        size_t len;
        uint8_t *image = rk_published_image(apps[i].id, &len);
        memset(r->flash + 0x5000, 0xFF, 0x1B000);
        rk_loader_put(r, APP_ADDR, image, len);
        free(image);
        rk_machine_reset(r->m, RK_RESET_PIN);
        rk_loader_run_ns(r, 100 * RK_LOADER_MS);
        assert_true(wait_product(0x607D, 5 * RK_LOADER_S));
        check_cdc();
        check_console(apps[i].version);
    }
}

static void test_published_usb__the_patch_programmers_request_lands_in_dfu(void **state) {
    (void)state;
    need_loader();
    size_t len;
    uint16_t blank = 0xFFFF;
    uint8_t *image = rk_published_image("core-tinker-0.7.0", &len);
    rk_loader_put(r, APP_ADDR, image, len);
    free(image);
    assert_true(wait_product(0x607D, 4 * RK_LOADER_S));
    rk_loader_put(r, FLAG_ADDR, BLANK_FLAG, 2);
    assert_true(rk_machine_poke(r->m, BKP_DR10, &blank, 2));
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, 500 * RK_LOADER_MS);
    assert_true(wait_product(0x607F, 2 * RK_LOADER_S));
    assert_true(rk_loader_until(r, "blinking yellow", 2 * RK_LOADER_S));
}

static void test_published_usb__factory_reset_shows_its_lights(void **state) {
    (void)state;
    need_loader();
    size_t len, factory_len;
    uint8_t *image = rk_published_image("core-tinker-0.7.0", &len);
    uint8_t *factory = rk_published_image("core-tinker-0.5.1", &factory_len);
    rk_loader_put(r, APP_ADDR, image, len);
    rk_loader_put(r, 0x20000, factory, factory_len);
    rk_spark_core_mode_button(r->m, true);
    rk_machine_reset(r->m, RK_RESET_PIN);
    r->seen_count = 0;
    rk_loader_run_ns(r, 7200 * RK_LOADER_MS); /* between 6.5 and 10 s: keeps Wi-Fi (4.4) */
    rk_spark_core_mode_button(r->m, false);
    rk_loader_run_ns(r, 9 * RK_LOADER_S);
    static const char *const lights[] = {"blinking magenta", "blinking yellow",
                                         "fast blinking green"};
    unsigned next = 0;
    for (unsigned i = 0; i < r->seen_count && next < RK_COUNT(lights); i++) {
        next += strcmp(r->seen[i], lights[next]) == 0;
    }
    assert_int_equal(next, RK_COUNT(lights));
    assert_memory_equal(r->flash + 0x5000, factory, factory_len);
    assert_true(wait_product(0x607D, 4 * RK_LOADER_S));
    free(image);
    free(factory);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_published_usb__descriptors_and_console),
        CASE(test_published_usb__the_patch_programmers_request_lands_in_dfu),
        CASE(test_published_usb__factory_reset_shows_its_lights),
    };
    return cmocka_run_group_tests_name("published_usb", tests, NULL, NULL);
}
