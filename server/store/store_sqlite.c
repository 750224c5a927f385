/* The store on SQLite: see store.h for what each function does, statement.def for its SQL. */
#include <stdlib.h>
#include <string.h>

#include "common/proto/message.h"
#include "server/store/sqlite.h"

static struct rk_sqlite *writer(struct rk_store *s) {
    return &((struct rk_store_sqlite *)s)->writer;
}

static struct rk_sqlite *reader(struct rk_store *s) {
    return &((struct rk_store_sqlite *)s)->reader;
}

#define ID(id) (const void *)(id)->bytes, sizeof(id)->bytes

/* --- rows
 * ----------------------------------------------------------------------------------------- */

/* A row may come from a damaged file: lengths are never trusted. */
static bool read_bytes(sqlite3_stmt *st, int column, uint8_t *out, size_t len) {
    bool fits = (size_t)sqlite3_column_bytes(st, column) == len && sqlite3_column_blob(st, column);
    if (fits) {
        memcpy(out, sqlite3_column_blob(st, column), len);
    }
    return fits;
}

static int read_device(sqlite3_stmt *st, struct rk_store_device *d) {
    memset(d, 0, sizeof *d);
    if (!read_bytes(st, 0, d->id.bytes, sizeof d->id.bytes)) {
        return RK_E_CORRUPT;
    }
    d->has_key = read_bytes(st, 1, d->key_der, sizeof d->key_der) &&
                 rk_device_key_is_valid(d->key_der, sizeof d->key_der);
    d->owner = sqlite3_column_int64(st, 2);
    rk_sqlite_text(st, 3, d->name, sizeof d->name);
    d->platform = (uint16_t)sqlite3_column_int(st, 4);
    d->last_seen_ms = sqlite3_column_int64(st, 5);
    rk_sqlite_text(st, 6, d->last_address, sizeof d->last_address);
    rk_sqlite_text(st, 7, d->failure, sizeof d->failure);
    d->failure_ms = sqlite3_column_int64(st, 8);
    return 0;
}

static int read_user(sqlite3_stmt *st, struct rk_store_user *u) {
    memset(u, 0, sizeof *u);
    u->id = sqlite3_column_int64(st, 0);
    rk_sqlite_text(st, 1, u->name, sizeof u->name);
    rk_sqlite_text(st, 2, u->password_hash, sizeof u->password_hash);
    u->created_ms = sqlite3_column_int64(st, 3);
    return 0;
}

static int read_token(sqlite3_stmt *st, struct rk_store_token *t) {
    memset(t, 0, sizeof *t);
    if (!read_bytes(st, 0, t->hash, sizeof t->hash)) {
        return RK_E_CORRUPT;
    }
    t->user = sqlite3_column_int64(st, 1);
    rk_sqlite_text(st, 2, t->client, sizeof t->client);
    t->created_ms = sqlite3_column_int64(st, 3);
    t->expires_ms = sqlite3_column_int64(st, 4);
    return 0;
}

static int read_update(sqlite3_stmt *st, struct rk_store_update *u) {
    memset(u, 0, sizeof *u);
    u->id = sqlite3_column_int64(st, 0);
    int state = sqlite3_column_int(st, 5);
    if (!read_bytes(st, 1, u->device.bytes, sizeof u->device.bytes) || state < 0 ||
        state > RK_STORE_UPDATE_FAILED) {
        return RK_E_CORRUPT;
    }
    rk_sqlite_text(st, 2, u->file_name, sizeof u->file_name);
    u->size_bytes = sqlite3_column_int64(st, 3);
    u->allow_fast = sqlite3_column_int(st, 4) != 0;
    u->state = (enum rk_store_update_state)state;
    u->queued_ms = sqlite3_column_int64(st, 6);
    u->changed_ms = sqlite3_column_int64(st, 7);
    u->attempts = sqlite3_column_int(st, 8);
    rk_sqlite_text(st, 9, u->result, sizeof u->result);
    return 0;
}

/* One row at most, read by read() into out. */
#define ONE(conn, st, read, out)                                                                   \
    do {                                                                                           \
        int result_ = (st) ? rk_sqlite_row(st) : RK_E_IO;                                          \
        result_ = result_ == 1 ? read(st, out) : result_ == 0 ? RK_E_NOT_FOUND : result_;          \
        return (st) ? rk_sqlite_end(conn, st, result_) : result_;                                  \
    } while (0)

/* Every row, handed to each(). */
#define ALL(conn, st, read, type)                                                                  \
    do {                                                                                           \
        type row_;                                                                                 \
        int result_ = RK_E_IO;                                                                     \
        while ((st) && (result_ = rk_sqlite_row(st)) == 1 && !(result_ = read(st, &row_))) {       \
            each(ctx, &row_);                                                                      \
        }                                                                                          \
        return (st) ? rk_sqlite_end(conn, st, result_) : result_;                                  \
    } while (0)

/* --- devices
 * -------------------------------------------------------------------------------------- */

static int device_get(struct rk_store *s, const struct rk_device_id *id,
                      struct rk_store_device *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_DEVICE_GET, "b", ID(id));
    ONE(reader(s), st, read_device, out);
}

static int device_by_name(struct rk_store *s, int64_t owner, const char *name,
                          struct rk_store_device *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_DEVICE_BY_NAME, "it", owner, name);
    ONE(reader(s), st, read_device, out);
}

static int device_add(struct rk_store *s, const struct rk_store_device *d) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_ADD, true, NULL, "bbiti", ID(&d->id),
                         d->has_key ? d->key_der : NULL, d->has_key ? sizeof d->key_der : (size_t)0,
                         d->owner, d->name, (int64_t)d->platform);
}

static int device_set_key(struct rk_store *s, const struct rk_device_id *id,
                          const uint8_t *key_der) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_SET_KEY, true, NULL, "bb", ID(id), key_der,
                         (size_t)RK_DEVICE_KEY_BYTES);
}

static int device_set_owner(struct rk_store *s, const struct rk_device_id *id, int64_t owner) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_SET_OWNER, true, NULL, "bi", ID(id), owner);
}

static int device_set_name(struct rk_store *s, const struct rk_device_id *id, const char *name) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_SET_NAME, true, NULL, "bt", ID(id), name);
}

static int device_seen(struct rk_store *s, const struct rk_device_id *id, uint16_t platform,
                       const char *address, int64_t at_ms) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_SEEN, true, NULL, "biti", ID(id),
                         (int64_t)platform, address, at_ms);
}

static int device_failed(struct rk_store *s, const struct rk_device_id *id, const char *reason,
                         int64_t at_ms) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_FAILED, true, NULL, "bti", ID(id), reason,
                         at_ms);
}

static int device_remove(struct rk_store *s, const struct rk_device_id *id) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_DEVICE_REMOVE, true, NULL, "b", ID(id));
}

static int device_list(struct rk_store *s, int64_t owner, rk_store_device_fn each, void *ctx) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_DEVICE_LIST, "i", owner);
    ALL(reader(s), st, read_device, struct rk_store_device);
}

static int fact_set(struct rk_store *s, const struct rk_device_id *id, const char *key,
                    const char *value) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_FACT_SET, true, NULL, "btt", ID(id), key, value);
}

static int read_fact(sqlite3_stmt *st, char *value) {
    rk_sqlite_text(st, 0, value, RK_STORE_TEXT_MAX + 1);
    return 0;
}

static int fact_get(struct rk_store *s, const struct rk_device_id *id, const char *key,
                    char value[RK_STORE_TEXT_MAX + 1]) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_FACT_GET, "bt", ID(id), key);
    ONE(reader(s), st, read_fact, value);
}

/* --- users, tokens, claim codes
 * ------------------------------------------------------------------- */

static int user_add(struct rk_store *s, const struct rk_store_user *u, int64_t *id) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_USER_ADD, true, id, "tti", u->name,
                         u->password_hash, u->created_ms);
}

static int user_get(struct rk_store *s, int64_t id, struct rk_store_user *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_USER_GET, "i", id);
    ONE(reader(s), st, read_user, out);
}

static int user_by_name(struct rk_store *s, const char *name, struct rk_store_user *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_USER_BY_NAME, "t", name);
    ONE(reader(s), st, read_user, out);
}

static int user_set_password(struct rk_store *s, int64_t id, const char *password_hash) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_USER_SET_PASSWORD, true, NULL, "it", id,
                         password_hash);
}

static int user_remove(struct rk_store *s, int64_t id) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_USER_REMOVE, true, NULL, "i", id);
}

static int user_list(struct rk_store *s, rk_store_user_fn each, void *ctx) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_USER_LIST, "");
    ALL(reader(s), st, read_user, struct rk_store_user);
}

static int token_add(struct rk_store *s, const struct rk_store_token *t) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_TOKEN_ADD, true, NULL, "bitii", t->hash,
                         sizeof t->hash, t->user, t->client, t->created_ms, t->expires_ms);
}

static int token_get(struct rk_store *s, const uint8_t hash[RK_STORE_TOKEN_HASH], int64_t now_ms,
                     struct rk_store_token *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_TOKEN_GET, "bi", hash,
                                       (size_t)RK_STORE_TOKEN_HASH, now_ms);
    ONE(reader(s), st, read_token, out);
}

static int token_remove(struct rk_store *s, const uint8_t hash[RK_STORE_TOKEN_HASH]) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_TOKEN_REMOVE, true, NULL, "b", hash,
                         (size_t)RK_STORE_TOKEN_HASH);
}

static int token_list(struct rk_store *s, int64_t user, rk_store_token_fn each, void *ctx) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_TOKEN_LIST, "i", user);
    ALL(reader(s), st, read_token, struct rk_store_token);
}

static int claim_add(struct rk_store *s, const char *code, int64_t user, int64_t expires_ms) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_CLAIM_ADD, true, NULL, "tii", code, user,
                         expires_ms);
}

/* Taken is gone, expired or not. */
static int claim_take(struct rk_store *s, const char *code, int64_t now_ms, int64_t *user) {
    sqlite3_stmt *st = rk_sqlite_begin(writer(s), RK_STATEMENT_CLAIM_TAKE, "t", code);
    if (!st) {
        return RK_E_IO;
    }
    int result = rk_sqlite_row(st);
    if (result == 1) {
        *user = sqlite3_column_int64(st, 0);
        bool expired = sqlite3_column_int64(st, 1) <= now_ms;
        result = rk_sqlite_row(st); /* the end of the statement commits */
        result = result ? result : expired ? RK_E_NOT_FOUND : 0;
    } else if (result == 0) {
        result = RK_E_NOT_FOUND;
    }
    return rk_sqlite_end(writer(s), st, result);
}

static int sweep(struct rk_store *s, int64_t now_ms, int64_t before_ms) {
    struct rk_sqlite *c = writer(s);
    int err = rk_sqlite_run(c, RK_STATEMENT_SWEEP_TOKENS, false, NULL, "i", now_ms);
    err = err ? err : rk_sqlite_run(c, RK_STATEMENT_SWEEP_CLAIMS, false, NULL, "i", now_ms);
    err = err ? err : rk_sqlite_run(c, RK_STATEMENT_SWEEP_RESTARTING, false, NULL, "i", now_ms);
    return err ? err : rk_sqlite_run(c, RK_STATEMENT_SWEEP_UPDATES, false, NULL, "i", before_ms);
}

/* --- updates
 * -------------------------------------------------------------------------------------- */

static int update_add(struct rk_store *s, const struct rk_store_update *u, const void *image,
                      int64_t *id) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_UPDATE_ADD, true, id, "btbiii", ID(&u->device),
                         u->file_name, image, (size_t)u->size_bytes, (int64_t)u->allow_fast,
                         (int64_t)u->state, u->queued_ms);
}

static int update_get(struct rk_store *s, int64_t id, struct rk_store_update *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_UPDATE_GET, "i", id);
    ONE(reader(s), st, read_update, out);
}

static int update_next(struct rk_store *s, const struct rk_device_id *id,
                       struct rk_store_update *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_UPDATE_NEXT, "b", ID(id));
    ONE(reader(s), st, read_update, out);
}

static int update_in_state(struct rk_store *s, const struct rk_device_id *id,
                           enum rk_store_update_state state, struct rk_store_update *out) {
    sqlite3_stmt *st =
        rk_sqlite_begin(reader(s), RK_STATEMENT_UPDATE_IN_STATE, "bi", ID(id), (int64_t)state);
    ONE(reader(s), st, read_update, out);
}

static int read_image(sqlite3_stmt *st, struct rk_span *out) {
    out->len = (size_t)sqlite3_column_bytes(st, 0);
    uint8_t *copy = malloc(out->len ? out->len : 1);
    if (copy && out->len) {
        memcpy(copy, sqlite3_column_blob(st, 0), out->len);
    }
    out->data = copy;
    return copy ? 0 : RK_E_NO_MEMORY;
}

static int find_image(struct rk_store *s, int64_t id, struct rk_span *out) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_UPDATE_IMAGE, "i", id);
    ONE(reader(s), st, read_image, out);
}

static int update_image(struct rk_store *s, int64_t id, uint8_t **image, size_t *len) {
    struct rk_span span = {0};
    int err = find_image(s, id, &span);
    *image = (uint8_t *)span.data;
    *len = span.len;
    return err;
}

static int update_set(struct rk_store *s, int64_t id, enum rk_store_update_state state,
                      const char *result, int64_t at_ms) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_UPDATE_SET, true, NULL, "iiti", id, (int64_t)state,
                         result, at_ms);
}

static int update_recover(struct rk_store *s, const char *result, int64_t at_ms) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_UPDATE_RECOVER, false, NULL, "ti", result, at_ms);
}

static int update_list(struct rk_store *s, const struct rk_device_id *id, rk_store_update_fn each,
                       void *ctx) {
    sqlite3_stmt *st = rk_sqlite_begin(reader(s), RK_STATEMENT_UPDATE_LIST, "b", ID(id));
    ALL(reader(s), st, read_update, struct rk_store_update);
}

/* --- the whole
 * ------------------------------------------------------------------------------------ */

static int batch_begin(struct rk_store *s) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_BEGIN, false, NULL, "");
}

static int batch_end(struct rk_store *s) {
    return rk_sqlite_run(writer(s), RK_STATEMENT_COMMIT, false, NULL, "");
}

static int run_check(struct rk_sqlite *c, const char *pragma, rk_store_text_fn each, void *ctx) {
    sqlite3_stmt *st = NULL;
    int faults = 0, result;
    if (sqlite3_prepare_v2(c->db, pragma, -1, &st, NULL) != SQLITE_OK) {
        return RK_E_CORRUPT;
    }
    while ((result = rk_sqlite_row(st)) == 1) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (text && strcmp(text, "ok") != 0) {
            each(ctx, text);
            faults++;
        }
    }
    sqlite3_finalize(st);
    return result ? result : faults ? RK_E_CORRUPT : 0;
}

static int check(struct rk_store *s, rk_store_text_fn each, void *ctx) {
    struct rk_sqlite *c = reader(s);
    pthread_mutex_lock(&c->mutex);
    int err = run_check(c, "PRAGMA integrity_check", each, ctx);
    err = err ? err : run_check(c, "PRAGMA foreign_key_check", each, ctx);
    pthread_mutex_unlock(&c->mutex);
    return err;
}

static int backup(struct rk_store *s, const char *path) {
    struct rk_sqlite *c = reader(s);
    struct rk_sqlite copy;
    int err = rk_sqlite_open(&copy, path, true);
    if (!err) {
        pthread_mutex_lock(&c->mutex);
        sqlite3_backup *b = sqlite3_backup_init(copy.db, "main", c->db, "main");
        int rc = b ? sqlite3_backup_step(b, -1) : sqlite3_errcode(copy.db);
        sqlite3_backup_finish(b);
        pthread_mutex_unlock(&c->mutex);
        err = rc == SQLITE_DONE ? 0 : rk_sqlite_error(rc);
    }
    rk_sqlite_close(&copy);
    return err;
}

static void close_store(struct rk_store *s) {
    struct rk_store_sqlite *q = (struct rk_store_sqlite *)s;
    rk_sqlite_close(&q->reader);
    rk_sqlite_close(&q->writer);
    free(q);
}

static const struct rk_store_ops sqlite_ops = {
    .device_get = device_get,
    .device_by_name = device_by_name,
    .device_add = device_add,
    .device_set_key = device_set_key,
    .device_set_owner = device_set_owner,
    .device_set_name = device_set_name,
    .device_seen = device_seen,
    .device_failed = device_failed,
    .device_remove = device_remove,
    .device_list = device_list,
    .fact_set = fact_set,
    .fact_get = fact_get,
    .user_add = user_add,
    .user_get = user_get,
    .user_by_name = user_by_name,
    .user_set_password = user_set_password,
    .user_remove = user_remove,
    .user_list = user_list,
    .token_add = token_add,
    .token_get = token_get,
    .token_remove = token_remove,
    .token_list = token_list,
    .claim_add = claim_add,
    .claim_take = claim_take,
    .sweep = sweep,
    .update_add = update_add,
    .update_get = update_get,
    .update_next = update_next,
    .update_in_state = update_in_state,
    .update_image = update_image,
    .update_set = update_set,
    .update_recover = update_recover,
    .update_list = update_list,
    .batch_begin = batch_begin,
    .batch_end = batch_end,
    .check = check,
    .backup = backup,
    .close = close_store,
};

int rk_store_sqlite_open(const char *path, struct rk_store **store) {
    struct rk_store_sqlite *q = calloc(1, sizeof *q);
    *store = NULL;
    if (!q) {
        return RK_E_NO_MEMORY;
    }
    q->store.ops = &sqlite_ops;
    int err = rk_sqlite_open(&q->writer, path, true);
    err = err ? err : rk_sqlite_migrate(&q->writer);
    int reader_err = err ? err : rk_sqlite_open(&q->reader, path, false);
    if (reader_err) {
        if (err) {
            pthread_mutex_init(&q->reader.mutex, NULL);
        }
        close_store(&q->store);
        return reader_err;
    }
    *store = &q->store;
    return 0;
}

const char *rk_store_update_state_name(enum rk_store_update_state state) {
    static const char *const names[] = {"queued", "running", "restarting", "done", "failed"};
    return (unsigned)state < RK_COUNT(names) ? names[state] : "unknown";
}
