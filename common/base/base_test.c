/* Reader, writer and the error list. */
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "tests/unit.h"

static void test_reader__stops_at_the_end_and_stays_stopped(void **state) {
    static const uint8_t bytes[] = {0x01, 0x34, 0x12, 0x56, 0x78};
    struct rk_reader r = rk_reader_init(bytes, sizeof bytes);
    assert_int_equal(rk_read_u8(&r), 0x01);
    assert_int_equal(rk_read_u16le(&r), 0x1234);
    assert_int_equal(rk_read_u32le(&r), 0); /* two left, four wanted */
    assert_true(r.overrun);
    assert_int_equal(rk_read_u8(&r), 0);
    assert_int_equal(rk_reader_left(&r), 2);
}

static void test_writer__never_writes_past_its_room(void **state) {
    uint8_t out[6] = {0, 0, 0, 0, 0, 0xAA};
    struct rk_writer w = rk_writer_init(out, 5);
    rk_write_u16be(&w, 0x0102);
    rk_write_u8(&w, 3);
    assert_false(w.overrun);
    rk_write_u32be(&w, 0xFFFFFFFF);
    assert_true(w.overrun);
    assert_int_equal(w.len, 3);
    assert_memory_equal(out, ((uint8_t[]){1, 2, 3, 0, 0, 0xAA}), 6);
}

static void test_errors__numbers_are_unique_and_texts_complete(void **state) {
    for (size_t i = 0; rk_error_at(i); i++) {
        const struct rk_error_info *e = rk_error_at(i);
        assert_true(e->error < 0);
        assert_true(e->exit_code > 0 && e->exit_code < 126);
        assert_true(strlen(e->text) > 3 && strlen(e->remedy) > 10);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(rk_error_at(k)->error, e->error);
        }
    }
    assert_int_equal(rk_error_info(-9999)->error, RK_E_INTERNAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader__stops_at_the_end_and_stays_stopped),
        cmocka_unit_test(test_writer__never_writes_past_its_room),
        cmocka_unit_test(test_errors__numbers_are_unique_and_texts_complete),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
