/* The suite of the bus: see suite.h. */
#include "server/bus/suite.h"

#include "tests/unit.h"

static struct rk_bus *(*make_bus)(void);
static void (*settle_bus)(struct rk_bus *);
static struct rk_bus *bus;

static int setup(void **state) {
    bus = make_bus();
    return bus ? 0 : -1;
}

static int teardown(void **state) {
    bus->ops->close(bus);
    return 0;
}

static void settle(void) {
    if (settle_bus) {
        settle_bus(bus);
    }
}

static struct rk_device_id device(uint8_t n) {
    return (struct rk_device_id){{n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, n}};
}

static void count_event(void *ctx, const struct rk_bus_event *event) {
    ++*(int *)ctx;
}

static void publish(uint8_t from, int64_t owner, bool is_private, const char *name) {
    struct rk_bus_event event = {.device = device(from),
                                 .owner = owner,
                                 .is_private = is_private,
                                 .name = name,
                                 .ttl_s = 60};
    bus->ops->publish(bus, &event);
    settle();
}

static struct rk_bus_subscription *subscribe(enum rk_bus_scope scope, int64_t owner, uint8_t from,
                                             const char *prefix, int *count) {
    struct rk_bus_filter filter = {scope, owner, device(from), prefix};
    struct rk_bus_subscription *s = bus->ops->subscribe(bus, &filter, count_event, count);
    assert_non_null(s);
    return s;
}

static void test_bus__scopes_see_what_they_should(void **state) {
    int all = 0, visible = 0, mine = 0, one = 0, other = 0;
    subscribe(RK_BUS_PUBLIC, 0, 0, "", &all);
    subscribe(RK_BUS_VISIBLE, 7, 0, "", &visible);
    subscribe(RK_BUS_OWNER, 7, 0, "", &mine);
    subscribe(RK_BUS_DEVICE, 7, 1, "", &one);
    subscribe(RK_BUS_DEVICE, 8, 1, "", &other);
    publish(1, 7, false, "temp"); /* public, ours */
    publish(1, 7, true, "temp");  /* private, ours */
    publish(2, 8, false, "temp"); /* public, another's */
    publish(2, 8, true, "temp");  /* private, another's */
    publish(3, RK_OWNER_NONE, true, "temp");
    assert_int_equal(all, 2);
    assert_int_equal(visible, 3);
    assert_int_equal(mine, 2);
    assert_int_equal(one, 2);
    assert_int_equal(other, 1);
}

static void test_bus__nobody_owns_what_has_no_owner(void **state) {
    int mine = 0, visible = 0;
    subscribe(RK_BUS_OWNER, RK_OWNER_NONE, 0, "", &mine);
    subscribe(RK_BUS_VISIBLE, RK_OWNER_NONE, 0, "", &visible);
    publish(1, RK_OWNER_NONE, true, "secret");
    assert_int_equal(mine + visible, 0);
}

static void test_bus__prefixes(void **state) {
    int none = 0, room = 0, kitchen = 0, longer = 0;
    subscribe(RK_BUS_OWNER, 7, 0, "", &none);
    subscribe(RK_BUS_OWNER, 7, 0, "room", &room);
    subscribe(RK_BUS_OWNER, 7, 0, "room/kitchen", &kitchen);
    subscribe(RK_BUS_OWNER, 7, 0, "room/kitchen/oven", &longer);
    publish(1, 7, false, "room/kitchen");
    publish(1, 7, false, "roommate");
    publish(1, 7, false, "roo");
    publish(1, 7, false, "Room");
    assert_int_equal(none, 4);
    assert_int_equal(room, 2);
    assert_int_equal(kitchen, 1);
    assert_int_equal(longer, 0);
}

struct leaver {
    struct rk_bus_subscription *self;
    struct rk_bus_subscription *other;
    int seen;
};

static void leave_both(void *ctx, const struct rk_bus_event *event) {
    struct leaver *l = ctx;
    l->seen++;
    bus->ops->unsubscribe(bus, l->self);
    bus->ops->unsubscribe(bus, l->other);
}

static void test_bus__leaving_while_an_event_is_delivered(void **state) {
    int other = 0;
    struct leaver l = {0};
    l.other = subscribe(RK_BUS_OWNER, 7, 0, "", &other);
    struct rk_bus_filter filter = {RK_BUS_OWNER, 7, {{0}}, ""};
    l.self = bus->ops->subscribe(bus, &filter, leave_both, &l);
    publish(1, 7, false, "a");
    publish(1, 7, false, "a");
    assert_int_equal(l.seen, 1);
    assert_true(other <= 1); /* before or after the one who left */
}

static void test_bus__many_subscriptions(void **state) {
    enum { MANY = 3000 };
    static struct rk_bus_subscription *subs[MANY];
    int count = 0;
    char prefix[16];
    for (int i = 0; i < MANY; i++) {
        sprintf(prefix, "p%d", i);
        subs[i] = subscribe(RK_BUS_OWNER, 7, 0, prefix, &count);
    }
    publish(1, 7, false, "p2999"); /* p2, p29, p299, p2999 */
    assert_int_equal(count, 4);
    for (int i = 0; i < MANY; i++) {
        bus->ops->unsubscribe(bus, subs[i]);
    }
    publish(1, 7, false, "p2999");
    assert_int_equal(count, 4);
}

/* --- calls ------------------------------------------------------------------------------------ */

struct server {
    struct rk_bus_call *call;
    struct rk_bus_request last;
    bool at_once;
};

static void on_request(void *ctx, const struct rk_bus_request *request, struct rk_bus_call *call) {
    struct server *s = ctx;
    s->last = *request;
    s->call = call;
    if (s->at_once) {
        struct rk_bus_reply reply = {.number = 42};
        bus->ops->answer(bus, call, &reply);
    }
}

static void on_reply(void *ctx, const struct rk_bus_reply *reply) {
    *(struct rk_bus_reply *)ctx = *reply;
}

static void test_bus__nobody_holds_it_means_offline(void **state) {
    struct rk_device_id id = device(1);
    struct rk_bus_reply reply;
    struct rk_bus_request request = {.kind = RK_BUS_PING};
    assert_false(bus->ops->is_held(bus, &id));
    assert_int_equal(bus->ops->request(bus, &id, &request, on_reply, &reply, NULL), RK_E_NOT_FOUND);
}

static void test_bus__answers_at_once_and_later(void **state) {
    struct rk_device_id id = device(1);
    struct server server = {.at_once = true};
    struct rk_bus_reply reply = {.error = 1};
    struct rk_bus_request request = {
        .kind = RK_BUS_CALL, .name = "brew", .arg = {(const uint8_t *)"coffee", 6}};
    assert_int_equal(bus->ops->hold(bus, &id, on_request, &server), 0);
    assert_true(bus->ops->is_held(bus, &id));
    assert_int_equal(bus->ops->request(bus, &id, &request, on_reply, &reply, NULL), 0);
    settle();
    assert_int_equal(reply.error, 0);
    assert_int_equal(reply.number, 42);

    server.at_once = false;
    reply.error = 1;
    assert_int_equal(bus->ops->request(bus, &id, &request, on_reply, &reply, NULL), 0);
    settle();
    assert_int_equal(server.last.kind, RK_BUS_CALL);
    assert_int_equal(reply.error, 1);
    bus->ops->answer(bus, server.call, &(struct rk_bus_reply){.error = RK_E_TIMEOUT});
    settle();
    assert_int_equal(reply.error, RK_E_TIMEOUT);
    bus->ops->release(bus, &id, &server);
    assert_false(bus->ops->is_held(bus, &id));
}

static void test_bus__a_second_holder_replaces_the_first(void **state) {
    struct rk_device_id id = device(1);
    struct server first = {0}, second = {.at_once = true};
    struct rk_bus_reply reply = {0};
    struct rk_bus_request request = {.kind = RK_BUS_PING};
    assert_int_equal(bus->ops->hold(bus, &id, on_request, &first), 0);
    assert_int_equal(bus->ops->hold(bus, &id, on_request, &second), 0);
    bus->ops->release(bus, &id, &first); /* no longer its own */
    assert_int_equal(bus->ops->request(bus, &id, &request, on_reply, &reply, NULL), 0);
    settle();
    assert_int_equal(reply.number, 42);
    bus->ops->release(bus, &id, &second);
}

static void test_bus__forgotten_calls_are_answered_into_nothing(void **state) {
    struct rk_device_id id = device(1);
    struct server server = {0};
    struct rk_bus_reply reply = {.error = 1};
    struct rk_bus_request request = {.kind = RK_BUS_PING};
    struct rk_bus_call *call = NULL;
    bus->ops->hold(bus, &id, on_request, &server);
    assert_int_equal(bus->ops->request(bus, &id, &request, on_reply, &reply, &call), 0);
    settle();
    bus->ops->forget(bus, call);
    bus->ops->answer(bus, server.call, &(struct rk_bus_reply){0});
    settle();
    assert_int_equal(reply.error, 1);
}

static void test_bus__thousands_of_holders(void **state) {
    struct server server = {.at_once = true};
    struct rk_bus_request request = {.kind = RK_BUS_PING};
    struct rk_device_id id = {{0}};
    for (int i = 0; i < 5000; i++) {
        rk_put_u32be(id.bytes, (uint32_t)i);
        assert_int_equal(bus->ops->hold(bus, &id, on_request, &server), 0);
    }
    for (int i = 0; i < 5000; i++) {
        struct rk_bus_reply reply = {0};
        rk_put_u32be(id.bytes, (uint32_t)i);
        assert_int_equal(bus->ops->request(bus, &id, &request, on_reply, &reply, NULL), 0);
        settle();
        assert_int_equal(reply.number, 42);
        bus->ops->release(bus, &id, &server);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int rk_bus_suite_run(const char *name, struct rk_bus *(*make)(void),
                     void (*settle_fn)(struct rk_bus *)) {
    const struct CMUnitTest tests[] = {
        TEST(test_bus__scopes_see_what_they_should),
        TEST(test_bus__nobody_owns_what_has_no_owner),
        TEST(test_bus__prefixes),
        TEST(test_bus__leaving_while_an_event_is_delivered),
        TEST(test_bus__many_subscriptions),
        TEST(test_bus__nobody_holds_it_means_offline),
        TEST(test_bus__answers_at_once_and_later),
        TEST(test_bus__a_second_holder_replaces_the_first),
        TEST(test_bus__forgotten_calls_are_answered_into_nothing),
        TEST(test_bus__thousands_of_holders),
    };
    make_bus = make;
    settle_bus = settle_fn;
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
