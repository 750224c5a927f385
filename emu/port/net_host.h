/* Sockets of this machine as the other end of an emulated radio, through a libuv loop of its own
 * that only turns when the radio looks (net.h). Runs with it are open: real time matters
 * (design.md, Time). What may be reached at all is net_link.c's to decide. Servers of the board
 * listen on 127.0.0.1.
 */
#ifndef RK_EMU_PORT_NET_HOST_H
#define RK_EMU_PORT_NET_HOST_H

#include "emu/port/net.h"

/* NULL: out of memory or file descriptors. */
struct rk_net *rk_net_host_new(void);
void rk_net_host_free(struct rk_net *net);

#endif
