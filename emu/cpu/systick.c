/* SysTick: a 24-bit down-counter on HCLK or HCLK/8. DDI0403 B3.3, PM0056 4.5.
 *
 * Timer slot 0 fires at every 1 -> 0. Between, the value follows from the clock: `value` at cycle
 * `origin`; after 0 comes LOAD.
 */
#include "emu/cpu/state.h"

enum { CTRL_ENABLE = 1, CTRL_TICKINT = 2, CTRL_CLKSOURCE = 4 };
#define COUNTFLAG   (1u << 16)
#define VALUE_MASK  0x00FFFFFFu
#define CALIBRATION 9000u /* 1 ms at 72 MHz / 8: PM0056 4.5.4 */

static uint32_t divider(const struct rk_systick *t) {
    return t->ctrl & CTRL_CLKSOURCE ? 1 : 8;
}

static bool counts(const struct rk_dev *cpu) {
    return rk_cpu_state(cpu)->systick.ctrl & CTRL_ENABLE && !rk_cpu_state(cpu)->halted;
}

/* Ticks since origin; never negative, an origin may lie in the cycles of an instruction under way.
 */
static uint64_t ticks(const struct rk_dev *cpu) {
    const struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    return cpu->m->s->now > t->origin ? (cpu->m->s->now - t->origin) / divider(t) : 0;
}

static uint32_t value_after(const struct rk_systick *t, uint64_t n) {
    if (n <= t->value) {
        return t->value - (uint32_t)n;
    }
    n -= t->value;
    return t->load ? t->load - (uint32_t)((n - 1) % (t->load + 1)) : 0;
}

uint32_t rk_systick_value(const struct rk_dev *cpu) {
    const struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    return counts(cpu) ? value_after(t, ticks(cpu)) : t->value;
}

/* Accounts for the time until now, keeping the phase of the divider. */
static void catch_up(struct rk_dev *cpu) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    uint64_t n = ticks(cpu);
    t->value = value_after(t, n);
    t->origin += n * divider(t);
}

static void plan(struct rk_dev *cpu) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    uint64_t n = t->value ? t->value : t->load ? t->load + 1u : 0;
    if (counts(cpu) && n) {
        rk_timer_set(cpu, 0, t->origin + n * divider(t));
    } else {
        rk_timer_stop(cpu, 0);
    }
}

void rk_systick_fire(struct rk_dev *cpu) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    t->origin = rk_now(cpu);
    t->value = 0;
    t->countflag = 1;
    plan(cpu);
    if (t->ctrl & CTRL_TICKINT) {
        rk_nvic_pend(cpu, RK_EXC_SYSTICK, true);
    }
}

uint32_t rk_systick_read(struct rk_dev *cpu, uint32_t off) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    uint32_t flag;
    switch (off) {
    case 0x0:
        flag = t->countflag ? COUNTFLAG : 0;
        t->countflag = 0;
        return t->ctrl | flag;
    case 0x4: return t->load;
    case 0x8: return rk_systick_value(cpu);
    default: return CALIBRATION;
    }
}

static void write_ctrl(struct rk_dev *cpu, uint32_t value) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    if (counts(cpu)) {
        catch_up(cpu);
    }
    t->origin = rk_now(cpu);
    t->ctrl = value & (CTRL_ENABLE | CTRL_TICKINT | CTRL_CLKSOURCE);
}

void rk_systick_write(struct rk_dev *cpu, uint32_t off, uint32_t value) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    switch (off) {
    case 0x0: write_ctrl(cpu, value); break;
    case 0x4:
        if (counts(cpu)) {
            catch_up(cpu);
        }
        t->load = value & VALUE_MASK;
        break;
    case 0x8:
        t->value = 0;
        t->countflag = 0;
        t->origin = rk_now(cpu);
        break;
    default: return;
    }
    plan(cpu);
}

void rk_systick_halt(struct rk_dev *cpu, bool halted) {
    struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    if (counts(cpu)) {
        catch_up(cpu);
    }
    t->origin = rk_now(cpu);
    rk_cpu_state(cpu)->halted = halted;
    plan(cpu);
}
