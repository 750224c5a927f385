/* Bounded reader and writer: see bytes.h. */
#include "common/base/bytes.h"

const uint8_t *rk_read_bytes(struct rk_reader *r, size_t n) {
    if (r->overrun || n > r->len - r->pos) {
        r->overrun = true;
        return NULL;
    }
    const uint8_t *p = r->data + r->pos;
    r->pos += n;
    return p;
}

uint8_t rk_read_u8(struct rk_reader *r) {
    const uint8_t *p = rk_read_bytes(r, 1);
    return p ? p[0] : 0;
}

uint16_t rk_read_u16le(struct rk_reader *r) {
    const uint8_t *p = rk_read_bytes(r, 2);
    return p ? rk_get_u16le(p) : 0;
}

uint16_t rk_read_u16be(struct rk_reader *r) {
    const uint8_t *p = rk_read_bytes(r, 2);
    return p ? rk_get_u16be(p) : 0;
}

uint32_t rk_read_u32le(struct rk_reader *r) {
    const uint8_t *p = rk_read_bytes(r, 4);
    return p ? rk_get_u32le(p) : 0;
}

uint32_t rk_read_u32be(struct rk_reader *r) {
    const uint8_t *p = rk_read_bytes(r, 4);
    return p ? rk_get_u32be(p) : 0;
}

uint8_t *rk_write_room(struct rk_writer *w, size_t n) {
    if (w->overrun || n > w->cap - w->len) {
        w->overrun = true;
        return NULL;
    }
    uint8_t *p = w->data + w->len;
    w->len += n;
    return p;
}

void rk_write_bytes(struct rk_writer *w, const void *data, size_t n) {
    uint8_t *p = rk_write_room(w, n);
    const uint8_t *src = data;
    for (size_t i = 0; p && i < n; i++) {
        p[i] = src[i];
    }
}

void rk_write_u8(struct rk_writer *w, uint8_t v) {
    rk_write_bytes(w, &v, 1);
}

void rk_write_u16le(struct rk_writer *w, uint16_t v) {
    uint8_t *p = rk_write_room(w, 2);
    if (p) {
        rk_put_u16le(p, v);
    }
}

void rk_write_u16be(struct rk_writer *w, uint16_t v) {
    uint8_t *p = rk_write_room(w, 2);
    if (p) {
        rk_put_u16be(p, v);
    }
}

void rk_write_u32le(struct rk_writer *w, uint32_t v) {
    uint8_t *p = rk_write_room(w, 4);
    if (p) {
        rk_put_u32le(p, v);
    }
}

void rk_write_u32be(struct rk_writer *w, uint32_t v) {
    uint8_t *p = rk_write_room(w, 4);
    if (p) {
        rk_put_u32be(p, v);
    }
}
