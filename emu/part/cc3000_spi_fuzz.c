/* Anything a guest may do to the radio's pins: CS, enable, clocks, time. Each input byte is an
 * action; runs of bytes go over SPI with CS low. */
#include "common/base/attr.h"
#include "emu/part/cc3000_bench.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cc_bench b;
    cc_bench_init(&b, NULL);
    for (size_t i = 0; i < size; i++) {
        switch (data[i] & 7) {
        case 0: cc_bench_cs(&b, data[i] >> 3 & 1); break;
        case 1: rk_testbench_input(b.t, RK_CC3000_IN_ENABLE, data[i] >> 3 & 1); break;
        case 2: rk_testbench_pass_ns(b.t, (uint64_t)(data[i] >> 3) * 5000000u); break;
        case 3: rk_testbench_pass_ns(b.t, (uint64_t)(data[i] >> 3) * 20000u); break;
        default: {
            const size_t n = RK_MIN((size_t)(data[i] >> 2), size - i - 1);
            cc_bench_clock(&b, data + i + 1, NULL, n);
            i += n;
        }
        }
    }
    cc_bench_release(&b);
    return 0;
}
