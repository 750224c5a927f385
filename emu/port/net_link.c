/* See net_link.h. */
#include "emu/port/net_link.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "emu/port/net_pipe.h"

#define FLOWS      16u
#define RTO_MIN_NS 200000000ull /* RFC 6298 allows 1 s; stacks of today start at 200 ms */
#define NS_PER_US  1000ull
#define PACKET_MAX 1500u
#define NEVER      UINT64_MAX

enum flow_state {
    FLOW_IDLE,    /* opened, not connected */
    FLOW_SYN,     /* on its way to the other end */
    FLOW_CALLING, /* the inner network connects */
    FLOW_ANSWER,  /* the result is on its way back */
    FLOW_UP,
    FLOW_LISTEN,
};

struct flow {
    bool used, tcp;
    bool inside; /* answered here: takes everything, says nothing */
    bool ended;  /* the inner side closed or reset: nothing more to pull */
    uint8_t state;
    int inner; /* handle there, -1: none */
    int result;
    uint64_t due_ns; /* of SYN and ANSWER */
    uint16_t port;   /* the board's, for the tap */
    struct rk_net_addr to, at;
    struct rk_net_pipe tx, rx;
};

struct link {
    struct rk_net net; /* first: the radio sees this */
    struct rk_net *inner;
    uint64_t random;
    uint16_t next_port;
    bool fresh; /* something came for the board since this was last cleared */
    rk_net_tap_fn tap;
    void *tap_ctx;
    struct flow flows[FLOWS];
};

/* --- what happens on the way ------------------------------------------------------------------ */

static uint64_t next_random(struct link *l) {
    uint64_t x = l->random ? l->random : 0x9E3779B97F4A7C15ull; /* xorshift64 */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    l->random = x;
    return x;
}

static bool is_lost(struct link *l) {
    const uint32_t ppm = l->net.config->loss_ppm;
    return ppm && next_random(l) % 1000000u < ppm;
}

static uint64_t delay_ns(struct link *l) {
    const struct rk_net_config *c = l->net.config;
    const uint64_t jitter = c->jitter_us ? next_random(l) % (c->jitter_us + 1ull) : 0;
    return (c->latency_us + jitter) * NS_PER_US;
}

/* Each loss of the same segment doubles the wait for the next try; the path is given up to be down
 * after six (about 13 s at the least), which the radio's own time-outs see first. */
static uint64_t retransmission_ns(struct link *l) {
    uint64_t sum = 0;
    uint64_t rto = RTO_MIN_NS + 2ull * l->net.config->latency_us * NS_PER_US;
    for (int tries = 0; tries < 6 && is_lost(l); tries++) {
        sum += rto;
        rto *= 2;
    }
    return sum;
}

static uint64_t serialize(struct link *l, struct rk_net_pipe *pipe, size_t len) {
    const uint32_t bps = l->net.config->bandwidth_bps;
    const uint64_t start = RK_MAX(l->net.now_ns, pipe->busy_ns);
    pipe->busy_ns = bps ? start + (uint64_t)(len + 40) * 8u * 1000000000ull / bps : l->net.now_ns;
    return pipe->busy_ns;
}

/* When a segment that leaves now arrives; NEVER: it is lost. */
static uint64_t arrival(struct link *l, struct rk_net_pipe *pipe, bool tcp, size_t len) {
    const uint64_t sent = serialize(l, pipe, len);
    if (!tcp && is_lost(l)) {
        return NEVER;
    }
    const uint64_t at = sent + delay_ns(l) + (tcp ? retransmission_ns(l) : 0);
    return tcp ? RK_MAX(at, pipe->last_due_ns) : at;
}

static void tap(struct link *l, struct flow *f, enum rk_net_tap kind, bool from_board,
                struct rk_net_addr other, const void *data, size_t len) {
    if (l->tap) {
        const struct rk_net_tap_event event = {.kind = kind,
                                               .now_ns = l->net.now_ns,
                                               .from_board = from_board,
                                               .tcp = f->tcp,
                                               .flow = (unsigned)(f - l->flows),
                                               .board_port = f->port,
                                               .other = other,
                                               .data = data,
                                               .len = len};
        l->tap(l->tap_ctx, &event);
    }
}

/* --- moving what is due ----------------------------------------------------------------------- */

static struct rk_net *inner_of(struct link *l) {
    l->inner->now_ns = l->net.now_ns;
    return l->inner;
}

static void put_end(struct link *l, struct flow *f, uint8_t end) {
    f->ended = l->fresh = true;
    const uint64_t due = arrival(l, &f->rx, true, 0);
    rk_net_pipe_put(&f->rx, &(struct rk_net_seg){.due_ns = due, .end = end}, NULL);
}

static void push_out(struct link *l, struct flow *f) {
    const struct rk_net_seg *seg;
    while ((seg = rk_net_pipe_head(&f->tx, l->net.now_ns))) {
        uint8_t bytes[PACKET_MAX];
        const size_t len = rk_net_pipe_peek(&f->tx, bytes, sizeof bytes);
        int n = (int)len;
        if (f->inner >= 0 && !f->ended) {
            struct rk_net *inner = inner_of(l);
            n = inner->ops->send(inner, f->inner, bytes, len, seg->addr);
        }
        if (n == RK_E_AGAIN) {
            return;
        }
        /* An error: nobody takes it any more. */
        rk_net_pipe_take(&f->tx, bytes, n < 0 ? len : (size_t)n, !f->tcp || n < 0);
    }
}

static void pull_in(struct link *l, struct flow *f) {
    while (f->inner >= 0 && !f->ended && rk_net_pipe_room(&f->rx, PACKET_MAX) &&
           f->rx.count + 1 < RK_NET_PIPE_SEGS) {
        uint8_t bytes[PACKET_MAX];
        struct rk_net_addr from = f->to;
        struct rk_net *inner = inner_of(l);
        const int n = inner->ops->recv(inner, f->inner, bytes, sizeof bytes, &from);
        if (n == RK_E_AGAIN || (n <= 0 && !f->tcp)) {
            return;
        }
        if (n <= 0) {
            put_end(l, f, n == 0 ? 1 : 2);
            return;
        }
        const struct rk_net_seg seg = {
            .due_ns = arrival(l, &f->rx, f->tcp, (size_t)n), .len = (uint16_t)n, .addr = from};
        if (seg.due_ns != NEVER) {
            l->fresh = true;
            rk_net_pipe_put(&f->rx, &seg, bytes);
        }
    }
}

static void step_connect(struct link *l, struct flow *f) {
    if (f->state == FLOW_SYN && f->due_ns <= l->net.now_ns) {
        f->state = FLOW_CALLING;
    }
    if (f->state == FLOW_CALLING) {
        struct rk_net *inner = inner_of(l);
        f->result = f->inside   ? 0
                    : f->result ? f->result
                                : inner->ops->connect(inner, f->inner, f->at);
        if (f->result == RK_E_AGAIN) {
            f->result = 0;
            return;
        }
        f->state = FLOW_ANSWER;
        f->due_ns = l->net.now_ns + delay_ns(l) + retransmission_ns(l);
    }
}

static void pump(struct link *l) {
    for (unsigned i = 0; i < FLOWS; i++) {
        struct flow *f = &l->flows[i];
        if (!f->used) {
            continue;
        }
        step_connect(l, f);
        if (f->state == FLOW_UP || !f->tcp) {
            push_out(l, f);
            pull_in(l, f);
        }
    }
}

/* --- the table -------------------------------------------------------------------------------- */

static struct link *link_of(struct rk_net *net) {
    return (struct link *)net;
}

static struct flow *flow_of(struct rk_net *net, int handle) {
    struct link *l = link_of(net);
    return handle >= 0 && handle < (int)FLOWS && l->flows[handle].used ? &l->flows[handle] : NULL;
}

static int take_flow(struct link *l, bool tcp, int inner) {
    for (unsigned i = 0; i < FLOWS; i++) {
        struct flow *f = &l->flows[i];
        if (!f->used) {
            memset(f, 0, sizeof *f);
            f->used = true;
            f->tcp = tcp;
            f->inner = inner;
            f->port = l->next_port++;
            if (l->next_port == 0) {
                l->next_port = 49152;
            }
            return (int)i;
        }
    }
    return RK_E_LIMIT;
}

static int link_open(struct rk_net *net, bool tcp) {
    struct link *l = link_of(net);
    struct rk_net *inner = inner_of(l);
    const int handle = inner->ops->open(inner, tcp);
    if (handle < 0) {
        return handle;
    }
    const int flow = take_flow(l, tcp, handle);
    if (flow < 0) {
        inner->ops->close(inner, handle);
    }
    return flow;
}

static int link_listen(struct rk_net *net, int handle, uint16_t port) {
    struct flow *f = flow_of(net, handle);
    struct rk_net *inner = inner_of(link_of(net));
    if (!f) {
        return RK_E_NOT_FOUND;
    }
    const int result = inner->ops->listen(inner, f->inner, port);
    if (result == 0) {
        f->port = port ? port : f->port;
        f->state = FLOW_LISTEN;
    }
    return result;
}

static int link_accept(struct rk_net *net, int handle, struct rk_net_addr *from) {
    struct flow *f = flow_of(net, handle);
    struct rk_net *inner = inner_of(link_of(net));
    if (!f || f->state != FLOW_LISTEN) {
        return RK_E_NOT_FOUND;
    }
    const int got = inner->ops->accept(inner, f->inner, from);
    if (got < 0) {
        return got;
    }
    const int flow = take_flow(link_of(net), true, got);
    if (flow < 0) {
        inner->ops->close(inner, got);
        return flow;
    }
    struct flow *n = flow_of(net, flow);
    n->state = FLOW_UP;
    n->to = *from;
    n->port = f->port;
    tap(link_of(net), n, RK_NET_TAP_OPEN, false, n->to, NULL, 0);
    return flow;
}

static int link_connect(struct rk_net *net, int handle, struct rk_net_addr to) {
    struct link *l = link_of(net);
    struct flow *f = flow_of(net, handle);
    if (!f || !f->tcp) {
        return RK_E_NOT_FOUND;
    }
    if (f->state == FLOW_IDLE) {
        const int routed = rk_net_link_route(net->config, to, &f->at);
        f->to = to;
        f->inside = routed == 1;
        f->result = routed < 0 ? routed : 0;
        f->state = FLOW_SYN;
        f->due_ns = net->now_ns + delay_ns(l) + retransmission_ns(l);
    }
    pump(l);
    if (f->state == FLOW_UP) {
        return 0;
    }
    if (f->state != FLOW_ANSWER || f->due_ns > net->now_ns) {
        return RK_E_AGAIN;
    }
    if (f->result == 0) {
        f->state = FLOW_UP;
        tap(l, f, RK_NET_TAP_OPEN, true, f->to, NULL, 0);
    }
    return f->result;
}

static int link_send(struct rk_net *net, int handle, const void *data, size_t len,
                     struct rk_net_addr to) {
    struct link *l = link_of(net);
    struct flow *f = flow_of(net, handle);
    if (!f || (f->tcp && f->state != FLOW_UP)) {
        return RK_E_CLOSED;
    }
    struct rk_net_seg seg = {.len = (uint16_t)len, .addr = f->at};
    if (!f->tcp) {
        const bool nowhere =
            rk_net_is_multicast(to.ip) || rk_net_link_route(net->config, to, &seg.addr);
        tap(l, f, RK_NET_TAP_DATA, true, to, data, len);
        if (nowhere) {
            return (int)len; /* on the air, and nobody hears it */
        }
    }
    if (!rk_net_pipe_room(&f->tx, len)) {
        return RK_E_AGAIN;
    }
    if (f->tcp) {
        tap(l, f, RK_NET_TAP_DATA, true, f->to, data, len);
    }
    seg.due_ns = arrival(l, &f->tx, f->tcp, len);
    if (seg.due_ns != NEVER && !f->inside) {
        rk_net_pipe_put(&f->tx, &seg, data);
    }
    pump(l);
    return (int)len;
}

static int link_recv(struct rk_net *net, int handle, void *data, size_t cap,
                     struct rk_net_addr *from) {
    struct link *l = link_of(net);
    struct flow *f = flow_of(net, handle);
    if (!f) {
        return RK_E_CLOSED;
    }
    pump(l);
    const struct rk_net_seg *seg = rk_net_pipe_head(&f->rx, net->now_ns);
    if (!seg) {
        return RK_E_AGAIN;
    }
    if (seg->end) {
        return seg->end == 1 ? 0 : RK_E_CLOSED; /* stays the last one */
    }
    *from = seg->addr;
    const size_t n = rk_net_pipe_take(&f->rx, data, cap, !f->tcp);
    tap(l, f, RK_NET_TAP_DATA, false, f->tcp ? f->to : *from, data, n);
    return (int)n;
}

/* What is still on its way is pushed at once: the board's close does not overtake its data, and
 * the model of the path ends with the handle. */
static void link_close(struct rk_net *net, int handle) {
    struct link *l = link_of(net);
    struct flow *f = flow_of(net, handle);
    if (!f) {
        return;
    }
    struct rk_net *inner = inner_of(l);
    for (unsigned i = 0; i < f->tx.count; i++) {
        f->tx.segs[(f->tx.head + i) % RK_NET_PIPE_SEGS].due_ns = 0;
    }
    if (f->state == FLOW_UP || !f->tcp) {
        push_out(l, f);
    }
    if (f->state == FLOW_UP && f->tcp) {
        tap(l, f, RK_NET_TAP_CLOSE, true, f->to, NULL, 0);
    }
    inner->ops->close(inner, f->inner);
    f->used = false;
}

static void link_reset(struct rk_net *net) {
    struct link *l = link_of(net);
    struct rk_net *inner = inner_of(l);
    for (unsigned i = 0; i < FLOWS; i++) {
        l->flows[i].used = false;
    }
    inner->ops->reset(inner);
}

/* --- names and pings -------------------------------------------------------------------------- */

static int link_resolve(struct rk_net *net, const char *name, uint32_t *ip) {
    if (rk_net_lookup(net->config, name, ip)) {
        return 0;
    }
    struct rk_net *inner = inner_of(link_of(net));
    return net->config->any_internet ? inner->ops->resolve(inner, name, ip) : RK_E_NOT_FOUND;
}

static int link_ping(struct rk_net *net, uint32_t ip, uint32_t *rtt_us) {
    struct link *l = link_of(net);
    struct rk_net_addr at;
    const bool known = ip == 0x08080808u || rk_net_is_name(net->config, ip) ||
                       rk_net_link_route(net->config, (struct rk_net_addr){ip, 0}, &at) == 0;
    const uint64_t rtt = delay_ns(l) + delay_ns(l);
    *rtt_us = (uint32_t)(rtt / NS_PER_US);
    return known && !is_lost(l) && !is_lost(l) ? 0 : RK_E_NETWORK;
}

/* What has arrived already waits for the board or the inner network, not for time. */
static uint64_t sooner(uint64_t a, uint64_t b, uint64_t now) {
    return b > now && b < a ? b : a;
}

static uint64_t link_next_ns(struct rk_net *net) {
    struct link *l = link_of(net);
    struct rk_net *inner = inner_of(l);
    uint64_t at = inner->ops->next_ns(inner);
    l->fresh = false;
    pump(l); /* next_ns() may have made the inner side speak */
    at = l->fresh ? RK_MIN(at, net->now_ns + 1) : at;
    for (unsigned i = 0; i < FLOWS; i++) {
        const struct flow *f = &l->flows[i];
        if (!f->used) {
            continue;
        }
        if (f->state == FLOW_SYN || f->state == FLOW_ANSWER) {
            at = sooner(at, f->due_ns, net->now_ns);
        }
        at = sooner(at, rk_net_pipe_next(&f->tx), net->now_ns);
        at = sooner(at, rk_net_pipe_next(&f->rx), net->now_ns);
    }
    return at;
}

static const struct rk_net_ops link_ops = {.open = link_open,
                                           .listen = link_listen,
                                           .accept = link_accept,
                                           .connect = link_connect,
                                           .send = link_send,
                                           .recv = link_recv,
                                           .close = link_close,
                                           .resolve = link_resolve,
                                           .ping = link_ping,
                                           .reset = link_reset,
                                           .next_ns = link_next_ns};

struct rk_net *rk_net_link_new(struct rk_net_config *config, struct rk_net *inner) {
    struct link *l = calloc(1, sizeof *l);
    if (!l) {
        return NULL;
    }
    l->net.ops = &link_ops;
    l->net.config = config;
    l->inner = inner;
    l->random = config->seed;
    l->next_port = 49152;
    return &l->net;
}

void rk_net_link_free(struct rk_net *net) {
    free(net);
}

void rk_net_link_tap(struct rk_net *net, rk_net_tap_fn fn, void *ctx) {
    link_of(net)->tap = fn;
    link_of(net)->tap_ctx = ctx;
}
