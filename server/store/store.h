/* What the server remembers: devices, users, tokens, claim codes, updates. One table of functions:
 * SQLite here, another database for several nodes later. Every implementation passes
 * server/store/suite.h.
 *
 * All functions may block and may be called from any thread. What a call that returned 0 has
 * written survives a kill at any moment, unless it was made inside a batch that has not ended.
 * Texts are copied; structs are filled in whole.
 */
#ifndef RK_SERVER_STORE_STORE_H
#define RK_SERVER_STORE_STORE_H

#include "common/proto/handshake.h"

#define RK_STORE_NAME_MAX   63
#define RK_STORE_TEXT_MAX   255
#define RK_STORE_TOKEN_HASH 32
#define RK_STORE_CLAIM_CODE 63
#define RK_STORE_NOBODY     0 /* no owner */

struct rk_store_device {
    struct rk_device_id id;
    bool has_key;
    uint8_t key_der[RK_DEVICE_KEY_BYTES];
    int64_t owner;
    char name[RK_STORE_NAME_MAX + 1];
    uint16_t platform;
    int64_t last_seen_ms; /* Unix time; 0: never */
    char last_address[46];
    char failure[32]; /* the last refusal: name of the reason (reason.def), "" for none */
    int64_t failure_ms;
};

struct rk_store_user {
    int64_t id;
    char name[RK_STORE_NAME_MAX + 1];
    char password_hash[129]; /* argon2id as libsodium writes it; "" : cannot log in */
    int64_t created_ms;
};

struct rk_store_token {
    uint8_t hash[RK_STORE_TOKEN_HASH]; /* SHA-256 of the token: the token itself is not kept */
    int64_t user;
    char client[RK_STORE_NAME_MAX + 1];
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
};

enum rk_store_update_state {
    RK_STORE_UPDATE_QUEUED,     /* to be sent when the device is there */
    RK_STORE_UPDATE_RUNNING,    /* chunks are on their way */
    RK_STORE_UPDATE_RESTARTING, /* the board has all of it, and has not come back yet */
    RK_STORE_UPDATE_DONE,
    RK_STORE_UPDATE_FAILED, /* never pushed again by itself */
};

struct rk_store_update {
    int64_t id;
    struct rk_device_id device;
    char file_name[RK_STORE_NAME_MAX + 1];
    int64_t size_bytes;
    bool allow_fast;
    enum rk_store_update_state state;
    int64_t queued_ms, changed_ms;
    int attempts;
    char result[RK_STORE_TEXT_MAX + 1]; /* in words */
};

struct rk_store;

typedef void (*rk_store_device_fn)(void *ctx, const struct rk_store_device *device);
typedef void (*rk_store_user_fn)(void *ctx, const struct rk_store_user *user);
typedef void (*rk_store_token_fn)(void *ctx, const struct rk_store_token *token);
typedef void (*rk_store_update_fn)(void *ctx, const struct rk_store_update *update);
typedef void (*rk_store_text_fn)(void *ctx, const char *text);

/* Results: 0, RK_E_NOT_FOUND, RK_E_EXISTS, RK_E_BUSY, RK_E_CORRUPT, RK_E_IO, RK_E_NO_MEMORY. */
struct rk_store_ops {
    /* devices */
    int (*device_get)(struct rk_store *s, const struct rk_device_id *id,
                      struct rk_store_device *out);
    int (*device_by_name)(struct rk_store *s, int64_t owner, const char *name,
                          struct rk_store_device *out);
    /* EXISTS when the id is known, or the owner has a device of this name. */
    int (*device_add)(struct rk_store *s, const struct rk_store_device *device);
    int (*device_set_key)(struct rk_store *s, const struct rk_device_id *id,
                          const uint8_t *key_der);
    /* The name goes with a change of owner to or from nobody. */
    int (*device_set_owner)(struct rk_store *s, const struct rk_device_id *id, int64_t owner);
    int (*device_set_name)(struct rk_store *s, const struct rk_device_id *id, const char *name);
    int (*device_seen)(struct rk_store *s, const struct rk_device_id *id, uint16_t platform,
                       const char *address, int64_t at_ms);
    int (*device_failed)(struct rk_store *s, const struct rk_device_id *id, const char *reason,
                         int64_t at_ms);
    int (*device_remove)(struct rk_store *s, const struct rk_device_id *id);
    /* owner 0: everyone's, the unclaimed ones, too. */
    int (*device_list)(struct rk_store *s, int64_t owner, rk_store_device_fn each, void *ctx);
    /* What the board says of itself: "last_reset", "cc3000", ... */
    int (*fact_set)(struct rk_store *s, const struct rk_device_id *id, const char *key,
                    const char *value);
    int (*fact_get)(struct rk_store *s, const struct rk_device_id *id, const char *key,
                    char value[RK_STORE_TEXT_MAX + 1]);
    /* users */
    int (*user_add)(struct rk_store *s, const struct rk_store_user *user, int64_t *id);
    int (*user_get)(struct rk_store *s, int64_t id, struct rk_store_user *out);
    int (*user_by_name)(struct rk_store *s, const char *name, struct rk_store_user *out);
    int (*user_set_password)(struct rk_store *s, int64_t id, const char *password_hash);
    /* Its tokens and claim codes go with it; its devices become nobody's. */
    int (*user_remove)(struct rk_store *s, int64_t id);
    int (*user_list)(struct rk_store *s, rk_store_user_fn each, void *ctx);
    /* tokens: an expired one is not found */
    int (*token_add)(struct rk_store *s, const struct rk_store_token *token);
    int (*token_get)(struct rk_store *s, const uint8_t hash[RK_STORE_TOKEN_HASH], int64_t now_ms,
                     struct rk_store_token *out);
    int (*token_remove)(struct rk_store *s, const uint8_t hash[RK_STORE_TOKEN_HASH]);
    int (*token_list)(struct rk_store *s, int64_t user, rk_store_token_fn each, void *ctx);
    /* claim codes: for one use */
    int (*claim_add)(struct rk_store *s, const char *code, int64_t user, int64_t expires_ms);
    int (*claim_take)(struct rk_store *s, const char *code, int64_t now_ms, int64_t *user);
    /* Expired tokens and claim codes, and updates that ended before before_ms; those whose board
     * has not come back for 5 minutes fail. */
    int (*sweep)(struct rk_store *s, int64_t now_ms, int64_t before_ms);
    /* updates */
    int (*update_add)(struct rk_store *s, const struct rk_store_update *update, const void *image,
                      int64_t *id);
    int (*update_get)(struct rk_store *s, int64_t id, struct rk_store_update *out);
    /* The oldest that is queued for this device. */
    int (*update_next)(struct rk_store *s, const struct rk_device_id *id,
                       struct rk_store_update *out);
    /* The one of this device that is in this state, the latest. */
    int (*update_in_state)(struct rk_store *s, const struct rk_device_id *id,
                           enum rk_store_update_state state, struct rk_store_update *out);
    /* *image: malloc'ed, size_bytes of the update. */
    int (*update_image)(struct rk_store *s, int64_t id, uint8_t **image, size_t *len);
    /* Counts an attempt when the state is RUNNING. */
    int (*update_set)(struct rk_store *s, int64_t id, enum rk_store_update_state state,
                      const char *result, int64_t at_ms);
    /* Those that were under way when the server stopped fail with this result. */
    int (*update_recover)(struct rk_store *s, const char *result, int64_t at_ms);
    int (*update_list)(struct rk_store *s, const struct rk_device_id *id, rk_store_update_fn each,
                       void *ctx);
    /* Many writes as one. */
    int (*batch_begin)(struct rk_store *s);
    int (*batch_end)(struct rk_store *s);
    /* Every fault found is a text; RK_E_CORRUPT when there was one. */
    int (*check)(struct rk_store *s, rk_store_text_fn each, void *ctx);
    /* A whole copy while others read and write. */
    int (*backup)(struct rk_store *s, const char *path);
    void (*close)(struct rk_store *s);
};

/* Implementations put this first. */
struct rk_store {
    const struct rk_store_ops *ops;
};

/* Opens or makes the file, and brings its tables up to date. RK_E_UNSUPPORTED: made by a later
 * version; RK_E_CORRUPT: not a store. */
int rk_store_sqlite_open(const char *path, struct rk_store **store);

const char *rk_store_update_state_name(enum rk_store_update_state state);

#endif
