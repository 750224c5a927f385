/* The external flash, an SST25VF016B on SPI2 at 18 MHz (core-hardware.md 2.6). */
#ifndef RK_FIRMWARE_DRIVERS_SST25_H
#define RK_FIRMWARE_DRIVERS_SST25_H

#include "common/base/attr.h"

/* Takes the block protection off. rk_board_init() came before. */
void rk_sst25_init(void);
void rk_sst25_read(uint32_t addr, void *data, size_t len);
/* One 4 KB sector (18-25 ms); an erased range of any start and length. RK_E_IO: the chip stays
 * busy. */
int rk_sst25_erase(uint32_t addr);
int rk_sst25_write(uint32_t addr, const void *data, size_t len);

#endif
