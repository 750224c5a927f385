/* See control.h. */
#include "common/usb/control.h"

#include "common/base/bytes.h"

void rk_usb_control_init(struct rk_usb_control *c, const struct rk_usb_port *port, void *port_ctx,
                         const struct rk_usb_device_ops *ops, void *ctx) {
    *c = (struct rk_usb_control){.port = port, .port_ctx = port_ctx, .ops = ops, .ctx = ctx};
}

void rk_usb_control_reset(struct rk_usb_control *c) {
    c->stage = RK_USB_STAGE_IDLE;
    c->address = c->config = c->alt = 0;
}

static void stall(struct rk_usb_control *c) {
    c->stage = RK_USB_STAGE_IDLE;
    c->port->stall(c->port_ctx);
}

/* --- stages ------------------------------------------------------------------------------------
 */

static void send_next(struct rk_usb_control *c) {
    uint16_t n = RK_MIN(c->left, RK_USB_EP0_SIZE);
    c->port->send(c->port_ctx, c->data.data + c->done, n);
    c->done = (uint16_t)(c->done + n);
    c->left = (uint16_t)(c->left - n);
    if (n < RK_USB_EP0_SIZE) {
        c->needs_zero = false;
    }
}

static void begin_send(struct rk_usb_control *c) {
    c->left = RK_MIN(c->data.len, c->setup.length);
    c->done = 0;
    c->needs_zero = c->left < c->setup.length;
    c->stage = RK_USB_STAGE_DATA_IN;
    send_next(c);
}

static void begin_status_in(struct rk_usb_control *c) {
    c->stage = RK_USB_STAGE_STATUS_IN;
    c->port->send(c->port_ctx, NULL, 0);
}

static void go_on(struct rk_usb_control *c, enum rk_usb_reply reply) {
    bool in = c->setup.type & RK_USB_IN;
    if (reply == RK_USB_REPLY_SEND && in && c->setup.length > 0) {
        begin_send(c);
    } else if (reply == RK_USB_REPLY_RECEIVE && !in && c->setup.length > 0) {
        c->left = c->setup.length;
        c->done = 0;
        c->stage = RK_USB_STAGE_DATA_OUT;
        c->port->receive(c->port_ctx);
    } else if ((reply == RK_USB_REPLY_ACCEPT || reply == RK_USB_REPLY_SEND) &&
               c->setup.length == 0) {
        begin_status_in(c);
    } else {
        stall(c);
    }
}

void rk_usb_control_in(struct rk_usb_control *c) {
    switch (c->stage) {
    case RK_USB_STAGE_DATA_IN:
        if (c->left > 0 || c->needs_zero) {
            send_next(c);
        } else {
            c->stage = RK_USB_STAGE_STATUS_OUT;
            c->port->receive(c->port_ctx);
        }
        break;
    case RK_USB_STAGE_STATUS_IN:
        c->stage = RK_USB_STAGE_IDLE;
        if (c->address) {
            c->port->set_address(c->port_ctx, c->address);
            c->address = 0;
        }
        if (c->ops->finished) {
            c->ops->finished(c->ctx, &c->setup);
        }
        break;
    default: break;
    }
}

void rk_usb_control_out(struct rk_usb_control *c, const uint8_t *packet, uint16_t len) {
    if (c->stage == RK_USB_STAGE_DATA_OUT) {
        uint16_t n = RK_MIN(len, c->left);
        for (uint16_t i = 0; i < n; i++) {
            c->data.buffer[c->done + i] = packet[i];
        }
        c->done = (uint16_t)(c->done + n);
        c->left = (uint16_t)(c->left - n);
        if (c->left > 0 && len == RK_USB_EP0_SIZE) {
            c->port->receive(c->port_ctx);
        } else if (c->left == 0 && (!c->ops->received || c->ops->received(c->ctx, &c->setup))) {
            begin_status_in(c);
        } else {
            stall(c); /* the host promised more, or the device does not want it */
        }
    } else if (c->stage == RK_USB_STAGE_STATUS_OUT || c->stage == RK_USB_STAGE_DATA_IN) {
        c->stage = RK_USB_STAGE_IDLE; /* a host may end the data stage early (USB 2.0 8.5.3.1) */
        if (c->ops->finished) {
            c->ops->finished(c->ctx, &c->setup);
        }
    }
}

/* --- standard requests -------------------------------------------------------------------------
 */

static enum rk_usb_reply send_bytes(struct rk_usb_control *c, uint8_t first, uint16_t len) {
    c->scratch[0] = first;
    c->scratch[1] = 0;
    c->data.data = c->scratch;
    c->data.len = len;
    return RK_USB_REPLY_SEND;
}

static enum rk_usb_reply get_descriptor(struct rk_usb_control *c) {
    c->data.data = c->ops->descriptor(c->ctx, (uint8_t)(c->setup.value >> 8),
                                      (uint8_t)c->setup.value, &c->data.len);
    return c->data.data ? RK_USB_REPLY_SEND : RK_USB_REPLY_STALL;
}

static enum rk_usb_reply set_config(struct rk_usb_control *c) {
    if (c->setup.value > 1) {
        return RK_USB_REPLY_STALL;
    }
    c->config = (uint8_t)c->setup.value;
    c->alt = 0;
    return c->ops->request(c->ctx, &c->setup, &c->data);
}

static enum rk_usb_reply set_interface(struct rk_usb_control *c) {
    if (c->setup.index >= c->ops->interface_count || c->setup.value >= c->ops->alt_count) {
        return RK_USB_REPLY_STALL;
    }
    c->alt = (uint8_t)c->setup.value;
    return c->ops->request(c->ctx, &c->setup, &c->data);
}

static enum rk_usb_reply standard_request(struct rk_usb_control *c) {
    switch (c->setup.request) {
    case RK_USB_GET_STATUS: return send_bytes(c, (c->setup.type & 0x1Fu) == 0, 2);
    case RK_USB_CLEAR_FEATURE:
    case RK_USB_SET_FEATURE: return RK_USB_REPLY_ACCEPT;
    case RK_USB_SET_ADDRESS: c->address = c->setup.value & 0x7Fu; return RK_USB_REPLY_ACCEPT;
    case RK_USB_GET_DESCRIPTOR: return get_descriptor(c);
    case RK_USB_GET_CONFIG: return send_bytes(c, c->config, 1);
    case RK_USB_SET_CONFIG: return set_config(c);
    case RK_USB_GET_INTERFACE: return send_bytes(c, c->alt, 1);
    case RK_USB_SET_INTERFACE: return set_interface(c);
    default: return RK_USB_REPLY_STALL;
    }
}

void rk_usb_control_setup(struct rk_usb_control *c, const uint8_t packet[8]) {
    c->setup = (struct rk_usb_setup){.type = packet[0],
                                     .request = packet[1],
                                     .value = rk_get_u16le(packet + 2),
                                     .index = rk_get_u16le(packet + 4),
                                     .length = rk_get_u16le(packet + 6)};
    c->data = (struct rk_usb_data){0};
    c->address = 0;
    enum rk_usb_reply reply = (c->setup.type & RK_USB_KIND) == RK_USB_STANDARD
                                  ? standard_request(c)
                                  : c->ops->request(c->ctx, &c->setup, &c->data);
    go_on(c, reply);
}

/* --- strings -----------------------------------------------------------------------------------
 */

uint8_t *rk_usb_widen(uint8_t *to, const char *text, unsigned chars) {
    for (unsigned i = 0; i < chars; i++) {
        *to++ = (uint8_t)*text;
        *to++ = 0;
        text += *text != '\0';
    }
    return to;
}

uint16_t rk_usb_string(uint8_t *to, const char *text, uint8_t chars) {
    uint16_t len = (uint16_t)(2u + 2u * chars);
    to[0] = (uint8_t)len;
    to[1] = RK_USB_DT_STRING;
    (void)rk_usb_widen(to + 2, text, chars);
    return len;
}
