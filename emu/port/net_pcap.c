/* See net_pcap.h. File head: libpcap savefile(5). Headers: RFC 791, 768, 9293. */
#include "emu/port/net_pcap.h"

#include <string.h>

#include "common/base/bytes.h"

#define LINKTYPE_RAW 101u
#define SNAPLEN      65535u
#define IP_HEAD      20u
#define TCP_HEAD     20u
#define UDP_HEAD     8u
#define DATA_MAX     1500u

enum {
    FIN = 0x01,
    SYN = 0x02,
    PSH = 0x08,
    ACK = 0x10,
};

/* RFC 1071: one's complement sum of 16-bit words. */
static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum) {
    for (size_t i = 0; i < len; i++) {
        sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
    }
    return sum;
}

static uint16_t fold(uint32_t sum) {
    while (sum >> 16) {
        sum = (sum & 0xFFFFu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

struct ends {
    struct rk_net_addr from, to;
};

static void put_ip(struct rk_net_pcap *pcap, uint8_t *ip, const struct ends *e, uint8_t protocol,
                   size_t payload) {
    memset(ip, 0, IP_HEAD);
    ip[0] = 0x45;
    rk_put_u16be(ip + 2, (uint16_t)(IP_HEAD + payload));
    rk_put_u16be(ip + 4, pcap->ident++);
    ip[8] = 64;
    ip[9] = protocol;
    rk_put_u32be(ip + 12, e->from.ip);
    rk_put_u32be(ip + 16, e->to.ip);
    rk_put_u16be(ip + 10, fold(sum16(ip, IP_HEAD, 0)));
}

/* The checksum of TCP and UDP also covers a pseudo header. */
static uint16_t transport_sum(const uint8_t *ip, const uint8_t *body, size_t len) {
    return fold(sum16(body, len, sum16(ip + 12, 8, ip[9] + (uint32_t)len)));
}

static void put_record(struct rk_net_pcap *pcap, uint64_t now_ns, const uint8_t *packet,
                       size_t len) {
    uint8_t head[16];
    struct rk_writer w = rk_writer_init(head, sizeof head);
    rk_write_u32le(&w, (uint32_t)(now_ns / 1000000000u));
    rk_write_u32le(&w, (uint32_t)(now_ns / 1000u % 1000000u));
    rk_write_u32le(&w, (uint32_t)len);
    rk_write_u32le(&w, (uint32_t)len);
    pcap->write(pcap->ctx, head, sizeof head);
    pcap->write(pcap->ctx, packet, len);
}

static struct ends ends_of(const struct rk_net_pcap *pcap, const struct rk_net_tap_event *e,
                           bool from_board) {
    const struct rk_net_addr board = {pcap->board_ip, e->board_port};
    return from_board ? (struct ends){board, e->other} : (struct ends){e->other, board};
}

static void put_tcp(struct rk_net_pcap *pcap, const struct rk_net_tap_event *e, bool from_board,
                    uint8_t flags, size_t len) {
    uint8_t packet[IP_HEAD + TCP_HEAD + DATA_MAX] = {0};
    uint8_t *tcp = packet + IP_HEAD;
    const struct ends ends = ends_of(pcap, e, from_board);
    uint32_t *seq = from_board ? &pcap->flows[e->flow].board_seq : &pcap->flows[e->flow].other_seq;
    const uint32_t ack =
        from_board ? pcap->flows[e->flow].other_seq : pcap->flows[e->flow].board_seq;
    put_ip(pcap, packet, &ends, 6, TCP_HEAD + len);
    rk_put_u16be(tcp, ends.from.port);
    rk_put_u16be(tcp + 2, ends.to.port);
    rk_put_u32be(tcp + 4, *seq);
    rk_put_u32be(tcp + 8, flags & ACK ? ack : 0);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    rk_put_u16be(tcp + 14, 5840); /* window */
    if (len) {
        memcpy(tcp + TCP_HEAD, e->data, len);
    }
    rk_put_u16be(tcp + 16, transport_sum(packet, tcp, TCP_HEAD + len));
    *seq += (uint32_t)len + (flags & (SYN | FIN) ? 1 : 0);
    put_record(pcap, e->now_ns, packet, IP_HEAD + TCP_HEAD + len);
}

static void put_udp(struct rk_net_pcap *pcap, const struct rk_net_tap_event *e, size_t len) {
    uint8_t packet[IP_HEAD + UDP_HEAD + DATA_MAX] = {0};
    uint8_t *udp = packet + IP_HEAD;
    const struct ends ends = ends_of(pcap, e, e->from_board);
    put_ip(pcap, packet, &ends, 17, UDP_HEAD + len);
    rk_put_u16be(udp, ends.from.port);
    rk_put_u16be(udp + 2, ends.to.port);
    rk_put_u16be(udp + 4, (uint16_t)(UDP_HEAD + len));
    memcpy(udp + UDP_HEAD, e->data, len);
    const uint16_t sum = transport_sum(packet, udp, UDP_HEAD + len);
    rk_put_u16be(udp + 6, sum ? sum : 0xFFFF); /* RFC 768: 0 means none */
    put_record(pcap, e->now_ns, packet, IP_HEAD + UDP_HEAD + len);
}

static void on_tap(void *ctx, const struct rk_net_tap_event *e) {
    struct rk_net_pcap *pcap = ctx;
    const size_t len = RK_MIN(e->len, DATA_MAX);
    if (e->flow >= RK_NET_PCAP_FLOWS) {
        return;
    }
    if (!e->tcp) {
        put_udp(pcap, e, len);
        return;
    }
    switch (e->kind) {
    case RK_NET_TAP_OPEN:
        pcap->flows[e->flow].board_seq = pcap->flows[e->flow].other_seq = 1000;
        put_tcp(pcap, e, e->from_board, SYN, 0);
        put_tcp(pcap, e, !e->from_board, SYN | ACK, 0);
        put_tcp(pcap, e, e->from_board, ACK, 0);
        break;
    case RK_NET_TAP_DATA: put_tcp(pcap, e, e->from_board, PSH | ACK, len); break;
    case RK_NET_TAP_CLOSE: put_tcp(pcap, e, e->from_board, FIN | ACK, 0); break;
    }
}

void rk_net_pcap_start(struct rk_net_pcap *pcap, struct rk_net *link, uint32_t board_ip,
                       void (*write)(void *ctx, const void *data, size_t len), void *ctx) {
    uint8_t head[24];
    struct rk_writer w = rk_writer_init(head, sizeof head);
    *pcap = (struct rk_net_pcap){.write = write, .ctx = ctx, .board_ip = board_ip};
    rk_write_u32le(&w, 0xA1B2C3D4u);
    rk_write_u16le(&w, 2);
    rk_write_u16le(&w, 4);
    rk_write_u32le(&w, 0);
    rk_write_u32le(&w, 0);
    rk_write_u32le(&w, SNAPLEN);
    rk_write_u32le(&w, LINKTYPE_RAW);
    write(ctx, head, sizeof head);
    rk_net_link_tap(link, on_tap, pcap);
}

void rk_net_pcap_stop(struct rk_net *link) {
    rk_net_link_tap(link, NULL, NULL);
}
