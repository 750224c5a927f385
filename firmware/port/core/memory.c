/* What a compiler calls by itself: there is no C library on the chip. Byte by byte, which is small
 * and fast enough for what the firmware copies. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int value, size_t len);
void __aeabi_memcpy(void *to, const void *from, size_t len);
void __aeabi_memcpy4(void *to, const void *from, size_t len);
void __aeabi_memset(void *to, size_t len, int value);
void __aeabi_memclr(void *to, size_t len);
void __aeabi_memclr4(void *to, size_t len);

/* The loops below must not be turned back into calls of themselves. */
#if defined(__clang__)
#define AS_WRITTEN __attribute__((no_builtin))
#else
#define AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

AS_WRITTEN void *memcpy(void *restrict to, const void *restrict from, size_t len) {
    uint8_t *d = to;
    const uint8_t *s = from;
    while (len-- > 0) {
        *d++ = *s++;
    }
    return to;
}

AS_WRITTEN void *memset(void *to, int value, size_t len) {
    uint8_t *d = to;
    while (len-- > 0) {
        *d++ = (uint8_t)value;
    }
    return to;
}

/* The names of the run-time ABI (IHI0043 4.3.4), which clang uses. */
void __aeabi_memcpy(void *to, const void *from, size_t len) {
    (void)memcpy(to, from, len);
}

void __aeabi_memcpy4(void *to, const void *from, size_t len) {
    (void)memcpy(to, from, len);
}

void __aeabi_memset(void *to, size_t len, int value) {
    (void)memset(to, value, len);
}

void __aeabi_memclr(void *to, size_t len) {
    (void)memset(to, 0, len);
}

void __aeabi_memclr4(void *to, size_t len) {
    (void)memset(to, 0, len);
}
