/* The usb-host end of the USB redirection protocol (libusbredirparser; usb-testing.md 4): bytes in,
 * bytes out. QEMU's `-device usb-redir` is the other end. Knows no socket, no clock and no kind of
 * device. usbredir_client.c puts it on a socket.
 */
#ifndef RK_EMU_PORT_USBREDIR_H
#define RK_EMU_PORT_USBREDIR_H

#include "emu/port/usb_target.h"

#define RK_USBREDIR_URBS     64u
#define RK_USBREDIR_DATA_MAX (16u * 1024)
#define RK_USBREDIR_PARTS    32u /* interfaces, and endpoints of both directions */

struct usbredirparser;
struct rk_usbredir;

struct rk_usbredir_urb {
    struct rk_usb_transfer transfer;
    struct rk_usbredir *conn;
    uint64_t id;
    uint8_t packet; /* enum in usbredir.c: how its end is told */
    bool used;
    uint8_t data[RK_USBREDIR_DATA_MAX];
};

struct rk_usbredir {
    struct rk_usb_target *target;
    struct usbredirparser *parser;
    void (*send)(void *ctx, const void *data, size_t len);
    void *ctx;
    struct rk_usb_watcher watcher;
    const uint8_t *in; /* what input() was given and the parser has not taken */
    size_t in_len;
    bool greeted;    /* the peer said hello */
    bool connected;  /* device_connect was sent */
    bool awaits_ack; /* of a device_disconnect */
    bool broken;     /* nothing more is sent or read */
    uint8_t alt[RK_USBREDIR_PARTS];
    struct rk_usbredir_urb urbs[RK_USBREDIR_URBS];
};

/* Says hello at once. False: no memory. */
bool rk_usbredir_open(struct rk_usbredir *conn, struct rk_usb_target *target,
                      void (*send)(void *ctx, const void *data, size_t len), void *ctx);
/* False: the peer broke the protocol; close. */
bool rk_usbredir_input(struct rk_usbredir *conn, const void *data, size_t len);
void rk_usbredir_close(struct rk_usbredir *conn);

#endif
