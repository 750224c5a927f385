/* The machine around the CPU: a snapshot into touched memory beside plain memcpy of as many bytes,
 * and how much faster than a real board a listening one runs with its waiting skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/harness.h"
#include "common/base/error.h"
#include "emu/board/spark_core.h"
#include "tests/published.h"

#define SNAPSHOTS 200

struct board {
    struct rk_machine *m;
    uint8_t *snap;
    uint8_t *copy;
    size_t size;
};

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int save_snapshots(void *context, double *work) {
    struct board *b = context;
    double start = cpu_seconds();
    for (int i = 0; i < SNAPSHOTS; i++) {
        rk_machine_snapshot_save(b->m, b->snap);
    }
    *work = (cpu_seconds() - start) * 1e6 / SNAPSHOTS;
    return RK_OK;
}

static int load_snapshots(void *context, double *work) {
    struct board *b = context;
    double start = cpu_seconds();
    for (int i = 0; i < SNAPSHOTS; i++) {
        int rc = rk_machine_snapshot_load(b->m, b->snap, b->size);
        if (rc) {
            return rc;
        }
    }
    *work = (cpu_seconds() - start) * 1e6 / SNAPSHOTS;
    return RK_OK;
}

static int copy_memory(void *context, double *work) {
    struct board *b = context;
    double start = cpu_seconds();
    for (int i = 0; i < SNAPSHOTS; i++) {
        memcpy(b->copy, b->snap, b->size);
        b->snap[i] ^= b->copy[i]; /* keeps the copies apart for the optimiser */
        b->snap[i] ^= b->copy[i];
    }
    *work = (cpu_seconds() - start) * 1e6 / SNAPSHOTS;
    return RK_OK;
}

/* Virtual seconds per CPU second over ten virtual seconds of listening mode. */
static int listen(void *context, double *work) {
    struct board *b = context;
    int rc = rk_machine_snapshot_load(b->m, b->snap, b->size);
    if (rc) {
        return rc;
    }
    uint64_t until = rk_machine_now_ns(b->m) + 10000000000u;
    double start = cpu_seconds();
    rk_machine_run(b->m, rk_machine_cycle_at_ns(b->m, until), UINT64_MAX);
    *work = 10.0 / (cpu_seconds() - start);
    return RK_OK;
}

static int listen_unskipped(void *context, double *work) {
    struct board *b = context;
    rk_machine_set_skip(b->m, false);
    int rc = listen(b, work);
    rk_machine_set_skip(b->m, true);
    return rc;
}

static int real_time(void *context, double *work) {
    (void)context;
    *work = 1.0;
    return RK_OK;
}

/* A board with the image in listening mode (4 s after power-on). */
static bool board_init(struct board *b, const char *image) {
    static const uint8_t id[12] = {0x53, 0xFF, 0x6D, 0x06, 0x50, 0x77,
                                   0x53, 0x52, 0x28, 0x30, 0x02, 0x87};
    size_t len = 0;
    uint8_t *bytes = rk_published_find(image, &len);
    b->m = rk_machine_new(&rk_spark_core_desc, NULL);
    if (!bytes || !b->m) {
        free(bytes);
        return false;
    }
    memcpy(rk_machine_nv(b->m, RK_CORE_NV_INTERNAL, NULL) + 0x5000, bytes, len);
    free(bytes);
    rk_spark_core_standin_loader(b->m);
    rk_spark_core_init(b->m, id);
    rk_machine_power_on(b->m);
    rk_machine_run(b->m, UINT64_MAX, 20000000);
    rk_machine_run(b->m, rk_machine_cycle_at_ns(b->m, 4000000000u), UINT64_MAX);
    b->size = rk_machine_snapshot_size(b->m);
    b->snap = calloc(1, b->size);
    b->copy = calloc(1, b->size);
    if (!b->snap || !b->copy) {
        return false;
    }
    rk_machine_snapshot_save(b->m, b->snap);
    return true;
}

static void board_release(struct board *b) {
    rk_machine_free(b->m);
    free(b->snap);
    free(b->copy);
}

int main(int argc, char **argv) {
    struct rk_bench *bench = rk_bench_new("emu_machine", argc, argv);
    struct board board = {0};
    if (!board_init(&board, "core-tinker-0.7.0")) {
        fprintf(stderr, "absent: core-tinker-0.7.0 (./x images fills the store)\n");
        return rk_bench_finish(bench);
    }
    struct rk_bench_group *g =
        rk_bench_group(bench, "snapshot, touched memory", "us", RK_BENCH_VALUE_LESS);
    rk_bench_row(g, RK_BENCH_OURS, "save", save_snapshots, &board);
    rk_bench_row(g, RK_BENCH_OURS, "load", load_snapshots, &board);
    rk_bench_row(g, RK_BENCH_LIMIT, "memcpy of as many bytes", copy_memory, &board);
    rk_bench_note(bench, "snapshot size", (double)board.size, "bytes");

    g = rk_bench_group(bench, "listening mode", "times real time", RK_BENCH_VALUE_MORE);
    rk_bench_row(g, RK_BENCH_OURS, "waiting skipped", listen, &board);
    rk_bench_row(g, RK_BENCH_OURS, "every instruction", listen_unskipped, &board);
    rk_bench_row(g, RK_BENCH_LIMIT, "a real board", real_time, &board);
    rk_bench_want(g, "a real board", 10);
    int status = rk_bench_finish(bench);
    board_release(&board);
    return status;
}
