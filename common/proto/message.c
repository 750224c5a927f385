/* Messages to and from CoAP: see message.h. Each kind is a pair of small functions: what it writes
 * behind the path letter, and what it reads there. message.def says which pair a kind uses.
 */
#include "common/proto/message.h"

#include "common/base/error.h"

#define BLOCK_BYTES 12 /* of an update begin, 3.13 */

/* A message being written. */
struct out {
    struct rk_writer w;
    unsigned last_option;
};

/* A message being read: options behind the path letter, one at a time. */
struct in {
    const struct rk_coap *coap;
    struct rk_coap_options it;
    bool have; /* an option stands in number, value, len */
    const uint8_t *value;
    size_t len;
};

static void in_advance(struct in *in) {
    in->have = rk_coap_next(&in->it, &in->value, &in->len);
}

static bool in_at(const struct in *in, unsigned number) {
    return in->have && in->it.number == number;
}

static void put_query(struct out *o, const void *value, size_t len) {
    rk_coap_write_option(&o->w, &o->last_option, RK_COAP_URI_QUERY, value, len);
}

static void put_path(struct out *o, const void *value, size_t len) {
    rk_coap_write_option(&o->w, &o->last_option, RK_COAP_URI_PATH, value, len);
}

static void put_payload(struct out *o, struct rk_span data) {
    rk_coap_write_payload(&o->w, data.data, data.len);
}

static struct rk_span in_payload(const struct in *in) {
    return (struct rk_span){in->coap->payload, in->coap->payload_len};
}

static size_t name_len(const char *name) {
    size_t len = 0;
    while (len < RK_NAME_MAX && name[len]) {
        len++;
    }
    return len;
}

/* Path options from here on, joined by '/', into name. RK_E_PROTOCOL for empty, over-long and
 * zero-containing names. */
static int get_name(struct in *in, char name[RK_NAME_MAX + 1]) {
    size_t len = 0;
    for (bool first = true; in_at(in, RK_COAP_URI_PATH); first = false, in_advance(in)) {
        if (len + !first + in->len > RK_NAME_MAX) {
            return RK_E_PROTOCOL;
        }
        if (!first) {
            name[len++] = '/';
        }
        for (size_t i = 0; i < in->len; i++) {
            if (!in->value[i]) {
                return RK_E_PROTOCOL;
            }
            name[len++] = (char)in->value[i];
        }
    }
    name[len] = '\0';
    return len ? 0 : RK_E_PROTOCOL;
}

static void put_nothing(struct out *o, const struct rk_msg *m) {
}

static int get_nothing(struct in *in, struct rk_msg *m) {
    return 0;
}

static void put_raw(struct out *o, const struct rk_msg *m) {
    if (m->payload.len) {
        put_payload(o, m->payload);
    }
}

static int get_raw(struct in *in, struct rk_msg *m) {
    m->payload = in_payload(in);
    return 0;
}

static void put_hello(struct out *o, const struct rk_msg *m) {
    const struct rk_msg_hello *h = &m->hello;
    if (!h->has_fields) {
        return;
    }
    rk_coap_write_payload(&o->w, NULL, 0);
    rk_write_u16be(&o->w, h->product);
    rk_write_u16be(&o->w, h->version);
    rk_write_u8(&o->w, 0);
    rk_write_u8(&o->w, h->flags);
    if (h->has_platform) {
        rk_write_u16be(&o->w, h->platform);
    }
}

static int get_hello(struct in *in, struct rk_msg *m) {
    struct rk_msg_hello *h = &m->hello;
    struct rk_reader r = rk_reader_init(in->coap->payload, in->coap->payload_len);
    h->has_fields = r.len > 0;
    if (!h->has_fields) {
        return 0;
    }
    h->product = rk_read_u16be(&r);
    h->version = rk_read_u16be(&r);
    rk_read_u8(&r);
    h->flags = rk_read_u8(&r);
    h->has_platform = rk_reader_left(&r) >= 2;
    h->platform = h->has_platform ? rk_read_u16be(&r) : RK_PLATFORM_UNKNOWN;
    return r.overrun ? RK_E_PROTOCOL : 0;
}

static void put_describe(struct out *o, const struct rk_msg *m) {
    if (m->describe.has_flags) {
        put_query(o, &m->describe.flags, 1);
    }
}

static int get_describe(struct in *in, struct rk_msg *m) {
    m->describe.flags = RK_DESCRIBE_DEFAULT;
    m->describe.has_flags = in_at(in, RK_COAP_URI_QUERY) && in->len == 1;
    if (m->describe.has_flags) {
        m->describe.flags = in->value[0];
    }
    return 0;
}

static void put_describe_post(struct out *o, const struct rk_msg *m) {
    put_describe(o, m);
    put_payload(o, m->describe.body);
}

static int get_describe_post(struct in *in, struct rk_msg *m) {
    m->describe.body = in_payload(in);
    return get_describe(in, m);
}

/* The argument is always there, or the device reads a length from what follows (3.5). */
static void put_call(struct out *o, const struct rk_msg *m) {
    put_path(o, m->call.name, name_len(m->call.name));
    put_query(o, m->call.arg.data, m->call.arg.len);
}

static int get_call(struct in *in, struct rk_msg *m) {
    int err = get_name(in, m->call.name);
    if (!err && !in_at(in, RK_COAP_URI_QUERY)) {
        err = RK_E_PROTOCOL;
    }
    m->call.arg = (struct rk_span){in->value, err ? 0 : in->len};
    return err;
}

static void put_variable(struct out *o, const struct rk_msg *m) {
    put_path(o, m->variable.name, name_len(m->variable.name));
}

static int get_variable(struct in *in, struct rk_msg *m) {
    return get_name(in, m->variable.name);
}

static void put_event_name(struct out *o, const struct rk_msg_event *e) {
    size_t len = name_len(e->name), start = 0;
    for (size_t i = 0; e->split && i < len; i++) {
        if (e->name[i] == '/') {
            put_path(o, e->name + start, i - start);
            start = i + 1;
        }
    }
    put_path(o, e->name + start, len - start);
}

static void put_event(struct out *o, const struct rk_msg *m) {
    const struct rk_msg_event *e = &m->event;
    put_event_name(o, e);
    if (e->has_ttl) {
        uint8_t ttl[3] = {(uint8_t)(e->ttl_s >> 16), (uint8_t)(e->ttl_s >> 8), (uint8_t)e->ttl_s};
        rk_coap_write_option(&o->w, &o->last_option, RK_COAP_MAX_AGE, ttl, sizeof ttl);
    }
    if (e->has_data) {
        put_payload(o, e->data);
    }
}

static int get_event(struct in *in, struct rk_msg *m) {
    struct rk_msg_event *e = &m->event;
    int err = get_name(in, e->name);
    if (err) {
        return err;
    }
    e->ttl_s = RK_EVENT_TTL;
    e->has_ttl = in_at(in, RK_COAP_MAX_AGE) && in->len <= 4;
    if (e->has_ttl) {
        e->ttl_s = 0;
        for (size_t i = 0; i < in->len; i++) {
            e->ttl_s = e->ttl_s << 8 | in->value[i];
        }
    }
    e->has_data = in->coap->has_payload;
    e->data = in_payload(in);
    return 0;
}

static void put_subscribe(struct out *o, const struct rk_msg *m) {
    const struct rk_msg_subscribe *s = &m->subscribe;
    put_path(o, s->prefix, name_len(s->prefix));
    if (s->scope == RK_SCOPE_MINE) {
        put_query(o, "u", 1);
    } else if (s->scope == RK_SCOPE_DEVICE) {
        char text[RK_DEVICE_ID_TEXT];
        rk_device_id_format(&s->device, text);
        put_payload(o, (struct rk_span){(const uint8_t *)text, 2 * RK_DEVICE_ID_BYTES});
    }
}

static int get_subscribe(struct in *in, struct rk_msg *m) {
    struct rk_msg_subscribe *s = &m->subscribe;
    if (get_name(in, s->prefix)) {
        s->prefix[0] = '\0'; /* an empty name is answered with 4.00, not with a disconnect */
    }
    s->scope = RK_SCOPE_ALL;
    if (in_at(in, RK_COAP_URI_QUERY) && in->len == 1 && in->value[0] == 'u') {
        s->scope = RK_SCOPE_MINE;
    } else if (in->coap->payload_len) {
        s->scope = RK_SCOPE_DEVICE;
        if (!rk_device_id_parse((const char *)in->coap->payload, in->coap->payload_len,
                                &s->device)) {
            s->prefix[0] = '\0';
        }
    }
    return 0;
}

static void put_signal(struct out *o, const struct rk_msg *m) {
    put_query(o, m->signal_on ? "\1" : "\0", 1);
}

static int get_signal(struct in *in, struct rk_msg *m) {
    m->signal_on = in_at(in, RK_COAP_URI_QUERY) && in->len == 1 && in->value[0] == 1;
    return 0;
}

static void put_key_change(struct out *o, const struct rk_msg *m) {
    put_query(o, &m->key_change, 1);
}

static int get_key_change(struct in *in, struct rk_msg *m) {
    bool there = in_at(in, RK_COAP_URI_QUERY) && in->len == 1;
    m->key_change = there ? in->value[0] : 0;
    return 0;
}

static void put_begin(struct out *o, const struct rk_msg *m) {
    const struct rk_msg_begin *b = &m->begin;
    if (!b->has_block) {
        return;
    }
    rk_coap_write_payload(&o->w, NULL, 0);
    rk_write_u8(&o->w, b->fast);
    rk_write_u16be(&o->w, b->chunk_size);
    rk_write_u32be(&o->w, b->length);
    rk_write_u8(&o->w, b->store);
    rk_write_u32be(&o->w, b->address);
}

static int get_begin(struct in *in, struct rk_msg *m) {
    struct rk_msg_begin *b = &m->begin;
    struct rk_reader r = rk_reader_init(in->coap->payload, in->coap->payload_len);
    b->has_block = r.len >= BLOCK_BYTES;
    if (b->has_block) {
        b->fast = rk_read_u8(&r) & 1;
        b->chunk_size = rk_read_u16be(&r);
        b->length = rk_read_u32be(&r);
        b->store = rk_read_u8(&r);
        b->address = rk_read_u32be(&r);
    }
    return b->has_block || r.len == 0 ? 0 : RK_E_PROTOCOL;
}

static void put_chunk(struct out *o, const struct rk_msg *m) {
    const struct rk_msg_chunk *c = &m->chunk;
    uint8_t be[4];
    rk_put_u32be(be, c->crc);
    put_query(o, be, 4);
    if (c->has_index) {
        rk_put_u16be(be, c->index);
        put_query(o, be, 2);
    }
    put_payload(o, c->data);
}

static int get_chunk(struct in *in, struct rk_msg *m) {
    struct rk_msg_chunk *c = &m->chunk;
    if (!in_at(in, RK_COAP_URI_QUERY) || in->len != 4) {
        return RK_E_PROTOCOL;
    }
    c->crc = rk_get_u32be(in->value);
    in_advance(in);
    c->has_index = in_at(in, RK_COAP_URI_QUERY) && in->len == 2;
    c->index = c->has_index ? rk_get_u16be(in->value) : 0;
    c->data = in_payload(in);
    return 0;
}

struct kind_info {
    const char *name;
    uint8_t code;           /* method of a request, 0 for an empty message */
    char letter;            /* of a request */
    enum rk_coap_type type; /* of an empty message */
    void (*put)(struct out *, const struct rk_msg *);
    int (*get)(struct in *, struct rk_msg *);
};

static const struct kind_info kinds[RK_MSG_KINDS] = {
    [RK_MSG_RESPONSE] = {.name = "RESPONSE"},
#define RK_EMPTY(n, t) [RK_MSG_##n] = {.name = #n, .type = (t)},
#define RK_MESSAGE(n, method, chr, body)                                                           \
    [RK_MSG_##n] = {                                                                               \
        .name = #n, .code = (method), .letter = (chr), .put = put_##body, .get = get_##body},
#include "common/proto/message.def"
#undef RK_EMPTY
#undef RK_MESSAGE
};

const char *rk_msg_kind_name(enum rk_msg_kind kind) {
    return (unsigned)kind < RK_MSG_KINDS ? kinds[kind].name : "UNKNOWN";
}

static uint8_t code_of(const struct rk_msg *msg) {
    return msg->kind == RK_MSG_RESPONSE ? msg->response.code : kinds[msg->kind].code;
}

int rk_msg_encode(const struct rk_msg *msg, uint8_t *out, size_t cap) {
    struct out o = {.w = rk_writer_init(out, cap)};
    if ((unsigned)msg->kind >= RK_MSG_KINDS) {
        return RK_E_RANGE;
    }
    const struct kind_info *k = &kinds[msg->kind];
    bool is_empty = msg->kind != RK_MSG_RESPONSE && !k->put;
    rk_coap_write_head(&o.w, is_empty ? k->type : msg->type, code_of(msg), msg->id, &msg->token,
                       msg->has_token ? 1 : 0);
    if (k->put) {
        char letter = k->letter;
        if (msg->kind == RK_MSG_EVENT && msg->event.is_private) {
            letter = 'E';
        }
        put_path(&o, &letter, 1);
        k->put(&o, msg);
    } else if (msg->kind == RK_MSG_RESPONSE &&
               (msg->response.has_payload || msg->response.payload.len)) {
        put_payload(&o, msg->response.payload);
    }
    return o.w.overrun ? RK_E_TOO_BIG : (int)o.w.len;
}

static int decode_empty(const struct rk_coap *coap, struct rk_msg *msg) {
    for (int k = 0; k < RK_MSG_KINDS; k++) {
        if (k != RK_MSG_RESPONSE && !kinds[k].put && kinds[k].type == coap->type) {
            msg->kind = (enum rk_msg_kind)k;
            return 0;
        }
    }
    return RK_E_UNSUPPORTED;
}

static int decode_request(const struct rk_coap *coap, struct rk_msg *msg) {
    struct in in = {.coap = coap, .it = rk_coap_options(coap)};
    in_advance(&in);
    if (!in_at(&in, RK_COAP_URI_PATH) || in.len != 1) {
        return RK_E_UNSUPPORTED;
    }
    char letter = (char)in.value[0];
    bool is_private = letter == 'E';
    letter = is_private ? 'e' : letter;
    in_advance(&in);
    for (int k = 0; k < RK_MSG_KINDS; k++) {
        if (kinds[k].put && kinds[k].code == coap->code && kinds[k].letter == letter) {
            msg->kind = (enum rk_msg_kind)k;
            int err = kinds[k].get(&in, msg);
            if (msg->kind == RK_MSG_EVENT) {
                msg->event.is_private = is_private;
            }
            return err;
        }
    }
    return RK_E_UNSUPPORTED;
}

int rk_msg_decode(const void *data, size_t len, struct rk_msg *msg) {
    struct rk_coap coap;
    int err = rk_coap_parse(data, len, &coap);
    if (err) {
        return err;
    }
    if (coap.token_len > 1) {
        return RK_E_PROTOCOL; /* no device uses more, and answers could not be matched */
    }
    *msg = (struct rk_msg){.type = (enum rk_coap_type)coap.type,
                           .id = coap.id,
                           .has_token = coap.token_len == 1,
                           .token = coap.token_len ? coap.token[0] : 0};
    if (coap.code == RK_COAP_EMPTY) {
        return decode_empty(&coap, msg);
    }
    if (coap.code >> 5 == 0) {
        return decode_request(&coap, msg);
    }
    msg->kind = RK_MSG_RESPONSE;
    msg->response =
        (struct rk_msg_response){coap.code, coap.has_payload, {coap.payload, coap.payload_len}};
    return 0;
}
