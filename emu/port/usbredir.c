/* See usbredir.h. Order of the greeting, and which requests have packets of their own:
 * usb-testing.md 4 and usbredir-protocol.txt. */
#include "emu/port/usbredir.h"

#include <stdlib.h>
#include <string.h>
#include <usbredirparser.h>

#include "common/base/bytes.h"

#define VERSION "rekindle"

enum packet {
    PACKET_CONTROL,
    PACKET_BULK,
    PACKET_INTERRUPT_OUT,
    PACKET_INTERRUPT_IN, /* renews itself until it is stopped */
    PACKET_CONFIGURATION,
    PACKET_ALT_SETTING,
};

/* 0-15 OUT, 16-31 IN. */
static unsigned ep_index(uint8_t ep) {
    return (ep & 0x0Fu) | (ep & 0x80u ? 16u : 0u);
}

static uint8_t wire_status(enum rk_usb_status status) {
    switch (status) {
    case RK_USB_OK: return usb_redir_success;
    case RK_USB_STALL: return usb_redir_stall;
    case RK_USB_CANCELLED: return usb_redir_cancelled;
    case RK_USB_BABBLE: return usb_redir_babble;
    case RK_USB_GONE:
    case RK_USB_FAILED: break;
    }
    return usb_redir_ioerror;
}

static void flush(struct rk_usbredir *c) {
    if (!c->broken && usbredirparser_has_data_to_write(c->parser) &&
        usbredirparser_do_write(c->parser) != 0) {
        c->broken = true;
    }
}

/* --- what the device is ------------------------------------------------------------------------
 */

static void describe(const struct rk_usbredir *c, struct usb_redir_ep_info_header *eps,
                     struct usb_redir_interface_info_header *interfaces) {
    const struct rk_usb_desc *desc = c->target->desc;
    struct rk_usb_walk walk = {.config = desc->config, .len = desc->config_len};
    bool current = false;
    uint8_t number = 0;
    memset(eps, 0, sizeof *eps);
    memset(interfaces, 0, sizeof *interfaces);
    memset(eps->type, usb_redir_type_invalid, sizeof eps->type);
    eps->type[0] = eps->type[16] = usb_redir_type_control;
    eps->max_packet_size[0] = eps->max_packet_size[16] = desc->device[7];
    for (const uint8_t *d; (d = rk_usb_walk_next(&walk)) != NULL;) {
        if (d[1] == RK_USB_DESC_INTERFACE && d[0] >= 9) {
            number = d[2] % RK_USBREDIR_PARTS;
            current = c->alt[number] == d[3];
            uint32_t i = interfaces->interface_count;
            if (current && i < RK_USBREDIR_PARTS) {
                interfaces->interface[i] = number;
                interfaces->interface_class[i] = d[5];
                interfaces->interface_subclass[i] = d[6];
                interfaces->interface_protocol[i] = d[7];
                interfaces->interface_count++;
            }
        } else if (d[1] == RK_USB_DESC_ENDPOINT && d[0] >= 7 && current && (d[2] & 0x0F)) {
            unsigned i = ep_index(d[2]);
            eps->type[i] = d[3] & 3;
            eps->interval[i] = d[6];
            eps->interface[i] = number;
            eps->max_packet_size[i] = rk_get_u16le(d + 4) & 0x7FF;
        }
    }
}

static void send_description(struct rk_usbredir *c) {
    struct usb_redir_ep_info_header eps;
    struct usb_redir_interface_info_header interfaces;
    describe(c, &eps, &interfaces);
    usbredirparser_send_ep_info(c->parser, &eps);
    usbredirparser_send_interface_info(c->parser, &interfaces);
}

static void announce(struct rk_usbredir *c) {
    const struct rk_usb_desc *desc = c->target->desc;
    if (!c->greeted || c->connected || c->awaits_ack || !desc || !rk_usb_claim(c->target, c)) {
        return;
    }
    memset(c->alt, 0, sizeof c->alt);
    const uint8_t *d = desc->device;
    struct usb_redir_device_connect_header connect = {.speed = usb_redir_speed_full,
                                                      .device_class = d[4],
                                                      .device_subclass = d[5],
                                                      .device_protocol = d[6],
                                                      .vendor_id = rk_get_u16le(d + 8),
                                                      .product_id = rk_get_u16le(d + 10),
                                                      .device_version_bcd = rk_get_u16le(d + 12)};
    send_description(c);
    usbredirparser_send_device_connect(c->parser, &connect);
    c->connected = true;
    flush(c);
}

static void on_plugged(struct rk_usb_watcher *watcher) {
    announce(watcher->ctx);
}

static void on_unplugged(struct rk_usb_watcher *watcher) {
    struct rk_usbredir *c = watcher->ctx;
    rk_usb_release(c->target, c);
    if (c->connected) {
        c->connected = false;
        c->awaits_ack = usbredirparser_peer_has_cap(c->parser, usb_redir_cap_device_disconnect_ack);
        usbredirparser_send_device_disconnect(c->parser);
        flush(c);
    }
}

/* --- transfers ---------------------------------------------------------------------------------
 */

static void tell_control(struct rk_usbredir *c, struct rk_usbredir_urb *urb) {
    const struct rk_usb_transfer *t = &urb->transfer;
    const uint8_t *s = t->setup;
    struct usb_redir_control_packet_header head = {.endpoint = (uint8_t)(s[0] & 0x80),
                                                   .request = s[1],
                                                   .requesttype = s[0],
                                                   .status = wire_status(t->status),
                                                   .value = rk_get_u16le(s + 2),
                                                   .index = rk_get_u16le(s + 4),
                                                   .length = (uint16_t)t->done};
    bool in = rk_usb_is_in(t);
    usbredirparser_send_control_packet(c->parser, urb->id, &head, in ? urb->data : NULL,
                                       in ? (int)t->done : 0);
}

static void tell_bulk(struct rk_usbredir *c, struct rk_usbredir_urb *urb) {
    const struct rk_usb_transfer *t = &urb->transfer;
    struct usb_redir_bulk_packet_header head = {
        .endpoint = t->ep, .status = wire_status(t->status), .length = (uint16_t)t->done};
    bool in = rk_usb_is_in(t);
    usbredirparser_send_bulk_packet(c->parser, urb->id, &head, in ? urb->data : NULL,
                                    in ? (int)t->done : 0);
}

static void tell_interrupt(struct rk_usbredir *c, struct rk_usbredir_urb *urb) {
    const struct rk_usb_transfer *t = &urb->transfer;
    struct usb_redir_interrupt_packet_header head = {
        .endpoint = t->ep, .status = wire_status(t->status), .length = (uint16_t)t->done};
    bool in = rk_usb_is_in(t);
    usbredirparser_send_interrupt_packet(c->parser, urb->id, &head, in ? urb->data : NULL,
                                         in ? (int)t->done : 0);
}

static void tell_configuration(struct rk_usbredir *c, struct rk_usbredir_urb *urb) {
    struct usb_redir_configuration_status_header head = {
        .status = wire_status(urb->transfer.status), .configuration = c->target->configuration};
    if (c->target->desc) {
        memset(c->alt, 0, sizeof c->alt);
        send_description(c);
    }
    usbredirparser_send_configuration_status(c->parser, urb->id, &head);
}

static void tell_alt_setting(struct rk_usbredir *c, struct rk_usbredir_urb *urb) {
    const struct rk_usb_transfer *t = &urb->transfer;
    uint8_t interface = t->setup[4] % RK_USBREDIR_PARTS;
    if (t->status == RK_USB_OK && c->target->desc) {
        c->alt[interface] = t->setup[2];
        send_description(c);
    }
    struct usb_redir_alt_setting_status_header head = {
        .status = wire_status(t->status), .interface = interface, .alt = c->alt[interface]};
    usbredirparser_send_alt_setting_status(c->parser, urb->id, &head);
}

static void on_complete(struct rk_usb_transfer *t) {
    struct rk_usbredir_urb *urb = t->ctx;
    struct rk_usbredir *c = urb->conn;
    if (c->broken) {
        urb->used = false;
        return;
    }
    switch ((enum packet)urb->packet) {
    case PACKET_CONTROL: tell_control(c, urb); break;
    case PACKET_BULK: tell_bulk(c, urb); break;
    case PACKET_INTERRUPT_OUT: tell_interrupt(c, urb); break;
    case PACKET_INTERRUPT_IN:
        if (t->status == RK_USB_OK) {
            tell_interrupt(c, urb);
            urb->id++;
            flush(c);
            rk_usb_submit(c->target, t);
            return;
        }
        break;
    case PACKET_CONFIGURATION: tell_configuration(c, urb); break;
    case PACKET_ALT_SETTING: tell_alt_setting(c, urb); break;
    }
    urb->used = false;
    flush(c);
}

/* A free transfer, filled in; NULL: the peer asked for too much, and is told so by the caller. */
static struct rk_usbredir_urb *new_urb(struct rk_usbredir *c, uint64_t id, enum packet packet,
                                       uint8_t ep, size_t len) {
    for (unsigned i = 0; len <= RK_USBREDIR_DATA_MAX && c->connected && i < RK_USBREDIR_URBS; i++) {
        struct rk_usbredir_urb *urb = &c->urbs[i];
        if (!urb->used) {
            urb->used = true;
            urb->conn = c;
            urb->id = id;
            urb->packet = (uint8_t)packet;
            urb->transfer = (struct rk_usb_transfer){
                .ep = ep, .data = urb->data, .len = len, .complete = on_complete, .ctx = urb};
            return urb;
        }
    }
    return NULL;
}

static void start(struct rk_usbredir *c, struct rk_usbredir_urb *urb, const uint8_t *data,
                  int data_len) {
    if (data && data_len > 0) {
        memcpy(urb->data, data, RK_MIN((size_t)data_len, urb->transfer.len));
    }
    rk_usb_submit(c->target, &urb->transfer);
}

/* --- what the peer asks ------------------------------------------------------------------------
 */

static void on_hello(void *priv, struct usb_redir_hello_header *hello) {
    struct rk_usbredir *c = priv;
    (void)hello;
    c->greeted = true;
    announce(c);
}

static void on_reset(void *priv) {
    struct rk_usbredir *c = priv;
    if (c->connected) {
        rk_usb_reset(c->target);
    }
}

static void put_setup(struct rk_usb_transfer *t, uint8_t type, uint8_t request, uint16_t value,
                      uint16_t index, uint16_t length) {
    t->setup[0] = type;
    t->setup[1] = request;
    rk_put_u16le(t->setup + 2, value);
    rk_put_u16le(t->setup + 4, index);
    rk_put_u16le(t->setup + 6, length);
}

static void on_control(void *priv, uint64_t id, struct usb_redir_control_packet_header *head,
                       uint8_t *data, int data_len) {
    struct rk_usbredir *c = priv;
    struct rk_usbredir_urb *urb = new_urb(c, id, PACKET_CONTROL, 0, head->length);
    bool out_is_short = !(head->requesttype & 0x80) && data_len < head->length;
    if (urb && !out_is_short) {
        put_setup(&urb->transfer, head->requesttype, head->request, head->value, head->index,
                  head->length);
        start(c, urb, data, data_len);
    } else {
        if (urb) {
            urb->used = false;
        }
        head->status = usb_redir_inval;
        head->length = 0;
        usbredirparser_send_control_packet(c->parser, id, head, NULL, 0);
    }
    usbredirparser_free_packet_data(c->parser, data);
}

static void on_bulk(void *priv, uint64_t id, struct usb_redir_bulk_packet_header *head,
                    uint8_t *data, int data_len) {
    struct rk_usbredir *c = priv;
    size_t len = (size_t)head->length_high << 16 | head->length;
    bool out_is_short = !(head->endpoint & 0x80) && (size_t)data_len < len;
    struct rk_usbredir_urb *urb =
        out_is_short ? NULL : new_urb(c, id, PACKET_BULK, head->endpoint & 0x8F, len);
    if (urb) {
        start(c, urb, data, data_len);
    } else {
        head->status = usb_redir_inval;
        head->length = head->length_high = 0;
        usbredirparser_send_bulk_packet(c->parser, id, head, NULL, 0);
    }
    usbredirparser_free_packet_data(c->parser, data);
}

static void on_interrupt_out(void *priv, uint64_t id,
                             struct usb_redir_interrupt_packet_header *head, uint8_t *data,
                             int data_len) {
    struct rk_usbredir *c = priv;
    struct rk_usbredir_urb *urb =
        new_urb(c, id, PACKET_INTERRUPT_OUT, head->endpoint & 0x0F, (size_t)RK_MAX(data_len, 0));
    if (urb) {
        start(c, urb, data, data_len);
    } else {
        head->status = usb_redir_inval;
        head->length = 0;
        usbredirparser_send_interrupt_packet(c->parser, id, head, NULL, 0);
    }
    usbredirparser_free_packet_data(c->parser, data);
}

/* Isochronous and buffered bulk packets: no endpoint here takes them. */
static void on_iso(void *priv, uint64_t id, struct usb_redir_iso_packet_header *head, uint8_t *data,
                   int data_len) {
    struct rk_usbredir *c = priv;
    (void)id;
    (void)head;
    (void)data_len;
    usbredirparser_free_packet_data(c->parser, data);
}

static void stop_interrupts(struct rk_usbredir *c, uint8_t ep) {
    for (unsigned i = 0; i < RK_USBREDIR_URBS; i++) {
        struct rk_usbredir_urb *urb = &c->urbs[i];
        if (urb->used && urb->packet == PACKET_INTERRUPT_IN && urb->transfer.ep == ep) {
            rk_usb_cancel(c->target, &urb->transfer);
        }
    }
}

static void on_start_interrupt(void *priv, uint64_t id,
                               struct usb_redir_start_interrupt_receiving_header *head) {
    struct rk_usbredir *c = priv;
    uint8_t ep = (uint8_t)((head->endpoint & 0x0F) | 0x80);
    stop_interrupts(c, ep);
    struct rk_usbredir_urb *urb = new_urb(c, 0, PACKET_INTERRUPT_IN, ep, 64);
    struct usb_redir_interrupt_receiving_status_header status = {
        .status = urb ? usb_redir_success : usb_redir_inval, .endpoint = head->endpoint};
    usbredirparser_send_interrupt_receiving_status(c->parser, id, &status);
    if (urb) {
        start(c, urb, NULL, 0);
    }
}

static void on_stop_interrupt(void *priv, uint64_t id,
                              struct usb_redir_stop_interrupt_receiving_header *head) {
    struct rk_usbredir *c = priv;
    stop_interrupts(c, (uint8_t)((head->endpoint & 0x0F) | 0x80));
    struct usb_redir_interrupt_receiving_status_header status = {.status = usb_redir_success,
                                                                 .endpoint = head->endpoint};
    usbredirparser_send_interrupt_receiving_status(c->parser, id, &status);
}

static void on_set_configuration(void *priv, uint64_t id,
                                 struct usb_redir_set_configuration_header *head) {
    struct rk_usbredir *c = priv;
    struct rk_usbredir_urb *urb = new_urb(c, id, PACKET_CONFIGURATION, 0, 0);
    if (urb) {
        put_setup(&urb->transfer, 0, RK_USB_REQ_SET_CONFIGURATION, head->configuration, 0, 0);
        start(c, urb, NULL, 0);
    }
}

static void on_get_configuration(void *priv, uint64_t id) {
    struct rk_usbredir *c = priv;
    struct usb_redir_configuration_status_header head = {.status = usb_redir_success,
                                                         .configuration = c->target->configuration};
    usbredirparser_send_configuration_status(c->parser, id, &head);
}

static void on_set_alt(void *priv, uint64_t id, struct usb_redir_set_alt_setting_header *head) {
    struct rk_usbredir *c = priv;
    struct rk_usbredir_urb *urb = new_urb(c, id, PACKET_ALT_SETTING, 0, 0);
    if (urb) {
        put_setup(&urb->transfer, 1, RK_USB_REQ_SET_INTERFACE, head->alt, head->interface, 0);
        start(c, urb, NULL, 0);
    }
}

static void on_get_alt(void *priv, uint64_t id, struct usb_redir_get_alt_setting_header *head) {
    struct rk_usbredir *c = priv;
    struct usb_redir_alt_setting_status_header status = {
        .status = usb_redir_success,
        .interface = head->interface,
        .alt = c->alt[head->interface % RK_USBREDIR_PARTS]};
    usbredirparser_send_alt_setting_status(c->parser, id, &status);
}

static void on_cancel(void *priv, uint64_t id) {
    struct rk_usbredir *c = priv;
    for (unsigned i = 0; i < RK_USBREDIR_URBS; i++) {
        struct rk_usbredir_urb *urb = &c->urbs[i];
        if (urb->used && urb->id == id && urb->packet != PACKET_INTERRUPT_IN) {
            rk_usb_cancel(c->target, &urb->transfer);
            return;
        }
    }
}

static void on_disconnect_ack(void *priv) {
    struct rk_usbredir *c = priv;
    c->awaits_ack = false;
    announce(c);
}

static void on_filter_reject(void *priv) {
    (void)priv;
}

static void on_filter(void *priv, struct usbredirfilter_rule *rules, int count) {
    (void)priv;
    (void)count;
    free(rules);
}

/* --- the stream --------------------------------------------------------------------------------
 */

static void on_log(void *priv, int level, const char *message) {
    (void)priv;
    (void)level;
    (void)message;
}

static int on_read(void *priv, uint8_t *data, int count) {
    struct rk_usbredir *c = priv;
    size_t n = RK_MIN((size_t)count, c->in_len);
    if (n > 0) {
        memcpy(data, c->in, n);
    }
    c->in += n;
    c->in_len -= n;
    return (int)n;
}

static int on_write(void *priv, uint8_t *data, int count) {
    struct rk_usbredir *c = priv;
    c->send(c->ctx, data, (size_t)count);
    return count;
}

static void set_callbacks(struct usbredirparser *p) {
    p->log_func = on_log;
    p->read_func = on_read;
    p->write_func = on_write;
    p->hello_func = on_hello;
    p->reset_func = on_reset;
    p->control_packet_func = on_control;
    p->bulk_packet_func = on_bulk;
    p->interrupt_packet_func = on_interrupt_out;
    p->iso_packet_func = on_iso;
    p->start_interrupt_receiving_func = on_start_interrupt;
    p->stop_interrupt_receiving_func = on_stop_interrupt;
    p->set_configuration_func = on_set_configuration;
    p->get_configuration_func = on_get_configuration;
    p->set_alt_setting_func = on_set_alt;
    p->get_alt_setting_func = on_get_alt;
    p->cancel_data_packet_func = on_cancel;
    p->device_disconnect_ack_func = on_disconnect_ack;
    p->filter_reject_func = on_filter_reject;
    p->filter_filter_func = on_filter;
}

bool rk_usbredir_open(struct rk_usbredir *c, struct rk_usb_target *target,
                      void (*send)(void *ctx, const void *data, size_t len), void *ctx) {
    uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
    memset(c, 0, sizeof *c);
    c->parser = usbredirparser_create();
    if (!c->parser) {
        return false;
    }
    c->target = target;
    c->send = send;
    c->ctx = ctx;
    c->parser->priv = c;
    set_callbacks(c->parser);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
    usbredirparser_init(c->parser, VERSION, caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
    c->watcher = (struct rk_usb_watcher){on_plugged, on_unplugged, c, NULL};
    rk_usb_watch(target, &c->watcher);
    flush(c);
    return true;
}

bool rk_usbredir_input(struct rk_usbredir *c, const void *data, size_t len) {
    c->in = data;
    c->in_len = len;
    while (c->in_len > 0 && !c->broken) {
        if (usbredirparser_do_read(c->parser) != 0) {
            c->broken = true;
        }
        flush(c);
    }
    return !c->broken;
}

void rk_usbredir_close(struct rk_usbredir *c) {
    c->broken = true;
    for (unsigned i = 0; i < RK_USBREDIR_URBS; i++) {
        if (c->urbs[i].used) {
            rk_usb_cancel(c->target, &c->urbs[i].transfer);
            c->urbs[i].used = false;
        }
    }
    rk_usb_release(c->target, c);
    rk_usb_unwatch(c->target, &c->watcher);
    usbredirparser_destroy(c->parser);
    c->parser = NULL;
}
