/* Table-driven by half bytes: 16 entries each, so that the same code suits a 16 KB bootloader.
 * Polynomials: IEEE 802.3 3.2.9 (reflected 0xEDB88320) and ITU-T V.41 (0x1021).
 */
#include "common/sum/crc.h"

static const uint32_t crc32_nibble[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
};

static const uint16_t crc16_nibble[16] = {
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
    0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
};

uint32_t rk_crc32_update(uint32_t state, const void *data, size_t len) {
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        state ^= p[i];
        state = state >> 4 ^ crc32_nibble[state & 15];
        state = state >> 4 ^ crc32_nibble[state & 15];
    }
    return state;
}

uint32_t rk_crc32(const void *data, size_t len) {
    return ~rk_crc32_update(RK_CRC32_START, data, len);
}

uint16_t rk_crc16(uint16_t crc, const void *data, size_t len) {
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        crc = (uint16_t)(crc << 4 ^ crc16_nibble[(crc >> 12 ^ p[i] >> 4) & 15]);
        crc = (uint16_t)(crc << 4 ^ crc16_nibble[(crc >> 12 ^ p[i]) & 15]);
    }
    return crc;
}
