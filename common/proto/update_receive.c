/* The device's side of an update: see update_receive.h. */
#include "common/proto/update_receive.h"

#include "common/base/error.h"
#include "common/sum/crc.h"

int rk_update_receiver_begin(struct rk_update_receiver *r, const struct rk_msg_begin *begin,
                             bool fast_possible, uint32_t region_bytes, uint8_t *bits,
                             size_t bits_cap) {
    *r = (struct rk_update_receiver){.chunk_size = RK_CHUNK_SIZE, .length = region_bytes};
    if (begin->has_block) {
        r->chunk_size = begin->chunk_size;
        r->length = begin->length;
        r->fast = begin->fast && fast_possible;
    }
    if (r->chunk_size == 0 || r->length == 0) {
        return RK_E_RANGE;
    }
    uint32_t count = rk_chunk_count(r->length, r->chunk_size);
    if (count > RK_CHUNK_COUNT_MAX || RK_CHUNK_MAP_BYTES(count) > bits_cap) {
        return RK_E_TOO_BIG;
    }
    r->running = true;
    return rk_chunk_map_init(&r->map, bits, count);
}

enum rk_chunk_verdict rk_update_receiver_chunk(struct rk_update_receiver *r,
                                               const struct rk_msg_chunk *chunk, uint32_t *offset) {
    uint32_t idx = chunk->has_index ? chunk->index : r->next_idx;
    if (!r->running || idx >= r->map.count || chunk->data.len > r->chunk_size) {
        return RK_CHUNK_NO_PLACE;
    }
    if (rk_crc32(chunk->data.data, chunk->data.len) != chunk->crc) {
        return RK_CHUNK_BAD_CRC;
    }
    *offset = idx * r->chunk_size;
    r->next_idx += !chunk->has_index;
    r->flight++;
    return rk_chunk_map_add(&r->map, idx) ? RK_CHUNK_STORE : RK_CHUNK_KNOWN;
}

bool rk_update_receiver_complete(const struct rk_update_receiver *r) {
    return r->running && (!r->fast || r->map.arrived == r->map.count);
}

size_t rk_update_receiver_missed(struct rk_update_receiver *r, uint8_t out[2 * RK_MISSED_MAX]) {
    size_t len = rk_missed_encode(&r->map, rk_missed_limit(r->flight), out);
    r->flight = 0;
    return len;
}
