/* Shared by the files of server/sim only. */
#ifndef RK_SERVER_SIM_SIM_INTERNAL_H
#define RK_SERVER_SIM_SIM_INTERNAL_H

#include "server/sim/sim.h"

void rk_sim_send(struct rk_sim *sim, const struct rk_msg *msg);
void rk_sim_ack(struct rk_sim *sim, uint16_t id);
void rk_sim_respond(struct rk_sim *sim, enum rk_coap_type type, uint16_t id,
                    const struct rk_msg *request, uint8_t code, struct rk_span payload);
void rk_sim_update_message(struct rk_sim *sim, const struct rk_msg *msg);

#endif
