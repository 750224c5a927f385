/* The two memories as DFU sees them (core-hardware.md 4.6, 4.7): chosen by address alone, whatever
 * the alternate setting; what is not the application's or the external flash's is refused. */
#ifndef RK_FIRMWARE_BOOT_DFU_MEMORY_H
#define RK_FIRMWARE_BOOT_DFU_MEMORY_H

#include "common/usb/dfu_device.h"
#include "firmware/boot/decide.h"

/* ctx: a struct rk_boot. */
extern const struct rk_dfu_memory rk_boot_dfu_memory;

#endif
