/* The Core's pins, light, button, backup registers, watchdog and resets (core-hardware.md 2.1, 2.3,
 * 2.5, 9.3). */
#ifndef RK_FIRMWARE_DRIVERS_BOARD_H
#define RK_FIRMWARE_DRIVERS_BOARD_H

#include "common/base/attr.h"

/* Clocks, pins, TIM1; the backup domain is open afterwards. The light is off, USB unplugged. */
void rk_board_init(void);

/* Timer counts of 10000; RK_BOARD_FULL is what the firmware of every era calls full brightness. */
#define RK_BOARD_FULL 3735u
void rk_board_led(uint16_t red, uint16_t green, uint16_t blue);
bool rk_board_button(void);
/* The D+ pull-up. */
void rk_board_usb_connect(bool on);

uint16_t rk_board_backup_get(unsigned n);
void rk_board_backup_set(unsigned n, uint16_t value);

uint32_t rk_board_reset_flags(void); /* RCC_CSR */
void rk_board_reset_flags_clear(void);

/* Prescaler /256: reload + 1 ticks of 6.4 ms. */
void rk_board_watchdog_start(uint16_t reload);
void rk_board_watchdog_feed(void);

void rk_board_reset(void) __attribute__((noreturn));
/* Standby; WKUP pin and RTC alarm wake. Does not come back. */
void rk_board_standby(void) __attribute__((noreturn));

/* Starts the program whose vector table is at addr: interrupts off and nothing pending, MSP and PC
 * from its words (core-hardware.md 4.3, Jump). VTOR stays as it is. */
void rk_board_jump(uint32_t addr) __attribute__((noreturn));

#endif
