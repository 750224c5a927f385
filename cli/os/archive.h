/* Archives through libarchive, which is loaded on first use: linking it would cost every command
 * start-up time (design.md, Dependencies).
 */
#ifndef RK_CLI_OS_ARCHIVE_H
#define RK_CLI_OS_ARCHIVE_H

#include "common/base/error.h"

/* Called for each regular file of an archive; not 0 stops the walk and is returned. data is valid
 * during the call only. */
typedef int rk_archive_visit(void *context, const char *name, const uint8_t *data, size_t len);

/* Walks an archive of any kind that libarchive reads (.tgz, .zip, ...). Files larger than
 * file_cap bytes are passed over, as is what would unpack to more than total_cap bytes in all
 * (RK_E_TOO_BIG). RK_E_NOT_FOUND, RK_E_ACCESS, RK_E_BAD_FORMAT when it is no archive or damaged,
 * RK_E_UNSUPPORTED when libarchive is not installed. */
RK_NODISCARD int rk_archive_walk(const char *path, size_t file_cap, size_t total_cap,
                                 rk_archive_visit *visit, void *context);

#endif
