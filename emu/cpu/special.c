/* MRS, MSR and CPS: DDI0403 B4.2, B4.3, B4.2.2. */
#include "emu/cpu/state.h"

enum {
    SYSM_XPSR_LAST = 7,
    SYSM_MSP = 8,
    SYSM_PSP = 9,
    SYSM_PRIMASK = 16,
    SYSM_BASEPRI = 17,
    SYSM_BASEPRI_MAX = 18,
    SYSM_FAULTMASK = 19,
    SYSM_CONTROL = 20,
};

static bool privileged(const struct rk_cpu_state *c) {
    return c->ipsr != RK_EXC_NONE || !(c->control & 1u);
}

static uint32_t *stack_pointer(struct rk_cpu_state *c, bool psp) {
    return psp == rk_cpu_uses_psp(c) ? &c->r[13] : &c->sp_banked;
}

uint32_t rk_cpu_mrs(const struct rk_dev *cpu, unsigned sysm) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (sysm <= SYSM_XPSR_LAST) {
        uint32_t value = sysm & 1u && privileged(c) ? c->ipsr : 0;
        return value | (sysm & 4u ? 0 : c->apsr & 0xF8000000u);
    }
    if (sysm == SYSM_CONTROL) {
        return c->control;
    }
    if (!privileged(c)) {
        return 0;
    }
    switch (sysm) {
    case SYSM_MSP:
    case SYSM_PSP: return *stack_pointer(c, sysm == SYSM_PSP);
    case SYSM_PRIMASK: return c->primask;
    case SYSM_BASEPRI:
    case SYSM_BASEPRI_MAX: return c->basepri;
    case SYSM_FAULTMASK: return c->faultmask;
    default: return 0;
    }
}

static void write_control(struct rk_cpu_state *c, uint32_t value) {
    bool psp = rk_cpu_uses_psp(c);
    c->control = (c->control & ~1u) | (value & 1u);
    if (c->ipsr == RK_EXC_NONE) {
        c->control = (c->control & ~2u) | (value & 2u);
    }
    if (rk_cpu_uses_psp(c) != psp) {
        rk_cpu_swap_sp(c);
    }
}

static void write_basepri(struct rk_dev *cpu, uint32_t value, bool only_raise) {
    const struct rk_cortex_m3_config *config = cpu->config;
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    value &= 0xFFu & ~(0xFFu >> config->prio_bits);
    if (!only_raise || (value != 0 && (c->basepri == 0 || value < c->basepri))) {
        c->basepri = value;
    }
}

void rk_cpu_msr(struct rk_dev *cpu, unsigned sysm, unsigned mask, uint32_t value) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (sysm <= SYSM_XPSR_LAST) {
        if (!(sysm & 4u) && mask & 2u) {
            c->apsr = value & 0xF8000000u;
        }
        return;
    }
    if (!privileged(c)) {
        return;
    }
    switch (sysm) {
    case SYSM_MSP:
    case SYSM_PSP: *stack_pointer(c, sysm == SYSM_PSP) = value & ~3u; break;
    case SYSM_PRIMASK: c->primask = value & 1u; break;
    case SYSM_BASEPRI: write_basepri(cpu, value, false); break;
    case SYSM_BASEPRI_MAX: write_basepri(cpu, value, true); break;
    case SYSM_FAULTMASK:
        if (!(value & 1u) || rk_nvic_execution_prio(c) > RK_PRIO_HARD) {
            c->faultmask = value & 1u;
        }
        break;
    case SYSM_CONTROL: write_control(c, value); break;
    default: break;
    }
    rk_nvic_update(cpu);
}

void rk_cpu_cps(struct rk_dev *cpu, unsigned disable, unsigned which) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (!privileged(c)) {
        return;
    }
    if (which & 2u) {
        c->primask = disable;
    }
    if (which & 1u && (!disable || rk_nvic_execution_prio(c) > RK_PRIO_HARD)) {
        c->faultmask = disable;
    }
    rk_nvic_update(cpu);
}
