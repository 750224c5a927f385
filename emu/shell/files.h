/* Whole files and the places that the XDG folders give: board folders and the image store
 * (design.md: Board folder, Images). The tool has its own for its own needs; neither includes the
 * other.
 */
#ifndef RK_EMU_SHELL_FILES_H
#define RK_EMU_SHELL_FILES_H

#include "common/base/error.h"

enum { RK_PATH_MAX = 4096 };

/* NAME with a slash is a path, else $XDG_DATA_HOME/rekindle/boards/NAME. RK_E_RANGE: too long,
 * empty, or no home. */
RK_NODISCARD int rk_board_path(const char *name, char path[RK_PATH_MAX]);
/* The file that the store would keep this image in. */
RK_NODISCARD int rk_store_image_path(const char *id, char path[RK_PATH_MAX]);
RK_NODISCARD int rk_path_in(const char *folder, const char *name, char path[RK_PATH_MAX]);

/* Makes the folders above path. */
RK_NODISCARD int rk_make_parents(const char *path);

/* A whole file of at most cap bytes; the caller frees *data. RK_E_NOT_FOUND, RK_E_ACCESS,
 * RK_E_TOO_BIG, RK_E_IO, RK_E_NO_MEMORY. */
RK_NODISCARD int rk_read_file(const char *path, size_t cap, uint8_t **data, size_t *len);
/* Writes a file whole or not at all. */
RK_NODISCARD int rk_write_file(const char *path, const void *data, size_t len, unsigned mode);

/* The error for an errno of a file operation. */
int rk_file_error(int number);

#endif
