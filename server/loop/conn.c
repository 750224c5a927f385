/* Device connections: sockets of libuv on one side, sessions on the other. */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "server/loop/server.h"

#define BACKLOG_CONNECTIONS 1024
#define LINGER_MS           3000 /* for the last bytes of a connection that we close */

struct rk_conn {
    uv_tcp_t tcp; /* first: libuv's pointers are ours */
    struct rk_server *server;
    struct rk_session *session;
    struct rk_conn *next, **at;
    struct rk_wheel_entry due;
    uv_shutdown_t shutdown;
    unsigned holds;  /* work on threads */
    bool ended;      /* the session has ended */
    bool closing;    /* uv_close was called */
    bool tcp_closed; /* and has finished */
};

struct handshake_work {
    struct rk_work work;
    struct rk_conn *conn;
    struct rk_handshake_job *job;
};

struct output {
    uv_write_t req;
    char bytes[];
};

/* --- life ------------------------------------------------------------------------------------- */

static void free_if_unused(struct rk_conn *c) {
    if (!c->tcp_closed || c->holds) {
        return;
    }
    rk_wheel_remove(&c->due);
    *c->at = c->next;
    if (c->next) {
        c->next->at = c->at;
    }
    c->server->conn_count--;
    rk_session_free(c->session);
    free(c);
}

static void on_closed(uv_handle_t *handle) {
    struct rk_conn *c = (struct rk_conn *)handle;
    c->tcp_closed = true;
    free_if_unused(c);
}

static void close_tcp(struct rk_conn *c) {
    if (!c->closing) {
        c->closing = true;
        uv_close((uv_handle_t *)&c->tcp, on_closed);
    }
}

struct rk_conn *rk_conn_hold(struct rk_session *session) {
    struct rk_conn *c = rk_session_peer(session);
    c->holds++;
    return c;
}

void rk_conn_release(struct rk_conn *c) {
    c->holds--;
    free_if_unused(c);
}

struct rk_session *rk_conn_session(const struct rk_conn *c) {
    return c->ended ? NULL : c->session;
}

static void hang_up(struct rk_conn *c) {
    if (!c->ended) {
        c->ended = true;
        rk_server_now(c->server);
        rk_session_peer_closed(c->session);
    }
    close_tcp(c);
}

/* --- the session's host ----------------------------------------------------------------------- */

static void on_written(uv_write_t *req, int status) {
    struct rk_conn *c = (struct rk_conn *)req->handle;
    free(req->data);
    if (status == 0 && !c->ended && uv_stream_get_write_queue_size(req->handle) == 0) {
        rk_server_now(c->server);
        rk_session_writable(c->session);
    }
}

static void host_send(void *peer, const uint8_t *bytes, size_t len) {
    struct rk_conn *c = peer;
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;
    if (c->closing) {
        return;
    }
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
    int sent = uv_try_write(stream, &buf, 1);
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == len || (sent < 0 && sent != UV_EAGAIN)) {
        return; /* a broken socket is also reported by the reading side */
    }
    struct output *out = malloc(sizeof *out + len - done);
    if (!out) {
        return; /* the stream is broken now: the board will hang up */
    }
    memcpy(out->bytes, bytes + done, len - done);
    out->req.data = out;
    buf = uv_buf_init(out->bytes, (unsigned)(len - done));
    if (uv_write(&out->req, stream, &buf, 1, on_written)) {
        free(out);
    }
}

static size_t host_backlog(void *peer, bool exact) {
    struct rk_conn *c = peer;
    size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
    uv_os_fd_t fd;
    int in_kernel = 0;
    if (exact && uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0) {
        (void)ioctl(fd, SIOCOUTQ, &in_kernel);
    }
    return queued + (size_t)in_kernel;
}

static void run_handshake(struct rk_work *work) {
    struct handshake_work *w = (struct handshake_work *)work;
    rk_handshake_job_run(w->job, &w->conn->server->handshake_env);
}

static void handshake_done(struct rk_work *work) {
    struct handshake_work *w = (struct handshake_work *)work;
    rk_server_now(w->conn->server);
    rk_session_handshake_done(w->conn->session, w->job);
    rk_conn_release(w->conn);
    free(w);
}

static void host_handshake(void *peer, struct rk_handshake_job *job) {
    struct rk_conn *c = peer;
    struct handshake_work *w = calloc(1, sizeof *w);
    c->holds++;
    if (!w) {
        job->reason = RK_REASON_SERVER_TROUBLE;
        rk_session_handshake_done(c->session, job);
        c->holds--; /* the session's close is on its way: nothing is freed here */
        return;
    }
    w->work.run = run_handshake;
    w->work.done = handshake_done;
    w->conn = c;
    w->job = job;
    rk_pool_submit(c->server->rsa_pool, &w->work);
}

static void on_shutdown(uv_shutdown_t *req, int status) {
    close_tcp((struct rk_conn *)req->handle);
}

static void host_close(void *peer) {
    struct rk_conn *c = peer;
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;
    c->ended = true;
    if (c->closing) {
        return;
    }
    if (uv_stream_get_write_queue_size(stream) == 0 ||
        uv_shutdown(&c->shutdown, stream, on_shutdown)) {
        close_tcp(c);
    } else {
        rk_wheel_set(&c->server->wheel, &c->due, uv_now(&c->server->loop) + LINGER_MS);
    }
}

static void host_wake(void *peer, uint64_t at_ms) {
    struct rk_conn *c = peer;
    rk_wheel_set(&c->server->wheel, &c->due, at_ms);
}

static const struct rk_hub_host host = {
    .send = host_send,
    .backlog = host_backlog,
    .handshake = host_handshake,
    .close = host_close,
    .wake = host_wake,
    .note = rk_facts_note,
    .want_update = rk_updates_want,
};

const struct rk_hub_host *rk_conn_host(void) {
    return &host;
}

/* --- time ------------------------------------------------------------------------------------- */

static void on_due(void *ctx, struct rk_wheel_entry *entry) {
    struct rk_conn *c = (struct rk_conn *)((char *)entry - offsetof(struct rk_conn, due));
    if (c->ended) {
        close_tcp(c);
    } else {
        rk_session_tick(c->session);
    }
}

void rk_conn_turn(struct rk_server *server) {
    rk_server_now(server);
    rk_wheel_turn(&server->wheel, uv_now(&server->loop), on_due, NULL);
}

/* --- sockets ---------------------------------------------------------------------------------- */

/* One buffer for all: what was read is used up before the next read. */
static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    struct rk_server *server = ((struct rk_conn *)handle)->server;
    *buf = uv_buf_init(server->read_buffer, sizeof server->read_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct rk_conn *c = (struct rk_conn *)stream;
    if (n < 0) {
        hang_up(c);
    } else if (n > 0 && !c->ended) {
        rk_server_now(c->server);
        rk_session_receive(c->session, (uint8_t *)buf->base, (size_t)n);
    }
}

static void peer_address(struct rk_conn *c, char *text, size_t cap) {
    struct sockaddr_storage storage = {0};
    int len = sizeof storage;
    text[0] = '\0';
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&storage, &len) == 0) {
        uv_ip_name((struct sockaddr *)&storage, text, cap);
    }
}

static void on_rejected(uv_handle_t *handle) {
    free(handle);
}

static void start(struct rk_conn *c) {
    struct rk_server *server = c->server;
    char address[46];
    peer_address(c, address, sizeof address);
    uv_tcp_nodelay(&c->tcp, 1);
    rk_server_now(server);
    c->session = rk_session_new(server->hub, c, address);
    c->ended = c->session == NULL;
    if (c->ended || uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read)) {
        hang_up(c);
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    struct rk_server *server = listener->data;
    struct rk_conn *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (!c || uv_tcp_init(&server->loop, &c->tcp)) {
        free(c);
        return;
    }
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) || server->stopping ||
        server->conn_count >= server->config.max_devices) {
        server->refused_full++;
        uv_close((uv_handle_t *)&c->tcp, on_rejected);
        return;
    }
    c->server = server;
    c->next = server->conns;
    c->at = &server->conns;
    if (c->next) {
        c->next->at = &c->next;
    }
    server->conns = c;
    server->conn_count++;
    start(c);
}

static int parse_address(const char *text, uint16_t port, struct sockaddr_storage *out) {
    return uv_ip4_addr(text, port, (struct sockaddr_in *)out)
               ? uv_ip6_addr(text, port, (struct sockaddr_in6 *)out)
               : 0;
}

int rk_conn_listen(struct rk_server *server) {
    struct sockaddr_storage address;
    if (parse_address(server->config.listen, server->config.device_port, &address)) {
        return RK_E_RANGE;
    }
    int rc = uv_tcp_init(&server->loop, &server->listener);
    server->listener.data = server;
    rc = rc ? rc : uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0);
    rc = rc ? rc : uv_listen((uv_stream_t *)&server->listener, BACKLOG_CONNECTIONS, on_connection);
    return rc == UV_EADDRINUSE ? RK_E_BUSY : rc == UV_EACCES ? RK_E_ACCESS : rc ? RK_E_NETWORK : 0;
}

void rk_conn_close_all(struct rk_server *server) {
    struct rk_conn *next;
    rk_server_now(server);
    for (struct rk_conn *c = server->conns; c; c = next) {
        next = c->next;
        if (!c->ended) {
            rk_session_close(c->session, RK_REASON_SHUTDOWN);
        }
    }
}
