/* See usb_server.h. */
#include "emu/port/usb_server.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "emu/port/usbip.h"
#include "emu/port/usbredir.h"

#define CONNECTIONS_MAX 8u
#define BACKLOG         8
#define QUEUE_MAX       (4u * 1024 * 1024) /* a peer that does not read is let go */
#define RETRY_MS        100u

/* --- writing -----------------------------------------------------------------------------------
 */

struct write {
    uv_write_t req;
    uint8_t data[];
};

static void on_written(uv_write_t *req, int status) {
    (void)status; /* a broken stream also ends its reading */
    free(req->data);
}

/* Queues a copy of what the socket does not take at once. False: give the peer up. */
static bool stream_send(uv_stream_t *stream, const void *data, size_t len) {
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
    int n = uv_stream_get_write_queue_size(stream) == 0 ? uv_try_write(stream, &buf, 1) : UV_EAGAIN;
    if (n < 0 && n != UV_EAGAIN) {
        return false;
    }
    size_t sent = n < 0 ? 0 : (size_t)n;
    if (sent == len) {
        return true;
    }
    if (uv_stream_get_write_queue_size(stream) > QUEUE_MAX) {
        return false;
    }
    struct write *w = malloc(sizeof *w + len - sent);
    if (!w) {
        return false;
    }
    memcpy(w->data, (const uint8_t *)data + sent, len - sent);
    w->req.data = w;
    buf = uv_buf_init((char *)w->data, (unsigned)(len - sent));
    if (uv_write(&w->req, stream, &buf, 1, on_written) != 0) {
        free(w);
        return false;
    }
    return true;
}

/* --- USB/IP ------------------------------------------------------------------------------------
 */

struct connection {
    uv_tcp_t tcp;
    struct rk_usbip_server *server;
    bool open, give_up;
    struct rk_usbip_conn usbip;
    char buffer[16 * 1024];
};

struct rk_usbip_server {
    uv_tcp_t tcp;
    uv_prepare_t reaper;
    struct rk_usb_target *target;
    struct connection *connections[CONNECTIONS_MAX];
    unsigned handles; /* still to be closed by the loop */
    char busid[RK_USBIP_BUSID];
};

static void server_closed(struct rk_usbip_server *server) {
    if (--server->handles == 0) {
        free(server);
    }
}

static void on_connection_closed(uv_handle_t *handle) {
    struct connection *c = handle->data;
    struct rk_usbip_server *server = c->server;
    free(c);
    server_closed(server);
}

static void drop(struct connection *c) {
    if (!c->open) {
        return;
    }
    c->open = false;
    rk_usbip_close(&c->usbip);
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        if (c->server->connections[i] == c) {
            c->server->connections[i] = NULL;
        }
    }
    uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

static void connection_send(void *ctx, const void *data, size_t len) {
    struct connection *c = ctx;
    if (!c->give_up && !stream_send((uv_stream_t *)&c->tcp, data, len)) {
        c->give_up = true;
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct connection *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init(c->buffer, sizeof c->buffer);
}

static void on_data(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct connection *c = stream->data;
    if (n < 0 || (n > 0 && !rk_usbip_input(&c->usbip, buf->base, (size_t)n)) || c->give_up) {
        drop(c);
    }
}

/* Connections whose device went away while the machine ran. */
static void on_reap(uv_prepare_t *prepare) {
    struct rk_usbip_server *server = prepare->data;
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = server->connections[i];
        if (c && (!rk_usbip_is_open(&c->usbip) || c->give_up)) {
            drop(c);
        }
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    struct rk_usbip_server *server = listener->data;
    unsigned slot = 0;
    while (slot < CONNECTIONS_MAX && server->connections[slot]) {
        slot++;
    }
    struct connection *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        return;
    }
    c->server = server;
    c->tcp.data = c;
    uv_tcp_init(listener->loop, &c->tcp);
    server->handles++;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 || slot == CONNECTIONS_MAX) {
        uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
        return;
    }
    server->connections[slot] = c;
    c->open = true;
    uv_tcp_nodelay(&c->tcp, 1);
    rk_usbip_open(&c->usbip, server->target, server->busid, connection_send, c);
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_data);
}

static void on_server_closed(uv_handle_t *handle) {
    server_closed(handle->data);
}

static int listen_on(struct rk_usbip_server *server, const char *address, uint16_t port) {
    struct sockaddr_storage addr;
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)&addr) != 0 &&
        uv_ip6_addr(address, port, (struct sockaddr_in6 *)&addr) != 0) {
        return RK_E_RANGE;
    }
    int rc = uv_tcp_bind(&server->tcp, (const struct sockaddr *)&addr, 0);
    if (rc == 0) {
        rc = uv_listen((uv_stream_t *)&server->tcp, BACKLOG, on_connection);
    }
    return rc == 0 ? RK_OK : rc == UV_EADDRINUSE ? RK_E_BUSY : RK_E_NETWORK;
}

int rk_usbip_server_start(uv_loop_t *loop, const char *address, uint16_t port,
                          struct rk_usb_target *target, const char *busid,
                          struct rk_usbip_server **out) {
    struct rk_usbip_server *server = calloc(1, sizeof *server);
    if (!server) {
        return RK_E_NO_MEMORY;
    }
    server->target = target;
    memcpy(server->busid, busid, strnlen(busid, sizeof server->busid - 1));
    server->tcp.data = server;
    server->reaper.data = server;
    server->handles = 2;
    uv_tcp_init(loop, &server->tcp);
    uv_prepare_init(loop, &server->reaper);
    int rc = listen_on(server, address, port);
    if (rc != RK_OK) {
        rk_usbip_server_stop(server);
        return rc;
    }
    uv_prepare_start(&server->reaper, on_reap);
    *out = server;
    return RK_OK;
}

uint16_t rk_usbip_server_port(const struct rk_usbip_server *server) {
    struct sockaddr_storage addr;
    int len = sizeof addr;
    if (uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&addr, &len) != 0) {
        return 0;
    }
    return ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                            : ((struct sockaddr_in *)&addr)->sin_port);
}

void rk_usbip_server_stop(struct rk_usbip_server *server) {
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        if (server->connections[i]) {
            drop(server->connections[i]);
        }
    }
    uv_close((uv_handle_t *)&server->reaper, on_server_closed);
    uv_close((uv_handle_t *)&server->tcp, on_server_closed);
}

/* --- usbredir ----------------------------------------------------------------------------------
 */

struct rk_usbredir_client {
    uv_pipe_t pipe;
    uv_timer_t retry;
    uv_prepare_t reaper;
    uv_connect_t connect;
    struct rk_usb_target *target;
    struct rk_usbredir redir;
    bool connected, give_up, closing, stopped;
    unsigned handles;
    char buffer[16 * 1024];
    char path[];
};

static void client_connect(uv_timer_t *timer);

static void client_closed(uv_handle_t *handle) {
    struct rk_usbredir_client *c = handle->data;
    if (--c->handles == 0) {
        free(c);
    }
}

static void on_pipe_closed(uv_handle_t *handle) {
    struct rk_usbredir_client *c = handle->data;
    c->closing = false;
    if (c->stopped) {
        client_closed(handle);
    } else {
        uv_timer_start(&c->retry, client_connect, RETRY_MS, 0);
    }
}

static void client_drop(struct rk_usbredir_client *c) {
    if (c->connected) {
        c->connected = false;
        rk_usbredir_close(&c->redir);
    }
    if (!c->closing) {
        c->closing = true;
        uv_close((uv_handle_t *)&c->pipe, on_pipe_closed);
    }
}

static void client_send(void *ctx, const void *data, size_t len) {
    struct rk_usbredir_client *c = ctx;
    if (!c->give_up && !stream_send((uv_stream_t *)&c->pipe, data, len)) {
        c->give_up = true;
    }
}

static void on_client_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct rk_usbredir_client *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init(c->buffer, sizeof c->buffer);
}

static void on_client_data(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct rk_usbredir_client *c = stream->data;
    if (n < 0 || (n > 0 && !rk_usbredir_input(&c->redir, buf->base, (size_t)n)) || c->give_up) {
        client_drop(c);
    }
}

static void on_client_reap(uv_prepare_t *prepare) {
    struct rk_usbredir_client *c = prepare->data;
    if (c->connected && c->give_up) {
        client_drop(c);
    }
}

static void on_connected(uv_connect_t *req, int status) {
    struct rk_usbredir_client *c = req->data;
    if (c->closing) {
        return;
    }
    c->give_up = false;
    if (status != 0 || !rk_usbredir_open(&c->redir, c->target, client_send, c)) {
        client_drop(c);
        return;
    }
    c->connected = true;
    uv_read_start((uv_stream_t *)&c->pipe, on_client_alloc, on_client_data);
}

static void client_connect(uv_timer_t *timer) {
    struct rk_usbredir_client *c = timer->data;
    uv_pipe_init(timer->loop, &c->pipe, 0);
    c->pipe.data = c;
    c->connect.data = c;
    uv_pipe_connect(&c->connect, &c->pipe, c->path, on_connected);
}

int rk_usbredir_client_start(uv_loop_t *loop, const char *path, struct rk_usb_target *target,
                             struct rk_usbredir_client **out) {
    size_t size = strlen(path) + 1;
    struct rk_usbredir_client *c = calloc(1, sizeof *c + size);
    if (!c) {
        return RK_E_NO_MEMORY;
    }
    memcpy(c->path, path, size);
    c->target = target;
    c->handles = 3;
    c->retry.data = c;
    c->reaper.data = c;
    uv_timer_init(loop, &c->retry);
    uv_prepare_init(loop, &c->reaper);
    uv_prepare_start(&c->reaper, on_client_reap);
    client_connect(&c->retry);
    *out = c;
    return RK_OK;
}

bool rk_usbredir_client_connected(const struct rk_usbredir_client *client) {
    return client->connected;
}

void rk_usbredir_client_stop(struct rk_usbredir_client *client) {
    client->stopped = true;
    uv_timer_stop(&client->retry);
    bool pipe_is_closed = !client->closing && uv_is_closing((uv_handle_t *)&client->pipe);
    uv_close((uv_handle_t *)&client->retry, client_closed);
    uv_close((uv_handle_t *)&client->reaper, client_closed);
    if (pipe_is_closed) {
        client->handles--; /* it waited for the next try */
    } else {
        client_drop(client);
    }
}
