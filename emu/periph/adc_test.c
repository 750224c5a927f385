/* ADC against RM0008 11.3-11.10 and 11.12, and the Core's analogRead (core-hardware.md 2.4, 9.1:
 * slow interleaved, software trigger, DMA). The bench's ADC clock is HCLK.
 */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/adc.h"

#define SR    0x00
#define CR1   0x04
#define CR2   0x08
#define SMPR1 0x0C
#define SMPR2 0x10
#define JOFR1 0x14
#define HTR   0x24
#define LTR   0x28
#define SQR1  0x2C
#define SQR3  0x34
#define JSQR  0x38
#define JDR1  0x3C
#define DR    0x4C

#define ADON    0x1u
#define CONT    0x2u
#define CAL     0x4u
#define RSTCAL  0x8u
#define DMA     0x100u
#define ALIGN   0x800u
#define SW      0x001E0000u /* EXTSEL = SWSTART, EXTTRIG */
#define SWSTART 0x00400000u
#define EOC     0x02u
#define STRT    0x10u

static const struct rk_adc_config master = {.master = true}, slave = {.master = false};

static struct rk_testbench *bench(const struct rk_adc_config *config) {
    return rk_testbench_new(&rk_adc_ops, config, 12000000u, 0);
}

static struct rk_testbench *on(uint32_t cr1, uint32_t cr2) {
    struct rk_testbench *t = bench(&master);
    rk_testbench_write(t, CR1, cr1);
    rk_testbench_write(t, CR2, cr2 | ADON | SW);
    return t;
}

static void start(struct rk_testbench *t) {
    rk_testbench_write(t, CR2, rk_testbench_read(t, CR2) | SWSTART);
}

static void test_adc__reset_values(void **state) {
    struct rk_testbench *t = bench(&master);
    for (uint32_t off = SR; off <= DR; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), off == HTR ? 0xFFF : 0);
    }
    rk_testbench_free(t);
}

static void test_adc__single_conversion_by_software(void **state) {
    struct rk_testbench *t = on(0, 0);
    rk_testbench_input(t, RK_ADC_IN_MV + 5, 1650);
    rk_testbench_write(t, SQR3, 5);
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(rk_testbench_read(t, SR), 0); /* switching on does not start it */
    start(t);
    assert_int_equal(rk_testbench_read(t, CR2) & SWSTART, 0);
    rk_testbench_pass_cycles(t, 13);
    assert_int_equal(rk_testbench_read(t, SR), STRT);
    rk_testbench_pass_cycles(t, 1); /* 1.5 + 12.5 */
    assert_int_equal(rk_testbench_read(t, SR), STRT | EOC);
    assert_int_equal(rk_testbench_read(t, DR), 2048);
    assert_int_equal(rk_testbench_read(t, SR), STRT); /* reading DR clears EOC */
    rk_testbench_pass_cycles(t, 1000);
    assert_int_equal(rk_testbench_read(t, SR), STRT);
    rk_testbench_free(t);
}

static void test_adc__second_adon_starts(void **state) {
    struct rk_testbench *t = bench(&master);
    rk_testbench_write(t, CR2, ADON);
    rk_testbench_write(t, CR2, ADON | ALIGN); /* another bit changes: no start */
    rk_testbench_pass_cycles(t, 300);
    assert_int_equal(rk_testbench_read(t, SR), 0);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 3300);
    rk_testbench_write(t, CR2, ADON | ALIGN);
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(rk_testbench_read(t, DR), 0xFFF0); /* left-aligned full scale */
    rk_testbench_free(t);
}

static void test_adc__sampling_times(void **state) {
    static const uint16_t total[] = {14, 20, 26, 41, 54, 68, 84, 252};
    for (unsigned i = 0; i < 8; i++) {
        struct rk_testbench *t = on(0, 0);
        rk_testbench_write(t, SMPR1, i << 6); /* channel 12 */
        rk_testbench_write(t, SQR3, 12);
        start(t);
        rk_testbench_pass_cycles(t, total[i] - 1u);
        assert_int_equal(rk_testbench_read(t, SR) & EOC, 0);
        rk_testbench_pass_cycles(t, 1);
        assert_int_equal(rk_testbench_read(t, SR) & EOC, EOC);
        rk_testbench_free(t);
    }
}

static void test_adc__calibration_bits_clear_themselves(void **state) {
    struct rk_testbench *t = on(0, 0);
    rk_testbench_write(t, CR2, ADON | SW | RSTCAL);
    assert_int_equal(rk_testbench_read(t, CR2) & RSTCAL, RSTCAL);
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(rk_testbench_read(t, CR2) & RSTCAL, 0);
    rk_testbench_write(t, CR2, ADON | SW | CAL);
    rk_testbench_pass_cycles(t, 60);
    assert_int_equal(rk_testbench_read(t, CR2) & CAL, CAL);
    rk_testbench_pass_cycles(t, 40); /* 5.9 us at 14 MHz */
    assert_int_equal(rk_testbench_read(t, CR2) & CAL, 0);
    rk_testbench_free(t);
}

static void test_adc__scan_with_one_dma_request_for_each(void **state) {
    struct rk_testbench *t = on(0x100, DMA);
    rk_testbench_input(t, RK_ADC_IN_MV + 1, 330);
    rk_testbench_input(t, RK_ADC_IN_MV + 2, 660);
    rk_testbench_write(t, SQR1, 1u << 20); /* two conversions */
    rk_testbench_write(t, SQR3, 2u << 5 | 1u);
    start(t);
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(t->level[RK_ADC_OUT_DMA], 1);
    assert_int_equal(rk_testbench_read(t, SR) & EOC, 0); /* at the end of the group */
    assert_int_equal(rk_testbench_read(t, DR), 409);
    assert_int_equal(t->level[RK_ADC_OUT_DMA], 0);
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(t->level[RK_ADC_OUT_DMA], 1);
    assert_int_equal(rk_testbench_read(t, SR) & EOC, EOC);
    assert_int_equal(rk_testbench_read(t, DR), 819);
    rk_testbench_free(t);
}

static void test_adc__continuous_follows_the_voltage(void **state) {
    struct rk_testbench *t = on(0, CONT);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 1000);
    start(t);
    rk_testbench_pass_cycles(t, 1000);
    assert_int_equal(rk_testbench_read(t, DR), 1241);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 2000);
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(rk_testbench_read(t, SR) & EOC, EOC);
    assert_int_equal(rk_testbench_read(t, DR), 2482);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 3000);
    rk_testbench_pass_cycles(t, 100000000); /* unread: costs nothing, and is fresh when read */
    assert_int_equal(rk_testbench_read(t, DR), 3723);
    rk_testbench_pass_cycles(t, 1000);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 1000); /* also when it changed after the first result */
    rk_testbench_pass_cycles(t, 1000);
    assert_int_equal(rk_testbench_read(t, DR), 1241);
    rk_testbench_write(t, CR2, SW | ADON); /* CONT off */
    rk_testbench_pass_cycles(t, 14);
    rk_testbench_read(t, DR);
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(rk_testbench_read(t, SR) & EOC, 0);
    rk_testbench_free(t);
}

static void test_adc__interrupt_and_watchdog(void **state) {
    struct rk_testbench *t = on(0x20 | 0x40 | 1u << 23, 0);
    rk_testbench_write(t, HTR, 1000);
    rk_testbench_write(t, LTR, 500);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 600); /* 744: inside */
    start(t);
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(t->level[RK_ADC_OUT_IRQ], 1);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
    rk_testbench_read(t, DR);
    assert_int_equal(t->level[RK_ADC_OUT_IRQ], 0);
    rk_testbench_input(t, RK_ADC_IN_MV + 0, 900); /* 1117 */
    start(t);
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    rk_testbench_write(t, SR, 0);
    assert_int_equal(t->level[RK_ADC_OUT_IRQ], 0);
    rk_testbench_free(t);
}

static void test_adc__temperature_and_reference(void **state) {
    struct rk_testbench *t = on(0, 1u << 23);
    rk_testbench_write(t, SQR3, 17);
    start(t);
    rk_testbench_pass_cycles(t, 300);
    assert_in_range(rk_testbench_read(t, DR), 1440, 1540); /* 1.16-1.24 V (DS5319 table 15) */
    rk_testbench_write(t, SQR3, 16);
    start(t);
    rk_testbench_pass_cycles(t, 300);
    assert_in_range(rk_testbench_read(t, DR), 1663, 1887); /* 1.34-1.52 V at 25 degrees */
    rk_testbench_free(t);
}

static void test_adc__injected_group_with_offset(void **state) {
    struct rk_testbench *t = bench(&master);
    rk_testbench_input(t, RK_ADC_IN_MV + 3, 1650);
    rk_testbench_write(t, JSQR, 3u << 15); /* one conversion: JSQ4 */
    rk_testbench_write(t, JOFR1, 48);
    rk_testbench_write(t, CR2, ADON | 0xF000u);
    rk_testbench_write(t, CR2, ADON | 0xF000u | 1u << 21); /* JSWSTART */
    rk_testbench_pass_cycles(t, 14);
    assert_int_equal(rk_testbench_read(t, SR) & 0x0C, 0x0C); /* JEOC, JSTRT */
    assert_int_equal(rk_testbench_read(t, JDR1), 2000);
    rk_testbench_free(t);
}

static void test_adc__external_trigger(void **state) {
    struct rk_testbench *t = bench(&master);
    rk_testbench_write(t, CR2, ADON | 4u << 17 | 1u << 20); /* TIM3_TRGO */
    rk_testbench_input(t, RK_ADC_IN_TRIGGER + 3, 1);
    rk_testbench_pass_cycles(t, 20);
    assert_int_equal(rk_testbench_read(t, SR), 0);
    rk_testbench_input(t, RK_ADC_IN_TRIGGER + 4, 1);
    rk_testbench_pass_cycles(t, 20);
    assert_int_equal(rk_testbench_read(t, SR), STRT | EOC);
    assert_int_equal(rk_machine_counts(t->m)->unmodelled, 0);
    rk_testbench_free(t);
}

/* The pair as the firmware uses it: ADC2 first, ADC1 14 clocks later, a new result every 28, both
 * in one word. */
static void test_adc__slow_interleaved_gives_both_halves(void **state) {
    struct rk_testbench *t = on(8u << 16, DMA);
    rk_testbench_input(t, RK_ADC_IN_MV + 2, 825);
    t->answer[RK_ADC_OUT_DUAL] = 0x400;
    rk_testbench_write(t, SQR3, 2);
    start(t);
    rk_testbench_pass_cycles(t, 27);
    assert_int_equal(t->level[RK_ADC_OUT_DMA], 0);
    rk_testbench_pass_cycles(t, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(t->level[RK_ADC_OUT_DMA], 1);
        assert_int_equal(rk_testbench_read(t, DR), 0x04000400);
        rk_testbench_pass_cycles(t, 27);
        assert_int_equal(t->level[RK_ADC_OUT_DMA], 0);
        rk_testbench_pass_cycles(t, 1);
    }
    rk_testbench_free(t);
}

static void test_adc__slave_converts_when_the_master_asks(void **state) {
    struct rk_testbench *t = bench(&slave);
    rk_testbench_input(t, RK_ADC_IN_MV + 4, 1650);
    rk_testbench_write(t, SQR3, 4);
    assert_int_equal(rk_machine_input(t->m, 1, RK_ADC_IN_DUAL, 0), 0); /* off */
    rk_testbench_write(t, CR2, ADON | SW);
    assert_int_equal(rk_machine_input(t->m, 1, RK_ADC_IN_DUAL, 0), 2048);
    rk_testbench_free(t);
}

static void test_adc__what_is_missing_is_loud(void **state) {
    struct rk_testbench *t = bench(&master);
    rk_testbench_write(t, CR1, 1u << 11);                   /* discontinuous */
    rk_testbench_write(t, CR1, 5u << 16);                   /* injected simultaneous only */
    rk_testbench_write(t, CR2, ADON | 1u << 15 | 2u << 12); /* injected trigger from a timer */
    rk_testbench_write(t, CR2, ADON | 1u << 20 | 3u << 17); /* TIM2_CC2 */
    assert_int_equal(rk_machine_counts(t->m)->unmodelled, 4);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adc__reset_values),
        cmocka_unit_test(test_adc__single_conversion_by_software),
        cmocka_unit_test(test_adc__second_adon_starts),
        cmocka_unit_test(test_adc__sampling_times),
        cmocka_unit_test(test_adc__calibration_bits_clear_themselves),
        cmocka_unit_test(test_adc__scan_with_one_dma_request_for_each),
        cmocka_unit_test(test_adc__continuous_follows_the_voltage),
        cmocka_unit_test(test_adc__interrupt_and_watchdog),
        cmocka_unit_test(test_adc__temperature_and_reference),
        cmocka_unit_test(test_adc__injected_group_with_offset),
        cmocka_unit_test(test_adc__external_trigger),
        cmocka_unit_test(test_adc__slow_interleaved_gives_both_halves),
        cmocka_unit_test(test_adc__slave_converts_when_the_master_asks),
        cmocka_unit_test(test_adc__what_is_missing_is_loud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
