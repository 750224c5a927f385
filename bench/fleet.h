/* Many simulated devices on real sockets: epoll round server/sim, one thread. For load, not for
 * protocol tests. Connects to loopback only.
 */
#ifndef RK_BENCH_FLEET_H
#define RK_BENCH_FLEET_H

#include "server/sim/sim.h"

struct rk_fleet_device {
    struct rk_fleet *fleet;
    struct rk_sim sim;
    int fd;               /* -1: not connected */
    bool counted;         /* as online */
    uint32_t outstanding; /* pings */
    uint64_t ping_us;     /* when the last one was sent */
};

struct rk_fleet {
    struct rk_sim_model model;
    struct rk_fleet_device *devices;
    size_t count;
    uint16_t port;
    int epoll;
    /* figures */
    size_t online;
    uint64_t handshakes, failed, pings, late_pings;
    uint64_t worst_ping_us;
    /* behaviour */
    bool reconnect; /* one that came online hangs up, and the next comes */
    size_t next;    /* to be connected */
    size_t connecting, connecting_max;
    uint32_t ping_depth; /* pings kept in flight by each of the first ping_devices */
    size_t ping_devices;
};

uint64_t rk_fleet_now_us(void);
struct rk_device_id rk_fleet_id(size_t n);
/* RK_E_NO_MEMORY, RK_E_NETWORK. The model's send and call functions are set here. */
int rk_fleet_init(struct rk_fleet *fleet, const struct rk_sim_model *model, size_t count,
                  uint16_t port);
void rk_fleet_release(struct rk_fleet *fleet);
/* One turn: connects as far as allowed, reads what has come, waits at most wait_ms. */
void rk_fleet_turn(struct rk_fleet *fleet, int wait_ms);
/* Pings and silence: about once a second. */
void rk_fleet_tick(struct rk_fleet *fleet);
void rk_fleet_drop(struct rk_fleet *fleet, size_t n);

#endif
