/* See sst25.h. Words are written by auto address increment: the address once, then pairs; a single
 * byte where the range begins or ends odd. */
#include "firmware/drivers/sst25.h"

#include "common/base/error.h"
#include "firmware/regs/stm32f103.h"

#define PIN_CS     9u
#define BUSY_TURNS 100000u /* status bytes of half a microsecond: twice the longest erase */

enum {
    CMD_WRSR = 0x01,
    CMD_BYTE = 0x02,
    CMD_READ = 0x03,
    CMD_WRDI = 0x04,
    CMD_RDSR = 0x05,
    CMD_WREN = 0x06,
    CMD_ERASE = 0x20,
    CMD_EWSR = 0x50,
    CMD_DBSY = 0x80,
    CMD_AAI = 0xAD,
};

static uint8_t transfer(uint8_t byte) {
    while (!(SPI2->SR & SPI_SR_TXE)) {
    }
    SPI2->DR = byte;
    while (!(SPI2->SR & SPI_SR_RXNE)) {
    }
    return (uint8_t)SPI2->DR;
}

static void select(void) {
    GPIOB->BRR = 1u << PIN_CS;
}

static void deselect(void) {
    GPIOB->BSRR = 1u << PIN_CS;
}

static void command(uint8_t cmd) {
    select();
    (void)transfer(cmd);
    deselect();
}

static void send_addr(uint8_t cmd, uint32_t addr) {
    select();
    (void)transfer(cmd);
    (void)transfer((uint8_t)(addr >> 16));
    (void)transfer((uint8_t)(addr >> 8));
    (void)transfer((uint8_t)addr);
}

static int wait_done(void) {
    int rc = RK_E_IO;
    select();
    (void)transfer(CMD_RDSR);
    for (uint32_t i = 0; i < BUSY_TURNS && rc != RK_OK; i++) {
        rc = transfer(0xFF) & 1u ? RK_E_IO : RK_OK;
    }
    deselect();
    return rc;
}

void rk_sst25_init(void) {
    SPI2->CR1 = SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_MSTR;
    SPI2->CR1 = SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_MSTR | SPI_CR1_SPE;
    command(CMD_WRDI); /* ends what a reset may have interrupted */
    command(CMD_DBSY);
    command(CMD_EWSR);
    select();
    (void)transfer(CMD_WRSR);
    (void)transfer(0);
    deselect();
}

void rk_sst25_read(uint32_t addr, void *data, size_t len) {
    uint8_t *to = data;
    send_addr(CMD_READ, addr);
    for (size_t i = 0; i < len; i++) {
        to[i] = transfer(0xFF);
    }
    deselect();
}

int rk_sst25_erase(uint32_t addr) {
    command(CMD_WREN);
    send_addr(CMD_ERASE, addr);
    deselect();
    return wait_done();
}

static int write_byte(uint32_t addr, uint8_t byte) {
    command(CMD_WREN);
    send_addr(CMD_BYTE, addr);
    (void)transfer(byte);
    deselect();
    return wait_done();
}

static int write_pairs(uint32_t addr, const uint8_t *from, size_t len) {
    int rc = RK_OK;
    command(CMD_WREN);
    for (size_t i = 0; i < len && rc == RK_OK; i += 2) {
        if (i == 0) {
            send_addr(CMD_AAI, addr);
        } else {
            select();
            (void)transfer(CMD_AAI);
        }
        (void)transfer(from[i]);
        (void)transfer(from[i + 1]);
        deselect();
        rc = wait_done();
    }
    command(CMD_WRDI);
    return rc;
}

int rk_sst25_write(uint32_t addr, const void *data, size_t len) {
    const uint8_t *from = data;
    int rc = RK_OK;
    if ((addr & 1u) && len > 0) {
        rc = write_byte(addr++, *from++);
        len--;
    }
    size_t even = len & ~(size_t)1;
    if (rc == RK_OK && even > 0) {
        rc = write_pairs(addr, from, even);
    }
    if (rc == RK_OK && (len & 1u)) {
        rc = write_byte(addr + (uint32_t)even, from[even]);
    }
    return rc;
}
