/* The server's side of an update over the air (cloud-protocol.md 3.13), normal and fast: which
 * message comes next, and what an answer means. Pure: the image is borrowed, time is given,
 * messages go in and out as structs. The caller numbers the messages and sends nothing else
 * meanwhile.
 *
 * Normal: one chunk in flight, each acknowledged, so the board's own speed is the pace.
 * Fast: all chunks in a row as far as the caller lets (pace by what TCP has taken), then the
 * missing ones by list.
 */
#ifndef RK_COMMON_PROTO_UPDATE_H
#define RK_COMMON_PROTO_UPDATE_H

#include "common/proto/chunk.h"

enum rk_update_result {
#define RK_UPDATE_RESULT(name, text) RK_UPDATE_##name,
#include "common/proto/update_result.def"
#undef RK_UPDATE_RESULT
};

const char *rk_update_result_text(enum rk_update_result result);

struct rk_update_plan {
    bool fast;           /* offer fast mode; the board may decline */
    bool has_block;      /* announce size and length; not to boards of 2014 */
    bool done_again;     /* after missed chunks: another update done (0.8 and later on Photon) */
    uint16_t chunk_size; /* at most RK_CHUNK_SIZE */
    uint8_t store;       /* enum rk_update_store */
    uint32_t ready_timeout_ms; /* erasing a Core's external flash takes seconds: 60,000 */
    uint32_t step_timeout_ms;  /* without progress: 30,000 */
    uint32_t total_timeout_ms;
};

/* For a device that said this in its hello. */
struct rk_update_plan rk_update_plan_for(const struct rk_msg_hello *hello, uint32_t length);

enum rk_update_state {
    RK_UPDATE_STATE_BEGIN,   /* the begin is to be sent */
    RK_UPDATE_STATE_READY,   /* waits for update-ready */
    RK_UPDATE_STATE_CHUNKS,  /* sends chunks */
    RK_UPDATE_STATE_DONE,    /* the done is to be sent */
    RK_UPDATE_STATE_CONFIRM, /* waits for its answer, a list, or the board's own done */
    RK_UPDATE_STATE_END,
};

struct rk_update {
    struct rk_update_plan plan;
    struct rk_span image;
    enum rk_update_state state;
    enum rk_update_result result;
    bool fast; /* agreed */
    uint32_t count;
    uint32_t next_idx;   /* chunk to send next */
    bool in_flight;      /* normal mode: sent and not yet answered */
    uint8_t retries;     /* of this chunk */
    uint16_t control_id; /* message id of the begin or done sent last */
    uint8_t control_token;
    uint8_t chunk_token;
    uint16_t missed[RK_MISSED_MAX]; /* to be sent again */
    uint8_t missed_count, missed_pos;
    uint16_t rounds; /* lists served */
    uint64_t started_ms;
    uint64_t deadline_ms;
    uint32_t sent_chunks; /* statistics, resends included */
};

/* RK_E_RANGE when the image cannot be sent in chunks. The image must stay until the end. */
int rk_update_start(struct rk_update *u, struct rk_span image, const struct rk_update_plan *plan,
                    uint64_t now_ms);

/* The next message to send, if there is one: true, and *msg has everything (id as given). The data
 * of chunks is in the image. */
bool rk_update_next(struct rk_update *u, uint16_t id, uint64_t now_ms, struct rk_msg *msg);

/* A message from the board; false when it does not concern the update. */
bool rk_update_receive(struct rk_update *u, const struct rk_msg *msg, uint64_t now_ms);

/* To be called at deadline_ms. */
void rk_update_tick(struct rk_update *u, uint64_t now_ms);

void rk_update_cancel(struct rk_update *u, enum rk_update_result result);

/* Chunks of the first flight that are sent, for progress. */
static inline uint32_t rk_update_progress(const struct rk_update *u) {
    return RK_MIN(u->next_idx, u->count);
}

#endif
