/* A person at a terminal on the rig's USB serial port (core-hardware.md 6, 7). For tests only. */
#ifndef RK_TESTS_BOOT_RADIO_CONSOLE_H
#define RK_TESTS_BOOT_RADIO_CONSOLE_H

#include "emu/port/usb_host.h"
#include "tests/boot/radio_rig.h"

struct radio_console {
    struct radio_rig *r;
    struct rk_usb_host host;
    struct rk_usb_transfer in, out;
    uint8_t in_bytes[64], out_byte[8];
    char text[8192]; /* all that came, NUL-terminated */
    size_t len, read;
};

/* Plugs the cable in and opens the port. */
void radio_console_open(struct radio_console *c, struct radio_rig *r);
/* Waits until `text` came after what was expected before; prints what came instead if it did not.
 */
bool radio_console_expect(struct radio_console *c, const char *text, uint32_t limit_ms);
/* One character at a time, as fast as the board takes them. */
void radio_console_type(struct radio_console *c, const char *text);

#endif
