/* A closed run is a function of its inputs (design.md, Time): the same instruction count at every
 * change of the light, snapshot and replay to the same whole-machine hash, exact stops, power cuts
 * at a chosen flash operation, and the same machine with waiting skipped or not.
 */
#include "tests/boot/rig.h"
#include "tests/published.h"
#include "tests/unit.h"

static const char *const images[] = {
    "core-tinker-0.7.0",      "core-tinker-0.5.1",        "core-doctor-0.6.2",
    "core-voodoospark-0.4.7", "core-deep-update-2014-06", "core-cc3000-patch-1.29",
    "core-cc3000-patch-1.32",
};

static struct rk_rig *boot(const char *id) {
    size_t len;
    uint8_t *image = rk_published_image(id, &len);
    struct rk_rig *rig = rk_rig_new(image, len);
    free(image);
    return rig;
}

static void assert_same_changes(const struct rk_rig *a, const struct rk_rig *b) {
    assert_int_equal(a->change_count, b->change_count);
    size_t n = a->change_count < RK_RIG_CHANGES ? a->change_count : RK_RIG_CHANGES;
    for (size_t i = 0; i < n; i++) {
        assert_true(a->changes[i].instr == b->changes[i].instr);
        assert_true(a->changes[i].ns == b->changes[i].ns);
        assert_memory_equal(a->changes[i].rgb, b->changes[i].rgb, sizeof a->changes[i].rgb);
    }
}

static void test_determinism__two_runs_change_the_light_at_the_same_instructions(void **state) {
    struct rk_rig *a = boot("core-tinker-0.7.0");
    struct rk_rig *b = boot("core-tinker-0.7.0");
    rk_rig_run(a, 4 * RK_S);
    rk_rig_run(b, 4 * RK_S);
    assert_true(a->change_count > 4);
    assert_same_changes(a, b);
    assert_true(rk_machine_hash(a->m) == rk_machine_hash(b->m));
    rk_rig_free(a);
    rk_rig_free(b);
}

static void test_determinism__restore_and_replay_give_the_same_machine(void **state) {
    struct rk_rig *rig = boot("core-tinker-0.7.0");
    rk_rig_run(rig, 2300 * RK_MS);
    size_t size = rk_machine_snapshot_size(rig->m);
    uint8_t *snap = malloc(size);
    rk_machine_snapshot_save(rig->m, snap);
    uint64_t end = rk_machine_now(rig->m) + 100000000;
    rk_machine_run(rig->m, end, UINT64_MAX);
    uint64_t hash = rk_machine_hash(rig->m), instr = rk_machine_instr(rig->m);
    assert_int_equal(rk_machine_snapshot_load(rig->m, snap, size), 0);
    rk_machine_run(rig->m, end, UINT64_MAX);
    assert_true(rk_machine_instr(rig->m) == instr);
    assert_true(rk_machine_hash(rig->m) == hash);
    free(snap);
    rk_rig_free(rig);
}

static void test_determinism__stops_exactly_at_the_nth_instruction(void **state) {
    struct rk_rig *whole = boot("core-tinker-0.7.0");
    struct rk_rig *parts = boot("core-tinker-0.7.0");
    uint64_t n = 0;
    for (unsigned i = 0; i < 500; i++) {
        n += 1 + i * 7919 % 40000;
        assert_int_equal(rk_machine_run(parts->m, UINT64_MAX, n), RK_STOP_INSTR);
        assert_true(rk_machine_instr(parts->m) == n);
    }
    assert_int_equal(rk_machine_run(whole->m, UINT64_MAX, n), RK_STOP_INSTR);
    assert_true(rk_machine_now(whole->m) == rk_machine_now(parts->m));
    assert_true(rk_machine_hash(whole->m) == rk_machine_hash(parts->m));
    rk_rig_free(whole);
    rk_rig_free(parts);
}

/* deep_update saves its attempt counter in the flags page: one erase, then half-words. */
static void test_determinism__the_power_fails_at_the_nth_flash_operation(void **state) {
    for (unsigned nth = 1; nth <= 3; nth++) {
        struct rk_rig *rig = boot("core-deep-update-2014-06");
        rk_machine_cut_at(rig->m, nth, RK_CUT_BEFORE);
        assert_int_equal(rk_rig_run(rig, 20 * RK_S), RK_STOP_POWER_CUT);
        assert_int_equal(rk_machine_counts(rig->m)->flash_ops, nth);
        rk_machine_power_on(rig->m);
        assert_int_equal(rk_rig_run(rig, 500 * RK_MS), RK_STOP_CYCLE);
        rk_rig_free(rig);
    }
}

static void test_determinism__skipped_waiting_changes_nothing(void **state) {
    for (size_t i = 0; i < RK_COUNT(images); i++) {
        struct rk_rig *skip = boot(images[i]);
        struct rk_rig *full = boot(images[i]);
        rk_machine_set_skip(full->m, false);
        for (unsigned step = 0; step < 8; step++) {
            rk_rig_run(skip, 500 * RK_MS);
            rk_rig_run(full, 500 * RK_MS);
            assert_true(rk_machine_instr(skip->m) == rk_machine_instr(full->m));
            assert_true(rk_machine_hash(skip->m) == rk_machine_hash(full->m));
        }
        assert_same_changes(skip, full);
        printf("%-30s %12llu instructions, %5.1f %% skipped, same hash\n", images[i],
               (unsigned long long)rk_machine_instr(skip->m),
               100.0 * (double)rk_machine_counts(skip->m)->skipped_instr /
                   (double)rk_machine_instr(skip->m));
        rk_rig_free(skip);
        rk_rig_free(full);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_determinism__two_runs_change_the_light_at_the_same_instructions),
        cmocka_unit_test(test_determinism__restore_and_replay_give_the_same_machine),
        cmocka_unit_test(test_determinism__stops_exactly_at_the_nth_instruction),
        cmocka_unit_test(test_determinism__the_power_fails_at_the_nth_flash_operation),
        cmocka_unit_test(test_determinism__skipped_waiting_changes_nothing),
    };
    return cmocka_run_group_tests_name("determinism", tests, NULL, NULL);
}
