/* The bus as the core sees it: splits unaligned accesses, keeps unprivileged code out of the
 * private peripheral bus, turns bus errors into precise faults. DDI0403 A3.2, B3.1; DDI0337 4, 13.
 */
#include "emu/cpu/state.h"

#include "emu/cpu/wait.h"

#define PPB_BASE 0xE0000000u
#define PPB_SIZE 0x00100000u
#define STIR     0xE000EF00u

bool rk_cpu_never_executes(uint32_t addr) {
    return (addr >= 0x40000000u && addr < 0x60000000u) || addr >= 0xA0000000u;
}

void rk_cpu_set_limits(struct rk_dev *cpu) {
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    bool slow = rk_cpu_state(cpu)->ccr & RK_CCR_UNALIGN_TRP;
    k->read_limit = slow ? 0 : cpu->m->ram_size - 3;
    k->flash_limit = slow ? 0 : cpu->m->flash_size - 3;
    k->write_limit = slow || k->watching ? 0 : cpu->m->ram_size - 3;
}

static bool forbidden(const struct rk_cpu_state *c, uint32_t addr) {
    if (!(c->control & 1u) || c->ipsr != RK_EXC_NONE || addr - PPB_BASE >= PPB_SIZE) {
        return false;
    }
    return addr != STIR || !(c->ccr & RK_CCR_USERSETMPEND);
}

static uint64_t bus_fault(struct rk_dev *cpu, uint32_t addr) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    if (c->ccr & RK_CCR_BFHFNMIGN && rk_nvic_execution_prio(c) < 0) {
        return 0; /* DDI0403 B3.2.8: data faults are ignored at these priorities */
    }
    c->bfar = addr;
    rk_cpu_fault(cpu, RK_CFSR_PRECISERR | RK_CFSR_BFARVALID);
    return RK_ACCESS_FAULT;
}

static uint64_t unaligned_trap(struct rk_dev *cpu) {
    rk_cpu_fault(cpu, RK_CFSR_UNALIGNED);
    return RK_ACCESS_FAULT;
}

/* The largest aligned piece at addr. */
static unsigned piece(uint32_t addr, unsigned left) {
    return addr & 1u ? 1 : left >= 2 ? 2 : 1;
}

static uint64_t read_aligned(struct rk_dev *cpu, uint32_t addr, unsigned size) {
    uint32_t value = 0;
    if (cpu->m->cpu_cache && rk_cpu_cache(cpu)->watching) {
        rk_wait_saw_read(cpu, addr, size);
    }
    if (forbidden(rk_cpu_state(cpu), addr) || !rk_bus_read(cpu->m, addr, size, &value)) {
        return bus_fault(cpu, addr);
    }
    return value;
}

uint64_t rk_cpu_read(struct rk_dev *cpu, uint32_t addr, unsigned size) {
    if (RK_LIKELY((addr & (size - 1)) == 0)) {
        return read_aligned(cpu, addr, size);
    }
    if (rk_cpu_state(cpu)->ccr & RK_CCR_UNALIGN_TRP) {
        return unaligned_trap(cpu);
    }
    uint64_t value = 0;
    for (unsigned done = 0; done < size;) {
        unsigned n = piece(addr + done, size - done);
        uint64_t part = read_aligned(cpu, addr + done, n);
        if (part & RK_ACCESS_FAULT) {
            return part;
        }
        value |= part << (8 * done);
        done += n;
    }
    return value;
}

static uint64_t write_aligned(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value) {
    if (rk_cpu_cache(cpu)->watching) {
        rk_wait_saw_write(cpu, addr, size, value);
    }
    if (forbidden(rk_cpu_state(cpu), addr) || !rk_bus_write(cpu->m, addr, size, value)) {
        return bus_fault(cpu, addr);
    }
    return 0;
}

uint64_t rk_cpu_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value) {
    value = size == 4 ? value : value & ((1u << (8 * size)) - 1u);
    if (RK_LIKELY((addr & (size - 1)) == 0)) {
        return write_aligned(cpu, addr, size, value);
    }
    if (rk_cpu_state(cpu)->ccr & RK_CCR_UNALIGN_TRP) {
        return unaligned_trap(cpu);
    }
    for (unsigned done = 0; done < size;) {
        unsigned n = piece(addr + done, size - done);
        uint32_t part = value >> (8 * done) & (n == 1 ? 0xFFu : 0xFFFFu);
        uint64_t bad = write_aligned(cpu, addr + done, n, part);
        if (bad) {
            return bad;
        }
        done += n;
    }
    return 0;
}
