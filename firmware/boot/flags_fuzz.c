/* Whatever stands in the flags page, the journal page, the backup registers and at the beginning of
 * the application and the image slots: the bootloader comes to an end, breaks no rule of the flash,
 * and leaves its own pages alone.
 */
#include <string.h>

#include "common/base/bytes.h"
#include "firmware/boot/model.h"
#include "tests/fuzz/fuzz.h"

static struct rk_model model; /* all of it is set below at every call */

static void take(uint8_t *to, size_t cap, const uint8_t **data, size_t *size) {
    size_t n = RK_MIN(cap, *size);
    memcpy(to, *data, n);
    *data += n;
    *size -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t head[24] = {0};
    enum rk_boot_action end;
    rk_model_init(&model);
    rk_model_use(&model);
    take(head, sizeof head, &data, &size);
    model.s.csr = rk_get_u32le(head);
    model.s.backup[1] = rk_get_u16le(head + 4);
    model.s.backup[9] = rk_get_u16le(head + 6);
    model.s.backup[10] = rk_get_u16le(head + 8);
    for (unsigned i = 0; i < 4; i++) { /* the start of an image that may be taken for one */
        static const uint32_t places[] = {0x5000, RK_EXT_FACTORY_ADDR, RK_EXT_BACKUP_ADDR,
                                          RK_EXT_OTA_ADDR};
        uint8_t *to = i == 0 ? model.s.flash + places[0] : model.s.ext + places[i];
        if (head[10 + i] & 1) {
            rk_model_image(to, 1024 + 4u * head[10 + i], head[10 + i], head[10 + i] & 2);
        }
    }
    take(model.s.flash + 0x4C00, 18, &data, &size);
    take(model.s.flash + 0x4800, 1024, &data, &size);
    for (unsigned i = 0; i < 3; i++) {
        if (!rk_model_boot(&model, (enum rk_hold)(head[14 + i] % 5), 8, &end)) {
            __builtin_trap();
        }
    }
    if (model.violations) {
        __builtin_trap();
    }
    return 0;
}
