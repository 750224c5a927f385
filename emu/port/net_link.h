/* The path between an emulated radio and the other end: which addresses lead anywhere, and what
 * happens to packets on the way (design.md, Network): latency and jitter, bandwidth, loss (UDP is
 * dropped, TCP comes later by its retransmission times). On virtual time, seeded, so that a closed
 * run repeats. Stands in front of net_host.c or net_peer.c.
 *
 * Nothing that is not mapped is reached: an address must be a name's or a route's in the
 * configuration, and unless any_internet is set it must in the end be on this machine.
 */
#ifndef RK_EMU_PORT_NET_LINK_H
#define RK_EMU_PORT_NET_LINK_H

#include "emu/port/net.h"

enum rk_net_tap {
    RK_NET_TAP_OPEN, /* a TCP connection stands */
    RK_NET_TAP_DATA,
    RK_NET_TAP_CLOSE,
};

/* One step of the board's IP traffic, as it leaves or reaches the board. */
struct rk_net_tap_event {
    enum rk_net_tap kind;
    uint64_t now_ns;
    bool from_board;
    bool tcp;
    unsigned flow; /* tells connections apart */
    uint16_t board_port;
    struct rk_net_addr other;
    const void *data;
    size_t len;
};
typedef void (*rk_net_tap_fn)(void *ctx, const struct rk_net_tap_event *event);

/* inner and config must outlive it. NULL: out of memory. */
struct rk_net *rk_net_link_new(struct rk_net_config *config, struct rk_net *inner);
void rk_net_link_free(struct rk_net *net);
void rk_net_link_tap(struct rk_net *net, rk_net_tap_fn tap, void *ctx);

/* Where `to` really leads: 0 and *at; 1: answered inside (8.8.8.8:53); RK_E_REFUSED. */
int rk_net_link_route(const struct rk_net_config *config, struct rk_net_addr to,
                      struct rk_net_addr *at);
/* Is it the address of a name in the configuration? */
bool rk_net_is_name(const struct rk_net_config *config, uint32_t ip);
bool rk_net_is_multicast(uint32_t ip);
/* A name of the configuration, or a dotted quad; false: neither. */
bool rk_net_lookup(const struct rk_net_config *config, const char *name, uint32_t *ip);

#endif
