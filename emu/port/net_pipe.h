/* One direction of one connection on its way: segments with the instant at which they arrive. */
#ifndef RK_EMU_PORT_NET_PIPE_H
#define RK_EMU_PORT_NET_PIPE_H

#include "emu/port/net.h"

#define RK_NET_PIPE_BYTES 8192u
#define RK_NET_PIPE_SEGS  32u

struct rk_net_seg {
    uint64_t due_ns;
    uint16_t len;
    uint8_t end; /* 0 data, 1 closed, 2 reset */
    struct rk_net_addr addr;
};

struct rk_net_pipe {
    struct rk_net_seg segs[RK_NET_PIPE_SEGS];
    unsigned head, count;
    uint8_t ring[RK_NET_PIPE_BYTES];
    size_t start, used;
    uint64_t last_due_ns; /* order is kept */
    uint64_t busy_ns;     /* the line is taken until then (bandwidth) */
};

/* Room for one more segment of len bytes? */
bool rk_net_pipe_room(const struct rk_net_pipe *p, size_t len);
void rk_net_pipe_put(struct rk_net_pipe *p, const struct rk_net_seg *seg, const void *data);
/* The first segment if it has arrived, or NULL. */
const struct rk_net_seg *rk_net_pipe_head(const struct rk_net_pipe *p, uint64_t now_ns);
/* When the first segment arrives; UINT64_MAX: nothing is on the way. */
uint64_t rk_net_pipe_next(const struct rk_net_pipe *p);
/* Copies up to cap bytes of the first segment and leaves it. */
size_t rk_net_pipe_peek(const struct rk_net_pipe *p, void *data, size_t cap);
/* The same, and takes them out. whole: the rest of it is dropped (a datagram), else
 * it stays. Returns the bytes copied. */
size_t rk_net_pipe_take(struct rk_net_pipe *p, void *data, size_t cap, bool whole);

#endif
