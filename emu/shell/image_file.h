/* An image as the command line names it: a file, or a name from the store. */
#ifndef RK_EMU_SHELL_IMAGE_FILE_H
#define RK_EMU_SHELL_IMAGE_FILE_H

#include "common/image/image.h"

struct rk_image_file {
    uint8_t *data; /* as read; img looks into it */
    size_t size_bytes;
    struct rk_image img;
};

/* Where an image goes, and so what it must be. */
enum rk_image_place {
    RK_PLACE_APP,
    RK_PLACE_BOOTLOADER,
};

/* Reads and checks an image for a Spark Core. A failure is printed, with what is wrong and what to
 * do. On success the caller releases. */
RK_NODISCARD int rk_image_file_load(struct rk_image_file *f, const char *name,
                                    enum rk_image_place place);
void rk_image_file_release(struct rk_image_file *f);

#endif
