/* What the fuzz targets of usbip.c and usbredir.c share: a script of bytes for the connection mixed
 * with what happens to the device meanwhile. The device is the quirk one. */
#ifndef RK_EMU_PORT_USB_FUZZ_H
#define RK_EMU_PORT_USB_FUZZ_H

#include <string.h>

#include "emu/port/quirk.h"

/* A byte below FUZZ_EVENTS is followed by that many bytes of the stream; others are events. */
enum {
    FUZZ_EVENTS = 0xF8,
    FUZZ_LATER = FUZZ_EVENTS, /* 10 ms pass */
    FUZZ_MUCH_LATER,          /* a second passes */
    FUZZ_UNPLUG,
    FUZZ_PLUG,
    FUZZ_BUSY, /* nothing completes until later */
};

/* The memories are not cleared from one input to the next: no decision depends on them. */
static inline void fuzz_device(struct rk_quirk *quirk, uint8_t era) {
    static uint8_t internal[RK_QUIRK_INTERNAL], external[RK_QUIRK_EXTERNAL];
    struct rk_quirk_config config = {.era = (enum rk_quirk_era)(era % RK_QUIRK_ERA_COUNT),
                                     .internal = internal,
                                     .external = external,
                                     .instant = era & 0x80};
    rk_quirk_init(quirk, &config);
    rk_quirk_plug(quirk, 1);
}

static inline void fuzz_event(struct rk_quirk *quirk, uint8_t event) {
    switch (event) {
    case FUZZ_LATER: rk_quirk_advance(quirk, quirk->now_ns + 10000000); break;
    case FUZZ_MUCH_LATER: rk_quirk_advance(quirk, quirk->now_ns + 1000000000); break;
    case FUZZ_UNPLUG: rk_quirk_unplug(quirk); break;
    case FUZZ_PLUG:
        rk_quirk_unplug(quirk);
        rk_quirk_plug(quirk, quirk->now_ns);
        break;
    case FUZZ_BUSY: quirk->busy_until_ns = quirk->now_ns + 5000000; break;
    default: break;
    }
}

static inline void fuzz_script(struct rk_quirk *quirk, const uint8_t *data, size_t size,
                               bool (*input)(void *conn, const void *data, size_t len),
                               void *conn) {
    size_t pos = 0;
    while (pos < size) {
        uint8_t op = data[pos++];
        if (op >= FUZZ_EVENTS) {
            fuzz_event(quirk, op);
            continue;
        }
        size_t n = RK_MIN((size_t)op, size - pos);
        if (!input(conn, data + pos, n)) {
            break;
        }
        pos += n;
        rk_quirk_advance(quirk, quirk->now_ns + 1000);
    }
}

#endif
