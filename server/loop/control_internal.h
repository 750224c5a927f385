/* Shared by the files of the control socket only. */
#ifndef RK_SERVER_LOOP_CONTROL_INTERNAL_H
#define RK_SERVER_LOOP_CONTROL_INTERNAL_H

#include "server/loop/control.h"

const char *rk_control_text(const json_t *line, const char *key);
bool rk_control_device(const json_t *line, struct rk_device_id *id);

/* control_store.c */
void rk_control_flash(struct rk_control_request *r, const json_t *line);
void rk_control_retry(struct rk_control_request *r, const json_t *line);
void rk_control_updates(struct rk_control_request *r, const json_t *line);
void rk_control_device_add(struct rk_control_request *r, const json_t *line);
void rk_control_device_remove(struct rk_control_request *r, const json_t *line);
void rk_control_device_owner(struct rk_control_request *r, const json_t *line);
void rk_control_device_list(struct rk_control_request *r, const json_t *line);
void rk_control_user_add(struct rk_control_request *r, const json_t *line);
void rk_control_user_remove(struct rk_control_request *r, const json_t *line);
void rk_control_user_list(struct rk_control_request *r, const json_t *line);

#endif
