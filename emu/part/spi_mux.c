/* See spi_mux.h. */
#include "emu/part/spi_mux.h"

static void mux_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

static uint32_t mux_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    (void)line;
    uint32_t answer = 0xFFFFu;
    for (unsigned i = 0; i < RK_SPI_MUX_SLAVES; i++) {
        const uint32_t got = rk_line_out(dev, RK_SPI_MUX_OUT_XFER + i, value);
        answer &= got;
    }
    return answer;
}

const struct rk_dev_ops rk_spi_mux_ops = {
    .type = "spi-mux", .out_count = RK_SPI_MUX_SLAVES, .reset = mux_reset, .input = mux_input};
