/* How far virtual time may go by now (design.md, Time). A run that cannot keep up slips and never
 * catches up.
 */
#ifndef RK_EMU_SHELL_PACE_H
#define RK_EMU_SHELL_PACE_H

#include "common/base/attr.h"

struct rk_pace {
    double speed;                 /* virtual seconds per second; 0: no limit */
    uint64_t real_ns, virtual_ns; /* where counting began */
};

/* Starts counting anew, at this speed. */
void rk_pace_set(struct rk_pace *p, double speed, uint64_t real_ns, uint64_t virtual_ns);

/* The virtual time to run to; UINT64_MAX without a limit. When virtual time is far behind, the
 * counting starts anew here. */
uint64_t rk_pace_target(struct rk_pace *p, uint64_t real_ns, uint64_t virtual_ns);

#endif
