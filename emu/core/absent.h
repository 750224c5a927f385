/* Placeholder for blocks of the chip that are not modelled. */
#ifndef RK_EMU_CORE_ABSENT_H
#define RK_EMU_CORE_ABSENT_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_absent_ops;

#endif
