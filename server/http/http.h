/* HTTP: libmicrohttpd with its epoll descriptor inside the server's loop. Here only /metrics
 * (Prometheus text) and /healthz; the API is server/api.
 */
#ifndef RK_SERVER_HTTP_HTTP_H
#define RK_SERVER_HTTP_HTTP_H

#include "server/loop/server.h"

int rk_http_start(struct rk_server *server);
void rk_http_stop(struct rk_server *server);
uint16_t rk_http_port(const struct rk_server *server);

/* Prometheus text of the server's figures; the length, at most cap - 1. */
size_t rk_metrics_write(const struct rk_server *server, char *out, size_t cap);

#endif
