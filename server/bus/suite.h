/* What every bus must do: run it with a function that makes a fresh one. */
#ifndef RK_SERVER_BUS_SUITE_H
#define RK_SERVER_BUS_SUITE_H

#include "server/bus/bus.h"

/* settle lets a bus with threads or sockets of its own deliver what is on its way; may be NULL. */
int rk_bus_suite_run(const char *name, struct rk_bus *(*make)(void),
                     void (*settle)(struct rk_bus *));

#endif
