/* See clock.h. RM0008 7.2; PM0075 3.1 (two wait states above 48 MHz). Called on the clock that a
 * reset leaves: HSI, everything else off. */
#include "firmware/drivers/clock.h"

#include "firmware/regs/stm32f103.h"

#define HSE_TURNS  20000u /* of a loop of about ten cycles at 8 MHz: 25 ms */
#define TICK_TURNS 72000u

static volatile uint32_t ms_count;

static bool start_crystal(void) {
    RCC->CR |= RCC_CR_HSEON;
    for (uint32_t i = 0; i < HSE_TURNS; i++) {
        if (RCC->CR & RCC_CR_HSERDY) {
            return true;
        }
    }
    return false;
}

bool rk_clock_init(void) {
    bool crystal = start_crystal();
    FLASH->ACR = FLASH_ACR_PRFTBE | FLASH_ACR_2WS;
    RCC->CFGR =
        RCC_CFGR_PPRE1_2 | (crystal ? RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PLLMUL_9 : RCC_CFGR_PLLMUL_16);
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {
    }
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
    return crystal;
}

void rk_clock_tick_start(void) {
    SYSTICK_LOAD = TICK_TURNS - 1;
    SYSTICK_VAL = 0;
    SYSTICK_CTRL = SYSTICK_RUN;
}

void rk_clock_tick_stop(void) {
    SYSTICK_CTRL = 0;
    SCB_ICSR = SCB_ICSR_PSTCLR;
}

void rk_clock_tick(void) {
    ms_count++;
}

uint32_t rk_clock_ms(void) {
    return ms_count;
}

void rk_clock_wait_ms(uint32_t ms) {
    uint32_t start = ms_count;
    while (ms_count - start < ms) {
    }
}
