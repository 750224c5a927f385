/* May this image go to this device? See update_check.h. */
#include "server/device/update_check.h"

#include <stdio.h>

#include "common/image/image.h"

static char module_letter(uint8_t function) {
    switch (function) {
    case RK_MODULE_RESOURCE: return 'r';
    case RK_MODULE_BOOTLOADER: return 'b';
    case RK_MODULE_MONOLITHIC: return 'm';
    case RK_MODULE_SYSTEM: return 's';
    case RK_MODULE_USER: return 'u';
    case RK_MODULE_NCP: return 'c';
    case RK_MODULE_RADIO: return 'a';
    default: return 'n';
    }
}

static bool starts_a_system_part(const struct rk_image *img, const struct rk_board *board) {
    const struct rk_region *region;
    for (size_t i = 0; (region = rk_board_region(board->id, i)); i++) {
        if (region->kind == RK_REGION_KIND_SYSTEM && region->addr == img->module.start_addr) {
            return true;
        }
    }
    return false;
}

/* Does it fit a slot of this board? */
static int check_slot(const struct rk_image *img, const struct rk_board *board) {
    if (!img->has_module || board->id == RK_BOARD_CORE) {
        return rk_image_check_app(img, board);
    }
    switch (img->module.function) {
    case RK_MODULE_USER: return rk_image_check_app(img, board);
    case RK_MODULE_BOOTLOADER: return rk_image_check_bootloader(img, board);
    case RK_MODULE_SYSTEM:
    case RK_MODULE_MONOLITHIC:
        return img->module.platform == board->platform && starts_a_system_part(img, board)
                   ? 0
                   : RK_E_IMAGE_PLATFORM;
    default: return RK_E_IMAGE_PLATFORM;
    }
}

static uint32_t ota_bytes(const struct rk_board *board) {
    const struct rk_region *region = rk_board_region_of(board->id, RK_REGION_KIND_OTA);
    uint32_t bytes = region ? region->size_bytes : 0;
    /* the Core copies its OTA region over its application, which is smaller (core-hardware.md 5.6)
     */
    return board->id == RK_BOARD_CORE ? RK_MIN(bytes, board->app_size_bytes) : bytes;
}

static int check_dependencies(const struct rk_image *img, const struct rk_update_target *target,
                              char *why, size_t cap) {
    for (size_t i = 0; i < RK_COUNT(img->module.dependency); i++) {
        const struct rk_module_dependency *d = &img->module.dependency[i];
        if (d->function && !rk_session_has_module(target->session, module_letter(d->function),
                                                  d->index, d->version)) {
            snprintf(why, cap, "it needs module %c%u at version %u or later on the board first",
                     module_letter(d->function), d->index, d->version);
            return RK_E_UNSUPPORTED;
        }
    }
    return 0;
}

int rk_update_check(const void *image, size_t len, const struct rk_update_target *target, char *why,
                    size_t why_cap) {
    uint16_t platform =
        target->platform == RK_PLATFORM_UNKNOWN ? RK_PLATFORM_CORE : target->platform;
    const struct rk_board *board = rk_board_by_platform(platform);
    struct rk_image img;
    int err = rk_image_parse(&img, image, len);
    if (!err) {
        err = board ? check_slot(&img, board) : RK_E_UNSUPPORTED;
    }
    if (err) {
        snprintf(why, why_cap, "%s", rk_error_info(err)->text);
        return err;
    }
    uint32_t max_bytes = target->max_bytes ? target->max_bytes : ota_bytes(board);
    if (img.size_bytes > max_bytes) {
        snprintf(why, why_cap, "%zu bytes do not fit the board's update area of %u", img.size_bytes,
                 max_bytes);
        return RK_E_TOO_BIG;
    }
    if (img.has_module && target->session && board->id != RK_BOARD_CORE) {
        return check_dependencies(&img, target, why, why_cap);
    }
    return 0;
}
