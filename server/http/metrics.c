/* The server's figures as Prometheus text (version 0.0.4). */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/http/http.h"

struct text {
    char *out;
    size_t cap, len;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->out + t->len, t->cap - t->len, format, args);
    va_end(args);
    t->len = n < 0 || (size_t)n >= t->cap - t->len ? t->cap - 1 : t->len + (size_t)n;
}

static void metric(struct text *t, const char *name, const char *type, const char *help,
                   uint64_t value) {
    put(t, "# HELP rekindle_%s %s\n# TYPE rekindle_%s %s\nrekindle_%s %llu\n", name, help, name,
        type, name, (unsigned long long)value);
}

static void put_reasons(struct text *t, const struct rk_hub_stats *st) {
    put(t, "# HELP rekindle_closed_total Connections that ended, by reason.\n"
           "# TYPE rekindle_closed_total counter\n");
    for (int i = 1; i < RK_REASONS; i++) {
        put(t, "rekindle_closed_total{reason=\"%s\"} %llu\n",
            rk_reason_info((enum rk_reason)i)->name, (unsigned long long)st->reasons[i]);
    }
}

size_t rk_metrics_write(const struct rk_server *server, char *out, size_t cap) {
    const struct rk_hub_stats *st = rk_hub_stats(server->hub);
    struct text t = {out, cap, 0};
    metric(&t, "devices_online", "gauge", "Devices that are connected.", st->online);
    metric(&t, "connections", "gauge", "Open device connections, handshakes included.",
           server->conn_count);
    metric(&t, "connections_total", "counter", "Device connections accepted.", st->connections);
    metric(&t, "connections_full_total", "counter", "Connections turned away: too many.",
           server->refused_full);
    metric(&t, "handshakes_total", "counter", "Handshakes answered.", st->handshakes);
    metric(&t, "handshakes_refused_total", "counter", "Connections that did not get in.",
           st->refused);
    metric(&t, "handshakes_waiting", "gauge", "Handshakes that wait for a thread.",
           rk_pool_waiting(server->rsa_pool));
    metric(&t, "frames_in_total", "counter", "Frames from devices.", st->frames_in);
    metric(&t, "frames_out_total", "counter", "Frames to devices.", st->frames_out);
    metric(&t, "pings_total", "counter", "Pings answered.", st->pings);
    metric(&t, "events_total", "counter", "Events published by devices.", st->events);
    metric(&t, "events_slowed_total", "counter", "Events refused: too many.", st->slowed);
    metric(&t, "events_dropped_total", "counter", "Events that a device could not take.",
           st->dropped_events);
    metric(&t, "calls_total", "counter", "Requests to devices.", st->calls);
    metric(&t, "updates_started_total", "counter", "Updates begun.", st->updates_started);
    metric(&t, "updates_ok_total", "counter", "Updates that arrived.", st->updates_ok);
    metric(&t, "updates_failed_total", "counter", "Updates that did not.", st->updates_failed);
    metric(&t, "update_chunks_total", "counter", "Chunks sent, again or not.", st->chunks);
    metric(&t, "store_waiting", "gauge", "Work that waits for the store.",
           rk_pool_waiting(server->store_pool));
    put_reasons(&t, st);
    return t.len;
}
