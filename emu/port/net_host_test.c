/* Real sockets as the other end: the witness is the C library's own socket calls. */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/error.h"
#include "emu/port/net_host.h"

#define HERE  0x7F000001u
#define TURNS 2000

struct fixture {
    struct rk_net *net;
    int server;
    uint16_t port;
};

static int bound_socket(int type, uint16_t *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, type, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->net = rk_net_host_new();
    f->server = bound_socket(SOCK_STREAM, &f->port);
    listen(f->server, 4);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    rk_net_host_free(f->net);
    close(f->server);
    free(f);
    return 0;
}

/* Virtual time goes on while the kernel works. */
static void turn(struct fixture *f) {
    f->net->now_ns = f->net->ops->next_ns(f->net);
    usleep(200);
}

static int connect_now(struct fixture *f, int h, uint16_t port) {
    int result = RK_E_AGAIN;
    for (int i = 0; i < TURNS && result == RK_E_AGAIN; i++) {
        result = f->net->ops->connect(f->net, h, (struct rk_net_addr){HERE, port});
        turn(f);
    }
    return result;
}

static int recv_now(struct fixture *f, int h, void *data, size_t cap, struct rk_net_addr *from) {
    int result = RK_E_AGAIN;
    for (int i = 0; i < TURNS && result == RK_E_AGAIN; i++) {
        result = f->net->ops->recv(f->net, h, data, cap, from);
        turn(f);
    }
    return result;
}

static void test_tcp__both_ways_and_close(void **state) {
    struct fixture *f = *state;
    char bytes[16];
    struct rk_net_addr from;
    const int h = f->net->ops->open(f->net, true);
    assert_int_equal(connect_now(f, h, f->port), 0);
    const int peer = accept(f->server, NULL, NULL);
    assert_int_equal(f->net->ops->send(f->net, h, "ping", 4, (struct rk_net_addr){0}), 4);
    assert_int_equal(read(peer, bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "ping", 4);
    assert_int_equal(write(peer, "pong!", 5), 5);
    assert_int_equal(recv_now(f, h, bytes, 2, &from), 2);
    assert_int_equal(recv_now(f, h, bytes, 16, &from), 3);
    assert_memory_equal(bytes, "ng!", 3);
    assert_int_equal(f->net->ops->recv(f->net, h, bytes, 16, &from), RK_E_AGAIN);
    close(peer);
    assert_int_equal(recv_now(f, h, bytes, 16, &from), 0);
    f->net->ops->close(f->net, h);
}

/* A peer that does not read stops the sender at last, and nothing is lost. */
static void test_tcp__a_full_kernel_says_again(void **state) {
    static uint8_t block[1400], sink[65536];
    struct fixture *f = *state;
    const int h = f->net->ops->open(f->net, true);
    assert_int_equal(connect_now(f, h, f->port), 0);
    const int peer = accept(f->server, NULL, NULL);
    size_t sent = 0, got = 0;
    int n = 0;
    while (sent < 64u << 20 &&
           (n = f->net->ops->send(f->net, h, block, sizeof block, (struct rk_net_addr){0})) > 0) {
        sent += (size_t)n;
    }
    assert_int_equal(n, RK_E_AGAIN);
    f->net->ops->close(f->net, h);
    turn(f);
    turn(f);
    ssize_t r;
    while ((r = read(peer, sink, sizeof sink)) > 0) {
        got += (size_t)r;
    }
    assert_int_equal(got, sent);
    close(peer);
}

static void test_tcp__refused(void **state) {
    struct fixture *f = *state;
    uint16_t port;
    close(bound_socket(SOCK_STREAM, &port));
    const int h = f->net->ops->open(f->net, true);
    assert_int_equal(connect_now(f, h, port), RK_E_REFUSED);
}

static void test_tcp__a_server_of_the_board(void **state) {
    struct fixture *f = *state;
    uint16_t port;
    close(bound_socket(SOCK_STREAM, &port));
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int h = f->net->ops->open(f->net, true);
    assert_int_equal(f->net->ops->listen(f->net, h, port), 0);
    struct rk_net_addr from;
    assert_int_equal(f->net->ops->accept(f->net, h, &from), RK_E_AGAIN);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(write(client, "hi", 2), 2);
    int got = RK_E_AGAIN;
    for (int i = 0; i < TURNS && got == RK_E_AGAIN; i++) {
        turn(f);
        got = f->net->ops->accept(f->net, h, &from);
    }
    assert_true(got >= 0);
    assert_int_equal(from.ip, HERE);
    char bytes[4];
    assert_int_equal(recv_now(f, got, bytes, 4, &from), 2);
    close(client);
}

static void test_udp__both_ways(void **state) {
    struct fixture *f = *state;
    uint16_t port;
    char bytes[16];
    struct sockaddr_in who;
    socklen_t len = sizeof who;
    struct rk_net_addr from = {0};
    const int peer = bound_socket(SOCK_DGRAM, &port);
    const int h = f->net->ops->open(f->net, false);
    assert_int_equal(f->net->ops->listen(f->net, h, 0), 0);
    assert_int_equal(f->net->ops->send(f->net, h, "abc", 3, (struct rk_net_addr){HERE, port}), 3);
    assert_int_equal(recvfrom(peer, bytes, sizeof bytes, 0, (struct sockaddr *)&who, &len), 3);
    assert_int_equal(sendto(peer, "defg", 4, 0, (struct sockaddr *)&who, len), 4);
    assert_int_equal(recv_now(f, h, bytes, 16, &from), 4);
    assert_int_equal(from.port, port);
    close(peer);
}

/* A snapshot was restored: every handle is gone, and the other side sees it. */
static void test_reset__closes_everything(void **state) {
    struct fixture *f = *state;
    char byte;
    const int h = f->net->ops->open(f->net, true);
    assert_int_equal(connect_now(f, h, f->port), 0);
    const int peer = accept(f->server, NULL, NULL);
    f->net->ops->reset(f->net);
    struct rk_net_addr from;
    assert_int_equal(f->net->ops->recv(f->net, h, &byte, 1, &from), RK_E_CLOSED);
    turn(f);
    f->net->ops->accept(f->net, h, &from); /* turns the loop */
    assert_int_equal(read(peer, &byte, 1), 0);
    close(peer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_tcp__both_ways_and_close),
        T(test_tcp__a_full_kernel_says_again),
        T(test_tcp__refused),
        T(test_tcp__a_server_of_the_board),
        T(test_udp__both_ways),
        T(test_reset__closes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
