/* The CC3000's socket commands (cc3000.md 2.6) that make, connect and close, and the one that
 * waits: a command answers at once, or stays in `pending` until the network, or a deadline in
 * virtual time, has an answer. What moves data is in cc3000_cmd_data.c.
 */
#include "emu/part/cc3000_int.h"

#include <string.h>

/* Below the firmware's own limit of 8 s (cc3000.md 2.6.3). */
#define CONNECT_NS (7 * CC_S)
#define NEVER      UINT64_MAX

static void reply(struct rk_dev *dev, uint16_t opcode, int32_t value) {
    rk_cc3000_reply_i32(dev, opcode, value);
}

/* Starts waiting; the timer looks at it at once and then whenever something may have changed. */
struct cc_pending *rk_cc3000_wait(struct rk_dev *dev, const struct cc_call *call, uint32_t sd,
                                  uint64_t limit_ns) {
    struct cc_pending *p = &cc_of(dev)->pending;
    *p = (struct cc_pending){.opcode = call->opcode, .sd = (uint8_t)sd};
    p->since_ns = rk_now_ns(dev);
    p->deadline_ns = limit_ns == NEVER ? NEVER : p->since_ns + limit_ns;
    rk_cc3000_net_kick(dev);
    return p;
}

bool rk_cc3000_expired(const struct rk_dev *dev) {
    return rk_now_ns(dev) >= cc_of(dev)->pending.deadline_ns;
}

/* LE16 family 2, big-endian port, network-order address. */
struct rk_net_addr rk_cc3000_read_sockaddr(struct rk_reader *in) {
    struct rk_net_addr a;
    rk_read_u16le(in);
    a.port = rk_read_u16be(in);
    a.ip = rk_read_u32be(in);
    return a;
}

void rk_cc3000_put_sockaddr(uint8_t out[8], struct rk_net_addr a) {
    rk_put_u16le(out, 2);
    rk_put_u16be(out + 2, a.port);
    rk_put_u32be(out + 4, a.ip);
}

/* --- making and closing ----------------------------------------------------------------------- */

void rk_cc3000_cmd_socket(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t domain = rk_read_u32le(&call->args);
    const uint32_t type = rk_read_u32le(&call->args);
    if (domain != 2 || type < 1 || type > 3) {
        reply(dev, call->opcode, CC_ERR_GENERIC);
        return;
    }
    reply(dev, call->opcode, rk_cc3000_socket_new(dev, type));
}

void rk_cc3000_cmd_close(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    const bool known = rk_cc3000_socket_get(dev, sd) != NULL;
    rk_cc3000_socket_close(dev, sd);
    rk_cc3000_net_kick(dev);
    reply(dev, call->opcode, known ? 0 : CC_ERR_INACTIVE);
}

void rk_cc3000_cmd_bind(struct rk_dev *dev, struct cc_call *call) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, rk_read_u32le(&call->args));
    rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const struct rk_net_addr at = rk_cc3000_read_sockaddr(&call->args);
    if (!s) {
        reply(dev, call->opcode, CC_ERR_INACTIVE);
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
    reply(dev, call->opcode, result < 0 ? CC_ERR_GENERIC : 0);
}

void rk_cc3000_cmd_listen(struct rk_dev *dev, struct cc_call *call) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, rk_read_u32le(&call->args));
    struct rk_net *net = rk_cc3000_net(dev);
    if (!s || s->type != 1 || s->connected) {
        reply(dev, call->opcode, s ? CC_ERR_GENERIC : CC_ERR_INACTIVE);
        return;
    }
    const int result = net && rk_cc3000_socket_open(dev, s)
                           ? net->ops->listen(net, s->handle, s->port)
                           : RK_E_NETWORK;
    s->listening = result == 0;
    reply(dev, call->opcode, result < 0 ? CC_ERR_GENERIC : 0);
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
        reply(dev, call->opcode, s ? CC_ERR_GENERIC : CC_ERR_INACTIVE);
        return;
    }
    switch (option) {
    case 0: s->nonblock = value == 0; break;
    case 1: s->recv_timeout_ms = value; break;
    case 2: s->accept_nonblock = value == 0; break;
    default: reply(dev, call->opcode, CC_ERR_GENERIC); return;
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
    const struct rk_net_addr to = rk_cc3000_read_sockaddr(&call->args);
    if (!s || s->listening || s->connected) {
        reply(dev, call->opcode, s ? CC_ERR_GENERIC : CC_ERR_INACTIVE);
        return;
    }
    if (cc_of(dev)->wlan.state != CC_WLAN_UP) {
        reply(dev, call->opcode, CC_ERR_NO_WIFI);
        return;
    }
    s->peer = to;
    if (s->type != 1) {
        s->connected = 1;
        reply(dev, call->opcode, 0);
        return;
    }
    rk_cc3000_wait(dev, call, sd, CONNECT_NS);
}

void rk_cc3000_trace_net(struct rk_dev *dev, const char *what, struct rk_net_addr a, int result) {
    if (rk_traced(dev, RK_TRACE_NET)) {
        rk_trace(dev, RK_TRACE_NET, "%s %u.%u.%u.%u:%u: %s", what, a.ip >> 24, a.ip >> 16 & 255u,
                 a.ip >> 8 & 255u, a.ip & 255u, a.port,
                 result == 0                ? "ok"
                 : result == RK_E_AGAIN     ? "no answer"
                 : result == RK_E_REFUSED   ? "refused"
                 : result == RK_E_NOT_FOUND ? "not found"
                                            : "failed");
    }
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
    if (result == RK_E_AGAIN && !rk_cc3000_expired(dev)) {
        return false;
    }
    if (result == 0) {
        s->connected = 1;
        s->active_ns = rk_now_ns(dev);
    }
    rk_cc3000_trace_net(dev, "connect to", s ? s->peer : (struct rk_net_addr){0}, result);
    reply(dev, p->opcode,
          result == 0            ? 0
          : result == RK_E_AGAIN ? CC_ERR_GENERIC
                                 : CC_ERR_TCP_OPEN);
    return true;
}

/* --- accept ----------------------------------------------------------------------------------- */

static void reply_accept(struct rk_dev *dev, uint32_t sd, int32_t status, struct rk_net_addr from) {
    uint8_t out[16];
    rk_put_u32le(out, sd);
    rk_put_u32le(out + 4, (uint32_t)status);
    rk_cc3000_put_sockaddr(out + 8, from);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), 0x1005, 0, out, sizeof out);
}

void rk_cc3000_cmd_accept(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t sd = rk_read_u32le(&call->args);
    const struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    if (!s || !s->listening) {
        reply_accept(dev, sd, CC_ERR_GENERIC, (struct rk_net_addr){0});
        return;
    }
    rk_cc3000_wait(dev, call, sd, s->accept_nonblock ? 0 : NEVER);
}

static int32_t accept_one(struct rk_dev *dev, struct cc_socket *listener,
                          struct rk_net_addr *from) {
    struct rk_net *net = rk_cc3000_net(dev);
    const int handle = net ? net->ops->accept(net, listener->handle, from) : RK_E_AGAIN;
    if (handle < 0) {
        return handle == RK_E_AGAIN ? CC_ERR_NOTHING : CC_ERR_GENERIC;
    }
    const int sd = rk_cc3000_socket_new(dev, 1);
    if (sd < 0) {
        net->ops->close(net, handle);
        return CC_ERR_NOTHING;
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
    const int32_t status = listener ? accept_one(dev, listener, &from) : CC_ERR_GENERIC;
    if (status == CC_ERR_NOTHING && !rk_cc3000_expired(dev)) {
        return false;
    }
    reply_accept(dev, p->sd, status, from);
    return true;
}

/* --- the one that waits ----------------------------------------------------------------------- */

void rk_cc3000_pending_poll(struct rk_dev *dev) {
    struct cc_pending *p = &cc_of(dev)->pending;
    bool done = true;
    switch (p->opcode) {
    case 0: return;
    case 0x1004:
    case 0x100D: done = rk_cc3000_poll_recv(dev); break;
    case 0x1005: done = poll_accept(dev); break;
    case 0x1007: done = poll_connect(dev); break;
    case 0x1008: done = rk_cc3000_poll_select(dev); break;
    case 0x1010: done = rk_cc3000_poll_name(dev); break;
    default: break;
    }
    if (done) {
        p->opcode = 0;
    }
}
