/* The bootloader's decisions on a model of the board: core-hardware.md 3, 4.1, 4.3, 4.4, 4.8. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "firmware/boot/image.h"
#include "firmware/boot/model.h"

#define LEN 20000u

static struct rk_model *m;
static uint8_t old_app[LEN], new_app[LEN], factory[LEN];

static int setup(void **state) {
    m = test_malloc(sizeof *m);
    rk_model_init(m);
    rk_model_use(m);
    rk_model_image(old_app, LEN, 1, true);
    rk_model_image(new_app, LEN, 2, true);
    rk_model_image(factory, LEN, 3, true);
    rk_model_put_app(m, old_app, LEN);
    rk_model_put_ext(m, RK_EXT_FACTORY_ADDR, factory, LEN);
    return 0;
}

static int teardown(void **state) {
    assert_int_equal(m->violations, 0);
    test_free(m);
    return 0;
}

static uint16_t flag(enum rk_flag which) {
    return rk_get_u16le(m->s.flash + 0x4C00 + 2 * which);
}

static void plant_flag(enum rk_flag which, uint16_t value) {
    rk_put_u16le(m->s.flash + 0x4C00 + 2 * which, value);
}

static enum rk_boot_action boot(enum rk_hold hold) {
    enum rk_boot_action end = RK_BOOT_RESET;
    assert_true(rk_model_boot(m, hold, 4, &end));
    return end;
}

static void test_boot__a_fresh_board_runs_its_application(void **state) {
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_VERSION), RK_LOADER_VERSION);
    assert_int_equal(flag(RK_FLAG_STARTUP), 0xFF00);
    assert_int_equal(flag(RK_FLAG_CSR_HIGH), 0x0C00);
    assert_int_equal(flag(RK_FLAG_CSR_LOW), 0);
    assert_int_equal(m->s.backup[1], 0);
    uint64_t ops = m->ops;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN); /* nothing changed: nothing is written */
    assert_int_equal(m->ops, ops);
    assert_int_equal(m->colour_count, 0);
}

static void test_boot__reset_cause_is_kept_for_the_application(void **state) {
    m->s.csr = 0x14000003;
    m->s.backup[1] = RK_HEALTH_OK;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_CSR_HIGH), 0x1400);
    assert_int_equal(flag(RK_FLAG_CSR_LOW), 3);
    assert_int_equal(m->s.backup[1], 1);
}

/* core-hardware.md 4.8: both forms of asking for DFU. */
static void test_boot__dfu_by_blank_flag_and_dr10(void **state) {
    m->s.backup[10] = 0xFFFF;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU); /* until it is left */
    struct rk_boot b;
    rk_boot_begin(&b, m->s.csr);
    rk_boot_finish(&b);
    assert_int_equal(flag(RK_FLAG_OTA_UPDATE), 0x5000);
    assert_int_equal(m->s.backup[10], 0x5000);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
}

static void test_boot__blank_flag_with_any_other_dr10_runs(void **state) {
    static const uint16_t values[] = {0, 0x5000, 0x0005, 0x5555, 0x5A1B};
    for (size_t i = 0; i < RK_COUNT(values); i++) {
        m->s.backup[10] = values[i];
        assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    }
}

static void test_boot__dfu_once_by_dr1(void **state) {
    m->s.backup[1] = 0xEDFA;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    assert_int_equal(m->s.backup[1], 0xFFFF);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
}

static void test_boot__safe_mode_by_dr1_lasts_one_start(void **state) {
    m->s.backup[1] = 0x5AFE;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_STARTUP), 0xFF01);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_STARTUP), 0xFF00);
}

static void test_boot__update_is_applied_and_the_old_application_kept(void **state) {
    uint8_t backup[LEN];
    rk_model_put_ext(m, RK_EXT_OTA_ADDR, new_app, LEN);
    plant_flag(RK_FLAG_OTA_UPDATE, 0x0005);
    m->s.backup[10] = 0x0005;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, new_app, LEN));
    rk_port_ext_read(RK_EXT_BACKUP_ADDR, backup, LEN);
    assert_memory_equal(backup, old_app, LEN);
    assert_int_equal(flag(RK_FLAG_OTA_UPDATE), 0x5000);
    assert_int_equal(flag(RK_FLAG_OTA_FLASHED), 1);
    assert_int_equal(m->s.backup[10], 0x5000);
    assert_int_equal(m->colours[0], RK_BOOT_MAGENTA);
    assert_int_equal(m->colour_count, 1);
}

static void test_boot__an_update_of_2014_has_no_checksum_and_is_taken_whole(void **state) {
    static uint8_t image[RK_APP_SIZE];
    rk_model_image(image, RK_APP_SIZE, 9, false);
    rk_model_put_ext(m, RK_EXT_OTA_ADDR, image, RK_APP_SIZE);
    plant_flag(RK_FLAG_OTA_UPDATE, 0x0005);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, image, RK_APP_SIZE));
}

static void test_boot__a_bad_update_never_touches_the_application(void **state) {
    struct {
        uint32_t off;
        uint8_t value;
    } damage[] = {
        {LEN - 5, 0x77}, /* checksum */
        {0x3, 0xFF},     /* stack word */
        {0x7, 0x20},     /* reset vector in RAM */
        {0x118, 6},      /* a Photon's */
        {0x11A, 2},      /* a bootloader */
        {0x112, 0x09},   /* end address far away */
    };
    for (size_t i = 0; i < RK_COUNT(damage); i++) {
        rk_model_put_ext(m, RK_EXT_OTA_ADDR, new_app, LEN);
        m->s.ext[RK_EXT_OTA_ADDR + damage[i].off] = damage[i].value;
        plant_flag(RK_FLAG_OTA_UPDATE, 0x0005);
        assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
        assert_true(rk_model_app_is(m, old_app, LEN));
        assert_int_equal(flag(RK_FLAG_OTA_UPDATE), 0x5000);
        assert_int_equal(flag(RK_FLAG_OTA_FLASHED), 0);
        assert_int_equal(m->erases[0x5000 / 1024], 0);
    }
}

static void test_boot__factory_reset_by_flag(void **state) {
    plant_flag(RK_FLAG_FACTORY_RESET, 0xAAAA);
    plant_flag(RK_FLAG_NVMEM_RESET, 0);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, factory, LEN));
    assert_int_equal(flag(RK_FLAG_FACTORY_RESET), 0xFFFF);
    assert_int_equal(flag(RK_FLAG_OTA_FLASHED), 0);
    assert_int_equal(flag(RK_FLAG_DFU_FACTORY), 0x5A00);
    assert_int_equal(m->colours[0], RK_BOOT_GREEN);
}

static void test_boot__button_factory_keeps_or_wipes(void **state) {
    assert_int_equal(boot(RK_HOLD_FACTORY), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, factory, LEN));
    assert_int_equal(flag(RK_FLAG_NVMEM_RESET), 0);
    assert_int_equal(m->colours[0], RK_BOOT_GREEN);
    rk_model_put_app(m, old_app, LEN);
    m->colour_count = 0;
    assert_int_equal(boot(RK_HOLD_WIPE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, factory, LEN));
    assert_int_equal(flag(RK_FLAG_NVMEM_RESET), 1);
    assert_int_equal(m->colours[0], RK_BOOT_WHITE);
}

static void test_boot__factory_reset_with_a_blank_slot_leaves_the_application(void **state) {
    memset(m->s.ext + RK_EXT_FACTORY_ADDR, 0xFF, 0x20000);
    assert_int_equal(boot(RK_HOLD_FACTORY), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, old_app, LEN));
}

static void test_boot__button_dfu_and_safe_cancel_what_is_pending(void **state) {
    rk_model_put_ext(m, RK_EXT_OTA_ADDR, new_app, LEN);
    plant_flag(RK_FLAG_OTA_UPDATE, 0x0005);
    assert_int_equal(boot(RK_HOLD_DFU), RK_BOOT_DFU);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, old_app, LEN));
    plant_flag(RK_FLAG_OTA_UPDATE, 0x0005);
    assert_int_equal(boot(RK_HOLD_SAFE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_STARTUP), 0xFF01);
    assert_true(rk_model_app_is(m, old_app, LEN));
}

static void test_boot__no_application_restores_the_factory_image(void **state) {
    memset(m->s.flash + 0x5000, 0xFF, RK_APP_SIZE);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, factory, LEN));
    assert_int_equal(m->colours[0], RK_BOOT_RED);
}

static void test_boot__no_application_and_no_factory_image_is_dfu(void **state) {
    memset(m->s.flash + 0x5000, 0xFF, RK_APP_SIZE);
    memset(m->s.ext + RK_EXT_FACTORY_ADDR, 0xFF, 0x20000);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    memset(m->s.flash + 0x5000, 0x00, RK_APP_SIZE);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
}

/* core-hardware.md 4.3: first backup, then factory, then DFU without erasing. */
static void test_boot__watchdog_ladder(void **state) {
    rk_model_put_ext(m, RK_EXT_BACKUP_ADDR, new_app, LEN);
    m->s.csr = 0x24000000;
    m->s.backup[1] = 1;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, new_app, LEN));
    assert_int_equal(m->s.backup[1], 2);
    m->s.csr = 0x24000000;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, factory, LEN));
    assert_int_equal(flag(RK_FLAG_NVMEM_RESET), 0);
    assert_int_equal(m->s.backup[1], 3);
    m->s.csr = 0x24000000;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    assert_true(rk_model_app_is(m, factory, LEN));
    assert_int_equal(m->s.backup[1], 0xFFFF);
    assert_int_equal(m->s.csr >> 24, 0); /* RMVF */
}

static void test_boot__a_healthy_application_may_be_reset_by_the_watchdog(void **state) {
    static const uint16_t health[] = {0, 4, 9, 10};
    for (size_t i = 0; i < RK_COUNT(health); i++) {
        m->s.csr = 0x24000000;
        m->s.backup[1] = health[i];
        assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
        assert_int_equal(m->s.backup[1], 0xFFFF);
        assert_true(rk_model_app_is(m, old_app, LEN));
    }
}

/* What an original loader left half-way (flag 0x5555, no journal). */
static void test_boot__an_originals_interrupted_copy_restores_the_backup(void **state) {
    rk_model_put_ext(m, RK_EXT_BACKUP_ADDR, new_app, LEN);
    plant_flag(RK_FLAG_OTA_UPDATE, 0x5555);
    memset(m->s.flash + 0x5400, 0xFF, 0x800);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_true(rk_model_app_is(m, new_app, LEN));
    assert_int_equal(m->colours[0], RK_BOOT_RED);
}

static void test_boot__a_dead_page_falls_back_and_ends_in_dfu(void **state) {
    rk_model_put_ext(m, RK_EXT_OTA_ADDR, new_app, LEN);
    plant_flag(RK_FLAG_OTA_UPDATE, 0x0005);
    m->fail_page = 0x6000 / 1024;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
}

/* An application of 2014 saves only ten bytes, in one erase and five half-words. */
static void test_boot__old_applications_save_their_flags_as_ever(void **state) {
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    memset(m->s.flash + 0x4C00, 0xFF, 1024);
    plant_flag(RK_FLAG_VERSION, 0xFFFF);
    plant_flag(RK_FLAG_NVMEM_RESET, 0);
    plant_flag(RK_FLAG_OTA_UPDATE, 0x5000);
    plant_flag(RK_FLAG_OTA_FLASHED, 0);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_VERSION), RK_LOADER_VERSION);
    assert_int_equal(flag(RK_FLAG_NVMEM_RESET), 0);
    assert_int_equal(flag(RK_FLAG_OTA_UPDATE), 0x5000);
}

/* The application's own save was cut after its erase: what was known comes back. */
static void test_boot__a_torn_save_of_the_application_is_taken_back(void **state) {
    plant_flag(RK_FLAG_OTA_UPDATE, 0x5000);
    plant_flag(RK_FLAG_NVMEM_RESET, 0);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    memset(m->s.flash + 0x4C00, 0xFF, 512);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(flag(RK_FLAG_OTA_UPDATE), 0x5000);
    assert_int_equal(flag(RK_FLAG_NVMEM_RESET), 0);
}

static void test_boot__dfu_write_marks_the_application_until_it_is_whole(void **state) {
    struct rk_boot b;
    rk_boot_begin(&b, m->s.csr);
    assert_int_equal(rk_boot_dfu_begins(&b), RK_OK);
    m->s.flash[0x5000 + 0x900] ^= 1; /* half-written */
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    rk_boot_begin(&b, m->s.csr);
    assert_int_equal(rk_boot_dfu_complete(&b), RK_E_VERIFY);
    m->s.flash[0x5000 + 0x900] ^= 1;
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN); /* the checksum says so */
    rk_boot_begin(&b, m->s.csr);
    assert_int_equal(b.flags.job, RK_JOB_NONE);
}

static void test_boot__an_image_without_checksum_needs_the_hosts_word(void **state) {
    static uint8_t image[LEN];
    struct rk_boot b;
    rk_boot_begin(&b, m->s.csr);
    assert_int_equal(rk_boot_dfu_begins(&b), RK_OK);
    rk_model_image(image, LEN, 4, false);
    rk_model_put_app(m, image, LEN);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_DFU);
    rk_boot_begin(&b, m->s.csr);
    assert_int_equal(rk_boot_dfu_complete(&b), RK_OK);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
}

/* The journal holds 42 records and is erased now and then; the flags page wears with every save. */
static void test_boot__journal_goes_round(void **state) {
    for (unsigned i = 0; i < 500; i++) {
        m->s.csr = i & 1 ? 0x04000000 : 0x0C000000;
        m->s.backup[1] = 4;
        assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
        assert_int_equal(flag(RK_FLAG_CSR_HIGH), i & 1 ? 0x0400 : 0x0C00);
    }
    assert_in_range(m->erases[0x4800 / 1024], 500 / 42, 500 / 34 + 1);
    assert_int_equal(m->erases[0x4C00 / 1024], 500);
}

static void test_boot__garbage_in_the_journal_page_is_erased_when_it_is_needed(void **state) {
    memset(m->s.flash + 0x4800, 0x5A, 1024);
    assert_int_equal(boot(RK_HOLD_NONE), RK_BOOT_RUN);
    assert_int_equal(m->erases[0x4800 / 1024], 1);
    assert_int_equal(flag(RK_FLAG_VERSION), RK_LOADER_VERSION);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_boot__a_fresh_board_runs_its_application),
        CASE(test_boot__reset_cause_is_kept_for_the_application),
        CASE(test_boot__dfu_by_blank_flag_and_dr10),
        CASE(test_boot__blank_flag_with_any_other_dr10_runs),
        CASE(test_boot__dfu_once_by_dr1),
        CASE(test_boot__safe_mode_by_dr1_lasts_one_start),
        CASE(test_boot__update_is_applied_and_the_old_application_kept),
        CASE(test_boot__an_update_of_2014_has_no_checksum_and_is_taken_whole),
        CASE(test_boot__a_bad_update_never_touches_the_application),
        CASE(test_boot__factory_reset_by_flag),
        CASE(test_boot__button_factory_keeps_or_wipes),
        CASE(test_boot__factory_reset_with_a_blank_slot_leaves_the_application),
        CASE(test_boot__button_dfu_and_safe_cancel_what_is_pending),
        CASE(test_boot__no_application_restores_the_factory_image),
        CASE(test_boot__no_application_and_no_factory_image_is_dfu),
        CASE(test_boot__watchdog_ladder),
        CASE(test_boot__a_healthy_application_may_be_reset_by_the_watchdog),
        CASE(test_boot__an_originals_interrupted_copy_restores_the_backup),
        CASE(test_boot__a_dead_page_falls_back_and_ends_in_dfu),
        CASE(test_boot__old_applications_save_their_flags_as_ever),
        CASE(test_boot__a_torn_save_of_the_application_is_taken_back),
        CASE(test_boot__dfu_write_marks_the_application_until_it_is_whole),
        CASE(test_boot__an_image_without_checksum_needs_the_hosts_word),
        CASE(test_boot__journal_goes_round),
        CASE(test_boot__garbage_in_the_journal_page_is_erased_when_it_is_needed),
    };
    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
