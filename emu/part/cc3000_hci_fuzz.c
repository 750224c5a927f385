/* HCI packets of any content, each whole on the link: lengths that lie, unknown opcodes, arguments
 * out of range, on a started and connected radio. Input: records of a length byte and the
 * packet. What the chip answers is read. */
#include <string.h>

#include "emu/part/cc3000_bench.h"
#include "emu/port/net_link.h"
#include "emu/port/net_peer.h"
#include "tests/fuzz/fuzz.h"

struct world {
    struct rk_net *peer;
};

static void on_received(void *ctx, int conn, const void *data, size_t len, uint64_t now) {
    struct world *w = ctx;
    (void)now;
    rk_net_peer_send(w->peer, conn, data, len);
}

static void configure(struct rk_net_config *config) {
    memset(config, 0, sizeof *config);
    config->ap_count = 1;
    config->aps[0] = (struct rk_net_ap){.ssid = "a",
                                        .ssid_len = 1,
                                        .channel = 1,
                                        .modes = 7,
                                        .dhcp = true,
                                        .internet = true,
                                        .ip = 0xC0A80164u};
    config->name_count = 1;
    config->names[0] = (struct rk_net_name){"a", 0x7F000001u};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct rk_net_peer_ops ops = {.received = on_received};
    static const uint8_t open_ap[16] = {1, 4, 0, 12, 1};
    const uint8_t zero = 0;
    struct rk_net_config config;
    struct cc_bench b;
    struct world w;
    configure(&config);
    w.peer = rk_net_peer_new(&ops, &w);
    struct rk_net *link = rk_net_link_new(&config, w.peer);
    cc_bench_init(&b, link);
    cc_bench_power_on(&b);
    cc_bench_call(&b, 0x4000, &zero, 1);
    cc_bench_write(&b, open_ap, sizeof open_ap);
    cc_bench_event(&b, 0x8010, 3000);
    for (size_t i = 0; i < size;) {
        const size_t n = RK_MIN((size_t)data[i], size - i - 1);
        cc_bench_write(&b, data + i + 1, n);
        while (cc_bench_read(&b, 2000)) {
        }
        i += n + 1;
    }
    cc_bench_release(&b);
    rk_net_link_free(link);
    rk_net_peer_free(w.peer);
    return 0;
}
