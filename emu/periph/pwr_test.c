/* PWR against RM0008 5. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/pwr.h"

enum {
    CR = 0x00,
    CSR = 0x04,
    LPDS = 1,
    PDDS = 2,
    CWUF = 4,
    CSBF = 8,
    DBP = 0x100,
    WUF = 1,
    SBF = 2,
    EWUP = 0x100,
};

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_pwr_ops, NULL, 8000000, 0);
}

static uint64_t resets(struct rk_testbench *t) {
    return rk_machine_counts(t->m)->resets;
}

static void test_pwr__reset_values_and_dbp_line(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, CR), 0);
    assert_int_equal(rk_testbench_read(t, CSR), 0);
    rk_testbench_write(t, CR, DBP);
    assert_int_equal(t->level[RK_PWR_OUT_DBP], 1);
    assert_int_equal(rk_testbench_read(t, CR), DBP);
    rk_testbench_write(t, CR, DBP | CWUF | CSBF); /* these two read 0 */
    assert_int_equal(rk_testbench_read(t, CR), DBP);
    assert_int_equal(t->pulses[RK_PWR_OUT_DBP], 1);
    rk_testbench_write(t, CR, 0);
    assert_int_equal(t->level[RK_PWR_OUT_DBP], 0);
    rk_testbench_free(t);
}

static void test_pwr__stop_ends_with_an_exti_line(void **state) {
    static const struct { uint32_t cr, wake_ns; } rows[] = {{0, 3600}, {LPDS, 5400}};
    struct rk_testbench *t = bench();
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        rk_testbench_write(t, CR, rows[i].cr);
        rk_testbench_input(t, RK_PWR_IN_SLEEP, 3);
        assert_int_equal(t->level[RK_PWR_OUT_STOP], 1);
        assert_int_equal(rk_dev_clock_hz(t->dev), 0);
        rk_testbench_pass_ns(t, 1000000000);
        assert_int_equal(t->level[RK_PWR_OUT_CPU_WAKE], 0);
        rk_testbench_input(t, RK_PWR_IN_WAKE, 1);
        rk_testbench_pass_ns(t, rows[i].wake_ns - 200);
        assert_int_equal(t->level[RK_PWR_OUT_STOP], 1);
        rk_testbench_pass_ns(t, 400);
        assert_int_equal(t->level[RK_PWR_OUT_STOP], 0);
        assert_int_equal(t->level[RK_PWR_OUT_CPU_WAKE], 1);
        assert_int_equal(rk_dev_clock_hz(t->dev), 8000000);
        rk_testbench_input(t, RK_PWR_IN_SLEEP, 0);
        assert_int_equal(t->level[RK_PWR_OUT_CPU_WAKE], 0);
    }
    assert_int_equal(resets(t), 1);
    rk_testbench_free(t);
}

static void test_pwr__plain_sleep_stops_nothing(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR, PDDS);
    rk_testbench_input(t, RK_PWR_IN_SLEEP, 1);
    assert_int_equal(t->level[RK_PWR_OUT_STOP], 0);
    assert_int_equal(rk_dev_clock_hz(t->dev), 8000000);
    rk_testbench_free(t);
}

static void test_pwr__standby_ends_in_a_reset_by_the_pin(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CSR, EWUP);
    rk_testbench_write(t, CR, PDDS);
    rk_testbench_input(t, RK_PWR_IN_SLEEP, 3);
    rk_testbench_input(t, RK_PWR_IN_WAKE, 1); /* an EXTI line does not end Standby */
    rk_testbench_pass_ns(t, 1000000000);
    assert_int_equal(resets(t), 1);
    rk_testbench_input(t, RK_PWR_IN_WKUP_PIN, 1);
    rk_testbench_pass_ns(t, 100000);
    assert_int_equal(resets(t), 2);
    assert_int_equal(rk_testbench_read(t, CSR), WUF | SBF);
    assert_int_equal(rk_testbench_read(t, CR), 0);
    rk_testbench_write(t, CR, CWUF | CSBF);
    assert_int_equal(rk_testbench_read(t, CSR), 0);
    rk_testbench_free(t);
}

static void test_pwr__standby_ends_by_the_alarm_and_by_other_resets(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR, PDDS);
    rk_testbench_input(t, RK_PWR_IN_SLEEP, 3);
    rk_testbench_input(t, RK_PWR_IN_RTC_ALARM, 1);
    rk_testbench_pass_ns(t, 100000);
    assert_int_equal(resets(t), 2);
    assert_int_equal(rk_testbench_read(t, CSR), WUF | SBF);
    rk_testbench_write(t, CR, CWUF | CSBF | PDDS);
    rk_testbench_input(t, RK_PWR_IN_SLEEP, 3);
    rk_machine_reset(t->m, RK_RESET_IWDG);
    rk_testbench_pass_ns(t, 1000);
    assert_int_equal(rk_testbench_read(t, CSR), SBF);
    assert_int_equal(rk_dev_clock_hz(t->dev), 8000000);
    rk_machine_reset(t->m, RK_RESET_SOFT); /* SBF is cleared by CSBF or the power only */
    rk_testbench_pass_ns(t, 1000);
    assert_int_equal(rk_testbench_read(t, CSR), SBF);
    rk_testbench_free(t);
}

static void test_pwr__standby_needs_wuf_clear(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, RK_PWR_IN_RTC_ALARM, 1);
    assert_int_equal(rk_testbench_read(t, CSR), WUF);
    rk_testbench_write(t, CR, PDDS);
    rk_testbench_input(t, RK_PWR_IN_SLEEP, 3);
    assert_int_equal(t->level[RK_PWR_OUT_STOP], 0);
    rk_testbench_free(t);
}

static void test_pwr__enabling_a_high_pin_is_an_event(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, RK_PWR_IN_WKUP_PIN, 1);
    assert_int_equal(rk_testbench_read(t, CSR), 0);
    rk_testbench_write(t, CSR, EWUP);
    assert_int_equal(rk_testbench_read(t, CSR), EWUP | WUF);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pwr__reset_values_and_dbp_line),
        cmocka_unit_test(test_pwr__stop_ends_with_an_exti_line),
        cmocka_unit_test(test_pwr__plain_sleep_stops_nothing),
        cmocka_unit_test(test_pwr__standby_ends_in_a_reset_by_the_pin),
        cmocka_unit_test(test_pwr__standby_ends_by_the_alarm_and_by_other_resets),
        cmocka_unit_test(test_pwr__standby_needs_wuf_clear),
        cmocka_unit_test(test_pwr__enabling_a_high_pin_is_an_event),
    };
    return cmocka_run_group_tests_name("pwr", tests, NULL, NULL);
}
