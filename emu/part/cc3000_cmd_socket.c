/* The CC3000's socket commands (cc3000.md 2.6): each answers at once, or waits in `pending` until
 * the network, or a deadline in virtual time, has an answer.
 */
#include "emu/part/cc3000_int.h"

#include <string.h>

/* cc3000.md 2.6.2. */
enum {
    ERR_GENERIC = -1,
    ERR_NOTHING = -2, /* accept */
    ERR_INACTIVE = -57,
    ERR_NO_WIFI = -59,
    ERR_NAME = -69,
    ERR_INVALID = -85,
    ERR_TIMEOUT = -118,
    ERR_TCP_OPEN = -124,
};

/* Below the firmware's own limit of 8 s (cc3000.md 2.6.3). */
#define CONNECT_NS     (7 * CC_S)
#define DNS_NS         (400 * CC_MS) /* cc3000.md 6.2: 20-500 ms */
#define DNS_TIMEOUT_NS (1500 * CC_MS)
#define NEVER          UINT64_MAX

static void reply(struct rk_dev *dev, uint16_t opcode, int32_t value) {
    rk_cc3000_reply_i32(dev, opcode, value);
}

/* Starts waiting; the timer looks at it at once and then whenever something may have changed. */
static struct cc_pending *wait(struct rk_dev *dev, const struct cc_call *call, uint32_t sd,
                               uint64_t limit_ns) {
    struct cc_pending *p = &cc_of(dev)->pending;
    *p = (struct cc_pending){.opcode = call->opcode, .sd = (uint8_t)sd};
    p->since_ns = rk_now_ns(dev);
    p->deadline_ns = limit_ns == NEVER ? NEVER : p->since_ns + limit_ns;
    rk_cc3000_net_kick(dev);
    return p;
}

static bool expired(const struct rk_dev *dev) {
    return rk_now_ns(dev) >= cc_of(dev)->pending.deadline_ns;
}

/* LE16 family 2, big-endian port, network-order address. */
static struct rk_net_addr read_sockaddr(struct rk_reader *in) {
    struct rk_net_addr a;
    rk_read_u16le(in);
    a.port = rk_read_u16be(in);
    a.ip = rk_read_u32be(in);
    return a;
}

static void put_sockaddr(uint8_t out[8], struct rk_net_addr a) {
    rk_put_u16le(out, 2);
    rk_put_u16be(out + 2, a.port);
    rk_put_u32be(out + 4, a.ip);
}

/* --- making and closing ----------------------------------------------------------------------- */

void rk_cc3000_cmd_socket(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t domain = rk_read_u32le(&call->args);
    const uint32_t type = rk_read_u32le(&call->args);
    if (domain != 2 || type < 1 || type > 3) {
        reply(dev, call->opcode, ERR_GENERIC);
        return;
    }
    reply(dev, call->opcode, rk_cc3000_socket_new(dev, type));
}

void rk_cc3000_cmd_close(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    const bool known = rk_cc3000_socket_get(dev, sd) != NULL;
    rk_cc3000_socket_close(dev, sd);
    rk_cc3000_net_kick(dev);
    reply(dev, call->opcode, known ? 0 : ERR_INACTIVE);
}

void rk_cc3000_cmd_bind(struct rk_dev *dev, struct cc_call *call) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, rk_read_u32le(&call->args));
    rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const struct rk_net_addr at = read_sockaddr(&call->args);
    if (!s) {
        reply(dev, call->opcode, ERR_INACTIVE);
        return;
    }
    s->port = at.port;
    struct rk_net *net = rk_cc3000_net(dev);
    int result = 0;
    if (s->type != 1) { /* a stream is bound when it listens */
        result = net && rk_cc3000_socket_open(dev, s) ? net->ops->listen(net, s->handle, at.port)
                                                      : RK_E_NETWORK;
    }
    rk_cc3000_net_kick(dev);
    reply(dev, call->opcode, result < 0 ? ERR_GENERIC : 0);
}

void rk_cc3000_cmd_listen(struct rk_dev *dev, struct cc_call *call) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, rk_read_u32le(&call->args));
    struct rk_net *net = rk_cc3000_net(dev);
    if (!s || s->type != 1 || s->connected) {
        reply(dev, call->opcode, s ? ERR_GENERIC : ERR_INACTIVE);
        return;
    }
    const int result = net && rk_cc3000_socket_open(dev, s)
                           ? net->ops->listen(net, s->handle, s->port)
                           : RK_E_NETWORK;
    s->listening = result == 0;
    reply(dev, call->opcode, result < 0 ? ERR_GENERIC : 0);
}

/* --- options ---------------------------------------------------------------------------------- */

/* 0 switches a non-block option ON, 1 OFF. */
void rk_cc3000_cmd_setsockopt(struct rk_dev *dev, struct cc_call *call) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, rk_read_u32le(&call->args));
    const uint32_t level = rk_read_u32le(&call->args);
    const uint32_t option = rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const size_t left = rk_reader_left(&call->args);
    const uint32_t value = left >= 4 ? rk_read_u32le(&call->args) : rk_read_u8(&call->args);
    if (!s || level != 0xFFFFu || len == 0 || len > left) {
        reply(dev, call->opcode, s ? ERR_GENERIC : ERR_INACTIVE);
        return;
    }
    switch (option) {
    case 0: s->nonblock = value == 0; break;
    case 1: s->recv_timeout_ms = value; break;
    case 2: s->accept_nonblock = value == 0; break;
    default: reply(dev, call->opcode, ERR_GENERIC); return;
    }
    reply(dev, call->opcode, 0);
}

void rk_cc3000_cmd_getsockopt(struct rk_dev *dev, struct cc_call *call) {
    const struct cc_socket *s = rk_cc3000_socket_get(dev, rk_read_u32le(&call->args));
    rk_read_u32le(&call->args);
    const uint32_t option = rk_read_u32le(&call->args);
    uint8_t out[4] = {0};
    uint8_t status = 0;
    if (!s || option > 2) {
        status = 1;
    } else if (option == 1) {
        rk_put_u32le(out, s->recv_timeout_ms);
    } else {
        out[0] = !(option == 0 ? s->nonblock : s->accept_nonblock);
    }
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), call->opcode, status, out, sizeof out);
}

void rk_cc3000_cmd_mss(struct rk_dev *dev, struct cc_call *call) {
    uint8_t out[2];
    rk_put_u16le(out, 1460);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), call->opcode, 0, out, sizeof out);
}

/* --- connect ---------------------------------------------------------------------------------- */

void rk_cc3000_cmd_connect(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const struct rk_net_addr to = read_sockaddr(&call->args);
    if (!s || s->listening || s->connected) {
        reply(dev, call->opcode, s ? ERR_GENERIC : ERR_INACTIVE);
        return;
    }
    if (cc_of(dev)->wlan.state != CC_WLAN_UP) {
        reply(dev, call->opcode, ERR_NO_WIFI);
        return;
    }
    s->peer = to;
    if (s->type != 1) {
        s->connected = 1;
        reply(dev, call->opcode, 0);
        return;
    }
    wait(dev, call, sd, CONNECT_NS);
}

static bool poll_connect(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    struct cc_socket *s = rk_cc3000_socket_get(dev, p->sd);
    struct rk_net *net = rk_cc3000_net(dev);
    int result = RK_E_AGAIN;
    if (!s) {
        result = RK_E_CLOSED;
    } else if (net) {
        result = rk_cc3000_socket_open(dev, s) ? net->ops->connect(net, s->handle, s->peer)
                                               : RK_E_NETWORK;
    }
    if (result == RK_E_AGAIN && !expired(dev)) {
        return false;
    }
    if (result == 0) {
        s->connected = 1;
        s->active_ns = rk_now_ns(dev);
    }
    reply(dev, p->opcode, result == 0 ? 0 : result == RK_E_AGAIN ? ERR_GENERIC : ERR_TCP_OPEN);
    return true;
}

/* --- accept ----------------------------------------------------------------------------------- */

static void reply_accept(struct rk_dev *dev, uint32_t sd, int32_t status, struct rk_net_addr from) {
    uint8_t out[16];
    rk_put_u32le(out, sd);
    rk_put_u32le(out + 4, (uint32_t)status);
    put_sockaddr(out + 8, from);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), 0x1005, 0, out, sizeof out);
}

void rk_cc3000_cmd_accept(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    const struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    if (!s || !s->listening) {
        reply_accept(dev, sd, ERR_GENERIC, (struct rk_net_addr){0});
        return;
    }
    wait(dev, call, sd, s->accept_nonblock ? 0 : NEVER);
}

static int32_t accept_one(struct rk_dev *dev, struct cc_socket *listener,
                          struct rk_net_addr *from) {
    struct rk_net *net = rk_cc3000_net(dev);
    const int handle = net ? net->ops->accept(net, listener->handle, from) : RK_E_AGAIN;
    if (handle < 0) {
        return handle == RK_E_AGAIN ? ERR_NOTHING : ERR_GENERIC;
    }
    const int sd = rk_cc3000_socket_new(dev, 1);
    if (sd < 0) {
        net->ops->close(net, handle);
        return ERR_NOTHING;
    }
    struct cc_socket *s = rk_cc3000_socket_get(dev, (uint32_t)sd);
    s->handle = (int16_t)handle;
    s->open = s->connected = 1;
    s->peer = *from;
    return sd;
}

static bool poll_accept(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    struct cc_socket *listener = rk_cc3000_socket_get(dev, p->sd);
    struct rk_net_addr from = {0};
    const int32_t status = listener ? accept_one(dev, listener, &from) : ERR_GENERIC;
    if (status == ERR_NOTHING && !expired(dev)) {
        return false;
    }
    reply_accept(dev, p->sd, status, from);
    return true;
}

/* --- select ----------------------------------------------------------------------------------- */

void rk_cc3000_cmd_select(struct rk_dev *dev, struct cc_call *call) {
    struct rk_reader *in = &call->args;
    rk_read_bytes(in, 20); /* nfds and offset words */
    const uint32_t blocking = rk_read_u32le(in);
    const uint32_t read = rk_read_u32le(in);
    const uint32_t write = rk_read_u32le(in);
    const uint32_t except = rk_read_u32le(in);
    const uint64_t sec = rk_read_u32le(in);
    const uint64_t usec = rk_read_u32le(in);
    struct cc_pending *p = wait(dev, call, 0, blocking == 1 ? NEVER : sec * CC_S + usec * CC_US);
    p->read = read;
    p->write = write;
    p->except = except;
}

static bool can_read(struct rk_dev *dev, const struct cc_socket *s) {
    return s->rx_len > 0 || rk_cc3000_socket_is_closed(dev, s);
}

static bool can_write(struct rk_dev *dev, const struct cc_socket *s) {
    return (s->type != 1 || s->connected) && rk_cc3000_buffers_free(dev) > 0;
}

static bool poll_select(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    uint32_t read = 0, write = 0;
    int32_t count = 0;
    for (uint32_t sd = 0; sd < CC_SOCKETS; sd++) {
        const struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
        if (s && (p->read >> sd & 1) && can_read(dev, s)) {
            read |= 1u << sd;
            count++;
        }
        if (s && (p->write >> sd & 1) && can_write(dev, s)) {
            write |= 1u << sd;
            count++;
        }
    }
    if (count == 0 && !expired(dev)) {
        return false;
    }
    uint8_t out[16] = {0};
    rk_put_u32le(out, (uint32_t)count);
    rk_put_u32le(out + 4, read);
    rk_put_u32le(out + 8, write);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), p->opcode, 0, out, sizeof out);
    return true;
}

/* --- receive ---------------------------------------------------------------------------------- */

static void reply_recv(struct rk_dev *dev, uint16_t opcode, uint32_t sd, int32_t n) {
    uint8_t out[12];
    rk_put_u32le(out, sd);
    rk_put_u32le(out + 4, (uint32_t)n);
    rk_put_u32le(out + 8, 1);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), opcode, 0, out, sizeof out);
}

static void wait_recv(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    if (!s || (s->type == 1 && !s->connected && !s->closed)) {
        reply_recv(dev, call->opcode, sd, ERR_INACTIVE);
        return;
    }
    const uint64_t timeout_ns = s->recv_timeout_ms ? s->recv_timeout_ms * CC_MS : NEVER;
    wait(dev, call, sd, s->nonblock ? 0 : timeout_ns)->len = len;
}

void rk_cc3000_cmd_recv(struct rk_dev *dev, struct cc_call *call) {
    wait_recv(dev, call);
}

void rk_cc3000_cmd_recvfrom(struct rk_dev *dev, struct cc_call *call) {
    wait_recv(dev, call);
}

/* Event and data packet with the same count (cc3000.md 2.6). The word at +4 is really an offset,
 * but the Spark driver takes it as a length. */
static void deliver(struct rk_dev *dev, struct cc_socket *s) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    const uint16_t n = (uint16_t)RK_MIN(RK_MIN(p->len, s->rx_len), CC_DATA_MAX);
    uint8_t args[24] = {0};
    rk_put_u32le(args, p->sd);
    rk_put_u32le(args + 4, 0x0C);
    rk_put_u32le(args + 8, n);
    if (p->opcode == 0x100D) {
        put_sockaddr(args + 16, s->type == 1 ? s->peer : s->from);
    }
    reply_recv(dev, p->opcode, p->sd, n);
    if (n) {
        rk_cc3000_data(dev, rk_cc3000_reply_due(dev), p->opcode == 0x100D ? 0x84 : 0x85, args,
                       sizeof args, s->rx, n);
    }
    s->rx_len = s->type == 1 ? (uint16_t)(s->rx_len - n) : 0;
    memmove(s->rx, s->rx + n, s->rx_len);
    rk_cc3000_net_kick(dev);
}

static bool poll_recv(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    struct cc_socket *s = rk_cc3000_socket_get(dev, p->sd);
    if (s && s->rx_len > 0) {
        deliver(dev, s);
        return true;
    }
    if (!s || rk_cc3000_socket_is_closed(dev, s)) {
        reply_recv(dev, p->opcode, p->sd, ERR_INACTIVE);
        return true;
    }
    if (!expired(dev)) {
        return false;
    }
    reply_recv(dev, p->opcode, p->sd, s->nonblock ? 0 : ERR_TIMEOUT);
    return true;
}

/* --- send ------------------------------------------------------------------------------------- */

static void reply_send(struct rk_dev *dev, uint16_t opcode, uint32_t sd, int32_t n) {
    uint8_t out[8];
    rk_put_u32le(out, sd);
    rk_put_u32le(out + 4, (uint32_t)n);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), opcode, 0, out, sizeof out);
}

/* The count is a normal one even when the other side is gone: a negative one is swallowed by the
 * host's driver, which then hangs for 20 s (cc3000.md 9.10); event 8800 tells it instead. */
static void send(struct rk_dev *dev, uint16_t opcode, uint32_t sd, const uint8_t *data, size_t len,
                 struct rk_net_addr to) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    if (!s) {
        rk_guest_error(dev, "CC3000: send on socket %u that is not open", (unsigned)sd);
        reply_send(dev, opcode, sd, ERR_GENERIC);
        return;
    }
    if (s->type != 1) {
        rk_cc3000_socket_open(dev, s);
    }
    if (!rk_cc3000_socket_send(dev, sd, data, len, to)) {
        rk_guest_error(dev, "CC3000: send of %u bytes without a free buffer", (unsigned)len);
        reply_send(dev, opcode, sd, ERR_GENERIC);
        return;
    }
    reply_send(dev, opcode, sd, (int32_t)len);
}

void rk_cc3000_cmd_send(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    const struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    send(dev, 0x1003, sd, call->data, call->data_len, s ? s->peer : (struct rk_net_addr){0});
}

/* The address is behind the data; how long it is depends on the caller (cc3000.md 2.6). */
void rk_cc3000_cmd_sendto(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    if (len > call->data_len || call->data_len - len < 8) {
        rk_guest_error(dev, "CC3000: sendto of %u bytes with %u in the packet", (unsigned)len,
                       (unsigned)call->data_len);
        reply_send(dev, 0x100F, sd, ERR_INVALID);
        return;
    }
    struct rk_reader tail = rk_reader_init(call->data + len, 8);
    send(dev, 0x100F, sd, call->data, len, read_sockaddr(&tail));
}

/* --- names ------------------------------------------------------------------------------------ */

void rk_cc3000_cmd_gethostbyname(struct rk_dev *dev, struct cc_call *call) {
    rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const uint8_t *name = rk_read_bytes(&call->args, len);
    struct cc_pending *p = wait(dev, call, 0, DNS_TIMEOUT_NS);
    p->wake_ns = p->since_ns + DNS_NS;
    if (!name || len == 0 || len > CC_NAME_MAX) {
        rk_guest_error(dev, "CC3000: gethostbyname of %u bytes", (unsigned)len);
        p->deadline_ns = p->since_ns; /* name stays empty: answered as invalid */
        return;
    }
    memcpy(p->name, name, len);
}

static bool poll_name(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    struct rk_net *net = rk_cc3000_net(dev);
    uint32_t ip = 0;
    int result = RK_E_AGAIN;
    if (!expired(dev) && rk_now_ns(dev) < p->wake_ns) {
        return false;
    }
    if (p->name[0] == 0) {
        result = RK_E_RANGE;
    } else if (net && !cc_fault(dev, RK_NET_FAULT_DNS_LS)) {
        result = cc_fault(dev, RK_NET_FAULT_DNS_FAIL) ? RK_E_NOT_FOUND
                                                      : net->ops->resolve(net, p->name, &ip);
    }
    if (result == RK_E_AGAIN && !expired(dev)) {
        return false;
    }
    uint8_t out[8] = {0};
    rk_put_u32le(out,
                 result == 0 ? 0u : (uint32_t)(result == RK_E_NOT_FOUND ? ERR_NAME : ERR_INVALID));
    rk_put_u32le(out + 4, ip);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), p->opcode, 0, out, sizeof out);
    return true;
}

/* --- the one that waits ----------------------------------------------------------------------- */

void rk_cc3000_pending_poll(struct rk_dev *dev) {
    struct cc_pending *p = &cc_of(dev)->pending;
    bool done = true;
    switch (p->opcode) {
    case 0: return;
    case 0x1004:
    case 0x100D: done = poll_recv(dev); break;
    case 0x1005: done = poll_accept(dev); break;
    case 0x1007: done = poll_connect(dev); break;
    case 0x1008: done = poll_select(dev); break;
    case 0x1010: done = poll_name(dev); break;
    default: break;
    }
    if (done) {
        p->opcode = 0;
    }
}
