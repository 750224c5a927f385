/* STM32F103CB (medium density, 128 KB flash, 20 KB SRAM): block numbers, and the tables that place
 * and wire them. Addresses: RM0008 table 3; interrupts: table 63; DMA requests: table 78.
 */
#ifndef RK_EMU_SOC_STM32F103_H
#define RK_EMU_SOC_STM32F103_H

#include "emu/core/machine.h"

enum rk_stm32f103_dev {
    RK_F103_CPU,
    RK_F103_RCC,
    RK_F103_FLASH,
    RK_F103_OPTION,
    RK_F103_PWR,
    RK_F103_BKP,
    RK_F103_RTC,
    RK_F103_IWDG,
    RK_F103_WWDG,
    RK_F103_CRC,
    RK_F103_DBGMCU,
    RK_F103_ESIG,
    RK_F103_AFIO,
    RK_F103_EXTI,
    RK_F103_GPIOA,
    RK_F103_GPIOB,
    RK_F103_GPIOC,
    RK_F103_GPIOD,
    RK_F103_GPIOE,
    RK_F103_TIM1,
    RK_F103_TIM2,
    RK_F103_TIM3,
    RK_F103_TIM4,
    RK_F103_DMA1,
    RK_F103_SPI1,
    RK_F103_SPI2,
    RK_F103_USART1,
    RK_F103_USART2,
    RK_F103_I2C1,
    RK_F103_ADC1,
    RK_F103_ADC2,
    RK_F103_USB,
    RK_F103_REMAP, /* pins of timers and serial blocks, as AFIO_MAPR says */
    RK_F103_CAN,   /* from here on: absent, loud */
    RK_F103_USART3,
    RK_F103_I2C2,
    RK_F103_TPIU,
    RK_F103_SYSMEM,
    RK_F103_DEV_COUNT,
};

/* Ways from a block to a pin (emu/soc/remap.def): numbers of the lines RK_REMAP_OUT_ROUTE and
 * RK_REMAP_IN_BACK of RK_F103_REMAP, where a board connects what is at the pins of a serial block.
 */
enum rk_stm32f103_route {
#define RK_TIM_ROUTE(name, timer, channel, shift, mask, accept, port, pin) RK_F103_ROUTE_##name,
#define RK_SERIAL_ROUTE(name, source, shift, mask, accept)                 RK_F103_ROUTE_##name,
#include "emu/soc/remap.def"
#undef RK_TIM_ROUTE
#undef RK_SERIAL_ROUTE
    RK_F103_ROUTE_COUNT,
};

struct rk_remap_config;
extern const struct rk_remap_config rk_stm32f103_remap;

/* Memories of the chip; a board's own follow. */
enum {
    RK_F103_NV_INTERNAL,
    RK_F103_NV_OPTION,
    RK_F103_NV_COUNT,
};

/* The wires inside the chip. Its blocks are in emu/soc/stm32f103_devs.h, which a board's table of
 * blocks includes. */
extern const struct rk_wire rk_stm32f103_wires[];

#endif
