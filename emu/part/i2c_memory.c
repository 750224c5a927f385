/* See i2c_memory.h. UM10204 3.1.10 (addressing); knows no I2C controller, only the bus line. */
#include "emu/part/i2c_memory.h"

/* Kinds of an exchange: RK_I2C_BUS_x of the controllers. */
enum { BUS_START = 1, BUS_WRITE, BUS_READ, BUS_STOP };

struct memory_state {
    uint8_t cells[RK_I2C_MEMORY_SIZE];
    uint8_t pointer;
    uint8_t selected;
    uint8_t pointer_next; /* the next byte written is the pointer */
};

uint8_t *rk_i2c_memory_bytes(struct rk_dev *dev) {
    struct memory_state *s = dev->state;
    return s->cells;
}

static uint32_t started(struct rk_dev *dev, uint8_t address) {
    const struct rk_i2c_memory_config *config = dev->config;
    struct memory_state *s = dev->state;
    s->selected = address >> 1 == config->address;
    s->pointer_next = s->selected && !(address & 1u);
    return s->selected;
}

static uint32_t written(struct memory_state *s, uint8_t byte) {
    if (s->pointer_next) {
        s->pointer = byte;
        s->pointer_next = 0;
    } else {
        s->cells[s->pointer++] = byte;
    }
    return 1;
}

static uint32_t memory_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    struct memory_state *s = dev->state;
    unsigned kind = value >> 8;
    if (kind == BUS_START) {
        return started(dev, (uint8_t)value);
    }
    if (kind == BUS_STOP) {
        s->selected = 0;
    }
    if (!s->selected) {
        return 0;
    }
    return kind == BUS_WRITE ? written(s, (uint8_t)value) : s->cells[s->pointer++];
}

/* The chip's reset does not reach it; its power does. */
static void memory_reset(struct rk_dev *dev, enum rk_reset kind) {
    struct memory_state *s = dev->state;
    if (kind == RK_RESET_POWER) {
        s->pointer = s->selected = s->pointer_next = 0;
    }
}

const struct rk_dev_ops rk_i2c_memory_ops = {.type = "i2c-memory",
                                             .state_size = sizeof(struct memory_state),
                                             .reset = memory_reset,
                                             .input = memory_input};
