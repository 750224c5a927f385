/* The switches between blocks and pins that AFIO_MAPR sets (RM0008 9.3): a block's line appears on
 * the pin of the remap in force, and that pin's level goes back to the block. A route is one such
 * choice; the chip file lists them.
 */
#ifndef RK_EMU_PERIPH_REMAP_H
#define RK_EMU_PERIPH_REMAP_H

#include "emu/core/device.h"

extern const struct rk_dev_ops rk_remap_ops;

struct rk_remap_route {
    uint8_t source;
    uint8_t shift, mask; /* its field in MAPR */
    uint8_t accept;      /* bit per value of the field for which this route is the one */
};

struct rk_remap_config {
    const struct rk_remap_route *routes;
    uint8_t count; /* <= RK_REMAP_ROUTES */
};

#define RK_REMAP_SOURCES 24
#define RK_REMAP_LEVELS  16 /* sources below it hold a duty cycle, the others are exchanges */
#define RK_REMAP_ROUTES  32
#define RK_REMAP_NONE    0xFFFFFFFFu /* on the routes of levels that are not in force */

enum {
    RK_REMAP_IN_MAPR,
    RK_REMAP_IN_SOURCE = 8, /* + source: a value, or an exchange that is answered */
    RK_REMAP_IN_BACK = 32,  /* + route: pin level, or a frame that came in there */
};
enum {
    RK_REMAP_OUT_ROUTE = 0,              /* + route */
    RK_REMAP_OUT_BACK = RK_REMAP_ROUTES, /* + source */
    RK_REMAP_OUT_COUNT = RK_REMAP_OUT_BACK + RK_REMAP_SOURCES,
};

#endif
