/* The CC3000's sockets (cc3000.md 2.6): the table, the six transmit buffers with their credits,
 * what arrives, and closing. The other end is behind struct rk_net; the commands that act on
 * sockets are in cc3000_cmd_socket.c.
 *
 * One timer looks at everything that can have changed; between its instants nothing happens.
 */
#include "emu/part/cc3000_int.h"

#include <string.h>

#define CREDIT_NS       (3 * CC_MS) /* cc3000.md 6.2: 4100 comes 1-10 ms after 1003 */
#define CLOSE_TOLD_NS   (1 * CC_MS)
#define LATE_CLOSE_NS   (30 * CC_S)
#define INACTIVITY_S    60u /* until 2009 says otherwise (cc3000.md 2.5) */
#define STALL_BYTES     16384u
#define STALL_DECAY     512u /* per second: slower traffic than this never stalls */
#define OLD_PATCH_BUILD 28u
#define NEVER           UINT64_MAX

struct rk_net *rk_cc3000_net(struct rk_dev *dev) {
    struct rk_net *net = dev->host;
    if (!net || !rk_cc3000_wlan_has_internet(dev) || cc_fault(dev, RK_NET_FAULT_CFOD)) {
        return NULL;
    }
    net->now_ns = rk_now_ns(dev);
    return net;
}

/* --- the table -------------------------------------------------------------------------------- */

struct cc_socket *rk_cc3000_socket_get(struct rk_dev *dev, uint32_t sd) {
    struct rk_cc3000 *r = cc_of(dev);
    return sd < CC_SOCKETS && r->sockets[sd].used ? &r->sockets[sd] : NULL;
}

int rk_cc3000_socket_new(struct rk_dev *dev, uint32_t type) {
    struct rk_cc3000 *r = cc_of(dev);
    unsigned count = 0, lowest = CC_SOCKETS;
    for (unsigned i = CC_SOCKETS; i-- > 0;) {
        if (r->sockets[i].used) {
            count++;
        } else {
            lowest = i;
        }
    }
    if (count >= CC_SOCKETS_UP || lowest == CC_SOCKETS) {
        return -128;
    }
    struct cc_socket *s = &r->sockets[lowest];
    memset(s, 0, sizeof *s);
    s->used = 1;
    s->type = (uint8_t)type;
    s->active_ns = rk_now_ns(dev);
    return (int)lowest;
}

bool rk_cc3000_socket_open(struct rk_dev *dev, struct cc_socket *s) {
    struct rk_net *net = rk_cc3000_net(dev);
    if (s->open) {
        return true;
    }
    const int handle = net ? net->ops->open(net, s->type == 1) : RK_E_NETWORK;
    if (handle < 0 || handle > INT16_MAX) {
        return false;
    }
    s->handle = (int16_t)handle;
    s->open = 1;
    return true;
}

/* The handle goes even when the network is out of reach: it is the host's, not the air's. */
static void close_handle(struct rk_dev *dev, struct cc_socket *s) {
    struct rk_net *net = dev->host;
    if (s->open && net) {
        net->now_ns = rk_now_ns(dev);
        net->ops->close(net, s->handle);
    }
    s->open = 0;
    s->connected = 0;
}

static void drop_buffers(struct rk_dev *dev, uint32_t sd) {
    struct rk_cc3000 *r = cc_of(dev);
    for (unsigned i = 0; i < CC_BUFFERS; i++) {
        if (r->buffers[i].used && !r->buffers[i].sent && r->buffers[i].sd == sd) {
            r->buffers[i].sent = 1;
            r->buffers[i].free_ns = rk_now_ns(dev) + CREDIT_NS;
        }
    }
}

void rk_cc3000_socket_close(struct rk_dev *dev, uint32_t sd) {
    struct cc_socket *s = rk_cc3000_socket_get(dev, sd);
    if (s) {
        close_handle(dev, s);
        s->used = 0;
        drop_buffers(dev, sd);
    }
}

void rk_cc3000_net_drop(struct rk_dev *dev) {
    for (unsigned sd = 0; sd < CC_SOCKETS; sd++) {
        rk_cc3000_socket_close(dev, sd);
    }
}

void rk_cc3000_net_restored(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    struct rk_net *net = dev->host;
    if (net) {
        net->now_ns = rk_now_ns(dev);
        net->ops->reset(net);
    }
    for (unsigned sd = 0; sd < CC_SOCKETS; sd++) {
        struct cc_socket *s = &r->sockets[sd];
        if (s->open) {
            s->open = 0;
            s->connected = 0;
            s->closed = 1;
            s->tell_ns = rk_now_ns(dev) + CLOSE_TOLD_NS;
            rk_timer_set_ns(dev, CC_TIMER_NET, rk_now_ns(dev));
        }
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

uint8_t rk_cc3000_buffers_free(const struct rk_dev *dev) {
    uint8_t count = 0;
    for (unsigned i = 0; i < CC_BUFFERS; i++) {
        count += !cc_of(dev)->buffers[i].used;
    }
    return count;
}

bool rk_cc3000_socket_send(struct rk_dev *dev, uint32_t sd, const uint8_t *data, size_t len,
                           struct rk_net_addr to) {
    struct rk_cc3000 *r = cc_of(dev);
    for (unsigned i = 0; i < CC_BUFFERS; i++) {
        struct cc_buffer *b = &r->buffers[i];
        if (b->used || len > CC_BUFFER_LEN) {
            continue;
        }
        b->used = 1;
        b->sent = 0;
        b->sd = (uint8_t)sd;
        b->len = (uint16_t)len;
        b->off = 0;
        b->to = to;
        memcpy(b->bytes, data, len);
        rk_cc3000_net_kick(dev);
        return true;
    }
    return false;
}

static void buffer_done(struct rk_dev *dev, struct cc_buffer *b) {
    b->sent = 1;
    b->free_ns = rk_now_ns(dev) + CREDIT_NS;
}

/* True when the buffer is done with: gone, or nobody is left to take it. */
static bool hand_over(struct rk_dev *dev, struct cc_buffer *b, struct cc_socket *s) {
    struct rk_net *net = rk_cc3000_net(dev);
    if (!net) {
        s->broken = s->type == 1; /* bytes of a stream went missing: it never works again */
    }
    if (!net || !s->used || !s->open || s->closed || s->broken) {
        return true;
    }
    const int n =
        net->ops->send(net, s->handle, b->bytes + b->off, (size_t)(b->len - b->off), b->to);
    if (n == RK_E_AGAIN) {
        return false;
    }
    if (n < 0) {
        return true;
    }
    b->off = (uint16_t)(b->off + n);
    return b->off >= b->len;
}

/* In the order of the table, which is the order of sending only per socket when each buffer goes at
 * once; a buffer that cannot go yet therefore holds back the later ones of its socket. */
static void send_buffers(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    uint32_t held = 0;
    for (unsigned i = 0; i < CC_BUFFERS; i++) {
        struct cc_buffer *b = &r->buffers[i];
        if (!b->used || b->sent || (held >> b->sd & 1)) {
            continue;
        }
        struct cc_socket *s = &r->sockets[b->sd];
        s->active_ns = rk_now_ns(dev);
        if (hand_over(dev, b, s)) {
            buffer_done(dev, b);
        } else {
            held |= 1u << b->sd;
        }
    }
}

static uint64_t next_random(struct rk_cc3000 *r) {
    /* xorshift64 (Marsaglia 2003); zero would stay zero. */
    uint64_t x = r->random ? r->random : 0x9E3779B97F4A7C15ull;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    r->random = x;
    return x;
}

/* One event per send (cc3000.md 2.6.1): one socket, one buffer. */
static void give_credits(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    for (unsigned i = 0; i < CC_BUFFERS; i++) {
        struct cc_buffer *b = &r->buffers[i];
        if (!b->used || !b->sent || b->free_ns > rk_now_ns(dev)) {
            continue;
        }
        b->used = 0;
        const bool lost = cc_fault(dev, RK_NET_FAULT_NO_CREDIT) ||
                          (cc_fault(dev, RK_NET_FAULT_LOST_CREDIT) && next_random(r) % 4 == 0);
        if (!lost) {
            const uint8_t args[6] = {1, 0, b->sd, 1, 1, 0};
            rk_cc3000_unsolicited(dev, 0x4100, 0, args, sizeof args);
        }
    }
}

/* --- receiving -------------------------------------------------------------------------------- */

static bool is_stalled(struct rk_dev *dev) {
    if (!cc_fault(dev, RK_NET_FAULT_OLD_PATCH) || cc_of(dev)->stall_bytes < STALL_BYTES) {
        return false;
    }
    uint8_t patch[2];
    rk_cc3000_nv_patch(dev->nv, patch);
    return patch[1] < OLD_PATCH_BUILD;
}

static void other_closed(struct rk_dev *dev, struct cc_socket *s) {
    if (!s->closed) {
        s->closed = 1;
        s->tell_ns = rk_now_ns(dev) +
                     (cc_fault(dev, RK_NET_FAULT_LATE_CLOSE) ? LATE_CLOSE_NS : CLOSE_TOLD_NS);
    }
}

/* A stream fills its room; of datagrams the next one comes when the last was read. */
static void receive(struct rk_dev *dev, struct cc_socket *s) {
    struct rk_net *net = rk_cc3000_net(dev);
    const size_t room = sizeof s->rx - s->rx_len;
    const bool ready = s->type == 1 ? s->connected && room > 0 : s->rx_len == 0;
    if (!net || !s->used || !s->open || s->closed || s->broken || s->listening || !ready) {
        return;
    }
    const int n = net->ops->recv(net, s->handle, s->rx + s->rx_len, room, &s->from);
    if (n > 0) {
        s->rx_len = (uint16_t)(s->rx_len + n);
        s->active_ns = rk_now_ns(dev);
        cc_of(dev)->stall_bytes += (uint32_t)n;
    } else if (s->type == 1 && n != RK_E_AGAIN) {
        other_closed(dev, s);
    }
}

bool rk_cc3000_socket_is_closed(const struct rk_dev *dev, const struct cc_socket *s) {
    return s->closed && rk_now_ns(dev) >= s->tell_ns && !cc_fault(dev, RK_NET_FAULT_NO_CLOSE);
}

/* 0.7.0 drops unread data at this event, so it waits until all was read (cc3000.md 2.6.3). */
static void tell_closed(struct rk_dev *dev, unsigned sd) {
    struct cc_socket *s = &cc_of(dev)->sockets[sd];
    if (s->used && !s->told && s->rx_len == 0 && rk_cc3000_socket_is_closed(dev, s)) {
        uint8_t args[4];
        rk_put_u32le(args, sd);
        s->told = 1;
        rk_cc3000_unsolicited(dev, 0x8800, 0, args, sizeof args);
    }
}

/* --- time ------------------------------------------------------------------------------------- */

/* Idle connections are closed by the chip after its inactivity time (cc3000.md 6.3). */
void rk_cc3000_net_second(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    const uint32_t limit_s = r->timers_set ? r->timer_s[3] : INACTIVITY_S;
    r->stall_bytes -= is_stalled(dev) ? 0 : RK_MIN(r->stall_bytes, STALL_DECAY);
    for (unsigned sd = 0; limit_s && sd < CC_SOCKETS; sd++) {
        struct cc_socket *s = &r->sockets[sd];
        if (s->used && s->connected && s->type == 1 &&
            rk_now_ns(dev) - s->active_ns >= limit_s * CC_S) {
            close_handle(dev, s);
            other_closed(dev, s);
            rk_cc3000_net_kick(dev);
        }
    }
}

/* Does anything depend on the network's own time? */
static bool waits_for_net(const struct rk_cc3000 *r) {
    for (unsigned i = 0; i < CC_SOCKETS; i++) {
        if (r->sockets[i].used && r->sockets[i].open) {
            return true;
        }
    }
    return r->pending.opcode != 0;
}

static uint64_t sockets_deadline(const struct rk_cc3000 *r, uint64_t now) {
    uint64_t at = NEVER;
    for (unsigned i = 0; i < CC_BUFFERS; i++) {
        if (r->buffers[i].used && r->buffers[i].sent) {
            at = RK_MIN(at, r->buffers[i].free_ns);
        }
    }
    for (unsigned i = 0; i < CC_SOCKETS; i++) {
        const struct cc_socket *s = &r->sockets[i];
        if (s->used && s->closed && !s->told && s->tell_ns > now) {
            at = RK_MIN(at, s->tell_ns);
        }
    }
    return at;
}

static void plan(struct rk_dev *dev) {
    const struct rk_cc3000 *r = cc_of(dev);
    const uint64_t now = rk_now_ns(dev);
    uint64_t at = sockets_deadline(r, now);
    struct rk_net *net = rk_cc3000_net(dev);
    if (net && waits_for_net(r)) {
        at = RK_MIN(at, net->ops->next_ns(net));
    }
    if (r->pending.opcode) {
        at = RK_MIN(at, r->pending.deadline_ns);
        at = r->pending.wake_ns > now ? RK_MIN(at, r->pending.wake_ns) : at;
    }
    if (r->ping.running) {
        at = RK_MIN(at, r->ping.next_ns);
    }
    if (at != NEVER) {
        rk_timer_set_ns(dev, CC_TIMER_NET, RK_MAX(at, now + CC_US));
    }
}

void rk_cc3000_net_timer(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    send_buffers(dev);
    for (unsigned sd = 0; sd < CC_SOCKETS && !is_stalled(dev); sd++) {
        receive(dev, &r->sockets[sd]);
    }
    for (unsigned sd = 0; sd < CC_SOCKETS; sd++) {
        tell_closed(dev, sd);
    }
    give_credits(dev);
    rk_cc3000_pending_poll(dev);
    rk_cc3000_ping_poll(dev);
    plan(dev);
}

void rk_cc3000_net_kick(struct rk_dev *dev) {
    rk_timer_set_ns(dev, CC_TIMER_NET, rk_now_ns(dev));
}
