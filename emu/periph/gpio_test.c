/* GPIO against RM0008 9.1 (tables 20, 21), 9.2 and 31.4.4. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/gpio.h"

#define HZ 72000000u

static const struct rk_gpio_config port_a = {0}, port_b = {1}, port_c = {2};

static struct rk_testbench *bench(const struct rk_gpio_config *port) {
    return rk_testbench_new(&rk_gpio_ops, port, HZ, 0);
}

static uint32_t idr(struct rk_testbench *t) {
    return rk_testbench_read(t, 0x08);
}

static void test_gpio__reset_values(void **state) {
    struct rk_testbench *t = bench(&port_c);
    assert_int_equal(rk_testbench_read(t, 0x00), 0x44444444);
    assert_int_equal(rk_testbench_read(t, 0x04), 0x44444444);
    assert_int_equal(rk_testbench_read(t, 0x0C), 0);
    assert_int_equal(rk_testbench_read(t, 0x18), 0);
    assert_int_equal(idr(t), 0);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 0);
    assert_int_equal(t->level[RK_GPIO_OUT_PWM + 5], RK_GPIO_PWM_NONE);
    rk_testbench_free(t);
}

static void test_gpio__push_pull_output_and_bsrr(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x04, 0x44434444); /* pin 12: output push-pull 50 MHz */
    rk_testbench_write(t, 0x10, 1u << 12);
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 12], 1);
    assert_int_equal(idr(t), 1u << 12);
    assert_int_equal(rk_testbench_read(t, 0x0C), 1u << 12);
    rk_testbench_write(t, 0x10, 1u << 28); /* reset half */
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 12], 0);
    rk_testbench_write(t, 0x10, 1u << 28 | 1u << 12); /* set has priority */
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 12], 1);
    unsigned pulses = t->pulses[RK_GPIO_OUT_PIN + 12];
    rk_testbench_write(t, 0x10, 1u << 12); /* nothing changes: nobody is told */
    assert_int_equal(t->pulses[RK_GPIO_OUT_PIN + 12], pulses);
    rk_testbench_write(t, 0x14, 1u << 12); /* BRR */
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 12], 0);
    rk_testbench_free(t);
}

static void test_gpio__idle_writes_are_known(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x0C, 0x1000);
    assert_true(t->dev->ops->write_is_idle(t->dev, 0x10, 0x1000));
    assert_true(t->dev->ops->write_is_idle(t->dev, 0x14, 0x0001));
    assert_false(t->dev->ops->write_is_idle(t->dev, 0x14, 0x1000));
    assert_false(t->dev->ops->write_is_idle(t->dev, 0x10, 0x0001));
    assert_false(t->dev->ops->write_is_idle(t->dev, 0x18, 0x1000));
    assert_int_equal(t->dev->ops->read_kind(t->dev, 0x08), RK_READ_STABLE);
    rk_testbench_free(t);
}

static void test_gpio__outside_wins_over_pulls_and_loses_to_push_pull(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x00, 0x44444844); /* pin 2: input with pull */
    assert_int_equal(idr(t), 0);             /* ODR 0: pull-down */
    rk_testbench_write(t, 0x0C, 1u << 2);
    assert_int_equal(idr(t), 1u << 2); /* ODR 1: pull-up */
    rk_testbench_input(t, RK_GPIO_IN_PIN + 2, 0);
    assert_int_equal(idr(t), 0);
    rk_testbench_input(t, RK_GPIO_IN_PIN + 2, RK_GPIO_FLOAT);
    assert_int_equal(idr(t), 1u << 2);
    rk_testbench_input(t, RK_GPIO_IN_PIN + 2, 0);
    rk_testbench_write(t, 0x00, 0x44444144); /* output, ODR still 1 */
    assert_int_equal(idr(t), 1u << 2);
    rk_testbench_free(t);
}

static void test_gpio__open_drain(void **state) {
    struct rk_testbench *t = bench(&port_b);
    rk_testbench_input(t, RK_GPIO_IN_PIN + 10, 1); /* external pull-up */
    rk_testbench_write(t, 0x04, 0x44444744);       /* pin 10: open-drain 50 MHz, ODR 0 */
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 10], 0);
    rk_testbench_write(t, 0x10, 1u << 10);
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 10], 1);
    rk_testbench_input(t, RK_GPIO_IN_PIN + 10, 0);
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 10], 0);
    rk_testbench_free(t);
}

static void test_gpio__outside_drive_survives_reset(void **state) {
    struct rk_testbench *t = bench(&port_b);
    rk_testbench_input(t, RK_GPIO_IN_PIN + 11, 1);
    rk_machine_reset(t->m, RK_RESET_PIN);
    rk_testbench_pass_cycles(t, 10);
    assert_int_equal(idr(t) & 1u << 11, 1u << 11);
    rk_testbench_free(t);
}

static void test_gpio__jtag_pins_have_their_pulls_until_released(void **state) {
    struct rk_testbench *a = bench(&port_a), *b = bench(&port_b);
    assert_int_equal(idr(a), 1u << 13 | 1u << 15); /* JTMS, JTDI up; JTCK down */
    assert_int_equal(idr(b), 1u << 4);             /* NJTRST up */
    rk_testbench_write(a, 0x04, 0x44344444);       /* PA13 as output: JTAG still owns it */
    rk_testbench_write(a, 0x14, 1u << 13);
    assert_int_equal(idr(a) & 1u << 13, 1u << 13);
    rk_testbench_input(a, RK_GPIO_IN_SWJ, 2); /* SW-DP only: PA15, PB3, PB4 free */
    assert_int_equal(idr(a), 1u << 13);
    rk_testbench_input(a, RK_GPIO_IN_SWJ, 4); /* all free: PA13 shows its ODR */
    assert_int_equal(idr(a), 0);
    rk_testbench_write(a, 0x10, 1u << 13);
    assert_int_equal(a->level[RK_GPIO_OUT_PIN + 13], 1);
    rk_testbench_free(a);
    rk_testbench_free(b);
}

static void test_gpio__analog_pin_reads_0_and_forwards_the_voltage(void **state) {
    struct rk_testbench *t = bench(&port_a);
    rk_testbench_input(t, RK_GPIO_IN_ANALOG + 3, 2200);
    assert_int_equal(idr(t) & 1u << 3, 1u << 3); /* floating input: a high level */
    rk_testbench_write(t, 0x00, 0x44440444);
    assert_int_equal(idr(t) & 1u << 3, 0);
    assert_int_equal(t->level[RK_GPIO_OUT_MV + 3], 2200);
    rk_testbench_write(t, 0x00, 0x44443444); /* output 0 shorts it */
    assert_int_equal(t->level[RK_GPIO_OUT_MV + 3], 0);
    rk_testbench_free(t);
}

static void test_gpio__pwm_reaches_the_pin_in_af_mode_only(void **state) {
    struct rk_testbench *t = bench(&port_a);
    uint32_t duty = 6265u << 16 | 9999u;
    rk_testbench_input(t, RK_GPIO_IN_PWM + 9, duty);
    assert_int_equal(t->level[RK_GPIO_OUT_PWM + 9], RK_GPIO_PWM_NONE);
    rk_testbench_write(t, 0x04, 0x444444B4); /* AF push-pull 50 MHz */
    assert_int_equal(t->level[RK_GPIO_OUT_PWM + 9], duty);
    rk_testbench_input(t, RK_GPIO_IN_PWM + 9, 10000u << 16 | 9999u); /* always high */
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 9], 1);
    rk_testbench_input(t, RK_GPIO_IN_PWM + 9, 0u << 16 | 9999u);
    assert_int_equal(t->level[RK_GPIO_OUT_PIN + 9], 0);
    rk_testbench_write(t, 0x04, 0x44444434);
    assert_int_equal(t->level[RK_GPIO_OUT_PWM + 9], RK_GPIO_PWM_NONE);
    rk_testbench_free(t);
}

static void test_gpio__alternate_function_drives_push_pull_and_open_drain(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x00, 0xFB444444); /* pin 6 AF push-pull, pin 7 AF open-drain */
    rk_testbench_input(t, RK_GPIO_IN_AF + 6, 1);
    rk_testbench_input(t, RK_GPIO_IN_AF + 7, 1);
    assert_int_equal(idr(t), 1u << 6); /* open drain: released, nothing pulls it up */
    rk_testbench_input(t, RK_GPIO_IN_PIN + 7, 1);
    assert_int_equal(idr(t), 3u << 6);
    rk_testbench_input(t, RK_GPIO_IN_AF + 7, 0);
    assert_int_equal(idr(t), 1u << 6);
    rk_testbench_free(t);
}

static void test_gpio__lock_sequence_freezes_modes(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x18, 1u << 16 | 0x0004);
    rk_testbench_write(t, 0x18, 0x0004);
    rk_testbench_write(t, 0x18, 1u << 16 | 0x0004);
    rk_testbench_read(t, 0x18);
    assert_int_equal(rk_testbench_read(t, 0x18), 1u << 16 | 0x0004);
    rk_testbench_write(t, 0x00, 0x33333333);
    assert_int_equal(rk_testbench_read(t, 0x00), 0x33333433);
    rk_testbench_write(t, 0x18, 1u << 16 | 0x0001); /* a second sequence changes nothing */
    rk_testbench_write(t, 0x18, 0x0001);
    rk_testbench_write(t, 0x18, 1u << 16 | 0x0001);
    assert_int_equal(rk_testbench_read(t, 0x18), 1u << 16 | 0x0004);
    rk_machine_reset(t->m, RK_RESET_SOFT); /* until the next reset */
    rk_testbench_pass_cycles(t, 10);
    rk_testbench_write(t, 0x00, 0x33333333);
    assert_int_equal(rk_testbench_read(t, 0x00), 0x33333333);
    rk_testbench_free(t);
}

static void test_gpio__broken_lock_sequence_locks_nothing(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x18, 1u << 16 | 0x0004);
    rk_testbench_write(t, 0x18, 0x0008); /* other pins: starts over */
    rk_testbench_write(t, 0x18, 1u << 16 | 0x0004);
    rk_testbench_write(t, 0x00, 0x33333333);
    assert_int_equal(rk_testbench_read(t, 0x00), 0x33333333);
    rk_testbench_free(t);
}

static void test_gpio__reserved_registers_are_loud(void **state) {
    struct rk_testbench *t = bench(&port_c);
    rk_testbench_write(t, 0x1C, 1);
    rk_testbench_read(t, 0x20);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 2);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpio__reset_values),
        cmocka_unit_test(test_gpio__push_pull_output_and_bsrr),
        cmocka_unit_test(test_gpio__idle_writes_are_known),
        cmocka_unit_test(test_gpio__outside_wins_over_pulls_and_loses_to_push_pull),
        cmocka_unit_test(test_gpio__open_drain),
        cmocka_unit_test(test_gpio__outside_drive_survives_reset),
        cmocka_unit_test(test_gpio__jtag_pins_have_their_pulls_until_released),
        cmocka_unit_test(test_gpio__analog_pin_reads_0_and_forwards_the_voltage),
        cmocka_unit_test(test_gpio__pwm_reaches_the_pin_in_af_mode_only),
        cmocka_unit_test(test_gpio__alternate_function_drives_push_pull_and_open_drain),
        cmocka_unit_test(test_gpio__lock_sequence_freezes_modes),
        cmocka_unit_test(test_gpio__broken_lock_sequence_locks_nothing),
        cmocka_unit_test(test_gpio__reserved_registers_are_loud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
