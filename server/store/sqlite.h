/* The SQLite store's plumbing: connections, statements by name, binding by a format. For the files
 * of server/store only.
 */
#ifndef RK_SERVER_STORE_SQLITE_H
#define RK_SERVER_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "common/base/error.h"
#include "server/store/store.h"

enum rk_statement {
#define RK_STATEMENT(name, sql) RK_STATEMENT_##name,
#include "server/store/statement.def"
#undef RK_STATEMENT
    RK_STATEMENTS,
};

/* One connection, used by one thread at a time. */
struct rk_sqlite {
    sqlite3 *db;
    sqlite3_stmt *statements[RK_STATEMENTS]; /* prepared at first use */
    pthread_mutex_t mutex;
};

/* Readers do not wait for a writer's disk: they have a connection of their own (WAL). */
struct rk_store_sqlite {
    struct rk_store store;
    struct rk_sqlite writer, reader;
};

int rk_sqlite_open(struct rk_sqlite *c, const char *path, bool create);
void rk_sqlite_close(struct rk_sqlite *c);
int rk_sqlite_migrate(struct rk_sqlite *c);
int rk_sqlite_error(int rc);

/* Starts a statement: i int64_t; t text; b bytes and length; z NULL. Takes the connection until
 * rk_sqlite_end. NULL when it cannot be prepared. */
sqlite3_stmt *rk_sqlite_begin(struct rk_sqlite *c, enum rk_statement which, const char *format,
                              ...);
/* 1: a row is there; 0: no more; negative: an error. */
int rk_sqlite_row(sqlite3_stmt *st);
int rk_sqlite_end(struct rk_sqlite *c, sqlite3_stmt *st, int result);

/* A statement without rows. RK_E_NOT_FOUND when must_change and nothing did. */
int rk_sqlite_run(struct rk_sqlite *c, enum rk_statement which, bool must_change, int64_t *rowid,
                  const char *format, ...);

void rk_sqlite_text(sqlite3_stmt *st, int column, char *out, size_t cap);

#endif
