/* The board as the bootloader's tests see it: both flash memories with their rules, backup
 * registers, and a power supply that fails at a chosen operation. Implements port.h on the host.
 *
 * Rules (PM0075 2.3, SST25VF016B): a half-word is programmed when it is erased, or to zero; a byte
 * of the external flash only when it is erased. A cut erase leaves the second half of the unit, a
 * cut program leaves the upper byte. Breaking a rule, or touching the bootloader's own pages, is
 * counted in `violations`.
 */
#ifndef RK_FIRMWARE_BOOT_MODEL_H
#define RK_FIRMWARE_BOOT_MODEL_H

#include <setjmp.h>

#include "firmware/boot/decide.h"

#define RK_MODEL_EXT_SIZE 0x80000u /* what the bootloader uses of the 2 MB */

struct rk_model_state {
    uint8_t flash[RK_FLASH_SIZE];
    uint8_t ext[RK_MODEL_EXT_SIZE];
    uint16_t backup[11];
    uint32_t csr;
};

enum rk_model_cut {
    RK_MODEL_CUT_BEFORE,
    RK_MODEL_CUT_TORN,
    RK_MODEL_CUT_COUNT,
};

enum rk_model_kind {
    RK_MODEL_ERASE,
    RK_MODEL_PROGRAM,
    RK_MODEL_EXT_ERASE,
    RK_MODEL_EXT_WRITE, /* a pair or a single byte */
};

struct rk_model_op {
    enum rk_model_kind kind;
    uint32_t addr;
    uint16_t value;
    uint8_t len; /* of EXT_WRITE: 1 or 2 */
};

struct rk_model {
    struct rk_model_state s;
    struct rk_model_op op; /* the one that before_op() is called for */
    uint64_t ops;          /* erases and programs so far */
    uint64_t cut_at;       /* the power fails at this operation (1 is the next); 0: never */
    enum rk_model_cut cut_how;
    jmp_buf dead; /* where a cut leads to */
    unsigned violations;
    uint64_t erases[RK_FLASH_SIZE / RK_FLASH_PAGE];
    uint64_t fail_page;              /* this internal page takes no program; 0: none */
    enum rk_boot_colour colours[16]; /* lights in order, without repeats */
    unsigned colour_count;
    void (*before_op)(struct rk_model *m); /* called before each operation; NULL: nobody */
    void *ctx;
};

/* All memories erased, backup registers 0, power-on reset. */
void rk_model_init(struct rk_model *m);
/* Which model the port functions act on. */
void rk_model_use(struct rk_model *m);
struct rk_model *rk_model_used(void);
/* The power comes back: backup registers are lost. */
void rk_model_power_on(struct rk_model *m);

/* What an operation does to the cells; torn: the power failed in its middle. */
void rk_model_effect(struct rk_model *m, const struct rk_model_op *op, bool torn);

/* Starts until something runs: resets are followed, at most `limit`. False: still resetting. */
bool rk_model_boot(struct rk_model *m, enum rk_hold hold, unsigned limit, enum rk_boot_action *end);

/* An application image of len bytes (a multiple of 4) made from a seed; with module info and
 * checksum, or in the form of 2014. */
void rk_model_image(uint8_t *image, uint32_t len, uint32_t seed, bool has_module);
void rk_model_put_app(struct rk_model *m, const uint8_t *image, uint32_t len);
void rk_model_put_ext(struct rk_model *m, uint32_t addr, const uint8_t *image, uint32_t len);
bool rk_model_app_is(const struct rk_model *m, const uint8_t *image, uint32_t len);

#endif
