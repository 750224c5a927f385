/* Any instruction stream, from flash or RAM, on any registers, with interrupts and any setting of
 * the core's own registers: nothing crashes or hangs, and it is the same machine whether waiting is
 * skipped or not, and in one run or in many short ones.
 *
 *   flags | count of register writes | { offset u16, value u32 } ... | code
 *
 * flags: 1 code in RAM, 2 a periodic interrupt, 4 SysTick. r0-r12 come from the code's bytes.
 */
#include <stdlib.h>

#include "common/base/bytes.h"
#include "emu/core/internal.h"
#include "emu/cpu/flat.h"
#include "tests/fuzz/fuzz.h"

enum { IN_RAM = 1, PERIODIC = 2, TICKING = 4, WRITES_MAX = 8, CODE_MAX = 512, INSTR = 3000 };
#define CYCLES UINT64_C(20000)

struct stream {
    uint8_t flags;
    unsigned writes;
    const uint8_t *write;
    const uint8_t *code;
    size_t len;
};

static bool parse(const uint8_t *data, size_t size, struct stream *s) {
    if (size < 4) {
        return false;
    }
    s->flags = data[0];
    s->writes = data[1] % (WRITES_MAX + 1);
    if (size < 2 + 6 * s->writes + 2) {
        return false;
    }
    s->write = data + 2;
    s->code = s->write + 6 * s->writes;
    s->len = RK_MIN(size - (size_t)(s->code - data), (size_t)CODE_MAX);
    return true;
}

/* Numbers, places in RAM and flash, and registers of the core and of the block. */
static uint32_t value_of(uint8_t byte) {
    static const uint32_t bases[] = {0,           RK_FLAT_RAM + 0x1000, RK_FLAT_FLASH, 0xE000E000u,
                                     0xE0001000u, RK_FLAT_BLOCK,        0xFFFFFF80u,   0x22000000u};
    return bases[byte >> 5] + (byte & 31u) * (byte >> 5 ? 4 : 1);
}

static struct rk_machine *build(const struct stream *s, bool skip) {
    uint32_t at = s->flags & IN_RAM ? RK_FLAT_RAM + 0x200 : RK_FLAT_CODE;
    struct rk_machine *m = rk_flat_new_small();
    struct rk_dev *cpu = rk_machine_dev(m, RK_FLAT_CPU);
    rk_machine_set_skip(m, skip);
    rk_machine_poke(m, at, s->code, s->len);
    rk_cpu_reg_set(cpu, RK_CPU_PC, at);
    for (unsigned n = 0; n < 13; n++) {
        rk_cpu_reg_set(cpu, (enum rk_cpu_reg)n, value_of(s->code[n % s->len]));
    }
    if (s->flags & PERIODIC) {
        rk_flat_set_word(m, 0xE000E100u, 3);
        rk_flat_set_word(m, RK_FLAT_BLOCK + RK_FLAT_PERIOD, 700);
    }
    if (s->flags & TICKING) {
        rk_flat_set_word(m, 0xE000E014u, 999);
        rk_flat_set_word(m, 0xE000E010u, 7);
    }
    for (unsigned n = 0; n < s->writes; n++) {
        uint32_t off = rk_get_u16le(s->write + 6 * n) & ~3u;
        rk_bus_write(m, 0xE0000000u + off, 4, rk_get_u32le(s->write + 6 * n + 2));
    }
    return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct stream s;
    if (!parse(data, size, &s)) {
        return 0;
    }
    struct rk_machine *a = build(&s, true), *b = build(&s, false);
    uint64_t until = rk_machine_now(a) + CYCLES, instr = rk_machine_instr(a) + INSTR;
    enum rk_stop why_a = rk_machine_run(a, until, instr), why_b;
    unsigned n = 0; /* a loop must turn 256 times before it is looked at */
    do {
        why_b = rk_machine_run(b, until, RK_MIN(rk_machine_instr(b) + 1 + n++ % 16, instr));
    } while (why_b == RK_STOP_INSTR && rk_machine_instr(b) < instr && rk_machine_now(b) < until);
    if (why_a != why_b && why_a != RK_STOP_CYCLE && why_b != RK_STOP_CYCLE) {
        abort();
    }
    if (rk_machine_instr(a) != rk_machine_instr(b) || rk_machine_hash(a) != rk_machine_hash(b)) {
        abort();
    }
    rk_machine_free(a);
    rk_machine_free(b);
    return 0;
}
