/* SST25VF016B serial flash (Microchip/SST data sheet S71271): commands, protection, busy times,
 * wear. Commands that start an erase or a program act when CE# rises; the array then changes at
 * once and the busy bit stays for the typical time. core-hardware.md 2.6 lists what the firmware
 * uses.
 */
#include "emu/part/sst25.h"

#include <string.h>

#define SECTOR_SIZE 4096u
#define SECTORS     512u
#define ADDR_MASK   0x1FFFFFu

/* Typical times of the data sheet, table 15 (TSE/TBE 18 ms, TSCE 35 ms, TBP 7 us). */
#define ERASE_NS      18000000u
#define CHIP_ERASE_NS 35000000u
#define PROGRAM_NS    7000u

enum {
    SR_BUSY = 1 << 0,
    SR_WEL = 1 << 1,
    SR_BP = 0xF << 2,
    SR_AAI = 1 << 6,
    SR_BPL = 1 << 7,
};

struct sst25_state {
    uint64_t busy_until_ns;
    uint32_t wear[SECTORS];
    uint32_t addr;     /* read pointer, or the address of the command */
    uint32_t aai_addr; /* next word of an AAI run */
    uint16_t count;    /* bytes of the present command, the opcode included; saturates */
    uint8_t opcode;
    uint8_t data[2];
    uint8_t status; /* without BUSY */
    uint8_t selected;
    uint8_t write_status; /* EWSR was the last command */
    uint8_t busy_on_so;   /* EBSY: SO shows RY/BY# in an AAI run */
};

static struct sst25_state *state_of(const struct rk_dev *dev) {
    return dev->state;
}

static bool busy(const struct rk_dev *dev) {
    return rk_now_ns(dev) < state_of(dev)->busy_until_ns;
}

static uint8_t status_of(const struct rk_dev *dev) {
    return (uint8_t)(state_of(dev)->status | (busy(dev) ? SR_BUSY : 0));
}

/* First protected address for BP2..BP0 (data sheet table 3, upper part of the array). */
static uint32_t protected_from(uint8_t status) {
    static const uint32_t first[8] = {0x200000, 0x1F0000, 0x1E0000, 0x1C0000,
                                      0x180000, 0x100000, 0,        0};
    return first[status >> 2 & 7u];
}

/* --- erase and program ---------------------------------------------------------------------------
 */

static bool writable(struct rk_dev *dev, uint32_t addr, uint32_t len) {
    const struct sst25_state *s = state_of(dev);
    if (!(s->status & SR_WEL)) {
        rk_guest_error(dev, "opcode %02x at %06x without write enable", s->opcode, (unsigned)addr);
        return false;
    }
    if (addr + len > protected_from(s->status)) {
        rk_guest_error(dev, "opcode %02x at %06x is block-protected", s->opcode, (unsigned)addr);
        return false;
    }
    return true;
}

static void erase(struct rk_dev *dev, uint32_t addr, uint32_t len, uint64_t time_ns) {
    struct sst25_state *s = state_of(dev);
    addr &= ~(len - 1);
    if (!writable(dev, addr, len)) {
        return;
    }
    switch (rk_flash_op(dev, RK_FLASH_ERASE, addr, len)) {
    case RK_CUT_BEFORE: return;
    case RK_CUT_TORN: memset(dev->nv + addr, 0xFF, len / 2); break;
    case RK_CUT_NONE:
    case RK_CUT_AFTER: memset(dev->nv + addr, 0xFF, len); break;
    }
    for (uint32_t sector = addr / SECTOR_SIZE; sector < (addr + len) / SECTOR_SIZE; sector++) {
        s->wear[sector]++;
    }
    s->busy_until_ns = rk_now_ns(dev) + time_ns;
    s->status &= (uint8_t)~SR_WEL;
}

/* Programming only clears bits; the data sheet wants erased cells, so anything else is a mistake.
 */
static bool program(struct rk_dev *dev, uint32_t addr, const uint8_t *data, uint32_t len) {
    struct sst25_state *s = state_of(dev);
    if (!writable(dev, addr, len)) {
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        if ((uint8_t)(dev->nv[addr + i] & data[i]) != data[i]) {
            rk_guest_error(dev, "program of %06x over cells that are not erased", (unsigned)addr);
            break;
        }
    }
    enum rk_cut cut = rk_flash_op(dev, RK_FLASH_PROGRAM, addr, len);
    if (cut == RK_CUT_BEFORE) {
        return true;
    }
    for (uint32_t i = 0; i < len; i++) {
        uint8_t clears = cut == RK_CUT_TORN ? (uint8_t)(data[i] | 0xF0u) : data[i];
        dev->nv[addr + i] &= clears;
    }
    s->busy_until_ns = rk_now_ns(dev) + PROGRAM_NS;
    return true;
}

static void aai(struct rk_dev *dev) {
    struct sst25_state *s = state_of(dev);
    bool running = (s->status & SR_AAI) != 0;
    if (s->count != (running ? 3 : 6)) {
        rk_guest_error(dev, "AAI program of %u bytes", s->count);
        return;
    }
    uint32_t addr = running ? s->aai_addr : s->addr & ADDR_MASK & ~1u;
    if (!program(dev, addr, s->data, 2)) {
        return;
    }
    s->status |= SR_AAI;
    s->aai_addr = addr + 2;
    if (s->aai_addr >= protected_from(s->status) || s->aai_addr > ADDR_MASK) {
        s->status &= (uint8_t) ~(SR_AAI | SR_WEL); /* the run ends at the top */
    }
}

static void write_status(struct rk_dev *dev) {
    struct sst25_state *s = state_of(dev);
    if (!s->write_status && !(s->status & SR_WEL)) {
        rk_guest_error(dev, "status register written without EWSR or WREN");
        return;
    }
    s->status =
        (uint8_t)((s->status & ~(SR_BP | SR_BPL | SR_WEL)) | (s->data[0] & (SR_BP | SR_BPL)));
    s->write_status = 0;
}

/* --- the command window --------------------------------------------------------------------------
 */

/* CE# rose: commands that act now. */
static void finish(struct rk_dev *dev) {
    struct sst25_state *s = state_of(dev);
    if (s->count == 0 || (busy(dev) && s->opcode != 0x05)) {
        return;
    }
    switch (s->opcode) {
    case 0x06: s->status |= SR_WEL; break;
    case 0x04: s->status &= (uint8_t) ~(SR_WEL | SR_AAI); break;
    case 0x50: s->write_status = 1; return;
    case 0x01:
        if (s->count == 2) {
            write_status(dev);
        }
        break;
    case 0x70: s->busy_on_so = 1; break;
    case 0x80: s->busy_on_so = 0; break;
    case 0x20:
        if (s->count == 4) {
            erase(dev, s->addr & ADDR_MASK, SECTOR_SIZE, ERASE_NS);
        }
        break;
    case 0x52:
        if (s->count == 4) {
            erase(dev, s->addr & ADDR_MASK, 0x8000, ERASE_NS);
        }
        break;
    case 0xD8:
        if (s->count == 4) {
            erase(dev, s->addr & ADDR_MASK, 0x10000, ERASE_NS);
        }
        break;
    case 0x60:
    case 0xC7: erase(dev, 0, SECTOR_SIZE * SECTORS, CHIP_ERASE_NS); break;
    case 0x02:
        if (s->count == 5 && program(dev, s->addr & ADDR_MASK, s->data, 1)) {
            s->status &= (uint8_t)~SR_WEL;
        }
        break;
    case 0xAD: aai(dev); break;
    default: break;
    }
    if (s->opcode != 0x05) {
        s->write_status = 0;
    }
}

static uint8_t read_array(struct rk_dev *dev, unsigned header) {
    struct sst25_state *s = state_of(dev);
    if (s->count < header) {
        return 0xFF;
    }
    uint8_t value = dev->nv[s->addr & ADDR_MASK];
    s->addr++;
    return value;
}

/* The byte that leaves SO while byte number `count` of the command enters (0 = the opcode). */
static uint8_t output(struct rk_dev *dev) {
    static const uint8_t jedec[3] = {0xBF, 0x25, 0x41};
    static const uint8_t id[2] = {0xBF, 0x41};
    const struct sst25_state *s = state_of(dev);
    if (busy(dev) && s->opcode != 0x05) {
        return 0xFF;
    }
    switch (s->opcode) {
    case 0x03: return read_array(dev, 4);
    case 0x0B: return read_array(dev, 5);
    case 0x05: return status_of(dev);
    case 0x9F: return s->count >= 1 && s->count <= 3 ? jedec[s->count - 1] : 0xFF;
    case 0x90:
    case 0xAB: return s->count >= 4 ? id[(s->count ^ s->addr) & 1u] : 0xFF;
    default: return 0xFF;
    }
}

static uint8_t exchange(struct rk_dev *dev, uint8_t in) {
    struct sst25_state *s = state_of(dev);
    if (s->count == 0) {
        bool ready = s->busy_on_so && (s->status & SR_AAI) && !busy(dev);
        s->opcode = in;
        s->addr = 0;
        s->count = 1;
        if (busy(dev) && in != 0x05) {
            rk_guest_error(dev, "opcode %02x while busy", in);
        } else if ((s->status & SR_AAI) && in != 0xAD && in != 0x05 && in != 0x04) {
            rk_guest_error(dev, "opcode %02x inside an AAI run", in);
            s->opcode = 0;
        }
        return s->busy_on_so && (s->status & SR_AAI) ? (ready ? 0xFF : 0x00) : 0xFF;
    }
    uint8_t out = output(dev);
    bool aai_next = s->opcode == 0xAD && (s->status & SR_AAI);
    unsigned data_from = s->opcode == 0x01 || aai_next ? 1 : 4;
    if (s->count < data_from) {
        s->addr = s->addr << 8 | in;
    } else if (s->count - data_from < 2) {
        s->data[s->count - data_from] = in;
    }
    if (s->count < UINT16_MAX) {
        s->count++;
    }
    return out;
}

static uint32_t sst25_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct sst25_state *s = state_of(dev);
    if (line == RK_SST25_IN_CS) {
        if (s->selected && value) {
            finish(dev);
        } else if (!s->selected && !value) {
            s->count = 0;
        }
        s->selected = !value;
        return 0;
    }
    if (!s->selected) {
        return 0xFFFF;
    }
    unsigned mode = value >> 16 & 3u;
    if (mode == 1 || mode == 2) {
        rk_guest_error(dev, "SPI mode %u: this part takes 0 and 3", mode);
    }
    if (value >> 18 & 1u) {
        uint32_t high = exchange(dev, (uint8_t)(value >> 8));
        return high << 8 | exchange(dev, (uint8_t)value);
    }
    return 0xFF00u | exchange(dev, (uint8_t)value);
}

/* Only power resets the part; it wakes write-protected (data sheet, status register). */
static void sst25_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct sst25_state *s = state_of(dev);
    if (kind == RK_RESET_POWER) {
        s->status = SR_BP;
        s->busy_until_ns = 0;
        s->count = 0;
        s->selected = 0;
        s->write_status = 0;
        s->busy_on_so = 0;
    }
}

const struct rk_dev_ops rk_sst25_ops = {
    .type = "sst25",
    .state_size = sizeof(struct sst25_state),
    .reset = sst25_reset,
    .input = sst25_input,
};

uint32_t rk_sst25_wear(const struct rk_dev *dev, unsigned sector) {
    return sector < SECTORS ? state_of(dev)->wear[sector] : 0;
}
