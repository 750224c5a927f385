/* Loops that wait, by hand (assembled with arm-none-eabi-as): skipped or not, the machine is the
 * same at every stop. And loops that must not be skipped.
 */
#include "tests/unit.h"

#include "emu/core/internal.h"
#include "emu/cpu/flat.h"

#define CYCCNT 0xE0001004u
#define TICK   (RK_FLAT_RAM + 0x100)

static const uint16_t poll[] = {0x6801, 0x2900, 0xD0FC, 0x3701, 0x6006, 0x6045, 0xE7F8};
static const uint16_t delay[] = {0x6802, 0x6803, 0x1A99, 0x42A1, 0xD3FB, 0x3701, 0xE7F8};
static const uint16_t calls[] = {0xF000, 0xF805, 0x42A0, 0xD3FB, 0x3701, 0x6835,
                                 0xE7F8, 0xB538, 0xF000, 0xF801, 0xBD38, 0xB504,
                                 0x6833, 0x9300, 0x1B5B, 0x9A00, 0x4618, 0xBD04};
static const uint16_t tick[] = {0x6802, 0x3203, 0x6803, 0x1A99, 0xD4FC, 0x3701, 0xE7F8};
static const uint16_t kick[] = {0x60C2, 0x6801, 0xB901, 0xE7FB, 0x3701,
                                0x2100, 0x6001, 0x6045, 0xE7F6};
static const uint16_t count[] = {0xF241, 0x3188, 0x3901, 0xD1FD, 0x3701, 0xE7F9};
static const uint16_t division[] = {0x6803, 0xFBA3, 0x1204, 0x0992, 0x42AA,
                                    0xD0F9, 0x4615, 0x3701, 0xE7F6};
static const uint16_t udiv[] = {0x6803, 0x1B9B, 0xFBB3, 0xF2F4, 0x2A04,
                                0xD9F9, 0x6806, 0x3701, 0xE7F6};
static const uint16_t effect[] = {0x6881, 0x2900, 0xD5FC};
static const uint16_t clear[] = {0x5043, 0x3110, 0xF401, 0x617F, 0xE7FA};
static const uint16_t clock[] = {0x6901, 0xE7FD};
static const uint16_t itb[] = {0x6801, 0xEBA1, 0x0205, 0x42A2, 0xBF2C,
                               0x3701, 0x2300, 0xBF28, 0x460D, 0xE7F5};

/* SysTick: counts the word at TICK up. */
static const uint16_t systick[] = {0xF240, 0x1000, 0xF2C2, 0x0000, 0x6801, 0x3101, 0x6001, 0x4770};

struct loop_case {
    const char *name;
    const uint16_t *code;
    size_t half_words;
    uint32_t r[8];
    enum { NEVER, MOSTLY, MAYBE } skips; /* NEVER: it would be wrong */
};

#define CODE(x) #x, x, RK_COUNT(x)

static const struct loop_case cases[] = {
    {CODE(poll), {RK_FLAT_BLOCK, 0, 0, 0, 0, 5000, 0, 0}, MOSTLY},
    {CODE(delay), {CYCCNT, 0, 0, 0, 7200, 0, 0, 0}, MOSTLY},
    {CODE(calls), {0, 0, 0, 0, 9000, 0, CYCCNT, 0}, MOSTLY},
    {CODE(tick), {TICK, 0, 0, 0, 0, 0, 0, 0}, MOSTLY},
    {CODE(kick), {RK_FLAT_BLOCK, 0, 0x5555, 0, 0, 9999, 0, 0}, MOSTLY},
    {CODE(count), {0}, MOSTLY},
    /* 0x10624DD3 / 2^38: a division by 1000, as compilers write it; the high word moves with every
       turn */
    {CODE(division), {CYCCNT, 0, 0, 0, 0x10624DD3, 0, 0, 0}, MAYBE},
    {CODE(udiv), {CYCCNT, 0, 0, 0, 1000, 0, 0, 0}, MOSTLY},
    {CODE(itb), {CYCCNT, 0, 0, 0, 10000, 0, 0, 0}, MOSTLY},
    {CODE(effect), {RK_FLAT_BLOCK, 0, 0, 0, 0, 0, 0, 0}, NEVER},
    {CODE(clear), {RK_FLAT_RAM + 0x1000, 0, 0, 0, 0, 0, 0, 0}, NEVER},
    {CODE(clock), {RK_FLAT_BLOCK, 0, 0, 0, 0, 0, 0, 0}, NEVER},
};

static struct rk_machine *start(const struct loop_case *t, bool skip) {
    struct rk_machine *m = rk_flat_new(t->code, t->half_words);
    rk_machine_set_skip(m, skip);
    rk_flat_code(m, RK_FLAT_HANDLER + 32 * 15, systick, RK_COUNT(systick));
    rk_flat_set_word(m, 0xE000EDFC, 1u << 24);
    rk_flat_set_word(m, 0xE0001000, 1);
    rk_flat_set_word(m, 0xE000E014, 71999);
    rk_flat_set_word(m, 0xE000E018, 0);
    rk_flat_set_word(m, 0xE000E010, 7);
    rk_flat_set_word(m, RK_FLAT_BLOCK + RK_FLAT_ARM, 5000);
    for (unsigned n = 0; n < 8; n++) {
        rk_cpu_reg_set(rk_machine_dev(m, RK_FLAT_CPU), (enum rk_cpu_reg)n, t->r[n]);
    }
    return m;
}

static uint32_t random_next(uint32_t *s) {
    *s = *s * 1664525u + 1013904223u;
    return *s >> 8;
}

static void compare(const struct loop_case *t) {
    struct rk_machine *a = start(t, true), *b = start(t, false);
    uint32_t s = 7;
    for (unsigned n = 0; n < 300; n++) {
        uint64_t cycles = random_next(&s) % (n % 3 ? 20000 : 100);
        uint64_t instr = n % 4 ? UINT64_MAX : rk_machine_instr(a) + random_next(&s) % 5000;
        rk_machine_run(a, rk_machine_now(a) + cycles, instr);
        rk_machine_run(b, rk_machine_now(b) + cycles, instr);
        if (rk_machine_instr(a) != rk_machine_instr(b) || rk_machine_now(a) != rk_machine_now(b) ||
            rk_machine_hash(a) != rk_machine_hash(b)) {
            fail_msg("%s: differs after stop %u at cycle %llu", t->name, n,
                     (unsigned long long)rk_machine_now(b));
        }
    }
    uint64_t skipped = rk_machine_counts(a)->skipped_instr;
    assert_int_equal(rk_machine_counts(b)->skipped_instr, 0);
    if ((t->skips == MOSTLY && skipped * 4 < rk_machine_instr(a)) ||
        (t->skips == NEVER && skipped != 0)) {
        fail_msg("%s: %llu of %llu instructions skipped", t->name, (unsigned long long)skipped,
                 (unsigned long long)rk_machine_instr(a));
    }
    rk_machine_free(a);
    rk_machine_free(b);
}

static void test_wait__skipping_changes_nothing(void **state) {
    (void)state;
    for (size_t n = 0; n < RK_COUNT(cases); n++) {
        compare(&cases[n]);
    }
}

static void test_wait__a_breakpoint_in_the_loop_is_met(void **state) {
    (void)state;
    struct rk_machine *m = start(&cases[0], true);
    rk_machine_run(m, rk_machine_now(m) + 3000, UINT64_MAX);
    assert_int_equal(rk_cpu_breakpoint_set(rk_machine_dev(m, RK_FLAT_CPU), RK_FLAT_CODE + 2), 0);
    uint64_t instr = rk_machine_instr(m);
    assert_int_equal(rk_machine_run(m, UINT64_MAX, UINT64_MAX), RK_STOP_BREAKPOINT);
    assert_in_range(rk_machine_instr(m) - instr, 0, 3);
    rk_machine_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait__skipping_changes_nothing),
        cmocka_unit_test(test_wait__a_breakpoint_in_the_loop_is_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
