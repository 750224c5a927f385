/* SPI against RM0008 25.3 (flags, timing) and 25.5 (registers). The bench's PCLK is HCLK. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/spi.h"

#define CR1 0x00
#define CR2 0x04
#define SR  0x08
#define DR  0x0C

#define RXNE 0x01
#define TXE  0x02
#define MODF 0x20
#define OVR  0x40
#define BSY  0x80

#define FLASH_CR1 0x0344 /* master, software NSS, mode 0, /2, enabled (core-hardware.md 2.2) */
#define RADIO_CR1 0x034D /* mode 1, /4 */

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_spi_ops, NULL, 36000000u, 0);
}

static void test_spi__reset_values(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, CR1), 0);
    assert_int_equal(rk_testbench_read(t, CR2), 0);
    assert_int_equal(rk_testbench_read(t, SR), 0x0002);
    assert_int_equal(rk_testbench_read(t, 0x10), 0x0007);
    assert_int_equal(rk_testbench_read(t, 0x1C), 0x0000);
    assert_int_equal(rk_testbench_read(t, 0x20), 0x0002);
    rk_testbench_free(t);
}

static void test_spi__a_frame_takes_eight_bits_of_the_baud_rate(void **state) {
    struct rk_testbench *t = bench();
    t->answer[RK_SPI_OUT_XFER] = 0xBF;
    rk_testbench_write(t, CR1, RADIO_CR1);
    rk_testbench_write(t, DR, 0x9F);
    assert_int_equal(rk_testbench_read(t, SR), BSY | TXE); /* moved to the shift register */
    rk_testbench_pass_cycles(t, 8 * 4 - 1);
    assert_int_equal(rk_testbench_read(t, SR), BSY | TXE);
    assert_int_equal(t->pulses[RK_SPI_OUT_XFER], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, SR), TXE | RXNE);
    assert_int_equal(t->level[RK_SPI_OUT_XFER], 0x9F | 1u << 16); /* CPOL 0, CPHA 1 */
    assert_int_equal(rk_testbench_read(t, DR), 0xBF);
    assert_int_equal(rk_testbench_read(t, SR), TXE);
    rk_testbench_free(t);
}

static void test_spi__second_frame_follows_without_a_gap(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, FLASH_CR1);
    rk_testbench_write(t, DR, 0x03);
    rk_testbench_write(t, DR, 0x12);
    assert_int_equal(rk_testbench_read(t, SR), BSY); /* buffer full */
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(rk_testbench_read(t, SR), BSY | TXE | RXNE);
    rk_testbench_read(t, DR);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(rk_testbench_read(t, SR), TXE | RXNE);
    assert_int_equal(t->level[RK_SPI_OUT_XFER], 0x12);
    rk_testbench_free(t);
}

static void test_spi__overrun_keeps_the_first_frame(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, FLASH_CR1);
    t->answer[RK_SPI_OUT_XFER] = 0x11;
    rk_testbench_write(t, DR, 0);
    rk_testbench_pass_cycles(t, 16);
    t->answer[RK_SPI_OUT_XFER] = 0x22;
    rk_testbench_write(t, DR, 0);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(rk_testbench_read(t, SR), OVR | TXE | RXNE);
    assert_int_equal(rk_testbench_read(t, DR), 0x11);
    rk_testbench_read(t, SR); /* DR, then SR */
    assert_int_equal(rk_testbench_read(t, SR), TXE);
    rk_testbench_free(t);
}

static void test_spi__sixteen_bit_and_lsb_first(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, FLASH_CR1 | 1u << 11);
    rk_testbench_write(t, DR, 0xA55A);
    rk_testbench_pass_cycles(t, 31);
    assert_int_equal(t->pulses[RK_SPI_OUT_XFER], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[RK_SPI_OUT_XFER], 0xA55A | 1u << 18);
    rk_testbench_read(t, DR);
    rk_testbench_write(t, CR1, 0);
    rk_testbench_write(t, CR1, FLASH_CR1 | 1u << 7);
    t->answer[RK_SPI_OUT_XFER] = 0x80;
    rk_testbench_write(t, DR, 0x03);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(t->level[RK_SPI_OUT_XFER], 0xC0);
    assert_int_equal(rk_testbench_read(t, DR), 0x01);
    rk_testbench_free(t);
}

static void test_spi__interrupts_and_dma_follow_the_flags(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR2, 0x03); /* both DMA enables */
    assert_int_equal(t->level[RK_SPI_OUT_DMA_TX], 1);
    assert_int_equal(t->level[RK_SPI_OUT_DMA_RX], 0);
    rk_testbench_write(t, CR1, FLASH_CR1);
    rk_testbench_write(t, DR, 1);
    rk_testbench_write(t, DR, 2);
    assert_int_equal(t->level[RK_SPI_OUT_DMA_TX], 0);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(t->level[RK_SPI_OUT_DMA_TX], 1);
    assert_int_equal(t->level[RK_SPI_OUT_DMA_RX], 1);
    rk_testbench_write(t, CR2, 0x40); /* RXNEIE */
    assert_int_equal(t->level[RK_SPI_OUT_DMA_RX], 0);
    assert_int_equal(t->level[RK_SPI_OUT_IRQ], 1);
    rk_testbench_read(t, DR);
    assert_int_equal(t->level[RK_SPI_OUT_IRQ], 0);
    rk_testbench_write(t, CR2, 0x80); /* TXEIE */
    assert_int_equal(t->level[RK_SPI_OUT_IRQ], 1);
    rk_testbench_free(t);
}

static void test_spi__master_with_nss_low_faults(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, 0x0244 | 0x08); /* SSM, SSI 0, MSTR, SPE */
    assert_int_equal(rk_testbench_read(t, SR) & MODF, MODF);
    assert_int_equal(rk_testbench_read(t, CR1) & 0x44, 0); /* SPE and MSTR cleared */
    rk_testbench_write(t, CR1, FLASH_CR1);
    assert_int_equal(rk_testbench_read(t, SR) & MODF, 0);
    rk_testbench_free(t);
}

static void test_spi__receive_only_clocks_by_itself(void **state) {
    struct rk_testbench *t = bench();
    t->answer[RK_SPI_OUT_XFER] = 0x42;
    rk_testbench_write(t, CR1, FLASH_CR1 | 1u << 10);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(rk_testbench_read(t, SR), BSY | TXE | RXNE);
    assert_int_equal(rk_testbench_read(t, DR), 0x42);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(rk_testbench_read(t, SR) & RXNE, RXNE);
    rk_testbench_free(t);
}

static void test_spi__bidirectional_transmit_receives_nothing(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, FLASH_CR1 | 1u << 15 | 1u << 14);
    rk_testbench_write(t, DR, 0x42);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(t->level[RK_SPI_OUT_XFER], 0x42);
    assert_int_equal(rk_testbench_read(t, SR), TXE);
    rk_testbench_free(t);
}

static void test_spi__clock_change_in_a_frame(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, RADIO_CR1); /* 32 ticks */
    rk_testbench_write(t, DR, 0x42);
    rk_testbench_pass_cycles(t, 12);
    rk_testbench_clock(t, RK_CLOCK_HCLK, 72000000u); /* the bench's block runs on HCLK */
    rk_testbench_pass_cycles(t, 19);
    assert_int_equal(rk_testbench_read(t, SR) & BSY, BSY);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, SR) & BSY, 0);
    rk_testbench_free(t);
}

static void test_spi__frames_wait_for_spe(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, FLASH_CR1 & ~0x40);
    rk_testbench_write(t, DR, 0x42);
    rk_testbench_pass_cycles(t, 100);
    assert_int_equal(rk_testbench_read(t, SR), 0);
    rk_testbench_write(t, CR1, FLASH_CR1);
    rk_testbench_pass_cycles(t, 16);
    assert_int_equal(t->level[RK_SPI_OUT_XFER], 0x42);
    rk_testbench_free(t);
}

static void test_spi__what_is_missing_is_loud(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, 0x0040);    /* slave */
    rk_testbench_write(t, 0x1C, 1u << 11); /* I2S */
    assert_int_equal(rk_machine_counts(t->m)->unmodelled, 2);
    rk_testbench_write(t, 0x24, 0);
    rk_testbench_write(t, CR1, 0);
    rk_testbench_write(t, DR, 1);
    rk_testbench_write(t, DR, 2); /* TXE was 0 */
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 2);
    rk_testbench_free(t);
}

static void test_spi__polling_sr_is_stable_and_dr_is_not(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(t->dev->ops->read_kind(t->dev, SR), RK_READ_STABLE);
    assert_int_equal(t->dev->ops->read_kind(t->dev, DR), RK_READ_EFFECT);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spi__reset_values),
        cmocka_unit_test(test_spi__a_frame_takes_eight_bits_of_the_baud_rate),
        cmocka_unit_test(test_spi__second_frame_follows_without_a_gap),
        cmocka_unit_test(test_spi__overrun_keeps_the_first_frame),
        cmocka_unit_test(test_spi__sixteen_bit_and_lsb_first),
        cmocka_unit_test(test_spi__interrupts_and_dma_follow_the_flags),
        cmocka_unit_test(test_spi__master_with_nss_low_faults),
        cmocka_unit_test(test_spi__receive_only_clocks_by_itself),
        cmocka_unit_test(test_spi__bidirectional_transmit_receives_nothing),
        cmocka_unit_test(test_spi__clock_change_in_a_frame),
        cmocka_unit_test(test_spi__frames_wait_for_spe),
        cmocka_unit_test(test_spi__what_is_missing_is_loud),
        cmocka_unit_test(test_spi__polling_sr_is_stable_and_dr_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
