/* EXTI against RM0008 10.2 (figure 20) and 10.3. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/exti.h"

#define IMR   0x00
#define EMR   0x04
#define RTSR  0x08
#define FTSR  0x0C
#define SWIER 0x10
#define PR    0x14

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_exti_ops, NULL, 72000000u, 0);
}

static void test_exti__reset_values_and_width(void **state) {
    struct rk_testbench *t = bench();
    for (uint32_t off = IMR; off <= PR; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), 0);
    }
    rk_testbench_write(t, IMR, 0xFFFFFFFFu); /* 19 lines on a medium-density part */
    assert_int_equal(rk_testbench_read(t, IMR), 0x7FFFF);
    rk_testbench_free(t);
}

static void test_exti__falling_edge_pends_and_interrupts(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, 11, 1);
    rk_testbench_write(t, FTSR, 1u << 11);
    rk_testbench_write(t, IMR, 1u << 11);
    assert_int_equal(rk_testbench_read(t, PR), 0);
    rk_testbench_input(t, 11, 0);
    assert_int_equal(rk_testbench_read(t, PR), 1u << 11);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ15_10], 1);
    rk_testbench_write(t, PR, 1u << 11);
    assert_int_equal(rk_testbench_read(t, PR), 0);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ15_10], 0);
    rk_testbench_input(t, 11, 1); /* rising: not selected */
    assert_int_equal(rk_testbench_read(t, PR), 0);
    rk_testbench_free(t);
}

static void test_exti__masked_edge_stays_pending(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, RTSR, 1u << 2);
    rk_testbench_input(t, 2, 1);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ + 2], 0);
    assert_int_equal(rk_testbench_read(t, PR), 1u << 2);
    rk_testbench_write(t, IMR, 1u << 2);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ + 2], 1);
    rk_testbench_free(t);
}

static void test_exti__shared_vectors_are_ored(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, IMR, 0x3E0 | 0xFC00);
    rk_testbench_write(t, RTSR, 0x3E0 | 0xFC00);
    rk_testbench_input(t, 5, 1);
    rk_testbench_input(t, 9, 1);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ9_5], 1);
    rk_testbench_write(t, PR, 1u << 5);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ9_5], 1);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ15_10], 0);
    rk_testbench_write(t, PR, 1u << 9);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ9_5], 0);
    rk_testbench_free(t);
}

static void test_exti__software_trigger(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, IMR, 1u << 17);
    rk_testbench_write(t, SWIER, 1u << 17);
    assert_int_equal(rk_testbench_read(t, PR), 1u << 17);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ + 17], 1);
    rk_testbench_write(t, PR, 1u << 17); /* clears SWIER with it */
    assert_int_equal(rk_testbench_read(t, SWIER), 0);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ + 17], 0);
    rk_testbench_free(t);
}

static void test_exti__event_pulses_without_interrupt(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, EMR, 1u << 0);
    rk_testbench_write(t, RTSR, 1u << 0);
    rk_testbench_input(t, 0, 1);
    assert_int_equal(t->pulses[RK_EXTI_OUT_EVENT], 2); /* up and down again */
    assert_int_equal(t->level[RK_EXTI_OUT_EVENT], 0);
    assert_int_equal(t->pulses[RK_EXTI_OUT_WAKE], 2);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ + 0], 0);
    rk_testbench_free(t);
}

static void test_exti__reset_forgets_pending_but_not_levels(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, RTSR, 1u << 3);
    rk_testbench_write(t, IMR, 1u << 3);
    rk_testbench_input(t, 3, 1);
    rk_machine_reset(t->m, RK_RESET_SOFT);
    rk_testbench_pass_cycles(t, 5);
    assert_int_equal(t->level[RK_EXTI_OUT_IRQ + 3], 0);
    rk_testbench_write(t, RTSR, 1u << 3);
    rk_testbench_input(t, 3, 1); /* was high all the time: no edge */
    assert_int_equal(rk_testbench_read(t, PR), 0);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exti__reset_values_and_width),
        cmocka_unit_test(test_exti__falling_edge_pends_and_interrupts),
        cmocka_unit_test(test_exti__masked_edge_stays_pending),
        cmocka_unit_test(test_exti__shared_vectors_are_ored),
        cmocka_unit_test(test_exti__software_trigger),
        cmocka_unit_test(test_exti__event_pulses_without_interrupt),
        cmocka_unit_test(test_exti__reset_forgets_pending_but_not_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
