/* Side-by-side benchmarks. A program fills a suite with groups; each group holds rows that do the
 * same work: ours, a peer, a physical limit. All rows of a group are measured in the same run and
 * in turn (A B C A B C ...), because machines differ by a third from hour to hour and drift within
 * a run; what is reported and judged is therefore a ratio, never a bare number.
 *
 *   int main(int argc, char **argv) {
 *       struct rk_bench *b = rk_bench_new("emu", argc, argv);
 *       struct rk_bench_group *g = rk_bench_group(b, "load/store loop", "MIPS", RK_BENCH_RATE);
 *       rk_bench_row(g, RK_BENCH_OURS, "rekindle", run_ours, &ours);
 *       rk_bench_row(g, RK_BENCH_PEER, "unicorn", run_unicorn, &uc);
 *       rk_bench_want(g, "unicorn", 3.5);
 *       return rk_bench_finish(b);
 *   }
 *
 * Options of every program: --runs N (5), --json FILE, --group WORD (only groups whose name holds
 * it).
 */
#ifndef RK_BENCH_HARNESS_H
#define RK_BENCH_HARNESS_H

#include "common/base/attr.h"

enum rk_bench_role { RK_BENCH_OURS, RK_BENCH_PEER, RK_BENCH_LIMIT };

enum rk_bench_kind {
    RK_BENCH_RATE,       /* work per CPU second: more is better */
    RK_BENCH_COST,       /* CPU seconds per work: less is better */
    RK_BENCH_VALUE_MORE, /* the row's own figure: more is better (a speed in wall time, ...) */
    RK_BENCH_VALUE_LESS, /* the row's own figure: less is better (bytes, wall seconds, ...) */
};

/* One repetition. Sets *work: for RATE and COST how much work was done, in the group's unit (so for
 * MIPS millions of instructions); for VALUE_* the figure itself. Returns 0 or a negative RK_E_x. */
typedef int rk_bench_run(void *context, double *work);

struct rk_bench;
struct rk_bench_group;

/* Reads the command line; a wrong option ends the program with exit 2. Never NULL. */
struct rk_bench *rk_bench_new(const char *name, int argc, char **argv);

/* Strings are borrowed for the life of the suite. */
struct rk_bench_group *rk_bench_group(struct rk_bench *bench, const char *name, const char *unit,
                                      enum rk_bench_kind kind);
void rk_bench_row(struct rk_bench_group *group, enum rk_bench_role role, const char *name,
                  rk_bench_run *run, void *context);

/* The bar: our row (the group's first RK_BENCH_OURS) at least `ratio` times as good as the row of
 * that name. Missing it is printed and makes the exit status 1. */
void rk_bench_want(struct rk_bench_group *group, const char *than, double ratio);

/* Any number worth keeping beside the groups: printed, and written to the JSON. */
void rk_bench_note(struct rk_bench *bench, const char *name, double value, const char *unit);
/* The same with a bar of its own: min <= value <= max, or the exit status is 1. */
void rk_bench_expect(struct rk_bench *bench, const char *name, double value, const char *unit,
                     double min, double max);

/* Measures and prints the groups, for a program that makes notes of the medians; otherwise
 * rk_bench_finish() does it. */
void rk_bench_measure(struct rk_bench *bench);
/* A row's median in the group's unit; 0 when it failed or was not measured. */
double rk_bench_median(const struct rk_bench_group *group, const char *row);

/* Measures, prints the table, writes the JSON, frees the suite. Exit status: 0, 1 a bar was missed
 * or a row failed. */
int rk_bench_finish(struct rk_bench *bench);

#endif
