/* The CC3000's HCI layer (cc3000.md 2.1, 2.2): takes the host's packets apart and hands them to the
 * command table, builds events and data packets and queues them for the link. Knows no command.
 *
 * A packet whose lengths do not agree is reported and dropped; nothing is read beyond them.
 */
#include "emu/part/cc3000_int.h"

#include <stdio.h>
#include <string.h>

enum {
    TYPE_COMMAND = 1,
    TYPE_DATA = 2,
    TYPE_PATCH = 3,
    TYPE_EVENT = 4,
};

/* cc3000.md 1.10: an earlier reply can be lost by the host for ever. */
#define REPLY_MIN_NS (200 * CC_US)

/* --- trace ------------------------------------------------------------------------------------ */

/* Arguments that hold keys or passphrases are never shown (style.md, LOG). */
static bool is_secret(uint16_t opcode) {
    switch (opcode) {
    case 0x0001:
    case 0x0005:
    case 0x90:
    case 0x91: return true;
    default: return false;
    }
}

static void trace_packet(struct rk_dev *dev, bool from_host, uint16_t opcode, const uint8_t *args,
                         size_t len, size_t data_len) {
    if (!rk_traced(dev, RK_TRACE_HCI)) {
        return;
    }
    char hex[3 * 32 + 4] = "";
    size_t shown = is_secret(opcode) ? 0 : RK_MIN(len, 32u);
    for (size_t i = 0; i < shown; i++) {
        snprintf(hex + 3 * i, 4, " %02x", args[i]);
    }
    rk_trace(dev, RK_TRACE_HCI, "%s %04x %s%s%s, %u + %u bytes", from_host ? ">" : "<", opcode,
             rk_cc3000_opcode_name(opcode), hex, shown < len ? " ..." : "", (unsigned)len,
             (unsigned)data_len);
}

/* --- from the host ---------------------------------------------------------------------------- */

static void run(struct rk_dev *dev, const struct cc_command *command, struct cc_call *call) {
    struct rk_cc3000 *r = cc_of(dev);
    if (!r->started && call->opcode != 0x4000) {
        rk_guest_error(dev, "CC3000: %s before start", command->name);
        return;
    }
    if (rk_reader_left(&call->args) < command->min_args) {
        rk_guest_error(dev, "CC3000: %s with %u argument bytes, %u needed", command->name,
                       (unsigned)rk_reader_left(&call->args), command->min_args);
        return;
    }
    r->commands++;
    r->reply_ns = r->link.write_ns + RK_MAX((uint64_t)command->latency_us * CC_US, REPLY_MIN_NS);
    command->run(dev, call);
}

static void receive_command(struct rk_dev *dev, struct rk_reader *in) {
    struct cc_call call = {0};
    call.opcode = rk_read_u16le(in);
    const size_t arg_len = rk_read_u8(in);
    const size_t left = rk_reader_left(in);
    if (in->overrun || (left != arg_len && left != arg_len + 1)) {
        rk_guest_error(dev, "CC3000: command %04x says %u argument bytes, has %u", call.opcode,
                       (unsigned)arg_len, (unsigned)left);
        return;
    }
    const uint8_t *args = rk_read_bytes(in, arg_len);
    trace_packet(dev, true, call.opcode, args, arg_len, 0);
    call.args = rk_reader_init(args, arg_len);
    const struct cc_command *command = rk_cc3000_command_find(call.opcode, false);
    if (!command) {
        rk_guest_error(dev, "CC3000: unknown command %04x", call.opcode);
        return;
    }
    run(dev, command, &call);
}

static void receive_data(struct rk_dev *dev, struct rk_reader *in) {
    struct cc_call call = {0};
    call.opcode = rk_read_u8(in);
    const size_t arg_len = rk_read_u8(in);
    const size_t total = rk_read_u16le(in);
    const size_t left = rk_reader_left(in);
    if (in->overrun || arg_len > total || (left != total && left != total + 1)) {
        rk_guest_error(dev, "CC3000: data packet %02x says %u + %u bytes, has %u", call.opcode,
                       (unsigned)arg_len, (unsigned)total, (unsigned)left);
        return;
    }
    const uint8_t *args = rk_read_bytes(in, arg_len);
    call.args = rk_reader_init(args, arg_len);
    call.data_len = total - arg_len;
    call.data = rk_read_bytes(in, call.data_len);
    trace_packet(dev, true, call.opcode, args, arg_len, call.data_len);
    const struct cc_command *command = rk_cc3000_command_find(call.opcode, true);
    if (!command) {
        rk_guest_error(dev, "CC3000: unknown data packet %02x", call.opcode);
        return;
    }
    run(dev, command, &call);
}

/* The images answer patch requests with no bytes at all (cc3000.md 2.1); patches that do come this
 * way would live in RAM only, so their contents do not matter here. */
static void receive_patch(struct rk_dev *dev, struct rk_reader *in) {
    const uint8_t which = rk_read_u8(in);
    rk_read_u16le(in);
    rk_read_u16le(in);
    if (in->overrun || which != cc_of(dev)->patch_step) {
        rk_guest_error(dev, "CC3000: patch packet %u that was not asked for", which);
        return;
    }
    rk_cc3000_patch_answered(dev);
}

void rk_cc3000_hci_receive(struct rk_dev *dev, const uint8_t *data, size_t len) {
    struct rk_reader in = rk_reader_init(data, len);
    const uint8_t type = rk_read_u8(&in);
    switch (type) {
    case TYPE_COMMAND: receive_command(dev, &in); break;
    case TYPE_DATA: receive_data(dev, &in); break;
    case TYPE_PATCH: receive_patch(dev, &in); break;
    default: rk_guest_error(dev, "CC3000: HCI packet of type %02x", type); break;
    }
}

/* --- to the host ------------------------------------------------------------------------------ */

static struct cc_packet *queue_at(struct cc_queue *q, unsigned i) {
    return &q->packets[(q->head + i) % CC_QUEUE];
}

/* Packets leave in the order of their instants; equal ones in the order they were made. */
static struct rk_writer queue_put(struct rk_dev *dev, uint64_t due_ns, struct cc_packet **packet) {
    struct cc_queue *q = &cc_of(dev)->queue;
    if (q->count == CC_QUEUE) {
        *packet = NULL;
        return rk_writer_init(NULL, 0);
    }
    unsigned i = q->count++;
    *packet = queue_at(q, i);
    (*packet)->due_ns = i ? RK_MAX(due_ns, queue_at(q, i - 1)->due_ns) : due_ns;
    return rk_writer_init((*packet)->bytes, CC_PACKET_MAX);
}

static void queue_done(struct rk_dev *dev, struct cc_packet *packet, const struct rk_writer *w) {
    if (!packet) {
        return;
    }
    packet->len = (uint16_t)w->len;
    rk_cc3000_link_queued(dev);
}

void rk_cc3000_queue_pop(struct rk_dev *dev) {
    struct cc_queue *q = &cc_of(dev)->queue;
    q->head = (uint8_t)((q->head + 1) % CC_QUEUE);
    q->count--;
}

uint64_t rk_cc3000_reply_due(const struct rk_dev *dev) {
    return RK_MAX(cc_of(dev)->reply_ns, rk_now_ns(dev));
}

void rk_cc3000_event(struct rk_dev *dev, uint64_t due_ns, uint16_t opcode, uint8_t status,
                     const uint8_t *args, size_t len) {
    struct cc_packet *packet;
    struct rk_writer w = queue_put(dev, due_ns, &packet);
    rk_write_u8(&w, TYPE_EVENT);
    rk_write_u16le(&w, opcode);
    rk_write_u8(&w, (uint8_t)(1 + len));
    rk_write_u8(&w, status);
    rk_write_bytes(&w, args, len);
    trace_packet(dev, false, opcode, args, len, 0);
    queue_done(dev, packet, &w);
}

void rk_cc3000_data(struct rk_dev *dev, uint64_t due_ns, uint8_t opcode, const uint8_t *args,
                    size_t arg_len, const uint8_t *data, size_t len) {
    struct cc_packet *packet;
    struct rk_writer w = queue_put(dev, due_ns, &packet);
    rk_write_u8(&w, TYPE_DATA);
    rk_write_u8(&w, opcode);
    rk_write_u8(&w, (uint8_t)arg_len);
    rk_write_u16le(&w, (uint16_t)(arg_len + len));
    rk_write_bytes(&w, args, arg_len);
    rk_write_bytes(&w, data, len);
    trace_packet(dev, false, opcode, args, arg_len, len);
    queue_done(dev, packet, &w);
}

void rk_cc3000_reply_status(struct rk_dev *dev, uint16_t opcode, uint8_t status) {
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), opcode, status, NULL, 0);
}

void rk_cc3000_reply_i32(struct rk_dev *dev, uint16_t opcode, int32_t value) {
    uint8_t args[4];
    rk_put_u32le(args, (uint32_t)value);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), opcode, 0, args, sizeof args);
}

void rk_cc3000_unsolicited(struct rk_dev *dev, uint16_t opcode, uint8_t status, const uint8_t *args,
                           size_t len) {
    struct rk_cc3000 *r = cc_of(dev);
    if ((opcode & 0x8000u) && (r->event_mask & opcode & 0xFFFu)) {
        return;
    }
    if (!r->started || r->queue.count >= CC_QUEUE - CC_QUEUE_SPARE) {
        if (rk_traced(dev, RK_TRACE_HCI)) {
            rk_trace(dev, RK_TRACE_HCI, "lost %04x %s: the host does not read", opcode,
                     rk_cc3000_opcode_name(opcode));
        }
        return;
    }
    rk_cc3000_event(dev, rk_now_ns(dev), opcode, status, args, len);
}
