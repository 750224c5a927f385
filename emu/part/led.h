/* The RGB light and the D7 light: what the pins make them show. */
#ifndef RK_EMU_PART_LED_H
#define RK_EMU_PART_LED_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_led_ops;

/* Active low LED: a channel shines in the share of the period in which its pin is low. */
enum {
    RK_LED_IN_PWM = 0,  /* + 0 red, 1 green, 2 blue: RK_GPIO_OUT_PWM values */
    RK_LED_IN_PIN = 3,  /* + 0 red, 1 green, 2 blue: what the pin drives while no timer does:
                           RK_GPIO_OUT_DRIVE values */
    RK_LED_IN_USER = 6, /* D7: level, active high */
};
/* What it shows now: counts of `full` per channel (TIM1 compare of ARR + 1; 1 of 1 for plain pins).
 */
void rk_led_get(const struct rk_dev *dev, uint16_t rgb[3], uint16_t *full);
bool rk_led_user(const struct rk_dev *dev);

#endif
