/* Updates through the whole device side, each generation's way, with losses and deaths in the
 * middle. The image is what matters: it must arrive as it was, or the end must say why not.
 */
#include "server/peer/test_pair.h"

#define IMAGE_BYTES 100000
#define FLASH_BYTES 110592

static uint8_t image[IMAGE_BYTES], flash[FLASH_BYTES];

static enum rk_generation_id each(void **state) {
    return *(enum rk_generation_id *)*state;
}

static struct pair *start(void **state, bool allow_fast) {
    struct pair *p = pair_new(each(state), false, true);
    struct rk_device_id id = pair_id(0);
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = (uint8_t)(31 * i + 7 + 13 * (i >> 8));
    }
    memset(flash, 0xFF, sizeof flash);
    p->device[0].sim.flash = flash;
    p->device[0].sim.flash_size = sizeof flash;
    assert_int_equal(rk_peer_queue_update(p->peer, &id, image, sizeof image, "app.bin", allow_fast),
                     0);
    return p;
}

static void expect_arrived(struct pair *p) {
    assert_int_equal(p->last_note[RK_NOTE_UPDATE_ENDED].result, RK_UPDATE_OK);
    assert_memory_equal(flash, image, sizeof image);
    assert_int_equal(p->last_note[RK_NOTE_OFFLINE].reason, RK_REASON_UPDATED);
    assert_int_equal(rk_peer_stats(p->peer)->updates_ok, 1);
}

static void test_update__arrives(void **state) {
    for (int fast = 0; fast < 2; fast++) {
        struct pair *p = start(state, fast);
        pair_connect(p, 0); /* it was queued while the board was offline */
        pair_wait(p, 1000, 10);
        expect_arrived(p);
        pair_free(p);
    }
}

static void test_update__lost_chunks_are_sent_again(void **state) {
    struct pair *p = start(state, true);
    p->device[0].sim.faults.lose_every = 3;
    pair_connect(p, 0);
    pair_wait(p, 60000, 100);
    expect_arrived(p);
    pair_free(p);
}

static void test_update__damaged_chunks_are_sent_again(void **state) {
    struct pair *p = start(state, false);
    p->device[0].sim.faults.damage_every = 4;
    pair_connect(p, 0);
    pair_wait(p, 1000, 100);
    expect_arrived(p);
    assert_true(rk_peer_stats(p->peer)->chunks > 240); /* 196 are in it */
    pair_free(p);
}

static void test_update__a_board_that_refuses_stays_online(void **state) {
    struct pair *p = start(state, true);
    p->device[0].sim.faults.refuse_update = true;
    struct pair_device *d = pair_connect(p, 0);
    pair_wait(p, 1000, 100);
    assert_int_equal(p->last_note[RK_NOTE_UPDATE_ENDED].result, RK_UPDATE_REFUSED);
    assert_int_equal(d->sim.state, RK_SIM_ONLINE);
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", "coffee", 0), 0);
    pair_free(p);
}

static void test_update__a_board_that_falls_silent_is_let_go(void **state) {
    struct pair *p = start(state, false);
    p->device[0].sim.faults.mute_after = 50;
    pair_connect(p, 0);
    pair_wait(p, 29000, 500);
    assert_int_equal(p->notes[RK_NOTE_UPDATE_ENDED], 0);
    pair_wait(p, 3000, 500);
    assert_int_equal(p->last_note[RK_NOTE_UPDATE_ENDED].result, RK_UPDATE_STALLED);
    assert_int_equal(p->last_note[RK_NOTE_OFFLINE].reason, RK_REASON_UPDATE_FAILED);
    assert_null(p->device[0].conn);
    /* nothing is pushed again by itself: the seed thread's loop cannot happen */
    p->device[0].sim.faults.mute_after = 0;
    pair_connect(p, 0);
    pair_wait(p, 5000, 500);
    assert_int_equal(p->notes[RK_NOTE_UPDATE_STARTED], 1);
    pair_free(p);
}

static void test_update__lost_connection_and_cancel(void **state) {
    struct pair *p = start(state, false);
    p->device[0].sim.faults.mute_after = 50;
    struct pair_device *d = pair_connect(p, 0);
    assert_int_equal(pair_request(p, 0, RK_BUS_CALL, "brew", "x", 0), RK_E_BUSY);
    pair_drop(d);
    assert_int_equal(p->last_note[RK_NOTE_UPDATE_ENDED].result, RK_UPDATE_LOST);
    pair_free(p);

    p = start(state, false);
    p->device[0].sim.faults.mute_after = 50;
    pair_connect(p, 0);
    assert_int_equal(pair_request(p, 0, RK_BUS_CANCEL, NULL, NULL, 0), 0);
    assert_int_equal(p->last_note[RK_NOTE_UPDATE_ENDED].result, RK_UPDATE_CANCELLED);
    assert_null(p->device[0].conn);
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
            TEST(test_update__arrives),
            TEST(test_update__lost_chunks_are_sent_again),
            TEST(test_update__damaged_chunks_are_sent_again),
            TEST(test_update__a_board_that_refuses_stays_online),
            TEST(test_update__a_board_that_falls_silent_is_let_go),
            TEST(test_update__lost_connection_and_cancel),
        };
        failed += cmocka_run_group_tests_name(rk_generation((enum rk_generation_id)g)->text, tests,
                                              NULL, NULL);
    }
    return failed;
}
