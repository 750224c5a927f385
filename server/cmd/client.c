/* Commands that a running server carries out: one line to its control socket, one line back. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/cmd/cmd.h"

#define IMAGE_MAX (1024 * 1024)
#define KEY_MAX   8192

int rk_client_connect(struct rk_call *call, int *fd) {
    char dir[PATH_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock",
                     rk_cmd_dir(call, dir));
    if (n < 0 || (size_t)n >= sizeof address.sun_path) {
        return RK_E_TOO_BIG;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || connect(*fd, (struct sockaddr *)&address, sizeof address)) {
        if (*fd >= 0) {
            close(*fd);
        }
        return RK_E_NETWORK;
    }
    return 0;
}

/* The connection as a stream, and the request sent. */
static FILE *send_request(struct rk_call *call, json_t *request) {
    int fd;
    if (rk_client_connect(call, &fd)) {
        rk_cmd_fail(RK_E_NETWORK, "no server runs with this data directory",
                    "Start it with `rekindle server run`, or name its directory with --data.");
        json_decref(request);
        return NULL;
    }
    json_object_set_new(request, "id", json_integer(1));
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    bool sent =
        text && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && write(fd, "\n", 1) == 1;
    free(text);
    FILE *f = sent ? fdopen(fd, "r") : NULL;
    if (!f) {
        close(fd);
        rk_cmd_fail(RK_E_NETWORK, NULL, NULL);
    }
    return f;
}

static int error_by_name(const char *name) {
    for (size_t i = 0; name && rk_error_at(i); i++) {
        if (!strcmp(rk_error_at(i)->name, name)) {
            return rk_error_at(i)->error;
        }
    }
    return RK_E_PROTOCOL;
}

static int read_answer(FILE *f, json_t **answer) {
    char *line = NULL;
    size_t cap = 0;
    *answer = getline(&line, &cap, f) > 0 ? json_loads(line, 0, NULL) : NULL;
    free(line);
    if (!*answer) {
        return rk_cmd_fail(RK_E_CLOSED, "the server went away", NULL);
    }
    if (json_is_false(json_object_get(*answer, "ok"))) {
        int err = error_by_name(json_string_value(json_object_get(*answer, "error")));
        rk_cmd_fail(err, json_string_value(json_object_get(*answer, "text")), NULL);
        json_decref(*answer);
        *answer = NULL;
        return err;
    }
    return 0;
}

int rk_client_ask(struct rk_call *call, json_t *request, json_t **answer) {
    FILE *f = send_request(call, request);
    if (!f) {
        return RK_E_NETWORK;
    }
    int err = read_answer(f, answer);
    fclose(f);
    return err;
}

/* --- output -------------------------------------------------------------------------------------
 */

static void print_json(json_t *answer) {
    json_object_del(answer, "id");
    json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    puts("");
}

/* key=value pairs of an object, in its order. */
static void print_object(const json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (json_is_string(value) && !*json_string_value(value)) {
            continue;
        }
        printf("%s=", key);
        if (json_is_string(value)) {
            printf("%s  ", json_string_value(value));
        } else {
            json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
            printf("  ");
        }
    }
    puts("");
}

/* Asks, and prints one field of the answer, or all. */
static int ask_and_print(struct rk_call *call, json_t *request, const char *field) {
    json_t *answer, *value, *item;
    size_t i;
    int err = rk_client_ask(call, request, &answer);
    if (err) {
        return err;
    }
    value = field ? json_object_get(answer, field) : NULL;
    if (rk_call_has(call, "json") || (field && !value)) {
        print_json(answer);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            print_object(item);
        }
    } else if (json_is_string(value)) {
        puts(json_string_value(value));
    } else if (value) {
        print_json(value);
    } else {
        json_object_del(answer, "id");
        json_object_del(answer, "ok");
        if (json_object_size(answer)) {
            print_object(answer);
        }
    }
    json_decref(answer);
    return 0;
}

static json_t *request(const char *cmd, struct rk_call *call, int device_arg) {
    json_t *r = json_pack("{s:s}", "cmd", cmd);
    if (device_arg >= 0) {
        json_object_set_new(r, "device", json_string(call->args[device_arg]));
    }
    return r;
}

static void set_text(json_t *r, const char *key, const char *text) {
    if (text) {
        json_object_set_new(r, key, json_string(text));
    }
}

/* --- the commands -------------------------------------------------------------------------------
 */

int rk_cmd_device_add(struct rk_call *call) {
    const char *path = rk_call_value(call, "key");
    json_t *r = request("device.add", call, 0);
    if (path) {
        size_t len;
        char *pem = rk_cmd_read_file(path, KEY_MAX, &len);
        if (!pem) {
            json_decref(r);
            return rk_cmd_fail(RK_E_IO, "the key file cannot be read", NULL);
        }
        set_text(r, "key", pem);
        free(pem);
    }
    set_text(r, "owner", rk_call_value(call, "owner"));
    set_text(r, "name", rk_call_value(call, "name"));
    json_object_set_new(r, "replace", json_boolean(rk_call_has(call, "replace")));
    return ask_and_print(call, r, NULL);
}

int rk_cmd_device_remove(struct rk_call *call) {
    return ask_and_print(call, request("device.remove", call, 0), NULL);
}

int rk_cmd_device_owner(struct rk_call *call) {
    json_t *r = request("device.owner", call, 0);
    set_text(r, "owner", rk_call_value(call, "owner"));
    return ask_and_print(call, r, NULL);
}

int rk_cmd_device_list(struct rk_call *call) {
    return ask_and_print(call, request("device.list", call, -1), "devices");
}

int rk_cmd_user_add(struct rk_call *call) {
    char password[300];
    fprintf(stderr, "password: ");
    if (!fgets(password, sizeof password, stdin)) {
        return rk_cmd_fail(RK_E_USAGE, "no password was given", NULL);
    }
    password[strcspn(password, "\r\n")] = '\0';
    json_t *r = request("user.add", call, -1);
    set_text(r, "name", call->args[0]);
    set_text(r, "password", password);
    sodium_memzero(password, sizeof password);
    return ask_and_print(call, r, NULL);
}

int rk_cmd_user_remove(struct rk_call *call) {
    json_t *r = request("user.remove", call, -1);
    set_text(r, "name", call->args[0]);
    return ask_and_print(call, r, NULL);
}

int rk_cmd_user_list(struct rk_call *call) {
    return ask_and_print(call, request("user.list", call, -1), "users");
}

int rk_cmd_call(struct rk_call *call) {
    json_t *r = request("call", call, 0);
    set_text(r, "name", call->args[1]);
    set_text(r, "arg", call->arg_count > 2 ? call->args[2] : "");
    return ask_and_print(call, r, "return_value");
}

int rk_cmd_get(struct rk_call *call) {
    json_t *r = request("get", call, 0);
    set_text(r, "name", call->args[1]);
    return ask_and_print(call, r, "value");
}

int rk_cmd_signal(struct rk_call *call) {
    json_t *r = request("signal", call, 0);
    json_object_set_new(r, "on", json_boolean(!strcmp(call->args[1], "on")));
    return ask_and_print(call, r, NULL);
}

int rk_cmd_ping(struct rk_call *call) {
    return ask_and_print(call, request("ping", call, 0), NULL);
}

int rk_cmd_describe(struct rk_call *call) {
    return ask_and_print(call, request("describe", call, 0), "value");
}

int rk_cmd_publish(struct rk_call *call) {
    json_t *r = request("publish", call, -1);
    set_text(r, "name", call->args[0]);
    set_text(r, "data", call->arg_count > 1 ? call->args[1] : NULL);
    json_object_set_new(r, "private", json_boolean(rk_call_has(call, "private")));
    return ask_and_print(call, r, NULL);
}

int rk_cmd_subscribe(struct rk_call *call) {
    json_t *r = request("subscribe", call, -1), *line;
    uint64_t count = UINT64_MAX;
    int err = rk_call_number(call, "count", 1, UINT64_MAX, &count);
    set_text(r, "prefix", call->arg_count ? call->args[0] : "");
    set_text(r, "device", rk_call_value(call, "device"));
    FILE *f = err ? NULL : send_request(call, r);
    if (!f) {
        return err ? rk_cmd_fail(err, call->problem, NULL) : RK_E_NETWORK;
    }
    err = read_answer(f, &line); /* that it is subscribed */
    while (!err) {
        json_decref(line);
        if (count-- == 0 || (err = read_answer(f, &line))) {
            break;
        }
        json_dumpf(json_object_get(line, "event"), stdout, JSON_COMPACT);
        puts("");
        fflush(stdout);
    }
    fclose(f);
    return err;
}

int rk_cmd_flash(struct rk_call *call) {
    size_t len;
    char *image = rk_cmd_read_file(call->args[1], IMAGE_MAX, &len);
    char *base64 = malloc(sodium_base64_ENCODED_LEN(IMAGE_MAX, sodium_base64_VARIANT_ORIGINAL));
    if (!image || !base64) {
        free(image);
        free(base64);
        return rk_cmd_fail(RK_E_IO, "the image cannot be read, or is larger than 1 MiB", NULL);
    }
    sodium_bin2base64(base64, sodium_base64_ENCODED_LEN(IMAGE_MAX, sodium_base64_VARIANT_ORIGINAL),
                      (const unsigned char *)image, len, sodium_base64_VARIANT_ORIGINAL);
    json_t *r = request("flash", call, 0);
    const char *name = strrchr(call->args[1], '/');
    set_text(r, "image", base64);
    set_text(r, "name", name ? name + 1 : call->args[1]);
    json_object_set_new(r, "fast", json_boolean(!rk_call_has(call, "no-fast")));
    free(image);
    free(base64);
    return ask_and_print(call, r, NULL);
}

int rk_cmd_cancel(struct rk_call *call) {
    return ask_and_print(call, request("cancel", call, 0), NULL);
}

int rk_cmd_retry(struct rk_call *call) {
    return ask_and_print(call, request("retry", call, 0), NULL);
}

int rk_cmd_updates(struct rk_call *call) {
    return ask_and_print(call, request("updates", call, 0), "updates");
}

int rk_cmd_status(struct rk_call *call) {
    return ask_and_print(call, request("status", call, -1), NULL);
}
