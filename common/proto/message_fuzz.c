/* Any bytes as a message: decoding ends, and what was decoded encodes to something that decodes to
 * the same kind.
 */
#include "common/proto/frame.h"
#include "common/proto/message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_msg msg, again;
    uint8_t out[2 * RK_FRAME_MAX];
    struct rk_device_id id;
    (void)rk_presence_decode(data, size, &id);
    if (size > RK_MESSAGE_MAX || rk_msg_decode(data, size, &msg)) {
        return 0;
    }
    uint32_t reason;
    struct rk_value value;
    if (msg.kind == RK_MSG_GOODBYE) {
        (void)rk_goodbye_reason(msg.payload, &reason);
    } else if (msg.kind == RK_MSG_RESPONSE) {
        (void)rk_value_decode((enum rk_value_type)msg.token, msg.response.payload, &value);
    }
    int len = rk_msg_encode(&msg, out, sizeof out);
    if (len < 0 || (msg.kind == RK_MSG_SUBSCRIBE && !msg.subscribe.prefix[0])) {
        return 0;
    }
    if (rk_msg_decode(out, (size_t)len, &again) || again.kind != msg.kind || again.id != msg.id) {
        __builtin_trap();
    }
    return 0;
}
