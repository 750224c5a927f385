/* rekindle server run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/proto/record.h"
#include "server/cmd/cmd.h"
#include "server/http/http.h"

static enum rk_log_level log_level(const char *name) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (size_t i = 0; name && i < RK_COUNT(names); i++) {
        if (!strcmp(names[i], name)) {
            return (enum rk_log_level)i;
        }
    }
    return RK_LOG_INFO;
}

static int read_options(struct rk_call *call, struct rk_server_config *config) {
    uint64_t port = RK_CLOUD_PORT, http_port = RK_HTTP_PORT, max_devices = 1000000, threads = 0;
    uint64_t event_rate = config->limits.events_per_s, message_rate = config->limits.messages_per_s;
    int err = rk_call_number(call, "port", 0, 65535, &port);
    err = err ? err : rk_call_number(call, "http-port", 0, 65535, &http_port);
    err = err ? err : rk_call_number(call, "max-devices", 1, 1000000, &max_devices);
    err = err ? err : rk_call_number(call, "threads", 1, 16, &threads);
    err = err ? err : rk_call_number(call, "event-rate", 0, 1000000, &event_rate);
    err = err ? err : rk_call_number(call, "message-rate", 0, 1000000, &message_rate);
    const char *listen = rk_call_value(call, "listen");
    const char *form = rk_call_value(call, "log");
    config->listen = listen ? listen : "127.0.0.1";
    config->device_port = (uint16_t)port;
    config->http_port = (uint16_t)http_port;
    config->max_devices = (uint32_t)max_devices;
    config->threads = (unsigned)threads;
    config->limits.events_per_s = (uint32_t)event_rate;
    config->limits.messages_per_s = (uint32_t)message_rate;
    config->trust_first_use = rk_call_has(call, "trust-first-use");
    config->log = (struct rk_log){log_level(rk_call_value(call, "log-level")),
                                  form && !strcmp(form, "json"), STDERR_FILENO};
    return err;
}

int rk_cmd_run(struct rk_call *call) {
    static struct rk_server server;
    char dir[PATH_MAX];
    const char *why = NULL;
    struct rk_server_config config = {.dir = rk_cmd_dir(call, dir),
                                      .limits = rk_hub_limits_default()};
    int err = read_options(call, &config);
    if (err) {
        return rk_cmd_fail(err, call->problem, NULL);
    }
    err = rk_server_start(&server, &config, &why);
    if (err) {
        return rk_cmd_fail(err, rk_error_info(err)->text, why);
    }
    printf("{\"listening\":{\"device\":%u,\"http\":%u}}\n", rk_server_device_port(&server),
           rk_http_port(&server));
    fflush(stdout);
    return rk_server_run(&server);
}
