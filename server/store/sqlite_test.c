/* The SQLite store passes the suite, refuses what is not its own, and survives damaged rows. */
#include <sqlite3.h>
#include <unistd.h>

#include "common/base/error.h"
#include "server/store/suite.h"
#include "tests/unit.h"

static char dir[] = "/tmp/rk-store-XXXXXX";
static char path[64], backup_path[64];

static void remove_files(void) {
    static const char *const tails[] = {"",        "-wal",        "-shm",
                                        ".backup", ".backup-wal", ".backup-shm"};
    char name[96];
    for (size_t i = 0; i < RK_COUNT(tails); i++) {
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        unlink(name);
    }
}

static struct rk_store *open_store(void) {
    struct rk_store *store;
    assert_int_equal(rk_store_sqlite_open(path, &store), 0);
    return store;
}

static struct rk_store *make(void) {
    remove_files();
    return open_store();
}

static struct rk_store *reopen(struct rk_store *store) {
    store->ops->close(store);
    return open_store();
}

static void test_sqlite__refuses_foreign_and_later_files(void **state) {
    struct rk_store *store;
    sqlite3 *db;
    remove_files();
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 500; i++) {
        fputs("this is no database ", f);
    }
    fclose(f);
    assert_int_equal(rk_store_sqlite_open(path, &store), RK_E_CORRUPT);
    remove_files();
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(rk_store_sqlite_open(path, &store), RK_E_UNSUPPORTED);
    assert_null(store);
}

static void test_sqlite__damaged_rows_are_errors(void **state) {
    struct rk_store *store = make();
    struct rk_device_id id = {{1}};
    struct rk_store_device out;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db,
                 "INSERT INTO device (id, key_der, name, platform) VALUES"
                 " (x'010000000000000000000000', x'3081', hex(zeroblob(500)), -7)",
                 NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(store->ops->device_get(store, &id, &out), 0);
    assert_false(out.has_key); /* two bytes are no key */
    assert_int_equal(strlen(out.name), RK_STORE_NAME_MAX);
    store->ops->close(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite__refuses_foreign_and_later_files),
        cmocka_unit_test(test_sqlite__damaged_rows_are_errors),
    };
    if (!mkdtemp(dir)) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/store.db", dir);
    snprintf(backup_path, sizeof backup_path, "%s/store.db.backup", dir);
    const struct rk_store_suite suite = {make, reopen, backup_path, rk_store_sqlite_open};
    int failed = rk_store_suite_run("store_sqlite", &suite);
    failed += cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
    remove_files();
    rmdir(dir);
    return failed;
}
