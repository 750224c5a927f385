/* FLASH: internal flash program/erase controller, option bytes, write protection (PM0075). Also the
 * block that answers bus writes to the flash array: ops->array_write takes half-words
 * only (PM0075 2.3.3); anything else is a guest error and a bus error. Option bytes are a second
 * window (rk_option_ops at 0x1FFFF800) of the same rules. */
#ifndef RK_EMU_PERIPH_FLASH_H
#define RK_EMU_PERIPH_FLASH_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_flash_ops;  /* registers; nv = internal flash */
extern const struct rk_dev_ops rk_option_ops; /* option bytes; nv = the 16 bytes */

/* The option bytes of a chip as it leaves the factory (PM0075 table 6): no protection, watchdog by
 * software. A memory of all 0xFF is a chip whose option bytes are erased: read protection is on,
 * its first four pages are write-protected. */
void rk_option_factory(uint8_t bytes[16]);

struct rk_flash_config {
    uint32_t page_size;  /* 1024 */
    uint32_t erase_us;   /* page erase, DS5319 table 28: 20-40 ms */
    uint32_t program_us; /* half-word: 40-70 us */
    uint8_t option_nv;   /* index of the 16 option bytes in the machine's nv */
};

enum {
    RK_FLASH_OUT_IRQ,
    RK_FLASH_OUT_OPTION,  /* exchange with rk_option_ops: RK_OPTION_x << 24 | offset << 16 | data */
    RK_FLASH_OUT_IWDG_HW, /* option byte WDG_SW = 0, driven at reset */
    RK_FLASH_OUT_COUNT,
};
enum {
    RK_FLASH_IN_OPTION_WRITE =
        0, /* from rk_option_ops: offset << 16 | half-word; answer 1: it was programmed */
};
enum {
    RK_OPTION_GET = 1, /* answer: the half-word at offset */
    RK_OPTION_PROGRAM, /* cells are set (the controller checked the rules) */
    RK_OPTION_ERASE,   /* data: how many of the 16 bytes (a torn erase does not reach all) */
};
enum {
    RK_OPTION_OUT_WRITE, /* a bus write to the option bytes, to RK_FLASH_IN_OPTION_WRITE */
    RK_OPTION_OUT_COUNT,
};
enum {
    RK_OPTION_IN_COMMAND, /* from RK_FLASH_OUT_OPTION */
};

#endif
