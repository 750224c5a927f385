/* `quirk`: the model of the original bootloaders (emu/port/quirk.h) on the same ports as a board.
 * With a board's name it works on that board's memories, else on blank ones. It ends when the host
 * makes it leave DFU; with --again it comes back a second later. SIGUSR1 pulls the plug for a
 * second.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "emu/port/quirk.h"
#include "emu/shell/commands.h"
#include "emu/shell/fail.h"
#include "emu/shell/folder.h"
#include "emu/shell/usb.h"

#define AGAIN_MS 1000u

struct quirk_run {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_signal_t signals[3];
    struct rk_quirk quirk;
    struct rk_shell_usb usb;
    struct rk_folder folder;
    bool has_folder, again, json;
    uint8_t *memory; /* without a board */
};

static uint64_t now_ns(const struct quirk_run *r) {
    (void)r;
    return uv_hrtime();
}

/* A JSON line, or the same in words. */
static void say(const struct quirk_run *r, const char *event, const char *key, const char *value) {
    if (r->json && value) {
        printf("{\"event\":\"%s\",%s\"%s\"}\n", event, key, value);
    } else if (r->json) {
        printf("{\"event\":\"%s\"}\n", event);
    } else {
        printf("%s%s%s\n", event, value ? " " : "", value ? value : "");
    }
    fflush(stdout);
}

static void on_timer(uv_timer_t *timer);

/* After anything happened: the clock is what it is, and the next deadline is planned. */
static void plan(struct quirk_run *r) {
    bool was_in = r->quirk.target.desc != NULL;
    rk_quirk_advance(&r->quirk, now_ns(r));
    if (was_in && !r->quirk.target.desc) {
        say(r, "left", NULL, NULL);
        if (!r->again) {
            uv_stop(&r->loop);
            return;
        }
        uv_timer_start(&r->timer, on_timer, AGAIN_MS, 0);
        return;
    }
    uint64_t at = rk_quirk_deadline_ns(&r->quirk), now = now_ns(r);
    if (at == UINT64_MAX) {
        if (was_in) {
            uv_timer_stop(&r->timer);
        }
        return;
    }
    uv_timer_start(&r->timer, on_timer, at > now ? (at - now) / 1000000 + 1 : 0, 0);
}

static void on_timer(uv_timer_t *timer) {
    struct quirk_run *r = timer->data;
    if (!r->quirk.target.desc) {
        rk_quirk_plug(&r->quirk, now_ns(r));
        say(r, "enumerated", "\"device\":", "1d50:607f");
    }
    plan(r);
}

static void on_prepare(uv_prepare_t *prepare) {
    struct quirk_run *r = prepare->data;
    if (r->quirk.target.desc) {
        plan(r);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    struct quirk_run *r = handle->data;
    if (number != SIGUSR1) {
        uv_stop(&r->loop);
    } else if (r->quirk.target.desc) {
        rk_quirk_unplug(&r->quirk);
        say(r, "unplugged", NULL, NULL);
        uv_timer_start(&r->timer, on_timer, AGAIN_MS, 0);
    }
}

static int choose_era(const struct rk_call *call, enum rk_quirk_era *era) {
    static const char *const names[RK_QUIRK_ERA_COUNT] = {"2014", "0.4.5", "0.7.0"};
    const char *name = rk_call_value(call, "era");
    *era = RK_QUIRK_2014;
    for (unsigned i = 0; name && i < RK_QUIRK_ERA_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *era = (enum rk_quirk_era)i;
        }
    }
    return RK_OK;
}

static int open_memories(struct quirk_run *r, const char *name, struct rk_quirk_config *config) {
    /* Without a board: the id of host-tool.md 3.6, so that its serial number is known. */
    static const uint8_t id[12] = {0x53, 0xFF, 0x74, 0x06, 0x50, 0x75,
                                   0x53, 0x51, 0x53, 0x23, 0x10, 0x87};
    if (!name) {
        r->memory = malloc(RK_QUIRK_INTERNAL + RK_QUIRK_EXTERNAL);
        if (!r->memory) {
            return rk_shell_fail(RK_E_NO_MEMORY, "quirk");
        }
        memset(r->memory, 0xFF, RK_QUIRK_INTERNAL + RK_QUIRK_EXTERNAL);
        memcpy(config->id, id, sizeof id);
        config->internal = r->memory;
        config->external = r->memory + RK_QUIRK_INTERNAL;
        return RK_OK;
    }
    char path[RK_PATH_MAX];
    int rc = rk_board_path(name, path);
    rc = rc ? rc : rk_folder_open(&r->folder, path);
    if (rc) {
        return rk_shell_fail(rc, "board '%s'", name);
    }
    r->has_folder = true;
    memcpy(config->id, r->folder.id, sizeof config->id);
    config->internal = r->folder.nv[RK_CORE_NV_INTERNAL];
    config->external = r->folder.nv[RK_CORE_NV_EXTERNAL];
    return RK_OK;
}

static void start_handles(struct quirk_run *r) {
    static const int numbers[3] = {SIGINT, SIGTERM, SIGUSR1};
    uv_timer_init(&r->loop, &r->timer);
    uv_prepare_init(&r->loop, &r->prepare);
    r->timer.data = r->prepare.data = r;
    uv_prepare_start(&r->prepare, on_prepare);
    for (unsigned i = 0; i < RK_COUNT(numbers); i++) {
        uv_signal_init(&r->loop, &r->signals[i]);
        r->signals[i].data = r;
        uv_signal_start(&r->signals[i], on_signal, numbers[i]);
    }
}

static void close_handle(uv_handle_t *handle, void *ctx) {
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void serve(struct quirk_run *r) {
    start_handles(r);
    if (r->usb.address[0]) {
        say(r, "listening", "\"what\":\"usbip\",\"address\":", r->usb.address);
    }
    rk_quirk_plug(&r->quirk, now_ns(r));
    say(r, "enumerated", "\"device\":", "1d50:607f");
    uv_run(&r->loop, UV_RUN_DEFAULT);
    rk_shell_usb_close(&r->usb);
    uv_run(&r->loop, UV_RUN_NOWAIT);
    uv_walk(&r->loop, close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
}

int rk_emu_cmd_quirk(struct rk_call *call) {
    struct quirk_run *r = calloc(1, sizeof *r);
    if (!r || uv_loop_init(&r->loop) != 0) {
        free(r);
        return rk_shell_fail(RK_E_NO_MEMORY, "quirk");
    }
    const char *name = call->arg_count ? call->args[0] : NULL;
    struct rk_quirk_config config = {.protected_low = true,
                                     .instant = rk_call_has(call, "instant")};
    struct rk_shell_usb_options options = {.usbip = rk_call_value(call, "usbip"),
                                           .usbredir = rk_call_value(call, "usbredir"),
                                           .pcap = rk_call_value(call, "pcap"),
                                           .busid = name ? name : "quirk"};
    if (!options.usbip && !options.usbredir) {
        options.usbip = "127.0.0.1:3240";
    }
    r->again = rk_call_has(call, "again");
    r->json = rk_call_has(call, "json");
    int rc = choose_era(call, &config.era);
    rc = rc ? rc : open_memories(r, name, &config);
    if (rc == RK_OK) {
        rk_quirk_init(&r->quirk, &config);
        rc = rk_shell_usb_open(&r->usb, &r->loop, &r->quirk.target, &options);
    }
    if (rc == RK_OK) {
        serve(r);
    }
    uv_loop_close(&r->loop);
    if (r->has_folder) {
        rk_folder_close(&r->folder);
    }
    free(r->memory);
    free(r);
    return rc;
}
