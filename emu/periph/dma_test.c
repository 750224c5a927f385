/* DMA1 against RM0008 13.3 (table 77 for sizes) and 13.4. Peripheral and memory are both RAM. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/dma.h"

#define RAM  0x20000000u
#define RAM2 0x20001000u

#define ISR       0x00
#define IFCR      0x04
#define CCR(n)    (0x08 + 20 * ((n)-1))
#define CNDTR(n)  (0x0C + 20 * ((n)-1))
#define CPAR(n)   (0x10 + 20 * ((n)-1))
#define CMAR(n)   (0x14 + 20 * ((n)-1))
#define REQ(n, s) (RK_DMA_IN_REQUEST + 8 * ((n)-1) + (s))

#define EN    0x0001
#define TCIE  0x0002
#define HTIE  0x0004
#define TEIE  0x0008
#define DIR   0x0010
#define CIRC  0x0020
#define PINC  0x0040
#define MINC  0x0080
#define P16   0x0100
#define P32   0x0200
#define M16   0x0400
#define M32   0x0800
#define VHIGH 0x3000
#define M2M   0x4000

static struct rk_testbench *bench(void) {
    return rk_testbench_new(&rk_dma_ops, NULL, 72000000u, 0);
}

static void channel(struct rk_testbench *t, unsigned n, uint32_t ccr, uint32_t peripheral,
                    uint32_t memory, uint32_t count) {
    rk_testbench_write(t, CCR(n), 0);
    rk_testbench_write(t, CNDTR(n), count);
    rk_testbench_write(t, CPAR(n), peripheral);
    rk_testbench_write(t, CMAR(n), memory);
    rk_testbench_write(t, CCR(n), ccr);
}

static void fill(struct rk_testbench *t, uint32_t addr, const char *text) {
    assert_true(rk_machine_poke(t->m, addr, text, strlen(text)));
}

static void expect(struct rk_testbench *t, uint32_t addr, const char *text, size_t len) {
    char got[64];
    assert_true(rk_machine_peek(t->m, addr, got, len));
    assert_memory_equal(got, text, len);
}

static void test_dma__reset_values(void **state) {
    struct rk_testbench *t = bench();
    for (uint32_t off = 0; off < CCR(8); off += 4) {
        if (off < CCR(1) || (off - CCR(1)) % 20 < 16) {
            assert_int_equal(rk_testbench_read(t, off), 0);
        }
    }
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 0);
    rk_testbench_free(t);
}

static void test_dma__one_item_for_each_request(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "abc");
    channel(t, 5, EN | DIR | MINC | TCIE | HTIE, RAM2, RAM, 2);
    assert_int_equal(rk_machine_input(t->m, 1, REQ(5, 0), RK_DMA_PULSE), 1 | RK_DMA_ONE_LEFT);
    expect(t, RAM2, "a", 1);
    assert_int_equal(rk_testbench_read(t, CNDTR(5)), 1);
    assert_int_equal(rk_testbench_read(t, ISR), 0x50000); /* HT and global of channel 5 */
    assert_int_equal(t->level[RK_DMA_OUT_IRQ + 4], 1);
    rk_machine_input(t->m, 1, REQ(5, 1), RK_DMA_PULSE);
    expect(t, RAM2, "b", 1);
    assert_int_equal(rk_testbench_read(t, ISR), 0x70000);
    assert_int_equal(rk_machine_input(t->m, 1, REQ(5, 0), RK_DMA_PULSE), 0); /* all done */
    rk_testbench_write(t, IFCR, 0x20000); /* TC alone, as the Core's firmware does */
    assert_int_equal(rk_testbench_read(t, ISR), 0x50000);
    rk_testbench_write(t, IFCR, 0x10000); /* global: all */
    assert_int_equal(rk_testbench_read(t, ISR), 0);
    assert_int_equal(t->level[RK_DMA_OUT_IRQ + 4], 0);
    rk_testbench_free(t);
}

static void test_dma__a_level_is_served_until_the_count_is_zero(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "0123456789");
    channel(t, 1, EN | PINC | MINC, RAM, RAM2, 10);
    rk_testbench_input(t, REQ(1, 0), 1);
    expect(t, RAM2, "0123456789", 10);
    assert_int_equal(rk_testbench_read(t, CNDTR(1)), 0);
    assert_int_equal(rk_testbench_read(t, CPAR(1)), RAM); /* keeps its first value */
    assert_int_equal(rk_testbench_read(t, ISR), 0x7);
    rk_testbench_free(t);
}

static void test_dma__enabling_serves_a_waiting_request(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "xy");
    rk_testbench_input(t, REQ(3, 0), 1);
    channel(t, 3, EN | PINC | MINC, RAM, RAM2, 2);
    expect(t, RAM2, "xy", 2);
    rk_testbench_free(t);
}

static void test_dma__count_zero_does_not_transfer(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "x");
    channel(t, 4, EN | MINC | TCIE, RAM, RAM2, 0);
    assert_int_equal(rk_machine_input(t->m, 1, REQ(4, 0), 1), 0);
    expect(t, RAM2, "\0", 1);
    assert_int_equal(rk_testbench_read(t, ISR), 0);
    rk_testbench_free(t);
}

static void test_dma__sizes_widen_with_zeros_and_narrow_to_the_low_part(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "\xB0\xB1\xB2\xB3\xB4\xB5\xB6\xB7");
    channel(t, 2, EN | PINC | MINC | M16 | M2M, RAM, RAM2, 4); /* 8 -> 16 */
    expect(t, RAM2, "\xB0\0\xB1\0\xB2\0\xB3\0", 8);
    channel(t, 2, EN | PINC | MINC | P32 | M2M, RAM, RAM2, 2); /* 32 -> 8 */
    expect(t, RAM2, "\xB0\xB4", 2);
    channel(t, 2, EN | PINC | MINC | P16 | M32 | M2M, RAM, RAM2, 2); /* 16 -> 32 */
    expect(t, RAM2, "\xB0\xB1\0\0\xB2\xB3\0\0", 8);
    channel(t, 2, EN | DIR | PINC | MINC | P16 | M16 | M2M, RAM2 + 0x101, RAM + 3, 1);
    expect(t, RAM2 + 0x100, "\xB2\xB3", 2); /* aligned down */
    rk_testbench_free(t);
}

static void test_dma__circular_reloads(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "pq");
    channel(t, 7, EN | PINC | MINC | CIRC, RAM, RAM2, 2);
    for (int i = 0; i < 3; i++) {
        rk_testbench_input(t, REQ(7, 2), RK_DMA_PULSE);
    }
    assert_int_equal(rk_testbench_read(t, CNDTR(7)), 1);
    assert_int_equal(rk_testbench_read(t, ISR), 0x7000000);
    rk_testbench_free(t);
}

static void test_dma__a_request_that_never_ends_does_not_hang(void **state) {
    struct rk_testbench *t = bench();
    channel(t, 1, EN | CIRC, RAM, RAM2, 4);
    rk_testbench_input(t, REQ(1, 0), 1);
    rk_testbench_pass_ns(t, 1000000);
    rk_testbench_write(t, CCR(1), 0);
    assert_true(rk_testbench_read(t, ISR) & 2);
    rk_testbench_free(t);
}

static void test_dma__bus_error_disables_the_channel(void **state) {
    struct rk_testbench *t = bench();
    channel(t, 6, EN | MINC | TEIE, 0x60000000u, RAM2, 4);
    rk_testbench_input(t, REQ(6, 0), 1);
    assert_int_equal(rk_testbench_read(t, ISR), 0x900000); /* TE and global */
    assert_int_equal(rk_testbench_read(t, CCR(6)) & EN, 0);
    assert_int_equal(t->level[RK_DMA_OUT_IRQ + 5], 1);
    rk_testbench_free(t);
}

static void test_dma__very_high_priority_goes_first(void **state) {
    struct rk_testbench *t = bench();
    fill(t, RAM, "lh");
    /* Channel 1 has both requests waiting while a channel of higher priority is served. */
    rk_testbench_input(t, REQ(7, 0), 1);
    rk_testbench_write(t, CNDTR(1), 300);
    rk_testbench_write(t, CPAR(1), RAM);
    rk_testbench_write(t, CMAR(1), RAM2);
    rk_testbench_write(t, CCR(1), EN | MINC | M2M); /* first burst of 256 */
    assert_int_equal(rk_testbench_read(t, CNDTR(1)), 300 - 256);
    channel(t, 7, EN | VHIGH, RAM + 1, RAM2 + 400, 1);
    expect(t, RAM2 + 400, "h", 1);
    rk_testbench_pass_cycles(t, 2000);
    assert_int_equal(rk_testbench_read(t, CNDTR(1)), 0);
    rk_testbench_free(t);
}

static void test_dma__registers_of_a_running_channel_do_not_change(void **state) {
    struct rk_testbench *t = bench();
    channel(t, 1, EN, RAM, RAM2, 4);
    rk_testbench_write(t, CNDTR(1), 9);
    rk_testbench_write(t, CMAR(1), RAM);
    assert_int_equal(rk_testbench_read(t, CNDTR(1)), 4);
    assert_int_equal(rk_testbench_read(t, CMAR(1)), RAM2);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 2);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dma__reset_values),
        cmocka_unit_test(test_dma__one_item_for_each_request),
        cmocka_unit_test(test_dma__a_level_is_served_until_the_count_is_zero),
        cmocka_unit_test(test_dma__enabling_serves_a_waiting_request),
        cmocka_unit_test(test_dma__count_zero_does_not_transfer),
        cmocka_unit_test(test_dma__sizes_widen_with_zeros_and_narrow_to_the_low_part),
        cmocka_unit_test(test_dma__circular_reloads),
        cmocka_unit_test(test_dma__a_request_that_never_ends_does_not_hang),
        cmocka_unit_test(test_dma__bus_error_disables_the_channel),
        cmocka_unit_test(test_dma__very_high_priority_goes_first),
        cmocka_unit_test(test_dma__registers_of_a_running_channel_do_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
