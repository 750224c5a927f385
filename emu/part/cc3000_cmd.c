/* The CC3000's command table, and the commands that concern the chip as a whole: start-up, patch
 * requests, buffer size (cc3000.md 2.3).
 */
#include "emu/part/cc3000_int.h"

static const struct cc_command commands[] = {
#define RK_CC_COMMAND(opcode, name, min_args, latency_us, handler)                                 \
    {(opcode), (min_args), (latency_us), (name), rk_cc3000_cmd_##handler},
#define RK_CC_DATA(opcode, name, min_args, latency_us, handler)
#define RK_CC_EVENT(opcode, name)
#include "emu/part/cc3000_op.def"
#undef RK_CC_COMMAND
#undef RK_CC_DATA
};

static const struct cc_command data_packets[] = {
#define RK_CC_COMMAND(opcode, name, min_args, latency_us, handler)
#define RK_CC_DATA(opcode, name, min_args, latency_us, handler)                                    \
    {(opcode), (min_args), (latency_us), (name), rk_cc3000_cmd_##handler},
#include "emu/part/cc3000_op.def"
#undef RK_CC_COMMAND
#undef RK_CC_DATA
#undef RK_CC_EVENT
};

static const struct {
    uint16_t opcode;
    const char *name;
} names[] = {
#define RK_CC_COMMAND(opcode, name, min_args, latency_us, handler) {(opcode), (name)},
#define RK_CC_DATA(opcode, name, min_args, latency_us, handler)    {(opcode), (name)},
#define RK_CC_EVENT(opcode, name)                                  {(opcode), (name)},
#include "emu/part/cc3000_op.def"
    {0x84, "received-from"},
    {0x85, "received"},
    {0x91, "nvmem-bytes"},
};

const struct cc_command *rk_cc3000_command_find(uint16_t opcode, bool data) {
    const struct cc_command *table = data ? data_packets : commands;
    const size_t count = data ? RK_COUNT(data_packets) : RK_COUNT(commands);
    for (size_t i = 0; i < count; i++) {
        if (table[i].opcode == opcode) {
            return &table[i];
        }
    }
    return NULL;
}

const char *rk_cc3000_opcode_name(uint16_t opcode) {
    for (size_t i = 0; i < RK_COUNT(names); i++) {
        if (names[i].opcode == opcode) {
            return names[i].name;
        }
    }
    return "?";
}

/* --- start ------------------------------------------------------------------------------------ */

enum {
    START_EEPROM,     /* patches from the EEPROM */
    START_HOST,       /* patches from the host */
    START_NO_PATCHES, /* and the EEPROM's system files may be written */
};

#define PATCH_STEPS 3u /* driver, firmware, bootloader */

static void start_done(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    r->patch_step = 0;
    r->started = 1;
    r->seconds = 0;
    rk_cc3000_reply_status(dev, 0x4000, 0);
    rk_timer_set_ns(dev, CC_TIMER_SECOND, rk_now_ns(dev) + CC_S);
    rk_cc3000_wlan_kick(dev);
}

static void patch_request(struct rk_dev *dev) {
    struct rk_cc3000 *r = cc_of(dev);
    const uint8_t which = ++r->patch_step;
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), 0x1000, 0, &which, 1);
}

void rk_cc3000_patch_answered(struct rk_dev *dev) {
    if (cc_of(dev)->patch_step < PATCH_STEPS) {
        patch_request(dev);
    } else {
        start_done(dev);
    }
}

void rk_cc3000_cmd_start(struct rk_dev *dev, struct cc_call *call) {
    struct rk_cc3000 *r = cc_of(dev);
    r->start_arg = rk_read_u8(&call->args);
    if (r->start_arg == START_HOST ||
        (r->start_arg == START_EEPROM && !rk_cc3000_nv_has_patches(dev->nv))) {
        r->patch_step = 0;
        patch_request(dev);
    } else {
        start_done(dev);
    }
}

void rk_cc3000_cmd_buffer_size(struct rk_dev *dev, struct cc_call *call) {
    uint8_t args[3] = {CC_BUFFERS};
    rk_put_u16le(args + 1, CC_BUFFER_LEN);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), call->opcode, 0, args, sizeof args);
}
