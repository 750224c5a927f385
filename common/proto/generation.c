/* The table behind generation.h. */
#include "common/proto/generation.h"

static const struct rk_generation generations[] = {
#define RK_GENERATION(name, words, ...) {.text = words, __VA_ARGS__},
#include "common/proto/generation.def"
#undef RK_GENERATION
};

const struct rk_generation *rk_generation(enum rk_generation_id id) {
    return (unsigned)id < RK_GENERATIONS ? &generations[id] : NULL;
}
