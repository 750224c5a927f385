/* What every store must do. make opens a fresh one; reopen closes it and opens the same again. */
#ifndef RK_SERVER_STORE_SUITE_H
#define RK_SERVER_STORE_SUITE_H

#include "server/store/store.h"

struct rk_store_suite {
    struct rk_store *(*make)(void);
    struct rk_store *(*reopen)(struct rk_store *store);
    const char *backup_path;
    int (*open_backup)(const char *path, struct rk_store **store);
};
int rk_store_suite_run(const char *name, const struct rk_store_suite *suite);

#endif
