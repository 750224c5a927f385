/* USART against RM0008 27.3 and 27.6. The bench's PCLK is HCLK. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/usart.h"

#define SR  0x00
#define DR  0x04
#define BRR 0x08
#define CR1 0x0C
#define CR2 0x10
#define CR3 0x14

#define ORE  0x08
#define IDLE 0x10
#define RXNE 0x20
#define TC   0x40
#define TXE  0x80

/* Table 192: 9600 baud at 36 MHz: USARTDIV 234.375, BRR 0xEA6: 3750 clocks a bit. */
#define BRR_9600 0xEA6
#define BIT      3750

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_usart_ops, NULL, 36000000u, 0);
}

static struct rk_testbench *running(void) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, BRR, BRR_9600);
    rk_testbench_write(t, CR1, 0x200C); /* UE, TE, RE */
    return t;
}

static void test_usart__reset_values(void **state) {
    struct rk_testbench *t = bench();
    assert_int_equal(rk_testbench_read(t, SR), 0xC0);
    for (uint32_t off = BRR; off <= 0x18; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), 0);
    }
    rk_testbench_free(t);
}

static void test_usart__a_frame_takes_ten_bits(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_read(t, SR);
    rk_testbench_write(t, DR, 0x55);
    assert_int_equal(rk_testbench_read(t, SR), TXE); /* TC went by SR read, DR write */
    rk_testbench_pass_cycles(t, 10 * BIT - 1);
    assert_int_equal(t->pulses[RK_USART_OUT_TX], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[RK_USART_OUT_TX], 0x55);
    assert_int_equal(rk_testbench_read(t, SR), TXE | TC);
    rk_testbench_free(t);
}

static void test_usart__two_stop_bits_and_nine_data_bits(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_write(t, CR1, 0x300C);
    rk_testbench_write(t, CR2, 2u << 12);
    rk_testbench_write(t, DR, 0x1AA);
    rk_testbench_pass_cycles(t, 12 * BIT - 1);
    assert_int_equal(t->pulses[RK_USART_OUT_TX], 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(t->level[RK_USART_OUT_TX], 0x1AA);
    rk_testbench_free(t);
}

static void test_usart__back_to_back_frames(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_write(t, DR, 'a');
    rk_testbench_write(t, DR, 'b');
    assert_int_equal(rk_testbench_read(t, SR) & TXE, 0);
    rk_testbench_pass_cycles(t, 10 * BIT);
    assert_int_equal(rk_testbench_read(t, SR) & TXE, TXE);
    rk_testbench_pass_cycles(t, 10 * BIT);
    assert_int_equal(t->pulses[RK_USART_OUT_TX], 2);
    assert_int_equal(t->level[RK_USART_OUT_TX], 'b');
    rk_testbench_free(t);
}

static void test_usart__receives_and_overruns(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_write(t, CR1, 0x202C); /* RXNEIE */
    rk_testbench_input(t, RK_USART_IN_RX, 'x');
    assert_int_equal(t->level[RK_USART_OUT_IRQ], 1);
    rk_testbench_input(t, RK_USART_IN_RX, 'y');
    assert_int_equal(rk_testbench_read(t, SR), TXE | TC | RXNE | ORE);
    assert_int_equal(rk_testbench_read(t, DR), 'x'); /* SR, then DR: both flags go */
    assert_int_equal(rk_testbench_read(t, SR), TXE | TC);
    assert_int_equal(t->level[RK_USART_OUT_IRQ], 0);
    rk_testbench_free(t);
}

static void test_usart__idle_line_is_seen_once(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_input(t, RK_USART_IN_RX, 'x');
    rk_testbench_pass_cycles(t, 9 * BIT);
    assert_int_equal(rk_testbench_read(t, SR) & IDLE, 0);
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(rk_testbench_read(t, SR) & IDLE, IDLE);
    rk_testbench_read(t, DR);
    rk_testbench_pass_cycles(t, 100 * BIT);
    assert_int_equal(rk_testbench_read(t, SR) & IDLE, 0);
    rk_testbench_free(t);
}

static void test_usart__parity(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_write(t, CR1, 0x340C); /* 9 bits, even parity: 8 data bits */
    rk_testbench_write(t, DR, 0x07);
    rk_testbench_pass_cycles(t, 11 * BIT);
    assert_int_equal(t->level[RK_USART_OUT_TX], 0x107);
    rk_testbench_input(t, RK_USART_IN_RX, 0x107);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 0);
    rk_testbench_read(t, DR);
    rk_testbench_input(t, RK_USART_IN_RX, 0x007);
    assert_int_equal(rk_testbench_read(t, SR) & 1, 1);
    rk_testbench_free(t);
}

static void test_usart__interrupts_and_dma(void **state) {
    struct rk_testbench *t = running();
    rk_testbench_write(t, CR3, 0xC0);
    assert_int_equal(t->level[RK_USART_OUT_DMA_TX], 1);
    rk_testbench_input(t, RK_USART_IN_RX, 'x');
    assert_int_equal(t->level[RK_USART_OUT_DMA_RX], 1);
    rk_testbench_read(t, DR);
    assert_int_equal(t->level[RK_USART_OUT_DMA_RX], 0);
    rk_testbench_write(t, CR3, 0);
    rk_testbench_write(t, CR1, 0x208C); /* TXEIE */
    assert_int_equal(t->level[RK_USART_OUT_IRQ], 1);
    rk_testbench_write(t, CR1, 0x204C); /* TCIE */
    assert_int_equal(t->level[RK_USART_OUT_IRQ], 1);
    rk_testbench_write(t, SR, (uint32_t)~TC); /* TC by writing 0 */
    assert_int_equal(t->level[RK_USART_OUT_IRQ], 0);
    rk_testbench_free(t);
}

static void test_usart__deaf_and_dumb_when_off(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, BRR, BRR_9600);
    rk_testbench_input(t, RK_USART_IN_RX, 'x');
    assert_int_equal(rk_testbench_read(t, SR), 0xC0);
    rk_testbench_write(t, DR, 'x');
    rk_testbench_pass_cycles(t, 20 * BIT);
    assert_int_equal(t->pulses[RK_USART_OUT_TX], 0);
    rk_testbench_free(t);
}

static void test_usart__what_is_missing_is_loud(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR2, 1u << 14); /* LIN */
    rk_testbench_write(t, CR3, 1u << 3);  /* half duplex */
    rk_testbench_write(t, CR1, 0x2002);   /* mute */
    assert_int_equal(rk_machine_counts(t->m)->unmodelled, 3);
    rk_testbench_write(t, CR1, 0x2008);
    rk_testbench_write(t, DR, 'x'); /* BRR 0 */
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 1);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usart__reset_values),
        cmocka_unit_test(test_usart__a_frame_takes_ten_bits),
        cmocka_unit_test(test_usart__two_stop_bits_and_nine_data_bits),
        cmocka_unit_test(test_usart__back_to_back_frames),
        cmocka_unit_test(test_usart__receives_and_overruns),
        cmocka_unit_test(test_usart__idle_line_is_seen_once),
        cmocka_unit_test(test_usart__parity),
        cmocka_unit_test(test_usart__interrupts_and_dma),
        cmocka_unit_test(test_usart__deaf_and_dumb_when_off),
        cmocka_unit_test(test_usart__what_is_missing_is_loud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
