/* The CC3000 from inside: its state and what its files ask of each other. For emu/part/cc3000*
 * only. Three layers, each in its own files: the SPI link (cc3000_spi.c) moves packets, HCI
 * (cc3000_hci.c) takes them apart and queues answers, the commands (cc3000_cmd_*.c) act on the
 * chip's parts (EEPROM, WLAN, sockets).
 */
#ifndef RK_EMU_PART_CC3000_INT_H
#define RK_EMU_PART_CC3000_INT_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "emu/part/cc3000.h"

#define CC_US 1000ull
#define CC_MS 1000000ull
#define CC_S  1000000000ull

/* Timers of the block. */
enum {
    CC_TIMER_BOOT,   /* power-up to the first IRQ */
    CC_TIMER_GRANT,  /* IRQ low in answer to CS low */
    CC_TIMER_IRQ,    /* IRQ high after a transaction, then low for the next packet */
    CC_TIMER_WLAN,   /* next step of association */
    CC_TIMER_NET,    /* sockets, the command that waits, credits */
    CC_TIMER_SECOND, /* keepalive, lease */
    CC_TIMER_COUNT,
};

/* cc3000.md 1.7: the Spark driver takes at most 1023 bytes, so every packet is below that. */
#define CC_PACKET_MAX 1023u
#define CC_QUEUE      16u
/* Unsolicited events leave this much of the queue to replies. */
#define CC_QUEUE_SPARE 6u
/* Longest frame from the host: 1460 bytes of data, its arguments and headers. */
#define CC_FRAME_MAX 1600u

#define CC_SOCKETS    8u /* the driver knows 0-7 (cc3000.md 2.6) */
#define CC_SOCKETS_UP 4u /* what the chip opens at once */
#define CC_BUFFERS    6u
#define CC_BUFFER_LEN 1500u
#define CC_RX_CAP     2048u
#define CC_DATA_MAX   990u /* received data in one packet, cc3000.md 2.1 */
#define CC_NAME_MAX   230u

struct cc_packet {
    uint64_t due_ns;
    uint16_t len; /* HCI bytes, without pad */
    uint8_t bytes[CC_PACKET_MAX];
};

enum cc_phase {
    CC_OFF,
    CC_BOOT,  /* enabled, IRQ still high */
    CC_FIRST, /* IRQ low, waits for the first write */
    CC_RUN,
    CC_HUNG, /* answers nothing until EN moves */
};

enum cc_dir {
    CC_DIR_NONE,
    CC_DIR_WRITE,
    CC_DIR_READ,
    CC_DIR_BAD,
};

struct cc_link {
    uint8_t cs; /* pin levels */
    uint8_t enable;
    uint8_t irq;
    uint8_t phase;   /* enum cc_phase */
    uint8_t dir;     /* enum cc_dir, of this CS-low period */
    uint8_t raising; /* IRQ goes high when CC_TIMER_IRQ comes due */
    uint32_t pos;    /* bytes clocked since CS fell */
    uint16_t frame_len;
    uint64_t irq_high_ns; /* when IRQ went high */
    uint64_t write_ns;    /* CS high of the last write */
    uint8_t frame[CC_FRAME_MAX];
};

struct cc_queue {
    struct cc_packet packets[CC_QUEUE];
    uint8_t head, count;
};

enum cc_wlan_state {
    CC_WLAN_IDLE,
    CC_WLAN_CONNECTING,
    CC_WLAN_ASSOCIATED, /* 8001 was sent, DHCP runs */
    CC_WLAN_UP,         /* 8010 with an address was sent */
};

struct cc_ip_config {
    uint32_t ip, mask, gateway, dhcp, dns; /* host order */
};

struct cc_wlan {
    uint8_t state; /* enum cc_wlan_state */
    uint8_t smartconfig;
    uint8_t smartconfig_aes;
    uint8_t manual; /* connects by command 0001, not by profile */
    uint8_t ap;     /* index in the neighbourhood */
    uint8_t dhcp_fails;
    uint8_t scan_next;
    uint8_t prefix[3];
    struct rk_cc3000_profile target; /* of 0001, or the profile in use */
    struct cc_ip_config ip;
    uint8_t ssid[32]; /* connected to, for ipconfig */
    uint8_t ssid_len;
};

struct cc_socket {
    uint8_t used;
    uint8_t type; /* 1 stream, 2 datagram, 3 raw */
    uint8_t listening;
    uint8_t connected; /* TCP: established; UDP: peer set */
    uint8_t open;      /* handle is valid */
    uint8_t closed;    /* the other side closed, or the link broke */
    uint8_t told;      /* 8800 was sent */
    uint8_t broken;    /* data was lost for good while nothing went over the air */
    uint8_t nonblock;  /* option 0 */
    uint8_t accept_nonblock;
    int16_t handle;
    uint16_t port; /* bound */
    uint32_t recv_timeout_ms;
    struct rk_net_addr peer;
    struct rk_net_addr from; /* of the datagram in rx */
    uint64_t tell_ns;        /* when to send 8800 */
    uint64_t active_ns;      /* last traffic, for the inactivity timer */
    uint16_t rx_len;
    uint8_t rx[CC_RX_CAP];
};

struct cc_buffer {
    uint8_t used;
    uint8_t sent; /* handed over; credit goes back at free_ns */
    uint8_t sd;
    uint16_t len, off;
    struct rk_net_addr to;
    uint64_t free_ns;
    uint8_t bytes[CC_BUFFER_LEN];
};

/* The one command that waits for something (the host never has two outstanding, cc3000.md 2.6.3).
 */
struct cc_pending {
    uint16_t opcode; /* 0: none */
    uint8_t sd;
    uint8_t blocking;
    uint64_t since_ns;
    uint64_t deadline_ns;
    uint64_t wake_ns;             /* not worth a look before; 0: any time */
    uint32_t len;                 /* recv: most bytes wanted */
    uint32_t read, write, except; /* select */
    char name[CC_NAME_MAX + 1];   /* gethostbyname */
};

struct cc_ping {
    uint8_t running;
    uint32_t ip;
    uint32_t left, sent, received;
    uint32_t min_ms, max_ms, sum_ms;
    uint32_t timeout_ms;
    uint64_t next_ns;
    uint64_t since_ns; /* of the attempt in flight, 0: none */
};

/* Plain data: the snapshot. Everything but `link` pins, faults and counters is lost with EN. */
struct rk_cc3000 {
    struct cc_link link;
    uint32_t faults; /* bit per enum rk_net_fault */
    uint64_t commands;
    uint64_t random;
    uint8_t fade_db; /* how far the board has walked away */

    uint8_t started;    /* 4000 was answered */
    uint8_t start_arg;  /* 2: EEPROM open for patches */
    uint8_t patch_step; /* 1-3: waits for the host's answer to a patch request */
    uint8_t timers_set; /* 2009 came: else the chip's defaults hold */
    uint32_t event_mask;
    uint32_t timer_s[4]; /* DHCP lease, ARP, keepalive, inactivity */
    uint32_t seconds;    /* since start */
    uint64_t reply_ns;   /* earliest reply to the command in hand */
    struct cc_queue queue;
    struct cc_wlan wlan;
    struct cc_pending pending;
    struct cc_ping ping;
    uint32_t stall_bytes; /* received since EN, for the stalling service pack */
    struct cc_socket sockets[CC_SOCKETS];
    struct cc_buffer buffers[CC_BUFFERS];
};

static inline struct rk_cc3000 *cc_of(const struct rk_dev *dev) {
    return dev->state;
}

static inline bool cc_fault(const struct rk_dev *dev, enum rk_net_fault fault) {
    return cc_of(dev)->faults >> fault & 1;
}

/* --- cc3000_spi.c: the link ------------------------------------------------------------------- */

void rk_cc3000_link_power(struct rk_dev *dev, bool on);
void rk_cc3000_link_select(struct rk_dev *dev, bool level);
uint8_t rk_cc3000_link_byte(struct rk_dev *dev, uint8_t mosi);
void rk_cc3000_link_timer(struct rk_dev *dev, unsigned timer);
/* The queue changed: IRQ may have to fall. */
void rk_cc3000_link_queued(struct rk_dev *dev);

/* --- cc3000_hci.c: packets -------------------------------------------------------------------- */

/* A whole payload came from the host. */
void rk_cc3000_hci_receive(struct rk_dev *dev, const uint8_t *data, size_t len);
void rk_cc3000_queue_pop(struct rk_dev *dev);

/* Answers; args may be NULL when len is 0. due: from rk_cc3000_reply_due() or a later instant. */
uint64_t rk_cc3000_reply_due(const struct rk_dev *dev);
void rk_cc3000_event(struct rk_dev *dev, uint64_t due_ns, uint16_t opcode, uint8_t status,
                     const uint8_t *args, size_t len);
void rk_cc3000_data(struct rk_dev *dev, uint64_t due_ns, uint8_t opcode, const uint8_t *args,
                    size_t arg_len, const uint8_t *data, size_t len);
/* Classes S8 and I32 of cc3000.md 2.2. */
void rk_cc3000_reply_status(struct rk_dev *dev, uint16_t opcode, uint8_t status);
void rk_cc3000_reply_i32(struct rk_dev *dev, uint16_t opcode, int32_t value);
/* An event that nobody asked for; the mask is applied, and a full queue drops it. */
void rk_cc3000_unsolicited(struct rk_dev *dev, uint16_t opcode, uint8_t status, const uint8_t *args,
                           size_t len);

/* --- commands --------------------------------------------------------------------------------- */

/* What came with a command or data packet. */
struct cc_call {
    uint16_t opcode;
    struct rk_reader args;
    const uint8_t *data; /* after the arguments of a data packet */
    size_t data_len;
};

struct cc_command {
    uint16_t opcode;
    uint8_t min_args;
    uint16_t latency_us; /* from CS high to the reply, at least */
    const char *name;
    void (*run)(struct rk_dev *dev, struct cc_call *call);
};

/* NULL: no such opcode. */
const struct cc_command *rk_cc3000_command_find(uint16_t opcode, bool data);
/* "select", for traces; "?" when unknown. */
const char *rk_cc3000_opcode_name(uint16_t opcode);

#define RK_CC_COMMAND(opcode, name, min_args, latency_us, handler)                                 \
    void rk_cc3000_cmd_##handler(struct rk_dev *dev, struct cc_call *call);
#define RK_CC_DATA(opcode, name, min_args, latency_us, handler)                                    \
    RK_CC_COMMAND(opcode, name, min_args, latency_us, handler)
#define RK_CC_EVENT(opcode, name)
#include "emu/part/cc3000_op.def"
#undef RK_CC_COMMAND
#undef RK_CC_DATA
#undef RK_CC_EVENT

/* Start-up with its patch requests (cc3000.md 2.3). */
void rk_cc3000_patch_answered(struct rk_dev *dev);

/* --- cc3000_nvmem.c: the EEPROM --------------------------------------------------------------- */

enum cc_file {
    CC_FILE_NVS,
    CC_FILE_WLAN_CONFIG = 2,
    CC_FILE_DRIVER = 4,
    CC_FILE_FIRMWARE = 5,
    CC_FILE_MAC = 6,
    CC_FILE_IP = 8,
    CC_FILE_BOOTLOADER = 10,
    CC_FILE_RM = 11,
    CC_FILE_AES_KEY = 12,
    CC_FILE_SHARED = 13,
    CC_FILE_SPARK = 14,
    CC_FILE_COUNT = 16,
    CC_FILE_FAT = 16, /* the file table itself */
};
#define CC_PROFILES 7u

/* The bytes of a file in place, or NULL: no such file, or not this far. */
uint8_t *rk_cc3000_file(uint8_t *nv, unsigned id, uint32_t off, uint32_t len);
/* Writes through the power-cut gate. */
bool rk_cc3000_file_write(struct rk_dev *dev, unsigned id, uint32_t off, const uint8_t *data,
                          size_t len);
/* Length 0 removes. */
bool rk_cc3000_file_create(struct rk_dev *dev, unsigned id, uint32_t len);
/* Formats a blank EEPROM; true when it did. */
bool rk_cc3000_nv_prepare(uint8_t *nv);
/* Package and build out of the driver patch; 0, 0 when there is none. */
void rk_cc3000_nv_patch(uint8_t *nv, uint8_t patch[2]);
bool rk_cc3000_nv_has_patches(uint8_t *nv);

bool rk_cc3000_profile_get(uint8_t *nv, unsigned idx, struct rk_cc3000_profile *profile);
int rk_cc3000_profile_add(uint8_t *nv, const struct rk_cc3000_profile *profile);
void rk_cc3000_profile_remove(uint8_t *nv, unsigned idx);

/* Connection policy and channel mask, kept in the NVS file. */
struct cc_policy {
    uint8_t open_ap, fast, profiles;
    uint32_t channels; /* bit 0: channel 1 */
};
void rk_cc3000_policy_get(uint8_t *nv, struct cc_policy *policy);
void rk_cc3000_policy_set(uint8_t *nv, const struct cc_policy *policy);

/* Static address; ip 0: DHCP. */
void rk_cc3000_static_get(uint8_t *nv, struct cc_ip_config *ip);
void rk_cc3000_static_set(uint8_t *nv, const struct cc_ip_config *ip);

/* --- cc3000_wlan.c: association --------------------------------------------------------------- */

struct rk_net_config *rk_cc3000_config(struct rk_dev *dev);
/* Policy, profiles or the neighbourhood changed: connect if that is asked. */
void rk_cc3000_wlan_kick(struct rk_dev *dev);
/* Leaves the access point; true when there was one. */
bool rk_cc3000_wlan_leave(struct rk_dev *dev);
void rk_cc3000_wlan_timer(struct rk_dev *dev);
void rk_cc3000_wlan_second(struct rk_dev *dev);
/* Has an address, and the access point passes packets on. */
bool rk_cc3000_wlan_has_internet(struct rk_dev *dev);
/* The next access point of the scan list at or after idx, or NULL; *idx is moved to it. */
const struct rk_net_ap *rk_cc3000_wlan_visible(struct rk_dev *dev, unsigned *idx);
int rk_cc3000_wlan_rssi(const struct rk_dev *dev, const struct rk_net_ap *ap);
/* Puts an address on the wire as 2005 and 8010 do: reversed octets. */
void rk_cc3000_wlan_put_ip(struct rk_writer *w, const struct cc_ip_config *ip);

/* --- cc3000_socket.c -------------------------------------------------------------------------- */

void rk_cc3000_net_timer(struct rk_dev *dev);
/* Looks at everything soon: a command was put in pending, or data waits. */
void rk_cc3000_net_kick(struct rk_dev *dev);
/* Wi-Fi or power is gone: every socket is closed. */
void rk_cc3000_net_drop(struct rk_dev *dev);
/* Peers are not part of a snapshot: what was connected reads closed (design.md, Time). */
void rk_cc3000_net_restored(struct rk_dev *dev);
void rk_cc3000_net_second(struct rk_dev *dev);
/* The network with its clock set, or NULL: nobody to talk to (no access point, or a fault). */
struct rk_net *rk_cc3000_net(struct rk_dev *dev);
/* NULL: no such socket. */
struct cc_socket *rk_cc3000_socket_get(struct rk_dev *dev, uint32_t sd);
int rk_cc3000_socket_new(struct rk_dev *dev, uint32_t type);
void rk_cc3000_socket_close(struct rk_dev *dev, uint32_t sd);
/* Has a handle in the network; opens one when there is none. */
bool rk_cc3000_socket_open(struct rk_dev *dev, struct cc_socket *s);
/* Takes data into a buffer; false: none is free. */
bool rk_cc3000_socket_send(struct rk_dev *dev, uint32_t sd, const uint8_t *data, size_t len,
                           struct rk_net_addr to);
uint8_t rk_cc3000_buffers_free(const struct rk_dev *dev);
bool rk_cc3000_socket_is_closed(const struct rk_dev *dev, const struct cc_socket *s);

/* --- cc3000_cmd_socket.c ---------------------------------------------------------------------- */

/* cc3000.md 2.6.2. */
enum {
    CC_ERR_GENERIC = -1,
    CC_ERR_NOTHING = -2, /* accept */
    CC_ERR_INACTIVE = -57,
    CC_ERR_NO_WIFI = -59,
    CC_ERR_NAME = -69,
    CC_ERR_INVALID = -85,
    CC_ERR_TIMEOUT = -118,
    CC_ERR_TCP_OPEN = -124,
};

/* Looks whether the command that waits can be answered. */
void rk_cc3000_pending_poll(struct rk_dev *dev);
/* Starts waiting; the timer looks at it at once and then whenever something may have changed.
 * limit_ns UINT64_MAX: for ever. */
struct cc_pending *rk_cc3000_wait(struct rk_dev *dev, const struct cc_call *call, uint32_t sd,
                                  uint64_t limit_ns);
bool rk_cc3000_expired(const struct rk_dev *dev);
/* LE16 family 2, big-endian port, network-order address. */
struct rk_net_addr rk_cc3000_read_sockaddr(struct rk_reader *in);
void rk_cc3000_put_sockaddr(uint8_t out[8], struct rk_net_addr a);
void rk_cc3000_trace_net(struct rk_dev *dev, const char *what, struct rk_net_addr a, int result);

/* --- cc3000_cmd_data.c: true when the command that waits was answered ------------------------- */

bool rk_cc3000_poll_select(struct rk_dev *dev);
bool rk_cc3000_poll_recv(struct rk_dev *dev);
bool rk_cc3000_poll_name(struct rk_dev *dev);

/* --- cc3000_cmd_netapp.c ---------------------------------------------------------------------- */

void rk_cc3000_ping_report(struct rk_dev *dev);
void rk_cc3000_ping_poll(struct rk_dev *dev);
/* --- cc3000_smartconfig.c --------------------------------------------------------------------- */

void rk_cc3000_mdns_announce(struct rk_dev *dev, const uint8_t *name, size_t len);
/* Encrypts one block in place. */
void rk_cc3000_aes128(const uint8_t key[16], uint8_t block[16]);

#endif
