/* The Spark Core: an STM32F103CB, a light, two buttons, an SPI flash and a CC3000
 * (core-hardware.md 2.1). rk_machine_new(&rk_spark_core_desc, nv), then rk_spark_core_init().
 */
#ifndef RK_EMU_BOARD_SPARK_CORE_H
#define RK_EMU_BOARD_SPARK_CORE_H

#include "emu/soc/stm32f103.h"

enum rk_spark_core_dev {
    RK_CORE_LED = RK_F103_DEV_COUNT,
    RK_CORE_SPI_MUX,
    RK_CORE_SST25,
    RK_CORE_CC3000,
    RK_CORE_DEV_COUNT,
};

enum rk_spark_core_nv {
    RK_CORE_NV_INTERNAL = RK_F103_NV_INTERNAL, /* 128 KB */
    RK_CORE_NV_OPTION = RK_F103_NV_OPTION,     /* 16 bytes */
    RK_CORE_NV_EXTERNAL = RK_F103_NV_COUNT,    /* 2 MB SPI flash */
    RK_CORE_NV_RADIO,                          /* 32 KB CC3000 NVMEM */
    RK_CORE_NV_COUNT,
};

extern const struct rk_machine_desc rk_spark_core_desc;

/* Once after building: the device id (12 bytes in memory order) and what the board ties its pins
 * to. */
void rk_spark_core_init(struct rk_machine *m, const uint8_t id[12]);
/* Where no bootloader is: a vector table of `bx lr` and a jump to the application at 0x08005000
 * (emulator-findings.md: real chips survive an early SysTick only because the loader's table is
 * there). Writes at most 1 KB at 0x08000000; does nothing unless those bytes are all 0xFF. */
void rk_spark_core_standin_loader(struct rk_machine *m);

/* MODE button; RESET is rk_machine_reset(m, RK_RESET_PIN). Between runs. */
void rk_spark_core_mode_button(struct rk_machine *m, bool pressed);

#endif
