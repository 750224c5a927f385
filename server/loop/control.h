/* The control socket: DIR/control.sock, mode 0600; one JSON object a line, answers carry its id.
 * What the commands are is control_commands.c.
 */
#ifndef RK_SERVER_LOOP_CONTROL_H
#define RK_SERVER_LOOP_CONTROL_H

#include <jansson.h>

#include "server/loop/server.h"

#define RK_CONTROL_LINE_MAX (2 * 1024 * 1024) /* an image in base64 fits */

int rk_control_listen(struct rk_server *server);
void rk_control_close(struct rk_server *server);

/* One request on its way. Whoever has it answers once; the client may have gone meanwhile. */
struct rk_control_request;
struct rk_server *rk_control_server(const struct rk_control_request *r);
/* Takes fields over; NULL for none. */
void rk_control_answer(struct rk_control_request *r, json_t *fields);
void rk_control_answer_error(struct rk_control_request *r, int error, const char *text);
/* A line that is not the answer: events of a subscription. */
void rk_control_event(struct rk_control_request *r, json_t *fields);
/* Keeps the request open until the client leaves; then on_gone. */
void rk_control_keep(struct rk_control_request *r, void (*on_gone)(void *ctx), void *ctx);

/* control_commands.c */
void rk_control_run(struct rk_control_request *r, const json_t *line);

#endif
