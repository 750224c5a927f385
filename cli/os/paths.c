/* POSIX behind paths.h. */
#include "cli/os/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RK_LIBEXEC_DIR
#define RK_LIBEXEC_DIR "/usr/local/libexec/rekindle"
#endif

static int error_of_errno(void) {
    switch (errno) {
    case ENOENT:
    case ENOTDIR: return RK_E_NOT_FOUND;
    case EACCES:
    case EPERM: return RK_E_ACCESS;
    default: return RK_E_IO;
    }
}

int rk_path_join(char *path, size_t cap, const char *folder, const char *name) {
    int len = snprintf(path, cap, "%s/%s", folder, name);
    return len >= 0 && (size_t)len < cap ? 0 : RK_E_RANGE;
}

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

int rk_path_images(char *path, size_t cap) {
    const char *store = environment("REKINDLE_IMAGES");
    const char *data = environment("XDG_DATA_HOME");
    const char *home = environment("HOME");
    int len = -1;
    if (store) {
        len = snprintf(path, cap, "%s", store);
    } else if (data && *data == '/') { /* the XDG specification: a relative path is ignored */
        len = snprintf(path, cap, "%s/rekindle/images", data);
    } else if (home) {
        len = snprintf(path, cap, "%s/.local/share/rekindle/images", home);
    }
    return len >= 0 && (size_t)len < cap ? 0 : RK_E_RANGE;
}

int rk_make_folders(const char *path) {
    char part[RK_PATH_CAP];
    size_t len = strlen(path);
    if (len >= sizeof part) {
        return RK_E_RANGE;
    }
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] == '/' || part[i] == 0) {
            part[i] = 0;
            if (mkdir(part, 0700) != 0 && errno != EEXIST) {
                return error_of_errno();
            }
            part[i] = path[i];
        }
    }
    return 0;
}

static int read_all(int fd, uint8_t *data, size_t len) {
    for (size_t done = 0; done < len;) {
        ssize_t got = read(fd, data + done, len - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return RK_E_IO;
        }
        done += (size_t)got;
    }
    return 0;
}

int rk_file_read(const char *path, size_t cap, uint8_t **data, size_t *len) {
    struct stat status;
    *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block the open */
    if (fd < 0) {
        return error_of_errno();
    }
    int error = 0;
    if (fstat(fd, &status) != 0) {
        error = RK_E_IO;
    } else if (!S_ISREG(status.st_mode)) {
        error = RK_E_BAD_FORMAT;
    } else if ((uintmax_t)status.st_size > cap) {
        error = RK_E_TOO_BIG;
    } else {
        *len = (size_t)status.st_size;
        *data = malloc(*len ? *len : 1);
        error = *data ? read_all(fd, *data, *len) : RK_E_NO_MEMORY;
    }
    close(fd);
    if (error) {
        free(*data);
        *data = NULL;
    }
    return error;
}

static int write_all(int fd, const uint8_t *data, size_t len) {
    for (size_t done = 0; done < len;) {
        ssize_t put = write(fd, data + done, len - done);
        if (put < 0 && errno != EINTR) {
            return RK_E_IO;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

int rk_file_write(const char *path, const void *data, size_t len, unsigned mode) {
    char part[RK_PATH_CAP];
    int name_len = snprintf(part, sizeof part, "%s.%ld.part", path, (long)getpid());
    if (name_len < 0 || (size_t)name_len >= sizeof part) {
        return RK_E_RANGE;
    }
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_of_errno();
    }
    int error = write_all(fd, data, len);
    if (!error && (fchmod(fd, mode) != 0 || fsync(fd) != 0)) {
        error = RK_E_IO;
    }
    if (close(fd) != 0 && !error) {
        error = RK_E_IO;
    }
    if (!error && rename(part, path) != 0) {
        error = error_of_errno();
    }
    if (error) {
        unlink(part);
    }
    return error;
}

/* The folder of the running program, or "" when the system does not tell. */
static void own_folder(char *folder, size_t cap) {
    ssize_t len = readlink("/proc/self/exe", folder, cap - 1);
    folder[len > 0 ? len : 0] = 0;
    char *slash = strrchr(folder, '/');
    if (slash) {
        *slash = 0;
    }
}

int rk_exec_sibling(const char *name, char **argv) {
    char folder[RK_PATH_CAP];
    char path[RK_PATH_CAP];
    char libexec[RK_PATH_CAP];
    own_folder(folder, sizeof folder);
    if (rk_path_join(libexec, sizeof libexec, folder, "../libexec/rekindle") != 0) {
        libexec[0] = 0;
    }
    const char *const folders[] = {folder, libexec, RK_LIBEXEC_DIR};
    char copy[64];
    snprintf(copy, sizeof copy, "%s", name);
    argv[0] = copy;
    for (size_t i = 0; i < RK_COUNT(folders); i++) {
        if (*folders[i] && rk_path_join(path, sizeof path, folders[i], name) == 0) {
            execv(path, argv);
            if (errno != ENOENT) {
                return error_of_errno();
            }
        }
    }
    execvp(name, argv);
    return error_of_errno();
}
