/* The bootloader's light: a colour, steady or toggled every so many milliseconds (core-hardware.md
 * 4.5), and what MODE means when it is held for so long (4.4, the times of E3). */
#ifndef RK_FIRMWARE_BOOT_LIGHT_H
#define RK_FIRMWARE_BOOT_LIGHT_H

#include "firmware/boot/decide.h"

#define RK_SLOW_MS 101u
#define RK_FAST_MS 51u

struct rk_light {
    enum rk_boot_colour colour;
    unsigned toggle_ms, left_ms;
    bool is_on;
};

/* True: what is to be seen has changed. Setting what is set goes on blinking. */
bool rk_light_set(struct rk_light *l, enum rk_boot_colour colour, unsigned toggle_ms);
bool rk_light_tick(struct rk_light *l);
/* Red, green, blue: 1 lit, 0 dark. */
const uint8_t *rk_light_channels(const struct rk_light *l);

/* E3 counts ticks of 10.139 ms, so its thresholds are 1.4 % longer than their names. */
#define RK_HOLD_SAFE_MS    1014u
#define RK_HOLD_DFU_MS     3042u
#define RK_HOLD_FACTORY_MS 6600u
#define RK_HOLD_WIPE_MS    10150u
#define RK_HOLD_CAP_MS     12000u

enum rk_hold rk_hold_after(uint32_t held_ms);
void rk_hold_look(enum rk_hold hold, enum rk_boot_colour *colour, unsigned *toggle_ms);

#endif
