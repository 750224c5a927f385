/* Any bytes from a USB/IP client, in any pieces, while the device comes and goes. */
#include <stdlib.h>

#include "emu/port/usb_fuzz.h"
#include "emu/port/usbip.h"
#include "tests/fuzz/fuzz.h"

static size_t sent_bytes;

static void discard(void *ctx, const void *data, size_t len) {
    const uint8_t *p = data;
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        sent_bytes += p[i]; /* reads every byte, for the sanitizers */
    }
}

static bool input(void *conn, const void *data, size_t len) {
    return rk_usbip_input(conn, data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_usbip_conn *conn = malloc(sizeof *conn);
    struct rk_quirk quirk;
    if (size < 1 || !conn) {
        free(conn);
        return 0;
    }
    fuzz_device(&quirk, data[0]);
    rk_usbip_open(conn, &quirk.target, "core-1", discard, NULL);
    fuzz_script(&quirk, data + 1, size - 1, input, conn);
    rk_usbip_close(conn);
    free(conn); /* what the device still holds of it shows below */
    rk_quirk_unplug(&quirk);
    return 0;
}
