/* PWR (RM0008 5): the lock of the backup domain, Stop and Standby and what ends them. The supply is
 * always 3.3 V here, so the voltage detector never reports anything.
 */
#include "emu/periph/pwr.h"

enum {
    CR = 0x00,
    CSR = 0x04,
};

#define CR_LPDS     (1u << 0)
#define CR_PDDS     (1u << 1)
#define CR_CWUF     (1u << 2)
#define CR_CSBF     (1u << 3)
#define CR_DBP      (1u << 8)
#define CR_WRITABLE 0x1F3u /* LPDS, PDDS, PVDE, PLS, DBP */
#define CSR_WUF     (1u << 0)
#define CSR_SBF     (1u << 1)
#define CSR_EWUP    (1u << 8)

/* DS5319 table 28: wake-up from Stop, typical, with the regulator in run or low-power mode; from
 * Standby. */
#define STOP_RUN_NS     3600u
#define STOP_LP_NS      5400u
#define STANDBY_WAKE_NS 50000u

#define SLEEPING   1u /* RK_PWR_IN_SLEEP values */
#define SLEEP_DEEP 3u

enum {
    MODE_RUN,
    MODE_STOP,
    MODE_STANDBY,
};

struct pwr_state {
    uint32_t cr, csr;
    uint8_t mode;
    uint8_t pin, alarm;
};

/* --- Stop and Standby ---------------------------------------------------------------------------
 */

static void enter(struct rk_dev *dev) {
    struct pwr_state *s = dev->state;
    if (s->mode != MODE_RUN) {
        return;
    }
    if (s->cr & CR_PDDS && s->csr & CSR_WUF) {
        /* RM0008 table 14: WUF must be clear, or Standby is not entered. */
        rk_guest_error(dev, "Standby asked for while WUF stands");
        return;
    }
    s->mode = s->cr & CR_PDDS ? MODE_STANDBY : MODE_STOP;
    rk_line_out(dev, RK_PWR_OUT_STOP, 1);
    rk_clock_stop_all(dev, true);
}

static void leave_stop(struct rk_dev *dev) {
    struct pwr_state *s = dev->state;
    s->mode = MODE_RUN;
    rk_timer_stop(dev, 0);
    rk_clock_stop_all(dev, false);
    rk_line_out(dev, RK_PWR_OUT_STOP, 0);
}

static void wake_after(struct rk_dev *dev, uint64_t ns) {
    if (!rk_timer_running(dev, 0)) {
        rk_timer_set_ns(dev, 0, rk_now_ns(dev) + ns);
    }
}

static void pwr_timer(struct rk_dev *dev, unsigned timer) {
    struct pwr_state *s = dev->state;
    (void)timer;
    if (s->mode == MODE_STANDBY) {
        rk_reset_request(dev, RK_RESET_STANDBY);
    } else if (s->mode == MODE_STOP) {
        leave_stop(dev);
        rk_line_out(dev, RK_PWR_OUT_CPU_WAKE, 1);
    }
}

/* The two wake-up events of Standby set WUF in every mode (RM0008 5.4.2). */
static void wake_event(struct rk_dev *dev) {
    struct pwr_state *s = dev->state;
    s->csr |= CSR_WUF;
    if (s->mode == MODE_STANDBY) {
        wake_after(dev, STANDBY_WAKE_NS);
    }
}

static void sleep_changed(struct rk_dev *dev, uint32_t value) {
    struct pwr_state *s = dev->state;
    if (value == SLEEP_DEEP) {
        enter(dev);
    } else if (!(value & SLEEPING)) {
        if (s->mode == MODE_STOP) {
            leave_stop(dev);
        }
        rk_line_out(dev, RK_PWR_OUT_CPU_WAKE, 0);
    }
}

static uint32_t pwr_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct pwr_state *s = dev->state;
    bool rises;
    switch (line) {
    case RK_PWR_IN_SLEEP: sleep_changed(dev, value); break;
    case RK_PWR_IN_WAKE:
        if (value && s->mode == MODE_STOP) {
            wake_after(dev, s->cr & CR_LPDS ? STOP_LP_NS : STOP_RUN_NS);
        }
        break;
    case RK_PWR_IN_WKUP_PIN:
        rises = value && !s->pin;
        s->pin = value != 0;
        if (rises && s->csr & CSR_EWUP) {
            wake_event(dev);
        }
        break;
    case RK_PWR_IN_RTC_ALARM:
        rises = value && !s->alarm;
        s->alarm = value != 0;
        if (rises) {
            wake_event(dev);
        }
        break;
    default: break;
    }
    return 0;
}

/* --- registers ----------------------------------------------------------------------------------
 */

static void write_cr(struct rk_dev *dev, uint32_t value) {
    struct pwr_state *s = dev->state;
    uint32_t changed = s->cr ^ value;
    s->cr = value & CR_WRITABLE;
    if (value & CR_CWUF) {
        s->csr &= ~CSR_WUF;
    }
    if (value & CR_CSBF) {
        s->csr &= ~CSR_SBF;
    }
    if (changed & CR_DBP) {
        rk_line_out(dev, RK_PWR_OUT_DBP, (s->cr & CR_DBP) != 0);
    }
}

/* RM0008 5.4.2: enabling the pin while it is high counts as a wake-up event. */
static void write_csr(struct rk_dev *dev, uint32_t value) {
    struct pwr_state *s = dev->state;
    bool enables = value & CSR_EWUP && !(s->csr & CSR_EWUP);
    s->csr = (s->csr & ~CSR_EWUP) | (value & CSR_EWUP);
    if (enables && s->pin) {
        wake_event(dev);
    }
}

static uint32_t pwr_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct pwr_state *s = dev->state;
    (void)size;
    switch (off) {
    case CR: return s->cr;
    case CSR: return s->csr;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void pwr_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    (void)size;
    switch (off) {
    case CR: write_cr(dev, value); break;
    case CSR: write_csr(dev, value); break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static enum rk_read_kind pwr_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off <= CSR ? RK_READ_STABLE : RK_READ_EFFECT;
}

/* Any reset ends Standby; SBF then tells. WUF lives over the wake-up only (RM0008 5.4.2). */
static void pwr_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct pwr_state *s = dev->state;
    if (kind == RK_RESET_CLOCK) {
        if (s->cr & CR_DBP) {
            rk_line_out(dev, RK_PWR_OUT_DBP, 0);
        }
        s->cr = 0;
        s->csr &= ~CSR_EWUP;
        return;
    }
    bool was_standby = s->mode == MODE_STANDBY;
    s->cr = 0;
    s->csr &= CSR_SBF | (kind == RK_RESET_STANDBY ? CSR_WUF : 0);
    if (was_standby) {
        s->csr |= CSR_SBF;
    }
    if (kind == RK_RESET_POWER) {
        s->csr = 0;
    }
    s->mode = MODE_RUN;
    s->alarm = 0;
    rk_timer_stop(dev, 0);
}

const struct rk_dev_ops rk_pwr_ops = {
    .type = "pwr",
    .state_size = sizeof(struct pwr_state),
    .timer_count = 1,
    .out_count = RK_PWR_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = pwr_reset,
    .read = pwr_read,
    .write = pwr_write,
    .input = pwr_input,
    .timer = pwr_timer,
    .read_kind = pwr_read_kind,
};
