/* A model of the original DFU bootloaders as a USB device (core-hardware.md 4.6, 4.7): it starts in
 * dfuERROR, ignores the alternate setting, works after the GETSTATUS that announced it, reports no
 * error, never ends an upload short, and leaves as its era did. Host tools are judged by it. It is
 * no emulation: no processor runs here. Time is given; the caller owns the memories.
 */
#ifndef RK_EMU_PORT_QUIRK_H
#define RK_EMU_PORT_QUIRK_H

#include "emu/port/usb_target.h"

#define RK_QUIRK_INTERNAL (128u * 1024u)
#define RK_QUIRK_EXTERNAL (2048u * 1024u)

/* The three faces of the originals. */
enum rk_quirk_era {
    RK_QUIRK_2014,  /* E1 to v0.4.4: `Spark Devices`, 12 digits, leaves at once in dfuMANIFEST */
    RK_QUIRK_V0_45, /* v0.4.5 to v0.6.2: `Particle`, 12 digits, leaves 500 ms later */
    RK_QUIRK_V0_70, /* v0.7.0 on: 24 digits and a NUL */
    RK_QUIRK_ERA_COUNT,
};

struct rk_quirk_config {
    enum rk_quirk_era era;
    uint8_t id[12];     /* device id, memory order */
    uint8_t *internal;  /* RK_QUIRK_INTERNAL bytes, from 0x08000000 */
    uint8_t *external;  /* RK_QUIRK_EXTERNAL bytes of SPI flash */
    bool protected_low; /* option bytes protect pages 0-15, as on shipped boards */
    bool instant;       /* flash takes no time (tests) */
};

struct rk_quirk {
    struct rk_usb_target target;
    struct rk_quirk_config config;
    struct rk_usb_desc desc;
    struct rk_usb_transfer *first, *last;
    uint64_t now_ns;
    uint64_t busy_until_ns; /* the processor is in the flash's hands: NAK */
    uint64_t leave_ns;      /* 0: not leaving */
    uint32_t pointer;
    uint16_t pending_block, pending_len;
    uint8_t state, status;
    uint8_t alt;
    bool left; /* reset into the application since it was plugged in */
    bool working;
    uint8_t buffer[1024];
};

void rk_quirk_init(struct rk_quirk *quirk, const struct rk_quirk_config *config);
/* Reset with the button held: appears on the bus in its entry state. */
void rk_quirk_plug(struct rk_quirk *quirk, uint64_t now_ns);
void rk_quirk_unplug(struct rk_quirk *quirk);
/* Time goes on; transfers complete. */
void rk_quirk_advance(struct rk_quirk *quirk, uint64_t now_ns);
/* When rk_quirk_advance() has something to do next; UINT64_MAX: not by itself. */
uint64_t rk_quirk_deadline_ns(const struct rk_quirk *quirk);

#endif
