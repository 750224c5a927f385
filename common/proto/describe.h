/* The describe document (cloud-protocol.md 3.4): what functions, variables and modules a device
 * has. Read without memory: each item goes to a sink as it is met. Both parts, in one document or
 * two.
 */
#ifndef RK_COMMON_PROTO_DESCRIBE_H
#define RK_COMMON_PROTO_DESCRIBE_H

#include "common/proto/message.h"

#define RK_DESCRIBE_DEPENDENCIES_MAX 4

struct rk_describe_dependency {
    char function;
    uint8_t index;
    uint16_t version;
};

struct rk_describe_module {
    uint32_t max_size;
    char store;       /* m main, b backup, f factory, t scratchpad */
    uint16_t checked; /* validity bits */
    uint16_t passed;
    bool has_info;             /* the slot holds a module: what follows is set */
    struct rk_span sha256_hex; /* user part only */
    char function; /* b bootloader, m monolithic, s system, u user, r resource, c, a, n */
    uint8_t index;
    uint16_t version;
    unsigned dependencies;
    struct rk_describe_dependency dependency[RK_DESCRIBE_DEPENDENCIES_MAX];
};

/* Any of the functions may be NULL. Names are not terminated. */
struct rk_describe_sink {
    void *ctx;
    void (*function)(void *ctx, struct rk_span name);
    void (*variable)(void *ctx, struct rk_span name, enum rk_value_type type);
    void (*module)(void *ctx, const struct rk_describe_module *module);
    void (*platform)(void *ctx, uint16_t platform);
};

/* RK_E_PROTOCOL when it is not such a document; items before the fault have been handed out.
 * Unknown keys are passed over; functions and variables whose names have no place in a message,
 * too. */
int rk_describe_parse(struct rk_span json, const struct rk_describe_sink *sink);

struct rk_describe_variable {
    const char *name;
    enum rk_value_type type;
};

/* Device side: writes {"f":[...],"v":{...}} and, unless platform is RK_PLATFORM_UNKNOWN,
 * "p":platform,"m":[]. Length, or RK_E_TOO_BIG. */
int rk_describe_write(const char *const *functions, size_t function_count,
                      const struct rk_describe_variable *variables, size_t variable_count,
                      uint16_t platform, uint8_t *out, size_t cap);

/* The result in an update done: {"r":"ok"|"error",...}. True only for a document that says error.
 */
bool rk_update_json_is_error(struct rk_span json);

#endif
