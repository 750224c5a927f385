/* The bootloader: brings the chip up, asks decide.c, does what it says. Everything that can be
 * decided without the chip is elsewhere. */
#include "firmware/boot/dfu_memory.h"
#include "firmware/boot/image.h"
#include "firmware/boot/light.h"
#include "firmware/boot/usb_desc.h"
#include "firmware/drivers/board.h"
#include "firmware/drivers/clock.h"
#include "firmware/drivers/flash.h"
#include "firmware/drivers/sst25.h"
#include "firmware/drivers/usb.h"
#include "firmware/regs/stm32f103.h"

/* core-hardware.md 2.5: 5 s until the application takes the watchdog over. */
#define WATCHDOG_RELOAD 781u
#define DR9_STOP        0xAu
#define SETTLE_MS       20u

static struct rk_boot boot;
static struct rk_dfu dfu;

int main(void);

/* --- DFU ---------------------------------------------------------------------------------------
 */

static enum rk_usb_reply on_request(void *ctx, const struct rk_usb_setup *setup,
                                    struct rk_usb_data *data) {
    (void)ctx;
    switch (setup->type & RK_USB_KIND) {
    case RK_USB_CLASS: return rk_dfu_request(&dfu, setup, data);
    case RK_USB_VENDOR: return rk_boot_usb_vendor(setup, data);
    default: rk_dfu_restart(&dfu); return RK_USB_REPLY_ACCEPT;
    }
}

static bool is_class(const struct rk_usb_setup *setup) {
    return (setup->type & RK_USB_KIND) == RK_USB_CLASS;
}

static bool on_received(void *ctx, const struct rk_usb_setup *setup) {
    (void)ctx;
    return !is_class(setup) || rk_dfu_received(&dfu, setup);
}

static void on_finished(void *ctx, const struct rk_usb_setup *setup) {
    (void)ctx;
    if (is_class(setup)) {
        rk_dfu_finished(&dfu, setup);
    }
}

static void on_bus_reset(void *ctx) {
    (void)ctx;
    rk_dfu_restart(&dfu);
}

static const struct rk_usb_device_ops device = {
    .descriptor = rk_boot_usb_descriptor,
    .request = on_request,
    .received = on_received,
    .finished = on_finished,
    .interface_count = 1,
    .alt_count = 2,
};

static void serve_dfu(void) {
    rk_port_light(RK_BOOT_YELLOW, RK_SLOW_MS);
    rk_boot_usb_set_id(DEVICE_ID);
    rk_dfu_init(&dfu, &rk_boot_dfu_memory, &boot, RK_APP_ADDR, rk_image_starts(RK_APP_ADDR));
    rk_usb_init(&device, NULL, on_bus_reset, NULL);
    rk_usb_connect(true);
    while (!rk_dfu_work(&dfu)) {
        rk_usb_poll();
    }
    rk_boot_finish(&boot);
    rk_usb_connect(false);
    rk_clock_wait_ms(SETTLE_MS);
    rk_board_reset();
}

/* --- start -------------------------------------------------------------------------------------
 */

static enum rk_hold watch_button(void) {
    enum rk_hold hold = RK_HOLD_NONE;
    uint32_t start = rk_clock_ms(), held = 0;
    while (rk_board_button() && held < RK_HOLD_CAP_MS) {
        enum rk_boot_colour colour;
        unsigned toggle_ms;
        held = rk_clock_ms() - start;
        hold = rk_hold_after(held);
        rk_hold_look(hold, &colour, &toggle_ms);
        rk_port_light(colour, toggle_ms);
    }
    return hold;
}

static void run_app(void) {
    rk_port_light(RK_BOOT_DARK, 0);
    rk_clock_tick_stop();
    if (rk_board_backup_get(9) >> 12 != DR9_STOP) {
        rk_board_watchdog_start(WATCHDOG_RELOAD);
    }
    rk_board_jump(RK_APP_ADDR);
}

int main(void) {
    (void)rk_clock_init();
    rk_board_init();
    if (rk_board_backup_get(9) == RK_DR9_STANDBY) {
        rk_board_backup_set(9, 0xFFFF);
        rk_board_standby();
    }
    rk_clock_tick_start();
    rk_sst25_init();
    rk_flash_protect_loader();
    rk_boot_begin(&boot, rk_board_reset_flags());
    enum rk_boot_action action = rk_boot_decide(&boot, watch_button());
    if (boot.clear_flags) {
        rk_board_reset_flags_clear();
    }
    switch (action) {
    case RK_BOOT_RUN: run_app(); break;
    case RK_BOOT_DFU: serve_dfu(); break;
    case RK_BOOT_RESET: rk_board_reset();
    }
    return 0;
}
