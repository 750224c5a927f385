/* See network.h. */
#include "emu/shell/network.h"

#include "emu/part/cc3000.h"
#include "emu/port/net_config.h"
#include "emu/port/net_host.h"
#include "emu/port/net_link.h"
#include "emu/shell/fail.h"

static int load(struct rk_network *n, const struct rk_folder *f) {
    char path[RK_PATH_MAX];
    char why[256] = "";
    int rc = rk_path_in(f->path, "network.json", path);
    if (rc == 0) {
        rc = rk_net_config_load(path, &n->config, why, sizeof why);
    }
    if (rc == RK_E_NOT_FOUND) {
        rk_net_config_default(&n->config);
        return 0;
    }
    return rc ? rk_shell_fail(rc, "%s%s%s", path, *why ? ": " : "", why) : 0;
}

int rk_network_attach(struct rk_network *n, struct rk_machine *m, const struct rk_folder *f,
                      bool any_internet) {
    *n = (struct rk_network){0};
    int rc = load(n, f);
    if (rc) {
        return rc;
    }
    n->config.any_internet = n->config.any_internet || any_internet;
    n->host = rk_net_host_new();
    n->link = n->host ? rk_net_link_new(&n->config, n->host) : NULL;
    if (!n->link) {
        rk_network_release(n);
        return rk_shell_fail(RK_E_NO_MEMORY, "the network");
    }
    rk_cc3000_attach(rk_machine_dev(m, RK_CORE_CC3000), n->link);
    return 0;
}

static void write_capture(void *ctx, const void *data, size_t len) {
    FILE *file = ctx;
    fwrite(data, 1, len, file);
    fflush(file); /* Wireshark may be reading along */
}

int rk_network_capture(struct rk_network *n, const char *path) {
    n->capture = fopen(path, "wb");
    if (!n->capture) {
        return rk_shell_fail(RK_E_IO, "--pcap-net '%s'", path);
    }
    const uint32_t ip = n->config.ap_count ? n->config.aps[0].ip : 0;
    rk_net_pcap_start(&n->pcap, n->link, ip, write_capture, n->capture);
    return 0;
}

bool rk_network_is_open(const struct rk_network *n) {
    return n->config.ap_count > 0;
}

void rk_network_release(struct rk_network *n) {
    if (n->link) {
        rk_net_link_free(n->link);
    }
    if (n->host) {
        rk_net_host_free(n->host);
    }
    if (n->capture) {
        fclose(n->capture);
    }
    n->link = n->host = NULL;
    n->capture = NULL;
}
