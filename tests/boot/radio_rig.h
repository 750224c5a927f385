/* A Spark Core with a published image, a neighbourhood and a scripted peer, for tests of the radio
 * with the original firmware. Closed: virtual time only. For tests only.
 */
#ifndef RK_TESTS_BOOT_RADIO_RIG_H
#define RK_TESTS_BOOT_RADIO_RIG_H

#include <stdio.h>

#include "common/led/decode.h"
#include "emu/board/spark_core.h"
#include "emu/part/cc3000.h"
#include "emu/port/net_link.h"
#include "emu/port/net_peer.h"

#define RADIO_RIG_SEEN  64
#define RADIO_RIG_LINES 32

struct radio_rig_seen {
    uint64_t ns, instr;
    struct rk_led_observation led;
};

struct radio_rig {
    struct rk_machine *m;
    struct rk_dev *radio;
    struct rk_net_config config;
    struct rk_net *peer, *link;
    struct rk_led_decoder led;
    struct radio_rig_seen seen[RADIO_RIG_SEEN];
    unsigned seen_count;
    unsigned resets;
    uint64_t led_hash; /* over instruction counts and levels of every change */
    FILE *trace;       /* HCI lines go there; NULL: nowhere */

    /* The scripted server: sends the nonce at once and keeps what comes back. */
    int conn;
    unsigned opened, closed;
    struct rk_net_addr dialled;
    uint8_t got[8192];
    size_t got_len;
    bool silent; /* accepts and says nothing */
    bool refuse;
    struct {
        struct rk_net_addr to;
        uint8_t bytes[64];
        size_t len;
    } datagram; /* the last one */
};

/* image: a catalogue id. Skips the test when it is not in the store. eras: see led/decode.h. No
 * access point yet; names and routes lead to the peer. */
void radio_rig_init(struct radio_rig *r, const char *image, unsigned eras);
/* The same with another peer. */
void radio_rig_init_with(struct radio_rig *r, const char *image, unsigned eras,
                         const struct rk_net_peer_ops *ops, void *ctx);
extern const uint8_t radio_rig_id[12];
void radio_rig_release(struct radio_rig *r);
/* A WPA2 access point "home" with passphrase "password", at the usual place. */
struct rk_net_ap *radio_rig_add_ap(struct radio_rig *r);
/* The credentials of that access point are stored in the board. */
void radio_rig_store(struct radio_rig *r);
void radio_rig_power(struct radio_rig *r);
/* Runs on at most this long; true when the LED shows the signal (its id). */
bool radio_rig_until(struct radio_rig *r, const char *signal, uint32_t limit_ms);
void radio_rig_run(struct radio_rig *r, uint32_t ms);
/* Was it seen since power-on (or the last radio_rig_forget())? */
bool radio_rig_saw(const struct radio_rig *r, const char *signal);
void radio_rig_forget(struct radio_rig *r);
/* One line per signal: time, instructions, name. */
void radio_rig_print(const struct radio_rig *r, const char *title);
uint64_t radio_rig_guest_errors(const struct radio_rig *r);

#endif
