/* The user's store of published images: what is there, and taking images in. Recognised by SHA-256
 * against common/image/catalogue.def, kept read-only as <id>.bin. Does not print.
 */
#ifndef RK_CLI_FLOW_STORE_H
#define RK_CLI_FLOW_STORE_H

#include "cli/os/paths.h"
#include "common/image/catalogue.h"

/* The largest image of the catalogue is 260,968 bytes; anything past this cannot be one. */
enum { RK_STORE_IMAGE_CAP_BYTES = 1024 * 1024 };

struct rk_store {
    char folder[RK_PATH_CAP];
};

enum rk_store_state { RK_STORE_MISSING, RK_STORE_PRESENT, RK_STORE_DAMAGED };

RK_NODISCARD int rk_store_open(struct rk_store *store);

/* Is the image there, and whole (its hash is checked)? */
enum rk_store_state rk_store_state(const struct rk_store *store,
                                   const struct rk_catalogue_entry *entry);

/* An image from the store, by id; the caller frees *data. RK_E_IMAGE_UNKNOWN when it is not there.
 */
RK_NODISCARD int rk_store_read(const struct rk_store *store, const char *id, uint8_t **data,
                               size_t *len);

struct rk_import {
    /* Called for each image that was recognised; is_new: it was not in the store before. */
    void (*taken)(void *context, const struct rk_catalogue_entry *entry, bool is_new);
    void *context;
    unsigned taken_count; /* recognised, new or not */
    unsigned new_count;
    unsigned file_count; /* files looked at */
};

/* Takes what is known from one package file (any archive), one image file, or a folder and all
 * folders and packages (.tgz) in it. Returns 0 also when nothing was known: see the counts. */
RK_NODISCARD int rk_store_import(const struct rk_store *store, const char *path,
                                 struct rk_import *import);

#endif
