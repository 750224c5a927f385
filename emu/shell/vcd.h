/* Waves of the board for GTKWave and the like: the light, the pins, resets (IEEE 1364-2005, 18). */
#ifndef RK_EMU_SHELL_VCD_H
#define RK_EMU_SHELL_VCD_H

#include "common/base/error.h"

#include <stdio.h>

#define RK_VCD_PINS 48 /* PA0 to PC15 */

struct rk_vcd {
    FILE *file; /* NULL: not writing */
    uint64_t time_ns;
    bool has_time;
};

/* RK_E_ACCESS, RK_E_IO ... as files fail. */
RK_NODISCARD int rk_vcd_open(struct rk_vcd *v, const char *path);
void rk_vcd_light(struct rk_vcd *v, uint64_t now_ns, const uint16_t rgb[3], uint16_t full);
void rk_vcd_pin(struct rk_vcd *v, uint64_t now_ns, unsigned pin, bool level);
void rk_vcd_reset(struct rk_vcd *v, uint64_t now_ns);
/* RK_E_IO when something could not be written. */
RK_NODISCARD int rk_vcd_close(struct rk_vcd *v);

#endif
