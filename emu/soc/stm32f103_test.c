/* The chip's wiring against RM0008: interrupt numbers (table 63), DMA requests (table 78), timer
 * pins (9.3.7), clock gates (7.3.7, 7.3.8), and SPI2 with DMA1 moving real bytes of the board's
 * flash. The chip is that of a Spark Core; its CPU turns on the spot while registers are written
 * over the bus.
 */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "emu/board/spark_core.h"
#include "emu/periph/adc.h"
#include "emu/periph/gpio.h"
#include "emu/periph/tim.h"
#include "emu/periph/usart.h"

#define RCC    0x40021000u
#define DMA1   0x40020000u
#define AFIO   0x40010000u
#define EXTI   0x40010400u
#define GPIOA  0x40010800u
#define GPIOB  0x40010C00u
#define TIM1   0x40012C00u
#define TIM2   0x40000000u
#define TIM3   0x40000400u
#define TIM4   0x40000800u
#define SPI1   0x40013000u
#define SPI2   0x40003800u
#define USART1 0x40013800u
#define USART2 0x40004400u
#define I2C1   0x40005400u
#define ADC1   0x40012400u
#define ADC2   0x40012800u
#define ISPR   0xE000E200u
#define RAM    0x20001000u

static void wr(struct rk_machine *m, uint32_t addr, uint32_t value) {
    uint8_t bytes[4];
    rk_put_u32le(bytes, value);
    assert_true(rk_machine_poke(m, addr, bytes, 4));
}

static uint32_t rd(struct rk_machine *m, uint32_t addr) {
    uint8_t bytes[4];
    assert_true(rk_machine_peek(m, addr, bytes, 4));
    return rk_get_u32le(bytes);
}

static void pass(struct rk_machine *m, uint64_t cycles) {
    assert_int_equal(rk_machine_run(m, rk_machine_now(m) + cycles, UINT64_MAX), RK_STOP_CYCLE);
}

/* Every gate open, HSI 8 MHz for all buses. */
static struct rk_machine *chip(void) {
    static const uint8_t id[12] = {0};
    struct rk_machine *m = rk_machine_new(&rk_spark_core_desc, NULL);
    assert_non_null(m);
    uint8_t *flash = rk_machine_nv(m, RK_CORE_NV_INTERNAL, NULL);
    rk_put_u32le(flash, 0x20005000u);
    rk_put_u32le(flash + 4, 0x08000101u);
    rk_put_u16le(flash + 0x100, 0xE7FE); /* b . */
    rk_machine_nv_changed(m);
    rk_spark_core_init(m, id);
    rk_machine_power_on(m);
    pass(m, 10);
    wr(m, RCC + 0x14, 0x41);       /* AHB: DMA1, CRC */
    wr(m, RCC + 0x18, 0x5E7D);     /* APB2 */
    wr(m, RCC + 0x1C, 0x1AE64807); /* APB1 */
    return m;
}

static bool pending(struct rk_machine *m, unsigned irq) {
    return rd(m, ISPR + 4 * (irq / 32)) >> (irq % 32) & 1u;
}

static void expect_irq(struct rk_machine *m, unsigned irq) {
    for (unsigned i = 0; i < 43; i++) {
        if (pending(m, i) != (i == irq)) {
            print_error("interrupt %u: %s\n", i, i == irq ? "missing" : "not expected");
            fail();
        }
    }
}

/* --- interrupts (RM0008 table 63) --- */

struct poke {
    uint32_t addr, value;
};

/* Brings one request up on a fresh chip and looks at what is pending. */
static void one_irq(unsigned irq, const struct poke *pokes, size_t n) {
    struct rk_machine *m = chip();
    expect_irq(m, 0xFF);
    for (size_t i = 0; i < n; i++) {
        wr(m, pokes[i].addr, pokes[i].value);
    }
    pass(m, 200);
    expect_irq(m, irq);
    rk_machine_free(m);
}
#define ONE_IRQ(irq, ...)                                                                          \
    one_irq(irq, (const struct poke[]){__VA_ARGS__}, RK_COUNT(((const struct poke[]){__VA_ARGS__})))

static void test_wiring__timer_interrupts(void **state) {
    ONE_IRQ(24, {TIM1 + 0x0C, 0x80}, {TIM1 + 0x14, 0x80});
    ONE_IRQ(25, {TIM1 + 0x0C, 0x01}, {TIM1 + 0x14, 0x01});
    ONE_IRQ(26, {TIM1 + 0x0C, 0x40}, {TIM1 + 0x14, 0x40});
    ONE_IRQ(27, {TIM1 + 0x0C, 0x10}, {TIM1 + 0x14, 0x10});
    ONE_IRQ(28, {TIM2 + 0x0C, 0x01}, {TIM2 + 0x14, 0x01});
    ONE_IRQ(29, {TIM3 + 0x0C, 0x02}, {TIM3 + 0x14, 0x02});
    ONE_IRQ(30, {TIM4 + 0x0C, 0x40}, {TIM4 + 0x14, 0x40});
}

static void test_wiring__serial_interrupts(void **state) {
    ONE_IRQ(35, {SPI1 + 4, 0x80});
    ONE_IRQ(36, {SPI2 + 4, 0x80});
    ONE_IRQ(37, {USART1 + 0x0C, 0x2080});
    ONE_IRQ(38, {USART2 + 0x0C, 0x2080});
    ONE_IRQ(31, {I2C1 + 4, 0x208}, {I2C1 + 0x1C, 4}, {I2C1, 0x101});
}

static void test_wiring__i2c_error_interrupt(void **state) {
    struct rk_machine *m = chip();
    wr(m, I2C1 + 4, 0x108);
    wr(m, I2C1 + 0x1C, 4);
    wr(m, I2C1, 0x101);
    pass(m, 20);
    wr(m, I2C1 + 0x10, 0x80); /* nobody there */
    pass(m, 100);
    expect_irq(m, 32);
    rk_machine_free(m);
}

static void test_wiring__adc_interrupts_share_a_vector(void **state) {
    ONE_IRQ(18, {ADC1 + 4, 0x20}, {ADC1 + 8, 1}, {ADC1 + 8, 1});
    ONE_IRQ(18, {ADC2 + 4, 0x20}, {ADC2 + 8, 1}, {ADC2 + 8, 1});
}

static void test_wiring__exti_interrupts(void **state) {
    static const uint8_t irqs[19] = {6,  7,  8,  9,  10, 23, 23, 23, 23, 23,
                                     40, 40, 40, 40, 40, 40, 1,  41, 42};
    for (unsigned line = 0; line < 19; line++) {
        ONE_IRQ(irqs[line], {EXTI, 1u << line}, {EXTI + 0x10, 1u << line});
    }
}

static void test_wiring__dma_interrupts(void **state) {
    for (unsigned ch = 0; ch < 7; ch++) {
        uint32_t regs = DMA1 + 8 + 20 * ch;
        ONE_IRQ(11 + ch, {regs + 4, 1}, {regs + 8, RAM}, {regs + 12, RAM + 4}, {regs, 0x4003});
    }
}

/* --- DMA requests (RM0008 table 78) --- */

static void expect_dma(unsigned channel, const struct poke *pokes, size_t n) {
    struct rk_machine *m = chip();
    for (unsigned ch = 0; ch < 7; ch++) {
        uint32_t regs = DMA1 + 8 + 20 * ch;
        wr(m, regs + 4, 100);
        wr(m, regs + 8, RAM); /* takes nothing from the block: a level would stay */
        wr(m, regs + 12, RAM + 4);
        wr(m, regs, 1);
    }
    for (size_t i = 0; i < n; i++) {
        wr(m, pokes[i].addr, pokes[i].value);
    }
    pass(m, 400);
    for (unsigned ch = 0; ch < 7; ch++) {
        bool moved = rd(m, DMA1 + 8 + 20 * ch + 4) != 100;
        if (moved != (ch + 1 == channel)) {
            print_error("channel %u: %s\n", ch + 1, moved ? "not expected" : "missing");
            fail();
        }
    }
    rk_machine_free(m);
}
#define DMA_OF(channel, ...)                                                                       \
    expect_dma(channel, (const struct poke[]){__VA_ARGS__},                                        \
               RK_COUNT(((const struct poke[]){__VA_ARGS__})))

static void test_wiring__dma_of_serial_blocks(void **state) {
    DMA_OF(2, {SPI1 + 4, 1}, {SPI1, 0x344}, {SPI1 + 12, 0});
    DMA_OF(3, {SPI1 + 4, 2});
    DMA_OF(4, {SPI2 + 4, 1}, {SPI2, 0x344}, {SPI2 + 12, 0});
    DMA_OF(5, {SPI2 + 4, 2});
    DMA_OF(4, {USART1 + 0x14, 0x80}, {USART1 + 0x0C, 0x2000});
    DMA_OF(7, {USART2 + 0x14, 0x80}, {USART2 + 0x0C, 0x2000});
    DMA_OF(1, {ADC1 + 8, 0x101}, {ADC1 + 8, 0x101});
}

static void test_wiring__dma_of_usart_reception(void **state) {
    static const struct {
        uint32_t base;
        unsigned dev, channel;
    } usarts[] = {{USART1, RK_F103_USART1, 5}, {USART2, RK_F103_USART2, 6}};
    for (size_t i = 0; i < RK_COUNT(usarts); i++) {
        struct rk_machine *m = chip();
        uint32_t regs = DMA1 + 8 + 20 * (usarts[i].channel - 1);
        wr(m, usarts[i].base + 0x14, 0x40);
        wr(m, usarts[i].base + 0x0C, 0x2004);
        wr(m, regs + 4, 1);
        wr(m, regs + 8, usarts[i].base + 4);
        wr(m, regs + 12, RAM);
        wr(m, regs, 1);
        rk_machine_input(m, usarts[i].dev, RK_USART_IN_RX, 'R');
        assert_int_equal(rd(m, RAM) & 0xFF, 'R');
        assert_int_equal(rd(m, regs + 4), 0);
        rk_machine_free(m);
    }
}

static void test_wiring__dma_of_timers(void **state) {
    static const struct {
        uint32_t base;
        uint8_t update, cc[4]; /* channels, 0: none */
        uint8_t trigger;
    } timers[] = {{TIM1, 5, {2, 3, 6, 4}, 4},
                  {TIM2, 2, {5, 7, 1, 7}, 0},
                  {TIM3, 3, {6, 0, 2, 3}, 6},
                  {TIM4, 7, {1, 4, 5, 0}, 0}};
    for (size_t i = 0; i < RK_COUNT(timers); i++) {
        uint32_t dier = timers[i].base + 0x0C, egr = timers[i].base + 0x14;
        DMA_OF(timers[i].update, {dier, 0x100}, {egr, 1});
        for (unsigned ch = 0; ch < 4; ch++) {
            DMA_OF(timers[i].cc[ch], {dier, 0x200u << ch}, {egr, 2u << ch});
        }
        DMA_OF(timers[i].trigger, {dier, 0x4000}, {egr, 0x40});
    }
}

/* --- pins --- */

static void test_wiring__timer_channels_reach_their_pins(void **state) {
    static const struct {
        uint32_t tim;
        unsigned ch, dev, pin;
    } pins[] = {
        {TIM1, 1, RK_F103_GPIOA, 8}, {TIM1, 2, RK_F103_GPIOA, 9}, {TIM1, 3, RK_F103_GPIOA, 10},
        {TIM2, 1, RK_F103_GPIOA, 0}, {TIM2, 2, RK_F103_GPIOA, 1}, {TIM2, 3, RK_F103_GPIOA, 2},
        {TIM2, 4, RK_F103_GPIOA, 3}, {TIM3, 1, RK_F103_GPIOA, 6}, {TIM3, 2, RK_F103_GPIOA, 7},
        {TIM3, 3, RK_F103_GPIOB, 0}, {TIM3, 4, RK_F103_GPIOB, 1}, {TIM4, 1, RK_F103_GPIOB, 6},
        {TIM4, 2, RK_F103_GPIOB, 7}, {TIM4, 3, RK_F103_GPIOB, 8}, {TIM4, 4, RK_F103_GPIOB, 9},
    };
    for (size_t i = 0; i < RK_COUNT(pins); i++) {
        struct rk_machine *m = chip();
        uint32_t gpio = pins[i].dev == RK_F103_GPIOA ? GPIOA : GPIOB;
        uint32_t mode = gpio + (pins[i].pin < 8 ? 0 : 4);
        wr(m, mode, 0xBBBBBBBBu);
        wr(m, pins[i].tim + 0x18, 0x5050); /* all forced active */
        wr(m, pins[i].tim + 0x1C, 0x5050);
        if (pins[i].tim == TIM1) {
            wr(m, TIM1 + 0x44, 0x8000);
        }
        assert_int_equal(rd(m, gpio + 8) >> pins[i].pin & 1u, pins[i].tim == TIM1); /* the light */
        wr(m, pins[i].tim + 0x18, 0x4040); /* inactive, then this one active */
        wr(m, pins[i].tim + 0x1C, 0x4040);
        wr(m, pins[i].tim + 0x20, 0x1111);
        assert_int_equal(rd(m, gpio + 8) >> pins[i].pin & 1u, 0);
        wr(m, pins[i].tim + (pins[i].ch < 3 ? 0x18 : 0x1C), pins[i].ch & 1 ? 0x4050 : 0x5040);
        assert_int_equal(rd(m, gpio + 8) >> pins[i].pin & 1u, 1);
        rk_machine_free(m);
    }
}

static void test_wiring__pin_edges_capture_and_interrupt(void **state) {
    struct rk_machine *m = chip();
    wr(m, TIM2 + 0x18, 0x01); /* CH1 captures PA0 */
    wr(m, TIM2 + 0x20, 0x01);
    wr(m, TIM2, 1);
    wr(m, AFIO + 0x08, 0); /* EXTI0 = PA0 */
    wr(m, EXTI + 0x08, 1);
    wr(m, EXTI, 1);
    pass(m, 1000);
    rk_machine_input(m, RK_F103_GPIOA, RK_GPIO_IN_PIN + 0, 1);
    assert_true(pending(m, 6));
    assert_int_equal(rd(m, TIM2 + 0x10) & 2, 2);
    assert_in_range(rd(m, TIM2 + 0x34), 1000, 1010);
    rk_machine_free(m);
}

static void test_wiring__one_timer_starts_another(void **state) {
    struct rk_machine *m = chip();
    wr(m, TIM3 + 0x08, 0x16); /* TIM3 triggered by ITR1 = TIM2 */
    wr(m, TIM2 + 0x04, 0x20); /* TRGO = update */
    pass(m, 50);
    assert_int_equal(rd(m, TIM3), 0);
    wr(m, TIM2 + 0x14, 1);
    assert_int_equal(rd(m, TIM3), 1);
    rk_machine_free(m);
}

static void test_wiring__gates_close_every_block(void **state) {
    static const uint32_t blocks[] = {DMA1, AFIO, GPIOA, GPIOB, TIM1, TIM2,   TIM3,  TIM4,
                                      SPI1, SPI2, ADC1,  ADC2,  I2C1, USART1, USART2};
    struct rk_machine *m = chip();
    wr(m, RCC + 0x14, 0);
    wr(m, RCC + 0x18, 0);
    wr(m, RCC + 0x1C, 0);
    for (size_t i = 0; i < RK_COUNT(blocks); i++) {
        assert_int_equal(rd(m, blocks[i] + 4), 0);
        assert_int_equal(rk_machine_counts(m)->guest_errors, i + 1);
    }
    rk_machine_free(m);
}

static void test_wiring__analog_pins_reach_both_converters(void **state) {
    static const uint8_t pins[] = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17};
    struct rk_machine *m = chip();
    wr(m, GPIOA, 0); /* analog */
    wr(m, GPIOB, 0x44444400);
    for (unsigned ch = 0; ch < RK_COUNT(pins); ch++) {
        unsigned port = pins[ch] < 16 ? RK_F103_GPIOA : RK_F103_GPIOB;
        rk_machine_input(m, port, RK_GPIO_IN_ANALOG + pins[ch] % 16, 330 * (ch + 1));
    }
    for (unsigned ch = 0; ch < RK_COUNT(pins); ch++) {
        for (uint32_t adc = ADC1; adc <= ADC2; adc += ADC2 - ADC1) {
            wr(m, adc + 0x34, ch);
            wr(m, adc + 8, 1);
            wr(m, adc + 8, 1);
            pass(m, 200);
            uint32_t code = rd(m, adc + 0x4C);
            assert_in_range(code, 4096 * (ch + 1) / 10 - 1, 4096 * (ch + 1) / 10);
        }
    }
    rk_machine_free(m);
}

static void test_wiring__tim3_triggers_a_conversion(void **state) {
    struct rk_machine *m = chip();
    wr(m, TIM3 + 4, 0x20);     /* TRGO = update */
    wr(m, ADC1 + 8, 0x180001); /* EXTTRIG, EXTSEL 100 */
    wr(m, TIM3 + 0x14, 1);
    pass(m, 200);
    assert_int_equal(rd(m, ADC1) & 2, 2);
    rk_machine_free(m);
}

/* The Core's own analogRead: both converters, slow interleaved, ten words by DMA1 channel 1
 * (core-hardware.md 2.4). */
static void test_wiring__analog_read_as_the_firmware_does(void **state) {
    struct rk_machine *m = chip();
    wr(m, GPIOA, 0x44404444);
    wr(m, ADC1 + 4, 8u << 16);
    wr(m, ADC1 + 8, 0x1E0000); /* SWSTART as trigger */
    wr(m, ADC2 + 4, 8u << 16);
    wr(m, ADC2 + 8, 0x1E0000);
    for (uint32_t adc = ADC1; adc <= ADC2; adc += ADC2 - ADC1) {
        wr(m, adc + 0x34, 4);
        wr(m, adc + 8, rd(m, adc + 8) | 1);
    }
    wr(m, DMA1 + 16, ADC1 + 0x4C);
    wr(m, DMA1 + 20, RAM);
    for (unsigned turn = 0; turn < 3; turn++) { /* at another voltage, as the HAL repeats it */
        rk_machine_input(m, RK_F103_GPIOA, RK_GPIO_IN_ANALOG + 4, 825 * (turn + 1));
        wr(m, DMA1 + 12, 10);
        wr(m, DMA1 + 8, 0x0A81); /* 32 bits, memory increment, enable */
        wr(m, ADC1 + 8, rd(m, ADC1 + 8) | 0x100);
        wr(m, ADC1 + 8, rd(m, ADC1 + 8) | 1u << 22);
        pass(m, 2000);
        assert_int_equal(rd(m, DMA1) & 2, 2);
        wr(m, DMA1 + 4, 2);
        wr(m, ADC1 + 8, rd(m, ADC1 + 8) & ~0x100u);
        wr(m, DMA1 + 8, 0x0A80);
        for (unsigned i = 0; i < 10; i++) {
            assert_int_equal(rd(m, RAM + 4 * i), 0x04000400 * (turn + 1));
        }
        pass(m, 100000);
    }
    assert_int_equal(rk_machine_counts(m)->unmodelled, 0);
    rk_machine_free(m);
}

/* --- SPI2 and DMA1: the flash's JEDEC id (SST25VF016B data sheet, table 10: BF 25 41) --- */

static void test_wiring__spi2_and_dma_read_the_flash_id(void **state) {
    struct rk_machine *m = chip();
    wr(m, GPIOB + 4, 0xB4B44434); /* PB13, PB15 alternate, PB9 output */
    wr(m, GPIOB + 0x10, 1u << 9);
    wr(m, RAM, 0x0000009F);
    wr(m, SPI2, 0x0344);
    wr(m, SPI2 + 4, 3);
    wr(m, DMA1 + 0x48, 4); /* channel 4: reception */
    wr(m, DMA1 + 0x4C, SPI2 + 12);
    wr(m, DMA1 + 0x50, RAM + 16);
    wr(m, DMA1 + 0x44, 0x3081);
    wr(m, DMA1 + 0x5C, 4); /* channel 5: transmission */
    wr(m, DMA1 + 0x60, SPI2 + 12);
    wr(m, DMA1 + 0x64, RAM);
    wr(m, GPIOB + 0x14, 1u << 9);
    wr(m, DMA1 + 0x58, 0x3093); /* TC interrupt */
    pass(m, 4 * 16 - 1);        /* the fourth frame is not through yet */
    assert_int_equal(rd(m, DMA1) & 0x2000, 0);
    assert_int_equal(rd(m, DMA1) & 0x20000, 0x20000); /* the last byte left memory long ago */
    assert_true(pending(m, 15));
    assert_int_equal(rd(m, SPI2 + 8) & 0x80, 0x80);
    pass(m, 2);
    assert_int_equal(rd(m, DMA1) & 0x2000, 0x2000);
    assert_int_equal(rd(m, SPI2 + 8), 0x02);
    assert_int_equal(rd(m, RAM + 16) >> 8, 0x4125BF);
    /* Requests stay enabled: with CNDTR 0 nothing may move (core-hardware.md 9.1). */
    wr(m, RAM + 16, 0);
    wr(m, SPI2 + 12, 0);
    pass(m, 100);
    assert_int_equal(rd(m, RAM + 16), 0);
    assert_int_equal(rk_machine_counts(m)->guest_errors, 0);
    rk_machine_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wiring__timer_interrupts),
        cmocka_unit_test(test_wiring__serial_interrupts),
        cmocka_unit_test(test_wiring__i2c_error_interrupt),
        cmocka_unit_test(test_wiring__adc_interrupts_share_a_vector),
        cmocka_unit_test(test_wiring__exti_interrupts),
        cmocka_unit_test(test_wiring__dma_interrupts),
        cmocka_unit_test(test_wiring__dma_of_serial_blocks),
        cmocka_unit_test(test_wiring__dma_of_usart_reception),
        cmocka_unit_test(test_wiring__dma_of_timers),
        cmocka_unit_test(test_wiring__timer_channels_reach_their_pins),
        cmocka_unit_test(test_wiring__pin_edges_capture_and_interrupt),
        cmocka_unit_test(test_wiring__one_timer_starts_another),
        cmocka_unit_test(test_wiring__gates_close_every_block),
        cmocka_unit_test(test_wiring__analog_pins_reach_both_converters),
        cmocka_unit_test(test_wiring__tim3_triggers_a_conversion),
        cmocka_unit_test(test_wiring__analog_read_as_the_firmware_does),
        cmocka_unit_test(test_wiring__spi2_and_dma_read_the_flash_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
