/* An update that runs on a session: pace, progress, the end (cloud-protocol.md 3.13). Whether an
 * image may be sent at all was decided before (update_check.h); the steps are
 * common/proto/update.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/device/session.h"

#define WINDOW_BYTES  8192 /* fast mode: untaken bytes in the socket */
#define PACE_MS       10   /* and when to look again */
#define TURN_CHUNKS   64   /* then others get a turn */
#define PROGRESS_STEP 16   /* chunks between two reports */

static void announce(struct rk_session *s, const char *word) {
    char text[RK_DEVICE_NAME_MAX + 16];
    snprintf(text, sizeof text, "%s %s", word, s->running->file_name);
    rk_session_announce(s, "spark/flash/status", text);
}

int rk_session_update(struct rk_session *s, int64_t update_id, const char *file_name,
                      uint8_t *image, size_t len, bool allow_fast) {
    struct rk_hub *hub = s->hub;
    int err = s->state != RK_SESSION_ONLINE ? RK_E_CLOSED : s->running ? RK_E_BUSY : 0;
    struct rk_running_update *r = err ? NULL : calloc(1, sizeof *r);
    if (!err && !r) {
        err = RK_E_NO_MEMORY;
    }
    if (!err) {
        struct rk_update_plan plan = rk_update_plan_for(&s->hello, (uint32_t)len);
        plan.fast = plan.fast && allow_fast;
        err = rk_update_start(&r->update, (struct rk_span){image, len}, &plan, hub->now_ms);
    }
    if (err) {
        free(r);
        free(image);
        return err;
    }
    r->id = update_id;
    r->image = image;
    snprintf(r->file_name, sizeof r->file_name, "%s", file_name);
    s->running = r;
    hub->stats.updates_started++;
    rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_UPDATE_STARTED, .number = update_id});
    announce(s, "started");
    rk_session_batch_begin(s);
    rk_session_update_pump(s);
    rk_session_batch_end(s);
    rk_session_rearm(s);
    return 0;
}

static void report_progress(struct rk_session *s) {
    struct rk_running_update *r = s->running;
    uint32_t sent = rk_update_progress(&r->update);
    if (sent >= r->reported + PROGRESS_STEP) {
        r->reported = sent;
        rk_hub_note(s, (struct rk_note){.kind = RK_NOTE_UPDATE_MOVED,
                                        .number = sent,
                                        .number2 = r->update.count});
    }
}

/* Room for one more message? Only fast mode asks: in normal mode the board's answers are the pace.
 */
static bool has_room(struct rk_session *s) {
    const struct rk_update *u = &s->running->update;
    struct rk_hub *hub = s->hub;
    if (!u->fast || u->state != RK_UPDATE_STATE_CHUNKS) {
        return true;
    }
    rk_session_batch_flush(s);
    return hub->host.backlog(s->peer, true) < WINDOW_BYTES;
}

void rk_session_update_pump(struct rk_session *s) {
    struct rk_hub *hub = s->hub;
    struct rk_msg msg;
    if (!s->running || rk_session_calls_in_flight(s)) {
        return; /* what was asked before is answered first */
    }
    for (int n = 0; n < TURN_CHUNKS && s->running && has_room(s) &&
                    rk_update_next(&s->running->update, s->next_id, hub->now_ms, &msg);
         n++) {
        s->next_id++;
        hub->stats.chunks += msg.kind == RK_MSG_CHUNK;
        if (rk_session_send_msg(s, &msg)) {
            rk_session_update_end(s, RK_UPDATE_LOST);
            return;
        }
    }
    if (s->running) {
        report_progress(s);
        if (s->running->update.state == RK_UPDATE_STATE_END) {
            rk_session_update_end(s, s->running->update.result);
        }
    }
}

bool rk_session_update_receive(struct rk_session *s, const struct rk_msg *msg) {
    if (!s->running || !rk_update_receive(&s->running->update, msg, s->hub->now_ms)) {
        return false;
    }
    if (s->running->update.state == RK_UPDATE_STATE_END) {
        rk_session_update_end(s, s->running->update.result);
    }
    return true;
}

void rk_session_update_end(struct rk_session *s, enum rk_update_result result) {
    struct rk_running_update *r = s->running;
    if (!r) {
        return;
    }
    struct rk_hub *hub = s->hub;
    bool good = result == RK_UPDATE_OK;
    bool began = r->update.state != RK_UPDATE_STATE_BEGIN;
    s->update_sent = good;
    if (good) {
        hub->stats.updates_ok++;
    } else {
        hub->stats.updates_failed++;
    }
    announce(s, good ? "success" : "failed");
    rk_hub_note(s,
                (struct rk_note){.kind = RK_NOTE_UPDATE_ENDED, .number = r->id, .result = result});
    s->running = NULL;
    free(r->image);
    free(r);
    s->deadline_ms = s->heard_ms + hub->limits.silence_ms;
    if (!good && began && result != RK_UPDATE_REFUSED && s->state == RK_SESSION_ONLINE) {
        rk_session_close(s, RK_REASON_UPDATE_FAILED); /* or the board waits for chunks for 30 s */
    } else if (s->state == RK_SESSION_ONLINE) {
        rk_session_send_waiting(s);
    }
}

void rk_session_update_tick(struct rk_session *s) {
    if (!s->running) {
        return;
    }
    rk_update_tick(&s->running->update, s->hub->now_ms);
    rk_session_update_pump(s);
}

uint64_t rk_session_update_deadline(const struct rk_session *s) {
    if (!s->running) {
        return UINT64_MAX;
    }
    const struct rk_update *u = &s->running->update;
    bool paced = u->fast && u->state == RK_UPDATE_STATE_CHUNKS;
    return paced ? RK_MIN(u->deadline_ms, s->hub->now_ms + PACE_MS) : u->deadline_ms;
}
