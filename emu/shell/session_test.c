/* The session's own work, without a firmware: times and scripts as text, hands and power on virtual
 * time, the end; and the pace. What images do is tests/boot's.
 */
#include "tests/unit.h"

#include "emu/shell/control.h"
#include "emu/shell/pace.h"
#include "emu/shell/session.h"

#define S 1000000000ull

static void test_time__units_and_nonsense(void **state) {
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {{"10s", 10 * S}, {"1.5s", 1500000000}, {"250ms", 250000000},
                {"2m", 120 * S}, {"3", 3 * S},         {"0s", 0},
                {"7us", 7000},   {"1h", 3600 * S},     {"40ns", 40}};
    static const char *const bad[] = {"",     "s",      "-1s", "1x",  "10 s",
                                      "soon", "1e300s", "nan", "1s1s"};
    uint64_t ns;
    for (size_t i = 0; i < RK_COUNT(good); i++) {
        assert_int_equal(rk_parse_time(good[i].text, &ns), 0);
        assert_int_equal(ns, good[i].ns);
    }
    for (size_t i = 0; i < RK_COUNT(bad); i++) {
        if (rk_parse_time(bad[i], &ns) == 0) {
            fail_msg("'%s' is no time", bad[i]);
        }
    }
}

struct seen {
    unsigned actions, powers, resets;
    uint64_t mode_down_ns, mode_up_ns;
    struct rk_session *s;
};

static void on_action(void *ctx, const struct rk_action *action) {
    struct seen *seen = ctx;
    seen->actions++;
    if (action->kind == RK_ACTION_MODE) {
        *(action->is_down ? &seen->mode_down_ns : &seen->mode_up_ns) = action->at_ns;
    }
}

static void on_power(void *ctx, bool is_on) {
    ((struct seen *)ctx)->powers++;
}

static void on_reset(void *ctx, enum rk_reset kind) {
    ((struct seen *)ctx)->resets++;
}

struct bench {
    struct rk_machine *m;
    struct rk_session s;
    struct seen seen;
    struct rk_session_sink sink;
};

/* A board whose application is one instruction, `b .`, under the stand-in loader. */
static struct bench *bench_new(void) {
    static struct bench b;
    static const uint8_t app[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x50, 0x00, 0x08, 0xFE, 0xE7};
    static const uint8_t id[12] = {0x53, 0xFF};
    b = (struct bench){.m = rk_machine_new(&rk_spark_core_desc, NULL)};
    assert_non_null(b.m);
    memcpy(rk_machine_nv(b.m, RK_CORE_NV_INTERNAL, NULL) + 0x5000, app, sizeof app);
    rk_spark_core_init(b.m, id);
    rk_spark_core_standin_loader(b.m);
    rk_session_init(&b.s, b.m, RK_ERA_ALL, 0);
    b.sink = (struct rk_session_sink){
        .ctx = &b.seen, .action = on_action, .power = on_power, .reset = on_reset};
    rk_session_add_sink(&b.s, &b.sink);
    return &b;
}

static void test_session__script_on_virtual_time(void **state) {
    struct bench *b = bench_new();
    assert_int_equal(rk_session_script(&b->s, "mode@100ms+250ms"), 0);
    assert_int_equal(rk_session_script(&b->s, "power@400ms+200ms"), 0);
    assert_int_equal(rk_session_script(&b->s, "reset@700ms"), 0);
    assert_int_equal(rk_session_script(&b->s, "button@1s"), RK_E_BAD_FORMAT);
    assert_int_equal(rk_session_script(&b->s, "mode@"), RK_E_BAD_FORMAT);
    assert_int_equal(rk_session_script(&b->s, "mode@1s+"), RK_E_BAD_FORMAT);
    assert_int_equal(rk_session_script(&b->s, "mode@1s+2s "), RK_E_BAD_FORMAT);
    rk_machine_power_on(b->m);
    assert_int_equal(rk_session_run(&b->s, S), RK_SESSION_RUNS);
    assert_int_equal(b->seen.actions, 6);
    assert_int_equal(b->seen.powers, 2);
    /* power on, power on again, the button's release */
    assert_int_equal(b->seen.resets, 3);
    /* to the instruction: at 8 MHz one of `b .` is 3 cycles at most */
    assert_in_range(b->seen.mode_down_ns, 100000000, 100000400);
    assert_in_range(b->seen.mode_up_ns, 350000000, 350000400);
    assert_in_range(rk_session_now(&b->s), S, S + 400);
    /* 0.2 s without power and 0.1 s in reset are not the machine's */
    assert_in_range(rk_machine_now_ns(b->m), 699990000, 700010000);
    rk_machine_free(b->m);
}

static void test_session__too_long_a_script(void **state) {
    struct bench *b = bench_new();
    int rc = 0;
    unsigned count = 0;
    while (rc == 0) {
        rc = rk_session_script(&b->s, "mode@1s");
        count += rc == 0;
    }
    assert_int_equal(rc, RK_E_LIMIT);
    assert_int_equal(count, RK_SCRIPT_MAX / 2);
    rk_machine_free(b->m);
}

static void test_session__until_is_not_seen(void **state) {
    struct bench *b = bench_new();
    b->s.until = "listening";
    b->s.end_ns = 2 * S;
    rk_machine_power_on(b->m);
    assert_int_equal(rk_session_run(&b->s, UINT64_MAX), RK_SESSION_DONE);
    assert_int_equal(b->s.error, RK_E_SIGNAL_NOT_SEEN);
    assert_int_equal(b->s.history_count, 1);
    assert_int_equal(b->s.history[0].candidates[0], RK_SIGNAL_OFF);
    rk_machine_free(b->m);
}

static void test_session__until_stops_when_it_is_seen(void **state) {
    struct bench *b = bench_new();
    b->s.until = "off";
    rk_machine_power_on(b->m);
    assert_int_equal(rk_session_run(&b->s, UINT64_MAX), RK_SESSION_DONE);
    assert_int_equal(b->s.error, 0);
    assert_in_range(rk_session_now(&b->s), 1300000000, 1300000400);
    rk_machine_free(b->m);
}

static void test_control__log_lines_read_back(void **state) {
    struct bench *b = bench_new();
    char *text = NULL;
    size_t len = 0;
    struct rk_control_env env = {.s = &b->s, .name = "x", .log = open_memstream(&text, &len)};
    const struct rk_action off = {0, RK_ACTION_POWER, true};
    rk_control_log_action(&env, &off);
    fclose(env.log);
    uint64_t at_ns = 1;
    json_t *command = NULL;
    assert_int_equal(rk_control_log_parse(text, &at_ns, &command), 0);
    assert_int_equal(at_ns, 0);
    assert_string_equal(json_string_value(json_object_get(command, "state")), "off");
    json_decref(command);
    assert_int_equal(rk_control_log_parse("{\"at_ns\":-1,\"command\":{}}", &at_ns, &command),
                     RK_E_BAD_FORMAT);
    assert_int_equal(rk_control_log_parse("x", &at_ns, &command), RK_E_BAD_FORMAT);
    free(text);
    rk_machine_free(b->m);
}

static void test_pace__slips_and_never_catches_up(void **state) {
    struct rk_pace p;
    rk_pace_set(&p, 2, 1000, 500);
    assert_int_equal(rk_pace_target(&p, 1000 + 10000000, 500), 500 + 20000000);
    /* 10 s later virtual time has not moved: no 20 s to catch up */
    uint64_t target = rk_pace_target(&p, 10 * S, 500);
    assert_in_range(target, 501, 500 + 200000000);
    assert_in_range(rk_pace_target(&p, 10 * S + 1000000, 500), 500, 500 + 200000000);
    rk_pace_set(&p, 0, 0, 0);
    assert_true(rk_pace_target(&p, 1, 0) == UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time__units_and_nonsense),
        cmocka_unit_test(test_session__script_on_virtual_time),
        cmocka_unit_test(test_session__too_long_a_script),
        cmocka_unit_test(test_session__until_is_not_seen),
        cmocka_unit_test(test_session__until_stops_when_it_is_seen),
        cmocka_unit_test(test_control__log_lines_read_back),
        cmocka_unit_test(test_pace__slips_and_never_catches_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
