/* The tool's entry: reads the command line, runs one command, ends with the documented exit code.
 */
#include "cli/cmd/cmd.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

static int explain_usage(struct rk_ui *ui, const struct rk_call *call, int error) {
    struct rk_sink sink = rk_sink_to(ui->err);
    rk_ui_fail(ui, error, "%s: '%s'", call->problem, call->word);
    if (!ui->json && call->cmd) {
        rk_help_usage(&rk_app, call->cmd, &sink);
    } else if (!ui->json) {
        rk_help_group(ui->err, call->word); /* "rekindle image": the second words there are */
    }
    return error;
}

static bool words_ask_for_json(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

static int run(struct rk_ui *ui, int argc, char **argv) {
    struct rk_call call = {.host = ui};
    struct rk_sink out = rk_sink_to(ui->out);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        static char version[] = "version";
        argv[1] = version;
    }
    ui->json = words_ask_for_json(argc, argv); /* an error in the words is reported as JSON, too */
    int error = rk_call_parse(&call, &rk_app, argc, argv);
    if (call.cmd) {
        ui->command = call.cmd->name;
    }
    if (error) {
        return explain_usage(ui, &call, error);
    }
    if (!call.cmd) {
        return rk_cmd_help(&call);
    }
    if (rk_call_has(&call, "help")) {
        ui->json = false;
        rk_help_cmd(&rk_app, call.cmd, &out);
        return 0;
    }
    return call.cmd->run(&call);
}

int main(int argc, char **argv) {
    struct rk_ui ui;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a reader that left is a failed write, with its exit code */
    rk_ui_init(&ui, rk_app.name, stdout, stderr);
    int error = run(&ui, argc, argv);
    int status = rk_ui_finish(&ui, error);
    rk_ui_release(&ui);
    return status;
}
