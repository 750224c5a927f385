/* The wheel against a plain list: everything comes when it is due, once, in any order of setting.
 */
#include "server/loop/wheel.h"
#include "tests/unit.h"

enum { ENTRIES = 500 };

static struct rk_wheel wheel;
static struct rk_wheel_entry entries[ENTRIES];
static uint64_t due_ms[ENTRIES], now;
static int fired;

static void on_due(void *ctx, struct rk_wheel_entry *entry) {
    size_t i = (size_t)(entry - entries);
    assert_true(due_ms[i] <= now);
    assert_true(now - due_ms[i] <= 2 * RK_WHEEL_SLOT_MS);
    due_ms[i] = UINT64_MAX;
    fired++;
    if (i % 7 == 0) { /* may take others out, and set itself again */
        rk_wheel_remove(&entries[(i + 1) % ENTRIES]);
        if (due_ms[(i + 1) % ENTRIES] != UINT64_MAX) {
            due_ms[(i + 1) % ENTRIES] = UINT64_MAX;
            fired++;
        }
    }
}

static void test_wheel__everything_comes_when_due(void **state) {
    uint32_t random = 7;
    for (size_t i = 0; i < ENTRIES; i++) {
        random = random * 1664525u + 1013904223u;
        due_ms[i] = random % 100000; /* three times round */
        rk_wheel_set(&wheel, &entries[i], due_ms[i] + 5);
        rk_wheel_set(&wheel, &entries[i], due_ms[i]);
    }
    for (now = 0; now < 101000; now += RK_WHEEL_SLOT_MS) {
        rk_wheel_turn(&wheel, now, on_due, NULL);
    }
    assert_int_equal(fired, ENTRIES);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wheel__everything_comes_when_due)};
    return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
