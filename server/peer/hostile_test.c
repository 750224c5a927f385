/* Devices that behave badly: random valid and broken messages by the thousand (a million in the
 * full run), half-open connections, floods. No crash, no leak (ASan, LSan), and no session that
 * outlives its limits. The seed is printed; REKINDLE_SEED repeats it, REKINDLE_MESSAGES sets how
 * many.
 */
#include "server/peer/test_pair.h"

static uint32_t state32;

static uint32_t rnd(uint32_t below) {
    state32 = state32 * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(state32 ^ state32 >> 15) * below) >> 32);
}

static void test_hostile__half_open_and_slow_ones_are_cut_off(void **state) {
    struct pair *p = pair_new(RK_GENERATION_G0_7, false, true);
    struct rk_peer_conn *half = rk_peer_connect(p->peer, "192.0.2.9");
    struct rk_peer_conn *slow = rk_peer_connect(p->peer, "192.0.2.9");
    for (int s = 0; s < 59; s++) { /* one byte each second: slowloris */
        rk_peer_receive(slow, "x", 1);
        pair_wait(p, 1000, 1000);
    }
    assert_false(rk_peer_is_closed(half) || rk_peer_is_closed(slow));
    pair_wait(p, 1001, 1000);
    assert_true(rk_peer_is_closed(half) && rk_peer_is_closed(slow));
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_HANDSHAKE_TIMEOUT);
    rk_peer_disconnect(half);
    rk_peer_disconnect(slow);
    pair_free(p);
}

static void test_hostile__talking_out_of_turn(void **state) {
    struct pair *p = pair_new(RK_GENERATION_G0_7, false, true);
    uint8_t bytes[300] = {1};
    struct rk_peer_conn *c = rk_peer_connect(p->peer, "192.0.2.9");
    rk_peer_receive(c, bytes, sizeof bytes);
    assert_true(rk_peer_is_closed(c));
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_TALKED_OUT_OF_TURN);
    rk_peer_disconnect(c);
    c = rk_peer_connect(p->peer, "192.0.2.9");
    rk_peer_receive(c, bytes, 256); /* noise of the right length */
    assert_true(rk_peer_is_closed(c));
    assert_int_equal(p->last_note[RK_NOTE_REFUSED].reason, RK_REASON_OTHER_SERVERS_KEY);
    rk_peer_disconnect(c);
    pair_free(p);
}

static void test_hostile__a_flood_is_cut_off(void **state) {
    struct pair *p = pair_new(RK_GENERATION_G0_7, false, true);
    struct pair_device *d = pair_connect(p, 0);
    for (int i = 0; i < 30000 && d->conn; i++) {
        rk_sim_ping(&d->sim, p->now_ms);
        pair_run(p);
    }
    assert_null(d->conn);
    assert_int_equal(p->last_note[RK_NOTE_OFFLINE].reason, RK_REASON_TOO_FAST);
    pair_free(p);
}

/* --- random behaviour ---------------------------------------------------------------------------
 */

static void send_random_message(struct pair_device *d) {
    struct rk_msg msg = {.kind = (enum rk_msg_kind)rnd(RK_MSG_KINDS),
                         .type = (enum rk_coap_type)rnd(4),
                         .id = (uint16_t)rnd(65536),
                         .has_token = rnd(2),
                         .token = (uint8_t)rnd(256)};
    static const uint8_t noise[64] = "{\"f\":[\"x\"],\"v\":{\"a\":2}}";
    static const char *const names[] = {"a", "spark/device/claim/code", "particle/device/name",
                                        "spark/device/random", "room/kitchen"};
    static const uint8_t codes[] = {0x44, 0x45, 0x80, 0x84, 0xA3, 0xFF};
    struct rk_span data = {noise, rnd(2) ? 24 : rnd(sizeof noise)};
    switch (msg.kind) {
    case RK_MSG_RESPONSE:
        msg.response = (struct rk_msg_response){codes[rnd(6)], rnd(2), data};
        break;
    case RK_MSG_EVENT:
        strcpy(msg.event.name, names[rnd(5)]);
        msg.event.is_private = rnd(2);
        msg.event.data = data;
        break;
    case RK_MSG_SUBSCRIBE:
        strcpy(msg.subscribe.prefix, names[rnd(5)]);
        msg.subscribe.scope = (enum rk_scope)rnd(3);
        break;
    case RK_MSG_CHUNK_MISSED:
    case RK_MSG_UPDATE_DONE: msg.payload = data; break;
    case RK_MSG_GOODBYE: msg.kind = rnd(20) ? RK_MSG_PING : RK_MSG_GOODBYE; break;
    case RK_MSG_DESCRIBE_POST: msg.describe.body = data; break;
    case RK_MSG_HELLO: msg.hello.has_fields = rnd(2); break;
    default: break;
    }
    uint8_t plain[RK_MESSAGE_MAX];
    int len = rk_msg_encode(&msg, plain, sizeof plain);
    if (len > 0 && rnd(200) == 0) {
        plain[rnd((uint32_t)len)] ^= (uint8_t)(1 + rnd(255));
    }
    if (len > 0) {
        (void)rk_sim_send_raw(&d->sim, plain, (size_t)len);
    }
}

static void misbehave(struct pair *p, size_t n) {
    struct pair_device *d = &p->device[n];
    static const uint8_t image[3000] = {1, 2, 3};
    struct rk_device_id id = pair_id(n);
    if (!d->conn) {
        d->sim.updated = false;
        pair_connect(p, n);
        return;
    }
    switch (rnd(1200)) {
    case 0: pair_drop(d); break;
    case 1: rk_peer_receive(d->conn, "\1\2\3\4\5\6\7", 1 + rnd(7)); break;
    case 2:
        (void)rk_peer_queue_update(p->peer, &id, image, 1 + rnd(sizeof image), "x", rnd(2));
        break;
    case 3: pair_request(p, n, RK_BUS_CANCEL, NULL, NULL, 0); break;
    case 4: pair_request(p, n, RK_BUS_OWNER_IS, NULL, NULL, rnd(3)); break;
    case 5: pair_wait(p, rnd(40000), 5000); break;
    case 6: pair_request(p, n, (enum rk_bus_request_kind)rnd(6), "brew", "x", 1); break;
    case 7: d->deaf = !d->deaf; break;
    default: send_random_message(d); break;
    }
    if (rnd(8) == 0) {
        pair_run(p);
    }
}

static void test_hostile__random_behaviour(void **state) {
    const char *seed_text = getenv("REKINDLE_SEED"), *count_text = getenv("REKINDLE_MESSAGES");
    uint32_t seed = seed_text ? (uint32_t)strtoul(seed_text, NULL, 0) : 20141115;
    unsigned long count = count_text ? strtoul(count_text, NULL, 0) : 20000;
    print_message("seed %u, %lu messages\n", seed, count);
    state32 = seed;
    struct pair *p = pair_new(RK_GENERATION_G1_4, false, true);
    for (unsigned long i = 0; i < count; i++) {
        misbehave(p, rnd(4));
    }
    for (size_t n = 0; n < 4; n++) {
        p->device[n].deaf = true; /* from here on nobody says anything */
        p->device[n].sim.state = RK_SIM_NONCE;
    }
    for (int i = 0; i < 1000 && rk_peer_stats(p->peer)->online; i++) {
        pair_wait(p, 1000, 1000);
    }
    assert_int_equal(rk_peer_stats(p->peer)->online, 0);
    pair_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile__half_open_and_slow_ones_are_cut_off),
        cmocka_unit_test(test_hostile__talking_out_of_turn),
        cmocka_unit_test(test_hostile__a_flood_is_cut_off),
        cmocka_unit_test(test_hostile__random_behaviour),
    };
    return cmocka_run_group_tests_name("device_hostile", tests, NULL, NULL);
}
