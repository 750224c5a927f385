/* See image.h. */
#include "common/image/image.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/sum/crc.h"

#define VECTOR_MIN_BYTES 8
#define MODULE_INFO_LEN  24
#define CRC_LEN          4
#define DFU_SUFFIX_LEN   16
/* The largest internal flash of any board (F2: 1 MB; RTL872x parts: 2 MB). Only there to keep a
 * stray vector table from looking like module info. */
#define MODULE_MAX_BYTES 0x200000u

/* Core 0x10C; Gen2 system parts 0x184; Gen3 0x200; user parts 0 (host-tool.md 2.10). */
static const uint16_t module_info_offsets[] = {0x10C, 0x184, 0x200, 0};

static bool is_filled_with(const uint8_t *p, size_t len, uint8_t value) {
    for (size_t i = 0; i < len; i++) {
        if (p[i] != value) {
            return false;
        }
    }
    return true;
}

static int take_dfu_suffix(struct rk_image *img) {
    if (img->size_bytes < DFU_SUFFIX_LEN) {
        return 0;
    }
    const uint8_t *s = img->data + img->size_bytes - DFU_SUFFIX_LEN;
    if (s[8] != 'U' || s[9] != 'F' || s[10] != 'D' || s[11] != DFU_SUFFIX_LEN) {
        return 0;
    }
    if (rk_crc32_update(RK_CRC32_START, img->data, img->size_bytes - CRC_LEN) !=
        rk_get_u32le(s + 12)) {
        return RK_E_BAD_FORMAT;
    }
    img->has_dfu_suffix = true;
    img->dfu = (struct rk_dfu_suffix){.device = rk_get_u16le(s),
                                      .product = rk_get_u16le(s + 2),
                                      .vendor = rk_get_u16le(s + 4),
                                      .version = rk_get_u16le(s + 6)};
    img->size_bytes -= DFU_SUFFIX_LEN;
    return 0;
}

static struct rk_module_info read_module_info(const uint8_t *p, uint32_t file_off) {
    return (struct rk_module_info){
        .file_off = file_off,
        .start_addr = rk_get_u32le(p),
        .end_addr = rk_get_u32le(p + 4),
        .flags = p[9],
        .version = rk_get_u16le(p + 10),
        .platform = rk_get_u16le(p + 12),
        .function = p[14],
        .index = p[15],
        .dependency = {{p[16], p[17], rk_get_u16le(p + 18)}, {p[20], p[21], rk_get_u16le(p + 22)}},
    };
}

/* Code and vector tables must not pass: modules start on a flash page below RAM, are longer than
 * their own header, and name a function that exists. */
static bool is_plausible(const struct rk_module_info *m) {
    return (m->start_addr & 0x3FF) == 0 && m->start_addr < 0x10000000 &&
           m->end_addr > m->start_addr && m->end_addr - m->start_addr <= MODULE_MAX_BYTES &&
           m->end_addr - m->start_addr >= m->file_off + MODULE_INFO_LEN &&
           m->function >= RK_MODULE_RESOURCE && m->function <= RK_MODULE_RADIO &&
           m->platform <= 0x3FF;
}

static void find_module_info(struct rk_image *img) {
    for (size_t i = 0; i < RK_COUNT(module_info_offsets); i++) {
        uint32_t off = module_info_offsets[i];
        if (img->size_bytes < off + MODULE_INFO_LEN) {
            continue;
        }
        struct rk_module_info m = read_module_info(img->data + off, off);
        if (is_plausible(&m)) {
            img->module = m;
            img->has_module = true;
            return;
        }
    }
}

static void read_suffix(struct rk_image *img) {
    size_t end = img->size_bytes - CRC_LEN;
    uint16_t len = rk_get_u16le(img->data + end - 2);
    if (len < 36 || len > 256 || len > end) {
        return; /* 0xFFFF is known from old builds: no suffix */
    }
    img->has_suffix = true;
    img->suffix = (struct rk_module_suffix){.product_id = 0xFFFF,
                                            .product_version = 0xFFFF,
                                            .size_bytes = len,
                                            .sha256 = img->data + end - 34};
    if (len >= 40) {
        img->suffix.product_id = rk_get_u16le(img->data + end - 40);
        img->suffix.product_version = rk_get_u16le(img->data + end - 38);
    }
}

static int check_module(struct rk_image *img) {
    size_t whole = (size_t)(img->module.end_addr - img->module.start_addr) + CRC_LEN;
    if (img->size_bytes < whole) {
        return RK_E_TRUNCATED;
    }
    size_t rest = img->size_bytes - whole;
    if (!is_filled_with(img->data + whole, rest, 0xFF)) {
        return RK_E_BAD_FORMAT;
    }
    img->padding_bytes = (uint32_t)rest;
    img->size_bytes = whole;
    if (rk_crc32(img->data, whole - CRC_LEN) != rk_get_u32be(img->data + whole - CRC_LEN)) {
        return RK_E_IMAGE_CRC;
    }
    read_suffix(img);
    return 0;
}

int rk_image_parse(struct rk_image *img, const void *data, size_t size_bytes) {
    *img = (struct rk_image){.data = data, .size_bytes = size_bytes};
    if (is_filled_with(data, size_bytes, 0xFF) || is_filled_with(data, size_bytes, 0x00)) {
        return RK_E_IMAGE_EMPTY;
    }
    int rc = take_dfu_suffix(img);
    if (rc) {
        return rc;
    }
    if (img->size_bytes < VECTOR_MIN_BYTES) {
        return RK_E_TRUNCATED;
    }
    img->stack_addr = rk_get_u32le(img->data);
    img->reset_addr = rk_get_u32le(img->data + 4);
    find_module_info(img);
    return img->has_module ? check_module(img) : 0;
}

/* The bootloader's test first, then what it does not test but would crash on: a stack outside the
 * RAM, a reset vector that is not Thumb code inside the image. */
static int check_vectors(const struct rk_image *img, const struct rk_board *board,
                         uint32_t load_addr, uint32_t room) {
    if ((img->stack_addr & 0x2FFE0000) != 0x20000000 || (img->reset_addr & 1) == 0) {
        return RK_E_BAD_FORMAT;
    }
    if (img->stack_addr <= board->ram_addr ||
        img->stack_addr > board->ram_addr + board->ram_size_bytes) {
        return RK_E_IMAGE_PLATFORM;
    }
    uint32_t reset = img->reset_addr & ~1u;
    if (reset < load_addr) {
        return RK_E_IMAGE_PLATFORM;
    }
    if (reset - load_addr >= img->size_bytes) {
        return reset - load_addr < room ? RK_E_TRUNCATED : RK_E_IMAGE_PLATFORM;
    }
    return 0;
}

static int check_place(const struct rk_image *img, const struct rk_board *board, uint32_t addr,
                       uint32_t room, unsigned function) {
    if (img->has_module && (img->module.platform != board->platform ||
                            img->module.start_addr != addr || img->module.function != function)) {
        return RK_E_IMAGE_PLATFORM;
    }
    if (img->size_bytes > room) {
        return RK_E_TOO_BIG;
    }
    /* User parts of the later boards start with their module info, not with vectors. */
    if (img->has_module && img->module.file_off == 0) {
        return 0;
    }
    return check_vectors(img, board, addr, room);
}

int rk_image_check_app(const struct rk_image *img, const struct rk_board *board) {
    if (board->app_size_bytes == 0) {
        return RK_E_UNSUPPORTED;
    }
    unsigned function = board->id == RK_BOARD_CORE ? RK_MODULE_MONOLITHIC : RK_MODULE_USER;
    return check_place(img, board, board->app_addr, board->app_size_bytes, function);
}

int rk_image_check_bootloader(const struct rk_image *img, const struct rk_board *board) {
    const struct rk_region *r = rk_board_region_of(board->id, RK_REGION_KIND_BOOTLOADER);
    if (!r) {
        return RK_E_UNSUPPORTED;
    }
    return check_place(img, board, r->addr, r->size_bytes, RK_MODULE_BOOTLOADER);
}

const struct rk_board *rk_image_board(const struct rk_image *img) {
    return img->has_module ? rk_board_by_platform(img->module.platform) : NULL;
}

const struct rk_catalogue_entry *rk_image_identify(const struct rk_image *img) {
    uint8_t digest[RK_SHA256_LEN];
    rk_sha256(img->data, img->size_bytes, digest);
    return rk_catalogue_by_sha256(digest);
}

bool rk_image_sha_ok(const struct rk_image *img) {
    if (!img->has_suffix) {
        return true;
    }
    uint8_t digest[RK_SHA256_LEN];
    rk_sha256(img->data, (size_t)(img->suffix.sha256 - img->data), digest);
    for (size_t i = 0; i < RK_SHA256_LEN; i++) {
        if (digest[i] != img->suffix.sha256[i]) {
            return false;
        }
    }
    return true;
}
