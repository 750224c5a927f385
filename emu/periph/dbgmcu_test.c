/* DBGMCU and the electronic signature against RM0008 30 and 31. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/dbgmcu.h"

static void test_dbgmcu__id_and_register(void **state) {
    struct rk_testbench *t = rk_testbench_new(&rk_dbgmcu_ops, NULL, 8000000, 0);
    assert_int_equal(rk_testbench_read(t, 0), 0x20036410);
    assert_int_equal(rk_testbench_read(t, 4), 0);
    rk_testbench_write(t, 4, 0x300); /* IWDG_STOP | WWDG_STOP, as the images do */
    assert_int_equal(rk_testbench_read(t, 4), 0x300);
    rk_machine_reset(t->m, RK_RESET_SOFT);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, 4), 0x300);
    rk_machine_power_off(t->m);
    rk_machine_power_on(t->m);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, 4), 0);
    rk_testbench_free(t);
}

static void test_esig__size_and_id_in_every_width(void **state) {
    static const struct rk_esig_config config = {.flash_kb = 128};
    static const uint8_t id[12] = {0x53, 0xFF, 0x6D, 0x06, 0x50, 0x77,
                                   0x53, 0x52, 0x28, 0x30, 0x02, 0x87};
    struct rk_testbench *t = rk_testbench_new(&rk_esig_ops, &config, 8000000, 0);
    uint32_t value = 0;
    rk_esig_set_id(t->dev, id);
    rk_machine_reset(t->m, RK_RESET_POWER);
    rk_testbench_pass_cycles(t, 1);
    assert_true(rk_testbench_try_read(t, RK_TESTBENCH_BASE, 2, &value));
    assert_int_equal(value, 128);
    assert_int_equal(rk_testbench_read(t, 8), 0x066DFF53);
    assert_int_equal(rk_testbench_read(t, 16), 0x87023028);
    for (uint32_t i = 0; i < 12; i++) {
        assert_true(rk_testbench_try_read(t, RK_TESTBENCH_BASE + 8 + i, 1, &value));
        assert_int_equal(value, id[i]);
    }
    rk_testbench_write(t, 8, 0);
    assert_int_equal(rk_testbench_read(t, 8), 0x066DFF53);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 1);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dbgmcu__id_and_register),
        cmocka_unit_test(test_esig__size_and_id_in_every_width),
    };
    return cmocka_run_group_tests_name("dbgmcu", tests, NULL, NULL);
}
