/* The generations of devices as data (cloud-protocol.md 0). */
#ifndef RK_COMMON_PROTO_GENERATION_H
#define RK_COMMON_PROTO_GENERATION_H

#include "common/base/attr.h"

enum rk_generation_id {
#define RK_GENERATION(name, text, ...) RK_GENERATION_##name,
#include "common/proto/generation.def"
#undef RK_GENERATION
    RK_GENERATIONS,
};

/* How a describe request is answered. */
enum rk_describe_style {
    RK_DESCRIBE_PLAIN,    /* one ACK, application part only */
    RK_DESCRIBE_TWICE,    /* two ACKs, the second with a garbage id */
    RK_DESCRIBE_ACK,      /* one ACK with the parts asked for */
    RK_DESCRIBE_SEPARATE, /* empty ACK, then a CON */
};

struct rk_generation {
    const char *text;
    bool has_key;      /* the claim holds the device's public key */
    bool has_platform; /* the hello holds the platform id */
    uint8_t hello_flags;
    uint16_t hello_timeout_ms; /* 0: does not wait for the server's hello */
    bool little_endian_id;     /* first message id from the salt */
    enum rk_describe_style describe;
    bool variable_separate; /* empty ACK, then a NON */
    bool fast;              /* knows fast updates */
    bool ready_payload;     /* update-ready says whether fast was accepted */
    bool answers_chunks;    /* also in fast mode */
    bool finishes_itself;   /* sends its own update done after missed chunks */
    bool done_json;
    bool fresh_ack_id;  /* of signal and server pings */
    bool missed_single; /* one index for each list */
    bool missed_non;
};

const struct rk_generation *rk_generation(enum rk_generation_id id);

#endif
