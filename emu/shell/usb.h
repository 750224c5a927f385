/* The USB options of a running board or quirk device: --usbip, --usbredir, --pcap. Opens what was
 * asked for on the shell's loop; where it listens is told to a callback.
 */
#ifndef RK_EMU_SHELL_USB_H
#define RK_EMU_SHELL_USB_H

#include <stdio.h>

#include "emu/port/pcap.h"
#include "emu/port/usb_server.h"

struct rk_shell_usb_options {
    const char *usbip;    /* ADDR:PORT, :PORT or PORT; NULL: none */
    const char *usbredir; /* path of QEMU's socket, or NULL */
    const char *pcap;     /* file, or NULL */
    const char *busid;    /* the board's name */
};

struct rk_shell_usb {
    struct rk_usb_target *target;
    struct rk_usbip_server *usbip;
    struct rk_usbredir_client *usbredir;
    struct rk_usb_pcap pcap;
    FILE *pcap_file;
    char address[64]; /* of the USB/IP server as it listens, or "" */
};

/* Empty on failure, which was told to the user. Nothing asked for: nothing happens. */
RK_NODISCARD int rk_shell_usb_open(struct rk_shell_usb *usb, uv_loop_t *loop,
                                   struct rk_usb_target *target,
                                   const struct rk_shell_usb_options *options);
/* True when a real host may come: virtual time then is held to real time (design.md, Time). */
bool rk_shell_usb_is_open(const struct rk_shell_usb *usb);
/* The loop must turn once more before the target goes. */
void rk_shell_usb_close(struct rk_shell_usb *usb);

#endif
