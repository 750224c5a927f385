/* SPI: RM0008 25.3 (SPI function), 25.5 (registers), as a master. A frame takes its bits at the
 * baud rate of PCLK / 2^(BR+1); what comes back is asked on the exchange line when the last bit has
 * gone. TXE, RXNE and the DMA requests are levels. Slave mode, hardware NSS, CRC and I2S are not
 * modelled (emu/MISSING.md). Knows no slave and no chip select.
 */
#include "emu/periph/spi.h"

#define SPI_CR1     0x00u
#define SPI_CR2     0x04u
#define SPI_SR      0x08u
#define SPI_DR      0x0Cu
#define SPI_CRCPR   0x10u
#define SPI_RXCRCR  0x14u
#define SPI_TXCRCR  0x18u
#define SPI_I2SCFGR 0x1Cu
#define SPI_I2SPR   0x20u

#define CR1_MSTR     (1u << 2)
#define CR1_BR_SHIFT 3
#define CR1_SPE      (1u << 6)
#define CR1_LSBFIRST (1u << 7)
#define CR1_SSI      (1u << 8)
#define CR1_SSM      (1u << 9)
#define CR1_RXONLY   (1u << 10)
#define CR1_DFF      (1u << 11)
#define CR1_CRCEN    (1u << 13)
#define CR1_BIDIOE   (1u << 14)
#define CR1_BIDIMODE (1u << 15)

#define CR2_RXDMAEN (1u << 0)
#define CR2_TXDMAEN (1u << 1)
#define CR2_ERRIE   (1u << 5)
#define CR2_RXNEIE  (1u << 6)
#define CR2_TXEIE   (1u << 7)
#define CR2_BITS    0xE7u

#define SR_RXNE   (1u << 0)
#define SR_TXE    (1u << 1)
#define SR_CRCERR (1u << 4)
#define SR_MODF   (1u << 5)
#define SR_OVR    (1u << 6)
#define SR_BSY    (1u << 7)
#define SR_ERRORS (SR_MODF | SR_OVR | SR_CRCERR)

#define I2SCFGR_I2SMOD (1u << 11)

#define XFER_MODE_SHIFT 16
#define XFER_16BIT      (1u << 18)

enum { TIMER_FRAME };

struct spi_state {
    uint16_t cr1, cr2, sr, crcpr, i2scfgr, i2spr;
    uint16_t tx, rx, shift;
    uint8_t shifting;
    uint8_t ovr_dr_read; /* first half of clearing OVR: DR read, then SR */
    uint8_t modf_sr_read;
    uint8_t irq_sent, rx_sent, tx_sent;
    /* The frame under way: left ticks of PCLK at `from`, cycles per tick then (0: clock stands). */
    uint32_t left;
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

/* The DMA controller reads and writes DR from inside these calls, so each look is a new one. */
static void update_lines(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    bool again;
    do {
        again = tell(dev, RK_SPI_OUT_DMA_RX, &s->rx_sent, s->cr2 & CR2_RXDMAEN && s->sr & SR_RXNE);
        again |= tell(dev, RK_SPI_OUT_DMA_TX, &s->tx_sent, s->cr2 & CR2_TXDMAEN && s->sr & SR_TXE);
        again |= tell(dev, RK_SPI_OUT_IRQ, &s->irq_sent,
                      (s->cr2 & CR2_TXEIE && s->sr & SR_TXE) ||
                          (s->cr2 & CR2_RXNEIE && s->sr & SR_RXNE) ||
                          (s->cr2 & CR2_ERRIE && s->sr & SR_ERRORS));
    } while (again);
}

/* --- frames --- */

static uint16_t frame_mask(const struct spi_state *s) {
    return s->cr1 & CR1_DFF ? 0xFFFFu : 0xFFu;
}

/* The line carries frames most significant bit first; LSBFIRST mirrors them. */
static uint16_t to_wire(const struct spi_state *s, uint16_t frame) {
    if (!(s->cr1 & CR1_LSBFIRST)) {
        return frame;
    }
    unsigned bits = s->cr1 & CR1_DFF ? 16 : 8;
    uint16_t out = 0;
    for (unsigned i = 0; i < bits; i++) {
        out |= (uint16_t)((frame >> i & 1u) << (bits - 1 - i));
    }
    return out;
}

/* A master that only receives clocks without end while it is enabled (RM0008 25.3.5). */
static bool receives_only(const struct spi_state *s) {
    return s->cr1 & CR1_BIDIMODE ? !(s->cr1 & CR1_BIDIOE) : s->cr1 & CR1_RXONLY;
}

static void plan(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    s->from = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    if (s->cycles_per_tick) {
        rk_timer_set(dev, TIMER_FRAME, s->from + (uint64_t)s->left * s->cycles_per_tick);
    } else {
        rk_timer_stop(dev, TIMER_FRAME);
    }
}

static void start_frame(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    if (s->shifting || (s->cr1 & (CR1_SPE | CR1_MSTR)) != (CR1_SPE | CR1_MSTR)) {
        return;
    }
    if (!(s->sr & SR_TXE) && !receives_only(s)) {
        s->shift = s->tx;
        s->sr |= SR_TXE;
    } else if (receives_only(s)) {
        s->shift = frame_mask(s);
    } else {
        return;
    }
    s->shifting = 1;
    s->sr |= SR_BSY;
    s->left = (s->cr1 & CR1_DFF ? 16u : 8u) * (2u << (s->cr1 >> CR1_BR_SHIFT & 7u));
    plan(dev);
}

static void frame_done(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    uint32_t value = to_wire(s, s->shift) | (s->cr1 & 3u) << XFER_MODE_SHIFT;
    uint32_t answer =
        rk_line_out(dev, RK_SPI_OUT_XFER, value | (s->cr1 & CR1_DFF ? XFER_16BIT : 0));
    s->shifting = 0;
    s->sr &= (uint16_t)~SR_BSY;
    bool transmits_only = (s->cr1 & (CR1_BIDIMODE | CR1_BIDIOE)) == (CR1_BIDIMODE | CR1_BIDIOE);
    if (!transmits_only) {
        if (s->sr & SR_RXNE) {
            s->sr |= SR_OVR; /* the new frame is lost (RM0008 25.3.10) */
            s->ovr_dr_read = 0;
        } else {
            s->rx = to_wire(s, (uint16_t)(answer & frame_mask(s)));
            s->sr |= SR_RXNE;
        }
    }
    start_frame(dev);
    update_lines(dev);
}

static void spi_timer(struct rk_dev *dev, unsigned timer) {
    frame_done(dev);
}

static void spi_clock(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    if (!s->shifting) {
        return;
    }
    if (s->cycles_per_tick) {
        uint64_t gone = (rk_now(dev) - s->from) / s->cycles_per_tick;
        s->left -= (uint32_t)RK_MIN(gone, s->left);
    }
    plan(dev);
}

/* --- registers --- */

static uint32_t read_dr(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    uint32_t value = s->rx;
    s->ovr_dr_read = (s->sr & SR_OVR) != 0;
    s->sr &= (uint16_t)~SR_RXNE;
    update_lines(dev);
    return value;
}

static uint32_t read_sr(struct rk_dev *dev) {
    struct spi_state *s = dev->state;
    uint32_t value = s->sr;
    s->modf_sr_read = (value & SR_MODF) != 0;
    if (s->ovr_dr_read) {
        s->ovr_dr_read = 0;
        s->sr &= (uint16_t)~SR_OVR;
        update_lines(dev);
    }
    return value;
}

static uint32_t spi_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    struct spi_state *s = dev->state;
    switch (off) {
    case SPI_CR1: return s->cr1;
    case SPI_CR2: return s->cr2;
    case SPI_SR: return read_sr(dev);
    case SPI_DR: return read_dr(dev);
    case SPI_CRCPR: return s->crcpr;
    case SPI_RXCRCR:
    case SPI_TXCRCR: rk_unmodelled(dev, off, false, 0); return 0;
    case SPI_I2SCFGR: return s->i2scfgr;
    case SPI_I2SPR: return s->i2spr;
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void write_dr(struct rk_dev *dev, uint32_t value) {
    struct spi_state *s = dev->state;
    if (!(s->sr & SR_TXE)) {
        rk_guest_error(dev, "DR written while TXE is 0: frame %04x lost", s->tx);
    }
    s->tx = (uint16_t)(value & frame_mask(s));
    s->sr &= (uint16_t)~SR_TXE;
    start_frame(dev);
    update_lines(dev);
}

/* What SPE switches on that is not there. */
static void check_enabled(struct rk_dev *dev, uint32_t value) {
    if (!(value & CR1_MSTR) || value & CR1_CRCEN || !(value & CR1_SSM)) {
        rk_unmodelled(dev, SPI_CR1, true, value); /* slave, CRC, or NSS by hardware */
    }
}

static void write_cr1(struct rk_dev *dev, uint32_t value) {
    struct spi_state *s = dev->state;
    bool was_enabled = s->cr1 & CR1_SPE;
    s->cr1 = (uint16_t)value;
    if (s->modf_sr_read) { /* SR read, then CR1 written (RM0008 25.3.10) */
        s->modf_sr_read = 0;
        s->sr &= (uint16_t)~SR_MODF;
    }
    if ((value & (CR1_MSTR | CR1_SSM | CR1_SSI)) == (CR1_MSTR | CR1_SSM)) {
        s->sr |= SR_MODF; /* NSS low at a master */
        s->cr1 &= (uint16_t) ~(CR1_SPE | CR1_MSTR);
    }
    if (s->cr1 & CR1_SPE && !was_enabled) {
        check_enabled(dev, s->cr1);
    }
    if (!(s->cr1 & CR1_SPE) && s->shifting) {
        rk_guest_error(dev, "switched off in the middle of a frame");
        s->shifting = 0;
        s->sr &= (uint16_t)~SR_BSY;
        rk_timer_stop(dev, TIMER_FRAME);
    }
    start_frame(dev);
    update_lines(dev);
}

static void spi_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct spi_state *s = dev->state;
    switch (off) {
    case SPI_CR1: write_cr1(dev, value & 0xFFFFu); break;
    case SPI_CR2:
        s->cr2 = (uint16_t)(value & CR2_BITS);
        update_lines(dev);
        break;
    case SPI_SR:
        s->sr &= (uint16_t)(value | ~SR_CRCERR); /* rc_w0; the rest is read-only */
        update_lines(dev);
        break;
    case SPI_DR: write_dr(dev, value); break;
    case SPI_CRCPR: s->crcpr = (uint16_t)value; break;
    case SPI_I2SCFGR:
        s->i2scfgr = (uint16_t)(value & 0xFBFu);
        if (value & I2SCFGR_I2SMOD) {
            rk_unmodelled(dev, off, true, value);
        }
        break;
    case SPI_I2SPR: s->i2spr = (uint16_t)(value & 0x3FFu); break;
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); break;
    }
}

static enum rk_read_kind spi_read_kind(const struct rk_dev *dev, uint32_t off) {
    const struct spi_state *s = dev->state;
    switch (off) {
    case SPI_DR: return RK_READ_EFFECT;
    case SPI_SR: return s->sr & SR_ERRORS ? RK_READ_EFFECT : RK_READ_STABLE;
    default: return off <= SPI_I2SPR ? RK_READ_STABLE : RK_READ_EFFECT;
    }
}

static void spi_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct spi_state *s = dev->state;
    uint8_t irq = s->irq_sent, rx = s->rx_sent, tx = s->tx_sent;
    *s = (struct spi_state){
        .sr = SR_TXE, .crcpr = 7, .i2spr = 2, .irq_sent = irq, .rx_sent = rx, .tx_sent = tx};
    rk_timer_stop(dev, TIMER_FRAME);
    update_lines(dev);
}

const struct rk_dev_ops rk_spi_ops = {.type = "spi",
                                      .state_size = sizeof(struct spi_state),
                                      .timer_count = 1,
                                      .out_count = RK_SPI_OUT_COUNT,
                                      .width = RK_BUS_APB,
                                      .reset = spi_reset,
                                      .read = spi_read,
                                      .write = spi_write,
                                      .timer = spi_timer,
                                      .clock = spi_clock,
                                      .read_kind = spi_read_kind};
