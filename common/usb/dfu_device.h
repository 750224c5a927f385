/* The device role of DFU 1.1a with ST's DfuSe commands (host-tool.md 3): states, block numbers,
 * address pointer, error states. Pure: requests come from common/usb/control, memory is behind an
 * ops table, time is the host's (poll timeouts).
 *
 * An erase or write is announced by a request, answered with dfuDNBUSY and an honest timeout, and
 * done by rk_dfu_work() once that answer has left. Unlike the original loaders (core-hardware.md
 * 4.7) failures, forbidden addresses and unknown commands are reported, an upload ends with a short
 * packet, and the mass commands are refused.
 */
#ifndef RK_COMMON_USB_DFU_DEVICE_H
#define RK_COMMON_USB_DFU_DEVICE_H

#include "common/usb/control.h"

#define RK_DFU_TRANSFER 1024u

enum rk_dfu_state {
    RK_DFU_IDLE = 2,
    RK_DFU_DNLOAD_SYNC = 3,
    RK_DFU_DNBUSY = 4,
    RK_DFU_DNLOAD_IDLE = 5,
    RK_DFU_MANIFEST_SYNC = 6,
    RK_DFU_MANIFEST = 7,
    RK_DFU_MANIFEST_WAIT_RESET = 8,
    RK_DFU_UPLOAD_IDLE = 9,
    RK_DFU_ERROR = 10,
};

enum rk_dfu_status {
    RK_DFU_OK = 0x00,
    RK_DFU_ERR_TARGET = 0x01,
    RK_DFU_ERR_WRITE = 0x03,
    RK_DFU_ERR_ERASE = 0x04,
    RK_DFU_ERR_PROG = 0x06,
    RK_DFU_ERR_VERIFY = 0x07,
    RK_DFU_ERR_ADDRESS = 0x08,
    RK_DFU_ERR_FIRMWARE = 0x0A,
    RK_DFU_ERR_UNKNOWN = 0x0E,
    RK_DFU_ERR_STALLED = 0x0F,
};

enum rk_dfu_op {
    RK_DFU_READ,
    RK_DFU_ERASE,
    RK_DFU_WRITE,
};

/* The memories. Results are DFU status codes. */
struct rk_dfu_memory {
    /* May this be done there? Also how long it takes at most. */
    enum rk_dfu_status (*check)(void *ctx, enum rk_dfu_op op, uint32_t addr, uint32_t len,
                                uint32_t *poll_ms);
    enum rk_dfu_status (*erase)(void *ctx, uint32_t addr);
    enum rk_dfu_status (*write)(void *ctx, uint32_t addr, const uint8_t *data, uint16_t len);
    /* Bytes that are there, at most len: fewer at the end of the memory. */
    uint16_t (*read)(void *ctx, uint32_t addr, uint8_t *data, uint16_t len);
    /* The host says that what it wrote is complete. */
    enum rk_dfu_status (*complete)(void *ctx);
};

struct rk_dfu {
    const struct rk_dfu_memory *memory;
    void *ctx;
    uint8_t state, status;
    uint8_t command; /* DfuSe command that waits, 0: data */
    bool waits;      /* a download is to be done */
    bool may_work;   /* the answer that announced it has left */
    bool wrote;      /* since the interface was selected */
    bool leaves;     /* manifestation was announced: the caller restarts the board */
    uint16_t block, len;
    uint32_t pointer, work_addr, poll_ms;
    uint8_t data[RK_DFU_TRANSFER];
    uint8_t answer[6];
};

/* pointer: where a download goes that sets no address. has_app false: begins in dfuERROR with
 * errFIRMWARE, as DFU 1.1a 6.1.2 asks for. */
void rk_dfu_init(struct rk_dfu *d, const struct rk_dfu_memory *memory, void *ctx, uint32_t pointer,
                 bool has_app);
/* The class requests; for ops->request, received and finished of common/usb/control. */
enum rk_usb_reply rk_dfu_request(struct rk_dfu *d, const struct rk_usb_setup *setup,
                                 struct rk_usb_data *data);
bool rk_dfu_received(struct rk_dfu *d, const struct rk_usb_setup *setup);
void rk_dfu_finished(struct rk_dfu *d, const struct rk_usb_setup *setup);
/* SET_INTERFACE, or a bus reset: what was begun is over. */
void rk_dfu_restart(struct rk_dfu *d);
/* Erases or writes, if that is to be done now. True: the board shall restart. */
bool rk_dfu_work(struct rk_dfu *d);

#endif
