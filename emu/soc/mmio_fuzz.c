/* Arbitrary register accesses, pin changes and waits on a whole chip: no sequence of them may crash
 * or hang the emulator. Every input starts from the same snapshot: gates open, CPU turning on the
 * spot. Eight bytes an action: what, block, offset (16 bit), value (32 bit), little-endian.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"
#include "emu/board/spark_core.h"
#include "emu/periph/gpio.h"
#include "emu/periph/usart.h"
#include "tests/fuzz/fuzz.h"

#define MAX_ACTIONS 400u
#define MAX_CYCLES  400000u /* of one input, all waits together */

enum action {
    WRITE_32,
    WRITE_16,
    WRITE_8,
    READ_32,
    READ_8,
    WAIT,
    PIN,
    ANALOG,
    SERIAL,
    RESET,
    ACTIONS
};

struct bench {
    struct rk_machine *m;
    uint8_t *start;
    size_t size;
    uint64_t cycles; /* left for this input */
};

static void poke(struct rk_machine *m, uint32_t addr, uint32_t value, size_t size) {
    uint8_t bytes[4];
    rk_put_u32le(bytes, value);
    (void)rk_machine_poke(m, addr & ~(uint32_t)(size - 1), bytes, size);
}

static void peek(struct rk_machine *m, uint32_t addr, size_t size) {
    uint8_t bytes[4];
    (void)rk_machine_peek(m, addr & ~(uint32_t)(size - 1), bytes, size);
}

static void pass(struct bench *b, uint64_t cycles) {
    cycles = RK_MIN(cycles, b->cycles);
    b->cycles -= cycles;
    (void)rk_machine_run(b->m, rk_machine_now(b->m) + cycles, UINT64_MAX);
}

static bool build(struct bench *b) {
    static const uint8_t id[12] = {0};
    b->m = rk_machine_new(&rk_spark_core_desc, NULL);
    b->size = b->m ? rk_machine_snapshot_size(b->m) : 0;
    b->start = b->m ? malloc(b->size) : NULL;
    if (!b->start) {
        return false;
    }
    uint8_t *flash = rk_machine_nv(b->m, RK_CORE_NV_INTERNAL, NULL);
    rk_put_u32le(flash, 0x20005000u);
    for (unsigned i = 1; i < 64; i++) {
        rk_put_u32le(flash + 4 * i, 0x08000101u);
    }
    rk_put_u16le(flash + 0x100, 0xE7FE); /* b . */
    rk_machine_nv_changed(b->m);
    rk_spark_core_init(b->m, id);
    rk_machine_power_on(b->m);
    b->cycles = 100;
    pass(b, 10);
    poke(b->m, 0x40021014u, 0x41, 4);
    poke(b->m, 0x40021018u, 0x5E7D, 4);
    poke(b->m, 0x4002101Cu, 0x1AE64807u, 4);
    rk_machine_snapshot_save(b->m, b->start);
    return true;
}

static void act(struct bench *b, const uint8_t bytes[8]) {
    const struct rk_dev *dev = rk_machine_dev(b->m, bytes[1] % RK_F103_DEV_COUNT);
    uint32_t addr = dev->base + (dev->size ? rk_get_u16le(bytes + 2) % dev->size : 0);
    uint32_t value = rk_get_u32le(bytes + 4);
    unsigned port = RK_F103_GPIOA + bytes[1] % 5u, pin = bytes[2] % 16u;
    switch ((enum action)(bytes[0] % ACTIONS)) {
    case WRITE_32: poke(b->m, addr, value, 4); break;
    case WRITE_16: poke(b->m, addr, value, 2); break;
    case WRITE_8: poke(b->m, addr, value, 1); break;
    case READ_32: peek(b->m, addr, 4); break;
    case READ_8: peek(b->m, addr, 1); break;
    case WAIT: pass(b, value & 0xFFFFu); break;
    case PIN: rk_machine_input(b->m, port, RK_GPIO_IN_PIN + pin, value % 3); break;
    case ANALOG: rk_machine_input(b->m, port, RK_GPIO_IN_ANALOG + pin, value); break;
    case SERIAL:
        rk_machine_input(b->m, RK_F103_USART1 + bytes[1] % 2u, RK_USART_IN_RX, value & 0x1FFu);
        break;
    default: rk_machine_reset(b->m, (enum rk_reset)(value % RK_RESET_CLOCK)); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bench bench; /* built once; its state starts anew with every input */
    if (!bench.m && !build(&bench)) {
        abort();
    }
    if (rk_machine_snapshot_load(bench.m, bench.start, bench.size) != 0) {
        abort();
    }
    bench.cycles = MAX_CYCLES;
    for (size_t i = 0; i < RK_MIN(size / 8, MAX_ACTIONS); i++) {
        act(&bench, data + 8 * i);
    }
    pass(&bench, 10000);
    return 0;
}
