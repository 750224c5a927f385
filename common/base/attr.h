/* Compiler attributes and small helpers that every part uses. Includes only freestanding headers.
 */
#ifndef RK_COMMON_BASE_ATTR_H
#define RK_COMMON_BASE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_NODISCARD       __attribute__((warn_unused_result))
#define RK_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define RK_UNUSED          __attribute__((unused))
#define RK_LIKELY(x)       __builtin_expect(!!(x), 1)
#define RK_UNLIKELY(x)     __builtin_expect(!!(x), 0)
#define RK_ALWAYS_INLINE   inline __attribute__((always_inline))
#define RK_NOINLINE        __attribute__((noinline))

#define RK_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RK_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define RK_MAX(a, b)    ((a) > (b) ? (a) : (b))

#endif
