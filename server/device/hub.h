/* The device side of the server as a library: no loop, no sockets, no clock, no store. Bytes of a
 * connection go in, bytes come out through the host's table, time is given before each call, and
 * each session says when it wants to be woken. Devices meet the rest of the server on the bus.
 *
 * Follows cloud-protocol.md 7. RSA is not done here: a handshake job goes to the host, which runs
 * it where it likes (rk_handshake_job_run, on any thread) and brings it back.
 *
 * Calls go down (rk_hub_x, rk_session_x), events come up (struct rk_hub_host). A call up never
 * frees the session it is about: after close() the host calls rk_session_free when the socket is
 * gone.
 */
#ifndef RK_SERVER_DEVICE_HUB_H
#define RK_SERVER_DEVICE_HUB_H

#include "common/proto/handshake.h"
#include "common/proto/update.h"
#include "server/bus/bus.h"

struct rk_hub;
struct rk_session;

enum rk_reason {
#define RK_REASON(name, class, text, remedy) RK_REASON_##name,
#include "server/device/reason.def"
#undef RK_REASON
    RK_REASONS,
};

enum rk_reason_class { RK_REASON_CLASS_REFUSED, RK_REASON_CLASS_LOST, RK_REASON_CLASS_ENDED };

struct rk_reason_info {
    const char *name;
    enum rk_reason_class class;
    const char *text;
    const char *remedy;
};
const struct rk_reason_info *rk_reason_info(enum rk_reason reason);

enum rk_note_kind {
#define RK_NOTE(name) RK_NOTE_##name,
#include "server/device/note.def"
#undef RK_NOTE
    RK_NOTES,
};

struct rk_note {
    enum rk_note_kind kind;
    const struct rk_device_id *id; /* NULL while it is not known */
    enum rk_reason reason;
    const struct rk_msg_hello *hello;
    const char *name;
    struct rk_span text;
    int64_t number, number2;
    enum rk_update_result result;
};

/* --- the handshake's slow part
 * -------------------------------------------------------------------- */

#define RK_DEVICE_NAME_MAX 63

/* What the store knows of a device that wants in. */
struct rk_device_facts {
    int64_t owner;
    char name[RK_DEVICE_NAME_MAX + 1];
    uint8_t key_der[RK_DEVICE_KEY_BYTES];
};

struct rk_handshake_job {
    /* in */
    uint8_t nonce[RK_NONCE_BYTES];
    uint8_t sealed[RK_CLAIM_BYTES];
    /* out */
    enum rk_reason reason;  /* NONE: let it in */
    enum rk_reason warning; /* NONE, or STALE_KEY */
    bool has_id;            /* claim.id was read */
    struct rk_claim claim;
    struct rk_device_facts facts;
    struct rk_session_block session;
    uint8_t answer[RK_ANSWER_BYTES];
    /* the host's, untouched here */
    void *host;
};

/* Used by rk_handshake_job_run on whatever thread that runs. */
struct rk_handshake_env {
    const struct rk_crypto *crypto; /* random, hmac and rsa functions only */
    const struct rk_rsa_key *server_key;
    struct rk_rsa_key *(*key_new)(const uint8_t *der, size_t len);
    void (*key_free)(struct rk_rsa_key *key);
    /* Fills facts. RK_E_NOT_FOUND: unknown device; RK_E_KEY: known, but no key of it. */
    int (*lookup)(void *ctx, const struct rk_claim *claim, struct rk_device_facts *facts);
    void *lookup_ctx;
};
void rk_handshake_job_run(struct rk_handshake_job *job, const struct rk_handshake_env *env);

/* --- the host ----------------------------------------------------------------------------------
 */

struct rk_hub_host {
    /* One write; the bytes are valid during the call only. */
    void (*send)(void *peer, const uint8_t *bytes, size_t len);
    /* Bytes sent that the board has not taken yet. exact: those in the kernel, too (the pace of
     * fast updates); otherwise only what waits in the process. */
    size_t (*backlog)(void *peer, bool exact);
    /* Run the job and come back with rk_session_handshake_done, now or later. */
    void (*handshake)(void *peer, struct rk_handshake_job *job);
    /* Flush and close the socket, then rk_session_free: after this call has returned, and not
     * before a handshake job that is on its way has come back. */
    void (*close)(void *peer);
    /* Call rk_session_tick at this time at the latest; replaces the time before if it is earlier.
     */
    void (*wake)(void *peer, uint64_t at_ms);
    void (*note)(void *ctx, struct rk_session *session, const struct rk_note *note);
    /* Look for a queued update for this device and offer it with rk_session_update. */
    void (*want_update)(void *ctx, struct rk_session *session, int64_t update_id);
    void *ctx;
};

struct rk_hub_limits {
    uint32_t handshake_ms; /* at least 30,000: a Core's RSA takes seconds */
    uint32_t silence_ms;   /* a board sends something every 15 s, and gives up after 25 */
    uint32_t answer_ms;    /* calls and variables */
    uint32_t calls_max;    /* waiting for one device */
    uint32_t events_per_s; /* of one device, on average; 0: no limit */
    uint32_t events_burst;
    uint32_t messages_per_s; /* of one device; 0: no limit */
    uint32_t subscriptions_max;
    uint32_t handshakes_max; /* jobs on their way */
    uint32_t backlog_max;    /* bytes that a device may leave untaken */
};
struct rk_hub_limits rk_hub_limits_default(void);

struct rk_hub_stats {
    uint64_t connections, handshakes, refused, frames_in, frames_out, events, pings, calls;
    uint64_t updates_started, updates_ok, updates_failed, chunks;
    uint64_t slowed, dropped_events;
    uint64_t reasons[RK_REASONS];
    uint32_t sessions, online;
};

/* crypto: the AES functions are used, by the caller's thread only. NULL without memory. */
struct rk_hub *rk_hub_new(const struct rk_crypto *crypto, struct rk_bus *bus,
                          const struct rk_hub_host *host, const struct rk_hub_limits *limits);
/* All sessions must be free. */
void rk_hub_free(struct rk_hub *hub);

/* Time for all calls until the next: monotonic, and Unix time in milliseconds. */
void rk_hub_set_time(struct rk_hub *hub, uint64_t now_ms, int64_t unix_ms);
const struct rk_hub_stats *rk_hub_stats(const struct rk_hub *hub);

/* --- sessions ----------------------------------------------------------------------------------
 */

/* A new connection: sends the nonce at once. address: of the peer as text, copied. NULL without
 * memory. */
struct rk_session *rk_session_new(struct rk_hub *hub, void *peer, const char *address);
void rk_session_free(struct rk_session *s);

/* Bytes from the board; they are decrypted in place. */
void rk_session_receive(struct rk_session *s, uint8_t *data, size_t len);
void rk_session_handshake_done(struct rk_session *s, struct rk_handshake_job *job);
/* Room in the socket again. */
void rk_session_writable(struct rk_session *s);
void rk_session_tick(struct rk_session *s);
/* The socket has closed by itself. */
void rk_session_peer_closed(struct rk_session *s);
void rk_session_close(struct rk_session *s, enum rk_reason reason);

/* An update that want_update found. The image is the session's from now on, and freed with free().
 * RK_E_BUSY while another one runs. */
int rk_session_update(struct rk_session *s, int64_t update_id, const char *file_name,
                      uint8_t *image, size_t len, bool allow_fast);

/* What is known of it. */
const struct rk_device_id *rk_session_id(const struct rk_session *s);
bool rk_session_is_online(const struct rk_session *s);
const char *rk_session_address(const struct rk_session *s);
void *rk_session_peer(const struct rk_session *s);
uint16_t rk_session_platform(const struct rk_session *s); /* RK_PLATFORM_UNKNOWN before the hello */
uint64_t rk_session_last_heard_ms(const struct rk_session *s);

/* Is a module there, at this version or a later one? For update checks. function as in describe. */
bool rk_session_has_module(const struct rk_session *s, char function, uint8_t index,
                           uint16_t version);

#endif
