/* What a sketch may connect to a Core's header (core-hardware.md 2.1): an I2C sensor on D0/D1,
 * Serial1 and Serial2 with their wires crossed back, PWM and servo pins. The registers are driven
 * as RM0008 and the firmware's HAL do; the board is the Core with parts added by tables.
 */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "emu/board/spark_core.h"
#include "emu/part/i2c_memory.h"
#include "emu/periph/gpio.h"
#include "emu/periph/remap.h"

#define RCC    0x40021000u
#define AFIO   0x40010000u
#define GPIOA  0x40010800u
#define GPIOB  0x40010C00u
#define TIM2   0x40000000u
#define TIM3   0x40000400u
#define I2C1   0x40005400u
#define USART1 0x40013800u
#define USART2 0x40004400u

#define SENSOR (RK_CORE_DEV_COUNT)

static const struct rk_i2c_memory_config sensor_config = {.address = 0x48};

/* Serial1: TX to RX; Serial2 on D1/D0 the same; a sensor on D0/D1. */
static const struct rk_wire user_wires[] = {
    {RK_F103_REMAP, RK_REMAP_OUT_ROUTE + RK_F103_ROUTE_I2C1_PB6, SENSOR, RK_I2C_MEMORY_IN_BUS},
    {RK_F103_REMAP, RK_REMAP_OUT_ROUTE + RK_F103_ROUTE_USART1_PB6, RK_F103_REMAP,
     RK_REMAP_IN_BACK + RK_F103_ROUTE_USART1_PB6},
    {RK_F103_REMAP, RK_REMAP_OUT_ROUTE + RK_F103_ROUTE_USART2_PA2, RK_F103_REMAP,
     RK_REMAP_IN_BACK + RK_F103_ROUTE_USART2_PA2},
    RK_WIRE_END,
};

struct board {
    struct rk_dev_desc devs[RK_CORE_DEV_COUNT + 1];
    const struct rk_wire *wires[4];
    struct rk_machine_desc desc;
    struct rk_machine *m;
};

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

static struct board *board_new(void) {
    static const uint8_t id[12] = {0};
    struct board *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->desc = rk_spark_core_desc;
    for (size_t i = 0; i < RK_CORE_DEV_COUNT; i++) {
        b->devs[i] = rk_spark_core_desc.devs[i];
    }
    b->devs[SENSOR] =
        (struct rk_dev_desc){.ops = &rk_i2c_memory_ops, .name = "sensor", .config = &sensor_config};
    b->desc.devs = b->devs;
    b->desc.dev_count = RK_CORE_DEV_COUNT + 1;
    b->wires[0] = rk_spark_core_desc.wires[0];
    b->wires[1] = rk_spark_core_desc.wires[1];
    b->wires[2] = user_wires;
    b->desc.wires = b->wires;
    b->m = rk_machine_new(&b->desc, NULL);
    assert_non_null(b->m);
    uint8_t *flash = rk_machine_nv(b->m, RK_CORE_NV_INTERNAL, NULL);
    rk_put_u32le(flash, 0x20005000u);
    rk_put_u32le(flash + 4, 0x08000101u);
    rk_put_u16le(flash + 0x100, 0xE7FE); /* b . */
    rk_machine_nv_changed(b->m);
    rk_spark_core_init(b->m, id);
    rk_machine_power_on(b->m);
    pass(b->m, 10);
    wr(b->m, RCC + 0x14, 0x41);
    wr(b->m, RCC + 0x18, 0x5E7D);
    wr(b->m, RCC + 0x1C, 0x1AE64807);
    return b;
}

static void board_free(struct board *b) {
    assert_int_equal(rk_machine_counts(b->m)->guest_errors, 0);
    assert_int_equal(rk_machine_counts(b->m)->unmodelled, 0);
    rk_machine_free(b->m);
    free(b);
}

/* --- Wire --- */

static void wait_for(struct rk_machine *m, uint32_t addr, uint32_t bit) {
    for (unsigned i = 0; i < 100; i++) {
        if (rd(m, addr) & bit) {
            return;
        }
        pass(m, 200);
    }
    fail_msg("+%02x never gets %x", (unsigned)(addr & 0xFF), (unsigned)bit);
}

static void i2c_address(struct rk_machine *m, uint8_t byte) {
    wr(m, I2C1, rd(m, I2C1) | 0x100);
    wait_for(m, I2C1 + 0x14, 1);
    wr(m, I2C1 + 0x10, byte);
}

static void i2c_begin(struct rk_machine *m) {
    wr(m, GPIOB, 0xFF444444); /* PB6, PB7 open-drain alternate */
    wr(m, I2C1 + 4, 8);
    wr(m, I2C1 + 0x1C, 40);
    wr(m, I2C1 + 0x20, 9);
    wr(m, I2C1, 0x401);
}

static void test_user_pins__i2c_sensor_is_written_and_read(void **state) {
    struct board *b = board_new();
    struct rk_machine *m = b->m;
    static const uint8_t message[] = {0x10, 0xDE, 0xAD};
    i2c_begin(m);
    i2c_address(m, 0x90);
    wait_for(m, I2C1 + 0x14, 2);
    rd(m, I2C1 + 0x18);
    for (size_t i = 0; i < sizeof message; i++) {
        wait_for(m, I2C1 + 0x14, 0x80);
        wr(m, I2C1 + 0x10, message[i]);
    }
    wait_for(m, I2C1 + 0x14, 4);
    wr(m, I2C1, 0x601);
    const uint8_t *cells = rk_i2c_memory_bytes(rk_machine_dev(m, SENSOR));
    assert_int_equal(cells[0x10], 0xDE);
    assert_int_equal(cells[0x11], 0xAD);
    i2c_address(m, 0x90); /* register pointer, repeated start, two bytes */
    wait_for(m, I2C1 + 0x14, 2);
    rd(m, I2C1 + 0x18);
    wr(m, I2C1 + 0x10, 0x10);
    wait_for(m, I2C1 + 0x14, 4);
    wr(m, I2C1, 0xC01); /* POS */
    i2c_address(m, 0x91);
    wait_for(m, I2C1 + 0x14, 2);
    rd(m, I2C1 + 0x18);
    wr(m, I2C1, 0x801);
    wait_for(m, I2C1 + 0x14, 4);
    wr(m, I2C1, 0xA01);
    assert_int_equal(rd(m, I2C1 + 0x10), 0xDE);
    assert_int_equal(rd(m, I2C1 + 0x10), 0xAD);
    pass(m, 100);
    assert_int_equal(rd(m, I2C1 + 0x18), 0);
    board_free(b);
}

static void test_user_pins__i2c_nobody_at_another_address(void **state) {
    struct board *b = board_new();
    i2c_begin(b->m);
    i2c_address(b->m, 0x92);
    wait_for(b->m, I2C1 + 0x14, 0x400);
    board_free(b);
}

static void test_user_pins__i2c_remapped_away_is_not_on_d0_d1(void **state) {
    struct board *b = board_new();
    wr(b->m, AFIO + 4, 0x0F000002);
    i2c_begin(b->m);
    i2c_address(b->m, 0x90);
    wait_for(b->m, I2C1 + 0x14, 0x400);
    board_free(b);
}

/* --- Serial1 (USART2), Serial2 (USART1 on D1/D0) --- */

static void echo(struct rk_machine *m, uint32_t usart, bool expected) {
    wr(m, usart + 8, 69); /* 115200 at 8 MHz */
    wr(m, usart + 0x0C, 0x200C);
    wr(m, usart + 4, 'K');
    pass(m, 69 * 10 + 20);
    assert_int_equal((rd(m, usart) & 0x20) != 0, expected);
    if (expected) {
        assert_int_equal(rd(m, usart + 4), 'K');
    }
}

static void test_user_pins__serial1_echo(void **state) {
    struct board *b = board_new();
    echo(b->m, USART2, true);
    board_free(b);
}

static void test_user_pins__serial2_needs_its_remap(void **state) {
    struct board *b = board_new();
    echo(b->m, USART1, false);
    wr(b->m, AFIO + 4, 0x0F000004);
    echo(b->m, USART1, true);
    board_free(b);
}

/* --- analogWrite, Servo, and the pins of the other remaps --- */

static uint32_t seen_levels;
static void see_pin(void *ctx, unsigned pin, bool level) {
    uint32_t *levels = ctx;
    if (pin < 32) {
        *levels = level ? *levels | 1u << pin : *levels & ~(1u << pin);
    }
}

/* Full and zero duty show as levels to a watcher: what `--vcd` records. */
static void expect_pin(struct board *b, uint32_t tim, unsigned ch, uint32_t gpio, unsigned pin) {
    uint32_t ccmr = tim + 0x18 + 4 * ((ch - 1) / 2), observed = gpio == GPIOB ? pin + 16 : pin;
    wr(b->m, gpio + (pin < 8 ? 0 : 4), 0xBBBBBBBB);
    wr(b->m, tim + 0x20, 1u << 4 * (ch - 1));
    wr(b->m, ccmr, 0x4040);
    assert_int_equal(rd(b->m, gpio + 8) >> pin & 1u, 0);
    wr(b->m, ccmr, 0x5050);
    assert_int_equal(rd(b->m, gpio + 8) >> pin & 1u, 1);
    assert_int_equal(seen_levels >> observed & 1u, 1);
    wr(b->m, ccmr, 0x4040);
    assert_int_equal(seen_levels >> observed & 1u, 0);
    wr(b->m, tim + 0x20, 0);
    wr(b->m, gpio + (pin < 8 ? 0 : 4), 0x44444444);
}

static void test_user_pins__timer_remaps_move_the_outputs(void **state) {
    struct board *b = board_new();
    const struct rk_observer observer = {.ctx = &seen_levels, .pin = see_pin};
    seen_levels = 0;
    rk_machine_observe(b->m, &observer);
    wr(b->m, AFIO + 4, 4u << 24); /* JTAG pins free */
    expect_pin(b, TIM2, 1, GPIOA, 0);
    expect_pin(b, TIM3, 1, GPIOA, 6);
    wr(b->m, AFIO + 4, 0x0F000000 | 1u << 8 | 2u << 10);
    expect_pin(b, TIM2, 1, GPIOA, 15);
    expect_pin(b, TIM2, 2, GPIOB, 3);
    expect_pin(b, TIM2, 3, GPIOA, 2);
    expect_pin(b, TIM3, 1, GPIOB, 4);
    expect_pin(b, TIM3, 2, GPIOB, 5);
    expect_pin(b, TIM3, 3, GPIOB, 0);
    wr(b->m, AFIO + 4, 0x0F000000 | 3u << 8);
    expect_pin(b, TIM2, 4, GPIOB, 11);
    board_free(b);
}

static void test_user_pins__a_remapped_pin_is_captured(void **state) {
    struct board *b = board_new();
    struct rk_machine *m = b->m;
    wr(m, AFIO + 4, 4u << 24 | 1u << 8);
    wr(m, TIM2 + 0x18, 0x01);
    wr(m, TIM2 + 0x20, 0x01);
    wr(m, TIM2, 1);
    rk_machine_input(m, RK_F103_GPIOA, RK_GPIO_IN_PIN + 0, 1);
    assert_int_equal(rd(m, TIM2 + 0x10) & 2, 0);
    rk_machine_input(m, RK_F103_GPIOA, RK_GPIO_IN_PIN + 15, 0);
    rk_machine_input(m, RK_F103_GPIOA, RK_GPIO_IN_PIN + 15, 1);
    assert_int_equal(rd(m, TIM2 + 0x10) & 2, 2);
    board_free(b);
}

/* tone(): a counter of 1 MHz, toggle mode, the handler moves the compare value on. */
static void test_user_pins__tone_has_its_frequency(void **state) {
    struct board *b = board_new();
    struct rk_machine *m = b->m;
    const unsigned half_us = 1000000 / (2 * 440);
    unsigned edges = 0;
    bool level = false;
    wr(m, GPIOA, 0x4444444B); /* A0 */
    wr(m, TIM2 + 0x28, 7);    /* 8 MHz / 8 */
    wr(m, TIM2 + 0x2C, 0xFFFF);
    wr(m, TIM2 + 0x14, 1);
    wr(m, TIM2 + 0x18, 0x30);
    wr(m, TIM2 + 0x34, half_us);
    wr(m, TIM2 + 0x0C, 2);
    wr(m, TIM2 + 0x20, 3); /* enabled, active low */
    level = rd(m, GPIOA + 8) & 1u;
    wr(m, TIM2 + 0x10, 0);
    wr(m, TIM2, 1);
    uint64_t end = rk_machine_now(m) + 200000 * 8;
    while (rk_machine_now(m) < end) { /* three times round the counter */
        pass(m, 20 * 8);
        if (rd(m, TIM2 + 0x10) & 2) {
            wr(m, TIM2 + 0x10, (uint32_t)~2u);
            wr(m, TIM2 + 0x34, rd(m, TIM2 + 0x34) + half_us);
        }
        if ((rd(m, GPIOA + 8) & 1u) != level) {
            level = !level;
            edges++;
        }
    }
    assert_int_equal(edges, 200000 / half_us);
    wr(m, TIM2 + 0x0C, 0); /* noTone() */
    wr(m, TIM2 + 0x20, 2);
    assert_int_equal(rd(m, GPIOA + 8) & 1u, 0);
    board_free(b);
}

/* analogWrite(): 500 Hz, PWM mode 1, everything preloaded. */
static void test_user_pins__analog_write_is_500_hz(void **state) {
    struct board *b = board_new();
    struct rk_machine *m = b->m;
    wr(m, GPIOA, 0x4444444B);
    wr(m, TIM2 + 0x2C, 15999); /* 8 MHz / 500 */
    wr(m, TIM2 + 0x14, 1);
    wr(m, TIM2 + 0x18, 0x68);
    wr(m, TIM2 + 0x20, 1);
    wr(m, TIM2 + 0x34, 16000);
    wr(m, TIM2 + 0x10, 0);
    wr(m, TIM2, 0x81);
    pass(m, 15900); /* the old value until the period ends */
    assert_int_equal(rd(m, GPIOA + 8) & 1u, 0);
    assert_int_equal(rd(m, TIM2 + 0x10) & 1u, 0);
    pass(m, 200);
    assert_int_equal(rd(m, GPIOA + 8) & 1u, 1); /* 255 of 255 */
    assert_int_equal(rd(m, TIM2 + 0x10) & 1u, 1);
    wr(m, GPIOA, 0x44444443); /* digitalWrite(LOW) takes the pin back */
    assert_int_equal(rd(m, GPIOA + 8) & 1u, 0);
    board_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_pins__i2c_sensor_is_written_and_read),
        cmocka_unit_test(test_user_pins__i2c_nobody_at_another_address),
        cmocka_unit_test(test_user_pins__i2c_remapped_away_is_not_on_d0_d1),
        cmocka_unit_test(test_user_pins__serial1_echo),
        cmocka_unit_test(test_user_pins__serial2_needs_its_remap),
        cmocka_unit_test(test_user_pins__timer_remaps_move_the_outputs),
        cmocka_unit_test(test_user_pins__a_remapped_pin_is_captured),
        cmocka_unit_test(test_user_pins__tone_has_its_frequency),
        cmocka_unit_test(test_user_pins__analog_write_is_500_hz),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
