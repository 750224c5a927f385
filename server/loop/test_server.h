/* For tests: a rekindle-server of its own in a fresh directory. The program is REKINDLE_SERVER. */
#ifndef RK_SERVER_LOOP_TEST_SERVER_H
#define RK_SERVER_LOOP_TEST_SERVER_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct test_server {
    char dir[64];
    pid_t pid;
    uint16_t device_port, http_port;
    int control; /* the control socket */
    char in[65536];
    size_t in_len;
};

/* Fails the test when the server does not start. extra: one more option, or NULL. */
void test_server_start(struct test_server *s, const char *extra);
/* Ends it by this signal: its wait status. */
int test_server_end(struct test_server *s, int signal);
void test_server_remove(struct test_server *s);
/* One request and its answer; NULL when the server has gone. */
json_t *test_server_ask(struct test_server *s, const char *line);
/* The next answer line; NULL when there is none. */
json_t *test_server_answer(struct test_server *s);
int test_server_connect(const struct test_server *s);

#endif
