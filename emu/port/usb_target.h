/* A USB device as transfers see it: the seam between what is plugged in (the emulated board behind
 * usb_host.c, the model of the original bootloaders in quirk.c) and who uses it (usbip.c,
 * usbredir.c, tests). A capture (pcap.c) listens in between. Knows no bus and no sockets; one
 * thread; never allocates.
 */
#ifndef RK_EMU_PORT_USB_TARGET_H
#define RK_EMU_PORT_USB_TARGET_H

#include "common/base/attr.h"

enum rk_usb_status {
    RK_USB_OK,
    RK_USB_STALL,     /* the endpoint answered STALL */
    RK_USB_CANCELLED, /* rk_usb_cancel(), or a bus reset */
    RK_USB_GONE,      /* unplugged */
    RK_USB_FAILED,    /* three transactions in a row without an answer */
    RK_USB_BABBLE,    /* more data than room */
};

/* Standard requests and descriptor types (USB 2.0 tables 9-4, 9-5). */
enum {
    RK_USB_REQ_GET_STATUS = 0,
    RK_USB_REQ_CLEAR_FEATURE = 1,
    RK_USB_REQ_SET_ADDRESS = 5,
    RK_USB_REQ_GET_DESCRIPTOR = 6,
    RK_USB_REQ_GET_CONFIGURATION = 8,
    RK_USB_REQ_SET_CONFIGURATION = 9,
    RK_USB_REQ_GET_INTERFACE = 10,
    RK_USB_REQ_SET_INTERFACE = 11,
    RK_USB_DESC_DEVICE = 1,
    RK_USB_DESC_CONFIG = 2,
    RK_USB_DESC_STRING = 3,
    RK_USB_DESC_INTERFACE = 4,
    RK_USB_DESC_ENDPOINT = 5,
};

enum rk_usb_type {
    RK_USB_CONTROL,
    RK_USB_ISO,
    RK_USB_BULK,
    RK_USB_INTERRUPT,
};

struct rk_usb_transfer {
    /* The submitter's; not to be touched until complete(). */
    uint8_t ep;       /* endpoint number, | 0x80 for IN; 0: control, its direction is in setup[0] */
    uint8_t setup[8]; /* control only */
    bool zero_packet; /* OUT that fills its last packet: end with an empty one */
    uint8_t *data;
    size_t len; /* to send, or room */
    void (*complete)(struct rk_usb_transfer *transfer);
    void *ctx;
    /* The result. */
    size_t done; /* bytes sent or received */
    enum rk_usb_status status;
    /* The target's, while pending. */
    bool pending;
    uint64_t id; /* counts up over a target's life */
    struct rk_usb_transfer *next;
};

/* True where data flows to the host. */
static inline bool rk_usb_is_in(const struct rk_usb_transfer *t) {
    return ((t->ep & 0x0F) == 0 ? t->setup[0] : t->ep) & 0x80;
}

#define RK_USB_CONFIG_MAX 512u

/* What the device said of itself when it was plugged in. */
struct rk_usb_desc {
    uint8_t device[18];
    uint8_t config[RK_USB_CONFIG_MAX];
    uint16_t config_len;
};

/* One interface or endpoint descriptor inside a configuration. */
struct rk_usb_walk {
    const uint8_t *config;
    size_t len, pos;
};
/* The next descriptor of any type whose bytes are whole, or NULL at the end. */
const uint8_t *rk_usb_walk_next(struct rk_usb_walk *walk);

struct rk_usb_target;

struct rk_usb_target_ops {
    void (*submit)(struct rk_usb_target *target, struct rk_usb_transfer *transfer);
    /* Completes a pending transfer with RK_USB_CANCELLED. */
    void (*cancel)(struct rk_usb_target *target, struct rk_usb_transfer *transfer);
    /* Bus reset: pending transfers end as RK_USB_CANCELLED, the configuration is 0 again. */
    void (*reset)(struct rk_usb_target *target);
    uint64_t (*now_ns)(struct rk_usb_target *target);
};

/* Who wants to know that the device comes and goes. Calls may come from inside submit(). */
struct rk_usb_watcher {
    void (*plugged)(struct rk_usb_watcher *watcher);
    void (*unplugged)(struct rk_usb_watcher *watcher);
    void *ctx;
    struct rk_usb_watcher *next;
};

/* Sees every transfer come and go. */
struct rk_usb_tap {
    void (*submitted)(struct rk_usb_tap *tap, const struct rk_usb_transfer *transfer);
    void (*completed)(struct rk_usb_tap *tap, const struct rk_usb_transfer *transfer);
};

struct rk_usb_target {
    const struct rk_usb_target_ops *ops;
    const struct rk_usb_desc *desc; /* NULL: nothing is plugged in */
    const void *owner;              /* the one client that may submit; NULL: free */
    struct rk_usb_watcher *watchers;
    struct rk_usb_tap *tap;
    uint8_t configuration; /* as the host last set it */
    uint64_t next_id;
};

/* --- for clients -------------------------------------------------------------------------------
 */

void rk_usb_watch(struct rk_usb_target *target, struct rk_usb_watcher *watcher);
void rk_usb_unwatch(struct rk_usb_target *target, struct rk_usb_watcher *watcher);
/* False: somebody else has it. */
bool rk_usb_claim(struct rk_usb_target *target, const void *owner);
void rk_usb_release(struct rk_usb_target *target, const void *owner);

/* complete() may come from inside the call. */
void rk_usb_submit(struct rk_usb_target *target, struct rk_usb_transfer *transfer);
/* Does nothing when the transfer has completed already. */
void rk_usb_cancel(struct rk_usb_target *target, struct rk_usb_transfer *transfer);
void rk_usb_reset(struct rk_usb_target *target);

/* --- for targets -------------------------------------------------------------------------------
 */

/* The last thing that a target does with a transfer: it may be gone after this call. */
void rk_usb_finish(struct rk_usb_target *target, struct rk_usb_transfer *transfer,
                   enum rk_usb_status status, size_t done);
void rk_usb_target_plugged(struct rk_usb_target *target, const struct rk_usb_desc *desc);
void rk_usb_target_unplugged(struct rk_usb_target *target);

#endif
