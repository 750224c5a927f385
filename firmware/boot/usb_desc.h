/* The bootloader's USB identity: that of the originals (core-hardware.md 4.6) with a higher
 * bcdDevice, a serial of 24 digits, and Microsoft's descriptors (host-tool.md 5.4). */
#ifndef RK_FIRMWARE_BOOT_USB_DESC_H
#define RK_FIRMWARE_BOOT_USB_DESC_H

#include "common/usb/control.h"

/* Fills in the serial number; id: 12 bytes in memory order. */
void rk_boot_usb_set_id(const volatile uint8_t *id);
const uint8_t *rk_boot_usb_descriptor(void *ctx, uint8_t type, uint8_t idx, uint16_t *len);
/* Vendor requests that Windows makes. */
enum rk_usb_reply rk_boot_usb_vendor(const struct rk_usb_setup *setup, struct rk_usb_data *data);

#endif
