/* The device side of rekindle-server under load: handshakes, memory, idle, pings, a storm, updates.
 * The server is pinned to one processor and its CPU seconds are the measure; the limits are
 * measured on the same processor in the same run: the handshake's crypto alone through OpenSSL, and
 * a bare epoll echo (perf-baseline.md 1, 4; the bars are those of the benchmark issue).
 */
#define _GNU_SOURCE
#include "bench/server_load.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/fleet.h"
#include "bench/harness.h"
#include "common/base/error.h"

#define DEVICES      10000
#define STORM        5000
#define PHASE_S      5
#define PING_DEVICES 50
#define PING_DEPTH   4
#define IDLE_S       30
#define UPDATE_BYTES 100000

static struct rk_load load;

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

/* User and system time of a process, seconds. */
static double cpu_seconds(pid_t pid) {
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f && fgets(text, sizeof text, f) && strrchr(text, ')')) {
        sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
    }
    if (f) {
        fclose(f);
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double rss_kib(pid_t pid) {
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "VmRSS: %lf", &kib);
    }
    if (f) {
        fclose(f);
    }
    return kib;
}

static int start_fleet(struct rk_fleet *f, size_t count) {
    return rk_fleet_init(f, &load.model, count, load.port);
}

/* Until all are online, or seconds have passed. */
static double connect_all(struct rk_fleet *f, size_t count, double seconds) {
    uint64_t start = rk_fleet_now_us();
    while (f->online < count && (double)(rk_fleet_now_us() - start) / 1e6 < seconds) {
        if (f->next >= f->count) {
            f->next = 0; /* those that failed try again */
        }
        rk_fleet_turn(f, 10);
    }
    return (double)(rk_fleet_now_us() - start) / 1e6;
}

static void run_for(struct rk_fleet *f, double seconds) {
    uint64_t start = rk_fleet_now_us(), tick = start;
    while ((double)(rk_fleet_now_us() - start) / 1e6 < seconds) {
        rk_fleet_turn(f, 10);
        if (rk_fleet_now_us() - tick > 1000000) {
            tick = rk_fleet_now_us();
            rk_fleet_tick(f);
        }
    }
}

static void measure_handshakes(struct rk_bench *b) {
    struct rk_fleet f;
    start_fleet(&f, 64);
    f.reconnect = true;
    f.connecting_max = 32;
    run_for(&f, 1);
    double cpu = cpu_seconds(load.server);
    uint64_t before = f.handshakes;
    run_for(&f, PHASE_S);
    double rate = (double)(f.handshakes - before) / (cpu_seconds(load.server) - cpu);
    rk_fleet_release(&f);
    load.handshake_rate = rate;
    rk_bench_note(b, "crypto alone", load.crypto_rate, "handshakes/cpu-s");
    rk_bench_note(b, "handshakes", rate, "/cpu-s");
    rk_bench_expect(b, "handshakes / crypto alone", rate / load.crypto_rate, "", 0.85, 2);
}

static void measure_pings(struct rk_bench *b) {
    struct rk_fleet f;
    start_fleet(&f, PING_DEVICES);
    connect_all(&f, PING_DEVICES, 20);
    f.ping_devices = PING_DEVICES;
    f.ping_depth = PING_DEPTH;
    for (size_t i = 0; i < PING_DEVICES; i++) {
        rk_sim_ping(&f.devices[i].sim, 0); /* the first; the answers keep it going */
        f.devices[i].outstanding++;
    }
    run_for(&f, 1);
    double cpu = cpu_seconds(load.server);
    uint64_t before = f.pings;
    run_for(&f, PHASE_S);
    double rate = (double)(f.pings - before) / (cpu_seconds(load.server) - cpu);
    rk_fleet_release(&f);
    rk_bench_note(b, "bare epoll echo", load.echo_rate, "/cpu-s");
    rk_bench_note(b, "ping round trips", rate, "/cpu-s");
    rk_bench_expect(b, "pings / echo", rate / load.echo_rate, "", 0.75, 3);
}

static void measure_many(struct rk_bench *b) {
    struct rk_fleet f;
    size_t count = load.devices;
    start_fleet(&f, count);
    double base_kib = rss_kib(load.server), cpu = cpu_seconds(load.server);
    double wall = connect_all(&f, count, 120);
    rk_bench_note(b, "devices online", (double)f.online, "");
    rk_bench_note(b, "connecting them", wall, "s wall");
    rk_bench_note(b, "connecting them, server", cpu_seconds(load.server) - cpu, "cpu-s");
    run_for(&f, 5);
    double each = (rss_kib(load.server) - base_kib) / (double)f.online;
    rk_bench_expect(b, "user memory per device", each, "KiB", 0, 2);
    cpu = cpu_seconds(load.server);
    run_for(&f, IDLE_S);
    double idle = 100 * (cpu_seconds(load.server) - cpu) / IDLE_S;
    rk_bench_expect(b, "idle, a ping every 15 s", idle, "% of a core", 0, 0.87);

    size_t storm = RK_MIN((size_t)STORM, count / 2);
    for (size_t i = 0; i < storm; i++) {
        rk_fleet_drop(&f, i);
    }
    f.ping_devices = 0;
    f.next = 0;
    f.connecting_max = storm; /* all at once */
    f.worst_ping_us = f.late_pings = 0;
    cpu = cpu_seconds(load.server);
    uint64_t start = rk_fleet_now_us(), tick = start;
    while (f.online < count && rk_fleet_now_us() - start < 60000000) {
        rk_fleet_turn(&f, 10);
        if (rk_fleet_now_us() - tick > 200000) {
            tick = rk_fleet_now_us();
            for (size_t i = storm; i < count; i += count / 50) { /* pings of those who stayed */
                if (f.devices[i].outstanding == 0) {
                    f.devices[i].outstanding++;
                    f.devices[i].ping_us = tick;
                    rk_sim_ping(&f.devices[i].sim, tick / 1000);
                }
            }
        }
    }
    double storm_cpu = cpu_seconds(load.server) - cpu;
    rk_bench_note(b, "storm", (double)storm, "devices");
    rk_bench_note(b, "storm, wall", (double)(rk_fleet_now_us() - start) / 1e6, "s");
    rk_bench_note(b, "storm, failed connections", (double)f.failed, "");
    rk_bench_expect(b, "storm, server CPU / crypto alone",
                    storm_cpu / ((double)storm / load.crypto_rate), "", 0, 1.2);
    rk_bench_expect(b, "storm, worst ping meanwhile", (double)f.worst_ping_us / 1e3, "ms", 0, 1000);
    rk_fleet_release(&f);
}

static void measure_updates(struct rk_bench *b) {
    for (int fast = 0; fast < 2; fast++) {
        struct rk_fleet f;
        size_t devices = 100;
        start_fleet(&f, devices);
        connect_all(&f, devices, 20);
        run_for(&f, 1);
        uint64_t start = rk_fleet_now_us();
        rk_load_flash(&load, 0, fast);
        while (f.devices[0].fd >= 0 && rk_fleet_now_us() - start < 20000000) {
            rk_fleet_turn(&f, 1);
        }
        double one = UPDATE_BYTES / 1048576.0 / ((double)(rk_fleet_now_us() - start) / 1e6);
        rk_bench_note(b, fast ? "update, one device, fast" : "update, one device, chunk by chunk",
                      one, "MiB/s");
        start = rk_fleet_now_us();
        for (size_t i = 1; i < devices; i++) {
            rk_load_flash(&load, i, fast);
        }
        while (f.online && rk_fleet_now_us() - start < 60000000) {
            rk_fleet_turn(&f, 1);
        }
        double sum = (double)(devices - 1) * UPDATE_BYTES / 1048576.0 /
                     ((double)(rk_fleet_now_us() - start) / 1e6);
        rk_bench_note(b, fast ? "update, 99 at once, fast" : "update, 99 at once, chunk by chunk",
                      sum, "MiB/s");
        rk_fleet_release(&f);
    }
}

int main(int argc, char **argv) {
    struct rk_bench *b = rk_bench_new("server_load", argc, argv);
    const char *devices = getenv("REKINDLE_BENCH_DEVICES");
    load.devices = devices ? strtoul(devices, NULL, 10) : DEVICES;
    pin(0);
    int err = rk_load_limits(&load);
    if (!err) {
        err = rk_load_start(&load, UPDATE_BYTES);
    }
    if (err) {
        fprintf(stderr, "server_load: %s\n", rk_error_info(err)->text);
        return 1;
    }
    pin(1);
    measure_handshakes(b);
    measure_pings(b);
    measure_updates(b);
    measure_many(b);
    rk_load_stop(&load);
    return rk_bench_finish(b);
}
