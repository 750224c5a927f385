/* A rekindle-server for tests: see test_server.h. */
#include "server/loop/test_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"

#define ANSWER_WAIT_S 20

static void spawn(struct test_server *s, const char *extra) {
    const char *program = getenv("REKINDLE_SERVER");
    char line[256] = "";
    int out[2];
    unsigned device = 0, http = 0;
    assert_non_null(program);
    assert_int_equal(pipe(out), 0);
    s->pid = fork();
    if (s->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl(program, program, "run", "--data", s->dir, "--port", "0", "--http-port", "0",
              "--log-level", "error", extra, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(sscanf(line, "{\"listening\":{\"device\":%u,\"http\":%u}}", &device, &http),
                     2);
    s->device_port = (uint16_t)device;
    s->http_port = (uint16_t)http;
}

void test_server_start(struct test_server *s, const char *extra) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
    if (!s->dir[0]) {
        strcpy(s->dir, "/tmp/rk-server-XXXXXX");
        assert_non_null(mkdtemp(s->dir));
    }
    spawn(s, extra);
    s->in_len = 0;
    s->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", s->dir);
    setsockopt(s->control, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(connect(s->control, (struct sockaddr *)&address, sizeof address), 0);
}

int test_server_end(struct test_server *s, int signal_number) {
    int status = -1;
    kill(s->pid, signal_number);
    waitpid(s->pid, &status, 0);
    close(s->control);
    s->pid = 0;
    return status;
}

void test_server_remove(struct test_server *s) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", s->dir);
    assert_int_equal(system(command), 0);
}

json_t *test_server_answer(struct test_server *s) {
    char *end;
    while (!(end = memchr(s->in, '\n', s->in_len))) {
        ssize_t n = s->in_len < sizeof s->in
                        ? recv(s->control, s->in + s->in_len, sizeof s->in - s->in_len, 0)
                        : 0;
        if (n <= 0) {
            return NULL;
        }
        s->in_len += (size_t)n;
    }
    size_t len = (size_t)(end - s->in) + 1;
    json_t *answer = json_loadb(s->in, len, 0, NULL);
    memmove(s->in, s->in + len, s->in_len - len);
    s->in_len -= len;
    return answer;
}

json_t *test_server_ask(struct test_server *s, const char *line) {
    size_t len = strlen(line);
    bool sent = send(s->control, line, len, MSG_NOSIGNAL) == (ssize_t)len &&
                send(s->control, "\n", 1, MSG_NOSIGNAL) == 1;
    return sent ? test_server_answer(s) : NULL;
}

int test_server_connect(const struct test_server *s) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(s->device_port)};
    struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}
