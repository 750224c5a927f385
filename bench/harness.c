/* Measuring and reporting for bench/harness.h. CPU time is the process's own plus that of children
 * it waited for (getrusage), so a peer that is a program of its own is measured the same way.
 */
#include "bench/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ROW_CAP = 16, RUNS_CAP = 101, RUNS_DEFAULT = 5, NOTE_CAP = 64, GROUP_CAP = 64 };

struct row {
    const char *name;
    enum rk_bench_role role;
    rk_bench_run *run;
    void *context;
    double sample[RUNS_CAP]; /* in the group's unit */
    int sample_count;
    int error;         /* the first failure; the row is then left out of ratios */
    double want_ratio; /* our row must be this many times as good; 0 = no bar */
};

struct rk_bench_group {
    const char *name;
    const char *unit;
    enum rk_bench_kind kind;
    struct row row[ROW_CAP];
    int row_count;
};

struct note {
    const char *name;
    const char *unit;
    double value;
    bool has_bar;
    double min;
    double max;
};

struct rk_bench {
    const char *name;
    const char *json_path;
    const char *only;
    int runs;
    struct rk_bench_group *group[GROUP_CAP];
    int group_count;
    struct note note[NOTE_CAP];
    int note_count;
    bool measured;
    bool failed; /* a bar was missed or a row failed */
};

static const char *const role_name[] = {"ours", "peer", "limit"};

static _Noreturn void die(const char *text) {
    fprintf(stderr, "bench: %s\n", text);
    exit(2);
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) {
        die("out of memory");
    }
    return memory;
}

struct rk_bench *rk_bench_new(const char *name, int argc, char **argv) {
    struct rk_bench *b = allocate(sizeof *b);
    b->name = name;
    b->runs = RUNS_DEFAULT;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value && strcmp(argv[i], "--runs") == 0) {
            b->runs = (int)RK_MAX(1, RK_MIN(strtol(value, NULL, 10), RUNS_CAP));
        } else if (value && strcmp(argv[i], "--json") == 0) {
            b->json_path = value;
        } else if (value && strcmp(argv[i], "--group") == 0) {
            b->only = value;
        } else {
            die("options: --runs N, --json FILE, --group WORD");
        }
    }
    return b;
}

struct rk_bench_group *rk_bench_group(struct rk_bench *b, const char *name, const char *unit,
                                      enum rk_bench_kind kind) {
    if (b->group_count == GROUP_CAP) {
        die("too many groups");
    }
    struct rk_bench_group *g = allocate(sizeof *g);
    g->name = name;
    g->unit = unit;
    g->kind = kind;
    b->group[b->group_count++] = g;
    return g;
}

void rk_bench_row(struct rk_bench_group *g, enum rk_bench_role role, const char *name,
                  rk_bench_run *run, void *context) {
    if (g->row_count == ROW_CAP) {
        die("too many rows in a group");
    }
    g->row[g->row_count++] =
        (struct row){.name = name, .role = role, .run = run, .context = context};
}

void rk_bench_want(struct rk_bench_group *g, const char *than, double ratio) {
    for (int i = 0; i < g->row_count; i++) {
        if (strcmp(g->row[i].name, than) == 0) {
            g->row[i].want_ratio = ratio;
            return;
        }
    }
    die("a bar names a row that does not exist");
}

void rk_bench_note(struct rk_bench *b, const char *name, double value, const char *unit) {
    if (b->note_count < NOTE_CAP) {
        b->note[b->note_count++] = (struct note){.name = name, .unit = unit, .value = value};
    }
}

static bool note_met(const struct note *n) {
    return !n->has_bar || (n->value >= n->min && n->value <= n->max);
}

void rk_bench_expect(struct rk_bench *b, const char *name, double value, const char *unit,
                     double min, double max) {
    if (b->note_count == NOTE_CAP) {
        die("too many notes");
    }
    b->note[b->note_count++] = (struct note){
        .name = name, .unit = unit, .value = value, .has_bar = true, .min = min, .max = max};
    b->failed |= !note_met(&b->note[b->note_count - 1]);
}

static double cpu_seconds(void) {
    struct rusage self;
    struct rusage children;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    struct timeval part[] = {self.ru_utime, self.ru_stime, children.ru_utime, children.ru_stime};
    double sum = 0;
    for (size_t i = 0; i < RK_COUNT(part); i++) {
        sum += (double)part[i].tv_sec + (double)part[i].tv_usec / 1e6;
    }
    return sum;
}

static bool more_is_better(const struct rk_bench_group *g) {
    return g->kind == RK_BENCH_RATE || g->kind == RK_BENCH_VALUE_MORE;
}

static void measure_once(struct rk_bench_group *g, struct row *r) {
    double work = 0;
    double before = cpu_seconds();
    int error = r->run(r->context, &work);
    double spent = cpu_seconds() - before;
    if (error || (g->kind == RK_BENCH_COST && work <= 0)) {
        r->error = error ? error : -1;
        return;
    }
    double sample = work;
    if (g->kind == RK_BENCH_RATE) {
        sample = spent > 0 ? work / spent : 0;
    } else if (g->kind == RK_BENCH_COST) {
        sample = spent / work;
    }
    r->sample[r->sample_count++] = sample;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_group(struct rk_bench *b, struct rk_bench_group *g) {
    for (int run = 0; run < b->runs; run++) {
        for (int i = 0; i < g->row_count; i++) {
            if (!g->row[i].error) {
                measure_once(g, &g->row[i]);
            }
        }
    }
    for (int i = 0; i < g->row_count; i++) {
        qsort(g->row[i].sample, (size_t)g->row[i].sample_count, sizeof(double), by_value);
    }
}

static double median(const struct row *r) {
    return r->sample_count ? r->sample[r->sample_count / 2] : 0;
}

static const struct row *our_row(const struct rk_bench_group *g) {
    for (int i = 0; i < g->row_count; i++) {
        if (g->row[i].role == RK_BENCH_OURS && !g->row[i].error) {
            return &g->row[i];
        }
    }
    return NULL;
}

/* How many times as good our row is as this one; 0 when there is nothing to compare. */
static double ratio_to(const struct rk_bench_group *g, const struct row *r) {
    const struct row *ours = our_row(g);
    if (!ours || ours == r || r->error || median(r) <= 0 || median(ours) <= 0) {
        return 0;
    }
    return more_is_better(g) ? median(ours) / median(r) : median(r) / median(ours);
}

static bool bar_missed(const struct rk_bench_group *g, const struct row *r) {
    return r->want_ratio > 0 && ratio_to(g, r) < r->want_ratio;
}

static void print_row(const struct rk_bench_group *g, const struct row *r) {
    if (r->error) {
        printf("  %-28s %-5s failed (error %d)\n", r->name, role_name[r->role], r->error);
        return;
    }
    printf("  %-28s %-5s %12.4g (%.4g - %.4g) %s", r->name, role_name[r->role], median(r),
           r->sample[0], r->sample[r->sample_count - 1], g->unit);
    double ratio = ratio_to(g, r);
    if (ratio > 0) {
        printf("   ours is %.2f times this", ratio);
    }
    if (r->want_ratio > 0) {
        printf(", wanted %.2f: %s", r->want_ratio, bar_missed(g, r) ? "MISSED" : "ok");
    }
    printf("\n");
}

static void write_json_row(FILE *out, const struct rk_bench_group *g, const struct row *r) {
    fprintf(out, "        {\"name\": \"%s\", \"role\": \"%s\"", r->name, role_name[r->role]);
    if (r->error) {
        fprintf(out, ", \"error\": %d}", r->error);
        return;
    }
    fprintf(out, ", \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"runs\": %d", median(r),
            r->sample[0], r->sample[r->sample_count - 1], r->sample_count);
    if (ratio_to(g, r) > 0) {
        fprintf(out, ", \"ours_is_times\": %.4g", ratio_to(g, r));
    }
    if (r->want_ratio > 0) {
        fprintf(out, ", \"wanted\": %.4g, \"met\": %s", r->want_ratio,
                bar_missed(g, r) ? "false" : "true");
    }
    fprintf(out, "}");
}

static bool is_chosen(const struct rk_bench *b, const struct rk_bench_group *g) {
    return !b->only || strstr(g->name, b->only);
}

static void write_json(const struct rk_bench *b, FILE *out) {
    fprintf(out, "{\n  \"schema\": 1,\n  \"suite\": \"%s\",\n  \"groups\": [", b->name);
    const char *separator = "\n";
    for (int i = 0; i < b->group_count; i++) {
        const struct rk_bench_group *g = b->group[i];
        if (!is_chosen(b, g)) {
            continue;
        }
        fprintf(out,
                "%s    {\"name\": \"%s\", \"unit\": \"%s\", \"more_is_better\": %s, \"rows\": [",
                separator, g->name, g->unit, more_is_better(g) ? "true" : "false");
        for (int k = 0; k < g->row_count; k++) {
            fputs(k ? ",\n" : "\n", out);
            write_json_row(out, g, &g->row[k]);
        }
        fprintf(out, "]}");
        separator = ",\n";
    }
    fprintf(out, "\n  ],\n  \"notes\": [");
    for (int i = 0; i < b->note_count; i++) {
        const struct note *n = &b->note[i];
        fprintf(out, "%s\n    {\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"", i ? "," : "",
                n->name, n->value, n->unit);
        if (n->has_bar) {
            fprintf(out, ", \"min\": %.6g, \"max\": %.6g, \"met\": %s", n->min, n->max,
                    note_met(n) ? "true" : "false");
        }
        fprintf(out, "}");
    }
    fprintf(out, "\n  ]\n}\n");
}

static void judge_group(struct rk_bench *b, const struct rk_bench_group *g) {
    printf("%s (%s)\n", g->name, more_is_better(g) ? "more is better" : "less is better");
    for (int i = 0; i < g->row_count; i++) {
        print_row(g, &g->row[i]);
        b->failed |= g->row[i].error || bar_missed(g, &g->row[i]);
    }
    fflush(stdout);
}

static void save(struct rk_bench *b) {
    FILE *out = fopen(b->json_path, "w");
    if (!out) {
        fprintf(stderr, "bench: cannot write %s\n", b->json_path);
        b->failed = true;
        return;
    }
    write_json(b, out);
    b->failed |= fclose(out) != 0;
}

static void print_note(const struct note *n) {
    printf("%-40s %.4g %s", n->name, n->value, n->unit);
    if (n->has_bar) {
        printf(", wanted %.4g to %.4g: %s", n->min, n->max, note_met(n) ? "ok" : "MISSED");
    }
    printf("\n");
}

void rk_bench_measure(struct rk_bench *b) {
    printf("bench %s: median (min - max) of %d runs\n", b->name, b->runs);
    for (int i = 0; i < b->group_count; i++) {
        if (is_chosen(b, b->group[i])) {
            measure_group(b, b->group[i]);
            judge_group(b, b->group[i]);
        }
    }
    b->measured = true;
}

double rk_bench_median(const struct rk_bench_group *g, const char *row) {
    for (int i = 0; i < g->row_count; i++) {
        if (strcmp(g->row[i].name, row) == 0 && !g->row[i].error) {
            return median(&g->row[i]);
        }
    }
    return 0;
}

int rk_bench_finish(struct rk_bench *b) {
    if (!b->measured) {
        rk_bench_measure(b);
    }
    for (int i = 0; i < b->note_count; i++) {
        print_note(&b->note[i]);
    }
    if (b->json_path) {
        save(b);
    }
    int status = b->failed ? 1 : 0;
    for (int i = 0; i < b->group_count; i++) {
        free(b->group[i]);
    }
    free(b);
    return status;
}
