/* The server's side of an update: see update.h. */
#include "common/proto/update.h"

#include "common/base/error.h"
#include "common/proto/describe.h"
#include "common/sum/crc.h"

#define READY_TIMEOUT_MS   60000
#define STEP_TIMEOUT_MS    30000
#define TOTAL_BASE_MS      180000 /* and some for each chunk: 300 ms round trips, twice, and loss */
#define TOTAL_PER_CHUNK_MS 3000
#define NUDGE_MS           6000 /* a board that should speak first repeats itself every 3 s */
#define CHUNK_RETRIES_MAX  10
#define ROUNDS_MAX         2000
#define CONTROL_TOKEN      0x80 /* chunks use the lower half */
#define HELLO_DONE_AGAIN   (RK_HELLO_DIAGNOSTICS | RK_HELLO_IMMEDIATE_UPDATES)

static const char *const result_texts[] = {
#define RK_UPDATE_RESULT(name, text) text,
#include "common/proto/update_result.def"
#undef RK_UPDATE_RESULT
};

const char *rk_update_result_text(enum rk_update_result result) {
    return (unsigned)result < RK_COUNT(result_texts) ? result_texts[result] : "unknown";
}

/* Flags 02 and 04 came with Device OS 0.8 on Photon; a Core never sets them (cloud-protocol.md 0).
 * A Core is served in normal mode: its radio stalls on sustained receive (cc3000.md). */
struct rk_update_plan rk_update_plan_for(const struct rk_msg_hello *hello, uint32_t length) {
    bool is_core = !hello->has_platform || hello->platform == RK_PLATFORM_CORE;
    return (struct rk_update_plan){
        .fast = !is_core,
        .has_block = hello->has_platform,
        .done_again = !is_core && (hello->flags & HELLO_DONE_AGAIN),
        .chunk_size = RK_CHUNK_SIZE,
        .store = RK_UPDATE_STORE_FIRMWARE,
        .ready_timeout_ms = READY_TIMEOUT_MS,
        .step_timeout_ms = STEP_TIMEOUT_MS,
        .total_timeout_ms =
            TOTAL_BASE_MS + TOTAL_PER_CHUNK_MS * rk_chunk_count(length, RK_CHUNK_SIZE),
    };
}

int rk_update_start(struct rk_update *u, struct rk_span image, const struct rk_update_plan *plan,
                    uint64_t now_ms) {
    *u = (struct rk_update){.plan = *plan, .image = image, .started_ms = now_ms};
    if (!plan->chunk_size || plan->chunk_size > RK_CHUNK_SIZE || image.len > UINT32_MAX) {
        return RK_E_RANGE;
    }
    u->count = rk_chunk_count((uint32_t)image.len, plan->chunk_size);
    if (u->count == 0 || u->count > RK_CHUNK_COUNT_MAX) {
        return RK_E_RANGE;
    }
    u->control_token = CONTROL_TOKEN;
    u->deadline_ms = now_ms + plan->ready_timeout_ms;
    return 0;
}

static void end(struct rk_update *u, enum rk_update_result result) {
    if (u->state != RK_UPDATE_STATE_END) {
        u->state = RK_UPDATE_STATE_END;
        u->result = result;
        u->deadline_ms = UINT64_MAX;
    }
}

void rk_update_cancel(struct rk_update *u, enum rk_update_result result) {
    end(u, result);
}

/* Something moved: the step timeout starts again, never past the total. */
static void progress(struct rk_update *u, uint64_t now_ms, uint32_t allowed_ms) {
    uint64_t total = u->started_ms + u->plan.total_timeout_ms;
    u->deadline_ms = RK_MIN(now_ms + allowed_ms, total);
}

static void make_control(struct rk_update *u, enum rk_msg_kind kind, uint16_t id,
                         struct rk_msg *msg) {
    u->control_id = id;
    u->control_token = (uint8_t)(CONTROL_TOKEN | (u->control_token + 1));
    *msg = (struct rk_msg){
        .kind = kind, .type = RK_COAP_CON, .id = id, .has_token = true, .token = u->control_token};
}

static void make_chunk(struct rk_update *u, uint32_t idx, uint16_t id, struct rk_msg *msg) {
    size_t off = (size_t)idx * u->plan.chunk_size;
    struct rk_span data = {u->image.data + off,
                           RK_MIN((size_t)u->plan.chunk_size, u->image.len - off)};
    u->chunk_token = (uint8_t)((u->chunk_token + 1) & (CONTROL_TOKEN - 1));
    u->sent_chunks++;
    *msg = (struct rk_msg){.kind = RK_MSG_CHUNK,
                           .type = RK_COAP_CON,
                           .id = id,
                           .has_token = true,
                           .token = u->chunk_token,
                           .chunk = {.crc = rk_crc32(data.data, data.len),
                                     .has_index = u->fast,
                                     .index = (uint16_t)idx,
                                     .data = data}};
}

static bool next_begin(struct rk_update *u, uint16_t id, uint64_t now_ms, struct rk_msg *msg) {
    make_control(u, RK_MSG_UPDATE_BEGIN, id, msg);
    msg->begin = (struct rk_msg_begin){.has_block = u->plan.has_block,
                                       .fast = u->plan.fast,
                                       .chunk_size = u->plan.chunk_size,
                                       .length = (uint32_t)u->image.len,
                                       .store = u->plan.store};
    u->state = RK_UPDATE_STATE_READY;
    progress(u, now_ms, u->plan.ready_timeout_ms);
    return true;
}

/* Missed ones first; then on, or what comes after the last. */
static bool next_chunk(struct rk_update *u, uint16_t id, uint64_t now_ms, struct rk_msg *msg) {
    if (!u->fast) {
        if (u->in_flight) {
            return false;
        }
        u->in_flight = true;
        make_chunk(u, u->next_idx, id, msg);
    } else if (u->missed_pos < u->missed_count) {
        make_chunk(u, u->missed[u->missed_pos++], id, msg);
        if (u->missed_pos == u->missed_count && u->next_idx == u->count) {
            u->state = u->plan.done_again ? RK_UPDATE_STATE_DONE : RK_UPDATE_STATE_CONFIRM;
        }
    } else {
        make_chunk(u, u->next_idx++, id, msg);
        if (u->next_idx == u->count) {
            u->state = RK_UPDATE_STATE_DONE;
        }
    }
    progress(u, now_ms, u->state == RK_UPDATE_STATE_CONFIRM ? NUDGE_MS : u->plan.step_timeout_ms);
    return true;
}

static bool next_done(struct rk_update *u, uint16_t id, uint64_t now_ms, struct rk_msg *msg) {
    make_control(u, RK_MSG_UPDATE_DONE, id, msg);
    u->state = RK_UPDATE_STATE_CONFIRM;
    progress(u, now_ms, u->plan.step_timeout_ms);
    return true;
}

bool rk_update_next(struct rk_update *u, uint16_t id, uint64_t now_ms, struct rk_msg *msg) {
    switch (u->state) {
    case RK_UPDATE_STATE_BEGIN: return next_begin(u, id, now_ms, msg);
    case RK_UPDATE_STATE_CHUNKS: return next_chunk(u, id, now_ms, msg);
    case RK_UPDATE_STATE_DONE: return next_done(u, id, now_ms, msg);
    default: return false;
    }
}

static bool is_answer_to_control(const struct rk_update *u, const struct rk_msg *msg) {
    return msg->kind == RK_MSG_RESPONSE &&
           (msg->has_token ? msg->token == u->control_token
                           : msg->type == RK_COAP_ACK && msg->id == u->control_id);
}

static bool is_good(const struct rk_msg *msg) {
    return msg->response.code >> 5 == 2;
}

static void on_ready(struct rk_update *u, const struct rk_msg *msg, uint64_t now_ms) {
    if (!is_good(msg)) {
        end(u, RK_UPDATE_REFUSED);
        return;
    }
    u->fast = u->plan.fast && msg->response.payload.len == 1 && (msg->response.payload.data[0] & 1);
    u->state = RK_UPDATE_STATE_CHUNKS;
    progress(u, now_ms, u->plan.step_timeout_ms);
}

/* Normal mode: the chunk in flight is stored, or is to be sent again. */
static void on_chunk_answer(struct rk_update *u, const struct rk_msg *msg, uint64_t now_ms) {
    progress(u, now_ms, u->plan.step_timeout_ms);
    u->in_flight = false;
    if (!is_good(msg)) {
        if (++u->retries > CHUNK_RETRIES_MAX) {
            end(u, RK_UPDATE_DAMAGED);
        }
        return;
    }
    u->retries = 0;
    if (++u->next_idx == u->count) {
        u->state = RK_UPDATE_STATE_DONE;
    }
}

static void on_finished(struct rk_update *u, struct rk_span json) {
    end(u, rk_update_json_is_error(json) ? RK_UPDATE_REJECTED : RK_UPDATE_OK);
}

/* 4.00 means that a list follows. Boards that expect another done get it after the list is served.
 */
static void on_done_answer(struct rk_update *u, const struct rk_msg *msg, uint64_t now_ms) {
    if (is_good(msg)) {
        on_finished(u, msg->response.payload);
    } else {
        progress(u, now_ms, NUDGE_MS);
    }
}

/* In normal mode (2014) the one index says where to go on. */
static void on_missed(struct rk_update *u, struct rk_span list, uint64_t now_ms) {
    size_t n = RK_MIN(rk_missed_count(list), (size_t)RK_MISSED_MAX);
    uint8_t valid = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t idx = rk_missed_at(list, i);
        if (idx < u->count) {
            u->missed[valid++] = idx;
        }
    }
    if (valid == 0) {
        return; /* nothing that exists: the list before, if any, goes on */
    }
    u->missed_count = valid;
    u->missed_pos = 0;
    if (++u->rounds > ROUNDS_MAX) {
        end(u, RK_UPDATE_DAMAGED);
        return;
    }
    u->retries = 0;
    if (!u->fast) {
        u->next_idx = u->missed[0];
        u->in_flight = false;
        u->missed_count = 0;
    }
    u->state = RK_UPDATE_STATE_CHUNKS;
    progress(u, now_ms, u->plan.step_timeout_ms);
}

static bool on_response(struct rk_update *u, const struct rk_msg *msg, uint64_t now_ms) {
    if (is_answer_to_control(u, msg)) {
        if (u->state == RK_UPDATE_STATE_READY) {
            on_ready(u, msg, now_ms);
        } else if (u->state == RK_UPDATE_STATE_CONFIRM) {
            on_done_answer(u, msg, now_ms);
        }
        return true;
    }
    if (!msg->has_token || msg->token >= CONTROL_TOKEN) {
        return false;
    }
    if (!u->fast && u->in_flight && msg->token == u->chunk_token) {
        on_chunk_answer(u, msg, now_ms);
    }
    return true; /* fast mode before 0.7: every chunk is answered, which changes nothing */
}

bool rk_update_receive(struct rk_update *u, const struct rk_msg *msg, uint64_t now_ms) {
    if (u->state == RK_UPDATE_STATE_END) {
        return false;
    }
    switch (msg->kind) {
    case RK_MSG_RESPONSE: return on_response(u, msg, now_ms);
    case RK_MSG_CHUNK_MISSED:
        if (u->state != RK_UPDATE_STATE_BEGIN && u->state != RK_UPDATE_STATE_READY) {
            on_missed(u, msg->payload, now_ms);
        }
        return true;
    case RK_MSG_UPDATE_DONE:
        if (u->state == RK_UPDATE_STATE_CONFIRM || u->state == RK_UPDATE_STATE_DONE) {
            on_finished(u, msg->payload);
        }
        return true;
    default: return false;
    }
}

static enum rk_update_result timeout_result(const struct rk_update *u) {
    switch (u->state) {
    case RK_UPDATE_STATE_BEGIN:
    case RK_UPDATE_STATE_READY: return RK_UPDATE_NOT_READY;
    case RK_UPDATE_STATE_CHUNKS: return RK_UPDATE_STALLED;
    default: return RK_UPDATE_UNCONFIRMED;
    }
}

void rk_update_tick(struct rk_update *u, uint64_t now_ms) {
    if (u->state == RK_UPDATE_STATE_END || now_ms < u->deadline_ms) {
        return;
    }
    if (now_ms >= u->started_ms + u->plan.total_timeout_ms) {
        end(u, RK_UPDATE_TOO_SLOW);
    } else if (u->state == RK_UPDATE_STATE_CONFIRM && u->rounds && u->rounds < ROUNDS_MAX &&
               u->fast && u->retries < CHUNK_RETRIES_MAX) {
        u->retries++; /* the list or the board's own done did not come: ask again */
        u->state = RK_UPDATE_STATE_DONE;
        progress(u, now_ms, u->plan.step_timeout_ms);
    } else {
        end(u, timeout_result(u));
    }
}
