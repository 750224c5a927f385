/* Chunk bookkeeping: see chunk.h. */
#include "common/proto/chunk.h"

#include "common/base/error.h"

int rk_chunk_map_init(struct rk_chunk_map *map, uint8_t *bits, uint32_t count) {
    *map = (struct rk_chunk_map){.bits = bits, .count = count};
    if (count == 0 || count > RK_CHUNK_COUNT_MAX) {
        map->count = 0;
        return RK_E_RANGE;
    }
    for (uint32_t i = 0; i < RK_CHUNK_MAP_BYTES(count); i++) {
        bits[i] = 0;
    }
    return 0;
}

bool rk_chunk_map_has(const struct rk_chunk_map *map, uint32_t idx) {
    return idx < map->count && (map->bits[idx / 8] >> (idx % 8) & 1);
}

bool rk_chunk_map_add(struct rk_chunk_map *map, uint32_t idx) {
    if (idx >= map->count || rk_chunk_map_has(map, idx)) {
        return false;
    }
    map->bits[idx / 8] |= (uint8_t)(1u << (idx % 8));
    map->arrived++;
    return true;
}

uint32_t rk_chunk_map_missing(const struct rk_chunk_map *map, uint32_t idx) {
    while (idx < map->count && rk_chunk_map_has(map, idx)) {
        idx++;
    }
    return idx;
}

uint32_t rk_missed_limit(uint32_t received) {
    return RK_MAX(received * 6 / 5, received + 2);
}

size_t rk_missed_encode(const struct rk_chunk_map *map, uint32_t limit,
                        uint8_t out[2 * RK_MISSED_MAX]) {
    size_t n = 0;
    limit = RK_MIN(limit, RK_MISSED_MAX);
    for (uint32_t idx = rk_chunk_map_missing(map, 0); idx < map->count && n < limit;
         idx = rk_chunk_map_missing(map, idx + 1)) {
        rk_put_u16be(out + 2 * n++, (uint16_t)idx);
    }
    return 2 * n;
}
