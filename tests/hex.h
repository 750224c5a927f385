/* Expected bytes in tests are written as hex, as the references print them. */
#ifndef RK_TESTS_HEX_H
#define RK_TESTS_HEX_H

#include "common/base/attr.h"
#include "tests/unit.h"

/* Length of what the hex says; fails the test when it does not fit or is not hex. */
static inline size_t rk_unhex(const char *hex, uint8_t *out, size_t cap) {
    size_t len = 0;
    for (; *hex; hex += 2) {
        unsigned value;
        assert_int_equal(sscanf(hex, "%2x", &value), 1);
        assert_true(len < cap);
        out[len++] = (uint8_t)value;
    }
    return len;
}

static inline void rk_assert_hex(const char *hex, const uint8_t *data, size_t len, const char *file,
                                 int line) {
    char *text = calloc(1, 2 * len + 1);
    for (size_t i = 0; i < len; i++) {
        snprintf(text + 2 * i, 3, "%02x", data[i]);
    }
    _assert_string_equal(text, hex, file, line);
    free(text);
}

#define assert_hex(hex, data, len) rk_assert_hex(hex, data, len, __FILE__, __LINE__)

#endif
