/* DMA1 (RM0008 13): seven channels. */
#ifndef RK_EMU_PERIPH_DMA_H
#define RK_EMU_PERIPH_DMA_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_dma_ops;

enum {
    RK_DMA_IN_REQUEST =
        0, /* + 8 * channel (0..6) + source (0..7): level request; requests of one channel are
              ORed, the channel moves one item per request while it is 1 and drops out when
              the block lowers it. The transfer takes place at once inside the call (bus timing is
              not modelled); the answer is 1 when an item was moved, with RK_DMA_ONE_LEFT when
              one more will end the transfer (I2C's EOT_1). */
};
#define RK_DMA_ONE_LEFT 2u
/* Value of a request that asks for one item and is not a level (timers). */
#define RK_DMA_PULSE 2u
enum {
    RK_DMA_OUT_IRQ = 0, /* + channel 0..6 */
    RK_DMA_OUT_COUNT = 7,
};

#endif
