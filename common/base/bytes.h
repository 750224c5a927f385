/* Bounded reader and writer for wire and flash bytes. Sticky errors: after the first access that
 * does not fit, every further one yields zeros (reader) or writes nothing (writer), and the check
 * at the end sees it; so a parser reads straight through and asks once. No allocation, no alignment
 * needs.
 */
#ifndef RK_COMMON_BASE_BYTES_H
#define RK_COMMON_BASE_BYTES_H

#include "common/base/attr.h"

struct rk_reader {
    const uint8_t *data;
    size_t len;   /* bytes in data */
    size_t pos;   /* next byte to read, <= len */
    bool overrun; /* a read did not fit */
};

struct rk_writer {
    uint8_t *data;
    size_t cap;   /* room in data, bytes */
    size_t len;   /* bytes written, <= cap */
    bool overrun; /* a write did not fit */
};

/* The reader borrows data for its life. */
static inline struct rk_reader rk_reader_init(const void *data, size_t len) {
    return (struct rk_reader){.data = data, .len = len};
}

static inline size_t rk_reader_left(const struct rk_reader *r) {
    return r->len - r->pos;
}

/* The next n bytes in place, or NULL (and overrun set) when fewer are left. */
const uint8_t *rk_read_bytes(struct rk_reader *r, size_t n);
uint8_t rk_read_u8(struct rk_reader *r);
uint16_t rk_read_u16le(struct rk_reader *r);
uint16_t rk_read_u16be(struct rk_reader *r);
uint32_t rk_read_u32le(struct rk_reader *r);
uint32_t rk_read_u32be(struct rk_reader *r);

static inline struct rk_writer rk_writer_init(void *data, size_t cap) {
    return (struct rk_writer){.data = data, .cap = cap};
}

/* Room for n bytes at the end of the writer, or NULL (and overrun set) when they do not fit. */
uint8_t *rk_write_room(struct rk_writer *w, size_t n);
void rk_write_bytes(struct rk_writer *w, const void *data, size_t n);
void rk_write_u8(struct rk_writer *w, uint8_t v);
void rk_write_u16le(struct rk_writer *w, uint16_t v);
void rk_write_u16be(struct rk_writer *w, uint16_t v);
void rk_write_u32le(struct rk_writer *w, uint32_t v);
void rk_write_u32be(struct rk_writer *w, uint32_t v);

/* Unchecked accessors for places whose bounds are known by construction. */
static inline uint16_t rk_get_u16le(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t rk_get_u32le(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint16_t rk_get_u16be(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t rk_get_u32be(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}
static inline void rk_put_u16le(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void rk_put_u32le(uint8_t *p, uint32_t v) {
    rk_put_u16le(p, (uint16_t)v);
    rk_put_u16le(p + 2, (uint16_t)(v >> 16));
}
static inline void rk_put_u16be(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void rk_put_u32be(uint8_t *p, uint32_t v) {
    rk_put_u16be(p, (uint16_t)(v >> 16));
    rk_put_u16be(p + 2, (uint16_t)v);
}

#endif
