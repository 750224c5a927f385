/* RCC: clock tree, gates, block resets, reset flags (RM0008 7, low- and medium-density F103). */
#ifndef RK_EMU_PERIPH_RCC_H
#define RK_EMU_PERIPH_RCC_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_rcc_ops;

struct rk_rcc_config {
    uint32_t hse_hz; /* crystal, 8 MHz on a Core */
    uint32_t hse_start_us;
    uint32_t lse_start_us;
    uint32_t pll_lock_us;
};

/* Output lines: bit n of an enable or reset register. */
enum {
    RK_RCC_OUT_IRQ,
    RK_RCC_OUT_NMI,         /* clock security system */
    RK_RCC_OUT_AHBENR = 32, /* + bit: RK_LINE_GATE of the block */
    RK_RCC_OUT_APB2ENR = 64,
    RK_RCC_OUT_APB1ENR = 96,
    RK_RCC_OUT_APB2RSTR = 128, /* + bit: RK_LINE_RESET of the block, value 1 when the bit is set */
    RK_RCC_OUT_APB1RSTR = 160,
    RK_RCC_OUT_BDRST = 192, /* BDCR.BDRST: resets RTC and BKP (and BDCR itself) */
    RK_RCC_OUT_COUNT,
};
enum {
    RK_RCC_IN_DBP,      /* PWR_CR.DBP: BDCR may be written */
    RK_RCC_IN_STOP,     /* PWR: 1 enter Stop (HSI takes over), 0 leave */
    RK_RCC_IN_LSI,      /* IWDG started: forces LSI on */
    RK_RCC_IN_HSE_FAIL, /* the crystal: 1 stops (or never starts), 0 works */
};

#endif
