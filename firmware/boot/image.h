/* Is there an application in this place, and is it whole? (core-hardware.md 1.1, 1.4.) An image of
 * 2014 has neither length nor checksum: only its vector table can be judged. */
#ifndef RK_FIRMWARE_BOOT_IMAGE_H
#define RK_FIRMWARE_BOOT_IMAGE_H

#include "firmware/boot/port.h"

/* Places: internal flash by address, external slots by theirs; they do not overlap. */
enum rk_image_state {
    RK_IMAGE_NONE,    /* no vector table of an application */
    RK_IMAGE_FOREIGN, /* module info for another place or board */
    RK_IMAGE_BROKEN,  /* module info, and the checksum does not match */
    RK_IMAGE_OLD,     /* a vector table and no module info: nothing more to check */
    RK_IMAGE_WHOLE,   /* module info and a good checksum */
};

/* *len: bytes to copy, 1..RK_APP_SIZE; the whole space for RK_IMAGE_OLD. Set only for OLD and
 * WHOLE. len may be NULL. */
enum rk_image_state rk_image_state(uint32_t place, uint32_t *len);

static inline bool rk_image_usable(uint32_t place) {
    return rk_image_state(place, NULL) >= RK_IMAGE_OLD;
}

/* The bootloaders' own test (word 0), and a reset vector inside the application: cheap enough for
 * every start. */
bool rk_image_starts(uint32_t place);

/* Bytes of a place, internal or external. */
void rk_place_read(uint32_t place, void *data, size_t len);

#endif
