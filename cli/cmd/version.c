/* rekindle version. */
#include "cli/cmd/cmd.h"

int rk_cmd_version(struct rk_call *call) {
    struct rk_ui *ui = rk_ui_of(call);
    rk_ui_say(ui, "%s %s", rk_app.name, rk_app.version);
    rk_ui_result(ui, json_pack("{s:s}", "version", rk_app.version));
    return 0;
}
