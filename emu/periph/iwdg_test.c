/* IWDG against RM0008 19. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/iwdg.h"

enum {
    KR = 0x00,
    PR = 0x04,
    RLR = 0x08,
    SR = 0x0C,
};

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_iwdg_ops, NULL, 8000000, 0);
}

static uint64_t resets(struct rk_testbench *t) {
    return rk_machine_counts(t->m)->resets;
}

static void start(struct rk_testbench *t, uint32_t pr, uint32_t rlr) {
    rk_testbench_write(t, KR, 0x5555);
    rk_testbench_write(t, PR, pr);
    rk_testbench_write(t, RLR, rlr);
    rk_testbench_write(t, KR, 0xAAAA);
    rk_testbench_write(t, KR, 0xCCCC);
}

static void test_iwdg__reset_values(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, KR), 0);
    assert_int_equal(rk_testbench_read(t, PR), 0);
    assert_int_equal(rk_testbench_read(t, RLR), 0xFFF);
    assert_int_equal(rk_testbench_read(t, SR), 0);
    rk_testbench_free(t);
}

static void test_iwdg__registers_need_the_key(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, PR, 6);
    rk_testbench_write(t, RLR, 468);
    assert_int_equal(rk_testbench_read(t, PR), 0);
    assert_int_equal(rk_testbench_read(t, RLR), 0xFFF);
    rk_testbench_write(t, KR, 0x5555);
    rk_testbench_write(t, PR, 6);
    assert_int_equal(rk_testbench_read(t, PR), 6);
    assert_int_equal(rk_testbench_read(t, SR), 1);
    rk_testbench_write(t, RLR, 468);
    assert_int_equal(rk_testbench_read(t, SR), 3);
    rk_testbench_pass_ns(t, 125000);
    assert_int_equal(rk_testbench_read(t, SR), 0);
    rk_testbench_write(t, KR, 0xAAAA); /* closes the registers again */
    rk_testbench_write(t, PR, 0);
    assert_int_equal(rk_testbench_read(t, PR), 6);
    rk_testbench_free(t);
}

/* RM0008 table 96: /4 with RLR 0 is 0.1 ms, /256 with RLR 0xFFF is 26214.4 ms. */
static void test_iwdg__timeouts_of_the_manual(void **state) {
    static const struct {
        uint32_t pr, rlr;
        uint64_t ns;
    } rows[] = {{0, 0, 100000},
                {0, 0xFFF, 409600000},
                {3, 0xFFF, 3276800000},
                {6, 0xFFF, 26214400000u},
                {7, 0xFFF, 26214400000u}};
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        struct rk_testbench *t = bench();
        start(t, rows[i].pr, rows[i].rlr);
        assert_int_equal(t->level[RK_IWDG_OUT_LSI], 1);
        rk_testbench_pass_ns(t, rows[i].ns - 1000);
        assert_int_equal(resets(t), 1);
        rk_testbench_pass_ns(t, 2000);
        assert_int_equal(resets(t), 2);
        rk_testbench_pass_ns(t, rows[i].ns * 2); /* a reset stops it */
        assert_int_equal(resets(t), 2);
        rk_testbench_free(t);
    }
}

static void test_iwdg__reload_keeps_it_quiet(void **state) {
    struct rk_testbench *t = bench();
    start(t, 6, 468);
    for (int i = 0; i < 10; i++) {
        rk_testbench_pass_ns(t, 2900000000u);
        rk_testbench_write(t, KR, 0xAAAA);
    }
    assert_int_equal(resets(t), 1);
    rk_testbench_pass_ns(t, 3002000000u);
    assert_int_equal(resets(t), 2);
    rk_testbench_free(t);
}

static void test_iwdg__time_does_not_follow_the_system_clock(void **state) {
    struct rk_testbench *t = bench();
    start(t, 6, 468);
    rk_testbench_clock(t, RK_CLOCK_HCLK, 72000000);
    rk_testbench_pass_ns(t, 3001000000u);
    assert_int_equal(resets(t), 1);
    rk_testbench_pass_ns(t, 1000000);
    assert_int_equal(resets(t), 2);
    rk_testbench_free(t);
}

static void test_iwdg__hardware_start(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, RK_IWDG_IN_HW, 1);
    rk_machine_reset(t->m, RK_RESET_SOFT);
    rk_testbench_pass_ns(t, 409000000);
    assert_int_equal(resets(t), 2);
    rk_testbench_pass_ns(t, 1000000);
    assert_int_equal(resets(t), 3);
    rk_testbench_free(t);
}

static void test_iwdg__only_a_reload_is_idle(void **state) {
    struct rk_testbench *t = bench();
    start(t, 6, 468);
    assert_true(rk_iwdg_ops.write_is_idle(t->dev, KR, 0xAAAA));
    assert_false(rk_iwdg_ops.write_is_idle(t->dev, KR, 0x5555));
    assert_false(rk_iwdg_ops.write_is_idle(t->dev, RLR, 468));
    rk_testbench_write(t, KR, 0x5555);
    assert_false(rk_iwdg_ops.write_is_idle(t->dev, KR, 0xAAAA)); /* would close the registers */
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iwdg__reset_values),
        cmocka_unit_test(test_iwdg__registers_need_the_key),
        cmocka_unit_test(test_iwdg__timeouts_of_the_manual),
        cmocka_unit_test(test_iwdg__reload_keeps_it_quiet),
        cmocka_unit_test(test_iwdg__time_does_not_follow_the_system_clock),
        cmocka_unit_test(test_iwdg__hardware_start),
        cmocka_unit_test(test_iwdg__only_a_reload_is_idle),
    };
    return cmocka_run_group_tests_name("iwdg", tests, NULL, NULL);
}
