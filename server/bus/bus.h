/* The bus: how devices, streams and commands find each other. A device that is connected is held by
 * whoever serves it; calls go to the device's id, and "nobody holds it" means offline. Events go to
 * whoever subscribed to them. One table of functions: in process today, over a message broker for
 * several nodes later; so everything passed is plain data, and an answer may come at once or later.
 *
 * Every implementation passes server/bus/suite.h. All calls come from the loop's thread, and so do
 * all calls back. A call back may use the bus.
 */
#ifndef RK_SERVER_BUS_BUS_H
#define RK_SERVER_BUS_BUS_H

#include "common/base/error.h"
#include "common/proto/message.h"

#define RK_OWNER_NONE 0

/* --- events ----------------------------------------------------------------------------------- */

struct rk_bus_event {
    struct rk_device_id device; /* all zero: from no device */
    int64_t owner;              /* whose event it is; RK_OWNER_NONE for nobody's */
    bool is_private;
    const char *name; /* at most RK_NAME_MAX bytes */
    bool has_data;
    struct rk_span data;
    uint32_t ttl_s;
    int64_t published_ms; /* Unix time */
};

enum rk_bus_scope {
    RK_BUS_PUBLIC,  /* public events of everyone */
    RK_BUS_VISIBLE, /* those, and the private ones of this owner */
    RK_BUS_OWNER,   /* all events of this owner */
    RK_BUS_DEVICE,  /* of one device: the public ones, and the private ones of this owner */
};

struct rk_bus_filter {
    enum rk_bus_scope scope;
    int64_t owner;
    struct rk_device_id device;
    const char *prefix; /* of the name; "" for all. Copied. */
};

struct rk_bus_subscription;
typedef void (*rk_bus_event_fn)(void *ctx, const struct rk_bus_event *event);

/* --- calls to devices ---------------------------------------------------------------------------
 */

enum rk_bus_request_kind {
    RK_BUS_CALL,     /* function name(arg): reply.number */
    RK_BUS_GET,      /* variable name: reply.value */
    RK_BUS_SIGNAL,   /* number 1 or 0 */
    RK_BUS_PING,     /* is it there? */
    RK_BUS_DESCRIBE, /* reply.value is text: {"f":[...],"v":{...},...} */
    RK_BUS_SEND,     /* event name(arg) to this device only, whatever it subscribed to */
    RK_BUS_UPDATE,   /* number: id of a queued update in the store, 0: look whether there is one */
    RK_BUS_CANCEL,   /* stop the update that is running */
    RK_BUS_OWNER_IS, /* number: the owner has changed to this user */
    RK_BUS_DROP,     /* close the connection: the device is no longer known */
};

struct rk_bus_request {
    enum rk_bus_request_kind kind;
    const char *name;
    struct rk_span arg;
    int64_t number;
};

struct rk_bus_reply {
    int error; /* 0 or RK_E_x: NOT_FOUND no such function or variable, TIMEOUT, CLOSED, BUSY, LIMIT
                */
    int32_t number;
    struct rk_value value;
};

/* One call on its way; the holder answers it exactly once. */
struct rk_bus_call;
typedef void (*rk_bus_reply_fn)(void *ctx, const struct rk_bus_reply *reply);
typedef void (*rk_bus_request_fn)(void *ctx, const struct rk_bus_request *request,
                                  struct rk_bus_call *call);

struct rk_bus;

struct rk_bus_ops {
    void (*publish)(struct rk_bus *bus, const struct rk_bus_event *event);
    /* NULL without memory. */
    struct rk_bus_subscription *(*subscribe)(struct rk_bus *bus, const struct rk_bus_filter *filter,
                                             rk_bus_event_fn on_event, void *ctx);
    void (*unsubscribe)(struct rk_bus *bus, struct rk_bus_subscription *subscription);
    /* From now on requests for this device go to on_request. A second holder replaces the first. */
    int (*hold)(struct rk_bus *bus, const struct rk_device_id *device, rk_bus_request_fn on_request,
                void *ctx);
    /* Only if this ctx holds it. */
    void (*release)(struct rk_bus *bus, const struct rk_device_id *device, void *ctx);
    bool (*is_held)(struct rk_bus *bus, const struct rk_device_id *device);
    /* RK_E_NOT_FOUND when nobody holds it; on_reply is then never called. With 0 it is called once,
     * perhaps before this returns. *call, if wanted, is for forget(). */
    int (*request)(struct rk_bus *bus, const struct rk_device_id *device,
                   const struct rk_bus_request *request, rk_bus_reply_fn on_reply, void *ctx,
                   struct rk_bus_call **call);
    void (*answer)(struct rk_bus *bus, struct rk_bus_call *call, const struct rk_bus_reply *reply);
    /* The asker has gone: the answer is to be dropped. Not after on_reply was called. */
    void (*forget)(struct rk_bus *bus, struct rk_bus_call *call);
    void (*close)(struct rk_bus *bus);
};

/* Implementations put this first. */
struct rk_bus {
    const struct rk_bus_ops *ops;
};

/* In process. NULL without memory. */
struct rk_bus *rk_bus_inproc_new(void);

#endif
