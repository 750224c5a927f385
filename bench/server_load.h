/* A rekindle-server of its own for benchmarks, and the limits it is compared with. */
#ifndef RK_BENCH_SERVER_LOAD_H
#define RK_BENCH_SERVER_LOAD_H

#include <sys/types.h>

#include "server/crypto/openssl.h"
#include "server/sim/sim.h"
#include "server/store/store.h"

struct rk_load {
    size_t devices; /* known to the server: rk_fleet_id(0) and on */
    pid_t server;
    uint16_t port;
    char dir[64];
    int control; /* the control socket */
    struct rk_openssl *openssl;
    struct rk_rsa_key *device_key, *server_public;
    struct rk_sim_model model;
    char *flash_image; /* base64 */
    double crypto_rate, echo_rate, handshake_rate;
};

/* Crypto of one handshake, and an epoll echo of 64 bytes on 50 connections; per CPU second, on this
 * processor. */
int rk_load_limits(struct rk_load *load);
/* Starts the server beside this program, with all devices in its store. */
int rk_load_start(struct rk_load *load, size_t image_bytes);
void rk_load_stop(struct rk_load *load);
void rk_load_flash(struct rk_load *load, size_t device, bool fast);

#endif
