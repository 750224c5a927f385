/* A Spark Core on the bench: published image in, LED signals with their virtual times and
 * instruction counts out. One more shell round the emulator library, for the tests of suite 'boot'.
 */
#ifndef RK_TESTS_BOOT_RIG_H
#define RK_TESTS_BOOT_RIG_H

#include "common/led/decode.h"
#include "emu/board/spark_core.h"

#define RK_RIG_SIGNALS 256
#define RK_RIG_CHANGES 4096

struct rk_rig_signal {
    char name[RK_LED_NAME_CAP]; /* as people say it: "blinking blue" */
    const char *id;             /* of the likeliest signal */
    uint64_t since_ns;
    uint64_t instr; /* when it was recognised */
};

struct rk_rig_change {
    uint64_t ns, instr;
    uint16_t rgb[3], full;
};

struct rk_rig {
    struct rk_machine *m;
    struct rk_led_decoder decoder;
    struct rk_rig_signal signals[RK_RIG_SIGNALS];
    size_t signal_count;
    struct rk_rig_change changes[RK_RIG_CHANGES]; /* the first ones */
    size_t change_count;                          /* of all */
    unsigned resets;
    const char *until; /* stop when this signal (id or name) is recognised */
    bool seen;
    bool verbose;
};

/* A fresh board (flash erased, stand-in loader) with `image` at 0x08005000, powered on. */
struct rk_rig *rk_rig_new(const uint8_t *image, size_t len);
void rk_rig_free(struct rk_rig *rig);

/* Runs for `ns` of virtual time. */
enum rk_stop rk_rig_run(struct rk_rig *rig, uint64_t ns);
/* Runs until the signal is recognised, at most `ns` more. False: it was not. */
bool rk_rig_until(struct rk_rig *rig, const char *signal, uint64_t ns);
/* Prints what was seen: image, signal, virtual time, instruction count. */
void rk_rig_print(const struct rk_rig *rig, const char *title);

#define RK_MS 1000000ull
#define RK_S  1000000000ull

#endif
