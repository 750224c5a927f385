/* Vector table and the way from reset to main (DDI0403 B1.5). The same file starts the bootloader
 * at 0x08000000 and an application at 0x08005000; the linker script says where things are.
 *
 * SVC returns at once: firmware 0.7.0 calls word 11 of the bootloader's table through a null
 * pointer early in its start (emulator-findings.md, "Machine facts").
 */
#include <stdint.h>

#include "firmware/port/core/startup.h"
#include "firmware/regs/stm32f103.h"

extern uint32_t rk_data_load[], rk_data_start[], rk_data_end[];
extern uint32_t rk_bss_start[], rk_bss_end[], rk_stack_top[];

int main(void);
void rk_on_reset(void);

static void on_nothing(void) {
}

/* A fault in the bootloader must not leave a dead board: start again. */
__attribute__((weak)) void rk_on_fault(void) {
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;) {
    }
}

__attribute__((weak)) void rk_on_tick(void) {
}

__attribute__((weak)) void rk_on_usb(void) {
}

void rk_on_reset(void) {
    const uint32_t *from = rk_data_load;
    for (uint32_t *to = rk_data_start; to < rk_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = rk_bss_start; to < rk_bss_end;) {
        *to++ = 0;
    }
    (void)main();
    rk_on_fault();
}

#define IRQ_COUNT 51 /* 67 words in all, as every published image has (core-hardware.md 0) */
#define IRQ_USB   20

typedef void (*vector)(void);

struct vectors {
    const uint32_t *stack;
    vector core[15];
    vector irq[IRQ_COUNT];
};

/* clang-format off */
__attribute__((section(".vectors"), used)) const struct vectors rk_vectors = {
    .stack = rk_stack_top,
    .core = {rk_on_reset, on_nothing, rk_on_fault, rk_on_fault, rk_on_fault, rk_on_fault, 0, 0, 0, 0,
             on_nothing, on_nothing, 0, on_nothing, rk_on_tick},
    .irq = {[0 ... IRQ_USB - 1] = on_nothing, [IRQ_USB] = rk_on_usb,
            [IRQ_USB + 1 ... IRQ_COUNT - 1] = on_nothing},
};
/* clang-format on */
