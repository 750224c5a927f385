/* Inside the loop: its parts call each other through this. */
#ifndef RK_EMU_SHELL_LOOP_PARTS_H
#define RK_EMU_SHELL_LOOP_PARTS_H

#include "emu/shell/loop.h"

/* Something from outside happened: the board may have to run, or to stop. */
void rk_loop_wake(struct rk_loop *l);
/* Sends bytes; what the system does not take at once waits. False when the other side lets too much
 * wait. */
bool rk_loop_send(uv_stream_t *stream, const char *data, size_t len);

void rk_loop_clients_signal(struct rk_loop *l, const struct rk_led_observation *o);
void rk_loop_clients_check(struct rk_loop *l);
void rk_loop_clients_end(struct rk_loop *l);
uint64_t rk_loop_clients_deadline(const struct rk_loop *l);
void rk_loop_clients_close(struct rk_loop *l);

/* Sends what the debugger is to hear. */
void rk_loop_gdb_flush(struct rk_loop *l);
void rk_loop_gdb_close(struct rk_loop *l);

void rk_loop_keys_close(struct rk_loop *l);

#endif
