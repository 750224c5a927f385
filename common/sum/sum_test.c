/* Known answers: the "123456789" check values of the CRC catalogues (CRC-32/ISO-HDLC,
 * CRC-16/XMODEM) and the examples of FIPS 180-4 / NIST CAVS.
 */
#include "tests/unit.h"

#include "common/sum/crc.h"
#include "common/sum/sha256.h"

static const char check[] = "123456789";

static void test_crc32__check_value(void **state) {
    assert_int_equal(rk_crc32(check, 9), 0xCBF43926);
    assert_int_equal(rk_crc32("", 0), 0);
}

static void test_crc32__in_pieces(void **state) {
    uint32_t s = rk_crc32_update(RK_CRC32_START, check, 4);
    s = rk_crc32_update(s, check + 4, 5);
    assert_int_equal(~s, 0xCBF43926);
}

static void test_crc16__check_value(void **state) {
    assert_int_equal(rk_crc16(0, check, 9), 0x31C3);
    assert_int_equal(rk_crc16(rk_crc16(0, check, 3), check + 3, 6), 0x31C3);
}

static void assert_hex(const uint8_t digest[32], const char *hex) {
    char text[65];
    for (int i = 0; i < 32; i++) {
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    assert_string_equal(text, hex);
}

static void test_sha256__published_examples(void **state) {
    uint8_t d[32];
    rk_sha256("abc", 3, d);
    assert_hex(d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    rk_sha256("", 0, d);
    assert_hex(d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    rk_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, d);
    assert_hex(d, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_sha256__a_million_letters_in_pieces(void **state) {
    char block[997];
    memset(block, 'a', sizeof(block));
    struct rk_sha256 s;
    rk_sha256_init(&s);
    for (size_t left = 1000000; left > 0;) {
        size_t n = left < sizeof(block) ? left : sizeof(block);
        rk_sha256_update(&s, block, n);
        left -= n;
    }
    uint8_t d[32];
    rk_sha256_final(&s, d);
    assert_hex(d, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32__check_value),
        cmocka_unit_test(test_crc32__in_pieces),
        cmocka_unit_test(test_crc16__check_value),
        cmocka_unit_test(test_sha256__published_examples),
        cmocka_unit_test(test_sha256__a_million_letters_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
