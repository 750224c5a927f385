/* Log lines: see log.h. */
#include "server/loop/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *l, const char *text) {
    size_t n = strlen(text);
    if (n > sizeof l->text - l->len - 2) {
        n = sizeof l->text - l->len - 2;
    }
    memcpy(l->text + l->len, text, n);
    l->len += n;
}

/* Texts may come from a device: nothing in them can end the line or the string. */
static void put_quoted(struct line *l, const char *text) {
    char piece[8];
    put(l, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            snprintf(piece, sizeof piece, "\\%c", c);
        } else if (c < 0x20 || c == 0x7F) {
            snprintf(piece, sizeof piece, "\\u%04x", c);
        } else {
            snprintf(piece, sizeof piece, "%c", c);
        }
        put(l, piece);
    }
    put(l, "\"");
}

static bool is_plain(const char *text) {
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-/") ==
           strlen(text);
}

static void put_time(struct line *l) {
    struct timespec now;
    struct tm tm;
    char text[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03ldZ", now.tv_nsec / 1000000);
    put(l, text);
}

static void put_pair(struct line *l, bool json, const char *key, const char *value) {
    if (json) {
        put(l, ",");
        put_quoted(l, key);
        put(l, ":");
        put_quoted(l, value);
        return;
    }
    put(l, " ");
    put(l, key);
    put(l, "=");
    if (is_plain(value)) {
        put(l, value);
    } else {
        put_quoted(l, value);
    }
}

void rk_log(const struct rk_log *log, enum rk_log_level level, const char *event, ...) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    struct line l = {.len = 0};
    if (level > log->level) {
        return;
    }
    put(&l, log->json ? "{\"time\":\"" : "");
    put_time(&l);
    put(&l, log->json ? "\",\"level\":\"" : " ");
    put(&l, names[level]);
    put(&l, log->json ? "\",\"event\":\"" : " ");
    put(&l, event);
    put(&l, log->json ? "\"" : "");
    va_list args;
    va_start(args, event);
    for (const char *key; (key = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        if (value && *value) {
            put_pair(&l, log->json, key, value);
        }
    }
    va_end(args);
    l.len = l.len > sizeof l.text - 3 ? sizeof l.text - 3 : l.len;
    put(&l, log->json ? "}" : "");
    l.text[l.len++] = '\n';
    if (write(log->fd, l.text, l.len) < 0) {
        return; /* nowhere to say so */
    }
}
