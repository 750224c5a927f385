/* The wire's side of the USB peripheral: the packet memory with its buffer table, and what the
 * device answers to each transaction (RM0008 23.4.2-23.4.4, 23.5.3). See usb_int.h.
 */
#include "emu/periph/usb_int.h"

/* Cells of an endpoint's entry in the buffer description table (RM0008 23.5.3). A buffer is the
 * address cell and the count cell after it. */
enum {
    BUFFER_TX = 0, /* also buffer 0 of a double-buffered endpoint */
    BUFFER_RX = 2, /* also buffer 1 */
};

/* --- packet memory -----------------------------------------------------------------------------
 */

static uint16_t *entry(struct rk_dev *dev, unsigned i) {
    struct usb_state *s = state(dev);
    unsigned cell = s->btable / 2u + 4u * i;
    if (cell + 4u > PMA_CELLS) {
        rk_guest_error(dev, "buffer table entry of EP%uR outside the packet memory", i);
        cell = PMA_CELLS - 4u;
    }
    return &s->pma[cell];
}

/* COUNTn_RX (RM0008 23.5.3): room in bytes. */
static size_t room_of(uint16_t count) {
    unsigned blocks = count >> 10 & 0x1Fu;
    return count & 0x8000u ? 32u * (blocks + 1u) : 2u * blocks;
}

static bool buffer_fits(struct rk_dev *dev, unsigned i, unsigned addr, size_t len) {
    if (addr + len > 2u * PMA_CELLS) {
        rk_guest_error(dev, "buffer of EP%uR ends outside the packet memory", i);
        return false;
    }
    return true;
}

static void pma_put(struct usb_state *s, unsigned addr, const uint8_t *data, size_t len) {
    for (size_t n = 0; n < len; n++) {
        uint16_t *cell = &s->pma[(addr + n) / 2u];
        *cell = n % 2u ? (uint16_t)((*cell & 0x00FFu) | data[n] << 8)
                       : (uint16_t)((*cell & 0xFF00u) | data[n]);
    }
}

static void pma_get(const struct usb_state *s, unsigned addr, uint8_t *data, size_t len) {
    for (size_t n = 0; n < len; n++) {
        uint16_t cell = s->pma[(addr + n) / 2u];
        data[n] = (uint8_t)(n % 2u ? cell >> 8 : cell);
    }
}

/* Receives into a buffer. False: it does not fit. */
static bool receive(struct rk_dev *dev, unsigned i, unsigned buffer, const uint8_t *data,
                    size_t len) {
    uint16_t *e = entry(dev, i);
    unsigned addr = e[buffer] & 0xFFFEu;
    if (len > room_of(e[buffer + 1]) || !buffer_fits(dev, i, addr, len)) {
        return false;
    }
    pma_put(state(dev), addr, data, len);
    e[buffer + 1] = (uint16_t)((e[buffer + 1] & 0xFC00u) | len);
    return true;
}

/* --- transactions ------------------------------------------------------------------------------
 */

/* The endpoint register that answers for endpoint number `ep` in this direction, or -1. */
static int find_ep(struct rk_dev *dev, uint8_t addr, uint8_t ep, bool in) {
    struct usb_state *s = state(dev);
    if (s->bus != RK_USB_BUS_ACTIVE || !rk_usb_listens(dev) || s->daddr != (DADDR_EF | addr)) {
        return -1;
    }
    s->lost = 0;
    for (unsigned i = 0; i < EP_COUNT; i++) {
        unsigned stat = in ? stat_tx(s->ep[i]) : stat_rx(s->ep[i]);
        if ((s->ep[i] & EP_EA) == ep && stat != STAT_DISABLED) {
            return (int)i;
        }
    }
    return -1;
}

static void set_stat_rx(uint16_t *ep, unsigned stat) {
    *ep = (uint16_t)((*ep & ~EP_STAT_RX) | stat << 12);
}

static void set_stat_tx(uint16_t *ep, unsigned stat) {
    *ep = (uint16_t)((*ep & ~EP_STAT_TX) | stat << 4);
}

static void complete(struct rk_dev *dev, uint16_t *ep, unsigned flag) {
    *ep |= (uint16_t)flag;
    rk_usb_update_lines(dev);
}

enum rk_usb_answer rk_usb_bus_setup(struct rk_dev *dev, uint8_t addr, uint8_t ep,
                                    const uint8_t setup[8]) {
    int i = find_ep(dev, addr, ep, false);
    if (i < 0) {
        return RK_USB_NO_ANSWER;
    }
    uint16_t *reg = &state(dev)->ep[i];
    /* RM0008 23.4.2: one SETUP is not lost behind another event that waits for the firmware. */
    if ((*reg & EP_TYPE) != TYPE_CONTROL || (*reg & EP_CTR_RX) ||
        !receive(dev, (unsigned)i, BUFFER_RX, setup, 8)) {
        return RK_USB_NO_ANSWER;
    }
    set_stat_rx(reg, STAT_NAK);
    set_stat_tx(reg, STAT_NAK);
    *reg |= EP_DTOG_RX | EP_DTOG_TX | EP_SETUP;
    complete(dev, reg, EP_CTR_RX);
    return RK_USB_ACK;
}

static enum rk_usb_answer out_both_buffers(struct rk_dev *dev, unsigned i, uint8_t toggle,
                                           const uint8_t *data, size_t len) {
    uint16_t *reg = &state(dev)->ep[i];
    bool second = (*reg & EP_DTOG_RX) != 0;
    bool owned_by_software = second == ((*reg & EP_DTOG_TX) != 0);
    if (is_double(*reg)) {
        if (owned_by_software) {
            return RK_USB_NAK;
        }
        if (toggle != second) {
            return RK_USB_ACK;
        }
    }
    if (!receive(dev, i, second ? BUFFER_RX : BUFFER_TX, data, len)) {
        return is_double(*reg) ? RK_USB_STALLED : RK_USB_NO_ANSWER;
    }
    *reg ^= EP_DTOG_RX;
    complete(dev, reg, EP_CTR_RX);
    return RK_USB_ACK;
}

enum rk_usb_answer rk_usb_bus_out(struct rk_dev *dev, uint8_t addr, uint8_t ep, uint8_t toggle,
                                  const void *data, size_t len) {
    int i = find_ep(dev, addr, ep, false);
    if (i < 0) {
        return RK_USB_NO_ANSWER;
    }
    uint16_t *reg = &state(dev)->ep[i];
    bool status_only = (*reg & EP_TYPE) == TYPE_CONTROL && (*reg & EP_KIND);
    if (stat_rx(*reg) == STAT_NAK) {
        return RK_USB_NAK;
    }
    if (stat_rx(*reg) == STAT_STALL || (status_only && len > 0)) {
        return RK_USB_STALLED;
    }
    if (uses_both_buffers(*reg)) {
        return out_both_buffers(dev, (unsigned)i, toggle, data, len);
    }
    if (toggle != (*reg & EP_DTOG_RX ? 1 : 0)) {
        return RK_USB_ACK;
    }
    if (!receive(dev, (unsigned)i, BUFFER_RX, data, len)) {
        return RK_USB_STALLED; /* RM0008 23.4.2: the buffer overran */
    }
    if (!(*reg & EP_CTR_RX)) {
        *reg &= (uint16_t)~EP_SETUP;
    }
    *reg ^= EP_DTOG_RX;
    set_stat_rx(reg, STAT_NAK);
    complete(dev, reg, EP_CTR_RX);
    return RK_USB_ACK;
}

enum rk_usb_answer rk_usb_bus_in(struct rk_dev *dev, uint8_t addr, uint8_t ep, void *data,
                                 size_t *len, uint8_t *toggle) {
    int i = find_ep(dev, addr, ep, true);
    if (i < 0) {
        return RK_USB_NO_ANSWER;
    }
    uint16_t *reg = &state(dev)->ep[i];
    if (stat_tx(*reg) != STAT_VALID) {
        return stat_tx(*reg) == STAT_STALL ? RK_USB_STALLED : RK_USB_NAK;
    }
    bool both = uses_both_buffers(*reg), second = (*reg & EP_DTOG_TX) != 0;
    if (is_double(*reg) && second == ((*reg & EP_DTOG_RX) != 0)) {
        return RK_USB_NAK;
    }
    uint16_t *e = entry(dev, (unsigned)i) + (both && second ? BUFFER_RX : BUFFER_TX);
    *len = e[1] & 0x3FFu;
    if (!buffer_fits(dev, (unsigned)i, e[0] & 0xFFFEu, *len)) {
        return RK_USB_NO_ANSWER;
    }
    pma_get(state(dev), e[0] & 0xFFFEu, data, *len);
    *toggle = (*reg & EP_TYPE) == TYPE_ISO ? 0 : second;
    *reg ^= EP_DTOG_TX;
    if (!both) {
        set_stat_tx(reg, STAT_NAK);
    }
    if (!(*reg & EP_CTR_RX)) {
        *reg &= (uint16_t)~EP_SETUP;
    }
    complete(dev, reg, EP_CTR_TX);
    return RK_USB_ACK;
}
