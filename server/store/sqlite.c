/* The SQLite store's plumbing: see sqlite.h. */
#include "server/store/sqlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const sql[RK_STATEMENTS] = {
#define RK_STATEMENT(name, text) text,
#include "server/store/statement.def"
#undef RK_STATEMENT
};

static const char *const migrations[] = {
#define RK_MIGRATION(version, text) text,
#include "server/store/schema.def"
#undef RK_MIGRATION
};

int rk_sqlite_error(int rc) {
    switch (rc & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return 0;
    case SQLITE_CONSTRAINT: return RK_E_EXISTS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return RK_E_BUSY;
    case SQLITE_NOMEM: return RK_E_NO_MEMORY;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return RK_E_CORRUPT;
    default: return RK_E_IO;
    }
}

/* FULL: what was acknowledged is on the disk, also after a power cut. */
static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                              "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                              "PRAGMA cache_size = -2048;";

int rk_sqlite_open(struct rk_sqlite *c, const char *path, bool create) {
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX;
    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->mutex, NULL);
    mode_t old_mask = umask(077); /* keys and password hashes: nobody else's to read */
    int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(c->db, 5000);
        rc = sqlite3_exec(c->db, pragmas, NULL, NULL, NULL);
    }
    umask(old_mask);
    return rk_sqlite_error(rc);
}

void rk_sqlite_close(struct rk_sqlite *c) {
    for (int i = 0; i < RK_STATEMENTS; i++) {
        sqlite3_finalize(c->statements[i]);
    }
    sqlite3_close(c->db);
    pthread_mutex_destroy(&c->mutex);
}

static int schema_version(sqlite3 *db) {
    sqlite3_stmt *st = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        version = sqlite3_column_int(st, 0);
    }
    sqlite3_finalize(st);
    return version;
}

int rk_sqlite_migrate(struct rk_sqlite *c) {
    int version = schema_version(c->db);
    int err = version < 0                           ? RK_E_CORRUPT
              : version > (int)RK_COUNT(migrations) ? RK_E_UNSUPPORTED
                                                    : 0;
    for (; !err && version < (int)RK_COUNT(migrations); version++) {
        char mark[48];
        snprintf(mark, sizeof mark, "PRAGMA user_version = %d; COMMIT", version + 1);
        int rc = sqlite3_exec(c->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        rc = rc ? rc : sqlite3_exec(c->db, migrations[version], NULL, NULL, NULL);
        rc = rc ? rc : sqlite3_exec(c->db, mark, NULL, NULL, NULL);
        if (rc) {
            sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        }
        err = rk_sqlite_error(rc);
    }
    return err;
}

static void bind(sqlite3_stmt *st, const char *format, va_list args) {
    for (int i = 1; *format; format++, i++) {
        switch (*format) {
        case 'i': sqlite3_bind_int64(st, i, va_arg(args, int64_t)); break;
        case 't': sqlite3_bind_text(st, i, va_arg(args, const char *), -1, SQLITE_STATIC); break;
        case 'b': {
            const void *data = va_arg(args, const void *);
            size_t len = va_arg(args, size_t);
            sqlite3_bind_blob64(st, i, data, len, SQLITE_STATIC);
            break;
        }
        default: sqlite3_bind_null(st, i); break;
        }
    }
}

static sqlite3_stmt *begin_va(struct rk_sqlite *c, enum rk_statement which, const char *format,
                              va_list args) {
    pthread_mutex_lock(&c->mutex);
    sqlite3_stmt **st = &c->statements[which];
    if (!*st) {
        sqlite3_prepare_v3(c->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    }
    if (!*st) {
        pthread_mutex_unlock(&c->mutex);
        return NULL;
    }
    bind(*st, format, args);
    return *st;
}

sqlite3_stmt *rk_sqlite_begin(struct rk_sqlite *c, enum rk_statement which, const char *format,
                              ...) {
    va_list args;
    va_start(args, format);
    sqlite3_stmt *st = begin_va(c, which, format, args);
    va_end(args);
    return st;
}

int rk_sqlite_row(sqlite3_stmt *st) {
    int rc = sqlite3_step(st);
    return rc == SQLITE_ROW ? 1 : rk_sqlite_error(rc);
}

int rk_sqlite_end(struct rk_sqlite *c, sqlite3_stmt *st, int result) {
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    pthread_mutex_unlock(&c->mutex);
    return result;
}

int rk_sqlite_run(struct rk_sqlite *c, enum rk_statement which, bool must_change, int64_t *rowid,
                  const char *format, ...) {
    va_list args;
    va_start(args, format);
    sqlite3_stmt *st = begin_va(c, which, format, args);
    va_end(args);
    if (!st) {
        return RK_E_IO;
    }
    int err = rk_sqlite_row(st);
    if (!err && must_change && sqlite3_changes(c->db) == 0) {
        err = RK_E_NOT_FOUND;
    }
    if (!err && rowid) {
        *rowid = sqlite3_last_insert_rowid(c->db);
    }
    return rk_sqlite_end(c, st, err);
}

void rk_sqlite_text(sqlite3_stmt *st, int column, char *out, size_t cap) {
    const unsigned char *text = sqlite3_column_text(st, column);
    snprintf(out, cap, "%s", text ? (const char *)text : "");
}
