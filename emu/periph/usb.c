/* USB full-speed device peripheral of the STM32F103 (RM0008 23): registers, interrupts and the
 * states of the bus. usb_wire.c has the packet memory and the device's side of each transaction.
 * Double-buffered bulk and isochronous endpoints included; not modelled: packet memory overruns
 * (the model is never too slow) and bit errors on the wire. Must not know what a host does with it,
 * nor what firmware runs.
 */
#include "emu/periph/usb_int.h"

#include <string.h>

#define CLOCK_HZ 48000000u

enum {
    REG_CNTR = 0x40,
    REG_ISTR = 0x44,
    REG_FNR = 0x48,
    REG_DADDR = 0x4C,
    REG_BTABLE = 0x50,
    PMA_OFF = 0x400,
};

enum {
    TIMER_FRAME,
    TIMER_TURN,
    TIMER_COUNT,
};

static const struct rk_usb_link *link_of(const struct rk_dev *dev) {
    return dev->host;
}

/* --- interrupts --------------------------------------------------------------------------------
 */

/* EP_ID: isochronous and double-buffered bulk first, then by register number. -1: none. */
static int pending_ep(const struct usb_state *s) {
    int found = -1;
    for (int i = (int)EP_COUNT - 1; i >= 0; i--) {
        if (s->ep[i] & (EP_CTR_RX | EP_CTR_TX)) {
            bool first = uses_both_buffers(s->ep[i]);
            if (found < 0 || first || !uses_both_buffers(s->ep[found])) {
                found = i;
            }
        }
    }
    return found;
}

static uint16_t read_istr(const struct usb_state *s) {
    int i = pending_ep(s);
    if (i < 0) {
        return s->events;
    }
    unsigned dir = s->ep[i] & EP_CTR_RX ? ISTR_DIR : 0u;
    return (uint16_t)(s->events | EVT_CTR | dir | (unsigned)i);
}

static void drive(struct rk_dev *dev, unsigned line, bool on) {
    struct usb_state *s = state(dev);
    if ((s->level >> line & 1u) != on) {
        s->level ^= (uint8_t)(1u << line);
        rk_line_out(dev, line, on);
    }
}

void rk_usb_update_lines(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    uint16_t istr = read_istr(s);
    bool high = (istr & EVT_CTR) && (s->cntr & EVT_CTR) && uses_both_buffers(s->ep[istr & 0xFu]);
    drive(dev, RK_USB_OUT_IRQ_LP, (istr & s->cntr & EVT_MASKABLE) != 0);
    drive(dev, RK_USB_OUT_IRQ_HP, high);
    drive(dev, RK_USB_OUT_WAKEUP, (istr & EVT_WKUP) != 0);
}

static void set_events(struct rk_dev *dev, unsigned events) {
    state(dev)->events |= (uint16_t)events;
    rk_usb_update_lines(dev);
}

/* --- the bus's states --------------------------------------------------------------------------
 */

static bool powered(const struct usb_state *s) {
    return (s->cntr & (CNTR_PDWN | CNTR_FRES)) == 0;
}

/* Sees what happens on the wire. A clock other than 48 MHz cannot follow it (RM0008 7.2). */
bool rk_usb_listens(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    uint32_t hz = rk_dev_clock_hz(dev);
    if (!powered(s) || hz == 0 || (s->cntr & (CNTR_FSUSP | CNTR_LP_MODE)) || !s->attached) {
        return false;
    }
    if (hz != CLOCK_HZ) {
        if (!s->wrong_clock) {
            rk_guest_error(dev, "USB clock is %u Hz, not 48 MHz", (unsigned)hz);
        }
        s->wrong_clock = 1;
        return false;
    }
    s->wrong_clock = 0;
    return true;
}

/* A USB reset, by the bus or by FRES. The CTR flags stay (RM0008 23.5.2). */
static void bus_reset(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    for (unsigned i = 0; i < EP_COUNT; i++) {
        s->ep[i] &= EP_CTR_RX | EP_CTR_TX;
    }
    s->daddr = 0;
    s->lost = 0;
    s->seen = 0;
    set_events(dev, EVT_RESET);
}

/* The frame timer runs for who needs it: a host, or the suspend check of a powered peripheral. */
static void plan_frames(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    bool checks = powered(s) && !(s->cntr & CNTR_FSUSP);
    bool wanted = s->attached && (link_of(dev) || checks);
    if (!wanted) {
        rk_timer_stop(dev, TIMER_FRAME);
    } else if (!rk_timer_running(dev, TIMER_FRAME)) {
        s->frame_ns = rk_now_ns(dev) + RK_USB_FRAME_NS;
        rk_timer_set_ns(dev, TIMER_FRAME, s->frame_ns);
    }
}

/* Activity on a suspended bus (RM0008 23.4.5): seen without any clock. */
static void wake(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    if (powered(s) && s->attached && (s->cntr & CNTR_FSUSP) && !(s->events & EVT_WKUP)) {
        s->cntr &= (uint16_t)~CNTR_LP_MODE;
        set_events(dev, EVT_WKUP);
    }
}

static void start_of_frame(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    s->frame = (s->frame + 1u) & 0x7FFu;
    wake(dev);
    if (!rk_usb_listens(dev)) {
        return;
    }
    s->lost = 0;
    s->seen = s->seen < 2 ? s->seen + 1u : 2u;
    set_events(dev, EVT_SOF);
}

/* RM0008 23.5.1: three expected SOFs in a row that do not come are a suspend request. */
static void frame_lost(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    if (!rk_usb_listens(dev)) {
        return;
    }
    s->seen = 0;
    s->lost++;
    unsigned suspend = s->lost >= 3 ? EVT_SUSP : 0u;
    if (suspend) {
        s->lost = 0;
    }
    set_events(dev, EVT_ESOF | suspend);
}

static void frame_due(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    s->frame_ns += RK_USB_FRAME_NS;
    rk_timer_set_ns(dev, TIMER_FRAME, s->frame_ns);
    if (s->bus == RK_USB_BUS_ACTIVE) {
        start_of_frame(dev);
    } else if (s->bus == RK_USB_BUS_IDLE) {
        frame_lost(dev);
    }
    const struct rk_usb_link *link = link_of(dev);
    if (link) {
        link->ops->frame(link->ctx, dev);
    }
    plan_frames(dev);
}

static void usb_timer(struct rk_dev *dev, unsigned timer) {
    const struct rk_usb_link *link = link_of(dev);
    if (timer == TIMER_FRAME) {
        frame_due(dev);
    } else if (link) {
        link->ops->turn(link->ctx, dev);
    }
}

void rk_usb_bus_set(struct rk_dev *dev, enum rk_usb_bus bus) {
    struct usb_state *s = state(dev);
    if (s->bus == bus) {
        return;
    }
    s->bus = (uint8_t)bus;
    if (bus == RK_USB_BUS_RESET || bus == RK_USB_BUS_RESUME) {
        wake(dev);
    }
    if (bus == RK_USB_BUS_RESET && powered(s) && s->attached && rk_dev_clock_hz(dev)) {
        bus_reset(dev);
    }
    plan_frames(dev);
}

void rk_usb_bus_turn(struct rk_dev *dev, uint64_t at_ns) {
    rk_timer_set_ns(dev, TIMER_TURN, at_ns);
}

bool rk_usb_attached(const struct rk_dev *dev) {
    return state(dev)->attached;
}

static void set_attached(struct rk_dev *dev, bool attached) {
    struct usb_state *s = state(dev);
    const struct rk_usb_link *link = link_of(dev);
    if (s->attached == attached) {
        return;
    }
    s->attached = attached;
    s->bus = RK_USB_BUS_IDLE;
    s->lost = 0;
    s->seen = 0;
    if (rk_traced(dev, RK_TRACE_USB)) {
        rk_trace(dev, RK_TRACE_USB, "pull-up %s", attached ? "connected" : "released");
    }
    plan_frames(dev);
    if (link) {
        link->ops->attach(link->ctx, dev, attached);
    }
}

void rk_usb_plug(struct rk_dev *dev, const struct rk_usb_link *link) {
    struct usb_state *s = state(dev);
    dev->host = (void *)(uintptr_t)link;
    rk_timer_stop(dev, TIMER_TURN);
    s->bus = RK_USB_BUS_IDLE;
    plan_frames(dev);
    if (link && s->attached) {
        link->ops->attach(link->ctx, dev, true);
    }
}

/* --- registers ---------------------------------------------------------------------------------
 */

static void tell_ready(struct rk_dev *dev, unsigned ep) {
    const struct rk_usb_link *link = link_of(dev);
    if (link && state(dev)->attached) {
        link->ops->ready(link->ctx, dev, ep);
    }
}

/* RM0008 23.5.2: STAT and DTOG toggle on 1, CTR clears on 0, SETUP is read-only, the rest plain. */
static void write_ep(struct rk_dev *dev, unsigned i, uint16_t value) {
    uint16_t *reg = &state(dev)->ep[i];
    unsigned kept = *reg & EP_SETUP;
    unsigned flags = *reg & value & (EP_CTR_RX | EP_CTR_TX);
    unsigned toggled = (*reg ^ value) & EP_TOGGLE;
    uint16_t was = *reg;
    *reg = (uint16_t)(kept | flags | toggled | (value & EP_PLAIN));
    rk_usb_update_lines(dev);
    if (*reg != was) {
        tell_ready(dev, *reg & EP_EA);
    }
}

static void write_cntr(struct rk_dev *dev, uint16_t value) {
    struct usb_state *s = state(dev);
    uint16_t was = s->cntr;
    s->cntr = value & CNTR_WRITABLE;
    if ((s->cntr & CNTR_FRES) && !(was & CNTR_FRES)) {
        bus_reset(dev);
    }
    if ((s->cntr ^ was) & CNTR_FSUSP) {
        s->lost = 0;
        s->seen = 0;
    }
    const struct rk_usb_link *link = link_of(dev);
    if (((s->cntr ^ was) & CNTR_RESUME) && link && s->attached) {
        link->ops->remote_wakeup(link->ctx, dev, (s->cntr & CNTR_RESUME) != 0);
    }
    plan_frames(dev);
    rk_usb_update_lines(dev);
}

static uint16_t read_fnr(const struct usb_state *s) {
    unsigned wires = s->bus == RK_USB_BUS_RESET    ? 0u
                     : s->bus == RK_USB_BUS_RESUME ? FNR_RXDM
                                                   : FNR_RXDP;
    unsigned lock = s->seen >= 2 ? FNR_LCK : 0u;
    return (uint16_t)((s->attached ? wires : 0u) | lock | (unsigned)s->lost << 11 | s->frame);
}

static uint32_t usb_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    (void)size;
    const struct usb_state *s = state(dev);
    if (off >= PMA_OFF) {
        return s->pma[(off - PMA_OFF) / 4u];
    }
    if (off < 4u * EP_COUNT) {
        return s->ep[off / 4u];
    }
    switch (off) {
    case REG_CNTR: return s->cntr;
    case REG_ISTR: return read_istr(s);
    case REG_FNR: return read_fnr(s);
    case REG_DADDR: return s->daddr;
    case REG_BTABLE: return s->btable;
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void usb_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    (void)size;
    struct usb_state *s = state(dev);
    if (off >= PMA_OFF) {
        s->pma[(off - PMA_OFF) / 4u] = (uint16_t)value;
        return;
    }
    if (off < 4u * EP_COUNT) {
        write_ep(dev, off / 4u, (uint16_t)value);
        return;
    }
    switch (off) {
    case REG_CNTR: write_cntr(dev, (uint16_t)value); break;
    case REG_ISTR:
        s->events &= (uint16_t)(value | ~(uint32_t)EVT_CLEARABLE);
        rk_usb_update_lines(dev);
        break;
    case REG_DADDR: s->daddr = value & 0xFFu; break;
    case REG_BTABLE: s->btable = value & 0xFFF8u; break;
    case REG_FNR: rk_guest_error(dev, "write to the read-only FNR"); break;
    default: rk_guest_error(dev, "write to reserved +%03x", (unsigned)off); break;
    }
}

/* Nothing that firmware reads here changes but by its own writes and the two timers. */
static enum rk_read_kind usb_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    (void)off;
    return RK_READ_STABLE;
}

static uint32_t usb_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    const struct rk_usb_config *config = dev->config;
    if (line == RK_USB_IN_PULLUP) {
        set_attached(dev, (value == 0) == config->pullup_active_low);
    }
    return 0;
}

/* The pull-up is not the peripheral's: only its line moves it. The packet memory keeps its bytes.
 * RM0008 23.5.4: CNTR resets to FRES and PDWN. */
static void usb_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)kind;
    struct usb_state *s = state(dev);
    memset(s->ep, 0, sizeof s->ep);
    s->cntr = CNTR_FRES | CNTR_PDWN;
    s->events = 0;
    s->frame = 0;
    s->btable = 0;
    s->daddr = 0;
    s->lost = 0;
    s->seen = 0;
    s->wrong_clock = 0;
    rk_usb_update_lines(dev);
    plan_frames(dev);
}

/* Snapshots hold no host: who is plugged in now sees the device leave and come back. */
static void usb_restored(struct rk_dev *dev) {
    struct usb_state *s = state(dev);
    const struct rk_usb_link *link = link_of(dev);
    if (!link) {
        return;
    }
    s->bus = RK_USB_BUS_IDLE;
    link->ops->attach(link->ctx, dev, false);
    plan_frames(dev);
    if (s->attached) {
        link->ops->attach(link->ctx, dev, true);
    }
}

const struct rk_dev_ops rk_usb_ops = {
    .type = "usb",
    .state_size = sizeof(struct usb_state),
    .timer_count = TIMER_COUNT,
    .out_count = RK_USB_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = usb_reset,
    .read = usb_read,
    .write = usb_write,
    .input = usb_input,
    .timer = usb_timer,
    .read_kind = usb_read_kind,
    .restored = usb_restored,
};
