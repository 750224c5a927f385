/* The SPI flash against its data sheet (S71271): ids, protection at power-up, byte and AAI
 * programming, erase, busy times, cuts. Driven as the SPI block would. */
#include "common/base/error.h"
#include "emu/core/testbench.h"
#include "emu/part/sst25.h"
#include "tests/unit.h"

#define FLASH_SIZE (2u * 1024 * 1024)

static int setup(void **state) {
    *state = rk_testbench_new(&rk_sst25_ops, NULL, 72000000, FLASH_SIZE);
    rk_testbench_input(*state, RK_SST25_IN_CS, 1);
    return 0;
}

static int teardown(void **state) {
    rk_testbench_free(*state);
    return 0;
}

static uint8_t xfer(struct rk_testbench *t, uint8_t byte) {
    return (uint8_t)rk_machine_input(t->m, 1, RK_SST25_IN_XFER, byte);
}

/* One command window; out gets what came back for each byte. */
static void command(struct rk_testbench *t, const uint8_t *in, size_t len, uint8_t *out) {
    rk_testbench_input(t, RK_SST25_IN_CS, 0);
    for (size_t i = 0; i < len; i++) {
        uint8_t got = xfer(t, in[i]);
        if (out) {
            out[i] = got;
        }
    }
    rk_testbench_input(t, RK_SST25_IN_CS, 1);
}

#define CMD(t, ...)                                                                                \
    command((t), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), NULL)

static uint8_t status(struct rk_testbench *t) {
    uint8_t out[2];
    command(t, (const uint8_t[]){0x05, 0xFF}, 2, out);
    return out[1];
}

static void unprotect(struct rk_testbench *t) {
    CMD(t, 0x50);
    CMD(t, 0x01, 0x00);
}

static void test_sst25__gives_its_jedec_id(void **state) {
    uint8_t out[4];
    command(*state, (const uint8_t[]){0x9F, 0xFF, 0xFF, 0xFF}, 4, out);
    assert_memory_equal(out + 1, ((uint8_t[]){0xBF, 0x25, 0x41}), 3);
}

static void test_sst25__wakes_protected_and_refuses_to_program(void **state) {
    struct rk_testbench *t = *state;
    assert_int_equal(status(t), 0x3C);
    CMD(t, 0x06);
    CMD(t, 0x02, 0x00, 0x10, 0x00, 0x55);
    assert_int_equal(t->dev->nv[0x1000], 0xFF);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 1);
}

static void test_sst25__programs_a_byte_and_is_busy_7_us(void **state) {
    struct rk_testbench *t = *state;
    unprotect(t);
    CMD(t, 0x06);
    assert_int_equal(status(t), 0x02);
    CMD(t, 0x02, 0x00, 0x10, 0x01, 0x55);
    assert_int_equal(status(t), 0x01);
    rk_testbench_pass_ns(t, 6900);
    assert_int_equal(status(t), 0x01);
    rk_testbench_pass_ns(t, 200);
    assert_int_equal(status(t), 0x00);
    uint8_t out[5];
    command(t, (const uint8_t[]){0x03, 0x00, 0x10, 0x01, 0xFF}, 5, out);
    assert_int_equal(out[4], 0x55);
}

static void test_sst25__aai_writes_words_until_wrdi(void **state) {
    struct rk_testbench *t = *state;
    unprotect(t);
    CMD(t, 0x06);
    CMD(t, 0xAD, 0x02, 0x00, 0x00, 0x11, 0x22);
    assert_int_equal(status(t), 0x43);
    rk_testbench_pass_ns(t, 8000);
    CMD(t, 0xAD, 0x33, 0x44);
    rk_testbench_pass_ns(t, 8000);
    CMD(t, 0x04);
    assert_int_equal(status(t), 0x00);
    assert_memory_equal(t->dev->nv + 0x20000, ((uint8_t[]){0x11, 0x22, 0x33, 0x44, 0xFF}), 5);
    assert_int_equal(rk_machine_counts(t->m)->flash_ops, 2);
}

static void test_sst25__erases_one_sector_in_18_ms_and_counts_wear(void **state) {
    struct rk_testbench *t = *state;
    memset(t->dev->nv, 0, FLASH_SIZE);
    unprotect(t);
    CMD(t, 0x06);
    CMD(t, 0x20, 0x04, 0x12, 0x34);
    rk_testbench_pass_ns(t, 17900000);
    assert_int_equal(status(t) & 1, 1);
    rk_testbench_pass_ns(t, 200000);
    assert_int_equal(status(t) & 1, 0);
    assert_int_equal(t->dev->nv[0x40FFF], 0x00);
    assert_int_equal(t->dev->nv[0x41000], 0xFF);
    assert_int_equal(t->dev->nv[0x41FFF], 0xFF);
    assert_int_equal(t->dev->nv[0x42000], 0x00);
    assert_int_equal(rk_sst25_wear(t->dev, 0x41), 1);
    assert_int_equal(rk_sst25_wear(t->dev, 0x42), 0);
}

static void test_sst25__ignores_commands_while_busy(void **state) {
    struct rk_testbench *t = *state;
    unprotect(t);
    CMD(t, 0x06);
    CMD(t, 0x20, 0x00, 0x00, 0x00);
    CMD(t, 0x06);
    rk_testbench_pass_ns(t, 19000000);
    assert_int_equal(status(t), 0x00);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 1);
}

static void test_sst25__a_torn_erase_leaves_half_a_sector(void **state) {
    struct rk_testbench *t = *state;
    memset(t->dev->nv, 0, FLASH_SIZE);
    unprotect(t);
    CMD(t, 0x06);
    rk_machine_cut_at(t->m, 1, RK_CUT_TORN);
    CMD(t, 0x20, 0x00, 0x00, 0x00);
    assert_int_equal(t->dev->nv[2047], 0xFF);
    assert_int_equal(t->dev->nv[2048], 0x00);
    assert_int_equal(rk_machine_run(t->m, UINT64_MAX, UINT64_MAX), RK_STOP_POWER_CUT);
}

static void test_sst25__answers_all_ones_when_not_selected(void **state) {
    struct rk_testbench *t = *state;
    assert_int_equal(rk_machine_input(t->m, 1, RK_SST25_IN_XFER, 0x9F), 0xFFFF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sst25__gives_its_jedec_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sst25__wakes_protected_and_refuses_to_program, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_sst25__programs_a_byte_and_is_busy_7_us, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_sst25__aai_writes_words_until_wrdi, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sst25__erases_one_sector_in_18_ms_and_counts_wear,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_sst25__ignores_commands_while_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sst25__a_torn_erase_leaves_half_a_sector, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_sst25__answers_all_ones_when_not_selected, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("sst25", tests, NULL, NULL);
}
