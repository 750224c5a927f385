/* I2C against RM0008 26.3.3 (figures 273-275: master transmitter, receiver, N = 1, 2, >2) and 26.6.
 * The bench's probe answers the bus line: acknowledge and data are what it says.
 */
#include "tests/unit.h"

#include "emu/core/testbench.h"
#include "emu/periph/i2c.h"

#define CR1   0x00
#define CR2   0x04
#define OAR1  0x08
#define DR    0x10
#define SR1   0x14
#define SR2   0x18
#define CCR   0x1C
#define TRISE 0x20

#define PE    0x0001
#define START 0x0100
#define STOP  0x0200
#define ACK   0x0400
#define POS   0x0800

#define SB   0x001
#define ADDR 0x002
#define BTF  0x004
#define RXNE 0x040
#define TXE  0x080
#define AF   0x400

/* 100 kHz at 36 MHz: CCR 180, a bit of 360 clocks. */
#define BIT  360
#define BYTE (9 * BIT)

static struct rk_testbench *bench(void) {
    struct rk_testbench *t = rk_testbench_new(&rk_i2c_ops, NULL, 36000000u, 0);
    rk_testbench_write(t, CR2, 36);
    rk_testbench_write(t, CCR, 180);
    rk_testbench_write(t, TRISE, 37);
    rk_testbench_write(t, CR1, PE);
    return t;
}

static uint32_t bus(const struct rk_testbench *t) {
    return t->level[RK_I2C_OUT_BUS];
}

static void start(struct rk_testbench *t, uint32_t cr1, uint8_t address) {
    rk_testbench_write(t, CR1, PE | START | cr1);
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(rk_testbench_read(t, SR1), SB);
    assert_int_equal(rk_testbench_read(t, SR2), 3); /* MSL, BUSY */
    assert_int_equal(rk_testbench_read(t, CR1) & START, 0);
    rk_testbench_write(t, DR, address);
    assert_int_equal(rk_testbench_read(t, SR1), 0);
    rk_testbench_pass_cycles(t, BYTE);
    assert_int_equal(bus(t), RK_I2C_BUS_START << 8 | address);
}

static void test_i2c__reset_values(void **state) {
    struct rk_testbench *t = rk_testbench_new(&rk_i2c_ops, NULL, 36000000u, 0);
    for (uint32_t off = CR1; off <= TRISE; off += 4) {
        assert_int_equal(rk_testbench_read(t, off), off == TRISE ? 2 : 0);
    }
    rk_testbench_free(t);
}

static void test_i2c__nobody_answers(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR2, 0x0100 | 36); /* ITERREN */
    start(t, 0, 0x40 << 1);
    assert_int_equal(rk_testbench_read(t, SR1), AF);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_ER], 1);
    rk_testbench_write(t, CR1, PE | STOP);
    assert_int_equal(rk_testbench_read(t, SR2), 3); /* until the stop condition is through */
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(bus(t), RK_I2C_BUS_STOP << 8);
    assert_int_equal(rk_testbench_read(t, SR2), 0);
    assert_int_equal(rk_testbench_read(t, CR1) & STOP, 0);
    rk_testbench_write(t, SR1, (uint32_t)~AF);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_ER], 0);
    rk_testbench_free(t);
}

static void test_i2c__master_transmitter(void **state) {
    struct rk_testbench *t = bench();
    t->answer[RK_I2C_OUT_BUS] = 1;
    start(t, 0, 0xA0);
    /* StdPeriph's I2C_EVENT_MASTER_TRANSMITTER_MODE_SELECTED is 0x00070082: both at once. */
    assert_int_equal(rk_testbench_read(t, SR1), ADDR | TXE);
    rk_testbench_pass_cycles(t, 10 * BYTE); /* stretched until ADDR is cleared */
    assert_int_equal(rk_testbench_read(t, SR1), ADDR | TXE);
    assert_int_equal(rk_testbench_read(t, SR2), 7); /* TRA */
    assert_int_equal(rk_testbench_read(t, SR1), TXE);
    rk_testbench_write(t, DR, 0x11);
    assert_int_equal(rk_testbench_read(t, SR1), TXE); /* in the shift register at once */
    rk_testbench_write(t, DR, 0x22);
    assert_int_equal(rk_testbench_read(t, SR1), 0);
    rk_testbench_pass_cycles(t, BYTE);
    assert_int_equal(bus(t), RK_I2C_BUS_WRITE << 8 | 0x11);
    assert_int_equal(rk_testbench_read(t, SR1), TXE);
    rk_testbench_pass_cycles(t, BYTE);
    assert_int_equal(bus(t), RK_I2C_BUS_WRITE << 8 | 0x22);
    assert_int_equal(rk_testbench_read(t, SR1), TXE | BTF);
    rk_testbench_write(t, CR1, PE | STOP);
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(bus(t), RK_I2C_BUS_STOP << 8);
    assert_int_equal(rk_testbench_read(t, SR1), 0);
    rk_testbench_free(t);
}

static void test_i2c__refused_byte_ends_the_transmission(void **state) {
    struct rk_testbench *t = bench();
    t->answer[RK_I2C_OUT_BUS] = 1;
    start(t, 0, 0xA0);
    rk_testbench_read(t, SR1);
    rk_testbench_read(t, SR2);
    t->answer[RK_I2C_OUT_BUS] = 0;
    rk_testbench_write(t, DR, 0x11);
    rk_testbench_pass_cycles(t, BYTE);
    assert_int_equal(rk_testbench_read(t, SR1) & (AF | BTF), AF);
    rk_testbench_free(t);
}

static void receive_start(struct rk_testbench *t, uint32_t cr1) {
    t->answer[RK_I2C_OUT_BUS] = 1;
    start(t, cr1, 0xA1);
    assert_int_equal(rk_testbench_read(t, SR1), ADDR);
}

static void test_i2c__receives_one_byte(void **state) {
    struct rk_testbench *t = bench();
    receive_start(t, ACK);
    rk_testbench_write(t, CR1, PE); /* ACK = 0 before ADDR is cleared */
    rk_testbench_read(t, SR1);
    rk_testbench_read(t, SR2);
    rk_testbench_write(t, CR1, PE | STOP);
    t->answer[RK_I2C_OUT_BUS] = 0x5A;
    rk_testbench_pass_cycles(t, BYTE);
    /* I2C_EVENT_MASTER_BYTE_RECEIVED is 0x00030040: the HAL polls for all of it at once. */
    assert_int_equal(rk_testbench_read(t, SR1), RXNE);
    assert_int_equal(rk_testbench_read(t, SR2), 3);
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(t->level[RK_I2C_OUT_BUS], RK_I2C_BUS_STOP << 8);
    assert_int_equal(t->pulses[RK_I2C_OUT_BUS], 3); /* address, byte, stop */
    assert_int_equal(rk_testbench_read(t, SR1), RXNE);
    assert_int_equal(rk_testbench_read(t, DR), 0x5A);
    assert_int_equal(rk_testbench_read(t, SR1), 0);
    rk_testbench_free(t);
}

static void test_i2c__receives_two_bytes_with_pos(void **state) {
    struct rk_testbench *t = bench();
    receive_start(t, ACK | POS);
    rk_testbench_read(t, SR1);
    rk_testbench_read(t, SR2);
    rk_testbench_write(t, CR1, PE | POS); /* ACK = 0 after ADDR */
    t->answer[RK_I2C_OUT_BUS] = 0x01;
    rk_testbench_pass_cycles(t, BYTE);
    assert_int_equal(bus(t), RK_I2C_BUS_READ << 8 | 1); /* first byte acknowledged */
    t->answer[RK_I2C_OUT_BUS] = 0x02;
    rk_testbench_pass_cycles(t, BYTE);
    assert_int_equal(bus(t), RK_I2C_BUS_READ << 8 | 0);
    assert_int_equal(rk_testbench_read(t, SR1), RXNE | BTF);
    rk_testbench_write(t, CR1, PE | POS | STOP);
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(bus(t), RK_I2C_BUS_STOP << 8);
    assert_int_equal(rk_testbench_read(t, DR), 0x01);
    assert_int_equal(rk_testbench_read(t, DR), 0x02);
    rk_testbench_free(t);
}

static void test_i2c__receives_three_bytes_as_the_manual_closes_it(void **state) {
    struct rk_testbench *t = bench();
    receive_start(t, ACK);
    rk_testbench_read(t, SR1);
    rk_testbench_read(t, SR2);
    t->answer[RK_I2C_OUT_BUS] = 0x01;
    rk_testbench_pass_cycles(t, BYTE);
    t->answer[RK_I2C_OUT_BUS] = 0x02;
    rk_testbench_pass_cycles(t, 5 * BYTE); /* BTF stretches the clock */
    assert_int_equal(rk_testbench_read(t, SR1), RXNE | BTF);
    rk_testbench_write(t, CR1, PE); /* ACK = 0, read N-2, STOP, read N-1 */
    assert_int_equal(rk_testbench_read(t, DR), 0x01);
    rk_testbench_write(t, CR1, PE | STOP);
    assert_int_equal(rk_testbench_read(t, DR), 0x02);
    t->answer[RK_I2C_OUT_BUS] = 0x03;
    rk_testbench_pass_cycles(t, BYTE + BIT);
    assert_int_equal(bus(t), RK_I2C_BUS_STOP << 8);
    assert_int_equal(rk_testbench_read(t, SR1), RXNE);
    assert_int_equal(rk_testbench_read(t, DR), 0x03);
    rk_testbench_free(t);
}

static void test_i2c__repeated_start(void **state) {
    struct rk_testbench *t = bench();
    t->answer[RK_I2C_OUT_BUS] = 1;
    start(t, 0, 0xA0);
    rk_testbench_read(t, SR1);
    rk_testbench_read(t, SR2);
    rk_testbench_write(t, DR, 0x00);
    rk_testbench_pass_cycles(t, BYTE);
    start(t, ACK, 0xA1);
    assert_int_equal(rk_testbench_read(t, SR1), ADDR);
    assert_int_equal(rk_testbench_read(t, SR2) & 4, 0); /* a receiver now */
    rk_testbench_free(t);
}

static void test_i2c__event_interrupts_and_dma(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR2, 0x0200 | 36); /* ITEVTEN */
    t->answer[RK_I2C_OUT_BUS] = 1;
    rk_testbench_write(t, CR1, PE | START);
    rk_testbench_pass_cycles(t, BIT);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_EV], 1);
    rk_testbench_write(t, DR, 0xA0);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_EV], 0);
    rk_testbench_pass_cycles(t, BYTE);
    rk_testbench_read(t, SR1);
    rk_testbench_read(t, SR2);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_EV], 0); /* TXE needs ITBUFEN too */
    rk_testbench_write(t, CR2, 0x0600 | 36);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_EV], 1);
    rk_testbench_write(t, CR2, 0x0800 | 36);
    assert_int_equal(t->level[RK_I2C_OUT_IRQ_EV], 0);
    assert_int_equal(t->level[RK_I2C_OUT_DMA_TX], 1);
    rk_testbench_free(t);
}

static void test_i2c__fast_mode_bit_times(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, CR1, 0);
    rk_testbench_write(t, CCR, 0x8000 | 30); /* 400 kHz: 3 * 30 clocks */
    rk_testbench_write(t, CR1, PE | START);
    rk_testbench_pass_cycles(t, 89);
    assert_int_equal(rk_testbench_read(t, SR1), 0);
    rk_testbench_pass_cycles(t, 1);
    assert_int_equal(rk_testbench_read(t, SR1), SB);
    rk_testbench_free(t);
}

static void test_i2c__what_is_missing_is_loud(void **state) {
    struct rk_testbench *t = bench();
    rk_testbench_write(t, OAR1, 0x4000 | 0x20); /* an own address: slave */
    rk_testbench_write(t, CR1, PE | 2);         /* SMBus */
    assert_int_equal(rk_machine_counts(t->m)->unmodelled, 2);
    rk_testbench_write(t, CR1, 0x8000); /* SWRST */
    assert_int_equal(rk_testbench_read(t, CCR), 0);
    rk_testbench_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_i2c__reset_values),
        cmocka_unit_test(test_i2c__nobody_answers),
        cmocka_unit_test(test_i2c__master_transmitter),
        cmocka_unit_test(test_i2c__refused_byte_ends_the_transmission),
        cmocka_unit_test(test_i2c__receives_one_byte),
        cmocka_unit_test(test_i2c__receives_two_bytes_with_pos),
        cmocka_unit_test(test_i2c__receives_three_bytes_as_the_manual_closes_it),
        cmocka_unit_test(test_i2c__repeated_start),
        cmocka_unit_test(test_i2c__event_interrupts_and_dma),
        cmocka_unit_test(test_i2c__fast_mode_bit_times),
        cmocka_unit_test(test_i2c__what_is_missing_is_loud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
