/* The CC3000's EEPROM commands (cc3000.md 2.7, 4). */
#include "emu/part/cc3000_int.h"

/* System files may be written only after start with argument 2 (cc3000.md 4.1); the MAC and the
 * rest always (deep_update rewrites the MAC at every boot, 4.5). */
static bool is_writable(const struct rk_dev *dev, uint32_t id) {
    switch (id) {
    case CC_FILE_FAT:
    case CC_FILE_DRIVER:
    case CC_FILE_FIRMWARE:
    case CC_FILE_BOOTLOADER: return cc_of(dev)->start_arg == 2;
    default: return true;
    }
}

/* The data packet always follows, also on error; its length is the result that drivers check. */
void rk_cc3000_cmd_nvmem_read(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t id = rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const uint32_t off = rk_read_u32le(&call->args);
    const uint8_t *bytes =
        len <= CC_DATA_MAX && id <= CC_FILE_FAT ? rk_cc3000_file(dev->nv, id, off, len) : NULL;
    uint8_t args[16] = {0};
    rk_put_u32le(args, id);
    rk_put_u32le(args + 4, 12);
    rk_put_u32le(args + 8, bytes ? len : 0);
    rk_put_u32le(args + 12, off);
    const uint64_t due = rk_cc3000_reply_due(dev);
    rk_cc3000_event(dev, due, call->opcode, bytes ? 0 : 1, NULL, 0);
    rk_cc3000_data(dev, due, 0x91, args, sizeof args, bytes, bytes ? len : 0);
}

void rk_cc3000_cmd_nvmem_write(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t id = rk_read_u32le(&call->args);
    rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    const uint32_t off = rk_read_u32le(&call->args);
    bool ok = id <= CC_FILE_FAT && len == call->data_len && is_writable(dev, id);
    if (len != call->data_len) {
        rk_guest_error(dev, "CC3000: NVMEM write of %u bytes with %u", (unsigned)len,
                       (unsigned)call->data_len);
    }
    ok = ok && rk_cc3000_file_write(dev, id, off, call->data, call->data_len);
    rk_cc3000_reply_i32(dev, 0x0202, ok ? 0 : -1);
}

void rk_cc3000_cmd_nvmem_create(struct rk_dev *dev, struct cc_call *call) {
    const uint32_t id = rk_read_u32le(&call->args);
    const uint32_t len = rk_read_u32le(&call->args);
    rk_cc3000_reply_status(dev, call->opcode, rk_cc3000_file_create(dev, id, len) ? 0 : 1);
}

/* Not used by any image; patches go through data packet 90 (cc3000.md 2.7). */
void rk_cc3000_cmd_nvmem_patch(struct rk_dev *dev, struct cc_call *call) {
    rk_cc3000_reply_status(dev, call->opcode, 1);
}

void rk_cc3000_cmd_patch_version(struct rk_dev *dev, struct cc_call *call) {
    uint8_t args[4] = {0x00, 0x06, 0, 0};
    rk_cc3000_nv_patch(dev->nv, args + 2);
    rk_cc3000_event(dev, rk_cc3000_reply_due(dev), call->opcode, 0, args, sizeof args);
}
