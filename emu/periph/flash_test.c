/* FLASH and the option bytes against PM0075, on a machine of just these two blocks. */
#include "tests/unit.h"

#include "emu/core/machine.h"
#include "emu/periph/flash.h"

enum {
    DEV_CPU,
    DEV_FLASH,
    DEV_OPTION,
    DEV_PROBE,
    DEV_COUNT,
};

#define REGS 0x40022000u
#define OPT  0x1FFFF800u
enum {
    ACR = 0x00,
    KEYR = 0x04,
    OPTKEYR = 0x08,
    SR = 0x0C,
    CR = 0x10,
    AR = 0x14,
    OBR = 0x1C,
    WRPR = 0x20,
};
enum {
    PG = 1,
    PER = 2,
    MER = 4,
    OPTPG = 0x10,
    OPTER = 0x20,
    STRT = 0x40,
    LOCK = 0x80,
    OPTWRE = 0x200,
    ERRIE = 0x400,
    EOPIE = 0x1000,
    BSY = 1,
    PGERR = 4,
    WRPRTERR = 0x10,
    EOP = 0x20,
};

/* --- a CPU that only notes when it may run, and a probe for the two output lines ----------------
 */

struct rig {
    struct rk_machine *m;
    struct rk_dev *flash;
    uint8_t *cells, *option;
    uint32_t irq, iwdg_hw;
    uint64_t cpu_ran_at;
};

static void nop_reset(struct rk_dev *dev, enum rk_reset kind) {
}

static bool cpu_yes(struct rk_dev *dev) {
    return true;
}

static void cpu_destroy(struct rk_dev *dev) {
}

static enum rk_cpu_stop cpu_run(struct rk_dev *dev) {
    struct rig *r = dev->host;
    r->cpu_ran_at = rk_now_ns(dev);
    return RK_CPU_ASLEEP;
}

static void cpu_changed(struct rk_dev *dev, uint32_t off, uint32_t len) {
}

static uint32_t probe_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct rig *r = dev->host;
    *(line == RK_FLASH_OUT_IRQ ? &r->irq : &r->iwdg_hw) = value;
    return 0;
}

static const struct rk_dev_ops cpu_dev = {.type = "cpu", .reset = nop_reset};
static const struct rk_dev_ops probe_dev = {
    .type = "probe", .reset = nop_reset, .input = probe_input};
static const struct rk_cpu_ops cpu = {.build = cpu_yes,
                                      .destroy = cpu_destroy,
                                      .start = cpu_yes,
                                      .run = cpu_run,
                                      .code_changed = cpu_changed};
static const struct rk_flash_config config = {
    .page_size = 1024, .erase_us = 20000, .program_us = 53};
static const struct rk_dev_desc devs[DEV_COUNT] = {
    [DEV_CPU] = {.ops = &cpu_dev, .name = "CPU"},
    [DEV_FLASH] = {.ops = &rk_flash_ops,
                   .name = "FLASH",
                   .base = REGS,
                   .size = 0x400,
                   .nv = 1,
                   .config = &config},
    [DEV_OPTION] = {.ops = &rk_option_ops, .name = "OPTION", .base = OPT, .size = 16, .nv = 2},
    [DEV_PROBE] = {.ops = &probe_dev, .name = "PROBE"},
};
static const struct rk_wire wires[] = {
    {DEV_FLASH, RK_FLASH_OUT_OPTION, DEV_OPTION, RK_OPTION_IN_COMMAND},
    {DEV_OPTION, RK_OPTION_OUT_WRITE, DEV_FLASH, RK_FLASH_IN_OPTION_WRITE},
    {DEV_FLASH, RK_FLASH_OUT_IRQ, DEV_PROBE, RK_FLASH_OUT_IRQ},
    {DEV_FLASH, RK_FLASH_OUT_IWDG_HW, DEV_PROBE, RK_FLASH_OUT_IWDG_HW},
    RK_WIRE_END,
};
static const struct rk_wire *const wire_tables[] = {wires, NULL};
static const struct rk_nv_desc memories[] = {{"internal", 128 * 1024}, {"option", 16}};
static const struct rk_machine_desc desc = {.name = "flash rig",
                                            .cpu = &cpu,
                                            .devs = devs,
                                            .dev_count = DEV_COUNT,
                                            .wires = wire_tables,
                                            .nv = memories,
                                            .nv_count = 2,
                                            .flash_base = 0x08000000u,
                                            .flash_dev = DEV_FLASH,
                                            .ram_base = 0x20000000u,
                                            .ram_size = 1024,
                                            .hclk_reset_hz = 8000000};

static void pass_us(struct rig *r, uint64_t us) {
    uint64_t until = rk_machine_cycle_at_ns(r->m, rk_machine_now_ns(r->m) + us * 1000);
    (void)rk_machine_run(r->m, until, UINT64_MAX);
}

static void reset_rig(struct rig *r) {
    rk_machine_reset(r->m, RK_RESET_SOFT);
    (void)rk_machine_run(r->m, rk_machine_now(r->m) + 1, UINT64_MAX);
}

static struct rig *rig_new(void) {
    struct rig *r = test_calloc(1, sizeof *r);
    r->m = rk_machine_new(&desc, NULL);
    assert_non_null(r->m);
    r->flash = rk_machine_dev(r->m, DEV_FLASH);
    rk_machine_dev(r->m, DEV_CPU)->host = r;
    rk_machine_dev(r->m, DEV_PROBE)->host = r;
    r->cells = rk_machine_nv(r->m, 0, NULL);
    r->option = rk_machine_nv(r->m, 1, NULL);
    rk_option_factory(r->option);
    rk_machine_power_on(r->m);
    (void)rk_machine_run(r->m, 1, UINT64_MAX);
    return r;
}

static void rig_free(struct rig *r) {
    rk_machine_free(r->m);
    test_free(r);
}

static uint32_t get(struct rig *r, uint32_t off) {
    uint32_t value = 0;
    assert_true(rk_bus_master_read(r->flash, REGS + off, 4, &value));
    return value;
}

static void put(struct rig *r, uint32_t off, uint32_t value) {
    assert_true(rk_bus_master_write(r->flash, REGS + off, 4, value));
}

static bool program(struct rig *r, uint32_t addr, unsigned size, uint32_t value) {
    return rk_bus_master_write(r->flash, addr, size, value);
}

static void unlock(struct rig *r) {
    put(r, KEYR, 0x45670123);
    put(r, KEYR, 0xCDEF89AB);
}

static uint16_t cell(const struct rig *r, uint32_t off) {
    return (uint16_t)(r->cells[off] | r->cells[off + 1] << 8);
}

static void erase(struct rig *r, uint32_t addr) {
    put(r, CR, PER);
    put(r, AR, addr);
    put(r, CR, PER | STRT);
}

/* --- registers and keys -------------------------------------------------------------------------
 */

static void test_flash__reset_values(void **state) {
    struct rig *r = rig_new();
    assert_int_equal(get(r, ACR), 0x30);
    assert_int_equal(get(r, SR), 0);
    assert_int_equal(get(r, CR), 0x80);
    assert_int_equal(get(r, OBR), 0x03FFFFFC);
    assert_int_equal(get(r, WRPR), 0xFFFFFFFF);
    assert_int_equal(r->iwdg_hw, 0);
    rig_free(r);
}

static void test_flash__keys_unlock_and_lock_is_kept(void **state) {
    struct rig *r = rig_new();
    put(r, CR, PG);
    assert_int_equal(get(r, CR), LOCK);
    unlock(r);
    assert_int_equal(get(r, CR), 0);
    put(r, CR, PG | EOPIE);
    assert_int_equal(get(r, CR), PG | EOPIE);
    put(r, CR, LOCK);
    assert_int_equal(get(r, CR), LOCK);
    unlock(r);
    assert_int_equal(get(r, CR), 0);
    rig_free(r);
}

static void test_flash__a_wrong_key_locks_until_reset(void **state) {
    struct rig *r = rig_new();
    put(r, KEYR, 0x45670123);
    put(r, KEYR, 0x12345678);
    unlock(r);
    assert_int_equal(get(r, CR), LOCK);
    reset_rig(r);
    unlock(r);
    assert_int_equal(get(r, CR), 0);
    rig_free(r);
}

/* --- programming --------------------------------------------------------------------------------
 */

static void test_flash__half_word_program_takes_its_time(void **state) {
    struct rig *r = rig_new();
    unlock(r);
    put(r, CR, PG | EOPIE);
    uint64_t began = rk_machine_now_ns(r->m);
    assert_true(program(r, 0x08005000, 2, 0x1234));
    assert_int_equal(get(r, SR), BSY);
    pass_us(r, 52);
    assert_int_equal(get(r, SR), BSY);
    assert_int_equal(r->irq, 0);
    pass_us(r, 2);
    assert_int_equal(get(r, SR), EOP);
    assert_int_equal(r->irq, 1);
    assert_in_range(r->cpu_ran_at - began, 53000, 54000); /* the CPU waited */
    put(r, SR, EOP);
    assert_int_equal(get(r, SR), 0);
    assert_int_equal(r->irq, 0);
    assert_int_equal(cell(r, 0x5000), 0x1234);
    uint32_t value;
    assert_true(rk_bus_master_read(r->flash, 0x00005000, 2, &value)); /* alias at 0 */
    assert_int_equal(value, 0x1234);
    rig_free(r);
}

static void test_flash__only_erased_cells_but_zero_always(void **state) {
    struct rig *r = rig_new();
    unlock(r);
    put(r, CR, PG | ERRIE);
    program(r, 0x08004000, 2, 0xEEEE);
    pass_us(r, 60);
    put(r, SR, EOP);
    assert_true(program(r, 0x08004000, 2, 0xEE00)); /* would only clear bits: still refused */
    assert_int_equal(get(r, SR), PGERR);
    assert_int_equal(r->irq, 1);
    assert_int_equal(cell(r, 0x4000), 0xEEEE);
    put(r, SR, PGERR);
    assert_int_equal(r->irq, 0);
    assert_true(program(r, 0x08004000, 2, 0x0000));
    pass_us(r, 60);
    assert_int_equal(get(r, SR), EOP);
    assert_int_equal(cell(r, 0x4000), 0);
    rig_free(r);
}

static void test_flash__other_widths_and_no_pg_are_bus_errors(void **state) {
    struct rig *r = rig_new();
    assert_false(program(r, 0x08005000, 2, 0));
    unlock(r);
    assert_false(program(r, 0x08005000, 2, 0));
    put(r, CR, PG);
    assert_false(program(r, 0x08005000, 4, 0));
    assert_false(program(r, 0x08005000, 1, 0));
    assert_int_equal(cell(r, 0x5000), 0xFFFF);
    assert_true(program(r, 0x08005000, 2, 0));
    rig_free(r);
}

/* --- erasing ------------------------------------------------------------------------------------
 */

static void test_flash__page_erase(void **state) {
    struct rig *r = rig_new();
    memset(r->cells, 0, 128 * 1024);
    unlock(r);
    erase(r, 0x08004C12);
    assert_int_equal(get(r, SR), BSY);
    assert_int_equal(get(r, CR), PER | STRT);
    pass_us(r, 19999);
    assert_int_equal(get(r, SR), BSY);
    pass_us(r, 2);
    assert_int_equal(get(r, SR), EOP);
    assert_int_equal(get(r, CR), PER);
    assert_int_equal(cell(r, 0x4BFE), 0);
    assert_int_equal(cell(r, 0x4C00), 0xFFFF);
    assert_int_equal(cell(r, 0x4FFE), 0xFFFF);
    assert_int_equal(cell(r, 0x5000), 0);
    assert_int_equal(rk_machine_counts(r->m)->flash_ops, 1);
    rig_free(r);
}

static void test_flash__mass_erase(void **state) {
    struct rig *r = rig_new();
    memset(r->cells, 0, 128 * 1024);
    unlock(r);
    put(r, CR, MER);
    put(r, CR, MER | STRT);
    pass_us(r, 20001);
    assert_int_equal(get(r, SR), EOP);
    for (size_t i = 0; i < 128 * 1024; i++) {
        assert_int_equal(r->cells[i], 0xFF);
    }
    assert_int_equal(rk_machine_counts(r->m)->flash_ops, 128);
    rig_free(r);
}

/* --- protection and option bytes ----------------------------------------------------------------
 */

/* "locker" firmware: pages 0-15 (core-hardware.md 1.1). */
static void test_flash__write_protection(void **state) {
    struct rig *r = rig_new();
    r->option[8] = 0xF0;
    r->option[9] = 0x0F;
    r->cells[0x3FFE] = 0;
    r->cells[0x4000] = 0;
    reset_rig(r);
    assert_int_equal(get(r, WRPR), 0xFFFFFFF0);
    unlock(r);
    erase(r, 0x08003C00);
    assert_int_equal(get(r, SR), WRPRTERR);
    assert_int_equal(r->cells[0x3FFE], 0);
    put(r, SR, WRPRTERR);
    erase(r, 0x08004000);
    pass_us(r, 20001);
    assert_int_equal(get(r, SR), EOP);
    assert_int_equal(r->cells[0x4000], 0xFF);
    put(r, SR, EOP);
    put(r, CR, PG);
    assert_true(program(r, 0x08000000, 2, 0));
    assert_int_equal(get(r, SR), WRPRTERR);
    assert_int_equal(cell(r, 0), 0xFFFF);
    put(r, CR, MER);
    put(r, SR, WRPRTERR);
    put(r, CR, MER | STRT);
    assert_int_equal(get(r, SR), WRPRTERR);
    assert_int_equal(r->cells[0x3FFE], 0);
    rig_free(r);
}

static void open_options(struct rig *r) {
    unlock(r);
    put(r, OPTKEYR, 0x45670123);
    put(r, OPTKEYR, 0xCDEF89AB);
}

static void test_flash__option_erase_and_program_with_complement(void **state) {
    struct rig *r = rig_new();
    open_options(r);
    assert_int_equal(get(r, CR), OPTWRE);
    put(r, CR, OPTER | OPTWRE);
    put(r, CR, OPTER | OPTWRE | STRT);
    pass_us(r, 20001);
    put(r, CR, OPTPG | OPTWRE);
    assert_true(program(r, OPT, 2, 0x00A5));
    pass_us(r, 60);
    assert_true(program(r, OPT + 8, 2, 0xFFF0)); /* the upper byte is ignored */
    pass_us(r, 60);
    uint32_t value;
    assert_true(rk_bus_master_read(r->flash, OPT + 8, 4, &value));
    assert_int_equal(value, 0xFFFF0FF0);
    assert_true(rk_bus_master_read(r->flash, OPT, 2, &value));
    assert_int_equal(value, 0x5AA5);
    assert_int_equal(get(r, WRPR), 0xFFFFFFFF); /* loaded at the next reset */
    reset_rig(r);
    assert_int_equal(get(r, WRPR), 0xFFFFFFF0);
    assert_int_equal(get(r, OBR), 0x03FFFFFC);
    rig_free(r);
}

static void test_flash__option_bytes_need_their_own_key(void **state) {
    struct rig *r = rig_new();
    uint8_t before[16];
    memcpy(before, r->option, 16);
    unlock(r);
    put(r, CR, OPTER);
    put(r, CR, OPTER | STRT);
    put(r, CR, OPTPG);
    program(r, OPT + 4, 2, 0);
    assert_memory_equal(r->option, before, 16);
    rig_free(r);
}

static void test_flash__bad_complement_is_opterr(void **state) {
    struct rig *r = rig_new();
    r->option[10] = 0xF0; /* WRP1, complement still 0x00 */
    reset_rig(r);
    assert_int_equal(get(r, OBR), 0x03FFFFFD);
    assert_int_equal(get(r, WRPR), 0xFFFFFFFF);
    rig_free(r);
}

static void test_flash__hardware_watchdog_option(void **state) {
    struct rig *r = rig_new();
    r->option[2] = 0xFE;
    r->option[3] = 0x01;
    reset_rig(r);
    assert_int_equal(r->iwdg_hw, 1);
    assert_int_equal(get(r, OBR), 0x03FFFFF8);
    rig_free(r);
}

static void test_flash__read_protection_off_erases_everything(void **state) {
    struct rig *r = rig_new();
    memset(r->option, 0xFF, 16);
    memset(r->cells, 0, 128 * 1024);
    reset_rig(r);
    assert_int_equal(get(r, OBR), 0x03FFFFFE); /* erased: protected, no error */
    unlock(r);
    erase(r, 0x08000C00); /* pages 0-3 are write-protected with it */
    assert_int_equal(get(r, SR), WRPRTERR);
    erase(r, 0x08001000);
    pass_us(r, 20001);
    assert_int_equal(r->cells[0x1000], 0xFF);
    open_options(r);
    put(r, CR, OPTPG | OPTWRE);
    assert_true(program(r, OPT, 2, 0x00A5));
    pass_us(r, 60);
    assert_int_equal(r->cells[0], 0xFF);
    assert_int_equal(r->cells[128 * 1024 - 1], 0xFF);
    reset_rig(r);
    assert_int_equal(get(r, OBR), 0x03FFFFFC);
    rig_free(r);
}

/* --- power cuts ---------------------------------------------------------------------------------
 */

static enum rk_stop run_on(struct rig *r) {
    return rk_machine_run(r->m, rk_machine_now(r->m) + 1000, UINT64_MAX);
}

static void test_flash__erase_cut_in_the_middle(void **state) {
    struct rig *r = rig_new();
    memset(r->cells, 0, 128 * 1024);
    unlock(r);
    rk_machine_cut_at(r->m, 1, RK_CUT_TORN);
    erase(r, 0x08004C00);
    assert_int_equal(cell(r, 0x4C00), 0xFFFF);
    assert_int_equal(cell(r, 0x4DFE), 0xFFFF);
    assert_int_equal(cell(r, 0x4E00), 0);
    assert_int_equal(run_on(r), RK_STOP_POWER_CUT);
    rig_free(r);
}

static void test_flash__program_cut_in_the_middle(void **state) {
    struct rig *r = rig_new();
    unlock(r);
    put(r, CR, PG);
    rk_machine_cut_at(r->m, 2, RK_CUT_TORN);
    program(r, 0x08004C00, 2, 0x5000);
    program(r, 0x08004C02, 2, 0x5000);
    program(r, 0x08004C04, 2, 0x5000); /* after the power failed: nothing changes any more */
    assert_int_equal(cell(r, 0x4C00), 0x5000);
    assert_int_equal(cell(r, 0x4C02), 0xFF00);
    assert_int_equal(cell(r, 0x4C04), 0xFFFF);
    assert_int_equal(run_on(r), RK_STOP_POWER_CUT);
    rig_free(r);
}

static void test_flash__cut_before_and_after(void **state) {
    struct rig *r = rig_new();
    unlock(r);
    put(r, CR, PG);
    rk_machine_cut_at(r->m, 1, RK_CUT_BEFORE);
    program(r, 0x08004C00, 2, 0x5000);
    assert_int_equal(cell(r, 0x4C00), 0xFFFF);
    assert_int_equal(run_on(r), RK_STOP_POWER_CUT);
    rk_machine_power_on(r->m);
    (void)run_on(r);
    unlock(r);
    put(r, CR, PG);
    rk_machine_cut_at(r->m, 1, RK_CUT_AFTER);
    program(r, 0x08004C00, 2, 0x5000);
    assert_int_equal(cell(r, 0x4C00), 0x5000);
    assert_int_equal(run_on(r), RK_STOP_POWER_CUT);
    rig_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flash__reset_values),
        cmocka_unit_test(test_flash__keys_unlock_and_lock_is_kept),
        cmocka_unit_test(test_flash__a_wrong_key_locks_until_reset),
        cmocka_unit_test(test_flash__half_word_program_takes_its_time),
        cmocka_unit_test(test_flash__only_erased_cells_but_zero_always),
        cmocka_unit_test(test_flash__other_widths_and_no_pg_are_bus_errors),
        cmocka_unit_test(test_flash__page_erase),
        cmocka_unit_test(test_flash__mass_erase),
        cmocka_unit_test(test_flash__write_protection),
        cmocka_unit_test(test_flash__option_erase_and_program_with_complement),
        cmocka_unit_test(test_flash__option_bytes_need_their_own_key),
        cmocka_unit_test(test_flash__bad_complement_is_opterr),
        cmocka_unit_test(test_flash__hardware_watchdog_option),
        cmocka_unit_test(test_flash__read_protection_off_erases_everything),
        cmocka_unit_test(test_flash__erase_cut_in_the_middle),
        cmocka_unit_test(test_flash__program_cut_in_the_middle),
        cmocka_unit_test(test_flash__cut_before_and_after),
    };
    return cmocka_run_group_tests_name("flash", tests, NULL, NULL);
}
