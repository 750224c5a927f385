/* A device in software, of any generation, over common/proto: the other end for tests and for the
 * load generator. Without sockets and clock like the server's side. It also plays faults: lost and
 * damaged chunks, silence, wrong keys. What it does is cloud-protocol.md as seen from the device.
 */
#ifndef RK_SERVER_SIM_SIM_H
#define RK_SERVER_SIM_SIM_H

#include "common/proto/describe.h"
#include "common/proto/generation.h"
#include "common/proto/handshake.h"
#include "common/proto/update_receive.h"

#define RK_SIM_BITS_BYTES 64

/* Shared by many devices. */
struct rk_sim_model {
    const struct rk_crypto *crypto;
    const struct rk_rsa_key *server_public;
    const struct rk_rsa_key *device_private;
    uint8_t key_der[RK_DEVICE_KEY_BYTES];
    const struct rk_generation *generation;
    uint16_t platform, product, version;
    const char *const *functions;
    size_t function_count;
    const struct rk_describe_variable *variables;
    size_t variable_count;
    bool quiet; /* after the hello only the time request: no subscriptions, no system events */
    /* The device's side of a function; NULL: the length of the argument is returned. */
    int32_t (*call)(void *ctx, const char *name, struct rk_span arg);
    /* The value of a variable; NULL: 21.5, -7, "text" or true, by its type. */
    void (*get)(void *ctx, const char *name, struct rk_value *value);
    void (*on_event)(void *ctx, const char *name, struct rk_span data);
    void (*send)(void *ctx, const uint8_t *bytes, size_t len);
};

struct rk_sim_faults {
    uint32_t lose_every;   /* of first-flight chunks, fast mode: every n-th is ignored */
    uint32_t damage_every; /* normal mode: every n-th chunk is answered with 4.00 */
    uint32_t mute_after;   /* chunks, then it says nothing more */
    bool refuse_update;
};

enum rk_sim_state {
    RK_SIM_NONCE,
    RK_SIM_ANSWER,
    RK_SIM_HELLO,
    RK_SIM_ONLINE,
    RK_SIM_CLOSED,
};

struct rk_sim {
    const struct rk_sim_model *model;
    void *ctx;
    struct rk_device_id id;
    enum rk_sim_state state;
    int error; /* why it closed: RK_E_KEY shows orange, RK_E_AUTH magenta, anything else red */
    struct rk_sim_faults faults;
    struct rk_cipher cipher;
    uint16_t next_id;
    uint8_t next_token;
    uint8_t hello_flags;
    uint64_t heard_ms;
    uint64_t ping_ms; /* when the ping was sent, 0: none is out */
    uint64_t hello_ms;
    /* what happened */
    uint32_t frames_in, pings_answered, acks, slowed, events_in, calls_in, chunks_in;
    uint32_t time_s; /* of the server, 0: not told yet */
    bool signalling;
    bool updated; /* an update is complete: it would restart now */
    struct rk_update_receiver receiver;
    uint8_t bits[RK_SIM_BITS_BYTES];
    uint8_t *flash; /* of flash_size bytes; may be NULL: nothing is stored */
    uint32_t flash_size;
    uint16_t in_len;
    uint8_t in[RK_FRAME_MAX];
};

void rk_sim_start(struct rk_sim *sim, const struct rk_sim_model *model,
                  const struct rk_device_id *id, void *ctx, uint64_t now_ms);
/* Bytes from the server. */
void rk_sim_receive(struct rk_sim *sim, const uint8_t *data, size_t len, uint64_t now_ms);
/* Pings after 15 s, gives up 10 s later (3.3). To be called about once a second. */
void rk_sim_tick(struct rk_sim *sim, uint64_t now_ms);
void rk_sim_ping(struct rk_sim *sim, uint64_t now_ms);
void rk_sim_publish(struct rk_sim *sim, const char *name, const char *data, bool is_private,
                    bool with_ack);
void rk_sim_subscribe(struct rk_sim *sim, const char *prefix, enum rk_scope scope,
                      const struct rk_device_id *device);
void rk_sim_goodbye(struct rk_sim *sim);
int rk_sim_send_raw(struct rk_sim *sim, const uint8_t *plain, size_t len);

#endif
