/* TIM against RM0008 14.3, 14.4 and 15.3, and the Core's light (core-hardware.md 2.3). The bench's
 * timer clock is HCLK, so a tick is a cycle.
 */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/tim.h"

#define CR1             0x00
#define CR2             0x04
#define SMCR            0x08
#define DIER            0x0C
#define SR              0x10
#define EGR             0x14
#define CCMR1           0x18
#define CCMR2           0x1C
#define CCER            0x20
#define CNT             0x24
#define PSC             0x28
#define ARR             0x2C
#define RCR             0x30
#define CCR(n)          (0x34 + 4 * ((n)-1))
#define BDTR            0x44
#define DCR             0x48
#define DMAR            0x4C
#define PWM(n)          (RK_TIM_OUT_PWM + (n)-1)
#define DUTY(high, arr) ((uint32_t)(high) << 16 | (arr))

static const struct rk_tim_config advanced = {.advanced = true}, general = {.advanced = false};

static struct rk_testbench *bench(const struct rk_tim_config *config) {
    return rk_testbench_new(&rk_tim_ops, config, 72000000u, 0);
}

/* psc and arr loaded by UG, flags cleared, not running. */
static struct rk_testbench *timer(const struct rk_tim_config *config, uint32_t psc, uint32_t arr) {
    struct rk_testbench *t = bench(config);
    rk_testbench_write(t, PSC, psc);
    rk_testbench_write(t, ARR, arr);
    rk_testbench_write(t, EGR, 1);
    rk_testbench_write(t, SR, 0);
    return t;
}

static void test_tim__reset_values(void **state) {
    struct rk_testbench *t = bench(&advanced);
    for (uint32_t off = CR1; off <= DCR; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), off == ARR ? 0xFFFF : 0);
    }
    for (int ch = 1; ch <= 4; ch++) {
        assert_int_equal(t->level[PWM(ch)], RK_TIM_PWM_NONE);
    }
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 0);
    rk_testbench_free(t);
}

static void test_tim__general_has_no_rcr_and_bdtr(void **state) {
    struct rk_testbench *t = bench(&general);
    rk_testbench_write(t, RCR, 1);
    rk_testbench_write(t, BDTR, 1);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 2);
    rk_testbench_free(t);
}

static void test_tim__counts_up_and_flags_the_overflow(void **state) {
    struct rk_testbench *t = timer(&general, 3, 99);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 4 * 42 + 3);
    assert_int_equal(rk_testbench_read(t, CNT), 42);
    rk_testbench_pass_cycles(t, 4 * 58 - 4);
    assert_int_equal(rk_testbench_read(t, CNT), 99);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    rk_testbench_write(t, SR, 0xFFFE); /* rc_w0 */
    assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
    rk_testbench_free(t);
}

static void test_tim__looking_does_not_change_the_machine(void **state) {
    struct rk_testbench *t = timer(&general, 0, 999);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 123456789);
    uint64_t hash = rk_machine_hash(t->m);
    /* 123456789 counts of a period of 1000 */
    assert_int_equal(rk_testbench_read(t, CNT), 789);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    assert_true(rk_machine_hash(t->m) == hash);
    rk_testbench_free(t);
}

static void test_tim__counts_down(void **state) {
    struct rk_testbench *t = timer(&general, 0, 9);
    rk_testbench_write(t, CR1, 0x10);
    rk_testbench_write(t, EGR, 1);
    rk_testbench_write(t, SR, 0);
    assert_int_equal(rk_testbench_read(t, CNT), 9); /* UG loads ARR when counting down */
    rk_testbench_write(t, CR1, 0x11);
    rk_testbench_pass_cycles(t, 9);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, CNT), 9);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    rk_testbench_free(t);
}

/* Figure 61: center-aligned, ARR = 6: 0 1 2 3 4 5 6 5 4 3 2 1 0 1. */
static void test_tim__center_aligned(void **state) {
    static const uint8_t counts[] = {0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0, 1};
    struct rk_testbench *t = timer(&advanced, 0, 6);
    rk_testbench_write(t, CR1, 0x61);
    for (size_t i = 0; i < sizeof counts; i++) {
        assert_int_equal(rk_testbench_read(t, CNT), counts[i]);
        assert_int_equal(rk_testbench_read(t, CR1) >> 4 & 1, i >= 6 && i < 12);
        if (i == 6 || i == 12) { /* overflow and underflow are both update events */
            assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
            rk_testbench_write(t, SR, 0);
        }
        assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
        rk_testbench_pass_cycles(t, 1);
    }
    rk_testbench_free(t);
}

static void test_tim__repetition_counter_divides_update_events(void **state) {
    struct rk_testbench *t = timer(&advanced, 0, 9);
    rk_testbench_write(t, RCR, 2);
    rk_testbench_write(t, EGR, 1);
    rk_testbench_write(t, SR, 0);
    rk_testbench_write(t, DIER, 1);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 29);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_UP], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_UP], 1);
    rk_testbench_write(t, SR, 0);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_UP], 0);
    rk_testbench_pass_cycles(t, 29);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_UP], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_UP], 1);
    rk_testbench_free(t);
}

static void test_tim__preload_of_prescaler_and_reload(void **state) {
    struct rk_testbench *t = timer(&general, 0, 9);
    rk_testbench_write(t, CR1, 0x81); /* ARPE */
    rk_testbench_write(t, PSC, 1);
    rk_testbench_write(t, ARR, 4);
    rk_testbench_pass_cycles(t, 9);
    assert_int_equal(rk_testbench_read(t, CNT), 9); /* the old period goes on */
    rk_testbench_pass_cycles(t, 1 + 2 * 4);
    assert_int_equal(rk_testbench_read(t, CNT), 4); /* now by two */
    rk_testbench_pass_cycles(t, 2);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    rk_testbench_free(t);
}

static void test_tim__reload_without_preload_is_immediate(void **state) {
    struct rk_testbench *t = timer(&general, 0, 99);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 10);
    rk_testbench_write(t, ARR, 19);
    rk_testbench_pass_cycles(t, 10);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    rk_testbench_free(t);
}

static void test_tim__urs_and_udis(void **state) {
    struct rk_testbench *t = timer(&general, 0, 9);
    rk_testbench_write(t, CR1, 0x04); /* URS: UG sets no flag */
    rk_testbench_write(t, EGR, 1);
    assert_int_equal(rk_testbench_read(t, SR), 0x1E & rk_testbench_read(t, SR));
    rk_testbench_write(t, CR1, 0x00);
    rk_testbench_write(t, EGR, 1);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    rk_testbench_write(t, SR, 0);
    rk_testbench_write(t, CR1, 0x03); /* UDIS */
    rk_testbench_write(t, PSC, 7);
    rk_testbench_pass_cycles(t, 25);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
    assert_int_equal(rk_testbench_read(t, CNT), 5); /* the prescaler did not load */
    rk_testbench_free(t);
}

static void test_tim__one_pulse_mode_stops(void **state) {
    struct rk_testbench *t = timer(&general, 0, 9);
    rk_testbench_write(t, CR1, 0x09);
    rk_testbench_pass_cycles(t, 50);
    assert_int_equal(rk_testbench_read(t, CR1), 0x08);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    rk_testbench_free(t);
}

static void test_tim__compare_flags_and_interrupt(void **state) {
    struct rk_testbench *t = timer(&general, 0, 99);
    rk_testbench_write(t, CCR(2), 30);
    rk_testbench_write(t, CCR(3), 200); /* above ARR: at the overflow */
    rk_testbench_write(t, DIER, 0x04);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 29);
    assert_int_equal(rk_testbench_read(t, SR) & 0x0D, 0);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ], 1);
    assert_int_equal(rk_testbench_read(t, SR) & 0x0D, 0x04);
    rk_testbench_write(t, SR, 0);
    rk_testbench_pass_cycles(t, 70);
    assert_int_equal(rk_testbench_read(t, SR) & 0x0C, 0x08);
    rk_testbench_pass_cycles(t, 30);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ], 1); /* every period */
    rk_testbench_free(t);
}

/* core-hardware.md 2.3: PSC 72, ARR 9999, PWM 1, active low, no CCR preload; CH4 frozen, CCR4 = 0,
 * one interrupt each 10.139 ms. */
static struct rk_testbench *light(void) {
    struct rk_testbench *t = bench(&advanced);
    rk_testbench_write(t, ARR, 9999);
    rk_testbench_write(t, PSC, 72);
    rk_testbench_write(t, EGR, 1);
    rk_testbench_write(t, CCMR1, 0x6060);
    rk_testbench_write(t, CCMR2, 0x0060);
    rk_testbench_write(t, CCER, 0x1333);
    rk_testbench_write(t, CR1, 0x81);
    rk_testbench_write(t, BDTR, 0x8000);
    rk_testbench_write(t, SR, 0);
    return t;
}

static void test_tim__light_values_take_effect_at_once(void **state) {
    struct rk_testbench *t = light();
    for (int ch = 1; ch <= 3; ch++) {
        assert_int_equal(t->level[PWM(ch)], DUTY(10000, 9999)); /* off: always high */
    }
    assert_int_equal(t->level[PWM(4)], RK_TIM_PWM_NONE);
    rk_testbench_write(t, CCR(2), 3735);
    assert_int_equal(t->level[PWM(2)], DUTY(10000 - 3735, 9999));
    rk_testbench_write(t, CCR(2), 0);
    assert_int_equal(t->level[PWM(2)], DUTY(10000, 9999));
    rk_testbench_write(t, BDTR, 0); /* main output off */
    assert_int_equal(t->level[PWM(2)], RK_TIM_PWM_NONE);
    rk_testbench_free(t);
}

static void test_tim__light_button_interrupt_is_10139_us(void **state) {
    struct rk_testbench *t = light();
    rk_testbench_write(t, SR, 0);
    rk_testbench_write(t, DIER, 0x10);
    unsigned n = 0;
    uint64_t start = rk_machine_now(t->m), last = 0;
    for (int i = 0; i < 400; i++) {
        rk_testbench_pass_cycles(t, 7300);
        if (t->level[RK_TIM_OUT_IRQ_CC]) {
            last = rk_machine_now(t->m);
            n++;
            rk_testbench_write(t, SR, 0xFFEF);
        }
    }
    assert_int_equal(n, 4); /* 400 * 7300 / 730000 */
    assert_true(last - start <= 4 * 730000 && last - start > 4 * 730000 - 7300);
    assert_int_equal(rk_testbench_read(t, PSC), 72);
    rk_testbench_free(t);
}

static void test_tim__pwm_modes_polarity_and_preload(void **state) {
    struct rk_testbench *t = timer(&general, 0, 99);
    rk_testbench_write(t, CCMR1, 0x7868); /* CH1 PWM 1 with preload, CH2 PWM 2 with preload */
    rk_testbench_write(t, CCER, 0x0011);
    rk_testbench_write(t, CR1, 1);
    assert_int_equal(t->level[PWM(1)], DUTY(0, 99));
    assert_int_equal(t->level[PWM(2)], DUTY(100, 99));
    rk_testbench_write(t, CCR(1), 25);
    rk_testbench_write(t, CCR(2), 25);
    assert_int_equal(t->level[PWM(1)], DUTY(0, 99)); /* not before the update event */
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(t->level[PWM(1)], DUTY(25, 99));
    assert_int_equal(t->level[PWM(2)], DUTY(75, 99));
    rk_testbench_write(t, CCR(1), 1000);
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(t->level[PWM(1)], DUTY(100, 99)); /* above ARR: always active */
    rk_testbench_free(t);
}

static void test_tim__full_width_always_high_fits(void **state) {
    struct rk_testbench *t = timer(&general, 0, 0xFFFF);
    rk_testbench_write(t, CCMR1, 0x0060);
    rk_testbench_write(t, CCER, 0x0003); /* active low */
    rk_testbench_write(t, CR1, 1);
    assert_int_equal(t->level[PWM(1)], DUTY(1, 0));
    rk_testbench_write(t, CCR(1), 1);
    assert_int_equal(t->level[PWM(1)], DUTY(0xFFFF, 0xFFFF));
    rk_testbench_free(t);
}

static void test_tim__toggle_and_forced_modes_drive_levels(void **state) {
    struct rk_testbench *t = timer(&general, 0, 99);
    rk_testbench_write(t, CCMR1, 0x5030); /* CH1 toggle, CH2 forced active */
    rk_testbench_write(t, CCER, 0x0011);
    rk_testbench_write(t, CCR(1), 50);
    assert_int_equal(t->level[PWM(2)], DUTY(100, 99));
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 49);
    assert_int_equal(t->level[PWM(1)], DUTY(0, 99));
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[PWM(1)], DUTY(100, 99));
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(t->level[PWM(1)], DUTY(0, 99));
    rk_testbench_free(t);
}

static void test_tim__input_capture_with_prescaler_and_polarity(void **state) {
    struct rk_testbench *t = timer(&general, 0, 0xFFFF);
    rk_testbench_write(t, CCMR1, 0x0205); /* CH1: TI1, every 2nd edge; CH2: TI1 too */
    rk_testbench_write(t, CCER, 0x0031);  /* CH1 rising, CH2 falling */
    rk_testbench_write(t, DIER, 0x04);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 100);
    rk_testbench_input(t, RK_TIM_IN_CH + 0, 1);
    rk_testbench_pass_cycles(t, 50);
    rk_testbench_input(t, RK_TIM_IN_CH + 0, 0);
    assert_int_equal(rk_testbench_read(t, SR), 0x04);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ], 1);
    assert_int_equal(rk_testbench_read(t, CCR(2)), 150); /* clears the flag */
    assert_int_equal(rk_testbench_read(t, SR), 0);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ], 0);
    rk_testbench_pass_cycles(t, 50);
    rk_testbench_input(t, RK_TIM_IN_CH + 0, 1);
    assert_int_equal(rk_testbench_read(t, CCR(1)), 200);
    for (int i = 0; i < 8; i++) {
        rk_testbench_input(t, RK_TIM_IN_CH + 0, i & 1);
    }
    assert_int_equal(rk_testbench_read(t, SR) & 0x0600, 0x0600); /* overcapture of both */
    rk_testbench_free(t);
}

static void test_tim__encoder_mode_3_counts_both_ways(void **state) {
    struct rk_testbench *t = timer(&general, 0, 0xFFFF);
    rk_testbench_write(t, CCMR1, 0x0101);
    rk_testbench_write(t, SMCR, 3);
    rk_testbench_write(t, CR1, 1);
    /* Table 82: TI1 leads TI2: up. */
    static const uint8_t forward[] = {1, 3, 2, 0, 1, 3};
    for (size_t i = 0; i < sizeof forward; i++) {
        rk_testbench_input(t, RK_TIM_IN_CH + 0, forward[i] & 1);
        rk_testbench_input(t, RK_TIM_IN_CH + 1, forward[i] >> 1);
    }
    assert_int_equal(rk_testbench_read(t, CNT), 6);
    assert_int_equal(rk_testbench_read(t, CR1) & 0x10, 0);
    rk_testbench_input(t, RK_TIM_IN_CH + 1, 0); /* back */
    rk_testbench_input(t, RK_TIM_IN_CH + 0, 0);
    assert_int_equal(rk_testbench_read(t, CNT), 4);
    assert_int_equal(rk_testbench_read(t, CR1) & 0x10, 0x10);
    rk_testbench_free(t);
}

static void test_tim__slave_modes(void **state) {
    struct rk_testbench *t = timer(&general, 0, 99);
    rk_testbench_write(t, SMCR, 0x04); /* reset on ITR0 */
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 40);
    rk_testbench_input(t, RK_TIM_IN_ITR + 0, 1);
    rk_testbench_input(t, RK_TIM_IN_ITR + 0, 0);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    assert_int_equal(rk_testbench_read(t, SR) & 0x41, 0x41); /* TIF and UIF */
    rk_testbench_write(t, SMCR, 0x15);                       /* gated by ITR1 */
    rk_testbench_pass_cycles(t, 10);
    assert_int_equal(rk_testbench_read(t, CNT), 0);
    rk_testbench_input(t, RK_TIM_IN_ITR + 1, 1);
    rk_testbench_pass_cycles(t, 10);
    rk_testbench_input(t, RK_TIM_IN_ITR + 1, 0);
    rk_testbench_pass_cycles(t, 10);
    assert_int_equal(rk_testbench_read(t, CNT), 10);
    rk_testbench_write(t, CR1, 0);
    rk_testbench_write(t, SMCR, 0x26); /* started by ITR2 */
    rk_testbench_pass_cycles(t, 5);
    rk_testbench_input(t, RK_TIM_IN_ITR + 2, 1);
    rk_testbench_pass_cycles(t, 5);
    assert_int_equal(rk_testbench_read(t, CNT), 15);
    assert_int_equal(rk_testbench_read(t, CR1), 1);
    rk_testbench_write(t, SMCR, 0x57); /* clocked by TI1FP1 */
    for (int i = 0; i < 6; i++) {
        rk_testbench_input(t, RK_TIM_IN_CH + 0, i & 1);
        rk_testbench_pass_cycles(t, 30);
    }
    assert_int_equal(rk_testbench_read(t, CNT), 18);
    rk_testbench_free(t);
}

static void test_tim__external_clock_mode_2_with_prescaler(void **state) {
    struct rk_testbench *t = timer(&general, 0, 99);
    rk_testbench_write(t, SMCR, 1u << 14 | 1u << 12); /* ECE, ETR / 2 */
    rk_testbench_write(t, CR1, 1);
    for (int i = 0; i < 20; i++) {
        rk_testbench_input(t, RK_TIM_IN_ETR, i & 1);
    }
    assert_int_equal(rk_testbench_read(t, CNT), 5);
    rk_testbench_free(t);
}

static void test_tim__master_outputs(void **state) {
    struct rk_testbench *t = timer(&general, 0, 9);
    assert_int_equal(t->pulses[RK_TIM_OUT_TRGO], 2); /* mode 0: UG is the trigger, up and down */
    rk_testbench_write(t, CR2, 2 << 4);              /* TRGO = update */
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 35);
    assert_int_equal(t->pulses[RK_TIM_OUT_TRGO], 2 + 6);
    rk_testbench_write(t, CR2, 1 << 4); /* enable */
    assert_int_equal(t->level[RK_TIM_OUT_TRGO], 1);
    rk_testbench_write(t, CR1, 0);
    assert_int_equal(t->level[RK_TIM_OUT_TRGO], 0);
    rk_testbench_write(t, CCMR1, 0x0060);
    rk_testbench_write(t, CCR(1), 3);
    rk_testbench_write(t, EGR, 1);
    rk_testbench_write(t, CR2, 4 << 4); /* OC1REF */
    rk_testbench_write(t, CR1, 1);
    assert_int_equal(t->level[RK_TIM_OUT_TRGO], 1);
    rk_testbench_pass_cycles(t, 3);
    assert_int_equal(t->level[RK_TIM_OUT_TRGO], 0);
    rk_testbench_pass_cycles(t, 7);
    assert_int_equal(t->level[RK_TIM_OUT_TRGO], 1);
    rk_testbench_free(t);
}

static void test_tim__dma_requests_and_burst(void **state) {
    struct rk_testbench *t = timer(&general, 0, 9);
    rk_testbench_write(t, DIER, 0x0300); /* UDE, CC1DE */
    rk_testbench_write(t, CCR(1), 5);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 20);
    assert_int_equal(t->pulses[RK_TIM_OUT_DMA_UP], 2);
    assert_int_equal(t->pulses[RK_TIM_OUT_DMA_CC + 0], 2);
    rk_testbench_write(t, CR1, 0);
    rk_testbench_write(t, DIER, 0x0100);
    rk_testbench_write(t, DCR, 2u << 8 | 13); /* three registers from CCR1 */
    rk_testbench_write(t, EGR, 1);
    assert_int_equal(t->pulses[RK_TIM_OUT_DMA_UP], 3);
    rk_testbench_write(t, DMAR, 11);
    rk_testbench_write(t, DMAR, 22);
    rk_testbench_write(t, DMAR, 33);
    assert_int_equal(rk_testbench_read(t, CCR(1)), 11);
    assert_int_equal(rk_testbench_read(t, CCR(2)), 22);
    assert_int_equal(rk_testbench_read(t, CCR(3)), 33);
    assert_int_equal(t->pulses[RK_TIM_OUT_DMA_UP], 5);
    rk_testbench_free(t);
}

static void test_tim__software_events(void **state) {
    struct rk_testbench *t = timer(&advanced, 0, 9);
    rk_testbench_write(t, BDTR, 0x8000);
    rk_testbench_write(t, DIER, 0xFF);
    rk_testbench_write(t, EGR, 0xFE);
    assert_int_equal(rk_testbench_read(t, SR), 0xFE);
    assert_int_equal(rk_testbench_read(t, BDTR), 0); /* the break cleared MOE */
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_BRK], 1);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_TRG_COM], 1);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_CC], 1);
    assert_int_equal(t->level[RK_TIM_OUT_IRQ_UP], 0);
    rk_testbench_free(t);
}

static void test_tim__clock_ratio_change_keeps_the_count(void **state) {
    struct rk_testbench *t = timer(&general, 0, 999);
    rk_testbench_write(t, CR1, 1);
    rk_testbench_pass_cycles(t, 100);
    t->dev->domain = RK_CLOCK_TIM1;
    rk_testbench_clock(t, RK_CLOCK_TIM1, 36000000u); /* now two cycles a tick */
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(rk_testbench_read(t, CNT), 150);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tim__reset_values),
        cmocka_unit_test(test_tim__general_has_no_rcr_and_bdtr),
        cmocka_unit_test(test_tim__counts_up_and_flags_the_overflow),
        cmocka_unit_test(test_tim__looking_does_not_change_the_machine),
        cmocka_unit_test(test_tim__counts_down),
        cmocka_unit_test(test_tim__center_aligned),
        cmocka_unit_test(test_tim__repetition_counter_divides_update_events),
        cmocka_unit_test(test_tim__preload_of_prescaler_and_reload),
        cmocka_unit_test(test_tim__reload_without_preload_is_immediate),
        cmocka_unit_test(test_tim__urs_and_udis),
        cmocka_unit_test(test_tim__one_pulse_mode_stops),
        cmocka_unit_test(test_tim__compare_flags_and_interrupt),
        cmocka_unit_test(test_tim__light_values_take_effect_at_once),
        cmocka_unit_test(test_tim__light_button_interrupt_is_10139_us),
        cmocka_unit_test(test_tim__pwm_modes_polarity_and_preload),
        cmocka_unit_test(test_tim__full_width_always_high_fits),
        cmocka_unit_test(test_tim__toggle_and_forced_modes_drive_levels),
        cmocka_unit_test(test_tim__input_capture_with_prescaler_and_polarity),
        cmocka_unit_test(test_tim__encoder_mode_3_counts_both_ways),
        cmocka_unit_test(test_tim__slave_modes),
        cmocka_unit_test(test_tim__external_clock_mode_2_with_prescaler),
        cmocka_unit_test(test_tim__master_outputs),
        cmocka_unit_test(test_tim__dma_requests_and_burst),
        cmocka_unit_test(test_tim__software_events),
        cmocka_unit_test(test_tim__clock_ratio_change_keeps_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
