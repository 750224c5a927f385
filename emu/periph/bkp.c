/* BKP (RM0008 6): the ten data registers that survive every reset but not the loss of power (a Core
 * has no battery; they then read 0x0000, core-hardware.md 3.1), tamper detection, and the
 * calibration register, which only holds its value here.
 */
#include "emu/periph/bkp.h"

#include <string.h>

enum {
    DR1 = 0x04,
    DR10 = 0x28,
    RTCCR = 0x2C,
    CR = 0x30,
    CSR = 0x34,
};

#define DATA_COUNT 10u
#define CR_TPE     (1u << 0)
#define CR_TPAL    (1u << 1)
#define CSR_CTE    (1u << 0)
#define CSR_CTI    (1u << 1)
#define CSR_TPIE   (1u << 2)
#define CSR_TEF    (1u << 8)
#define CSR_TIF    (1u << 9)

struct bkp_state {
    uint16_t data[DATA_COUNT];
    uint16_t rtccr;
    uint8_t cr;
    uint8_t tef; /* in the backup domain, as the registers that it clears */
    uint8_t tif, tpie;
    uint8_t dbp;
    uint8_t held; /* BDCR.BDRST */
    uint8_t pin;
};

static void update_irq(struct rk_dev *dev) {
    const struct bkp_state *s = dev->state;
    rk_line_out(dev, RK_BKP_OUT_IRQ, s->tif && s->tpie);
}

static bool tamper_active(const struct bkp_state *s) {
    bool active_level = !(s->cr & CR_TPAL);
    return s->cr & CR_TPE && (s->pin != 0) == active_level;
}

/* RM0008 6.3.1. */
static void tamper(struct rk_dev *dev) {
    struct bkp_state *s = dev->state;
    memset(s->data, 0, sizeof s->data);
    s->tef = 1;
    if (s->tpie) {
        s->tif = 1;
        update_irq(dev);
    }
}

static void reset_domain(struct bkp_state *s) {
    memset(s->data, 0, sizeof s->data);
    s->rtccr = 0;
    s->cr = 0;
    s->tef = 0;
}

static bool may_write(struct rk_dev *dev, uint32_t off) {
    const struct bkp_state *s = dev->state;
    if (!s->dbp || s->held) {
        rk_guest_error(dev, "+%02x written while the backup domain is protected", (unsigned)off);
        return false;
    }
    return true;
}

static void write_data(struct rk_dev *dev, uint32_t off, uint32_t value) {
    struct bkp_state *s = dev->state;
    if (s->tef) {
        rk_guest_error(dev, "data register written while TEF stands");
        return;
    }
    s->data[(off - DR1) / 4] = (uint16_t)value;
}

static void write_cr(struct rk_dev *dev, uint32_t value) {
    struct bkp_state *s = dev->state;
    bool was = tamper_active(s);
    s->cr = value & (CR_TPE | CR_TPAL);
    if (!was && tamper_active(s)) {
        tamper(dev);
    }
}

static void write_csr(struct rk_dev *dev, uint32_t value) {
    struct bkp_state *s = dev->state;
    s->tpie = (value & CSR_TPIE) != 0;
    if (value & CSR_CTE) {
        s->tef = 0;
    }
    if (value & CSR_CTI) {
        s->tif = 0;
    }
    update_irq(dev);
}

static uint32_t bkp_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct bkp_state *s = dev->state;
    (void)size;
    if (off - DR1 <= DR10 - DR1) {
        return s->data[(off - DR1) / 4];
    }
    switch (off) {
    case RTCCR: return s->rtccr;
    case CR: return s->cr;
    case CSR: return (s->tpie ? CSR_TPIE : 0) | (s->tef ? CSR_TEF : 0) | (s->tif ? CSR_TIF : 0);
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void bkp_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct bkp_state *s = dev->state;
    (void)size;
    if (!may_write(dev, off)) {
        return;
    }
    if (off - DR1 <= DR10 - DR1) {
        write_data(dev, off, value);
        return;
    }
    switch (off) {
    case RTCCR: s->rtccr = value & 0x3FFu; break;
    case CR: write_cr(dev, value); break;
    case CSR: write_csr(dev, value); break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static enum rk_read_kind bkp_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off >= DR1 && off <= CSR ? RK_READ_STABLE : RK_READ_EFFECT;
}

static void bkp_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct bkp_state *s = dev->state;
    s->tpie = s->tif = 0;
    if (kind == RK_RESET_CLOCK) {
        update_irq(dev);
        return;
    }
    s->dbp = 0;
    s->held = 0;
    if (kind == RK_RESET_POWER) {
        reset_domain(s);
    }
}

static uint32_t bkp_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct bkp_state *s = dev->state;
    bool was = tamper_active(s);
    switch (line) {
    case RK_BKP_IN_DBP: s->dbp = value != 0; break;
    case RK_BKP_IN_BDRST:
        s->held = value != 0;
        if (value) {
            reset_domain(s);
        }
        break;
    case RK_BKP_IN_TAMPER:
        s->pin = value != 0;
        if (!was && tamper_active(s)) {
            tamper(dev);
        }
        break;
    default: break;
    }
    return 0;
}

const struct rk_dev_ops rk_bkp_ops = {
    .type = "bkp",
    .state_size = sizeof(struct bkp_state),
    .out_count = RK_BKP_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = bkp_reset,
    .read = bkp_read,
    .write = bkp_write,
    .input = bkp_input,
    .read_kind = bkp_read_kind,
};
