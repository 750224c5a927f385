/* See net_host.h. */
#include "emu/port/net_host.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/base/bytes.h"
#include "common/base/error.h"

#define SLOTS        16u
#define ROOM         8192u
#define POLL_NS      1000000ull /* virtual time between two looks at the kernel */
#define BACKLOG      4
#define NAME_MAX_LEN 255u

enum slot_state {
    SLOT_FREE,
    SLOT_OPEN,
    SLOT_CALLING,
    SLOT_UP,
    SLOT_LISTENING,
    SLOT_CLOSING, /* libuv still holds it */
};

struct slot {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_udp_t udp;
    } u;
    uv_connect_t call;
    uint8_t state; /* enum slot_state */
    bool is_tcp;
    bool bound;       /* UDP */
    bool reading;     /* libuv delivers */
    bool ended;       /* end of stream */
    int error;        /* libuv's; ends the connection */
    unsigned waiting; /* connections to accept */
    struct rk_net_addr from;
    size_t len, off;
    char bytes[ROOM];
};

struct host {
    struct rk_net net; /* first */
    uv_loop_t loop;
    uint64_t polled_ns;
    struct slot slots[SLOTS];
    struct {
        uv_getaddrinfo_t request;
        bool running, done;
        int result;
        uint32_t ip;
        char name[NAME_MAX_LEN + 1];
    } lookup;
};

static struct host *host_of(struct rk_net *net) {
    return (struct host *)net;
}

static struct slot *slot_of(struct rk_net *net, int handle) {
    struct host *h = host_of(net);
    if (handle < 0 || handle >= (int)SLOTS || h->slots[handle].state == SLOT_FREE ||
        h->slots[handle].state == SLOT_CLOSING) {
        return NULL;
    }
    return &h->slots[handle];
}

static struct sockaddr_in to_sockaddr(struct rk_net_addr a) {
    struct sockaddr_in sa = {.sin_family = AF_INET};
    uint8_t ip[4], port[2];
    rk_put_u32be(ip, a.ip);
    rk_put_u16be(port, a.port);
    memcpy(&sa.sin_addr, ip, sizeof ip);
    memcpy(&sa.sin_port, port, sizeof port);
    return sa;
}

static struct rk_net_addr from_sockaddr(const struct sockaddr *sa) {
    struct sockaddr_in in;
    memcpy(&in, sa, sizeof in);
    uint8_t ip[4], port[2];
    memcpy(ip, &in.sin_addr, sizeof ip);
    memcpy(port, &in.sin_port, sizeof port);
    return (struct rk_net_addr){rk_get_u32be(ip), rk_get_u16be(port)};
}

/* One look at the kernel per instant. */
static void turn(struct host *h) {
    if (h->polled_ns != h->net.now_ns) {
        h->polled_ns = h->net.now_ns;
        uv_run(&h->loop, UV_RUN_NOWAIT);
    }
}

/* --- what libuv says -------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf) {
    (void)wanted;
    struct slot *s = handle->data;
    const bool full = s->len > 0;
    *buf = uv_buf_init(s->bytes, full ? 0 : ROOM);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    (void)buf;
    struct slot *s = stream->data;
    if (n == 0 || n == UV_ENOBUFS) {
        return;
    }
    uv_read_stop(stream);
    s->reading = false;
    if (n == UV_EOF) {
        s->ended = true;
    } else if (n < 0) {
        s->error = (int)n;
    } else {
        s->len = (size_t)n;
        s->off = 0;
    }
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                        unsigned flags) {
    (void)buf;
    (void)flags;
    struct slot *s = udp->data;
    if (n > 0 && from && s->len == 0) {
        s->len = (size_t)n;
        s->off = 0;
        s->from = from_sockaddr(from);
        uv_udp_recv_stop(udp);
        s->reading = false;
    }
}

static void read_on(struct slot *s) {
    if (s->reading || s->ended || s->error || s->len > 0) {
        return;
    }
    const int result = s->is_tcp ? uv_read_start(&s->u.stream, on_alloc, on_read)
                                 : uv_udp_recv_start(&s->u.udp, on_alloc, on_datagram);
    s->reading = result == 0;
}

static void on_connected(uv_connect_t *call, int status) {
    struct slot *s = call->handle->data;
    if (s->state != SLOT_CALLING) {
        return;
    }
    s->error = status;
    if (status == 0) {
        s->state = SLOT_UP;
        uv_tcp_nodelay(&s->u.tcp, 1);
        read_on(s);
    }
}

static void on_waiting(uv_stream_t *stream, int status) {
    struct slot *s = stream->data;
    if (status == 0) {
        s->waiting++;
    }
}

static void on_closed(uv_handle_t *handle) {
    struct slot *s = handle->data;
    s->state = SLOT_FREE;
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *list) {
    struct host *h = request->data;
    h->lookup.running = false;
    h->lookup.done = true;
    h->lookup.result = status == 0 && list ? 0 : RK_E_NOT_FOUND;
    if (h->lookup.result == 0) {
        h->lookup.ip = from_sockaddr(list->ai_addr).ip;
    }
    uv_freeaddrinfo(list);
}

/* --- the ops ---------------------------------------------------------------------------------- */

static int take_slot(struct host *h, bool tcp) {
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *s = &h->slots[i];
        if (s->state != SLOT_FREE) {
            continue;
        }
        memset(s, 0, offsetof(struct slot, bytes));
        const int result =
            tcp ? uv_tcp_init(&h->loop, &s->u.tcp) : uv_udp_init_ex(&h->loop, &s->u.udp, AF_INET);
        if (result) {
            return RK_E_LIMIT;
        }
        s->u.handle.data = s;
        s->is_tcp = tcp;
        s->state = SLOT_OPEN;
        return (int)i;
    }
    return RK_E_LIMIT;
}

static int host_open(struct rk_net *net, bool tcp) {
    return take_slot(host_of(net), tcp);
}

static int host_listen(struct rk_net *net, int handle, uint16_t port) {
    struct slot *s = slot_of(net, handle);
    if (!s || s->state != SLOT_OPEN) {
        return RK_E_NOT_FOUND;
    }
    const struct sockaddr_in at = to_sockaddr((struct rk_net_addr){0x7F000001u, port});
    if (!s->is_tcp) {
        s->bound = uv_udp_bind(&s->u.udp, (const struct sockaddr *)&at, 0) == 0;
        read_on(s);
        return s->bound ? 0 : RK_E_BUSY;
    }
    if (uv_tcp_bind(&s->u.tcp, (const struct sockaddr *)&at, 0) ||
        uv_listen(&s->u.stream, BACKLOG, on_waiting)) {
        return RK_E_BUSY;
    }
    s->state = SLOT_LISTENING;
    return 0;
}

static void host_close(struct rk_net *net, int handle) {
    struct slot *s = slot_of(net, handle);
    if (s) {
        s->state = SLOT_CLOSING;
        uv_close(&s->u.handle, on_closed);
    }
}

static int host_accept(struct rk_net *net, int handle, struct rk_net_addr *from) {
    turn(host_of(net));
    struct slot *s = slot_of(net, handle);
    if (!s || s->state != SLOT_LISTENING) {
        return RK_E_NOT_FOUND;
    }
    if (s->waiting == 0) {
        return RK_E_AGAIN;
    }
    const int got = host_open(net, true);
    if (got < 0) {
        return got;
    }
    struct slot *n = slot_of(net, got);
    s->waiting--;
    if (uv_accept(&s->u.stream, &n->u.stream)) {
        host_close(net, got);
        return RK_E_AGAIN;
    }
    struct sockaddr_storage peer = {0};
    int len = sizeof peer;
    uv_tcp_getpeername(&n->u.tcp, (struct sockaddr *)&peer, &len);
    *from = from_sockaddr((struct sockaddr *)&peer);
    n->state = SLOT_UP;
    uv_tcp_nodelay(&n->u.tcp, 1);
    read_on(n);
    return got;
}

static int host_connect(struct rk_net *net, int handle, struct rk_net_addr to) {
    turn(host_of(net));
    struct slot *s = slot_of(net, handle);
    if (!s || !s->is_tcp) {
        return RK_E_NOT_FOUND;
    }
    if (s->state == SLOT_OPEN) {
        const struct sockaddr_in at = to_sockaddr(to);
        s->state = SLOT_CALLING;
        s->error = uv_tcp_connect(&s->call, &s->u.tcp, (const struct sockaddr *)&at, on_connected);
    }
    if (s->error) {
        return s->error == UV_ECONNREFUSED ? RK_E_REFUSED : RK_E_NETWORK;
    }
    return s->state == SLOT_UP ? 0 : RK_E_AGAIN;
}

static int host_send(struct rk_net *net, int handle, const void *data, size_t len,
                     struct rk_net_addr to) {
    struct slot *s = slot_of(net, handle);
    if (!s || (s->is_tcp && (s->state != SLOT_UP || s->error))) {
        return RK_E_CLOSED;
    }
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
    const struct sockaddr_in at = to_sockaddr(to);
    const int n = s->is_tcp ? uv_try_write(&s->u.stream, &buf, 1)
                            : uv_udp_try_send(&s->u.udp, &buf, 1, (const struct sockaddr *)&at);
    if (n == UV_EAGAIN) {
        return RK_E_AGAIN;
    }
    if (!s->is_tcp) {
        read_on(s); /* sending has bound it */
        return (int)len;
    }
    return n < 0 ? RK_E_CLOSED : n;
}

static int host_recv(struct rk_net *net, int handle, void *data, size_t cap,
                     struct rk_net_addr *from) {
    turn(host_of(net));
    struct slot *s = slot_of(net, handle);
    if (!s) {
        return RK_E_CLOSED;
    }
    if (s->len == 0) {
        return s->error ? RK_E_CLOSED : s->ended ? 0 : RK_E_AGAIN;
    }
    const size_t n = RK_MIN(s->len - s->off, cap);
    memcpy(data, s->bytes + s->off, n);
    *from = s->from;
    s->off += n;
    if (!s->is_tcp || s->off == s->len) {
        s->len = s->off = 0;
        read_on(s);
    }
    return (int)n;
}

/* A resolver of this machine, only ever asked with --internet. */
static int host_resolve(struct rk_net *net, const char *name, uint32_t *ip) {
    struct host *h = host_of(net);
    turn(h);
    const bool same = strcmp(h->lookup.name, name) == 0;
    if (h->lookup.done && same) {
        h->lookup.done = false;
        *ip = h->lookup.ip;
        return h->lookup.result;
    }
    if (!h->lookup.running && strlen(name) <= NAME_MAX_LEN) {
        const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
        strcpy(h->lookup.name, name);
        h->lookup.done = false;
        h->lookup.request.data = h;
        h->lookup.running =
            uv_getaddrinfo(&h->loop, &h->lookup.request, on_looked_up, name, NULL, &hints) == 0;
        if (!h->lookup.running) {
            return RK_E_NETWORK;
        }
    }
    return RK_E_AGAIN;
}

/* ICMP needs rights that an emulator should not have: whoever can be dialled counts as there. */
static int host_ping(struct rk_net *net, uint32_t ip, uint32_t *rtt_us) {
    (void)net;
    (void)ip;
    *rtt_us = 0;
    return 0;
}

static void host_reset(struct rk_net *net) {
    for (int i = 0; i < (int)SLOTS; i++) {
        host_close(net, i);
    }
}

static uint64_t host_next_ns(struct rk_net *net) {
    return net->now_ns + POLL_NS;
}

static const struct rk_net_ops host_ops = {.open = host_open,
                                           .listen = host_listen,
                                           .accept = host_accept,
                                           .connect = host_connect,
                                           .send = host_send,
                                           .recv = host_recv,
                                           .close = host_close,
                                           .resolve = host_resolve,
                                           .ping = host_ping,
                                           .reset = host_reset,
                                           .next_ns = host_next_ns};

struct rk_net *rk_net_host_new(void) {
    struct host *h = calloc(1, sizeof *h);
    if (!h || uv_loop_init(&h->loop)) {
        free(h);
        return NULL;
    }
    h->net.ops = &host_ops;
    h->polled_ns = UINT64_MAX;
    return &h->net;
}

void rk_net_host_free(struct rk_net *net) {
    if (!net) {
        return;
    }
    struct host *h = host_of(net);
    host_reset(net);
    if (h->lookup.running) {
        uv_cancel((uv_req_t *)&h->lookup.request);
    }
    uv_run(&h->loop, UV_RUN_DEFAULT);
    uv_loop_close(&h->loop);
    free(h);
}
