/* The system flags (core-hardware.md 3) and what must survive a power cut with them: which job the
 * bootloader is at.
 *
 * Applications read and rewrite the flags page at 0x08004C00 as they always did: erase, then nine
 * half-words. The page at 0x08004800, unused by every release, is a journal of the bootloader's own
 * saves: a record holds all flags and the job and is complete before the flags page is touched, so
 * a cut at any half-word leaves the old or the new state. Records are appended; the page is erased
 * only when no job is under way.
 */
#ifndef RK_FIRMWARE_BOOT_FLAGS_H
#define RK_FIRMWARE_BOOT_FLAGS_H

#include "firmware/boot/port.h"

enum rk_flag {
    RK_FLAG_VERSION,
    RK_FLAG_NVMEM_RESET,
    RK_FLAG_OTA_UPDATE,
    RK_FLAG_OTA_FLASHED,
    RK_FLAG_FACTORY_RESET,
    RK_FLAG_DFU_FACTORY, /* low byte dfu_on_no_firmware, high byte Factory_Reset_Done */
    RK_FLAG_STARTUP,     /* low byte StartupMode, high byte FeaturesEnabled */
    RK_FLAG_CSR_LOW,
    RK_FLAG_CSR_HIGH,
    RK_FLAG_COUNT,
};

/* Values of RK_FLAG_OTA_UPDATE, also of DR10. */
#define RK_UPDATE_NONE   0x5000u
#define RK_UPDATE_READY  0x0005u
#define RK_UPDATE_COPY   0x5555u
#define RK_FLAG_UNSET    0xFFFFu
#define RK_FACTORY_ASKED 0xAAAAu
#define RK_FACTORY_DONE  0x5Au

enum rk_job {
    RK_JOB_NONE,
    RK_JOB_COPY_OTA, /* the application is being replaced from this slot */
    RK_JOB_COPY_BACKUP,
    RK_JOB_COPY_FACTORY,
    RK_JOB_DFU, /* a host is writing the application */
    RK_JOB_COUNT,
};

struct rk_flags {
    uint16_t value[RK_FLAG_COUNT]; /* change these, then save */
    uint8_t job;

    uint16_t stored[RK_FLAG_COUNT]; /* what the flags page holds */
    uint8_t stored_job;
    uint8_t next; /* first free record of the journal; RK_JOURNAL_RECORDS: full */
};

#define RK_JOURNAL_RECORD  24u
#define RK_JOURNAL_RECORDS (RK_FLASH_PAGE / RK_JOURNAL_RECORD)

/* Reads both pages, and finishes a save that a power cut interrupted. An application's own save
 * that was cut is taken back to the last known state, except where the blank flag asks for DFU
 * (DR10 = 0xFFFF beside it, core-hardware.md 4.8). */
void rk_flags_load(struct rk_flags *f);
/* Does nothing when nothing changed. RK_E_IO when a page cannot be written. */
int rk_flags_save(struct rk_flags *f);

#endif
