/* Cyclic redundancy checks: CRC-32 (IEEE 802.3, reflected; module trailers, DFU suffixes) and
 * CRC-16 (XMODEM: polynomial 0x1021, initial 0; YMODEM packets). Hashes and ciphers come from
 * libraries, except sha256.h.
 */
#ifndef RK_COMMON_SUM_CRC_H
#define RK_COMMON_SUM_CRC_H

#include "common/base/attr.h"

#define RK_CRC32_START 0xFFFFFFFFu

/* Feeds bytes into a running CRC-32 that began as RK_CRC32_START. The published value of zlib and
 * of the module trailer is the complement of the last state; the DFU suffix holds the state itself
 * (DFU 1.1, appendix B). */
uint32_t rk_crc32_update(uint32_t state, const void *data, size_t len);

/* The zlib value of one block. */
uint32_t rk_crc32(const void *data, size_t len);

/* CRC-16 of one block, continuing from crc (0 to begin). */
uint16_t rk_crc16(uint16_t crc, const void *data, size_t len);

#endif
