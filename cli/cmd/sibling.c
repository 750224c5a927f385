/* rekindle emu, rekindle server: programs of their own, started in place of this one. */
#include "cli/cmd/cmd.h"
#include "cli/os/paths.h"

/* call->args[-1] is the command's own word, so there is a place for the program's name. */
static int run_sibling(struct rk_call *call, const char *program) {
    int error = rk_exec_sibling(program, call->args - 1);
    return rk_ui_fail(rk_ui_of(call), error, "%s could not be started (is it installed?)", program);
}

int rk_cmd_emu(struct rk_call *call) {
    return run_sibling(call, "rekindle-emu");
}

int rk_cmd_server(struct rk_call *call) {
    return run_sibling(call, "rekindle-server");
}
