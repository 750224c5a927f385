/* rekindle-server: the table of its commands, and the entry. */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cmd/cmd.h"

static const struct rk_opt common_opts[] = {
    {"data", 0, "DIR", "data directory (default: $XDG_DATA_HOME/rekindle/server)", NULL},
    {"json", 0, NULL, "results as JSON", NULL},
    {"help", 'h', NULL, "what this command does", NULL},
};

static const struct rk_opt run_opts[] = {
    {"listen", 0, "ADDRESS", "address to listen on (default: 127.0.0.1)", NULL},
    {"port", 0, "PORT", "device port (default: 5683; 0 picks one)", NULL},
    {"http-port", 0, "PORT", "HTTP port (default: 8080; 0 picks one)", NULL},
    {"max-devices", 0, "N", "connections at most (default: what the system allows)", NULL},
    {"threads", 0, "N", "threads for RSA (default: one for each processor)", NULL},
    {"event-rate", 0, "N", "events a second from one device (default: 20; 0: no limit)", NULL},
    {"message-rate", 0, "N", "messages a second from one device (default: 20000; 0: no limit)",
     NULL},
    {"trust-first-use", 0, NULL, "let unknown devices in and remember the key they send", NULL},
    {"log", 0, "FORM", "form of the log on standard error", "text json"},
    {"log-level", 0, "LEVEL", "least level of the log (default: info)", "error warn info debug"},
};

static const struct rk_opt init_opts[] = {
    {"host", 0, "NAME", "address or name under which boards find this server", NULL},
    {"port", 0, "PORT", "its device port (default: 5683)", NULL},
    {"output", 'o', "FILE", "write the 512-byte record there", NULL},
};

static const struct rk_opt device_opts[] = {
    {"key", 0, "FILE", "the device's public key, PEM", NULL},
    {"owner", 0, "USER", "whose device it is", NULL},
    {"name", 0, "NAME", "what it is called", NULL},
    {"replace", 0, NULL, "give a known device the new key", NULL},
};

static const struct rk_opt owner_opts[] = {
    {"owner", 0, "USER", "the new owner; nobody without", NULL}};
static const struct rk_opt publish_opts[] = {
    {"private", 0, NULL, "for the owner's devices only", NULL}};
static const struct rk_opt subscribe_opts[] = {
    {"device", 'd', "ID", "events of this device only", NULL},
    {"count", 0, "N", "end after so many events", NULL},
};
static const struct rk_opt flash_opts[] = {
    {"no-fast", 0, NULL, "one chunk at a time, each acknowledged", NULL},
};

#define OPTS(list) .opts = list, .opt_count = RK_COUNT(list)

static const struct rk_cmd cmds[] = {
    {"run", "", 0, 0, "serve devices until SIGTERM", .run = rk_cmd_run, OPTS(run_opts)},
    {"init", "", 0, 0, "make the key if there is none, and the record for a board",
     .run = rk_cmd_init, OPTS(init_opts)},
    {"doctor", "", 0, 0, "find out why devices do not come online", .run = rk_cmd_doctor},
    {"check", "", 0, 0, "look for damage in the store", .run = rk_cmd_check},
    {"backup", "FILE", 1, 1, "copy the store while the server runs", .run = rk_cmd_backup},
    {"status", "", 0, 0, "figures of the running server", .run = rk_cmd_status},
    {"device add", "ID", 1, 1, "let a device in", .run = rk_cmd_device_add, OPTS(device_opts)},
    {"device remove", "ID", 1, 1, "forget a device", .run = rk_cmd_device_remove},
    {"device owner", "ID", 1, 1, "give a device to a user", .run = rk_cmd_device_owner,
     OPTS(owner_opts)},
    {"device list", "", 0, 0, "all devices, and why they are offline", .run = rk_cmd_device_list},
    {"user add", "NAME", 1, 1, "make a user; the password comes from standard input",
     .run = rk_cmd_user_add},
    {"user remove", "NAME", 1, 1, "remove a user and its tokens", .run = rk_cmd_user_remove},
    {"user list", "", 0, 0, "all users", .run = rk_cmd_user_list},
    {"call", "ID FUNCTION [ARGUMENT]", 2, 3, "call a function of a device", .run = rk_cmd_call},
    {"get", "ID VARIABLE", 2, 2, "read a variable of a device", .run = rk_cmd_get},
    {"signal", "ID on|off", 2, 2, "make a device shout rainbows", .run = rk_cmd_signal},
    {"ping", "ID", 1, 1, "is a device there?", .run = rk_cmd_ping},
    {"describe", "ID", 1, 1, "functions and variables of a device", .run = rk_cmd_describe},
    {"publish", "NAME [DATA]", 1, 2, "publish an event", .run = rk_cmd_publish, OPTS(publish_opts)},
    {"subscribe", "[PREFIX]", 0, 1, "print events as they come", .run = rk_cmd_subscribe,
     OPTS(subscribe_opts)},
    {"flash", "ID FILE", 2, 2, "update a device over the air", .run = rk_cmd_flash,
     OPTS(flash_opts)},
    {"cancel", "ID", 1, 1, "stop the update that is running", .run = rk_cmd_cancel},
    {"retry", "ID", 1, 1, "queue the last failed update again", .run = rk_cmd_retry},
    {"updates", "ID", 1, 1, "the updates of a device and how they ended", .run = rk_cmd_updates},
};

static const struct rk_app app = {
    .name = "rekindle server",
    .version = RK_VERSION,
    .summary = "what the boards call home to",
    .cmds = cmds,
    .cmd_count = RK_COUNT(cmds),
    OPTS(common_opts),
};

static void put(void *context, const char *text, size_t len) {
    fwrite(text, 1, len, context);
}

int rk_cmd_fail(int err, const char *text, const char *next) {
    const struct rk_error_info *info = rk_error_info(err);
    fprintf(stderr, "rekindle-server: %s\n  %s\n", text ? text : info->text,
            next ? next : info->remedy);
    return err;
}

const char *rk_cmd_dir(struct rk_call *call, char path[PATH_MAX]) {
    const char *dir = rk_call_value(call, "data"), *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (dir) {
        snprintf(path, PATH_MAX, "%s", dir);
    } else if (xdg && *xdg) {
        snprintf(path, PATH_MAX, "%s/rekindle/server", xdg);
    } else {
        snprintf(path, PATH_MAX, "%s/.local/share/rekindle/server", home ? home : "");
    }
    return path;
}

char *rk_cmd_read_file(const char *path, size_t max, size_t *len) {
    FILE *f = fopen(path, "rb");
    char *data = f ? malloc(max + 1) : NULL;
    *len = data ? fread(data, 1, max + 1, f) : 0;
    if (f) {
        fclose(f);
    }
    if (data && *len > max) {
        free(data);
        data = NULL;
    }
    if (data) {
        data[*len] = '\0';
    }
    return data;
}

static int run(int argc, char **argv) {
    struct rk_call call = {0};
    struct rk_sink out = {put, stdout}, err_out = {put, stderr};
    if (argc == 2 && !strcmp(argv[1], "--version")) {
        printf("rekindle-server %s\n", app.version);
        return 0;
    }
    if (rk_app_prints(&app, argc, argv, &out)) {
        return 0;
    }
    int err = rk_call_parse(&call, &app, argc, argv);
    if (err) {
        fprintf(stderr, "rekindle-server: %s: '%s'\n", call.problem, call.word);
        if (call.cmd) {
            rk_help_usage(&app, call.cmd, &err_out);
        }
        return err;
    }
    if (!call.cmd) {
        rk_help_app(&app, &out);
        return 0;
    }
    if (rk_call_has(&call, "help")) {
        rk_help_cmd(&app, call.cmd, &out);
        return 0;
    }
    return call.cmd->run(&call);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0) {
        return rk_error_info(rk_cmd_fail(RK_E_CRYPTO, NULL, NULL))->exit_code;
    }
    int err = run(argc, argv);
    if (fflush(stdout) && !err) {
        err = RK_E_IO;
    }
    return err ? rk_error_info(err)->exit_code : 0;
}
