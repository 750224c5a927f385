/* System clock 72 MHz from the crystal (core-hardware.md 2.2), and the millisecond tick. */
#ifndef RK_FIRMWARE_DRIVERS_CLOCK_H
#define RK_FIRMWARE_DRIVERS_CLOCK_H

#include "common/base/attr.h"

/* False: the crystal does not start. The chip then runs at 64 MHz from its own oscillator: all but
 * USB works. */
bool rk_clock_init(void);
/* Starts the tick: rk_on_tick() every ms; rk_clock_tick() must be called by it. */
void rk_clock_tick_start(void);
void rk_clock_tick_stop(void);
void rk_clock_tick(void);
uint32_t rk_clock_ms(void);
void rk_clock_wait_ms(uint32_t ms);

#endif
