/* Look-ups in the tables of board.def. */
#include "common/board/board.h"

static const struct rk_board boards[] = {
#define RK_BOARD(id_, platform_, name_, title_, nvid, npid, dvid, dpid, app, app_size, ram,        \
                 ram_size)                                                                         \
    {RK_BOARD_##id_, platform_, name_, title_,   nvid, npid,                                       \
     dvid,           dpid,      app,   app_size, ram,  ram_size},
#include "common/board/board.def"
};

static const struct rk_region regions[] = {
#define RK_REGION(board_, kind_, name_, alt_, addr_, size_, unit_, flags_)                         \
    {RK_BOARD_##board_, RK_REGION_KIND_##kind_, name_, alt_, addr_, size_, unit_, flags_},
#include "common/board/board.def"
};

static const struct rk_key_place key_places[] = {
#define RK_KEY_PLACE(board_, kind_, alt_, addr_, room_, used_)                                     \
    {RK_BOARD_##board_, RK_KEY_##kind_, alt_, addr_, room_, used_},
#include "common/board/board.def"
};

static const struct rk_button buttons[] = {
#define RK_BUTTON(board_, when_, hold_, id_, text_, eras_)                                         \
    {RK_BOARD_##board_, RK_BUTTON_##when_, hold_, id_, text_, eras_},
#include "common/board/board.def"
};

const struct rk_board *rk_board_get(enum rk_board_id id) {
    return (unsigned)id < RK_BOARD_COUNT ? &boards[id] : NULL;
}

const struct rk_board *rk_board_by_platform(uint16_t platform) {
    for (size_t i = 0; i < RK_COUNT(boards); i++) {
        if (boards[i].platform == platform) {
            return &boards[i];
        }
    }
    return NULL;
}

static bool same_text(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct rk_board *rk_board_by_name(const char *name) {
    for (size_t i = 0; i < RK_COUNT(boards); i++) {
        if (same_text(boards[i].name, name)) {
            return &boards[i];
        }
    }
    return NULL;
}

const struct rk_board *rk_board_by_usb(uint16_t vid, uint16_t pid, bool *is_dfu) {
    for (size_t i = 0; i < RK_COUNT(boards); i++) {
        bool dfu = boards[i].dfu_vid == vid && boards[i].dfu_pid == pid;
        if (dfu || (boards[i].normal_vid == vid && boards[i].normal_pid == pid)) {
            *is_dfu = dfu;
            return &boards[i];
        }
    }
    return NULL;
}

const struct rk_region *rk_board_region(enum rk_board_id id, size_t idx) {
    for (size_t i = 0; i < RK_COUNT(regions); i++) {
        if (regions[i].board == id && idx-- == 0) {
            return &regions[i];
        }
    }
    return NULL;
}

const struct rk_region *rk_board_region_of(enum rk_board_id id, enum rk_region_kind kind) {
    for (size_t i = 0; i < RK_COUNT(regions); i++) {
        if (regions[i].board == id && regions[i].kind == kind) {
            return &regions[i];
        }
    }
    return NULL;
}

const struct rk_region *rk_board_region_at(enum rk_board_id id, uint8_t alt, uint32_t addr) {
    for (size_t i = 0; i < RK_COUNT(regions); i++) {
        const struct rk_region *r = &regions[i];
        if (r->board == id && r->alt == alt && addr >= r->addr && addr - r->addr < r->size_bytes) {
            return r;
        }
    }
    return NULL;
}

const struct rk_key_place *rk_board_key_place(enum rk_board_id id, enum rk_key_kind kind) {
    for (size_t i = 0; i < RK_COUNT(key_places); i++) {
        if (key_places[i].board == id && key_places[i].kind == kind) {
            return &key_places[i];
        }
    }
    return NULL;
}

const struct rk_button *rk_board_button(enum rk_board_id id, size_t idx) {
    for (size_t i = 0; i < RK_COUNT(buttons); i++) {
        if (buttons[i].board == id && idx-- == 0) {
            return &buttons[i];
        }
    }
    return NULL;
}
