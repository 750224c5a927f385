/* Payloads that only their context explains (cloud-protocol.md 3.5, 3.6, 3.12), and the presence
 * datagram: see message.h.
 */
#include "common/base/error.h"
#include "common/proto/message.h"

static const uint8_t presence_head[] = {0x50, 0x02, 0x00, 0x00, 0xb1, 0x68, 0xff};

void rk_payload_put_i32(uint8_t out[RK_INT_BYTES], int32_t value) {
    rk_put_u32be(out, (uint32_t)value);
}

int rk_payload_get_i32(struct rk_span payload, int32_t *value) {
    if (payload.len != RK_INT_BYTES) {
        return RK_E_PROTOCOL;
    }
    *value = (int32_t)rk_get_u32be(payload.data);
    return 0;
}

/* Doubles are the one little-endian thing on the wire. */
static double get_double_le(const uint8_t *p) {
    union {
        uint64_t bits;
        double real;
    } u = {.bits = (uint64_t)rk_get_u32le(p + 4) << 32 | rk_get_u32le(p)};
    return u.real;
}

static void put_double_le(uint8_t *p, double real) {
    union {
        double real;
        uint64_t bits;
    } u = {.real = real};
    rk_put_u32le(p, (uint32_t)u.bits);
    rk_put_u32le(p + 4, (uint32_t)(u.bits >> 32));
}

int rk_value_decode(enum rk_value_type type, struct rk_span payload, struct rk_value *value) {
    *value = (struct rk_value){.type = type};
    switch (type) {
    case RK_VALUE_BOOL:
        if (payload.len != 1) {
            return RK_E_PROTOCOL;
        }
        value->truth = payload.data[0] != 0;
        return 0;
    case RK_VALUE_INT: return rk_payload_get_i32(payload, &value->number);
    case RK_VALUE_DOUBLE:
        if (payload.len != 8) {
            return RK_E_PROTOCOL;
        }
        value->real = get_double_le(payload.data);
        return 0;
    case RK_VALUE_STRING: value->text = payload; return 0;
    }
    return RK_E_UNSUPPORTED;
}

int rk_value_encode(const struct rk_value *value, uint8_t *out, size_t cap) {
    struct rk_writer w = rk_writer_init(out, cap);
    uint8_t *p;
    switch (value->type) {
    case RK_VALUE_BOOL: rk_write_u8(&w, value->truth); break;
    case RK_VALUE_INT: rk_write_u32be(&w, (uint32_t)value->number); break;
    case RK_VALUE_DOUBLE:
        p = rk_write_room(&w, 8);
        if (p) {
            put_double_le(p, value->real);
        }
        break;
    case RK_VALUE_STRING: rk_write_bytes(&w, value->text.data, value->text.len); break;
    default: return RK_E_UNSUPPORTED;
    }
    return w.overrun ? RK_E_TOO_BIG : (int)w.len;
}

int rk_goodbye_reason(struct rk_span payload, uint32_t *reason) {
    *reason = 0;
    for (unsigned i = 0; i < payload.len && i < 4; i++) {
        *reason |= (uint32_t)(payload.data[i] & 0x7F) << (7 * i);
        if (!(payload.data[i] & 0x80)) {
            return 0;
        }
    }
    return RK_E_PROTOCOL;
}

void rk_presence_encode(const struct rk_device_id *id, uint8_t out[RK_PRESENCE_BYTES]) {
    struct rk_writer w = rk_writer_init(out, RK_PRESENCE_BYTES);
    rk_write_bytes(&w, presence_head, sizeof presence_head);
    rk_write_bytes(&w, id->bytes, sizeof id->bytes);
}

int rk_presence_decode(const void *data, size_t len, struct rk_device_id *id) {
    struct rk_reader r = rk_reader_init(data, len);
    for (size_t i = 0; i < sizeof presence_head; i++) {
        if (rk_read_u8(&r) != presence_head[i]) {
            return RK_E_PROTOCOL;
        }
    }
    const uint8_t *bytes = rk_read_bytes(&r, RK_DEVICE_ID_BYTES);
    if (!bytes || rk_reader_left(&r)) {
        return RK_E_PROTOCOL;
    }
    for (size_t i = 0; i < RK_DEVICE_ID_BYTES; i++) {
        id->bytes[i] = bytes[i];
    }
    return 0;
}
