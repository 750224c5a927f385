/* Our bootloader and our application together: enumeration, console, both ways into DFU, crashes,
 * and updates of one another's images through the external flash. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/image/image.h"
#include "tests/loader/rig.h"
#include "tests/published.h"

static struct rk_loader_rig *r;
static uint8_t *probe;
static size_t probe_len;

static int setup(void **state) {
    r = rk_loader_rig_new();
    probe = rk_loader_read_built("app/probe/probe.bin", &probe_len);
    if (r && probe) {
        rk_loader_put(r, 0x08005000, probe, probe_len);
    }
    return 0;
}

static int teardown(void **state) {
    free(probe);
    if (r) {
        rk_loader_rig_free(r);
    }
    return 0;
}

#define NEEDS_IMAGES()                                                                             \
    if (!r || !probe) {                                                                            \
        rk_skip("the firmware is not built (./x firmware)");                                       \
    }

static char answer[2048];

static void start_probe(void) {
    assert_true(rk_loader_enumerated(r, 2 * RK_LOADER_S));
    assert_int_equal(rk_get_u16le(r->host.target.desc->device + 10), 0x607D);
}

static void check_answer(const char *text, const char *expected) {
    rk_loader_say(r, text, answer, sizeof answer, 300 * RK_LOADER_MS);
    assert_string_equal(answer, expected);
}

static bool is_dfu(void) {
    const struct rk_usb_desc *desc = r->host.target.desc;
    return desc && rk_get_u16le(desc->device + 10) == 0x607F;
}

static void expect_dfu(void) {
    for (int i = 0; i < 3000 && !is_dfu(); i++) {
        rk_loader_run_ns(r, RK_LOADER_MS);
    }
    assert_true(is_dfu());
    assert_true(rk_loader_until(r, "blinking yellow", 2 * RK_LOADER_S));
}

static void test_probe__is_a_sealed_image(void **state) {
    NEEDS_IMAGES();
    struct rk_image image;
    assert_int_equal(rk_image_parse(&image, probe, probe_len), 0);
    assert_true(image.has_module);
    assert_int_equal(image.module.function, RK_MODULE_MONOLITHIC);
    assert_int_equal(rk_image_check_app(&image, rk_board_get(RK_BOARD_CORE)), 0);
    assert_true(rk_image_sha_ok(&image));
}

static void test_probe__console(void **state) {
    NEEDS_IMAGES();
    start_probe();
    check_answer("i", "Your core id is 53ff6d065077535228300287\r\n");
    check_answer("v", "system firmware version: probe 0.1.0\n\r\n");
    check_answer("Hello", "Hello");
    check_answer(":nothing\r", "no such command; :help\r\n");
    check_answer(":report\r",
                 "flags 0258 ffff ffff ffff ffff ffff ff00 0000 0c00\r\n"
                 "backup ffff 0000 0000 0000 0000 0000 0000 0000 0000 0000\r\nreset 0c000002\r\n");
    rk_loader_say(r, ":flash\r", answer, sizeof answer, RK_LOADER_S);
    assert_string_equal(answer, "ok\r\n");
    assert_int_equal(rk_machine_counts(r->m)->guest_errors, 0);
}

static void test_probe__light_shows_named_signals(void **state) {
    NEEDS_IMAGES();
    start_probe();
    assert_true(rk_loader_until(r, "blinking blue", 3 * RK_LOADER_S));
    check_answer(":signal cloud-connected\r", "ok\r\n");
    assert_true(rk_loader_until(r, "breathing cyan", 10 * RK_LOADER_S));
    check_answer(":signal no-such-thing\r", "no such signal\r\n");
}

static void test_probe__resets_into_dfu_by_both_forms_and_by_touch(void **state) {
    NEEDS_IMAGES();
    start_probe();
    rk_loader_say(r, ":dfu\r", answer, sizeof answer, 100 * RK_LOADER_MS);
    expect_dfu();
    rk_machine_reset(r->m, RK_RESET_PIN); /* this form is for once */
    rk_loader_run_ns(r, 500 * RK_LOADER_MS);
    start_probe();
    assert_true(rk_loader_set_baud(r, 14400));
    expect_dfu();
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, 500 * RK_LOADER_MS);
    start_probe();
    rk_loader_say(r, ":dfu-flag\r", answer, sizeof answer, 300 * RK_LOADER_MS);
    expect_dfu();
    rk_machine_reset(r->m, RK_RESET_PIN); /* this one stays */
    rk_loader_run_ns(r, 500 * RK_LOADER_MS);
    expect_dfu();
}

static void test_probe__a_fault_is_sos_and_a_restart(void **state) {
    NEEDS_IMAGES();
    start_probe();
    unsigned resets = r->resets;
    rk_loader_say(r, ":fault\r", answer, sizeof answer, 100 * RK_LOADER_MS);
    assert_true(rk_loader_until(r, "red SOS 1", 20 * RK_LOADER_S));
    rk_loader_run_ns(r, 25 * RK_LOADER_S);
    assert_int_equal(r->resets, resets + 1);
    start_probe();
}

static void test_probe__a_hang_is_ended_by_the_watchdog(void **state) {
    NEEDS_IMAGES();
    start_probe();
    rk_loader_run_ns(r, RK_LOADER_S);
    unsigned resets = r->resets;
    rk_loader_say(r, ":hang\r", answer, sizeof answer, 100 * RK_LOADER_MS);
    rk_loader_run_ns(r, 2800 * RK_LOADER_MS);
    assert_int_equal(r->resets, resets);
    rk_loader_run_ns(r, 700 * RK_LOADER_MS);
    assert_int_equal(r->resets, resets + 1);
    start_probe();
}

/* core-hardware.md 4.3: it hangs before it is healthy, so the backup comes back. */
static void test_probe__a_crash_at_start_brings_the_backup_back(void **state) {
    NEEDS_IMAGES();
    uint8_t loop_app[RK_LOADER_LOOP_LEN];
    rk_loader_loop_app(loop_app, 0x33);
    rk_loader_put(r, 0x40000, loop_app, sizeof loop_app);
    start_probe();
    rk_loader_run_ns(r, 1200 * RK_LOADER_MS);
    rk_loader_say(r, ":crash\r", answer, sizeof answer, 100 * RK_LOADER_MS);
    assert_true(rk_loader_until(r, "fast blinking red", 8 * RK_LOADER_S));
    rk_loader_run_ns(r, 9 * RK_LOADER_S);
    assert_memory_equal(r->flash + 0x5000, loop_app, sizeof loop_app);
    assert_true(rk_loader_in_app(r));
}

static void test_probe__an_update_by_flag_is_applied(void **state) {
    NEEDS_IMAGES();
    uint8_t loop_app[RK_LOADER_LOOP_LEN];
    rk_loader_loop_app(loop_app, 0x44);
    rk_loader_put(r, 0x08005000, loop_app, sizeof loop_app);
    rk_loader_put(r, 0x60000, probe, probe_len);
    rk_loader_put(r, 0x08004C04, "\x05\x00", 2);
    assert_true(rk_loader_until(r, "fast blinking magenta", 3 * RK_LOADER_S));
    assert_true(rk_loader_enumerated(r, 12 * RK_LOADER_S));
    start_probe();
    check_answer("v", "system firmware version: probe 0.1.0\n\r\n");
    assert_memory_equal(r->ext + 0x40000, loop_app, sizeof loop_app);
    assert_int_equal(rk_get_u16le(r->flash + 0x4C06), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_probe__is_a_sealed_image),
        CASE(test_probe__console),
        CASE(test_probe__light_shows_named_signals),
        CASE(test_probe__resets_into_dfu_by_both_forms_and_by_touch),
        CASE(test_probe__a_fault_is_sos_and_a_restart),
        CASE(test_probe__a_hang_is_ended_by_the_watchdog),
        CASE(test_probe__a_crash_at_start_brings_the_backup_back),
        CASE(test_probe__an_update_by_flag_is_applied),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
