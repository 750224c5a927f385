/* See light.h. */
#include "firmware/boot/light.h"

static const uint8_t channels[][3] = {
    [RK_BOOT_DARK] = {0, 0, 0},   [RK_BOOT_RED] = {1, 0, 0},     [RK_BOOT_GREEN] = {0, 1, 0},
    [RK_BOOT_YELLOW] = {1, 1, 0}, [RK_BOOT_MAGENTA] = {1, 0, 1}, [RK_BOOT_WHITE] = {1, 1, 1},
};

bool rk_light_set(struct rk_light *l, enum rk_boot_colour colour, unsigned toggle_ms) {
    if (l->colour == colour && l->toggle_ms == toggle_ms) {
        return false;
    }
    *l = (struct rk_light){
        .colour = colour, .toggle_ms = toggle_ms, .left_ms = toggle_ms, .is_on = true};
    return true;
}

bool rk_light_tick(struct rk_light *l) {
    if (l->toggle_ms == 0 || --l->left_ms > 0) {
        return false;
    }
    l->left_ms = l->toggle_ms;
    l->is_on = !l->is_on;
    return true;
}

const uint8_t *rk_light_channels(const struct rk_light *l) {
    return channels[l->is_on ? l->colour : RK_BOOT_DARK];
}

enum rk_hold rk_hold_after(uint32_t held_ms) {
    return held_ms >= RK_HOLD_WIPE_MS      ? RK_HOLD_WIPE
           : held_ms >= RK_HOLD_FACTORY_MS ? RK_HOLD_FACTORY
           : held_ms >= RK_HOLD_DFU_MS     ? RK_HOLD_DFU
           : held_ms >= RK_HOLD_SAFE_MS    ? RK_HOLD_SAFE
                                           : RK_HOLD_NONE;
}

void rk_hold_look(enum rk_hold hold, enum rk_boot_colour *colour, unsigned *toggle_ms) {
    static const struct {
        uint8_t colour, toggle_ms;
    } looks[] = {
        [RK_HOLD_NONE] = {RK_BOOT_DARK, 0},
        [RK_HOLD_SAFE] = {RK_BOOT_MAGENTA, RK_SLOW_MS},
        [RK_HOLD_DFU] = {RK_BOOT_YELLOW, RK_SLOW_MS},
        [RK_HOLD_FACTORY] = {RK_BOOT_GREEN, RK_FAST_MS},
        [RK_HOLD_WIPE] = {RK_BOOT_WHITE, RK_FAST_MS},
    };
    *colour = (enum rk_boot_colour)looks[hold].colour;
    *toggle_ms = looks[hold].toggle_ms;
}
