/* See usb.h. Packet memory, byte offsets as the controller counts them (RM0008 23.5.3): the buffer
 * table at 0, endpoint 0 at 0x40 and 0x80, endpoint n at 0x80 + 0x40 n. */
#include "firmware/drivers/usb.h"

#include "firmware/drivers/board.h"
#include "firmware/regs/stm32f103.h"

#define EP0_RX       0x40u
#define EP0_TX       0x80u
#define EP_BUF(n)    (0x80u + 0x40u * (n))
#define RX_64        0x8400u /* BL_SIZE, two blocks of 32 bytes */
#define COUNT_MASK   0x3FFu
#define STAT_STALL   1u
#define STAT_NAK     2u
#define STAT_VALID   3u
#define POWER_UP_US  1u
#define CELL(offset) USB_PMA[(offset) / 2]

enum { /* of a buffer table entry */
       ADDR_TX,
       COUNT_TX = 2,
       ADDR_RX = 4,
       COUNT_RX = 6,
};

static struct rk_usb_control control;
static const struct rk_usb_endpoint_ops *endpoint_ops;
static void (*reset_hook)(void *ctx);
static void *hook_ctx;

/* --- endpoint registers: written bits toggle or clear (RM0008 23.5.2) ---------------------------
 */

static void set_stat_rx(unsigned ep, uint32_t stat) {
    uint32_t epr = USB_EPR(ep);
    USB_EPR(ep) = (epr & USB_EPR_PLAIN) | USB_EPR_CTR_RX | USB_EPR_CTR_TX |
                  ((epr & USB_EPR_STAT_RX) ^ stat << 12);
}

static void set_stat_tx(unsigned ep, uint32_t stat) {
    uint32_t epr = USB_EPR(ep);
    USB_EPR(ep) = (epr & USB_EPR_PLAIN) | USB_EPR_CTR_RX | USB_EPR_CTR_TX |
                  ((epr & USB_EPR_STAT_TX) ^ stat << 4);
}

/* Type and address, both toggles and both states to zero. */
static void set_type(unsigned ep, uint32_t type) {
    uint32_t epr = USB_EPR(ep);
    USB_EPR(ep) =
        type | ep | (epr & (USB_EPR_DTOG_RX | USB_EPR_DTOG_TX | USB_EPR_STAT_RX | USB_EPR_STAT_TX));
}

static void clear_event(unsigned ep, uint32_t event) {
    uint32_t keep = (USB_EPR_CTR_RX | USB_EPR_CTR_TX) & ~event;
    USB_EPR(ep) = (USB_EPR(ep) & USB_EPR_PLAIN) | keep;
}

static rk_reg *entry(unsigned ep, unsigned field) {
    return &CELL(8 * ep + field);
}

/* --- packet memory ------------------------------------------------------------------------------
 */

static void put_packet(unsigned ep, uint16_t at, const uint8_t *data, uint16_t len) {
    for (uint16_t i = 0; i < len; i += 2) {
        uint32_t high = i + 1 < len ? data[i + 1] : 0;
        CELL(at + i) = data[i] | high << 8;
    }
    *entry(ep, COUNT_TX) = len;
}

static uint16_t get_packet(unsigned ep, uint16_t at, uint8_t *data, uint16_t cap) {
    uint16_t len = (uint16_t)(*entry(ep, COUNT_RX) & COUNT_MASK);
    len = RK_MIN(len, cap);
    for (uint16_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(CELL(at + (i & ~1u)) >> (8 * (i & 1u)));
    }
    return len;
}

/* --- endpoint 0 ---------------------------------------------------------------------------------
 */

static void ep0_send(void *ctx, const uint8_t *data, uint16_t len) {
    (void)ctx;
    put_packet(0, EP0_TX, data, len);
    set_stat_rx(0, STAT_VALID); /* the host may end the data stage early */
    set_stat_tx(0, STAT_VALID);
}

static void ep0_receive(void *ctx) {
    (void)ctx;
    set_stat_rx(0, STAT_VALID);
}

static void ep0_stall(void *ctx) {
    (void)ctx;
    set_stat_rx(0, STAT_STALL);
    set_stat_tx(0, STAT_STALL);
}

static void ep0_address(void *ctx, uint8_t addr) {
    (void)ctx;
    USB_DADDR = USB_DADDR_EF | addr;
}

static const struct rk_usb_port ep0_port = {
    .send = ep0_send, .receive = ep0_receive, .stall = ep0_stall, .set_address = ep0_address};

static void ep0_event(uint32_t epr) {
    uint8_t packet[RK_USB_EP0_SIZE];
    if (epr & USB_EPR_CTR_TX) {
        clear_event(0, USB_EPR_CTR_TX);
        rk_usb_control_in(&control);
    }
    if (epr & USB_EPR_CTR_RX) {
        bool is_setup = epr & USB_EPR_SETUP;
        uint16_t len = get_packet(0, EP0_RX, packet, sizeof packet);
        clear_event(0, USB_EPR_CTR_RX);
        if (is_setup && len == 8) {
            uint8_t config = control.config;
            rk_usb_control_setup(&control, packet);
            if (endpoint_ops && control.config != config) {
                endpoint_ops->configured(hook_ctx, control.config != 0);
            }
        } else if (!is_setup) {
            rk_usb_control_out(&control, packet, len);
        }
    }
}

static void bus_reset(void) {
    USB_BTABLE = 0;
    *entry(0, ADDR_TX) = EP0_TX;
    *entry(0, COUNT_TX) = 0;
    *entry(0, ADDR_RX) = EP0_RX;
    *entry(0, COUNT_RX) = RX_64;
    set_type(0, USB_EPR_CONTROL);
    set_stat_rx(0, STAT_VALID);
    set_stat_tx(0, STAT_NAK);
    USB_DADDR = USB_DADDR_EF;
    rk_usb_control_reset(&control);
    if (endpoint_ops) {
        endpoint_ops->configured(hook_ctx, false);
    }
    if (reset_hook) {
        reset_hook(hook_ctx);
    }
}

/* --- the others ---------------------------------------------------------------------------------
 */

void rk_usb_open_in(unsigned ep, uint16_t type) {
    *entry(ep, ADDR_TX) = EP_BUF(ep);
    *entry(ep, COUNT_TX) = 0;
    set_type(ep, type);
    set_stat_tx(ep, STAT_NAK);
}

void rk_usb_open_out(unsigned ep, uint16_t type) {
    *entry(ep, ADDR_RX) = EP_BUF(ep);
    *entry(ep, COUNT_RX) = RX_64;
    set_type(ep, type);
    set_stat_rx(ep, STAT_VALID);
}

void rk_usb_send(unsigned ep, const uint8_t *data, uint16_t len) {
    put_packet(ep, EP_BUF(ep), data, len);
    set_stat_tx(ep, STAT_VALID);
}

uint16_t rk_usb_take(unsigned ep, uint8_t *data, uint16_t cap) {
    uint16_t len = get_packet(ep, EP_BUF(ep), data, cap);
    set_stat_rx(ep, STAT_VALID);
    return len;
}

static void endpoint_event(unsigned ep, uint32_t epr) {
    if (epr & USB_EPR_CTR_TX) {
        clear_event(ep, USB_EPR_CTR_TX);
        endpoint_ops->sent(hook_ctx, ep);
    }
    if (epr & USB_EPR_CTR_RX) {
        clear_event(ep, USB_EPR_CTR_RX);
        endpoint_ops->received(hook_ctx, ep);
    }
}

/* --- the controller -----------------------------------------------------------------------------
 */

void rk_usb_init(const struct rk_usb_device_ops *device,
                 const struct rk_usb_endpoint_ops *endpoints, void (*on_reset)(void *ctx),
                 void *ctx) {
    rk_usb_control_init(&control, &ep0_port, NULL, device, ctx);
    endpoint_ops = endpoints;
    reset_hook = on_reset;
    hook_ctx = ctx;
    RCC->APB1ENR |= RCC_APB1_USB;
    USB_CNTR = USB_CNTR_FRES; /* out of power-down, still held in reset */
    for (volatile unsigned i = 0; i < 100 * POWER_UP_US; i++) {
    }
    USB_CNTR = 0;
    USB_ISTR = 0;
    bus_reset();
}

void rk_usb_connect(bool on) {
    rk_board_usb_connect(on);
}

void rk_usb_poll(void) {
    uint32_t istr = USB_ISTR;
    if (istr & USB_ISTR_RESET) {
        USB_ISTR = ~USB_ISTR_RESET & 0xFFFFu;
        bus_reset();
        return;
    }
    if (istr & USB_ISTR_CTR) {
        unsigned ep = istr & USB_ISTR_EP;
        uint32_t epr = USB_EPR(ep);
        if (ep == 0) {
            ep0_event(epr);
        } else if (endpoint_ops) {
            endpoint_event(ep, epr);
        }
    }
}
