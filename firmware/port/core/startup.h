/* What a program on the Core may define of the vector table; each has a default that does nothing,
 * but faults, which reset the chip. */
#ifndef RK_FIRMWARE_PORT_CORE_STARTUP_H
#define RK_FIRMWARE_PORT_CORE_STARTUP_H

void rk_on_tick(void);
void rk_on_usb(void);
void rk_on_fault(void);

#endif
