/* The internal flash's controller (PM0075): keys and lock, half-word programming, page and mass
 * erase, option bytes, write and read protection, flags and interrupt. Cells change when the
 * operation begins; BSY, the CPU's wait and EOP follow the chip's times. Every erase of a page and
 * every half-word asks the core first, so that the power can fail at each.
 */
#include "emu/periph/flash.h"

#include <string.h>

#include "common/base/bytes.h"

enum {
    ACR = 0x00,
    KEYR = 0x04,
    OPTKEYR = 0x08,
    SR = 0x0C,
    CR = 0x10,
    AR = 0x14,
    OBR = 0x1C,
    WRPR = 0x20,
};

#define ACR_WRITABLE 0x1Fu
#define ACR_PRFTBE   (1u << 4)
#define ACR_PRFTBS   (1u << 5)

#define SR_BSY      (1u << 0)
#define SR_PGERR    (1u << 2)
#define SR_WRPRTERR (1u << 4)
#define SR_EOP      (1u << 5)
#define SR_FLAGS    (SR_PGERR | SR_WRPRTERR | SR_EOP)

#define CR_PG       (1u << 0)
#define CR_PER      (1u << 1)
#define CR_MER      (1u << 2)
#define CR_OPTPG    (1u << 4)
#define CR_OPTER    (1u << 5)
#define CR_STRT     (1u << 6)
#define CR_LOCK     (1u << 7)
#define CR_OPTWRE   (1u << 9)
#define CR_ERRIE    (1u << 10)
#define CR_EOPIE    (1u << 12)
#define CR_WRITABLE (CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER | CR_ERRIE | CR_EOPIE)

#define KEY1         0x45670123u
#define KEY2         0xCDEF89ABu
#define RDP_KEY      0xA5u
#define FLASH_BASE   0x08000000u
#define OPTION_BASE  0x1FFFF800u
#define OPTION_BYTES 16u
#define OPT_USER     2u /* offsets of half-words: value and complement (PM0075 2.5) */
#define OPT_DATA0    4u
#define OPT_WRP      8u
#define OBR_OPTERR   1u
#define OBR_RDPRT    2u

/* Medium density: a bit of WRPR stands for four pages; read protection write-protects the first
 * four pages (PM0075 2.4.1, 2.4.2). */
#define PAGES_PER_WRP    4u
#define RDP_LOCKED_PAGES 4u

enum {
    KEY_NONE,
    KEY_FIRST,
    KEY_DEAD, /* wrong sequence: locked until the next reset */
};

struct flash_state {
    uint32_t acr, sr, cr, ar, obr, wrpr;
    uint8_t key, option_key;
};

static const struct rk_flash_config *config_of(const struct rk_dev *dev) {
    return dev->config;
}

static void update_irq(struct rk_dev *dev) {
    const struct flash_state *s = dev->state;
    bool eop = s->sr & SR_EOP && s->cr & CR_EOPIE;
    bool err = s->sr & (SR_PGERR | SR_WRPRTERR) && s->cr & CR_ERRIE;
    rk_line_out(dev, RK_FLASH_OUT_IRQ, eop || err);
}

static void fail(struct rk_dev *dev, uint32_t flag) {
    struct flash_state *s = dev->state;
    s->sr |= flag;
    update_irq(dev);
}

/* --- busy time ----------------------------------------------------------------------------------
 */

static void finish(struct rk_dev *dev) {
    struct flash_state *s = dev->state;
    s->sr = (s->sr & ~SR_BSY) | SR_EOP;
    s->cr &= ~CR_STRT;
    update_irq(dev);
}

static void busy_for(struct rk_dev *dev, uint64_t us) {
    struct flash_state *s = dev->state;
    s->sr |= SR_BSY;
    rk_timer_set_ns(dev, 0, rk_now_ns(dev) + us * 1000);
    rk_cpu_stall_ns(dev, us * 1000);
}

static void flash_timer(struct rk_dev *dev, unsigned timer) {
    (void)timer;
    finish(dev);
}

/* The bus waits for an operation that still runs; the next one then follows it. */
static void wait_done(struct rk_dev *dev) {
    const struct flash_state *s = dev->state;
    if (s->sr & SR_BSY) {
        rk_timer_stop(dev, 0);
        finish(dev);
    }
}

/* --- option bytes -------------------------------------------------------------------------------
 */

static uint16_t option_get(struct rk_dev *dev, uint32_t off) {
    return (uint16_t)rk_line_out(dev, RK_FLASH_OUT_OPTION,
                                 (uint32_t)RK_OPTION_GET << 24 | off << 16);
}

/* A byte counts only with its complement beside it; else 0xFF is taken and OPTERR tells, but for
 * two erased bytes (PM0075 2.5.2). */
static uint8_t option_byte(struct rk_dev *dev, uint32_t off, bool *error) {
    uint16_t pair = option_get(dev, off);
    if (((pair ^ pair >> 8) & 0xFFu) == 0xFFu) {
        return (uint8_t)pair;
    }
    *error = *error || pair != 0xFFFFu;
    return 0xFF;
}

static void load_options(struct rk_dev *dev) {
    struct flash_state *s = dev->state;
    bool error = false;
    bool readable = option_byte(dev, 0, &error) == RDP_KEY;
    uint32_t user = option_byte(dev, OPT_USER, &error);
    uint32_t data0 = option_byte(dev, OPT_DATA0, &error);
    uint32_t data1 = option_byte(dev, OPT_DATA0 + 2, &error);
    s->wrpr = 0;
    for (unsigned i = 0; i < 4; i++) {
        s->wrpr |= (uint32_t)option_byte(dev, OPT_WRP + 2 * i, &error) << (8 * i);
    }
    s->obr = data1 << 18 | data0 << 10 | user << 2 | (readable ? 0 : OBR_RDPRT) |
             (error ? OBR_OPTERR : 0);
    rk_line_out(dev, RK_FLASH_OUT_IWDG_HW, !(user & 1u));
}

/* --- cells --------------------------------------------------------------------------------------
 */

static bool page_protected(const struct rk_dev *dev, uint32_t page) {
    const struct flash_state *s = dev->state;
    uint32_t bit = RK_MIN(page / PAGES_PER_WRP, 31u);
    return !(s->wrpr >> bit & 1u) || (s->obr & OBR_RDPRT && page < RDP_LOCKED_PAGES);
}

static void erase_page(struct rk_dev *dev, uint32_t page) {
    uint32_t size = config_of(dev)->page_size;
    uint32_t off = page * size;
    enum rk_cut cut = rk_flash_op(dev, RK_FLASH_ERASE, FLASH_BASE + off, size);
    if (cut == RK_CUT_BEFORE) {
        return;
    }
    memset(dev->nv + off, 0xFF, cut == RK_CUT_TORN ? size / 2 : size);
    rk_code_changed(dev, off, size);
}

/* Torn: only the low byte took its zeros. */
static uint16_t torn(uint16_t old, uint16_t value) {
    return (uint16_t)(old & (value | 0xFF00u));
}

static void program_cell(struct rk_dev *dev, uint32_t off, uint16_t value) {
    uint16_t old = rk_get_u16le(dev->nv + off);
    enum rk_cut cut = rk_flash_op(dev, RK_FLASH_PROGRAM, FLASH_BASE + off, 2);
    if (cut == RK_CUT_BEFORE) {
        return;
    }
    rk_put_u16le(dev->nv + off, cut == RK_CUT_TORN ? torn(old, value) : (uint16_t)(old & value));
    rk_code_changed(dev, off, 2);
}

static void mass_erase(struct rk_dev *dev) {
    for (uint32_t page = 0; page < dev->nv_size / config_of(dev)->page_size; page++) {
        erase_page(dev, page);
    }
}

/* PM0075 2.3.3: what is not erased is skipped with PGERR, but 0x0000 is always programmed. */
static bool may_program(struct rk_dev *dev, uint16_t old, uint16_t value) {
    if (old != 0xFFFFu && value != 0) {
        rk_guest_error(dev, "programming %04x over %04x", value, old);
        fail(dev, SR_PGERR);
        return false;
    }
    return true;
}

static bool flash_array_write(struct rk_dev *dev, uint32_t addr, unsigned size, uint32_t value) {
    struct flash_state *s = dev->state;
    uint32_t off = addr - FLASH_BASE;
    wait_done(dev);
    if (size != 2 || !(s->cr & CR_PG) || off + 2 > dev->nv_size) {
        rk_guest_error(dev, "write of %u bytes to flash at %08x with CR %04x", size, (unsigned)addr,
                       (unsigned)s->cr);
        return false;
    }
    if (page_protected(dev, off / config_of(dev)->page_size)) {
        fail(dev, SR_WRPRTERR);
        return true;
    }
    if (may_program(dev, rk_get_u16le(dev->nv + off), (uint16_t)value)) {
        program_cell(dev, off, (uint16_t)value);
        busy_for(dev, config_of(dev)->program_us);
    }
    return true;
}

/* --- commands -----------------------------------------------------------------------------------
 */

static void start_page_erase(struct rk_dev *dev) {
    struct flash_state *s = dev->state;
    uint32_t size = config_of(dev)->page_size;
    uint32_t page = (s->ar - FLASH_BASE) / size;
    if (s->ar - FLASH_BASE >= dev->nv_size) {
        rk_guest_error(dev, "page erase at %08x: not in the flash", (unsigned)s->ar);
        return;
    }
    if (page_protected(dev, page)) {
        fail(dev, SR_WRPRTERR);
        return;
    }
    erase_page(dev, page);
    busy_for(dev, config_of(dev)->erase_us);
}

static void start_mass_erase(struct rk_dev *dev) {
    for (uint32_t page = 0; page < dev->nv_size / config_of(dev)->page_size; page++) {
        if (page_protected(dev, page)) {
            fail(dev, SR_WRPRTERR);
            return;
        }
    }
    mass_erase(dev);
    busy_for(dev, config_of(dev)->erase_us);
}

static void option_command(struct rk_dev *dev, unsigned command, uint32_t off, uint32_t data) {
    rk_line_out(dev, RK_FLASH_OUT_OPTION, command << 24 | off << 16 | data);
}

static void start_option_erase(struct rk_dev *dev) {
    enum rk_cut cut = rk_flash_op(dev, RK_FLASH_ERASE, OPTION_BASE, OPTION_BYTES);
    if (cut != RK_CUT_BEFORE) {
        option_command(dev, RK_OPTION_ERASE, 0,
                       cut == RK_CUT_TORN ? OPTION_BYTES / 2 : OPTION_BYTES);
    }
    busy_for(dev, config_of(dev)->erase_us);
}

/* PM0075 2.4.1: taking the read protection off erases the whole flash first. */
static bool option_write(struct rk_dev *dev, uint32_t off, uint8_t value) {
    struct flash_state *s = dev->state;
    wait_done(dev);
    if (!(s->cr & CR_OPTPG) || !(s->cr & CR_OPTWRE)) {
        rk_guest_error(dev, "write to option byte %u with CR %04x", (unsigned)off, (unsigned)s->cr);
        return false;
    }
    uint16_t old = option_get(dev, off), pair = (uint16_t)(value | (value ^ 0xFFu) << 8);
    if (!may_program(dev, old, pair)) {
        return false;
    }
    if (off == 0 && value == RDP_KEY && s->obr & OBR_RDPRT) {
        mass_erase(dev);
    }
    enum rk_cut cut = rk_flash_op(dev, RK_FLASH_PROGRAM, OPTION_BASE + off, 2);
    if (cut != RK_CUT_BEFORE) {
        option_command(dev, RK_OPTION_PROGRAM, off, cut == RK_CUT_TORN ? torn(old, pair) : pair);
    }
    busy_for(dev, config_of(dev)->program_us);
    return true;
}

static void start_command(struct rk_dev *dev) {
    struct flash_state *s = dev->state;
    wait_done(dev);
    s->cr |= CR_STRT;
    if (s->cr & CR_MER) {
        start_mass_erase(dev);
    } else if (s->cr & CR_PER) {
        start_page_erase(dev);
    } else if (s->cr & CR_OPTER && s->cr & CR_OPTWRE) {
        start_option_erase(dev);
    } else {
        rk_guest_error(dev, "STRT with CR %04x starts nothing", (unsigned)s->cr);
    }
    if (!(s->sr & SR_BSY)) {
        s->cr &= ~CR_STRT;
    }
}

/* --- registers ----------------------------------------------------------------------------------
 */

static void write_key(struct rk_dev *dev, uint8_t *step, uint32_t value, uint32_t set,
                      uint32_t clear) {
    struct flash_state *s = dev->state;
    if (*step == KEY_NONE && value == KEY1) {
        *step = KEY_FIRST;
    } else if (*step == KEY_FIRST && value == KEY2) {
        *step = KEY_NONE;
        s->cr = (s->cr & ~clear) | set;
    } else {
        *step = KEY_DEAD;
        rk_guest_error(dev, "wrong key %08x: locked until the next reset", (unsigned)value);
    }
}

static void write_cr(struct rk_dev *dev, uint32_t value) {
    struct flash_state *s = dev->state;
    if (s->cr & CR_LOCK) {
        if (value != s->cr) {
            rk_guest_error(dev, "CR written while locked");
        }
        return;
    }
    s->cr = (value & (CR_WRITABLE | CR_LOCK)) | (s->cr & value & CR_OPTWRE) | (s->cr & CR_STRT);
    update_irq(dev);
    if (value & CR_STRT && !(value & CR_LOCK)) {
        start_command(dev);
    }
}

static uint32_t flash_read(struct rk_dev *dev, uint32_t off, unsigned size) {
    const struct flash_state *s = dev->state;
    (void)size;
    switch (off) {
    case ACR: return s->acr | (s->acr & ACR_PRFTBE ? ACR_PRFTBS : 0);
    case SR: return s->sr;
    case CR: return s->cr;
    case OBR: return s->obr;
    case WRPR: return s->wrpr;
    case KEYR:
    case OPTKEYR:
    case AR: rk_guest_error(dev, "read of write-only +%02x", (unsigned)off); return 0;
    default: rk_unmodelled(dev, off, false, 0); return 0;
    }
}

static void flash_write(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size) {
    struct flash_state *s = dev->state;
    (void)size;
    switch (off) {
    case ACR: s->acr = value & ACR_WRITABLE; break;
    case KEYR: write_key(dev, &s->key, value, 0, CR_LOCK); break;
    case OPTKEYR: write_key(dev, &s->option_key, value, CR_OPTWRE, 0); break;
    case SR:
        s->sr &= ~(value & SR_FLAGS);
        update_irq(dev);
        break;
    case CR: write_cr(dev, value); break;
    case AR: s->ar = value; break;
    case OBR:
    case WRPR: rk_guest_error(dev, "write to read-only +%02x", (unsigned)off); break;
    default: rk_unmodelled(dev, off, true, value); break;
    }
}

static enum rk_read_kind flash_read_kind(const struct rk_dev *dev, uint32_t off) {
    (void)dev;
    return off == KEYR || off == OPTKEYR || off == AR || off > WRPR ? RK_READ_EFFECT
                                                                    : RK_READ_STABLE;
}

static void flash_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct flash_state *s = dev->state;
    if (kind == RK_RESET_CLOCK) {
        return;
    }
    *s = (struct flash_state){.acr = ACR_PRFTBE, .cr = CR_LOCK};
    rk_timer_stop(dev, 0);
    load_options(dev);
}

static uint32_t flash_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    return line == RK_FLASH_IN_OPTION_WRITE && option_write(dev, value >> 16, (uint8_t)value);
}

const struct rk_dev_ops rk_flash_ops = {
    .type = "flash",
    .state_size = sizeof(struct flash_state),
    .timer_count = 1,
    .out_count = RK_FLASH_OUT_COUNT,
    .width = RK_BUS_APB,
    .reset = flash_reset,
    .read = flash_read,
    .write = flash_write,
    .input = flash_input,
    .timer = flash_timer,
    .read_kind = flash_read_kind,
    .array_write = flash_array_write,
};
