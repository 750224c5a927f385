/* The host side against a small firmware of our own that works the peripheral's registers as the
 * published ones do (core-hardware.md 6.1, 9.2), polled every few microseconds. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "emu/core/testbench.h"
#include "emu/port/usb_host.h"

enum { CNTR = 0x40, ISTR = 0x44, DADDR = 0x4C, BTABLE = 0x50, PMA = 0x400 };

/* core-hardware.md 6.1 */
static const uint8_t device_desc[18] = {18,   1,    0,    2, 2, 0, 0, 64, 0x50,
                                        0x1D, 0x7D, 0x60, 0, 2, 1, 2, 3,  1};
static const uint8_t config_desc[67] = {
    9, 2, 67,   0, 2,    1,    0,  0xC0, 0xE1, 9,    4, 0,    0,    1,  2, 2,  1,
    0, 5, 0x24, 0, 0x10, 1,    5,  0x24, 1,    0,    1, 4,    0x24, 2,  2, 5,  0x24,
    6, 0, 1,    7, 5,    0x82, 3,  8,    0,    0xFF, 9, 4,    1,    0,  2, 10, 0,
    0, 0, 7,    5, 3,    2,    64, 0,    0,    7,    5, 0x81, 2,    64, 0, 0};

struct fake {
    struct rk_testbench *t;
    struct rk_usb_host host;
    const uint8_t *reply; /* IN data stage */
    size_t reply_len, asked;
    uint8_t line_coding[7];
    bool expects_data, dead, slow;
    uint8_t address;
    unsigned resets, suspends, configured;
    unsigned plugged, unplugged, completed;
};

static struct fake fake;
static const struct rk_usb_config active_low = {.pullup_active_low = true};

static uint32_t rd(uint32_t off) {
    return rk_testbench_read(fake.t, off);
}

static void wr(uint32_t off, uint32_t value) {
    rk_testbench_write(fake.t, off, value);
}

static uint32_t cell(unsigned addr) {
    return PMA + 2 * addr;
}

/* --- the firmware ------------------------------------------------------------------------------
 */

/* Sets STAT_RX and STAT_TX of an endpoint to the given values, leaving the rest. */
static void set_stat(unsigned ep, unsigned rx, unsigned tx) {
    uint32_t reg = rd(4 * ep);
    wr(4 * ep,
       (reg & 0x070F) | 0x8080 | (((reg >> 12 & 3) ^ rx) << 12) | (((reg >> 4 & 3) ^ tx) << 4));
}

static void fw_reset(void) {
    fake.resets++;
    wr(BTABLE, 0);
    wr(cell(0), 0x80);
    wr(cell(4), 0x40);
    wr(cell(6), 0x8400);
    wr(cell(8), 0xC0);
    wr(cell(3 * 8 + 4), 0x110);
    wr(cell(3 * 8 + 6), 0x8400);
    wr(0, 0x0200);
    set_stat(0, 3, 2);
    wr(4, 0x0001);
    set_stat(1, 0, 2);
    wr(12, 0x0003);
    set_stat(3, 3, 0);
    wr(DADDR, 0x80);
}

static void fw_send_packet(void) {
    size_t len = fake.reply_len < 64 ? fake.reply_len : 64;
    for (size_t i = 0; i < len; i += 2) {
        wr(cell((unsigned)(0x80 + i)), fake.reply[i] | (i + 1 < len ? fake.reply[i + 1] << 8 : 0));
    }
    wr(cell(2), (uint32_t)len);
    fake.reply += len;
    fake.reply_len -= len;
    fake.asked -= len;
    set_stat(0, 3, 3);
}

static void fw_reply(const void *data, size_t len) {
    fake.reply = data;
    fake.reply_len = len < fake.asked ? len : fake.asked;
    fw_send_packet();
}

static void fw_status_in(void) {
    wr(cell(2), 0);
    set_stat(0, 3, 3);
}

static void fw_setup(void) {
    uint8_t s[8];
    for (unsigned i = 0; i < 8; i++) {
        s[i] = (uint8_t)(rd(cell(0x40 + (i & ~1u))) >> (8 * (i & 1)));
    }
    fake.asked = rk_get_u16le(s + 6);
    uint16_t request = (uint16_t)(s[0] << 8 | s[1]);
    if (request == 0x8006 && s[3] == 1) {
        fw_reply(device_desc, sizeof device_desc);
    } else if (request == 0x8006 && s[3] == 2) {
        fw_reply(config_desc, sizeof config_desc);
    } else if (request == 0x0005) {
        fake.address = s[2];
        fw_status_in();
    } else if (request == 0x0009) {
        fake.configured = s[2];
        fw_status_in();
    } else if (request == 0x2120) {
        fake.expects_data = true;
        set_stat(0, 3, 2);
    } else if (request == 0xA121) {
        fw_reply(fake.line_coding, 7);
    } else {
        set_stat(0, 3, 1);
    }
}

static void fw_ep0(bool received, uint32_t reg) {
    if (received && (reg & 0x0800)) {
        wr(0, (reg & 0x070F) | 0x0080);
        fw_setup();
    } else if (received) {
        size_t len = rd(cell(6)) & 0x3FF;
        wr(0, (reg & 0x070F) | 0x0080);
        if (fake.expects_data && len == 7) {
            for (unsigned i = 0; i < 7; i++) {
                fake.line_coding[i] = (uint8_t)(rd(cell(0x40 + (i & ~1u))) >> (8 * (i & 1)));
            }
            fake.expects_data = false;
            fw_status_in();
        } else {
            set_stat(0, 3, 2);
        }
    } else {
        wr(0, (reg & 0x070F) | 0x8000);
        if (fake.address) {
            wr(DADDR, 0x80u | fake.address);
            fake.address = 0;
        }
        if (fake.reply_len > 0) {
            fw_send_packet();
        } else {
            set_stat(0, 3, 2);
        }
    }
}

/* Echoes EP3 to EP1; takes the next packet only when the last went out. */
static void fw_data(unsigned ep, uint32_t reg) {
    wr(4 * ep, reg & 0x070F);
    if (ep == 3) {
        size_t len = rd(cell(3 * 8 + 6)) & 0x3FF;
        for (unsigned i = 0; i < len; i += 2) {
            wr(cell(0xC0 + i), rd(cell(0x110 + i)));
        }
        wr(cell(10), (uint32_t)len);
        set_stat(1, 0, 3);
    } else {
        set_stat(3, 3, 0);
    }
}

static void fw_poll(void) {
    uint32_t istr = rd(ISTR);
    if (istr & 0x0400) {
        wr(ISTR, 0xFBFF);
        fw_reset();
    } else if (istr & 0x1000) {
        wr(CNTR, 0xBF00);
        wr(ISTR, 0xEFFF);
    } else if (istr & 0x0800) {
        fake.suspends++;
        wr(CNTR, 0xBF08);
        wr(ISTR, 0xF7FF);
    } else if ((istr & 0x8000) && (istr & 0xF) == 0) {
        fw_ep0((istr & 0x10) != 0, rd(0));
    } else if (istr & 0x8000) {
        fw_data(istr & 0xF, rd(4 * (istr & 0xF)));
    }
}

static void run_ms(unsigned ms) {
    for (unsigned us = 0; us < 1000 * ms; us += 5) {
        rk_testbench_pass_ns(fake.t, 5000);
        if (!fake.dead) {
            fw_poll();
        }
    }
}

static void fw_attach(void) {
    rk_testbench_input(fake.t, RK_USB_IN_PULLUP, 0);
    wr(CNTR, 1);
    wr(CNTR, 0);
    wr(ISTR, 0);
    wr(CNTR, 0xBF00);
}

/* --- fixtures ----------------------------------------------------------------------------------
 */

static void on_plugged(struct rk_usb_watcher *watcher) {
    ((struct fake *)watcher->ctx)->plugged++;
}

static void on_unplugged(struct rk_usb_watcher *watcher) {
    ((struct fake *)watcher->ctx)->unplugged++;
}

static struct rk_usb_watcher watcher;

static int setup(void **state) {
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.t = rk_testbench_new(&rk_usb_ops, &active_low, 48000000, 0);
    rk_usb_host_init(&fake.host);
    watcher = (struct rk_usb_watcher){on_plugged, on_unplugged, &fake, NULL};
    rk_usb_watch(&fake.host.target, &watcher);
    rk_usb_host_connect(&fake.host, fake.t->dev);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    rk_usb_host_disconnect(&fake.host);
    rk_testbench_free(fake.t);
    return 0;
}

static void enumerate(void) {
    fw_attach();
    run_ms(250);
    assert_non_null(fake.host.target.desc);
}

static void on_complete(struct rk_usb_transfer *t) {
    (void)t;
    fake.completed++;
}

static void request(struct rk_usb_transfer *t, uint8_t type, uint8_t req, uint16_t value,
                    void *data, uint16_t len) {
    *t = (struct rk_usb_transfer){.data = data, .len = len, .complete = on_complete};
    t->setup[0] = type;
    t->setup[1] = req;
    rk_put_u16le(t->setup + 2, value);
    rk_put_u16le(t->setup + 6, len);
    rk_usb_submit(&fake.host.target, t);
}

static void bulk(struct rk_usb_transfer *t, uint8_t ep, void *data, size_t len) {
    *t = (struct rk_usb_transfer){.ep = ep, .data = data, .len = len, .complete = on_complete};
    rk_usb_submit(&fake.host.target, t);
}

/* --- tests -------------------------------------------------------------------------------------
 */

static void test_usb_host__enumerates(void **state) {
    (void)state;
    enumerate();
    const struct rk_usb_desc *d = fake.host.target.desc;
    assert_memory_equal(d->device, device_desc, 18);
    assert_int_equal(d->config_len, 67);
    assert_memory_equal(d->config, config_desc, 67);
    assert_int_equal(fake.plugged, 1);
    assert_int_equal(rd(DADDR), 0x81);
    assert_int_equal(fake.host.target.configuration, 0);
}

static void test_usb_host__reset_takes_the_times_of_the_standard(void **state) {
    (void)state;
    fw_attach();
    run_ms(90);
    assert_int_equal(fake.resets, 0); /* debounce 100 ms */
    run_ms(20);
    assert_int_equal(fake.resets, 1);
    assert_null(fake.host.target.desc);
    run_ms(45); /* reset 50 ms, recovery 10 ms */
    assert_int_equal(rd(DADDR), 0x80);
}

static void test_usb_host__control_both_ways_and_stall(void **state) {
    (void)state;
    struct rk_usb_transfer t;
    uint8_t coding[7] = {0x80, 0x25, 0, 0, 0, 0, 8}, back[7] = {0}, none[1];
    enumerate();
    request(&t, 0, 9, 1, NULL, 0);
    run_ms(5);
    assert_int_equal(t.status, RK_USB_OK);
    assert_int_equal(fake.configured, 1);
    assert_int_equal(fake.host.target.configuration, 1);
    request(&t, 0x21, 0x20, 0, coding, 7);
    run_ms(5);
    assert_int_equal(t.status, RK_USB_OK);
    assert_memory_equal(fake.line_coding, coding, 7);
    request(&t, 0xA1, 0x21, 0, back, 7);
    run_ms(5);
    assert_int_equal(t.done, 7);
    assert_memory_equal(back, coding, 7);
    request(&t, 0x80, 6, 0x0600, none, 1); /* device qualifier */
    run_ms(5);
    assert_int_equal(t.status, RK_USB_STALL);
    request(&t, 0xA1, 0x21, 0, back, 7); /* a stall of endpoint 0 ends with the next SETUP */
    run_ms(5);
    assert_int_equal(t.status, RK_USB_OK);
    assert_int_equal(fake.completed, 5);
}

static void test_usb_host__bulk_waits_and_flows(void **state) {
    (void)state;
    struct rk_usb_transfer in, out;
    uint8_t data[200], back[200] = {0};
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    enumerate();
    bulk(&in, 0x81, back, sizeof back);
    run_ms(20);
    assert_true(in.pending);
    bulk(&out, 0x03, data, sizeof data); /* 64 + 64 + 64 + 8: short packets end both */
    run_ms(20);
    assert_int_equal(out.status, RK_USB_OK);
    assert_int_equal(out.done, 200);
    assert_false(in.pending);
    assert_int_equal(in.done, 200);
    assert_memory_equal(back, data, 200);
}

static void test_usb_host__full_last_packet_wants_an_empty_one(void **state) {
    (void)state;
    struct rk_usb_transfer in, out;
    uint8_t data[64] = {1}, back[128];
    enumerate();
    bulk(&in, 0x81, back, sizeof back);
    bulk(&out, 0x03, data, sizeof data);
    run_ms(20);
    assert_true(in.pending); /* 64 of 128, no short packet yet */
    bulk(&out, 0x03, data, sizeof data);
    run_ms(20);
    assert_int_equal(in.done, 128);
    bulk(&in, 0x81, back, sizeof back);
    out = (struct rk_usb_transfer){
        .ep = 3, .data = data, .len = 64, .zero_packet = true, .complete = on_complete};
    rk_usb_submit(&fake.host.target, &out);
    run_ms(20);
    assert_int_equal(in.done, 64);
}

static void test_usb_host__more_than_room_is_babble(void **state) {
    (void)state;
    struct rk_usb_transfer in, out;
    uint8_t data[10] = {0}, back[4];
    enumerate();
    bulk(&in, 0x81, back, sizeof back);
    bulk(&out, 0x03, data, sizeof data);
    run_ms(20);
    assert_int_equal(in.status, RK_USB_BABBLE);
}

static void test_usb_host__cancel_and_unknown_endpoints(void **state) {
    (void)state;
    struct rk_usb_transfer in, second;
    uint8_t back[64];
    enumerate();
    bulk(&in, 0x81, back, sizeof back);
    bulk(&second, 0x81, back, sizeof back);
    run_ms(5);
    rk_usb_cancel(&fake.host.target, &in);
    assert_int_equal(in.status, RK_USB_CANCELLED);
    assert_true(second.pending);
    rk_usb_cancel(&fake.host.target, &in);
    assert_int_equal(fake.completed, 1);
    rk_usb_cancel(&fake.host.target, &second);
    assert_int_equal(fake.completed, 2);
    bulk(&in, 0x84, back, sizeof back);
    assert_int_equal(in.status, RK_USB_FAILED);
}

static void test_usb_host__reset_keeps_the_device_but_not_its_state(void **state) {
    (void)state;
    struct rk_usb_transfer in, t;
    uint8_t back[64];
    enumerate();
    unsigned resets = fake.resets;
    bulk(&in, 0x81, back, sizeof back);
    rk_usb_reset(&fake.host.target);
    assert_int_equal(in.status, RK_USB_CANCELLED);
    request(&t, 0x80, 6, 0x0100, back, 18); /* waits until the reset is over */
    run_ms(100);
    assert_int_equal(t.status, RK_USB_OK);
    assert_int_equal(fake.resets, resets + 1);
    assert_int_equal(rd(DADDR), 0x81);
    assert_int_equal(fake.plugged, 1);
    assert_int_equal(fake.unplugged, 0);
}

static void test_usb_host__unplug_ends_everything(void **state) {
    (void)state;
    struct rk_usb_transfer in;
    uint8_t back[64];
    enumerate();
    bulk(&in, 0x81, back, sizeof back);
    run_ms(2);
    rk_testbench_input(fake.t, RK_USB_IN_PULLUP, 1);
    assert_int_equal(in.status, RK_USB_GONE);
    assert_int_equal(fake.unplugged, 1);
    bulk(&in, 0x81, back, sizeof back);
    assert_int_equal(in.status, RK_USB_GONE);
    fw_attach();
    run_ms(250);
    assert_int_equal(fake.plugged, 2);
}

static void test_usb_host__a_dead_firmware_fails_and_is_tried_again(void **state) {
    (void)state;
    struct rk_usb_transfer t;
    uint8_t back[18];
    fake.dead = true;
    fw_attach();
    run_ms(2000);
    assert_int_equal(fake.plugged, 0);
    fake.dead = false;
    run_ms(1500);
    assert_int_equal(fake.plugged, 1);
    wr(DADDR, 0); /* does not listen any more */
    request(&t, 0x80, 6, 0x0100, back, 18);
    run_ms(10);
    assert_int_equal(t.status, RK_USB_FAILED);
}

static void test_usb_host__suspends_and_resumes(void **state) {
    (void)state;
    struct rk_usb_transfer t;
    uint8_t back[18];
    enumerate();
    unsigned before = fake.suspends; /* the debounce, too, has no frames */
    rk_usb_host_suspend(&fake.host, true);
    run_ms(10);
    assert_int_equal(fake.suspends, before + 1);
    request(&t, 0x80, 6, 0x0100, back, 18);
    run_ms(10);
    assert_true(t.pending);
    rk_usb_host_suspend(&fake.host, false);
    run_ms(30);
    assert_int_equal(t.status, RK_USB_OK);
}

static void test_usb_host__bus_time_is_charged(void **state) {
    (void)state;
    static struct rk_usb_transfer t[40];
    static uint8_t back[40][64];
    enumerate();
    unsigned before = fake.completed;
    for (unsigned i = 0; i < 40; i++) {
        request(&t[i], 0x80, 6, 0x0200, back[i], 64);
    }
    run_ms(4);
    /* three packets and the gap: a full-speed control read of 64 bytes takes about 0.2 ms */
    assert_in_range(fake.completed - before, 8, 24);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_usb_host__enumerates),
        TEST(test_usb_host__reset_takes_the_times_of_the_standard),
        TEST(test_usb_host__control_both_ways_and_stall),
        TEST(test_usb_host__bulk_waits_and_flows),
        TEST(test_usb_host__full_last_packet_wants_an_empty_one),
        TEST(test_usb_host__more_than_room_is_babble),
        TEST(test_usb_host__cancel_and_unknown_endpoints),
        TEST(test_usb_host__reset_keeps_the_device_but_not_its_state),
        TEST(test_usb_host__unplug_ends_everything),
        TEST(test_usb_host__a_dead_firmware_fails_and_is_tried_again),
        TEST(test_usb_host__suspends_and_resumes),
        TEST(test_usb_host__bus_time_is_charged),
    };
    return cmocka_run_group_tests_name("usb_host", tests, NULL, NULL);
}
