/* network.json from anybody. */
#include "emu/port/net_config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct rk_net_config config;
    char why[128];
    (void)!rk_net_config_parse((const char *)data, size, &config, why, sizeof why);
    return 0;
}
