/* The harness: ratios both ways round, bars, failed rows, and the JSON that it writes. Uses rows
 * with given figures, so nothing here depends on how fast the machine is.
 */
#include "bench/harness.h"
#include "tests/unit.h"

#include <jansson.h>
#include <unistd.h>

static char json_path[] = "/tmp/rk-bench-XXXXXX";

static int give(void *context, double *work) {
    *work = *(const double *)context;
    return 0;
}

static int give_error(void *context, double *work) {
    *work = 0;
    return -5;
}

static int burn(void *context, double *work) {
    volatile unsigned sink = 0;
    for (unsigned i = 0; i < 30000000; i++) {
        sink += i;
    }
    *work = 30;
    return 0;
}

static struct rk_bench *bench(void) {
    static char words[][8] = {"bench", "--runs", "3", "--json"};
    char *argv[] = {words[0], words[1], words[2], words[3], json_path};
    return rk_bench_new("test", RK_COUNT(argv), argv);
}

static json_t *row_of(json_t *root, size_t group, size_t row) {
    json_t *rows = json_object_get(json_array_get(json_object_get(root, "groups"), group), "rows");
    return json_array_get(rows, row);
}

static json_t *written(void) {
    json_error_t error;
    json_t *root = json_load_file(json_path, 0, &error);
    if (!root) {
        fail_msg("not JSON: %s", error.text);
    }
    return root;
}

static void test_ratio__counts_for_us_in_both_directions(void **state) {
    double ten = 10;
    double four = 4;
    struct rk_bench *b = bench();
    struct rk_bench_group *speed = rk_bench_group(b, "speed", "MB/s", RK_BENCH_VALUE_MORE);
    rk_bench_row(speed, RK_BENCH_OURS, "ours", give, &ten);
    rk_bench_row(speed, RK_BENCH_PEER, "peer", give, &four);
    rk_bench_want(speed, "peer", 2.5);
    struct rk_bench_group *size = rk_bench_group(b, "size", "MB", RK_BENCH_VALUE_LESS);
    rk_bench_row(size, RK_BENCH_OURS, "ours", give, &ten);
    rk_bench_row(size, RK_BENCH_LIMIT, "limit", give, &four);
    rk_bench_note(b, "how many", 7, "boards");
    assert_int_equal(rk_bench_finish(b), 0);

    json_t *root = written();
    assert_float_equal(json_number_value(json_object_get(row_of(root, 0, 1), "ours_is_times")), 2.5,
                       0.001);
    assert_true(json_is_true(json_object_get(row_of(root, 0, 1), "met")));
    assert_float_equal(json_number_value(json_object_get(row_of(root, 1, 1), "ours_is_times")), 0.4,
                       0.001);
    assert_int_equal(json_integer_value(json_object_get(row_of(root, 1, 0), "runs")), 3);
    assert_int_equal(json_array_size(json_object_get(root, "notes")), 1);
    json_decref(root);
}

static void test_bar__missed_ends_with_one(void **state) {
    double ten = 10;
    struct rk_bench *b = bench();
    struct rk_bench_group *g = rk_bench_group(b, "speed", "MB/s", RK_BENCH_VALUE_MORE);
    rk_bench_row(g, RK_BENCH_OURS, "ours", give, &ten);
    rk_bench_row(g, RK_BENCH_PEER, "peer", give, &ten);
    rk_bench_want(g, "peer", 1.1);
    assert_int_equal(rk_bench_finish(b), 1);
}

static void test_row__failed_is_told_and_has_no_ratio(void **state) {
    double ten = 10;
    struct rk_bench *b = bench();
    struct rk_bench_group *g = rk_bench_group(b, "speed", "MB/s", RK_BENCH_VALUE_MORE);
    rk_bench_row(g, RK_BENCH_OURS, "ours", give, &ten);
    rk_bench_row(g, RK_BENCH_PEER, "broken", give_error, NULL);
    assert_int_equal(rk_bench_finish(b), 1);
    json_t *root = written();
    assert_int_equal(json_integer_value(json_object_get(row_of(root, 0, 1), "error")), -5);
    assert_null(json_object_get(row_of(root, 0, 1), "ours_is_times"));
    json_decref(root);
}

static void test_expect__judges_a_figure_of_its_own(void **state) {
    double ten = 10;
    for (int max = 4; max <= 12; max += 8) {
        struct rk_bench *b = bench();
        struct rk_bench_group *g = rk_bench_group(b, "speed", "MB/s", RK_BENCH_VALUE_MORE);
        rk_bench_row(g, RK_BENCH_OURS, "ours", give, &ten);
        rk_bench_measure(b);
        assert_float_equal(rk_bench_median(g, "ours"), 10, 0.001);
        assert_float_equal(rk_bench_median(g, "nobody"), 0, 0.001);
        rk_bench_expect(b, "half of it", rk_bench_median(g, "ours") / 2, "MB/s", 0, max);
        assert_int_equal(rk_bench_finish(b), max == 4);
    }
}

static void test_rate__is_work_per_cpu_second_and_cost_its_inverse(void **state) {
    struct rk_bench *b = bench();
    struct rk_bench_group *rate = rk_bench_group(b, "rate", "M/s", RK_BENCH_RATE);
    rk_bench_row(rate, RK_BENCH_OURS, "ours", burn, NULL);
    struct rk_bench_group *cost = rk_bench_group(b, "cost", "s", RK_BENCH_COST);
    rk_bench_row(cost, RK_BENCH_OURS, "ours", burn, NULL);
    assert_int_equal(rk_bench_finish(b), 0);
    json_t *root = written();
    double per_second = json_number_value(json_object_get(row_of(root, 0, 0), "median"));
    double seconds = json_number_value(json_object_get(row_of(root, 1, 0), "median"));
    assert_true(per_second > 0);
    assert_true(per_second * seconds > 0.1 && per_second * seconds < 10); /* noise, not a factor */
    json_decref(root);
}

static int make_file(void **state) {
    int fd = mkstemp(json_path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state) {
    return unlink(json_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio__counts_for_us_in_both_directions),
        cmocka_unit_test(test_bar__missed_ends_with_one),
        cmocka_unit_test(test_row__failed_is_told_and_has_no_ratio),
        cmocka_unit_test(test_expect__judges_a_figure_of_its_own),
        cmocka_unit_test(test_rate__is_work_per_cpu_second_and_cost_its_inverse),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
