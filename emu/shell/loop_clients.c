/* The control socket: who listens, who is connected, and their lines. See loop.h. */
#include "emu/shell/loop_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static void on_client_closed(uv_handle_t *handle) {
    struct rk_loop_client *client = handle->data;
    client->is_used = false;
}

static void close_client(struct rk_loop_client *client) {
    if (client->is_used && !client->is_closing) {
        client->is_closing = true;
        rk_control_release(&client->control);
        uv_close((uv_handle_t *)&client->pipe, on_client_closed);
    }
}

static void send_line(void *ctx, const char *line, size_t len) {
    struct rk_loop_client *client = ctx;
    if (!client->is_closing && !rk_loop_send((uv_stream_t *)&client->pipe, line, len)) {
        close_client(client);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct rk_loop_client *client = handle->data;
    *buf = uv_buf_init(client->buffer, sizeof client->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf) {
    struct rk_loop_client *client = stream->data;
    if (len < 0) {
        close_client(client);
    } else if (len > 0) {
        rk_control_receive(&client->control, buf->base, (size_t)len);
        rk_loop_wake(client->loop);
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    struct rk_loop *l = listener->data;
    for (unsigned i = 0; status == 0 && i < RK_LOOP_CLIENTS; i++) {
        struct rk_loop_client *client = &l->clients[i];
        if (client->is_used) {
            continue;
        }
        client->loop = l;
        client->is_used = true;
        client->is_closing = false;
        uv_pipe_init(&l->uv, &client->pipe, 0);
        client->pipe.data = client;
        rk_control_init(&client->control, l->env, send_line, client);
        if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
            uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0) {
            close_client(client);
        }
        return;
    }
}

/* A path longer than a socket's name may be goes through the folder's descriptor, which stays open
 * as long as the program. */
static int socket_name(const char *folder, char *name, size_t cap) {
    int n = snprintf(name, cap, "%s/control.sock", folder);
    if (n > 0 && (size_t)n < cap) {
        return 0;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return RK_E_ACCESS;
    }
    snprintf(name, cap, "/proc/self/fd/%d/control.sock", fd);
    return 0;
}

int rk_loop_listen(struct rk_loop *l, const char *folder) {
    char name[sizeof((struct sockaddr_un *)0)->sun_path];
    int rc = socket_name(folder, name, sizeof name);
    if (rc) {
        return rc;
    }
    unlink(name); /* left by one that was killed: the folder's lock is ours */
    uv_pipe_init(&l->uv, &l->listener, 0);
    l->listener.data = l;
    l->has_listener = true;
    if (uv_pipe_bind(&l->listener, name) != 0 ||
        uv_listen((uv_stream_t *)&l->listener, 8, on_connection) != 0) {
        return RK_E_IO;
    }
    return 0;
}

void rk_loop_clients_signal(struct rk_loop *l, const struct rk_led_observation *o) {
    for (unsigned i = 0; i < RK_LOOP_CLIENTS; i++) {
        if (l->clients[i].is_used && !l->clients[i].is_closing) {
            rk_control_check(&l->clients[i].control, o);
        }
    }
}

void rk_loop_clients_check(struct rk_loop *l) {
    rk_loop_clients_signal(l, NULL);
}

void rk_loop_clients_end(struct rk_loop *l) {
    for (unsigned i = 0; i < RK_LOOP_CLIENTS; i++) {
        if (l->clients[i].is_used && !l->clients[i].is_closing) {
            rk_control_ended(&l->clients[i].control);
        }
    }
}

uint64_t rk_loop_clients_deadline(const struct rk_loop *l) {
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < RK_LOOP_CLIENTS; i++) {
        if (l->clients[i].is_used && !l->clients[i].is_closing) {
            next = RK_MIN(next, rk_control_deadline(&l->clients[i].control));
        }
    }
    return next;
}

void rk_loop_clients_close(struct rk_loop *l) {
    for (unsigned i = 0; i < RK_LOOP_CLIENTS; i++) {
        close_client(&l->clients[i]);
    }
}
