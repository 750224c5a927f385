/* The commands of the tool. One file per command; the table in commands.c is the one list, and
 * parser, help, man page and completions come from it (common/opt).
 */
#ifndef RK_CLI_CMD_CMD_H
#define RK_CLI_CMD_CMD_H

#include "cli/ui/ui.h"
#include "common/opt/opt.h"

extern const struct rk_app rk_app;

/* The output of the command that runs. */
static inline struct rk_ui *rk_ui_of(struct rk_call *call) {
    return call->host;
}

int rk_cmd_emu(struct rk_call *call);
int rk_cmd_server(struct rk_call *call);
int rk_cmd_image_import(struct rk_call *call);
int rk_cmd_image_list(struct rk_call *call);
int rk_cmd_image_info(struct rk_call *call);
int rk_cmd_help(struct rk_call *call);
int rk_cmd_version(struct rk_call *call);
int rk_cmd_completions(struct rk_call *call);
int rk_cmd_man(struct rk_call *call);

/* The commands that begin with this word, with their summaries; false when there is none. */
bool rk_help_group(FILE *to, const char *word);

/* Prints through the sink of common/opt. */
struct rk_sink rk_sink_to(FILE *file);

#endif
