/* The commands that speak to a running emulator: one request over its control socket, one answer.
 */
#include "emu/shell/commands.h"
#include "emu/shell/fail.h"
#include "emu/shell/files.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX     65536
#define ANSWER_TIME_MS 10000

static int connect_to(const char *folder) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int dir = -1;
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", folder);
    if (n <= 0 || (size_t)n >= sizeof address.sun_path) {
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control.sock", dir);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    if (dir >= 0) {
        close(dir);
    }
    return fd;
}

static int send_all(int fd, const char *text, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return RK_E_CLOSED;
        }
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

static int receive_line(int fd, char line[ANSWER_MAX], int timeout_ms) {
    size_t len = 0;
    while (len + 1 < ANSWER_MAX) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, timeout_ms);
        if (ready == 0) {
            return RK_E_TIMEOUT;
        }
        ssize_t n = ready > 0 ? recv(fd, line + len, ANSWER_MAX - 1 - len, 0) : -1;
        if (n <= 0) {
            return RK_E_CLOSED;
        }
        len += (size_t)n;
        line[len] = 0;
        if (strchr(line, '\n')) {
            return 0;
        }
    }
    return RK_E_TOO_BIG;
}

static int send_request(int fd, json_t *request) {
    char *text = json_dumps(request, JSON_COMPACT);
    if (!text) {
        return RK_E_NO_MEMORY;
    }
    size_t len = strlen(text);
    text[len] = '\n';
    int rc = send_all(fd, text, len + 1);
    free(text);
    return rc;
}

static int exchange(int fd, json_t *request, json_t **answer, int timeout_ms) {
    int rc = send_request(fd, request);
    char *line = rc ? NULL : malloc(ANSWER_MAX);
    if (!line) {
        return rc ? rc : RK_E_NO_MEMORY;
    }
    rc = receive_line(fd, line, timeout_ms);
    if (rc == 0) {
        *answer = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        rc = json_is_object(*answer) ? 0 : RK_E_PROTOCOL;
    }
    free(line);
    return rc;
}

static int answered_error(const json_t *answer) {
    if (json_is_true(json_object_get(answer, "ok"))) {
        return 0;
    }
    json_int_t number =
        json_integer_value(json_object_get(json_object_get(answer, "error"), "number"));
    return number > 0 && number < 10000 ? -(int)number : RK_E_PROTOCOL;
}

/* Sends the request (taken over) to the board args[0]; *answer is the caller's on success. */
static int ask(struct rk_call *call, json_t *request, json_t **answer, int timeout_ms) {
    char folder[RK_PATH_MAX];
    const char *name = call->args[0];
    *answer = NULL;
    json_object_set_new(request, "id", json_integer(1));
    int rc = rk_board_path(name, folder);
    int fd = rc ? -1 : connect_to(folder);
    if (rc == 0 && fd < 0) {
        char next[256];
        bool exists = access(folder, F_OK) == 0;
        snprintf(next, sizeof next,
                 exists ? "Start it with `rekindle emu run %s`."
                        : "Make it with `rekindle emu new %s`.",
                 name);
        json_decref(request);
        return rk_shell_fail_next(RK_E_NOT_FOUND, next,
                                  exists ? "a running emulator of board '%s'" : "board '%s'", name);
    }
    rc = rc ? rc : exchange(fd, request, answer, timeout_ms);
    if (fd >= 0) {
        close(fd);
    }
    json_decref(request);
    rc = rc ? rc : answered_error(*answer);
    if (rc) {
        json_decref(*answer);
        *answer = NULL;
        return rk_shell_fail(rc, "board '%s'", name);
    }
    if (rk_call_has(call, "json")) {
        json_dumpf(*answer, stdout, JSON_COMPACT);
        putchar('\n');
    }
    return 0;
}

/* A request whose answer says no more than that it worked. */
static int tell(struct rk_call *call, json_t *request) {
    json_t *answer;
    int rc = ask(call, request, &answer, ANSWER_TIME_MS);
    json_decref(answer);
    return rc;
}

static int button(struct rk_call *call, const char *command) {
    const char *which = call->arg_count > 1 ? call->args[1] : "mode";
    return tell(call, json_pack("{s:s,s:s}", "cmd", command, "button", which));
}

int rk_emu_cmd_press(struct rk_call *call) {
    return button(call, "press");
}

int rk_emu_cmd_release(struct rk_call *call) {
    return button(call, "release");
}

int rk_emu_cmd_reset(struct rk_call *call) {
    return tell(call, json_pack("{s:s}", "cmd", "reset"));
}

int rk_emu_cmd_power(struct rk_call *call) {
    const char *state = call->arg_count > 1 ? call->args[1] : "cycle";
    return tell(call, json_pack("{s:s,s:s}", "cmd", "power", "state", state));
}

int rk_emu_cmd_quit(struct rk_call *call) {
    return tell(call, json_pack("{s:s}", "cmd", "quit"));
}

int rk_emu_cmd_smartconfig(struct rk_call *call) {
    json_t *request = json_pack("{s:s,s:s}", "cmd", "smartconfig", "ssid", call->args[1]);
    if (request && call->arg_count > 2) {
        json_object_set_new(request, "passphrase", json_string(call->args[2]));
    }
    return request ? tell(call, request)
                   : rk_shell_fail(RK_E_RANGE, "the network's name is not UTF-8");
}

int rk_emu_cmd_fault(struct rk_call *call) {
    const char *state = call->arg_count > 2 ? call->args[2] : "on";
    if (strcmp(state, "on") != 0 && strcmp(state, "off") != 0) {
        return rk_shell_fail_next(RK_E_USAGE, "Say on or off.", "fault '%s'", state);
    }
    json_t *request = json_pack("{s:s}", "cmd", "fault");
    if (call->arg_count > 1) {
        json_object_set_new(request, "fault", json_string(call->args[1]));
        json_object_set_new(request, "on", json_boolean(strcmp(state, "on") == 0));
    }
    json_t *answer;
    int rc = ask(call, request, &answer, ANSWER_TIME_MS);
    const char *key;
    json_t *text;
    if (rc == 0 && !rk_call_has(call, "json")) {
        json_object_foreach(json_object_get(answer, "faults"), key, text) {
            printf("%-22s %s\n", key, json_string_value(text));
        }
    }
    json_decref(answer);
    return rc;
}

static void print_signal(const json_t *answer) {
    const json_t *signal = json_object_get(answer, "signal");
    const char *name = json_string_value(json_object_get(signal, "name"));
    const char *meaning = json_string_value(json_object_get(signal, "meaning"));
    printf("%s - %s\n", name ? name : "?", meaning ? meaning : "?");
}

int rk_emu_cmd_led(struct rk_call *call) {
    json_t *answer;
    int rc = ask(call, json_pack("{s:s}", "cmd", "led"), &answer, ANSWER_TIME_MS);
    if (rc == 0 && !rk_call_has(call, "json")) {
        print_signal(answer);
    }
    json_decref(answer);
    return rc;
}

int rk_emu_cmd_wait(struct rk_call *call) {
    json_t *answer;
    json_t *request = json_pack("{s:s,s:s}", "cmd", "wait", "signal", call->args[1]);
    const char *span = rk_call_value(call, "for");
    if (span) {
        json_object_set_new(request, "for", json_string(span));
    }
    int rc = ask(call, request, &answer, -1);
    if (rc == 0 && !rk_call_has(call, "json")) {
        print_signal(answer);
    }
    json_decref(answer);
    return rc;
}

static void print_value(const char *key, const json_t *value) {
    if (json_is_string(value)) {
        printf("%-14s %s\n", key, json_string_value(value));
    } else if (json_is_integer(value)) {
        printf("%-14s %lld\n", key, (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        printf("%-14s %g\n", key, json_real_value(value));
    } else if (json_is_boolean(value)) {
        printf("%-14s %s\n", key, json_is_true(value) ? "yes" : "no");
    }
}

int rk_emu_cmd_info(struct rk_call *call) {
    json_t *answer;
    int rc = ask(call, json_pack("{s:s}", "cmd", "info"), &answer, ANSWER_TIME_MS);
    if (rc == 0 && !rk_call_has(call, "json")) {
        const char *key;
        json_t *value;
        json_object_foreach(answer, key, value) {
            if (strcmp(key, "id") != 0 && strcmp(key, "ok") != 0) {
                print_value(key, value);
            }
        }
        print_signal(answer);
    }
    json_decref(answer);
    return rc;
}

/* The emulator may run in another folder, so its file name is made whole here. */
int rk_emu_cmd_snapshot(struct rk_call *call) {
    char folder[RK_PATH_MAX];
    char path[RK_PATH_MAX];
    const char *file = call->args[1];
    int rc = file[0] == '/' || getcwd(folder, sizeof folder) ? 0 : RK_E_IO;
    if (rc == 0 && file[0] != '/') {
        rc = rk_path_in(folder, file, path);
        file = path;
    }
    if (rc) {
        return rk_shell_fail(rc, "snapshot '%s'", call->args[1]);
    }
    return tell(call, json_pack("{s:s,s:s}", "cmd", "snapshot", "file", file));
}
