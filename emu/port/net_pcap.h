/* The IP traffic of an emulated board as a libpcap file (--pcap-net), raw IPv4 (LINKTYPE 101),
 * which Wireshark opens. The radio's host gives data, not packets, so TCP's handshake, sequence
 * numbers and closes are written as a capture at the board would have shown them; what a lossy path
 * sent twice is not.
 */
#ifndef RK_EMU_PORT_NET_PCAP_H
#define RK_EMU_PORT_NET_PCAP_H

#include "emu/port/net_link.h"

#define RK_NET_PCAP_FLOWS 16u

struct rk_net_pcap {
    /* Takes bytes of the file in order. */
    void (*write)(void *ctx, const void *data, size_t len);
    void *ctx;
    uint32_t board_ip;
    uint16_t ident;
    struct {
        uint32_t board_seq, other_seq;
    } flows[RK_NET_PCAP_FLOWS];
};

/* Writes the file's head and listens on the link from now on; pcap must outlive it. */
void rk_net_pcap_start(struct rk_net_pcap *pcap, struct rk_net *link, uint32_t board_ip,
                       void (*write)(void *ctx, const void *data, size_t len), void *ctx);
void rk_net_pcap_stop(struct rk_net *link);

#endif
