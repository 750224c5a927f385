/* A peer inside the run, on virtual time, instead of real sockets: a server that the shell or a
 * test links in (server/device, a script). Runs with it are closed, so they repeat exactly
 * (design.md, Time).
 */
#ifndef RK_EMU_PORT_NET_PEER_H
#define RK_EMU_PORT_NET_PEER_H

#include "emu/port/net.h"

#define RK_NET_PEER_CONNS 16u

/* What the peer does. Any member but received may be NULL. now_ns is virtual time. conn tells
 * connections apart; it may be used again after closed(). Inside a call the peer may send and
 * close. */
struct rk_net_peer_ops {
    /* The board connects; false refuses. NULL: everything is accepted. */
    bool (*opened)(void *ctx, int conn, struct rk_net_addr to, uint64_t now_ns);
    void (*received)(void *ctx, int conn, const void *data, size_t len, uint64_t now_ns);
    /* The board closed. */
    void (*closed)(void *ctx, int conn, uint64_t now_ns);
    /* A datagram of the board's; answer with rk_net_peer_datagram(). */
    void (*datagram)(void *ctx, int conn, struct rk_net_addr to, const void *data, size_t len,
                     uint64_t now_ns);
    /* When tick() is wanted next; UINT64_MAX: never. */
    uint64_t (*deadline_ns)(void *ctx);
    void (*tick)(void *ctx, uint64_t now_ns);
};

/* NULL: out of memory. */
struct rk_net *rk_net_peer_new(const struct rk_net_peer_ops *ops, void *ctx);
void rk_net_peer_free(struct rk_net *net);

/* Bytes towards the board: as many as there is room for (64 KB per connection); RK_E_CLOSED. */
int rk_net_peer_send(struct rk_net *net, int conn, const void *data, size_t len);
int rk_net_peer_room(struct rk_net *net, int conn);
/* The peer closes, after what it has sent; reset: at once. */
void rk_net_peer_close(struct rk_net *net, int conn, bool reset);
int rk_net_peer_datagram(struct rk_net *net, int conn, struct rk_net_addr from, const void *data,
                         size_t len);
/* The peer connects to a port on which the board listens: the connection, or RK_E_REFUSED. */
int rk_net_peer_connect(struct rk_net *net, uint16_t port, struct rk_net_addr from);

#endif
