/* The vectors of cloud-protocol.md V1 to V3 through common/proto and OpenSSL: handshake, frames and
 * IV chains byte for byte. The long messages are made from their description in the document and
 * compared by digest.
 */
#include "common/base/error.h"
#include "common/proto/frame.h"
#include "common/proto/handshake.h"
#include "common/proto/message.h"
#include "common/proto/record.h"
#include "common/proto/vectors.h"
#include "common/sum/crc.h"
#include "common/sum/sha256.h"
#include "server/crypto/openssl.h"
#include "tests/hex.h"
#include "tests/unit.h"

static struct rk_openssl *openssl;
static struct rk_crypto crypto; /* OpenSSL, with the document's filler in place of randomness */

static int vector_random(void *ctx, uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(i % 255 + 1);
    }
    return 0;
}

static int setup(void **state) {
    openssl = rk_openssl_new();
    assert_non_null(openssl);
    crypto = *rk_openssl_crypto(openssl);
    crypto.random = vector_random;
    return 0;
}

static int teardown(void **state) {
    rk_openssl_free(openssl);
    return 0;
}

static struct rk_rsa_key *private_key(const char *hex) {
    uint8_t der[1300];
    size_t len = rk_unhex(hex, der, sizeof der);
    struct rk_rsa_key *key = rk_rsa_private_new(der, len);
    assert_non_null(key);
    return key;
}

static struct rk_rsa_key *public_key(const char *hex) {
    uint8_t der[300];
    size_t len = rk_unhex(hex, der, sizeof der);
    struct rk_rsa_key *key = len == RK_DEVICE_KEY_BYTES ? rk_rsa_device_public_new(der, len)
                                                        : rk_rsa_public_new(der, len);
    assert_non_null(key);
    return key;
}

static struct rk_session_block vector_session_block(void) {
    struct rk_session_block session;
    rk_unhex(vector_session, session.bytes, sizeof session.bytes);
    return session;
}

static struct rk_claim vector_claim(bool has_key) {
    struct rk_claim claim = {.has_key = has_key};
    rk_unhex(vector_nonce, claim.nonce, sizeof claim.nonce);
    rk_unhex(vector_device_id, claim.id.bytes, sizeof claim.id.bytes);
    rk_unhex(vector_device_public, claim.key_der, sizeof claim.key_der);
    return claim;
}

static void test_claim__sealed_as_the_document_says(void **state) {
    struct rk_rsa_key *server = public_key(vector_server_public);
    uint8_t plain[RK_CLAIM_PLAIN_MAX], sealed[RK_CLAIM_BYTES];
    const char *plain_hex[] = {vector_claim_plain_2014, vector_claim_plain};
    const char *sealed_hex[] = {vector_claim_sealed_2014, vector_claim_sealed};
    for (int has_key = 0; has_key < 2; has_key++) {
        struct rk_claim claim = vector_claim(has_key);
        int len = rk_claim_encode(&claim, plain);
        assert_hex(plain_hex[has_key], plain, (size_t)len);
        assert_int_equal(rk_claim_seal(&crypto, server, &claim, sealed), 0);
        assert_hex(sealed_hex[has_key], sealed, sizeof sealed);
    }
    rk_rsa_key_free(server);
}

static void test_claim__opened_by_the_server(void **state) {
    struct rk_rsa_key *server = private_key(vector_server_private);
    uint8_t sealed[RK_CLAIM_BYTES];
    struct rk_claim wanted = vector_claim(true), claim;
    rk_unhex(vector_claim_sealed, sealed, sizeof sealed);
    assert_int_equal(rk_claim_open(&crypto, server, sealed, wanted.nonce, &claim), 0);
    assert_true(claim.has_key);
    assert_memory_equal(claim.key_der, wanted.key_der, sizeof wanted.key_der);
    assert_true(rk_device_id_equal(&claim.id, &wanted.id));
    wanted.nonce[39] ^= 1;
    assert_int_equal(rk_claim_open(&crypto, server, sealed, wanted.nonce, &claim), RK_E_AUTH);
    sealed[0] ^= 1;
    assert_int_equal(rk_claim_open(&crypto, server, sealed, claim.nonce, &claim), RK_E_KEY);
    rk_rsa_key_free(server);
}

static void test_answer__sealed_and_opened(void **state) {
    struct rk_rsa_key *server = private_key(vector_server_private);
    struct rk_rsa_key *device_public = public_key(vector_device_public);
    struct rk_session_block session = vector_session_block(), opened;
    uint8_t answer[RK_ANSWER_BYTES];
    assert_int_equal(rk_answer_seal(&crypto, server, device_public, &session, answer), 0);
    assert_hex(vector_answer_session, answer, RK_ANSWER_SESSION_BYTES);
    assert_hex(vector_answer_signature, answer + RK_ANSWER_SESSION_BYTES, RK_CLAIM_BYTES);

    struct rk_rsa_key *device = private_key(vector_device_private_padded);
    assert_int_equal(rk_answer_open(&crypto, device, server, answer, &opened), 0);
    assert_memory_equal(opened.bytes, session.bytes, sizeof session.bytes);
    answer[200] ^= 1; /* the signature: a board shows magenta */
    assert_int_equal(rk_answer_open(&crypto, device, server, answer, &opened), RK_E_AUTH);
    answer[5] ^= 1; /* the session block: orange */
    assert_int_equal(rk_answer_open(&crypto, device, server, answer, &opened), RK_E_KEY);
    rk_rsa_key_free(device);
    rk_rsa_key_free(device_public);
    rk_rsa_key_free(server);
}

static void test_keys__forms_agree_with_the_document(void **state) {
    uint8_t der[1300], padded[RK_DEVICE_PRIVATE_BYTES], public_der[RK_DEVICE_KEY_BYTES];
    size_t len = rk_unhex(vector_device_private, der, sizeof der);
    assert_int_equal(rk_device_private_pad(der, len, padded), 0);
    assert_hex(vector_device_private_padded, padded, sizeof padded);
    assert_int_equal(rk_device_private_pad(padded, sizeof padded, der), 0);
    assert_memory_equal(der, padded, sizeof padded);
    assert_int_equal(rk_device_private_public(padded, sizeof padded, public_der), 0);
    assert_hex(vector_device_public, public_der, sizeof public_der);

    struct rk_rsa_key *key = private_key(vector_server_private);
    assert_int_equal(rk_rsa_public_der(key, der, sizeof der), RK_SERVER_KEY_BYTES);
    assert_hex(vector_server_public, der, RK_SERVER_KEY_BYTES);
    assert_true(rk_server_key_is_valid(der, RK_SERVER_KEY_BYTES));
    rk_rsa_key_free(key);
}

static void test_record__region_has_the_documents_digest(void **state) {
    uint8_t der[RK_SERVER_KEY_BYTES], region[RK_SERVER_RECORD_BYTES], digest[32];
    struct rk_server_address address;
    rk_unhex(vector_server_public, der, sizeof der);
    assert_int_equal(rk_server_address_parse("192.168.1.10", 5683, &address), 0);
    assert_int_equal(rk_server_record_encode(der, sizeof der, &address, region), 0);
    rk_sha256(region, sizeof region, digest);
    assert_hex("5132b7019f4b5413f1116f179bd1c60ca4606ccb338c986115774a8eebb2d101", digest, 32);
}

/* --- V3: what each side sent, in order ------------------------------------------------------- */

struct line {
    char exchange;
    int number;
    char sender;
    const char *plain;        /* or NULL */
    size_t plain_len;         /* of the long ones */
    const char *plain_sha256; /* of the long ones */
    const char *frame;
    size_t frame_len;
    const char *frame_sha256;
};

static const struct line lines[] = {
#define RK_VECTOR(exchange, number, sender, label, plain, frame)                                   \
    {#exchange[0], number, sender, plain, 0, NULL, frame, 0, NULL},
#define RK_DIGEST(exchange, number, sender, label, plain_len, plain_sha, frame_len, frame_sha)     \
    {#exchange[0], number, sender, NULL, plain_len, plain_sha, NULL, frame_len, frame_sha},
#include "common/proto/vectors.def"
#undef RK_VECTOR
#undef RK_DIGEST
};

static void make_file(uint8_t *file, size_t len) {
    for (size_t i = 0; i < len; i++) {
        file[i] = (uint8_t)(31 * i + 7 + 13 * (i >> 8));
    }
}

/* Long messages: describe answers and chunks. */
static int make_long(const struct line *line, uint8_t *out, size_t cap) {
    static const char describe_a[] =
        "{\"f\":[\"brew\"],\"v\":{\"temp\":9,\"count\":2,\"name\":4,\"flag\":1}}";
    static const char describe_b[] =
        "{\"f\":[\"brew\"],\"v\":{\"temp\":9,\"count\":2,\"name\":4,"
        "\"flag\":1,\"a_rather_long_variable_name\":2},\"p\":6,\"m\":[]}";
    /* exchange, line, message id, token, chunk index, chunk size, file size */
    static const int chunks[][7] = {
        {'a', 22, 0x08, 0x06, 0, 256, 600},  {'a', 25, 0x09, 0x07, 1, 256, 600},
        {'a', 28, 0x0a, 0x08, 2, 256, 600},  {'b', 21, 0x07, 0x21, 0, 512, 1200},
        {'b', 22, 0x08, 0x22, 2, 512, 1200}, {'b', 27, 0x0a, 0x24, 1, 512, 1200},
    };
    if (line->sender == 'D') {
        const char *text = line->exchange == 'a' ? describe_a : describe_b;
        struct rk_msg msg = {
            .kind = RK_MSG_RESPONSE,
            .type = RK_COAP_ACK,
            .id = 2,
            .has_token = true,
            .token = 1,
            .response = {RK_COAP_CONTENT, true, {(const uint8_t *)text, strlen(text)}}};
        return rk_msg_encode(&msg, out, cap);
    }
    uint8_t file[1200];
    for (size_t i = 0; i < RK_COUNT(chunks); i++) {
        const int *c = chunks[i];
        if (c[0] == line->exchange && c[1] == line->number) {
            make_file(file, (size_t)c[6]);
            size_t off = (size_t)(c[4] * c[5]), len = RK_MIN((size_t)c[5], (size_t)c[6] - off);
            struct rk_msg msg = {.kind = RK_MSG_CHUNK,
                                 .type = RK_COAP_CON,
                                 .id = (uint16_t)c[2],
                                 .has_token = true,
                                 .token = (uint8_t)c[3],
                                 .chunk = {.crc = rk_crc32(file + off, len),
                                           .has_index = c[0] == 'b',
                                           .index = (uint16_t)c[4],
                                           .data = {file + off, len}}};
            return rk_msg_encode(&msg, out, cap);
        }
    }
    return RK_E_NOT_FOUND;
}

static void check_digest(const char *hex, const uint8_t *data, size_t len) {
    uint8_t digest[32];
    rk_sha256(data, len, digest);
    assert_hex(hex, digest, sizeof digest);
}

/* Seals every message of an exchange, opens it again, and decodes and re-encodes it. */
static void run_exchange(char exchange) {
    struct rk_session_block session = vector_session_block();
    struct rk_cipher server, device;
    rk_cipher_init(&server, &session);
    rk_cipher_init(&device, &session);
    for (size_t i = 0; i < RK_COUNT(lines); i++) {
        const struct line *line = &lines[i];
        if (line->exchange != exchange) {
            continue;
        }
        uint8_t plain[RK_MESSAGE_MAX], frame[RK_FRAME_MAX], again[RK_MESSAGE_MAX];
        int plain_len = line->plain ? (int)rk_unhex(line->plain, plain, sizeof plain)
                                    : make_long(line, plain, sizeof plain);
        assert_true(plain_len > 0);
        struct rk_cipher *from = line->sender == 'S' ? &server : &device;
        struct rk_cipher *to = line->sender == 'S' ? &device : &server;
        int frame_len = rk_frame_seal(&crypto, from, plain, (size_t)plain_len, frame, sizeof frame);
        if (line->frame) {
            assert_hex(line->frame, frame, (size_t)frame_len);
        } else {
            assert_int_equal(plain_len, line->plain_len);
            check_digest(line->plain_sha256, plain, (size_t)plain_len);
            assert_int_equal(frame_len, line->frame_len);
            check_digest(line->frame_sha256, frame, (size_t)frame_len);
        }
        assert_int_equal(rk_frame_peek(frame, (size_t)frame_len), frame_len);
        int opened = rk_frame_open(&crypto, to, frame + 2, (size_t)frame_len - 2);
        assert_int_equal(opened, plain_len);
        assert_memory_equal(frame + 2, plain, (size_t)plain_len);
        struct rk_msg msg;
        assert_int_equal(rk_msg_decode(plain, (size_t)plain_len, &msg), 0);
        if (msg.kind == RK_MSG_EVENT) {
            msg.event.split = line->sender == 'S';
        }
        assert_int_equal(rk_msg_encode(&msg, again, sizeof again), plain_len);
        assert_memory_equal(again, plain, (size_t)plain_len);
    }
}

static void test_exchange__core_of_2014(void **state) {
    run_exchange('a');
}

static void test_exchange__photon_1_4_4(void **state) {
    run_exchange('b');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim__sealed_as_the_document_says),
        cmocka_unit_test(test_claim__opened_by_the_server),
        cmocka_unit_test(test_answer__sealed_and_opened),
        cmocka_unit_test(test_keys__forms_agree_with_the_document),
        cmocka_unit_test(test_record__region_has_the_documents_digest),
        cmocka_unit_test(test_exchange__core_of_2014),
        cmocka_unit_test(test_exchange__photon_1_4_4),
    };
    return cmocka_run_group_tests_name("vectors", tests, setup, teardown);
}
