/* Unicorn as the CPU of a machine, for benchmarks: the same blocks, the same exceptions, another
 * executor (block hook, the fastest way that still lets time pass).
 */
#ifndef RK_BENCH_UNICORN_CPU_H
#define RK_BENCH_UNICORN_CPU_H

#include "emu/core/machine.h"

extern const struct rk_cpu_ops rk_unicorn_cpu;

#endif
