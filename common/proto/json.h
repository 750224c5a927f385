/* Reading JSON in place, without memory: the describe of a device and its update results. The
 * reader walks: enter an object, take its members one by one, read or skip each value. One sticky
 * error, as in the byte reader. Strings are handed out as they stand in the text (escapes not
 * resolved): the names in these documents have none.
 */
#ifndef RK_COMMON_PROTO_JSON_H
#define RK_COMMON_PROTO_JSON_H

#include "common/proto/message.h"

#define RK_JSON_DEPTH_MAX 12

struct rk_json {
    const char *p;
    const char *end;
    bool bad;
    unsigned depth;
    bool first; /* no member or element of the innermost container was taken yet */
};

struct rk_json rk_json_init(const void *text, size_t len);

/* The value's first character without taking it, or 0 at the end or after an error. */
char rk_json_peek(struct rk_json *j);

/* Goes into the object or array ('{' or '[') that comes next. */
void rk_json_enter(struct rk_json *j, char bracket);

/* The next member's key; false, and out of the object again, after the last. */
bool rk_json_member(struct rk_json *j, struct rk_span *key);

/* Is there another element? False, and out of the array again, after the last. */
bool rk_json_element(struct rk_json *j);

struct rk_span rk_json_string(struct rk_json *j);
/* A whole number; anything else, or one that does not fit, is an error. */
int64_t rk_json_int(struct rk_json *j);
void rk_json_skip(struct rk_json *j);

bool rk_span_is(struct rk_span s, const char *text);

#endif
