/* The flat machine: see flat.h. */
#include "emu/cpu/flat.h"

#include <stdlib.h>

#include "common/base/bytes.h"
#include "emu/core/internal.h"

struct flat_state {
    uint64_t kicked_at;
    uint32_t status, counter, period;
};

static void flat_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)kind;
    *(struct flat_state *)dev->state = (struct flat_state){0};
}

static uint32_t flat_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    struct flat_state *f = dev->state;
    (void)size;
    switch (off) {
    case RK_FLAT_STATUS: return f->status;
    case RK_FLAT_COUNTER: return f->counter++;
    case RK_FLAT_TICKS: return (uint32_t)(rk_now(dev) / 16);
    default: return 0;
    }
}

static void flat_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct flat_state *f = dev->state;
    (void)size;
    switch (off) {
    case RK_FLAT_STATUS: f->status = value; break;
    case RK_FLAT_ARM: rk_timer_set(dev, 0, rk_now(dev) + value); break;
    case RK_FLAT_KICK: f->kicked_at = rk_now(dev); break;
    case RK_FLAT_IRQ: rk_line_out(dev, 0, value); break;
    case RK_FLAT_PERIOD:
        f->period = value;
        rk_timer_set(dev, 1, rk_now(dev) + value);
        break;
    default: break;
    }
}

static void flat_timer(struct rk_dev *dev, unsigned timer) {
    struct flat_state *f = dev->state;
    if (timer == 0) {
        f->status = 1;
        return;
    }
    rk_timer_set(dev, 1, rk_now(dev) + f->period);
    rk_line_out(dev, 1, 1);
    rk_line_out(dev, 1, 0);
}

static enum rk_read_kind flat_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off == RK_FLAT_COUNTER ? RK_READ_EFFECT
           : off == RK_FLAT_TICKS ? RK_READ_CLOCK
                                  : RK_READ_STABLE;
}

static bool flat_write_is_idle(const struct rk_dev *dev, uint32_t off, uint32_t value) {
    (void)dev;
    (void)value;
    return off == RK_FLAT_KICK;
}

static const struct rk_dev_ops flat_ops = {
    .type = "flat",
    .state_size = sizeof(struct flat_state),
    .timer_count = 2,
    .out_count = 2,
    .reset = flat_reset,
    .read = flat_read,
    .write = flat_write,
    .timer = flat_timer,
    .read_kind = flat_read_kind,
    .write_is_idle = flat_write_is_idle,
};

static const struct rk_cortex_m3_config flat_config = {.irq_count = 43, .prio_bits = 4};

static const struct rk_dev_desc flat_devs[RK_FLAT_DEV_COUNT] = {
    [RK_FLAT_CPU] = {.ops = &rk_cortex_m3_ops,
                     .name = "CPU",
                     .base = 0xE0000000u,
                     .size = 0x10000,
                     .config = &flat_config},
    [RK_FLAT_TEST] = {.ops = &flat_ops, .name = "TEST", .base = RK_FLAT_BLOCK, .size = 0x400},
};

static const struct rk_wire flat_wires[] = {
    {RK_FLAT_TEST, 0, RK_FLAT_CPU, 0}, {RK_FLAT_TEST, 1, RK_FLAT_CPU, 1}, RK_WIRE_END};
static const struct rk_wire *const flat_wire_tables[] = {flat_wires, NULL};
static const struct rk_nv_desc flat_nv[] = {{"internal", 128 * 1024}};
static const struct rk_nv_desc small_nv[] = {{"internal", 8 * 1024}};

#define FLAT(nv_)                                                                                  \
    {                                                                                              \
        .name = "flat", .cpu = &rk_cortex_m3_cpu, .devs = flat_devs,                               \
        .dev_count = RK_FLAT_DEV_COUNT, .wires = flat_wire_tables, .nv = (nv_), .nv_count = 1,     \
        .flash_base = RK_FLAT_FLASH, .flash_dev = RK_FLAT_TEST, .ram_base = RK_FLAT_RAM,           \
        .ram_size = 20 * 1024, .hclk_reset_hz = 72000000                                           \
    }

static const struct rk_machine_desc flat_desc = FLAT(flat_nv);
static const struct rk_machine_desc small_desc = FLAT(small_nv);

void rk_flat_set_word(struct rk_machine *m, uint32_t addr, uint32_t value) {
    uint8_t bytes[4];
    rk_put_u32le(bytes, value);
    if (!rk_machine_poke(m, addr, bytes, sizeof bytes)) {
        abort();
    }
}

uint32_t rk_flat_word(struct rk_machine *m, uint32_t addr) {
    uint8_t bytes[4];
    if (!rk_machine_peek(m, addr, bytes, sizeof bytes)) {
        abort();
    }
    return rk_get_u32le(bytes);
}

void rk_flat_code(struct rk_machine *m, uint32_t addr, const uint16_t *code, size_t half_words) {
    for (size_t i = 0; i < half_words; i++) {
        uint8_t bytes[2];
        rk_put_u16le(bytes, code[i]);
        if (!rk_machine_poke(m, addr + 2 * (uint32_t)i, bytes, sizeof bytes)) {
            abort();
        }
    }
}

static void fill_vectors(uint8_t *flash) {
    rk_put_u32le(flash, RK_FLAT_STACK);
    rk_put_u32le(flash + 4, (RK_FLAT_CODE - 2) | 1u);
    rk_put_u16le(flash + (RK_FLAT_CODE - 2 - RK_FLAT_FLASH), 0xBF00); /* nop */
    for (unsigned exc = 2; exc < 16 + 43; exc++) {
        uint32_t handler = RK_FLAT_HANDLER + 32 * exc;
        rk_put_u32le(flash + 4 * exc, handler | 1u);
        rk_put_u16le(flash + (handler - RK_FLAT_FLASH), 0xE7FE); /* b . */
    }
}

static struct rk_machine *build(const struct rk_machine_desc *desc, const uint16_t *code,
                                size_t half_words) {
    struct rk_machine *m = rk_machine_new(desc, NULL);
    if (!m) {
        abort();
    }
    uint8_t *flash = rk_machine_nv(m, 0, NULL);
    fill_vectors(flash);
    for (size_t i = 0; i < half_words; i++) {
        rk_put_u16le(flash + (RK_FLAT_CODE - RK_FLAT_FLASH) + 2 * i, code[i]);
    }
    rk_machine_nv_changed(m);
    rk_machine_power_on(m);
    rk_machine_run(m, UINT64_MAX, 1);
    return m;
}

struct rk_machine *rk_flat_new(const uint16_t *code, size_t half_words) {
    return build(&flat_desc, code, half_words);
}

struct rk_machine *rk_flat_new_small(void) {
    return build(&small_desc, NULL, 0);
}

enum rk_stop rk_flat_step(struct rk_machine *m, uint64_t n) {
    return rk_machine_run(m, UINT64_MAX, rk_machine_instr(m) + n);
}
