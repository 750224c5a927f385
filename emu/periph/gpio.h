/* GPIO port (RM0008 9): modes, levels from pulls, outputs, alternate functions and the outside. */
#ifndef RK_EMU_PERIPH_GPIO_H
#define RK_EMU_PERIPH_GPIO_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_gpio_ops;

struct rk_gpio_config {
    uint8_t port; /* 0 = A */
};

#define RK_GPIO_FLOAT 2u /* nobody outside drives the pin */

/* Input lines. What the outside drives (pin, analog) is kept over resets. A push-pull output, or an
 * open-drain one at 0, wins over the outside; an open-drain 1 leaves the pin to the outside and the
 * pulls. An undriven floating input reads 0. */
enum {
    RK_GPIO_IN_PIN = 0,  /* + pin: the outside drives 0, 1 or RK_GPIO_FLOAT */
    RK_GPIO_IN_AF = 16,  /* + pin: level that the alternate function drives, RK_GPIO_FLOAT none */
    RK_GPIO_IN_PWM = 32, /* + pin: a timer channel drives: compare << 16 | reload (ARR); compare
                            counts the ticks of a period in which the pin is ACTIVE HIGH;
                            RK_GPIO_PWM_NONE: not driven */
    RK_GPIO_IN_ANALOG = 48, /* + pin: analog voltage, millivolts; kept for the ADC */
    RK_GPIO_IN_SWJ = 64,    /* AFIO_MAPR.SWJ_CFG: which JTAG pins are free (value 0..7) */
};
#define RK_GPIO_PWM_NONE 0xFFFFFFFFu

/* Output lines. */
enum {
    RK_GPIO_OUT_PIN = 0,  /* + pin: resolved level 0 or 1 */
    RK_GPIO_OUT_PWM = 16, /* + pin: compare << 16 | reload while the pin is in AF output mode and a
                             timer channel drives it, else RK_GPIO_PWM_NONE */
    RK_GPIO_OUT_MV = 32,  /* + pin: analog voltage forwarded to the ADC */
    RK_GPIO_OUT_DRIVE =
        48, /* + pin: level 0 or 1 that the port itself drives, RK_GPIO_FLOAT: none */
    RK_GPIO_OUT_COUNT = 64,
};

#endif
