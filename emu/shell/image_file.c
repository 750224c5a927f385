/* See image_file.h. */
#include "emu/shell/image_file.h"

#include "emu/shell/fail.h"
#include "emu/shell/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Larger than any image for any of the boards; what does not fit a Core is told apart below. */
#define IMAGE_FILE_MAX (4u * 1024 * 1024)

static int find(const char *name, char path[RK_PATH_MAX]) {
    bool is_path = strchr(name, '/') != NULL;
    if (is_path || access(name, R_OK) == 0) {
        int n = snprintf(path, RK_PATH_MAX, "%s", name);
        return n > 0 && n < RK_PATH_MAX ? 0 : RK_E_RANGE;
    }
    if (!rk_catalogue_by_id(name)) {
        return access(name, F_OK) == 0 ? RK_E_ACCESS : RK_E_NOT_FOUND;
    }
    int rc = rk_store_image_path(name, path);
    if (rc == 0 && access(path, R_OK) != 0) {
        rc = RK_E_IMAGE_UNKNOWN;
    }
    return rc;
}

static int explain_find(int error, const char *name) {
    if (error == RK_E_NOT_FOUND) {
        return rk_shell_fail_next(error, "Give a file, or a name that `rekindle image list` shows.",
                                  "image '%s'", name);
    }
    return rk_shell_fail(error, "image '%s'", name);
}

static int explain_parse(int error, const struct rk_image_file *f, const char *name) {
    if (error == RK_E_TRUNCATED && f->img.has_module) {
        return rk_shell_fail(error, "image '%s' has %zu bytes of %u", name, f->size_bytes,
                             (unsigned)(f->img.module.end_addr - f->img.module.start_addr + 4));
    }
    return rk_shell_fail(error, "image '%s'", name);
}

static int explain_check(int error, const struct rk_image_file *f, const char *name) {
    const struct rk_board *board = rk_image_board(&f->img);
    const struct rk_board *core = rk_board_get(RK_BOARD_CORE);
    if (error == RK_E_IMAGE_PLATFORM && board && board != core) {
        return rk_shell_fail(error, "image '%s' was made for the %s", name, board->title);
    }
    if (error == RK_E_IMAGE_PLATFORM) {
        return rk_shell_fail(error, "image '%s' is not linked for this place in a %s", name,
                             core->title);
    }
    if (error == RK_E_TOO_BIG) {
        return rk_shell_fail(error, "image '%s' has %zu bytes", name, f->img.size_bytes);
    }
    if (error == RK_E_BAD_FORMAT) {
        return rk_shell_fail(error, "image '%s' does not begin with a vector table of a %s", name,
                             core->title);
    }
    if (error == RK_E_TRUNCATED) {
        return rk_shell_fail(error, "image '%s' ends before its reset handler at 0x%08x", name,
                             (unsigned)f->img.reset_addr);
    }
    return rk_shell_fail(error, "image '%s'", name);
}

int rk_image_file_load(struct rk_image_file *f, const char *name, enum rk_image_place place) {
    char path[RK_PATH_MAX];
    *f = (struct rk_image_file){0};
    int rc = find(name, path);
    if (rc) {
        return explain_find(rc, name);
    }
    rc = rk_read_file(path, IMAGE_FILE_MAX, &f->data, &f->size_bytes);
    if (rc) {
        return rk_shell_fail(rc, "image '%s'", name);
    }
    rc = rk_image_parse(&f->img, f->data, f->size_bytes);
    if (rc) {
        rc = explain_parse(rc, f, name);
    } else {
        const struct rk_board *core = rk_board_get(RK_BOARD_CORE);
        rc = place == RK_PLACE_APP ? rk_image_check_app(&f->img, core)
                                   : rk_image_check_bootloader(&f->img, core);
        rc = rc ? explain_check(rc, f, name) : 0;
    }
    if (rc) {
        rk_image_file_release(f);
    }
    return rc;
}

void rk_image_file_release(struct rk_image_file *f) {
    free(f->data);
    *f = (struct rk_image_file){0};
}
