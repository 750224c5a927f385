/* See files.h. */
#include "emu/shell/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int rk_file_error(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR: return RK_E_NOT_FOUND;
    case EACCES:
    case EPERM: return RK_E_ACCESS;
    case EEXIST: return RK_E_EXISTS;
    case ENOMEM: return RK_E_NO_MEMORY;
    default: return RK_E_IO;
    }
}

static int format_path(char path[RK_PATH_MAX], const char *a, const char *b, const char *c) {
    int n = snprintf(path, RK_PATH_MAX, "%s%s%s", a, b, c);
    return n > 0 && n < RK_PATH_MAX ? 0 : RK_E_RANGE;
}

int rk_path_in(const char *folder, const char *name, char path[RK_PATH_MAX]) {
    return format_path(path, folder, "/", name);
}

/* $XDG_DATA_HOME/rekindle, or its default. */
static int data_path(char path[RK_PATH_MAX]) {
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (data && *data) {
        return format_path(path, data, "/rekindle", "");
    }
    return home && *home ? format_path(path, home, "/.local/share/rekindle", "") : RK_E_RANGE;
}

int rk_board_path(const char *name, char path[RK_PATH_MAX]) {
    if (!*name) {
        return RK_E_RANGE;
    }
    if (strchr(name, '/')) {
        return format_path(path, name, "", "");
    }
    char data[RK_PATH_MAX];
    int rc = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? RK_E_RANGE : data_path(data);
    return rc ? rc : format_path(path, data, "/boards/", name);
}

int rk_store_image_path(const char *id, char path[RK_PATH_MAX]) {
    char folder[RK_PATH_MAX];
    char file[256];
    int n = snprintf(file, sizeof file, "%s.bin", id);
    if (n <= 0 || (size_t)n >= sizeof file || strchr(id, '/')) {
        return RK_E_RANGE;
    }
    const char *store = getenv("REKINDLE_IMAGES");
    if (store && *store) {
        return rk_path_in(store, file, path);
    }
    int rc = data_path(folder);
    return rc ? rc : format_path(path, folder, "/images/", file);
}

int rk_make_parents(const char *path) {
    char part[RK_PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof part) {
        return RK_E_RANGE;
    }
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return rk_file_error(errno);
        }
    }
    return 0;
}

static int read_all(FILE *file, size_t cap, uint8_t **data, size_t *len) {
    uint8_t *buffer = malloc(cap + 1);
    if (!buffer) {
        return RK_E_NO_MEMORY;
    }
    *len = fread(buffer, 1, cap + 1, file);
    if (ferror(file) || *len > cap) {
        int rc = ferror(file) ? RK_E_IO : RK_E_TOO_BIG;
        free(buffer);
        return rc;
    }
    *data = buffer;
    return 0;
}

int rk_read_file(const char *path, size_t cap, uint8_t **data, size_t *len) {
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (!file) {
        return rk_file_error(errno);
    }
    int rc = RK_E_IO;
    if (fstat(fileno(file), &st) == 0 && !S_ISDIR(st.st_mode)) {
        rc = read_all(file, cap, data, len);
    }
    fclose(file);
    return rc;
}

int rk_write_file(const char *path, const void *data, size_t len, unsigned mode) {
    char part[RK_PATH_MAX];
    int rc = format_path(part, path, ".part", "");
    if (rc) {
        return rc;
    }
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return rk_file_error(errno);
    }
    const uint8_t *p = data;
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(fd, p + done, len - done);
        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    bool is_whole = done == len && fsync(fd) == 0;
    is_whole = close(fd) == 0 && is_whole;
    if (!is_whole || rename(part, path) != 0) {
        unlink(part);
        return RK_E_IO;
    }
    return 0;
}
