/* The host side of the emulated cable: one full-speed root port on virtual time. It resets and
 * enumerates what appears, then runs transfers (usb_target.h) as transactions inside 1 ms frames,
 * each charged with its bus time (USB 2.0 5.11.3), so that a board sees a real host's pace.
 * Knows no sockets and no real clock.
 *
 * Where a real controller repeats a transaction that was answered with NAK some thousand times a
 * second, this one waits until the firmware changes the endpoint: nothing the firmware can see
 * differs, and loops that wait can still be skipped.
 */
#ifndef RK_EMU_PORT_USB_HOST_H
#define RK_EMU_PORT_USB_HOST_H

#include "emu/periph/usb.h"
#include "emu/port/usb_target.h"

#define RK_USB_PIPES 32u /* endpoint number, + 16 for IN */

struct rk_usb_pipe {
    struct rk_usb_transfer *first, *last;
    uint64_t not_before_ns;
    uint16_t max_packet; /* 0: the configuration has no such endpoint */
    uint8_t type;        /* enum rk_usb_type */
    uint8_t toggle;
    uint8_t errors; /* transactions in a row without an answer */
    uint8_t stage;  /* of the control transfer at the head */
    bool waiting;   /* NAK: until the firmware changes the endpoint */
};

/* The caller's memory; every member is private but target. */
struct rk_usb_host {
    struct rk_usb_target target;
    struct rk_usb_link link;
    struct rk_dev *dev;
    struct rk_usb_desc desc;
    struct rk_usb_pipe pipes[RK_USB_PIPES];
    struct rk_usb_transfer own; /* enumeration */
    uint8_t own_data[RK_USB_CONFIG_MAX];
    uint64_t frame_ns; /* start of this frame */
    uint64_t busy_ns;  /* the wires carry a packet until then */
    uint64_t until_ns; /* the present state's end, where time ends it */
    uint8_t state;
    uint8_t step;
    uint8_t failures;
    uint8_t address; /* 0 until SET_ADDRESS went through */
    uint8_t turn;    /* pipe that is next, for fairness */
    bool known;      /* the descriptors were read since it was attached */
};

void rk_usb_host_init(struct rk_usb_host *host);
/* Plugs the cable into the board's USB peripheral (rk_machine_find(m, "USB")), or pulls it out. */
void rk_usb_host_connect(struct rk_usb_host *host, struct rk_dev *usb);
void rk_usb_host_disconnect(struct rk_usb_host *host);
/* The shell switched the board off: nothing on the cable any more. Power-on needs no call. */
void rk_usb_host_power_lost(struct rk_usb_host *host);
/* Suspends the bus (no frames), or resumes it (20 ms of K first). Only once enumerated. */
void rk_usb_host_suspend(struct rk_usb_host *host, bool suspended);

#endif
