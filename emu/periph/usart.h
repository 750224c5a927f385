/* USART1, USART2 (RM0008 27): asynchronous mode, bytes with their time on the wire. */
#ifndef RK_EMU_PERIPH_USART_H
#define RK_EMU_PERIPH_USART_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_usart_ops;

enum {
    RK_USART_OUT_IRQ,
    RK_USART_OUT_DMA_RX,
    RK_USART_OUT_DMA_TX,
    RK_USART_OUT_TX, /* a frame left: 8 or 9 bits */
    RK_USART_OUT_COUNT,
};
enum {
    RK_USART_IN_RX, /* a frame arrived from outside */
};

#endif
