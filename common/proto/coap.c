/* CoAP messages: see coap.h. */
#include "common/proto/coap.h"

#include "common/base/error.h"

#define VERSION      1
#define MARKER       0xFF
#define NIBBLE_1BYTE 13 /* the value follows in one byte, less 13 */
#define NIBBLE_2BYTE 14 /* in two bytes, less 269 */
#define BASE_1BYTE   13
#define BASE_2BYTE   269

/* An option's delta or length: RFC 7252 3.1. Sets overrun for the reserved nibble 15. */
static size_t read_extended(struct rk_reader *r, unsigned nibble) {
    switch (nibble) {
    case NIBBLE_1BYTE: return (size_t)rk_read_u8(r) + BASE_1BYTE;
    case NIBBLE_2BYTE: return (size_t)rk_read_u16be(r) + BASE_2BYTE;
    case 15: r->overrun = true; return 0;
    default: return nibble;
    }
}

static bool read_option(struct rk_reader *r, unsigned *number, const uint8_t **value, size_t *len) {
    uint8_t head = rk_read_u8(r);
    size_t delta = read_extended(r, head >> 4);
    *len = read_extended(r, head & 15);
    *value = rk_read_bytes(r, *len);
    *number += (unsigned)delta;
    return !r->overrun;
}

int rk_coap_parse(const void *data, size_t len, struct rk_coap *msg) {
    struct rk_reader r = rk_reader_init(data, len);
    uint8_t head = rk_read_u8(&r);
    *msg = (struct rk_coap){.type = (head >> 4) & 3, .token_len = head & 15};
    msg->code = rk_read_u8(&r);
    msg->id = rk_read_u16be(&r);
    if (r.overrun || head >> 6 != VERSION || msg->token_len > sizeof msg->token) {
        return RK_E_PROTOCOL;
    }
    for (unsigned i = 0; i < msg->token_len; i++) {
        msg->token[i] = rk_read_u8(&r);
    }
    size_t options_pos = r.pos;
    msg->options = r.data + r.pos;
    while (rk_reader_left(&r) > 0 && r.data[r.pos] != MARKER && !r.overrun) {
        unsigned number = 0;
        const uint8_t *value;
        size_t value_len;
        read_option(&r, &number, &value, &value_len);
    }
    msg->options_len = r.pos - options_pos;
    msg->has_payload = rk_reader_left(&r) > 0;
    if (msg->has_payload) {
        rk_read_u8(&r);
    }
    msg->payload_len = rk_reader_left(&r);
    msg->payload = rk_read_bytes(&r, msg->payload_len);
    return r.overrun ? RK_E_PROTOCOL : 0;
}

struct rk_coap_options rk_coap_options(const struct rk_coap *msg) {
    return (struct rk_coap_options){.r = rk_reader_init(msg->options, msg->options_len)};
}

bool rk_coap_next(struct rk_coap_options *it, const uint8_t **value, size_t *len) {
    return rk_reader_left(&it->r) > 0 && read_option(&it->r, &it->number, value, len);
}

void rk_coap_write_head(struct rk_writer *w, enum rk_coap_type type, uint8_t code, uint16_t id,
                        const uint8_t *token, size_t token_len) {
    rk_write_u8(w, (uint8_t)(VERSION << 6 | type << 4 | token_len));
    rk_write_u8(w, code);
    rk_write_u16be(w, id);
    rk_write_bytes(w, token, token_len);
}

static unsigned nibble(size_t n) {
    return n < BASE_1BYTE ? (unsigned)n : n < BASE_2BYTE ? NIBBLE_1BYTE : NIBBLE_2BYTE;
}

static void write_extended(struct rk_writer *w, size_t n) {
    if (n >= BASE_2BYTE) {
        rk_write_u16be(w, (uint16_t)(n - BASE_2BYTE));
    } else if (n >= BASE_1BYTE) {
        rk_write_u8(w, (uint8_t)(n - BASE_1BYTE));
    }
}

void rk_coap_write_option(struct rk_writer *w, unsigned *last, unsigned number, const void *value,
                          size_t len) {
    size_t delta = number - *last;
    rk_write_u8(w, (uint8_t)(nibble(delta) << 4 | nibble(len)));
    write_extended(w, delta);
    write_extended(w, len);
    rk_write_bytes(w, value, len);
    *last = number;
}

void rk_coap_write_payload(struct rk_writer *w, const void *data, size_t len) {
    rk_write_u8(w, MARKER);
    rk_write_bytes(w, data, len);
}
