/* Device ids: see device_id.h. */
#include "common/proto/device_id.h"

void rk_device_id_format(const struct rk_device_id *id, char text[RK_DEVICE_ID_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < RK_DEVICE_ID_BYTES; i++) {
        text[2 * i] = digits[id->bytes[i] >> 4];
        text[2 * i + 1] = digits[id->bytes[i] & 15];
    }
    text[2 * RK_DEVICE_ID_BYTES] = '\0';
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool rk_device_id_parse(const char *text, size_t len, struct rk_device_id *id) {
    struct rk_device_id parsed;
    if (len != 2 * RK_DEVICE_ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < RK_DEVICE_ID_BYTES; i++) {
        int hi = hex_value(text[2 * i]), lo = hex_value(text[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        parsed.bytes[i] = (uint8_t)(hi << 4 | lo);
    }
    *id = parsed;
    return true;
}

bool rk_device_id_equal(const struct rk_device_id *a, const struct rk_device_id *b) {
    uint8_t diff = 0;
    for (size_t i = 0; i < RK_DEVICE_ID_BYTES; i++) {
        diff |= (uint8_t)(a->bytes[i] ^ b->bytes[i]);
    }
    return diff == 0;
}
