/* The USB full-speed device controller of the F103 (RM0008 23), polled: control endpoint 0 by
 * common/usb/control, and a few more endpoints for who wants them. */
#ifndef RK_FIRMWARE_DRIVERS_USB_H
#define RK_FIRMWARE_DRIVERS_USB_H

#include "common/usb/control.h"

struct rk_usb_endpoint_ops {
    /* SET_CONFIGURATION or a bus reset (false): open the endpoints, or forget them. */
    void (*configured)(void *ctx, bool on);
    void (*sent)(void *ctx, unsigned ep);
    void (*received)(void *ctx, unsigned ep);
};

/* endpoints may be NULL: then there is only endpoint 0. on_reset: a bus reset; may be NULL. */
void rk_usb_init(const struct rk_usb_device_ops *device,
                 const struct rk_usb_endpoint_ops *endpoints, void (*on_reset)(void *ctx),
                 void *ctx);
/* Connects D+ and serves what has happened; call often. */
void rk_usb_connect(bool on);
void rk_usb_poll(void);

/* Endpoints 1-3, one direction each, 64 bytes (packet memory is laid out for that). */
void rk_usb_open_in(unsigned ep, uint16_t type);
void rk_usb_open_out(unsigned ep, uint16_t type);
void rk_usb_send(unsigned ep, const uint8_t *data, uint16_t len);
/* What was received, at most cap bytes; the endpoint then takes the next packet. */
uint16_t rk_usb_take(unsigned ep, uint8_t *data, uint16_t cap);

#endif
