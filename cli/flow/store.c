/* The store behind store.h. */
#include "cli/flow/store.h"

#include "cli/os/archive.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    ARCHIVE_CAP_BYTES = 1024 * 1024 * 1024,
    DEPTH_CAP = 24, /* deeper than any package folder; stops at symlink loops, too */
    IMAGE_MODE = 0444,
};

struct walk {
    const struct rk_store *store;
    struct rk_import *import;
};

int rk_store_open(struct rk_store *store) {
    return rk_path_images(store->folder, sizeof store->folder);
}

static int image_path(const struct rk_store *store, const char *id, char *path, size_t cap) {
    char name[128];
    int len = snprintf(name, sizeof name, "%s.bin", id);
    return len >= 0 && (size_t)len < sizeof name ? rk_path_join(path, cap, store->folder, name)
                                                 : RK_E_RANGE;
}

int rk_store_read(const struct rk_store *store, const char *id, uint8_t **data, size_t *len) {
    char path[RK_PATH_CAP];
    *data = NULL;
    if (strchr(id, '/')) {
        return RK_E_IMAGE_UNKNOWN;
    }
    int error = image_path(store, id, path, sizeof path);
    if (!error) {
        error = rk_file_read(path, RK_STORE_IMAGE_CAP_BYTES, data, len);
    }
    return error == RK_E_NOT_FOUND ? RK_E_IMAGE_UNKNOWN : error;
}

enum rk_store_state rk_store_state(const struct rk_store *store,
                                   const struct rk_catalogue_entry *entry) {
    uint8_t digest[RK_SHA256_LEN];
    uint8_t *data;
    size_t len;
    int error = rk_store_read(store, entry->id, &data, &len);
    if (error) {
        return error == RK_E_IMAGE_UNKNOWN ? RK_STORE_MISSING : RK_STORE_DAMAGED;
    }
    rk_sha256(data, len, digest);
    free(data);
    return rk_catalogue_by_sha256(digest) == entry ? RK_STORE_PRESENT : RK_STORE_DAMAGED;
}

/* Stores these bytes when the catalogue knows them. */
static int take(struct walk *walk, const uint8_t *data, size_t len) {
    uint8_t digest[RK_SHA256_LEN];
    char path[RK_PATH_CAP];
    walk->import->file_count++;
    rk_sha256(data, len, digest);
    const struct rk_catalogue_entry *entry = rk_catalogue_by_sha256(digest);
    if (!entry) {
        return 0;
    }
    bool is_new = rk_store_state(walk->store, entry) != RK_STORE_PRESENT;
    if (is_new) {
        int error = rk_make_folders(walk->store->folder);
        if (!error) {
            error = image_path(walk->store, entry->id, path, sizeof path);
        }
        if (!error) {
            error = rk_file_write(path, data, len, IMAGE_MODE);
        }
        if (error) {
            return error;
        }
        walk->import->new_count++;
    }
    walk->import->taken_count++;
    if (walk->import->taken) {
        walk->import->taken(walk->import->context, entry, is_new);
    }
    return 0;
}

static int take_entry(void *context, const char *name, const uint8_t *data, size_t len) {
    (void)name;
    return take(context, data, len);
}

static bool is_package_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".tgz") == 0;
}

static int take_file(struct walk *walk, const char *path) {
    uint8_t *data;
    size_t len;
    int error = rk_file_read(path, RK_STORE_IMAGE_CAP_BYTES, &data, &len);
    if (error) {
        return error == RK_E_TOO_BIG ? 0 : error;
    }
    error = take(walk, data, len);
    free(data);
    return error;
}

static int take_package(struct walk *walk, const char *path) {
    return rk_archive_walk(path, RK_STORE_IMAGE_CAP_BYTES, ARCHIVE_CAP_BYTES, take_entry, walk);
}

static int take_folder(struct walk *walk, const char *folder, unsigned depth);

/* One name in a folder. What cannot be read there is passed over: it is not what was asked for. */
static int take_member(struct walk *walk, const char *path, unsigned depth) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        return 0;
    }
    if (S_ISDIR(status.st_mode)) {
        return depth < DEPTH_CAP ? take_folder(walk, path, depth + 1) : 0;
    }
    if (!S_ISREG(status.st_mode)) {
        return 0;
    }
    int error = is_package_name(path) ? take_package(walk, path) : take_file(walk, path);
    return error == RK_E_ACCESS || error == RK_E_NOT_FOUND || error == RK_E_BAD_FORMAT ? 0 : error;
}

static int take_folder(struct walk *walk, const char *folder, unsigned depth) {
    char path[RK_PATH_CAP];
    DIR *dir = opendir(folder);
    if (!dir) {
        return depth == 0 ? RK_E_ACCESS : 0;
    }
    int error = 0;
    for (struct dirent *entry; !error && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (rk_path_join(path, sizeof path, folder, entry->d_name) == 0) {
            error = take_member(walk, path, depth);
        }
    }
    closedir(dir);
    return error;
}

int rk_store_import(const struct rk_store *store, const char *path, struct rk_import *import) {
    struct walk walk = {.store = store, .import = import};
    struct stat status;
    if (stat(path, &status) != 0) {
        return RK_E_NOT_FOUND;
    }
    if (S_ISDIR(status.st_mode)) {
        return take_folder(&walk, path, 0);
    }
    unsigned before = import->taken_count;
    int error = take_file(&walk, path); /* an image itself */
    if (error || import->taken_count > before) {
        return error;
    }
    return take_package(&walk, path);
}
