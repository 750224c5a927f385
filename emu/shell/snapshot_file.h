/* Snapshots as files: the machine's bytes behind a header that says whose they are. */
#ifndef RK_EMU_SHELL_SNAPSHOT_FILE_H
#define RK_EMU_SHELL_SNAPSHOT_FILE_H

#include "emu/shell/session.h"

/* Saves the whole machine, non-volatile memories included. Files' errors, RK_E_NO_MEMORY. */
RK_NODISCARD int rk_snapshot_save(const struct rk_session *s, const uint8_t id[12],
                                  const char *path);
/* Loads one; the board's memories become what they were then. RK_E_SNAPSHOT: of another board,
 * another version, or damaged; the machine is then as before. */
RK_NODISCARD int rk_snapshot_load(struct rk_session *s, const uint8_t id[12], const char *path);

#endif
