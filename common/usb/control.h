/* The control endpoint of a USB device: stages of a request, standard requests, descriptors (USB
 * 2.0 chapters 8.5.3 and 9.4). Pure: packets come in by calls, packets go out through an ops table;
 * which controller moves them is not known here.
 */
#ifndef RK_COMMON_USB_CONTROL_H
#define RK_COMMON_USB_CONTROL_H

#include "common/base/attr.h"

#define RK_USB_EP0_SIZE 64u

/* bmRequestType, bRequest, descriptor types. */
#define RK_USB_IN             0x80u
#define RK_USB_KIND           0x60u
#define RK_USB_STANDARD       0x00u
#define RK_USB_CLASS          0x20u
#define RK_USB_VENDOR         0x40u
#define RK_USB_TO_INTERFACE   0x01u
#define RK_USB_GET_STATUS     0u
#define RK_USB_CLEAR_FEATURE  1u
#define RK_USB_SET_FEATURE    3u
#define RK_USB_SET_ADDRESS    5u
#define RK_USB_GET_DESCRIPTOR 6u
#define RK_USB_GET_CONFIG     8u
#define RK_USB_SET_CONFIG     9u
#define RK_USB_GET_INTERFACE  10u
#define RK_USB_SET_INTERFACE  11u
#define RK_USB_DT_DEVICE      1u
#define RK_USB_DT_CONFIG      2u
#define RK_USB_DT_STRING      3u
#define RK_USB_DT_BOS         15u

struct rk_usb_setup {
    uint8_t type, request;
    uint16_t value, index, length;
};

/* How a request goes on. */
enum rk_usb_reply {
    RK_USB_REPLY_STALL,
    RK_USB_REPLY_ACCEPT,  /* no data stage */
    RK_USB_REPLY_SEND,    /* data: the bytes, cut to the host's wLength */
    RK_USB_REPLY_RECEIVE, /* buffer: room for wLength bytes at least */
};

struct rk_usb_data {
    const uint8_t *data;
    uint8_t *buffer;
    uint16_t len; /* of data */
};

/* What the controller's driver does for us. */
struct rk_usb_port {
    void (*send)(void *ctx, const uint8_t *data, uint16_t len); /* one IN packet, up to 64 bytes */
    void (*receive)(void *ctx);                                 /* take one OUT packet */
    void (*stall)(void *ctx);                                   /* until the next SETUP */
    void (*set_address)(void *ctx, uint8_t addr);
};

/* What the device is. */
struct rk_usb_device_ops {
    /* NULL: stall. *len: its whole length. */
    const uint8_t *(*descriptor)(void *ctx, uint8_t type, uint8_t idx, uint16_t *len);
    /* Class and vendor requests, SET_CONFIGURATION and SET_INTERFACE (after they were accepted as
     * valid; ACCEPT or STALL). */
    enum rk_usb_reply (*request)(void *ctx, const struct rk_usb_setup *setup,
                                 struct rk_usb_data *data);
    /* The data stage of a RECEIVE is complete: false stalls the status stage. NULL: always true. */
    bool (*received)(void *ctx, const struct rk_usb_setup *setup);
    /* The status stage of an accepted request is over. NULL: nobody waits for it. */
    void (*finished)(void *ctx, const struct rk_usb_setup *setup);
    uint8_t interface_count, alt_count;
};

enum rk_usb_stage {
    RK_USB_STAGE_IDLE,
    RK_USB_STAGE_DATA_IN,
    RK_USB_STAGE_DATA_OUT,
    RK_USB_STAGE_STATUS_IN,
    RK_USB_STAGE_STATUS_OUT,
};

struct rk_usb_control {
    const struct rk_usb_port *port;
    void *port_ctx;
    const struct rk_usb_device_ops *ops;
    void *ctx;
    struct rk_usb_setup setup;
    struct rk_usb_data data;
    enum rk_usb_stage stage;
    uint16_t left; /* bytes of the data stage */
    uint16_t done;
    bool needs_zero; /* a short packet must end the data stage */
    uint8_t address, config, alt;
    uint8_t scratch[2];
};

void rk_usb_control_init(struct rk_usb_control *c, const struct rk_usb_port *port, void *port_ctx,
                         const struct rk_usb_device_ops *ops, void *ctx);
/* Bus reset: address and configuration are gone. */
void rk_usb_control_reset(struct rk_usb_control *c);
/* A SETUP packet; an OUT packet; the host took the IN packet. */
void rk_usb_control_setup(struct rk_usb_control *c, const uint8_t packet[8]);
void rk_usb_control_out(struct rk_usb_control *c, const uint8_t *packet, uint16_t len);
void rk_usb_control_in(struct rk_usb_control *c);

/* A string descriptor of `chars` characters: text, then NUL characters. to: 2 + 2 * chars bytes.
 * Returns its length. */
uint16_t rk_usb_string(uint8_t *to, const char *text, uint8_t chars);
/* chars characters of text as UTF-16LE, NUL behind its end. Returns what follows. */
uint8_t *rk_usb_widen(uint8_t *to, const char *text, unsigned chars);

#endif
