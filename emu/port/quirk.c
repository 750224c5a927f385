/* See quirk.h; every answer follows core-hardware.md 4.6 and 4.7. */
#include "emu/port/quirk.h"

#include <stdio.h>
#include <string.h>

#include "common/base/bytes.h"

#define MS             1000000u
#define BLOCK          1024u
#define INTERNAL_BASE  0x08000000u
#define APP_ADDR       0x08005000u
#define FLAGS_OFF      0x4C00u /* system flags page; FLASH_OTA_Update at +4 (core-hardware.md 3) */
#define PROTECTED_SIZE 0x4000u
#define PAGE           1024u
#define SECTOR         4096u
#define LEAVE_NS       (500u * MS)

/* Data sheet typicals (host-tool.md 3.9). */
#define ERASE_INTERNAL_NS   (20u * MS)
#define PROGRAM_HALF_NS     52500u
#define ERASE_EXTERNAL_NS   (18u * MS)
#define PROGRAM_PAIR_NS     10000u
#define UPLOAD_EXTERNAL_NS  (18u * MS) /* per KB: the block is read again for each packet */
#define POLL_ERASE_INTERNAL 50u
#define POLL_WRITE_INTERNAL 50u
#define POLL_ERASE_EXTERNAL 20u
#define POLL_WRITE_EXTERNAL 30u

enum dfu_state {
    DFU_IDLE = 2,
    DFU_DNLOAD_SYNC = 3,
    DFU_DNBUSY = 4,
    DFU_DNLOAD_IDLE = 5,
    DFU_MANIFEST_SYNC = 6,
    DFU_MANIFEST = 7,
    DFU_MANIFEST_WAIT_RESET = 8,
    DFU_UPLOAD_IDLE = 9,
    DFU_ERROR = 10,
    DFU_NONSENSE = 0x0F, /* the original writes a status code into the state */
};

enum dfu_status {
    STATUS_OK = 0,
    STATUS_FIRMWARE = 0x0A,
    STATUS_UNKNOWN = 0x0E,
};

enum dfu_request {
    DFU_DNLOAD = 1,
    DFU_UPLOAD,
    DFU_GETSTATUS,
    DFU_CLRSTATUS,
    DFU_GETSTATE,
    DFU_ABORT,
};

static const uint8_t device_desc[18] = {18,   1,    0x00, 0x01, 0,    0, 0, 64, 0x50,
                                        0x1D, 0x7F, 0x60, 0x00, 0x02, 1, 2, 3,  1};
/* Configuration, alternate settings 0 and 1, DFU functional. */
static const uint8_t config_desc[36] = {
    9, 2, 36, 0, 1, 1,    0, 0xC0, 0x32, 9, 4,    0,    0,    0,    0xFE, 1,    2,    4,
    9, 4, 0,  1, 0, 0xFE, 1, 2,    5,    9, 0x21, 0x0B, 0xFF, 0x00, 0x00, 0x04, 0x1A, 0x01};

static struct rk_quirk *quirk_of(struct rk_usb_target *target) {
    return (struct rk_quirk *)((char *)target - offsetof(struct rk_quirk, target));
}

/* --- memories ----------------------------------------------------------------------------------
 */

enum medium {
    MEDIUM_INTERNAL,
    MEDIUM_EXTERNAL,
    MEDIUM_NONE,
};

static enum medium medium_of(uint32_t addr) {
    switch (addr & 0xFC000000u) {
    case INTERNAL_BASE: return MEDIUM_INTERNAL;
    case 0: return MEDIUM_EXTERNAL;
    default: return MEDIUM_NONE;
    }
}

static void spend(struct rk_quirk *q, uint64_t ns) {
    if (!q->config.instant) {
        q->busy_until_ns = RK_MAX(q->busy_until_ns, q->now_ns) + ns;
    }
}

static bool internal_off(const struct rk_quirk *q, uint32_t addr, uint32_t *off) {
    *off = addr - INTERNAL_BASE;
    return *off < RK_QUIRK_INTERNAL && !(q->config.protected_low && *off < PROTECTED_SIZE);
}

static void erase(struct rk_quirk *q, uint32_t addr) {
    uint32_t off;
    switch (medium_of(addr)) {
    case MEDIUM_INTERNAL:
        if (internal_off(q, addr, &off)) {
            memset(q->config.internal + off / PAGE * PAGE, 0xFF, PAGE);
            spend(q, ERASE_INTERNAL_NS);
        }
        break;
    case MEDIUM_EXTERNAL:
        memset(q->config.external + addr % RK_QUIRK_EXTERNAL / SECTOR * SECTOR, 0xFF, SECTOR);
        spend(q, ERASE_EXTERNAL_NS);
        break;
    case MEDIUM_NONE: break;
    }
}

/* PM0075 2.3.4: a half-word must be erased, or the value 0. */
static void program_half(struct rk_quirk *q, uint32_t addr, const uint8_t half[2]) {
    uint32_t off;
    if (!internal_off(q, addr & ~1u, &off)) {
        return;
    }
    uint8_t *cell = q->config.internal + off;
    bool erased = cell[0] == 0xFF && cell[1] == 0xFF;
    if (erased || (half[0] == 0 && half[1] == 0)) {
        memcpy(cell, half, 2);
    }
    spend(q, PROGRAM_HALF_NS);
}

static void write_block(struct rk_quirk *q, uint32_t addr, uint32_t len) {
    uint32_t padded = (len + 3) & ~3u;
    switch (medium_of(addr)) {
    case MEDIUM_INTERNAL:
        memset(q->buffer + len, 0xFF, padded - len);
        for (uint32_t i = 0; i < padded; i += 2) {
            program_half(q, addr + i, q->buffer + i);
        }
        break;
    case MEDIUM_EXTERNAL:
        for (uint32_t i = 0; i < len; i++) {
            q->config.external[(addr + i) % RK_QUIRK_EXTERNAL] &= q->buffer[i];
        }
        spend(q, (uint64_t)(len + 1) / 2 * PROGRAM_PAIR_NS);
        break;
    case MEDIUM_NONE: break;
    }
}

static void read_block(struct rk_quirk *q, uint32_t addr, uint8_t *data, size_t len) {
    memset(data, 0xFF, len);
    switch (medium_of(addr)) {
    case MEDIUM_INTERNAL:
        for (size_t i = 0; i < len && addr - INTERNAL_BASE + i < RK_QUIRK_INTERNAL; i++) {
            data[i] = q->config.internal[addr - INTERNAL_BASE + i];
        }
        break;
    case MEDIUM_EXTERNAL:
        for (size_t i = 0; i < len; i++) {
            data[i] = q->config.external[(addr + i) % RK_QUIRK_EXTERNAL];
        }
        spend(q, UPLOAD_EXTERNAL_NS * len / BLOCK);
        break;
    case MEDIUM_NONE: break;
    }
}

/* --- leaving -----------------------------------------------------------------------------------
 */

/* FINISH (4.1): the flag 0x5000 into the flags page, reset into the application. */
static void leave(struct rk_quirk *q) {
    uint8_t flags[18];
    uint8_t *page = q->config.internal + FLAGS_OFF;
    memcpy(flags, page, sizeof flags);
    memset(page, 0xFF, PAGE);
    rk_put_u16le(flags + 4, 0x5000);
    memcpy(page, flags, sizeof flags);
    q->left = true;
    rk_quirk_unplug(q);
}

/* --- DFU ---------------------------------------------------------------------------------------
 */

enum outcome {
    OUTCOME_OK,
    OUTCOME_STALL,
};

/* What a GETSTATUS announced happens after its status stage. */
static void do_pending(struct rk_quirk *q) {
    uint32_t addr = q->pending_len >= 5 ? rk_get_u32le(q->buffer + 1) : 0;
    if (q->pending_block >= 2) {
        write_block(q, q->pointer + (q->pending_block - 2u) * BLOCK, q->pending_len);
    } else if (q->pending_block == 0 && q->pending_len == 5 && q->buffer[0] == 0x21) {
        q->pointer = addr;
    } else if (q->pending_block == 0 && q->pending_len == 5 && q->buffer[0] == 0x41) {
        q->pointer = addr;
        erase(q, addr);
    }
    q->pending_len = 0;
}

static unsigned poll_ms(const struct rk_quirk *q) {
    bool erases = q->pending_block == 0 && q->pending_len == 5 && q->buffer[0] == 0x41;
    if (medium_of(q->pointer) == MEDIUM_EXTERNAL) {
        return erases ? POLL_ERASE_EXTERNAL : POLL_WRITE_EXTERNAL;
    }
    return erases ? POLL_ERASE_INTERNAL : POLL_WRITE_INTERNAL;
}

static enum outcome download(struct rk_quirk *q, struct rk_usb_transfer *t) {
    if (q->state != DFU_IDLE && q->state != DFU_DNLOAD_IDLE) {
        return OUTCOME_STALL;
    }
    if (t->len == 0) {
        q->state = DFU_MANIFEST_SYNC;
        return OUTCOME_OK;
    }
    /* The original overruns its buffer here; a model has nothing to gain from that. */
    q->pending_len = (uint16_t)RK_MIN(t->len, BLOCK);
    q->pending_block = rk_get_u16le(t->setup + 2);
    memcpy(q->buffer, t->data, q->pending_len);
    q->state = DFU_DNLOAD_SYNC;
    t->done = t->len;
    return OUTCOME_OK;
}

static enum outcome upload(struct rk_quirk *q, struct rk_usb_transfer *t) {
    static const uint8_t commands[3] = {0x00, 0x21, 0x41};
    uint16_t block = rk_get_u16le(t->setup + 2);
    if (t->len == 0) {
        q->state = DFU_IDLE; /* in every state */
        return OUTCOME_OK;
    }
    if (q->state != DFU_IDLE && q->state != DFU_UPLOAD_IDLE) {
        return OUTCOME_STALL;
    }
    if (block == 0) {
        q->state = t->len <= sizeof commands ? DFU_UPLOAD_IDLE : DFU_IDLE;
        t->done = RK_MIN(t->len, sizeof commands);
        memcpy(t->data, commands, t->done);
    } else if (block == 1) {
        q->state = DFU_NONSENSE;
        return OUTCOME_STALL;
    } else {
        q->state = DFU_UPLOAD_IDLE;
        read_block(q, q->pointer + (block - 2u) * BLOCK, t->data, t->len);
        t->done = t->len;
    }
    return OUTCOME_OK;
}

static enum outcome get_status(struct rk_quirk *q, struct rk_usb_transfer *t) {
    unsigned poll = 0;
    bool works = false, leaves = false;
    if (q->state == DFU_DNLOAD_SYNC && q->pending_len > 0) {
        q->state = DFU_DNBUSY;
        poll = poll_ms(q);
        works = true;
    } else if (q->state == DFU_DNLOAD_SYNC) {
        q->state = DFU_DNLOAD_IDLE;
    } else if (q->state == DFU_MANIFEST_SYNC && q->config.era == RK_QUIRK_2014) {
        q->state = DFU_MANIFEST;
        poll = 1;
        leaves = true;
    } else if (q->state == DFU_MANIFEST_SYNC) {
        q->state = DFU_DNLOAD_IDLE;
        leaves = true;
    }
    uint8_t reply[6] = {q->status, (uint8_t)poll, 0, 0, q->state, 0};
    t->done = RK_MIN(t->len, sizeof reply);
    memcpy(t->data, reply, t->done);
    if (works) {
        do_pending(q);
        q->state = DFU_DNLOAD_SYNC;
    } else if (leaves) {
        q->leave_ns = q->now_ns + (q->config.era == RK_QUIRK_2014 ? 1 : LEAVE_NS);
        q->state = q->config.era == RK_QUIRK_2014 ? DFU_MANIFEST : DFU_MANIFEST_WAIT_RESET;
    }
    return OUTCOME_OK;
}

static enum outcome clear_status(struct rk_quirk *q) {
    if (q->state == DFU_ERROR) {
        q->state = DFU_IDLE;
        q->status = STATUS_OK;
    } else {
        q->state = DFU_ERROR;
        q->status = STATUS_UNKNOWN;
    }
    return OUTCOME_OK;
}

static enum outcome abort_to_idle(struct rk_quirk *q) {
    switch ((enum dfu_state)q->state) {
    case DFU_IDLE:
    case DFU_DNLOAD_SYNC:
    case DFU_DNLOAD_IDLE:
    case DFU_MANIFEST_SYNC:
    case DFU_UPLOAD_IDLE:
        q->state = DFU_IDLE;
        q->status = STATUS_OK;
        q->pending_len = 0;
        break;
    default: break;
    }
    return OUTCOME_OK;
}

static enum outcome class_request(struct rk_quirk *q, struct rk_usb_transfer *t) {
    bool in = t->setup[0] & 0x80;
    switch (t->setup[1]) {
    case DFU_DNLOAD: return in ? OUTCOME_STALL : download(q, t);
    case DFU_UPLOAD: return in ? upload(q, t) : OUTCOME_STALL;
    case DFU_GETSTATUS: return in ? get_status(q, t) : OUTCOME_STALL;
    case DFU_CLRSTATUS: return in ? OUTCOME_STALL : clear_status(q);
    case DFU_GETSTATE:
        if (!in || t->len < 1) {
            return OUTCOME_STALL;
        }
        t->data[0] = q->state;
        t->done = 1;
        return OUTCOME_OK;
    case DFU_ABORT: return in ? OUTCOME_STALL : abort_to_idle(q);
    default: return OUTCOME_STALL; /* DETACH among them */
    }
}

/* --- descriptors -------------------------------------------------------------------------------
 */

/* core-hardware.md 4.6: sum of words 0 and 2, then the upper half of word 1; or all 12 bytes. */
static size_t serial_text(const struct rk_quirk *q, char text[26]) {
    const uint8_t *id = q->config.id;
    if (q->config.era == RK_QUIRK_V0_70) {
        for (unsigned i = 0; i < 12; i++) {
            snprintf(text + 2 * i, 3, "%02X", id[i]);
        }
        return 25; /* the NUL is sent, too */
    }
    snprintf(text, 26, "%08X%04X", (unsigned)(rk_get_u32le(id) + rk_get_u32le(id + 8)),
             (unsigned)(rk_get_u32le(id + 4) >> 16));
    return 12;
}

/* UTF-16 of `chars` characters; what `text` lacks is NUL. */
static size_t put_string(uint8_t out[128], const char *text, size_t chars) {
    size_t have = strnlen(text, chars);
    out[0] = (uint8_t)(2 + 2 * chars);
    out[1] = RK_USB_DESC_STRING;
    for (size_t i = 0; i < chars; i++) {
        out[2 + 2 * i] = i < have ? (uint8_t)text[i] : 0;
        out[3 + 2 * i] = 0;
    }
    return out[0];
}

static size_t string_desc(const struct rk_quirk *q, uint8_t index, uint8_t out[128]) {
    char serial[26] = "";
    size_t chars;
    switch (index) {
    case 0: memcpy(out, "\x04\x03\x09\x04", 4); return 4;
    case 1:
        return put_string(
            out, q->config.era == RK_QUIRK_2014 ? "Spark Devices     " : "Particle          ", 18);
    case 2: return put_string(out, "CORE DFU ", 9);
    case 3: chars = serial_text(q, serial); return put_string(out, serial, chars);
    case 4: return put_string(out, "@Internal Flash  /0x08000000/20*001Ka,108*001Kg", 48);
    case 5: return put_string(out, "@SPI Flash : SST25x/0x00000000/512*04Kg", 48);
    case 6:
    case 7:
    case 8: /* whatever lies behind the table */ memset(out, 0, 4); return 4;
    default: return 0;
    }
}

static enum outcome get_descriptor(struct rk_quirk *q, struct rk_usb_transfer *t) {
    uint8_t string[128];
    const uint8_t *from = string;
    size_t len = 0;
    if (t->setup[3] == RK_USB_DESC_DEVICE) {
        from = device_desc;
        len = sizeof device_desc;
    } else if (t->setup[3] == RK_USB_DESC_CONFIG) {
        from = config_desc;
        len = sizeof config_desc;
    } else if (t->setup[3] == RK_USB_DESC_STRING) {
        len = string_desc(q, t->setup[2], string);
    }
    t->done = RK_MIN(t->len, len);
    if (t->done > 0) {
        memcpy(t->data, from, t->done);
    }
    return len ? OUTCOME_OK : OUTCOME_STALL;
}

static enum outcome reply_byte(struct rk_usb_transfer *t, uint8_t value, size_t len) {
    uint8_t reply[2] = {value, 0};
    t->done = RK_MIN(t->len, len);
    if (t->done > 0) {
        memcpy(t->data, reply, t->done);
    }
    return OUTCOME_OK;
}

static enum outcome standard_request(struct rk_quirk *q, struct rk_usb_transfer *t) {
    switch (t->setup[0] << 8 | t->setup[1]) {
    case 0x8000 | RK_USB_REQ_GET_DESCRIPTOR: return get_descriptor(q, t);
    case 0x8000 | RK_USB_REQ_GET_STATUS: return reply_byte(t, 1, 2); /* self powered */
    case 0x8100 | RK_USB_REQ_GET_STATUS: return reply_byte(t, 0, 2);
    case 0x8000 | RK_USB_REQ_GET_CONFIGURATION: return reply_byte(t, q->target.configuration, 1);
    case 0x0000 | RK_USB_REQ_SET_ADDRESS: return OUTCOME_OK;
    case 0x0000 | RK_USB_REQ_SET_CONFIGURATION:
        return t->setup[2] <= 1 ? OUTCOME_OK : OUTCOME_STALL;
    case 0x8100 | RK_USB_REQ_GET_INTERFACE: return reply_byte(t, q->alt, 1);
    case 0x0100 | RK_USB_REQ_SET_INTERFACE:
        if (t->setup[4] > 2 || t->setup[2] > 3) {
            return OUTCOME_STALL;
        }
        q->alt = t->setup[2];
        return OUTCOME_OK;
    default: return OUTCOME_STALL;
    }
}

/* --- the target --------------------------------------------------------------------------------
 */

static enum outcome handle(struct rk_quirk *q, struct rk_usb_transfer *t) {
    if ((t->ep & 0x0F) != 0) {
        return OUTCOME_STALL;
    }
    switch (t->setup[0] & 0x60) {
    case 0x00: return standard_request(q, t);
    case 0x20: return class_request(q, t);
    default: return OUTCOME_STALL;
    }
}

static void work(struct rk_quirk *q) {
    if (q->working) {
        return;
    }
    q->working = true;
    while (q->first && q->busy_until_ns <= q->now_ns) {
        struct rk_usb_transfer *t = q->first;
        q->first = t->next;
        enum outcome outcome = handle(q, t);
        rk_usb_finish(&q->target, t, outcome == OUTCOME_OK ? RK_USB_OK : RK_USB_STALL,
                      outcome == OUTCOME_OK ? t->done : 0);
    }
    q->working = false;
}

static void quirk_submit(struct rk_usb_target *target, struct rk_usb_transfer *t) {
    struct rk_quirk *q = quirk_of(target);
    if (q->first) {
        q->last->next = t;
    } else {
        q->first = t;
    }
    q->last = t;
    work(q);
}

static void quirk_cancel(struct rk_usb_target *target, struct rk_usb_transfer *t) {
    struct rk_quirk *q = quirk_of(target);
    struct rk_usb_transfer *before = NULL;
    for (struct rk_usb_transfer *x = q->first; x && x != t; x = x->next) {
        before = x;
    }
    if (before) {
        before->next = t->next;
    } else {
        q->first = t->next;
    }
    if (q->last == t) {
        q->last = before;
    }
    rk_usb_finish(target, t, RK_USB_CANCELLED, 0);
}

static void end_all(struct rk_quirk *q, enum rk_usb_status status) {
    struct rk_usb_transfer *t = q->first, *next;
    q->first = NULL;
    for (; t; t = next) {
        next = t->next;
        rk_usb_finish(&q->target, t, status, 0);
    }
}

/* A bus reset leaves the originals' DFU state as it is. */
static void quirk_reset(struct rk_usb_target *target) {
    struct rk_quirk *q = quirk_of(target);
    end_all(q, RK_USB_CANCELLED);
    target->configuration = 0;
}

static uint64_t quirk_now(struct rk_usb_target *target) {
    return quirk_of(target)->now_ns;
}

static const struct rk_usb_target_ops quirk_ops = {
    .submit = quirk_submit, .cancel = quirk_cancel, .reset = quirk_reset, .now_ns = quirk_now};

void rk_quirk_init(struct rk_quirk *quirk, const struct rk_quirk_config *config) {
    memset(quirk, 0, sizeof *quirk);
    quirk->target.ops = &quirk_ops;
    quirk->config = *config;
    memcpy(quirk->desc.device, device_desc, sizeof device_desc);
    memcpy(quirk->desc.config, config_desc, sizeof config_desc);
    quirk->desc.config_len = sizeof config_desc;
}

void rk_quirk_plug(struct rk_quirk *quirk, uint64_t now_ns) {
    quirk->now_ns = now_ns;
    quirk->busy_until_ns = 0;
    quirk->leave_ns = 0;
    quirk->left = false;
    quirk->pointer = APP_ADDR;
    quirk->state = DFU_ERROR;
    quirk->status = STATUS_FIRMWARE;
    quirk->pending_len = 0;
    quirk->alt = 0;
    rk_usb_target_plugged(&quirk->target, &quirk->desc);
}

void rk_quirk_unplug(struct rk_quirk *quirk) {
    quirk->leave_ns = 0;
    end_all(quirk, RK_USB_GONE);
    rk_usb_target_unplugged(&quirk->target);
}

void rk_quirk_advance(struct rk_quirk *quirk, uint64_t now_ns) {
    quirk->now_ns = RK_MAX(now_ns, quirk->now_ns);
    if (quirk->leave_ns && quirk->leave_ns <= quirk->now_ns) {
        leave(quirk);
    }
    work(quirk);
}

uint64_t rk_quirk_deadline_ns(const struct rk_quirk *quirk) {
    uint64_t at = quirk->leave_ns ? quirk->leave_ns : UINT64_MAX;
    return quirk->first ? RK_MIN(at, quirk->busy_until_ns) : at;
}
