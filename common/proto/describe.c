/* The describe document: see describe.h. */
#include "common/proto/describe.h"

#include "common/base/error.h"
#include "common/proto/json.h"

static bool is_name(struct rk_span s) {
    bool good = s.len > 0 && s.len <= RK_NAME_MAX;
    for (size_t i = 0; good && i < s.len; i++) {
        good = s.data[i] >= 0x20 && s.data[i] != '\\' && s.data[i] != 0x7F;
    }
    return good;
}

static void read_functions(struct rk_json *j, const struct rk_describe_sink *sink) {
    rk_json_enter(j, '[');
    while (rk_json_element(j)) {
        struct rk_span name = rk_json_string(j);
        if (!j->bad && sink->function && is_name(name)) {
            sink->function(sink->ctx, name);
        }
    }
}

static void read_variables(struct rk_json *j, const struct rk_describe_sink *sink) {
    struct rk_span name;
    rk_json_enter(j, '{');
    while (rk_json_member(j, &name)) {
        int64_t type = rk_json_int(j);
        if (!j->bad && sink->variable && is_name(name) && type >= 0 && type <= 255) {
            sink->variable(sink->ctx, name, (enum rk_value_type)type);
        }
    }
}

static char first_char(struct rk_span s) {
    return s.len ? (char)s.data[0] : 'n';
}

/* Indexes are written as strings: "0", "1". */
static uint8_t string_index(struct rk_span s) {
    return s.len == 1 && s.data[0] >= '0' && s.data[0] <= '9' ? (uint8_t)(s.data[0] - '0') : 0xFF;
}

static void read_dependency(struct rk_json *j, struct rk_describe_dependency *d) {
    struct rk_span key;
    rk_json_enter(j, '{');
    while (rk_json_member(j, &key)) {
        if (rk_span_is(key, "f")) {
            d->function = first_char(rk_json_string(j));
        } else if (rk_span_is(key, "n")) {
            d->index = string_index(rk_json_string(j));
        } else if (rk_span_is(key, "v")) {
            d->version = (uint16_t)rk_json_int(j);
        } else {
            rk_json_skip(j);
        }
    }
}

static void read_dependencies(struct rk_json *j, struct rk_describe_module *m) {
    rk_json_enter(j, '[');
    while (rk_json_element(j)) {
        struct rk_describe_dependency d = {.function = 'n'};
        read_dependency(j, &d);
        if (m->dependencies < RK_DESCRIBE_DEPENDENCIES_MAX) {
            m->dependency[m->dependencies++] = d;
        }
    }
}

static void read_module_member(struct rk_json *j, struct rk_span key,
                               struct rk_describe_module *m) {
    if (rk_span_is(key, "s")) {
        m->max_size = (uint32_t)rk_json_int(j);
    } else if (rk_span_is(key, "l")) {
        m->store = first_char(rk_json_string(j));
    } else if (rk_span_is(key, "vc")) {
        m->checked = (uint16_t)rk_json_int(j);
    } else if (rk_span_is(key, "vv")) {
        m->passed = (uint16_t)rk_json_int(j);
    } else if (rk_span_is(key, "u")) {
        m->sha256_hex = rk_json_string(j);
    } else if (rk_span_is(key, "f")) {
        m->function = first_char(rk_json_string(j));
        m->has_info = true;
    } else if (rk_span_is(key, "n")) {
        m->index = string_index(rk_json_string(j));
    } else if (rk_span_is(key, "v")) {
        m->version = (uint16_t)rk_json_int(j);
    } else if (rk_span_is(key, "d")) {
        read_dependencies(j, m);
    } else {
        rk_json_skip(j);
    }
}

static void read_modules(struct rk_json *j, const struct rk_describe_sink *sink) {
    rk_json_enter(j, '[');
    while (rk_json_element(j)) {
        struct rk_describe_module m = {.store = 'm', .function = 'n', .index = 0xFF};
        struct rk_span key;
        rk_json_enter(j, '{');
        while (rk_json_member(j, &key)) {
            read_module_member(j, key, &m);
        }
        if (!j->bad && sink->module) {
            sink->module(sink->ctx, &m);
        }
    }
}

static void read_platform(struct rk_json *j, const struct rk_describe_sink *sink) {
    int64_t platform = rk_json_int(j);
    if (!j->bad && sink->platform && platform >= 0 && platform <= 0xFFFF) {
        sink->platform(sink->ctx, (uint16_t)platform);
    }
}

/* A key may also stand for something else in a later version: only the known shape is read. */
static void read_member(struct rk_json *j, struct rk_span key,
                        const struct rk_describe_sink *sink) {
    char shape = rk_json_peek(j);
    if (rk_span_is(key, "f") && shape == '[') {
        read_functions(j, sink);
    } else if (rk_span_is(key, "v") && shape == '{') {
        read_variables(j, sink);
    } else if (rk_span_is(key, "m") && shape == '[') {
        read_modules(j, sink);
    } else if (rk_span_is(key, "p") && shape >= '0' && shape <= '9') {
        read_platform(j, sink);
    } else {
        rk_json_skip(j);
    }
}

int rk_describe_parse(struct rk_span json, const struct rk_describe_sink *sink) {
    struct rk_json j = rk_json_init(json.data, json.len);
    struct rk_span key;
    rk_json_enter(&j, '{');
    while (rk_json_member(&j, &key)) {
        read_member(&j, key, sink);
    }
    return j.bad || rk_json_peek(&j) ? RK_E_PROTOCOL : 0;
}

static void put_text(struct rk_writer *w, const char *text) {
    for (; *text; text++) {
        rk_write_u8(w, (uint8_t)*text);
    }
}

static void put_quoted(struct rk_writer *w, const char *text) {
    put_text(w, "\"");
    put_text(w, text);
    put_text(w, "\"");
}

static void put_number(struct rk_writer *w, unsigned value) {
    if (value >= 10) {
        put_number(w, value / 10);
    }
    rk_write_u8(w, (uint8_t)('0' + value % 10));
}

int rk_describe_write(const char *const *functions, size_t function_count,
                      const struct rk_describe_variable *variables, size_t variable_count,
                      uint16_t platform, uint8_t *out, size_t cap) {
    struct rk_writer w = rk_writer_init(out, cap);
    put_text(&w, "{\"f\":[");
    for (size_t i = 0; i < function_count; i++) {
        put_text(&w, i ? "," : "");
        put_quoted(&w, functions[i]);
    }
    put_text(&w, "],\"v\":{");
    for (size_t i = 0; i < variable_count; i++) {
        put_text(&w, i ? "," : "");
        put_quoted(&w, variables[i].name);
        put_text(&w, ":");
        put_number(&w, variables[i].type);
    }
    put_text(&w, "}");
    if (platform != RK_PLATFORM_UNKNOWN) {
        put_text(&w, ",\"p\":");
        put_number(&w, platform);
        put_text(&w, ",\"m\":[]");
    }
    put_text(&w, "}");
    return w.overrun ? RK_E_TOO_BIG : (int)w.len;
}

bool rk_update_json_is_error(struct rk_span json) {
    struct rk_json j = rk_json_init(json.data, json.len);
    struct rk_span key;
    bool is_error = false;
    rk_json_enter(&j, '{');
    while (rk_json_member(&j, &key)) {
        if (rk_span_is(key, "r") && rk_json_peek(&j) == '"') {
            is_error = rk_span_is(rk_json_string(&j), "error");
        } else {
            rk_json_skip(&j);
        }
    }
    return is_error;
}
