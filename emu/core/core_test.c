/* The machine core without a CPU: timers and their order, clocks, gates, bus widths, bit-band,
 * lines, snapshots, power cuts. The block under test is a scratch register that records what it is
 * told.
 */
#include "common/base/error.h"
#include "emu/core/internal.h"
#include "emu/core/testbench.h"
#include "tests/unit.h"

#define HZ 8000000u

struct scratch {
    uint64_t fired_at[4];
    uint32_t order[8];
    uint32_t count;
    uint32_t reg[4];
    uint32_t last_size;
    uint32_t clocks;
    uint32_t resets;
};

static struct scratch *scratch_of(const struct rk_dev *dev) {
    return dev->state;
}

static void scratch_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)kind;
    scratch_of(dev)->resets++;
}

static uint32_t scratch_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    scratch_of(dev)->last_size = size;
    return scratch_of(dev)->reg[off / 4 % 4];
}

static void scratch_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    scratch_of(dev)->last_size = size;
    scratch_of(dev)->reg[off / 4 % 4] = value;
}

static void scratch_timer(struct rk_dev *dev, unsigned timer) {
    struct scratch *s = scratch_of(dev);
    s->fired_at[timer] = rk_now(dev);
    if (s->count < 8) {
        s->order[s->count++] = timer;
    }
}

static void scratch_clock(struct rk_dev *dev) {
    scratch_of(dev)->clocks++;
}

static const struct rk_dev_ops scratch_ops = {
    .type = "scratch",
    .state_size = sizeof(struct scratch),
    .timer_count = 4,
    .out_count = 2,
    .width = RK_BUS_APB,
    .reset = scratch_reset,
    .read = scratch_read,
    .write = scratch_write,
    .timer = scratch_timer,
    .clock = scratch_clock,
};

static int setup(void **state) {
    *state = rk_testbench_new(&scratch_ops, NULL, HZ, 0);
    return 0;
}

static int teardown(void **state) {
    rk_testbench_free(*state);
    return 0;
}

static void test_timers__fire_in_time_order_and_ties_in_table_order(void **state) {
    struct rk_testbench *t = *state;
    uint64_t now = rk_machine_now(t->m);
    rk_timer_set(t->dev, 3, now + 50);
    rk_timer_set(t->dev, 2, now + 100);
    rk_timer_set(t->dev, 0, now + 100);
    rk_timer_set(t->dev, 1, now + 10);
    rk_timer_stop(t->dev, 3);
    rk_testbench_pass_cycles(t, 1000);
    const struct scratch *s = scratch_of(t->dev);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->order[0], 1);
    assert_int_equal(s->order[1], 0);
    assert_int_equal(s->order[2], 2);
    assert_int_equal(s->fired_at[1], now + 10);
    assert_int_equal(s->fired_at[2], now + 100);
    assert_false(rk_timer_running(t->dev, 3));
}

static void test_timers__in_ns_keep_their_instant_over_a_clock_change(void **state) {
    struct rk_testbench *t = *state;
    uint64_t ns = rk_machine_now_ns(t->m);
    uint64_t now = rk_machine_now(t->m);
    rk_timer_set_ns(t->dev, 0, ns + 1000000);
    rk_testbench_pass_ns(t, 500000);
    rk_testbench_clock(t, RK_CLOCK_HCLK, 9 * HZ);
    rk_testbench_pass_ns(t, 600000);
    /* half a millisecond at 8 MHz, half at 72 MHz; rounding to whole cycles costs one each */
    assert_in_range(scratch_of(t->dev)->fired_at[0] - now, 4000 + 36000 - 2, 4000 + 36000 + 12);
    assert_in_range(rk_machine_now_ns(t->m) - ns, 1100000, 1100300);
}

static void test_clock__ratio_and_gate_reach_the_block(void **state) {
    struct rk_testbench *t = *state;
    rk_testbench_clock(t, RK_CLOCK_HCLK, 72000000);
    assert_int_equal(rk_dev_cycles_per_tick(t->dev), 1);
    uint32_t before = scratch_of(t->dev)->clocks;
    rk_machine_input(t->m, 1, RK_LINE_GATE, 0);
    assert_int_equal(scratch_of(t->dev)->clocks, before + 1);
    assert_int_equal(rk_dev_clock_hz(t->dev), 0);
    rk_testbench_write(t, 0, 0x1234);
    assert_int_equal(scratch_of(t->dev)->reg[0], 0);
    assert_int_equal(rk_testbench_read(t, 0), 0);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 2);
    rk_machine_input(t->m, 1, RK_LINE_GATE, 1);
    assert_int_equal(rk_dev_clock_hz(t->dev), 72000000);
}

/* RM0008 2.1: the APB bridge duplicates a byte or half-word over the word it writes. */
static void test_bus__apb_bridge_widens_and_picks_lanes(void **state) {
    struct rk_testbench *t = *state;
    uint32_t value;
    assert_true(rk_testbench_try_write(t, RK_TESTBENCH_BASE + 5, 1, 0xAB));
    assert_int_equal(scratch_of(t->dev)->reg[1], 0xABABABAB);
    assert_int_equal(scratch_of(t->dev)->last_size, 4);
    assert_true(rk_testbench_try_write(t, RK_TESTBENCH_BASE + 6, 2, 0x1234));
    assert_int_equal(scratch_of(t->dev)->reg[1], 0x12341234);
    rk_testbench_write(t, 4, 0x44332211);
    assert_true(rk_testbench_try_read(t, RK_TESTBENCH_BASE + 6, 1, &value));
    assert_int_equal(value, 0x33);
    assert_true(rk_testbench_try_read(t, RK_TESTBENCH_BASE + 6, 2, &value));
    assert_int_equal(value, 0x4433);
}

/* DDI0337 4.2: alias = 0x42000000 + byte offset * 32 + bit * 4. */
static void test_bus__bit_band_reads_and_writes_single_bits(void **state) {
    struct rk_testbench *t = *state;
    uint32_t value;
    rk_testbench_write(t, 8, 0x00000100);
    uint32_t alias = 0x42000000u + 0x10008u * 32;
    assert_true(rk_testbench_try_read(t, alias + 8 * 4, 4, &value));
    assert_int_equal(value, 1);
    assert_true(rk_testbench_try_write(t, alias + 31 * 4, 4, 0xFFFFFFFF));
    assert_true(rk_testbench_try_write(t, alias + 8 * 4, 4, 0xFFFFFFFE));
    assert_int_equal(rk_testbench_read(t, 8), 0x80000000);
    assert_true(rk_testbench_try_write(t, 0x22000000u + 0x100 * 32 + 3 * 4, 4, 1));
    assert_true(rk_testbench_try_read(t, 0x20000100, 1, &value));
    assert_int_equal(value, 0x08);
}

static void test_bus__nothing_there_is_an_error(void **state) {
    struct rk_testbench *t = *state;
    uint32_t value;
    assert_false(rk_testbench_try_read(t, 0x60000000, 4, &value));
    assert_false(rk_testbench_try_write(t, 0x20005000, 4, 0));
    assert_false(rk_testbench_try_read(t, 0x40020000, 4, &value));
    assert_false(
        rk_testbench_try_write(t, 0x08000000, 2, 0)); /* this block takes no array writes */
    assert_true(rk_testbench_try_read(t, 0x00000000, 4, &value));
    assert_int_equal(value, 0xFFFFFFFF);
}

static void test_lines__reach_the_probe_and_bring_its_answer(void **state) {
    struct rk_testbench *t = *state;
    t->answer[1] = 77;
    assert_int_equal(rk_line_out(t->dev, 1, 5), 77);
    assert_int_equal(rk_line_out(t->dev, 0, 6), 0);
    assert_int_equal(t->level[1], 5);
    assert_int_equal(t->level[0], 6);
    assert_int_equal(t->pulses[1], 1);
}

static void test_snapshot__brings_back_every_byte_and_refuses_foreign_ones(void **state) {
    struct rk_testbench *t = *state;
    rk_testbench_write(t, 0, 0xCAFE);
    rk_timer_set(t->dev, 0, rk_machine_now(t->m) + 500);
    size_t size = rk_machine_snapshot_size(t->m);
    uint8_t *snap = malloc(size);
    rk_machine_snapshot_save(t->m, snap);
    uint64_t hash = rk_machine_hash(t->m);
    rk_testbench_pass_cycles(t, 1000);
    rk_testbench_write(t, 0, 0);
    uint64_t after = rk_machine_hash(t->m);
    assert_true(after != hash);
    assert_int_equal(rk_machine_snapshot_load(t->m, snap, size), RK_OK);
    assert_true(rk_machine_hash(t->m) == hash);
    rk_testbench_pass_cycles(t, 1000);
    rk_testbench_write(t, 0, 0);
    assert_true(rk_machine_hash(t->m) == after);
    assert_int_equal(rk_machine_snapshot_load(t->m, snap, size - 1), RK_E_SNAPSHOT);
    snap[0] ^= 1;
    assert_int_equal(rk_machine_snapshot_load(t->m, snap, size), RK_E_SNAPSHOT);
    free(snap);
}

static void test_cut__stops_the_machine_at_the_nth_flash_operation(void **state) {
    struct rk_testbench *t = *state;
    rk_machine_cut_at(t->m, 2, RK_CUT_TORN);
    assert_int_equal(rk_flash_op(t->dev, RK_FLASH_ERASE, 0, 1024), RK_CUT_NONE);
    assert_int_equal(rk_flash_op(t->dev, RK_FLASH_PROGRAM, 0, 2), RK_CUT_TORN);
    assert_int_equal(rk_flash_op(t->dev, RK_FLASH_PROGRAM, 2, 2), RK_CUT_BEFORE);
    assert_int_equal(rk_machine_run(t->m, UINT64_MAX, UINT64_MAX), RK_STOP_POWER_CUT);
    assert_false(rk_machine_powered(t->m));
    rk_machine_power_on(t->m);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(scratch_of(t->dev)->resets, 2);
    assert_int_equal(rk_flash_op(t->dev, RK_FLASH_PROGRAM, 2, 2), RK_CUT_NONE);
}

static void test_stall__lets_time_and_timers_pass(void **state) {
    struct rk_testbench *t = *state;
    uint64_t now = rk_machine_now(t->m);
    rk_timer_set(t->dev, 0, now + 100);
    rk_cpu_stall_ns(t->dev, 1000000);
    rk_testbench_pass_cycles(t, 7999);
    assert_int_equal(scratch_of(t->dev)->fired_at[0], now + 100);
    assert_int_equal(rk_machine_now(t->m), now + 7999);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_timers__fire_in_time_order_and_ties_in_table_order),
        CASE(test_timers__in_ns_keep_their_instant_over_a_clock_change),
        CASE(test_clock__ratio_and_gate_reach_the_block),
        CASE(test_bus__apb_bridge_widens_and_picks_lanes),
        CASE(test_bus__bit_band_reads_and_writes_single_bits),
        CASE(test_bus__nothing_there_is_an_error),
        CASE(test_lines__reach_the_probe_and_bring_its_answer),
        CASE(test_snapshot__brings_back_every_byte_and_refuses_foreign_ones),
        CASE(test_cut__stops_the_machine_at_the_nth_flash_operation),
        CASE(test_stall__lets_time_and_timers_pass),
    };
    return cmocka_run_group_tests_name("emu_core", tests, NULL, NULL);
}
