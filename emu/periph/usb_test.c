/* The USB peripheral against RM0008 23: registers over the bus, transactions from a bare host.
 * Expected values are the manual's. */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/usb.h"

enum { CNTR = 0x40, ISTR = 0x44, FNR = 0x48, DADDR = 0x4C, BTABLE = 0x50, PMA = 0x400 };

struct bench {
    struct rk_testbench *t;
    unsigned frames, turns, readies, attaches, detaches, wakeups;
    unsigned last_ready;
};

static void on_attach(void *ctx, struct rk_dev *dev, bool attached) {
    struct bench *b = ctx;
    (void)dev;
    b->attaches += attached;
    b->detaches += !attached;
}

static void on_frame(void *ctx, struct rk_dev *dev) {
    struct bench *b = ctx;
    (void)dev;
    b->frames++;
}

static void on_turn(void *ctx, struct rk_dev *dev) {
    struct bench *b = ctx;
    (void)dev;
    b->turns++;
}

static void on_ready(void *ctx, struct rk_dev *dev, unsigned ep) {
    struct bench *b = ctx;
    (void)dev;
    b->readies++;
    b->last_ready = ep;
}

static void on_wakeup(void *ctx, struct rk_dev *dev, bool driven) {
    struct bench *b = ctx;
    (void)dev;
    b->wakeups += driven;
}

static const struct rk_usb_link_ops link_ops = {.attach = on_attach,
                                                .frame = on_frame,
                                                .turn = on_turn,
                                                .ready = on_ready,
                                                .remote_wakeup = on_wakeup};
static struct bench bench;
static const struct rk_usb_link bench_link = {&link_ops, &bench};
static const struct rk_usb_config active_low = {.pullup_active_low = true};

static int setup(void **cmocka_state) {
    (void)cmocka_state;
    memset(&bench, 0, sizeof bench);
    bench.t = rk_testbench_new(&rk_usb_ops, &active_low, 48000000, 0);
    return 0;
}

static int teardown(void **cmocka_state) {
    (void)cmocka_state;
    rk_testbench_free(bench.t);
    return 0;
}

static uint32_t rd(uint32_t off) {
    return rk_testbench_read(bench.t, off);
}

static void wr(uint32_t off, uint32_t value) {
    rk_testbench_write(bench.t, off, value);
}

static void pass_ms(unsigned ms) {
    rk_testbench_pass_ns(bench.t, ms * 1000000ull);
}

/* Plugged in, pull-up on, powered, an active bus, address 0; every interrupt masked. */
static void bring_up(void) {
    rk_usb_plug(bench.t->dev, &bench_link);
    rk_testbench_input(bench.t, RK_USB_IN_PULLUP, 0);
    wr(CNTR, 1);
    wr(CNTR, 0);
    wr(ISTR, 0);
    wr(DADDR, 0x80);
    rk_usb_bus_set(bench.t->dev, RK_USB_BUS_ACTIVE);
}

/* A cell of the packet memory by its packet memory address. */
static uint32_t cell(unsigned addr) {
    return PMA + 2 * addr;
}

/* EP0 as firmware sets it: control, TX at 0x80, RX at 0x40 with 64 bytes (0x8400). */
static void open_ep0(void) {
    wr(BTABLE, 0);
    wr(cell(0), 0x80);
    wr(cell(4), 0x40);
    wr(cell(6), 0x8400);
    wr(0, 0x0200 | 0x3000 | 0x0020); /* control, RX valid, TX NAK */
}

static const uint8_t get_device[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};

static enum rk_usb_answer send_setup(void) {
    return rk_usb_bus_setup(bench.t->dev, 0, 0, get_device);
}

static void test_usb__reset_values(void **cmocka_state) {
    (void)cmocka_state;
    assert_int_equal(rd(CNTR), 0x0003);
    assert_int_equal(rd(ISTR), 0);
    assert_int_equal(rd(DADDR), 0);
    assert_int_equal(rd(BTABLE), 0);
    for (uint32_t n = 0; n < 8; n++) {
        assert_int_equal(rd(4 * n), 0);
    }
}

static void test_usb__epr_bits_toggle_clear_or_hold(void **cmocka_state) {
    (void)cmocka_state;
    wr(0, 0x0201); /* EA 1, control */
    assert_int_equal(rd(0), 0x0201);
    wr(0, 0x0201 | 0x3000 | 0x0030); /* toggles set */
    assert_int_equal(rd(0), 0x3231);
    wr(0, 0x0201 | 0x1000 | 0x0010); /* 3 xor 1 = 2: NAK */
    assert_int_equal(rd(0), 0x2221);
    wr(0, 0x0201 | 0x4000 | 0x0040);
    assert_int_equal(rd(0), 0x6261);
    wr(0, 0x8000 | 0x0800 | 0x0080 | 0x0201); /* CTR cannot be set, SETUP is read-only */
    assert_int_equal(rd(0), 0x6261);
}

static void test_usb__ctr_clears_on_zero_only(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    open_ep0();
    assert_int_equal(send_setup(), RK_USB_ACK);
    assert_int_equal(rd(0) & 0x8880, 0x8800);
    wr(0, 0x8280);
    assert_int_equal(rd(0) & 0x8880, 0x8800);
    wr(0, 0x0280);
    assert_int_equal(rd(0) & 0x8880, 0x0800);
}

static void test_usb__fres_is_a_usb_reset(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    open_ep0();
    send_setup();
    wr(CNTR, 0x0401);
    assert_int_equal(rd(0), 0x8000); /* the correct-transfer flag survives */
    assert_int_equal(rd(DADDR), 0);
    assert_int_equal(rd(ISTR) & 0x0400, 0x0400);
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_LP], 1);
    wr(CNTR, 0x0400);
    wr(ISTR, 0xFBFF);
    assert_int_equal(rd(ISTR) & 0x0400, 0);
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_LP], 0);
}

static void test_usb__packet_memory_has_half_words_at_word_stride(void **cmocka_state) {
    (void)cmocka_state;
    uint32_t value, base = RK_TESTBENCH_BASE + PMA;
    wr(PMA, 0xAABBCCDD);
    assert_int_equal(rd(PMA), 0xCCDD);
    assert_true(rk_testbench_try_read(bench.t, base, 2, &value));
    assert_int_equal(value, 0xCCDD);
    assert_true(rk_testbench_try_read(bench.t, base, 1, &value));
    assert_int_equal(value, 0xDD);
    assert_true(rk_testbench_try_read(bench.t, base + 1, 1, &value));
    assert_int_equal(value, 0xCC);
    assert_true(rk_testbench_try_write(bench.t, base + 4, 2, 0x1234));
    assert_int_equal(rd(PMA + 4), 0x1234);
    assert_true(rk_testbench_try_write(bench.t, base + 8, 1, 0x56)); /* the bridge duplicates */
    assert_int_equal(rd(PMA + 8), 0x5656);
    wr(PMA + 0x3FC, 0x77);
    assert_int_equal(rd(PMA + 0x3FC), 0x77);
}

static void test_usb__sof_every_millisecond(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    wr(CNTR, 0x0200);
    for (unsigned i = 1; i <= 5; i++) {
        pass_ms(1);
        assert_int_equal(rd(ISTR), 0x0200);
        assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_LP], 1);
        wr(ISTR, 0xFDFF);
        assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_LP], 0);
        assert_int_equal(rd(FNR) & 0x7FF, i);
    }
    assert_int_equal(rd(FNR) & 0xF800, 0xA000); /* J on the wires, locked, none lost */
    assert_int_equal(bench.frames, 5);
}

static void test_usb__three_lost_frames_suspend(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    pass_ms(3);
    rk_usb_bus_set(bench.t->dev, RK_USB_BUS_IDLE);
    wr(ISTR, 0);
    pass_ms(2);
    assert_int_equal(rd(ISTR), 0x0100);
    assert_int_equal(rd(FNR) & 0x1800, 0x1000); /* LSOF */
    pass_ms(1);
    assert_int_equal(rd(ISTR), 0x0900);
    wr(CNTR, 0x000C); /* FSUSP, LP_MODE: no more suspend check */
    wr(ISTR, 0);
    pass_ms(10);
    assert_int_equal(rd(ISTR), 0);
}

static void test_usb__bus_activity_wakes(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    rk_usb_bus_set(bench.t->dev, RK_USB_BUS_IDLE);
    wr(CNTR, 0x100C);
    wr(ISTR, 0);
    rk_usb_bus_set(bench.t->dev, RK_USB_BUS_RESUME);
    assert_int_equal(rd(ISTR), 0x1000);
    assert_int_equal(rd(CNTR), 0x1008); /* LP_MODE is cleared by hardware */
    assert_int_equal(rd(FNR) & 0xC000, 0x4000);
    assert_int_equal(bench.t->level[RK_USB_OUT_WAKEUP], 1);
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_LP], 1);
    wr(CNTR, 0x1000);
    wr(ISTR, 0);
    rk_usb_bus_set(bench.t->dev, RK_USB_BUS_ACTIVE);
    pass_ms(1);
    assert_int_equal(rd(ISTR), 0x0200);
}

static void test_usb__remote_wakeup_reaches_the_host(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    rk_usb_bus_set(bench.t->dev, RK_USB_BUS_IDLE);
    wr(CNTR, 0x0008);
    wr(CNTR, 0x0010);
    assert_int_equal(bench.wakeups, 1);
    wr(CNTR, 0x0000);
    assert_int_equal(bench.wakeups, 1);
}

static void test_usb__setup_stores_naks_and_preloads_toggles(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    open_ep0();
    wr(CNTR, 0x8000);
    assert_int_equal(send_setup(), RK_USB_ACK);
    assert_int_equal(rd(cell(0x40)), 0x0680);
    assert_int_equal(rd(cell(0x46)), 0x0012);
    assert_int_equal(rd(cell(6)), 0x8408);
    /* CTR_RX, DTOG_RX, RX NAK, SETUP, control, DTOG_TX, TX NAK */
    assert_int_equal(rd(0), 0x8000 | 0x4000 | 0x2000 | 0x0800 | 0x0200 | 0x0040 | 0x0020);
    assert_int_equal(rd(ISTR), 0x8010); /* CTR, DIR, EP_ID 0 */
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_LP], 1);
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_HP], 0);
    assert_int_equal(send_setup(), RK_USB_NO_ANSWER); /* CTR_RX still waits */
}

static void test_usb__control_read_goes_through(void **cmocka_state) {
    (void)cmocka_state;
    uint8_t data[RK_USB_PACKET_MAX], toggle;
    size_t len;
    bring_up();
    open_ep0();
    send_setup();
    wr(0, 0x0280); /* clears CTR_RX */
    assert_int_equal(rk_usb_bus_in(bench.t->dev, 0, 0, data, &len, &toggle), RK_USB_NAK);
    wr(cell(0x80), 0x2211);
    wr(cell(0x82), 0x0033);
    wr(cell(2), 3);
    wr(0, 0x8280 | 0x0010); /* TX NAK -> VALID */
    assert_int_equal(bench.last_ready, 0);
    assert_int_equal(rk_usb_bus_in(bench.t->dev, 0, 0, data, &len, &toggle), RK_USB_ACK);
    assert_int_equal(len, 3);
    assert_int_equal(toggle, 1);
    assert_memory_equal(data, "\x11\x22\x33", 3);
    assert_int_equal(rd(0) & 0x08F0, 0x00A0); /* CTR_TX, DTOG_TX back to 0, NAK, no longer SETUP */
    assert_int_equal(rd(ISTR), 0x8000);       /* DIR 0: IN */
    wr(0, 0x8200 | 0x0100 | 0x1000);          /* clears CTR_TX; STATUS_OUT; RX NAK -> VALID */
    assert_int_equal(rk_usb_bus_out(bench.t->dev, 0, 0, 1, "x", 1), RK_USB_STALLED);
    assert_int_equal(rk_usb_bus_out(bench.t->dev, 0, 0, 1, "", 0), RK_USB_ACK);
    assert_int_equal(rd(cell(6)) & 0x3FF, 0);
    assert_int_equal(rd(ISTR), 0x8010);
}

/* EP3 as a plain bulk OUT of `room` in the count cell, buffer at 0x110. */
static void open_bulk_out(uint32_t count) {
    wr(BTABLE, 0);
    wr(cell(3 * 8 + 4), 0x110);
    wr(cell(3 * 8 + 6), count);
    wr(12, 0x3000 | 3);
}

static void test_usb__bulk_out_naks_until_firmware_is_ready(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_dev *dev = bench.t->dev;
    bring_up();
    open_bulk_out(0x8400);
    assert_int_equal(rk_usb_bus_out(dev, 0, 3, 0, "abc", 3), RK_USB_ACK);
    assert_int_equal(rd(12), 0x8000 | 0x4000 | 0x2000 | 3);
    assert_int_equal(rd(cell(0x110)), 'a' | 'b' << 8);
    assert_int_equal(rd(cell(3 * 8 + 6)), 0x8403);
    assert_int_equal(rk_usb_bus_out(dev, 0, 3, 1, "de", 2), RK_USB_NAK);
    wr(12, 0x0083 | 0x1000);
    assert_int_equal(bench.last_ready, 3);
    assert_int_equal(rk_usb_bus_out(dev, 0, 3, 0, "abc", 3), RK_USB_ACK); /* a repeat: dropped */
    assert_int_equal(rd(12), 0x4000 | 0x3000 | 3);
    assert_int_equal(rk_usb_bus_out(dev, 0, 3, 1, "de", 2), RK_USB_ACK);
    assert_int_equal(rd(12), 0x8000 | 0x2000 | 3);
}

static void test_usb__too_long_a_packet_is_stalled(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    open_bulk_out(0x0C00); /* BL_SIZE 0, 3 blocks of 2 bytes */
    assert_int_equal(rk_usb_bus_out(bench.t->dev, 0, 3, 0, "1234567", 7), RK_USB_STALLED);
    assert_int_equal(rd(12), 0x3003);
    assert_int_equal(rk_usb_bus_out(bench.t->dev, 0, 3, 0, "123456", 6), RK_USB_ACK);
    wr(cell(3 * 8 + 6), 0x8000); /* BL_SIZE 1, NUM_BLOCK 0: 32 bytes */
    wr(12, 0x1003);
    uint8_t data[33] = {0};
    assert_int_equal(rk_usb_bus_out(bench.t->dev, 0, 3, 1, data, 33), RK_USB_STALLED);
}

static void test_usb__only_its_address_and_open_endpoints_answer(void **cmocka_state) {
    (void)cmocka_state;
    bring_up();
    open_ep0();
    wr(DADDR, 0x85);
    assert_int_equal(send_setup(), RK_USB_NO_ANSWER);
    assert_int_equal(rk_usb_bus_setup(bench.t->dev, 5, 1, get_device), RK_USB_NO_ANSWER);
    wr(DADDR, 0x05); /* EF off */
    assert_int_equal(rk_usb_bus_setup(bench.t->dev, 5, 0, get_device), RK_USB_NO_ANSWER);
    wr(DADDR, 0x85);
    wr(CNTR, 0x0002); /* PDWN */
    assert_int_equal(rk_usb_bus_setup(bench.t->dev, 5, 0, get_device), RK_USB_NO_ANSWER);
    wr(CNTR, 0);
    rk_testbench_clock(bench.t, RK_CLOCK_HCLK, 72000000);
    rk_testbench_clock(bench.t, bench.t->dev->domain, 72000000);
    assert_int_equal(rk_usb_bus_setup(bench.t->dev, 5, 0, get_device), RK_USB_NO_ANSWER);
    assert_int_equal(rk_machine_counts(bench.t->m)->guest_errors, 1);
    rk_testbench_clock(bench.t, bench.t->dev->domain, 48000000);
    assert_int_equal(rk_usb_bus_setup(bench.t->dev, 5, 0, get_device), RK_USB_ACK);
}

static void test_usb__double_buffered_out_fills_both(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_dev *dev = bench.t->dev;
    bring_up();
    wr(BTABLE, 0);
    wr(cell(2 * 8 + 0), 0x100); /* buffer 0 */
    wr(cell(2 * 8 + 2), 0x8400);
    wr(cell(2 * 8 + 4), 0x140); /* buffer 1 */
    wr(cell(2 * 8 + 6), 0x8400);
    wr(CNTR, 0x8000);
    wr(8, 0x3000 | 0x0100 | 0x0040 | 2); /* bulk, DBL_BUF, DTOG_RX 0, SW_BUF 1 */
    assert_int_equal(rk_usb_bus_out(dev, 0, 2, 0, "A", 1), RK_USB_ACK);
    assert_int_equal(rd(cell(0x100)) & 0xFF, 'A');
    assert_int_equal(rd(8), 0x8000 | 0x4000 | 0x3000 | 0x0100 | 0x0040 | 2); /* stays VALID */
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_HP], 1);
    assert_int_equal(rk_usb_bus_out(dev, 0, 2, 1, "B", 1), RK_USB_NAK); /* DTOG = SW_BUF */
    wr(8, 0x0100 | 0x0040 | 0x0080 | 2); /* software takes buffer 0, gives buffer 1 */
    assert_int_equal(bench.t->level[RK_USB_OUT_IRQ_HP], 0);
    assert_int_equal(rk_usb_bus_out(dev, 0, 2, 1, "B", 1), RK_USB_ACK);
    assert_int_equal(rd(cell(0x140)) & 0xFF, 'B');
}

static void test_usb__double_buffered_in_sends_both(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_dev *dev = bench.t->dev;
    uint8_t data[RK_USB_PACKET_MAX], toggle;
    size_t len;
    bring_up();
    wr(BTABLE, 0);
    wr(cell(8 + 0), 0x100);
    wr(cell(8 + 2), 1);
    wr(cell(8 + 4), 0x140);
    wr(cell(8 + 6), 2);
    wr(cell(0x100), 'a');
    wr(cell(0x140), 'b' | 'c' << 8);
    wr(4, 0x0030 | 0x0100 | 1);
    assert_int_equal(rk_usb_bus_in(dev, 0, 1, data, &len, &toggle), RK_USB_NAK); /* both 0 */
    wr(4, 0x4000 | 0x0100 | 1);                                                  /* SW_BUF 1 */
    assert_int_equal(rk_usb_bus_in(dev, 0, 1, data, &len, &toggle), RK_USB_ACK);
    assert_int_equal(len, 1);
    assert_int_equal(data[0], 'a');
    assert_int_equal(toggle, 0);
    assert_int_equal(rk_usb_bus_in(dev, 0, 1, data, &len, &toggle), RK_USB_NAK);
    wr(4, 0x4000 | 0x0100 | 1); /* SW_BUF 0, clears CTR_TX */
    assert_int_equal(rk_usb_bus_in(dev, 0, 1, data, &len, &toggle), RK_USB_ACK);
    assert_int_equal(len, 2);
    assert_int_equal(toggle, 1);
    assert_memory_equal(data, "bc", 2);
}

static void test_usb__isochronous_alternates_without_handshake(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_dev *dev = bench.t->dev;
    uint8_t data[RK_USB_PACKET_MAX], toggle = 9;
    size_t len;
    bring_up();
    wr(BTABLE, 0);
    wr(cell(8 + 0), 0x100);
    wr(cell(8 + 2), 1);
    wr(cell(8 + 4), 0x140);
    wr(cell(8 + 6), 1);
    wr(cell(0x100), 'x');
    wr(cell(0x140), 'y');
    wr(4, 0x0030 | 0x0400 | 1);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(rk_usb_bus_in(dev, 0, 1, data, &len, &toggle), RK_USB_ACK);
        assert_int_equal(data[0], i % 2 ? 'y' : 'x');
        assert_int_equal(toggle, 0);
    }
    assert_int_equal(rd(4) & 0x0030, 0x0030);
}

static void test_usb__ep_id_names_the_first_by_priority(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_dev *dev = bench.t->dev;
    uint8_t data[RK_USB_PACKET_MAX], toggle;
    size_t len;
    bring_up();
    wr(BTABLE, 0);
    open_bulk_out(0x8400);
    assert_int_equal(rk_usb_bus_out(dev, 0, 3, 0, "z", 1), RK_USB_ACK);
    assert_int_equal(rd(ISTR), 0x8013);
    wr(cell(2 * 8), 0x100);
    wr(cell(2 * 8 + 2), 0);
    wr(8, 0x0030 | 2); /* EP2: bulk IN */
    assert_int_equal(rk_usb_bus_in(dev, 0, 2, data, &len, &toggle), RK_USB_ACK);
    assert_int_equal(rd(ISTR), 0x8002); /* the lower register first */
    wr(cell(5 * 8), 0x100);
    wr(cell(5 * 8 + 2), 0);
    wr(20, 0x0030 | 0x0400 | 5); /* EP5: isochronous IN, before both */
    assert_int_equal(rk_usb_bus_in(dev, 0, 5, data, &len, &toggle), RK_USB_ACK);
    assert_int_equal(rd(ISTR), 0x8005);
}

static void test_usb__pull_up_attaches(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_dev *dev = bench.t->dev;
    rk_usb_plug(dev, &bench_link);
    rk_testbench_input(bench.t, RK_USB_IN_PULLUP, 1);
    assert_int_equal(bench.attaches, 0);
    pass_ms(5);
    assert_int_equal(bench.frames, 0);
    rk_testbench_input(bench.t, RK_USB_IN_PULLUP, 0);
    assert_int_equal(bench.attaches, 1);
    rk_usb_bus_turn(dev, rk_now_ns(dev) + 2500);
    rk_testbench_pass_ns(bench.t, 2000);
    assert_int_equal(bench.turns, 0);
    rk_testbench_pass_ns(bench.t, 1000);
    assert_int_equal(bench.turns, 1);
    rk_testbench_input(bench.t, RK_USB_IN_PULLUP, 1);
    assert_int_equal(bench.detaches, 1);
    rk_usb_plug(dev, NULL);
    rk_testbench_input(bench.t, RK_USB_IN_PULLUP, 0);
    rk_usb_plug(dev, &bench_link);
    assert_int_equal(bench.attaches, 2);
}

static void test_usb__restored_machine_re_attaches(void **cmocka_state) {
    (void)cmocka_state;
    struct rk_machine *m = bench.t->m;
    bring_up();
    size_t size = rk_machine_snapshot_size(m);
    uint8_t *snapshot = malloc(size);
    rk_machine_snapshot_save(m, snapshot);
    assert_int_equal(rk_machine_snapshot_load(m, snapshot, size), 0);
    free(snapshot);
    assert_int_equal(bench.detaches, 1);
    assert_int_equal(bench.attaches, 2);
    pass_ms(1);
    assert_int_equal(rd(ISTR) & 0x0200, 0); /* the bus is idle until the host resets it */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_usb__reset_values),
        TEST(test_usb__epr_bits_toggle_clear_or_hold),
        TEST(test_usb__ctr_clears_on_zero_only),
        TEST(test_usb__fres_is_a_usb_reset),
        TEST(test_usb__packet_memory_has_half_words_at_word_stride),
        TEST(test_usb__sof_every_millisecond),
        TEST(test_usb__three_lost_frames_suspend),
        TEST(test_usb__bus_activity_wakes),
        TEST(test_usb__remote_wakeup_reaches_the_host),
        TEST(test_usb__setup_stores_naks_and_preloads_toggles),
        TEST(test_usb__control_read_goes_through),
        TEST(test_usb__bulk_out_naks_until_firmware_is_ready),
        TEST(test_usb__too_long_a_packet_is_stalled),
        TEST(test_usb__only_its_address_and_open_endpoints_answer),
        TEST(test_usb__double_buffered_out_fills_both),
        TEST(test_usb__double_buffered_in_sends_both),
        TEST(test_usb__isochronous_alternates_without_handshake),
        TEST(test_usb__ep_id_names_the_first_by_priority),
        TEST(test_usb__pull_up_attaches),
        TEST(test_usb__restored_machine_re_attaches),
    };
    return cmocka_run_group_tests_name("usb", tests, NULL, NULL);
}
