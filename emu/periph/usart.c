/* USART: RM0008 27.3 (asynchronous mode), 27.6 (registers). Whole frames go out and come in, each
 * when its last bit has passed; the pins' levels are not driven bit by bit. The idle frame that TE
 * sends first is left out. Not modelled (emu/MISSING.md): synchronous, LIN, IrDA, smartcard and
 * half-duplex modes, flow control, mute mode, break. Knows no pins.
 */
#include "emu/periph/usart.h"

#define USART_SR   0x00u
#define USART_DR   0x04u
#define USART_BRR  0x08u
#define USART_CR1  0x0Cu
#define USART_CR2  0x10u
#define USART_CR3  0x14u
#define USART_GTPR 0x18u

#define SR_PE     (1u << 0)
#define SR_FE     (1u << 1)
#define SR_NE     (1u << 2)
#define SR_ORE    (1u << 3)
#define SR_IDLE   (1u << 4)
#define SR_RXNE   (1u << 5)
#define SR_TC     (1u << 6)
#define SR_TXE    (1u << 7)
#define SR_BY_DR  (SR_PE | SR_FE | SR_NE | SR_ORE | SR_IDLE) /* cleared by reading SR, then DR */
#define SR_RC_W0  (SR_RXNE | SR_TC | 0x300u)
#define SR_ERRORS (SR_FE | SR_NE | SR_ORE)

#define CR1_SBK    (1u << 0)
#define CR1_RWU    (1u << 1)
#define CR1_RE     (1u << 2)
#define CR1_TE     (1u << 3)
#define CR1_IDLEIE (1u << 4)
#define CR1_RXNEIE (1u << 5)
#define CR1_TCIE   (1u << 6)
#define CR1_TXEIE  (1u << 7)
#define CR1_PEIE   (1u << 8)
#define CR1_PS     (1u << 9)
#define CR1_PCE    (1u << 10)
#define CR1_M      (1u << 12)
#define CR1_UE     (1u << 13)
#define CR1_BITS   0x3FFFu

#define CR2_STOP       12
#define CR2_UNMODELLED 0x4800u /* LINEN, CLKEN */
#define CR2_BITS       0x7F7Fu

#define CR3_EIE        (1u << 0)
#define CR3_DMAR       (1u << 6)
#define CR3_DMAT       (1u << 7)
#define CR3_UNMODELLED 0x032Au /* IREN, HDSEL, SCEN, RTSE, CTSE */
#define CR3_BITS       0x7FFu

enum { TIMER_TX, TIMER_IDLE };

struct usart_state {
    uint16_t sr, brr, cr1, cr2, cr3, gtpr;
    uint16_t tx, rx, shift;
    uint16_t seen; /* flags of the last read of SR: half of clearing them */
    uint8_t shifting;
    uint8_t irq_sent, rx_sent, tx_sent;
    uint32_t left; /* ticks of the frame under way at `from`; as in spi.c */
    uint32_t cycles_per_tick;
    uint64_t from;
};

/* --- lines --- */

static bool tell(struct rk_dev *dev, unsigned line, uint8_t *sent, bool level) {
    if (*sent == level) {
        return false;
    }
    *sent = level;
    rk_line_out(dev, line, level);
    return true;
}

/* RM0008 table 197. */
static bool wants_interrupt(const struct usart_state *s) {
    return (s->cr1 & CR1_TXEIE && s->sr & SR_TXE) || (s->cr1 & CR1_TCIE && s->sr & SR_TC) ||
           (s->cr1 & CR1_RXNEIE && s->sr & (SR_RXNE | SR_ORE)) ||
           (s->cr1 & CR1_IDLEIE && s->sr & SR_IDLE) || (s->cr1 & CR1_PEIE && s->sr & SR_PE) ||
           (s->cr3 & CR3_EIE && s->cr3 & CR3_DMAR && s->sr & SR_ERRORS);
}

static void update_lines(struct rk_dev *dev) {
    struct usart_state *s = dev->state;
    bool again;
    do {
        again = tell(dev, RK_USART_OUT_DMA_RX, &s->rx_sent, s->cr3 & CR3_DMAR && s->sr & SR_RXNE);
        again |= tell(dev, RK_USART_OUT_DMA_TX, &s->tx_sent,
                      s->cr1 & CR1_UE && s->cr3 & CR3_DMAT && s->sr & SR_TXE);
        again |= tell(dev, RK_USART_OUT_IRQ, &s->irq_sent, wants_interrupt(s));
    } while (again);
}

/* --- frames --- */

static uint16_t frame_mask(const struct usart_state *s) {
    return s->cr1 & CR1_M ? 0x1FFu : 0xFFu;
}

/* BRR is the bit time in ticks of PCLK (RM0008 27.3.4); start bit, 8 or 9 bits, stop bits. */
static uint32_t frame_ticks(const struct usart_state *s) {
    static const uint8_t stop_halves[] = {2, 1, 4, 3};
    uint32_t halves = (s->cr1 & CR1_M ? 20u : 18u) + stop_halves[s->cr2 >> CR2_STOP & 3u];
    return (halves * s->brr + 1) / 2;
}

/* The frame with its most significant bit replaced by the parity (RM0008 27.3.7). */
static uint16_t with_parity(const struct usart_state *s, uint16_t frame) {
    if (!(s->cr1 & CR1_PCE)) {
        return frame;
    }
    uint16_t top = s->cr1 & CR1_M ? 0x100u : 0x80u;
    uint16_t data = frame & (uint16_t)(top - 1u);
    bool odd = __builtin_parity(data);
    return odd != ((s->cr1 & CR1_PS) != 0) ? data | top : data;
}

static void plan(struct rk_dev *dev) {
    struct usart_state *s = dev->state;
    s->from = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    if (s->cycles_per_tick) {
        rk_timer_set(dev, TIMER_TX, s->from + (uint64_t)s->left * s->cycles_per_tick);
    } else {
        rk_timer_stop(dev, TIMER_TX);
    }
}

static void start_frame(struct rk_dev *dev) {
    struct usart_state *s = dev->state;
    if (s->shifting || s->sr & SR_TXE || (s->cr1 & (CR1_UE | CR1_TE)) != (CR1_UE | CR1_TE)) {
        return;
    }
    if (s->brr < 16) {
        rk_guest_error(dev, "transmits with BRR %u", s->brr);
        return;
    }
    s->shift = with_parity(s, s->tx);
    s->sr |= SR_TXE;
    s->shifting = 1;
    s->left = frame_ticks(s);
    plan(dev);
}

static void frame_done(struct rk_dev *dev) {
    struct usart_state *s = dev->state;
    s->shifting = 0;
    rk_line_out(dev, RK_USART_OUT_TX, s->shift);
    start_frame(dev);
    if (!s->shifting) {
        s->sr |= SR_TC;
    }
    update_lines(dev);
}

static void receive(struct rk_dev *dev, uint16_t frame) {
    struct usart_state *s = dev->state;
    if ((s->cr1 & (CR1_UE | CR1_RE)) != (CR1_UE | CR1_RE)) {
        return;
    }
    frame &= frame_mask(s);
    if (s->sr & SR_RXNE) {
        s->sr |= SR_ORE; /* what was received first stays (RM0008 27.3.3) */
    } else {
        s->rx = frame;
        s->sr |= SR_RXNE;
        if (with_parity(s, frame) != frame) {
            s->sr |= SR_PE;
        }
    }
    /* The line is idle when a frame's time passes without another. */
    if (rk_dev_clock_hz(dev)) {
        uint64_t cycles = (uint64_t)frame_ticks(s) * rk_dev_cycles_per_tick(dev);
        rk_timer_set(dev, TIMER_IDLE, rk_now(dev) + cycles);
    }
    update_lines(dev);
}

static void usart_timer(struct rk_dev *dev, unsigned timer) {
    struct usart_state *s = dev->state;
    if (timer == TIMER_TX) {
        frame_done(dev);
    } else {
        s->sr |= SR_IDLE;
        update_lines(dev);
    }
}

static void usart_clock(struct rk_dev *dev) {
    struct usart_state *s = dev->state;
    if (!s->shifting) {
        return;
    }
    if (s->cycles_per_tick) {
        uint64_t gone = (rk_now(dev) - s->from) / s->cycles_per_tick;
        s->left -= (uint32_t)RK_MIN(gone, s->left);
    }
    plan(dev);
}

static uint32_t usart_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    if (line == RK_USART_IN_RX) {
        receive(dev, (uint16_t)value);
    }
    return 0;
}

/* --- registers --- */

static uint32_t read_dr(struct rk_dev *dev) {
    struct usart_state *s = dev->state;
    uint32_t value = s->rx;
    s->sr &= (uint16_t) ~(SR_RXNE | (s->seen & SR_BY_DR));
    s->seen = 0;
    update_lines(dev);
    return value;
}

static uint32_t usart_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    struct usart_state *s = dev->state;
    switch (off) {
    case USART_SR: s->seen = s->sr & (SR_BY_DR | SR_TC); return s->sr;
    case USART_DR: return read_dr(dev);
    case USART_BRR: return s->brr;
    case USART_CR1: return s->cr1;
    case USART_CR2: return s->cr2;
    case USART_CR3: return s->cr3;
    case USART_GTPR: return s->gtpr;
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void write_dr(struct rk_dev *dev, uint32_t value) {
    struct usart_state *s = dev->state;
    if (!(s->sr & SR_TXE)) {
        rk_guest_error(dev, "DR written while TXE is 0: frame %03x lost", s->tx);
    }
    s->tx = (uint16_t)(value & frame_mask(s));
    s->sr &= (uint16_t) ~(SR_TXE | (s->seen & SR_TC));
    s->seen &= (uint16_t)~SR_TC;
    start_frame(dev);
    update_lines(dev);
}

static void write_cr1(struct rk_dev *dev, uint32_t value) {
    struct usart_state *s = dev->state;
    s->cr1 = (uint16_t)(value & CR1_BITS & ~CR1_SBK);
    if (value & (CR1_RWU | CR1_SBK)) {
        rk_unmodelled(dev, USART_CR1, true, value);
    }
    if (!(value & CR1_UE)) { /* stops prescalers and outputs at once */
        s->shifting = 0;
        rk_timer_stop(dev, TIMER_TX);
        rk_timer_stop(dev, TIMER_IDLE);
    }
    start_frame(dev);
    update_lines(dev);
}

static void usart_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct usart_state *s = dev->state;
    switch (off) {
    case USART_SR: s->sr &= (uint16_t)(value | ~SR_RC_W0); break;
    case USART_DR: write_dr(dev, value); return;
    case USART_BRR: s->brr = (uint16_t)value; break;
    case USART_CR1: write_cr1(dev, value); return;
    case USART_CR2:
        s->cr2 = (uint16_t)(value & CR2_BITS);
        if (value & CR2_UNMODELLED) {
            rk_unmodelled(dev, off, true, value);
        }
        break;
    case USART_CR3:
        s->cr3 = (uint16_t)(value & CR3_BITS);
        if (value & CR3_UNMODELLED) {
            rk_unmodelled(dev, off, true, value);
        }
        break;
    case USART_GTPR: s->gtpr = (uint16_t)value; break;
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); return;
    }
    update_lines(dev);
}

/* Reading SR again and again leaves the same note of what was seen. */
static enum rk_read_kind usart_read_kind(const struct rk_dev *dev, uint32_t off) {
    return off <= USART_GTPR && off != USART_DR ? RK_READ_STABLE : RK_READ_EFFECT;
}

static void usart_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct usart_state *s = dev->state;
    uint8_t irq = s->irq_sent, rx = s->rx_sent, tx = s->tx_sent;
    *s = (struct usart_state){.sr = SR_TXE | SR_TC, .irq_sent = irq, .rx_sent = rx, .tx_sent = tx};
    rk_timer_stop(dev, TIMER_TX);
    rk_timer_stop(dev, TIMER_IDLE);
    update_lines(dev);
}

const struct rk_dev_ops rk_usart_ops = {.type = "usart",
                                        .state_size = sizeof(struct usart_state),
                                        .timer_count = 2,
                                        .out_count = RK_USART_OUT_COUNT,
                                        .width = RK_BUS_APB,
                                        .reset = usart_reset,
                                        .read = usart_read,
                                        .write = usart_write,
                                        .input = usart_input,
                                        .timer = usart_timer,
                                        .clock = usart_clock,
                                        .read_kind = usart_read_kind};
