/* See net_peer.h. */
#include "emu/port/net_peer.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"

#define BUFFER_SIZE 65536u
#define DATAGRAMS   4u
#define BACKLOG     4u

struct conn {
    bool used, tcp, up, listening;
    bool waiting;     /* connected by the peer, not accepted by the board yet */
    uint8_t peer_end; /* 1 closed, 2 reset */
    uint16_t port;    /* bound, or of the listener it waits at */
    struct rk_net_addr other;
    size_t start, used_bytes;
    uint8_t *buffer; /* BUFFER_SIZE, a ring; towards the board */
    struct {
        struct rk_net_addr from;
        uint16_t len;
    } datagrams[DATAGRAMS]; /* their bytes are in the ring, in order */
    unsigned datagram_count;
};

struct peer {
    struct rk_net net; /* first */
    const struct rk_net_peer_ops *ops;
    void *ctx;
    struct conn conns[RK_NET_PEER_CONNS];
};

static struct peer *peer_of(struct rk_net *net) {
    return (struct peer *)net;
}

static struct conn *conn_of(struct rk_net *net, int conn) {
    struct peer *p = peer_of(net);
    return conn >= 0 && conn < (int)RK_NET_PEER_CONNS && p->conns[conn].used ? &p->conns[conn]
                                                                             : NULL;
}

/* The ring. */

static void ring_put(struct conn *c, const void *data, size_t len) {
    const size_t at = (c->start + c->used_bytes) % BUFFER_SIZE;
    const size_t first = RK_MIN(len, BUFFER_SIZE - at);
    memcpy(c->buffer + at, data, first);
    memcpy(c->buffer, (const uint8_t *)data + first, len - first);
    c->used_bytes += len;
}

static void ring_take(struct conn *c, void *data, size_t len, size_t gone) {
    const size_t first = RK_MIN(len, BUFFER_SIZE - c->start);
    memcpy(data, c->buffer + c->start, first);
    memcpy((uint8_t *)data + first, c->buffer, len - first);
    c->start = (c->start + gone) % BUFFER_SIZE;
    c->used_bytes -= gone;
}

/* --- the radio's side ------------------------------------------------------------------------- */

static void run_due(struct rk_net *net) {
    struct peer *p = peer_of(net);
    /* Bounded: a peer that always wants more still lets the board go on. */
    for (int i = 0; i < 64 && p->ops->tick && p->ops->deadline_ns &&
                    p->ops->deadline_ns(p->ctx) <= net->now_ns;
         i++) {
        p->ops->tick(p->ctx, net->now_ns);
    }
}

static int peer_open(struct rk_net *net, bool tcp) {
    struct peer *p = peer_of(net);
    for (unsigned i = 0; i < RK_NET_PEER_CONNS; i++) {
        struct conn *c = &p->conns[i];
        if (!c->used) {
            uint8_t *buffer = c->buffer;
            *c = (struct conn){.used = true, .tcp = tcp, .buffer = buffer};
            return (int)i;
        }
    }
    return RK_E_LIMIT;
}

static int peer_listen(struct rk_net *net, int handle, uint16_t port) {
    struct conn *c = conn_of(net, handle);
    if (!c) {
        return RK_E_NOT_FOUND;
    }
    c->port = port;
    c->listening = c->tcp;
    return 0;
}

static int peer_accept(struct rk_net *net, int handle, struct rk_net_addr *from) {
    struct peer *p = peer_of(net);
    const struct conn *listener = conn_of(net, handle);
    for (unsigned i = 0; listener && i < RK_NET_PEER_CONNS; i++) {
        struct conn *c = &p->conns[i];
        if (c->used && c->waiting && c->port == listener->port) {
            c->waiting = false;
            *from = c->other;
            return (int)i;
        }
    }
    return listener ? RK_E_AGAIN : RK_E_NOT_FOUND;
}

static int peer_connect(struct rk_net *net, int handle, struct rk_net_addr to) {
    struct peer *p = peer_of(net);
    struct conn *c = conn_of(net, handle);
    if (!c) {
        return RK_E_NOT_FOUND;
    }
    if (c->up) {
        return 0;
    }
    c->other = to;
    c->up = true; /* it may send from inside opened() */
    if (p->ops->opened && !p->ops->opened(p->ctx, handle, to, net->now_ns)) {
        c->up = false;
        return RK_E_REFUSED;
    }
    return 0;
}

static int peer_take(struct rk_net *net, int handle, const void *data, size_t len,
                     struct rk_net_addr to) {
    struct peer *p = peer_of(net);
    const struct conn *c = conn_of(net, handle);
    if (!c || (c->tcp && !c->up)) {
        return RK_E_CLOSED;
    }
    if (!c->tcp) {
        if (p->ops->datagram) {
            p->ops->datagram(p->ctx, handle, to, data, len, net->now_ns);
        }
        return (int)len;
    }
    if (c->peer_end) {
        return RK_E_CLOSED;
    }
    p->ops->received(p->ctx, handle, data, len, net->now_ns);
    return (int)len;
}

static int give_datagram(struct conn *c, void *data, size_t cap, struct rk_net_addr *from) {
    if (c->datagram_count == 0) {
        return RK_E_AGAIN;
    }
    const size_t len = c->datagrams[0].len;
    const size_t n = RK_MIN(len, cap);
    *from = c->datagrams[0].from;
    ring_take(c, data, n, len);
    c->datagram_count--;
    memmove(c->datagrams, c->datagrams + 1, c->datagram_count * sizeof c->datagrams[0]);
    return (int)n;
}

static int peer_give(struct rk_net *net, int handle, void *data, size_t cap,
                     struct rk_net_addr *from) {
    run_due(net);
    struct conn *c = conn_of(net, handle);
    if (!c || c->peer_end == 2) {
        return RK_E_CLOSED;
    }
    if (!c->tcp) {
        return give_datagram(c, data, cap, from);
    }
    if (c->used_bytes == 0) {
        return c->peer_end ? 0 : RK_E_AGAIN;
    }
    const size_t n = RK_MIN(c->used_bytes, cap);
    ring_take(c, data, n, n);
    return (int)n;
}

static void peer_close(struct rk_net *net, int handle) {
    struct peer *p = peer_of(net);
    struct conn *c = conn_of(net, handle);
    if (!c) {
        return;
    }
    const bool tell = c->tcp && c->up;
    c->used = false;
    if (tell && p->ops->closed) {
        p->ops->closed(p->ctx, handle, net->now_ns);
    }
}

static int peer_resolve(struct rk_net *net, const char *name, uint32_t *ip) {
    (void)net;
    (void)name;
    (void)ip;
    return RK_E_NOT_FOUND; /* names are the link's */
}

static int peer_ping(struct rk_net *net, uint32_t ip, uint32_t *rtt_us) {
    (void)net;
    (void)ip;
    *rtt_us = 0;
    return 0;
}

static void peer_reset(struct rk_net *net) {
    for (int i = 0; i < (int)RK_NET_PEER_CONNS; i++) {
        peer_close(net, i);
    }
}

static uint64_t peer_next_ns(struct rk_net *net) {
    struct peer *p = peer_of(net);
    run_due(net);
    const uint64_t at = p->ops->deadline_ns ? p->ops->deadline_ns(p->ctx) : UINT64_MAX;
    return RK_MAX(at, net->now_ns + 1);
}

static const struct rk_net_ops peer_ops = {.open = peer_open,
                                           .listen = peer_listen,
                                           .accept = peer_accept,
                                           .connect = peer_connect,
                                           .send = peer_take,
                                           .recv = peer_give,
                                           .close = peer_close,
                                           .resolve = peer_resolve,
                                           .ping = peer_ping,
                                           .reset = peer_reset,
                                           .next_ns = peer_next_ns};

struct rk_net *rk_net_peer_new(const struct rk_net_peer_ops *ops, void *ctx) {
    struct peer *p = calloc(1, sizeof *p);
    if (!p) {
        return NULL;
    }
    p->net.ops = &peer_ops;
    p->ops = ops;
    p->ctx = ctx;
    for (unsigned i = 0; i < RK_NET_PEER_CONNS; i++) {
        p->conns[i].buffer = malloc(BUFFER_SIZE);
        if (!p->conns[i].buffer) {
            rk_net_peer_free(&p->net);
            return NULL;
        }
    }
    return &p->net;
}

void rk_net_peer_free(struct rk_net *net) {
    struct peer *p = peer_of(net);
    for (unsigned i = 0; p && i < RK_NET_PEER_CONNS; i++) {
        free(p->conns[i].buffer);
    }
    free(p);
}

/* --- the peer's side -------------------------------------------------------------------------- */

int rk_net_peer_room(struct rk_net *net, int conn) {
    const struct conn *c = conn_of(net, conn);
    return c && c->up && !c->peer_end ? (int)(BUFFER_SIZE - c->used_bytes) : RK_E_CLOSED;
}

int rk_net_peer_send(struct rk_net *net, int conn, const void *data, size_t len) {
    struct conn *c = conn_of(net, conn);
    const int room = rk_net_peer_room(net, conn);
    if (room < 0) {
        return room;
    }
    const size_t n = RK_MIN(len, (size_t)room);
    ring_put(c, data, n);
    return (int)n;
}

void rk_net_peer_close(struct rk_net *net, int conn, bool reset) {
    struct conn *c = conn_of(net, conn);
    if (c) {
        c->peer_end = reset ? 2 : 1;
    }
}

int rk_net_peer_datagram(struct rk_net *net, int conn, struct rk_net_addr from, const void *data,
                         size_t len) {
    struct conn *c = conn_of(net, conn);
    if (!c || c->tcp) {
        return RK_E_CLOSED;
    }
    if (c->datagram_count == DATAGRAMS || len > 1500) {
        return RK_E_LIMIT;
    }
    c->datagrams[c->datagram_count].from = from;
    c->datagrams[c->datagram_count++].len = (uint16_t)len;
    ring_put(c, data, len);
    return 0;
}

int rk_net_peer_connect(struct rk_net *net, uint16_t port, struct rk_net_addr from) {
    struct peer *p = peer_of(net);
    for (unsigned i = 0; i < RK_NET_PEER_CONNS; i++) {
        if (p->conns[i].used && p->conns[i].listening && p->conns[i].port == port) {
            const int conn = peer_open(net, true);
            struct conn *c = conn_of(net, conn);
            if (c) {
                c->up = c->waiting = true;
                c->port = port;
                c->other = from;
            }
            return conn;
        }
    }
    return RK_E_REFUSED;
}
