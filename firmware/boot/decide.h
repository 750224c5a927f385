/* What a start leads to (core-hardware.md 4.3, 4.4, 4.8 and the choices of design.md,
 * "Bootloader"): requests in flags and backup registers, the button, the watchdog's ladder,
 * interrupted jobs. Portable; the board is behind port.h.
 */
#ifndef RK_FIRMWARE_BOOT_DECIDE_H
#define RK_FIRMWARE_BOOT_DECIDE_H

#include "firmware/boot/flags.h"

#define RK_LOADER_VERSION 600u /* above every original's (501), which applications report */

enum rk_hold { /* how long MODE was held at reset; the strongest wins */
               RK_HOLD_NONE,
               RK_HOLD_SAFE,
               RK_HOLD_DFU,
               RK_HOLD_FACTORY, /* keeps the Wi-Fi profiles */
               RK_HOLD_WIPE,    /* factory reset and the profiles too */
};

enum rk_boot_action {
    RK_BOOT_RUN, /* start the application */
    RK_BOOT_DFU,
    RK_BOOT_RESET, /* the work is done: start over */
};

/* DR1 and DR9 values (core-hardware.md 2.5). */
#define RK_HEALTH_OK    0xFFFFu
#define RK_HEALTH_DFU   0xEDFAu
#define RK_HEALTH_SAFE  0x5AFEu
#define RK_DR9_STANDBY  0xA5A5u
#define RK_CSR_IWDGRSTF (1u << 29)

struct rk_boot {
    struct rk_flags flags;
    uint32_t csr;     /* RCC_CSR of this start */
    bool clear_flags; /* the caller sets RCC_CSR.RMVF */
};

/* Before the button is asked: loads the flags, does the housekeeping that applications rely on. */
void rk_boot_begin(struct rk_boot *b, uint32_t csr);
/* Decides and does what is to be done; the light shows it. */
enum rk_boot_action rk_boot_decide(struct rk_boot *b, enum rk_hold hold);

/* DFU is writing the application: called before its first change; and when it is complete. */
int rk_boot_dfu_begins(struct rk_boot *b);
/* RK_E_VERIFY: what is there now is no whole application. */
int rk_boot_dfu_complete(struct rk_boot *b);
/* core-hardware.md 4.1, FINISH, without the reset. */
void rk_boot_finish(struct rk_boot *b);

#endif
