/* See decide.h. */
#include "firmware/boot/decide.h"

#include "common/base/error.h"
#include "firmware/boot/copy.h"
#include "firmware/boot/image.h"
#include "firmware/boot/light.h"

/* What this start is asked to do, strongest first. */
struct wish {
    bool dfu;
    bool update;
    bool factory;
    bool backup;
    bool safe;
    bool wipe;
};

static const struct {
    uint32_t slot;
    enum rk_boot_colour colour;
    enum rk_job fallback;
} jobs[RK_JOB_COUNT] = {
    [RK_JOB_COPY_OTA] = {RK_EXT_OTA_ADDR, RK_BOOT_MAGENTA, RK_JOB_COPY_BACKUP},
    [RK_JOB_COPY_BACKUP] = {RK_EXT_BACKUP_ADDR, RK_BOOT_RED, RK_JOB_COPY_FACTORY},
    [RK_JOB_COPY_FACTORY] = {RK_EXT_FACTORY_ADDR, RK_BOOT_GREEN, RK_JOB_NONE},
};

static void set_low(uint16_t *value, uint8_t byte) {
    *value = (uint16_t)((*value & 0xFF00u) | byte);
}

static void set_high(uint16_t *value, uint8_t byte) {
    *value = (uint16_t)((*value & 0x00FFu) | byte << 8);
}

void rk_boot_finish(struct rk_boot *b) {
    b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_NONE;
    (void)rk_flags_save(&b->flags);
    rk_port_backup_set(10, RK_UPDATE_NONE);
}

/* --- jobs --------------------------------------------------------------------------------------
 */

static void job_done(struct rk_boot *b, enum rk_job job) {
    uint16_t *value = b->flags.value;
    value[RK_FLAG_OTA_FLASHED] = job == RK_JOB_COPY_OTA;
    if (job != RK_JOB_COPY_OTA) {
        set_low(&value[RK_FLAG_DFU_FACTORY], 0);
    }
    if (job == RK_JOB_COPY_FACTORY) {
        set_high(&value[RK_FLAG_DFU_FACTORY], RK_FACTORY_DONE);
    }
    value[RK_FLAG_FACTORY_RESET] = RK_FLAG_UNSET;
    b->flags.job = RK_JOB_NONE;
    rk_boot_finish(b);
}

/* The flag 0x5555 is what an original loader would leave and understand. */
static void set_job(struct rk_boot *b, enum rk_job job) {
    b->flags.job = (uint8_t)job;
    b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_COPY;
    b->flags.value[RK_FLAG_FACTORY_RESET] = RK_FLAG_UNSET;
    (void)rk_flags_save(&b->flags);
    rk_port_backup_set(10, RK_UPDATE_COPY);
}

/* Copies, falling back to what else there is. With nothing left the board waits for a host. */
static enum rk_boot_action run_job(struct rk_boot *b, enum rk_job job) {
    while (job != RK_JOB_NONE) {
        uint32_t len;
        if (rk_image_state(jobs[job].slot, &len) >= RK_IMAGE_OLD) {
            bool wipe = job == RK_JOB_COPY_FACTORY && b->flags.value[RK_FLAG_NVMEM_RESET] == 1;
            rk_port_light(wipe ? RK_BOOT_WHITE : jobs[job].colour, RK_FAST_MS);
            if (b->flags.job != job) {
                set_job(b, job);
            }
            if (rk_copy_to_app(jobs[job].slot, len) == RK_OK) {
                job_done(b, job);
                return RK_BOOT_RESET;
            }
        }
        job = jobs[job].fallback;
    }
    b->flags.job = RK_JOB_DFU;
    b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_NONE;
    (void)rk_flags_save(&b->flags);
    return RK_BOOT_DFU;
}

/* The application that is replaced is kept, if it is one: an old backup is worth more than a broken
 * application. Without a backup the update does not begin. */
static enum rk_boot_action run_update(struct rk_boot *b) {
    rk_port_light(RK_BOOT_MAGENTA, RK_FAST_MS);
    if (rk_image_starts(RK_APP_ADDR) && rk_copy_backup() < 0) {
        b->flags.value[RK_FLAG_OTA_FLASHED] = 0;
        rk_boot_finish(b);
        return RK_BOOT_RUN;
    }
    return run_job(b, RK_JOB_COPY_OTA);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static void read_flags(struct rk_boot *b, struct wish *w) {
    const uint16_t *value = b->flags.value;
    switch (value[RK_FLAG_OTA_UPDATE]) {
    case RK_UPDATE_READY: w->update = true; break;
    case RK_UPDATE_COPY: w->backup = b->flags.job == RK_JOB_NONE; break;
    case RK_FLAG_UNSET: w->dfu = rk_port_backup_get(10) == RK_FLAG_UNSET; break;
    default: break;
    }
    w->factory = value[RK_FLAG_FACTORY_RESET] == RK_FACTORY_ASKED;
}

/* A watchdog reset before the application called itself healthy: backup, then factory image, then
 * DFU. */
static void climb_ladder(struct rk_boot *b, struct wish *w, uint16_t health) {
    uint16_t next = RK_HEALTH_OK;
    switch (health) {
    case 1:
        w->backup = true;
        next = 2;
        break;
    case 2:
        w->factory = true;
        b->flags.value[RK_FLAG_NVMEM_RESET] = 0;
        next = 3;
        break;
    case 3: w->dfu = true; break;
    default: break;
    }
    rk_port_backup_set(1, next);
    b->flags.value[RK_FLAG_OTA_FLASHED] = 0;
    b->clear_flags = true;
}

static void read_health(struct rk_boot *b, struct wish *w) {
    uint16_t health = rk_port_backup_get(1);
    if (health == RK_HEALTH_DFU || health == RK_HEALTH_SAFE) {
        w->dfu = w->dfu || health == RK_HEALTH_DFU;
        w->safe = health == RK_HEALTH_SAFE;
        rk_port_backup_set(1, RK_HEALTH_OK);
    } else if (health == RK_HEALTH_OK) {
        rk_port_backup_set(1, 1);
    } else if (b->csr & RK_CSR_IWDGRSTF) {
        climb_ladder(b, w, health);
    }
}

static void cancel_pending(struct rk_boot *b, struct wish *w) {
    w->update = w->factory = w->backup = false;
    b->flags.value[RK_FLAG_FACTORY_RESET] = RK_FLAG_UNSET;
    if (b->flags.job == RK_JOB_NONE) {
        b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_NONE;
    }
}

static void read_hold(struct rk_boot *b, struct wish *w, enum rk_hold hold) {
    if (hold == RK_HOLD_NONE) {
        return;
    }
    cancel_pending(b, w);
    w->dfu = hold == RK_HOLD_DFU;
    w->safe = hold == RK_HOLD_SAFE;
    if (hold >= RK_HOLD_FACTORY) {
        w->factory = true;
        b->flags.value[RK_FLAG_NVMEM_RESET] = hold == RK_HOLD_WIPE;
    }
}

/* --- the decision ------------------------------------------------------------------------------
 */

void rk_boot_begin(struct rk_boot *b, uint32_t csr) {
    *b = (struct rk_boot){.csr = csr};
    rk_flags_load(&b->flags);
    uint16_t *value = b->flags.value;
    value[RK_FLAG_VERSION] = RK_LOADER_VERSION;
    value[RK_FLAG_CSR_LOW] = (uint16_t)csr;
    value[RK_FLAG_CSR_HIGH] = (uint16_t)(csr >> 16);
    value[RK_FLAG_STARTUP] = 0xFF00u; /* StartupMode 0, all features */
}

static enum rk_boot_action run_app(struct rk_boot *b) {
    (void)rk_flags_save(&b->flags);
    return RK_BOOT_RUN;
}

/* An application that a host was writing counts only when its checksum says that it is complete. */
static bool app_usable(struct rk_boot *b) {
    if (b->flags.job != RK_JOB_DFU) {
        return rk_image_starts(RK_APP_ADDR);
    }
    if (rk_image_state(RK_APP_ADDR, NULL) != RK_IMAGE_WHOLE) {
        return false;
    }
    b->flags.job = RK_JOB_NONE;
    return true;
}

/* While a job is under way the journal is kept for it: housekeeping can wait. */
static enum rk_boot_action wait_for_host(struct rk_boot *b) {
    if (b->flags.job == RK_JOB_NONE) {
        (void)rk_flags_save(&b->flags);
    }
    return RK_BOOT_DFU;
}

static enum rk_boot_action no_app(struct rk_boot *b) {
    if (b->flags.job != RK_JOB_DFU && rk_image_usable(RK_EXT_FACTORY_ADDR)) {
        rk_port_light(RK_BOOT_RED, 0);
        return run_job(b, RK_JOB_COPY_FACTORY);
    }
    return wait_for_host(b);
}

/* A request whose image is not usable is forgotten, and the next best happens. */
static enum rk_boot_action obey(struct rk_boot *b, struct wish *w) {
    if (w->dfu) {
        return wait_for_host(b);
    }
    if (w->update) {
        if (rk_image_usable(RK_EXT_OTA_ADDR)) {
            return run_update(b);
        }
        b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_NONE;
        b->flags.value[RK_FLAG_OTA_FLASHED] = 0;
    }
    if (w->backup) {
        b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_NONE;
        if (rk_image_usable(RK_EXT_BACKUP_ADDR)) {
            return run_job(b, RK_JOB_COPY_BACKUP);
        }
    }
    if (w->factory) {
        b->flags.value[RK_FLAG_FACTORY_RESET] = RK_FLAG_UNSET;
        if (rk_image_usable(RK_EXT_FACTORY_ADDR)) {
            return run_job(b, RK_JOB_COPY_FACTORY);
        }
    }
    if (w->safe) {
        set_low(&b->flags.value[RK_FLAG_STARTUP], 1);
    }
    return app_usable(b) ? run_app(b) : no_app(b);
}

enum rk_boot_action rk_boot_decide(struct rk_boot *b, enum rk_hold hold) {
    struct wish w = {0};
    read_flags(b, &w);
    read_health(b, &w);
    read_hold(b, &w, hold);
    bool copying = b->flags.job != RK_JOB_NONE && b->flags.job != RK_JOB_DFU;
    bool other = w.dfu || (w.factory && rk_image_usable(RK_EXT_FACTORY_ADDR));
    if (copying && !other) {
        return run_job(b, (enum rk_job)b->flags.job);
    }
    return obey(b, &w);
}

/* --- DFU ---------------------------------------------------------------------------------------
 */

int rk_boot_dfu_begins(struct rk_boot *b) {
    if (b->flags.job == RK_JOB_DFU) {
        return RK_OK;
    }
    b->flags.job = RK_JOB_DFU;
    b->flags.value[RK_FLAG_OTA_UPDATE] = RK_UPDATE_NONE;
    return rk_flags_save(&b->flags);
}

int rk_boot_dfu_complete(struct rk_boot *b) {
    if (b->flags.job != RK_JOB_DFU) {
        return RK_OK;
    }
    if (!rk_image_usable(RK_APP_ADDR)) {
        return RK_E_VERIFY;
    }
    b->flags.job = RK_JOB_NONE;
    return rk_flags_save(&b->flags);
}
