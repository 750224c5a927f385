/* See pace.h. */
#include "emu/shell/pace.h"

/* Behind by more than this, the lost time is given up. */
#define SLIP_NS 100000000u

void rk_pace_set(struct rk_pace *p, double speed, uint64_t real_ns, uint64_t virtual_ns) {
    *p = (struct rk_pace){speed, real_ns, virtual_ns};
}

uint64_t rk_pace_target(struct rk_pace *p, uint64_t real_ns, uint64_t virtual_ns) {
    if (p->speed <= 0) {
        return UINT64_MAX;
    }
    uint64_t passed = (uint64_t)((double)(real_ns - p->real_ns) * p->speed);
    uint64_t target = p->virtual_ns + passed;
    if (target > virtual_ns && target - virtual_ns > (uint64_t)(SLIP_NS * p->speed)) {
        p->real_ns = real_ns;
        p->virtual_ns = virtual_ns;
        target = virtual_ns + (uint64_t)(SLIP_NS / 10 * p->speed);
    }
    return target;
}
