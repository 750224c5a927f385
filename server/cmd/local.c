/* Commands that work on the data directory, whether the server runs or not: init, check, backup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/cmd/cmd.h"
#include "server/loop/keys.h"
#include "server/store/store.h"

static int write_record(const char *path, const uint8_t *record, size_t len) {
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(record, 1, len, f) == len;
    if (f) {
        good &= fclose(f) == 0;
    }
    return good ? 0 : rk_cmd_fail(RK_E_IO, "the record could not be written", NULL);
}

int rk_cmd_init(struct rk_call *call) {
    char dir[PATH_MAX];
    uint8_t record[RK_SERVER_RECORD_BYTES];
    struct rk_rsa_key *key;
    bool made;
    uint64_t port = RK_CLOUD_PORT;
    const char *host = rk_call_value(call, "host"), *output = rk_call_value(call, "output");
    int err = rk_call_number(call, "port", 1, 65535, &port);
    if (err || !host) {
        return rk_cmd_fail(RK_E_USAGE, "--host says under which address boards find this server",
                           "rekindle server init --host 192.168.1.10 -o server.bin");
    }
    rk_cmd_dir(call, dir);
    for (char *p = dir + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(dir, 0755);
            *p = '/';
        }
    }
    mkdir(dir, 0700);
    err = rk_keys_load(dir, true, &key, &made);
    if (err) {
        return rk_cmd_fail(err, NULL, NULL);
    }
    err = rk_keys_record(key, host, (uint16_t)port, record);
    rk_rsa_key_free(key);
    if (err) {
        return rk_cmd_fail(err, "the host must be an IPv4 address or a name of at most 64 bytes",
                           NULL);
    }
    if (output) {
        return write_record(output, record, sizeof record);
    }
    for (size_t i = 0; i < sizeof record; i++) {
        printf("%02x%s", record[i], i % 32 == 31 ? "\n" : "");
    }
    return 0;
}

static int open_store(struct rk_call *call, struct rk_store **store) {
    char dir[PATH_MAX], path[PATH_MAX + 16];
    struct stat st;
    snprintf(path, sizeof path, "%s/store.db", rk_cmd_dir(call, dir));
    if (stat(path, &st)) {
        return rk_cmd_fail(RK_E_NOT_FOUND, "there is no store in the data directory",
                           "Start the server once, or name its directory with --data.");
    }
    int err = rk_store_sqlite_open(path, store);
    return err ? rk_cmd_fail(err, NULL, NULL) : 0;
}

static void print_fault(void *ctx, const char *text) {
    printf("%s\n", text);
}

int rk_cmd_check(struct rk_call *call) {
    struct rk_store *store;
    int err = open_store(call, &store);
    if (err) {
        return err;
    }
    err = store->ops->check(store, print_fault, NULL);
    store->ops->close(store);
    if (err) {
        return rk_cmd_fail(err, NULL, NULL);
    }
    puts("the store is sound");
    return 0;
}

int rk_cmd_backup(struct rk_call *call) {
    struct rk_store *store;
    int err = open_store(call, &store);
    if (err) {
        return err;
    }
    err = store->ops->backup(store, call->args[0]);
    store->ops->close(store);
    return err ? rk_cmd_fail(err, "the copy could not be written", NULL) : 0;
}
