/* For tests: simulated devices and the server in memory, one clock, every byte passed at once. */
#ifndef RK_SERVER_PEER_TEST_PAIR_H
#define RK_SERVER_PEER_TEST_PAIR_H

#include "server/peer/peer.h"
#include "server/sim/sim.h"
#include "tests/unit.h"

#define PAIR_OWNER 7

struct pair_device {
    struct pair *pair;
    struct rk_sim sim;
    struct rk_peer_conn *conn;
    char last_event[RK_NAME_MAX + 1];
    char last_data[256];
    size_t slice; /* bytes given to each side at once; 0: all */
    bool deaf;    /* takes nothing from the server */
};

struct pair {
    struct rk_peer *peer;
    struct rk_bus *bus;
    struct rk_sim_model model;
    struct pair_device device[4];
    size_t devices;
    uint64_t now_ms;
    struct rk_note last_note[RK_NOTES];
    unsigned notes[RK_NOTES];
    char note_text[256];       /* of the last note that had one */
    struct rk_bus_reply reply; /* to the last request */
    bool replied;
    char reply_text[512];
};

/* Keys of the reference, device 0 added with them. */
struct pair *pair_new(enum rk_generation_id generation, bool trust_first_use, bool add);
void pair_free(struct pair *p);
struct rk_device_id pair_id(size_t n);
/* Connects device n and runs until it is online, refused or idle. */
struct pair_device *pair_connect(struct pair *p, size_t n);
/* Passes bytes to and fro until nothing moves. */
void pair_run(struct pair *p);
/* The same, and lets time pass in steps of at most step_ms. */
void pair_wait(struct pair *p, uint64_t ms, uint64_t step_ms);
void pair_drop(struct pair_device *d);
int pair_request(struct pair *p, size_t n, enum rk_bus_request_kind kind, const char *name,
                 const char *arg, int64_t number);
int pair_random(void *ctx, uint8_t *out, size_t len);

#endif
