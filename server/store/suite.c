/* The suite of the store: see suite.h. */
#include "server/store/suite.h"

#include "common/base/error.h"
#include "common/proto/vectors.h"
#include "tests/hex.h"
#include "tests/unit.h"

static const struct rk_store_suite *suite;
static struct rk_store *store;

#define OP(name, ...) store->ops->name(store, __VA_ARGS__)

static int setup(void **state) {
    store = suite->make();
    return store ? 0 : -1;
}

static int teardown(void **state) {
    store->ops->close(store);
    return 0;
}

static struct rk_store_device make_device(uint8_t n, int64_t owner, const char *name) {
    struct rk_store_device d = {.id = {{n, 2, 3}}, .has_key = true, .owner = owner, .platform = 6};
    rk_unhex(vector_device_public, d.key_der, sizeof d.key_der);
    strcpy(d.name, name);
    return d;
}

static int64_t add_user(const char *name) {
    struct rk_store_user u = {.created_ms = 5};
    int64_t id = 0;
    strcpy(u.name, name);
    strcpy(u.password_hash, "hash");
    assert_int_equal(OP(user_add, &u, &id), 0);
    assert_true(id > 0);
    return id;
}

static void count(void *ctx, const struct rk_store_device *d) {
    ++*(int *)ctx;
}

static void test_store__devices(void **state) {
    int64_t owner = add_user("anna");
    struct rk_store_device d = make_device(1, owner, "bench1"), out;
    assert_int_equal(OP(device_add, &d), 0);
    assert_int_equal(OP(device_add, &d), RK_E_EXISTS);
    assert_int_equal(OP(device_get, &d.id, &out), 0);
    assert_memory_equal(out.key_der, d.key_der, sizeof d.key_der);
    assert_true(out.has_key);
    assert_int_equal(out.owner, owner);
    assert_string_equal(out.name, "bench1");
    struct rk_store_device no_key = make_device(2, RK_STORE_NOBODY, "");
    no_key.has_key = false;
    assert_int_equal(OP(device_add, &no_key), 0);
    assert_int_equal(OP(device_get, &no_key.id, &out), 0);
    assert_false(out.has_key);
    assert_int_equal(OP(device_set_key, &no_key.id, d.key_der), 0);
    assert_int_equal(OP(device_get, &no_key.id, &out), 0);
    assert_true(out.has_key);
    assert_int_equal(OP(device_seen, &d.id, 8, "192.0.2.7", 1234567890123), 0);
    assert_int_equal(OP(device_failed, &no_key.id, "STALE_KEY", 99), 0);
    assert_int_equal(OP(device_get, &d.id, &out), 0);
    assert_int_equal(out.platform, 8);
    assert_true(out.last_seen_ms == 1234567890123);
    assert_string_equal(out.last_address, "192.0.2.7");
    assert_int_equal(OP(device_get, &no_key.id, &out), 0);
    assert_string_equal(out.failure, "STALE_KEY");
    int all = 0, mine = 0;
    assert_int_equal(OP(device_list, 0, count, &all), 0);
    assert_int_equal(OP(device_list, owner, count, &mine), 0);
    assert_int_equal(all * 10 + mine, 21);
    assert_int_equal(OP(device_remove, &d.id), 0);
    assert_int_equal(OP(device_remove, &d.id), RK_E_NOT_FOUND);
    assert_int_equal(OP(device_get, &d.id, &out), RK_E_NOT_FOUND);
    assert_int_equal(OP(device_set_key, &d.id, d.key_der), RK_E_NOT_FOUND);
}

static void test_store__names_are_one_owners(void **state) {
    int64_t anna = add_user("anna"), ben = add_user("ben");
    struct rk_store_device a = make_device(1, anna, "lamp"), b = make_device(2, anna, "LAMP"),
                           c = make_device(3, ben, "lamp"), out;
    assert_int_equal(OP(device_add, &a), 0);
    assert_int_equal(OP(device_add, &b), RK_E_EXISTS);
    assert_int_equal(OP(device_add, &c), 0);
    assert_int_equal(OP(device_by_name, ben, "Lamp", &out), 0);
    assert_int_equal(out.id.bytes[0], 3);
    strcpy(b.name, "fan");
    assert_int_equal(OP(device_add, &b), 0);
    assert_int_equal(OP(device_set_name, &b.id, "lamp"), RK_E_EXISTS);
    assert_int_equal(OP(device_set_name, &b.id, "O'Brien; DROP TABLE device --"), 0);
    assert_int_equal(OP(device_get, &b.id, &out), 0);
    assert_string_equal(out.name, "O'Brien; DROP TABLE device --");
    assert_int_equal(OP(device_set_owner, &a.id, ben), 0); /* the name does not go with it */
    assert_int_equal(OP(device_get, &a.id, &out), 0);
    assert_int_equal(out.owner, ben);
    assert_string_equal(out.name, "");
    assert_int_equal(OP(device_set_owner, &a.id, RK_STORE_NOBODY), 0);
    assert_int_equal(OP(device_by_name, anna, "lamp", &out), RK_E_NOT_FOUND);
}

static void test_store__facts(void **state) {
    struct rk_store_device d = make_device(1, 0, "");
    char value[RK_STORE_TEXT_MAX + 1];
    assert_int_equal(OP(device_add, &d), 0);
    assert_int_equal(OP(fact_get, &d.id, "last_reset", value), RK_E_NOT_FOUND);
    assert_int_equal(OP(fact_set, &d.id, "last_reset", "power_down"), 0);
    assert_int_equal(OP(fact_set, &d.id, "last_reset", "watchdog"), 0);
    assert_int_equal(OP(fact_get, &d.id, "last_reset", value), 0);
    assert_string_equal(value, "watchdog");
}

static void test_store__users_tokens_and_claims(void **state) {
    int64_t anna = add_user("anna"), user = 0;
    struct rk_store_user u = {0}, twice = {.name = "Anna"};
    assert_int_equal(OP(user_add, &twice, &user), RK_E_EXISTS);
    assert_int_equal(OP(user_by_name, "ANNA", &u), 0);
    assert_true(u.id == anna);
    assert_int_equal(OP(user_set_password, anna, "other"), 0);
    assert_int_equal(OP(user_get, anna, &u), 0);
    assert_string_equal(u.password_hash, "other");
    struct rk_store_token t = {.hash = {9}, .user = anna, .expires_ms = 1000}, out;
    assert_int_equal(OP(token_add, &t), 0);
    assert_int_equal(OP(token_get, t.hash, 999, &out), 0);
    assert_true(out.user == anna);
    assert_int_equal(OP(token_get, t.hash, 1000, &out), RK_E_NOT_FOUND);
    assert_int_equal(OP(claim_add, "code", anna, 1000), 0);
    assert_int_equal(OP(claim_add, "late", anna, 1000), 0);
    assert_int_equal(OP(claim_take, "code", 999, &user), 0);
    assert_true(user == anna);
    assert_int_equal(OP(claim_take, "code", 999, &user), RK_E_NOT_FOUND); /* one use */
    assert_int_equal(OP(claim_take, "late", 1000, &user), RK_E_NOT_FOUND);
    struct rk_store_device d = make_device(1, anna, "lamp"), left;
    assert_int_equal(OP(device_add, &d), 0);
    assert_int_equal(OP(user_remove, anna), 0);
    assert_int_equal(OP(token_get, t.hash, 0, &out), RK_E_NOT_FOUND);
    assert_int_equal(OP(device_get, &d.id, &left), 0);
    assert_true(left.owner == RK_STORE_NOBODY);
    assert_int_equal(OP(sweep, 5000, 5000), 0);
}

static void test_store__updates(void **state) {
    struct rk_store_device d = make_device(1, 0, "");
    struct rk_store_update u = {.device = d.id, .size_bytes = 5, .queued_ms = 7}, out;
    int64_t first, second;
    uint8_t *image;
    size_t len;
    strcpy(u.file_name, "app.bin");
    assert_int_equal(OP(device_add, &d), 0);
    assert_int_equal(OP(update_next, &d.id, &out), RK_E_NOT_FOUND);
    assert_int_equal(OP(update_add, &u, "\1\0\2\0\3", &first), 0);
    assert_int_equal(OP(update_add, &u, "other", &second), 0);
    assert_int_equal(OP(update_next, &d.id, &out), 0);
    assert_true(out.id == first && out.size_bytes == 5);
    assert_int_equal(OP(update_image, first, &image, &len), 0);
    assert_int_equal(len, 5);
    assert_memory_equal(image, "\1\0\2\0\3", 5);
    free(image);
    assert_int_equal(OP(update_set, first, RK_STORE_UPDATE_RUNNING, "", 8), 0);
    assert_int_equal(OP(update_in_state, &d.id, RK_STORE_UPDATE_RUNNING, &out), 0);
    assert_int_equal(out.attempts, 1);
    assert_int_equal(OP(update_recover, "the server stopped", 9), 0);
    assert_int_equal(OP(update_get, first, &out), 0);
    assert_int_equal(out.state, RK_STORE_UPDATE_FAILED);
    assert_string_equal(out.result, "the server stopped");
    assert_int_equal(OP(update_next, &d.id, &out), 0);
    assert_true(out.id == second); /* a failed one is not offered again */
}

static void test_store__what_was_acknowledged_is_there_after_reopening(void **state) {
    struct rk_store_device d = make_device(1, 0, ""), out;
    assert_int_equal(store->ops->batch_begin(store), 0);
    assert_int_equal(OP(device_add, &d), 0);
    d.id.bytes[0] = 2;
    assert_int_equal(OP(device_add, &d), 0);
    assert_int_equal(store->ops->batch_end(store), 0);
    store = suite->reopen(store);
    assert_non_null(store);
    assert_int_equal(OP(device_get, &d.id, &out), 0);
}

static void ignore_text(void *ctx, const char *text) {
}

static void test_store__check_and_backup(void **state) {
    struct rk_store_device d = make_device(1, 0, ""), out;
    struct rk_store *copy;
    assert_int_equal(OP(device_add, &d), 0);
    assert_int_equal(OP(check, ignore_text, NULL), 0);
    assert_int_equal(OP(backup, suite->backup_path), 0);
    assert_int_equal(suite->open_backup(suite->backup_path, &copy), 0);
    assert_int_equal(copy->ops->device_get(copy, &d.id, &out), 0);
    copy->ops->close(copy);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int rk_store_suite_run(const char *name, const struct rk_store_suite *which) {
    const struct CMUnitTest tests[] = {
        TEST(test_store__devices),
        TEST(test_store__names_are_one_owners),
        TEST(test_store__facts),
        TEST(test_store__users_tokens_and_claims),
        TEST(test_store__updates),
        TEST(test_store__what_was_acknowledged_is_there_after_reopening),
        TEST(test_store__check_and_backup),
    };
    suite = which;
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
