/* See usb_desc.h. Strings are kept as characters and widened when they are asked for. */
#include "firmware/boot/usb_desc.h"

#define VENDOR_CODE 0x20u
#define LO(x)       ((uint8_t)((x)&0xFFu))
#define HI(x)       ((uint8_t)((x) >> 8))

static const uint8_t device[] = {
    18,         1,          LO(0x0210), HI(0x0210), 0,          0,          0, RK_USB_EP0_SIZE,
    LO(0x1D50), HI(0x1D50), 0x7F,       0x60,       LO(0x0300), HI(0x0300), 1, 2,
    3,          1,
};

/* Configuration, two alternate settings, DFU functional descriptor: the originals' order. */
static const uint8_t configuration[] = {
    9, 2,    36,   0,    1, 1,    0,    0xC0, 0x32, /* 100 mA, self-powered */
    9, 4,    0,    0,    0, 0xFE, 0x01, 2,    4,    /* internal flash */
    9, 4,    0,    1,    0, 0xFE, 0x01, 2,    5,    /* external flash */
    9, 0x21, 0x0B, 0xFF, 0, 0x00, 0x04, 0x1A, 0x01, /* 1024 bytes, DfuSe */
};

static const uint8_t bos[] = {
    5,    15,   33,   0,    1,    28,   16,   5,    0,    0xDF,        0x60,
    0xDD, 0xD8, 0x89, 0x45, 0xC7, 0x4C, 0x9C, 0xD2, 0x65, 0x9D,        0x9E,
    0x64, 0x8A, 0x9F, 0,    0,    3,    6,    0xA2, 0,    VENDOR_CODE, 0,
};

static const uint8_t microsoft_string[] = {18, 3,   'M', 0,   'S', 0,   'F', 0,           'T',
                                           0,  '1', 0,   '0', 0,   '0', 0,   VENDOR_CODE, 0};
static const uint8_t languages[] = {4, 3, 0x09, 0x04};

static const uint8_t compatible_id[] = {
    40,  0,   0,   0,   0, 1, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'W', 'I',
    'N', 'U', 'S', 'B', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,
};

#define PROPERTY_NAME "DeviceInterfaceGUIDs"
#define PROPERTY_GUID "{5D9C1E74-0B8A-4F36-9C42-7A1E6B3F2D58}"
#define NAME_BYTES    42u /* with its terminator, UTF-16 */
#define GUID_BYTES    80u /* with both terminators */
#define PROPERTIES    (10u + 8u + 2u + NAME_BYTES + 4u + GUID_BYTES)
#define SET_TOTAL     (10u + 20u + 8u + NAME_BYTES + 2u + GUID_BYTES)

#define STRING_CHARS 48u /* the longest: padded with NUL to what the originals send */

static uint8_t answer[168]; /* strings and Microsoft's sets are made here */
static char serial[25];

/* core-hardware.md 4.6: text, and how many characters the originals count. */
static const struct {
    const char *text;
    uint8_t chars;
} strings[] = {
    [1] = {"Particle          ", 18},
    [2] = {"CORE DFU ", 9},
    [3] = {serial, 24},
    [4] = {"@Internal Flash  /0x08000000/20*001Ka,108*001Kg", STRING_CHARS},
    [5] = {"@SPI Flash : SST25x/0x00000000/512*04Kg", STRING_CHARS},
};

void rk_boot_usb_set_id(const volatile uint8_t *id) {
    static const char digits[] = "0123456789ABCDEF";
    for (unsigned i = 0; i < 12; i++) {
        serial[2 * i] = digits[id[i] >> 4];
        serial[2 * i + 1] = digits[id[i] & 15u];
    }
}

static const uint8_t *string(uint8_t idx, uint16_t *len) {
    if (idx == 0) {
        *len = sizeof languages;
        return languages;
    }
    if (idx == 0xEE) {
        *len = sizeof microsoft_string;
        return microsoft_string;
    }
    if (idx >= RK_COUNT(strings)) {
        return NULL;
    }
    *len = rk_usb_string(answer, strings[idx].text, strings[idx].chars);
    return answer;
}

const uint8_t *rk_boot_usb_descriptor(void *ctx, uint8_t type, uint8_t idx, uint16_t *len) {
    (void)ctx;
    switch (type) {
    case RK_USB_DT_DEVICE: *len = sizeof device; return device;
    case RK_USB_DT_CONFIG: *len = sizeof configuration; return idx == 0 ? configuration : NULL;
    case RK_USB_DT_BOS: *len = sizeof bos; return bos;
    case RK_USB_DT_STRING: return string(idx, len);
    default: return NULL;
    }
}

static uint8_t *put(uint8_t *to, const uint8_t *bytes, unsigned len) {
    for (unsigned i = 0; i < len; i++) {
        *to++ = bytes[i];
    }
    return to;
}

/* Microsoft OS 1.0, extended properties: header, one REG_MULTI_SZ. */
static uint16_t make_properties(void) {
    static const uint8_t head[] = {PROPERTIES, 0, 0, 0, 0, 1, 5, 0, 1,          0,
                                   136,        0, 0, 0, 7, 0, 0, 0, NAME_BYTES, 0};
    static const uint8_t middle[] = {GUID_BYTES, 0, 0, 0};
    uint8_t *p = put(answer, head, sizeof head);
    p = rk_usb_widen(p, PROPERTY_NAME, NAME_BYTES / 2);
    p = put(p, middle, sizeof middle);
    (void)rk_usb_widen(p, PROPERTY_GUID, GUID_BYTES / 2);
    return PROPERTIES;
}

/* Microsoft OS 2.0: set header, compatible id, registry property. */
static uint16_t make_set(void) {
    static const uint8_t head[] = {10,  0,   0,   0,   0,   0,   3, 6, SET_TOTAL,  0, 20, 0, 3, 0,
                                   'W', 'I', 'N', 'U', 'S', 'B', 0, 0, 0,          0, 0,  0, 0, 0,
                                   0,   0,   132, 0,   4,   0,   7, 0, NAME_BYTES, 0};
    static const uint8_t middle[] = {GUID_BYTES, 0};
    uint8_t *p = put(answer, head, sizeof head);
    p = rk_usb_widen(p, PROPERTY_NAME, NAME_BYTES / 2);
    p = put(p, middle, sizeof middle);
    (void)rk_usb_widen(p, PROPERTY_GUID, GUID_BYTES / 2);
    return SET_TOTAL;
}

enum rk_usb_reply rk_boot_usb_vendor(const struct rk_usb_setup *setup, struct rk_usb_data *data) {
    if (setup->request != VENDOR_CODE || !(setup->type & RK_USB_IN)) {
        return RK_USB_REPLY_STALL;
    }
    data->data = answer;
    switch (setup->index) {
    case 4:
        data->data = compatible_id;
        data->len = sizeof compatible_id;
        return RK_USB_REPLY_SEND;
    case 5: data->len = make_properties(); return RK_USB_REPLY_SEND;
    case 7: data->len = make_set(); return RK_USB_REPLY_SEND;
    default: return RK_USB_REPLY_STALL;
    }
}
