/* Arbitrary firmware as the peripherals see it: any sequence of register reads and writes over all
 * blocks of the Spark Core, of any width, with time passing in between and requests of a CPU that
 * never runs. Eight bytes each: block, kind and width, offset, value.
 */
#include "common/base/bytes.h"
#include "emu/board/spark_core.h"
#include "tests/fuzz/fuzz.h"

#define STEP_BYTES 8u
#define MAX_STEPS  400u
#define MAX_CYCLES 0x3FFFu

/* --- a CPU that sleeps for ever ----------------------------------------------------------------
 */

static void still_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

static bool still_yes(struct rk_dev *dev) {
    (void)dev;
    return true;
}

static void still_destroy(struct rk_dev *dev) {
    (void)dev;
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

static const struct rk_dev_ops still_ops = {.type = "still", .reset = still_reset};
static const struct rk_cpu_ops still_cpu = {.build = still_yes,
                                            .destroy = still_destroy,
                                            .start = still_yes,
                                            .run = still_run,
                                            .code_changed = still_changed};

static struct rk_machine *new_machine(struct rk_machine_desc *desc, struct rk_dev_desc *devs) {
    *desc = rk_spark_core_desc;
    for (size_t i = 0; i < RK_CORE_DEV_COUNT; i++) {
        devs[i] = rk_spark_core_desc.devs[i];
    }
    devs[RK_F103_CPU].ops = &still_ops;
    desc->devs = devs;
    desc->cpu = &still_cpu;
    return rk_machine_new(desc, NULL);
}

static void pass(struct rk_machine *m, uint64_t cycles) {
    if (rk_machine_run(m, rk_machine_now(m) + cycles, UINT64_MAX) == RK_STOP_POWER_CUT) {
        rk_machine_power_on(m);
    }
}

static void step(struct rk_machine *m, const uint8_t *p) {
    unsigned id = 1 + p[0] % (RK_F103_DEV_COUNT - 1);
    struct rk_dev *dev = rk_machine_dev(m, id);
    unsigned size = 1u << (p[1] % 3);
    uint32_t window = RK_MAX(dev->size, 4u); /* a block that is not on the bus has none */
    uint32_t addr = dev->base + (rk_get_u16le(p + 2) % window & ~(size - 1));
    uint32_t value = rk_get_u32le(p + 4), got;
    switch (p[1] >> 4) {
    case 0: (void)rk_bus_master_read(dev, addr, size, &got); break;
    case 1: pass(m, value & MAX_CYCLES); break;
    case 2: (void)rk_bus_master_write(dev, 0x08000000u + (value & 0x1FFFEu), size, value); break;
    case 3: /* as the outside world: button, pins */
        (void)rk_machine_input(m, RK_F103_GPIOA + p[0] % 3u, p[2] & 15u, value % 3u);
        break;
    default: (void)rk_bus_master_write(dev, addr, size, value); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t id[12] = {0};
    struct rk_machine_desc desc;
    struct rk_dev_desc devs[RK_CORE_DEV_COUNT];
    struct rk_machine *m = new_machine(&desc, devs);
    if (!m) {
        return 0;
    }
    rk_spark_core_init(m, id);
    rk_machine_power_on(m);
    pass(m, 1);
    for (size_t i = 0; i + STEP_BYTES <= size && i < MAX_STEPS * STEP_BYTES; i += STEP_BYTES) {
        step(m, data + i);
    }
    pass(m, MAX_CYCLES);
    rk_machine_free(m);
    return 0;
}
