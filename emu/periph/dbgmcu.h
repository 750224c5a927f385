/* DBGMCU and the electronic signature: device id code, freeze bits (RM0008 31.16), flash size and
 * the 96-bit unique id (RM0008 30). Two blocks. */
#ifndef RK_EMU_PERIPH_DBGMCU_H
#define RK_EMU_PERIPH_DBGMCU_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_dbgmcu_ops;
extern const struct rk_dev_ops rk_esig_ops;

struct rk_esig_config {
    uint16_t flash_kb; /* 128 */
};
/* The unique device id, 12 bytes in memory order (0x1FFFF7E8); kept over every reset. */
void rk_esig_set_id(struct rk_dev *dev, const uint8_t id[12]);

#endif
