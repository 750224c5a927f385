/* Address records and key forms: see record.h. */
#include "common/proto/record.h"

#include "common/base/bytes.h"
#include "common/base/error.h"

#define PORT_OFF       66
#define PORT_NONE_LOW  0
#define PORT_NONE_HIGH 0xFFFF
#define INTEGERS       9 /* version, n, e, d, p, q, dp, dq, qp */

static void fill(uint8_t *out, uint8_t value, size_t len) {
    for (size_t i = 0; i < len; i++) {
        out[i] = value;
    }
}

/* Dotted IPv4, strictly four decimal numbers. */
static bool parse_ipv4(const char *text, uint8_t out[4]) {
    for (int part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;
        for (; *text >= '0' && *text <= '9'; text++, digits++) {
            value = value * 10 + (unsigned)(*text - '0');
            if (digits == 3) {
                return false;
            }
        }
        if (!digits || value > 255 || *text != (part < 3 ? '.' : '\0')) {
            return false;
        }
        out[part] = (uint8_t)value;
        text++;
    }
    return true;
}

static bool is_host_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '$';
}

int rk_server_address_parse(const char *host, uint16_t port, struct rk_server_address *address) {
    *address = (struct rk_server_address){.port = port};
    if (parse_ipv4(host, address->ipv4)) {
        return 0;
    }
    address->type = RK_ADDRESS_NAME;
    size_t len = 0;
    for (; host[len]; len++) {
        if (len == RK_ADDRESS_NAME_MAX || !is_host_char(host[len])) {
            return RK_E_RANGE;
        }
        address->name[len] = host[len];
    }
    return len ? 0 : RK_E_RANGE;
}

void rk_server_address_encode(const struct rk_server_address *address,
                              uint8_t out[RK_ADDRESS_RECORD_BYTES]) {
    fill(out, 0xFF, RK_ADDRESS_RECORD_BYTES);
    out[0] = (uint8_t)address->type;
    size_t len = 0;
    if (address->type == RK_ADDRESS_IPV4) {
        for (; len < 4; len++) {
            out[2 + len] = address->ipv4[len];
        }
    } else {
        for (; len < RK_ADDRESS_NAME_MAX && address->name[len]; len++) {
            out[2 + len] = (uint8_t)address->name[len];
        }
    }
    out[1] = (uint8_t)len;
    rk_put_u16be(out + PORT_OFF, address->port);
}

int rk_server_address_decode(const uint8_t *record, size_t len, struct rk_server_address *address) {
    *address = (struct rk_server_address){0};
    if (len < RK_ADDRESS_RECORD_BYTES) {
        return RK_E_TRUNCATED;
    }
    address->type = (enum rk_address_type)record[0];
    size_t value_len = record[1];
    if (record[0] == RK_ADDRESS_IPV4 && value_len == 4) {
        for (size_t i = 0; i < 4; i++) {
            address->ipv4[i] = record[2 + i];
        }
    } else if (record[0] == RK_ADDRESS_NAME && value_len && value_len <= RK_ADDRESS_NAME_MAX) {
        for (size_t i = 0; i < value_len; i++) {
            address->name[i] = (char)record[2 + i];
        }
    } else {
        return RK_E_BAD_FORMAT;
    }
    uint16_t port = rk_get_u16be(record + PORT_OFF);
    address->port = port == PORT_NONE_LOW || port == PORT_NONE_HIGH ? RK_CLOUD_PORT : port;
    return 0;
}

bool rk_server_key_is_valid(const uint8_t *der, size_t len) {
    static const uint8_t head[] = {0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                   0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
                                   0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01,
                                   0x0a, 0x02, 0x82, 0x01, 0x01, 0x00};
    static const uint8_t tail[] = {0x02, 0x03, 0x01, 0x00, 0x01};
    if (len != RK_SERVER_KEY_BYTES) {
        return false;
    }
    for (size_t i = 0; i < sizeof head; i++) {
        if (der[i] != head[i]) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof tail; i++) {
        if (der[len - sizeof tail + i] != tail[i]) {
            return false;
        }
    }
    return der[sizeof head] & 0x80;
}

int rk_server_record_encode(const uint8_t *key_der, size_t key_len,
                            const struct rk_server_address *address,
                            uint8_t out[RK_SERVER_RECORD_BYTES]) {
    if (!rk_server_key_is_valid(key_der, key_len)) {
        return RK_E_KEY;
    }
    struct rk_writer w = rk_writer_init(out, RK_SERVER_KEY_REGION);
    rk_write_bytes(&w, key_der, key_len);
    fill(out + key_len, 0xFF, RK_SERVER_KEY_REGION - key_len);
    rk_server_address_encode(address, out + RK_SERVER_KEY_REGION);
    return 0;
}

/* DER length octets, definite form up to two bytes. */
static size_t read_der_len(struct rk_reader *r) {
    uint8_t first = rk_read_u8(r);
    switch (first) {
    case 0x81: return rk_read_u8(r);
    case 0x82: return rk_read_u16be(r);
    default: r->overrun |= first >= 0x80; return first;
    }
}

/* One INTEGER without its leading zeros. */
static const uint8_t *read_der_int(struct rk_reader *r, size_t *len) {
    if (rk_read_u8(r) != 0x02) {
        r->overrun = true;
    }
    *len = read_der_len(r);
    const uint8_t *value = rk_read_bytes(r, *len);
    while (value && *len && !value[0]) {
        value++;
        (*len)--;
    }
    return value;
}

static void write_padded(struct rk_writer *w, const uint8_t *value, size_t len, size_t room) {
    rk_write_u8(w, 0x02);
    if (room >= 0x80) {
        rk_write_u8(w, 0x81);
    }
    rk_write_u8(w, (uint8_t)room);
    for (size_t i = len; i < room; i++) {
        rk_write_u8(w, 0);
    }
    rk_write_bytes(w, value, len);
}

int rk_device_private_pad(const uint8_t *der, size_t len, uint8_t out[RK_DEVICE_PRIVATE_BYTES]) {
    static const uint8_t room[INTEGERS] = {1, 129, 3, 129, 65, 65, 65, 65, 65};
    struct rk_reader r = rk_reader_init(der, len);
    struct rk_writer w = rk_writer_init(out, RK_DEVICE_PRIVATE_BYTES);
    bool good = rk_read_u8(&r) == 0x30 && read_der_len(&r) <= rk_reader_left(&r);
    rk_write_u8(&w, 0x30);
    rk_write_u8(&w, 0x82);
    rk_write_u16be(&w, RK_DEVICE_PRIVATE_BYTES - 4);
    for (size_t i = 0; good && i < INTEGERS; i++) {
        size_t value_len;
        const uint8_t *value = read_der_int(&r, &value_len);
        good = value && value_len <= (size_t)room[i] - (room[i] > 3);
        if (good && i == 1) {
            good = value_len == 128 && (value[0] & 0x80);
        }
        if (good && i == 2) {
            good = value_len == 3 && value[0] == 1 && value[1] == 0 && value[2] == 1;
        }
        if (good) {
            write_padded(&w, value, value_len, room[i]);
        }
    }
    return good && !r.overrun && !w.overrun ? 0 : RK_E_BAD_FORMAT;
}

int rk_device_private_public(const uint8_t *der, size_t len, uint8_t out[162]) {
    static const uint8_t head[] = {0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                   0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x81,
                                   0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
    uint8_t padded[RK_DEVICE_PRIVATE_BYTES];
    int err = rk_device_private_pad(der, len, padded);
    if (err) {
        return err;
    }
    struct rk_writer w = rk_writer_init(out, 162);
    rk_write_bytes(&w, head, sizeof head);
    rk_write_bytes(&w, padded + 11, 128); /* where the firmware takes it from, too */
    rk_write_bytes(&w, (const uint8_t[]){0x02, 0x03, 0x01, 0x00, 0x01}, 5);
    return 0;
}
