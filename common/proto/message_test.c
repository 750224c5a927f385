/* Messages: the single vectors V4 and V5 of cloud-protocol.md, and what each decoder refuses. */
#include "common/base/error.h"
#include "common/proto/frame.h"
#include "common/proto/message.h"
#include "common/proto/record.h"
#include "common/proto/vectors.h"
#include "tests/hex.h"
#include "tests/unit.h"

static struct rk_span text(const char *s) {
    return (struct rk_span){(const uint8_t *)s, strlen(s)};
}

#define REQUEST(k, t, i, tok)                                                                      \
    .kind = RK_MSG_##k, .type = RK_COAP_##t, .id = (i), .has_token = true, .token = (tok)
#define PLAIN(k, t, i) .kind = RK_MSG_##k, .type = RK_COAP_##t, .id = (i)

static void check(const char *hex, const struct rk_msg *msg) {
    uint8_t out[RK_FRAME_MAX], again[RK_FRAME_MAX];
    int len = rk_msg_encode(msg, out, sizeof out);
    assert_true(len > 0);
    assert_hex(hex, out, (size_t)len);
    struct rk_msg decoded;
    assert_int_equal(rk_msg_decode(out, (size_t)len, &decoded), 0);
    assert_int_equal(decoded.kind, msg->kind);
    assert_int_equal(decoded.id, msg->id);
    if (decoded.kind == RK_MSG_EVENT) {
        decoded.event.split = msg->event.split;
    }
    assert_int_equal(rk_msg_encode(&decoded, again, sizeof again), len);
    assert_memory_equal(again, out, (size_t)len);
}

static void test_message__v4_requests_to_the_device(void **state) {
    check("50020001b168", &(struct rk_msg){PLAIN(HELLO, NON, 1)});
    check("4101000201b164", &(struct rk_msg){REQUEST(DESCRIBE, CON, 2, 1)});
    check("4101000301b1644102", &(struct rk_msg){REQUEST(DESCRIBE, CON, 3, 1),
                                                 .describe = {true, RK_DESCRIBE_APPLICATION}});
    check("4102000302b166046272657746636f66666565",
          &(struct rk_msg){REQUEST(CALL, CON, 3, 2), .call = {"brew", text("coffee")}});
    check("4102000403b166046272657740",
          &(struct rk_msg){REQUEST(CALL, CON, 4, 3), .call = {"brew", text("")}});
    check(
        "4102000504b16604627265774d073031323334353637383961626364656667686a6b",
        &(struct rk_msg){REQUEST(CALL, CON, 5, 4), .call = {"brew", text("0123456789abcdefghjk")}});
    check("4101000403b1760474656d70",
          &(struct rk_msg){REQUEST(VARIABLE, CON, 4, 3), .variable = {"temp"}});
    check("4101000403b1760d0e615f7261746865725f6c6f6e675f7661726961626c655f6e616d65",
          &(struct rk_msg){REQUEST(VARIABLE, CON, 4, 3),
                           .variable = {"a_rather_long_variable_name"}});
    check("41030005"
          "04"
          "b173"
          "4101",
          &(struct rk_msg){REQUEST(SIGNAL, CON, 5, 4), .signal_on = true});
    check("41030005"
          "04"
          "b173"
          "4100",
          &(struct rk_msg){REQUEST(SIGNAL, CON, 5, 4)});
}

static void test_message__v4_answers(void **state) {
    uint8_t four[4], eight[8];
    rk_payload_put_i32(four, 42);
    check("5144202502ff0000002a", &(struct rk_msg){REQUEST(RESPONSE, NON, 0x2025, 2),
                                                   .response = {RK_COAP_CHANGED, true, {four, 4}}});
    struct rk_value value = {.type = RK_VALUE_DOUBLE, .real = 21.5};
    assert_int_equal(rk_value_encode(&value, eight, sizeof eight), 8);
    check("6145000403ff0000000000803540",
          &(struct rk_msg){REQUEST(RESPONSE, ACK, 4, 3),
                           .response = {RK_COAP_CONTENT, true, {eight, 8}}});
    rk_payload_put_i32(four, -7);
    check("6145000403fffffffff9", &(struct rk_msg){REQUEST(RESPONSE, ACK, 4, 3),
                                                   .response = {RK_COAP_CONTENT, true, {four, 4}}});
    rk_payload_put_i32(four, 1767225600); /* 2026-01-01T00:00:00Z */
    check("6145202323ff6955b900", &(struct rk_msg){REQUEST(RESPONSE, ACK, 0x2023, 0x23),
                                                   .response = {RK_COAP_CONTENT, true, {four, 4}}});
    check("60802123",
          &(struct rk_msg){PLAIN(RESPONSE, ACK, 0x2123), .response = {RK_COAP_BAD_REQUEST}});
    check("4000000d", &(struct rk_msg){PLAIN(PING, CON, 13)});
    check("6000000d", &(struct rk_msg){PLAIN(ACK, ACK, 13)});
}

static void test_message__v4_events(void **state) {
    check("50020005b16504726f6f6d076b69746368656e3300003cff3432",
          &(struct rk_msg){PLAIN(EVENT, NON, 5),
                           .event = {"room/kitchen", false, true, 60, true, true, text("42")}});
    check("5002000db1450d05737061726b2f6465766963652f7265736574ff7265626f6f74",
          &(struct rk_msg){PLAIN(EVENT, NON, 13), .event = {"spark/device/reset", true, false, 60,
                                                            false, true, text("reboot")}});
    check("50022024b1450d0d737061726b2f6363333030302d70617463682d76657273696f6e33000e10ff312e3239",
          &(struct rk_msg){PLAIN(EVENT, NON, 0x2024),
                           .event = {"spark/cc3000-patch-version", true, true, 3600, false, true,
                                     text("1.29")}});
    check("40012026b16504726f6f6d4175",
          &(struct rk_msg){PLAIN(SUBSCRIBE, CON, 0x2026), .subscribe = {"room", RK_SCOPE_MINE}});
}

static void test_message__v4_updates(void **state) {
    check("4102000620b175ff010200000004b00000000000",
          &(struct rk_msg){REQUEST(UPDATE_BEGIN, CON, 6, 0x20),
                           .begin = {true, true, 512, 1200, RK_UPDATE_STORE_FIRMWARE, 0}});
    check("4102000705b175", &(struct rk_msg){REQUEST(UPDATE_BEGIN, CON, 7, 5)});
    check(
        "4102000721b1634410f56139020000ff6869",
        &(struct rk_msg){REQUEST(CHUNK, CON, 7, 0x21), .chunk = {0x10f56139, true, 0, text("hi")}});
    check("40012128b163ff0001", &(struct rk_msg){PLAIN(CHUNK_MISSED, CON, 0x2128),
                                                 .payload = {(const uint8_t *)"\0\1", 2}});
    check("4103000b25b175", &(struct rk_msg){REQUEST(UPDATE_DONE, CON, 11, 0x25)});
}

static void test_message__an_empty_publish_is_a_marker_and_nothing(void **state) {
    static const uint8_t bytes[] = {0x50, 0x02, 0x21, 0x22, 0xb1, 0x45, 0x01, 'x', 0xff};
    struct rk_msg msg;
    assert_int_equal(rk_msg_decode(bytes, sizeof bytes, &msg), 0);
    assert_int_equal(msg.kind, RK_MSG_EVENT);
    assert_string_equal(msg.event.name, "x");
    assert_true(msg.event.is_private && msg.event.has_data);
    assert_int_equal(msg.event.data.len, 0);
    assert_int_equal(msg.event.ttl_s, 60);
}

static void test_message__hellos_of_2014_and_later(void **state) {
    uint8_t bytes[32];
    struct rk_msg msg;
    size_t len = rk_unhex("50022022b168ff000000010000", bytes, sizeof bytes);
    assert_int_equal(rk_msg_decode(bytes, len, &msg), 0);
    assert_true(msg.hello.has_fields && !msg.hello.has_platform);
    assert_int_equal(msg.hello.version, 1);
    len = rk_unhex("50022121b168ff0006ffff00060006", bytes, sizeof bytes);
    assert_int_equal(rk_msg_decode(bytes, len, &msg), 0);
    assert_int_equal(msg.hello.product, 6);
    assert_int_equal(msg.hello.platform, 6);
    assert_int_equal(msg.hello.flags, RK_HELLO_DIAGNOSTICS | RK_HELLO_IMMEDIATE_UPDATES);
}

static void test_message__refuses_what_no_device_sends(void **state) {
    static const struct {
        const char *hex;
        int err;
    } cases[] = {
        {"", RK_E_PROTOCOL},                               /* nothing */
        {"500221", RK_E_PROTOCOL},                         /* half a head */
        {"10022122b16801", RK_E_PROTOCOL},                 /* version 0 */
        {"49010002010203040506070809b164", RK_E_PROTOCOL}, /* token of 9 bytes */
        {"4201000201ffb164", RK_E_PROTOCOL},               /* token of 2 bytes */
        {"50022122b1650561", RK_E_PROTOCOL},               /* option longer than the message */
        {"50022122b165f1", RK_E_PROTOCOL},                 /* reserved option nibble */
        {"50022122b165", RK_E_PROTOCOL},                   /* event without a name */
        {"50022122b1650161"
         "0100",
         RK_E_PROTOCOL},                           /* a zero byte in a name */
        {"4102000721b1634101ff00", RK_E_PROTOCOL}, /* chunk without CRC */
        {"50022122b15a", RK_E_UNSUPPORTED},        /* unknown letter */
        {"50022122", RK_E_UNSUPPORTED},            /* no path */
        {"50002122", RK_E_UNSUPPORTED},            /* an empty NON */
        {"50022121b168ff0006ff", RK_E_PROTOCOL},   /* hello cut short */
    };
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        uint8_t bytes[64];
        struct rk_msg msg;
        size_t len = rk_unhex(cases[i].hex, bytes, sizeof bytes);
        assert_int_equal(rk_msg_decode(bytes, len, &msg), cases[i].err);
    }
}

static void test_message__names_may_be_one_option_or_many(void **state) {
    uint8_t bytes[64];
    struct rk_msg msg;
    size_t len = rk_unhex("50020005b16504726f6f6d076b69746368656e", bytes, sizeof bytes);
    assert_int_equal(rk_msg_decode(bytes, len, &msg), 0);
    assert_string_equal(msg.event.name, "room/kitchen");
    len = rk_unhex("50020005b1650c726f6f6d2f6b69746368656e", bytes, sizeof bytes);
    assert_int_equal(rk_msg_decode(bytes, len, &msg), 0);
    assert_string_equal(msg.event.name, "room/kitchen");
}

static void test_message__subscriptions(void **state) {
    struct rk_device_id id;
    assert_true(rk_device_id_parse("0123456789ABCDEF01234567", 24, &id));
    check("40012026b16504726f6f6dff303132333435363738396162636465663031323334353637",
          &(struct rk_msg){PLAIN(SUBSCRIBE, CON, 0x2026),
                           .subscribe = {"room", RK_SCOPE_DEVICE, id}});
    uint8_t bytes[16];
    struct rk_msg msg;
    size_t len = rk_unhex("40012026b165", bytes, sizeof bytes);
    assert_int_equal(rk_msg_decode(bytes, len, &msg), 0); /* to be refused with 4.00 */
    assert_string_equal(msg.subscribe.prefix, "");
}

static void test_values__lengths_must_fit_types(void **state) {
    struct rk_value value;
    static const uint8_t bytes[8] = {0, 0, 0, 1, 0, 0, 0, 0};
    assert_int_equal(rk_value_decode(RK_VALUE_INT, (struct rk_span){bytes, 4}, &value), 0);
    assert_int_equal(value.number, 1);
    assert_int_equal(rk_value_decode(RK_VALUE_INT, (struct rk_span){bytes, 3}, &value),
                     RK_E_PROTOCOL);
    assert_int_equal(rk_value_decode(RK_VALUE_BOOL, (struct rk_span){bytes, 4}, &value),
                     RK_E_PROTOCOL);
    assert_int_equal(rk_value_decode(RK_VALUE_DOUBLE, (struct rk_span){bytes, 4}, &value),
                     RK_E_PROTOCOL);
    assert_int_equal(rk_value_decode(RK_VALUE_STRING, (struct rk_span){bytes, 0}, &value), 0);
    assert_int_equal(rk_value_decode((enum rk_value_type)7, (struct rk_span){bytes, 4}, &value),
                     RK_E_UNSUPPORTED);
}

static void test_presence__v5(void **state) {
    struct rk_device_id id, back;
    uint8_t out[RK_PRESENCE_BYTES];
    assert_true(rk_device_id_parse("0123456789abcdef01234567", 24, &id));
    rk_presence_encode(&id, out);
    assert_hex("50020000b168ff0123456789abcdef01234567", out, sizeof out);
    assert_int_equal(rk_presence_decode(out, sizeof out, &back), 0);
    assert_true(rk_device_id_equal(&id, &back));
    assert_int_equal(rk_presence_decode(out, sizeof out - 1, &back), RK_E_PROTOCOL);
}

static void test_address__v1_records(void **state) {
    struct rk_server_address address, back;
    uint8_t out[RK_ADDRESS_RECORD_BYTES];
    assert_int_equal(rk_server_address_parse("192.168.1.10", 5683, &address), 0);
    rk_server_address_encode(&address, out);
    assert_hex(vector_address_ipv4, out, sizeof out);
    assert_int_equal(rk_server_address_decode(out, sizeof out, &back), 0);
    assert_memory_equal(back.ipv4, ((uint8_t[]){192, 168, 1, 10}), 4);
    assert_int_equal(rk_server_address_parse("cloud.example.lan", 5684, &address), 0);
    rk_server_address_encode(&address, out);
    assert_hex(vector_address_name, out, sizeof out);
    assert_int_equal(rk_server_address_decode(out, sizeof out, &back), 0);
    assert_string_equal(back.name, "cloud.example.lan");
    assert_int_equal(back.port, 5684);
    memset(out, 0xFF, sizeof out);
    assert_int_equal(rk_server_address_decode(out, sizeof out, &back), RK_E_BAD_FORMAT);
    assert_int_equal(rk_server_address_parse("not a host", 1, &address), RK_E_RANGE);
    assert_int_equal(rk_server_address_parse("", 1, &address), RK_E_RANGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message__v4_requests_to_the_device),
        cmocka_unit_test(test_message__v4_answers),
        cmocka_unit_test(test_message__v4_events),
        cmocka_unit_test(test_message__v4_updates),
        cmocka_unit_test(test_message__an_empty_publish_is_a_marker_and_nothing),
        cmocka_unit_test(test_message__hellos_of_2014_and_later),
        cmocka_unit_test(test_message__refuses_what_no_device_sends),
        cmocka_unit_test(test_message__names_may_be_one_option_or_many),
        cmocka_unit_test(test_message__subscriptions),
        cmocka_unit_test(test_values__lengths_must_fit_types),
        cmocka_unit_test(test_presence__v5),
        cmocka_unit_test(test_address__v1_records),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
