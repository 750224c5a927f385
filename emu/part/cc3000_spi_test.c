/* The CC3000's SPI link against the bytes and rules of cc3000.md 1 (captures of the real chip). */
#include "tests/unit.h"

#include "common/base/bytes.h"

#include "emu/part/cc3000_bench.h"

static int setup(void **state) {
    struct cc_bench *b = calloc(1, sizeof *b);
    cc_bench_init(b, NULL);
    *state = b;
    return 0;
}

static int teardown(void **state) {
    cc_bench_release(*state);
    free(*state);
    return 0;
}

static uint64_t errors(const struct cc_bench *b) {
    return rk_machine_counts(b->t->m)->guest_errors;
}

/* 1.4, 9.2 */
static void test_link__irq_is_high_until_powered_then_falls_once(void **state) {
    struct cc_bench *b = *state;
    assert_true(cc_bench_irq(b));
    rk_testbench_input(b->t, RK_CC3000_IN_ENABLE, 1);
    assert_true(cc_bench_irq(b));
    rk_testbench_pass_ns(b->t, 4900000);
    assert_true(cc_bench_irq(b)); /* EXTI must be armed: 5-60 ms */
    rk_testbench_pass_ns(b->t, 55000000);
    assert_false(cc_bench_irq(b));
    const uint32_t edges = b->t->pulses[RK_CC3000_OUT_IRQ];
    rk_testbench_pass_ns(b->t, 5000000000);
    assert_int_equal(b->t->pulses[RK_CC3000_OUT_IRQ], edges);
    rk_testbench_input(b->t, RK_CC3000_IN_ENABLE, 0);
    assert_true(cc_bench_irq(b)); /* wlan_stop waits for it */
}

/* 1.5 and the first row of 1.11: 4 bytes, a pause, the rest. */
static void test_link__first_write_is_split(void **state) {
    static const uint8_t start[10] = {1, 0, 5, 0, 0, 1, 0, 0x40, 1, 0};
    static const uint8_t head[5] = {2, 0, 0, 0, 5};
    static const uint8_t reply[5] = {4, 0, 0x40, 1, 0};
    struct cc_bench *b = *state;
    assert_true(cc_bench_power_on(b));
    cc_bench_cs(b, false);
    rk_testbench_pass_ns(b->t, 50000);
    cc_bench_clock(b, start, NULL, 4);
    rk_testbench_pass_ns(b->t, 50000);
    cc_bench_clock(b, start + 4, NULL, 6);
    cc_bench_cs(b, true);
    assert_true(cc_bench_wait_irq(b, true, 20));
    assert_true(cc_bench_read(b, 200000));
    assert_memory_equal(b->rx_head, head, 5);
    assert_memory_equal(b->rx, reply, 5);
    assert_int_equal(errors(b), 0);
}

/* 1.11: read buffer size. */
static void test_link__read_buffer_size_is_the_captured_bytes(void **state) {
    static const uint8_t head[5] = {2, 0, 0, 0, 9};
    static const uint8_t reply[8] = {4, 0x0B, 0x40, 4, 0, 6, 0xDC, 5};
    struct cc_bench *b = *state;
    assert_true(cc_bench_start(b, 0));
    assert_true(cc_bench_call(b, 0x400B, NULL, 0));
    assert_memory_equal(b->rx_head, head, 5);
    assert_memory_equal(b->rx, reply, 8);
    assert_int_equal(b->rx[8], 0); /* pad */
}

/* 1.10: never earlier than 100 us after CS high. */
static void test_link__reply_waits_until_the_host_can_see_it(void **state) {
    static const uint8_t packet[4] = {1, 0x0B, 0x40, 0};
    struct cc_bench *b = *state;
    assert_true(cc_bench_start(b, 0));
    assert_true(cc_bench_write(b, packet, sizeof packet));
    rk_testbench_pass_ns(b->t, 100000);
    assert_true(cc_bench_irq(b));
    assert_true(cc_bench_wait_irq(b, false, 2000));
}

/* 1.8: the write wins, then IRQ rises and falls again for the event. */
static void test_link__write_wins_over_a_waiting_event(void **state) {
    static const uint8_t buffer_size[4] = {1, 0x0B, 0x40, 0};
    static const uint8_t patch[4] = {1, 7, 2, 0};
    struct cc_bench *b = *state;
    assert_true(cc_bench_start(b, 0));
    assert_true(cc_bench_write(b, buffer_size, sizeof buffer_size));
    assert_true(cc_bench_wait_irq(b, false, 5000)); /* the event waits */
    assert_true(cc_bench_write(b, patch, sizeof patch));
    assert_true(cc_bench_read(b, 1000));
    assert_int_equal(rk_get_u16le(b->rx + 1), 0x400B);
    assert_true(cc_bench_read(b, 5000));
    assert_int_equal(rk_get_u16le(b->rx + 1), 0x0207);
    assert_int_equal(errors(b), 0);
}

/* 1.8: flash traffic, and a CS pulse without clocks. */
static void test_link__foreign_clocks_and_empty_selects_are_nothing(void **state) {
    static const uint8_t bytes[4] = {1, 0, 5, 0};
    uint8_t miso[4];
    struct cc_bench *b = *state;
    assert_true(cc_bench_start(b, 0));
    cc_bench_clock(b, bytes, miso, sizeof bytes);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(miso[i], 0xFF);
    }
    cc_bench_cs(b, false);
    assert_true(cc_bench_wait_irq(b, false, 100));
    cc_bench_cs(b, true);
    assert_true(cc_bench_wait_irq(b, true, 20));
    assert_true(cc_bench_call(b, 0x400B, NULL, 0));
    assert_int_equal(errors(b), 0);
}

/* 1.8: a read that is cut keeps the packet; a write that is cut is dropped and reported. */
static void test_link__cut_transfers(void **state) {
    static const uint8_t read[5] = {3, 0, 0, 0, 0};
    static const uint8_t cut[7] = {1, 0, 5, 0, 0, 1, 0x0B};
    static const uint8_t buffer_size[4] = {1, 0x0B, 0x40, 0};
    struct cc_bench *b = *state;
    assert_true(cc_bench_start(b, 0));
    assert_true(cc_bench_write(b, buffer_size, sizeof buffer_size));
    assert_true(cc_bench_wait_irq(b, false, 5000));
    cc_bench_cs(b, false);
    cc_bench_clock(b, read, NULL, sizeof read);
    cc_bench_cs(b, true);
    assert_true(cc_bench_wait_irq(b, true, 20));
    assert_true(cc_bench_read(b, 100));
    assert_int_equal(rk_get_u16le(b->rx + 1), 0x400B);
    assert_int_equal(errors(b), 0);
    cc_bench_cs(b, false);
    assert_true(cc_bench_wait_irq(b, false, 100));
    cc_bench_clock(b, cut, NULL, sizeof cut);
    cc_bench_cs(b, true);
    assert_int_equal(errors(b), 1);
    assert_true(cc_bench_wait_irq(b, true, 20));
    assert_false(cc_bench_read(b, 100000));
    assert_true(cc_bench_call(b, 0x400B, NULL, 0));
}

/* Issue 4, must show 5: reported, not obeyed. */
static void test_link__malformed_frames_are_reported(void **state) {
    static const struct {
        uint8_t bytes[12];
        size_t len;
    } bad[] = {
        {{1, 0, 0, 0, 0}, 5},                           /* no payload */
        {{1, 0, 4, 0, 0, 1, 0x0B, 0x40, 0}, 9},         /* even length */
        {{1, 0xFF, 0xFF, 0, 0, 1, 0x0B, 0x40, 0}, 9},   /* longer than any frame */
        {{1, 0, 5, 0, 0, 1, 0x0B, 0x40, 9, 0}, 10},     /* argument length beyond the end */
        {{1, 0, 5, 0, 0, 9, 0x0B, 0x40, 0, 0}, 10},     /* unknown packet type */
        {{1, 0, 5, 0, 0, 1, 0x34, 0x12, 0, 0}, 10},     /* unknown command */
        {{1, 0, 7, 0, 0, 2, 0x81, 16, 0, 0, 0, 0}, 12}, /* arguments longer than the total */
        {{1, 0, 5, 0, 0, 1, 0x04, 0x00, 0, 0}, 10},     /* policy without arguments */
        {{7, 0, 5, 0, 0, 1, 0x0B, 0x40, 0, 0}, 10},     /* neither read nor write */
        {{3, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 10},           /* read with nothing to read */
    };
    struct cc_bench *b = *state;
    assert_true(cc_bench_start(b, 0));
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cc_bench_cs(b, false);
        assert_true(cc_bench_wait_irq(b, false, 100));
        cc_bench_clock(b, bad[i].bytes, NULL, bad[i].len);
        cc_bench_cs(b, true);
        assert_true(cc_bench_wait_irq(b, true, 100));
        if (errors(b) != i + 1) {
            print_error("case %u was not reported\n", i);
        }
        assert_int_equal(errors(b), i + 1);
        assert_false(cc_bench_read(b, 10000));
    }
    assert_true(cc_bench_call(b, 0x400B, NULL, 0));
}

/* 9.12: sockets, mask and timers go with EN, files and policy stay. */
static void test_link__power_cycle_keeps_the_eeprom_only(void **state) {
    static const uint8_t create[8] = {14, 0, 0, 0, 16, 0, 0, 0};
    static const uint8_t read[12] = {14, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t tcp[12] = {2, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0};
    struct cc_bench *b = *state;
    struct rk_cc3000_info info;
    assert_true(cc_bench_start(b, 0));
    assert_true(cc_bench_call(b, 0x0201, read, sizeof read));
    assert_int_equal(b->rx[4], 1); /* no such file yet */
    assert_true(cc_bench_read(b, 10000));
    assert_true(cc_bench_call(b, 0x0203, create, sizeof create));
    assert_int_equal(b->rx[4], 0);
    assert_true(cc_bench_call(b, 0x1001, tcp, sizeof tcp));
    rk_cc3000_info_get(b->t->dev, &info);
    assert_int_equal(info.open_sockets, 1);
    assert_true(cc_bench_start(b, 0));
    rk_cc3000_info_get(b->t->dev, &info);
    assert_int_equal(info.open_sockets, 0);
    assert_true(cc_bench_call(b, 0x0201, read, sizeof read));
    assert_int_equal(b->rx[4], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_link__irq_is_high_until_powered_then_falls_once),
        T(test_link__first_write_is_split),
        T(test_link__read_buffer_size_is_the_captured_bytes),
        T(test_link__reply_waits_until_the_host_can_see_it),
        T(test_link__write_wins_over_a_waiting_event),
        T(test_link__foreign_clocks_and_empty_selects_are_nothing),
        T(test_link__cut_transfers),
        T(test_link__malformed_frames_are_reported),
        T(test_link__power_cycle_keeps_the_eeprom_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
