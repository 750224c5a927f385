/* rekindle server doctor: port, key, clock, disk, store, and what the devices that were refused did
 * wrong and what to do about it. Changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "server/cmd/cmd.h"
#include "server/device/hub.h"
#include "server/loop/keys.h"
#include "server/store/store.h"

#define FREE_MIN_BYTES (100ull * 1024 * 1024)
#define CLOCK_MIN      1700000000 /* November 2023: no clock that was set is earlier */

struct report {
    bool json;
    int problems;
    json_t *items;
};

static void say(struct report *r, bool good, const char *what, const char *remedy) {
    r->problems += !good;
    if (r->json) {
        json_array_append_new(r->items, json_pack("{s:b, s:s, s:s}", "ok", good, "text", what,
                                                  "remedy", good ? "" : remedy));
    } else {
        printf("%s %s\n", good ? "ok  " : "BAD ", what);
        if (!good) {
            printf("     %s\n", remedy);
        }
    }
}

static void check_key(struct report *r, const char *dir) {
    struct rk_rsa_key *key;
    bool made;
    int err = rk_keys_load(dir, false, &key, &made);
    say(r, !err, err ? "the server's key cannot be used" : "the server's key is sound",
        err == RK_E_NOT_FOUND ? "Make it: rekindle server init --host NAME"
        : err == RK_E_ACCESS  ? "Others can read it: chmod 600 server.key.pem"
                              : "Restore server.key.pem from a backup; a new key means new records "
                                "for all boards.");
    rk_rsa_key_free(key);
}

static void check_disk(struct report *r, const char *dir) {
    struct statvfs fs;
    bool good =
        statvfs(dir, &fs) == 0 && (unsigned long long)fs.f_bavail * fs.f_frsize > FREE_MIN_BYTES;
    say(r, good, good ? "there is room on the disk" : "the disk is nearly full, or not there",
        "Make room, or choose another directory with --data.");
}

static void check_running(struct report *r, struct rk_call *call) {
    int fd;
    bool good = rk_client_connect(call, &fd) == 0;
    if (good) {
        fclose(fdopen(fd, "r"));
    }
    say(r, good, good ? "the server runs" : "the server does not run with this data directory",
        "Start it: rekindle server run --listen 0.0.0.0 (boards cannot reach 127.0.0.1)");
}

static void report_device(void *ctx, const struct rk_store_device *d) {
    struct report *r = ctx;
    char id[RK_DEVICE_ID_TEXT], text[256];
    const char *remedy = "";
    rk_device_id_format(&d->id, id);
    if (d->failure[0] && d->failure_ms >= d->last_seen_ms) {
        for (int i = 0; i < RK_REASONS; i++) {
            const struct rk_reason_info *info = rk_reason_info((enum rk_reason)i);
            if (!strcmp(info->name, d->failure)) {
                snprintf(text, sizeof text, "%s was refused: %s", id, info->text);
                remedy = info->remedy;
                say(r, false, text, remedy);
            }
        }
    } else if (!d->has_key) {
        snprintf(text, sizeof text, "%s has no public key here", id);
        say(r, false, text, rk_reason_info(RK_REASON_NO_KEY)->remedy);
    } else if (d->last_seen_ms == 0) {
        snprintf(text, sizeof text, "%s was never seen", id);
        say(r, false, text,
            "Red light: give the board this server's key and address (rekindle server init). "
            "Orange "
            "blinks: it does not reach the address. Anything else: rekindle doctor.");
    }
}

static void check_store(struct report *r, const char *dir) {
    char path[PATH_MAX + 16];
    struct rk_store *store;
    struct stat st;
    snprintf(path, sizeof path, "%s/store.db", dir);
    if (stat(path, &st)) {
        say(r, true, "there is no store yet: the first start makes it", "");
        return;
    }
    int err = rk_store_sqlite_open(path, &store);
    say(r, !err, err ? "the store cannot be opened" : "the store opens",
        "rekindle server check shows the damage; restore a backup.");
    if (!err) {
        (void)store->ops->device_list(store, 0, report_device, r);
        store->ops->close(store);
    }
}

int rk_cmd_doctor(struct rk_call *call) {
    char dir[PATH_MAX];
    struct report r = {.json = rk_call_has(call, "json"), .items = json_array()};
    rk_cmd_dir(call, dir);
    say(&r, time(NULL) > CLOCK_MIN, "the clock is set",
        "Set the clock: boards take their time from this server.");
    check_disk(&r, dir);
    check_key(&r, dir);
    check_running(&r, call);
    check_store(&r, dir);
    if (r.json) {
        json_dumpf(r.items, stdout, JSON_COMPACT);
        puts("");
    }
    json_decref(r.items);
    return r.problems ? RK_E_PROBLEM_REMAINS : 0;
}
