/* The published images, from catalogue.def. Pure tables: where files are is the caller's matter. */
#ifndef RK_COMMON_IMAGE_CATALOGUE_H
#define RK_COMMON_IMAGE_CATALOGUE_H

#include "common/base/attr.h"
#include "common/sum/sha256.h"

enum rk_image_kind {
    RK_IMAGE_KIND_APP,
    RK_IMAGE_KIND_SYSTEM,
    RK_IMAGE_KIND_BOOTLOADER,
};

struct rk_catalogue_entry {
    const char *id;         /* "core-tinker-0.7.0"; the store's file is <id>.bin */
    const char *file;       /* name in the package */
    const char *sha256_hex; /* 64 lower-case digits */
    uint32_t size_bytes;
    uint16_t platform;
    enum rk_image_kind kind;
    uint32_t load_addr;
    const char *version;
    unsigned eras; /* enum rk_era */
    const char *licence;
    const char *package; /* npm package@version */
    const char *path;    /* below package/ in the npm archive */
    const char *what;
};

/* Walks the list; NULL after the last. */
const struct rk_catalogue_entry *rk_catalogue_at(size_t idx);
/* By id; NULL when unknown. */
const struct rk_catalogue_entry *rk_catalogue_by_id(const char *id);
/* By digest of the whole file; NULL when unknown. */
const struct rk_catalogue_entry *rk_catalogue_by_sha256(const uint8_t digest[RK_SHA256_LEN]);

#endif
