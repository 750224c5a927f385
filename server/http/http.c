/* HTTP inside the loop: see http.h. MHD_get_timeout is asked after every MHD_run, or its own
 * timeouts and suspended connections stand still.
 */
#include "server/http/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 1024
#define PER_ADDRESS_MAX 256
#define MEMORY_EACH     (16 * 1024)
#define IDLE_TIMEOUT_S  30
#define METRICS_MAX     16384

struct rk_http {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    struct rk_server *server;
    unsigned open; /* handles */
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const char *text, size_t len) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_error(struct MHD_Connection *connection, unsigned status,
                                    const char *text) {
    return answer(connection, status, "application/json", text, strlen(text));
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **state) {
    static char seen;
    struct rk_http *http = cls;
    char metrics[METRICS_MAX];
    if (!*state) { /* MHD's first call: only the head is there */
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_len) {
        *upload_len = 0; /* nothing here takes a body */
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return answer_error(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                            "{\"ok\":false,\"error\":\"method not allowed\"}");
    }
    if (!strcmp(url, "/healthz")) {
        return answer(connection, MHD_HTTP_OK, "text/plain", "ok\n", 3);
    }
    if (!strcmp(url, "/metrics")) {
        size_t len = rk_metrics_write(http->server, metrics, sizeof metrics);
        return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4", metrics, len);
    }
    return answer_error(connection, MHD_HTTP_NOT_FOUND, "{\"ok\":false,\"error\":\"not found\"}");
}

static void on_timer(uv_timer_t *timer);

static void run(struct rk_http *http) {
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    MHD_run(http->daemon);
    if (MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES) {
        uv_timer_start(&http->timer, on_timer, timeout_ms, 0);
    } else {
        uv_timer_stop(&http->timer);
    }
}

static void on_timer(uv_timer_t *timer) {
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    run(poll->data);
}

static struct MHD_Daemon *start_daemon(struct rk_http *http, const struct sockaddr *address) {
    unsigned flags = MHD_USE_EPOLL | (address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR, address,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_EACH,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_END);
}

int rk_http_start(struct rk_server *server) {
    struct sockaddr_storage address;
    struct rk_http *http = calloc(1, sizeof *http);
    uint16_t port = server->config.http_port;
    if (!http) {
        return RK_E_NO_MEMORY;
    }
    http->server = server;
    server->http = http;
    if (uv_ip4_addr(server->config.listen, port, (struct sockaddr_in *)&address) &&
        uv_ip6_addr(server->config.listen, port, (struct sockaddr_in6 *)&address)) {
        return RK_E_RANGE;
    }
    http->daemon = start_daemon(http, (struct sockaddr *)&address);
    const union MHD_DaemonInfo *info =
        http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info || uv_poll_init(&server->loop, &http->poll, info->epoll_fd)) {
        return RK_E_BUSY;
    }
    uv_timer_init(&server->loop, &http->timer);
    http->poll.data = http->timer.data = http;
    http->open = 2;
    uv_poll_start(&http->poll, UV_READABLE, on_poll);
    return 0;
}

uint16_t rk_http_port(const struct rk_server *server) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static void on_closed(uv_handle_t *handle) {
    struct rk_http *http = handle->data;
    if (--http->open == 0) {
        MHD_stop_daemon(http->daemon);
        free(http);
    }
}

void rk_http_stop(struct rk_server *server) {
    struct rk_http *http = server->http;
    server->http = NULL;
    uv_poll_stop(&http->poll);
    uv_close((uv_handle_t *)&http->poll, on_closed);
    uv_close((uv_handle_t *)&http->timer, on_closed);
}
