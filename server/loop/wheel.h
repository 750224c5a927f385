/* Deadlines of many connections: slots of 16 ms, an entry is moved only when its slot comes round.
 * A deadline that is pushed on by every message costs nothing until then.
 */
#ifndef RK_SERVER_LOOP_WHEEL_H
#define RK_SERVER_LOOP_WHEEL_H

#include <stdint.h>

#define RK_WHEEL_SLOTS   2048
#define RK_WHEEL_SLOT_MS 16

struct rk_wheel_entry {
    struct rk_wheel_entry *next, **at; /* at: what points to this one; NULL: in no slot */
    uint64_t due_ms;
};

struct rk_wheel {
    uint64_t slot; /* the last one that was turned to */
    struct rk_wheel_entry *slots[RK_WHEEL_SLOTS];
};

void rk_wheel_set(struct rk_wheel *wheel, struct rk_wheel_entry *entry, uint64_t due_ms);
void rk_wheel_remove(struct rk_wheel_entry *entry);
/* Calls due() for each entry whose time has come, after taking it out. */
void rk_wheel_turn(struct rk_wheel *wheel, uint64_t now_ms,
                   void (*due)(void *ctx, struct rk_wheel_entry *entry), void *ctx);

#endif
