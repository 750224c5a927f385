/* See copy.h. */
#include "firmware/boot/copy.h"

#include "common/base/bytes.h"
#include "common/base/error.h"

#define TRIES 2
#define HEAD  8u /* stack word and reset vector */
#define PIECE 256u

static bool same(uint32_t ext, uint32_t addr, uint32_t len) {
    uint8_t piece[PIECE];
    for (uint32_t done = 0; done < len; done += PIECE) {
        const uint8_t *have = rk_port_flash(addr + done);
        rk_port_ext_read(ext + done, piece, PIECE);
        for (uint32_t i = 0; i < PIECE; i++) {
            if (piece[i] != have[i]) {
                return false;
            }
        }
    }
    return true;
}

/* --- into the application ----------------------------------------------------------------------
 */

static int program_range(uint32_t addr, const uint8_t *data, uint32_t len) {
    for (uint32_t i = 0; i < len; i += 2) {
        uint16_t value = rk_get_u16le(data + i);
        if (value != 0xFFFFu && rk_port_flash_program(addr + i, value) < 0) {
            return RK_E_IO;
        }
    }
    return RK_OK;
}

static int write_page(uint32_t slot, uint32_t addr) {
    uint8_t piece[PIECE];
    for (uint32_t off = RK_FLASH_PAGE; off > 0; off -= PIECE) {
        uint32_t at = off - PIECE, skip = at == 0 ? HEAD : 0;
        rk_port_ext_read(slot + at, piece, PIECE);
        if (program_range(addr + at + skip, piece + skip, PIECE - skip) < 0) {
            return RK_E_IO;
        }
    }
    return program_range(addr, piece, HEAD);
}

static int copy_page(uint32_t slot, uint32_t addr) {
    for (int i = 0; i < TRIES && !same(slot, addr, RK_FLASH_PAGE); i++) {
        if (rk_port_flash_erase(addr) == RK_OK) {
            (void)write_page(slot, addr);
        }
    }
    return same(slot, addr, RK_FLASH_PAGE) ? RK_OK : RK_E_IO;
}

int rk_copy_to_app(uint32_t slot, uint32_t len) {
    uint32_t size = (len + RK_FLASH_PAGE - 1) / RK_FLASH_PAGE * RK_FLASH_PAGE;
    if (same(slot, RK_APP_ADDR, size)) {
        return RK_OK;
    }
    if (rk_port_flash_erase(RK_APP_ADDR) < 0) {
        return RK_E_IO;
    }
    for (uint32_t off = RK_FLASH_PAGE; off < size; off += RK_FLASH_PAGE) {
        if (copy_page(slot + off, RK_APP_ADDR + off) < 0) {
            return RK_E_IO;
        }
    }
    return copy_page(slot, RK_APP_ADDR);
}

/* --- into the backup slot ----------------------------------------------------------------------
 */

static int copy_sector(uint32_t off) {
    uint32_t ext = RK_EXT_BACKUP_ADDR + off, addr = RK_APP_ADDR + off;
    uint32_t skip = off == 0 ? HEAD : 0;
    for (int i = 0; i < TRIES && !same(ext, addr, RK_EXT_SECTOR); i++) {
        if (rk_port_ext_erase(ext) < 0 ||
            rk_port_ext_write(ext + skip, rk_port_flash(addr + skip), RK_EXT_SECTOR - skip) < 0) {
            continue;
        }
        (void)rk_port_ext_write(ext, rk_port_flash(addr), skip);
    }
    return same(ext, addr, RK_EXT_SECTOR) ? RK_OK : RK_E_IO;
}

int rk_copy_backup(void) {
    if (same(RK_EXT_BACKUP_ADDR, RK_APP_ADDR, RK_APP_SIZE)) {
        return RK_OK;
    }
    if (rk_port_ext_erase(RK_EXT_BACKUP_ADDR) < 0) {
        return RK_E_IO;
    }
    for (uint32_t off = RK_EXT_SECTOR; off < RK_APP_SIZE; off += RK_EXT_SECTOR) {
        if (copy_sector(off) < 0) {
            return RK_E_IO;
        }
    }
    return copy_sector(0);
}
