/* See pcap.h. File head: libpcap savefile(5); packet head: Linux Documentation/usb/usbmon.rst, "Raw
 * binary format", 64 bytes. */
#include "emu/port/pcap.h"

#include <string.h>

#include "common/base/bytes.h"

#define LINKTYPE_USB_LINUX_MMAPPED 220u
#define SNAPLEN                    65535u
#define HEAD                       64u
#define BUSNUM                     1u
#define DEVNUM                     2u

enum {
    USBMON_ISO,
    USBMON_INTERRUPT,
    USBMON_CONTROL,
    USBMON_BULK,
};

/* Linux errno values as usbmon shows them. */
static int32_t status_of(enum rk_usb_status status) {
    switch (status) {
    case RK_USB_OK: return 0;
    case RK_USB_STALL: return -32;      /* EPIPE */
    case RK_USB_CANCELLED: return -104; /* ECONNRESET */
    case RK_USB_GONE: return -108;      /* ESHUTDOWN */
    case RK_USB_FAILED: return -71;     /* EPROTO */
    case RK_USB_BABBLE: return -75;     /* EOVERFLOW */
    }
    return -71;
}

/* bmAttributes of the endpoint's descriptor to usbmon's own numbers. */
static uint8_t type_of(const struct rk_usb_target *target, const struct rk_usb_transfer *t) {
    static const uint8_t types[4] = {USBMON_CONTROL, USBMON_ISO, USBMON_BULK, USBMON_INTERRUPT};
    if ((t->ep & 0x0F) == 0 || !target->desc) {
        return USBMON_CONTROL;
    }
    struct rk_usb_walk walk = {.config = target->desc->config, .len = target->desc->config_len};
    for (const uint8_t *d; (d = rk_usb_walk_next(&walk)) != NULL;) {
        if (d[1] == RK_USB_DESC_ENDPOINT && d[0] >= 7 && d[2] == t->ep) {
            return types[d[3] & 3];
        }
    }
    return USBMON_BULK;
}

static void record(struct rk_usb_tap *tap, const struct rk_usb_transfer *t, bool submitted) {
    struct rk_usb_pcap *pcap =
        (struct rk_usb_pcap *)((char *)tap - offsetof(struct rk_usb_pcap, tap));
    bool in = rk_usb_is_in(t), control = (t->ep & 0x0F) == 0;
    size_t length = submitted ? t->len : t->done;
    size_t data = in != submitted ? RK_MIN(length, SNAPLEN - HEAD) : 0;
    uint64_t us = pcap->target->ops->now_ns(pcap->target) / 1000;
    uint8_t bytes[16 + HEAD] = {0};
    struct rk_writer w = rk_writer_init(bytes, sizeof bytes);
    rk_write_u32le(&w, (uint32_t)(us / 1000000));
    rk_write_u32le(&w, (uint32_t)(us % 1000000));
    rk_write_u32le(&w, (uint32_t)(HEAD + data));
    rk_write_u32le(&w, (uint32_t)(HEAD + (data ? length : 0)));
    rk_write_u32le(&w, (uint32_t)t->id);
    rk_write_u32le(&w, (uint32_t)(t->id >> 32));
    rk_write_u8(&w, submitted ? 'S' : 'C');
    rk_write_u8(&w, type_of(pcap->target, t));
    rk_write_u8(&w, (uint8_t)((t->ep & 0x0F) | (in ? 0x80 : 0)));
    rk_write_u8(&w, DEVNUM);
    rk_write_u16le(&w, BUSNUM);
    rk_write_u8(&w, submitted && control ? 0 : '-');
    rk_write_u8(&w, data ? 0 : in ? '<' : '>');
    rk_write_u32le(&w, (uint32_t)(us / 1000000));
    rk_write_u32le(&w, 0); /* upper half of the seconds */
    rk_write_u32le(&w, (uint32_t)(us % 1000000));
    rk_write_u32le(&w, (uint32_t)(submitted ? -115 : status_of(t->status))); /* EINPROGRESS */
    rk_write_u32le(&w, (uint32_t)length);
    rk_write_u32le(&w, (uint32_t)data);
    rk_write_bytes(&w, submitted && control ? t->setup : (const uint8_t[8]){0}, 8);
    pcap->write(pcap->ctx, bytes, sizeof bytes); /* interval, start frame, flags, descriptors: 0 */
    if (data) {
        pcap->write(pcap->ctx, t->data, data);
    }
}

static void on_submitted(struct rk_usb_tap *tap, const struct rk_usb_transfer *t) {
    record(tap, t, true);
}

static void on_completed(struct rk_usb_tap *tap, const struct rk_usb_transfer *t) {
    record(tap, t, false);
}

void rk_usb_pcap_start(struct rk_usb_pcap *pcap, struct rk_usb_target *target,
                       void (*write)(void *ctx, const void *data, size_t len), void *ctx) {
    uint8_t bytes[24];
    struct rk_writer w = rk_writer_init(bytes, sizeof bytes);
    *pcap = (struct rk_usb_pcap){
        .tap = {on_submitted, on_completed}, .target = target, .write = write, .ctx = ctx};
    rk_write_u32le(&w, 0xA1B2C3D4u);
    rk_write_u16le(&w, 2);
    rk_write_u16le(&w, 4);
    rk_write_u32le(&w, 0);
    rk_write_u32le(&w, 0);
    rk_write_u32le(&w, SNAPLEN);
    rk_write_u32le(&w, LINKTYPE_USB_LINUX_MMAPPED);
    write(ctx, bytes, sizeof bytes);
    target->tap = &pcap->tap;
}

void rk_usb_pcap_stop(struct rk_usb_pcap *pcap) {
    if (pcap->target->tap == &pcap->tap) {
        pcap->target->tap = NULL;
    }
}
