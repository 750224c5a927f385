/* I2C: RM0008 26.3 (master sequences, figures 273-275), 26.6 (registers). A byte with its
 * acknowledge takes nine bit times of CCR; the bus is asked when they have passed. Where the
 * manual's master waits for software it stretches the clock. Not modelled (emu/MISSING.md): slave
 * mode, 10-bit addresses, SMBus, PEC, arbitration. Knows no part on the bus: nobody means NACK.
 */
#include "emu/periph/i2c.h"

#include <string.h>

#define I2C_CR1   0x00u
#define I2C_CR2   0x04u
#define I2C_OAR1  0x08u
#define I2C_OAR2  0x0Cu
#define I2C_DR    0x10u
#define I2C_SR1   0x14u
#define I2C_SR2   0x18u
#define I2C_CCR   0x1Cu
#define I2C_TRISE 0x20u

#define CR1_PE         (1u << 0)
#define CR1_START      (1u << 8)
#define CR1_STOP       (1u << 9)
#define CR1_ACK        (1u << 10)
#define CR1_POS        (1u << 11)
#define CR1_SWRST      (1u << 15)
#define CR1_UNMODELLED 0x303Au /* SMBus, SMBTYPE, ENARP, ENPEC, PEC, ALERT */
#define CR1_BITS       0xBFFBu

#define CR2_ITERREN (1u << 8)
#define CR2_ITEVTEN (1u << 9)
#define CR2_ITBUFEN (1u << 10)
#define CR2_DMAEN   (1u << 11)
#define CR2_LAST    (1u << 12)
#define CR2_BITS    0x1F3Fu

#define SR1_SB     (1u << 0)
#define SR1_ADDR   (1u << 1)
#define SR1_BTF    (1u << 2)
#define SR1_RXNE   (1u << 6)
#define SR1_TXE    (1u << 7)
#define SR1_AF     (1u << 10)
#define SR1_EVENTS 0x1Fu
#define SR1_ERRORS 0xDF00u /* also what writing 0 clears */

#define SR2_MSL  (1u << 0)
#define SR2_BUSY (1u << 1)
#define SR2_TRA  (1u << 2)

#define CCR_FAST (1u << 15)
#define CCR_DUTY (1u << 14)

#define DMA_ONE_LEFT 2u /* RK_DMA_ONE_LEFT */

enum { TIMER_BUS };

enum phase {
    PHASE_IDLE,
    PHASE_START,    /* the start condition is on its way */
    PHASE_SB,       /* waits for the address in DR */
    PHASE_ADDRESS,  /* sends it */
    PHASE_ANSWERED, /* ADDR waits to be cleared, or AF was set */
    PHASE_TX,
    PHASE_RX,
    PHASE_STOP, /* the stop condition is on its way */
};

struct i2c_state {
    uint16_t cr1, cr2, oar1, oar2, sr1, sr2, ccr, trise;
    uint8_t phase;
    uint8_t dr, shift;
    uint8_t shifting;
    uint8_t tx_full;    /* DR waits for the shift register */
    uint8_t shift_full; /* a received byte waits for DR: BTF */
    uint8_t stopped;    /* a NACK went out or came in: no more bytes */
    uint8_t received;   /* bytes since the address, up to 2: POS acts from the second */
    uint8_t nack_next;  /* DMA's end of transfer with LAST */
    uint8_t addr_seen;  /* SR1 was read while ADDR: half of clearing it */
    uint8_t ev_sent, er_sent, rx_sent, tx_sent;
    uint32_t left; /* ticks at `from`; as in spi.c */
    uint32_t cycles_per_tick;
    uint64_t from;
};

/* --- lines --- */

static bool tell(struct rk_dev *dev, unsigned line, uint8_t *sent, bool level) {
    struct i2c_state *s = dev->state;
    if (*sent == level) {
        return false;
    }
    *sent = level;
    uint32_t answer = rk_line_out(dev, line, level);
    if (line == RK_I2C_OUT_DMA_RX && answer & DMA_ONE_LEFT && s->cr2 & CR2_LAST) {
        s->nack_next = 1;
    }
    return true;
}

static void update_lines(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    bool again;
    do {
        bool dma = s->cr2 & CR2_DMAEN, buf = s->cr2 & CR2_ITBUFEN && !dma;
        bool event = s->sr1 & SR1_EVENTS || (buf && s->sr1 & (SR1_TXE | SR1_RXNE));
        again = tell(dev, RK_I2C_OUT_DMA_RX, &s->rx_sent, dma && s->sr1 & SR1_RXNE);
        again |= tell(dev, RK_I2C_OUT_DMA_TX, &s->tx_sent, dma && s->sr1 & SR1_TXE);
        again |= tell(dev, RK_I2C_OUT_IRQ_EV, &s->ev_sent, s->cr2 & CR2_ITEVTEN && event);
        again |=
            tell(dev, RK_I2C_OUT_IRQ_ER, &s->er_sent, s->cr2 & CR2_ITERREN && s->sr1 & SR1_ERRORS);
    } while (again);
}

static uint32_t bus(struct rk_dev *dev, unsigned kind, unsigned byte) {
    return rk_line_out(dev, RK_I2C_OUT_BUS, kind << 8 | byte);
}

/* --- time --- */

static void plan(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    s->from = rk_now(dev);
    s->cycles_per_tick = rk_dev_clock_hz(dev) ? rk_dev_cycles_per_tick(dev) : 0;
    if (s->cycles_per_tick) {
        rk_timer_set(dev, TIMER_BUS, s->from + (uint64_t)s->left * s->cycles_per_tick);
    } else {
        rk_timer_stop(dev, TIMER_BUS);
    }
}

/* RM0008 26.6.8: high and low time in units of CCR. */
static void wait_bits(struct rk_dev *dev, unsigned bits) {
    struct i2c_state *s = dev->state;
    uint32_t ccr = s->ccr & 0xFFFu;
    uint32_t units = !(s->ccr & CCR_FAST) ? 2 : s->ccr & CCR_DUTY ? 25 : 3;
    if (ccr == 0) {
        rk_guest_error(dev, "clocks with CCR 0");
        ccr = 1;
    }
    s->left = bits * units * ccr;
    s->shifting = 1;
    plan(dev);
}

/* --- the master's sequence --- */

static void do_stop(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    bus(dev, RK_I2C_BUS_STOP, 0);
    s->cr1 &= (uint16_t)~CR1_STOP;
    s->sr1 &= (uint16_t) ~(SR1_SB | SR1_TXE | SR1_BTF);
    s->sr2 &= (uint16_t) ~(SR2_MSL | SR2_BUSY | SR2_TRA);
    s->phase = PHASE_IDLE;
    s->tx_full = 0;
}

static void next_byte(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    if (s->phase == PHASE_TX && s->tx_full) {
        s->shift = s->dr;
        s->tx_full = 0;
        s->sr1 |= SR1_TXE;
        s->sr1 &= (uint16_t)~SR1_BTF;
        wait_bits(dev, 9);
    } else if (s->phase == PHASE_RX && !s->shift_full) {
        wait_bits(dev, 9);
    }
}

/* Between bytes: what software asked for comes first. */
static void step(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    bool unanswered = s->phase == PHASE_ANSWERED && s->sr1 & SR1_ADDR;
    if (s->shifting || unanswered || !(s->cr1 & CR1_PE)) {
        return;
    }
    bool sending = s->phase == PHASE_TX && s->tx_full && !s->stopped;
    if (s->cr1 & CR1_STOP && s->phase != PHASE_IDLE && !sending) {
        s->phase =
            PHASE_STOP; /* MSL and BUSY stay until it is through: the HAL needs both with RXNE */
        wait_bits(dev, 1);
        return;
    }
    if (s->cr1 & CR1_START && s->phase != PHASE_SB && !sending) {
        s->phase = PHASE_START;
        s->sr1 &= (uint16_t) ~(SR1_TXE | SR1_BTF);
        s->sr2 |= SR2_BUSY;
        wait_bits(dev, 1);
        return;
    }
    if (!s->stopped) {
        next_byte(dev);
    }
}

static void address_done(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    s->phase = PHASE_ANSWERED;
    s->tx_full = s->shift_full = s->stopped = s->received = s->nack_next = s->addr_seen = 0;
    if ((s->shift & 0xF8u) == 0xF0u) {
        rk_unmodelled(dev, I2C_DR, true, s->shift); /* header of a 10-bit address */
    }
    if (bus(dev, RK_I2C_BUS_START, s->shift)) {
        s->sr1 |= SR1_ADDR;
        if (!(s->shift & 1u)) { /* TXE comes with it: StdPeriph waits for ADDR, TXE, TRA in one */
            s->sr1 |= SR1_TXE;
            s->sr2 |= SR2_TRA;
        }
    } else {
        s->sr1 |= SR1_AF;
        s->stopped = 1;
    }
}

static void sent(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    if (!bus(dev, RK_I2C_BUS_WRITE, s->shift)) {
        s->sr1 |= SR1_AF;
        s->stopped = 1;
    } else if (!s->tx_full) {
        s->sr1 |= SR1_BTF;
    }
}

/* POS: the ACK bit speaks of the byte after this one (RM0008 26.6.1). */
static bool acknowledges(const struct i2c_state *s) {
    if (s->nack_next) {
        return false;
    }
    return (s->cr1 & CR1_POS && s->received == 0) || s->cr1 & CR1_ACK;
}

static void received(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    bool ack = acknowledges(s);
    uint8_t byte = (uint8_t)bus(dev, RK_I2C_BUS_READ, ack);
    s->stopped = !ack;
    s->nack_next = 0;
    s->received += s->received < 2;
    if (s->sr1 & SR1_RXNE) {
        s->shift = byte;
        s->shift_full = 1;
        s->sr1 |= SR1_BTF;
    } else {
        s->dr = byte;
        s->sr1 |= SR1_RXNE;
    }
}

static void i2c_timer(struct rk_dev *dev, unsigned timer) {
    struct i2c_state *s = dev->state;
    s->shifting = 0;
    switch ((enum phase)s->phase) {
    case PHASE_START:
        s->phase = PHASE_SB;
        s->cr1 &= (uint16_t)~CR1_START;
        s->sr1 |= SR1_SB;
        s->sr2 = SR2_MSL | SR2_BUSY; /* TRA goes with a repeated start (RM0008 26.6.7) */
        break;
    case PHASE_ADDRESS: address_done(dev); break;
    case PHASE_TX: sent(dev); break;
    case PHASE_RX: received(dev); break;
    case PHASE_STOP: do_stop(dev); break;
    default: break;
    }
    update_lines(dev); /* DMA may take or give a byte before the next step */
    if (s->phase != PHASE_SB) {
        step(dev);
    }
    update_lines(dev);
}

static void i2c_clock(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
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
    struct i2c_state *s = dev->state;
    uint32_t value = s->dr;
    s->sr1 &= (uint16_t) ~(SR1_RXNE | SR1_BTF);
    if (s->shift_full) {
        s->dr = s->shift;
        s->shift_full = 0;
        s->sr1 |= SR1_RXNE;
    }
    if (s->phase == PHASE_RX) {
        step(dev);
    }
    update_lines(dev);
    return value;
}

static uint32_t read_sr2(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    uint32_t value = s->sr2;
    if (s->addr_seen && s->sr1 & SR1_ADDR) {
        s->sr1 &= (uint16_t)~SR1_ADDR;
        s->addr_seen = 0;
        s->phase = s->sr2 & SR2_TRA ? PHASE_TX : PHASE_RX;
        /* A byte starts before a stop that comes now can act. */
        next_byte(dev);
        step(dev);
        update_lines(dev);
    }
    return value;
}

static uint32_t i2c_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    struct i2c_state *s = dev->state;
    switch (off) {
    case I2C_CR1: return s->cr1;
    case I2C_CR2: return s->cr2;
    case I2C_OAR1: return s->oar1;
    case I2C_OAR2: return s->oar2;
    case I2C_DR: return read_dr(dev);
    case I2C_SR1: s->addr_seen = (s->sr1 & SR1_ADDR) != 0; return s->sr1;
    case I2C_SR2: return read_sr2(dev);
    case I2C_CCR: return s->ccr;
    case I2C_TRISE: return s->trise;
    default: rk_guest_error(dev, "read of reserved +%03x", (unsigned)off); return 0;
    }
}

static void write_dr(struct rk_dev *dev, uint32_t value) {
    struct i2c_state *s = dev->state;
    if (s->phase == PHASE_SB) {
        s->sr1 &= (uint16_t)~SR1_SB;
        s->shift = (uint8_t)value;
        s->phase = PHASE_ADDRESS;
        wait_bits(dev, 9);
    } else {
        s->dr = (uint8_t)value;
        s->tx_full = 1;
        s->sr1 &= (uint16_t) ~(SR1_TXE | SR1_BTF);
        step(dev);
    }
    update_lines(dev);
}

static void switch_off(struct rk_dev *dev) {
    struct i2c_state *s = dev->state;
    s->sr1 = s->sr2 = 0;
    s->phase = PHASE_IDLE;
    s->shifting = s->tx_full = s->shift_full = s->stopped = s->addr_seen = 0;
    s->cr1 &= (uint16_t) ~(CR1_START | CR1_STOP);
    rk_timer_stop(dev, TIMER_BUS);
}

static void write_cr1(struct rk_dev *dev, uint32_t value) {
    struct i2c_state *s = dev->state;
    if (value & CR1_UNMODELLED) {
        rk_unmodelled(dev, I2C_CR1, true, value);
    }
    s->cr1 = (uint16_t)(value & CR1_BITS);
    if (value & CR1_SWRST) {
        switch_off(dev);
        s->cr2 = s->oar1 = s->oar2 = s->ccr = 0;
        s->trise = 2;
        s->cr1 = CR1_SWRST;
    } else if (!(value & CR1_PE)) {
        switch_off(dev);
    } else {
        if (s->phase == PHASE_IDLE) {
            s->cr1 &= (uint16_t)~CR1_STOP; /* nothing to stop */
        }
        step(dev);
    }
    update_lines(dev);
}

static void i2c_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct i2c_state *s = dev->state;
    switch (off) {
    case I2C_CR1: write_cr1(dev, value); return;
    case I2C_CR2: s->cr2 = (uint16_t)(value & CR2_BITS); break;
    case I2C_OAR1:
        s->oar1 = (uint16_t)(value & 0xC3FFu);
        if (value & 0xFEu) {
            rk_unmodelled(dev, off, true, value); /* an address of its own: slave mode */
        }
        break;
    case I2C_OAR2: s->oar2 = (uint16_t)(value & 0xFFu); break;
    case I2C_DR: write_dr(dev, value); return;
    case I2C_SR1: s->sr1 &= (uint16_t)(value | ~SR1_ERRORS); break;
    case I2C_CCR: s->ccr = (uint16_t)(value & 0xCFFFu); break;
    case I2C_TRISE: s->trise = (uint16_t)(value & 0x3Fu); break;
    default: rk_guest_error(dev, "write of %08x to +%03x", (unsigned)value, (unsigned)off); return;
    }
    update_lines(dev);
}

static enum rk_read_kind i2c_read_kind(const struct rk_dev *dev, uint32_t off) {
    const struct i2c_state *s = dev->state;
    switch (off) {
    case I2C_DR: return RK_READ_EFFECT;
    case I2C_SR2: return s->sr1 & SR1_ADDR ? RK_READ_EFFECT : RK_READ_STABLE;
    default: return off <= I2C_TRISE ? RK_READ_STABLE : RK_READ_EFFECT;
    }
}

static void i2c_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct i2c_state *s = dev->state;
    struct i2c_state old;
    memcpy(&old, s, sizeof old);
    memset(s, 0, sizeof *s); /* with its padding, which belongs to the machine's hash */
    s->trise = 2;
    s->ev_sent = old.ev_sent;
    s->er_sent = old.er_sent;
    s->rx_sent = old.rx_sent;
    s->tx_sent = old.tx_sent;
    rk_timer_stop(dev, TIMER_BUS);
    update_lines(dev);
}

const struct rk_dev_ops rk_i2c_ops = {.type = "i2c",
                                      .state_size = sizeof(struct i2c_state),
                                      .timer_count = 1,
                                      .out_count = RK_I2C_OUT_COUNT,
                                      .width = RK_BUS_APB,
                                      .reset = i2c_reset,
                                      .read = i2c_read,
                                      .write = i2c_write,
                                      .timer = i2c_timer,
                                      .clock = i2c_clock,
                                      .read_kind = i2c_read_kind};
