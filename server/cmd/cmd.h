/* The commands of rekindle-server. Results on standard output, complaints on standard error. */
#ifndef RK_SERVER_CMD_CMD_H
#define RK_SERVER_CMD_CMD_H

#include <jansson.h>
#include <limits.h>

#include "common/opt/opt.h"

#define RK_HTTP_PORT 8080

/* The data directory: --data, or $XDG_DATA_HOME/rekindle/server. */
const char *rk_cmd_dir(struct rk_call *call, char path[PATH_MAX]);
/* Says what is wrong and what to do next; returns err. */
int rk_cmd_fail(int err, const char *text, const char *next);
/* The whole file, malloc'ed and terminated; NULL when it cannot be read or is longer than max. */
char *rk_cmd_read_file(const char *path, size_t max, size_t *len);

int rk_cmd_run(struct rk_call *call);
int rk_cmd_init(struct rk_call *call);
int rk_cmd_doctor(struct rk_call *call);
int rk_cmd_check(struct rk_call *call);
int rk_cmd_backup(struct rk_call *call);

/* client.c: over the control socket of a running server */
int rk_client_connect(struct rk_call *call, int *fd);
/* Sends one request and reads its answer: 0 and *answer, or an error that has been told. Takes
 * request over. */
int rk_client_ask(struct rk_call *call, json_t *request, json_t **answer);

int rk_cmd_device_add(struct rk_call *call);
int rk_cmd_device_remove(struct rk_call *call);
int rk_cmd_device_owner(struct rk_call *call);
int rk_cmd_device_list(struct rk_call *call);
int rk_cmd_user_add(struct rk_call *call);
int rk_cmd_user_remove(struct rk_call *call);
int rk_cmd_user_list(struct rk_call *call);
int rk_cmd_call(struct rk_call *call);
int rk_cmd_get(struct rk_call *call);
int rk_cmd_signal(struct rk_call *call);
int rk_cmd_ping(struct rk_call *call);
int rk_cmd_describe(struct rk_call *call);
int rk_cmd_publish(struct rk_call *call);
int rk_cmd_subscribe(struct rk_call *call);
int rk_cmd_flash(struct rk_call *call);
int rk_cmd_cancel(struct rk_call *call);
int rk_cmd_retry(struct rk_call *call);
int rk_cmd_updates(struct rk_call *call);
int rk_cmd_status(struct rk_call *call);

#endif
