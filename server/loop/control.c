/* The control socket's connections and lines: see control.h. */
#define _GNU_SOURCE
#include "server/loop/control.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define QUEUE_MAX   (8 * 1024 * 1024) /* bytes that a client may leave unread */

struct client {
    uv_pipe_t pipe; /* first */
    struct rk_control *control;
    unsigned refs; /* requests that are not answered, and the pipe itself */
    bool gone;
    char *line;
    size_t len, cap;
    struct rk_control_request *kept;
};

struct rk_control {
    uv_pipe_t pipe; /* first */
    struct rk_server *server;
    unsigned clients;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct rk_control_request {
    struct client *client;
    json_t *id;
    struct rk_control_request *next;
    void (*on_gone)(void *ctx);
    void *ctx;
};

struct write_req {
    uv_write_t req;
    char *text;
};

static void unref(struct client *c) {
    if (--c->refs == 0) {
        c->control->clients--;
        free(c->line);
        free(c);
    }
}

static void on_client_closed(uv_handle_t *handle) {
    unref((struct client *)handle);
}

static void free_request(struct rk_control_request *r) {
    json_decref(r->id);
    unref(r->client);
    free(r);
}

static void leave(struct client *c) {
    if (c->gone) {
        return;
    }
    c->gone = true;
    while (c->kept) {
        struct rk_control_request *r = c->kept;
        c->kept = r->next;
        r->on_gone(r->ctx);
        free_request(r);
    }
    uv_close((uv_handle_t *)&c->pipe, on_client_closed);
}

static void on_written(uv_write_t *req, int status) {
    struct write_req *w = (struct write_req *)req;
    free(w->text);
    free(w);
}

static void send_line(struct client *c, json_t *line) {
    char *text = json_dumps(line, JSON_COMPACT);
    struct write_req *w = calloc(1, sizeof *w);
    if (!text || !w || c->gone) {
        free(text);
        free(w);
        return;
    }
    size_t len = strlen(text);
    char *with_end = realloc(text, len + 2);
    text = with_end ? with_end : text;
    if (with_end) {
        memcpy(text + len, "\n", 2);
    }
    w->text = text;
    uv_buf_t buf = uv_buf_init(text, (unsigned)len + 1);
    if (!with_end || uv_write(&w->req, (uv_stream_t *)&c->pipe, &buf, 1, on_written)) {
        free(w->text);
        free(w);
    } else if (uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) > QUEUE_MAX) {
        leave(c); /* it does not read */
    }
}

static void send_fields(struct rk_control_request *r, json_t *fields) {
    json_t *line = fields ? fields : json_object();
    json_object_set(line, "id", r->id);
    send_line(r->client, line);
    json_decref(line);
}

struct rk_server *rk_control_server(const struct rk_control_request *r) {
    return r->client->control->server;
}

void rk_control_answer(struct rk_control_request *r, json_t *fields) {
    fields = fields ? fields : json_object();
    json_object_set_new(fields, "ok", json_true());
    send_fields(r, fields);
    free_request(r);
}

void rk_control_answer_error(struct rk_control_request *r, int error, const char *text) {
    const struct rk_error_info *info = rk_error_info(error);
    send_fields(r, json_pack("{s:b, s:s, s:s, s:s}", "ok", 0, "error", info->name, "text",
                             text ? text : info->text, "remedy", info->remedy));
    free_request(r);
}

void rk_control_event(struct rk_control_request *r, json_t *fields) {
    send_fields(r, fields);
}

void rk_control_keep(struct rk_control_request *r, void (*on_gone)(void *ctx), void *ctx) {
    r->on_gone = on_gone;
    r->ctx = ctx;
    r->next = r->client->kept;
    r->client->kept = r;
}

static void take_line(struct client *c, const char *text, size_t len) {
    json_error_t fault;
    json_t *line = json_loadb(text, len, 0, &fault);
    struct rk_control_request *r = calloc(1, sizeof *r);
    if (!r) {
        json_decref(line);
        return;
    }
    r->client = c;
    c->refs++;
    r->id = json_is_object(line) ? json_incref(json_object_get(line, "id")) : NULL;
    r->id = r->id ? r->id : json_null();
    if (json_is_object(line)) {
        rk_control_run(r, line);
    } else {
        rk_control_answer_error(r, RK_E_USAGE, "a line must be one JSON object");
    }
    json_decref(line);
}

static void take_lines(struct client *c) {
    char *end;
    size_t pos = 0;
    while (!c->gone && (end = memchr(c->line + pos, '\n', c->len - pos))) {
        size_t len = (size_t)(end - (c->line + pos));
        if (len) {
            take_line(c, c->line + pos, len);
        }
        pos += len + 1;
    }
    memmove(c->line, c->line + pos, c->len - pos);
    c->len -= pos;
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    struct client *c = (struct client *)handle;
    if (c->len == c->cap && c->cap < RK_CONTROL_LINE_MAX) {
        size_t cap = c->cap ? 2 * c->cap : 4096;
        char *line = realloc(c->line, cap);
        if (line) {
            c->line = line;
            c->cap = cap;
        }
    }
    *buf = uv_buf_init(c->line + c->len, (unsigned)(c->cap - c->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct client *c = (struct client *)stream;
    if (n < 0) { /* also a line that is too long: no room was given */
        leave(c);
    } else if (n > 0) {
        c->len += (size_t)n;
        rk_server_now(c->control->server);
        take_lines(c);
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    struct rk_control *control = (struct rk_control *)listener;
    struct client *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        return;
    }
    c->control = control;
    c->refs = 1;
    control->clients++;
    uv_pipe_init(listener->loop, &c->pipe, 0);
    if (uv_accept(listener, (uv_stream_t *)&c->pipe) || control->clients > CLIENTS_MAX ||
        uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read)) {
        leave(c);
    }
}

int rk_control_listen(struct rk_server *server) {
    struct rk_control *control = calloc(1, sizeof *control);
    if (!control) {
        return RK_E_NO_MEMORY;
    }
    control->server = server;
    int n = snprintf(control->path, sizeof control->path, "%s/control.sock", server->config.dir);
    if (n < 0 || (size_t)n >= sizeof control->path) {
        free(control);
        return RK_E_TOO_BIG;
    }
    unlink(control->path); /* the lock is ours, so this one is dead */
    mode_t old_mask = umask(077);
    int rc = uv_pipe_init(&server->loop, &control->pipe, 0);
    rc = rc ? rc : uv_pipe_bind(&control->pipe, control->path);
    umask(old_mask);
    rc = rc ? rc : uv_listen((uv_stream_t *)&control->pipe, 16, on_connection);
    server->control = control;
    return rc ? RK_E_IO : 0;
}

static void on_walk(uv_handle_t *handle, void *ctx) {
    struct rk_control *control = ctx;
    if (handle->type == UV_NAMED_PIPE && handle != (uv_handle_t *)&control->pipe &&
        !uv_is_closing(handle)) {
        leave((struct client *)handle);
    }
}

void rk_control_close(struct rk_server *server) {
    struct rk_control *control = server->control;
    unlink(control->path);
    uv_walk(&server->loop, on_walk, control);
    uv_close((uv_handle_t *)&control->pipe, NULL); /* rk_server_run frees it after the loop */
}
