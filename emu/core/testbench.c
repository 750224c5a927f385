/* See testbench.h. */
#include "emu/core/testbench.h"

#include <stdlib.h>
#include <string.h>

#include "emu/core/internal.h"

/* --- a CPU that sleeps for ever ------------------------------------------------------------------
 */

static void still_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

static bool still_yes(struct rk_dev *dev) {
    (void)dev;
    return true;
}

static enum rk_cpu_stop still_run(struct rk_dev *dev) {
    (void)dev;
    return RK_CPU_ASLEEP;
}

static void still_changed(struct rk_dev *dev, uint32_t off, uint32_t len) {
    (void)dev;
    (void)off;
    (void)len;
}

static void still_destroy(struct rk_dev *dev) {
    (void)dev;
}

static const struct rk_dev_ops still_ops = {.type = "still", .reset = still_reset};
static const struct rk_cpu_ops still_cpu = {.build = still_yes,
                                            .destroy = still_destroy,
                                            .start = still_yes,
                                            .run = still_run,
                                            .code_changed = still_changed};

/* --- the probe -----------------------------------------------------------------------------------
 */

static uint32_t probe_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct rk_testbench *t = dev->host;
    if (!t) {
        return 0;
    }
    t->level[line] = value;
    t->pulses[line]++;
    return t->answer[line];
}

static const struct rk_dev_ops probe_ops = {
    .type = "probe", .reset = still_reset, .input = probe_input};

struct tables {
    struct rk_dev_desc devs[3];
    struct rk_wire wires[RK_TESTBENCH_LINES + 1];
    const struct rk_wire *lists[2];
    struct rk_nv_desc nv[2];
    struct rk_machine_desc desc;
};

static void fill_tables(struct tables *x, const struct rk_dev_ops *ops, const void *config,
                        uint32_t hclk_hz, size_t nv_size) {
    x->devs[0] = (struct rk_dev_desc){.ops = &still_ops, .name = "CPU"};
    x->devs[1] = (struct rk_dev_desc){.ops = ops,
                                      .name = "DUT",
                                      .base = RK_TESTBENCH_BASE,
                                      .size = ops->read ? 0x800 : 0,
                                      .nv = nv_size ? 2 : 0,
                                      .config = config};
    x->devs[2] = (struct rk_dev_desc){.ops = &probe_ops, .name = "PROBE"};
    for (unsigned i = 0; i < ops->out_count; i++) {
        x->wires[i] = (struct rk_wire){1, (uint16_t)i, 2, (uint16_t)i};
    }
    x->lists[0] = x->wires;
    x->wires[ops->out_count] = (struct rk_wire)RK_WIRE_END;
    x->nv[0] = (struct rk_nv_desc){"internal", 128 * 1024};
    x->nv[1] = (struct rk_nv_desc){"dut", nv_size};
    x->desc = (struct rk_machine_desc){.name = "bench",
                                       .cpu = &still_cpu,
                                       .devs = x->devs,
                                       .dev_count = 3,
                                       .wires = x->lists,
                                       .nv = x->nv,
                                       .nv_count = nv_size ? 2 : 1,
                                       .flash_base = 0x08000000u,
                                       .flash_dev = 1,
                                       .ram_base = 0x20000000u,
                                       .ram_size = 20 * 1024,
                                       .hclk_reset_hz = hclk_hz};
}

struct rk_testbench *rk_testbench_new(const struct rk_dev_ops *ops, const void *config,
                                      uint32_t hclk_hz, size_t nv_size) {
    struct rk_testbench *t = calloc(1, sizeof *t);
    struct tables *x = calloc(1, sizeof *x);
    if (!t || !x || ops->out_count > RK_TESTBENCH_LINES) {
        abort();
    }
    fill_tables(x, ops, config, hclk_hz, nv_size);
    t->tables = x;
    t->m = rk_machine_new(&x->desc, NULL);
    if (!t->m) {
        abort();
    }
    t->dev = rk_machine_dev(t->m, 1);
    rk_machine_dev(t->m, 2)->host = t;
    for (int d = 1; d < RK_CLOCK_COUNT; d++) {
        t->m->s->hz[d] = hclk_hz;
    }
    rk_machine_power_on(t->m);
    rk_machine_run(t->m, 1, UINT64_MAX);
    return t;
}

void rk_testbench_free(struct rk_testbench *t) {
    rk_machine_free(t->m);
    free(t->tables);
    free(t);
}

bool rk_testbench_try_read(struct rk_testbench *t, uint32_t addr, unsigned size, uint32_t *value) {
    return rk_bus_read(t->m, addr, size, value);
}

bool rk_testbench_try_write(struct rk_testbench *t, uint32_t addr, unsigned size, uint32_t value) {
    return rk_bus_write(t->m, addr, size, value);
}

uint32_t rk_testbench_read(struct rk_testbench *t, uint32_t off) {
    uint32_t value = 0;
    if (!rk_bus_read(t->m, RK_TESTBENCH_BASE + off, 4, &value)) {
        abort();
    }
    return value;
}

void rk_testbench_write(struct rk_testbench *t, uint32_t off, uint32_t value) {
    if (!rk_bus_write(t->m, RK_TESTBENCH_BASE + off, 4, value)) {
        abort();
    }
}

void rk_testbench_input(struct rk_testbench *t, unsigned line, uint32_t value) {
    rk_machine_input(t->m, 1, line, value);
}

void rk_testbench_pass_cycles(struct rk_testbench *t, uint64_t cycles) {
    rk_machine_run(t->m, rk_machine_now(t->m) + cycles, UINT64_MAX);
}

void rk_testbench_pass_ns(struct rk_testbench *t, uint64_t ns) {
    uint64_t until = rk_machine_cycle_at_ns(t->m, rk_machine_now_ns(t->m) + ns);
    rk_machine_run(t->m, until, UINT64_MAX);
}

void rk_testbench_clock(struct rk_testbench *t, enum rk_clock_domain domain, uint32_t hz) {
    rk_clock_set(t->dev, domain, hz);
}
