/* The CC3000's SPI link (cc3000.md 1.2-1.10): power-up, the IRQ handshake, frames in both
 * directions and their collisions. Knows bytes and pins only; what a payload means is
 * cc3000_hci.c's.
 *
 * The chip is a byte stream while CS is low, with no framing between the host's DMA runs: the first
 * MOSI byte decides the direction once per CS-low period and the rest of a read's MOSI is ignored.
 */
#include "emu/part/cc3000_int.h"

/* cc3000.md 6.2, 1.6, 1.7. */
#define BOOT_NS    (20 * CC_MS)
#define GRANT_NS   (10 * CC_US)
#define RELEASE_NS (5 * CC_US)
#define GAP_NS     (15 * CC_US) /* IRQ stays high this long between two packets */

#define OP_WRITE    0x01u
#define OP_READ     0x03u
#define HEADER_SIZE 5u

static void set_irq(struct rk_dev *dev, uint8_t level) {
    struct cc_link *l = &cc_of(dev)->link;
    if (l->irq == level) {
        return;
    }
    l->irq = level;
    if (level) {
        l->irq_high_ns = rk_now_ns(dev);
    }
    rk_line_out(dev, RK_CC3000_OUT_IRQ, level);
}

static const struct cc_packet *head(const struct rk_dev *dev) {
    const struct cc_queue *q = &cc_of(dev)->queue;
    return q->count ? &q->packets[q->head] : NULL;
}

/* Payload bytes with the pad that makes 5 + length even. */
static uint32_t padded(uint32_t len) {
    return len | 1u;
}

void rk_cc3000_link_queued(struct rk_dev *dev) {
    struct cc_link *l = &cc_of(dev)->link;
    const struct cc_packet *p = head(dev);
    if (l->phase != CC_RUN || !p || !l->cs || !l->irq || l->raising) {
        return;
    }
    const uint64_t at = RK_MAX(p->due_ns, l->irq_high_ns + GAP_NS);
    if (at <= rk_now_ns(dev)) {
        set_irq(dev, 0);
    } else {
        rk_timer_set_ns(dev, CC_TIMER_IRQ, at);
    }
}

void rk_cc3000_link_power(struct rk_dev *dev, bool on) {
    struct cc_link *l = &cc_of(dev)->link;
    l->dir = CC_DIR_NONE;
    l->pos = 0;
    l->raising = 0;
    rk_timer_stop(dev, CC_TIMER_GRANT);
    rk_timer_stop(dev, CC_TIMER_IRQ);
    rk_timer_stop(dev, CC_TIMER_BOOT);
    set_irq(dev, 1);
    l->phase = on ? CC_BOOT : CC_OFF;
    if (on) {
        rk_timer_set_ns(dev, CC_TIMER_BOOT, rk_now_ns(dev) + BOOT_NS);
    }
}

/* --- one CS-low period ------------------------------------------------------------------------ */

static void begin(struct rk_dev *dev) {
    struct cc_link *l = &cc_of(dev)->link;
    l->dir = CC_DIR_NONE;
    l->pos = 0;
    l->frame_len = 0;
    if (l->phase != CC_RUN) {
        return;
    }
    if (!l->raising) {
        rk_timer_stop(dev, CC_TIMER_IRQ); /* the next packet waits until CS is high again */
    }
    if (l->irq || l->raising) {
        rk_timer_set_ns(dev, CC_TIMER_GRANT, rk_now_ns(dev) + GRANT_NS);
    }
}

static enum cc_dir direction(struct rk_dev *dev, uint8_t mosi) {
    const struct cc_link *l = &cc_of(dev)->link;
    if (l->irq) {
        rk_guest_error(dev, "CC3000: clocked before it lowered IRQ");
        return CC_DIR_BAD;
    }
    if (mosi == OP_WRITE) {
        return CC_DIR_WRITE;
    }
    const struct cc_packet *p = head(dev);
    if (mosi == OP_READ && l->phase == CC_RUN && p && p->due_ns <= rk_now_ns(dev)) {
        return CC_DIR_READ;
    }
    rk_guest_error(dev, "CC3000: SPI opcode %02x with %s", mosi,
                   p ? "a packet waiting" : "nothing to read");
    return CC_DIR_BAD;
}

static void take_byte(struct rk_dev *dev, uint8_t mosi, uint32_t pos) {
    struct cc_link *l = &cc_of(dev)->link;
    if (pos == 1) {
        l->frame_len = (uint16_t)(mosi << 8);
    } else if (pos == 2) {
        l->frame_len |= mosi;
        if (l->frame_len == 0 || l->frame_len > CC_FRAME_MAX || (l->frame_len & 1) == 0) {
            rk_guest_error(dev, "CC3000: write of %u bytes", l->frame_len);
            l->dir = CC_DIR_BAD;
        }
    } else if (pos >= HEADER_SIZE && pos - HEADER_SIZE < l->frame_len) {
        l->frame[pos - HEADER_SIZE] = mosi;
    }
}

/* 02 00 00 LenHi LenLo, the payload, its pad, then zeros. */
static uint8_t give_byte(const struct rk_dev *dev, uint32_t pos) {
    const struct cc_packet *p = head(dev);
    if (!p || pos == 1 || pos == 2) {
        return 0;
    }
    switch (pos) {
    case 0: return 2;
    case 3: return (uint8_t)(padded(p->len) >> 8);
    case 4: return (uint8_t)padded(p->len);
    default: return pos - HEADER_SIZE < p->len ? p->bytes[pos - HEADER_SIZE] : 0;
    }
}

uint8_t rk_cc3000_link_byte(struct rk_dev *dev, uint8_t mosi) {
    struct cc_link *l = &cc_of(dev)->link;
    if (l->cs || l->phase == CC_OFF || l->phase == CC_BOOT || l->phase == CC_HUNG) {
        return 0xFF;
    }
    const uint32_t pos = l->pos++;
    if (pos == 0) {
        /* IRQ still low from the last transaction: the driver takes it for the grant (1.8). */
        if (l->raising && !l->irq) {
            l->raising = 0;
            rk_timer_stop(dev, CC_TIMER_IRQ);
            rk_timer_stop(dev, CC_TIMER_GRANT);
        }
        const uint8_t first = give_byte(dev, 0);
        l->dir = (uint8_t)direction(dev, mosi);
        return first;
    }
    if (l->dir == CC_DIR_WRITE) {
        take_byte(dev, mosi, pos);
    }
    return l->dir == CC_DIR_READ ? give_byte(dev, pos) : 0;
}

static void end_write(struct rk_dev *dev) {
    struct cc_link *l = &cc_of(dev)->link;
    if (l->pos < HEADER_SIZE || l->pos != HEADER_SIZE + l->frame_len) {
        rk_guest_error(dev, "CC3000: write of %u bytes was cut at %u", l->frame_len,
                       (unsigned)l->pos);
        return;
    }
    if (l->phase == CC_FIRST) {
        l->phase = CC_RUN;
    }
    l->write_ns = rk_now_ns(dev);
    rk_cc3000_hci_receive(dev, l->frame, l->frame_len);
}

static void end(struct rk_dev *dev) {
    struct cc_link *l = &cc_of(dev)->link;
    const enum cc_dir dir = (enum cc_dir)l->dir;
    const struct cc_packet *p = head(dev);
    l->dir = CC_DIR_NONE;
    rk_timer_stop(dev, CC_TIMER_GRANT);
    if (l->phase != CC_RUN && l->phase != CC_FIRST) {
        return;
    }
    if (dir == CC_DIR_READ && p && l->pos >= HEADER_SIZE + p->len) {
        rk_cc3000_queue_pop(dev);
    }
    if (dir == CC_DIR_WRITE) {
        end_write(dev);
    }
    if (l->phase == CC_FIRST) {
        return; /* IRQ stays low until the first write is whole */
    }
    if (!l->irq && l->phase == CC_RUN) {
        l->raising = 1;
        rk_timer_set_ns(dev, CC_TIMER_IRQ, rk_now_ns(dev) + RELEASE_NS);
    } else {
        rk_cc3000_link_queued(dev);
    }
}

void rk_cc3000_link_select(struct rk_dev *dev, bool level) {
    struct cc_link *l = &cc_of(dev)->link;
    if (l->cs == level) {
        return;
    }
    l->cs = level;
    if (level) {
        end(dev);
    } else {
        begin(dev);
    }
}

void rk_cc3000_link_timer(struct rk_dev *dev, unsigned timer) {
    struct cc_link *l = &cc_of(dev)->link;
    if (timer == CC_TIMER_BOOT && cc_fault(dev, RK_NET_FAULT_HANG)) {
        l->phase = CC_HUNG;
    } else if (timer == CC_TIMER_BOOT) {
        l->phase = CC_FIRST;
        set_irq(dev, 0);
    } else if (timer == CC_TIMER_GRANT) {
        if (!l->cs && l->phase == CC_RUN) {
            set_irq(dev, 0);
        }
    } else if (l->raising) {
        l->raising = 0;
        set_irq(dev, 1);
        rk_cc3000_link_queued(dev);
    } else if (l->cs && l->phase == CC_RUN && head(dev)) {
        set_irq(dev, 0);
    }
}
