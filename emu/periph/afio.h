/* AFIO (RM0008 9.4): EXTI source selection and pin remaps. Pin levels come in, the selected port's
 * go out to EXTI. */
#ifndef RK_EMU_PERIPH_AFIO_H
#define RK_EMU_PERIPH_AFIO_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_afio_ops;

enum {
    RK_AFIO_IN_PIN = 0, /* + 16 * port + pin: level */
};
enum {
    RK_AFIO_OUT_EXTI = 0, /* + line 0..15: level of the selected pin */
    RK_AFIO_OUT_SWJ = 16, /* SWJ_CFG, to every GPIO */
    RK_AFIO_OUT_MAPR,     /* MAPR without SWJ_CFG, to the blocks with remaps */
    RK_AFIO_OUT_COUNT,
};

#endif
