/* See model.h. */
#include "firmware/boot/model.h"

#include <string.h>

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/sum/crc.h"

static struct rk_model *used;

void rk_model_use(struct rk_model *m) {
    used = m;
}

struct rk_model *rk_model_used(void) {
    return used;
}

void rk_model_init(struct rk_model *m) {
    memset(m, 0, sizeof *m);
    memset(m->s.flash, 0xFF, sizeof m->s.flash);
    memset(m->s.ext, 0xFF, sizeof m->s.ext);
    m->s.csr = 0x0C000000u;
}

void rk_model_power_on(struct rk_model *m) {
    memset(m->s.backup, 0, sizeof m->s.backup);
    m->s.csr = 0x0C000000u;
    m->cut_at = 0;
}

/* Torn: half of the unit is erased; of a half-word or pair only the lower byte took its zeros. */
void rk_model_effect(struct rk_model *m, const struct rk_model_op *op, bool torn) {
    uint8_t *flash = m->s.flash + (op->addr - RK_FLASH_BASE);
    uint8_t *ext = m->s.ext + op->addr;
    switch (op->kind) {
    case RK_MODEL_ERASE:
        flash -= (op->addr - RK_FLASH_BASE) % RK_FLASH_PAGE;
        memset(flash, 0xFF, torn ? RK_FLASH_PAGE / 2 : RK_FLASH_PAGE);
        break;
    case RK_MODEL_PROGRAM:
        flash[0] &= (uint8_t)op->value;
        flash[1] &= torn ? 0xFF : (uint8_t)(op->value >> 8);
        break;
    case RK_MODEL_EXT_ERASE:
        ext -= op->addr % RK_EXT_SECTOR;
        memset(ext, 0xFF, torn ? RK_EXT_SECTOR / 2 : RK_EXT_SECTOR);
        break;
    case RK_MODEL_EXT_WRITE:
        ext[0] &= (uint8_t)op->value;
        if (op->len == 2 && !torn) {
            ext[1] &= (uint8_t)(op->value >> 8);
        }
        break;
    }
}

static void operate(struct rk_model_op op) {
    used->op = op;
    if (used->before_op) {
        used->before_op(used);
    }
    used->ops++;
    bool cut = used->cut_at != 0 && --used->cut_at == 0;
    if (!cut || used->cut_how == RK_MODEL_CUT_TORN) {
        rk_model_effect(used, &op, cut);
    }
    if (cut) {
        longjmp(used->dead, 1);
    }
}

/* --- internal flash ----------------------------------------------------------------------------
 */

const uint8_t *rk_port_flash(uint32_t addr) {
    return used->s.flash + (addr - RK_FLASH_BASE);
}

static bool own_page(uint32_t addr) {
    if (addr - RK_FLASH_BASE < RK_BOOT_SIZE || addr - RK_FLASH_BASE >= RK_FLASH_SIZE) {
        used->violations++;
        return true;
    }
    return false;
}

int rk_port_flash_erase(uint32_t addr) {
    if (own_page(addr)) {
        return RK_E_IO;
    }
    used->erases[(addr - RK_FLASH_BASE) / RK_FLASH_PAGE]++;
    operate((struct rk_model_op){.kind = RK_MODEL_ERASE, .addr = addr});
    return RK_OK;
}

int rk_port_flash_program(uint32_t addr, uint16_t value) {
    if (own_page(addr)) {
        return RK_E_IO;
    }
    uint16_t old = rk_get_u16le(used->s.flash + (addr - RK_FLASH_BASE));
    if (old != 0xFFFFu && value != 0) {
        used->violations++;
        return RK_E_IO;
    }
    if (used->fail_page && (addr - RK_FLASH_BASE) / RK_FLASH_PAGE == used->fail_page) {
        return RK_E_IO;
    }
    operate((struct rk_model_op){.kind = RK_MODEL_PROGRAM, .addr = addr, .value = value});
    return RK_OK;
}

/* --- external flash ----------------------------------------------------------------------------
 */

void rk_port_ext_read(uint32_t addr, void *data, size_t len) {
    memcpy(data, used->s.ext + addr, len);
}

int rk_port_ext_erase(uint32_t addr) {
    operate((struct rk_model_op){.kind = RK_MODEL_EXT_ERASE, .addr = addr});
    return RK_OK;
}

/* Pairs, or a single byte at an odd start or end. */
int rk_port_ext_write(uint32_t addr, const void *data, size_t len) {
    const uint8_t *from = data;
    while (len > 0) {
        uint8_t n = (addr & 1u) || len == 1 ? 1 : 2;
        for (unsigned i = 0; i < n; i++) {
            used->violations += used->s.ext[addr + i] != 0xFF;
        }
        operate((struct rk_model_op){.kind = RK_MODEL_EXT_WRITE,
                                     .addr = addr,
                                     .value = (uint16_t)(from[0] | (n == 2 ? from[1] << 8 : 0)),
                                     .len = n});
        addr += n;
        from += n;
        len -= n;
    }
    return RK_OK;
}

/* --- the rest ----------------------------------------------------------------------------------
 */

uint16_t rk_port_backup_get(unsigned n) {
    return used->s.backup[n];
}

void rk_port_backup_set(unsigned n, uint16_t value) {
    used->s.backup[n] = value;
}

void rk_port_light(enum rk_boot_colour colour, unsigned toggle_ms) {
    (void)toggle_ms;
    unsigned n = used->colour_count;
    if ((n == 0 || used->colours[n - 1] != colour) && n < RK_COUNT(used->colours)) {
        used->colours[used->colour_count++] = colour;
    }
}

bool rk_model_boot(struct rk_model *m, enum rk_hold hold, unsigned limit,
                   enum rk_boot_action *end) {
    struct rk_boot b;
    for (unsigned i = 0; i < limit; i++) {
        rk_boot_begin(&b, m->s.csr);
        *end = rk_boot_decide(&b, i == 0 ? hold : RK_HOLD_NONE);
        if (b.clear_flags) {
            m->s.csr &= 0x00FFFFFFu;
        }
        if (*end != RK_BOOT_RESET) {
            return true;
        }
        m->s.csr |= 0x14000000u;
    }
    return false;
}

/* --- images ------------------------------------------------------------------------------------
 */

void rk_model_image(uint8_t *image, uint32_t len, uint32_t seed, bool has_module) {
    uint32_t x = seed * 2654435761u + 1;
    for (uint32_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        image[i] = (uint8_t)(x >> 24);
    }
    rk_put_u32le(image, 0x20005000u);
    rk_put_u32le(image + 4, RK_APP_ADDR + (len / 2 & ~1u) + 1);
    rk_put_u32le(image + 0x10C, 0xF000B500u);
    if (has_module) {
        rk_put_u32le(image + 0x10C, RK_APP_ADDR);
        rk_put_u32le(image + 0x110, RK_APP_ADDR + len - 4);
        memset(image + 0x114, 0, 16);
        image[0x11A] = 3;
        rk_put_u32be(image + len - 4, rk_crc32(image, len - 4));
    }
}

void rk_model_put_app(struct rk_model *m, const uint8_t *image, uint32_t len) {
    memset(m->s.flash + (RK_APP_ADDR - RK_FLASH_BASE), 0xFF, RK_APP_SIZE);
    memcpy(m->s.flash + (RK_APP_ADDR - RK_FLASH_BASE), image, len);
}

void rk_model_put_ext(struct rk_model *m, uint32_t addr, const uint8_t *image, uint32_t len) {
    memset(m->s.ext + addr, 0xFF, 0x20000);
    memcpy(m->s.ext + addr, image, len);
}

bool rk_model_app_is(const struct rk_model *m, const uint8_t *image, uint32_t len) {
    return memcmp(m->s.flash + (RK_APP_ADDR - RK_FLASH_BASE), image, len) == 0;
}
