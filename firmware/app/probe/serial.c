/* See serial.h. */
#include "firmware/app/probe/serial.h"

#include "common/base/bytes.h"
#include "firmware/drivers/usb.h"
#include "firmware/regs/stm32f103.h"

#define EP_IN     1u
#define EP_NOTIFY 2u
#define EP_OUT    3u
#define PACKET    64u
#define TX_CAP    1024u

enum {
    SET_LINE_CODING = 0x20,
    GET_LINE_CODING = 0x21,
    SET_CONTROL_LINE_STATE = 0x22,
};

/* clang-format off */
static const uint8_t device[] = {
    18, 1, 0x00, 0x02, 2, 0, 0, RK_USB_EP0_SIZE, 0x50, 0x1D, 0x7D, 0x60, 0x00, 0x02, 1, 2, 3, 1,
};
static const uint8_t configuration[] = {
    9, 2, 67, 0, 2, 1, 0, 0xC0, 0xE1,
    9, 4, 0, 0, 1, 2, 2, 1, 0,
    5, 0x24, 0, 0x10, 1,
    5, 0x24, 1, 0, 1,
    4, 0x24, 2, 2,
    5, 0x24, 6, 0, 1,
    7, 5, 0x82, 3, 8, 0, 0xFF,
    9, 4, 1, 0, 2, 10, 0, 0, 0,
    7, 5, 0x03, 2, 64, 0, 0,
    7, 5, 0x81, 2, 64, 0, 0,
};
/* clang-format on */
static const uint8_t languages[] = {4, 3, 0x09, 0x04};

static uint8_t answer[64];
static char serial[25];
static uint8_t line_coding[7] = {0x80, 0x25, 0, 0, 0, 0, 8}; /* 9600 */
static uint32_t baud;
static char tx[TX_CAP];
static unsigned tx_head, tx_tail; /* written, sent */
static uint8_t rx[PACKET];
static uint16_t rx_len, rx_pos;
static bool is_open, is_sending, has_packet;

/* --- endpoint 0 --------------------------------------------------------------------------------
 */

static const uint8_t *string(uint8_t idx, uint16_t *len) {
    static const struct {
        const char *text;
        uint8_t chars;
    } strings[] = {[1] = {"Particle          ", 18},
                   [2] = {"Spark Core with WiFi    ", 24},
                   [3] = {serial, 24}};
    if (idx == 0) {
        *len = sizeof languages;
        return languages;
    }
    if (idx >= RK_COUNT(strings)) {
        return NULL;
    }
    *len = rk_usb_string(answer, strings[idx].text, strings[idx].chars);
    return answer;
}

static const uint8_t *descriptor(void *ctx, uint8_t type, uint8_t idx, uint16_t *len) {
    (void)ctx;
    switch (type) {
    case RK_USB_DT_DEVICE: *len = sizeof device; return device;
    case RK_USB_DT_CONFIG: *len = sizeof configuration; return idx == 0 ? configuration : NULL;
    case RK_USB_DT_STRING: return string(idx, len);
    default: return NULL;
    }
}

static enum rk_usb_reply request(void *ctx, const struct rk_usb_setup *setup,
                                 struct rk_usb_data *data) {
    (void)ctx;
    if ((setup->type & RK_USB_KIND) == RK_USB_STANDARD) {
        return RK_USB_REPLY_ACCEPT;
    }
    switch (setup->request) {
    case SET_LINE_CODING:
        data->buffer = line_coding;
        return setup->length == sizeof line_coding ? RK_USB_REPLY_RECEIVE : RK_USB_REPLY_STALL;
    case GET_LINE_CODING:
        data->data = line_coding;
        data->len = sizeof line_coding;
        return RK_USB_REPLY_SEND;
    case SET_CONTROL_LINE_STATE: return RK_USB_REPLY_ACCEPT;
    default: return RK_USB_REPLY_STALL;
    }
}

static void finished(void *ctx, const struct rk_usb_setup *setup) {
    (void)ctx;
    if ((setup->type & RK_USB_KIND) == RK_USB_CLASS && setup->request == SET_LINE_CODING) {
        baud = rk_get_u32le(line_coding);
    }
}

static const struct rk_usb_device_ops device_ops = {.descriptor = descriptor,
                                                    .request = request,
                                                    .finished = finished,
                                                    .interface_count = 2,
                                                    .alt_count = 1};

/* --- data --------------------------------------------------------------------------------------
 */

static void configured(void *ctx, bool on) {
    (void)ctx;
    is_open = on;
    is_sending = has_packet = false;
    if (on) {
        rk_usb_open_in(EP_IN, USB_EPR_BULK);
        rk_usb_open_in(EP_NOTIFY, USB_EPR_INTERRUPT);
        rk_usb_open_out(EP_OUT, USB_EPR_BULK);
    }
}

static void sent(void *ctx, unsigned ep) {
    (void)ctx;
    if (ep == EP_IN) {
        is_sending = false;
    }
}

static void received(void *ctx, unsigned ep) {
    (void)ctx;
    has_packet = has_packet || ep == EP_OUT;
}

static const struct rk_usb_endpoint_ops endpoint_ops = {
    .configured = configured, .sent = sent, .received = received};

void rk_serial_init(void) {
    static const char digits[] = "0123456789ABCDEF";
    for (unsigned i = 0; i < 12; i++) {
        serial[2 * i] = digits[DEVICE_ID[i] >> 4];
        serial[2 * i + 1] = digits[DEVICE_ID[i] & 15u];
    }
    rk_usb_init(&device_ops, &endpoint_ops, NULL, NULL);
    rk_usb_connect(true);
}

/* One byte short of a full packet: a full one would have to be ended by an empty one. */
static void send_some(void) {
    uint8_t packet[PACKET - 1];
    uint16_t n = 0;
    while (n < sizeof packet && tx_tail != tx_head) {
        packet[n++] = (uint8_t)tx[tx_tail++ % TX_CAP];
    }
    if (n > 0) {
        is_sending = true;
        rk_usb_send(EP_IN, packet, n);
    }
}

void rk_serial_poll(void) {
    rk_usb_poll();
    if (is_open && !is_sending) {
        send_some();
    }
    if (has_packet && rx_pos == rx_len) {
        has_packet = false;
        rx_len = rk_usb_take(EP_OUT, rx, sizeof rx);
        rx_pos = 0;
    }
}

int rk_serial_read(void) {
    return rx_pos < rx_len ? rx[rx_pos++] : -1;
}

void rk_serial_write_byte(char byte) {
    if (tx_head - tx_tail < TX_CAP) {
        tx[tx_head++ % TX_CAP] = byte;
    }
}

void rk_serial_write(const char *text) {
    while (*text) {
        rk_serial_write_byte(*text++);
    }
}

void rk_serial_write_hex(uint32_t value, unsigned digits) {
    while (digits-- > 0) {
        rk_serial_write_byte("0123456789abcdef"[value >> (4 * digits) & 15u]);
    }
}

uint32_t rk_serial_baud(void) {
    return baud;
}

bool rk_serial_drained(void) {
    return tx_head == tx_tail && !is_sending;
}
