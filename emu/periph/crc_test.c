/* CRC unit against RM0008 4 and the zlib checksum, which the firmware makes with it from
 * bit-reversed words (core-hardware.md 9.1). */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/crc.h"

static uint32_t reversed(uint32_t v) {
    uint32_t r = 0;
    for (int i = 0; i < 32; i++) {
        r = r << 1 | (v >> i & 1u);
    }
    return r;
}

static void test_crc__reset_value_and_known_word(void **state) {
    struct rk_testbench *t = rk_testbench_new(&rk_crc_ops, NULL, 8000000, 0);
    assert_int_equal(rk_testbench_read(t, 0), 0xFFFFFFFF);
    rk_testbench_write(t, 0, 0); /* CRC-32/MPEG-2 of four zero bytes */
    assert_int_equal(rk_testbench_read(t, 0), 0xC704DD7B);
    rk_testbench_write(t, 8, 1);
    assert_int_equal(rk_testbench_read(t, 0), 0xFFFFFFFF);
    rk_testbench_free(t);
}

static void test_crc__zlib_checksum_through_reversed_words(void **state) {
    struct rk_testbench *t = rk_testbench_new(&rk_crc_ops, NULL, 8000000, 0);
    rk_testbench_write(t, 0, reversed(0x34333231)); /* "1234" */
    rk_testbench_write(t, 0, reversed(0x38373635)); /* "5678" */
    /* zlib.crc32(b"12345678") */
    assert_int_equal(~reversed(rk_testbench_read(t, 0)), 0x9AE0DAAF);
    rk_testbench_free(t);
}

static void test_crc__free_byte_is_kept_by_crc_reset(void **state) {
    struct rk_testbench *t = rk_testbench_new(&rk_crc_ops, NULL, 8000000, 0);
    rk_testbench_write(t, 4, 0x1A5);
    rk_testbench_write(t, 8, 1);
    assert_int_equal(rk_testbench_read(t, 4), 0xA5);
    assert_true(rk_testbench_try_write(t, RK_TESTBENCH_BASE, 1, 0));
    assert_int_equal(rk_testbench_read(t, 0), 0xFFFFFFFF);
    assert_int_equal(rk_machine_counts(t->m)->guest_errors, 1);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc__reset_value_and_known_word),
        cmocka_unit_test(test_crc__zlib_checksum_through_reversed_words),
        cmocka_unit_test(test_crc__free_byte_is_kept_by_crc_reset),
    };
    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
