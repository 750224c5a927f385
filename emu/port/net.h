/* What stands around an emulated radio: the Wi-Fi neighbourhood as plain data (network.json is its
 * text form, net_config.c reads it) and the way to the other end of its sockets as a table of
 * functions. Implementations: net_host.c (sockets of this machine), net_peer.c (a peer inside the
 * run, on virtual time); net_link.c goes between and adds routes, latency, loss and bandwidth.
 *
 * design.md, Network. The radio calls down; nothing here calls up: next_ns() tells the radio when
 * to look again.
 */
#ifndef RK_EMU_PORT_NET_H
#define RK_EMU_PORT_NET_H

#include "common/base/attr.h"

/* --- the neighbourhood ------------------------------------------------------------------------ */

enum rk_net_security {
    RK_NET_OPEN,
    RK_NET_WEP,
    RK_NET_WPA,
    RK_NET_WPA2,
    RK_NET_WPA_MIXED, /* WPA and WPA2 */
    RK_NET_WPA3,      /* WPA3 only */
};

enum {
    RK_NET_MODE_B = 1,
    RK_NET_MODE_G = 2,
    RK_NET_MODE_N = 4,
};

/* IPv4 addresses as host-order integers: 192.168.1.2 is 0xC0A80102. */
struct rk_net_addr {
    uint32_t ip;
    uint16_t port;
};

struct rk_net_ap {
    uint8_t ssid[32];
    uint8_t ssid_len;
    uint8_t bssid[6];
    uint8_t security; /* enum rk_net_security */
    uint8_t pass[64]; /* passphrase, or the WEP key's bytes (5 or 13) */
    uint8_t pass_len;
    uint8_t channel; /* 1-14; 36 and above on 5 GHz */
    uint8_t modes;   /* RK_NET_MODE_x it lets in */
    int8_t rssi_dbm;
    bool hidden;
    bool band_5ghz;
    bool gone;     /* switched off (fault) */
    bool dhcp;     /* serves addresses */
    bool internet; /* passes packets on */
    uint32_t ip;   /* the address it gives to the board */
    uint32_t mask;
    uint32_t gateway; /* also its DHCP server */
    uint32_t dns;
};

#define RK_NET_APS    16
#define RK_NET_NAMES  32
#define RK_NET_ROUTES 32

struct rk_net_name {
    char name[64]; /* lower case, NUL-terminated */
    uint32_t ip;
};

/* What a connection to `from` really reaches. A port of 0 in `from` is any, in `to` the same. */
struct rk_net_route {
    struct rk_net_addr from;
    struct rk_net_addr to;
};

struct rk_net_config {
    struct rk_net_ap aps[RK_NET_APS];
    uint8_t ap_count;
    struct rk_net_name names[RK_NET_NAMES];
    uint8_t name_count;
    struct rk_net_route routes[RK_NET_ROUTES];
    uint8_t route_count;
    uint32_t latency_us;    /* one way */
    uint32_t jitter_us;     /* added to it, 0..jitter, seeded */
    uint32_t loss_ppm;      /* of packets, each way: UDP is dropped, TCP comes later */
    uint32_t bandwidth_bps; /* bits per second each way; 0: no limit */
    uint64_t seed;
    uint32_t faults;   /* bit per enum rk_net_fault, from the start */
    bool any_internet; /* --internet: what is not mapped goes to the real network */
};

/* Faults of the radio and what is around it (cc3000.md 6.3). RK_NET_FAULT(NAME, text) */
enum rk_net_fault {
#define RK_NET_FAULT(name, key, text) RK_NET_FAULT_##name,
#include "emu/port/net_fault.def"
#undef RK_NET_FAULT
    RK_NET_FAULT_COUNT,
};

/* --- sockets ---------------------------------------------------------------------------------- */

struct rk_net;

/* All results: 0 or a count, or a negative RK_E_x. Nothing blocks: RK_E_AGAIN means "not yet". The
 * caller sets net->now_ns (virtual time, never going back) before every call. */
struct rk_net_ops {
    /* A new socket; the result is its handle, >= 0. */
    int (*open)(struct rk_net *net, bool tcp);
    /* Binds (UDP) or binds and listens (TCP). Port 0: any. */
    int (*listen)(struct rk_net *net, int handle, uint16_t port);
    /* TCP: the next connection as a new handle, and where it came from; RK_E_AGAIN. */
    int (*accept)(struct rk_net *net, int handle, struct rk_net_addr *from);
    /* TCP: starts to connect; call again until it is not RK_E_AGAIN. */
    int (*connect)(struct rk_net *net, int handle, struct rk_net_addr to);
    /* Bytes taken (all of a datagram or RK_E_AGAIN). `to` only counts for UDP. */
    int (*send)(struct rk_net *net, int handle, const void *data, size_t len,
                struct rk_net_addr to);
    /* Bytes got, at most cap (the rest of a longer datagram is lost); 0: the other side closed;
     * RK_E_AGAIN; RK_E_CLOSED: reset. `from` is set for UDP. */
    int (*recv)(struct rk_net *net, int handle, void *data, size_t cap, struct rk_net_addr *from);
    void (*close)(struct rk_net *net, int handle);
    /* Name to address: 0, RK_E_AGAIN, RK_E_NOT_FOUND, RK_E_NETWORK (no answer). */
    int (*resolve)(struct rk_net *net, const char *name, uint32_t *ip);
    /* Does an address answer a ping, and how soon? 0, or RK_E_NETWORK: no answer. */
    int (*ping)(struct rk_net *net, uint32_t ip, uint32_t *rtt_us);
    /* Every handle is gone (a snapshot was restored). */
    void (*reset)(struct rk_net *net);
    /* The next instant at which something may have changed, > now_ns; UINT64_MAX: only after a
     * call. */
    uint64_t (*next_ns)(struct rk_net *net);
};

struct rk_net {
    const struct rk_net_ops *ops;
    struct rk_net_config *config; /* owned by the shell; may change between runs */
    uint64_t now_ns;
};

#endif
