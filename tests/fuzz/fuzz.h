/* The entry of every fuzz target: bytes from outside in, no crash, no hang, no leak. The same
 * source is linked with libFuzzer (./x fuzz) and with tests/fuzz/replay.c (the plain test run).
 */
#ifndef RK_TESTS_FUZZ_FUZZ_H
#define RK_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0. Must not keep state from one call to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
