/* Messages between device and server as structs, to and from CoAP bytes (cloud-protocol.md 3). One
 * encoder and one decoder serve both directions: no request letter means two things. A response
 * says only its code and payload; whoever asked knows by the token what it answers.
 */
#ifndef RK_COMMON_PROTO_MESSAGE_H
#define RK_COMMON_PROTO_MESSAGE_H

#include "common/proto/coap.h"
#include "common/proto/device_id.h"

#define RK_NAME_MAX         64  /* functions, variables, events, prefixes */
#define RK_NAME_MAX_OLD     12  /* functions and variables before 1.0, and on every Core */
#define RK_ARG_MAX          622 /* function argument, Photon 1.0 and later */
#define RK_ARG_MAX_CORE     64
#define RK_ARG_MAX_2014     63
#define RK_EVENT_DATA_MAX   1024
#define RK_EVENT_DATA_CORE  255
#define RK_EVENT_TTL        60 /* seconds, when a message says nothing */
#define RK_PRODUCT_UNSET    0xFFFF
#define RK_PLATFORM_CORE    0
#define RK_PLATFORM_UNKNOWN 0xFFFF

enum rk_msg_kind {
    RK_MSG_RESPONSE, /* any code of class 2, 4 or 5 */
#define RK_EMPTY(name, type)                   RK_MSG_##name,
#define RK_MESSAGE(name, method, letter, body) RK_MSG_##name,
#include "common/proto/message.def"
#undef RK_EMPTY
#undef RK_MESSAGE
    RK_MSG_KINDS,
};

enum rk_hello_flag {
    RK_HELLO_OTA_SUCCESS = 0x01,
    RK_HELLO_DIAGNOSTICS = 0x02,
    RK_HELLO_IMMEDIATE_UPDATES = 0x04,
    RK_HELLO_GOODBYE = 0x10,
    RK_HELLO_DEVICE_DESCRIBES = 0x20,
    RK_HELLO_COMPRESSED_OTA = 0x40,
    RK_HELLO_OTA_V3 = 0x80,
};

enum rk_describe_flag {
    RK_DESCRIBE_SYSTEM = 1,
    RK_DESCRIBE_APPLICATION = 2,
    RK_DESCRIBE_METRICS = 4,
    RK_DESCRIBE_DEFAULT = 3,
};

enum rk_scope {
    RK_SCOPE_ALL,    /* public events of everyone */
    RK_SCOPE_MINE,   /* of devices of the same owner */
    RK_SCOPE_DEVICE, /* of one device */
};

enum rk_update_store {
    RK_UPDATE_STORE_FIRMWARE = 0,
    RK_UPDATE_STORE_SYSTEM = 1,
    RK_UPDATE_STORE_APPLICATION = 128,
};

struct rk_span {
    const uint8_t *data;
    size_t len;
};

struct rk_msg_hello {
    bool has_fields; /* a device's; a server's has none */
    uint16_t product;
    uint16_t version;
    uint8_t flags;
    bool has_platform; /* not in 2014 */
    uint16_t platform;
};

struct rk_msg_describe {
    bool has_flags;
    uint8_t flags;
    struct rk_span body; /* DESCRIBE_POST only */
};

struct rk_msg_call {
    char name[RK_NAME_MAX + 1];
    struct rk_span arg;
};

struct rk_msg_variable {
    char name[RK_NAME_MAX + 1];
};

struct rk_msg_event {
    char name[RK_NAME_MAX + 1];
    bool is_private;
    bool has_ttl;
    uint32_t ttl_s;
    bool split;    /* encode: one path option for each segment */
    bool has_data; /* encode: the payload marker, even before no data */
    struct rk_span data;
};

struct rk_msg_subscribe {
    char prefix[RK_NAME_MAX + 1];
    enum rk_scope scope;
    struct rk_device_id device; /* RK_SCOPE_DEVICE */
};

struct rk_msg_begin {
    bool has_block; /* not from servers of 2014 */
    bool fast;
    uint16_t chunk_size;
    uint32_t length;
    uint8_t store; /* enum rk_update_store */
    uint32_t address;
};

struct rk_msg_chunk {
    uint32_t crc;
    bool has_index; /* its presence chooses fast mode for this chunk */
    uint16_t index;
    struct rk_span data;
};

struct rk_msg_response {
    uint8_t code;
    bool has_payload; /* encode: the marker, even before nothing */
    struct rk_span payload;
};

struct rk_msg {
    enum rk_msg_kind kind;
    enum rk_coap_type type;
    uint16_t id;
    bool has_token;
    uint8_t token;
    union {
        struct rk_msg_response response;
        struct rk_msg_hello hello;
        struct rk_msg_describe describe; /* DESCRIBE, DESCRIBE_POST */
        struct rk_msg_call call;
        struct rk_msg_variable variable;
        struct rk_msg_event event;
        struct rk_msg_subscribe subscribe;
        struct rk_msg_begin begin; /* UPDATE_BEGIN, SAVE_BEGIN */
        struct rk_msg_chunk chunk;
        struct rk_span payload; /* GOODBYE, CHUNK_MISSED, UPDATE_DONE */
        bool signal_on;
        uint8_t key_change;
    };
};

/* Length of the message written, or RK_E_TOO_BIG, RK_E_RANGE. */
int rk_msg_encode(const struct rk_msg *msg, uint8_t *out, size_t cap);

/* Spans point into data. RK_E_PROTOCOL for what no generation sends, RK_E_UNSUPPORTED for a well
 * formed message with an unknown letter (to be ignored). */
int rk_msg_decode(const void *data, size_t len, struct rk_msg *msg);

/* Names for logs: "HELLO". */
const char *rk_msg_kind_name(enum rk_msg_kind kind);

/* Payloads of responses. */
#define RK_INT_BYTES 4
void rk_payload_put_i32(uint8_t out[RK_INT_BYTES], int32_t value);
int rk_payload_get_i32(struct rk_span payload, int32_t *value);

/* Variables: the answer carries no type, only describe does (cloud-protocol.md 3.6). */
enum rk_value_type {
    RK_VALUE_BOOL = 1,
    RK_VALUE_INT = 2,
    RK_VALUE_STRING = 4,
    RK_VALUE_DOUBLE = 9,
};

struct rk_value {
    enum rk_value_type type;
    union {
        bool truth;
        int32_t number;
        double real;
        struct rk_span text; /* not terminated */
    };
};

/* RK_E_PROTOCOL when the payload's length does not fit the type. */
int rk_value_decode(enum rk_value_type type, struct rk_span payload, struct rk_value *value);
int rk_value_encode(const struct rk_value *value, uint8_t *out, size_t cap);

/* Goodbye's reason bits (3.12), or RK_E_PROTOCOL. */
enum rk_goodbye_reason {
    RK_GOODBYE_CLOUD = 1,
    RK_GOODBYE_RESET = 2,
    RK_GOODBYE_SLEEP = 4,
    RK_GOODBYE_NETWORK = 8,
};
int rk_goodbye_reason(struct rk_span payload, uint32_t *reason);

/* The LAN presence datagram, 19 bytes to 224.0.1.187:5683 (1.6). Not encrypted. */
#define RK_PRESENCE_BYTES 19
void rk_presence_encode(const struct rk_device_id *id, uint8_t out[RK_PRESENCE_BYTES]);
int rk_presence_decode(const void *data, size_t len, struct rk_device_id *id);

#endif
