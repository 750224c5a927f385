/* The board table against the facts of core-hardware.md 1.1, 1.2 and host-tool.md 2.7: written here
 * a second time, and checked for gaps and overlaps.
 */
#include "tests/unit.h"

#include "common/board/board.h"

static void test_board__found_by_platform_name_and_usb(void **state) {
    bool dfu = false;
    assert_string_equal(rk_board_by_platform(0)->title, "Spark Core");
    assert_int_equal(rk_board_by_name("electron")->platform, 10);
    assert_int_equal(rk_board_by_usb(0x1D50, 0x607F, &dfu)->id, RK_BOARD_CORE);
    assert_true(dfu);
    assert_int_equal(rk_board_by_usb(0x2B04, 0xC006, &dfu)->id, RK_BOARD_PHOTON);
    assert_false(dfu);
    assert_null(rk_board_by_usb(0x0483, 0xDF11, &dfu));
    assert_null(rk_board_by_platform(7));
    assert_null(rk_board_by_name("cor"));
}

static void test_board__core_internal_flash_has_no_gap(void **state) {
    uint32_t next = 0x08000000;
    const struct rk_region *r;
    for (size_t i = 0; (r = rk_board_region(RK_BOARD_CORE, i)); i++) {
        if (r->alt == 0) {
            assert_int_equal(r->addr, next);
            assert_int_equal(r->size_bytes % r->erase_unit_bytes, 0);
            next += r->size_bytes;
        }
    }
    assert_int_equal(next, 0x08020000);
}

static void test_board__regions_do_not_overlap(void **state) {
    for (int id = 0; id < RK_BOARD_COUNT; id++) {
        const struct rk_region *a;
        const struct rk_region *b;
        for (size_t i = 0; (a = rk_board_region((enum rk_board_id)id, i)); i++) {
            for (size_t j = 0; (b = rk_board_region((enum rk_board_id)id, j)); j++) {
                /* The update area of a Photon covers its factory slot: host-tool.md 2.7. */
                bool known = (id == RK_BOARD_PHOTON || id == RK_BOARD_P1) &&
                             a->addr >= 0x080C0000 && b->addr >= 0x080C0000;
                if (i != j && a->alt == b->alt && !known) {
                    assert_true(a->addr + a->size_bytes <= b->addr ||
                                b->addr + b->size_bytes <= a->addr);
                }
            }
        }
    }
}

static void test_board__core_places(void **state) {
    assert_int_equal(rk_board_region_of(RK_BOARD_CORE, RK_REGION_KIND_FACTORY)->addr, 0x20000);
    assert_int_equal(rk_board_region_of(RK_BOARD_CORE, RK_REGION_KIND_APP)->size_bytes, 110592);
    assert_string_equal(rk_board_region_at(RK_BOARD_CORE, 1, 0x1180)->name,
                        "server key and address");
    assert_int_equal(rk_board_region_at(RK_BOARD_CORE, 0, 0x08004C0E)->kind, RK_REGION_KIND_FLAGS);
    assert_null(rk_board_region_at(RK_BOARD_CORE, 1, 0x200000));
    assert_int_equal(rk_board_key_place(RK_BOARD_CORE, RK_KEY_DEVICE_PRIVATE)->addr, 0x2000);
    assert_int_equal(rk_board_key_place(RK_BOARD_P1, RK_KEY_SERVER_ADDRESS)->addr, 2466);
    assert_null(rk_board_key_place(RK_BOARD_CORE, RK_KEY_UDP_SERVER_PUBLIC));
}

static void test_board__buttons_of_old_and_new_loaders_differ(void **state) {
    unsigned old_count = 0;
    unsigned new_count = 0;
    const struct rk_button *b;
    for (size_t i = 0; (b = rk_board_button(RK_BOARD_CORE, i)); i++) {
        if (b->when == RK_BUTTON_RESET) {
            old_count += (b->eras & RK_ERA_E1) != 0;
            new_count += (b->eras & RK_ERA_E3) != 0;
        }
    }
    assert_int_equal(old_count, 2); /* 3 s and 10 s */
    assert_int_equal(new_count, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_board__found_by_platform_name_and_usb),
        cmocka_unit_test(test_board__core_internal_flash_has_no_gap),
        cmocka_unit_test(test_board__regions_do_not_overlap),
        cmocka_unit_test(test_board__core_places),
        cmocka_unit_test(test_board__buttons_of_old_and_new_loaders_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
