/* The simulated device's side of an update, each generation's way (cloud-protocol.md 3.13). */
#include <string.h>

#include "server/sim/sim_internal.h"

#define REGION_BYTES 110592 /* a Core's, when the server announces nothing */

static struct rk_span done_json(const struct rk_sim *sim) {
    static const char ok[] = "{\"r\":\"ok\"}";
    return sim->model->generation->done_json ? (struct rk_span){(const uint8_t *)ok, sizeof ok - 1}
                                             : (struct rk_span){0};
}

static void on_begin(struct rk_sim *sim, const struct rk_msg *msg) {
    const struct rk_generation *g = sim->model->generation;
    uint8_t fast;
    if (sim->faults.refuse_update && g->fresh_ack_id) {
        rk_sim_respond(sim, RK_COAP_ACK, msg->id, msg, RK_COAP_UNAVAILABLE, (struct rk_span){0});
        return;
    }
    if (sim->faults.refuse_update ||
        rk_update_receiver_begin(&sim->receiver, &msg->begin, g->fast, REGION_BYTES, sim->bits,
                                 sizeof sim->bits)) {
        rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_RESPONSE,
                                          .type = RK_COAP_ACK,
                                          .id = msg->id,
                                          .response = {RK_COAP_BAD_REQUEST}});
        return;
    }
    rk_sim_ack(sim, msg->id);
    fast = sim->receiver.fast;
    rk_sim_respond(sim, RK_COAP_NON, sim->next_id++, msg, RK_COAP_CHANGED,
                   g->ready_payload ? (struct rk_span){&fast, 1} : (struct rk_span){0});
}

static bool loses(const struct rk_sim *sim, const struct rk_msg_chunk *chunk) {
    uint32_t every = sim->faults.lose_every;
    return every && chunk->has_index && !rk_chunk_map_has(&sim->receiver.map, chunk->index) &&
           sim->chunks_in <= sim->receiver.map.count && sim->chunks_in % every == 0;
}

static void store(struct rk_sim *sim, uint32_t off, struct rk_span data) {
    if (sim->flash && off + data.len <= sim->flash_size) {
        memcpy(sim->flash + off, data.data, data.len);
    }
}

/* Older devices finish by themselves when the last missing chunk has come. */
static void finish_if_complete(struct rk_sim *sim, uint32_t resent) {
    if (sim->model->generation->finishes_itself && resent && sim->receiver.fast &&
        rk_update_receiver_complete(&sim->receiver)) {
        sim->updated = true;
        sim->receiver.running = false;
        rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_UPDATE_DONE,
                                          .type = RK_COAP_NON,
                                          .id = sim->next_id++,
                                          .payload = done_json(sim)});
    }
}

static void on_chunk(struct rk_sim *sim, const struct rk_msg *msg) {
    uint32_t off = 0;
    bool damaged;
    sim->chunks_in++;
    if (sim->faults.mute_after && sim->chunks_in > sim->faults.mute_after) {
        return;
    }
    if (loses(sim, &msg->chunk)) {
        return;
    }
    damaged = sim->faults.damage_every && sim->chunks_in % sim->faults.damage_every == 0;
    enum rk_chunk_verdict verdict =
        damaged ? RK_CHUNK_BAD_CRC : rk_update_receiver_chunk(&sim->receiver, &msg->chunk, &off);
    if (verdict == RK_CHUNK_STORE) {
        store(sim, off, msg->chunk.data);
    }
    if (!sim->receiver.fast || sim->model->generation->answers_chunks) {
        bool good = verdict == RK_CHUNK_STORE || verdict == RK_CHUNK_KNOWN;
        rk_sim_ack(sim, msg->id);
        rk_sim_respond(sim, RK_COAP_NON, sim->next_id++, msg,
                       good ? RK_COAP_CHANGED : RK_COAP_BAD_REQUEST, (struct rk_span){0});
    }
    finish_if_complete(sim, sim->chunks_in > sim->receiver.map.count);
}

static void on_done(struct rk_sim *sim, const struct rk_msg *msg) {
    uint8_t list[2 * RK_MISSED_MAX];
    if (rk_update_receiver_complete(&sim->receiver)) {
        sim->updated = true;
        sim->receiver.running = false;
        rk_sim_respond(sim, RK_COAP_ACK, msg->id, msg, RK_COAP_CHANGED, done_json(sim));
        return;
    }
    rk_sim_respond(sim, RK_COAP_ACK, msg->id, msg, RK_COAP_BAD_REQUEST, (struct rk_span){0});
    size_t len = rk_update_receiver_missed(&sim->receiver, list);
    rk_sim_send(sim, &(struct rk_msg){.kind = RK_MSG_CHUNK_MISSED,
                                      .type = sim->model->generation->missed_non ? RK_COAP_NON
                                                                                 : RK_COAP_CON,
                                      .id = sim->next_id++,
                                      .payload = {list, len}});
}

void rk_sim_update_message(struct rk_sim *sim, const struct rk_msg *msg) {
    switch (msg->kind) {
    case RK_MSG_UPDATE_BEGIN:
    case RK_MSG_SAVE_BEGIN: on_begin(sim, msg); break;
    case RK_MSG_CHUNK: on_chunk(sim, msg); break;
    case RK_MSG_UPDATE_DONE: on_done(sim, msg); break;
    default: break;
    }
}
