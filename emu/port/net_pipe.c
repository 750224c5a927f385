/* See net_pipe.h. */
#include "emu/port/net_pipe.h"

#include <string.h>

bool rk_net_pipe_room(const struct rk_net_pipe *p, size_t len) {
    return p->count < RK_NET_PIPE_SEGS && len <= RK_NET_PIPE_BYTES - p->used;
}

void rk_net_pipe_put(struct rk_net_pipe *p, const struct rk_net_seg *seg, const void *data) {
    p->segs[(p->head + p->count++) % RK_NET_PIPE_SEGS] = *seg;
    const size_t at = (p->start + p->used) % RK_NET_PIPE_BYTES;
    const size_t first = RK_MIN((size_t)seg->len, RK_NET_PIPE_BYTES - at);
    if (seg->len) {
        memcpy(p->ring + at, data, first);
        memcpy(p->ring, (const uint8_t *)data + first, seg->len - first);
    }
    p->used += seg->len;
    p->last_due_ns = seg->due_ns;
}

uint64_t rk_net_pipe_next(const struct rk_net_pipe *p) {
    return p->count ? p->segs[p->head].due_ns : UINT64_MAX;
}

const struct rk_net_seg *rk_net_pipe_head(const struct rk_net_pipe *p, uint64_t now_ns) {
    return rk_net_pipe_next(p) <= now_ns ? &p->segs[p->head] : NULL;
}

size_t rk_net_pipe_peek(const struct rk_net_pipe *p, void *data, size_t cap) {
    const size_t n = RK_MIN((size_t)p->segs[p->head].len, cap);
    const size_t first = RK_MIN(n, RK_NET_PIPE_BYTES - p->start);
    if (n) {
        memcpy(data, p->ring + p->start, first);
        memcpy((uint8_t *)data + first, p->ring, n - first);
    }
    return n;
}

size_t rk_net_pipe_take(struct rk_net_pipe *p, void *data, size_t cap, bool whole) {
    struct rk_net_seg *seg = &p->segs[p->head];
    const size_t n = rk_net_pipe_peek(p, data, cap);
    const size_t gone = whole ? seg->len : n;
    p->start = (p->start + gone) % RK_NET_PIPE_BYTES;
    p->used -= gone;
    seg->len = (uint16_t)(seg->len - gone);
    if (seg->len == 0) {
        p->head = (p->head + 1) % RK_NET_PIPE_SEGS;
        p->count--;
    }
    return n;
}
