/* A host for the CC3000 in tests: plays the Spark driver's SPI transactions (cc3000.md 1.4-1.7) on
 * a testbench. For tests only.
 */
#ifndef RK_EMU_PART_CC3000_BENCH_H
#define RK_EMU_PART_CC3000_BENCH_H

#include "emu/core/testbench.h"
#include "emu/part/cc3000.h"

#define CC_BENCH_HZ 8000000u

struct cc_bench {
    struct rk_testbench *t;
    uint8_t rx[1100]; /* payload of the last packet read, after the 5-byte header */
    size_t rx_len;    /* the length of its SPI header */
    uint8_t rx_head[5];
    unsigned unsolicited; /* packets that cc_bench_call() skipped */
};

void cc_bench_init(struct cc_bench *b, struct rk_net *net);
void cc_bench_release(struct cc_bench *b);

/* EN low 300 ms, high, and wait for IRQ. False: it did not fall within a second. */
bool cc_bench_power_on(struct cc_bench *b);
/* Bytes with CS low; answers in miso (may be NULL). */
void cc_bench_clock(struct cc_bench *b, const uint8_t *mosi, uint8_t *miso, size_t len);
void cc_bench_cs(struct cc_bench *b, bool level);
bool cc_bench_irq(const struct cc_bench *b); /* pin level */
/* Waits for a pin level, at most limit_us; false: it did not come. */
bool cc_bench_wait_irq(struct cc_bench *b, bool level, uint32_t limit_us);

/* A whole write with the handshake: an HCI packet gets its SPI header and pad. */
bool cc_bench_write(struct cc_bench *b, const uint8_t *hci, size_t len);
/* The next packet, waiting at most limit_us for it; false: none came. */
bool cc_bench_read(struct cc_bench *b, uint32_t limit_us);

/* Command and its reply (the event with this opcode; others on the way are counted). */
bool cc_bench_call(struct cc_bench *b, uint16_t opcode, const void *args, size_t len);
/* Waits for an event. */
bool cc_bench_event(struct cc_bench *b, uint16_t opcode, uint32_t limit_ms);
/* Power, start with an argument, event mask 0. */
bool cc_bench_start(struct cc_bench *b, uint8_t arg);
/* LE32 words of the last event's arguments. */
int32_t cc_bench_word(const struct cc_bench *b, unsigned i);

#endif
