/* Text helpers inside common/opt; no one else includes this. */
#ifndef RK_COMMON_OPT_WORDS_H
#define RK_COMMON_OPT_WORDS_H

#include "common/opt/opt.h"

static inline size_t text_len(const char *text) {
    size_t len = 0;
    while (text[len]) {
        len++;
    }
    return len;
}

static inline bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static inline bool has_prefix(const char *text, const char *prefix, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] != prefix[i]) {
            return false; /* also where text ends first: its NUL differs from the prefix */
        }
    }
    return true;
}

/* Up to the first space: the group of a two-word command. */
static inline size_t first_word_len(const char *text) {
    size_t len = 0;
    while (text[len] && text[len] != ' ') {
        len++;
    }
    return len;
}

/* Completions for fish (complete_fish.c). */
void rk_complete_fish(const struct rk_app *app, const struct rk_sink *out);

static inline size_t put(const struct rk_sink *out, const char *text) {
    size_t len = text_len(text);
    out->put(out->context, text, len);
    return len;
}

static inline void put_all(const struct rk_sink *out, const char *const *texts) {
    for (; *texts; texts++) {
        put(out, *texts);
    }
}

#define PUT(out, ...) put_all(out, (const char *const[]){__VA_ARGS__, NULL})

#endif
