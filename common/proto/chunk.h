/* Which chunks of an update have arrived: a bitmap in the caller's memory, and the lists of missing
 * ones that devices send (cloud-protocol.md 3.13, chunk missed).
 */
#ifndef RK_COMMON_PROTO_CHUNK_H
#define RK_COMMON_PROTO_CHUNK_H

#include "common/proto/message.h"

#define RK_CHUNK_SIZE             512
#define RK_CHUNK_COUNT_MAX        65534
#define RK_MISSED_MAX             40 /* indexes in one list */
#define RK_CHUNK_MAP_BYTES(count) (((count) + 7) / 8)

struct rk_chunk_map {
    uint8_t *bits; /* RK_CHUNK_MAP_BYTES(count) */
    uint32_t count;
    uint32_t arrived;
};

static inline uint32_t rk_chunk_count(uint32_t length, uint32_t chunk_size) {
    return chunk_size ? (length + chunk_size - 1) / chunk_size : 0;
}

/* Nothing has arrived. RK_E_RANGE for 0 or too many chunks. */
int rk_chunk_map_init(struct rk_chunk_map *map, uint8_t *bits, uint32_t count);
bool rk_chunk_map_has(const struct rk_chunk_map *map, uint32_t idx);
/* False for an index out of range or one that was there already. */
bool rk_chunk_map_add(struct rk_chunk_map *map, uint32_t idx);
/* The first missing one from idx on, or count. */
uint32_t rk_chunk_map_missing(const struct rk_chunk_map *map, uint32_t idx);

/* How many a device asks for after a flight in which received arrived: max(1.2 times, 2 more). */
uint32_t rk_missed_limit(uint32_t received);

/* Writes the payload of a chunk-missed message, lowest first: its length. */
size_t rk_missed_encode(const struct rk_chunk_map *map, uint32_t limit,
                        uint8_t out[2 * RK_MISSED_MAX]);

static inline size_t rk_missed_count(struct rk_span payload) {
    return payload.len / 2;
}
static inline uint16_t rk_missed_at(struct rk_span payload, size_t i) {
    return rk_get_u16be(payload.data + 2 * i);
}

#endif
