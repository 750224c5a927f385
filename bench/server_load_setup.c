/* Starting a server for the benchmark, and the limits: see server_load.h. */
#define _GNU_SOURCE
#include "bench/server_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/fleet.h"
#include "common/base/error.h"
#include "common/sum/crc.h"
#include "server/loop/keys.h"

#define LIMIT_S          2.0
#define ECHO_CONNECTIONS 50
#define ECHO_BYTES       64
#define ECHO_DEPTH       4

static double thread_cpu_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What no server can avoid: decrypt with 2048 bits, encrypt with 1024, HMAC, sign with 2048. */
static int crypto_limit(struct rk_load *load, const struct rk_rsa_key *server_key,
                        const struct rk_rsa_key *device_public) {
    const struct rk_crypto *c = rk_openssl_crypto(load->openssl);
    uint8_t block[256] = {0, 2, 1}, out[256], mac[RK_SHA1_BYTES];
    uint64_t count = 0;
    double start = thread_cpu_s(), spent;
    do {
        int err = c->rsa_private(c->ctx, server_key, block, 256, out);
        err = err ? err : c->rsa_public(c->ctx, device_public, block, 128, out);
        err = err ? err : c->hmac_sha1(c->ctx, block, 40, out, 128, mac);
        err = err ? err : c->rsa_private(c->ctx, server_key, block, 256, out);
        if (err) {
            return err;
        }
        count++;
    } while ((spent = thread_cpu_s() - start) < LIMIT_S);
    load->crypto_rate = (double)count / spent;
    return 0;
}

/* --- echo
 * ----------------------------------------------------------------------------------------- */

struct echo {
    int listener;
    uint64_t served;
    double cpu_s;
};

static void *echo_server(void *arg) {
    struct echo *e = arg;
    struct epoll_event events[64];
    char buffer[4096];
    int epoll = epoll_create1(0), open = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = e->listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, e->listener, &event);
    double start = thread_cpu_s();
    do {
        int n = epoll_wait(epoll, events, 64, 1000);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == e->listener) {
                event.data.fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
                open++;
                continue;
            }
            ssize_t len = recv(fd, buffer, sizeof buffer, 0);
            if (len <= 0) {
                close(fd);
                open--;
            } else if (send(fd, buffer, (size_t)len, MSG_NOSIGNAL) == len) {
                e->served += (uint64_t)len / ECHO_BYTES;
            }
        }
    } while (open || e->served == 0);
    e->cpu_s = thread_cpu_s() - start;
    close(epoll);
    return NULL;
}

static void pin_thread(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static int echo_limit(struct rk_load *load) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t address_len = sizeof address;
    struct echo e = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    char buffer[ECHO_BYTES * ECHO_DEPTH] = {0};
    int fds[ECHO_CONNECTIONS];
    pthread_t thread;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(e.listener, (struct sockaddr *)&address, sizeof address) || listen(e.listener, 64) ||
        getsockname(e.listener, (struct sockaddr *)&address, &address_len) ||
        pthread_create(&thread, NULL, echo_server, &e)) {
        return RK_E_NETWORK;
    }
    pin_thread(1);
    int epoll = epoll_create1(0);
    for (int i = 0; i < ECHO_CONNECTIONS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fds[i], (struct sockaddr *)&address, sizeof address)) {
            return RK_E_NETWORK;
        }
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
        for (int k = 0; k < ECHO_DEPTH; k++) {
            (void)!send(fds[i], buffer, ECHO_BYTES, 0);
        }
    }
    uint64_t end = rk_fleet_now_us() + (uint64_t)(LIMIT_S * 1e6);
    while (rk_fleet_now_us() < end) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < n; i++) {
            ssize_t len = recv(events[i].data.fd, buffer, sizeof buffer, 0);
            for (ssize_t k = 0; k < len / ECHO_BYTES; k++) {
                (void)!send(events[i].data.fd, buffer, ECHO_BYTES, 0);
            }
        }
    }
    for (int i = 0; i < ECHO_CONNECTIONS; i++) {
        close(fds[i]);
    }
    pthread_join(thread, NULL);
    close(e.listener);
    close(epoll);
    pin_thread(0);
    load->echo_rate = (double)e.served / e.cpu_s;
    return 0;
}

/* --- the server
 * --------------------------------------------------------------------------------------- */

static int make_keys(struct rk_load *load) {
    bool made;
    struct rk_rsa_key *server_key;
    load->openssl = rk_openssl_new();
    load->device_key = rk_rsa_generate(1024);
    strcpy(load->dir, "/tmp/rk-bench-XXXXXX");
    if (!load->openssl || !load->device_key || !mkdtemp(load->dir)) {
        return RK_E_IO;
    }
    int err = rk_keys_load(load->dir, true, &server_key, &made);
    uint8_t der[RK_SERVER_KEY_BYTES];
    if (err || rk_rsa_public_der(server_key, der, sizeof der) < 0) {
        return RK_E_KEY;
    }
    load->server_public = rk_rsa_public_new(der, sizeof der);
    if (rk_rsa_public_der(load->device_key, load->model.key_der, sizeof load->model.key_der) < 0) {
        return RK_E_KEY;
    }
    struct rk_rsa_key *device_public =
        rk_rsa_device_public_new(load->model.key_der, sizeof load->model.key_der);
    err = device_public ? crypto_limit(load, server_key, device_public) : RK_E_KEY;
    rk_rsa_key_free(device_public);
    rk_rsa_key_free(server_key);
    return err;
}

int rk_load_limits(struct rk_load *load) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int err = make_keys(load);
    return err ? err : echo_limit(load);
}

static int fill_store(struct rk_load *load) {
    char path[96];
    struct rk_store *store;
    snprintf(path, sizeof path, "%s/store.db", load->dir);
    int err = rk_store_sqlite_open(path, &store);
    if (err) {
        return err;
    }
    (void)store->ops->batch_begin(store);
    for (size_t i = 0; !err && i < load->devices; i++) {
        struct rk_store_device d = {.id = rk_fleet_id(i), .has_key = true, .platform = 6};
        memcpy(d.key_der, load->model.key_der, sizeof d.key_der);
        err = store->ops->device_add(store, &d);
    }
    (void)store->ops->batch_end(store);
    store->ops->close(store);
    return err;
}

static int spawn(struct rk_load *load) {
    char program[PATH_MAX], line[256] = "";
    int out[2];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 32);
    if (n < 0 || pipe(out)) {
        return RK_E_IO;
    }
    program[n] = '\0';
    strcpy(strrchr(program, '/') + 1, "rekindle-server");
    load->server = fork();
    if (load->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that is killed leaves no server */
        dup2(out[1], 1);
        close(out[0]);
        execl(program, program, "run", "--data", load->dir, "--port", "0", "--http-port", "0",
              "--event-rate", "0", "--message-rate", "0", "--log-level", "error", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    unsigned port = 0;
    if (!f || !fgets(line, sizeof line, f) ||
        sscanf(line, "{\"listening\":{\"device\":%u", &port) != 1) {
        return RK_E_NOT_FOUND;
    }
    fclose(f);
    load->port = (uint16_t)port;
    return 0;
}

static int open_control(struct rk_load *load) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", load->dir);
    load->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(load->control, (struct sockaddr *)&address, sizeof address) ? RK_E_NETWORK : 0;
}

/* A user part for a Photon that the server's checks accept: module info, filler, CRC. */
static char *make_image(size_t len) {
    uint8_t *image = calloc(1, len);
    size_t cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(cap);
    if (image && text) {
        static const uint8_t head[24] = {0x00, 0x00, 0x0a, 0x08, 0, 0, 0, 0,
                                         0,    0,    5,    0,    6, 0, 5, 1};
        memcpy(image, head, sizeof head);
        rk_put_u32le(image + 4, (uint32_t)(0x080A0000 + len - 4));
        for (size_t i = sizeof head; i < len - 44; i++) {
            image[i] = (uint8_t)(i * 31 + (i >> 8));
        }
        rk_put_u16le(image + len - 6, 40);
        rk_put_u16le(image + len - 42, 0xFFFF);
        rk_put_u16le(image + len - 44, 0xFFFF);
        rk_put_u32be(image + len - 4, rk_crc32(image, len - 4));
        sodium_bin2base64(text, cap, image, len, sodium_base64_VARIANT_ORIGINAL);
    }
    free(image);
    return text;
}

int rk_load_start(struct rk_load *load, size_t image_bytes) {
    static const char *const functions[] = {"brew"};
    static const struct rk_describe_variable variables[] = {{"temp", RK_VALUE_DOUBLE}};
    load->model.crypto = rk_openssl_crypto(load->openssl);
    load->model.server_public = load->server_public;
    load->model.device_private = load->device_key;
    load->model.generation = rk_generation(RK_GENERATION_G1_4);
    load->model.platform = load->model.product = 6;
    load->model.functions = functions;
    load->model.function_count = RK_COUNT(functions);
    load->model.variables = variables;
    load->model.variable_count = RK_COUNT(variables);
    load->flash_image = make_image(image_bytes);
    int err = load->flash_image ? fill_store(load) : RK_E_NO_MEMORY;
    err = err ? err : spawn(load);
    return err ? err : open_control(load);
}

void rk_load_flash(struct rk_load *load, size_t device, bool fast) {
    char id[RK_DEVICE_ID_TEXT], answer[512];
    struct rk_device_id device_id = rk_fleet_id(device);
    rk_device_id_format(&device_id, id);
    dprintf(load->control,
            "{\"id\":1,\"cmd\":\"flash\",\"device\":\"%s\",\"fast\":%s,\"name\":\"a.bin\","
            "\"image\":\"%s\"}\n",
            id, fast ? "true" : "false", load->flash_image);
    ssize_t n = read(load->control, answer, sizeof answer - 1);
    if (n <= 0 || !strstr((answer[n] = '\0', answer), "\"ok\":true")) {
        fprintf(stderr, "server_load: flash: %s\n", n > 0 ? answer : "no answer");
    }
}

void rk_load_stop(struct rk_load *load) {
    char command[128];
    close(load->control);
    kill(load->server, SIGTERM);
    waitpid(load->server, NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", load->dir);
    (void)!system(command);
    rk_rsa_key_free(load->server_public);
    rk_rsa_key_free(load->device_key);
    rk_openssl_free(load->openssl);
    free(load->flash_image);
}
