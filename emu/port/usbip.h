/* One connection of a USB/IP client, as a state machine: bytes in, bytes out (usb-testing.md 5;
 * Linux Documentation/usb/usbip_protocol.rst). Knows no socket, no clock and no kind of device.
 * usbip_server.c puts it on TCP.
 *
 * USB/IP carries no bus reset: it is inferred from the GET_DESCRIPTOR(device) of 64 bytes that
 * Linux asks after one. SET_ADDRESS belongs to the client's side and is answered here.
 */
#ifndef RK_EMU_PORT_USBIP_H
#define RK_EMU_PORT_USBIP_H

#include "emu/port/usb_target.h"

#define RK_USBIP_URBS     64u          /* pending at once; Linux' cdc_acm holds 33 at most */
#define RK_USBIP_DATA_MAX (16u * 1024) /* of one URB: usbfs splits larger ones */
#define RK_USBIP_BUSID    32u

struct rk_usbip_conn;

struct rk_usbip_urb {
    struct rk_usb_transfer transfer;
    struct rk_usbip_conn *conn;
    uint32_t seqnum;
    uint32_t unlinked_by; /* seqnum of the CMD_UNLINK, 0: none */
    uint32_t flags;
    bool used;
    uint8_t data[RK_USBIP_DATA_MAX];
};

enum rk_usbip_phase {
    RK_USBIP_OP,     /* awaits an operation */
    RK_USBIP_IMPORT, /* awaits its bus id */
    RK_USBIP_URB,    /* imported: awaits a command */
    RK_USBIP_DATA,   /* awaits the bytes of an OUT */
    RK_USBIP_CLOSED, /* to be closed by the owner; input is ignored */
};

struct rk_usbip_conn {
    struct rk_usb_target *target;
    const char *busid;
    /* Bytes for the client; must take them all. */
    void (*send)(void *ctx, const void *data, size_t len);
    void *ctx;
    struct rk_usb_watcher watcher;
    enum rk_usbip_phase phase;
    bool fresh; /* nothing but 64-byte device descriptors were asked since the last reset */
    struct rk_usbip_urb *incoming;
    uint8_t head[48];
    size_t have; /* bytes in head, or of incoming's data */
    struct rk_usbip_urb urbs[RK_USBIP_URBS];
};

void rk_usbip_open(struct rk_usbip_conn *conn, struct rk_usb_target *target, const char *busid,
                   void (*send)(void *ctx, const void *data, size_t len), void *ctx);
/* False: the connection is to be closed (protocol broken, or the device has gone). */
bool rk_usbip_input(struct rk_usbip_conn *conn, const void *data, size_t len);
static inline bool rk_usbip_is_open(const struct rk_usbip_conn *conn) {
    return conn->phase != RK_USBIP_CLOSED;
}
/* Cancels what is pending and lets go of the device. Always call before the memory goes. */
void rk_usbip_close(struct rk_usbip_conn *conn);

#endif
