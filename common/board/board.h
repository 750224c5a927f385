/* What is known about each board: USB identities, flash map, where keys are, what the buttons do.
 * All of it is generated from board.def, the one list. Knows nothing of how a board is reached.
 */
#ifndef RK_COMMON_BOARD_BOARD_H
#define RK_COMMON_BOARD_BOARD_H

#include "common/base/attr.h"
#include "common/board/era.h"

enum rk_board_id {
#define RK_BOARD(id, ...) RK_BOARD_##id,
#include "common/board/board.def"
    RK_BOARD_COUNT
};

enum rk_region_kind {
    RK_REGION_KIND_BOOTLOADER,
    RK_REGION_KIND_EEPROM,
    RK_REGION_KIND_SPARE,
    RK_REGION_KIND_FLAGS,
    RK_REGION_KIND_APP,
    RK_REGION_KIND_SYSTEM,
    RK_REGION_KIND_DCT,
    RK_REGION_KIND_RESERVED,
    RK_REGION_KIND_SERVER_KEY,
    RK_REGION_KIND_DEVICE_KEY,
    RK_REGION_KIND_FACTORY,
    RK_REGION_KIND_BACKUP,
    RK_REGION_KIND_OTA,
    RK_REGION_KIND_USER,
};

enum rk_region_flags {
    RK_REGION_BOOT = 1,
    RK_REGION_SECRET = 2,
    RK_REGION_FIRMWARE = 4,
};

enum rk_key_kind {
    RK_KEY_SERVER_PUBLIC,
    RK_KEY_SERVER_ADDRESS,
    RK_KEY_DEVICE_PRIVATE,
    RK_KEY_DEVICE_PUBLIC,
    RK_KEY_UDP_SERVER_PUBLIC,
    RK_KEY_UDP_SERVER_ADDRESS,
    RK_KEY_UDP_DEVICE_PRIVATE,
    RK_KEY_UDP_DEVICE_PUBLIC,
};

enum rk_button_when {
    RK_BUTTON_RESET,   /* MODE is down while RESET is released or power comes */
    RK_BUTTON_RUNNING, /* MODE is pressed while the application runs */
};

struct rk_board {
    enum rk_board_id id;
    uint16_t platform; /* the platform id in module info, hellos and file names */
    const char *name;  /* "core": what a command line takes */
    const char *title; /* "Spark Core": what a person reads */
    uint16_t normal_vid, normal_pid;
    uint16_t dfu_vid, dfu_pid;
    uint32_t app_addr, app_size_bytes; /* size 0: only names and USB ids are known */
    uint32_t ram_addr, ram_size_bytes;
};

struct rk_region {
    enum rk_board_id board;
    enum rk_region_kind kind;
    const char *name;
    uint8_t alt; /* DFU alternate setting */
    uint32_t addr, size_bytes;
    uint32_t erase_unit_bytes; /* 0: the board's DFU string tells */
    unsigned flags;            /* enum rk_region_flags */
};

struct rk_key_place {
    enum rk_board_id board;
    enum rk_key_kind kind;
    uint8_t alt;
    uint32_t addr, room_bytes, used_bytes;
};

struct rk_button {
    enum rk_board_id board;
    enum rk_button_when when;
    uint32_t hold_ms;
    const char *id;
    const char *text;
    unsigned eras; /* enum rk_era; 0 where the board has no eras */
};

/* Each returns NULL when nothing fits or idx is past the end. */
const struct rk_board *rk_board_get(enum rk_board_id id);
const struct rk_board *rk_board_by_platform(uint16_t platform);
const struct rk_board *rk_board_by_name(const char *name);
const struct rk_board *rk_board_by_usb(uint16_t vid, uint16_t pid, bool *is_dfu);
const struct rk_region *rk_board_region(enum rk_board_id id, size_t idx);
const struct rk_region *rk_board_region_of(enum rk_board_id id, enum rk_region_kind kind);
/* The region that holds this address of this alternate setting. */
const struct rk_region *rk_board_region_at(enum rk_board_id id, uint8_t alt, uint32_t addr);
const struct rk_key_place *rk_board_key_place(enum rk_board_id id, enum rk_key_kind kind);
const struct rk_button *rk_board_button(enum rk_board_id id, size_t idx);

#endif
