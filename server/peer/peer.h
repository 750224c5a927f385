/* The server as a peer in memory: hub, bus and a host without sockets, for closed runs on virtual
 * time (the emulator's scripted network, long and lossy tests). Bytes in, bytes out, the caller's
 * clock; RSA is done at once. Given the same bytes, times and randomness it does the same.
 *
 * What it knows of devices is one table in memory: no store, no files.
 */
#ifndef RK_SERVER_PEER_PEER_H
#define RK_SERVER_PEER_PEER_H

#include "server/device/hub.h"

struct rk_peer;
struct rk_peer_conn;

struct rk_peer_config {
    const struct rk_crypto *crypto; /* with a seeded random function: a deterministic run */
    const struct rk_rsa_key *server_key;
    struct rk_rsa_key *(*key_new)(const uint8_t *der, size_t len);
    void (*key_free)(struct rk_rsa_key *key);
    const struct rk_hub_limits *limits; /* NULL: the defaults */
    bool trust_first_use;               /* devices that send their key are let in and remembered */
    /* Optional: what the device side tells. */
    void (*note)(void *ctx, struct rk_session *session, const struct rk_note *note);
    void *ctx;
    int64_t start_unix_ms;
};

struct rk_peer *rk_peer_new(const struct rk_peer_config *config);
void rk_peer_free(struct rk_peer *peer);

/* RK_E_NO_MEMORY; replaces what was known of this id. key_der: 162 bytes, or NULL for none. */
int rk_peer_add_device(struct rk_peer *peer, const struct rk_device_id *id, const uint8_t *key_der,
                       int64_t owner, const char *name);

/* The next update that is offered to this device, when it is online or comes online. Copied. */
int rk_peer_queue_update(struct rk_peer *peer, const struct rk_device_id *id, const void *image,
                         size_t len, const char *file_name, bool allow_fast);

/* Virtual time, in milliseconds from the start; ticks whatever is due. */
void rk_peer_set_time(struct rk_peer *peer, uint64_t now_ms);
/* When something is due next, UINT64_MAX when nothing is. */
uint64_t rk_peer_deadline_ms(const struct rk_peer *peer);

/* A TCP connection: the nonce waits in the output at once. */
struct rk_peer_conn *rk_peer_connect(struct rk_peer *peer, const char *address);
void rk_peer_receive(struct rk_peer_conn *conn, const void *data, size_t len);
/* Bytes for the device, in place, until rk_peer_consume. */
const uint8_t *rk_peer_output(const struct rk_peer_conn *conn, size_t *len);
void rk_peer_consume(struct rk_peer_conn *conn, size_t len);
/* The server has closed; what is in the output still goes out. */
bool rk_peer_is_closed(const struct rk_peer_conn *conn);
/* The device's side has gone, and the connection with it. */
void rk_peer_disconnect(struct rk_peer_conn *conn);

struct rk_bus *rk_peer_bus(struct rk_peer *peer);
const struct rk_hub_stats *rk_peer_stats(const struct rk_peer *peer);

#endif
