/* The interpreter on hand-assembled code (checked with arm-none-eabi-as); expected values worked
 * out by hand from DDI0403. The wide net is tests/conformance/cpu_oracle.
 */
#include "tests/unit.h"

#include "emu/cpu/flat.h"

static uint32_t reg(struct rk_machine *m, enum rk_cpu_reg r) {
    return rk_cpu_reg_get(rk_machine_dev(m, RK_FLAT_CPU), r);
}

static void set_reg(struct rk_machine *m, enum rk_cpu_reg r, uint32_t value) {
    rk_cpu_reg_set(rk_machine_dev(m, RK_FLAT_CPU), r, value);
}

#define NEW(...)                                                                                   \
    rk_flat_new((const uint16_t[]){__VA_ARGS__},                                                   \
                sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void test_interp__counts_instructions_and_cycles(void **state) {
    (void)state;
    /* movs r1, #3; loop: subs r1, #1; bne loop; b . */
    struct rk_machine *m = NEW(0x2103, 0x3901, 0xD1FD, 0xE7FE);
    uint64_t instr = rk_machine_instr(m), now = rk_machine_now(m);
    rk_flat_step(m, 7);
    assert_int_equal(rk_machine_instr(m) - instr, 7);
    assert_int_equal(reg(m, 1), 0);
    assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE + 6);
    /* 1 + 3 * 1 + 2 taken (3) + 1 not taken */
    assert_int_equal(rk_machine_now(m) - now, 11);
    rk_machine_free(m);
}

static void test_interp__stops_inside_an_it_block_and_goes_on(void **state) {
    (void)state;
    /* cmp r0, r0; ittee eq; moveq r1, #1; addeq r1, #2; movne r1, #9; movne r2, #9; b . */
    struct rk_machine *m = NEW(0x4280, 0xBF07, 0x2101, 0x3102, 0x2109, 0x2209, 0xE7FE);
    for (unsigned n = 0; n < 6; n++) {
        assert_int_equal(rk_flat_step(m, 1), RK_STOP_INSTR);
        assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE + 2 * (n + 1));
    }
    assert_int_equal(reg(m, 1), 3);
    assert_int_equal(reg(m, 2), 0);
    /* inside the block no flags were set by ADD: still Z and C of the compare */
    assert_int_equal(reg(m, RK_CPU_XPSR), 0x61000000);
    rk_machine_free(m);
}

static void test_interp__branch_into_an_it_block_runs_unconditionally(void **state) {
    (void)state;
    /* it ne; addne r1, #1; b .-2: with Z set the ADD is skipped, by the branch it is not, and sets
     * flags; coming again through the IT it is skipped again */
    struct rk_machine *m = NEW(0xBF18, 0x3101, 0xE7FD);
    set_reg(m, RK_CPU_XPSR, 0x41000000);
    rk_flat_step(m, 2);
    assert_int_equal(reg(m, 1), 0);
    rk_flat_step(m, 2);
    assert_int_equal(reg(m, 1), 1);
    assert_int_equal(reg(m, RK_CPU_XPSR), 0x01000000);
    set_reg(m, RK_CPU_PC, RK_FLAT_CODE);
    set_reg(m, RK_CPU_XPSR, 0x41000000);
    rk_flat_step(m, 2);
    assert_int_equal(reg(m, 1), 1);
    assert_int_equal(reg(m, RK_CPU_XPSR), 0x41000000);
    rk_machine_free(m);
}

static void test_interp__code_in_ram_follows_stores(void **state) {
    (void)state;
    /* strh r0, [r1]; movs r2, #1 (rewritten to movs r2, #7); b . */
    static const uint16_t code[] = {0x8008, 0x2201, 0xE7FE};
    struct rk_machine *m = NEW(0xE7FE);
    rk_flat_code(m, RK_FLAT_RAM, code, 3);
    set_reg(m, RK_CPU_PC, RK_FLAT_RAM + 2);
    rk_flat_step(m, 1);
    assert_int_equal(reg(m, 2), 1);
    set_reg(m, RK_CPU_PC, RK_FLAT_RAM);
    set_reg(m, 0, 0x2207);
    set_reg(m, 1, RK_FLAT_RAM + 2);
    rk_flat_step(m, 2);
    assert_int_equal(reg(m, 2), 7);
    rk_machine_free(m);
}

static void test_interp__changed_flash_is_decoded_again(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0x2201, 0xE7FE);
    static const uint16_t other[] = {0x2205};
    rk_flat_step(m, 1);
    rk_flat_code(m, RK_FLAT_CODE, other, 1);
    set_reg(m, RK_CPU_PC, RK_FLAT_CODE);
    rk_flat_step(m, 1);
    assert_int_equal(reg(m, 2), 5);
    rk_machine_free(m);
}

static void test_interp__runs_from_the_alias_at_0(void **state) {
    (void)state;
    /* bl .+4; (there) mov r0, pc */
    struct rk_machine *m = NEW(0xF000, 0xF800, 0x4678);
    set_reg(m, RK_CPU_PC, RK_FLAT_CODE - RK_FLAT_FLASH);
    rk_flat_step(m, 2);
    assert_int_equal(reg(m, RK_CPU_LR), 0x205);
    assert_int_equal(reg(m, 0), 0x208);
    rk_machine_free(m);
}

static void test_interp__breakpoint_stops_before_and_is_left(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0x3001, 0x3001, 0xE7FC); /* adds r0, #1 twice; b .-4 */
    struct rk_dev *cpu = rk_machine_dev(m, RK_FLAT_CPU);
    assert_int_equal(rk_cpu_breakpoint_set(cpu, RK_FLAT_CODE + 2), 0);
    for (unsigned turn = 0; turn < 3; turn++) {
        assert_int_equal(rk_flat_step(m, 100), RK_STOP_BREAKPOINT);
        assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE + 2);
        assert_int_equal(reg(m, 0), 1 + 2 * turn);
    }
    rk_cpu_breakpoint_clear(cpu, RK_FLAT_CODE + 2);
    assert_int_equal(rk_flat_step(m, 100), RK_STOP_INSTR);
    rk_machine_free(m);
}

static void test_interp__unpredictable_is_reported(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0x4708 | 1, 0xE7FE); /* bx r1 with an SBZ bit set */
    set_reg(m, 1, RK_FLAT_CODE | 1);
    rk_flat_step(m, 1);
    assert_int_equal(rk_cpu_stats(rk_machine_dev(m, RK_FLAT_CPU))->unpredictable, 1);
    assert_int_equal(rk_machine_counts(m)->guest_errors, 1);
    assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE);
    rk_machine_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interp__counts_instructions_and_cycles),
        cmocka_unit_test(test_interp__stops_inside_an_it_block_and_goes_on),
        cmocka_unit_test(test_interp__branch_into_an_it_block_runs_unconditionally),
        cmocka_unit_test(test_interp__code_in_ram_follows_stores),
        cmocka_unit_test(test_interp__changed_flash_is_decoded_again),
        cmocka_unit_test(test_interp__runs_from_the_alias_at_0),
        cmocka_unit_test(test_interp__breakpoint_stops_before_and_is_left),
        cmocka_unit_test(test_interp__unpredictable_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
