/* The network of a running board: network.json, and this machine's sockets behind the radio. */
#ifndef RK_EMU_SHELL_NETWORK_H
#define RK_EMU_SHELL_NETWORK_H

#include "emu/port/net_pcap.h"
#include "emu/shell/folder.h"

#include <stdio.h>

struct rk_network {
    struct rk_net_config config;
    struct rk_net *host, *link;
    struct rk_net_pcap pcap;
    FILE *capture; /* --pcap-net, or NULL */
};

/* Reads the folder's network.json (without one: no access point) and attaches the radio to it. A
 * failure is printed. any_internet: what is not mapped goes to the real network. */
RK_NODISCARD int rk_network_attach(struct rk_network *n, struct rk_machine *m,
                                   const struct rk_folder *f, bool any_internet);
/* Writes the board's IP traffic to a file, for Wireshark. A failure is printed. */
RK_NODISCARD int rk_network_capture(struct rk_network *n, const char *path);
/* With an access point the outside world takes part, and real time matters (design.md, Time). */
bool rk_network_is_open(const struct rk_network *n);
/* The machine is gone. */
void rk_network_release(struct rk_network *n);

#endif
