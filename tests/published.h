/* Published firmware images for tests, read from the user's store (never from git). Where one is
 * missing the test is skipped and the reason printed; ./x test then ends INCOMPLETE.
 */
#ifndef RK_TESTS_PUBLISHED_H
#define RK_TESTS_PUBLISHED_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the image with this catalogue id; the caller frees them. NULL when it is not in the
 * store. For programs that are not cmocka tests too. */
uint8_t *rk_published_find(const char *id, size_t *len);

/* The bytes of the image with this catalogue id ("core-tinker-0.7.0"); the caller frees them. Skips
 * the calling cmocka test when it is not in the store. */
uint8_t *rk_published_image(const char *id, size_t *len);

/* Prints why and skips the calling cmocka test. Use this instead of cmocka's skip(): a skip without
 * a reason cannot be judged. */
void rk_skip(const char *reason);

#endif
