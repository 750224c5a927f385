/* What a device says it has (describe), kept packed: some 200 bytes instead of the JSON text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/proto/describe.h"
#include "server/device/session.h"

#define NAMES_MAX     4096
#define MODULES_MAX   32
#define TYPE_FUNCTION 0

/* What one document says, until it is known to be good. */
struct gather {
    struct rk_profile *p;
    bool failed;
};

static void add_name(struct gather *g, uint8_t type, struct rk_span name) {
    struct rk_profile *p = g->p;
    size_t need = p->names_len + 2 + name.len;
    if (need > NAMES_MAX) {
        return; /* more than any board can have */
    }
    if (need > p->names_cap) {
        size_t cap = RK_MIN((size_t)NAMES_MAX, (need + 63) & ~(size_t)63);
        uint8_t *names = realloc(p->names, cap);
        if (!names) {
            g->failed = true;
            return;
        }
        p->names = names;
        p->names_cap = (uint16_t)cap;
    }
    uint8_t *at = p->names + p->names_len;
    at[0] = type;
    at[1] = (uint8_t)name.len;
    memcpy(at + 2, name.data, name.len);
    p->names_len = (uint16_t)need;
}

static void on_function(void *ctx, struct rk_span name) {
    struct gather *g = ctx;
    g->p->parts |= RK_DESCRIBE_APPLICATION;
    add_name(g, TYPE_FUNCTION, name);
}

static void on_variable(void *ctx, struct rk_span name, enum rk_value_type type) {
    struct gather *g = ctx;
    g->p->parts |= RK_DESCRIBE_APPLICATION;
    if (type != TYPE_FUNCTION) {
        add_name(g, (uint8_t)type, name);
    }
}

static void on_module(void *ctx, const struct rk_describe_module *m) {
    struct gather *g = ctx;
    struct rk_profile *p = g->p;
    p->parts |= RK_DESCRIBE_SYSTEM;
    if (!m->has_info || p->module_count >= MODULES_MAX) {
        return;
    }
    struct rk_profile_module *modules =
        realloc(p->modules, (p->module_count + 1u) * sizeof *modules);
    if (!modules) {
        g->failed = true;
        return;
    }
    p->modules = modules;
    modules[p->module_count++] = (struct rk_profile_module){
        m->function, m->index, m->version, m->store, (m->checked & ~m->passed) == 0};
}

static void on_platform(void *ctx, uint16_t platform) {
    ((struct gather *)ctx)->p->parts |= RK_DESCRIBE_SYSTEM;
}

/* What the new document does not have is kept from the old: the parts may come one by one. */
static void keep_missing(struct rk_profile *fresh, struct rk_profile *old) {
    if (!(fresh->parts & RK_DESCRIBE_APPLICATION)) {
        fresh->names = old->names;
        fresh->names_len = old->names_len;
        fresh->names_cap = old->names_cap;
        old->names = NULL;
    }
    if (!(fresh->parts & RK_DESCRIBE_SYSTEM)) {
        fresh->modules = old->modules;
        fresh->module_count = old->module_count;
        old->modules = NULL;
    }
    fresh->parts |= old->parts;
}

int rk_profile_merge(struct rk_profile **profile, struct rk_span json) {
    struct gather g = {.p = calloc(1, sizeof *g.p)};
    if (!g.p) {
        return RK_E_NO_MEMORY;
    }
    struct rk_describe_sink sink = {&g, on_function, on_variable, on_module, on_platform};
    int err = rk_describe_parse(json, &sink);
    if (!err && g.failed) {
        err = RK_E_NO_MEMORY;
    }
    if (err) {
        rk_profile_free(g.p);
        return err;
    }
    if (*profile) {
        keep_missing(g.p, *profile);
        rk_profile_free(*profile);
    }
    *profile = g.p;
    return 0;
}

void rk_profile_free(struct rk_profile *p) {
    if (p) {
        free(p->names);
        free(p->modules);
        free(p);
    }
}

/* The entry with this name: letters of either case, as the known servers do; the device's spelling
 * is what is sent (cloud-protocol.md 3.5). */
static const uint8_t *find(const struct rk_profile *p, const char *name, bool function) {
    size_t len = strlen(name);
    for (size_t pos = 0; p && pos < p->names_len; pos += 2u + p->names[pos + 1]) {
        const uint8_t *entry = p->names + pos;
        if ((entry[0] == TYPE_FUNCTION) == function && entry[1] == len &&
            strncasecmp((const char *)entry + 2, name, len) == 0) {
            return entry;
        }
    }
    return NULL;
}

static bool spell(const uint8_t *entry, char spelled[RK_NAME_MAX + 1]) {
    if (entry) {
        memcpy(spelled, entry + 2, entry[1]);
        spelled[entry[1]] = '\0';
    }
    return entry != NULL;
}

bool rk_profile_function(const struct rk_profile *p, const char *name,
                         char spelled[RK_NAME_MAX + 1]) {
    return spell(find(p, name, true), spelled);
}

bool rk_profile_variable(const struct rk_profile *p, const char *name,
                         char spelled[RK_NAME_MAX + 1], enum rk_value_type *type) {
    const uint8_t *entry = find(p, name, false);
    *type = entry ? (enum rk_value_type)entry[0] : RK_VALUE_INT;
    return spell(entry, spelled);
}

uint16_t rk_profile_system_version(const struct rk_profile *p) {
    uint16_t version = 0;
    for (unsigned i = 0; p && i < p->module_count; i++) {
        if (p->modules[i].function == 's' && p->modules[i].store == 'm') {
            version = RK_MAX(version, p->modules[i].version);
        }
    }
    return version;
}

bool rk_session_has_module(const struct rk_session *s, char function, uint8_t index,
                           uint16_t version) {
    const struct rk_profile *p = s->profile;
    for (unsigned i = 0; p && i < p->module_count; i++) {
        const struct rk_profile_module *m = &p->modules[i];
        if (m->store == 'm' && m->function == function && m->index == index &&
            m->version >= version) {
            return true;
        }
    }
    return false;
}

/* --- as JSON again -------------------------------------------------------------------------------
 */

static void put(struct rk_writer *w, const char *text) {
    rk_write_bytes(w, text, strlen(text));
}

/* Names have no control characters and no backslash (describe.h); only the quote needs care. */
static void put_name(struct rk_writer *w, const uint8_t *entry) {
    put(w, "\"");
    for (unsigned i = 0; i < entry[1]; i++) {
        if (entry[2 + i] != '"') {
            rk_write_u8(w, entry[2 + i]);
        }
    }
    put(w, "\"");
}

static void put_number(struct rk_writer *w, unsigned value) {
    if (value >= 10) {
        put_number(w, value / 10);
    }
    rk_write_u8(w, (uint8_t)('0' + value % 10));
}

static void put_names(struct rk_writer *w, const struct rk_profile *p, bool functions) {
    bool first = true;
    for (size_t pos = 0; p && pos < p->names_len; pos += 2u + p->names[pos + 1]) {
        const uint8_t *entry = p->names + pos;
        if ((entry[0] == TYPE_FUNCTION) != functions) {
            continue;
        }
        put(w, first ? "" : ",");
        first = false;
        put_name(w, entry);
        if (!functions) {
            put(w, ":");
            put_number(w, entry[0]);
        }
    }
}

int rk_profile_write(const struct rk_profile *p, uint16_t platform, char *out, size_t cap) {
    struct rk_writer w = rk_writer_init(out, cap);
    put(&w, "{\"f\":[");
    put_names(&w, p, true);
    put(&w, "],\"v\":{");
    put_names(&w, p, false);
    put(&w, "}");
    if (platform != RK_PLATFORM_UNKNOWN) {
        put(&w, ",\"p\":");
        put_number(&w, platform);
    }
    put(&w, "}");
    return w.overrun ? RK_E_TOO_BIG : (int)w.len;
}
