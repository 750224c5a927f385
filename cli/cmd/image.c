/* rekindle image import | list | info: the store of published images. */
#include "common/image/image.h"
#include "cli/cmd/cmd.h"
#include "cli/flow/store.h"
#include "common/board/board.h"

#include <stdlib.h>
#include <string.h>

static const char *board_title(uint16_t platform) {
    const struct rk_board *board = rk_board_by_platform(platform);
    return board ? board->title : "unknown board";
}

static int open_store(struct rk_call *call, struct rk_store *store) {
    int error = rk_store_open(store);
    return error ? rk_ui_fail(rk_ui_of(call), error,
                              "no folder for the image store (HOME is not set)")
                 : 0;
}

/* ---- import ---------------------------------------------------------------------------------- */

static void say_taken(void *context, const struct rk_catalogue_entry *entry, bool is_new) {
    struct rk_ui *ui = context;
    if (is_new) {
        rk_ui_say(ui, "  %-28s %s", entry->id, entry->what);
    }
}

int rk_cmd_image_import(struct rk_call *call) {
    struct rk_ui *ui = rk_ui_of(call);
    struct rk_store store;
    struct rk_import import = {.taken = say_taken, .context = ui};
    int error = open_store(call, &store);
    for (int i = 0; i < call->arg_count && !error; i++) {
        error = rk_store_import(&store, call->args[i], &import);
        if (error) {
            rk_ui_fail(ui, error, "%s", call->args[i]);
        }
    }
    rk_ui_result(ui,
                 json_pack("{s:b, s:i, s:i, s:i, s:s}", "changed", import.new_count > 0, "files",
                           (int)import.file_count, "recognised", (int)import.taken_count, "new",
                           (int)import.new_count, "store", store.folder));
    if (error) {
        return error;
    }
    if (import.taken_count == 0) {
        return rk_ui_fail(ui, RK_E_IMAGE_UNKNOWN, "none of %u files is a known image",
                          import.file_count);
    }
    rk_ui_say(ui, "%u images recognised, %u new, in %s", import.taken_count, import.new_count,
              store.folder);
    return 0;
}

/* ---- list ------------------------------------------------------------------------------------ */

static const char *const state_word[] = {"missing", "present", "damaged"};

static json_t *entry_as_json(const struct rk_catalogue_entry *e, enum rk_store_state state) {
    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "id", e->id, "state",
                     state_word[state], "version", e->version, "size", (int)e->size_bytes, "board",
                     board_title(e->platform), "what", e->what, "licence", e->licence, "package",
                     e->package, "sha256", e->sha256_hex);
}

struct listing {
    struct rk_ui *ui;
    const struct rk_board *board; /* only its images; NULL: all */
    bool only_missing;
    bool only_packages;
    unsigned missing;
    json_t *images;
    json_t *packages; /* those that bring what is missing, each once */
};

static void add_package(json_t *packages, const char *package) {
    size_t i;
    json_t *known;
    json_array_foreach(packages, i, known) {
        if (strcmp(json_string_value(known), package) == 0) {
            return;
        }
    }
    json_array_append_new(packages, json_string(package));
}

static void list_entry(struct listing *l, const struct rk_catalogue_entry *e,
                       enum rk_store_state state) {
    if ((l->board && l->board->platform != e->platform) ||
        (l->only_missing && state == RK_STORE_PRESENT)) {
        return;
    }
    if (!l->only_packages) {
        rk_ui_say(l->ui, "%-8s %-28s %-12s %-10s %7u  %s", state_word[state], e->id,
                  board_title(e->platform), e->version, e->size_bytes, e->what);
    }
    json_array_append_new(l->images, entry_as_json(e, state));
    if (state != RK_STORE_PRESENT) {
        l->missing++;
        add_package(l->packages, e->package);
    }
}

static void say_packages(struct listing *l) {
    char words[512] = "";
    size_t i;
    json_t *package;
    json_array_foreach(l->packages, i, package) {
        size_t at = strlen(words);
        snprintf(words + at, sizeof words - at, " %s", json_string_value(package));
        if (l->only_packages) {
            rk_ui_say(l->ui, "%s", json_string_value(package));
        }
    }
    if (l->missing > 0 && !l->only_packages) {
        rk_ui_next(l->ui, "%u are missing: `npm pack%s`, then `rekindle image import` each .tgz",
                   l->missing, words);
    }
}

int rk_cmd_image_list(struct rk_call *call) {
    struct rk_ui *ui = rk_ui_of(call);
    struct rk_store store;
    struct listing l = {.ui = ui,
                        .only_missing = rk_call_has(call, "missing"),
                        .only_packages = rk_call_has(call, "packages")};
    const char *board = rk_call_value(call, "board");
    l.board = board ? rk_board_by_name(board) : NULL;
    if (board && !l.board) {
        return rk_ui_fail(ui, RK_E_NOT_FOUND, "no board is called '%s'", board);
    }
    int error = open_store(call, &store);
    if (error) {
        return error;
    }
    l.images = json_array();
    l.packages = json_array();
    for (size_t i = 0; rk_catalogue_at(i); i++) {
        list_entry(&l, rk_catalogue_at(i), rk_store_state(&store, rk_catalogue_at(i)));
    }
    say_packages(&l);
    rk_ui_result(ui, json_pack("{s:s, s:o, s:i, s:o}", "store", store.folder, "images", l.images,
                               "missing", (int)l.missing, "packages", l.packages));
    return 0;
}

/* ---- info ------------------------------------------------------------------------------------ */

static const char *module_word(uint8_t function) {
    switch (function) {
    case RK_MODULE_BOOTLOADER: return "bootloader";
    case RK_MODULE_MONOLITHIC: return "application with system (monolithic)";
    case RK_MODULE_SYSTEM: return "system part";
    case RK_MODULE_USER: return "application";
    default: return "other module";
    }
}

/* The bytes of FILE|NAME: a path when such a file is there, else a name from the store. */
static int read_image(struct rk_call *call, const char *word, uint8_t **data, size_t *len) {
    struct rk_store store;
    int error = rk_file_read(word, RK_STORE_IMAGE_CAP_BYTES, data, len);
    if (error == RK_E_NOT_FOUND && !strchr(word, '/')) {
        error = open_store(call, &store);
        if (!error) {
            error = rk_store_read(&store, word, data, len);
        }
    }
    return error ? rk_ui_fail(rk_ui_of(call), error, "%s", word) : 0;
}

static void say_module(struct rk_ui *ui, json_t *result, const struct rk_module_info *m) {
    rk_ui_say(ui, "module    %s, version %u, for the %s", module_word(m->function), m->version,
              board_title(m->platform));
    rk_ui_say(ui, "addresses 0x%08X to 0x%08X", m->start_addr, m->end_addr);
    json_object_set_new(result, "module",
                        json_pack("{s:s, s:i, s:i, s:I, s:I}", "kind", module_word(m->function),
                                  "version", m->version, "platform", m->platform, "start",
                                  (json_int_t)m->start_addr, "end", (json_int_t)m->end_addr));
}

static void say_known(struct rk_ui *ui, json_t *result, const struct rk_catalogue_entry *e) {
    rk_ui_say(ui, "known as  %s: %s", e->id, e->what);
    rk_ui_say(ui, "from      %s, %s", e->package, e->path);
    rk_ui_say(ui, "licence   %s", e->licence);
    json_object_set_new(result, "known", entry_as_json(e, RK_STORE_PRESENT));
}

/* Which boards can run it as their application; how many. */
static unsigned say_runs_on(struct rk_ui *ui, json_t *result, const struct rk_image *image) {
    json_t *boards = json_array();
    char text[256] = "";
    for (int id = 0; id < RK_BOARD_COUNT; id++) {
        const struct rk_board *board = rk_board_get((enum rk_board_id)id);
        if (board->app_size_bytes > 0 && rk_image_check_app(image, board) == 0) {
            json_array_append_new(boards, json_string(board->name));
            size_t at = strlen(text);
            snprintf(text + at, sizeof text - at, "%s%s", at ? ", " : "", board->title);
        }
    }
    unsigned count = (unsigned)json_array_size(boards);
    rk_ui_say(ui, "runs on   %s", count ? text : "none of the known boards, as an application");
    json_object_set_new(result, "runs_on", boards);
    return count;
}

static int describe(struct rk_call *call, const uint8_t *data, size_t len) {
    struct rk_ui *ui = rk_ui_of(call);
    struct rk_image image;
    int error = rk_image_parse(&image, data, len);
    json_t *result = json_pack("{s:I}", "size", (json_int_t)len);
    const struct rk_catalogue_entry *entry = rk_image_identify(&image);
    rk_ui_say(ui, "size      %zu bytes", len);
    if (image.has_module) {
        say_module(ui, result, &image.module);
    } else if (!error) {
        rk_ui_say(
            ui, "module    none inside (as in the Core's firmware of 2014): no checksum to check");
    }
    if (entry) {
        say_known(ui, result, entry);
    } else {
        rk_ui_say(ui, "known as  nothing in the catalogue of published images");
    }
    unsigned boards = error ? 0 : say_runs_on(ui, result, &image);
    rk_ui_result(ui, result);
    if (!error && boards == 0 && !entry && !image.has_module) {
        error = RK_E_BAD_FORMAT;
    }
    if (!error && !rk_image_sha_ok(&image)) {
        error = RK_E_IMAGE_CRC;
    }
    return error ? rk_ui_fail(ui, error, "%s", call->args[0]) : 0;
}

int rk_cmd_image_info(struct rk_call *call) {
    uint8_t *data;
    size_t len = 0;
    int error = read_image(call, call->args[0], &data, &len);
    if (!error) {
        error = describe(call, data, len);
        free(data);
    }
    return error;
}
