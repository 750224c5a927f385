/* The commands of the control socket that go to the store: each runs on the store's thread, and is
 * answered when it is written.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/device/update_check.h"
#include "server/loop/control_internal.h"

#define IMAGE_MAX     (1024 * 1024)
#define ARGON2_MEMORY ((size_t)19 * 1024 * 1024) /* design.md: 19 MiB, 2 passes, about 22 ms */
#define ARGON2_PASSES 2
#define PASSWORD_MIN  8

struct command {
    struct rk_work work;
    struct rk_control_request *request;
    struct rk_store *store;
    struct rk_server *server;
    int (*run)(struct command *c);    /* on the store's thread */
    void (*after)(struct command *c); /* on the loop's, when it went well; may be NULL */
    int err;
    char why[RK_STORE_TEXT_MAX + 1]; /* or the error's own text */
    json_t *fields;                  /* of the answer */
    struct rk_device_id id;
    struct rk_store_device device;
    struct rk_store_user user;
    struct rk_store_update update;
    char owner[RK_STORE_NAME_MAX + 1];
    char password[256];
    bool replace;
    uint8_t *image;
    size_t image_len;
};

static void run_command(struct rk_work *work) {
    struct command *c = (struct command *)work;
    c->err = c->run(c);
}

static void command_done(struct rk_work *work) {
    struct command *c = (struct command *)work;
    if (c->err) {
        rk_control_answer_error(c->request, c->err, c->why[0] ? c->why : NULL);
        json_decref(c->fields);
    } else {
        if (c->after) {
            rk_server_now(c->server);
            c->after(c);
        }
        rk_control_answer(c->request, c->fields);
    }
    free(c->image);
    sodium_memzero(c->password, sizeof c->password);
    free(c);
}

static struct command *command_new(struct rk_control_request *r, int (*run)(struct command *c)) {
    struct command *c = calloc(1, sizeof *c);
    if (!c) {
        rk_control_answer_error(r, RK_E_NO_MEMORY, NULL);
        return NULL;
    }
    c->work = (struct rk_work){NULL, run_command, command_done};
    c->request = r;
    c->server = rk_control_server(r);
    c->store = c->server->store;
    c->run = run;
    return c;
}

static void refuse(struct command *c, int err, const char *why) {
    rk_control_answer_error(c->request, err, why);
    free(c->image);
    free(c);
}

static void submit(struct command *c) {
    rk_pool_submit(c->server->store_pool, &c->work);
}

static bool copy_text(char *out, size_t cap, const char *text) {
    return (size_t)snprintf(out, cap, "%s", text ? text : "") < cap;
}

/* The command's device, or an answer that says what is wrong. */
static struct command *command_device(struct rk_control_request *r, const json_t *line,
                                      int (*run)(struct command *c)) {
    struct command *c = command_new(r, run);
    if (c && !rk_control_device(line, &c->id)) {
        refuse(c, RK_E_USAGE, "device must be 24 hex digits");
        c = NULL;
    }
    return c;
}

static int find_owner(struct command *c, int64_t *owner) {
    struct rk_store_user user;
    *owner = RK_STORE_NOBODY;
    if (!c->owner[0]) {
        return 0;
    }
    int err = c->store->ops->user_by_name(c->store, c->owner, &user);
    if (err == RK_E_NOT_FOUND) {
        snprintf(c->why, sizeof c->why, "no user %s: rekindle server user add", c->owner);
    }
    *owner = err ? RK_STORE_NOBODY : user.id;
    return err;
}

static void ignore_reply(void *ctx, const struct rk_bus_reply *reply) {
}

static void tell_device(struct command *c, enum rk_bus_request_kind kind, int64_t number) {
    struct rk_bus_request request = {.kind = kind, .number = number};
    struct rk_bus *bus = c->server->bus;
    (void)bus->ops->request(bus, &c->id, &request, ignore_reply, NULL, NULL);
}

/* --- devices
 * -------------------------------------------------------------------------------------- */

static int run_device_add(struct command *c) {
    const struct rk_store_ops *ops = c->store->ops;
    int err = find_owner(c, &c->device.owner);
    if (err) {
        return err;
    }
    c->device.id = c->id;
    err = ops->device_add(c->store, &c->device);
    if (err == RK_E_EXISTS && c->replace && c->device.has_key) {
        err = ops->device_set_key(c->store, &c->id, c->device.key_der);
    } else if (err == RK_E_EXISTS) {
        snprintf(c->why, sizeof c->why,
                 "the device or its name is there already: --replace gives it "
                 "the new key");
    }
    return err;
}

void rk_control_device_add(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_device(r, line, run_device_add);
    const char *key = rk_control_text(line, "key");
    if (!c) {
        return;
    }
    if (key) {
        int len =
            rk_rsa_public_parse(key, strlen(key), c->device.key_der, sizeof c->device.key_der);
        c->device.has_key = len > 0 && rk_device_key_is_valid(c->device.key_der, (size_t)len);
    }
    c->replace = json_is_true(json_object_get(line, "replace"));
    if (key && !c->device.has_key) {
        refuse(c, RK_E_KEY, "key must be the PEM of an RSA-1024 public key");
    } else if (!copy_text(c->owner, sizeof c->owner, rk_control_text(line, "owner")) ||
               !copy_text(c->device.name, sizeof c->device.name, rk_control_text(line, "name"))) {
        refuse(c, RK_E_TOO_BIG, "names have at most 63 bytes");
    } else {
        submit(c);
    }
}

static int run_device_remove(struct command *c) {
    return c->store->ops->device_remove(c->store, &c->id);
}

static void after_device_remove(struct command *c) {
    tell_device(c, RK_BUS_DROP, 0);
}

void rk_control_device_remove(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_device(r, line, run_device_remove);
    if (c) {
        c->after = after_device_remove;
        submit(c);
    }
}

static int run_device_owner(struct command *c) {
    int err = find_owner(c, &c->device.owner);
    return err ? err : c->store->ops->device_set_owner(c->store, &c->id, c->device.owner);
}

static void after_device_owner(struct command *c) {
    tell_device(c, RK_BUS_OWNER_IS, c->device.owner);
}

void rk_control_device_owner(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_device(r, line, run_device_owner);
    if (c) {
        c->after = after_device_owner;
        copy_text(c->owner, sizeof c->owner, rk_control_text(line, "owner"));
        submit(c);
    }
}

static const struct rk_reason_info *reason_by_name(const char *name) {
    for (int i = 0; i < RK_REASONS; i++) {
        if (!strcmp(rk_reason_info((enum rk_reason)i)->name, name)) {
            return rk_reason_info((enum rk_reason)i);
        }
    }
    return rk_reason_info(RK_REASON_NONE);
}

static void list_device(void *ctx, const struct rk_store_device *d) {
    struct command *c = ctx;
    char id[RK_DEVICE_ID_TEXT];
    const struct rk_reason_info *failure = d->failure[0] ? reason_by_name(d->failure) : NULL;
    rk_device_id_format(&d->id, id);
    json_array_append_new(json_object_get(c->fields, "devices"),
                          json_pack("{s:s, s:s, s:I, s:b, s:i, s:I, s:s, s:s, s:s, s:s}", "device",
                                    id, "name", d->name, "owner", (json_int_t)d->owner, "has_key",
                                    d->has_key, "platform", d->platform, "last_seen_ms",
                                    (json_int_t)d->last_seen_ms, "address", d->last_address,
                                    "failure", d->failure, "cause", failure ? failure->text : "",
                                    "remedy", failure ? failure->remedy : ""));
}

static int run_device_list(struct command *c) {
    c->fields = json_pack("{s:[]}", "devices");
    return c->store->ops->device_list(c->store, 0, list_device, c);
}

/* Who is online is the bus's to know. */
static void after_device_list(struct command *c) {
    json_t *device;
    size_t i;
    json_array_foreach(json_object_get(c->fields, "devices"), i, device) {
        struct rk_device_id id;
        bool online =
            rk_control_device(device, &id) && c->server->bus->ops->is_held(c->server->bus, &id);
        json_object_set_new(device, "online", json_boolean(online));
    }
}

void rk_control_device_list(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_new(r, run_device_list);
    if (c) {
        c->after = after_device_list;
        submit(c);
    }
}

/* --- users
 * ---------------------------------------------------------------------------------------- */

static int run_user_add(struct command *c) {
    int64_t id = 0;
    if (crypto_pwhash_str_alg(c->user.password_hash, c->password, strlen(c->password),
                              ARGON2_PASSES, ARGON2_MEMORY, crypto_pwhash_ALG_ARGON2ID13)) {
        return RK_E_NO_MEMORY;
    }
    c->user.created_ms = rk_server_unix_ms();
    int err = c->store->ops->user_add(c->store, &c->user, &id);
    if (err == RK_E_EXISTS) {
        snprintf(c->why, sizeof c->why, "there is a user of this name");
    }
    c->fields = json_pack("{s:I}", "user", (json_int_t)id);
    return err;
}

void rk_control_user_add(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_new(r, run_user_add);
    const char *name = rk_control_text(line, "name"), *password = rk_control_text(line, "password");
    if (!c) {
        return;
    }
    if (!name || !*name || !copy_text(c->user.name, sizeof c->user.name, name)) {
        refuse(c, RK_E_USAGE, "name: 1 to 63 bytes");
    } else if (!password || strlen(password) < PASSWORD_MIN ||
               !copy_text(c->password, sizeof c->password, password)) {
        refuse(c, RK_E_USAGE, "password: 8 to 255 bytes");
    } else {
        submit(c);
    }
}

static int run_user_remove(struct command *c) {
    struct rk_store_user user;
    int err = c->store->ops->user_by_name(c->store, c->owner, &user);
    return err ? err : c->store->ops->user_remove(c->store, user.id);
}

void rk_control_user_remove(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_new(r, run_user_remove);
    if (c) {
        copy_text(c->owner, sizeof c->owner, rk_control_text(line, "name"));
        submit(c);
    }
}

static void list_user(void *ctx, const struct rk_store_user *u) {
    struct command *c = ctx;
    json_array_append_new(json_object_get(c->fields, "users"),
                          json_pack("{s:I, s:s, s:I}", "user", (json_int_t)u->id, "name", u->name,
                                    "created_ms", (json_int_t)u->created_ms));
}

static int run_user_list(struct command *c) {
    c->fields = json_pack("{s:[]}", "users");
    return c->store->ops->user_list(c->store, list_user, c);
}

void rk_control_user_list(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_new(r, run_user_list);
    if (c) {
        submit(c);
    }
}

/* --- updates
 * -------------------------------------------------------------------------------------- */

static int run_flash(struct command *c) {
    const struct rk_store_ops *ops = c->store->ops;
    int64_t id = 0;
    int err = ops->device_get(c->store, &c->id, &c->device);
    if (!err) {
        /* what the board's modules say is checked again when it is there */
        struct rk_update_target target = {.platform = c->device.platform};
        err = rk_update_check(c->image, c->image_len, &target, c->why, sizeof c->why);
    }
    if (!err) {
        c->update.device = c->id;
        c->update.size_bytes = (int64_t)c->image_len;
        c->update.queued_ms = rk_server_unix_ms();
        err = ops->update_add(c->store, &c->update, c->image, &id);
    }
    c->update.id = id;
    c->fields = json_pack("{s:I}", "update", (json_int_t)id);
    return err;
}

static void after_flash(struct command *c) {
    bool online = c->server->bus->ops->is_held(c->server->bus, &c->id);
    json_object_set_new(c->fields, "online", json_boolean(online));
    tell_device(c, RK_BUS_UPDATE, c->update.id);
}

void rk_control_flash(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_device(r, line, run_flash);
    const char *image = rk_control_text(line, "image"), *name = rk_control_text(line, "name");
    if (!c) {
        return;
    }
    c->image = malloc(IMAGE_MAX);
    if (!c->image || !image ||
        sodium_base642bin(c->image, IMAGE_MAX, image, strlen(image), NULL, &c->image_len, NULL,
                          sodium_base64_VARIANT_ORIGINAL)) {
        refuse(c, RK_E_BAD_FORMAT, "image must be base64 of at most 1 MiB");
        return;
    }
    c->update.allow_fast = !json_is_false(json_object_get(line, "fast"));
    copy_text(c->update.file_name, sizeof c->update.file_name, name ? name : "firmware.bin");
    c->after = after_flash;
    submit(c);
}

static int run_retry(struct command *c) {
    const struct rk_store_ops *ops = c->store->ops;
    int err = ops->update_in_state(c->store, &c->id, RK_STORE_UPDATE_FAILED, &c->update);
    if (err == RK_E_NOT_FOUND) {
        snprintf(c->why, sizeof c->why, "no update of this device has failed");
    }
    return err ? err
               : ops->update_set(c->store, c->update.id, RK_STORE_UPDATE_QUEUED, "",
                                 rk_server_unix_ms());
}

static void after_retry(struct command *c) {
    c->fields = json_pack("{s:I}", "update", (json_int_t)c->update.id);
    tell_device(c, RK_BUS_UPDATE, c->update.id);
}

void rk_control_retry(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_device(r, line, run_retry);
    if (c) {
        c->after = after_retry;
        submit(c);
    }
}

static void list_update(void *ctx, const struct rk_store_update *u) {
    struct command *c = ctx;
    json_array_append_new(json_object_get(c->fields, "updates"),
                          json_pack("{s:I, s:s, s:I, s:s, s:s, s:i, s:I, s:I}", "update",
                                    (json_int_t)u->id, "file", u->file_name, "size",
                                    (json_int_t)u->size_bytes, "state",
                                    rk_store_update_state_name(u->state), "result", u->result,
                                    "attempts", u->attempts, "queued_ms", (json_int_t)u->queued_ms,
                                    "changed_ms", (json_int_t)u->changed_ms));
}

static int run_updates(struct command *c) {
    c->fields = json_pack("{s:[]}", "updates");
    return c->store->ops->update_list(c->store, &c->id, list_update, c);
}

void rk_control_updates(struct rk_control_request *r, const json_t *line) {
    struct command *c = command_device(r, line, run_updates);
    if (c) {
        submit(c);
    }
}
