/* Registers of the STM32F103 and the Cortex-M3 that our firmware uses, written from RM0008, PM0075
 * and DDI0403; independent of the emulator's own list, so that each judges the other. Only what is
 * used; names as in the manuals.
 */
#ifndef RK_FIRMWARE_REGS_STM32F103_H
#define RK_FIRMWARE_REGS_STM32F103_H

#include <stdint.h>

typedef volatile uint32_t rk_reg;

/* --- RCC (RM0008 7.3) --- */
struct rk_rcc_regs {
    rk_reg CR, CFGR, CIR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR;
};
#define RCC                 ((struct rk_rcc_regs *)0x40021000u)
#define RCC_CR_HSION        (1u << 0)
#define RCC_CR_HSIRDY       (1u << 1)
#define RCC_CR_HSEON        (1u << 16)
#define RCC_CR_HSERDY       (1u << 17)
#define RCC_CR_PLLON        (1u << 24)
#define RCC_CR_PLLRDY       (1u << 25)
#define RCC_CFGR_SW_PLL     2u
#define RCC_CFGR_SW         3u
#define RCC_CFGR_SWS        (3u << 2)
#define RCC_CFGR_SWS_PLL    (2u << 2)
#define RCC_CFGR_PPRE1_2    (4u << 8)
#define RCC_CFGR_PLLSRC_HSE (1u << 16)
#define RCC_CFGR_PLLMUL_9   (7u << 18)
#define RCC_CFGR_PLLMUL_16  (14u << 18)
#define RCC_APB2_AFIO       (1u << 0)
#define RCC_APB2_GPIOA      (1u << 2)
#define RCC_APB2_GPIOB      (1u << 3)
#define RCC_APB2_TIM1       (1u << 11)
#define RCC_APB1_SPI2       (1u << 14)
#define RCC_APB1_USB        (1u << 23)
#define RCC_APB1_BKP        (1u << 27)
#define RCC_APB1_PWR        (1u << 28)
#define RCC_CSR_RMVF        (1u << 24)

/* --- flash (PM0075 3) --- */
struct rk_flash_regs {
    rk_reg ACR, KEYR, OPTKEYR, SR, CR, AR, reserved, OBR, WRPR;
};
#define FLASH             ((struct rk_flash_regs *)0x40022000u)
#define FLASH_ACR_2WS     2u
#define FLASH_ACR_PRFTBE  (1u << 4)
#define FLASH_KEY1        0x45670123u
#define FLASH_KEY2        0xCDEF89ABu
#define FLASH_SR_BSY      (1u << 0)
#define FLASH_SR_PGERR    (1u << 2)
#define FLASH_SR_WRPRTERR (1u << 4)
#define FLASH_SR_EOP      (1u << 5)
#define FLASH_SR_FLAGS    (FLASH_SR_PGERR | FLASH_SR_WRPRTERR | FLASH_SR_EOP)
#define FLASH_CR_PG       (1u << 0)
#define FLASH_CR_PER      (1u << 1)
#define FLASH_CR_OPTPG    (1u << 4)
#define FLASH_CR_OPTER    (1u << 5)
#define FLASH_CR_STRT     (1u << 6)
#define FLASH_CR_LOCK     (1u << 7)
#define FLASH_CR_OPTWRE   (1u << 9)
#define FLASH_OBR_RDPRT   (1u << 1)
#define OPTION_BYTES      ((volatile uint16_t *)0x1FFFF800u)

/* --- GPIO (RM0008 9.2) --- */
struct rk_gpio_regs {
    rk_reg CRL, CRH, IDR, ODR, BSRR, BRR, LCKR;
};
#define GPIOA ((struct rk_gpio_regs *)0x40010800u)
#define GPIOB ((struct rk_gpio_regs *)0x40010C00u)
/* Mode nibbles (RM0008 table 20). */
#define GPIO_OUT_PP     0x3u
#define GPIO_OUT_OD     0x7u
#define GPIO_AF_PP      0xBu
#define GPIO_IN_FLOAT   0x4u
#define GPIO_IN_PULL    0x8u
#define AFIO_MAPR       (*(rk_reg *)0x40010004u)
#define AFIO_SWJ_NOJTAG (4u << 24) /* core-hardware.md 8.2: PA13 is the user LED */

/* --- TIM1 (RM0008 14.4) --- */
struct rk_tim_regs {
    rk_reg CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER, CNT, PSC, ARR, RCR, CCR[4], BDTR;
};
#define TIM1         ((struct rk_tim_regs *)0x40012C00u)
#define TIM_CR1_CEN  (1u << 0)
#define TIM_CR1_ARPE (1u << 7)
#define TIM_EGR_UG   (1u << 0)
#define TIM_BDTR_MOE (1u << 15)

/* --- SPI (RM0008 25.5) --- */
struct rk_spi_regs {
    rk_reg CR1, CR2, SR, DR, CRCPR, RXCRCR, TXCRCR, I2SCFGR, I2SPR;
};
#define SPI2         ((struct rk_spi_regs *)0x40003800u)
#define SPI_CR1_MSTR (1u << 2)
#define SPI_CR1_SPE  (1u << 6)
#define SPI_CR1_SSI  (1u << 8)
#define SPI_CR1_SSM  (1u << 9)
#define SPI_SR_RXNE  (1u << 0)
#define SPI_SR_TXE   (1u << 1)

/* --- backup domain, power, watchdog (RM0008 5.4, 6.4, 19.4) --- */
#define PWR_CR       (*(rk_reg *)0x40007000u)
#define PWR_CSR      (*(rk_reg *)0x40007004u)
#define PWR_CR_PDDS  (1u << 1)
#define PWR_CR_CWUF  (1u << 2)
#define PWR_CR_DBP   (1u << 8)
#define PWR_CSR_EWUP (1u << 8)
#define BKP_DR(n)    (*(rk_reg *)(0x40006C00u + 4u * (n)))
#define IWDG_KR      (*(rk_reg *)0x40003000u)
#define IWDG_PR      (*(rk_reg *)0x40003004u)
#define IWDG_RLR     (*(rk_reg *)0x40003008u)
#define IWDG_SR      (*(rk_reg *)0x4000300Cu)
#define IWDG_UNLOCK  0x5555u
#define IWDG_RELOAD  0xAAAAu
#define IWDG_START   0xCCCCu

/* --- USB (RM0008 23.5) --- */
#define USB_EPR(n)        (*(rk_reg *)(0x40005C00u + 4u * (n)))
#define USB_CNTR          (*(rk_reg *)0x40005C40u)
#define USB_ISTR          (*(rk_reg *)0x40005C44u)
#define USB_DADDR         (*(rk_reg *)0x40005C4Cu)
#define USB_BTABLE        (*(rk_reg *)0x40005C50u)
#define USB_PMA           ((rk_reg *)0x40006000u) /* 16 bits in each word */
#define USB_EPR_CTR_RX    (1u << 15)
#define USB_EPR_SETUP     (1u << 11)
#define USB_EPR_CTR_TX    (1u << 7)
#define USB_EPR_DTOG_RX   (1u << 14)
#define USB_EPR_DTOG_TX   (1u << 6)
#define USB_EPR_STAT_RX   (3u << 12)
#define USB_EPR_STAT_TX   (3u << 4)
#define USB_EPR_PLAIN     0x070Fu /* EP_TYPE, EP_KIND, EA: written as they are */
#define USB_EPR_BULK      (0u << 9)
#define USB_EPR_CONTROL   (1u << 9)
#define USB_EPR_INTERRUPT (3u << 9)
#define USB_CNTR_FRES     (1u << 0)
#define USB_ISTR_CTR      (1u << 15)
#define USB_ISTR_RESET    (1u << 10)
#define USB_ISTR_EP       0xFu
#define USB_DADDR_EF      (1u << 7)

/* --- core (DDI0403 B3.2, C1.8) --- */
#define SYSTICK_CTRL    (*(rk_reg *)0xE000E010u)
#define SYSTICK_LOAD    (*(rk_reg *)0xE000E014u)
#define SYSTICK_VAL     (*(rk_reg *)0xE000E018u)
#define SYSTICK_RUN     7u /* core clock, interrupt, enabled */
#define NVIC_ICER(n)    (*(rk_reg *)(0xE000E180u + 4u * (n)))
#define NVIC_ICPR(n)    (*(rk_reg *)(0xE000E280u + 4u * (n)))
#define SCB_ICSR        (*(rk_reg *)0xE000ED04u)
#define SCB_ICSR_PSTCLR (1u << 25)
#define SCB_VTOR        (*(rk_reg *)0xE000ED08u)
#define SCB_AIRCR       (*(rk_reg *)0xE000ED0Cu)
#define SCB_AIRCR_RESET 0x05FA0004u
#define SCB_SCR         (*(rk_reg *)0xE000ED10u)
#define SCB_SCR_DEEP    (1u << 2)

/* Device id, 12 bytes (RM0008 30.2). */
#define DEVICE_ID ((const volatile uint8_t *)0x1FFFF7E8u)

#endif
