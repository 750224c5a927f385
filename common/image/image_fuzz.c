/* Arbitrary bytes as an image: whatever they are, parsing ends and stays inside the buffer. */
#include "common/image/image.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_image img;
    if (rk_image_parse(&img, data, size) == 0) {
        for (int id = 0; id < RK_BOARD_COUNT; id++) {
            (void)rk_image_check_app(&img, rk_board_get((enum rk_board_id)id));
            (void)rk_image_check_bootloader(&img, rk_board_get((enum rk_board_id)id));
        }
        (void)rk_image_sha_ok(&img);
        (void)rk_image_identify(&img);
    }
    return 0;
}
