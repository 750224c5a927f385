/* Arbitrary bytes from a debugger: each is taken, the answers stay inside their buffer. */
#include "emu/core/gdb.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static uint32_t reg_get(void *ctx, unsigned reg) {
    return ((uint32_t *)ctx)[reg];
}

static void reg_set(void *ctx, unsigned reg, uint32_t value) {
    ((uint32_t *)ctx)[reg] = value;
}

static bool peek(void *ctx, uint32_t addr, void *data, size_t len) {
    memset(data, (int)addr, len);
    return addr < 0x40000000;
}

static bool poke(void *ctx, uint32_t addr, const void *data, size_t len) {
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
    }
    return addr < 0x40000000;
}

static bool break_set(void *ctx, uint32_t addr) {
    return true;
}

static void nothing(void *ctx, uint32_t addr) {
}

static void reset(void *ctx) {
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct rk_gdb_target target = {reg_get,   reg_set, peek, poke,
                                                break_set, nothing, reset};
    uint32_t regs[RK_GDB_REGS] = {0};
    static struct rk_gdb g; /* large; fully initialised for every input */
    rk_gdb_init(&g, &target, regs);
    const char *out;
    size_t i = 0;
    while (i < size && !g.has_left) {
        i += rk_gdb_receive(&g, data + i, size - i);
        if (rk_gdb_output(&g, &out) > sizeof g.out) {
            __builtin_trap();
        }
        if (g.wish != RK_GDB_HALT && i % 3 == 0) {
            rk_gdb_stopped(&g, RK_GDB_SIGTRAP);
        }
    }
    rk_gdb_release(&g);
    return 0;
}
