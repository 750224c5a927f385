/* RTC against RM0008 18, on a 32.768 kHz crystal. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/rtc.h"

enum {
    CRH = 0x00,
    CRL = 0x04,
    PRLH = 0x08,
    PRLL = 0x0C,
    DIVH = 0x10,
    DIVL = 0x14,
    CNTH = 0x18,
    CNTL = 0x1C,
    ALRH = 0x20,
    ALRL = 0x24,
};
enum {
    SECF = 1,
    ALRF = 2,
    OWF = 4,
    RSF = 8,
    CNF = 16,
    RTOFF = 32,
};

#define SECOND 1000000000u

static void power_cycle(struct rk_testbench *t) {
    rk_machine_power_off(t->m);
    rk_machine_power_on(t->m);
    rk_testbench_pass_cycles(t, 1);
}

/* Without a clock source yet. */
static struct rk_testbench *bench(void) {
    struct rk_testbench *t = rk_testbench_new(&rk_rtc_ops, NULL, 8000000, 0);
    t->dev->domain = RK_CLOCK_RTC;
    rk_testbench_clock(t, RK_CLOCK_RTC, 0);
    power_cycle(t);
    return t;
}

static void set(struct rk_testbench *t, uint32_t off, uint32_t high, uint32_t low) {
    rk_testbench_write(t, CRL, rk_testbench_read(t, CRL) | CNF);
    rk_testbench_write(t, off, high);
    rk_testbench_write(t, off + 4, low);
    rk_testbench_write(t, CRL, rk_testbench_read(t, CRL) & ~(uint32_t)CNF);
    rk_testbench_pass_ns(t, 100000);
}

static struct rk_testbench *ticking(void) {
    struct rk_testbench *t = bench();
    rk_testbench_clock(t, RK_CLOCK_RTC, 32768);
    rk_testbench_input(t, RK_RTC_IN_DBP, 1);
    set(t, PRLH, 0, 32767);
    return t;
}

static uint32_t counter(struct rk_testbench *t) {
    return rk_testbench_read(t, CNTH) << 16 | rk_testbench_read(t, CNTL);
}

static void test_rtc__reset_values(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, CRH), 0);
    assert_int_equal(rk_testbench_read(t, CRL), 0x20);
    assert_int_equal(rk_testbench_read(t, DIVH), 0);
    assert_int_equal(rk_testbench_read(t, DIVL), 0x8000);
    assert_int_equal(counter(t), 0);
    rk_testbench_free(t);
}

/* Without a source the images wait for ever (core-hardware.md 8.3). */
static void test_rtc__nothing_comes_without_a_clock(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CRL, RTOFF | CNF);
    rk_testbench_write(t, CRL, RTOFF);
    rk_testbench_pass_ns(t, SECOND);
    assert_int_equal(rk_testbench_read(t, CRL), 0);
    rk_testbench_clock(t, RK_CLOCK_RTC, 32768);
    rk_testbench_pass_ns(t, 100000);
    assert_int_equal(rk_testbench_read(t, CRL), RTOFF | RSF);
    rk_testbench_free(t);
}

static void test_rtc__a_write_takes_three_cycles(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_clock(t, RK_CLOCK_RTC, 32768);
    rk_testbench_input(t, RK_RTC_IN_DBP, 1);
    rk_testbench_write(t, CRL, RTOFF | CNF);
    rk_testbench_write(t, CNTH, 0x1234);
    rk_testbench_write(t, CNTL, 0x5678);
    assert_int_equal(counter(t), 0);
    rk_testbench_write(t, CRL, 0);
    assert_int_equal(rk_testbench_read(t, CRL) & RTOFF, 0);
    rk_testbench_pass_ns(t, 61000);
    assert_int_equal(counter(t), 0);
    rk_testbench_pass_ns(t, 31000);
    assert_int_equal(rk_testbench_read(t, CRL) & RTOFF, RTOFF);
    assert_int_equal(counter(t), 0x12345678);
    rk_testbench_free(t);
}

static void test_rtc__rsf_comes_back_in_one_to_two_cycles(void **state) {
    struct rk_testbench *t = ticking();
    rk_testbench_write(t, CRL, 0);
    rk_testbench_pass_ns(t, 30000);
    assert_int_equal(rk_testbench_read(t, CRL) & RSF, 0);
    rk_testbench_pass_ns(t, 32000);
    assert_int_equal(rk_testbench_read(t, CRL) & RSF, RSF);
    rk_testbench_free(t);
}

static void test_rtc__writes_need_dbp_and_configuration_mode(void **state) {
    struct rk_testbench *t = ticking();
    rk_testbench_write(t, CNTL, 77);
    rk_testbench_pass_ns(t, 100000);
    assert_int_equal(counter(t), 0);
    rk_testbench_input(t, RK_RTC_IN_DBP, 0);
    set(t, CNTH, 0, 77);
    assert_int_equal(counter(t), 0);
    rk_testbench_input(t, RK_RTC_IN_DBP, 1);
    set(t, CNTH, 0, 77);
    assert_int_equal(counter(t), 77);
    rk_testbench_free(t);
}

static void test_rtc__counts_seconds(void **state) {
    struct rk_testbench *t = ticking();
    rk_testbench_write(t, CRH, 1);
    assert_in_range(rk_testbench_read(t, DIVL), 32764, 32767);
    rk_testbench_pass_ns(t, SECOND / 2);
    assert_in_range(rk_testbench_read(t, DIVL), 16380, 16384);
    assert_int_equal(counter(t), 0);
    rk_testbench_pass_ns(t, SECOND / 2);
    assert_int_equal(counter(t), 1);
    assert_int_equal(rk_testbench_read(t, CRL) & SECF, SECF);
    assert_int_equal(t->level[RK_RTC_OUT_IRQ], 1);
    rk_testbench_write(t, CRL, 0xFFFFFFFFu & ~(uint32_t)(SECF | CNF));
    assert_int_equal(rk_testbench_read(t, CRL) & SECF, 0);
    assert_int_equal(t->level[RK_RTC_OUT_IRQ], 0);
    for (int i = 0; i < 1000; i++) {
        rk_testbench_pass_ns(t, SECOND);
    }
    assert_int_equal(counter(t), 1001);
    rk_testbench_free(t);
}

static void test_rtc__alarm_and_overflow(void **state) {
    struct rk_testbench *t = ticking();
    set(t, ALRH, 0xFFFF, 0xFFFF);
    set(t, CNTH, 0xFFFF, 0xFFFD);
    rk_testbench_write(t, CRH, 2);
    rk_testbench_pass_ns(t, SECOND);
    assert_int_equal(t->level[RK_RTC_OUT_ALARM], 0);
    rk_testbench_pass_ns(t, SECOND);
    assert_int_equal(counter(t), 0xFFFFFFFF);
    assert_int_equal(rk_testbench_read(t, CRL) & (ALRF | OWF), ALRF);
    assert_int_equal(t->level[RK_RTC_OUT_ALARM], 1);
    assert_int_equal(t->level[RK_RTC_OUT_IRQ], 1);
    rk_testbench_write(t, CRL, 0xFFFFFFFFu & ~(uint32_t)(ALRF | CNF));
    assert_int_equal(t->level[RK_RTC_OUT_ALARM], 0);
    rk_testbench_pass_ns(t, SECOND);
    assert_int_equal(counter(t), 0);
    assert_int_equal(rk_testbench_read(t, CRL) & (ALRF | OWF), OWF);
    rk_testbench_free(t);
}

static void test_rtc__survives_resets_but_not_the_power(void **state) {
    struct rk_testbench *t = ticking();
    rk_testbench_write(t, CRH, 7);
    rk_testbench_pass_ns(t, 5 * (uint64_t)SECOND);
    rk_machine_reset(t->m, RK_RESET_IWDG);
    rk_testbench_pass_ns(t, 5 * (uint64_t)SECOND);
    assert_int_equal(counter(t), 10);
    assert_int_equal(rk_testbench_read(t, CRH), 0);
    rk_testbench_input(t, RK_RTC_IN_BDRST, 1);
    assert_int_equal(counter(t), 0);
    assert_int_equal(rk_testbench_read(t, DIVL), 0x8000);
    rk_testbench_input(t, RK_RTC_IN_BDRST, 0);
    rk_testbench_pass_ns(t, 2 * (uint64_t)SECOND);
    assert_int_equal(counter(t), 1); /* PRL is 0x8000 again: a bit more than a second */
    power_cycle(t);
    assert_int_equal(counter(t), 0);
    rk_testbench_free(t);
}

static void test_rtc__keeps_time_over_system_clock_changes(void **state) {
    struct rk_testbench *t = ticking();
    for (int i = 0; i < 100; i++) {
        rk_testbench_clock(t, RK_CLOCK_HCLK, i & 1 ? 8000000 : 72000000);
        rk_testbench_pass_ns(t, SECOND / 10);
    }
    assert_int_equal(counter(t), 10);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtc__reset_values),
        cmocka_unit_test(test_rtc__nothing_comes_without_a_clock),
        cmocka_unit_test(test_rtc__a_write_takes_three_cycles),
        cmocka_unit_test(test_rtc__rsf_comes_back_in_one_to_two_cycles),
        cmocka_unit_test(test_rtc__writes_need_dbp_and_configuration_mode),
        cmocka_unit_test(test_rtc__counts_seconds),
        cmocka_unit_test(test_rtc__alarm_and_overflow),
        cmocka_unit_test(test_rtc__survives_resets_but_not_the_power),
        cmocka_unit_test(test_rtc__keeps_time_over_system_clock_changes),
    };
    return cmocka_run_group_tests_name("rtc", tests, NULL, NULL);
}
