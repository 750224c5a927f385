/* The system bus as DDI0403 B3.1 and RM0008 3.3 lay it out: code (flash, aliased at 0, system
 * memory), SRAM and its bit-band alias, peripherals and theirs, the private peripheral bus.
 * Accesses come aligned; the CPU splits what is not.
 */
#include "emu/core/internal.h"

#include "common/base/bytes.h"

#define SRAM_ALIAS   0x22000000u
#define PERIPH_ALIAS 0x42000000u
#define ALIAS_SIZE   0x02000000u

static uint32_t load(const uint8_t *p, unsigned size) {
    return size == 1 ? p[0] : size == 2 ? rk_get_u16le(p) : rk_get_u32le(p);
}

static void store(uint8_t *p, unsigned size, uint32_t value) {
    if (size == 1) {
        p[0] = (uint8_t)value;
    } else if (size == 2) {
        rk_put_u16le(p, (uint16_t)value);
    } else {
        rk_put_u32le(p, value);
    }
}

struct rk_dev *rk_bus_find(struct rk_machine *m, uint32_t addr, uint32_t *off) {
    uint32_t page = (addr - RK_PERIPH_BASE) >> RK_PAGE_SHIFT;
    if (page < RK_PERIPH_PAGES) {
        uint8_t id = m->page_dev[page];
        if (id == RK_NO_DEV || addr - m->devs[id].base >= m->devs[id].size) {
            return NULL;
        }
        *off = addr - m->devs[id].base;
        return &m->devs[id];
    }
    for (size_t i = 0; i < m->desc->dev_count; i++) {
        struct rk_dev *dev = &m->devs[i];
        if (addr - dev->base < dev->size) {
            *off = addr - dev->base;
            return dev;
        }
    }
    return NULL;
}

static void trace_access(struct rk_dev *dev, uint32_t off, bool is_write, uint32_t value) {
    if (rk_traced(dev, RK_TRACE_MMIO)) {
        rk_trace(dev, RK_TRACE_MMIO, "%s +%03x %08x", is_write ? "write" : "read", (unsigned)off,
                 (unsigned)value);
    }
}

static uint32_t dev_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    uint32_t value = 0;
    if (!rk_dev_clocked(dev)) {
        rk_guest_error(dev, "read of +%03x with the clock off", (unsigned)off);
    } else if (dev->ops->width == RK_BUS_APB && size < 4) {
        value = dev->ops->read(dev, off & ~3u, 4) >> (8 * (off & 3u));
        value &= size == 1 ? 0xFFu : 0xFFFFu;
    } else {
        value = dev->ops->read(dev, off, size);
    }
    trace_access(dev, off, false, value);
    return value;
}

static void dev_write(struct rk_dev *dev, uint32_t off, unsigned size, uint32_t value) {
    trace_access(dev, off, true, value);
    if (!rk_dev_clocked(dev)) {
        rk_guest_error(dev, "write of +%03x with the clock off", (unsigned)off);
    } else if (dev->ops->width == RK_BUS_APB && size < 4) {
        uint32_t wide = size == 1 ? (value & 0xFFu) * 0x01010101u : (value & 0xFFFFu) * 0x00010001u;
        dev->ops->write(dev, off & ~3u, wide, 4);
    } else {
        dev->ops->write(dev, off, value, size);
    }
}

static bool read_plain(struct rk_machine *m, uint32_t addr, unsigned size, uint32_t *value) {
    if (addr - m->ram_base < m->ram_size) {
        *value = load(m->ram + (addr - m->ram_base), size);
        return true;
    }
    if (addr < m->flash_size) {
        *value = load(m->flash + addr, size);
        return true;
    }
    if (addr - m->flash_base < m->flash_size) {
        *value = load(m->flash + (addr - m->flash_base), size);
        return true;
    }
    uint32_t off;
    struct rk_dev *dev = rk_bus_find(m, addr, &off);
    if (!dev) {
        return false;
    }
    *value = dev_read(dev, off, size);
    return true;
}

static bool write_plain(struct rk_machine *m, uint32_t addr, unsigned size, uint32_t value) {
    if (addr - m->ram_base < m->ram_size) {
        store(m->ram + (addr - m->ram_base), size, value);
        return true;
    }
    if (addr < m->flash_size) {
        addr += m->flash_base;
    }
    if (addr - m->flash_base < m->flash_size) {
        struct rk_dev *flash = &m->devs[m->desc->flash_dev];
        return flash->ops->array_write && flash->ops->array_write(flash, addr, size, value);
    }
    uint32_t off;
    struct rk_dev *dev = rk_bus_find(m, addr, &off);
    if (!dev || !dev->ops->write) {
        return false;
    }
    dev_write(dev, off, size, value);
    return true;
}

/* DDI0337 4.2 (bit-banding): the word that an alias word stands for, and its bit. */
static bool alias_target(uint32_t addr, uint32_t *word, unsigned *bit) {
    uint32_t base;
    if (addr - SRAM_ALIAS < ALIAS_SIZE) {
        base = 0x20000000u + ((addr - SRAM_ALIAS) >> 5);
        *bit = (addr - SRAM_ALIAS) >> 2 & 7u;
    } else if (addr - PERIPH_ALIAS < ALIAS_SIZE) {
        base = RK_PERIPH_BASE + ((addr - PERIPH_ALIAS) >> 5);
        *bit = (addr - PERIPH_ALIAS) >> 2 & 7u;
    } else {
        return false;
    }
    *bit += 8 * (base & 3u);
    *word = base & ~3u;
    return true;
}

bool rk_bus_read(struct rk_machine *m, uint32_t addr, unsigned size, uint32_t *value) {
    uint32_t word;
    unsigned bit;
    if (alias_target(addr, &word, &bit)) {
        if (!read_plain(m, word, 4, value)) {
            return false;
        }
        *value = *value >> bit & 1u;
        return true;
    }
    return read_plain(m, addr, size, value);
}

bool rk_bus_write(struct rk_machine *m, uint32_t addr, unsigned size, uint32_t value) {
    uint32_t word, old;
    unsigned bit;
    if (alias_target(addr, &word, &bit)) {
        if (!read_plain(m, word, 4, &old)) {
            return false;
        }
        return write_plain(m, word, 4, (old & ~(1u << bit)) | (value & 1u) << bit);
    }
    return write_plain(m, addr, size, value);
}

bool rk_bus_master_read(struct rk_dev *dev, uint32_t addr, unsigned size, uint32_t *value) {
    return (addr & (size - 1)) == 0 && rk_bus_read(dev->m, addr, size, value);
}

bool rk_bus_master_write(struct rk_dev *dev, uint32_t addr, unsigned size, uint32_t value) {
    return (addr & (size - 1)) == 0 && rk_bus_write(dev->m, addr, size, value);
}
