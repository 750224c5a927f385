/* EXTI (RM0008 10.2): edge detection of 19 lines, interrupt and event masks, software trigger. */
#ifndef RK_EMU_PERIPH_EXTI_H
#define RK_EMU_PERIPH_EXTI_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_exti_ops;

enum {
    RK_EXTI_IN_LINE = 0, /* + line 0..18: level (16 PVD, 17 RTC alarm, 18 USB wake-up) */
};
enum {
    RK_EXTI_OUT_IRQ = 0, /* + line 0..18: 1 while PR & IMR; the chip ORs 5-9 and 10-15 */
    RK_EXTI_OUT_IRQ9_5 = 19,
    RK_EXTI_OUT_IRQ15_10,
    RK_EXTI_OUT_EVENT, /* pulse: EMR event (wakes WFE, Stop) */
    RK_EXTI_OUT_WAKE,  /* pulse: interrupt or event, wakes Stop */
    RK_EXTI_OUT_COUNT,
};

#endif
