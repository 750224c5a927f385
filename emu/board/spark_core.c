/* Tables of the Spark Core: see spark_core.h. */
#include "emu/board/spark_core.h"

#include <string.h>

#include "common/base/bytes.h"
#include "emu/core/absent.h"
#include "emu/cpu/cpu.h"
#include "emu/part/cc3000.h"
#include "emu/part/led.h"
#include "emu/part/spi_mux.h"
#include "emu/part/sst25.h"
#include "emu/periph/adc.h"
#include "emu/periph/afio.h"
#include "emu/periph/bkp.h"
#include "emu/periph/crc.h"
#include "emu/periph/dbgmcu.h"
#include "emu/periph/dma.h"
#include "emu/periph/exti.h"
#include "emu/periph/flash.h"
#include "emu/periph/gpio.h"
#include "emu/periph/i2c.h"
#include "emu/periph/iwdg.h"
#include "emu/periph/pwr.h"
#include "emu/periph/rcc.h"
#include "emu/periph/remap.h"
#include "emu/periph/rtc.h"
#include "emu/periph/spi.h"
#include "emu/periph/tim.h"
#include "emu/periph/usart.h"
#include "emu/periph/usb.h"
#include "emu/periph/wwdg.h"

static const struct rk_cortex_m3_config rk_f103_cpu_config = {.irq_count = 43, .prio_bits = 4};
/* DS5319 (STM32F103x8/xB) table 28: page erase 20-40 ms, half-word 40-70 us; typical values. */
static const struct rk_flash_config rk_f103_flash_config = {
    .page_size = 1024, .erase_us = 20000, .program_us = 53};
static const struct rk_esig_config rk_f103_esig_config = {.flash_kb = 128};
static const struct rk_gpio_config rk_f103_gpio_config[] = {{0}, {1}, {2}, {3}, {4}};
static const struct rk_tim_config rk_f103_tim_advanced = {.advanced = true};
static const struct rk_tim_config rk_f103_tim_general = {.advanced = false};
static const struct rk_adc_config rk_f103_adc_master = {.master = true};
static const struct rk_adc_config rk_f103_adc_slave = {.master = false};
/* DS5319: HSE 8 MHz crystal 2 ms with heavy load, PLL lock up to 200 us, LSE up to 3 s. SystemInit
 * gives HSE 0x500 turns of a loop at 8 MHz (core-hardware.md 8.3), so a board that works starts in
 * under a millisecond; 300 ms for the LSE gives the white light that the images show at 0.3 s
 * (emulator-findings.md). */
static const struct rk_rcc_config core_rcc_config = {
    .hse_hz = 8000000, .hse_start_us = 500, .lse_start_us = 300000, .pll_lock_us = 100};
static const struct rk_usb_config core_usb_config = {.pullup_active_low = true};

#define RK_F103_RCC_CONFIG &core_rcc_config
#define RK_F103_USB_CONFIG &core_usb_config

static const struct rk_dev_desc core_devs[RK_CORE_DEV_COUNT] = {
#include "emu/soc/stm32f103_devs.h"
    [RK_CORE_LED] = {.ops = &rk_led_ops, .name = "LED"},
    [RK_CORE_SPI_MUX] = {.ops = &rk_spi_mux_ops, .name = "SPI2 bus"},
    [RK_CORE_SST25] = {.ops = &rk_sst25_ops, .name = "SST25", .nv = 1 + RK_CORE_NV_EXTERNAL},
    [RK_CORE_CC3000] = {.ops = &rk_cc3000_ops, .name = "CC3000", .nv = 1 + RK_CORE_NV_RADIO},
};

/* core-hardware.md 2.1: blue PA8, red PA9, green PA10; D7 PA13; radio CS PB12, enable PB8, IRQ
 * PB11; flash CS PB9; USB pull-up control PB10. */
static const struct rk_wire core_wires[] = {
    {RK_F103_GPIOA, RK_GPIO_OUT_PWM + 9, RK_CORE_LED, RK_LED_IN_PWM + 0},
    {RK_F103_GPIOA, RK_GPIO_OUT_PWM + 10, RK_CORE_LED, RK_LED_IN_PWM + 1},
    {RK_F103_GPIOA, RK_GPIO_OUT_PWM + 8, RK_CORE_LED, RK_LED_IN_PWM + 2},
    {RK_F103_GPIOA, RK_GPIO_OUT_DRIVE + 9, RK_CORE_LED, RK_LED_IN_PIN + 0},
    {RK_F103_GPIOA, RK_GPIO_OUT_DRIVE + 10, RK_CORE_LED, RK_LED_IN_PIN + 1},
    {RK_F103_GPIOA, RK_GPIO_OUT_DRIVE + 8, RK_CORE_LED, RK_LED_IN_PIN + 2},
    {RK_F103_GPIOA, RK_GPIO_OUT_PIN + 13, RK_CORE_LED, RK_LED_IN_USER},
    {RK_F103_SPI2, RK_SPI_OUT_XFER, RK_CORE_SPI_MUX, RK_SPI_MUX_IN_XFER},
    {RK_CORE_SPI_MUX, RK_SPI_MUX_OUT_XFER + 0, RK_CORE_SST25, RK_SST25_IN_XFER},
    {RK_CORE_SPI_MUX, RK_SPI_MUX_OUT_XFER + 1, RK_CORE_CC3000, RK_CC3000_IN_XFER},
    {RK_F103_GPIOB, RK_GPIO_OUT_PIN + 9, RK_CORE_SST25, RK_SST25_IN_CS},
    {RK_F103_GPIOB, RK_GPIO_OUT_PIN + 12, RK_CORE_CC3000, RK_CC3000_IN_CS},
    {RK_F103_GPIOB, RK_GPIO_OUT_PIN + 8, RK_CORE_CC3000, RK_CC3000_IN_ENABLE},
    {RK_CORE_CC3000, RK_CC3000_OUT_IRQ, RK_F103_GPIOB, RK_GPIO_IN_PIN + 11},
    {RK_F103_GPIOB, RK_GPIO_OUT_PIN + 10, RK_F103_USB, RK_USB_IN_PULLUP},
    RK_WIRE_END,
};

static const struct rk_wire *const core_wire_tables[] = {rk_stm32f103_wires, core_wires, NULL};

static const struct rk_nv_desc core_nv[RK_CORE_NV_COUNT] = {
    [RK_CORE_NV_INTERNAL] = {"internal", 128 * 1024},
    [RK_CORE_NV_OPTION] = {"option", 16},
    [RK_CORE_NV_EXTERNAL] = {"external", 2 * 1024 * 1024},
    [RK_CORE_NV_RADIO] = {"radio", 32 * 1024},
};

const struct rk_machine_desc rk_spark_core_desc = {
    .name = "Spark Core",
    .cpu = &rk_cortex_m3_cpu,
    .devs = core_devs,
    .dev_count = RK_CORE_DEV_COUNT,
    .wires = core_wire_tables,
    .nv = core_nv,
    .nv_count = RK_CORE_NV_COUNT,
    .flash_nv = RK_CORE_NV_INTERNAL,
    .flash_base = 0x08000000u,
    .flash_dev = RK_F103_FLASH,
    .ram_base = 0x20000000u,
    .ram_size = 20 * 1024,
    .hclk_reset_hz = 8000000,
};

void rk_spark_core_init(struct rk_machine *m, const uint8_t id[12]) {
    rk_esig_set_id(rk_machine_dev(m, RK_F103_ESIG), id);
    rk_machine_input(m, RK_F103_GPIOB, RK_GPIO_IN_PIN + 10, 1); /* pull-up at the USB switch */
    for (unsigned pin = 8; pin <= 10; pin++) { /* the light pulls its undriven pins up */
        rk_machine_input(m, RK_F103_GPIOA, RK_GPIO_IN_PIN + pin, 1);
    }
}

void rk_spark_core_mode_button(struct rk_machine *m, bool pressed) {
    rk_machine_input(m, RK_F103_GPIOB, RK_GPIO_IN_PIN + 2, pressed ? 0 : RK_GPIO_FLOAT);
}

/* The stand-in: 67 vectors that lead to `bx lr`, but the reset vector, which hands over what every
 * bootloader hands over (core-hardware.md 8.1: AFIO, PWR and BKP clocks on, DBP set) and then jumps
 * as 4.3 says. `ldr r0, [pc, #n]` loads from the words behind the code. */
#define STANDIN_VECTORS 67
#define STANDIN_CODE    0x120u
#define STANDIN_BX_LR   (STANDIN_CODE + 22 * 2)

void rk_spark_core_standin_loader(struct rk_machine *m) {
    static const uint16_t code[] = {
        0x480B,         /* ldr r0, =0x40021000 (RCC) */
        0xF04F, 0x51C0, /* mov.w r1, #0x18000000 (PWREN, BKPEN) */
        0x61C1,         /* str r1, [r0, #0x1C] (APB1ENR) */
        0x2101,         /* movs r1, #1 (AFIOEN) */
        0x6181,         /* str r1, [r0, #0x18] (APB2ENR) */
        0x4809,         /* ldr r0, =0x40007000 (PWR) */
        0xF44F, 0x7180, /* mov.w r1, #0x100 (DBP) */
        0x6001,         /* str r1, [r0] (PWR_CR) */
        0x4808,         /* ldr r0, =0x08005000 */
        0x6801,         /* ldr r1, [r0] */
        0xF381, 0x8808, /* msr msp, r1 */
        0x6840,         /* ldr r0, [r0, #4] */
        0x4700,         /* bx r0 */
        0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0x4770, /* bx lr */
        0xBF00, 0x1000, 0x4002, 0x7000, 0x4000, 0x5000, 0x0800,
    };
    uint8_t *flash = rk_machine_nv(m, RK_CORE_NV_INTERNAL, NULL);
    for (size_t i = 0; i < 1024; i++) {
        if (flash[i] != 0xFF) {
            return;
        }
    }
    rk_put_u32le(flash, 0x20005000u);
    rk_put_u32le(flash + 4, (0x08000000u + STANDIN_CODE) | 1u);
    for (unsigned i = 2; i < STANDIN_VECTORS; i++) {
        rk_put_u32le(flash + 4 * i, (0x08000000u + STANDIN_BX_LR) | 1u);
    }
    for (size_t i = 0; i < RK_COUNT(code); i++) {
        rk_put_u16le(flash + STANDIN_CODE + 2 * i, code[i]);
    }
    rk_machine_nv_changed(m);
}
