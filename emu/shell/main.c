/* rekindle-emu: reads the command line, runs one command, ends with the documented exit code. */
#include "emu/shell/commands.h"
#include "emu/shell/fail.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void put_to_file(void *context, const char *text, size_t len) {
    fwrite(text, 1, len, context);
}

static struct rk_sink sink_to(FILE *file) {
    return (struct rk_sink){put_to_file, file};
}

int rk_emu_cmd_help(struct rk_call *call) {
    struct rk_sink out = sink_to(stdout);
    const struct rk_cmd *cmd = call->arg_count ? rk_app_command(&rk_emu_app, call->args[0]) : NULL;
    if (cmd) {
        rk_help_cmd(&rk_emu_app, cmd, &out);
    } else if (call->arg_count) {
        return rk_shell_fail_next(RK_E_NOT_FOUND, "See `rekindle emu help`.", "command '%s'",
                                  call->args[0]);
    } else {
        rk_help_app(&rk_emu_app, &out);
    }
    return 0;
}

int rk_emu_cmd_completions(struct rk_call *call) {
    struct rk_sink out = sink_to(stdout);
    int rc = rk_completions(&rk_emu_app, call->args[0], &out);
    return rc ? rk_shell_fail_next(rc, "There are scripts for bash, zsh and fish.", "shell '%s'",
                                   call->args[0])
              : 0;
}

int rk_emu_cmd_man(struct rk_call *call) {
    struct rk_sink out = sink_to(stdout);
    rk_man_app(&rk_emu_app, &out);
    return 0;
}

static int run(int argc, char **argv) {
    struct rk_call call = {0};
    struct rk_sink out = sink_to(stdout);
    struct rk_sink err = sink_to(stderr);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("rekindle-emu %s\n", rk_emu_app.version);
        return 0;
    }
    int error = rk_call_parse(&call, &rk_emu_app, argc, argv);
    if (error) {
        fprintf(stderr, "rekindle emu: %s: '%s' (E002)\n", call.problem, call.word);
        if (call.cmd) {
            rk_help_usage(&rk_emu_app, call.cmd, &err);
        } else {
            fputs("Next: see `rekindle emu help`.\n", stderr);
        }
        return error;
    }
    if (!call.cmd) {
        rk_help_app(&rk_emu_app, &out);
        return 0;
    }
    if (rk_call_has(&call, "help")) {
        rk_help_cmd(&rk_emu_app, call.cmd, &out);
        return 0;
    }
    return call.cmd->run(&call);
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a reader that left is a failed write, with its exit code */
    int error = run(argc, argv);
    if (fflush(stdout) != 0 && error == 0) {
        error = rk_shell_fail(RK_E_IO, "writing the result");
    }
    return error > 0 ? error : error < 0 ? rk_error_info(error)->exit_code : 0;
}
