/* What a connected board costs: core-tinker 0.7.0, breathing cyan, talking to the server's device
 * side over the emulated radio inside the run. CPU time per second of the board's life, for one
 * board and for many in one process.
 */
#include "tests/unit.h"

#include <sys/resource.h>
#include <time.h>

#include "bench/harness.h"
#include "common/base/error.h"
#include "tests/boot/cloud_rig.h"
#include "tests/published.h"

#define IMAGE  "core-tinker-0.7.0"
#define BOARDS 8u
#define LIFE_S 10u /* of every board, in each repetition */

struct boards {
    struct cloud_rig *rigs[BOARDS];
    unsigned count;
};

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All of them live LIFE_S seconds, 100 ms at a time each. The share of one core that a board takes
 * when it keeps step with real time, in per cent. */
static int live(void *context, double *work) {
    struct boards *b = context;
    const double start = cpu_seconds();
    for (unsigned slice = 0; slice < LIFE_S * 10; slice++) {
        for (unsigned i = 0; i < b->count; i++) {
            radio_rig_run(&b->rigs[i]->r, 100);
        }
    }
    *work = 100.0 * (cpu_seconds() - start) / (LIFE_S * b->count);
    for (unsigned i = 0; i < b->count; i++) {
        if (rk_peer_stats(b->rigs[i]->server)->online != 1) {
            return RK_E_CLOSED;
        }
    }
    return RK_OK;
}

static int live_unskipped(void *context, double *work) {
    struct boards *b = context;
    rk_machine_set_skip(b->rigs[0]->r.m, false);
    const int rc = live(b, work);
    rk_machine_set_skip(b->rigs[0]->r.m, true);
    return rc;
}

static int budget(void *context, double *work) {
    (void)context;
    *work = 35.0;
    return RK_OK;
}

static bool connect_board(struct boards *b) {
    struct cloud_rig *c = calloc(1, sizeof *c);
    cloud_rig_init(c, IMAGE, RK_ERA_E3);
    b->rigs[b->count++] = c;
    radio_rig_power(&c->r);
    return radio_rig_until(&c->r, "cloud-connected", 60000);
}

int main(int argc, char **argv) {
    static struct boards one, many;
    struct rk_bench *bench = rk_bench_new("emu_radio", argc, argv);
    size_t len;
    uint8_t *image = rk_published_find(IMAGE, &len);
    free(image);
    bool ok = image && connect_board(&one);
    for (unsigned i = 0; ok && i < BOARDS; i++) {
        ok = connect_board(&many);
    }
    if (!ok) {
        fprintf(stderr, image ? "the board does not connect\n" : "absent: " IMAGE "\n");
        return rk_bench_finish(bench);
    }
    struct rk_bench_group *g =
        rk_bench_group(bench, "a connected board at real time", "% of a core", RK_BENCH_VALUE_LESS);
    rk_bench_row(g, RK_BENCH_OURS, "one board", live, &one);
    rk_bench_row(g, RK_BENCH_OURS, "one of eight in a process", live, &many);
    rk_bench_row(g, RK_BENCH_OURS, "one board, every instruction", live_unskipped, &one);
    rk_bench_row(g, RK_BENCH_LIMIT, "budget", budget, NULL);
    rk_bench_want(g, "budget", 1.0);
    rk_bench_measure(bench);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    rk_bench_expect(bench, "a connected board", rk_bench_median(g, "one board"), "% of a core", 0,
                    35);
    rk_bench_note(bench, "boards at once in one process",
                  100.0 / rk_bench_median(g, "one of eight in a process"), "boards");
    rk_bench_note(bench, "memory of nine boards", (double)usage.ru_maxrss / 1024.0, "MB");
    const int status = rk_bench_finish(bench);
    for (unsigned i = 0; i < many.count; i++) {
        cloud_rig_release(many.rigs[i]);
        free(many.rigs[i]);
    }
    cloud_rig_release(one.rigs[0]);
    free(one.rigs[0]);
    return status;
}
