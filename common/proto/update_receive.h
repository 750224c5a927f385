/* The device's side of an update: which chunks are there, what is to be stored where, what is
 * missing (cloud-protocol.md 3.13). Memory for the bitmap is the caller's, and so is the flash. For
 * firmware to come, and for the simulated devices of the tests.
 */
#ifndef RK_COMMON_PROTO_UPDATE_RECEIVE_H
#define RK_COMMON_PROTO_UPDATE_RECEIVE_H

#include "common/proto/chunk.h"

enum rk_chunk_verdict {
    RK_CHUNK_STORE,    /* good: write it at *offset */
    RK_CHUNK_KNOWN,    /* good, but it was there already */
    RK_CHUNK_BAD_CRC,  /* ask for it again */
    RK_CHUNK_NO_PLACE, /* outside the announced file, or no update is running */
};

struct rk_update_receiver {
    bool running;
    bool fast;
    uint16_t chunk_size;
    uint32_t length;
    uint32_t next_idx; /* normal mode: chunks come without an index, in order */
    struct rk_chunk_map map;
    uint32_t flight; /* chunks received since the last list */
};

/* What a board assumes when the server announces nothing (2014): its whole OTA region. */
int rk_update_receiver_begin(struct rk_update_receiver *r, const struct rk_msg_begin *begin,
                             bool fast_possible, uint32_t region_bytes, uint8_t *bits,
                             size_t bits_cap);

enum rk_chunk_verdict rk_update_receiver_chunk(struct rk_update_receiver *r,
                                               const struct rk_msg_chunk *chunk, uint32_t *offset);

/* All of it there? In normal mode without announced length, any end is one. */
bool rk_update_receiver_complete(const struct rk_update_receiver *r);

/* Payload of the next chunk-missed message: its length, 0 when nothing is missing. Starts a new
 * flight. */
size_t rk_update_receiver_missed(struct rk_update_receiver *r, uint8_t out[2 * RK_MISSED_MAX]);

#endif
