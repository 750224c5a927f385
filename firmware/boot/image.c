/* See image.h. Reads in small pieces: nothing here holds an image. */
#include "firmware/boot/image.h"

#include "common/base/bytes.h"
#include "common/sum/crc.h"

#define MODULE_OFF   0x10Cu
#define MODULE_LEN   24u
#define CRC_LEN      4u
#define PLATFORM     0u
#define MONOLITHIC   3u
#define STACK_MASK   0x2FFE0000u
#define STACK_VALUE  0x20000000u
#define MODULE_BEGIN (MODULE_OFF + MODULE_LEN)

void rk_place_read(uint32_t place, void *data, size_t len) {
    if (place < RK_FLASH_BASE) {
        rk_port_ext_read(place, data, len);
        return;
    }
    const uint8_t *from = rk_port_flash(place);
    uint8_t *to = data;
    for (size_t i = 0; i < len; i++) {
        to[i] = from[i];
    }
}

bool rk_image_starts(uint32_t place) {
    uint8_t vectors[8];
    rk_place_read(place, vectors, sizeof vectors);
    uint32_t stack = rk_get_u32le(vectors), reset = rk_get_u32le(vectors + 4);
    return (stack & STACK_MASK) == STACK_VALUE && (reset & 1u) && reset - RK_APP_ADDR < RK_APP_SIZE;
}

static bool crc_matches(uint32_t place, uint32_t len) {
    uint8_t piece[256];
    uint32_t crc = RK_CRC32_START;
    for (uint32_t done = 0; done < len;) {
        uint32_t n = RK_MIN(len - done, (uint32_t)sizeof piece);
        rk_place_read(place + done, piece, n);
        crc = rk_crc32_update(crc, piece, n);
        done += n;
    }
    rk_place_read(place + len, piece, CRC_LEN);
    return ~crc == rk_get_u32be(piece);
}

enum rk_image_state rk_image_state(uint32_t place, uint32_t *len) {
    uint8_t info[MODULE_LEN];
    if (!rk_image_starts(place)) {
        return RK_IMAGE_NONE;
    }
    rk_place_read(place + MODULE_OFF, info, sizeof info);
    uint32_t begin = rk_get_u32le(info), end = rk_get_u32le(info + 4);
    if (begin != RK_APP_ADDR) {
        if (len) {
            *len = RK_APP_SIZE;
        }
        return RK_IMAGE_OLD;
    }
    if (rk_get_u16le(info + 12) != PLATFORM || info[14] != MONOLITHIC) {
        return RK_IMAGE_FOREIGN;
    }
    uint32_t body = end - begin;
    if (body < MODULE_BEGIN || body > RK_APP_SIZE - CRC_LEN || !crc_matches(place, body)) {
        return RK_IMAGE_BROKEN;
    }
    if (len) {
        *len = body + CRC_LEN;
    }
    return RK_IMAGE_WHOLE;
}
