/* See cc3000_bench.h. */
#include "emu/part/cc3000_bench.h"

#include <string.h>

#include "common/base/bytes.h"

void cc_bench_init(struct cc_bench *b, struct rk_net *net) {
    memset(b, 0, sizeof *b);
    b->t = rk_testbench_new(&rk_cc3000_ops, NULL, CC_BENCH_HZ, RK_CC3000_NV_SIZE);
    rk_cc3000_attach(b->t->dev, net);
    rk_testbench_input(b->t, RK_CC3000_IN_CS, 1);
}

void cc_bench_release(struct cc_bench *b) {
    rk_testbench_free(b->t);
}

bool cc_bench_irq(const struct cc_bench *b) {
    return b->t->level[RK_CC3000_OUT_IRQ] != 0;
}

bool cc_bench_wait_irq(struct cc_bench *b, bool level, uint32_t limit_us) {
    const uint32_t step_us = limit_us > 5000 ? 50 : 1; /* long waits need no fine ones */
    for (uint32_t us = 0; us < limit_us; us += step_us) {
        if (cc_bench_irq(b) == level) {
            return true;
        }
        rk_testbench_pass_ns(b->t, step_us * 1000ull);
    }
    return cc_bench_irq(b) == level;
}

void cc_bench_cs(struct cc_bench *b, bool level) {
    rk_testbench_input(b->t, RK_CC3000_IN_CS, level);
}

void cc_bench_clock(struct cc_bench *b, const uint8_t *mosi, uint8_t *miso, size_t len) {
    for (size_t i = 0; i < len; i++) {
        const uint32_t mode1 = 1u << 16;
        const uint32_t answer =
            rk_machine_input(b->t->m, 1, RK_CC3000_IN_XFER, mode1 | (mosi ? mosi[i] : 0));
        if (miso) {
            miso[i] = (uint8_t)answer;
        }
        rk_testbench_pass_ns(b->t, 890); /* 9 MHz */
    }
}

bool cc_bench_power_on(struct cc_bench *b) {
    rk_testbench_input(b->t, RK_CC3000_IN_ENABLE, 0);
    rk_testbench_pass_ns(b->t, 301000000);
    if (!cc_bench_irq(b)) {
        return false;
    }
    rk_testbench_input(b->t, RK_CC3000_IN_ENABLE, 1);
    return cc_bench_wait_irq(b, false, 1000000);
}

bool cc_bench_write(struct cc_bench *b, const uint8_t *hci, size_t len) {
    const size_t padded = len | 1u;
    uint8_t head[5] = {1, (uint8_t)(padded >> 8), (uint8_t)padded, 0, 0};
    cc_bench_cs(b, false);
    if (!cc_bench_wait_irq(b, false, 1000)) {
        return false;
    }
    cc_bench_clock(b, head, NULL, sizeof head);
    cc_bench_clock(b, hci, NULL, len);
    cc_bench_clock(b, NULL, NULL, padded - len);
    cc_bench_cs(b, true);
    return cc_bench_wait_irq(b, true, 100);
}

bool cc_bench_read(struct cc_bench *b, uint32_t limit_us) {
    static const uint8_t command[5] = {3, 0, 0, 0, 0};
    if (!cc_bench_wait_irq(b, false, limit_us)) {
        return false;
    }
    cc_bench_cs(b, false);
    cc_bench_clock(b, command, b->rx_head, sizeof command);
    b->rx_len = (size_t)(b->rx_head[3] << 8 | b->rx_head[4]);
    if (b->rx_len == 0 || b->rx_len > sizeof b->rx) {
        return false;
    }
    /* The second DMA run starts with the same five bytes (cc3000.md 1.2). */
    uint8_t noise[sizeof b->rx];
    memset(noise, 0x5A, sizeof noise);
    memcpy(noise, command, sizeof command);
    cc_bench_clock(b, noise, b->rx, b->rx_len);
    cc_bench_cs(b, true);
    return cc_bench_wait_irq(b, true, 100);
}

static bool is_event(const struct cc_bench *b, uint16_t opcode) {
    return b->rx[0] == 4 && rk_get_u16le(b->rx + 1) == opcode;
}

bool cc_bench_event(struct cc_bench *b, uint16_t opcode, uint32_t limit_ms) {
    const uint64_t until = rk_machine_now_ns(b->t->m) + limit_ms * 1000000ull;
    while (rk_machine_now_ns(b->t->m) < until) {
        const uint64_t left_us = (until - rk_machine_now_ns(b->t->m)) / 1000 + 1;
        if (!cc_bench_read(b, (uint32_t)left_us)) {
            return false;
        }
        if (is_event(b, opcode)) {
            return true;
        }
        b->unsolicited++;
    }
    return false;
}

bool cc_bench_call(struct cc_bench *b, uint16_t opcode, const void *args, size_t len) {
    uint8_t packet[4 + 255] = {1, (uint8_t)opcode, (uint8_t)(opcode >> 8), (uint8_t)len};
    if (len) {
        memcpy(packet + 4, args, len);
    }
    return cc_bench_write(b, packet, 4 + len) && cc_bench_event(b, opcode, 21000);
}

bool cc_bench_start(struct cc_bench *b, uint8_t arg) {
    return cc_bench_power_on(b) && cc_bench_call(b, 0x4000, &arg, 1);
}

int32_t cc_bench_word(const struct cc_bench *b, unsigned i) {
    return (int32_t)rk_get_u32le(b->rx + 5 + 4 * i);
}
