/* The USB peripheral from inside: what usb.c (registers, bus states, interrupts) and usb_wire.c
 * (packet memory, transactions) share. For these two only. Bits: RM0008 23.5.
 */
#ifndef RK_EMU_PERIPH_USB_INT_H
#define RK_EMU_PERIPH_USB_INT_H

#include "emu/periph/usb.h"

#define EP_COUNT  8u
#define PMA_CELLS 256u

enum {
    EP_CTR_RX = 0x8000,
    EP_DTOG_RX = 0x4000,
    EP_STAT_RX = 0x3000,
    EP_SETUP = 0x0800,
    EP_TYPE = 0x0600,
    EP_KIND = 0x0100,
    EP_CTR_TX = 0x0080,
    EP_DTOG_TX = 0x0040,
    EP_STAT_TX = 0x0030,
    EP_EA = 0x000F,
    EP_PLAIN = EP_TYPE | EP_KIND | EP_EA,
    EP_TOGGLE = EP_DTOG_RX | EP_STAT_RX | EP_DTOG_TX | EP_STAT_TX,

    TYPE_BULK = 0x0000,
    TYPE_CONTROL = 0x0200,
    TYPE_ISO = 0x0400,

    STAT_DISABLED = 0,
    STAT_STALL = 1,
    STAT_NAK = 2,
    STAT_VALID = 3,

    EVT_CTR = 0x8000,
    EVT_WKUP = 0x1000,
    EVT_SUSP = 0x0800,
    EVT_RESET = 0x0400,
    EVT_SOF = 0x0200,
    EVT_ESOF = 0x0100,
    EVT_CLEARABLE = 0x7F00,
    EVT_MASKABLE = 0xFF00,
    ISTR_DIR = 0x0010,

    CNTR_RESUME = 0x0010,
    CNTR_FSUSP = 0x0008,
    CNTR_LP_MODE = 0x0004,
    CNTR_PDWN = 0x0002,
    CNTR_FRES = 0x0001,
    CNTR_WRITABLE = 0xFF1F,

    FNR_RXDP = 0x8000,
    FNR_RXDM = 0x4000,
    FNR_LCK = 0x2000,

    DADDR_EF = 0x80,
};

struct usb_state {
    uint64_t frame_ns; /* the next frame's start */
    uint16_t ep[EP_COUNT];
    uint16_t pma[PMA_CELLS];
    uint16_t cntr;
    uint16_t events; /* ISTR 14:8 */
    uint16_t frame;
    uint16_t btable;
    uint8_t daddr;
    uint8_t bus;  /* enum rk_usb_bus */
    uint8_t lost; /* frames without SOF since the last one, up to 3 */
    uint8_t seen; /* SOFs since reset or resume, up to 2: FNR.LCK */
    uint8_t attached;
    uint8_t level; /* last level of each output line, one bit each */
    uint8_t wrong_clock;
};

static inline struct usb_state *state(const struct rk_dev *dev) {
    return dev->state;
}

static inline unsigned stat_rx(uint16_t ep) {
    return ep >> 12 & 3u;
}

static inline unsigned stat_tx(uint16_t ep) {
    return ep >> 4 & 3u;
}

static inline bool is_double(uint16_t ep) {
    return (ep & EP_TYPE) == TYPE_BULK && (ep & EP_KIND);
}

/* RM0008 23.4.3, 23.4.4: these use both buffers for one direction and the other interrupt. */
static inline bool uses_both_buffers(uint16_t ep) {
    return is_double(ep) || (ep & EP_TYPE) == TYPE_ISO;
}

/* Drives the interrupt lines to what the flags say. */
void rk_usb_update_lines(struct rk_dev *dev);
/* Sees what happens on the wire: powered, clocked, not suspended, connected. */
bool rk_usb_listens(struct rk_dev *dev);

#endif
