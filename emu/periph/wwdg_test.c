/* WWDG against RM0008 20. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/wwdg.h"

enum {
    CR = 0x00,
    CFR = 0x04,
    SR = 0x08,
};

#define STEP_NS 113777u /* 4096 / 36 MHz */

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_wwdg_ops, NULL, 36000000, 0);
}

static uint64_t resets(struct rk_testbench *t) {
    return rk_machine_counts(t->m)->resets;
}

static void test_wwdg__reset_values(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, CR), 0x7F);
    assert_int_equal(rk_testbench_read(t, CFR), 0x7F);
    assert_int_equal(rk_testbench_read(t, SR), 0);
    rk_testbench_free(t);
}

/* RM0008 table 97, PCLK1 36 MHz: 113 us to 7.28 ms (WDGTB 0), 0.91 to 58.25 ms (WDGTB 3). */
static void test_wwdg__timeouts_of_the_manual(void **state) {
    static const struct {
        uint32_t tb, t;
        uint64_t ns;
    } rows[] = {{0, 0x40, 113777}, {0, 0x7F, 7281777}, {3, 0x40, 910222}, {3, 0x7F, 58254222}};
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        struct rk_testbench *t = bench();
        rk_testbench_write(t, CFR, rows[i].tb << 7 | 0x7F);
        rk_testbench_write(t, CR, 0x80 | rows[i].t);
        rk_testbench_pass_ns(t, rows[i].ns - 200);
        assert_int_equal(resets(t), 1);
        rk_testbench_pass_ns(t, 400);
        assert_int_equal(resets(t), 2);
        rk_testbench_free(t);
    }
}

static void test_wwdg__early_wakeup_interrupt(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CFR, 0x27F);
    rk_testbench_write(t, CR, 0x80 | 0x42);
    rk_testbench_pass_ns(t, 2 * STEP_NS - 200);
    assert_int_equal(t->level[RK_WWDG_OUT_IRQ], 0);
    rk_testbench_pass_ns(t, 400);
    assert_int_equal(rk_testbench_read(t, CR), 0xC0);
    assert_int_equal(rk_testbench_read(t, SR), 1);
    assert_int_equal(t->level[RK_WWDG_OUT_IRQ], 1);
    rk_testbench_write(t, CR, 0x80 | 0x7F);
    rk_testbench_write(t, SR, 0);
    assert_int_equal(t->level[RK_WWDG_OUT_IRQ], 0);
    rk_testbench_pass_ns(t, 60 * STEP_NS);
    assert_int_equal(resets(t), 1);
    rk_testbench_free(t);
}

static void test_wwdg__refresh_above_the_window_resets(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CFR, 0x50);
    rk_testbench_write(t, CR, 0x80 | 0x5F);
    rk_testbench_pass_ns(t, 15 * STEP_NS + 200); /* at the window: allowed */
    rk_testbench_write(t, CR, 0x5F);
    rk_testbench_pass_ns(t, 14 * STEP_NS);
    assert_int_equal(resets(t), 1);
    rk_testbench_write(t, CR, 0x5F);
    rk_testbench_pass_ns(t, 100);
    assert_int_equal(resets(t), 2);
    rk_testbench_free(t);
}

static void test_wwdg__clearing_t6_resets_at_once(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR, 0x3F); /* not active */
    rk_testbench_pass_ns(t, 100);
    assert_int_equal(resets(t), 1);
    rk_testbench_write(t, CR, 0x80);
    rk_testbench_pass_ns(t, 100);
    assert_int_equal(resets(t), 2);
    rk_testbench_free(t);
}

static void test_wwdg__counts_pclk1_over_a_change(void **state) {
    struct rk_testbench *t = bench();
    t->dev->domain = RK_CLOCK_PCLK1;
    rk_testbench_write(t, CR, 0x7F);
    rk_testbench_pass_ns(t, 10 * STEP_NS + 200);
    assert_int_equal(rk_testbench_read(t, CR), 0x7F - 10);
    rk_testbench_clock(t, RK_CLOCK_PCLK1, 18000000);
    rk_testbench_pass_ns(t, 20 * STEP_NS + 400);
    assert_int_equal(rk_testbench_read(t, CR), 0x7F - 20);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wwdg__reset_values),
        cmocka_unit_test(test_wwdg__timeouts_of_the_manual),
        cmocka_unit_test(test_wwdg__early_wakeup_interrupt),
        cmocka_unit_test(test_wwdg__refresh_above_the_window_resets),
        cmocka_unit_test(test_wwdg__clearing_t6_resets_at_once),
        cmocka_unit_test(test_wwdg__counts_pclk1_over_a_change),
    };
    return cmocka_run_group_tests_name("wwdg", tests, NULL, NULL);
}
