/* The interpreter beside Unicorn 2.0.1 (block hook) in one run: a load/store loop, a loop of
 * registers, and core_tinker booting with a network stored, over the same device models. Without
 * libunicorn-dev only our rows are measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/harness.h"
#include "common/base/error.h"
#include "emu/board/spark_core.h"
#include "emu/cpu/cpu.h"
#include "emu/cpu/flat.h"
#include "emu/part/cc3000.h"
#include "tests/published.h"

#ifdef HAVE_UNICORN
#include <unicorn/unicorn.h>

#include "bench/unicorn_cpu.h"
#endif

#define LOOP_INSTR UINT64_C(100000000)
#define BOOT_NS    UINT64_C(5000000000)

/* A quarter and more of it loads and stores: word, byte and half-word, stack, table in flash. */
static const uint16_t load_store[] = {
    0x4C07,         /* ldr r4, =0x20000100 */
    0x2500,         /* movs r5, #0 */
    0x6820,         /* ldr r0, [r4] */
    0x1940,         /* adds r0, r0, r5 */
    0x6020,         /* str r0, [r4] */
    0x7921,         /* ldrb r1, [r4, #4] */
    0x3101,         /* adds r1, #1 */
    0x7121,         /* strb r1, [r4, #4] */
    0x4041,         /* eors r1, r0 */
    0x0049,         /* lsls r1, r1, #1 */
    0x3501,         /* adds r5, #1 */
    0x2D64,         /* cmp r5, #100 */
    0xD1F4,         /* bne to the first ldr */
    0xE7F2,         /* b to movs */
    0xBF00, 0xBF00, /* nop */
    0x0100, 0x2000, /* .word */
};
static const uint16_t registers[] = {
    0x2500, /* movs r5, #0 */
    0x1940, /* adds r0, r0, r5 */
    0x4041, /* eors r1, r0 */
    0x004A, /* lsls r2, r1, #1 */
    0x1A8B, /* subs r3, r1, r2 */
    0x3501, /* adds r5, #1 */
    0x2D64, /* cmp r5, #100 */
    0xD1F8, /* bne to the adds */
    0xE7F6, /* b to the movs */
};

struct code {
    const uint16_t *half_words;
    size_t count;
};

static int run_ours(void *context, double *work) {
    const struct code *code = context;
    struct rk_machine *m = rk_flat_new(code->half_words, code->count);
    rk_machine_set_skip(m, false);
    rk_machine_run(m, UINT64_MAX, LOOP_INSTR);
    *work = (double)rk_machine_instr(m) / 1e6;
    rk_machine_free(m);
    return RK_OK;
}

/* --- the board
 * -------------------------------------------------------------------------------------
 */

struct boot {
    const struct rk_machine_desc *desc;
    const uint8_t *image;
    size_t len;
};

static int boot(void *context, double *work) {
    static const uint8_t id[12] = {0x53, 0xFF, 0x6D, 0x06, 0x50, 0x77,
                                   0x53, 0x52, 0x28, 0x30, 0x02, 0x87};
    static const uint8_t mac[6] = {0x08, 0x00, 0x28, 1, 2, 3};
    static const struct rk_cc3000_profile home = {
        .ssid = "home", .ssid_len = 4, .key = "password", .key_len = 8, .security = 3};
    const struct boot *b = context;
    struct rk_machine *m = rk_machine_new(b->desc, NULL);
    if (!m) {
        return RK_E_NO_MEMORY;
    }
    uint8_t *radio = rk_machine_nv(m, RK_CORE_NV_RADIO, NULL);
    memcpy(rk_machine_nv(m, RK_CORE_NV_INTERNAL, NULL) + 0x5000, b->image, b->len);
    rk_spark_core_standin_loader(m);
    rk_cc3000_nv_format(radio, mac, 28);
    int rc = rk_cc3000_nv_store(radio, &home);
    rk_machine_set_skip(m, false);
    rk_spark_core_init(m, id);
    rk_machine_power_on(m);
    while (!rc && rk_machine_now_ns(m) < BOOT_NS) { /* the clock changes on the way */
        rk_machine_run(m, rk_machine_now(m) + 8000000, UINT64_MAX);
    }
    *work = (double)rk_machine_instr(m) / 1e6;
    rk_machine_free(m);
    return rc;
}

/* --- Unicorn
 * ---------------------------------------------------------------------------------------
 */

#ifdef HAVE_UNICORN

struct counter {
    uint64_t left;
};

static void on_block(uc_engine *uc, uint64_t addr, uint32_t size, void *ctx) {
    struct counter *c = ctx;
    (void)addr;
    uint64_t n = size / 2; /* both loops have narrow instructions only */
    if (c->left <= n) {
        uc_emu_stop(uc);
        c->left = 0;
    } else {
        c->left -= n;
    }
}

static int run_unicorn(void *context, double *work) {
    const struct code *code = context;
    struct counter counter = {LOOP_INSTR};
    uc_engine *uc;
    uc_hook hook;
    if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &uc) != UC_ERR_OK) {
        return RK_E_INTERNAL;
    }
    uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M3);
    uc_mem_map(uc, RK_FLAT_FLASH, 0x20000, UC_PROT_READ | UC_PROT_EXEC);
    uc_mem_map(uc, RK_FLAT_RAM, 0x5000, UC_PROT_ALL);
    uc_mem_write(uc, RK_FLAT_CODE, code->half_words, 2 * code->count);
    uc_hook_add(uc, &hook, UC_HOOK_BLOCK, (void *)on_block, &counter, 1, 0);
    uc_err err = uc_emu_start(uc, RK_FLAT_CODE | 1u, 0xFFFFFFFEu, 0, 0);
    *work = (double)(LOOP_INSTR - counter.left) / 1e6;
    uc_close(uc);
    return err == UC_ERR_OK ? RK_OK : RK_E_INTERNAL;
}

/* In a process of its own: Unicorn may crash. */
static int boot_unicorn(void *context, double *work) {
    int fd[2];
    if (pipe(fd) != 0) {
        return RK_E_IO;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        double done = 0;
        int rc = boot(context, &done);
        bool sent = write(fd[1], &done, sizeof done) == sizeof done;
        _exit(rc || !sent);
    }
    close(fd[1]);
    bool got = pid > 0 && read(fd[0], work, sizeof *work) == sizeof *work;
    close(fd[0]);
    int status = 1;
    bool ended = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    return got && ended ? RK_OK : RK_E_INTERNAL;
}

#endif

static void loop_group(struct rk_bench *bench, const char *name, struct code *code, bool bar) {
    struct rk_bench_group *g = rk_bench_group(bench, name, "MIPS", RK_BENCH_RATE);
    rk_bench_row(g, RK_BENCH_OURS, "rekindle", run_ours, code);
#ifdef HAVE_UNICORN
    rk_bench_row(g, RK_BENCH_PEER, "unicorn", run_unicorn, code);
    if (bar) {
        rk_bench_want(g, "unicorn", 3.5);
    }
#else
    (void)bar;
#endif
}

int main(int argc, char **argv) {
    struct rk_bench *bench = rk_bench_new("emu_cpu", argc, argv);
    struct code loads = {load_store, RK_COUNT(load_store)};
    struct code regs = {registers, RK_COUNT(registers)};
    loop_group(bench, "load/store loop", &loads, true);
    loop_group(bench, "register loop", &regs, false);

    size_t len = 0;
    uint8_t *image = rk_published_find("core-tinker-0.7.0", &len);
    struct boot ours = {&rk_spark_core_desc, image, len};
    if (!image) {
        fprintf(stderr, "absent: core-tinker-0.7.0 (./x images fills the store)\n");
        return rk_bench_finish(bench);
    }
    struct rk_bench_group *g =
        rk_bench_group(bench, "core_tinker boots, 5 s, nothing skipped", "MIPS", RK_BENCH_RATE);
    rk_bench_row(g, RK_BENCH_OURS, "rekindle", boot, &ours);
#ifdef HAVE_UNICORN
    struct rk_machine_desc other = rk_spark_core_desc;
    other.cpu = &rk_unicorn_cpu;
    struct boot theirs = {&other, image, len};
    rk_bench_row(g, RK_BENCH_PEER, "unicorn", boot_unicorn, &theirs);
    rk_bench_want(g, "unicorn", 3.5);
#else
    fprintf(stderr, "absent: libunicorn-dev\n");
#endif
    int status = rk_bench_finish(bench);
    free(image);
    return status;
}
