/* Where things are on this system: the XDG folders (host-tool.md 8.2), this program's siblings, and
 * whole files. The only folder of the tool that asks the operating system about them.
 */
#ifndef RK_CLI_OS_PATHS_H
#define RK_CLI_OS_PATHS_H

#include "common/base/error.h"

enum { RK_PATH_CAP = 4096 };

/* The store of published images: $REKINDLE_IMAGES, else $XDG_DATA_HOME/rekindle/images, else
 * ~/.local/share/rekindle/images. Each returns 0, or RK_E_RANGE when the path is too long or there
 * is no home. */
RK_NODISCARD int rk_path_images(char *path, size_t cap);
RK_NODISCARD int rk_path_join(char *path, size_t cap, const char *folder, const char *name);

/* Makes a folder and those above it, mode 0700 where they are new. */
RK_NODISCARD int rk_make_folders(const char *path);

/* A whole file; *data is the caller's to free. RK_E_NOT_FOUND, RK_E_ACCESS, RK_E_IO, RK_E_TOO_BIG
 * past cap, RK_E_BAD_FORMAT when it is not a regular file. */
RK_NODISCARD int rk_file_read(const char *path, size_t cap, uint8_t **data, size_t *len);

/* Writes a file so that it is there whole or not at all, then gives it this mode. */
RK_NODISCARD int rk_file_write(const char *path, const void *data, size_t len, unsigned mode);

/* Replaces this process by a program of the same installation: beside this one, in the libexec
 * folder, or on PATH. argv[0] is set to its name. Returns only on failure: RK_E_NOT_FOUND, or
 * RK_E_ACCESS. */
RK_NODISCARD int rk_exec_sibling(const char *name, char **argv);

#endif
