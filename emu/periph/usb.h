/* USB full-speed device peripheral with its packet memory (RM0008 23), and the cable: what a host
 * sees of the device and what it may do on the bus, one transaction at a time.
 *
 * The peripheral is the only one with timers, so it also keeps the frame: while the pull-up is
 * connected it calls the host every 1 ms of virtual time (`frame`), and once at any instant that
 * the host asks for (`turn`). A host acts only inside these calls, `attach`, `ready` and
 * `remote_wakeup`, or between runs of the machine.
 */
#ifndef RK_EMU_PERIPH_USB_H
#define RK_EMU_PERIPH_USB_H

#include "emu/core/device.h"

/* Registers at 0x40005C00; packet memory (0x40006000) is offset 0x400 of the same window. */
extern const struct rk_dev_ops rk_usb_ops;

struct rk_usb_config {
    bool pullup_active_low; /* the control pin connects the D+ pull-up when low */
};

enum {
    RK_USB_IN_PULLUP, /* level of the pin that controls the D+ pull-up */
};
enum {
    RK_USB_OUT_IRQ_LP,
    RK_USB_OUT_IRQ_HP,
    RK_USB_OUT_WAKEUP, /* EXTI 18 */
    RK_USB_OUT_COUNT,
};

#define RK_USB_FRAME_NS   1000000u
#define RK_USB_PACKET_MAX 1023u /* largest full-speed packet (isochronous), USB 2.0 5.6.3 */

/* --- the cable: events to the host -------------------------------------------------------------
 */

struct rk_usb_link_ops {
    /* The D+ pull-up was connected or released. After a snapshot was restored: released, then (if
     * it is) connected. */
    void (*attach)(void *ctx, struct rk_dev *dev, bool attached);
    /* Every 1 ms while connected, right after the SOF if the bus is active. */
    void (*frame)(void *ctx, struct rk_dev *dev);
    /* The instant asked for by rk_usb_bus_turn(). */
    void (*turn)(void *ctx, struct rk_dev *dev);
    /* The firmware changed endpoint `ep`: a transaction that was answered with NAK (or a SETUP
     * that was not answered) may do better now. Hosts need not poll. */
    void (*ready)(void *ctx, struct rk_dev *dev, unsigned ep);
    /* CNTR.RESUME: the device drives K on a suspended bus, or ends it. */
    void (*remote_wakeup)(void *ctx, struct rk_dev *dev, bool driven);
};

/* What dev->host of the peripheral points to. Owned by the shell. */
struct rk_usb_link {
    const struct rk_usb_link_ops *ops;
    void *ctx;
};

/* Plugs the cable in, or pulls it out (NULL). Calls attach() at once where the pull-up is on. */
void rk_usb_plug(struct rk_dev *dev, const struct rk_usb_link *link);

/* --- the cable: what the host does ------------------------------------------------------------
 */

enum rk_usb_bus {
    RK_USB_BUS_IDLE,   /* J without frames: a host that suspended, or none */
    RK_USB_BUS_ACTIVE, /* SOF every 1 ms */
    RK_USB_BUS_RESET,  /* SE0 driven by the host */
    RK_USB_BUS_RESUME, /* K driven by the host */
};

enum rk_usb_answer {
    RK_USB_NO_ANSWER, /* not listening, wrong address, bad packet: the host's time-out */
    RK_USB_ACK,       /* for IN: a data packet */
    RK_USB_NAK,
    RK_USB_STALLED,
};

bool rk_usb_attached(const struct rk_dev *dev);
void rk_usb_bus_set(struct rk_dev *dev, enum rk_usb_bus bus);
/* Asks for one turn() at `at_ns` (rk_now_ns); a later call moves it. */
void rk_usb_bus_turn(struct rk_dev *dev, uint64_t at_ns);

enum rk_usb_answer rk_usb_bus_setup(struct rk_dev *dev, uint8_t addr, uint8_t ep,
                                    const uint8_t setup[8]);
/* toggle: the data PID, 0 or 1. A packet with the wrong one is acknowledged and dropped. */
enum rk_usb_answer rk_usb_bus_out(struct rk_dev *dev, uint8_t addr, uint8_t ep, uint8_t toggle,
                                  const void *data, size_t len);
/* data: room for RK_USB_PACKET_MAX bytes. On RK_USB_ACK the packet counts as acknowledged. */
enum rk_usb_answer rk_usb_bus_in(struct rk_dev *dev, uint8_t addr, uint8_t ep, void *data,
                                 size_t *len, uint8_t *toggle);

#endif
