/* The inside of hub and session, shared by the files of server/device only. */
#ifndef RK_SERVER_DEVICE_SESSION_H
#define RK_SERVER_DEVICE_SESSION_H

#include "server/device/hub.h"

#define RK_OUT_BYTES 4096 /* frames of one turn are sent in one write */

enum rk_session_state {
    RK_SESSION_CLAIM, /* nonce sent, waits for 256 bytes */
    RK_SESSION_RSA,   /* the job is with the host */
    RK_SESSION_HELLO, /* answer sent, waits for the first frame */
    RK_SESSION_ONLINE,
    RK_SESSION_CLOSED, /* the host is closing the socket */
};

/* A call that waits for the device's answer, or for its turn. */
struct rk_pending {
    struct rk_pending *next;
    struct rk_bus_call *call; /* NULL: our own describe */
    uint64_t deadline_ms;
    uint8_t kind; /* enum rk_bus_request_kind */
    uint8_t token;
    uint8_t value_type; /* enum rk_value_type, of a variable */
    bool sent;
    uint16_t arg_len;
    char name[RK_NAME_MAX + 1];
    uint8_t arg[]; /* until it is sent */
};

struct rk_subscribed {
    struct rk_subscribed *next;
    struct rk_session *session;
    struct rk_bus_subscription *on_bus; /* NULL: nothing can match just now */
    struct rk_device_id device;
    uint8_t scope; /* enum rk_scope */
    uint8_t prefix_len;
    char prefix[];
};

/* What describe said: names and modules, packed. Entries: type byte (0: function), length, name. */
struct rk_profile {
    uint16_t names_len, names_cap;
    uint8_t module_count;
    uint8_t parts; /* RK_DESCRIBE_x bits that have come */
    uint8_t *names;
    struct rk_profile_module *modules;
};

struct rk_profile_module {
    char function;
    uint8_t index;
    uint16_t version;
    char store;
    bool good; /* all checks passed */
};

/* An update that runs: only while it does. */
struct rk_running_update {
    struct rk_update update;
    int64_t id;
    uint8_t *image;
    uint32_t reported; /* progress told last */
    char file_name[RK_DEVICE_NAME_MAX + 1];
};

struct rk_session {
    struct rk_hub *hub;
    void *peer;
    struct rk_session *next_in_bucket;
    struct rk_handshake_job *job; /* until the handshake is over */
    struct rk_cipher cipher;
    struct rk_device_id id;
    uint8_t state; /* enum rk_session_state */
    bool has_id;
    bool job_out;   /* the host has the job */
    bool is_held;   /* on the bus */
    bool described; /* an answer to describe has come */
    bool describe_asked;
    bool device_describes;
    bool update_sent; /* it was told to restart with an update */
    uint8_t next_token;
    uint16_t next_id;
    uint16_t partial_len;
    uint16_t partial_cap;
    uint8_t *partial;     /* start of a frame, only while one is split */
    uint64_t deadline_ms; /* of this state */
    uint64_t told_ms;     /* what the host knows */
    uint64_t heard_ms;
    uint64_t online_ms;
    int64_t owner;
    struct rk_msg_hello hello;
    uint32_t event_credit; /* in thousandths */
    uint32_t messages;     /* in this second */
    uint64_t credit_ms;
    uint64_t second_ms;
    struct rk_pending *pending;
    struct rk_subscribed *subscribed;
    struct rk_profile *profile;
    struct rk_running_update *running;
    char *name; /* the device's name here, or NULL */
    char address[46];
};

struct rk_hub {
    const struct rk_crypto *crypto;
    struct rk_bus *bus;
    struct rk_hub_host host;
    struct rk_hub_limits limits;
    struct rk_hub_stats stats;
    uint64_t now_ms;
    int64_t unix_ms;
    uint32_t handshakes;         /* jobs with the host */
    struct rk_session **buckets; /* online sessions by id */
    uint32_t bucket_count;
    struct rk_session *batch; /* whose frames are being collected in out */
    unsigned batch_depth;
    size_t out_len;
    uint8_t out[RK_OUT_BYTES];
};

/* hub.c */
void rk_hub_note(struct rk_session *s, struct rk_note note);
struct rk_session *rk_hub_find(struct rk_hub *hub, const struct rk_device_id *id);
void rk_hub_add(struct rk_hub *hub, struct rk_session *s);
void rk_hub_remove(struct rk_hub *hub, struct rk_session *s);

/* session.c: sending. Frames between begin and end leave in one write. */
void rk_session_batch_begin(struct rk_session *s);
void rk_session_batch_end(struct rk_session *s);
void rk_session_batch_flush(struct rk_session *s); /* what has been collected so far */
int rk_session_send_msg(struct rk_session *s, const struct rk_msg *msg);
uint16_t rk_session_take_id(struct rk_session *s);
/* Empty ACK, or 4.00 for "slow down" and for refusals. */
void rk_session_ack(struct rk_session *s, uint16_t id, bool refuse);
void rk_session_rearm(struct rk_session *s);
size_t rk_session_message_max(const struct rk_session *s);

/* dispatch.c: what a message means */
void rk_session_dispatch(struct rk_session *s, const struct rk_msg *msg);
void rk_session_go_online(struct rk_session *s, const struct rk_msg *hello);

/* calls.c */
void rk_session_on_request(void *ctx, const struct rk_bus_request *request,
                           struct rk_bus_call *call);
bool rk_session_on_response(struct rk_session *s, const struct rk_msg *msg);
void rk_session_ask_describe(struct rk_session *s);
void rk_session_send_waiting(struct rk_session *s);
void rk_session_calls_tick(struct rk_session *s);
void rk_session_calls_fail(struct rk_session *s, int error);
uint64_t rk_session_calls_deadline(const struct rk_session *s);
bool rk_session_calls_in_flight(const struct rk_session *s);
void rk_session_pong(struct rk_session *s);

/* events.c */
void rk_session_on_event(struct rk_session *s, const struct rk_msg *msg);
void rk_session_on_subscribe(struct rk_session *s, const struct rk_msg *msg);
void rk_session_unsubscribe_all(struct rk_session *s);
void rk_session_resubscribe(struct rk_session *s); /* the owner has changed */
int rk_session_send_event(struct rk_session *s, const char *name, struct rk_span data,
                          bool is_private, uint32_t ttl_s);
void rk_session_announce(struct rk_session *s, const char *name, const char *text);

/* profile.c */
int rk_profile_merge(struct rk_profile **profile, struct rk_span json);
void rk_profile_free(struct rk_profile *profile);
bool rk_profile_function(const struct rk_profile *p, const char *name,
                         char spelled[RK_NAME_MAX + 1]);
bool rk_profile_variable(const struct rk_profile *p, const char *name,
                         char spelled[RK_NAME_MAX + 1], enum rk_value_type *type);
int rk_profile_write(const struct rk_profile *p, uint16_t platform, char *out, size_t cap);
uint16_t rk_profile_system_version(const struct rk_profile *p);

/* updating.c */
bool rk_session_update_receive(struct rk_session *s, const struct rk_msg *msg);
void rk_session_update_pump(struct rk_session *s);
void rk_session_update_tick(struct rk_session *s);
void rk_session_update_end(struct rk_session *s, enum rk_update_result result);
uint64_t rk_session_update_deadline(const struct rk_session *s);

#endif
