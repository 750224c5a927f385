/* See dfu_memory.h. */
#include "firmware/boot/dfu_memory.h"

#include "common/base/bytes.h"
#include "common/base/error.h"

/* What an operation takes at most (DS5319 table 28; SST25VF016B: sector 25 ms, word 10 us and its
 * transfer), and what a host should wait for 1 KB: programming and reading back. */
#define PAGE_ERASE_MS   40u
#define PAGE_WRITE_MS   40u
#define SECTOR_ERASE_MS 25u
#define EXT_WRITE_MS    12u

enum medium {
    MEDIUM_NONE,
    MEDIUM_INTERNAL,
    MEDIUM_EXTERNAL,
};

static enum medium medium_of(uint32_t addr, uint32_t len) {
    if (addr - RK_FLASH_BASE < RK_FLASH_SIZE && len <= RK_FLASH_SIZE - (addr - RK_FLASH_BASE)) {
        return MEDIUM_INTERNAL;
    }
    return addr < RK_EXT_SIZE && len <= RK_EXT_SIZE - addr ? MEDIUM_EXTERNAL : MEDIUM_NONE;
}

static enum rk_dfu_status check(void *ctx, enum rk_dfu_op op, uint32_t addr, uint32_t len,
                                uint32_t *poll_ms) {
    (void)ctx;
    enum medium medium = medium_of(addr, len);
    *poll_ms = 0;
    if (medium == MEDIUM_NONE ||
        (medium == MEDIUM_INTERNAL && op != RK_DFU_READ && addr < RK_APP_ADDR)) {
        return RK_DFU_ERR_ADDRESS;
    }
    if (op == RK_DFU_ERASE) {
        *poll_ms = medium == MEDIUM_INTERNAL ? PAGE_ERASE_MS : SECTOR_ERASE_MS;
    } else if (op == RK_DFU_WRITE) {
        *poll_ms = medium == MEDIUM_INTERNAL ? PAGE_WRITE_MS : EXT_WRITE_MS;
    }
    return RK_DFU_OK;
}

static enum rk_dfu_status erase(void *ctx, uint32_t addr) {
    if (addr < RK_FLASH_BASE) {
        return rk_port_ext_erase(addr) == RK_OK ? RK_DFU_OK : RK_DFU_ERR_ERASE;
    }
    if (rk_boot_dfu_begins(ctx) != RK_OK) {
        return RK_DFU_ERR_WRITE;
    }
    return rk_port_flash_erase(addr) == RK_OK ? RK_DFU_OK : RK_DFU_ERR_ERASE;
}

/* Half-words; an odd end or start is padded with 0xFF. What a cell holds already is left, so a
 * repeated block is no error. */
static enum rk_dfu_status write_internal(uint32_t addr, const uint8_t *data, uint16_t len) {
    for (uint32_t i = 0; i < len;) {
        uint32_t cell = (addr + i) & ~1u;
        uint16_t value = 0xFFFF;
        for (; i < len && ((addr + i) & ~1u) == cell; i++) {
            unsigned shift = 8 * ((addr + i) & 1u);
            value = (uint16_t)((value & ~(0xFFu << shift)) | (unsigned)data[i] << shift);
        }
        if (rk_get_u16le(rk_port_flash(cell)) != value &&
            rk_port_flash_program(cell, value) != RK_OK) {
            return RK_DFU_ERR_PROG;
        }
    }
    return RK_DFU_OK;
}

static enum rk_dfu_status write_external(uint32_t addr, const uint8_t *data, uint16_t len) {
    uint8_t piece[64];
    if (rk_port_ext_write(addr, data, len) != RK_OK) {
        return RK_DFU_ERR_PROG;
    }
    for (uint32_t done = 0; done < len; done += sizeof piece) {
        uint32_t n = RK_MIN(len - done, (uint32_t)sizeof piece);
        rk_port_ext_read(addr + done, piece, n);
        for (uint32_t i = 0; i < n; i++) {
            if (piece[i] != data[done + i]) {
                return RK_DFU_ERR_VERIFY;
            }
        }
    }
    return RK_DFU_OK;
}

static enum rk_dfu_status write(void *ctx, uint32_t addr, const uint8_t *data, uint16_t len) {
    if (addr < RK_FLASH_BASE) {
        return write_external(addr, data, len);
    }
    if (rk_boot_dfu_begins(ctx) != RK_OK) {
        return RK_DFU_ERR_WRITE;
    }
    return write_internal(addr, data, len);
}

static uint16_t read(void *ctx, uint32_t addr, uint8_t *data, uint16_t len) {
    (void)ctx;
    while (len > 0 && medium_of(addr, len) == MEDIUM_NONE) {
        len--;
    }
    if (len == 0) {
        return 0;
    }
    if (addr < RK_FLASH_BASE) {
        rk_port_ext_read(addr, data, len);
    } else {
        const uint8_t *from = rk_port_flash(addr);
        for (uint16_t i = 0; i < len; i++) {
            data[i] = from[i];
        }
    }
    return len;
}

static enum rk_dfu_status complete(void *ctx) {
    int rc = rk_boot_dfu_complete(ctx);
    return rc == RK_OK ? RK_DFU_OK : rc == RK_E_VERIFY ? RK_DFU_ERR_FIRMWARE : RK_DFU_ERR_WRITE;
}

const struct rk_dfu_memory rk_boot_dfu_memory = {
    .check = check, .erase = erase, .write = write, .read = read, .complete = complete};
