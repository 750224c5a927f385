/* A device's 12-byte id, shown as 24 lower-case hex digits everywhere (cloud-protocol.md 1.2). */
#ifndef RK_COMMON_PROTO_DEVICE_ID_H
#define RK_COMMON_PROTO_DEVICE_ID_H

#include "common/base/attr.h"

#define RK_DEVICE_ID_BYTES 12
#define RK_DEVICE_ID_TEXT  (2 * RK_DEVICE_ID_BYTES + 1) /* with the terminator */

struct rk_device_id {
    uint8_t bytes[RK_DEVICE_ID_BYTES];
};

void rk_device_id_format(const struct rk_device_id *id, char text[RK_DEVICE_ID_TEXT]);

/* Exactly 24 hex digits of either case; false otherwise, and *id untouched. */
bool rk_device_id_parse(const char *text, size_t len, struct rk_device_id *id);

bool rk_device_id_equal(const struct rk_device_id *a, const struct rk_device_id *b);

#endif
