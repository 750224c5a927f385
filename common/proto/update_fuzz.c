/* Any sequence of messages against a running update, in both modes: it ends or waits, and never
 * sends what is not in the image. The input: one byte of mode, then messages with a length byte
 * each.
 */
#include "common/proto/describe.h"
#include "common/proto/update.h"
#include "common/proto/update_receive.h"
#include "tests/fuzz/fuzz.h"

static void check_message(const struct rk_msg *msg, struct rk_span image) {
    if (msg->kind == RK_MSG_CHUNK &&
        (msg->chunk.data.data < image.data ||
         msg->chunk.data.data + msg->chunk.data.len > image.data + image.len)) {
        __builtin_trap();
    }
}

static void run_sender(const uint8_t *data, size_t size) {
    static const uint8_t image[5000];
    struct rk_span span = {image, sizeof image};
    struct rk_msg_hello hello = {.has_fields = true,
                                 .flags = data[0],
                                 .has_platform = data[0] & 1,
                                 .platform = data[0] >> 4};
    struct rk_update_plan plan = rk_update_plan_for(&hello, sizeof image);
    struct rk_update u;
    struct rk_msg msg;
    uint64_t now_ms = 0;
    if (rk_update_start(&u, span, &plan, 0)) {
        return;
    }
    for (size_t pos = 1; pos < size;) {
        for (int i = 0; i < 4 && rk_update_next(&u, (uint16_t)pos, now_ms, &msg); i++) {
            check_message(&msg, span);
        }
        size_t len = RK_MIN((size_t)data[pos], size - pos - 1);
        if (rk_msg_decode(data + pos + 1, len, &msg) == 0) {
            if (msg.has_token && msg.token == 0) {
                msg.token = u.control_token; /* or the fuzzer would have to guess it */
            } else if (msg.has_token && msg.token == 1) {
                msg.token = u.chunk_token;
            }
            rk_update_receive(&u, &msg, now_ms);
        }
        now_ms += data[pos];
        rk_update_tick(&u, now_ms);
        pos += 1 + len;
    }
}

static void run_receiver(const uint8_t *data, size_t size) {
    uint8_t bits[32], list[2 * RK_MISSED_MAX];
    struct rk_update_receiver r = {0};
    struct rk_msg msg;
    for (size_t pos = 1; pos < size;) {
        size_t len = RK_MIN((size_t)data[pos], size - pos - 1);
        if (rk_msg_decode(data + pos + 1, len, &msg) == 0) {
            uint32_t off = 0;
            if (msg.kind == RK_MSG_UPDATE_BEGIN &&
                rk_update_receiver_begin(&r, &msg.begin, true, 110592, bits, sizeof bits)) {
                r.running = false;
            } else if (msg.kind == RK_MSG_CHUNK) {
                rk_update_receiver_chunk(&r, &msg.chunk, &off);
            }
        }
        if (r.running) {
            rk_update_receiver_missed(&r, list);
        }
        pos += 1 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_describe_sink sink = {0};
    (void)rk_describe_parse((struct rk_span){data, size}, &sink);
    (void)rk_update_json_is_error((struct rk_span){data, size});
    if (size > 1) {
        run_sender(data, size);
        run_receiver(data, size);
    }
    return 0;
}
