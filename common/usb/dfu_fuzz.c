/* A hostile host: any setup packets and data against the control endpoint and the DFU device role.
 * The memory behind it must only be touched where it said that it may be.
 * Ten bytes each: what to do, length of the data that follows, setup packet.
 */
#include <string.h>

#include "common/base/bytes.h"
#include "common/usb/dfu_device.h"
#include "tests/fuzz/fuzz.h"

#define BASE 0x08005000u
#define SIZE 5000u

struct world {
    struct rk_usb_control control;
    uint8_t memory[SIZE];
    uint32_t checked_addr, checked_len;
    uint8_t seen;
    struct rk_dfu dfu; /* last: what is written behind its buffer leaves the struct */
};

static enum rk_dfu_status check(void *ctx, enum rk_dfu_op op, uint32_t addr, uint32_t len,
                                uint32_t *poll_ms) {
    struct world *w = ctx;
    (void)op;
    *poll_ms = 1;
    w->checked_addr = addr;
    w->checked_len = len;
    return addr - BASE < SIZE && len <= SIZE - (addr - BASE) ? RK_DFU_OK : RK_DFU_ERR_ADDRESS;
}

static enum rk_dfu_status erase(void *ctx, uint32_t addr) {
    struct world *w = ctx;
    if (addr != w->checked_addr || addr - BASE >= SIZE) {
        __builtin_trap();
    }
    w->memory[addr - BASE] = 0xFF;
    return RK_DFU_OK;
}

static enum rk_dfu_status write(void *ctx, uint32_t addr, const uint8_t *data, uint16_t len) {
    struct world *w = ctx;
    if (addr != w->checked_addr || len != w->checked_len || addr - BASE >= SIZE) {
        __builtin_trap();
    }
    memcpy(w->memory + (addr - BASE), data, len);
    return len & 1 ? RK_DFU_ERR_PROG : RK_DFU_OK;
}

static uint16_t read(void *ctx, uint32_t addr, uint8_t *data, uint16_t len) {
    struct world *w = ctx;
    uint32_t off = addr - BASE;
    uint16_t n = off >= SIZE ? 0 : (uint16_t)RK_MIN(SIZE - off, (uint32_t)len);
    if (n > 0) {
        memcpy(data, w->memory + off, n);
    }
    return n;
}

static enum rk_dfu_status complete(void *ctx) {
    struct world *w = ctx;
    return w->memory[0] & 1 ? RK_DFU_ERR_FIRMWARE : RK_DFU_OK;
}

static const struct rk_dfu_memory memory = {check, erase, write, read, complete};

/* Every byte that leaves is read, so that one from outside a buffer shows. */
static void port_send(void *ctx, const uint8_t *data, uint16_t len) {
    struct world *w = ctx;
    if (len > RK_USB_EP0_SIZE) {
        __builtin_trap();
    }
    for (uint16_t i = 0; i < len; i++) {
        w->seen ^= data[i];
    }
}

static void port_nothing(void *ctx) {
    (void)ctx;
}

static void port_address(void *ctx, uint8_t addr) {
    (void)ctx;
    (void)addr;
}

static const struct rk_usb_port port = {port_send, port_nothing, port_nothing, port_address};

static const uint8_t *descriptor(void *ctx, uint8_t type, uint8_t idx, uint16_t *len) {
    static const uint8_t bytes[70] = {70};
    (void)ctx;
    *len = idx < sizeof bytes ? idx : sizeof bytes;
    return type < 8 ? bytes : NULL;
}

static enum rk_usb_reply request(void *ctx, const struct rk_usb_setup *setup,
                                 struct rk_usb_data *data) {
    struct world *w = ctx;
    if ((setup->type & RK_USB_KIND) != RK_USB_STANDARD) {
        return rk_dfu_request(&w->dfu, setup, data);
    }
    rk_dfu_restart(&w->dfu);
    return RK_USB_REPLY_ACCEPT;
}

static bool received(void *ctx, const struct rk_usb_setup *setup) {
    struct world *w = ctx;
    return rk_dfu_received(&w->dfu, setup);
}

static void finished(void *ctx, const struct rk_usb_setup *setup) {
    struct world *w = ctx;
    rk_dfu_finished(&w->dfu, setup);
}

static const struct rk_usb_device_ops ops = {descriptor, request, received, finished, 1, 2};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct world w;
    memset(&w, 0, sizeof w);
    rk_dfu_init(&w.dfu, &memory, &w, BASE, true);
    rk_usb_control_init(&w.control, &port, &w, &ops, &w);
    while (size >= 10) {
        uint8_t what = data[0], len = data[1];
        rk_usb_control_setup(&w.control, data + 2);
        data += 10;
        size -= 10;
        for (unsigned i = 0; i < (what & 31u); i++) { /* the host takes packets, or sends them */
            if (what & 0x20) {
                rk_usb_control_in(&w.control);
            } else {
                uint16_t n = (uint16_t)RK_MIN(RK_MIN((size_t)len, size), (size_t)RK_USB_EP0_SIZE);
                rk_usb_control_out(&w.control, data, n);
            }
        }
        size_t used = RK_MIN((size_t)len, size);
        data += used;
        size -= used;
        if (what & 0x40) {
            (void)rk_dfu_work(&w.dfu);
        }
        if (what & 0x80) {
            rk_usb_control_in(&w.control);
            rk_usb_control_out(&w.control, NULL, 0);
        }
    }
    return 0;
}
