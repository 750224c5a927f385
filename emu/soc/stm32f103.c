/* The wires inside an STM32F103CB. Addresses and interrupts only; no behaviour lives here. */
#include "emu/soc/stm32f103.h"

#include "emu/cpu/cpu.h"
#include "emu/periph/adc.h"
#include "emu/periph/afio.h"
#include "emu/periph/bkp.h"
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

/* An interrupt request, by its number in RM0008 table 63. */
#define IRQ(dev, line, number)                                                                     \
    { RK_F103_##dev, (line), RK_F103_CPU, (number) }

/* Clock gate and reset bit of a block (RM0008 7.3.4-7.3.8): they have the same number. */
#define APB2(dev, bit)                                                                             \
    {RK_F103_RCC, RK_RCC_OUT_APB2ENR + (bit), RK_F103_##dev, RK_LINE_GATE}, {                      \
        RK_F103_RCC, RK_RCC_OUT_APB2RSTR + (bit), RK_F103_##dev, RK_LINE_RESET                     \
    }
#define APB1(dev, bit)                                                                             \
    {RK_F103_RCC, RK_RCC_OUT_APB1ENR + (bit), RK_F103_##dev, RK_LINE_GATE}, {                      \
        RK_F103_RCC, RK_RCC_OUT_APB1RSTR + (bit), RK_F103_##dev, RK_LINE_RESET                     \
    }
#define AHB(dev, bit)                                                                              \
    { RK_F103_RCC, RK_RCC_OUT_AHBENR + (bit), RK_F103_##dev, RK_LINE_GATE }

/* Pin levels of a port to the EXTI multiplexer. */
#define PIN(port, number, pin)                                                                     \
    {                                                                                              \
        RK_F103_GPIO##port, RK_GPIO_OUT_PIN + (pin), RK_F103_AFIO,                                 \
            RK_AFIO_IN_PIN + 16 * (number) + (pin)                                                 \
    }
#define PINS(port, number)                                                                         \
    PIN(port, number, 0), PIN(port, number, 1), PIN(port, number, 2), PIN(port, number, 3),        \
        PIN(port, number, 4), PIN(port, number, 5), PIN(port, number, 6), PIN(port, number, 7),    \
        PIN(port, number, 8), PIN(port, number, 9), PIN(port, number, 10), PIN(port, number, 11),  \
        PIN(port, number, 12), PIN(port, number, 13), PIN(port, number, 14),                       \
        PIN(port, number, 15), {                                                                   \
        RK_F103_AFIO, RK_AFIO_OUT_SWJ, RK_F103_GPIO##port, RK_GPIO_IN_SWJ                          \
    }

#define EXTI_LINE(n)                                                                               \
    { RK_F103_AFIO, RK_AFIO_OUT_EXTI + (n), RK_F103_EXTI, RK_EXTI_IN_LINE + (n) }

/* DMA request of a channel (1-7, as in the manual); sources of one channel get different numbers.
 */
#define DMA(dev, line, channel, source)                                                            \
    { RK_F103_##dev, (line), RK_F103_DMA1, RK_DMA_IN_REQUEST + 8 * ((channel)-1) + (source) }

/* Sources of the remap block: timers by channel, then the serial blocks. */
enum source {
    SOURCE_TIM1 = 0,
    SOURCE_TIM2 = 4,
    SOURCE_TIM3 = 8,
    SOURCE_TIM4 = 12,
    SOURCE_SPI1 = RK_REMAP_LEVELS,
    SOURCE_I2C1,
    SOURCE_USART1,
    SOURCE_USART2,
};

/* A timer channel (1-4) and the remap block, both ways. */
#define TIM_CHANNEL(tim, channel)                                                                  \
    {RK_F103_##tim, RK_TIM_OUT_PWM + (channel)-1, RK_F103_REMAP,                                   \
     RK_REMAP_IN_SOURCE + SOURCE_##tim + (channel)-1},                                             \
    {                                                                                              \
        RK_F103_REMAP, RK_REMAP_OUT_BACK + SOURCE_##tim + (channel)-1, RK_F103_##tim,              \
            RK_TIM_IN_CH + (channel)-1                                                             \
    }
#define TIM_CHANNELS(tim)                                                                          \
    TIM_CHANNEL(tim, 1), TIM_CHANNEL(tim, 2), TIM_CHANNEL(tim, 3), TIM_CHANNEL(tim, 4)

#define ADC_PIN(port, pin, channel)                                                                \
    {RK_F103_GPIO##port, RK_GPIO_OUT_MV + (pin), RK_F103_ADC1, RK_ADC_IN_MV + (channel)}, {        \
        RK_F103_GPIO##port, RK_GPIO_OUT_MV + (pin), RK_F103_ADC2, RK_ADC_IN_MV + (channel)         \
    }

static const struct rk_remap_route routes[RK_F103_ROUTE_COUNT] = {
#define RK_TIM_ROUTE(name, timer, channel, shift_, mask_, accept_, port, pin)                      \
    [RK_F103_ROUTE_##name] = {.source = SOURCE_##timer + (channel)-1,                              \
                              .shift = (shift_),                                                   \
                              .mask = (mask_),                                                     \
                              .accept = (accept_)},
#define RK_SERIAL_ROUTE(name, source_, shift_, mask_, accept_)                                     \
    [RK_F103_ROUTE_##name] = {                                                                     \
        .source = SOURCE_##source_, .shift = (shift_), .mask = (mask_), .accept = (accept_)},
#include "emu/soc/remap.def"
#undef RK_TIM_ROUTE
#undef RK_SERIAL_ROUTE
};

const struct rk_remap_config rk_stm32f103_remap = {.routes = routes, .count = RK_F103_ROUTE_COUNT};

/* clang-format off */
const struct rk_wire rk_stm32f103_wires[] = {
    /* clock gates and block resets */
    AHB(DMA1, 0), AHB(CRC, 6),
    APB2(AFIO, 0), APB2(GPIOA, 2), APB2(GPIOB, 3), APB2(GPIOC, 4), APB2(GPIOD, 5), APB2(GPIOE, 6),
    APB2(ADC1, 9), APB2(ADC2, 10), APB2(TIM1, 11), APB2(SPI1, 12), APB2(USART1, 14),
    APB1(TIM2, 0), APB1(TIM3, 1), APB1(TIM4, 2), APB1(WWDG, 11), APB1(SPI2, 14), APB1(USART2, 17),
    APB1(USART3, 18), APB1(I2C1, 21), APB1(I2C2, 22), APB1(USB, 23), APB1(CAN, 25), APB1(BKP, 27),
    APB1(PWR, 28),

    /* power and backup domain */
    {RK_F103_PWR, RK_PWR_OUT_DBP, RK_F103_RCC, RK_RCC_IN_DBP},
    {RK_F103_PWR, RK_PWR_OUT_DBP, RK_F103_RTC, RK_RTC_IN_DBP},
    {RK_F103_PWR, RK_PWR_OUT_DBP, RK_F103_BKP, RK_BKP_IN_DBP},
    {RK_F103_RCC, RK_RCC_OUT_BDRST, RK_F103_RTC, RK_RTC_IN_BDRST},
    {RK_F103_RCC, RK_RCC_OUT_BDRST, RK_F103_BKP, RK_BKP_IN_BDRST},
    {RK_F103_CPU, RK_CPU_OUT_SLEEP, RK_F103_PWR, RK_PWR_IN_SLEEP},
    {RK_F103_EXTI, RK_EXTI_OUT_WAKE, RK_F103_PWR, RK_PWR_IN_WAKE},
    {RK_F103_GPIOA, RK_GPIO_OUT_PIN + 0, RK_F103_PWR, RK_PWR_IN_WKUP_PIN},
    {RK_F103_RTC, RK_RTC_OUT_ALARM, RK_F103_PWR, RK_PWR_IN_RTC_ALARM},
    {RK_F103_PWR, RK_PWR_OUT_STOP, RK_F103_RCC, RK_RCC_IN_STOP},
    {RK_F103_PWR, RK_PWR_OUT_CPU_WAKE, RK_F103_CPU, RK_CPU_IN_WAKE},
    {RK_F103_IWDG, RK_IWDG_OUT_LSI, RK_F103_RCC, RK_RCC_IN_LSI},
    {RK_F103_FLASH, RK_FLASH_OUT_IWDG_HW, RK_F103_IWDG, RK_IWDG_IN_HW},
    {RK_F103_FLASH, RK_FLASH_OUT_OPTION, RK_F103_OPTION, RK_OPTION_IN_COMMAND},
    {RK_F103_OPTION, RK_OPTION_OUT_WRITE, RK_F103_FLASH, RK_FLASH_IN_OPTION_WRITE},

    /* interrupts */
    IRQ(WWDG, RK_WWDG_OUT_IRQ, 0), IRQ(BKP, RK_BKP_OUT_IRQ, 2), IRQ(RTC, RK_RTC_OUT_IRQ, 3),
    IRQ(FLASH, RK_FLASH_OUT_IRQ, 4), IRQ(RCC, RK_RCC_OUT_IRQ, 5),
    {RK_F103_RCC, RK_RCC_OUT_NMI, RK_F103_CPU, RK_CPU_IN_NMI},
    IRQ(EXTI, RK_EXTI_OUT_IRQ + 16, 1), IRQ(EXTI, RK_EXTI_OUT_IRQ + 0, 6),
    IRQ(EXTI, RK_EXTI_OUT_IRQ + 1, 7), IRQ(EXTI, RK_EXTI_OUT_IRQ + 2, 8),
    IRQ(EXTI, RK_EXTI_OUT_IRQ + 3, 9), IRQ(EXTI, RK_EXTI_OUT_IRQ + 4, 10),
    IRQ(EXTI, RK_EXTI_OUT_IRQ9_5, 23), IRQ(EXTI, RK_EXTI_OUT_IRQ15_10, 40),
    IRQ(EXTI, RK_EXTI_OUT_IRQ + 17, 41), IRQ(EXTI, RK_EXTI_OUT_IRQ + 18, 42),
    {RK_F103_EXTI, RK_EXTI_OUT_EVENT, RK_F103_CPU, RK_CPU_IN_EVENT},
    IRQ(DMA1, 0, 11), IRQ(DMA1, 1, 12), IRQ(DMA1, 2, 13), IRQ(DMA1, 3, 14), IRQ(DMA1, 4, 15),
    IRQ(DMA1, 5, 16), IRQ(DMA1, 6, 17), IRQ(ADC1, RK_ADC_OUT_IRQ, 18),
    IRQ(USB, RK_USB_OUT_IRQ_HP, 19), IRQ(USB, RK_USB_OUT_IRQ_LP, 20),
    IRQ(TIM1, RK_TIM_OUT_IRQ_BRK, 24), IRQ(TIM1, RK_TIM_OUT_IRQ_UP, 25),
    IRQ(TIM1, RK_TIM_OUT_IRQ_TRG_COM, 26), IRQ(TIM1, RK_TIM_OUT_IRQ_CC, 27),
    IRQ(TIM2, RK_TIM_OUT_IRQ, 28), IRQ(TIM3, RK_TIM_OUT_IRQ, 29), IRQ(TIM4, RK_TIM_OUT_IRQ, 30),
    IRQ(I2C1, RK_I2C_OUT_IRQ_EV, 31), IRQ(I2C1, RK_I2C_OUT_IRQ_ER, 32),
    IRQ(SPI1, RK_SPI_OUT_IRQ, 35), IRQ(SPI2, RK_SPI_OUT_IRQ, 36),
    IRQ(USART1, RK_USART_OUT_IRQ, 37), IRQ(USART2, RK_USART_OUT_IRQ, 38),

    /* external interrupt lines */
    PINS(A, 0), PINS(B, 1), PINS(C, 2), PINS(D, 3), PINS(E, 4),
    EXTI_LINE(0), EXTI_LINE(1), EXTI_LINE(2), EXTI_LINE(3), EXTI_LINE(4), EXTI_LINE(5),
    EXTI_LINE(6), EXTI_LINE(7), EXTI_LINE(8), EXTI_LINE(9), EXTI_LINE(10), EXTI_LINE(11),
    EXTI_LINE(12), EXTI_LINE(13), EXTI_LINE(14), EXTI_LINE(15),
    {RK_F103_RTC, RK_RTC_OUT_ALARM, RK_F103_EXTI, RK_EXTI_IN_LINE + 17},
    {RK_F103_USB, RK_USB_OUT_WAKEUP, RK_F103_EXTI, RK_EXTI_IN_LINE + 18},

    /* DMA requests */
    DMA(ADC1, RK_ADC_OUT_DMA, 1, 0), DMA(TIM2, RK_TIM_OUT_DMA_CC + 2, 1, 1),
    DMA(TIM4, RK_TIM_OUT_DMA_CC + 0, 1, 2),
    DMA(SPI1, RK_SPI_OUT_DMA_RX, 2, 0), DMA(TIM1, RK_TIM_OUT_DMA_CC + 0, 2, 1),
    DMA(TIM2, RK_TIM_OUT_DMA_UP, 2, 2), DMA(TIM3, RK_TIM_OUT_DMA_CC + 2, 2, 3),
    DMA(SPI1, RK_SPI_OUT_DMA_TX, 3, 0), DMA(TIM1, RK_TIM_OUT_DMA_CC + 1, 3, 1),
    DMA(TIM3, RK_TIM_OUT_DMA_CC + 3, 3, 2), DMA(TIM3, RK_TIM_OUT_DMA_UP, 3, 3),
    DMA(SPI2, RK_SPI_OUT_DMA_RX, 4, 0), DMA(USART1, RK_USART_OUT_DMA_TX, 4, 1),
    DMA(TIM1, RK_TIM_OUT_DMA_CC + 3, 4, 2), DMA(TIM1, RK_TIM_OUT_DMA_TRG, 4, 3),
    DMA(TIM4, RK_TIM_OUT_DMA_CC + 1, 4, 4),
    DMA(SPI2, RK_SPI_OUT_DMA_TX, 5, 0), DMA(USART1, RK_USART_OUT_DMA_RX, 5, 1),
    DMA(TIM1, RK_TIM_OUT_DMA_UP, 5, 2), DMA(TIM2, RK_TIM_OUT_DMA_CC + 0, 5, 3),
    DMA(TIM4, RK_TIM_OUT_DMA_CC + 2, 5, 4),
    DMA(USART2, RK_USART_OUT_DMA_RX, 6, 0), DMA(I2C1, RK_I2C_OUT_DMA_TX, 6, 1),
    DMA(TIM1, RK_TIM_OUT_DMA_CC + 2, 6, 2), DMA(TIM3, RK_TIM_OUT_DMA_CC + 0, 6, 3),
    DMA(TIM3, RK_TIM_OUT_DMA_TRG, 6, 4),
    DMA(USART2, RK_USART_OUT_DMA_TX, 7, 0), DMA(I2C1, RK_I2C_OUT_DMA_RX, 7, 1),
    DMA(TIM2, RK_TIM_OUT_DMA_CC + 1, 7, 2), DMA(TIM2, RK_TIM_OUT_DMA_CC + 3, 7, 3),
    DMA(TIM4, RK_TIM_OUT_DMA_UP, 7, 4),

    /* timers: pins, and triggers of one another (RM0008 table 86: TIMx internal triggers) */
    TIM_CHANNELS(TIM1), TIM_CHANNELS(TIM2), TIM_CHANNELS(TIM3), TIM_CHANNELS(TIM4),
#define RK_TIM_ROUTE(name, timer, channel, shift, mask, accept, port, pin)                         \
    {RK_F103_REMAP, RK_REMAP_OUT_ROUTE + RK_F103_ROUTE_##name, RK_F103_GPIO##port,                 \
     RK_GPIO_IN_PWM + (pin)},                                                                      \
    {RK_F103_GPIO##port, RK_GPIO_OUT_PIN + (pin), RK_F103_REMAP,                                   \
     RK_REMAP_IN_BACK + RK_F103_ROUTE_##name},
#define RK_SERIAL_ROUTE(name, source, shift, mask, accept)
#include "emu/soc/remap.def"
#undef RK_TIM_ROUTE
#undef RK_SERIAL_ROUTE
    {RK_F103_AFIO, RK_AFIO_OUT_MAPR, RK_F103_REMAP, RK_REMAP_IN_MAPR},
    {RK_F103_SPI1, RK_SPI_OUT_XFER, RK_F103_REMAP, RK_REMAP_IN_SOURCE + SOURCE_SPI1},
    {RK_F103_I2C1, RK_I2C_OUT_BUS, RK_F103_REMAP, RK_REMAP_IN_SOURCE + SOURCE_I2C1},
    {RK_F103_USART1, RK_USART_OUT_TX, RK_F103_REMAP, RK_REMAP_IN_SOURCE + SOURCE_USART1},
    {RK_F103_USART2, RK_USART_OUT_TX, RK_F103_REMAP, RK_REMAP_IN_SOURCE + SOURCE_USART2},
    {RK_F103_REMAP, RK_REMAP_OUT_BACK + SOURCE_USART1, RK_F103_USART1, RK_USART_IN_RX},
    {RK_F103_REMAP, RK_REMAP_OUT_BACK + SOURCE_USART2, RK_F103_USART2, RK_USART_IN_RX},
    {RK_F103_TIM2, RK_TIM_OUT_TRGO, RK_F103_TIM1, RK_TIM_IN_ITR + 1},
    {RK_F103_TIM3, RK_TIM_OUT_TRGO, RK_F103_TIM1, RK_TIM_IN_ITR + 2},
    {RK_F103_TIM4, RK_TIM_OUT_TRGO, RK_F103_TIM1, RK_TIM_IN_ITR + 3},
    {RK_F103_TIM1, RK_TIM_OUT_TRGO, RK_F103_TIM2, RK_TIM_IN_ITR + 0},
    {RK_F103_TIM3, RK_TIM_OUT_TRGO, RK_F103_TIM2, RK_TIM_IN_ITR + 2},
    {RK_F103_TIM4, RK_TIM_OUT_TRGO, RK_F103_TIM2, RK_TIM_IN_ITR + 3},
    {RK_F103_TIM1, RK_TIM_OUT_TRGO, RK_F103_TIM3, RK_TIM_IN_ITR + 0},
    {RK_F103_TIM2, RK_TIM_OUT_TRGO, RK_F103_TIM3, RK_TIM_IN_ITR + 1},
    {RK_F103_TIM4, RK_TIM_OUT_TRGO, RK_F103_TIM3, RK_TIM_IN_ITR + 3},
    {RK_F103_TIM1, RK_TIM_OUT_TRGO, RK_F103_TIM4, RK_TIM_IN_ITR + 0},
    {RK_F103_TIM2, RK_TIM_OUT_TRGO, RK_F103_TIM4, RK_TIM_IN_ITR + 1},
    {RK_F103_TIM3, RK_TIM_OUT_TRGO, RK_F103_TIM4, RK_TIM_IN_ITR + 2},

    /* analog inputs */
    ADC_PIN(A, 0, 0), ADC_PIN(A, 1, 1), ADC_PIN(A, 2, 2), ADC_PIN(A, 3, 3), ADC_PIN(A, 4, 4),
    ADC_PIN(A, 5, 5), ADC_PIN(A, 6, 6), ADC_PIN(A, 7, 7), ADC_PIN(B, 0, 8), ADC_PIN(B, 1, 9),
    {RK_F103_TIM3, RK_TIM_OUT_TRGO, RK_F103_ADC1, RK_ADC_IN_TRIGGER + 4},
    {RK_F103_TIM3, RK_TIM_OUT_TRGO, RK_F103_ADC2, RK_ADC_IN_TRIGGER + 4},
    {RK_F103_ADC1, RK_ADC_OUT_DUAL, RK_F103_ADC2, RK_ADC_IN_DUAL},
    {RK_F103_ADC2, RK_ADC_OUT_SLAVE_IRQ, RK_F103_ADC1, RK_ADC_IN_SLAVE_IRQ},
    RK_WIRE_END,
};
/* clang-format on */
