/* port.h on the chip: the drivers, and the light's blinking, which the millisecond tick does. */
#include "firmware/boot/port.h"

#include "firmware/boot/light.h"
#include "firmware/drivers/board.h"
#include "firmware/drivers/clock.h"
#include "firmware/drivers/flash.h"
#include "firmware/drivers/sst25.h"
#include "firmware/port/core/startup.h"

static struct rk_light light;

const uint8_t *rk_port_flash(uint32_t addr) {
    return (const uint8_t *)addr;
}

int rk_port_flash_erase(uint32_t addr) {
    return rk_flash_erase(addr);
}

int rk_port_flash_program(uint32_t addr, uint16_t value) {
    return rk_flash_program(addr, value);
}

void rk_port_ext_read(uint32_t addr, void *data, size_t len) {
    rk_sst25_read(addr, data, len);
}

int rk_port_ext_erase(uint32_t addr) {
    return rk_sst25_erase(addr);
}

int rk_port_ext_write(uint32_t addr, const void *data, size_t len) {
    return rk_sst25_write(addr, data, len);
}

uint16_t rk_port_backup_get(unsigned n) {
    return rk_board_backup_get(n);
}

void rk_port_backup_set(unsigned n, uint16_t value) {
    rk_board_backup_set(n, value);
}

static void show(void) {
    const uint8_t *on = rk_light_channels(&light);
    rk_board_led(on[0] ? RK_BOARD_FULL : 0, on[1] ? RK_BOARD_FULL : 0, on[2] ? RK_BOARD_FULL : 0);
}

void rk_port_light(enum rk_boot_colour colour, unsigned toggle_ms) {
    if (rk_light_set(&light, colour, toggle_ms)) {
        show();
    }
}

void rk_on_tick(void) {
    rk_clock_tick();
    if (rk_light_tick(&light)) {
        show();
    }
}
