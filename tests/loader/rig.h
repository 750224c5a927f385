/* The bootloader's ARM image on an emulated Core, with a USB host that speaks DFU to it. The image
 * comes from ./x firmware (build-arm/firmware/boot/boot.bin); without it the tests are skipped.
 */
#ifndef RK_TESTS_LOADER_RIG_H
#define RK_TESTS_LOADER_RIG_H

#include "common/led/decode.h"
#include "emu/board/spark_core.h"
#include "emu/port/usb_host.h"

#define RK_LOADER_MS 1000000ull
#define RK_LOADER_S  1000000000ull

struct rk_loader_rig {
    struct rk_machine *m;
    struct rk_usb_host host;
    struct rk_led_decoder decoder;
    char seen[32][RK_LED_NAME_CAP]; /* what the light showed, in order */
    unsigned seen_count;
    unsigned resets;
    uint8_t *flash, *ext; /* the memories */
};

/* NULL when there is no image (then a line said so). An erased board with the bootloader, factory
 * option bytes, powered on. */
struct rk_loader_rig *rk_loader_rig_new(void);
void rk_loader_rig_free(struct rk_loader_rig *r);

/* firmware/... relative to build-arm; NULL when it is not there. To be freed. */
uint8_t *rk_loader_read_built(const char *path, size_t *len);

void rk_loader_run_ns(struct rk_loader_rig *r, uint64_t ns);
/* Until the light shows this; it may do so already. False: not within ns. */
bool rk_loader_until(struct rk_loader_rig *r, const char *signal, uint64_t ns);
/* The cells of internal and external flash are changed from outside. */
void rk_loader_put(struct rk_loader_rig *r, uint32_t addr, const void *data, size_t len);
/* PC inside the application's space: it was started. */
bool rk_loader_in_app(const struct rk_loader_rig *r);
/* A small program that only loops, in the form of an application: 512 bytes. */
#define RK_LOADER_LOOP_LEN 512u
void rk_loader_loop_app(uint8_t image[RK_LOADER_LOOP_LEN], uint8_t seed);

/* --- a DFU host --- */

bool rk_loader_enumerated(struct rk_loader_rig *r, uint64_t ns);
/* A control transfer; its status. *done may be NULL. */
enum rk_usb_status rk_loader_control(struct rk_loader_rig *r, uint8_t type, uint8_t request,
                                     uint16_t value, uint16_t index, void *data, uint16_t len,
                                     size_t *done);
struct rk_loader_status {
    uint8_t status, state;
    uint32_t poll_ms;
};
bool rk_loader_get_status(struct rk_loader_rig *r, struct rk_loader_status *s);
/* DNLOAD of a block, then GETSTATUS with its pauses until the work is done, as dfu-util does. The
 * last status. */
struct rk_loader_status rk_loader_download(struct rk_loader_rig *r, uint16_t block,
                                           const void *data, uint16_t len);
struct rk_loader_status rk_loader_command(struct rk_loader_rig *r, uint8_t command, uint32_t addr);
/* What dfu-util 0.11 does: erase every unit, then pointer and block for each 1 KB. */
bool rk_loader_flash(struct rk_loader_rig *r, uint32_t addr, const uint8_t *data, size_t len);
bool rk_loader_upload(struct rk_loader_rig *r, uint32_t addr, uint8_t *data, size_t len);

/* --- a serial host --- */

/* Sends text on endpoint 3 and collects what endpoint 1 answers within ns. The answer's length. */
size_t rk_loader_say(struct rk_loader_rig *r, const char *text, char *answer, size_t cap,
                     uint64_t ns);
/* SET_LINE_CODING. */
bool rk_loader_set_baud(struct rk_loader_rig *r, uint32_t baud);

#endif
