/* USB full-speed device peripheral with its packet memory (RM0008 23). */
#ifndef RK_EMU_PERIPH_USB_H
#define RK_EMU_PERIPH_USB_H

#include "emu/core/device.h"

/* Registers at 0x40005C00; packet memory (0x40006000) is offset 0x400 of the same window. */
extern const struct rk_dev_ops rk_usb_ops;

struct rk_usb_config {
    bool pullup_active_low; /* the control pin connects the D+ pull-up when low */
};

enum {
    RK_USB_IN_PULLUP, /* level of the pin that controls the D+ pull-up */
};
enum {
    RK_USB_OUT_IRQ_LP,
    RK_USB_OUT_IRQ_HP,
    RK_USB_OUT_WAKEUP, /* EXTI 18 */
    RK_USB_OUT_COUNT,
};

#endif
