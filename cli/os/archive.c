/* libarchive's reading half behind archive.h, by dlopen. */
#include "cli/os/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024 };

/* The functions used, so that they are named once. */
#define FUNCTIONS(X)                                                                               \
    X(archive_read_new)                                                                            \
    X(archive_read_support_filter_all)                                                             \
    X(archive_read_support_format_all)                                                             \
    X(archive_read_open_filename)                                                                  \
    X(archive_read_next_header)                                                                    \
    X(archive_read_data)                                                                           \
    X(archive_read_data_skip)                                                                      \
    X(archive_read_free)                                                                           \
    X(archive_entry_pathname)                                                                      \
    X(archive_entry_filetype)                                                                      \
    X(archive_entry_size)

struct library {
    void *handle;
#define MEMBER(name) __typeof__(&(name)) name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

static int load(struct library *lib) {
    lib->handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!lib->handle) {
        return RK_E_UNSUPPORTED;
    }
#define LOAD(name)                                                                                 \
    *(void **)&lib->name = dlsym(lib->handle, #name);                                              \
    if (!lib->name) {                                                                              \
        dlclose(lib->handle);                                                                      \
        return RK_E_UNSUPPORTED;                                                                   \
    }
    FUNCTIONS(LOAD)
#undef LOAD
    return 0;
}

static int visit_entry(const struct library *lib, struct archive *archive,
                       struct archive_entry *entry, rk_archive_visit *visit, void *context) {
    size_t len = (size_t)lib->archive_entry_size(entry);
    uint8_t *data = malloc(len ? len : 1);
    if (!data) {
        return RK_E_NO_MEMORY;
    }
    size_t done = 0;
    la_ssize_t got = 1;
    while (done < len && got > 0) {
        got = lib->archive_read_data(archive, data + done, len - done);
        done += got > 0 ? (size_t)got : 0;
    }
    const char *name = lib->archive_entry_pathname(entry);
    int error = done == len ? visit(context, name ? name : "", data, len) : RK_E_BAD_FORMAT;
    free(data);
    return error;
}

static int walk(const struct library *lib, struct archive *archive, size_t file_cap,
                size_t total_cap, rk_archive_visit *visit, void *context) {
    struct archive_entry *entry;
    size_t total = 0;
    int status;
    while ((status = lib->archive_read_next_header(archive, &entry)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
        la_int64_t size = lib->archive_entry_size(entry);
        total += size > 0 ? (size_t)size : 0;
        if (total > total_cap) {
            return RK_E_TOO_BIG;
        }
        if (lib->archive_entry_filetype(entry) != S_IFREG || size < 0 || (size_t)size > file_cap) {
            continue;
        }
        int error = visit_entry(lib, archive, entry, visit, context);
        if (error) {
            return error;
        }
    }
    return status == ARCHIVE_EOF ? 0 : RK_E_BAD_FORMAT;
}

int rk_archive_walk(const char *path, size_t file_cap, size_t total_cap, rk_archive_visit *visit,
                    void *context) {
    struct library lib;
    if (access(path, F_OK) != 0) {
        return RK_E_NOT_FOUND;
    }
    if (access(path, R_OK) != 0) {
        return RK_E_ACCESS;
    }
    int error = load(&lib);
    if (error) {
        return error;
    }
    struct archive *archive = lib.archive_read_new();
    if (!archive) {
        error = RK_E_NO_MEMORY;
        goto out;
    }
    lib.archive_read_support_filter_all(archive);
    lib.archive_read_support_format_all(archive);
    if (lib.archive_read_open_filename(archive, path, BLOCK_BYTES) != ARCHIVE_OK) {
        error = RK_E_BAD_FORMAT;
    } else {
        error = walk(&lib, archive, file_cap, total_cap, visit, context);
    }
    lib.archive_read_free(archive);
out:
    dlclose(lib.handle);
    return error;
}
