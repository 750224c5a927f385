/* The published images on a fresh board, to the signals that core-hardware.md 5 and
 * emulator-findings.md ("LED evidence") document. The table is part of the test output.
 */
#include <math.h>

#include "common/base/bytes.h"
#include "emu/cpu/cpu.h"
#include "tests/boot/rig.h"
#include "tests/published.h"
#include "tests/unit.h"

static struct rk_rig *boot(const char *id) {
    size_t len;
    uint8_t *image = rk_published_image(id, &len);
    struct rk_rig *rig = rk_rig_new(image, len);
    free(image);
    return rig;
}

/* One row of what is documented: a signal, when the study saw it, and how far our time may be off
 * (clock start-up times are the board's, so a tenth of a second is not news). */
struct expected {
    const char *signal;
    double at_s;
    double within_s;
};

static void assert_signals(const char *image, const struct expected *rows, size_t count) {
    struct rk_rig *rig = boot(image);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        bool seen = rk_rig_until(rig, rows[i].signal, 8 * RK_S);
        double at = seen ? (double)rig->signals[rig->signal_count - 1].since_ns / 1e9 : NAN;
        bool in_time = seen && fabs(at - rows[i].at_s) <= rows[i].within_s;
        if (!in_time) {
            printf("expected %s at %.4f s: %s %.4f\n", rows[i].signal, rows[i].at_s,
                   seen ? "seen at" : "not seen", at);
            all = false;
        }
    }
    rk_rig_print(rig, image);
    rk_rig_free(rig);
    assert_true(all);
}

#define ASSERT_SIGNALS(image, ...)                                                                 \
    assert_signals((image), (const struct expected[]){__VA_ARGS__},                                \
                   sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected))

/* emulator-findings.md, "LED evidence" and "What booted". */
static void test_boot__tinker_0_7_0_listens(void **state) {
    ASSERT_SIGNALS("core-tinker-0.7.0", {"breathing white", 0.3006, 0.05},
                   {"blinking blue", 2.5693, 0.3});
}

static void test_boot__tinker_0_5_1_listens(void **state) {
    ASSERT_SIGNALS("core-tinker-0.5.1", {"breathing white", 0.3006, 0.05},
                   {"blinking blue", 2.4581, 0.3});
}

static void test_boot__voodoospark_listens(void **state) {
    ASSERT_SIGNALS("core-voodoospark-0.4.7", {"breathing white", 0.3006, 0.05},
                   {"blinking blue", 2.5, 0.5});
}

static void test_boot__doctor_breathes_white(void **state) {
    ASSERT_SIGNALS("core-doctor-0.6.2", {"breathing white", 0.3006, 0.05});
}

static void test_boot__deep_update_blinks_orange_then_listens(void **state) {
    ASSERT_SIGNALS("core-deep-update-2014-06", {"blinking orange", 0.9488, 0.4},
                   {"blinking blue", 7, 6});
}

static void test_boot__patch_programmers_blink_magenta(void **state) {
    ASSERT_SIGNALS("core-cc3000-patch-1.29", {"blinking magenta", 1.4, 1.4});
    ASSERT_SIGNALS("core-cc3000-patch-1.32", {"blinking magenta", 1.4, 1.4});
}

/* core-hardware.md 5.5: from 3 s on, MODE enters listening where the board was not. */
static void test_button__mode_held_3_s_enters_listening(void **state) {
    struct rk_rig *rig = boot("core-doctor-0.6.2");
    assert_true(rk_rig_until(rig, "breathing white", 4 * RK_S));
    assert_false(rk_rig_until(rig, "blinking blue", 8 * RK_S));
    rk_spark_core_mode_button(rig->m, true);
    uint64_t pressed_ns = rk_machine_now_ns(rig->m);
    assert_true(rk_rig_until(rig, "blinking blue", 5 * RK_S));
    uint64_t since_ns = rig->signals[rig->signal_count - 1].since_ns;
    assert_in_range(since_ns - pressed_ns, 2900 * RK_MS, 3600 * RK_MS);
    rk_spark_core_mode_button(rig->m, false);
    rk_rig_print(rig, "core-doctor, MODE 3 s");
    rk_rig_free(rig);
}

/* core-hardware.md 5.5: held 10 s while listening, the stored networks are wiped. */
static void test_button__mode_held_10_s_wipes_the_networks(void **state) {
    struct rk_rig *rig = boot("core-tinker-0.7.0");
    assert_true(rk_rig_until(rig, "blinking blue", 6 * RK_S));
    rk_spark_core_mode_button(rig->m, true);
    assert_true(rk_rig_until(rig, "wifi-wipe", 13 * RK_S));
    rk_spark_core_mode_button(rig->m, false);
    rk_rig_print(rig, "core-tinker-0.7.0, MODE 10 s");
    rk_rig_free(rig);
}

/* Plants UDF #0 where the image's SysTick handler begins; the fault escalates to HardFault. */
static void plant_fault(struct rk_rig *rig) {
    const uint8_t *flash = rk_machine_nv(rig->m, RK_CORE_NV_INTERNAL, NULL);
    uint32_t handler = rk_get_u32le(flash + 0x5000 + 15 * 4) & ~1u;
    assert_true(rk_machine_poke(rig->m, handler, "\x00\xDE", 2));
}

/* core-hardware.md 5.7: HardFault is SOS 1; after two passes the board resets. */
static void test_sos__a_planted_fault_is_decoded_with_its_code(void **state) {
    static const char *const images[] = {"core-tinker-0.5.1", "core-voodoospark-0.4.7"};
    for (size_t i = 0; i < RK_COUNT(images); i++) {
        struct rk_rig *rig = boot(images[i]);
        assert_true(rk_rig_until(rig, "blinking blue", 6 * RK_S));
        plant_fault(rig);
        unsigned resets = rig->resets;
        assert_true(rk_rig_until(rig, "red SOS 1", 12 * RK_S));
        assert_int_equal(rig->resets, resets);
        rk_rig_run(rig, 10 * RK_S);
        assert_int_equal(rig->resets, resets + 1);
        rk_rig_print(rig, images[i]);
        rk_rig_free(rig);
    }
}

/* Found here: the HardFault entry of tinker 0.7.0 is not word-aligned, so its literal load takes
 * the wrong word as the address of the real handler: no SOS, but a lock-up that the watchdog ends.
 */
static void test_sos__tinker_0_7_0_locks_up_instead_and_the_watchdog_resets_it(void **state) {
    struct rk_rig *rig = boot("core-tinker-0.7.0");
    assert_true(rk_rig_until(rig, "blinking blue", 6 * RK_S));
    plant_fault(rig);
    uint64_t planted_ns = rk_machine_now_ns(rig->m);
    unsigned resets = rig->resets;
    while (rig->resets == resets && rk_machine_now_ns(rig->m) < planted_ns + 4 * RK_S) {
        rk_rig_run(rig, 10 * RK_MS);
    }
    assert_int_equal(rig->resets, resets + 1);
    assert_in_range(rk_machine_now_ns(rig->m) - planted_ns, 1900 * RK_MS, 3100 * RK_MS);
    rk_rig_free(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boot__tinker_0_7_0_listens),
        cmocka_unit_test(test_boot__tinker_0_5_1_listens),
        cmocka_unit_test(test_boot__voodoospark_listens),
        cmocka_unit_test(test_boot__doctor_breathes_white),
        cmocka_unit_test(test_boot__deep_update_blinks_orange_then_listens),
        cmocka_unit_test(test_boot__patch_programmers_blink_magenta),
        cmocka_unit_test(test_button__mode_held_3_s_enters_listening),
        cmocka_unit_test(test_button__mode_held_10_s_wipes_the_networks),
        cmocka_unit_test(test_sos__a_planted_fault_is_decoded_with_its_code),
        cmocka_unit_test(test_sos__tinker_0_7_0_locks_up_instead_and_the_watchdog_resets_it),
    };
    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
