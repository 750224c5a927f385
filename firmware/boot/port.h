/* What the bootloader's decisions need of the board: the seam below firmware/boot. On the chip it
 * is firmware/boot/port_core.c over the drivers; in tests it is a model that can lose its power at
 * any operation.
 *
 * Every erase of a unit and every programmed cell is one operation after which the power may fail.
 * Functions that return int give 0, or RK_E_IO when the memory did not take it.
 */
#ifndef RK_FIRMWARE_BOOT_PORT_H
#define RK_FIRMWARE_BOOT_PORT_H

#include "common/base/attr.h"

/* core-hardware.md 1.1, 1.2. */
#define RK_FLASH_BASE       0x08000000u
#define RK_FLASH_SIZE       0x20000u
#define RK_FLASH_PAGE       1024u
#define RK_BOOT_SIZE        0x4000u
#define RK_JOURNAL_ADDR     0x08004800u
#define RK_FLAGS_ADDR       0x08004C00u
#define RK_APP_ADDR         0x08005000u
#define RK_APP_SIZE         0x1B000u
#define RK_EXT_SIZE         0x200000u
#define RK_EXT_SECTOR       4096u
#define RK_EXT_FACTORY_ADDR 0x20000u
#define RK_EXT_BACKUP_ADDR  0x40000u
#define RK_EXT_OTA_ADDR     0x60000u

/* Internal flash. addr is absolute; reading is by address. */
const uint8_t *rk_port_flash(uint32_t addr);
int rk_port_flash_erase(uint32_t addr);
int rk_port_flash_program(uint32_t addr, uint16_t value);

/* External flash. A write needs erased cells; it is made of pairs and single bytes. */
void rk_port_ext_read(uint32_t addr, void *data, size_t len);
int rk_port_ext_erase(uint32_t addr);
int rk_port_ext_write(uint32_t addr, const void *data, size_t len);

/* Backup register DRn. */
uint16_t rk_port_backup_get(unsigned n);
void rk_port_backup_set(unsigned n, uint16_t value);

/* The light. toggle_ms 0: steady. */
enum rk_boot_colour {
    RK_BOOT_DARK,
    RK_BOOT_RED,
    RK_BOOT_GREEN,
    RK_BOOT_YELLOW,
    RK_BOOT_MAGENTA,
    RK_BOOT_WHITE,
};
void rk_port_light(enum rk_boot_colour colour, unsigned toggle_ms);

#endif
