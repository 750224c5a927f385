/* The parts that every USB target shares: see usb_target.h. */
#include "emu/port/usb_target.h"

const uint8_t *rk_usb_walk_next(struct rk_usb_walk *walk) {
    size_t left = walk->len - walk->pos;
    const uint8_t *d = walk->config + walk->pos;
    if (left < 2 || d[0] < 2 || d[0] > left) {
        return NULL;
    }
    walk->pos += d[0];
    return d;
}

void rk_usb_watch(struct rk_usb_target *target, struct rk_usb_watcher *watcher) {
    watcher->next = target->watchers;
    target->watchers = watcher;
}

void rk_usb_unwatch(struct rk_usb_target *target, struct rk_usb_watcher *watcher) {
    for (struct rk_usb_watcher **w = &target->watchers; *w; w = &(*w)->next) {
        if (*w == watcher) {
            *w = watcher->next;
            return;
        }
    }
}

bool rk_usb_claim(struct rk_usb_target *target, const void *owner) {
    if (target->owner && target->owner != owner) {
        return false;
    }
    target->owner = owner;
    return true;
}

void rk_usb_release(struct rk_usb_target *target, const void *owner) {
    if (target->owner == owner) {
        target->owner = NULL;
    }
}

void rk_usb_submit(struct rk_usb_target *target, struct rk_usb_transfer *transfer) {
    transfer->done = 0;
    transfer->pending = true;
    transfer->next = NULL;
    transfer->id = ++target->next_id;
    if (target->tap) {
        target->tap->submitted(target->tap, transfer);
    }
    if (!target->desc) {
        rk_usb_finish(target, transfer, RK_USB_GONE, 0);
        return;
    }
    target->ops->submit(target, transfer);
}

void rk_usb_cancel(struct rk_usb_target *target, struct rk_usb_transfer *transfer) {
    if (transfer->pending) {
        target->ops->cancel(target, transfer);
    }
}

void rk_usb_reset(struct rk_usb_target *target) {
    if (target->desc) {
        target->ops->reset(target);
    }
}

/* USB 2.0 9.4.7: what a successful SET_CONFIGURATION leaves. */
static void note_configuration(struct rk_usb_target *target, const struct rk_usb_transfer *t) {
    if ((t->ep & 0x0F) == 0 && t->setup[0] == 0 && t->setup[1] == RK_USB_REQ_SET_CONFIGURATION) {
        target->configuration = t->setup[2];
    }
}

void rk_usb_finish(struct rk_usb_target *target, struct rk_usb_transfer *transfer,
                   enum rk_usb_status status, size_t done) {
    transfer->status = status;
    transfer->done = done;
    transfer->pending = false;
    if (status == RK_USB_OK) {
        note_configuration(target, transfer);
    }
    if (target->tap) {
        target->tap->completed(target->tap, transfer);
    }
    transfer->complete(transfer);
}

void rk_usb_target_plugged(struct rk_usb_target *target, const struct rk_usb_desc *desc) {
    target->desc = desc;
    target->configuration = 0;
    for (struct rk_usb_watcher *w = target->watchers, *next; w; w = next) {
        next = w->next;
        w->plugged(w);
    }
}

void rk_usb_target_unplugged(struct rk_usb_target *target) {
    if (!target->desc) {
        return;
    }
    target->desc = NULL;
    target->configuration = 0;
    for (struct rk_usb_watcher *w = target->watchers, *next; w; w = next) {
        next = w->next;
        w->unplugged(w);
    }
}
