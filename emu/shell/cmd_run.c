/* `run`: a board folder becomes a running machine. */
#include "emu/port/usb_host.h"
#include "emu/shell/commands.h"
#include "emu/shell/fail.h"
#include "emu/shell/loop.h"
#include "emu/shell/network.h"
#include "emu/shell/snapshot_file.h"
#include "emu/shell/usb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct rk_folder folder;
    struct rk_machine *m;
    struct rk_network network;
    struct rk_session session;
    struct rk_output output;
    struct rk_control_env env;
    struct rk_loop loop;
    bool has_loop;
    struct rk_usb_host usb_host;
    struct rk_shell_usb usb;
    struct rk_session_sink usb_sink;
    double net_speed;
};

/* ---- options --------------------------------------------------------------------------------- */

static int parse_trace(const char *text, uint32_t *mask) {
    static const struct {
        const char *name;
        uint32_t bit;
    } classes[] = {{"led", RK_TRACE_LED},   {"flash", RK_TRACE_FLASH}, {"irq", RK_TRACE_IRQ},
                   {"mmio", RK_TRACE_MMIO}, {"guest", RK_TRACE_GUEST}, {"hci", RK_TRACE_HCI},
                   {"usb", RK_TRACE_USB},   {"net", RK_TRACE_NET},     {"clock", RK_TRACE_CLOCK},
                   {"all", 0xFFFFFFFFu}};
    *mask = 0;
    while (text && *text) {
        size_t len = strcspn(text, ",");
        size_t i = 0;
        while (i < RK_COUNT(classes) &&
               (strlen(classes[i].name) != len || strncmp(classes[i].name, text, len) != 0)) {
            i++;
        }
        if (i == RK_COUNT(classes)) {
            return RK_E_RANGE;
        }
        *mask |= classes[i].bit;
        text += len + (text[len] == ',');
    }
    return 0;
}

static unsigned parse_era(const char *text) {
    if (text && text[0] == 'E') {
        return 1u << (text[1] - '0');
    }
    return RK_ERA_ALL;
}

static int parse_speed(const struct rk_call *call, double *speed) {
    const char *text = rk_call_value(call, "speed");
    bool is_bounded = rk_call_has(call, "until") || rk_call_has(call, "for");
    if (!text) {
        *speed = is_bounded ? 0 : 1;
    } else if (strcmp(text, "max") == 0) {
        *speed = 0;
    } else if (strcmp(text, "real") == 0) {
        *speed = 1;
    } else {
        char *end;
        *speed = strtod(text, &end);
        if (end == text || *end || !(*speed > 0 && *speed <= 1000)) {
            return RK_E_RANGE;
        }
    }
    return 0;
}

static int bad_option(int error, const char *option, const char *value, const char *next) {
    return rk_shell_fail_next(error, next, "--%s '%s'", option, value);
}

static int set_script(struct rk_session *s, const struct rk_call *call) {
    for (size_t i = 0; i < call->opt_count; i++) {
        if (strcmp(call->opt[i].opt->name, "press") != 0) {
            continue;
        }
        int rc = rk_session_script(s, call->opt[i].value);
        if (rc) {
            return bad_option(rc, "press", call->opt[i].value,
                              "Write BUTTON@AT+HOLD with mode, reset or power: mode@4s+3.5s.");
        }
    }
    return 0;
}

static int set_ends(struct rk_session *s, const struct rk_call *call) {
    const char *until = rk_call_value(call, "until");
    const char *span = rk_call_value(call, "for");
    uint64_t ns = 0;
    if (until && !rk_led_text_is_known(until)) {
        return bad_option(RK_E_NOT_FOUND, "until", until,
                          "`rekindle emu signals` lists what the light can show.");
    }
    if (span && rk_parse_time(span, &ns)) {
        return bad_option(RK_E_RANGE, "for", span, "Write a time like 10s, 500ms or 2m.");
    }
    s->until = until;
    s->end_ns = span ? s->start_ns + ns : UINT64_MAX;
    s->keeps_resetting = rk_call_has(call, "keep-resetting");
    return 0;
}

/* ---- the board ------------------------------------------------------------------------------- */

static int open_folder(struct run *r, const char *name) {
    char path[RK_PATH_MAX];
    int rc = rk_board_path(name, path);
    rc = rc ? rc : rk_folder_open(&r->folder, path);
    switch (rc) {
    case 0: return 0;
    case RK_E_NOT_FOUND:
        return rk_shell_fail_next(rc, "`rekindle emu new NAME` makes a board.", "board '%s'", name);
    case RK_E_BUSY:
        return rk_shell_fail_next(rc, "End the other emulator, or speak to it: rekindle emu led.",
                                  "board '%s'", name);
    default: return rk_shell_fail(rc, "board '%s'", name);
    }
}

static bool is_blank(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static int build_machine(struct run *r, const char *name, bool skip) {
    if (is_blank(r->folder.nv[RK_CORE_NV_INTERNAL], 128 * 1024)) {
        return rk_shell_fail_next(RK_E_IMAGE_EMPTY,
                                  "Make it again with `rekindle emu new NAME --app IMG`.",
                                  "board '%s' has no firmware", name);
    }
    r->m = rk_machine_new(&rk_spark_core_desc, r->folder.nv);
    if (!r->m) {
        return rk_shell_fail(RK_E_NO_MEMORY, "board '%s'", name);
    }
    rk_spark_core_init(r->m, r->folder.id);
    rk_spark_core_standin_loader(r->m);
    rk_machine_set_skip(r->m, skip);
    return 0;
}

static enum rk_output_mode output_mode(const struct rk_call *call) {
    if (rk_call_has(call, "json")) {
        return RK_OUTPUT_JSON;
    }
    return isatty(STDOUT_FILENO) ? RK_OUTPUT_TERMINAL : RK_OUTPUT_LINES;
}

static int start_session(struct run *r, const struct rk_call *call) {
    const char *trace = rk_call_value(call, "trace");
    const char *vcd = rk_call_value(call, "vcd");
    uint32_t mask = 0;
    if (parse_trace(trace, &mask)) {
        return bad_option(
            RK_E_RANGE, "trace", trace,
            "Classes are led, flash, irq, mmio, guest, hci, usb, net, clock and all.");
    }
    rk_session_init(&r->session, r->m, parse_era(rk_call_value(call, "era")), mask);
    rk_output_init(&r->output, output_mode(call), stdout, &r->session, call->args[0]);
    if (vcd) {
        int rc = rk_vcd_open(&r->output.vcd, vcd);
        if (rc) {
            return rk_shell_fail(rc, "--vcd '%s'", vcd);
        }
    } else {
        r->output.sink.pin = NULL; /* pins are for the waves only */
    }
    rk_session_add_sink(&r->session, &r->output.sink);
    return 0;
}

/* A snapshot decides what the board is doing; without one it gets power. */
static int start_board(struct run *r, const struct rk_call *call) {
    const char *snapshot = rk_call_value(call, "load");
    if (snapshot) {
        int rc = rk_snapshot_load(&r->session, r->folder.id, snapshot);
        if (rc) {
            return rk_shell_fail(rc, "--load '%s'", snapshot);
        }
    }
    int rc = set_script(&r->session, call);
    rc = rc ? rc : set_ends(&r->session, call);
    if (rc == 0 && !snapshot) {
        rk_machine_power_on(r->m);
        rk_loop_gdb_begin(&r->loop);
    }
    return rc;
}

static void on_power(void *ctx, bool is_on) {
    struct run *r = ctx;
    if (!is_on) {
        rk_usb_host_power_lost(&r->usb_host);
    }
}

/* The cable is plugged in only when someone may be at its other end: frames keep a board that
 * waits from being skipped over. */
static int start_usb(struct run *r, const struct rk_call *call) {
    const char *slash = strrchr(call->args[0], '/');
    struct rk_shell_usb_options options = {.usbip = rk_call_value(call, "usbip"),
                                           .usbredir = rk_call_value(call, "usbredir"),
                                           .pcap = rk_call_value(call, "pcap"),
                                           .busid = slash ? slash + 1 : call->args[0]};
    if (!options.usbip && !options.usbredir && !options.pcap) {
        return 0;
    }
    rk_usb_host_init(&r->usb_host);
    int rc = rk_shell_usb_open(&r->usb, &r->loop.uv, &r->usb_host.target, &options);
    if (rc) {
        return rc;
    }
    rk_usb_host_connect(&r->usb_host, rk_machine_dev(r->m, RK_F103_USB));
    r->usb_sink = (struct rk_session_sink){.ctx = r, .power = on_power};
    rk_session_add_sink(&r->session, &r->usb_sink);
    if (rk_shell_usb_is_open(&r->usb)) {
        r->loop.speed_limit = r->net_speed;
    }
    if (r->usb.address[0]) {
        rk_output_listening(&r->output, "usbip", r->usb.address);
    }
    return 0;
}

static int start_loop(struct run *r, const struct rk_call *call) {
    const char *replay = rk_call_value(call, "replay");
    const char *gdb = rk_call_value(call, "gdb");
    int rc = rk_loop_init(&r->loop, &r->session, &r->output, &r->env);
    if (rc) {
        return rk_shell_fail(rc, "the event loop");
    }
    r->has_loop = true;
    if (replay && (rc = rk_loop_replay(&r->loop, replay))) {
        return rk_shell_fail(rc, "--replay '%s'", replay);
    }
    if ((rc = rk_loop_listen(&r->loop, r->folder.path))) {
        return rk_shell_fail(rc, "control socket in %s", r->folder.path);
    }
    if (gdb && (rc = rk_loop_listen_gdb(&r->loop, gdb))) {
        return rk_shell_fail(rc, "--gdb '%s'", gdb);
    }
    if ((rc = start_usb(r, call))) {
        return rc;
    }
    if (r->output.mode == RK_OUTPUT_TERMINAL) {
        rk_loop_keys(&r->loop);
    }
    return 0;
}

/* Every hand's action goes there, so that --replay can repeat the run. A folder that cannot be
 * written only loses that. */
static void open_log(struct run *r) {
    char path[RK_PATH_MAX];
    if (rk_path_in(r->folder.path, "session.jsonl", path) == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        r->env.log = fd >= 0 ? fdopen(fd, "w") : NULL;
    }
}

static int prepare(struct run *r, struct rk_call *call) {
    uint64_t net_speed = 1;
    int rc = open_folder(r, call->args[0]);
    rc = rc ? rc : build_machine(r, call->args[0], !rk_call_has(call, "no-skip"));
    rc = rc ? rc : rk_network_attach(&r->network, r->m, &r->folder, rk_call_has(call, "internet"));
    if (rc == 0 && rk_call_value(call, "pcap-net")) {
        rc = rk_network_capture(&r->network, rk_call_value(call, "pcap-net"));
    }
    rc = rc ? rc : start_session(r, call);
    if (rc) {
        return rc;
    }
    r->env = (struct rk_control_env){.s = &r->session,
                                     .name = call->args[0],
                                     .id = r->folder.id,
                                     .mac = r->folder.mac,
                                     .net = &r->network.config};
    if (parse_speed(call, &r->env.speed)) {
        return bad_option(RK_E_RANGE, "speed", rk_call_value(call, "speed"),
                          "Give real, max, or a factor up to 1000.");
    }
    if (rk_call_number(call, "net-speed", 1, 4, &net_speed)) {
        return bad_option(RK_E_RANGE, "net-speed", call->word, "Give 1, 2, 3 or 4.");
    }
    r->net_speed = (double)net_speed;
    rc = start_loop(r, call);
    if (rc == 0 && rk_network_is_open(&r->network)) {
        r->loop.speed_limit = (double)net_speed;
    }
    if (rc == 0) {
        open_log(r);
        rc = start_board(r, call);
    }
    return rc;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int save_at_end(struct run *r, const struct rk_call *call) {
    const char *path = rk_call_value(call, "save");
    int rc = path ? rk_snapshot_save(&r->session, r->folder.id, path) : 0;
    return rc ? rk_shell_fail(rc, "--save '%s'", path) : 0;
}

static int explain_end(const struct run *r) {
    const struct rk_session *s = &r->session;
    if (s->error == RK_E_SIGNAL_NOT_SEEN) {
        return rk_shell_fail(s->error, "--until '%s'", s->until);
    }
    if (s->error) {
        return rk_shell_fail(s->error, "board '%s': %s", r->env.name, s->reason);
    }
    return r->loop.ended_by_signal ? 128 + r->loop.ended_by_signal : 0;
}

static void release(struct run *r) {
    rk_shell_usb_close(&r->usb);
    rk_usb_host_disconnect(&r->usb_host);
    if (r->has_loop) {
        rk_loop_release(&r->loop);
    }
    if (r->env.log) {
        fclose(r->env.log);
    }
    rk_machine_free(r->m);
    rk_network_release(&r->network);
    rk_folder_close(&r->folder);
    free(r);
}

int rk_emu_cmd_run(struct rk_call *call) {
    struct run *r = calloc(1, sizeof *r);
    if (!r) {
        return rk_shell_fail(RK_E_NO_MEMORY, "run");
    }
    r->folder.lock_fd = -1;
    int rc = prepare(r, call);
    if (rc == 0) {
        rk_loop_run(&r->loop);
        rk_output_end(&r->output, (double)(uv_hrtime() - r->loop.began_ns) / 1e9);
        rc = save_at_end(r, call);
        rc = rc ? rc : explain_end(r);
    }
    if (rk_vcd_close(&r->output.vcd) && rc == 0) {
        rc = rk_shell_fail(RK_E_IO, "--vcd '%s'", rk_call_value(call, "vcd"));
    }
    release(r);
    return rc;
}
