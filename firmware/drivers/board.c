/* See board.h. */
#include "firmware/drivers/board.h"

#include "firmware/regs/stm32f103.h"

#define PIN_BUTTON    2u  /* port B */
#define PIN_FLASH_CS  9u  /* B */
#define PIN_PULLUP    10u /* B: 0 connects D+ */
#define PIN_RADIO_CS  12u /* B */
#define IWDG_TURNS    5000u
#define LED_PRESCALER 72u
#define LED_PERIOD    9999u
/* Channels 1-3 on, active low, PWM mode 1: CCxE | CCxP; OCxM = 110 (core-hardware.md 2.3). */
#define LED_CCER  0x0333u
#define LED_CCMR1 0x6060u
#define LED_CCMR2 0x0060u

static void set_mode(struct rk_gpio_regs *port, unsigned pin, uint32_t mode) {
    rk_reg *reg = pin < 8 ? &port->CRL : &port->CRH;
    unsigned shift = 4 * (pin & 7u);
    *reg = (*reg & ~(0xFu << shift)) | mode << shift;
}

static void init_led(void) {
    TIM1->PSC = LED_PRESCALER;
    TIM1->ARR = LED_PERIOD;
    TIM1->CCMR1 = LED_CCMR1;
    TIM1->CCMR2 = LED_CCMR2;
    TIM1->CCER = LED_CCER;
    TIM1->EGR = TIM_EGR_UG;
    TIM1->CR1 = TIM_CR1_ARPE | TIM_CR1_CEN;
    TIM1->BDTR = TIM_BDTR_MOE;
    for (unsigned pin = 8; pin <= 10; pin++) {
        set_mode(GPIOA, pin, GPIO_AF_PP);
    }
}

void rk_board_init(void) {
    RCC->APB2ENR |= RCC_APB2_AFIO | RCC_APB2_GPIOA | RCC_APB2_GPIOB | RCC_APB2_TIM1;
    RCC->APB1ENR |= RCC_APB1_PWR | RCC_APB1_BKP | RCC_APB1_SPI2;
    PWR_CR |= PWR_CR_DBP;
    /* Levels before modes: neither chip on the SPI bus may see itself selected. */
    GPIOB->BSRR = 1u << PIN_BUTTON | 1u << PIN_FLASH_CS | 1u << PIN_PULLUP | 1u << PIN_RADIO_CS;
    set_mode(GPIOB, PIN_BUTTON, GPIO_IN_PULL);
    set_mode(GPIOB, PIN_FLASH_CS, GPIO_OUT_PP);
    set_mode(GPIOB, PIN_RADIO_CS, GPIO_OUT_PP);
    set_mode(GPIOB, PIN_PULLUP, GPIO_OUT_OD);
    set_mode(GPIOB, 13, GPIO_AF_PP);    /* SCK */
    set_mode(GPIOB, 14, GPIO_IN_FLOAT); /* MISO */
    set_mode(GPIOB, 15, GPIO_AF_PP);    /* MOSI */
    init_led();
}

void rk_board_led(uint16_t red, uint16_t green, uint16_t blue) {
    TIM1->CCR[1] = red;
    TIM1->CCR[2] = green;
    TIM1->CCR[0] = blue;
}

bool rk_board_button(void) {
    return !(GPIOB->IDR & 1u << PIN_BUTTON);
}

void rk_board_usb_connect(bool on) {
    if (on) {
        GPIOB->BRR = 1u << PIN_PULLUP;
    } else {
        GPIOB->BSRR = 1u << PIN_PULLUP;
    }
}

uint16_t rk_board_backup_get(unsigned n) {
    return (uint16_t)BKP_DR(n);
}

void rk_board_backup_set(unsigned n, uint16_t value) {
    BKP_DR(n) = value;
}

uint32_t rk_board_reset_flags(void) {
    return RCC->CSR;
}

void rk_board_reset_flags_clear(void) {
    RCC->CSR |= RCC_CSR_RMVF;
}

/* An earlier update (the bootloader's, a moment ago) takes up to 125 us (RM0008 19.4.4). */
void rk_board_watchdog_start(uint16_t reload) {
    for (unsigned i = 0; i < IWDG_TURNS && IWDG_SR != 0; i++) {
    }
    IWDG_KR = IWDG_UNLOCK;
    IWDG_PR = 6;
    IWDG_RLR = reload;
    IWDG_KR = IWDG_RELOAD;
    IWDG_KR = IWDG_START;
}

void rk_board_watchdog_feed(void) {
    IWDG_KR = IWDG_RELOAD;
}

void rk_board_reset(void) {
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;) {
    }
}

void rk_board_standby(void) {
    PWR_CSR |= PWR_CSR_EWUP;
    PWR_CR |= PWR_CR_CWUF | PWR_CR_PDDS;
    SCB_SCR |= SCB_SCR_DEEP;
    for (;;) {
        __asm volatile("wfi" ::: "memory");
    }
}

void rk_board_jump(uint32_t addr) {
    const uint32_t *table = (const uint32_t *)addr;
    for (unsigned i = 0; i < 2; i++) {
        NVIC_ICER(i) = 0xFFFFFFFFu;
        NVIC_ICPR(i) = 0xFFFFFFFFu;
    }
    __asm volatile("msr msp, %0\n\tbx %1" ::"r"(table[0]), "r"(table[1]) : "memory");
    __builtin_unreachable();
}
