/* Our simulated device on a socket, for the witness in JavaScript: witness_device PORT SERVER.PEM
 * DEVICE.PEM ID. Repeats every event that it hears as the private event "heard".
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/crypto/openssl.h"
#include "server/sim/sim.h"

struct device {
    int fd;
    struct rk_sim sim;
};

static void on_send(void *ctx, const uint8_t *bytes, size_t len) {
    if (send(((struct device *)ctx)->fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len) {
        exit(1);
    }
}

static void on_event(void *ctx, const char *name, struct rk_span data) {
    struct device *d = ctx;
    char text[200];
    snprintf(text, sizeof text, "%s=%.*s", name, (int)RK_MIN(data.len, (size_t)100),
             (const char *)data.data);
    rk_sim_publish(&d->sim, "heard", text, true, true);
}

static size_t read_file(const char *path, uint8_t *data, size_t cap) {
    FILE *f = fopen(path, "rb");
    size_t len = f ? fread(data, 1, cap, f) : 0;
    if (f) {
        fclose(f);
    }
    return len;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int connect_to(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (struct sockaddr *)&address, sizeof address) ? -1 : fd;
}

int main(int argc, char **argv) {
    static const char *const functions[] = {"brew"};
    static const struct rk_describe_variable variables[] = {{"temp", RK_VALUE_DOUBLE},
                                                            {"count", RK_VALUE_INT},
                                                            {"name", RK_VALUE_STRING},
                                                            {"flag", RK_VALUE_BOOL}};
    uint8_t text[8192], der[512];
    struct rk_device_id id;
    if (argc != 5 || !rk_device_id_parse(argv[4], strlen(argv[4]), &id)) {
        return 2;
    }
    struct rk_openssl *openssl = rk_openssl_new();
    int der_len = rk_rsa_public_parse(text, read_file(argv[2], text, sizeof text), der, sizeof der);
    struct rk_rsa_key *server = der_len > 0 ? rk_rsa_public_new(der, (size_t)der_len) : NULL;
    struct rk_rsa_key *device = rk_rsa_private_new(text, read_file(argv[3], text, sizeof text));
    struct device d = {.fd = connect_to(argv[1])};
    if (!openssl || !server || !device || d.fd < 0) {
        return 1;
    }
    struct rk_sim_model model = {.crypto = rk_openssl_crypto(openssl),
                                 .server_public = server,
                                 .device_private = device,
                                 .generation = rk_generation(RK_GENERATION_G1_4),
                                 .platform = 6,
                                 .product = 6,
                                 .functions = functions,
                                 .function_count = 1,
                                 .variables = variables,
                                 .variable_count = RK_COUNT(variables),
                                 .quiet = true,
                                 .on_event = on_event,
                                 .send = on_send};
    rk_rsa_public_der(device, model.key_der, sizeof model.key_der);
    rk_sim_start(&d.sim, &model, &id, &d, now_ms());
    for (ssize_t n; (n = recv(d.fd, text, sizeof text, 0)) > 0;) {
        rk_sim_receive(&d.sim, text, (size_t)n, now_ms());
    }
    rk_rsa_key_free(server);
    rk_rsa_key_free(device);
    rk_openssl_free(openssl);
    return 0;
}
