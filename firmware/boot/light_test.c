/* The loader's light and the button's thresholds against core-hardware.md 4.4 and 4.5. */
#include "tests/unit.h"

#include "firmware/boot/light.h"

static void test_light__toggles_every_so_many_ticks(void **state) {
    static const unsigned periods[] = {101, 51};
    for (size_t i = 0; i < RK_COUNT(periods); i++) {
        struct rk_light l = {0};
        assert_true(rk_light_set(&l, RK_BOOT_YELLOW, periods[i]));
        assert_memory_equal(rk_light_channels(&l), ((uint8_t[]){1, 1, 0}), 3);
        for (unsigned ms = 1; ms < 10 * periods[i]; ms++) {
            assert_int_equal(rk_light_tick(&l), ms % periods[i] == 0);
            assert_int_equal(rk_light_channels(&l)[0], ms / periods[i] % 2 == 0);
        }
    }
}

static void test_light__steady_and_unchanged(void **state) {
    struct rk_light l = {0};
    assert_true(rk_light_set(&l, RK_BOOT_RED, 0));
    for (unsigned ms = 0; ms < 1000; ms++) {
        assert_false(rk_light_tick(&l));
    }
    assert_memory_equal(rk_light_channels(&l), ((uint8_t[]){1, 0, 0}), 3);
    assert_true(rk_light_set(&l, RK_BOOT_MAGENTA, 101));
    for (unsigned ms = 0; ms < 50; ms++) {
        rk_light_tick(&l);
    }
    assert_false(rk_light_set(&l, RK_BOOT_MAGENTA, 101)); /* goes on in its rhythm */
    for (unsigned ms = 50; ms < 100; ms++) {
        assert_false(rk_light_tick(&l));
    }
    assert_true(rk_light_tick(&l));
}

/* 1.014, 3.042, 6.60 and 10.15 s: the times of E3. */
static void test_light__what_the_button_means(void **state) {
    static const struct {
        uint32_t ms;
        enum rk_hold hold;
        enum rk_boot_colour colour;
        unsigned toggle_ms;
    } rows[] = {
        {0, RK_HOLD_NONE, RK_BOOT_DARK, 0},         {1013, RK_HOLD_NONE, RK_BOOT_DARK, 0},
        {1014, RK_HOLD_SAFE, RK_BOOT_MAGENTA, 101}, {3041, RK_HOLD_SAFE, RK_BOOT_MAGENTA, 101},
        {3042, RK_HOLD_DFU, RK_BOOT_YELLOW, 101},   {6599, RK_HOLD_DFU, RK_BOOT_YELLOW, 101},
        {6600, RK_HOLD_FACTORY, RK_BOOT_GREEN, 51}, {10149, RK_HOLD_FACTORY, RK_BOOT_GREEN, 51},
        {10150, RK_HOLD_WIPE, RK_BOOT_WHITE, 51},   {60000, RK_HOLD_WIPE, RK_BOOT_WHITE, 51},
    };
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        enum rk_boot_colour colour;
        unsigned toggle_ms;
        assert_int_equal(rk_hold_after(rows[i].ms), rows[i].hold);
        rk_hold_look(rows[i].hold, &colour, &toggle_ms);
        assert_int_equal(colour, rows[i].colour);
        assert_int_equal(toggle_ms, rows[i].toggle_ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_light__toggles_every_so_many_ticks),
        cmocka_unit_test(test_light__steady_and_unchanged),
        cmocka_unit_test(test_light__what_the_button_means),
    };
    return cmocka_run_group_tests_name("boot_light", tests, NULL, NULL);
}
