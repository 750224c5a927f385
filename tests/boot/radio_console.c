/* See radio_console.h. */
#include "tests/unit.h"

#include "tests/boot/radio_console.h"

#define EP_IN  0x81u
#define EP_OUT 0x03u

static void got(struct rk_usb_transfer *t) {
    struct radio_console *c = t->ctx;
    const size_t room = sizeof c->text - 1 - c->len;
    const size_t n = RK_MIN(t->done, room);
    memcpy(c->text + c->len, c->in_bytes, n);
    c->len += n;
    c->text[c->len] = 0;
    if (t->status == RK_USB_OK) {
        rk_usb_submit(&c->host.target, t);
    }
}

static void done(struct rk_usb_transfer *t) {
    (void)t;
}

static bool finish(struct radio_console *c, struct rk_usb_transfer *t) {
    for (int ms = 0; t->pending && ms < 2000; ms++) {
        radio_rig_run(c->r, 1);
    }
    return !t->pending && t->status == RK_USB_OK;
}

static bool control(struct radio_console *c, const uint8_t setup[8], void *data, size_t len) {
    c->out = (struct rk_usb_transfer){.data = data, .len = len, .complete = done, .ctx = c};
    memcpy(c->out.setup, setup, 8);
    rk_usb_submit(&c->host.target, &c->out);
    return finish(c, &c->out);
}

void radio_console_open(struct radio_console *c, struct radio_rig *r) {
    static const uint8_t configure[8] = {0x00, RK_USB_REQ_SET_CONFIGURATION, 1};
    static const uint8_t line_coding[8] = {0x21, 0x20, 0, 0, 0, 0, 7};
    uint8_t coding[7] = {0x80, 0x25, 0, 0, 0, 0, 8}; /* 9600 8N1 */
    memset(c, 0, sizeof *c);
    c->r = r;
    rk_usb_host_init(&c->host);
    rk_usb_host_connect(&c->host, rk_machine_find(r->m, "USB"));
    for (int ms = 0; !c->host.target.desc && ms < 5000; ms++) {
        radio_rig_run(r, 1);
    }
    assert_non_null(c->host.target.desc);
    assert_true(rk_usb_claim(&c->host.target, c));
    assert_true(control(c, configure, NULL, 0));
    assert_true(control(c, line_coding, coding, sizeof coding));
    c->in = (struct rk_usb_transfer){
        .ep = EP_IN, .data = c->in_bytes, .len = sizeof c->in_bytes, .complete = got, .ctx = c};
    rk_usb_submit(&c->host.target, &c->in);
}

bool radio_console_expect(struct radio_console *c, const char *text, uint32_t limit_ms) {
    for (uint32_t ms = 0; ms <= limit_ms; ms += 5) {
        const char *at = strstr(c->text + c->read, text);
        if (at) {
            c->read = (size_t)(at - c->text) + strlen(text);
            return true;
        }
        radio_rig_run(c->r, 5);
    }
    print_error("the console said \"%s\"\n", c->text + c->read);
    return false;
}

void radio_console_type(struct radio_console *c, const char *text) {
    for (; *text; text++) {
        c->out_byte[0] = (uint8_t)*text;
        c->out = (struct rk_usb_transfer){
            .ep = EP_OUT, .data = c->out_byte, .len = 1, .complete = done, .ctx = c};
        rk_usb_submit(&c->host.target, &c->out);
        assert_true(finish(c, &c->out));
    }
}
