/* A firmware image as bytes: its module info, trailer, DFU suffix, and whether a board can run it.
 * Formats: core-hardware.md 1.1, 1.4; host-tool.md 2.10; DFU 1.1 appendix B (suffix). The image is
 * borrowed, never changed. Not known here: files, the store, how an image reaches a board.
 *
 * What cannot be told: a file of 2014 (E0, E1) has neither length nor checksum inside, so one that
 * was cut behind its reset handler passes; only its absence from the catalogue shows.
 */
#ifndef RK_COMMON_IMAGE_IMAGE_H
#define RK_COMMON_IMAGE_IMAGE_H

#include "common/base/attr.h"
#include "common/board/board.h"
#include "common/image/catalogue.h"

enum rk_module_function {
    RK_MODULE_RESOURCE = 1,
    RK_MODULE_BOOTLOADER = 2,
    RK_MODULE_MONOLITHIC = 3,
    RK_MODULE_SYSTEM = 4,
    RK_MODULE_USER = 5,
    RK_MODULE_SETTINGS = 6,
    RK_MODULE_NCP = 7,
    RK_MODULE_RADIO = 8,
};

struct rk_module_dependency {
    uint8_t function, index; /* function 0: none */
    uint16_t version;
};

struct rk_module_info {
    uint32_t file_off; /* where it stands in the file */
    uint32_t start_addr;
    uint32_t end_addr; /* address of the CRC word */
    uint8_t flags;
    uint16_t version;
    uint16_t platform;
    uint8_t function, index;
    struct rk_module_dependency dependency[2];
};

struct rk_module_suffix {
    uint16_t product_id, product_version; /* 0xFFFF: not set, or the suffix is too short for it */
    uint16_t size_bytes;                  /* 36, 40 or 62 are known */
    const uint8_t *sha256;                /* 32 bytes inside the image */
};

struct rk_dfu_suffix {
    uint16_t device, product, vendor, version; /* version: bcdDFU */
};

struct rk_image {
    const uint8_t *data;
    size_t size_bytes; /* without DFU suffix and without the padding of an image read from flash */
    bool has_module, has_suffix, has_dfu_suffix;
    struct rk_module_info module;
    struct rk_module_suffix suffix;
    struct rk_dfu_suffix dfu;
    uint32_t padding_bytes; /* 0xFF bytes behind the module that were left out */
    uint32_t stack_addr;    /* word 0; only a vector table's when the image starts with one */
    uint32_t reset_addr;    /* word 1 */
};

/* Takes an image apart. img borrows data. Returns 0, or
 *   RK_E_IMAGE_EMPTY   no bytes, or every byte 0xFF or every byte 0x00
 *   RK_E_TRUNCATED     shorter than a vector table, or than its module info says
 *   RK_E_BAD_FORMAT    a DFU suffix with a wrong checksum; bytes behind the module's end
 *   RK_E_IMAGE_CRC     the module's checksum does not match
 * and then img holds what was read so far. */
int rk_image_parse(struct rk_image *img, const void *data, size_t size_bytes);

/* Can this board run the image as its application? Returns 0, or
 *   RK_E_IMAGE_PLATFORM  made for another board, another address, or not an application
 *   RK_E_TOO_BIG         larger than the application space
 *   RK_E_BAD_FORMAT      no usable vector table (core-hardware.md 1.1: word 0 masked with
 * 0x2FFE0000) RK_E_TRUNCATED       the reset handler lies behind the image's end RK_E_UNSUPPORTED
 * the flash map of this board is not known */
int rk_image_check_app(const struct rk_image *img, const struct rk_board *board);

/* The same for the bootloader's place. */
int rk_image_check_bootloader(const struct rk_image *img, const struct rk_board *board);

/* The platform an image says it is for; NULL when it does not say (2014 images, foreign files). */
const struct rk_board *rk_image_board(const struct rk_image *img);

/* The catalogue's entry for these bytes, or NULL. Hashes the whole image. */
const struct rk_catalogue_entry *rk_image_identify(const struct rk_image *img);

/* Does the SHA-256 in the suffix match? True also where there is none to check. */
bool rk_image_sha_ok(const struct rk_image *img);

#endif
