/* See signal.h. */
#include "firmware/app/probe/signal.h"

#include "common/led/pattern.h"
#include "firmware/drivers/board.h"

static const struct rk_led_form *form;
static unsigned panic_code;
static uint32_t start_ms;

/* The form that E3 shows; else the one of any era. */
static const struct rk_led_form *find_form(enum rk_signal signal) {
    const struct rk_led_form *any = NULL, *f;
    for (size_t i = 0; (f = rk_led_form_at(i)) != NULL; i++) {
        if (f->signal == signal) {
            if (f->eras & RK_ERA_E3) {
                return f;
            }
            any = any ? any : f;
        }
    }
    return any;
}

bool rk_probe_signal_set(const char *id, unsigned code, uint32_t now_ms) {
    const struct rk_signal_info *info = rk_signal_by_id(id);
    const struct rk_led_form *found = info ? find_form(info->signal) : NULL;
    if (!found) {
        return false;
    }
    form = found;
    panic_code = code;
    start_ms = now_ms;
    return true;
}

void rk_probe_signal_show(uint32_t now_ms) {
    if (form) {
        struct rk_led_level level = rk_led_pattern_at(form, RK_ERA_E3, panic_code,
                                                      (uint64_t)(now_ms - start_ms) * 1000000u);
        rk_board_led(level.r, level.g, level.b);
    }
}
