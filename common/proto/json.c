/* Reading JSON in place: see json.h. */
#include "common/proto/json.h"

#define INT_DIGITS_MAX 17 /* one more still fits an int64_t */

struct rk_json rk_json_init(const void *text, size_t len) {
    return (struct rk_json){.p = text, .end = len ? (const char *)text + len : text};
}

static void fail(struct rk_json *j) {
    j->bad = true;
    j->p = j->end;
}

char rk_json_peek(struct rk_json *j) {
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r')) {
        j->p++;
    }
    return j->p < j->end ? *j->p : 0;
}

static bool take(struct rk_json *j, char c) {
    bool there = rk_json_peek(j) == c;
    if (there) {
        j->p++;
    } else {
        fail(j);
    }
    return there;
}

void rk_json_enter(struct rk_json *j, char bracket) {
    take(j, bracket);
    j->first = true;
    if (++j->depth > RK_JSON_DEPTH_MAX) {
        fail(j);
    }
}

/* Another item in this container? Takes the comma before it, or the bracket at the end. */
static bool more(struct rk_json *j, char closing) {
    char c = rk_json_peek(j);
    if (j->bad || c == closing) {
        if (!j->bad) {
            j->p++;
            j->depth--;
        }
        j->first = false;
        return false;
    }
    bool good = j->first || take(j, ',');
    j->first = false;
    return good;
}

bool rk_json_member(struct rk_json *j, struct rk_span *key) {
    if (!more(j, '}')) {
        return false;
    }
    *key = rk_json_string(j);
    return take(j, ':');
}

bool rk_json_element(struct rk_json *j) {
    return more(j, ']');
}

struct rk_span rk_json_string(struct rk_json *j) {
    if (!take(j, '"')) {
        return (struct rk_span){0};
    }
    const char *start = j->p;
    while (j->p < j->end && *j->p != '"') {
        j->p += *j->p == '\\' && j->end - j->p > 1 ? 2 : 1;
    }
    if (j->p >= j->end) {
        fail(j);
        return (struct rk_span){0};
    }
    return (struct rk_span){(const uint8_t *)start, (size_t)(j->p++ - start)};
}

int64_t rk_json_int(struct rk_json *j) {
    bool negative = rk_json_peek(j) == '-';
    j->p += negative;
    int64_t value = 0;
    int digits = 0;
    for (; digits <= INT_DIGITS_MAX && j->p < j->end && *j->p >= '0' && *j->p <= '9'; digits++) {
        value = value * 10 + (*j->p++ - '0');
    }
    if (digits == 0 || digits > INT_DIGITS_MAX) {
        fail(j);
        return 0;
    }
    return negative ? -value : value;
}

/* Numbers with fractions, and words: whatever is between two separators. */
static void skip_scalar(struct rk_json *j) {
    const char *start = j->p;
    while (j->p < j->end && *j->p != ',' && *j->p != ']' && *j->p != '}') {
        j->p++;
    }
    if (j->p == start) {
        fail(j);
    }
}

void rk_json_skip(struct rk_json *j) {
    struct rk_span key;
    switch (rk_json_peek(j)) {
    case '{':
        rk_json_enter(j, '{');
        while (rk_json_member(j, &key)) {
            rk_json_skip(j);
        }
        break;
    case '[':
        rk_json_enter(j, '[');
        while (rk_json_element(j)) {
            rk_json_skip(j);
        }
        break;
    case '"': rk_json_string(j); break;
    case 0: fail(j); break;
    default: skip_scalar(j); break;
    }
}

bool rk_span_is(struct rk_span s, const char *text) {
    size_t i = 0;
    for (; i < s.len && text[i] && s.data[i] == (uint8_t)text[i]; i++) {
    }
    return i == s.len && !text[i];
}
