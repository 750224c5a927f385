/* The power-cut proof on the model: for every operation of every flow the power fails before it or
 * in its middle, the board starts again, and must run one whole image or wait in DFU, with its own
 * pages untouched. Then the same with a second cut during the recovery, for random pairs.
 *
 * The main run calls back before each of its operations; there a copy of the board loses its power
 * and recovers, so a flow is walked once. Without arguments every STRIDEth operation and every
 * erase is cut (seconds); `full [seed]` cuts before every one, in the middle of every erase and
 * every TORN_STRIDEth program, and adds 20,000 pairs.
 */
#include "tests/unit.h"

#include "firmware/boot/image.h"
#include "firmware/boot/model.h"

#define LEN         90000u
#define STRIDE      251u
#define TORN_STRIDE 8u /* of a full run; half-words differ in nothing but their place */
#define PAIRS       20000u
#define MAX_BOOT    6

static uint8_t old_app[LEN], new_app[LEN], factory[LEN];
static uint8_t dfu_app[LEN], dfu_plain[LEN]; /* the second has no checksum */
static bool is_full;
static uint64_t seed = 1;

static struct rk_model *main_model, *scratch;
static uint64_t cuts, lost, in_dfu, pairs;
static uint64_t pair_every, pair_countdown; /* every so many cuts a second one follows */

static uint32_t random_u32(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* --- flows -------------------------------------------------------------------------------------
 */

static void put_flag(struct rk_model *m, enum rk_flag which, uint16_t value) {
    m->s.flash[0x4C00 + 2 * which] = (uint8_t)value;
    m->s.flash[0x4C01 + 2 * which] = (uint8_t)(value >> 8);
}

static void prepare_update(struct rk_model *m) {
    rk_model_put_ext(m, RK_EXT_OTA_ADDR, new_app, LEN);
    put_flag(m, RK_FLAG_OTA_UPDATE, RK_UPDATE_READY);
}

static void prepare_factory(struct rk_model *m) {
    put_flag(m, RK_FLAG_FACTORY_RESET, RK_FACTORY_ASKED);
}

static void prepare_restore(struct rk_model *m) {
    rk_model_put_ext(m, RK_EXT_BACKUP_ADDR, new_app, LEN);
    put_flag(m, RK_FLAG_OTA_UPDATE, RK_UPDATE_COPY);
}

static void prepare_nothing(struct rk_model *m) {
    (void)m;
}

static void run_boot(struct rk_model *m) {
    enum rk_boot_action end;
    (void)rk_model_boot(m, RK_HOLD_NONE, MAX_BOOT, &end);
}

/* Flags and reset cause change at every start; the journal is erased on the way. */
static void run_flags(struct rk_model *m) {
    for (unsigned i = 0; i < 60; i++) {
        m->s.csr = i & 1 ? 0x04000000u : 0x14000000u;
        m->s.backup[1] = i % 7 == 0 ? RK_HEALTH_SAFE : 4;
        run_boot(m);
    }
}

/* As dfu-util does it: every page erased first, then written in order. */
static void write_app(struct rk_model *m, const uint8_t *image) {
    struct rk_boot b;
    rk_boot_begin(&b, m->s.csr);
    (void)rk_boot_dfu_begins(&b);
    for (uint32_t off = 0; off < LEN; off += RK_FLASH_PAGE) {
        (void)rk_port_flash_erase(RK_APP_ADDR + off);
    }
    for (uint32_t off = 0; off < LEN; off += 2) {
        uint16_t value = (uint16_t)(image[off] | image[off + 1] << 8);
        if (value != 0xFFFF) {
            (void)rk_port_flash_program(RK_APP_ADDR + off, value);
        }
    }
    (void)rk_boot_dfu_complete(&b);
    rk_boot_finish(&b);
}

static void run_dfu(struct rk_model *m) {
    write_app(m, dfu_app);
}

static void run_dfu_plain(struct rk_model *m) {
    write_app(m, dfu_plain);
}

static const struct flow {
    const char *name;
    void (*prepare)(struct rk_model *m);
    void (*run)(struct rk_model *m);
    const uint8_t *result; /* what the application is when nothing is cut */
    bool may_wait;         /* a cut may leave the board in DFU */
} flows[] = {
    {"update", prepare_update, run_boot, new_app, false},
    {"factory reset", prepare_factory, run_boot, factory, false},
    {"restore", prepare_restore, run_boot, new_app, false},
    {"flags", prepare_nothing, run_flags, old_app, false},
    {"DFU write", prepare_nothing, run_dfu, dfu_app, true},
    {"DFU write without checksum", prepare_nothing, run_dfu_plain, dfu_plain, true},
};

static const struct flow *flow;

/* --- judging -----------------------------------------------------------------------------------
 */

static bool is_whole_image(const struct rk_model *m) {
    const uint8_t *known[] = {old_app, new_app, factory, dfu_app, dfu_plain};
    for (size_t i = 0; i < RK_COUNT(known); i++) {
        if (rk_model_app_is(m, known[i], LEN)) {
            return true;
        }
    }
    return false;
}

static void judge(struct rk_model *m, bool settled, enum rk_boot_action end) {
    bool fine =
        settled && m->violations == 0 &&
        ((end == RK_BOOT_RUN && is_whole_image(m)) || (end == RK_BOOT_DFU && flow->may_wait));
    cuts++;
    in_dfu += end == RK_BOOT_DFU;
    if (!fine && lost++ < 10) {
        print_message("lost: %s, cut %d before operation %llu: %s, violations %u\n", flow->name,
                      (int)m->cut_how, (unsigned long long)main_model->ops + 1,
                      !settled             ? "resets for ever"
                      : end == RK_BOOT_RUN ? "runs half an image"
                                           : "waits in DFU",
                      m->violations);
    }
}

/* The power comes back; with a second cut planned it fails once more on the way. */
static void recover(struct rk_model *m, uint64_t second_cut) {
    enum rk_boot_action end = RK_BOOT_RESET;
    rk_model_power_on(m);
    m->cut_at = second_cut;
    if (setjmp(m->dead) != 0) {
        rk_model_power_on(m);
    }
    bool settled = rk_model_boot(m, RK_HOLD_NONE, MAX_BOOT, &end);
    m->cut_at = 0;
    judge(m, settled, end);
}

static void cut(enum rk_model_cut how) {
    uint64_t second = 0;
    if (--pair_countdown == 0) {
        pair_countdown = pair_every;
        second = 1 + random_u32() % 3000;
        pairs++;
    }
    scratch->s = main_model->s;
    scratch->violations = 0;
    scratch->colour_count = 0;
    scratch->cut_how = how;
    if (how == RK_MODEL_CUT_TORN) {
        rk_model_effect(scratch, &main_model->op, true);
    }
    scratch->cut_how = random_u32() & 1 ? RK_MODEL_CUT_TORN : RK_MODEL_CUT_BEFORE;
    rk_model_use(scratch);
    recover(scratch, second);
    rk_model_use(main_model);
}

static bool wanted(uint64_t op) {
    return op % STRIDE == 0 || op < 200;
}

static void on_operation(struct rk_model *m) {
    bool erases = m->op.kind == RK_MODEL_ERASE || m->op.kind == RK_MODEL_EXT_ERASE;
    bool notable = erases || wanted(m->ops);
    if (is_full || notable) {
        cut(RK_MODEL_CUT_BEFORE);
    }
    if (notable || (is_full && m->ops % TORN_STRIDE == 0)) {
        cut(RK_MODEL_CUT_TORN);
    }
}

/* --- the sweeps --------------------------------------------------------------------------------
 */

static void prepare(struct rk_model *m) {
    rk_model_init(m);
    rk_model_use(m);
    rk_model_put_app(m, old_app, LEN);
    rk_model_put_ext(m, RK_EXT_FACTORY_ADDR, factory, LEN);
    enum rk_boot_action end;
    (void)rk_model_boot(m, RK_HOLD_NONE, MAX_BOOT, &end); /* the journal knows this board */
    flow->prepare(m);
}

static uint64_t count_operations(void) {
    prepare(main_model);
    uint64_t before = main_model->ops;
    flow->run(main_model);
    assert_true(rk_model_app_is(main_model, flow->result, LEN));
    return main_model->ops - before;
}

static void sweep(const struct flow *f) {
    flow = f;
    uint64_t operations = count_operations();
    uint64_t cuts_before = cuts, pairs_before = pairs, dfu_before = in_dfu;
    pair_every = is_full ? RK_MAX(operations * RK_COUNT(flows) / PAIRS, 1u) : 5;
    pair_countdown = pair_every;
    prepare(main_model);
    main_model->ops = 0;
    main_model->before_op = on_operation;
    flow->run(main_model);
    main_model->before_op = NULL;
    print_message("%-28s %7llu operations %7llu cuts %6llu pairs %6llu ended in DFU\n", f->name,
                  (unsigned long long)operations, (unsigned long long)(cuts - cuts_before),
                  (unsigned long long)(pairs - pairs_before),
                  (unsigned long long)(in_dfu - dfu_before));
}

static void test_cut__no_power_cut_loses_the_board(void **state) {
    main_model = test_malloc(sizeof *main_model);
    scratch = test_malloc(sizeof *scratch);
    rk_model_init(scratch);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < RK_COUNT(flows); i++) {
        sweep(&flows[i]);
    }
    print_message("cuts %llu, lost boards %llu\n", (unsigned long long)cuts,
                  (unsigned long long)lost);
    test_free(scratch);
    test_free(main_model);
    assert_int_equal(lost, 0);
}

int main(int argc, char **argv) {
    is_full = argc > 1 && strcmp(argv[1], "full") == 0;
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    rk_model_image(old_app, LEN, 1, true);
    rk_model_image(new_app, LEN, 2, true);
    rk_model_image(factory, LEN, 3, true);
    rk_model_image(dfu_app, LEN, 4, true);
    rk_model_image(dfu_plain, LEN, 5, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut__no_power_cut_loses_the_board),
    };
    return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
