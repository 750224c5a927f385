/* Updates: server's side against the device's side, each generation's way; describe and JSON. The
 * order of messages is V3a and V3b of cloud-protocol.md.
 */
#include "common/base/error.h"
#include "common/proto/chunk.h"
#include "common/proto/describe.h"
#include "common/proto/json.h"
#include "common/proto/update.h"
#include "common/proto/update_receive.h"
#include "tests/unit.h"

static struct rk_span text(const char *s) {
    return (struct rk_span){(const uint8_t *)s, strlen(s)};
}

static void make_file(uint8_t *file, size_t len) {
    for (size_t i = 0; i < len; i++) {
        file[i] = (uint8_t)(31 * i + 7 + 13 * (i >> 8));
    }
}

static struct rk_msg answer(uint8_t code, uint8_t token, struct rk_span payload) {
    return (struct rk_msg){.kind = RK_MSG_RESPONSE,
                           .type = RK_COAP_NON,
                           .has_token = true,
                           .token = token,
                           .response = {code, payload.len > 0, payload}};
}

static const struct rk_msg_hello hello_2014 = {true, 0, 1, 0, false, RK_PLATFORM_UNKNOWN};
static const struct rk_msg_hello hello_core = {true, 0, 1, 0, true, RK_PLATFORM_CORE};
static const struct rk_msg_hello hello_photon = {true, 6, 1, 0x06, true, 6};

static void test_update__normal_mode_of_2014(void **state) {
    uint8_t file[600];
    make_file(file, sizeof file);
    struct rk_update u;
    struct rk_msg msg, reply;
    struct rk_update_plan plan = rk_update_plan_for(&hello_2014, sizeof file);
    assert_false(plan.has_block || plan.fast);
    plan.chunk_size = 256;
    assert_int_equal(rk_update_start(&u, (struct rk_span){file, sizeof file}, &plan, 0), 0);
    assert_true(rk_update_next(&u, 7, 0, &msg));
    assert_int_equal(msg.kind, RK_MSG_UPDATE_BEGIN);
    assert_false(rk_update_next(&u, 8, 0, &msg)); /* not before the board is ready */
    reply = answer(RK_COAP_CHANGED, u.control_token, text(""));
    assert_true(rk_update_receive(&u, &reply, 10));
    /* CRCs of the three chunks: cloud-protocol.md V3 */
    static const uint32_t crcs[] = {0x0ce9d363, 0x01acd47d, 0x29bf7242};
    for (int i = 0; i < 3; i++) {
        assert_true(rk_update_next(&u, 8, 10, &msg));
        assert_int_equal(msg.kind, RK_MSG_CHUNK);
        assert_false(msg.chunk.has_index);
        assert_int_equal(msg.chunk.crc, crcs[i]);
        assert_false(rk_update_next(&u, 9, 10, &msg)); /* one in flight */
        if (i == 1) {                                  /* a damaged one is sent again */
            reply = answer(RK_COAP_BAD_REQUEST, u.chunk_token, text(""));
            assert_true(rk_update_receive(&u, &reply, 10));
            assert_true(rk_update_next(&u, 9, 10, &msg));
            assert_int_equal(msg.chunk.crc, crcs[1]);
        }
        reply = answer(RK_COAP_CHANGED, u.chunk_token, text(""));
        assert_true(rk_update_receive(&u, &reply, 10));
    }
    assert_true(rk_update_next(&u, 11, 10, &msg));
    assert_int_equal(msg.kind, RK_MSG_UPDATE_DONE);
    reply = answer(RK_COAP_CHANGED, msg.token, text(""));
    assert_true(rk_update_receive(&u, &reply, 20));
    assert_int_equal(u.state, RK_UPDATE_STATE_END);
    assert_int_equal(u.result, RK_UPDATE_OK);
}

static void start_fast(struct rk_update *u, const uint8_t *file, size_t len,
                       const struct rk_msg_hello *hello) {
    struct rk_msg msg, reply;
    struct rk_update_plan plan = rk_update_plan_for(hello, (uint32_t)len);
    plan.fast = true;
    assert_int_equal(rk_update_start(u, (struct rk_span){file, len}, &plan, 0), 0);
    assert_true(rk_update_next(u, 6, 0, &msg));
    assert_true(msg.begin.has_block && msg.begin.fast);
    assert_int_equal(msg.begin.length, len);
    reply = answer(RK_COAP_CHANGED, msg.token, text("\1"));
    assert_true(rk_update_receive(u, &reply, 0));
}

static void test_update__fast_mode_sends_the_missed_and_done_again(void **state) {
    uint8_t file[1200];
    make_file(file, sizeof file);
    struct rk_update u;
    struct rk_msg msg, reply;
    start_fast(&u, file, sizeof file, &hello_photon);
    static const uint32_t crcs[] = {0x10f56139, 0xfa0fa231, 0xd404b25b};
    for (int i = 0; i < 3; i++) {
        assert_true(rk_update_next(&u, 7, 0, &msg));
        assert_int_equal(msg.chunk.index, i);
        assert_int_equal(msg.chunk.crc, crcs[i]);
    }
    assert_true(rk_update_next(&u, 9, 0, &msg));
    assert_int_equal(msg.kind, RK_MSG_UPDATE_DONE);
    reply = answer(RK_COAP_BAD_REQUEST, msg.token, text(""));
    assert_true(rk_update_receive(&u, &reply, 0));
    struct rk_msg missed = {.kind = RK_MSG_CHUNK_MISSED, .payload = {(const uint8_t *)"\0\1", 2}};
    assert_true(rk_update_receive(&u, &missed, 0));
    assert_true(rk_update_next(&u, 10, 0, &msg));
    assert_int_equal(msg.chunk.crc, crcs[1]);
    assert_true(rk_update_next(&u, 11, 0, &msg));
    assert_int_equal(msg.kind, RK_MSG_UPDATE_DONE);
    reply = answer(RK_COAP_CHANGED, msg.token, text("{\"r\":\"ok\"}"));
    assert_true(rk_update_receive(&u, &reply, 0));
    assert_int_equal(u.result, RK_UPDATE_OK);
    assert_int_equal(u.sent_chunks, 4);
}

static void test_update__older_boards_finish_themselves(void **state) {
    uint8_t file[1200];
    make_file(file, sizeof file);
    struct rk_update u;
    struct rk_msg msg;
    start_fast(&u, file, sizeof file, &hello_core);
    while (rk_update_next(&u, 7, 0, &msg)) {
    }
    assert_int_equal(u.state, RK_UPDATE_STATE_CONFIRM);
    struct rk_msg missed = {.kind = RK_MSG_CHUNK_MISSED,
                            .payload = {(const uint8_t *)"\0\0\0\2", 4}};
    struct rk_msg nonsense = {.kind = RK_MSG_CHUNK_MISSED, .payload = text("\7\7")};
    assert_true(rk_update_receive(&u, &missed, 0));
    assert_true(rk_update_next(&u, 8, 0, &msg));
    assert_true(rk_update_receive(&u, &nonsense, 0)); /* found by fuzzing: dropped the list */
    assert_true(rk_update_next(&u, 9, 0, &msg));
    assert_int_equal(msg.kind, RK_MSG_CHUNK);
    assert_int_equal(msg.chunk.index, 2);
    assert_false(rk_update_next(&u, 10, 0, &msg)); /* the board speaks next */
    struct rk_msg done = {.kind = RK_MSG_UPDATE_DONE, .payload = text("{\"r\":\"error\"}")};
    assert_true(rk_update_receive(&u, &done, 0));
    assert_int_equal(u.result, RK_UPDATE_REJECTED);
}

static void test_update__ends_in_every_way(void **state) {
    uint8_t file[1200];
    make_file(file, sizeof file);
    struct rk_update u;
    struct rk_msg msg, reply;
    struct rk_update_plan plan = rk_update_plan_for(&hello_core, sizeof file);
    const struct rk_span image = {file, sizeof file};

    assert_int_equal(rk_update_start(&u, (struct rk_span){file, 0}, &plan, 0), RK_E_RANGE);

    rk_update_start(&u, image, &plan, 0); /* 60 80 id id: no token, the id tells */
    assert_true(rk_update_next(&u, 77, 0, &msg));
    reply = (struct rk_msg){
        .kind = RK_MSG_RESPONSE, .type = RK_COAP_ACK, .id = 77, .response = {RK_COAP_BAD_REQUEST}};
    assert_true(rk_update_receive(&u, &reply, 0));
    assert_int_equal(u.result, RK_UPDATE_REFUSED);

    rk_update_start(&u, image, &plan, 0); /* never ready */
    rk_update_next(&u, 1, 0, &msg);
    rk_update_tick(&u, u.deadline_ms - 1);
    assert_int_equal(u.state, RK_UPDATE_STATE_READY);
    rk_update_tick(&u, u.deadline_ms);
    assert_int_equal(u.result, RK_UPDATE_NOT_READY);

    rk_update_start(&u, image, &plan, 0); /* dies in the middle */
    rk_update_next(&u, 1, 0, &msg);
    reply = answer(RK_COAP_CHANGED, msg.token, text(""));
    rk_update_receive(&u, &reply, 0);
    rk_update_next(&u, 2, 0, &msg);
    assert_int_equal(u.deadline_ms, 30000);
    rk_update_tick(&u, 30000);
    assert_int_equal(u.result, RK_UPDATE_STALLED);

    rk_update_start(&u, image, &plan, 0); /* the same chunk damaged for ever */
    rk_update_next(&u, 1, 0, &msg);
    rk_update_receive(&u, &reply, 0);
    reply.token = u.control_token;
    rk_update_receive(&u, &reply, 0);
    for (int i = 0; i < 20 && rk_update_next(&u, 2, 0, &msg); i++) {
        reply = answer(RK_COAP_BAD_REQUEST, msg.token, text(""));
        rk_update_receive(&u, &reply, 0);
    }
    assert_int_equal(u.result, RK_UPDATE_DAMAGED);

    rk_update_start(&u, image, &plan, 0);
    rk_update_cancel(&u, RK_UPDATE_CANCELLED);
    assert_int_equal(u.result, RK_UPDATE_CANCELLED);
    assert_false(rk_update_next(&u, 1, 0, &msg));
    assert_string_equal(rk_update_result_text(RK_UPDATE_CANCELLED), "it was cancelled");
}

/* Server and device against each other over a channel that damages and drops at random. */
static void test_update__arrives_whatever_is_lost(void **state) {
    static uint8_t file[20000], flash[20480], bits[64];
    make_file(file, sizeof file);
    for (uint32_t seed = 1; seed <= 50; seed++) {
        uint32_t random = seed * 2654435761u;
        struct rk_update u;
        struct rk_update_receiver r;
        struct rk_msg msg, reply;
        memset(flash, 0xFF, sizeof flash);
        start_fast(&u, file, sizeof file, seed % 2 ? &hello_photon : &hello_core);
        struct rk_msg_begin begin = {true, true, 512, sizeof file, 0, 0};
        assert_int_equal(rk_update_receiver_begin(&r, &begin, true, 0, bits, sizeof bits), 0);
        for (int step = 0; step < 5000 && u.state != RK_UPDATE_STATE_END; step++) {
            if (!rk_update_next(&u, 1, 0, &msg)) {
                uint8_t list[2 * RK_MISSED_MAX];
                size_t len = rk_update_receiver_missed(&r, list);
                reply = (struct rk_msg){.kind = len ? RK_MSG_CHUNK_MISSED : RK_MSG_UPDATE_DONE,
                                        .payload = {list, len}};
                assert_true(rk_update_receive(&u, &reply, 0));
            } else if (msg.kind == RK_MSG_CHUNK) {
                random = random * 1664525u + 1013904223u;
                uint32_t off;
                msg.chunk.crc ^= (random >> 16) % 20 == 0;
                if ((random >> 24) % 5 &&
                    rk_update_receiver_chunk(&r, &msg.chunk, &off) == RK_CHUNK_STORE) {
                    memcpy(flash + off, msg.chunk.data.data, msg.chunk.data.len);
                }
            } else if (msg.kind == RK_MSG_UPDATE_DONE && rk_update_receiver_complete(&r)) {
                reply = answer(RK_COAP_CHANGED, msg.token, text(""));
                assert_true(rk_update_receive(&u, &reply, 0));
            }
        }
        assert_int_equal(u.result, RK_UPDATE_OK);
        assert_memory_equal(flash, file, sizeof file);
    }
}

static void test_chunks__lists_are_bounded_and_lowest_first(void **state) {
    uint8_t bits[16], list[2 * RK_MISSED_MAX];
    struct rk_chunk_map map;
    assert_int_equal(rk_chunk_map_init(&map, bits, 100), 0);
    assert_int_equal(rk_missed_encode(&map, 1000, list), 2 * RK_MISSED_MAX);
    assert_true(rk_chunk_map_add(&map, 0));
    assert_false(rk_chunk_map_add(&map, 0));
    assert_false(rk_chunk_map_add(&map, 100));
    assert_int_equal(rk_missed_encode(&map, 3, list), 6);
    assert_memory_equal(list, "\0\1\0\2\0\3", 6);
    assert_int_equal(rk_missed_limit(0), 2);
    assert_int_equal(rk_missed_limit(100), 120);
    assert_int_equal(rk_chunk_map_init(&map, bits, 0), RK_E_RANGE);
}

/* --- describe --------------------------------------------------------------------------------- */

struct seen {
    char text[512];
};

static void see_function(void *ctx, struct rk_span name) {
    struct seen *s = ctx;
    sprintf(s->text + strlen(s->text), "f:%.*s ", (int)name.len, (const char *)name.data);
}

static void see_variable(void *ctx, struct rk_span name, enum rk_value_type type) {
    struct seen *s = ctx;
    sprintf(s->text + strlen(s->text), "v:%.*s=%d ", (int)name.len, (const char *)name.data, type);
}

static void see_module(void *ctx, const struct rk_describe_module *m) {
    struct seen *s = ctx;
    sprintf(s->text + strlen(s->text), "m:%c%d v%d %c %u/%u ", m->function, m->index, m->version,
            m->store, m->checked, m->passed);
    for (unsigned i = 0; i < m->dependencies; i++) {
        sprintf(s->text + strlen(s->text), "d:%c%d>=%d ", m->dependency[i].function,
                m->dependency[i].index, m->dependency[i].version);
    }
}

static void see_platform(void *ctx, uint16_t platform) {
    struct seen *s = ctx;
    sprintf(s->text + strlen(s->text), "p:%d ", platform);
}

static int describe(const char *json, struct seen *s) {
    struct rk_describe_sink sink = {s, see_function, see_variable, see_module, see_platform};
    s->text[0] = '\0';
    return rk_describe_parse(text(json), &sink);
}

static void test_describe__the_references_example(void **state) {
    struct seen s;
    assert_int_equal(
        describe("{\"f\":[\"brew\"],\"v\":{\"temp\":9},\"p\":6,\"imei\":\"1\",\"m\":[{\"s\":16384,"
                 "\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\",\"n\":\"0\",\"v\":501,\"d\":[]},"
                 "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":26,\"f\":\"s\",\"n\":\"1\",\"v\":1406,"
                 "\"d\":[{\"f\":\"s\",\"n\":\"2\",\"v\":207,\"_\":\"\"},{\"f\":\"b\",\"n\":\"0\","
                 "\"v\":400,\"_\":\"\"}]}]}",
                 &s),
        0);
    assert_string_equal(s.text, "f:brew v:temp=9 p:6 m:b0 v501 m 30/30 m:s1 v1406 m 30/26 "
                                "d:s2>=207 d:b0>=400 ");
}

static void test_describe__writes_what_devices_write(void **state) {
    static const char *const functions[] = {"brew"};
    static const struct rk_describe_variable variables[] = {{"temp", RK_VALUE_DOUBLE},
                                                            {"count", RK_VALUE_INT},
                                                            {"name", RK_VALUE_STRING},
                                                            {"flag", RK_VALUE_BOOL}};
    uint8_t out[128];
    int len = rk_describe_write(functions, 1, variables, 4, RK_PLATFORM_UNKNOWN, out, sizeof out);
    static const char wanted[] =
        "{\"f\":[\"brew\"],\"v\":{\"temp\":9,\"count\":2,\"name\":4,\"flag\":1}}";
    assert_int_equal(len, sizeof wanted - 1);
    assert_memory_equal(out, wanted, sizeof wanted - 1);
    assert_int_equal(rk_describe_write(functions, 1, variables, 4, 6, out, 20), RK_E_TOO_BIG);
}

static void test_describe__refuses_broken_documents(void **state) {
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "{\"f\":[\"a\"",
                                      "{\"f\":[\"a\",]}x",
                                      "{\"a\"}",
                                      "{\"v\":{\"x\":\"y\"}}",
                                      "{} {}",
                                      "{\"f\":[1]}",
                                      "[[[[[[[[[[[[[[[[[[[[[[",
                                      "{\"v\":{\"x\":99999999999999999999}}"};
    struct seen s;
    for (size_t i = 0; i < RK_COUNT(bad); i++) {
        assert_int_equal(describe(bad[i], &s), RK_E_PROTOCOL);
    }
    assert_int_equal(describe(" { \"x\" : [1.5, true, null, {\"f\":[]}] , \"f\":[] } ", &s), 0);
    assert_true(rk_update_json_is_error(text("{\"u\":{\"r\":\"ok\"},\"r\":\"error\"}")));
    assert_false(rk_update_json_is_error(text("{\"u\":{\"r\":\"error\"},\"r\":\"ok\"}")));
    assert_false(rk_update_json_is_error(text("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update__normal_mode_of_2014),
        cmocka_unit_test(test_update__fast_mode_sends_the_missed_and_done_again),
        cmocka_unit_test(test_update__older_boards_finish_themselves),
        cmocka_unit_test(test_update__ends_in_every_way),
        cmocka_unit_test(test_update__arrives_whatever_is_lost),
        cmocka_unit_test(test_chunks__lists_are_bounded_and_lowest_first),
        cmocka_unit_test(test_describe__the_references_example),
        cmocka_unit_test(test_describe__writes_what_devices_write),
        cmocka_unit_test(test_describe__refuses_broken_documents),
    };
    return cmocka_run_group_tests_name("update", tests, NULL, NULL);
}
