/* See usbip.h. Offsets and codes: usb-testing.md 5, "Wire facts". All integers are big-endian but
 * the eight setup bytes. */
#include "emu/port/usbip.h"

#include <string.h>

#include "common/base/bytes.h"

#define VERSION       0x0111u
#define OP_HEAD       8u
#define COMMAND_HEAD  48u
#define DEVICE_SIZE   312u
#define BUSNUM        1u
#define DEVNUM        2u
#define SPEED_FULL    2u
#define INTERFACE_MAX 16u

enum {
    OP_REQ_DEVLIST = 0x8005,
    OP_REP_DEVLIST = 0x0005,
    OP_REQ_IMPORT = 0x8003,
    OP_REP_IMPORT = 0x0003,
    OP_OK = 0,
    OP_NOT_AVAILABLE = 1,
    OP_BUSY = 2,
    OP_NO_DEVICE = 4,

    CMD_SUBMIT = 1,
    CMD_UNLINK = 2,
    RET_SUBMIT = 3,
    RET_UNLINK = 4,

    URB_SHORT_NOT_OK = 0x0001,
    URB_ZERO_PACKET = 0x0040,
};

/* Linux errno values that travel on the wire. */
enum {
    WIRE_ENOMEM = -12,
    WIRE_EPIPE = -32,
    WIRE_EPROTO = -71,
    WIRE_EOVERFLOW = -75,
    WIRE_ECONNRESET = -104,
    WIRE_ESHUTDOWN = -108,
    WIRE_EREMOTEIO = -121,
};

/* --- sending -----------------------------------------------------------------------------------
 */

static void send_op(struct rk_usbip_conn *c, uint16_t code, uint32_t status) {
    uint8_t head[OP_HEAD];
    rk_put_u16be(head, VERSION);
    rk_put_u16be(head + 2, code);
    rk_put_u32be(head + 4, status);
    c->send(c->ctx, head, sizeof head);
}

static void send_device(struct rk_usbip_conn *c) {
    uint8_t d[DEVICE_SIZE] = {0};
    const struct rk_usb_desc *desc = c->target->desc;
    const uint8_t *dev = desc->device;
    static const char path[] = "/rekindle/";
    memcpy(d, path, sizeof path - 1);
    strncat((char *)d, c->busid, RK_USBIP_BUSID);
    strncpy((char *)d + 256, c->busid, RK_USBIP_BUSID - 1);
    rk_put_u32be(d + 288, BUSNUM);
    rk_put_u32be(d + 292, DEVNUM);
    rk_put_u32be(d + 296, SPEED_FULL);
    rk_put_u16be(d + 300, rk_get_u16le(dev + 8));
    rk_put_u16be(d + 302, rk_get_u16le(dev + 10));
    rk_put_u16be(d + 304, rk_get_u16le(dev + 12));
    memcpy(d + 306, dev + 4, 3); /* class, subclass, protocol */
    d[309] = c->target->configuration;
    d[310] = dev[17];
    d[311] = (uint8_t)RK_MIN(desc->config[4], INTERFACE_MAX);
    c->send(c->ctx, d, sizeof d);
}

/* Class, subclass, protocol of each interface, first alternate settings only. */
static void send_interfaces(struct rk_usbip_conn *c) {
    const struct rk_usb_desc *desc = c->target->desc;
    uint8_t list[4 * INTERFACE_MAX] = {0};
    unsigned wanted = RK_MIN(desc->config[4], INTERFACE_MAX), n = 0;
    struct rk_usb_walk walk = {.config = desc->config, .len = desc->config_len};
    for (const uint8_t *d; n < wanted && (d = rk_usb_walk_next(&walk)) != NULL;) {
        if (d[1] == RK_USB_DESC_INTERFACE && d[0] >= 9 && d[3] == 0) {
            memcpy(list + 4 * n++, d + 5, 3);
        }
    }
    c->send(c->ctx, list, 4u * wanted);
}

static void send_devlist(struct rk_usbip_conn *c) {
    uint8_t count[4] = {0, 0, 0, c->target->desc ? 1 : 0};
    send_op(c, OP_REP_DEVLIST, OP_OK);
    c->send(c->ctx, count, sizeof count);
    if (c->target->desc) {
        send_device(c);
        send_interfaces(c);
    }
}

static void send_return(struct rk_usbip_conn *c, uint32_t code, uint32_t seqnum, int32_t status,
                        size_t length) {
    uint8_t head[COMMAND_HEAD] = {0};
    rk_put_u32be(head, code);
    rk_put_u32be(head + 4, seqnum);
    rk_put_u32be(head + 20, (uint32_t)status);
    rk_put_u32be(head + 24, (uint32_t)length);
    c->send(c->ctx, head, sizeof head);
}

static int32_t wire_status(const struct rk_usbip_urb *urb) {
    const struct rk_usb_transfer *t = &urb->transfer;
    switch (t->status) {
    case RK_USB_OK: return t->done < t->len && (urb->flags & URB_SHORT_NOT_OK) ? WIRE_EREMOTEIO : 0;
    case RK_USB_STALL: return WIRE_EPIPE;
    case RK_USB_BABBLE: return WIRE_EOVERFLOW;
    case RK_USB_FAILED: return WIRE_EPROTO;
    case RK_USB_CANCELLED:
    case RK_USB_GONE: break;
    }
    return WIRE_ESHUTDOWN;
}

static void on_complete(struct rk_usb_transfer *t) {
    struct rk_usbip_urb *urb = t->ctx;
    struct rk_usbip_conn *c = urb->conn;
    urb->used = false;
    if (c->phase == RK_USBIP_CLOSED) {
        return;
    }
    if (urb->unlinked_by && t->status == RK_USB_CANCELLED) {
        send_return(c, RET_UNLINK, urb->unlinked_by, WIRE_ECONNRESET, 0);
        return;
    }
    send_return(c, RET_SUBMIT, urb->seqnum, wire_status(urb), t->done);
    if (rk_usb_is_in(t) && t->done > 0) {
        c->send(c->ctx, urb->data, t->done);
    }
}

/* --- operations --------------------------------------------------------------------------------
 */

static void on_plugged(struct rk_usb_watcher *watcher) {
    (void)watcher;
}

/* Re-enumeration drops the connection (design.md, USB): clients import again. */
static void on_unplugged(struct rk_usb_watcher *watcher) {
    struct rk_usbip_conn *c = watcher->ctx;
    if (c->phase == RK_USBIP_URB || c->phase == RK_USBIP_DATA) {
        c->phase = RK_USBIP_CLOSED;
    }
}

static void import(struct rk_usbip_conn *c) {
    bool known = memcmp(c->head, c->busid, strnlen(c->busid, RK_USBIP_BUSID - 1) + 1) == 0;
    c->phase = RK_USBIP_OP;
    if (!known) {
        send_op(c, OP_REP_IMPORT, OP_NO_DEVICE);
    } else if (!c->target->desc) {
        send_op(c, OP_REP_IMPORT, OP_NOT_AVAILABLE);
    } else if (!rk_usb_claim(c->target, c)) {
        send_op(c, OP_REP_IMPORT, OP_BUSY);
    } else {
        send_op(c, OP_REP_IMPORT, OP_OK);
        send_device(c);
        c->phase = RK_USBIP_URB;
        c->fresh = true;
        rk_usb_reset(c->target);
    }
}

static bool operation(struct rk_usbip_conn *c) {
    switch (rk_get_u16be(c->head + 2)) {
    case OP_REQ_DEVLIST: send_devlist(c); return true;
    case OP_REQ_IMPORT: c->phase = RK_USBIP_IMPORT; return true;
    default: return false;
    }
}

/* --- commands ----------------------------------------------------------------------------------
 */

static struct rk_usbip_urb *free_urb(struct rk_usbip_conn *c) {
    for (unsigned i = 0; i < RK_USBIP_URBS; i++) {
        if (!c->urbs[i].used) {
            return &c->urbs[i];
        }
    }
    return NULL;
}

static bool is_control(const struct rk_usb_transfer *t) {
    return (t->ep & 0x0F) == 0;
}

static void start(struct rk_usbip_conn *c, struct rk_usbip_urb *urb) {
    struct rk_usb_transfer *t = &urb->transfer;
    const uint8_t *s = t->setup;
    bool whole_device = is_control(t) && s[0] == 0x80 && s[1] == RK_USB_REQ_GET_DESCRIPTOR &&
                        rk_get_u16le(s + 2) == RK_USB_DESC_DEVICE << 8 && t->len == 64;
    c->phase = RK_USBIP_URB;
    if (is_control(t) && s[0] == 0 && s[1] == RK_USB_REQ_SET_ADDRESS) {
        urb->used = false;
        send_return(c, RET_SUBMIT, urb->seqnum, 0, 0);
        return;
    }
    if (whole_device && !c->fresh) {
        c->fresh = true;
        rk_usb_reset(c->target);
    } else if (!whole_device) {
        c->fresh = false;
    }
    rk_usb_submit(c->target, t);
}

/* False: the client asks for what the protocol or this side cannot do. */
static bool submit(struct rk_usbip_conn *c) {
    const uint8_t *h = c->head;
    uint32_t in = rk_get_u32be(h + 12), ep = rk_get_u32be(h + 16), length = rk_get_u32be(h + 24);
    uint32_t packets = rk_get_u32be(h + 32);
    struct rk_usbip_urb *urb = free_urb(c);
    bool isochronous = packets != 0 && packets != UINT32_MAX;
    if (!urb || in > 1 || ep > 15 || length > RK_USBIP_DATA_MAX || isochronous) {
        return false;
    }
    urb->conn = c;
    urb->used = true;
    urb->seqnum = rk_get_u32be(h + 4);
    urb->unlinked_by = 0;
    urb->flags = rk_get_u32be(h + 20);
    urb->transfer = (struct rk_usb_transfer){.ep = (uint8_t)(ep | (in ? 0x80 : 0)),
                                             .zero_packet = urb->flags & URB_ZERO_PACKET,
                                             .data = urb->data,
                                             .len = length,
                                             .complete = on_complete,
                                             .ctx = urb};
    struct rk_usb_transfer *t = &urb->transfer;
    if (ep == 0) {
        t->ep = 0;
        memcpy(t->setup, h + 40, 8);
        /* The request's own length and direction rule on the bus. */
        if (rk_get_u16le(t->setup + 6) != length || (length > 0 && rk_usb_is_in(t) != (in == 1))) {
            urb->used = false;
            return false;
        }
    }
    if (!in && length > 0) {
        c->incoming = urb;
        c->phase = RK_USBIP_DATA;
    } else {
        start(c, urb);
    }
    return true;
}

static void unlink_urb(struct rk_usbip_conn *c) {
    uint32_t seqnum = rk_get_u32be(c->head + 4), victim = rk_get_u32be(c->head + 20);
    for (unsigned i = 0; i < RK_USBIP_URBS; i++) {
        struct rk_usbip_urb *urb = &c->urbs[i];
        if (urb->used && urb->seqnum == victim && urb->transfer.pending) {
            urb->unlinked_by = seqnum;
            rk_usb_cancel(c->target, &urb->transfer);
            return;
        }
    }
    send_return(c, RET_UNLINK, seqnum, 0, 0);
}

static bool command(struct rk_usbip_conn *c) {
    switch (rk_get_u32be(c->head)) {
    case CMD_SUBMIT: return submit(c);
    case CMD_UNLINK: unlink_urb(c); return true;
    default: return false;
    }
}

/* --- the stream --------------------------------------------------------------------------------
 */

/* Where the next bytes belong, and how many are missing there. */
static uint8_t *wanted(struct rk_usbip_conn *c, size_t *missing) {
    size_t whole = 0;
    switch (c->phase) {
    case RK_USBIP_OP: whole = OP_HEAD; break;
    case RK_USBIP_IMPORT: whole = RK_USBIP_BUSID; break;
    case RK_USBIP_URB: whole = COMMAND_HEAD; break;
    case RK_USBIP_DATA:
        *missing = c->incoming->transfer.len - c->have;
        return c->incoming->data + c->have;
    case RK_USBIP_CLOSED: break;
    }
    *missing = whole - c->have;
    return c->head + c->have;
}

static bool step(struct rk_usbip_conn *c) {
    c->have = 0;
    switch (c->phase) {
    case RK_USBIP_OP: return operation(c);
    case RK_USBIP_IMPORT: import(c); return true;
    case RK_USBIP_URB: return command(c);
    case RK_USBIP_DATA: start(c, c->incoming); return true;
    case RK_USBIP_CLOSED: break;
    }
    return false;
}

bool rk_usbip_input(struct rk_usbip_conn *c, const void *data, size_t len) {
    const uint8_t *p = data;
    while (len > 0 && c->phase != RK_USBIP_CLOSED) {
        size_t missing;
        uint8_t *to = wanted(c, &missing);
        size_t n = RK_MIN(missing, len);
        memcpy(to, p, n);
        c->have += n;
        p += n;
        len -= n;
        if (n == missing && !step(c)) {
            c->phase = RK_USBIP_CLOSED;
        }
    }
    return c->phase != RK_USBIP_CLOSED;
}

void rk_usbip_open(struct rk_usbip_conn *c, struct rk_usb_target *target, const char *busid,
                   void (*send)(void *ctx, const void *data, size_t len), void *ctx) {
    c->target = target;
    c->busid = busid;
    c->send = send;
    c->ctx = ctx;
    c->phase = RK_USBIP_OP;
    c->have = 0;
    c->incoming = NULL;
    for (unsigned i = 0; i < RK_USBIP_URBS; i++) {
        c->urbs[i].used = false;
    }
    c->watcher = (struct rk_usb_watcher){on_plugged, on_unplugged, c, NULL};
    rk_usb_watch(target, &c->watcher);
}

void rk_usbip_close(struct rk_usbip_conn *c) {
    c->phase = RK_USBIP_CLOSED;
    for (unsigned i = 0; i < RK_USBIP_URBS; i++) {
        if (c->urbs[i].used) {
            rk_usb_cancel(c->target, &c->urbs[i].transfer);
            c->urbs[i].used = false;
        }
    }
    rk_usb_release(c->target, c);
    rk_usb_unwatch(c->target, &c->watcher);
}
