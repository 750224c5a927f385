/* The device side against simulated devices of every generation: handshake, calls, events, time,
 * silence. What the devices do is the table of cloud-protocol.md 0, confirmed there with the
 * original sources.
 */
#include "server/crypto/openssl.h"
#include "server/peer/test_pair.h"

static enum rk_generation_id each(void **state) {
    return *(enum rk_generation_id *)*state;
}

static void test_device__comes_online_and_is_described(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(d->sim.state, RK_SIM_ONLINE);
    assert_int_equal(d->sim.time_s, 1767225600);
    assert_int_equal(p->notes[RK_NOTE_ONLINE], 1);
    assert_int_equal(p->notes[RK_NOTE_DESCRIBED], 1);
    assert_int_equal(pair_request(p, 0, RK_BUS_DESCRIBE, NULL, NULL, 0), 0);
    assert_non_null(strstr(p->reply_text, "\"f\":[\"brew\",\"digitalwrite\"]"));
    assert_non_null(strstr(p->reply_text, "\"v\":{\"temp\":9,\"count\":2,\"name\":4,\"flag\":1}"));
    pair_free(p);
}

static void test_device__functions_and_variables(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "BREW", "coffee", 0), 0); /* either case */
    assert_int_equal(p->reply.number, 6);
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", NULL, 0), 0);
    assert_int_equal(p->reply.number, 0);
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "bake", "x", 0), RK_E_NOT_FOUND);
    assert_int_equal(d->sim.calls_in, 2); /* unknown names never reach the board */
    assert_int_equal(pair_request(p, 0, RK_BUS_GET, "temp", NULL, 0), 0);
    assert_true(p->reply.value.type == RK_VALUE_DOUBLE && p->reply.value.real == 21.5);
    assert_int_equal(pair_request(p, 0, RK_BUS_GET, "count", NULL, 0), 0);
    assert_int_equal(p->reply.value.number, -7);
    assert_int_equal(pair_request(p, 0, RK_BUS_GET, "name", NULL, 0), 0);
    assert_string_equal(p->reply_text, "text");
    assert_int_equal(pair_request(p, 0, RK_BUS_GET, "flag", NULL, 0), 0);
    assert_true(p->reply.value.truth);
    assert_int_equal(pair_request(p, 0, RK_BUS_GET, "nothing", NULL, 0), RK_E_NOT_FOUND);
    char arg[RK_ARG_MAX_CORE + 2];
    memset(arg, 'a', sizeof arg);
    arg[sizeof arg - 1] = '\0'; /* one more than it takes: it would be cut and called (3.5) */
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", arg, 0), RK_E_TOO_BIG);
    pair_free(p);
}

static void test_device__signal_and_ping(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(pair_request(p, 0, RK_BUS_SIGNAL, NULL, NULL, 1), 0);
    assert_true(d->sim.signalling);
    assert_int_equal(pair_request(p, 0, RK_BUS_SIGNAL, NULL, NULL, 0), 0);
    assert_false(d->sim.signalling);
    assert_int_equal(pair_request(p, 0, RK_BUS_PING, NULL, NULL, 0), 0);
    pair_free(p);
}

static void test_device__survives_every_split_of_the_stream(void **state) {
    for (size_t slice = 1; slice < 40; slice += 3) {
        struct pair *p = pair_new(each(state), false, true);
        p->device[0].slice = slice;
        struct pair_device *d = pair_connect(p, 0);
        assert_int_equal(d->sim.state, RK_SIM_ONLINE);
        assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", "coffee", 0), 0);
        assert_int_equal(p->reply.number, 6);
        pair_free(p);
    }
}

static void test_device__pings_for_hours(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    pair_wait(p, 3600 * 1000, 1000);
    assert_int_equal(d->sim.state, RK_SIM_ONLINE);
    assert_in_range(d->sim.pings_answered, 220, 245); /* one in 15 s */
    pair_free(p);
}

static void count_events(void *ctx, const struct rk_bus_event *event) {
    ++*(int *)ctx;
}

static void test_device__publishes(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    int all = 0, mine = 0;
    struct pair_device *d = pair_connect(p, 0);
    struct rk_bus_filter filter = {RK_BUS_PUBLIC, 0, {{0}}, ""};
    p->bus->ops->subscribe(p->bus, &filter, count_events, &all);
    filter = (struct rk_bus_filter){RK_BUS_OWNER, PAIR_OWNER, {{0}}, ""};
    p->bus->ops->subscribe(p->bus, &filter, count_events, &mine);
    uint32_t acks = d->sim.acks;
    rk_sim_publish(&d->sim, "temp", "21.5", false, true);
    rk_sim_publish(&d->sim, "secret", "", true, false); /* a marker and nothing after it */
    rk_sim_publish(&d->sim, "spark/device/claim/code", "C0DE", true, false);
    pair_run(p);
    assert_int_equal(all, 1);
    assert_int_equal(mine, 2);
    assert_int_equal(d->sim.acks, acks + 3);
    assert_int_equal(p->notes[RK_NOTE_CLAIM_CODE], 1);
    assert_string_equal(p->note_text, "C0DE");
    pair_free(p);
}

static void test_device__hears_what_it_subscribed_to(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *a = pair_connect(p, 0), *b = pair_connect(p, 1);
    struct rk_device_id id = pair_id(1);
    rk_sim_subscribe(&a->sim, "room", RK_SCOPE_MINE, NULL);
    rk_sim_subscribe(&a->sim, "room/k", RK_SCOPE_MINE, NULL);
    rk_sim_subscribe(&a->sim, "hall", RK_SCOPE_DEVICE, &id);
    pair_run(p);
    rk_sim_publish(&b->sim, "room/kitchen", "42", true, false);
    pair_run(p);
    assert_int_equal(a->sim.events_in, 1); /* once, though two prefixes fit */
    assert_string_equal(a->last_event, "room/kitchen");
    assert_string_equal(a->last_data, "42");
    rk_sim_publish(&b->sim, "hallway", "1", false, false);
    rk_sim_publish(&b->sim, "other", "1", false, false);
    rk_sim_publish(&b->sim, "spark/room", "1", false, false); /* a system name goes to no device */
    pair_run(p);
    assert_int_equal(a->sim.events_in, 2);
    /* another owner's devices are not "mine" any more */
    assert_int_equal(pair_request(p, 0, RK_BUS_OWNER_IS, NULL, NULL, 99), 0);
    rk_sim_publish(&b->sim, "room/kitchen", "43", true, false);
    pair_run(p);
    assert_int_equal(a->sim.events_in, 2);
    pair_free(p);
}

static void test_device__answers_its_questions(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 2);
    rk_sim_publish(&d->sim, "particle/device/name", NULL, true, false);
    pair_run(p);
    assert_string_equal(d->last_event, "particle/device/name");
    assert_string_equal(d->last_data, "board2");
    rk_sim_publish(&d->sim, "spark/device/ip", NULL, true, false);
    pair_run(p);
    assert_string_equal(d->last_data, "192.0.2.1");
    rk_sim_publish(&d->sim, "particle/device/random", NULL, true, false);
    pair_run(p);
    assert_int_equal(strlen(d->last_data), 40);
    assert_int_equal(pair_request(p, 2, RK_BUS_SEND, "spark/device/reset", "safe mode", 0), 0);
    assert_string_equal(d->last_event, "spark/device/reset");
    pair_free(p);
}

static void test_device__too_many_events_are_slowed(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    for (int i = 0; i < 400; i++) {
        rk_sim_publish(&d->sim, "temp", "1", false, false);
        pair_run(p);
    }
    assert_in_range(d->sim.slowed, 95, 110); /* the burst is 300 */
    assert_int_equal(d->sim.state, RK_SIM_ONLINE);
    pair_wait(p, 10000, 1000);
    uint32_t slowed = d->sim.slowed;
    rk_sim_publish(&d->sim, "temp", "1", false, false);
    pair_run(p);
    assert_int_equal(d->sim.slowed, slowed);
    pair_free(p);
}

static void test_device__a_silent_one_is_cut_off(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    d->deaf = true;
    d->sim.state = RK_SIM_NONCE; /* as if its processor had stopped */
    uint64_t start_ms = p->now_ms;
    while (d->conn && p->now_ms < start_ms + 60000) {
        pair_wait(p, 1000, 1000);
    }
    assert_in_range(p->now_ms - start_ms, 34000, 37000);
    assert_int_equal(p->last_note[RK_NOTE_OFFLINE].reason, RK_REASON_SILENT);
    pair_free(p);
}

static void test_device__a_call_that_is_never_answered_times_out(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    d->deaf = true;
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", "x", 0), RK_E_AGAIN);
    for (int i = 0; i < 29; i++) { /* the link lives: the device pings */
        rk_sim_ping(&d->sim, p->now_ms);
        pair_wait(p, 1000, 1000);
    }
    assert_false(p->replied);
    rk_sim_ping(&d->sim, p->now_ms);
    pair_wait(p, 2000, 1000);
    assert_true(p->replied);
    assert_int_equal(p->reply.error, RK_E_TIMEOUT);
    /* and one that hangs up answers at once */
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", "x", 0), RK_E_AGAIN);
    pair_drop(d);
    assert_int_equal(p->reply.error, RK_E_CLOSED);
    assert_int_equal(pair_request(p, 0, RK_BUS_PING, NULL, NULL, 0), RK_E_NOT_FOUND); /* offline */
    pair_free(p);
}

static void test_device__the_second_connection_replaces_the_first(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct pair_device *d = pair_connect(p, 0);
    struct rk_peer_conn *first = d->conn;
    d->conn = NULL; /* the board has restarted; the server has not noticed */
    d = pair_connect(p, 0);
    assert_int_equal(d->sim.state, RK_SIM_ONLINE);
    assert_true(rk_peer_is_closed(first));
    assert_int_equal(p->last_note[RK_NOTE_OFFLINE].reason, RK_REASON_REPLACED);
    rk_peer_disconnect(first);
    assert_int_equal(pair_request(p, 0, RK_BUS_PING, NULL, NULL, 0), 0);
    assert_int_equal(rk_peer_stats(p->peer)->online, 1);
    pair_free(p);
}

/* --- those who are not let in -------------------------------------------------------------------
 */

static void test_device__unknown_ones_are_refused_with_the_reason(void **state) {
    struct pair *p = pair_new(each(state), false, false);
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(d->sim.state, RK_SIM_CLOSED);
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_UNKNOWN_DEVICE);
    pair_free(p);
    p = pair_new(each(state), true, false); /* trust on first use: only those who send their key */
    d = pair_connect(p, 0);
    assert_int_equal(d->sim.state, p->model.generation->has_key ? RK_SIM_ONLINE : RK_SIM_CLOSED);
    pair_free(p);
}

static void test_device__another_servers_key(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct rk_rsa_key *other = rk_rsa_generate(2048);
    p->model.server_public = other;
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(d->sim.state, RK_SIM_CLOSED);
    assert_int_equal(d->sim.error, 0); /* the server hung up: red */
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_OTHER_SERVERS_KEY);
    pair_free(p);
    rk_rsa_key_free(other);
}

static void test_device__a_stale_key_shows_orange_and_is_named(void **state) {
    struct pair *p = pair_new(each(state), false, true);
    struct rk_rsa_key *other = rk_rsa_generate(1024);
    uint8_t der[RK_DEVICE_KEY_BYTES];
    struct rk_device_id id = pair_id(0);
    assert_int_equal(rk_rsa_public_der(other, der, sizeof der), sizeof der);
    rk_peer_add_device(p->peer, &id, der, PAIR_OWNER, "board0");
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(d->sim.state, RK_SIM_CLOSED);
    assert_int_equal(d->sim.error, RK_E_KEY); /* it cannot read the answer: orange */
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_ANSWER_REJECTED);
    if (p->model.generation->has_key) {
        assert_int_equal(p->last_note[RK_NOTE_WARNED].reason, RK_REASON_STALE_KEY);
    }
    pair_free(p);
    rk_rsa_key_free(other);
}

static void test_device__known_but_without_a_key(void **state) {
    struct pair *p = pair_new(each(state), false, false);
    struct rk_device_id id = pair_id(0);
    rk_peer_add_device(p->peer, &id, NULL, PAIR_OWNER, "board0");
    pair_connect(p, 0);
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_NO_KEY);
    pair_free(p);
}

#define TEST(f)                                                                                    \
    { #f, f, NULL, NULL, &generations[g] }

int main(void) {
    static enum rk_generation_id generations[RK_GENERATIONS];
    int failed = 0;
    for (int g = 0; g < RK_GENERATIONS; g++) {
        generations[g] = (enum rk_generation_id)g;
        const struct CMUnitTest tests[] = {
            TEST(test_device__comes_online_and_is_described),
            TEST(test_device__functions_and_variables),
            TEST(test_device__signal_and_ping),
            TEST(test_device__survives_every_split_of_the_stream),
            TEST(test_device__pings_for_hours),
            TEST(test_device__publishes),
            TEST(test_device__hears_what_it_subscribed_to),
            TEST(test_device__answers_its_questions),
            TEST(test_device__too_many_events_are_slowed),
            TEST(test_device__a_silent_one_is_cut_off),
            TEST(test_device__a_call_that_is_never_answered_times_out),
            TEST(test_device__the_second_connection_replaces_the_first),
            TEST(test_device__unknown_ones_are_refused_with_the_reason),
            TEST(test_device__another_servers_key),
            TEST(test_device__a_stale_key_shows_orange_and_is_named),
            TEST(test_device__known_but_without_a_key),
        };
        failed += cmocka_run_group_tests_name(rk_generation((enum rk_generation_id)g)->text, tests,
                                              NULL, NULL);
    }
    return failed;
}
