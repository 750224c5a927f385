/* The DFU device role over the control endpoint, against DFU 1.1a and host-tool.md 3, with a small
 * memory behind it. What the bootloader does with it is tested in tests/loader. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/usb/dfu_device.h"

#define BASE 0x08005000u
#define SIZE 4000u /* ends inside a block */

static struct {
    struct rk_usb_control control;
    struct rk_dfu dfu;
    uint8_t memory[SIZE];
    unsigned erased, completed;
    enum rk_dfu_status next; /* result of the next erase or write */
    /* what endpoint 0 does */
    uint8_t packet[64];
    uint16_t packet_len;
    bool sent, receives, stalled;
    uint8_t address;
} t;

/* --- the memory --------------------------------------------------------------------------------
 */

static enum rk_dfu_status check(void *ctx, enum rk_dfu_op op, uint32_t addr, uint32_t len,
                                uint32_t *poll_ms) {
    *poll_ms = op == RK_DFU_ERASE ? 40 : op == RK_DFU_WRITE ? 27 : 0;
    return addr - BASE < SIZE && len <= SIZE - (addr - BASE) ? RK_DFU_OK : RK_DFU_ERR_ADDRESS;
}

static enum rk_dfu_status erase(void *ctx, uint32_t addr) {
    t.erased++;
    return t.next;
}

static enum rk_dfu_status write(void *ctx, uint32_t addr, const uint8_t *data, uint16_t len) {
    memcpy(t.memory + (addr - BASE), data, len);
    return t.next;
}

static uint16_t read(void *ctx, uint32_t addr, uint8_t *data, uint16_t len) {
    uint32_t off = addr - BASE;
    uint16_t n = off >= SIZE ? 0 : (uint16_t)(SIZE - off < len ? SIZE - off : len);
    memcpy(data, t.memory + (n ? off : 0), n);
    return n;
}

static enum rk_dfu_status complete(void *ctx) {
    t.completed++;
    return t.next;
}

static const struct rk_dfu_memory memory = {check, erase, write, read, complete};

/* --- the wires ---------------------------------------------------------------------------------
 */

static void port_send(void *ctx, const uint8_t *data, uint16_t len) {
    t.sent = true;
    t.packet_len = len;
    if (len) {
        memcpy(t.packet, data, len);
    }
}

static void port_receive(void *ctx) {
    t.receives = true;
}

static void port_stall(void *ctx) {
    t.stalled = true;
}

static void port_address(void *ctx, uint8_t addr) {
    t.address = addr;
}

static const struct rk_usb_port port = {port_send, port_receive, port_stall, port_address};

static const uint8_t *descriptor(void *ctx, uint8_t type, uint8_t idx, uint16_t *len) {
    static const uint8_t bytes[128] = {128, 3, 1};
    *len = sizeof bytes;
    return type == RK_USB_DT_STRING ? bytes : NULL;
}

static enum rk_usb_reply request(void *ctx, const struct rk_usb_setup *setup,
                                 struct rk_usb_data *data) {
    if ((setup->type & RK_USB_KIND) == RK_USB_CLASS) {
        return rk_dfu_request(&t.dfu, setup, data);
    }
    rk_dfu_restart(&t.dfu);
    return RK_USB_REPLY_ACCEPT;
}

static bool received(void *ctx, const struct rk_usb_setup *setup) {
    return rk_dfu_received(&t.dfu, setup);
}

static void finished(void *ctx, const struct rk_usb_setup *setup) {
    if ((setup->type & RK_USB_KIND) == RK_USB_CLASS) {
        rk_dfu_finished(&t.dfu, setup);
    }
}

static const struct rk_usb_device_ops ops = {descriptor, request, received, finished, 1, 2};

static int setup(void **state) {
    memset(&t, 0, sizeof t);
    rk_dfu_init(&t.dfu, &memory, NULL, BASE, true);
    rk_usb_control_init(&t.control, &port, NULL, &ops, NULL);
    return 0;
}

/* One control transfer. -1: stalled; else the bytes received (IN) or sent. */
static int transfer(uint8_t type, uint8_t req, uint16_t value, uint16_t index, void *data,
                    uint16_t len) {
    uint8_t packet[8] = {type, req};
    uint8_t *bytes = data;
    int done = 0;
    rk_put_u16le(packet + 2, value);
    rk_put_u16le(packet + 4, index);
    rk_put_u16le(packet + 6, len);
    t.sent = t.receives = t.stalled = false;
    rk_usb_control_setup(&t.control, packet);
    while (!t.stalled && !(type & 0x80) && t.receives) {
        uint16_t n = (uint16_t)(len - done < 64 ? len - done : 64);
        t.receives = false;
        rk_usb_control_out(&t.control, bytes + done, n);
        done += n;
    }
    while (!t.stalled && type & 0x80 && t.sent && !t.receives) {
        t.sent = false;
        memcpy(bytes + done, t.packet, t.packet_len);
        done += t.packet_len;
        rk_usb_control_in(&t.control);
    }
    if (t.stalled) {
        return -1;
    }
    if (type & 0x80) {
        rk_usb_control_out(&t.control, NULL, 0);
    } else {
        assert_true(t.sent);
        assert_int_equal(t.packet_len, 0);
        rk_usb_control_in(&t.control);
    }
    return done;
}

/* Status, poll time and state as one number: 0xSSPPPPTT. */
static uint32_t status(void) {
    uint8_t b[6];
    assert_int_equal(transfer(0xA1, 3, 0, 0, b, 6), 6);
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | b[4];
}

static int download(uint16_t block, const void *data, uint16_t len) {
    return transfer(0x21, 1, block, 0, (void *)data, len);
}

static const uint8_t set_pointer[5] = {0x21, 0x00, 0x54, 0x00, 0x08};
static const uint8_t erase_page[5] = {0x41, 0x00, 0x54, 0x00, 0x08};

/* --- tests -------------------------------------------------------------------------------------
 */

static void test_dfu__a_download_step_by_step(void **state) {
    uint8_t data[1000];
    memset(data, 0x5A, sizeof data);
    assert_int_equal(status(), 2);
    assert_int_equal(download(0, erase_page, 5), 5);
    assert_int_equal(t.erased, 0);
    assert_int_equal(status(), 40 << 8 | 4); /* dfuDNBUSY, 40 ms */
    assert_false(rk_dfu_work(&t.dfu));
    assert_int_equal(t.erased, 1);
    assert_int_equal(status(), 5);
    assert_int_equal(download(0, set_pointer, 5), 5);
    assert_int_equal(status(), 4);
    rk_dfu_work(&t.dfu);
    assert_int_equal(status(), 5);
    assert_int_equal(download(3, data, sizeof data), 1000); /* block 3: one block further */
    assert_int_equal(status(), 27 << 8 | 4);
    assert_int_equal(status(), 27 << 8 | 4); /* an impatient host */
    rk_dfu_work(&t.dfu);
    assert_int_equal(status(), 5);
    assert_memory_equal(t.memory + 0x400 + 1024, data, sizeof data);
}

static void test_dfu__work_waits_for_the_answer(void **state) {
    assert_int_equal(download(0, erase_page, 5), 5);
    assert_false(rk_dfu_work(&t.dfu)); /* nothing was announced yet */
    assert_int_equal(t.erased, 0);
}

static void test_dfu__leave_goes_through_manifest(void **state) {
    assert_int_equal(download(2, NULL, 0), 0);
    assert_false(rk_dfu_work(&t.dfu));
    assert_int_equal(status() & 0xFF, 7);
    assert_int_equal(t.completed, 1);
    assert_true(rk_dfu_work(&t.dfu));
}

static void test_dfu__leave_with_a_bad_application_is_an_error(void **state) {
    t.next = RK_DFU_ERR_FIRMWARE;
    assert_int_equal(download(2, NULL, 0), 0);
    assert_int_equal(status(), 0x0A00000A);
    assert_false(rk_dfu_work(&t.dfu));
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0); /* CLRSTATUS */
    assert_int_equal(status(), 2);
}

static void test_dfu__errors_are_told(void **state) {
    static const uint8_t far_away[5] = {0x41, 0, 0, 0, 0x20}, mass_erase[1] = {0x41};
    static const uint8_t unprotect[1] = {0x92};
    assert_int_equal(download(0, far_away, 5), 5);
    assert_int_equal(status(), 0x0800000A);
    assert_int_equal(download(0, erase_page, 5), -1); /* not before CLRSTATUS */
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(download(0, mass_erase, 1), 1);
    assert_int_equal(status(), 0x0100000A);
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(download(0, unprotect, 1), 1);
    assert_int_equal(status(), 0x0100000A);
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    t.next = RK_DFU_ERR_PROG;
    assert_int_equal(download(2, erase_page, 5), 5);
    assert_int_equal(status(), 27 << 8 | 4);
    rk_dfu_work(&t.dfu);
    assert_int_equal(status(), 0x0600000A);
    assert_int_equal(t.erased, 0);
}

static void test_dfu__upload_ends_short(void **state) {
    uint8_t data[1024];
    for (unsigned i = 0; i < SIZE; i++) {
        t.memory[i] = (uint8_t)(i * 3);
    }
    for (uint16_t block = 2; block < 5; block++) {
        assert_int_equal(transfer(0xA1, 2, block, 0, data, 1024), 1024);
        assert_memory_equal(data, t.memory + (block - 2) * 1024, 1024);
        assert_int_equal(status(), 9);
    }
    assert_int_equal(transfer(0xA1, 2, 5, 0, data, 1024), SIZE - 3072);
    assert_int_equal(status(), 2);
    assert_int_equal(transfer(0xA1, 2, 6, 0, data, 1024), 0);
    assert_int_equal(transfer(0xA1, 2, 0, 0, data, 1024), 3); /* the commands */
    assert_memory_equal(data, "\x00\x21\x41", 3);
    assert_int_equal(status(), 2);
}

static void test_dfu__what_does_not_fit_stalls(void **state) {
    uint8_t data[1100];
    memset(data, 0, sizeof data);
    assert_int_equal(transfer(0x21, 0, 1000, 0, NULL, 0), -1); /* DETACH */
    assert_int_equal(status(), 0x0F00000A);
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(download(2, data, 1025), -1); /* longer than the buffer */
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(download(1, data, 4), -1); /* block 1 is reserved */
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(transfer(0xA1, 2, 1, 0, data, 64), -1);
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(transfer(0xA1, 9, 0, 0, data, 64), -1);
}

/* dfu-util without :leave ends its transfer with ABORT. */
static void test_dfu__abort_after_writing_is_completion(void **state) {
    assert_int_equal(download(0, set_pointer, 5), 5);
    status();
    rk_dfu_work(&t.dfu);
    status();
    assert_int_equal(transfer(0x21, 6, 0, 0, NULL, 0), 0); /* before an upload: nothing written */
    assert_int_equal(t.completed, 0);
    assert_int_equal(download(2, erase_page, 5), 5);
    status();
    rk_dfu_work(&t.dfu);
    status();
    assert_int_equal(transfer(0x01, 11, 1, 0, NULL, 0), 0); /* a new host selects the interface */
    assert_int_equal(transfer(0x21, 6, 0, 0, NULL, 0), 0);
    assert_int_equal(t.completed, 0);
    assert_int_equal(download(2, erase_page, 5), 5);
    status();
    rk_dfu_work(&t.dfu);
    status();
    assert_int_equal(transfer(0x21, 6, 0, 0, NULL, 0), 0);
    assert_int_equal(t.completed, 1);
}

static void test_dfu__without_an_application_it_begins_in_error(void **state) {
    rk_dfu_init(&t.dfu, &memory, NULL, BASE, false);
    assert_int_equal(status(), 0x0A00000A);
    uint8_t s = 0;
    assert_int_equal(transfer(0xA1, 5, 0, 0, &s, 1), 1); /* GETSTATE */
    assert_int_equal(s, 10);
    assert_int_equal(transfer(0x21, 4, 0, 0, NULL, 0), 0);
    assert_int_equal(status(), 2);
}

/* USB 2.0 9.4. */
static void test_control__standard_requests(void **state) {
    uint8_t data[255];
    assert_int_equal(transfer(0x00, 5, 42, 0, NULL, 0), 0);
    assert_int_equal(t.address, 42);
    assert_int_equal(transfer(0x00, 9, 1, 0, NULL, 0), 0);
    assert_int_equal(transfer(0x80, 8, 0, 0, data, 1), 1);
    assert_int_equal(data[0], 1);
    assert_int_equal(transfer(0x00, 9, 2, 0, NULL, 0), -1);
    assert_int_equal(transfer(0x01, 11, 1, 0, NULL, 0), 0);
    assert_int_equal(transfer(0x81, 10, 0, 0, data, 1), 1);
    assert_int_equal(data[0], 1);
    assert_int_equal(transfer(0x01, 11, 2, 0, NULL, 0), -1);
    assert_int_equal(transfer(0x80, 6, 0x600, 0, data, 10), -1);
    assert_int_equal(transfer(0x80, 6, 0x301, 0, data, 255),
                     128); /* two full packets, then empty */
    assert_int_equal(transfer(0x80, 6, 0x301, 0, data, 128), 128); /* none needed */
    assert_int_equal(transfer(0x80, 6, 0x301, 0, data, 5), 5);
    assert_int_equal(transfer(0x80, 0, 0, 0, data, 2), 2);
    assert_int_equal(data[0], 1); /* self-powered */
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_dfu__a_download_step_by_step),
        CASE(test_dfu__work_waits_for_the_answer),
        CASE(test_dfu__leave_goes_through_manifest),
        CASE(test_dfu__leave_with_a_bad_application_is_an_error),
        CASE(test_dfu__errors_are_told),
        CASE(test_dfu__upload_ends_short),
        CASE(test_dfu__what_does_not_fit_stalls),
        CASE(test_dfu__abort_after_writing_is_completion),
        CASE(test_dfu__without_an_application_it_begins_in_error),
        CASE(test_control__standard_requests),
    };
    return cmocka_run_group_tests_name("dfu_device", tests, NULL, NULL);
}
