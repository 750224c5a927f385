/* Arbitrary light: any sequence of level changes is decoded without end or overrun, and every
 * observation has a name. Eight bytes per change: time step, r, g, b.
 */
#include "common/base/bytes.h"
#include "common/led/decode.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rk_led_decoder d;
    struct rk_led_observation o;
    char name[RK_LED_NAME_CAP];
    uint64_t now = 0;
    rk_led_decoder_init(&d, 0, RK_ERA_ALL);
    for (size_t i = 0; i + 8 <= size; i += 8) {
        now += (uint64_t)rk_get_u16le(data + i) * 100000;
        rk_led_decoder_feed(&d, now, rk_get_u16le(data + i + 2), rk_get_u16le(data + i + 4),
                            rk_get_u16le(data + i + 6), data[i] & 1 ? 10000 : 100);
        if (data[i + 1] == 0x55) {
            rk_led_decoder_reset(&d, now);
        }
        while (rk_led_decoder_event(&d, &o)) {
            rk_led_observed_name(&o, name);
            if (name[0] == 0 || o.seen_ns > now) {
                __builtin_trap();
            }
        }
    }
    return 0;
}
