/* rekindle completions, rekindle man: texts made from the command table. */
#include "cli/cmd/cmd.h"

int rk_cmd_completions(struct rk_call *call) {
    struct rk_ui *ui = rk_ui_of(call);
    struct rk_sink sink = rk_sink_to(ui->out);
    ui->json = false;
    int error = rk_completions(&rk_app, call->args[0], &sink);
    if (error) {
        return rk_ui_fail(ui, RK_E_USAGE, "no completions for '%s' (bash, zsh, fish)",
                          call->args[0]);
    }
    return 0;
}

int rk_cmd_man(struct rk_call *call) {
    struct rk_ui *ui = rk_ui_of(call);
    struct rk_sink sink = rk_sink_to(ui->out);
    ui->json = false;
    rk_man_app(&rk_app, &sink);
    return 0;
}
