/* BKP against RM0008 6 and core-hardware.md 3.1. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/bkp.h"

enum {
    DR1 = 0x04,
    DR10 = 0x28,
    RTCCR = 0x2C,
    CR = 0x30,
    CSR = 0x34,
};

static struct rk_testbench *bench(bool open) {
    struct rk_testbench *t = rk_testbench_new(&rk_bkp_ops, NULL, 8000000, 0);
    rk_testbench_input(t, RK_BKP_IN_DBP, open);
    return t;
}

static void test_bkp__reset_values(void **state) {
    struct rk_testbench *t = bench(false);
    for (uint32_t off = DR1; off <= CSR; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), 0);
    }
    rk_testbench_free(t);
}

static void test_bkp__writes_need_dbp(void **state) {
    struct rk_testbench *t = bench(false);
    rk_testbench_write(t, DR1, 0xEDFA);
    assert_int_equal(rk_testbench_read(t, DR1), 0);
    rk_testbench_input(t, RK_BKP_IN_DBP, 1);
    rk_testbench_write(t, DR1, 0xFFFFEDFA); /* sixteen bits */
    assert_int_equal(rk_testbench_read(t, DR1), 0xEDFA);
    rk_testbench_free(t);
}

static void test_bkp__data_survives_resets_but_not_the_power(void **state) {
    static const enum rk_reset kinds[] = {RK_RESET_PIN, RK_RESET_SOFT, RK_RESET_IWDG, RK_RESET_WWDG,
                                          RK_RESET_STANDBY};
    struct rk_testbench *t = bench(true);
    for (uint32_t i = 0; i < 10; i++) {
        rk_testbench_write(t, DR1 + 4 * i, 0x5000 + i);
    }
    for (size_t k = 0; k < RK_COUNT(kinds); k++) {
        rk_machine_reset(t->m, kinds[k]);
        rk_testbench_pass_cycles(t, 1);
        for (uint32_t i = 0; i < 10; i++) {
            assert_int_equal(rk_testbench_read(t, DR1 + 4 * i), 0x5000 + i);
        }
    }
    rk_testbench_write(t, DR10, 1); /* DBP was reset */
    assert_int_equal(rk_testbench_read(t, DR10), 0x5009);
    rk_machine_power_off(t->m);
    rk_machine_power_on(t->m);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, DR1), 0);
    assert_int_equal(rk_testbench_read(t, DR10), 0);
    rk_testbench_free(t);
}

static void test_bkp__backup_domain_reset(void **state) {
    struct rk_testbench *t = bench(true);
    rk_testbench_write(t, DR10, 0x5000);
    rk_testbench_write(t, RTCCR, 0x80);
    rk_testbench_input(t, RK_BKP_IN_BDRST, 1);
    assert_int_equal(rk_testbench_read(t, DR10), 0);
    assert_int_equal(rk_testbench_read(t, RTCCR), 0);
    rk_testbench_write(t, DR10, 1);
    assert_int_equal(rk_testbench_read(t, DR10), 0);
    rk_testbench_input(t, RK_BKP_IN_BDRST, 0);
    rk_testbench_write(t, DR10, 1);
    assert_int_equal(rk_testbench_read(t, DR10), 1);
    rk_testbench_free(t);
}

static void test_bkp__tamper_clears_the_data(void **state) {
    struct rk_testbench *t = bench(true);
    rk_testbench_write(t, DR1, 7);
    rk_testbench_write(t, CSR, 4);
    rk_testbench_write(t, CR, 1);
    assert_int_equal(rk_testbench_read(t, DR1), 7);
    rk_testbench_input(t, RK_BKP_IN_TAMPER, 1);
    assert_int_equal(rk_testbench_read(t, DR1), 0);
    assert_int_equal(rk_testbench_read(t, CSR), 0x304);
    assert_int_equal(t->level[RK_BKP_OUT_IRQ], 1);
    rk_testbench_write(t, DR1, 7); /* held while TEF stands */
    assert_int_equal(rk_testbench_read(t, DR1), 0);
    rk_testbench_write(t, CR, 0);
    rk_testbench_write(t, CSR, 7);
    assert_int_equal(rk_testbench_read(t, CSR), 4);
    assert_int_equal(t->level[RK_BKP_OUT_IRQ], 0);
    rk_testbench_write(t, DR1, 7);
    assert_int_equal(rk_testbench_read(t, DR1), 7);
    rk_testbench_free(t);
}

static void test_bkp__tamper_active_low_counts_when_enabled(void **state) {
    struct rk_testbench *t = bench(true);
    rk_testbench_write(t, DR1, 7);
    rk_testbench_write(t, CR, 3); /* the pin is low already */
    assert_int_equal(rk_testbench_read(t, DR1), 0);
    assert_int_equal(rk_testbench_read(t, CSR), 0x100);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bkp__reset_values),
        cmocka_unit_test(test_bkp__writes_need_dbp),
        cmocka_unit_test(test_bkp__data_survives_resets_but_not_the_power),
        cmocka_unit_test(test_bkp__backup_domain_reset),
        cmocka_unit_test(test_bkp__tamper_clears_the_data),
        cmocka_unit_test(test_bkp__tamper_active_low_counts_when_enabled),
    };
    return cmocka_run_group_tests_name("bkp", tests, NULL, NULL);
}
