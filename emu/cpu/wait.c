/* Loops that only wait: see wait.h. */
#include "emu/cpu/wait.h"

void rk_wait_turn(struct rk_dev *cpu) {
    (void)cpu;
}

void rk_wait_saw_read(struct rk_dev *cpu, uint32_t addr, unsigned size) {
    (void)cpu;
    (void)addr;
    (void)size;
}

void rk_wait_saw_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value) {
    (void)cpu;
    (void)addr;
    (void)size;
    (void)value;
}
