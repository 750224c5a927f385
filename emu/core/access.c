/* The small questions to a machine: time, counts, blocks, memories, debugger's view, snapshots,
 * hash, and the loud messages of the blocks. */
#include "emu/core/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/error.h"

uint64_t rk_machine_now(const struct rk_machine *m) {
    return m->s->now;
}

uint64_t rk_machine_now_ns(const struct rk_machine *m) {
    return rk_ns_at_cycle(m, m->s->now);
}

uint64_t rk_machine_instr(const struct rk_machine *m) {
    return m->s->instr;
}

uint64_t rk_machine_cycle_at_ns(const struct rk_machine *m, uint64_t ns) {
    return rk_cycle_at_ns(m, ns);
}

const struct rk_counts *rk_machine_counts(const struct rk_machine *m) {
    return &m->counts;
}

void rk_machine_observe(struct rk_machine *m, const struct rk_observer *observer) {
    m->obs = *observer;
}

void rk_machine_set_skip(struct rk_machine *m, bool on) {
    m->skip = on;
}

struct rk_dev *rk_machine_dev(struct rk_machine *m, unsigned id) {
    return id < m->desc->dev_count ? &m->devs[id] : NULL;
}

struct rk_dev *rk_machine_find(struct rk_machine *m, const char *name) {
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        if (strcmp(m->devs[i].name, name) == 0) {
            return &m->devs[i];
        }
    }
    return NULL;
}

uint8_t *rk_machine_nv(struct rk_machine *m, unsigned idx, size_t *size) {
    if (idx >= m->desc->nv_count) {
        return NULL;
    }
    if (size) {
        *size = m->desc->nv[idx].size;
    }
    return m->nv[idx];
}

void rk_machine_nv_changed(struct rk_machine *m) {
    m->desc->cpu->code_changed(&m->devs[0], 0, m->flash_size);
}

/* --- debugger ----------------------------------------------------------------------------------
 */

static uint8_t *plain_memory(struct rk_machine *m, uint32_t addr) {
    if (addr - m->ram_base < m->ram_size) {
        return m->ram + (addr - m->ram_base);
    }
    if (addr < m->flash_size) {
        return m->flash + addr;
    }
    if (addr - m->flash_base < m->flash_size) {
        return m->flash + (addr - m->flash_base);
    }
    return NULL;
}

static unsigned step_size(uint32_t addr, size_t left) {
    return (addr & 3u) == 0 && left >= 4 ? 4 : (addr & 1u) == 0 && left >= 2 ? 2 : 1;
}

bool rk_machine_peek(struct rk_machine *m, uint32_t addr, void *data, size_t len) {
    uint8_t *out = data;
    while (len > 0) {
        const uint8_t *mem = plain_memory(m, addr);
        unsigned n = mem ? 1 : step_size(addr, len);
        uint32_t value = mem ? *mem : 0;
        if (!mem && !rk_bus_read(m, addr, n, &value)) {
            return false;
        }
        for (unsigned i = 0; i < n; i++) {
            *out++ = (uint8_t)(value >> (8 * i));
        }
        addr += n;
        len -= n;
    }
    return true;
}

bool rk_machine_poke(struct rk_machine *m, uint32_t addr, const void *data, size_t len) {
    const uint8_t *in = data;
    bool code = false;
    while (len > 0) {
        uint8_t *mem = plain_memory(m, addr);
        unsigned n = mem ? 1 : step_size(addr, len);
        if (mem) {
            *mem = *in;
            code = true;
        } else {
            uint32_t value = 0;
            for (unsigned i = 0; i < n; i++) {
                value |= (uint32_t)in[i] << (8 * i);
            }
            if (!rk_bus_write(m, addr, n, value)) {
                return false;
            }
        }
        in += n;
        addr += n;
        len -= n;
    }
    if (code) {
        rk_machine_nv_changed(m);
    }
    return true;
}

/* --- snapshots ---------------------------------------------------------------------------------
 */

struct snapshot_head {
    uint8_t magic[8];
    uint64_t size;
    uint64_t layout; /* differs when the state structs of two builds differ in size */
};

static const uint8_t snapshot_magic[8] = {'r', 'k', 's', 'n', 'a', 'p', '0', '1'};

static uint64_t layout_of(const struct rk_machine *m) {
    uint64_t h = m->arena_size * 31 + m->timer_count;
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        h = h * 1099511628211u + m->devs[i].ops->state_size;
    }
    return h;
}

size_t rk_machine_snapshot_size(const struct rk_machine *m) {
    size_t size = sizeof(struct snapshot_head) + m->arena_size;
    for (size_t i = 0; i < m->desc->nv_count; i++) {
        size += m->desc->nv[i].size;
    }
    return size;
}

void rk_machine_snapshot_save(const struct rk_machine *m, void *buf) {
    uint8_t *p = buf;
    struct snapshot_head head = {.size = rk_machine_snapshot_size(m), .layout = layout_of(m)};
    memcpy(head.magic, snapshot_magic, sizeof head.magic);
    memcpy(p, &head, sizeof head);
    p += sizeof head;
    memcpy(p, m->arena, m->arena_size);
    p += m->arena_size;
    for (size_t i = 0; i < m->desc->nv_count; i++) {
        memcpy(p, m->nv[i], m->desc->nv[i].size);
        p += m->desc->nv[i].size;
    }
}

int rk_machine_snapshot_load(struct rk_machine *m, const void *buf, size_t len) {
    const uint8_t *p = buf;
    struct snapshot_head head;
    if (len != rk_machine_snapshot_size(m)) {
        return RK_E_SNAPSHOT;
    }
    memcpy(&head, p, sizeof head);
    if (memcmp(head.magic, snapshot_magic, sizeof head.magic) != 0 || head.size != len ||
        head.layout != layout_of(m)) {
        return RK_E_SNAPSHOT;
    }
    p += sizeof head;
    memcpy(m->arena, p, m->arena_size);
    p += m->arena_size;
    for (size_t i = 0; i < m->desc->nv_count; i++) {
        size_t size = m->desc->nv[i].size;
        bool code = i == m->desc->flash_nv && memcmp(m->nv[i], p, size) != 0;
        memcpy(m->nv[i], p, size);
        if (code) {
            rk_machine_nv_changed(m);
        }
        p += size;
    }
    m->power_failed = false;
    rk_timers_rebuild(m);
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        if (m->devs[i].ops->restored) {
            m->devs[i].ops->restored(&m->devs[i]);
        }
    }
    return RK_OK;
}

static uint64_t hash_bytes(uint64_t h, const uint8_t *p, size_t len) {
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    for (; i < len; i++) {
        h = (h ^ p[i]) * 0x100000001B3u;
    }
    return h;
}

uint64_t rk_machine_hash(const struct rk_machine *m) {
    uint64_t h = hash_bytes(0xCBF29CE484222325u, m->arena, m->arena_size);
    for (size_t i = 0; i < m->desc->nv_count; i++) {
        h = hash_bytes(h, m->nv[i], m->desc->nv[i].size);
    }
    return h;
}

/* --- messages ----------------------------------------------------------------------------------
 */

bool rk_traced(const struct rk_dev *dev, enum rk_trace kind) {
    return (dev->m->obs.trace_mask & (uint32_t)kind) != 0 && dev->m->obs.trace;
}

static void vtrace(struct rk_dev *dev, enum rk_trace kind, const char *fmt, va_list va) {
    char line[256];
    vsnprintf(line, sizeof line, fmt, va);
    dev->m->obs.trace(dev->m->obs.ctx, kind, dev, line);
}

void rk_trace(struct rk_dev *dev, enum rk_trace kind, const char *fmt, ...) {
    va_list va;
    va_start(va, fmt);
    vtrace(dev, kind, fmt, va);
    va_end(va);
}

void rk_guest_error(struct rk_dev *dev, const char *fmt, ...) {
    dev->m->counts.guest_errors++;
    if (rk_traced(dev, RK_TRACE_GUEST)) {
        va_list va;
        va_start(va, fmt);
        vtrace(dev, RK_TRACE_GUEST, fmt, va);
        va_end(va);
    }
}

void rk_unmodelled(struct rk_dev *dev, uint32_t off, bool is_write, uint32_t value) {
    dev->m->counts.unmodelled++;
    if (rk_traced(dev, RK_TRACE_GUEST)) {
        rk_trace(dev, RK_TRACE_GUEST, "unmodelled %s +%03x %08x", is_write ? "write" : "read",
                 (unsigned)off, (unsigned)value);
    }
}

void rk_observe_led(struct rk_dev *dev, const uint16_t rgb[3], uint16_t full) {
    if (dev->m->obs.led) {
        dev->m->obs.led(dev->m->obs.ctx, rgb, full);
    }
}

void rk_observe_pin(struct rk_dev *dev, unsigned pin, bool level) {
    if (dev->m->obs.pin) {
        dev->m->obs.pin(dev->m->obs.ctx, pin, level);
    }
}
