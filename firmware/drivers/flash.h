/* Internal flash of the F103 (PM0075) and its write protection. Code runs from the same flash, so
 * the processor stands still while a page is erased (20-40 ms) or a half-word programmed (40-70
 * us). */
#ifndef RK_FIRMWARE_DRIVERS_FLASH_H
#define RK_FIRMWARE_DRIVERS_FLASH_H

#include "common/base/attr.h"

/* 0, or RK_E_IO: protected, not erased before, or no end in sight. */
int rk_flash_erase(uint32_t addr);
int rk_flash_program(uint32_t addr, uint16_t value);
/* Write protection for pages 0-15, the bootloader's own, if it is not there yet; it takes effect at
 * the next reset and is never taken away. */
void rk_flash_protect_loader(void);

#endif
