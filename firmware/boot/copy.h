/* The two long copies: an external slot into the application, and the application into the backup
 * slot. Both may be cut anywhere and simply be made again: what is equal already is not written,
 * and the first bytes (stack word and reset vector) go last, so that nothing half-copied looks like
 * an application. */
#ifndef RK_FIRMWARE_BOOT_COPY_H
#define RK_FIRMWARE_BOOT_COPY_H

#include "firmware/boot/port.h"

/* len bytes, rounded up to whole pages. RK_E_IO when a page does not hold what was written. */
int rk_copy_to_app(uint32_t slot, uint32_t len);
/* The whole application space. */
int rk_copy_backup(void);

#endif
