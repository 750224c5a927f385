/* A capture of a target's transfers in the form of Linux' usbmon (libpcap
 * LINKTYPE_USB_LINUX_MMAPPED, 220), which Wireshark opens and the tool replays. Little-endian
 * files, nanosecond-free: the time stamps are the target's virtual microseconds.
 */
#ifndef RK_EMU_PORT_PCAP_H
#define RK_EMU_PORT_PCAP_H

#include "emu/port/usb_target.h"

struct rk_usb_pcap {
    struct rk_usb_tap tap;
    struct rk_usb_target *target;
    /* Takes bytes of the file in order. */
    void (*write)(void *ctx, const void *data, size_t len);
    void *ctx;
};

/* Writes the file's head and listens on `target` from now on. */
void rk_usb_pcap_start(struct rk_usb_pcap *pcap, struct rk_usb_target *target,
                       void (*write)(void *ctx, const void *data, size_t len), void *ctx);
void rk_usb_pcap_stop(struct rk_usb_pcap *pcap);

#endif
