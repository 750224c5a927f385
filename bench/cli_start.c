/* What a local command costs before it does anything: CPU time and memory of one start, beside
 * /bin/true (the floor) and dfu-util (perf-baseline.md 3). The bar: at most 3 ms of CPU and 6 MB.
 */
#include "bench/harness.h"
#include "common/base/error.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STARTS_PER_SAMPLE = 40 };

extern char **environ;

struct program {
    char path[4096];
    char *argv[4];
};

static int start(const struct program *program, struct rusage *usage) {
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&pid, program->argv[0], &quiet, NULL, program->argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (failed || wait4(pid, &status, 0, usage) != pid || !WIFEXITED(status)) {
        return RK_E_NOT_FOUND;
    }
    return WEXITSTATUS(status) == 127 ? RK_E_NOT_FOUND : 0;
}

/* Milliseconds of CPU per start: COST is seconds per unit of work, so work is thousands of starts.
 */
static int run_time(void *context, double *work) {
    struct rusage usage;
    for (int i = 0; i < STARTS_PER_SAMPLE; i++) {
        int error = start(context, &usage);
        if (error) {
            return error;
        }
    }
    *work = STARTS_PER_SAMPLE / 1000.0;
    return 0;
}

static int run_memory(void *context, double *work) {
    struct rusage usage;
    int error = start(context, &usage);
    if (!error) {
        *work = (double)usage.ru_maxrss / 1024;
    }
    return error;
}

int main(int argc, char **argv) {
    struct program ours = {.argv = {ours.path, (char[]){"version"}, NULL}};
    struct program help = {.argv = {ours.path, (char[]){"help"}, NULL}};
    struct program dfu_util = {.argv = {(char[]){"dfu-util"}, (char[]){"-V"}, NULL}};
    struct program nothing = {.argv = {(char[]){"/bin/true"}, NULL}};
    const char *slash = strrchr(argv[0], '/');
    snprintf(ours.path, sizeof ours.path, "%.*srekindle", slash ? (int)(slash - argv[0]) + 1 : 0,
             argv[0]);

    struct rk_bench *b = rk_bench_new("cli start", argc, argv);
    struct rk_bench_group *time = rk_bench_group(b, "CPU of one start", "ms", RK_BENCH_COST);
    struct rk_bench_group *memory =
        rk_bench_group(b, "memory of one start", "MB", RK_BENCH_VALUE_LESS);
    struct rk_bench_group *groups[] = {time, memory};
    for (size_t i = 0; i < RK_COUNT(groups); i++) {
        rk_bench_run *run = groups[i] == time ? run_time : run_memory;
        rk_bench_row(groups[i], RK_BENCH_OURS, "rekindle version", run, &ours);
        rk_bench_row(groups[i], RK_BENCH_OURS, "rekindle help", run, &help);
        rk_bench_row(groups[i], RK_BENCH_PEER, "dfu-util -V", run, &dfu_util);
        rk_bench_row(groups[i], RK_BENCH_LIMIT, "/bin/true", run, &nothing);
    }
    rk_bench_measure(b);
    rk_bench_expect(b, "CPU above /bin/true",
                    rk_bench_median(time, "rekindle version") - rk_bench_median(time, "/bin/true"),
                    "ms", -1, 3);
    rk_bench_expect(b, "memory", rk_bench_median(memory, "rekindle version"), "MB", 0, 6);
    return rk_bench_finish(b);
}
