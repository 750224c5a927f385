/* May this image go to this device? Asked before anything is sent, since boards before Device OS
 * 0.7 do not check at all, and none compares the length with its flash (cloud-protocol.md 3.13, 6).
 */
#ifndef RK_SERVER_DEVICE_UPDATE_CHECK_H
#define RK_SERVER_DEVICE_UPDATE_CHECK_H

#include "server/device/hub.h"

struct rk_update_target {
    uint16_t platform;  /* RK_PLATFORM_UNKNOWN: a board of 2014, which is a Core */
    uint32_t max_bytes; /* what the board said of its OTA region; 0: take the platform's */
    const struct rk_session
        *session; /* for its modules; NULL: not connected, dependencies unchecked */
};

/* 0, or RK_E_IMAGE_EMPTY, RK_E_IMAGE_PLATFORM, RK_E_IMAGE_CRC, RK_E_TOO_BIG, RK_E_BAD_FORMAT,
 * RK_E_UNSUPPORTED (a module that it needs is missing or too old). why: a sentence for people. */
int rk_update_check(const void *image, size_t len, const struct rk_update_target *target, char *why,
                    size_t why_cap);

#endif
