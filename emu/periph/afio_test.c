/* AFIO against RM0008 9.4.1-9.4.6 and core-hardware.md 9.1 (SWJ_CFG). */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/afio.h"

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_afio_ops, NULL, 72000000u, 0);
}

static void test_afio__reset_values(void **state) {
    struct rk_testbench *t = bench();
    for (uint32_t off = 0; off <= 0x14; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), 0);
    }
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 0);
    rk_testbench_free(t);
}

static void test_afio__exticr_selects_the_port(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, RK_AFIO_IN_PIN + 16 * 1 + 2, 1); /* PB2 */
    assert_int_equal(t->level[RK_AFIO_OUT_EXTI + 2], 0);
    rk_testbench_write(t, 0x08, 0x0100); /* EXTICR1: line 2 = port B */
    assert_int_equal(rk_testbench_read(t, 0x08), 0x0100);
    assert_int_equal(t->level[RK_AFIO_OUT_EXTI + 2], 1);
    rk_testbench_input(t, RK_AFIO_IN_PIN + 16 * 1 + 2, 0);
    assert_int_equal(t->level[RK_AFIO_OUT_EXTI + 2], 0);
    rk_testbench_input(t, RK_AFIO_IN_PIN + 16 * 0 + 2, 1); /* PA2: not selected */
    assert_int_equal(t->level[RK_AFIO_OUT_EXTI + 2], 0);
    rk_testbench_write(t, 0x10, 0x1000); /* EXTICR3: line 11 = port B */
    rk_testbench_input(t, RK_AFIO_IN_PIN + 16 * 1 + 11, 1);
    assert_int_equal(t->level[RK_AFIO_OUT_EXTI + 11], 1);
    rk_testbench_free(t);
}

static void test_afio__swj_cfg_is_write_only_and_111_keeps_it(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, 0x04, 4u << 24);
    assert_int_equal(t->level[RK_AFIO_OUT_SWJ], 4);
    rk_testbench_write(t, 0x04, 0x0F000004u); /* USART1 remap as the firmware writes it */
    assert_int_equal(t->level[RK_AFIO_OUT_SWJ], 4);
    assert_int_equal(t->pulses[RK_AFIO_OUT_SWJ], 1);
    assert_int_equal(t->level[RK_AFIO_OUT_MAPR], 4);
    assert_int_equal(rk_testbench_read(t, 0x04) & 0x00FFFFFFu, 4);
    rk_testbench_write(t, 0x04, 2u << 24);
    assert_int_equal(t->level[RK_AFIO_OUT_SWJ], 2);
    assert_int_equal(t->level[RK_AFIO_OUT_MAPR], 0);
    rk_testbench_free(t);
}

static void test_afio__reset_gives_the_pins_back_to_jtag(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, 0x04, 4u << 24 | 1);
    rk_machine_reset(t->m, RK_RESET_SOFT);
    rk_testbench_pass_cycles(t, 5);
    assert_int_equal(t->level[RK_AFIO_OUT_SWJ], 0);
    assert_int_equal(t->level[RK_AFIO_OUT_MAPR], 0);
    rk_testbench_free(t);
}

static void test_afio__ports_that_are_not_there_are_loud(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, 0x08, 0x0006);
    rk_testbench_write(t, 0x1C, 0);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 2);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_afio__reset_values),
        cmocka_unit_test(test_afio__exticr_selects_the_port),
        cmocka_unit_test(test_afio__swj_cfg_is_write_only_and_111_keeps_it),
        cmocka_unit_test(test_afio__reset_gives_the_pins_back_to_jtag),
        cmocka_unit_test(test_afio__ports_that_are_not_there_are_loud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
