/* A board folder (design.md): what the board keeps without power, and who may use it.
 *
 *   internal.bin option.bin external.bin radio.bin   the non-volatile memories, mapped shared, so
 *                                                    that nothing is lost when the program is
 * killed board.json network.json device.pub.pem           identity, network, the device's public
 * key lock control.sock                                one emulator at a time; how to speak to it
 */
#ifndef RK_EMU_SHELL_FOLDER_H
#define RK_EMU_SHELL_FOLDER_H

#include "emu/board/spark_core.h"
#include "emu/shell/files.h"

struct rk_folder {
    char path[RK_PATH_MAX];
    uint8_t *nv[RK_CORE_NV_COUNT];
    uint8_t id[12]; /* in memory order, as the chip's unique id */
    uint8_t mac[6];
    int lock_fd; /* -1: not locked */
};

/* Identity of a new board; the rest of its folder is filled by the caller between create and
 * finish. */
struct rk_identity {
    uint8_t id[12];
    uint8_t mac[6];
};

/* Makes a folder beside `path` under a temporary name, memories blank, mapped. RK_E_EXISTS when
 * path exists. */
RK_NODISCARD int rk_folder_create(struct rk_folder *f, const char *path,
                                  const struct rk_identity *identity);
/* Gives a created folder its name: from now on it exists. */
RK_NODISCARD int rk_folder_finish(struct rk_folder *f, const char *path);
/* Removes a created folder that was not finished. */
void rk_folder_discard(struct rk_folder *f);

/* Opens an existing board and locks it. RK_E_NOT_FOUND, RK_E_BUSY (another emulator runs it),
 * RK_E_CORRUPT (a file is missing or has the wrong size). */
RK_NODISCARD int rk_folder_open(struct rk_folder *f, const char *path);
void rk_folder_close(struct rk_folder *f);

#endif
