/* The rig of radio_rig.h with the real server's device side (server/peer) inside the run instead of
 * a script: whole conversations on virtual time. Keys of cloud-protocol.md's vectors. For tests
 * only.
 */
#ifndef RK_TESTS_BOOT_CLOUD_RIG_H
#define RK_TESTS_BOOT_CLOUD_RIG_H

#include "server/peer/peer.h"
#include "tests/boot/radio_rig.h"

struct cloud_rig {
    struct radio_rig r;
    struct rk_peer *server;
    struct rk_peer_conn *conns[RK_NET_PEER_CONNS];
    unsigned notes[RK_NOTES];
    struct rk_device_id id;
};

/* Image, keys in the board's flash, stored network "home"; not powered yet. */
void cloud_rig_init(struct cloud_rig *c, const char *image, unsigned eras);
void cloud_rig_release(struct cloud_rig *c);

#endif
