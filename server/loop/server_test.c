/* The program itself: commands over the control socket, a device over TCP from handshake to update,
 * SIGTERM, and SIGKILL at random moments under load, after which nothing that was acknowledged may
 * be missing. REKINDLE_KILLS sets how many (10; 200 in the full run), REKINDLE_SEED the moments.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/sum/crc.h"
#include "server/crypto/openssl.h"
#include "server/loop/keys.h"
#include "server/loop/test_server.h"
#include "server/sim/sim.h"
#include "server/store/store.h"
#include "tests/unit.h"

static void expect_ok(json_t *answer) {
    assert_non_null(answer);
    if (!json_is_true(json_object_get(answer, "ok"))) {
        char *text = json_dumps(answer, 0);
        print_message("%s\n", text);
        free(text);
    }
    assert_true(json_is_true(json_object_get(answer, "ok")));
}

static void ask_ok(struct test_server *s, const char *line) {
    json_t *answer = test_server_ask(s, line);
    expect_ok(answer);
    json_decref(answer);
}

static void ask_fails(struct test_server *s, const char *line, const char *error) {
    json_t *answer = test_server_ask(s, line);
    assert_non_null(answer);
    assert_string_equal(json_string_value(json_object_get(answer, "error")), error);
    json_decref(answer);
}

static void test_server__commands_and_their_mistakes(void **state) {
    struct test_server s = {.dir = ""};
    struct stat st;
    char path[96];
    test_server_start(&s, NULL);
    ask_ok(&s, "{\"id\":7,\"cmd\":\"user.add\",\"name\":\"anna\",\"password\":\"long enough\"}");
    ask_fails(&s, "{\"cmd\":\"user.add\",\"name\":\"anna\",\"password\":\"long enough\"}",
              "EXISTS");
    ask_fails(&s, "{\"cmd\":\"user.add\",\"name\":\"ben\",\"password\":\"short\"}", "USAGE");
    ask_ok(&s,
           "{\"cmd\":\"device.add\",\"device\":\"0123456789abcdef01234567\",\"owner\":\"anna\"}");
    ask_fails(&s, "{\"cmd\":\"device.add\",\"device\":\"0123456789abcdef01234567\"}", "EXISTS");
    ask_fails(&s, "{\"cmd\":\"device.add\",\"device\":\"0123\"}", "USAGE");
    ask_fails(&s, "{\"cmd\":\"device.add\",\"device\":\"0123456789abcdef01234568\",\"key\":\"x\"}",
              "KEY");
    ask_fails(&s, "{\"cmd\":\"call\",\"device\":\"0123456789abcdef01234567\",\"name\":\"f\"}",
              "NOT_FOUND");
    ask_fails(&s, "{\"cmd\":\"publish\",\"name\":\"spark/status\"}", "USAGE");
    ask_fails(&s, "{\"cmd\":\"nonsense\"}", "USAGE");
    ask_fails(&s, "[1,2", "USAGE");
    ask_fails(&s, "{\"cmd\":\"flash\",\"device\":\"0123456789abcdef01234567\",\"image\":\"AAAA\"}",
              "IMAGE_EMPTY");
    snprintf(path, sizeof path, "%s/%s", s.dir, RK_SERVER_KEY_FILE);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/control.sock", s.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    int status = test_server_end(&s, SIGTERM);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    test_server_remove(&s);
}

/* --- a device over TCP
 * ----------------------------------------------------------------------------- */

struct tcp_device {
    int fd;
    struct rk_sim sim;
};

static void on_send(void *ctx, const uint8_t *bytes, size_t len) {
    assert_int_equal(send(((struct tcp_device *)ctx)->fd, bytes, len, MSG_NOSIGNAL), len);
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Passes bytes until done, the end of the connection, or silence for quiet_ms. */
static void run_device(struct tcp_device *d, const bool *done, int quiet_ms) {
    uint8_t buffer[4096];
    struct pollfd p = {.fd = d->fd, .events = POLLIN};
    while (!(done && *done) && poll(&p, 1, quiet_ms) == 1) {
        ssize_t n = recv(d->fd, buffer, sizeof buffer, 0);
        if (n <= 0) {
            return;
        }
        rk_sim_receive(&d->sim, buffer, (size_t)n, now_ms());
    }
}

/* A user part for a Photon: module info, filler, suffix, CRC (cloud-protocol.md 6). */
static void make_image(uint8_t *image, size_t len) {
    static const uint8_t head[24] = {0, 0, 0x0a, 8, 0, 0, 0, 0, 0, 0, 5, 0, 6, 0, 5, 1};
    memset(image, 0x5A, len);
    memcpy(image, head, sizeof head);
    rk_put_u32le(image + 4, (uint32_t)(0x080A0000 + len - 4));
    memset(image + len - 44, 0xFF, 4);
    rk_put_u16le(image + len - 6, 40);
    rk_put_u32be(image + len - 4, rk_crc32(image, len - 4));
}

static char *base64(const uint8_t *data, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = calloc(1, (len + 2) / 3 * 4 + 1), *out = text;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) |
                     (i + 2 < len ? data[i + 2] : 0);
        *out++ = digits[v >> 18];
        *out++ = digits[v >> 12 & 63];
        *out++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
        *out++ = i + 2 < len ? digits[v & 63] : '=';
    }
    return text;
}

static void test_server__a_device_from_handshake_to_update(void **state) {
    static const char *const functions[] = {"brew"};
    static uint8_t image[20000], flash[20480];
    struct test_server s = {.dir = ""};
    struct rk_openssl *openssl = rk_openssl_new();
    struct rk_rsa_key *device_key = rk_rsa_generate(1024), *server_key;
    uint8_t der[RK_SERVER_KEY_BYTES];
    bool made;
    test_server_start(&s, "--trust-first-use");
    assert_int_equal(rk_keys_load(s.dir, false, &server_key, &made), 0);
    struct rk_sim_model model = {.crypto = rk_openssl_crypto(openssl),
                                 .server_public = server_key,
                                 .device_private = device_key,
                                 .generation = rk_generation(RK_GENERATION_G1_4),
                                 .platform = 6,
                                 .functions = functions,
                                 .function_count = 1,
                                 .send = on_send};
    assert_int_equal(rk_rsa_public_der(device_key, der, sizeof der), RK_DEVICE_KEY_BYTES);
    memcpy(model.key_der, der, sizeof model.key_der);
    struct rk_device_id id;
    assert_true(rk_device_id_parse("0123456789abcdef01234567", 24, &id));
    struct tcp_device d = {.fd = test_server_connect(&s),
                           .sim = {.flash = flash, .flash_size = sizeof flash}};
    rk_sim_start(&d.sim, &model, &id, &d, now_ms());
    run_device(&d, NULL, 3000);
    assert_int_equal(d.sim.state, RK_SIM_ONLINE);
    assert_in_range(d.sim.time_s, (uint32_t)time(NULL) - 100, (uint32_t)time(NULL) + 100);

    static const char call[] = "{\"cmd\":\"call\",\"device\":\"0123456789abcdef01234567\",\"name\":"
                               "\"brew\",\"arg\":\"tea\"}\n";
    assert_int_equal(send(s.control, call, sizeof call - 1, 0), sizeof call - 1);
    run_device(&d, NULL, 1000);
    json_t *answer = test_server_answer(&s);
    expect_ok(answer);
    assert_int_equal(json_integer_value(json_object_get(answer, "return_value")), 3);
    json_decref(answer);

    make_image(image, sizeof image);
    char *text = base64(image, sizeof image), *line = NULL;
    assert_true(asprintf(&line,
                         "{\"cmd\":\"flash\",\"device\":\"0123456789abcdef01234567\","
                         "\"name\":\"a.bin\",\"image\":\"%s\"}",
                         text) > 0);
    ask_ok(&s, line);
    run_device(&d, &d.sim.updated, 5000);
    assert_true(d.sim.updated);
    assert_memory_equal(flash, image, sizeof image);
    close(d.fd);
    d.fd = test_server_connect(&s); /* it restarts and says so */
    rk_sim_start(&d.sim, &model, &id, &d, now_ms());
    d.sim.updated = false;
    run_device(&d, NULL, 2000);
    answer = test_server_ask(&s, "{\"cmd\":\"updates\",\"device\":\"0123456789abcdef01234567\"}");
    expect_ok(answer);
    json_t *update = json_array_get(json_object_get(answer, "updates"), 0);
    assert_string_equal(json_string_value(json_object_get(update, "state")), "done");
    assert_string_equal(json_string_value(json_object_get(update, "result")), "the board runs it");
    json_decref(answer);
    close(d.fd);
    int status = test_server_end(&s, SIGTERM);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    free(text);
    free(line);
    rk_rsa_key_free(device_key);
    rk_rsa_key_free(server_key);
    rk_openssl_free(openssl);
    test_server_remove(&s);
}

/* --- SIGKILL
 * --------------------------------------------------------------------------------------- */

static void send_device_add(struct test_server *s, unsigned n) {
    char line[96];
    int len = snprintf(line, sizeof line,
                       "{\"id\":%u,\"cmd\":\"device.add\",\"device\":\"%024x\"}\n", n, n);
    (void)!send(s->control, line, (size_t)len, MSG_NOSIGNAL);
}

/* Adds devices, eight on their way at a time, and kills the server at some moment: how many were
 * acknowledged. The acknowledged numbers are marked. */
static void add_until_killed(struct test_server *s, unsigned *next, bool *acked, size_t cap,
                             uint64_t kill_after_ms) {
    uint64_t start = now_ms();
    int noise[4];
    for (int i = 0; i < 4; i++) {
        noise[i] = test_server_connect(s);
        (void)!send(noise[i], "noise", (size_t)i + 1, MSG_NOSIGNAL);
    }
    for (int i = 0; i < 8; i++) {
        send_device_add(s, (*next)++);
    }
    pid_t killer = fork(); /* the moment does not depend on where we wait */
    if (killer == 0) {
        usleep((useconds_t)(kill_after_ms * 1000));
        kill(s->pid, SIGKILL);
        _exit(0);
    }
    json_t *answer;
    while ((answer = test_server_answer(s)) && now_ms() - start < 20000) {
        size_t n = (size_t)json_integer_value(json_object_get(answer, "id"));
        if (json_is_true(json_object_get(answer, "ok")) && n < cap) {
            acked[n] = true;
        }
        json_decref(answer);
        if (*next < cap) {
            send_device_add(s, (*next)++);
        }
    }
    waitpid(killer, NULL, 0);
    (void)test_server_end(s, SIGKILL);
    for (int i = 0; i < 4; i++) {
        close(noise[i]);
    }
}

/* The store is read by the program's own check and list. */
static size_t count_missing(struct test_server *s, const bool *acked, size_t cap) {
    char path[96];
    struct rk_store *store;
    struct rk_store_device d;
    size_t missing = 0;
    snprintf(path, sizeof path, "%s/store.db", s->dir);
    assert_int_equal(rk_store_sqlite_open(path, &store), 0);
    for (size_t n = 0; n < cap; n++) {
        char text[RK_DEVICE_ID_TEXT];
        struct rk_device_id id;
        snprintf(text, sizeof text, "%024x", (unsigned)n);
        assert_true(rk_device_id_parse(text, 24, &id));
        missing += acked[n] && store->ops->device_get(store, &id, &d) != 0;
    }
    store->ops->close(store);
    return missing;
}

static void test_server__sigkill_loses_nothing_acknowledged(void **state) {
    enum { CAP = 200000 };
    static bool acked[CAP];
    const char *kills_text = getenv("REKINDLE_KILLS"), *seed_text = getenv("REKINDLE_SEED");
    unsigned kills = kills_text ? (unsigned)atoi(kills_text) : 10, next = 1;
    unsigned seed = seed_text ? (unsigned)strtoul(seed_text, NULL, 0) : 20141115;
    struct test_server s = {.dir = ""};
    print_message("seed %u, %u kills\n", seed, kills);
    srand(seed);
    for (unsigned i = 0; i < kills; i++) {
        test_server_start(&s, NULL);
        add_until_killed(&s, &next, acked, CAP, 20 + (uint64_t)rand() % 250);
        assert_int_equal(count_missing(&s, acked, CAP), 0);
    }
    size_t total = 0;
    for (size_t n = 0; n < CAP; n++) {
        total += acked[n];
    }
    print_message("%zu devices were acknowledged, none is missing\n", total);
    assert_true(total > 0);
    test_server_remove(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__commands_and_their_mistakes),
        cmocka_unit_test(test_server__a_device_from_handshake_to_update),
        cmocka_unit_test(test_server__sigkill_loses_nothing_acknowledged),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
