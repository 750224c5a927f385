/* ADC1 and ADC2 (RM0008 11) in one block each; dual mode through the master's lines. */
#ifndef RK_EMU_PERIPH_ADC_H
#define RK_EMU_PERIPH_ADC_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_adc_ops;

struct rk_adc_config {
    bool master; /* ADC1: dual mode, DMA */
};

enum {
    RK_ADC_IN_MV = 0,       /* + channel 0..17: millivolts (VREF+ 3300 mV) */
    RK_ADC_IN_TRIGGER = 18, /* + EXTSEL 0..7: regular external trigger pulse */
    RK_ADC_IN_DUAL = 32,    /* slave: convert rank `value` of the regular group; answers the data */
    RK_ADC_IN_SLAVE_IRQ,    /* master: the slave's interrupt, on the same vector */
};
enum {
    RK_ADC_OUT_IRQ,
    RK_ADC_OUT_DMA,
    RK_ADC_OUT_DUAL,      /* master to slave */
    RK_ADC_OUT_SLAVE_IRQ, /* slave to master, instead of RK_ADC_OUT_IRQ */
    RK_ADC_OUT_COUNT,
};

#endif
