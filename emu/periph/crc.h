/* CRC calculation unit (RM0008 4). */
#ifndef RK_EMU_PERIPH_CRC_H
#define RK_EMU_PERIPH_CRC_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_crc_ops;

#endif
