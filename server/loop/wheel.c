/* Deadlines: see wheel.h. */
#include "server/loop/wheel.h"

#include <stddef.h>

void rk_wheel_remove(struct rk_wheel_entry *entry) {
    if (entry->at) {
        *entry->at = entry->next;
        if (entry->next) {
            entry->next->at = entry->at;
        }
        entry->at = NULL;
    }
}

static void put(struct rk_wheel *wheel, struct rk_wheel_entry *entry, uint64_t slot) {
    struct rk_wheel_entry **head = &wheel->slots[slot % RK_WHEEL_SLOTS];
    entry->next = *head;
    entry->at = head;
    if (*head) {
        (*head)->at = &entry->next;
    }
    *head = entry;
}

void rk_wheel_set(struct rk_wheel *wheel, struct rk_wheel_entry *entry, uint64_t due_ms) {
    uint64_t slot = due_ms / RK_WHEEL_SLOT_MS + 1;
    rk_wheel_remove(entry);
    entry->due_ms = due_ms;
    if (slot <= wheel->slot) {
        slot = wheel->slot + 1;
    } else if (slot >= wheel->slot + RK_WHEEL_SLOTS) {
        slot = wheel->slot + RK_WHEEL_SLOTS - 1; /* far away: it is put on when that one comes */
    }
    put(wheel, entry, slot);
}

static void turn_slot(struct rk_wheel *wheel, uint64_t now_ms,
                      void (*due)(void *, struct rk_wheel_entry *), void *ctx) {
    struct rk_wheel_entry *list = wheel->slots[wheel->slot % RK_WHEEL_SLOTS];
    wheel->slots[wheel->slot % RK_WHEEL_SLOTS] = NULL;
    if (list) {
        list->at = &list; /* due() may remove any entry: the list stays a list */
    }
    while (list) {
        struct rk_wheel_entry *entry = list;
        rk_wheel_remove(entry);
        if (entry->due_ms <= now_ms) {
            due(ctx, entry);
        } else {
            rk_wheel_set(wheel, entry, entry->due_ms);
        }
    }
}

void rk_wheel_turn(struct rk_wheel *wheel, uint64_t now_ms,
                   void (*due)(void *ctx, struct rk_wheel_entry *entry), void *ctx) {
    uint64_t last = now_ms / RK_WHEEL_SLOT_MS;
    if (last > wheel->slot + RK_WHEEL_SLOTS) {
        wheel->slot = last - RK_WHEEL_SLOTS; /* asleep for long: once round is enough */
    }
    while (wheel->slot < last) {
        wheel->slot++;
        turn_slot(wheel, now_ms, due, ctx);
    }
}
