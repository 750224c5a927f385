/* The commands of rekindle-emu; commands.c has their table. */
#ifndef RK_EMU_SHELL_COMMANDS_H
#define RK_EMU_SHELL_COMMANDS_H

#include "common/opt/opt.h"

extern const struct rk_app rk_emu_app;

int rk_emu_cmd_new(struct rk_call *call);
int rk_emu_cmd_run(struct rk_call *call);
int rk_emu_cmd_quirk(struct rk_call *call);
int rk_emu_cmd_press(struct rk_call *call);
int rk_emu_cmd_release(struct rk_call *call);
int rk_emu_cmd_reset(struct rk_call *call);
int rk_emu_cmd_power(struct rk_call *call);
int rk_emu_cmd_led(struct rk_call *call);
int rk_emu_cmd_snapshot(struct rk_call *call);
int rk_emu_cmd_info(struct rk_call *call);
int rk_emu_cmd_smartconfig(struct rk_call *call);
int rk_emu_cmd_fault(struct rk_call *call);
int rk_emu_cmd_wait(struct rk_call *call);
int rk_emu_cmd_quit(struct rk_call *call);
int rk_emu_cmd_signals(struct rk_call *call);
int rk_emu_cmd_completions(struct rk_call *call);
int rk_emu_cmd_man(struct rk_call *call);
int rk_emu_cmd_help(struct rk_call *call);

#endif
