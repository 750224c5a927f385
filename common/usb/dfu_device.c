/* See dfu_device.h. */
#include "common/usb/dfu_device.h"

#include "common/base/bytes.h"

enum {
    DETACH,
    DNLOAD,
    UPLOAD,
    GETSTATUS,
    CLRSTATUS,
    GETSTATE,
    ABORT,
};

/* DfuSe commands (host-tool.md 3.4). */
#define CMD_GET     0x00u
#define CMD_POINTER 0x21u
#define CMD_ERASE   0x41u
#define CMD_NONE    0xFFu /* a data block */
#define DATA_BLOCK  2u    /* the first block that carries data */
#define LEAVE_MS    50u

void rk_dfu_init(struct rk_dfu *d, const struct rk_dfu_memory *memory, void *ctx, uint32_t pointer,
                 bool has_app) {
    d->memory = memory;
    d->ctx = ctx;
    d->pointer = pointer;
    d->state = has_app ? RK_DFU_IDLE : RK_DFU_ERROR;
    d->status = has_app ? RK_DFU_OK : RK_DFU_ERR_FIRMWARE;
    d->waits = d->may_work = d->wrote = d->leaves = false;
}

static void fail(struct rk_dfu *d, enum rk_dfu_status status) {
    d->state = RK_DFU_ERROR;
    d->status = (uint8_t)status;
    d->waits = d->may_work = false;
}

/* DFU 1.1a A.2: what does not fit the state stalls and is an error. */
static enum rk_usb_reply refuse(struct rk_dfu *d) {
    fail(d, RK_DFU_ERR_STALLED);
    return RK_USB_REPLY_STALL;
}

void rk_dfu_restart(struct rk_dfu *d) {
    d->wrote = false;
    d->waits = d->may_work = false;
    if (d->state != RK_DFU_ERROR && !d->leaves) {
        d->state = RK_DFU_IDLE;
    }
}

/* --- download ----------------------------------------------------------------------------------
 */

static enum rk_usb_reply download(struct rk_dfu *d, const struct rk_usb_setup *s,
                                  struct rk_usb_data *data) {
    if (d->state != RK_DFU_IDLE && d->state != RK_DFU_DNLOAD_IDLE) {
        return refuse(d);
    }
    if (s->length == 0) {
        d->state = RK_DFU_MANIFEST_SYNC;
        return RK_USB_REPLY_ACCEPT;
    }
    if (s->length > RK_DFU_TRANSFER || s->value == 1) {
        return refuse(d);
    }
    d->block = s->value;
    d->len = s->length;
    data->buffer = d->data;
    return RK_USB_REPLY_RECEIVE;
}

static enum rk_dfu_status plan_command(struct rk_dfu *d) {
    d->command = d->data[0];
    if (d->command == CMD_GET && d->len == 1) {
        return RK_DFU_OK;
    }
    if (d->len != 5 || (d->command != CMD_POINTER && d->command != CMD_ERASE)) {
        return RK_DFU_ERR_TARGET; /* mass erase, read unprotect, unknown */
    }
    d->work_addr = rk_get_u32le(d->data + 1);
    return d->memory->check(d->ctx, d->command == CMD_ERASE ? RK_DFU_ERASE : RK_DFU_READ,
                            d->work_addr, 1, &d->poll_ms);
}

static enum rk_dfu_status plan(struct rk_dfu *d) {
    d->poll_ms = 0;
    if (d->block == 0) {
        return plan_command(d);
    }
    d->command = CMD_NONE;
    d->work_addr = d->pointer + (uint32_t)(d->block - DATA_BLOCK) * RK_DFU_TRANSFER;
    return d->memory->check(d->ctx, RK_DFU_WRITE, d->work_addr, d->len, &d->poll_ms);
}

bool rk_dfu_received(struct rk_dfu *d, const struct rk_usb_setup *s) {
    if (s->request != DNLOAD) {
        return true;
    }
    enum rk_dfu_status status = plan(d);
    d->status = (uint8_t)status; /* told by the next GETSTATUS */
    d->waits = status == RK_DFU_OK;
    d->state = RK_DFU_DNLOAD_SYNC;
    return true;
}

static enum rk_dfu_status do_work(struct rk_dfu *d) {
    switch (d->command) {
    case CMD_GET: return RK_DFU_OK;
    case CMD_POINTER: d->pointer = d->work_addr; return RK_DFU_OK;
    case CMD_ERASE: d->wrote = true; return d->memory->erase(d->ctx, d->work_addr);
    default: d->wrote = true; return d->memory->write(d->ctx, d->work_addr, d->data, d->len);
    }
}

bool rk_dfu_work(struct rk_dfu *d) {
    if (!d->may_work) {
        return d->leaves && d->state == RK_DFU_MANIFEST_WAIT_RESET;
    }
    d->may_work = d->waits = false;
    enum rk_dfu_status status = do_work(d);
    if (status == RK_DFU_OK) {
        d->state = RK_DFU_DNLOAD_SYNC;
    } else {
        fail(d, status);
    }
    return false;
}

/* --- upload ------------------------------------------------------------------------------------
 */

static enum rk_usb_reply upload(struct rk_dfu *d, const struct rk_usb_setup *s,
                                struct rk_usb_data *data) {
    if ((d->state != RK_DFU_IDLE && d->state != RK_DFU_UPLOAD_IDLE) || s->value == 1) {
        return refuse(d);
    }
    uint16_t want = RK_MIN(s->length, (uint16_t)RK_DFU_TRANSFER);
    if (s->value == 0) {
        static const uint8_t commands[] = {CMD_GET, CMD_POINTER, CMD_ERASE};
        data->data = commands;
        data->len = RK_MIN(want, (uint16_t)sizeof commands);
        d->state = want > sizeof commands ? RK_DFU_IDLE : RK_DFU_UPLOAD_IDLE;
        return RK_USB_REPLY_SEND;
    }
    uint32_t addr = d->pointer + (uint32_t)(s->value - DATA_BLOCK) * RK_DFU_TRANSFER;
    data->data = d->data;
    data->len = d->memory->read(d->ctx, addr, d->data, want);
    d->state = data->len < s->length ? RK_DFU_IDLE : RK_DFU_UPLOAD_IDLE;
    return RK_USB_REPLY_SEND;
}

/* --- state -------------------------------------------------------------------------------------
 */

/* The state that a GETSTATUS moves to and reports. */
static void advance(struct rk_dfu *d) {
    if (d->state == RK_DFU_DNLOAD_SYNC) {
        if (d->status != RK_DFU_OK) {
            fail(d, (enum rk_dfu_status)d->status);
        } else {
            d->state = d->waits ? RK_DFU_DNBUSY : RK_DFU_DNLOAD_IDLE;
        }
    } else if (d->state == RK_DFU_MANIFEST_SYNC) {
        enum rk_dfu_status status = d->memory->complete(d->ctx);
        if (status == RK_DFU_OK) {
            d->state = RK_DFU_MANIFEST;
            d->leaves = true;
        } else {
            fail(d, status);
        }
    }
}

static enum rk_usb_reply get_status(struct rk_dfu *d, struct rk_usb_data *data) {
    advance(d);
    uint32_t poll = d->state == RK_DFU_DNBUSY     ? d->poll_ms
                    : d->state == RK_DFU_MANIFEST ? LEAVE_MS
                                                  : 0;
    d->answer[0] = d->status;
    d->answer[1] = (uint8_t)poll;
    d->answer[2] = (uint8_t)(poll >> 8);
    d->answer[3] = (uint8_t)(poll >> 16);
    d->answer[4] = d->state;
    d->answer[5] = 0;
    data->data = d->answer;
    data->len = sizeof d->answer;
    return RK_USB_REPLY_SEND;
}

static enum rk_usb_reply abort_transfer(struct rk_dfu *d) {
    bool allowed = d->state <= RK_DFU_MANIFEST_SYNC || d->state == RK_DFU_UPLOAD_IDLE;
    if (!allowed || d->state == RK_DFU_DNBUSY) {
        return refuse(d);
    }
    if (d->state == RK_DFU_DNLOAD_IDLE && d->wrote) {
        (void)d->memory->complete(d->ctx); /* a host that does not ask for a restart ends so */
        d->wrote = false;
    }
    d->waits = d->may_work = false;
    d->state = RK_DFU_IDLE;
    return RK_USB_REPLY_ACCEPT;
}

static enum rk_usb_reply clear_status(struct rk_dfu *d) {
    if (d->state != RK_DFU_ERROR && d->state != RK_DFU_IDLE) {
        return refuse(d);
    }
    d->state = RK_DFU_IDLE;
    d->status = RK_DFU_OK;
    return RK_USB_REPLY_ACCEPT;
}

enum rk_usb_reply rk_dfu_request(struct rk_dfu *d, const struct rk_usb_setup *s,
                                 struct rk_usb_data *data) {
    bool in = s->type & RK_USB_IN;
    if (in != (s->request == UPLOAD || s->request == GETSTATUS || s->request == GETSTATE)) {
        return refuse(d);
    }
    switch (s->request) {
    case DNLOAD: return download(d, s, data);
    case UPLOAD: return upload(d, s, data);
    case GETSTATUS: return get_status(d, data);
    case CLRSTATUS: return clear_status(d);
    case GETSTATE:
        data->data = &d->state;
        data->len = 1;
        return RK_USB_REPLY_SEND;
    case ABORT: return abort_transfer(d);
    default: return refuse(d); /* DETACH: there is nothing to detach from */
    }
}

void rk_dfu_finished(struct rk_dfu *d, const struct rk_usb_setup *s) {
    if (s->request != GETSTATUS) {
        return;
    }
    if (d->state == RK_DFU_DNBUSY) {
        d->may_work = d->waits;
    } else if (d->state == RK_DFU_MANIFEST) {
        d->state = RK_DFU_MANIFEST_WAIT_RESET;
    }
}
