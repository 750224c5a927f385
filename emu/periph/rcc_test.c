/* RCC against RM0008 7: reset values, start-up times, clock tree, gates, flags, backup domain. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/rcc.h"

enum {
    CR = 0x00,
    CFGR = 0x04,
    CIR = 0x08,
    APB2RSTR = 0x0C,
    APB1RSTR = 0x10,
    AHBENR = 0x14,
    APB2ENR = 0x18,
    APB1ENR = 0x1C,
    BDCR = 0x20,
    CSR = 0x24,
};

static const struct rk_rcc_config config = {
    .hse_hz = 8000000, .hse_start_us = 500, .lse_start_us = 300000, .pll_lock_us = 100};

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_rcc_ops, &config, 8000000, 0);
}

static uint32_t hz(struct rk_testbench *t, enum rk_clock_domain domain) {
    t->dev->domain = (uint8_t)domain;
    return rk_dev_clock_hz(t->dev);
}

static void reset_again(struct rk_testbench *t, enum rk_reset kind) {
    rk_machine_reset(t->m, kind);
    rk_testbench_pass_cycles(t, 1);
}

/* What SystemInit of every image does: HSE on, PLL x9, /1 /2 /1, ADC /6. */
static void to_72_mhz(struct rk_testbench *t) {
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 16);
    rk_testbench_pass_ns(t, 500000);
    rk_testbench_write(t, CFGR, 7u << 18 | 1u << 16 | 4u << 8 | 2u << 14);
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 24);
    rk_testbench_pass_ns(t, 100000);
    rk_testbench_write(t, CFGR, rk_testbench_read(t, CFGR) | 2);
}

static void test_rcc__reset_values(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, CR) & 0xFFFF00FFu, 0x83);
    assert_int_equal(rk_testbench_read(t, CFGR), 0);
    assert_int_equal(rk_testbench_read(t, CIR), 0);
    assert_int_equal(rk_testbench_read(t, APB2RSTR), 0);
    assert_int_equal(rk_testbench_read(t, APB1RSTR), 0);
    assert_int_equal(rk_testbench_read(t, AHBENR), 0x14);
    assert_int_equal(rk_testbench_read(t, APB2ENR), 0);
    assert_int_equal(rk_testbench_read(t, APB1ENR), 0);
    assert_int_equal(rk_testbench_read(t, BDCR), 0);
    assert_int_equal(rk_testbench_read(t, CSR), 0x0C000000);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 8000000);
    assert_int_equal(hz(t, RK_CLOCK_PCLK1), 8000000);
    assert_int_equal(hz(t, RK_CLOCK_ADC), 4000000);
    assert_int_equal(hz(t, RK_CLOCK_USB), 0);
    assert_int_equal(hz(t, RK_CLOCK_RTC), 0);
    rk_testbench_free(t);
}

static void test_rcc__hse_and_pll_take_their_time(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 16);
    rk_testbench_pass_ns(t, 499000);
    assert_false(rk_testbench_read(t, CR) >> 17 & 1);
    rk_testbench_pass_ns(t, 1000);
    assert_true(rk_testbench_read(t, CR) >> 17 & 1);
    rk_testbench_write(t, CFGR, 7u << 18 | 1u << 16);
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 24);
    rk_testbench_write(t, CFGR, rk_testbench_read(t, CFGR) | 2);
    assert_int_equal(rk_testbench_read(t, CFGR) >> 2 & 3, 0);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 8000000);
    rk_testbench_pass_ns(t, 100000);
    assert_int_equal(rk_testbench_read(t, CFGR) >> 2 & 3, 2);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 72000000);
    rk_testbench_free(t);
}

static void test_rcc__clock_tree_of_the_core(void **state) {
    struct rk_testbench *t = bench();
    to_72_mhz(t);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 72000000);
    assert_int_equal(hz(t, RK_CLOCK_PCLK1), 36000000);
    assert_int_equal(hz(t, RK_CLOCK_PCLK2), 72000000);
    assert_int_equal(hz(t, RK_CLOCK_TIM1), 72000000); /* APB1 /2: x2 */
    assert_int_equal(hz(t, RK_CLOCK_TIM2), 72000000);
    assert_int_equal(hz(t, RK_CLOCK_ADC), 12000000);
    assert_int_equal(hz(t, RK_CLOCK_USB), 48000000);
    rk_testbench_free(t);
}

static void test_rcc__prescalers(void **state) {
    static const struct {
        uint32_t cfgr, hclk, pclk1, pclk2, tim1, adc;
    } rows[] = {
        {0x8u << 4, 4000000, 4000000, 4000000, 4000000, 2000000},
        {0xBu << 4, 500000, 500000, 500000, 500000, 250000},
        {0xCu << 4, 125000, 125000, 125000, 125000, 62500},
        {0xFu << 4, 15625, 15625, 15625, 15625, 7812},
        {7u << 8, 8000000, 500000, 8000000, 1000000, 4000000},
        {5u << 11 | 3u << 14, 8000000, 8000000, 2000000, 8000000, 250000},
    };
    struct rk_testbench *t = bench();
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        rk_testbench_write(t, CFGR, rows[i].cfgr);
        assert_int_equal(hz(t, RK_CLOCK_HCLK), rows[i].hclk);
        assert_int_equal(hz(t, RK_CLOCK_PCLK1), rows[i].pclk1);
        assert_int_equal(hz(t, RK_CLOCK_PCLK2), rows[i].pclk2);
        assert_int_equal(hz(t, RK_CLOCK_TIM1), rows[i].tim1);
        assert_int_equal(hz(t, RK_CLOCK_ADC), rows[i].adc);
    }
    rk_testbench_free(t);
}

static void test_rcc__what_is_in_use_cannot_be_switched_off(void **state) {
    struct rk_testbench *t = bench();
    to_72_mhz(t);
    rk_testbench_write(t, CR, 0x83);
    assert_int_equal(rk_testbench_read(t, CR) & 0x03030000u, 0x03030000u);
    rk_testbench_write(t, CFGR, rk_testbench_read(t, CFGR) ^ 1u << 18); /* PLLMUL while it is on */
    assert_int_equal(rk_testbench_read(t, CFGR) >> 18 & 0xF, 7);
    rk_testbench_write(t, CFGR, rk_testbench_read(t, CFGR) & ~3u);
    rk_testbench_write(t, CR, 0x83);
    assert_int_equal(rk_testbench_read(t, CR) & 0x03030000u, 0);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 8000000);
    rk_testbench_free(t);
}

static void test_rcc__enable_bits_are_lines(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(t->pulses[RK_RCC_OUT_APB2ENR + 2], 1); /* at reset every bit is driven */
    rk_testbench_write(t, APB2ENR, 1u << 2 | 1u << 11);
    rk_testbench_write(t, APB1ENR, 1u << 28);
    rk_testbench_write(t, APB2RSTR, 1u << 11);
    assert_int_equal(t->level[RK_RCC_OUT_APB2ENR + 2], 1);
    assert_int_equal(t->level[RK_RCC_OUT_APB2ENR + 11], 1);
    assert_int_equal(t->level[RK_RCC_OUT_APB1ENR + 28], 1);
    assert_int_equal(t->level[RK_RCC_OUT_APB2RSTR + 11], 1);
    rk_testbench_write(t, APB2ENR, 1u << 2 | 1u << 11);
    assert_int_equal(t->pulses[RK_RCC_OUT_APB2ENR + 2], 2); /* then only changes */
    rk_testbench_write(t, APB2RSTR, 0);
    assert_int_equal(t->level[RK_RCC_OUT_APB2RSTR + 11], 0);
    reset_again(t, RK_RESET_PIN);
    assert_int_equal(t->level[RK_RCC_OUT_APB2ENR + 2], 0);
    assert_int_equal(t->pulses[RK_RCC_OUT_APB2ENR + 14], 2);
    rk_testbench_write(t, APB1ENR, 0xFFFFFFFFu);
    assert_int_equal(rk_testbench_read(t, APB1ENR), 0x1AE64807u);
    rk_testbench_free(t);
}

/* core-hardware.md 9.3. */
static void test_rcc__reset_flags_per_cause(void **state) {
    static const struct {
        enum rk_reset kind;
        uint32_t top;
    } rows[] = {{RK_RESET_PIN, 0x04},
                {RK_RESET_SOFT, 0x14},
                {RK_RESET_IWDG, 0x24},
                {RK_RESET_WWDG, 0x44},
                {RK_RESET_STANDBY, 0x0C}};
    struct rk_testbench *t = bench();
    for (size_t i = 0; i < RK_COUNT(rows); i++) {
        rk_testbench_write(t, CSR, 1u << 24);
        assert_int_equal(rk_testbench_read(t, CSR) >> 24, 0);
        reset_again(t, rows[i].kind);
        assert_int_equal(rk_testbench_read(t, CSR) >> 24, rows[i].top);
    }
    reset_again(t, RK_RESET_SOFT);
    reset_again(t, RK_RESET_IWDG);
    assert_int_equal(rk_testbench_read(t, CSR) >> 24, 0x3C); /* they add up until RMVF */
    rk_testbench_free(t);
}

static void test_rcc__bdcr_needs_dbp_and_takes_bytes(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, BDCR, 1);
    assert_int_equal(rk_testbench_read(t, BDCR), 0);
    rk_testbench_input(t, RK_RCC_IN_DBP, 1);
    /* The standard library starts the LSE with byte writes (core-hardware.md 9.1). */
    assert_true(rk_testbench_try_write(t, RK_TESTBENCH_BASE + BDCR, 1, 0));
    assert_true(rk_testbench_try_write(t, RK_TESTBENCH_BASE + BDCR, 1, 1));
    rk_testbench_write(t, BDCR, rk_testbench_read(t, BDCR) | 1u << 8);
    rk_testbench_pass_ns(t, 299000000);
    assert_int_equal(rk_testbench_read(t, BDCR), 0x101);
    rk_testbench_pass_ns(t, 1000000);
    assert_int_equal(rk_testbench_read(t, BDCR), 0x103);
    assert_int_equal(hz(t, RK_CLOCK_RTC), 0);
    rk_testbench_write(t, BDCR, rk_testbench_read(t, BDCR) | 1u << 15);
    assert_int_equal(hz(t, RK_CLOCK_RTC), 32768);
    uint32_t high = 0;
    assert_true(rk_testbench_try_read(t, RK_TESTBENCH_BASE + BDCR + 1, 1, &high));
    assert_int_equal(high, 0x81);
    rk_testbench_write(t, BDCR, (rk_testbench_read(t, BDCR) & ~0x300u) | 0x200); /* once only */
    assert_int_equal(rk_testbench_read(t, BDCR), 0x8103);
    rk_testbench_free(t);
}

static void test_rcc__backup_domain_survives_resets_but_not_bdrst(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, RK_RCC_IN_DBP, 1);
    rk_testbench_write(t, BDCR, 0x8101);
    rk_testbench_pass_ns(t, 300000000);
    reset_again(t, RK_RESET_SOFT);
    assert_int_equal(rk_testbench_read(t, BDCR), 0x8103);
    assert_int_equal(hz(t, RK_CLOCK_RTC), 32768);
    rk_testbench_write(t, BDCR, 0x18103);
    assert_int_equal(t->level[RK_RCC_OUT_BDRST], 1);
    assert_int_equal(rk_testbench_read(t, BDCR), 0x10000);
    rk_testbench_write(t, BDCR, 0);
    assert_int_equal(t->level[RK_RCC_OUT_BDRST], 0);
    assert_int_equal(hz(t, RK_CLOCK_RTC), 0);
    rk_testbench_free(t);
}

static void test_rcc__lsi_by_bit_and_by_watchdog(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CSR, 1);
    rk_testbench_pass_ns(t, 85000);
    assert_int_equal(rk_testbench_read(t, CSR) & 3, 3);
    rk_testbench_write(t, CSR, 0);
    assert_int_equal(rk_testbench_read(t, CSR) & 3, 0);
    rk_testbench_input(t, RK_RCC_IN_LSI, 1);
    rk_testbench_pass_ns(t, 85000);
    assert_int_equal(rk_testbench_read(t, CSR) & 3, 2);
    rk_testbench_write(t, CSR, 0);
    assert_int_equal(rk_testbench_read(t, CSR) & 3, 2);
    rk_testbench_free(t);
}

static void test_rcc__ready_interrupts(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 16);
    rk_testbench_pass_ns(t, 600000);
    assert_int_equal(rk_testbench_read(t, CIR), 0); /* not enabled: no flag */
    rk_testbench_write(t, CR, 0x83);
    rk_testbench_write(t, CIR, 1u << 11);
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 16);
    rk_testbench_pass_ns(t, 600000);
    assert_int_equal(rk_testbench_read(t, CIR), 1u << 11 | 1u << 3);
    assert_int_equal(t->level[RK_RCC_OUT_IRQ], 1);
    rk_testbench_write(t, CIR, 1u << 19 | 1u << 11);
    assert_int_equal(rk_testbench_read(t, CIR), 1u << 11);
    assert_int_equal(t->level[RK_RCC_OUT_IRQ], 0);
    rk_testbench_free(t);
}

static void test_rcc__clock_security_falls_back_to_hsi_with_nmi(void **state) {
    struct rk_testbench *t = bench();
    to_72_mhz(t);
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 19);
    rk_testbench_input(t, RK_RCC_IN_HSE_FAIL, 1);
    assert_int_equal(t->level[RK_RCC_OUT_NMI], 1);
    assert_int_equal(rk_testbench_read(t, CIR), 1u << 7);
    assert_int_equal(rk_testbench_read(t, CR) & 0x03030000u, 0);
    assert_int_equal(rk_testbench_read(t, CFGR) & 0xFu, 0);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 8000000);
    rk_testbench_write(t, CIR, 1u << 23);
    assert_int_equal(t->level[RK_RCC_OUT_NMI], 0);
    rk_testbench_free(t);
}

static void test_rcc__a_dead_crystal_never_gets_ready(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_input(t, RK_RCC_IN_HSE_FAIL, 1);
    rk_testbench_write(t, CR, rk_testbench_read(t, CR) | 1u << 16);
    rk_testbench_pass_ns(t, 100000000);
    assert_false(rk_testbench_read(t, CR) >> 17 & 1);
    rk_testbench_free(t);
}

static void test_rcc__stop_wakes_on_hsi(void **state) {
    struct rk_testbench *t = bench();
    to_72_mhz(t);
    rk_testbench_input(t, RK_RCC_IN_STOP, 1);
    rk_testbench_input(t, RK_RCC_IN_STOP, 0);
    assert_int_equal(hz(t, RK_CLOCK_HCLK), 8000000);
    assert_int_equal(rk_testbench_read(t, CR) & 0x03030003u, 3);
    rk_testbench_free(t);
}

static void test_rcc__time_goes_on_over_clock_changes(void **state) {
    struct rk_testbench *t = bench();
    uint64_t before = rk_machine_now_ns(t->m);
    to_72_mhz(t);
    uint64_t at_72 = rk_machine_now_ns(t->m);
    assert_in_range(at_72 - before, 600000, 600300);
    uint64_t cycle = rk_machine_now(t->m);
    rk_testbench_pass_cycles(t, 72000);
    assert_int_equal(rk_machine_now(t->m) - cycle, 72000);
    assert_in_range(rk_machine_now_ns(t->m) - at_72, 999999, 1000001);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rcc__reset_values),
        cmocka_unit_test(test_rcc__hse_and_pll_take_their_time),
        cmocka_unit_test(test_rcc__clock_tree_of_the_core),
        cmocka_unit_test(test_rcc__prescalers),
        cmocka_unit_test(test_rcc__what_is_in_use_cannot_be_switched_off),
        cmocka_unit_test(test_rcc__enable_bits_are_lines),
        cmocka_unit_test(test_rcc__reset_flags_per_cause),
        cmocka_unit_test(test_rcc__bdcr_needs_dbp_and_takes_bytes),
        cmocka_unit_test(test_rcc__backup_domain_survives_resets_but_not_bdrst),
        cmocka_unit_test(test_rcc__lsi_by_bit_and_by_watchdog),
        cmocka_unit_test(test_rcc__ready_interrupts),
        cmocka_unit_test(test_rcc__clock_security_falls_back_to_hsi_with_nmi),
        cmocka_unit_test(test_rcc__a_dead_crystal_never_gets_ready),
        cmocka_unit_test(test_rcc__stop_wakes_on_hsi),
        cmocka_unit_test(test_rcc__time_goes_on_over_clock_changes),
    };
    return cmocka_run_group_tests_name("rcc", tests, NULL, NULL);
}
