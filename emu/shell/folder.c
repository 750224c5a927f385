/* See folder.h. */
#include "emu/shell/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct rk_nv_desc *nv_desc(unsigned idx) {
    return &rk_spark_core_desc.nv[idx];
}

static int file_of(const struct rk_folder *f, unsigned idx, char path[RK_PATH_MAX]) {
    char name[32];
    snprintf(name, sizeof name, "%s.bin", nv_desc(idx)->name);
    return rk_path_in(f->path, name, path);
}

static int map_file(struct rk_folder *f, unsigned idx, bool is_new) {
    char path[RK_PATH_MAX];
    struct stat st;
    size_t size = nv_desc(idx)->size;
    int rc = file_of(f, idx, path);
    if (rc) {
        return rc;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC | (is_new ? O_CREAT | O_EXCL : 0), 0600);
    if (fd < 0) {
        return errno == ENOENT ? RK_E_CORRUPT : rk_file_error(errno);
    }
    if (is_new && ftruncate(fd, (off_t)size) != 0) {
        close(fd);
        return RK_E_IO;
    }
    if (fstat(fd, &st) != 0 || (size_t)st.st_size != size) {
        close(fd);
        return RK_E_CORRUPT;
    }
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) {
        return RK_E_IO;
    }
    f->nv[idx] = map;
    if (is_new) {
        memset(map, 0xFF, size);
    }
    return 0;
}

static int map_all(struct rk_folder *f, bool is_new) {
    for (unsigned i = 0; i < RK_CORE_NV_COUNT; i++) {
        int rc = map_file(f, i, is_new);
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static void unmap_all(struct rk_folder *f) {
    for (unsigned i = 0; i < RK_CORE_NV_COUNT; i++) {
        if (f->nv[i]) {
            munmap(f->nv[i], nv_desc(i)->size);
            f->nv[i] = NULL;
        }
    }
}

/* ---- board.json ------------------------------------------------------------------------------ */

static void hex_text(const uint8_t *bytes, size_t count, const char *between, char *text) {
    for (size_t i = 0; i < count; i++) {
        text += sprintf(text, "%s%02x", i ? between : "", bytes[i]);
    }
}

static int write_identity(const struct rk_folder *f) {
    char path[RK_PATH_MAX];
    char id[25];
    char mac[18];
    hex_text(f->id, sizeof f->id, "", id);
    hex_text(f->mac, sizeof f->mac, ":", mac);
    json_t *json =
        json_pack("{s:i,s:s,s:s,s:s}", "version", 1, "board", "core", "id", id, "mac", mac);
    char *text = json ? json_dumps(json, JSON_INDENT(4)) : NULL;
    int rc = text ? rk_path_in(f->path, "board.json", path) : RK_E_NO_MEMORY;
    if (rc == 0) {
        rc = rk_write_file(path, text, strlen(text), 0600);
    }
    free(text);
    json_decref(json);
    return rc;
}

static bool read_hex(const char *text, const char *between, uint8_t *bytes, size_t count) {
    size_t skip = strlen(between);
    if (!text || strlen(text) != count * 2 + (count - 1) * skip) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *digits = text + i * (2 + skip);
        unsigned value;
        if (strspn(digits, "0123456789abcdefABCDEF") < 2 || sscanf(digits, "%2x", &value) != 1) {
            return false;
        }
        bytes[i] = (uint8_t)value;
    }
    return true;
}

static int read_identity(struct rk_folder *f) {
    char path[RK_PATH_MAX];
    int rc = rk_path_in(f->path, "board.json", path);
    if (rc) {
        return rc;
    }
    json_t *json = json_load_file(path, 0, NULL);
    bool is_good = read_hex(json_string_value(json_object_get(json, "id")), "", f->id, 12) &&
                   read_hex(json_string_value(json_object_get(json, "mac")), ":", f->mac, 6);
    json_decref(json);
    return is_good ? 0 : RK_E_CORRUPT;
}

/* ---- making one ------------------------------------------------------------------------------ */

int rk_folder_create(struct rk_folder *f, const char *path, const struct rk_identity *identity) {
    struct stat st;
    *f = (struct rk_folder){.lock_fd = -1};
    memcpy(f->id, identity->id, sizeof f->id);
    memcpy(f->mac, identity->mac, sizeof f->mac);
    if (lstat(path, &st) == 0) {
        return RK_E_EXISTS;
    }
    int rc = rk_make_parents(path);
    if (rc) {
        return rc;
    }
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    int n = snprintf(f->path, sizeof f->path, "%.*s.new-XXXXXX", (int)len, path);
    if (n <= 0 || (size_t)n >= sizeof f->path) {
        return RK_E_RANGE;
    }
    if (!mkdtemp(f->path)) {
        f->path[0] = 0;
        return rk_file_error(errno);
    }
    rc = map_all(f, true);
    return rc ? rc : write_identity(f);
}

int rk_folder_finish(struct rk_folder *f, const char *path) {
    for (unsigned i = 0; i < RK_CORE_NV_COUNT; i++) {
        if (msync(f->nv[i], nv_desc(i)->size, MS_SYNC) != 0) {
            return RK_E_IO;
        }
    }
    if (rename(f->path, path) != 0) {
        return errno == ENOTEMPTY || errno == EEXIST ? RK_E_EXISTS : rk_file_error(errno);
    }
    unmap_all(f);
    return 0;
}

void rk_folder_discard(struct rk_folder *f) {
    static const char *const others[] = {"board.json", "network.json", "device.pub.pem"};
    char path[RK_PATH_MAX];
    unmap_all(f);
    if (!f->path[0]) {
        return;
    }
    for (unsigned i = 0; i < RK_CORE_NV_COUNT; i++) {
        if (file_of(f, i, path) == 0) {
            unlink(path);
        }
    }
    for (size_t i = 0; i < RK_COUNT(others); i++) {
        if (rk_path_in(f->path, others[i], path) == 0) {
            unlink(path);
        }
    }
    rmdir(f->path);
    f->path[0] = 0;
}

/* ---- using one ------------------------------------------------------------------------------- */

static int take_lock(struct rk_folder *f) {
    char path[RK_PATH_MAX];
    int rc = rk_path_in(f->path, "lock", path);
    if (rc) {
        return rc;
    }
    f->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock_fd < 0) {
        return rk_file_error(errno);
    }
    return flock(f->lock_fd, LOCK_EX | LOCK_NB) == 0 ? 0 : RK_E_BUSY;
}

int rk_folder_open(struct rk_folder *f, const char *path) {
    struct stat st;
    *f = (struct rk_folder){.lock_fd = -1};
    int n = snprintf(f->path, sizeof f->path, "%s", path);
    if (n <= 0 || (size_t)n >= sizeof f->path) {
        return RK_E_RANGE;
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return RK_E_NOT_FOUND;
    }
    int rc = read_identity(f);
    if (rc == 0) {
        rc = take_lock(f);
    }
    if (rc == 0) {
        rc = map_all(f, false);
    }
    if (rc) {
        rk_folder_close(f);
    }
    return rc;
}

void rk_folder_close(struct rk_folder *f) {
    unmap_all(f);
    if (f->lock_fd >= 0) {
        close(f->lock_fd); /* releases the lock; the file stays, so that no one locks a stale one */
        f->lock_fd = -1;
    }
}
