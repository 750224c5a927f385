/* The application's USB serial port: the identity of the published applications (core-hardware.md
 * 6.1), bytes in and text out. */
#ifndef RK_FIRMWARE_APP_PROBE_SERIAL_H
#define RK_FIRMWARE_APP_PROBE_SERIAL_H

#include "common/base/attr.h"

void rk_serial_init(void);
/* Moves what waits; call often. */
void rk_serial_poll(void);
/* The next received byte, -1: none. */
int rk_serial_read(void);
/* Text that does not fit (1 KB) is lost. */
void rk_serial_write(const char *text);
void rk_serial_write_byte(char byte);
/* Fixed width, lower case. */
void rk_serial_write_hex(uint32_t value, unsigned digits);
/* The rate that the host last set; 0: none yet. */
uint32_t rk_serial_baud(void);
bool rk_serial_drained(void);

#endif
