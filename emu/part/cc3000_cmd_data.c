/* The CC3000's commands that wait for data, move it, or look up a name (cc3000.md 2.6). */
#include <string.h>

#include "emu/part/cc3000_int.h"

#define DNS_NS         (400 * CC_MS) /* cc3000.md 6.2: 20-500 ms */
#define DNS_TIMEOUT_NS (1500 * CC_MS)
#define NEVER          UINT64_MAX

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
    struct cc_pending *p =
        rk_cc3000_wait(dev, call, 0, blocking == 1 ? NEVER : sec * CC_S + usec * CC_US);
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

bool rk_cc3000_poll_select(struct rk_dev *dev) {
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
    if (count == 0 && !rk_cc3000_expired(dev)) {
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
        reply_recv(dev, call->opcode, sd, CC_ERR_INACTIVE);
        return;
    }
    const uint64_t timeout_ns = s->recv_timeout_ms ? s->recv_timeout_ms * CC_MS : NEVER;
    rk_cc3000_wait(dev, call, sd, s->nonblock ? 0 : timeout_ns)->len = len;
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
        rk_cc3000_put_sockaddr(args + 16, s->type == 1 ? s->peer : s->from);
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

bool rk_cc3000_poll_recv(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    struct cc_socket *s = rk_cc3000_socket_get(dev, p->sd);
    if (s && s->rx_len > 0) {
        deliver(dev, s);
        return true;
    }
    if (!s || rk_cc3000_socket_is_closed(dev, s)) {
        reply_recv(dev, p->opcode, p->sd, CC_ERR_INACTIVE);
        return true;
    }
    if (!rk_cc3000_expired(dev)) {
        return false;
    }
    reply_recv(dev, p->opcode, p->sd, s->nonblock ? 0 : CC_ERR_TIMEOUT);
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
        reply_send(dev, opcode, sd, CC_ERR_GENERIC);
        return;
    }
    if (s->type != 1) {
        rk_cc3000_socket_open(dev, s);
    }
    if (!rk_cc3000_socket_send(dev, sd, data, len, to)) {
        rk_guest_error(dev, "CC3000: send of %u bytes without a free buffer", (unsigned)len);
        reply_send(dev, opcode, sd, CC_ERR_GENERIC);
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
        reply_send(dev, 0x100F, sd, CC_ERR_INVALID);
        return;
    }
    struct rk_reader tail = rk_reader_init(call->data + len, 8);
    send(dev, 0x100F, sd, call->data, len, rk_cc3000_read_sockaddr(&tail));
}

/* --- names ------------------------------------------------------------------------------------ */

void rk_cc3000_cmd_gethostbyname(struct rk_dev *dev, struct cc_call *call) {
    rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const uint8_t *name = rk_read_bytes(&call->args, len);
    struct cc_pending *p = rk_cc3000_wait(dev, call, 0, DNS_TIMEOUT_NS);
    p->wake_ns = p->since_ns + DNS_NS;
    if (!name || len == 0 || len > CC_NAME_MAX) {
        rk_guest_error(dev, "CC3000: gethostbyname of %u bytes", (unsigned)len);
        p->deadline_ns = p->since_ns; /* name stays empty: answered as invalid */
        return;
    }
    memcpy(p->name, name, len);
}

bool rk_cc3000_poll_name(struct rk_dev *dev) {
    const struct cc_pending *p = &cc_of(dev)->pending;
    struct rk_net *net = rk_cc3000_net(dev);
    uint32_t ip = 0;
    int result = RK_E_AGAIN;
    if (!rk_cc3000_expired(dev) && rk_now_ns(dev) < p->wake_ns) {
        return false;
    }
    if (p->name[0] == 0) {
        result = RK_E_RANGE;
    } else if (net && !cc_fault(dev, RK_NET_FAULT_DNS_LS)) {
        result = cc_fault(dev, RK_NET_FAULT_DNS_FAIL) ? RK_E_NOT_FOUND
                                                      : net->ops->resolve(net, p->name, &ip);
    }
    if (result == RK_E_AGAIN && !rk_cc3000_expired(dev)) {
        return false;
    }
    uint8_t out[8] = {0};
    rk_put_u32le(out, result == 0
                          ? 0u
                          : (uint32_t)(result == RK_E_NOT_FOUND ? CC_ERR_NAME : CC_ERR_INVALID));
    rk_put_u32le(out + 4, ip);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), p->opcode, 0, out, sizeof out);
    return true;
}
