/* CoAP (RFC 7252) as far as this protocol goes: header, options in place, payload. Accepts what
 * devices really send: a payload marker with nothing behind it (cloud-protocol.md 3.7). What the
 * messages mean is message.h.
 */
#ifndef RK_COMMON_PROTO_COAP_H
#define RK_COMMON_PROTO_COAP_H

#include "common/base/bytes.h"

enum rk_coap_type {
    RK_COAP_CON = 0,
    RK_COAP_NON = 1,
    RK_COAP_ACK = 2,
    RK_COAP_RST = 3,
};

#define RK_COAP_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))

enum rk_coap_code {
    RK_COAP_EMPTY = 0,
    RK_COAP_GET = 1,
    RK_COAP_POST = 2,
    RK_COAP_PUT = 3,
    RK_COAP_CHANGED = 0x44,     /* 2.04 */
    RK_COAP_CONTENT = 0x45,     /* 2.05 */
    RK_COAP_BAD_REQUEST = 0x80, /* 4.00 */
    RK_COAP_NOT_FOUND = 0x84,   /* 4.04 */
    RK_COAP_UNAVAILABLE = 0xA3, /* 5.03 */
};

enum rk_coap_option {
    RK_COAP_URI_PATH = 11,
    RK_COAP_MAX_AGE = 14,
    RK_COAP_URI_QUERY = 15,
};

struct rk_coap {
    uint8_t type; /* enum rk_coap_type */
    uint8_t code;
    uint16_t id;
    uint8_t token_len; /* 0..8 */
    uint8_t token[8];
    const uint8_t *options; /* from the first option's head to the payload marker */
    size_t options_len;
    bool has_payload; /* the marker is there */
    const uint8_t *payload;
    size_t payload_len;
};

/* Points into data. RK_E_PROTOCOL for anything that is not a well formed message. */
int rk_coap_parse(const void *data, size_t len, struct rk_coap *msg);

struct rk_coap_options {
    struct rk_reader r;
    unsigned number; /* of the option just read */
};

struct rk_coap_options rk_coap_options(const struct rk_coap *msg);

/* The next option in place; false after the last. */
bool rk_coap_next(struct rk_coap_options *it, const uint8_t **value, size_t *len);

void rk_coap_write_head(struct rk_writer *w, enum rk_coap_type type, uint8_t code, uint16_t id,
                        const uint8_t *token, size_t token_len);

/* *last is the number of the option before (0 at first) and is moved on. */
void rk_coap_write_option(struct rk_writer *w, unsigned *last, unsigned number, const void *value,
                          size_t len);

/* The marker, and the bytes (also when there are none). */
void rk_coap_write_payload(struct rk_writer *w, const void *data, size_t len);

#endif
