/* BKP (RM0008 6): ten 16-bit data registers of medium-density parts, tamper, calibration. */
#ifndef RK_EMU_PERIPH_BKP_H
#define RK_EMU_PERIPH_BKP_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_bkp_ops;

enum {
    RK_BKP_IN_DBP,
    RK_BKP_IN_BDRST,
    RK_BKP_IN_TAMPER, /* level of PC13 */
};
enum {
    RK_BKP_OUT_IRQ, /* tamper */
    RK_BKP_OUT_COUNT,
};

#endif
