/* The power-cut proof on the real ARM image: an update, a factory reset and a restore run once on
 * the emulated board; on the way snapshots are taken, and from them the power fails at flash
 * operations: every erase, the first, middle and last program of every page and sector, and random
 * pairs of cuts. After each the board must start one whole image or be in DFU, with the
 * bootloader's pages as they were.
 *
 * `full [seed]` makes all of them; without it a sample that takes seconds.
 */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "tests/loader/rig.h"
#include "tests/published.h"

#define LEN         6000u /* of the images: a few pages; the backup is always the whole space */
#define SNAPSHOT_NS (500 * RK_LOADER_MS)
#define MAX_SNAPS   64
#define SETTLE_NS   (25 * RK_LOADER_S)
#define BOOT_PAGES  0x4000u

static struct rk_loader_rig *r;
static bool is_full;
static uint64_t seed = 1;
static uint8_t old_app[LEN], new_app[LEN], loader[BOOT_PAGES];

struct op {
    enum rk_flash_op kind;
    uint32_t unit; /* page or sector, internal ones above the external */
};

static struct op *ops; /* of the uncut run */
static size_t op_count, op_cap;
static uint64_t cuts, pairs, lost, in_dfu;

static struct snap {
    void *data;
    size_t ops; /* done when it was taken */
} snaps[MAX_SNAPS];
static size_t snap_count;

static uint32_t random_u32(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static void on_flash_op(void *ctx, const struct rk_dev *dev, enum rk_flash_op kind, uint32_t addr,
                        uint32_t len) {
    (void)ctx;
    (void)dev;
    (void)len;
    if (op_count < op_cap) {
        ops[op_count] = (struct op){kind, addr >= 0x08000000u ? addr / 1024 : addr / 4096};
    }
    op_count++;
}

/* A program that only loops, with a body that differs from the other's. */
static void make_app(uint8_t *image, uint8_t kind) {
    uint8_t head[RK_LOADER_LOOP_LEN];
    rk_loader_loop_app(head, kind);
    memcpy(image, head, sizeof head);
    for (size_t i = sizeof head; i < LEN; i++) {
        image[i] = (uint8_t)(i * kind + i / 251);
    }
}

/* --- flows -------------------------------------------------------------------------------------
 */

static void prepare_update(void) {
    rk_loader_put(r, 0x60000, new_app, LEN);
    rk_loader_put(r, 0x08004C04, "\x05\x00", 2);
}

static void prepare_factory(void) {
    rk_loader_put(r, 0x20000, new_app, LEN);
    rk_loader_put(r, 0x08004C08, "\xAA\xAA", 2);
}

static void prepare_restore(void) {
    rk_loader_put(r, 0x40000, new_app, LEN);
    rk_loader_put(r, 0x08004C04, "\x55\x55", 2);
}

static const struct flow {
    const char *name;
    void (*prepare)(void);
} flows[] = {
    {"update", prepare_update}, {"factory reset", prepare_factory}, {"restore", prepare_restore}};

/* --- the uncut run -----------------------------------------------------------------------------
 */

static bool app_is(const uint8_t *image) {
    return memcmp(r->flash + 0x5000, image, LEN) == 0;
}

static void take_snapshot(void) {
    assert_true(snap_count < MAX_SNAPS);
    struct snap *s = &snaps[snap_count++];
    s->data = test_malloc(rk_machine_snapshot_size(r->m));
    s->ops = op_count;
    rk_machine_snapshot_save(r->m, s->data);
}

/* After the board's first start; the flow's request is planted then. */
static void run_uncut(const struct flow *flow) {
    rk_loader_put(r, 0x08005000, old_app, LEN);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    assert_true(rk_loader_in_app(r));
    flow->prepare();
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, 1);
    struct rk_observer count = {.flash_op = on_flash_op};
    rk_machine_observe(r->m, &count);
    op_count = 0;
    snap_count = 0;
    take_snapshot();
    uint64_t end = rk_machine_now_ns(r->m) + SETTLE_NS;
    while (!(app_is(new_app) && rk_loader_in_app(r)) && rk_machine_now_ns(r->m) < end) {
        rk_loader_run_ns(r, SNAPSHOT_NS);
        take_snapshot();
    }
    assert_true(app_is(new_app));
    struct rk_observer nobody = {0};
    rk_machine_observe(r->m, &nobody);
}

/* --- one cut -----------------------------------------------------------------------------------
 */

static bool settled(void) {
    return rk_loader_in_app(r) && (app_is(old_app) || app_is(new_app));
}

static bool in_dfu_mode(void) {
    return r->host.target.desc && rk_get_u16le(r->host.target.desc->device + 10) == 0x607F;
}

/* Runs until the power fails, or the board has settled for good. */
static bool run_to_end(void) {
    uint64_t end = rk_machine_now_ns(r->m) + SETTLE_NS;
    while (rk_machine_now_ns(r->m) < end) {
        rk_loader_run_ns(r, 20 * RK_LOADER_MS);
        if (!rk_machine_powered(r->m)) {
            return false;
        }
        if (settled() || in_dfu_mode()) {
            return true;
        }
    }
    return true;
}

static void power_again(void) {
    rk_usb_host_power_lost(&r->host);
    rk_machine_power_on(r->m);
}

/* The power fails at operation n (from 0); with `second` it fails again that many operations into
 * the recovery. */
static void cut(const struct flow *flow, size_t n, enum rk_cut how, uint64_t second) {
    size_t s = 0;
    while (s + 1 < snap_count && snaps[s + 1].ops <= n) {
        s++;
    }
    assert_int_equal(rk_machine_snapshot_load(r->m, snaps[s].data, rk_machine_snapshot_size(r->m)),
                     0);
    rk_machine_cut_at(r->m, n - snaps[s].ops + 1, how);
    bool survived = run_to_end();
    if (!survived) {
        power_again();
        rk_machine_cut_at(r->m, second, how);
        survived = run_to_end();
        if (!survived) {
            power_again();
            survived = run_to_end();
        }
    }
    rk_machine_cut_at(r->m, 0, RK_CUT_NONE);
    cuts++;
    pairs += second != 0;
    in_dfu += in_dfu_mode();
    bool fine =
        survived && (settled() || in_dfu_mode()) && memcmp(r->flash, loader, BOOT_PAGES) == 0;
    if (!fine && lost++ < 10) {
        print_message("lost: %s, operation %zu, how %d, second %llu\n", flow->name, n, (int)how,
                      (unsigned long long)second);
    }
}

/* Every erase; of programs the first, the middle and the last of their page or sector. */
static bool notable(size_t n) {
    if (ops[n].kind == RK_FLASH_ERASE || n == 0 || n + 1 == op_count) {
        return true;
    }
    if (ops[n - 1].unit != ops[n].unit || ops[n + 1].unit != ops[n].unit ||
        ops[n - 1].kind == RK_FLASH_ERASE) {
        return true;
    }
    size_t first = n, last = n;
    while (first > 0 && ops[first - 1].unit == ops[n].unit) {
        first--;
    }
    while (last + 1 < op_count && ops[last + 1].unit == ops[n].unit) {
        last++;
    }
    return n == first + (last - first) / 2;
}

static void sweep(const struct flow *flow) {
    static const enum rk_cut hows[] = {RK_CUT_BEFORE, RK_CUT_TORN, RK_CUT_AFTER};
    uint64_t cuts_before = cuts, dfu_before = in_dfu, pairs_before = pairs;
    op_cap = 200000;
    ops = test_calloc(op_cap, sizeof *ops);
    run_uncut(flow);
    assert_true(op_count < op_cap);
    size_t stride = is_full ? 1 : 6, seen = 0;
    for (size_t n = 0; n < op_count; n++) {
        if (notable(n) && seen++ % stride == 0) {
            cut(flow, n, hows[seen % 3], 0);
        }
    }
    for (unsigned i = 0; i < (is_full ? 170u : 10u); i++) {
        cut(flow, random_u32() % op_count, hows[random_u32() % 3], 1 + random_u32() % 300);
    }
    print_message("%-14s %6zu operations %5llu cuts %4llu pairs %4llu ended in DFU\n", flow->name,
                  op_count, (unsigned long long)(cuts - cuts_before),
                  (unsigned long long)(pairs - pairs_before),
                  (unsigned long long)(in_dfu - dfu_before));
    for (size_t i = 0; i < snap_count; i++) {
        test_free(snaps[i].data);
    }
    test_free(ops);
}

/* --- DFU: the host is no part of a snapshot, so every cut has a session of its own ---------------
 */

static bool reach_dfu(void) {
    for (unsigned i = 0; i < 3000 && !in_dfu_mode(); i++) {
        rk_loader_run_ns(r, RK_LOADER_MS);
    }
    return in_dfu_mode() && rk_loader_enumerated(r, RK_LOADER_S);
}

static bool dfu_session(void) {
    return reach_dfu() && rk_loader_flash(r, 0x08005000, new_app, LEN) &&
           rk_loader_control(r, 0x21, 1, 2, 0, NULL, 0, NULL) == RK_USB_OK;
}

static void cut_dfu(const void *snapshot, size_t n, enum rk_cut how) {
    static const struct flow flow = {"DFU write", NULL};
    assert_int_equal(rk_machine_snapshot_load(r->m, snapshot, rk_machine_snapshot_size(r->m)), 0);
    rk_machine_cut_at(r->m, n + 1, how);
    (void)dfu_session();
    rk_machine_cut_at(r->m, 0, RK_CUT_NONE);
    if (!rk_machine_powered(r->m)) {
        power_again();
    }
    bool survived = run_to_end();
    cuts++;
    in_dfu += in_dfu_mode();
    bool fine =
        survived && (settled() || in_dfu_mode()) && memcmp(r->flash, loader, BOOT_PAGES) == 0;
    if (!fine && lost++ < 10) {
        print_message("lost: %s, operation %zu, how %d\n", flow.name, n, (int)how);
    }
}

/* The board was asked into DFU by the old application (DR1), and the host writes another. */
static void sweep_dfu(void) {
    static const enum rk_cut hows[] = {RK_CUT_BEFORE, RK_CUT_TORN, RK_CUT_AFTER};
    uint64_t cuts_before = cuts, dfu_before = in_dfu;
    op_cap = 200000;
    ops = test_calloc(op_cap, sizeof *ops);
    rk_loader_put(r, 0x08005000, old_app, LEN);
    rk_loader_run_ns(r, 300 * RK_LOADER_MS);
    rk_loader_put(r, 0x08004C04, "\xFF\xFF", 2);
    rk_spark_core_mode_button(r->m, true);
    rk_machine_reset(r->m, RK_RESET_PIN);
    rk_loader_run_ns(r, 3500 * RK_LOADER_MS);
    rk_spark_core_mode_button(r->m, false);
    assert_true(reach_dfu());
    void *snapshot = test_malloc(rk_machine_snapshot_size(r->m));
    rk_machine_snapshot_save(r->m, snapshot);
    struct rk_observer count = {.flash_op = on_flash_op}, nobody = {0};
    rk_machine_observe(r->m, &count);
    op_count = 0;
    assert_true(dfu_session());
    rk_machine_observe(r->m, &nobody);
    assert_true(app_is(new_app));
    size_t stride = is_full ? 1 : 8, seen = 0;
    for (size_t n = 0; n < op_count; n++) {
        if (notable(n) && seen++ % stride == 0) {
            cut_dfu(snapshot, n, hows[seen % 3]);
        }
    }
    print_message("%-14s %6zu operations %5llu cuts    0 pairs %4llu ended in DFU\n", "DFU write",
                  op_count, (unsigned long long)(cuts - cuts_before),
                  (unsigned long long)(in_dfu - dfu_before));
    test_free(snapshot);
    test_free(ops);
}

static void test_powercut__the_arm_image_survives(void **state) {
    print_message("seed %llu\n", (unsigned long long)seed);
    make_app(old_app, 3);
    make_app(new_app, 5);
    for (size_t i = 0; i <= RK_COUNT(flows); i++) {
        r = rk_loader_rig_new();
        if (!r) {
            rk_skip("the firmware is not built (./x firmware)");
        }
        memcpy(loader, r->flash, BOOT_PAGES);
        if (i < RK_COUNT(flows)) {
            sweep(&flows[i]);
        } else {
            sweep_dfu();
        }
        rk_loader_rig_free(r);
    }
    print_message("cuts %llu, lost boards %llu\n", (unsigned long long)cuts,
                  (unsigned long long)lost);
    assert_int_equal(lost, 0);
}

int main(int argc, char **argv) {
    is_full = argc > 1 && strcmp(argv[1], "full") == 0;
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_powercut__the_arm_image_survives),
    };
    return cmocka_run_group_tests_name("powercut", tests, NULL, NULL);
}
