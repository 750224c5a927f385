/* One root port: enumeration (USB 2.0 9.1.2), scheduling, and the transfers' transactions. See
 * usb_host.h. Not done: isochronous transfers (they fail at once), split of interrupt polling by
 * exact interval (a poll is due in the frame after the firmware is ready). */
#include "emu/port/usb_host.h"

#include <string.h>

#include "common/base/bytes.h"

#define MS             1000000u
#define DEBOUNCE_NS    (100u * MS) /* USB 2.0 7.1.7.3: at least 100 ms */
#define RESET_NS       (50u * MS)  /* TDRSTR, root port */
#define RECOVERY_NS    (10u * MS)  /* TRSTRCY */
#define ADDRESS_NS     (2u * MS)   /* 9.2.6.3 */
#define RESUME_NS      (20u * MS)  /* TDRSMDN */
#define ENUMERATION_NS (5000u * MS)
#define AGAIN_NS       (1000u * MS)
/* What a host's driver and controller take from the end of one control transfer to the next SETUP:
 * a microframe, the least that a host with an asynchronous schedule needs. */
#define CONTROL_GAP_NS 125000u
#define READY_NS       3000u /* from a register write to the next token */
#define BYTE_NS        667u  /* 12 Mbit/s */
#define OVERHEAD       13u   /* bytes of token, PIDs, CRC, handshake, turn-around: 5.11.3 */
#define LARGEST_NS     ((64u + OVERHEAD) * BYTE_NS)
#define ERRORS_MAX     3u
#define ADDRESS        1u

#define PIPE_CONTROL 0u
#define PIPE_OWN     16u /* endpoint 0 of the enumeration; no endpoint has this number */

enum state {
    OFF,
    DEBOUNCE,
    RESET,
    RECOVERY,
    ENUMERATE,
    READY,
    SUSPENDED,
    RESUMING,
    BROKEN,
};

enum step {
    STEP_DEVICE_HEAD,
    STEP_ADDRESS,
    STEP_DEVICE,
    STEP_CONFIG_HEAD,
    STEP_CONFIG,
};

enum stage {
    STAGE_SETUP,
    STAGE_DATA,
    STAGE_STATUS,
    STAGE_ZERO = STAGE_DATA, /* of a bulk OUT: the empty packet is due */
};

static struct rk_usb_host *host_of(struct rk_usb_target *target) {
    return (struct rk_usb_host *)((char *)target - offsetof(struct rk_usb_host, target));
}

/* --- schedule ----------------------------------------------------------------------------------
 */

static bool may_run(const struct rk_usb_host *h, unsigned i) {
    const struct rk_usb_pipe *p = &h->pipes[i];
    bool open = i == PIPE_OWN ? h->state == ENUMERATE : h->state == READY;
    return open && p->first && !p->waiting;
}

/* Asks for a turn when the first pipe that can do something may, if that is in this frame. */
static void plan(struct rk_usb_host *h, uint64_t not_before_ns) {
    uint64_t at = UINT64_MAX;
    not_before_ns = RK_MAX(not_before_ns, h->busy_ns);
    for (unsigned i = 0; i < RK_USB_PIPES; i++) {
        if (may_run(h, i)) {
            at = RK_MIN(at, RK_MAX(h->pipes[i].not_before_ns, not_before_ns));
        }
    }
    if (at <= h->frame_ns + RK_USB_FRAME_NS - LARGEST_NS) {
        rk_usb_bus_turn(h->dev, RK_MAX(at, rk_now_ns(h->dev)));
    }
}

static void kick(struct rk_usb_host *h) {
    if (h->dev && h->state != OFF) {
        plan(h, rk_now_ns(h->dev) + READY_NS);
    }
}

static struct rk_usb_pipe *pipe_for(struct rk_usb_host *h, const struct rk_usb_transfer *t) {
    if (t == &h->own) {
        return &h->pipes[PIPE_OWN];
    }
    unsigned number = t->ep & 0x0Fu;
    return &h->pipes[number == 0 ? PIPE_CONTROL : number + (t->ep & 0x80 ? 16u : 0u)];
}

static void reset_pipe(struct rk_usb_pipe *p) {
    p->waiting = false;
    p->errors = 0;
    p->stage = 0;
}

static void unlink_transfer(struct rk_usb_pipe *p, struct rk_usb_transfer *t) {
    struct rk_usb_transfer *before = NULL;
    for (struct rk_usb_transfer *x = p->first; x && x != t; x = x->next) {
        before = x;
    }
    if (before) {
        before->next = t->next;
    } else {
        p->first = t->next;
        reset_pipe(p);
    }
    if (p->last == t) {
        p->last = before;
    }
    t->next = NULL;
}

static void end_all(struct rk_usb_host *h, enum rk_usb_status status) {
    for (unsigned i = 0; i < RK_USB_PIPES; i++) {
        struct rk_usb_pipe *p = &h->pipes[i];
        p->toggle = 0;
        p->not_before_ns = 0;
        /* A completion may submit again: only what is pending now ends here. */
        struct rk_usb_transfer *t = p->first, *next;
        p->first = p->last = NULL;
        reset_pipe(p);
        for (; t; t = next) {
            next = t->next;
            t->next = NULL;
            rk_usb_finish(&h->target, t, status, t->done);
        }
    }
}

/* --- toggles and endpoints ---------------------------------------------------------------------
 */

static void load_pipes(struct rk_usb_host *h) {
    for (unsigned i = 0; i < RK_USB_PIPES; i++) {
        h->pipes[i].max_packet = 0;
    }
    struct rk_usb_walk walk = {.config = h->desc.config, .len = h->desc.config_len};
    for (const uint8_t *d; (d = rk_usb_walk_next(&walk)) != NULL;) {
        if (d[1] == RK_USB_DESC_ENDPOINT && d[0] >= 7 && (d[2] & 0x0F) != 0) {
            struct rk_usb_pipe *p = &h->pipes[(d[2] & 0x0Fu) + (d[2] & 0x80 ? 16u : 0u)];
            p->type = d[3] & 3u;
            p->max_packet = rk_get_u16le(d + 4) & 0x7FFu;
        }
    }
    h->pipes[PIPE_CONTROL].max_packet = h->desc.device[7];
    h->pipes[PIPE_OWN].max_packet = h->desc.device[7];
}

/* USB 2.0 9.4.5, 9.1.1.5: what sets an endpoint's toggle back to DATA0. */
static void note_request(struct rk_usb_host *h, const struct rk_usb_transfer *t) {
    const uint8_t *s = t->setup;
    if ((s[0] == 0 && s[1] == RK_USB_REQ_SET_CONFIGURATION) ||
        (s[0] == 1 && s[1] == RK_USB_REQ_SET_INTERFACE)) {
        for (unsigned i = 0; i < RK_USB_PIPES; i++) {
            h->pipes[i].toggle = 0;
        }
    } else if (s[0] == 2 && s[1] == RK_USB_REQ_CLEAR_FEATURE && rk_get_u16le(s + 2) == 0) {
        h->pipes[(s[4] & 0x0Fu) + (s[4] & 0x80 ? 16u : 0u)].toggle = 0;
    }
}

/* --- transactions ------------------------------------------------------------------------------
 */

static void enumeration_step(struct rk_usb_host *h);

static void finish(struct rk_usb_host *h, struct rk_usb_pipe *p, enum rk_usb_status status) {
    struct rk_usb_transfer *t = p->first;
    bool control = (t->ep & 0x0F) == 0;
    uint64_t gap = control ? CONTROL_GAP_NS : p->type == RK_USB_INTERRUPT ? RK_USB_FRAME_NS : 0;
    p->not_before_ns = rk_now_ns(h->dev) + gap;
    unlink_transfer(p, t);
    if (control && status == RK_USB_OK) {
        note_request(h, t);
    }
    rk_usb_finish(&h->target, t, status, t->done);
}

static void no_answer(struct rk_usb_host *h, struct rk_usb_pipe *p) {
    if (++p->errors >= ERRORS_MAX) {
        finish(h, p, RK_USB_FAILED);
        return;
    }
    p->not_before_ns = rk_now_ns(h->dev) + RK_USB_FRAME_NS;
}

/* True when the packet went through; otherwise what to do about it was done. */
static bool settle(struct rk_usb_host *h, struct rk_usb_pipe *p, enum rk_usb_answer answer) {
    switch (answer) {
    case RK_USB_ACK: p->errors = 0; return true;
    case RK_USB_NAK:
        p->errors = 0;
        p->waiting = true;
        return false;
    case RK_USB_STALLED:
        p->toggle = 0;
        finish(h, p, RK_USB_STALL);
        return false;
    case RK_USB_NO_ANSWER: break;
    }
    no_answer(h, p);
    return false;
}

/* One IN packet into the transfer. 1: more is due, 0: that was the last, -1: nothing new. */
static int take_packet(struct rk_usb_host *h, struct rk_usb_pipe *p, size_t *bytes) {
    struct rk_usb_transfer *t = p->first;
    uint8_t data[RK_USB_PACKET_MAX + 1], toggle = 0;
    size_t len = 0;
    enum rk_usb_answer answer =
        rk_usb_bus_in(h->dev, h->address, t->ep & 0x0F, data, &len, &toggle);
    *bytes = len;
    if (!settle(h, p, answer) || toggle != p->toggle) {
        return -1;
    }
    p->toggle ^= 1;
    size_t room = t->len - t->done;
    if (len > room) {
        finish(h, p, RK_USB_BABBLE);
        return -1;
    }
    memcpy(t->data + t->done, data, len);
    t->done += len;
    return len < p->max_packet || t->done == t->len ? 0 : 1;
}

/* One OUT packet. False: it did not go through. */
static bool give_packet(struct rk_usb_host *h, struct rk_usb_pipe *p, size_t *bytes) {
    struct rk_usb_transfer *t = p->first;
    size_t len = RK_MIN(t->len - t->done, p->max_packet);
    const uint8_t *from = len ? t->data + t->done : (const uint8_t *)"";
    *bytes = len;
    enum rk_usb_answer answer =
        rk_usb_bus_out(h->dev, h->address, t->ep & 0x0F, p->toggle, from, len);
    if (!settle(h, p, answer)) {
        return false;
    }
    p->toggle ^= 1;
    t->done += len;
    return true;
}

static void control_status(struct rk_usb_host *h, struct rk_usb_pipe *p) {
    struct rk_usb_transfer *t = p->first;
    enum rk_usb_answer answer;
    if (rk_usb_is_in(t) && t->len > 0) {
        answer = rk_usb_bus_out(h->dev, h->address, 0, 1, "", 0);
    } else {
        uint8_t data[RK_USB_PACKET_MAX + 1], toggle;
        size_t len;
        answer = rk_usb_bus_in(h->dev, h->address, 0, data, &len, &toggle);
    }
    if (settle(h, p, answer)) {
        finish(h, p, RK_USB_OK);
    }
}

static void control_transaction(struct rk_usb_host *h, struct rk_usb_pipe *p, size_t *bytes) {
    struct rk_usb_transfer *t = p->first;
    switch (p->stage) {
    case STAGE_SETUP:
        *bytes = 8;
        if (settle(h, p, rk_usb_bus_setup(h->dev, h->address, 0, t->setup))) {
            p->toggle = 1;
            p->stage = t->len > 0 ? STAGE_DATA : STAGE_STATUS;
        }
        break;
    case STAGE_DATA:
        if (rk_usb_is_in(t) ? take_packet(h, p, bytes) == 0
                            : give_packet(h, p, bytes) && t->done == t->len) {
            p->stage = STAGE_STATUS;
        }
        break;
    default: control_status(h, p); break;
    }
}

static void data_transaction(struct rk_usb_host *h, struct rk_usb_pipe *p, size_t *bytes) {
    struct rk_usb_transfer *t = p->first;
    if (t->ep & 0x80) {
        if (take_packet(h, p, bytes) == 0) {
            finish(h, p, RK_USB_OK);
        }
        return;
    }
    if (!give_packet(h, p, bytes) || t->done < t->len) {
        return;
    }
    bool full = t->len > 0 && t->len % p->max_packet == 0;
    if (t->zero_packet && full && p->stage != STAGE_ZERO) {
        p->stage = STAGE_ZERO;
    } else {
        finish(h, p, RK_USB_OK);
    }
}

/* One transaction of the next pipe in turn, if one can and the frame has room for it. */
static void run_one(struct rk_usb_host *h) {
    uint64_t now = rk_now_ns(h->dev);
    if (now + LARGEST_NS > h->frame_ns + RK_USB_FRAME_NS) {
        return;
    }
    for (unsigned n = 0; n < RK_USB_PIPES; n++) {
        unsigned i = (h->turn + n) % RK_USB_PIPES;
        struct rk_usb_pipe *p = &h->pipes[i];
        if (!may_run(h, i) || p->not_before_ns > now) {
            continue;
        }
        h->turn = (uint8_t)(i + 1);
        size_t bytes = 0;
        if (i == PIPE_CONTROL || i == PIPE_OWN) {
            control_transaction(h, p, &bytes);
        } else {
            data_transaction(h, p, &bytes);
        }
        h->busy_ns = now + (bytes + OVERHEAD) * BYTE_NS;
        plan(h, now);
        return;
    }
    plan(h, now);
}

/* --- enumeration -------------------------------------------------------------------------------
 */

static void enter(struct rk_usb_host *h, enum state state, uint64_t ns) {
    h->state = (uint8_t)state;
    h->until_ns = rk_now_ns(h->dev) + ns;
}

static void own_done(struct rk_usb_transfer *t) {
    enumeration_step(t->ctx);
}

static void ask(struct rk_usb_host *h, uint8_t request, uint16_t value, uint16_t len) {
    struct rk_usb_transfer *t = &h->own;
    *t = (struct rk_usb_transfer){.data = h->own_data, .len = len, .complete = own_done, .ctx = h};
    t->setup[0] = len ? 0x80 : 0;
    t->setup[1] = request;
    rk_put_u16le(t->setup + 2, value);
    rk_put_u16le(t->setup + 6, len);
    t->pending = true;
    t->id = ++h->target.next_id;
    if (h->target.tap) {
        h->target.tap->submitted(h->target.tap, t);
    }
    struct rk_usb_pipe *p = &h->pipes[PIPE_OWN];
    reset_pipe(p);
    p->first = p->last = t;
    kick(h);
}

static void ask_step(struct rk_usb_host *h, enum step step) {
    h->step = (uint8_t)step;
    switch (step) {
    case STEP_DEVICE_HEAD: ask(h, RK_USB_REQ_GET_DESCRIPTOR, RK_USB_DESC_DEVICE << 8, 8); break;
    case STEP_ADDRESS: ask(h, RK_USB_REQ_SET_ADDRESS, ADDRESS, 0); break;
    case STEP_DEVICE: ask(h, RK_USB_REQ_GET_DESCRIPTOR, RK_USB_DESC_DEVICE << 8, 18); break;
    case STEP_CONFIG_HEAD: ask(h, RK_USB_REQ_GET_DESCRIPTOR, RK_USB_DESC_CONFIG << 8, 9); break;
    case STEP_CONFIG:
        ask(h, RK_USB_REQ_GET_DESCRIPTOR, RK_USB_DESC_CONFIG << 8, h->desc.config_len);
        break;
    }
}

static void start_reset(struct rk_usb_host *h) {
    h->address = 0;
    enter(h, RESET, RESET_NS);
    end_all(h, RK_USB_CANCELLED);
    rk_usb_bus_set(h->dev, RK_USB_BUS_RESET);
}

static void give_up(struct rk_usb_host *h) {
    if (++h->failures < ERRORS_MAX) {
        start_reset(h);
    } else {
        h->failures = 0;
        enter(h, BROKEN, AGAIN_NS);
    }
}

static void enumerated(struct rk_usb_host *h) {
    enter(h, READY, 0);
    h->failures = 0;
    if (!h->known) {
        h->known = true;
        load_pipes(h);
        rk_usb_target_plugged(&h->target, &h->desc);
    } else {
        h->target.configuration = 0;
    }
    kick(h);
}

/* The answer to the step that was asked for last. */
static bool answer_is_good(struct rk_usb_host *h) {
    const uint8_t *d = h->own_data;
    size_t len = h->own.done;
    switch ((enum step)h->step) {
    case STEP_DEVICE_HEAD: return len == 8 && d[1] == RK_USB_DESC_DEVICE && d[7] >= 8 && d[7] <= 64;
    case STEP_DEVICE: return len == 18 && d[0] == 18 && d[1] == RK_USB_DESC_DEVICE;
    case STEP_CONFIG_HEAD: return len == 9 && d[1] == RK_USB_DESC_CONFIG && rk_get_u16le(d + 2) > 9;
    case STEP_CONFIG: return len == h->desc.config_len;
    default: return true;
    }
}

static void enumeration_step(struct rk_usb_host *h) {
    if (h->state != ENUMERATE) {
        return; /* unplugged, or reset again */
    }
    if (h->own.status != RK_USB_OK || !answer_is_good(h)) {
        give_up(h);
        return;
    }
    switch ((enum step)h->step) {
    case STEP_DEVICE_HEAD:
        h->pipes[PIPE_OWN].max_packet = h->own_data[7];
        ask_step(h, STEP_ADDRESS);
        break;
    case STEP_ADDRESS:
        h->address = ADDRESS;
        if (h->known) {
            enumerated(h);
            h->pipes[PIPE_CONTROL].not_before_ns = rk_now_ns(h->dev) + ADDRESS_NS;
            return;
        }
        h->pipes[PIPE_OWN].not_before_ns = rk_now_ns(h->dev) + ADDRESS_NS;
        ask_step(h, STEP_DEVICE);
        break;
    case STEP_DEVICE:
        memcpy(h->desc.device, h->own_data, sizeof h->desc.device);
        ask_step(h, STEP_CONFIG_HEAD);
        break;
    case STEP_CONFIG_HEAD:
        h->desc.config_len = RK_MIN(rk_get_u16le(h->own_data + 2), RK_USB_CONFIG_MAX);
        ask_step(h, STEP_CONFIG);
        break;
    case STEP_CONFIG:
        memcpy(h->desc.config, h->own_data, h->desc.config_len);
        enumerated(h);
        break;
    }
}

/* --- the cable's events ------------------------------------------------------------------------
 */

static void on_attach(void *ctx, struct rk_dev *dev, bool attached) {
    struct rk_usb_host *h = ctx;
    (void)dev;
    h->known = false;
    h->address = 0;
    h->failures = 0;
    if (attached) {
        h->frame_ns = rk_now_ns(h->dev);
        enter(h, DEBOUNCE, DEBOUNCE_NS);
        return;
    }
    h->state = OFF;
    end_all(h, RK_USB_GONE);
    rk_usb_target_unplugged(&h->target);
}

static void time_is_up(struct rk_usb_host *h) {
    switch ((enum state)h->state) {
    case DEBOUNCE:
    case BROKEN: start_reset(h); break;
    case RESET:
        rk_usb_bus_set(h->dev, RK_USB_BUS_ACTIVE);
        enter(h, RECOVERY, RECOVERY_NS);
        break;
    case RECOVERY:
        h->pipes[PIPE_OWN].max_packet = h->known ? h->desc.device[7] : 64;
        enter(h, ENUMERATE, ENUMERATION_NS);
        ask_step(h, h->known ? STEP_ADDRESS : STEP_DEVICE_HEAD);
        break;
    case ENUMERATE: give_up(h); break;
    case RESUMING:
        rk_usb_bus_set(h->dev, RK_USB_BUS_ACTIVE);
        enter(h, READY, 0);
        break;
    case OFF:
    case READY:
    case SUSPENDED: break;
    }
}

static void on_frame(void *ctx, struct rk_dev *dev) {
    struct rk_usb_host *h = ctx;
    h->frame_ns = rk_now_ns(dev);
    if (h->until_ns <= h->frame_ns) {
        time_is_up(h);
    }
    run_one(h);
}

static void on_turn(void *ctx, struct rk_dev *dev) {
    (void)dev;
    run_one(ctx);
}

static void on_ready(void *ctx, struct rk_dev *dev, unsigned ep) {
    struct rk_usb_host *h = ctx;
    (void)dev;
    h->pipes[ep].waiting = false;
    h->pipes[ep + 16u].waiting = false; /* of endpoint 0: the enumeration's */
    kick(h);
}

static void resume(struct rk_usb_host *h) {
    if (h->state == SUSPENDED) {
        rk_usb_bus_set(h->dev, RK_USB_BUS_RESUME);
        enter(h, RESUMING, RESUME_NS);
    }
}

static void on_remote_wakeup(void *ctx, struct rk_dev *dev, bool driven) {
    (void)dev;
    if (driven) {
        resume(ctx);
    }
}

static const struct rk_usb_link_ops host_link_ops = {.attach = on_attach,
                                                     .frame = on_frame,
                                                     .turn = on_turn,
                                                     .ready = on_ready,
                                                     .remote_wakeup = on_remote_wakeup};

/* --- the target --------------------------------------------------------------------------------
 */

static void host_submit(struct rk_usb_target *target, struct rk_usb_transfer *t) {
    struct rk_usb_host *h = host_of(target);
    struct rk_usb_pipe *p = pipe_for(h, t);
    if (p->max_packet == 0 || (p != h->pipes && p->type == RK_USB_ISO)) {
        rk_usb_finish(target, t, RK_USB_FAILED, 0);
        return;
    }
    if (p->first) {
        p->last->next = t;
    } else {
        p->first = t;
        reset_pipe(p);
    }
    p->last = t;
    kick(h);
}

static void host_cancel(struct rk_usb_target *target, struct rk_usb_transfer *t) {
    struct rk_usb_host *h = host_of(target);
    unlink_transfer(pipe_for(h, t), t);
    rk_usb_finish(target, t, RK_USB_CANCELLED, t->done);
    kick(h);
}

static void host_reset(struct rk_usb_target *target) {
    struct rk_usb_host *h = host_of(target);
    if (h->known) {
        start_reset(h);
    }
}

static uint64_t host_now_ns(struct rk_usb_target *target) {
    struct rk_usb_host *h = host_of(target);
    return h->dev ? rk_now_ns(h->dev) : 0;
}

static const struct rk_usb_target_ops host_target_ops = {
    .submit = host_submit, .cancel = host_cancel, .reset = host_reset, .now_ns = host_now_ns};

void rk_usb_host_init(struct rk_usb_host *host) {
    memset(host, 0, sizeof *host);
    host->target.ops = &host_target_ops;
    host->link = (struct rk_usb_link){&host_link_ops, host};
}

void rk_usb_host_connect(struct rk_usb_host *host, struct rk_dev *usb) {
    host->dev = usb;
    rk_usb_plug(usb, &host->link);
}

void rk_usb_host_power_lost(struct rk_usb_host *host) {
    if (host->state != OFF) {
        on_attach(host, host->dev, false);
    }
}

void rk_usb_host_disconnect(struct rk_usb_host *host) {
    if (host->dev) {
        rk_usb_plug(host->dev, NULL);
        rk_usb_host_power_lost(host);
        host->dev = NULL;
    }
}

void rk_usb_host_suspend(struct rk_usb_host *host, bool suspended) {
    if (!suspended) {
        resume(host);
    } else if (host->state == READY) {
        rk_usb_bus_set(host->dev, RK_USB_BUS_IDLE);
        host->state = SUSPENDED;
    }
}
