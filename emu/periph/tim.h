/* TIM1-TIM4: advanced and general-purpose timers (RM0008 14, 15). */
#ifndef RK_EMU_PERIPH_TIM_H
#define RK_EMU_PERIPH_TIM_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_tim_ops;

struct rk_tim_config {
    bool advanced; /* TIM1: RCR, BDTR, complementary outputs, four interrupt vectors */
};

enum {
    RK_TIM_OUT_IRQ,     /* general purpose: the one vector. TIM1: not used */
    RK_TIM_OUT_IRQ_BRK, /* TIM1 only */
    RK_TIM_OUT_IRQ_UP,
    RK_TIM_OUT_IRQ_TRG_COM,
    RK_TIM_OUT_IRQ_CC,
    RK_TIM_OUT_PWM = 8, /* + channel 0..3: compare << 16 | ARR as RK_GPIO_IN_PWM wants it (active
                           high after polarity; a disabled or frozen channel: RK_GPIO_PWM_NONE) */
    RK_TIM_OUT_DMA_CC = 12, /* + channel 0..3: request pulse */
    RK_TIM_OUT_DMA_UP = 16,
    RK_TIM_OUT_DMA_TRG,
    RK_TIM_OUT_TRGO, /* level; reset, update and compare triggers go up and down at once */
    RK_TIM_OUT_COUNT,
};
#define RK_TIM_PWM_NONE  0xFFFFFFFFu /* RK_GPIO_PWM_NONE */
#define RK_TIM_DMA_PULSE 2u          /* value on the DMA lines: RK_DMA_PULSE */
enum {
    RK_TIM_IN_CH = 0, /* + channel 0..3: pin level for input capture */
    RK_TIM_IN_ETR = 4,
    RK_TIM_IN_ITR = 5, /* + 0..3: TRGO pulse of another timer */
    RK_TIM_IN_DEBUG_STOP = 9,
};

#endif
