/* The commands of the control socket that go to devices over the bus, and the table of all. Those
 * that go to the store are control_store.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/loop/control_internal.h"

const char *rk_control_text(const json_t *line, const char *key) {
    return json_string_value(json_object_get(line, key));
}

bool rk_control_device(const json_t *line, struct rk_device_id *id) {
    const char *text = rk_control_text(line, "device");
    return text && rk_device_id_parse(text, strlen(text), id);
}

/* --- calls -------------------------------------------------------------------------------------
 */

static json_t *value_to_json(const struct rk_value *value) {
    switch (value->type) {
    case RK_VALUE_BOOL: return json_boolean(value->truth);
    case RK_VALUE_INT: return json_integer(value->number);
    case RK_VALUE_DOUBLE: return json_real(value->real);
    case RK_VALUE_STRING: {
        json_t *text = json_stringn((const char *)value->text.data, value->text.len);
        return text ? text : json_string(""); /* not UTF-8 */
    }
    }
    return json_null();
}

static void on_reply(void *ctx, const struct rk_bus_reply *reply) {
    struct rk_control_request *r = ctx;
    if (reply->error) {
        rk_control_answer_error(r, reply->error, NULL);
        return;
    }
    json_t *fields = json_pack("{s:i}", "return_value", reply->number);
    if (reply->value.type) {
        json_object_set_new(fields, "value", value_to_json(&reply->value));
    }
    rk_control_answer(r, fields);
}

static void request(struct rk_control_request *r, const json_t *line,
                    const struct rk_bus_request *what) {
    struct rk_server *server = rk_control_server(r);
    struct rk_device_id id;
    if (!rk_control_device(line, &id)) {
        rk_control_answer_error(r, RK_E_USAGE, "device must be 24 hex digits");
        return;
    }
    int err = server->bus->ops->request(server->bus, &id, what, on_reply, r, NULL);
    if (err) {
        rk_control_answer_error(r, err, err == RK_E_NOT_FOUND ? "the device is offline" : NULL);
    }
}

static struct rk_span text_span(const char *text) {
    return (struct rk_span){(const uint8_t *)text, text ? strlen(text) : 0};
}

static void run_call(struct rk_control_request *r, const json_t *line) {
    const char *name = rk_control_text(line, "name");
    struct rk_bus_request what = {.kind = RK_BUS_CALL,
                                  .name = name ? name : "",
                                  .arg = text_span(rk_control_text(line, "arg"))};
    request(r, line, &what);
}

static void run_get(struct rk_control_request *r, const json_t *line) {
    const char *name = rk_control_text(line, "name");
    request(r, line, &(struct rk_bus_request){.kind = RK_BUS_GET, .name = name ? name : ""});
}

static void run_signal(struct rk_control_request *r, const json_t *line) {
    bool on = json_is_true(json_object_get(line, "on"));
    request(r, line, &(struct rk_bus_request){.kind = RK_BUS_SIGNAL, .number = on});
}

static void run_ping(struct rk_control_request *r, const json_t *line) {
    request(r, line, &(struct rk_bus_request){.kind = RK_BUS_PING});
}

static void run_describe(struct rk_control_request *r, const json_t *line) {
    request(r, line, &(struct rk_bus_request){.kind = RK_BUS_DESCRIBE});
}

static void run_cancel(struct rk_control_request *r, const json_t *line) {
    request(r, line, &(struct rk_bus_request){.kind = RK_BUS_CANCEL});
}

/* --- events ------------------------------------------------------------------------------------
 */

static void run_publish(struct rk_control_request *r, const json_t *line) {
    struct rk_server *server = rk_control_server(r);
    const char *name = rk_control_text(line, "name"), *data = rk_control_text(line, "data");
    if (!name || !*name || strlen(name) > RK_NAME_MAX || !strncmp(name, "spark", 5) ||
        !strncmp(name, "particle", 8)) {
        rk_control_answer_error(r, RK_E_USAGE,
                                "name: 1 to 64 bytes, not beginning with spark or particle");
        return;
    }
    struct rk_bus_event event = {
        .owner = json_integer_value(json_object_get(line, "owner")),
        .is_private = json_is_true(json_object_get(line, "private")),
        .name = name,
        .has_data = data != NULL,
        .data = text_span(data),
        .ttl_s = RK_EVENT_TTL,
        .published_ms = rk_server_unix_ms(),
    };
    server->bus->ops->publish(server->bus, &event);
    rk_control_answer(r, NULL);
}

struct listener {
    struct rk_control_request *request;
    struct rk_bus *bus;
    struct rk_bus_subscription *on_bus;
};

static void on_event(void *ctx, const struct rk_bus_event *event) {
    struct listener *l = ctx;
    char device[RK_DEVICE_ID_TEXT];
    json_t *data =
        event->has_data ? json_stringn((const char *)event->data.data, event->data.len) : NULL;
    rk_device_id_format(&event->device, device);
    rk_control_event(l->request,
                     json_pack("{s:{s:s, s:o, s:s, s:I, s:b, s:I}}", "event", "name", event->name,
                               "data", data ? data : json_null(), "device", device, "ttl",
                               (json_int_t)event->ttl_s, "private", event->is_private,
                               "published_ms", (json_int_t)event->published_ms));
}

static void listener_gone(void *ctx) {
    struct listener *l = ctx;
    l->bus->ops->unsubscribe(l->bus, l->on_bus);
    free(l);
}

/* Events come as lines until the client leaves. Whoever may open this socket sees everything. */
static void run_subscribe(struct rk_control_request *r, const json_t *line) {
    struct rk_server *server = rk_control_server(r);
    const char *prefix = rk_control_text(line, "prefix");
    struct rk_bus_filter filter = {.scope = RK_BUS_VISIBLE, .prefix = prefix ? prefix : ""};
    filter.owner = json_integer_value(json_object_get(line, "owner"));
    if (rk_control_device(line, &filter.device)) {
        filter.scope = RK_BUS_DEVICE;
    }
    struct listener *l = calloc(1, sizeof *l);
    if (l) {
        l->request = r;
        l->bus = server->bus;
        l->on_bus = server->bus->ops->subscribe(server->bus, &filter, on_event, l);
    }
    if (!l || !l->on_bus) {
        free(l);
        rk_control_answer_error(r, RK_E_NO_MEMORY, NULL);
        return;
    }
    rk_control_keep(r, listener_gone, l);
    rk_control_event(r, json_pack("{s:b}", "ok", 1));
}

/* --- the server itself -------------------------------------------------------------------------
 */

static void run_status(struct rk_control_request *r, const json_t *line) {
    struct rk_server *server = rk_control_server(r);
    const struct rk_hub_stats *st = rk_hub_stats(server->hub);
    rk_control_answer(r,
                      json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I}", "online", (int)st->online,
                                "port", (int)rk_server_device_port(server), "uptime_s",
                                (json_int_t)((uv_now(&server->loop) - server->started_ms) / 1000),
                                "handshakes", (json_int_t)st->handshakes, "refused",
                                (json_int_t)st->refused, "updates_ok", (json_int_t)st->updates_ok,
                                "updates_failed", (json_int_t)st->updates_failed));
}

static const struct {
    const char *name;
    void (*run)(struct rk_control_request *r, const json_t *line);
} commands[] = {
    {"call", run_call},
    {"get", run_get},
    {"signal", run_signal},
    {"ping", run_ping},
    {"describe", run_describe},
    {"cancel", run_cancel},
    {"publish", run_publish},
    {"subscribe", run_subscribe},
    {"status", run_status},
    {"flash", rk_control_flash},
    {"retry", rk_control_retry},
    {"updates", rk_control_updates},
    {"device.add", rk_control_device_add},
    {"device.remove", rk_control_device_remove},
    {"device.owner", rk_control_device_owner},
    {"device.list", rk_control_device_list},
    {"user.add", rk_control_user_add},
    {"user.remove", rk_control_user_remove},
    {"user.list", rk_control_user_list},
};

void rk_control_run(struct rk_control_request *r, const json_t *line) {
    const char *name = rk_control_text(line, "cmd");
    for (size_t i = 0; name && i < RK_COUNT(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            commands[i].run(r, line);
            return;
        }
    }
    rk_control_answer_error(r, RK_E_USAGE, "cmd names no command");
}
