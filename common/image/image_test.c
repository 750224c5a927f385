/* Images built by hand (CRC computed with zlib's crc32, the DFU suffix by dfu-suffix 0.11), and the
 * published ones where the image store has them (core-hardware.md 0 says what must be found).
 */
#include "tests/published.h"
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/image/image.h"

static const struct rk_board *core(void) {
    return rk_board_get(RK_BOARD_CORE);
}

/* A vector table as the smallest 2014 image could have it: stack, reset, two instructions. */
static const uint8_t tiny[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x50,
                               0x00, 0x08, 0x70, 0x47, 0x70, 0x47};

/* tiny, then what `dfu-suffix -v 1d50 -p 607f -d 0200 -a` appended. */
static const uint8_t tiny_dfu[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x50, 0x00, 0x08, 0x70, 0x47,
                                   0x70, 0x47, 0x00, 0x02, 0x7F, 0x60, 0x50, 0x1D, 0x00, 0x01,
                                   0x55, 0x46, 0x44, 0x10, 0x74, 0x4C, 0xC1, 0x47};

static void test_image__old_image_is_taken_by_its_vectors(void **state) {
    struct rk_image img;
    assert_int_equal(rk_image_parse(&img, tiny, sizeof(tiny)), 0);
    assert_false(img.has_module);
    assert_null(rk_image_board(&img));
    assert_int_equal(img.reset_addr, 0x08005009);
    assert_int_equal(rk_image_check_app(&img, core()), 0);
    assert_int_equal(rk_image_check_bootloader(&img, core()), RK_E_IMAGE_PLATFORM);
}

static void test_image__dfu_suffix_is_checked_and_stripped(void **state) {
    struct rk_image img;
    assert_int_equal(rk_image_parse(&img, tiny_dfu, sizeof(tiny_dfu)), 0);
    assert_true(img.has_dfu_suffix);
    assert_int_equal(img.dfu.vendor, 0x1D50);
    assert_int_equal(img.dfu.product, 0x607F);
    assert_int_equal(img.dfu.device, 0x0200);
    assert_int_equal(img.size_bytes, sizeof(tiny));
    uint8_t bad[sizeof(tiny_dfu)];
    memcpy(bad, tiny_dfu, sizeof(bad));
    bad[5] ^= 1;
    assert_int_equal(rk_image_parse(&img, bad, sizeof(bad)), RK_E_BAD_FORMAT);
}

static void test_image__blank_and_short_are_told_apart(void **state) {
    static uint8_t blank[4096];
    struct rk_image img;
    assert_int_equal(rk_image_parse(&img, blank, sizeof(blank)), RK_E_IMAGE_EMPTY);
    memset(blank, 0xFF, sizeof(blank));
    assert_int_equal(rk_image_parse(&img, blank, sizeof(blank)), RK_E_IMAGE_EMPTY);
    assert_int_equal(rk_image_parse(&img, blank, 0), RK_E_IMAGE_EMPTY);
    assert_int_equal(rk_image_parse(&img, tiny, 7), RK_E_TRUNCATED);
}

static int check_words(uint32_t stack, uint32_t reset, size_t size) {
    static uint8_t file[0x20000];
    memset(file, 0x5A, sizeof(file));
    rk_put_u32le(file, stack);
    rk_put_u32le(file + 4, reset);
    struct rk_image img;
    int rc = rk_image_parse(&img, file, size);
    return rc ? rc : rk_image_check_app(&img, core());
}

static void test_image__each_way_to_be_wrong_has_its_error(void **state) {
    assert_int_equal(check_words(0x20005000, 0x08006001, 0x2000), 0);
    assert_int_equal(check_words(0x20005000, 0x08006001, 0x1000), RK_E_TRUNCATED);
    assert_int_equal(check_words(0x20005000, 0x08006001, 110592), 0);
    assert_int_equal(check_words(0x20005000, 0x08006001, 110593), RK_E_TOO_BIG);
    assert_int_equal(check_words(0x20005000, 0x08006000, 0x2000), RK_E_BAD_FORMAT); /* not Thumb */
    assert_int_equal(check_words(0x464C457F, 0x00010101, 0x2000), RK_E_BAD_FORMAT); /* an ELF */
    assert_int_equal(check_words(0x2001FFF0, 0x08006001, 0x2000), RK_E_IMAGE_PLATFORM);
    assert_int_equal(check_words(0x20005000, 0x08000101, 0x2000), RK_E_IMAGE_PLATFORM);
    assert_int_equal(check_words(0x20005000, 0x08060001, 0x2000), RK_E_IMAGE_PLATFORM);
}

/* A module of 512 bytes for any platform; fields per core-hardware.md 1.4. */
static void build_module(uint8_t file[512], uint16_t platform, uint32_t start, uint8_t function) {
    memset(file, 0x11, 512);
    rk_put_u32le(file, 0x20005000);
    rk_put_u32le(file + 4, start + 0x151);
    uint8_t *m = file + 0x10C;
    memset(m, 0, 24);
    rk_put_u32le(m, start);
    rk_put_u32le(m + 4, start + 508);
    rk_put_u16le(m + 10, 207);
    rk_put_u16le(m + 12, platform);
    m[14] = function;
    rk_put_u16le(file + 512 - 44, 0x1234);
    rk_put_u16le(file + 512 - 42, 0x0003);
    rk_put_u16le(file + 512 - 6, 40);
}

static void test_image__module_info_and_damage(void **state) {
    uint8_t file[600];
    memset(file, 0xFF, sizeof(file));
    build_module(file, 0, 0x08005000, RK_MODULE_MONOLITHIC);
    /* zlib.crc32 of the first 508 bytes, big-endian */
    static const uint8_t crc[4] = {0x65, 0xCD, 0x91, 0xB3};
    memcpy(file + 508, crc, 4);
    struct rk_image img;
    assert_int_equal(rk_image_parse(&img, file, 512), 0);
    assert_int_equal(img.module.version, 207);
    assert_int_equal(img.suffix.product_id, 0x1234);
    assert_int_equal(img.suffix.product_version, 3);
    assert_string_equal(rk_image_board(&img)->name, "core");
    assert_int_equal(rk_image_check_app(&img, core()), 0);
    assert_false(rk_image_sha_ok(&img)); /* the hash field holds 0x11 */
    /* as read back from a larger flash slot */
    assert_int_equal(rk_image_parse(&img, file, 600), 0);
    assert_int_equal(img.size_bytes, 512);
    assert_int_equal(img.padding_bytes, 88);
    file[599] = 0;
    assert_int_equal(rk_image_parse(&img, file, 600), RK_E_BAD_FORMAT);
    assert_int_equal(rk_image_parse(&img, file, 511), RK_E_TRUNCATED);
    file[200] ^= 0x40;
    assert_int_equal(rk_image_parse(&img, file, 512), RK_E_IMAGE_CRC);
}

static void test_image__for_another_board(void **state) {
    uint8_t file[512];
    build_module(file, 6, 0x08020000, RK_MODULE_SYSTEM);
    static const uint8_t crc[4] = {0xC4, 0x1C, 0x0F, 0xB1};
    memcpy(file + 508, crc, 4);
    struct rk_image img;
    assert_int_equal(rk_image_parse(&img, file, 512), 0);
    assert_string_equal(rk_image_board(&img)->name, "photon");
    assert_int_equal(rk_image_check_app(&img, core()), RK_E_IMAGE_PLATFORM);
}

static void check_published(const struct rk_catalogue_entry *e) {
    size_t n = 0;
    uint8_t *file = rk_published_image(e->id, &n);
    struct rk_image img;
    bool is_core = e->platform == 0;
    assert_int_equal(n, e->size_bytes);
    assert_int_equal(rk_image_parse(&img, file, n), 0);
    assert_ptr_equal(rk_image_identify(&img), e);
    assert_true(rk_image_sha_ok(&img));
    assert_int_equal(rk_image_check_app(&img, core()), is_core ? 0 : RK_E_IMAGE_PLATFORM);
    if (img.has_module || !is_core) {
        assert_int_equal(img.module.platform, e->platform);
        assert_int_equal(img.module.start_addr, e->load_addr);
        assert_int_equal(rk_image_parse(&img, file, n - 1), RK_E_TRUNCATED);
        file[n / 2] ^= 1;
        assert_int_equal(rk_image_parse(&img, file, n), RK_E_IMAGE_CRC);
    }
    free(file);
}

static void check_published_of(bool of_core) {
    const struct rk_catalogue_entry *e;
    for (size_t i = 0; (e = rk_catalogue_at(i)); i++) {
        if ((e->platform == 0) == of_core) {
            check_published(e);
        }
    }
}

static void test_image__published_core_images(void **state) {
    check_published_of(true);
}

static void test_image__published_images_of_later_boards(void **state) {
    check_published_of(false);
}

static void test_catalogue__is_consistent(void **state) {
    const struct rk_catalogue_entry *e;
    size_t count = 0;
    for (; (e = rk_catalogue_at(count)); count++) {
        assert_ptr_equal(rk_catalogue_by_id(e->id), e); /* ids are unique */
        assert_int_equal(strlen(e->sha256_hex), 64);
        assert_non_null(rk_board_by_platform(e->platform));
        assert_null(strchr(e->id, '/'));
    }
    assert_true(count >= 30);
    /* core-hardware.md 0, the first digits of its column */
    assert_memory_equal(rk_catalogue_by_id("core-tinker-0.7.0")->sha256_hex, "8e55851b39bcfb6a",
                        16);
    assert_memory_equal(rk_catalogue_by_id("core-deep-update-2014-06")->sha256_hex,
                        "fd5a64395e5c454f", 16);
    assert_null(rk_catalogue_by_id("core-tinker"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image__old_image_is_taken_by_its_vectors),
        cmocka_unit_test(test_image__dfu_suffix_is_checked_and_stripped),
        cmocka_unit_test(test_image__blank_and_short_are_told_apart),
        cmocka_unit_test(test_image__each_way_to_be_wrong_has_its_error),
        cmocka_unit_test(test_image__module_info_and_damage),
        cmocka_unit_test(test_image__for_another_board),
        cmocka_unit_test(test_image__published_core_images),
        cmocka_unit_test(test_image__published_images_of_later_boards),
        cmocka_unit_test(test_catalogue__is_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
