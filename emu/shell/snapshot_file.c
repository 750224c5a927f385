/* See snapshot_file.h. Header, little-endian: magic 8, board id 12, CRC-32 of the machine's bytes
 * 4, session's time without power 8. What fits which build is the machine's own check.
 */
#include "emu/shell/snapshot_file.h"

#include "common/base/bytes.h"
#include "common/sum/crc.h"
#include "emu/shell/files.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 32
static const char magic[8] = {'R', 'K', 'S', 'N', 'A', 'P', '1', '\n'};

int rk_snapshot_save(const struct rk_session *s, const uint8_t id[12], const char *path) {
    size_t size = rk_machine_snapshot_size(s->m);
    uint8_t *file = malloc(HEADER_LEN + size);
    if (!file) {
        return RK_E_NO_MEMORY;
    }
    rk_machine_snapshot_save(s->m, file + HEADER_LEN);
    memcpy(file, magic, sizeof magic);
    memcpy(file + 8, id, 12);
    rk_put_u32le(file + 20, rk_crc32(file + HEADER_LEN, size));
    rk_put_u32le(file + 24, (uint32_t)s->off_ns);
    rk_put_u32le(file + 28, (uint32_t)(s->off_ns >> 32));
    int rc = rk_write_file(path, file, HEADER_LEN + size, 0600);
    free(file);
    return rc;
}

static bool is_ours(const uint8_t *file, size_t len, const uint8_t id[12]) {
    return len > HEADER_LEN && memcmp(file, magic, sizeof magic) == 0 &&
           memcmp(file + 8, id, 12) == 0 &&
           rk_crc32(file + HEADER_LEN, len - HEADER_LEN) == rk_get_u32le(file + 20);
}

int rk_snapshot_load(struct rk_session *s, const uint8_t id[12], const char *path) {
    uint8_t *file = NULL;
    size_t len = 0;
    int rc = rk_read_file(path, HEADER_LEN + rk_machine_snapshot_size(s->m), &file, &len);
    if (rc) {
        return rc == RK_E_TOO_BIG ? RK_E_SNAPSHOT : rc;
    }
    rc = is_ours(file, len, id)
             ? rk_machine_snapshot_load(s->m, file + HEADER_LEN, len - HEADER_LEN)
             : RK_E_SNAPSHOT;
    if (rc == 0) {
        rk_session_restored(s, rk_get_u32le(file + 24) | (uint64_t)rk_get_u32le(file + 28) << 32);
    }
    free(file);
    return rc;
}
