/* Help, man page and completions from the tables of opt.h. Man macros follow man(7); completion
 * scripts are self-contained and list commands, options and choices, with files as the fallback.
 */
#include "common/opt/words.h"

enum { OPTION_COLUMN = 28, COMMAND_COLUMN = 20 };

static void pad(const struct rk_sink *out, size_t written, size_t column) {
    do {
        put(out, " ");
    } while (++written < column);
}

static size_t put_opt_name(const struct rk_sink *out, const struct rk_opt *opt) {
    char letter[] = {'-', opt->letter, ',', ' ', 0};
    size_t written = put(out, opt->letter ? letter : "    ");
    written += put(out, "--");
    written += put(out, opt->name);
    if (opt->arg) {
        written += put(out, " ");
        written += put(out, opt->arg);
    }
    return written;
}

static void put_opts(const struct rk_sink *out, const char *title, const struct rk_opt *opts,
                     size_t count) {
    if (count == 0) {
        return;
    }
    PUT(out, "\n", title, ":\n");
    for (size_t i = 0; i < count; i++) {
        put(out, "  ");
        pad(out, put_opt_name(out, &opts[i]), OPTION_COLUMN);
        put(out, opts[i].help);
        if (opts[i].choices) {
            PUT(out, " (", opts[i].choices, ")");
        }
        put(out, "\n");
    }
}

void rk_help_usage(const struct rk_app *app, const struct rk_cmd *cmd, const struct rk_sink *out) {
    PUT(out, "usage: ", app->name);
    if (!cmd) {
        put(out, " COMMAND [ARGUMENT...] [OPTION...]\n");
        return;
    }
    PUT(out, cmd->name[0] ? " " : "", cmd->name, cmd->args[0] ? " " : "", cmd->args,
        cmd->opt_count ? " [OPTION...]" : "", "\n");
}

void rk_help_app(const struct rk_app *app, const struct rk_sink *out) {
    PUT(out, app->name, " ", app->version, " - ", app->summary, "\n\n");
    rk_help_usage(app, NULL, out);
    put(out, "\n");
    for (size_t i = 0; i < app->cmd_count; i++) {
        put(out, "  ");
        pad(out, put(out, app->cmds[i].name), COMMAND_COLUMN);
        PUT(out, app->cmds[i].summary, "\n");
    }
    put_opts(out, "every command", app->opts, app->opt_count);
}

void rk_help_cmd(const struct rk_app *app, const struct rk_cmd *cmd, const struct rk_sink *out) {
    PUT(out, app->name, cmd->name[0] ? " " : "", cmd->name, " - ", cmd->summary, "\n\n");
    rk_help_usage(app, cmd, out);
    if (cmd->about) {
        PUT(out, "\n", cmd->about, "\n");
    }
    put_opts(out, "options", cmd->opts, cmd->opt_count);
    put_opts(out, "every command", app->opts, app->opt_count);
}

/* Text for roff: backslashes and hyphens escaped, a leading dot or quote protected. */
static void put_roff(const struct rk_sink *out, const char *text) {
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) {
            put(out, "\\&");
        }
        if (*text == '\\') {
            put(out, "\\e");
        } else if (*text == '-') {
            put(out, "\\-");
        } else {
            out->put(out->context, text, 1);
        }
        line_start = *text == '\n';
    }
}

static void put_man_opts(const struct rk_sink *out, const struct rk_opt *opts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        put(out, ".TP\n.B ");
        char letter[] = {'\\', '-', opts[i].letter, ',', ' ', 0};
        put(out, opts[i].letter ? letter : "");
        put(out, "\\-\\-");
        put_roff(out, opts[i].name);
        if (opts[i].arg) {
            PUT(out, " ");
            put_roff(out, opts[i].arg);
        }
        put(out, "\n");
        put_roff(out, opts[i].help);
        if (opts[i].choices) {
            put(out, " (");
            put_roff(out, opts[i].choices);
            put(out, ")");
        }
        put(out, "\n");
    }
}

static void put_man_cmd(const struct rk_app *app, const struct rk_cmd *cmd,
                        const struct rk_sink *out) {
    put(out, ".SS ");
    put_roff(out, app->name);
    PUT(out, " ", cmd->name, cmd->args[0] ? " " : "");
    put_roff(out, cmd->args);
    put(out, "\n");
    put_roff(out, cmd->summary);
    put(out, ".\n");
    if (cmd->about) {
        put(out, ".PP\n");
        put_roff(out, cmd->about);
        put(out, "\n");
    }
    put_man_opts(out, cmd->opts, cmd->opt_count);
}

static void put_exit_code(const struct rk_sink *out, int code) {
    char text[4] = {(char)('0' + code / 100), (char)('0' + code / 10 % 10), (char)('0' + code % 10),
                    0};
    put(out, code >= 100 ? text : code >= 10 ? text + 1 : text + 2);
}

/* One entry per code, with the texts of every error that ends in it. */
static void put_man_exit_codes(const struct rk_sink *out) {
    put(out, ".SH EXIT STATUS\n0 when done, or when there was nothing to do. Otherwise:\n");
    for (int code = 1; code < 126; code++) {
        bool first = true;
        for (size_t i = 0; rk_error_at(i); i++) {
            if (rk_error_at(i)->exit_code != code) {
                continue;
            }
            if (first) {
                put(out, ".TP\n.B ");
                put_exit_code(out, code);
            }
            put(out, first ? "\n" : "; ");
            put_roff(out, rk_error_at(i)->text);
            first = false;
        }
        put(out, first ? "" : "\n");
    }
}

/* "rekindle emu" has the page rekindle-emu, as is the custom. */
static void put_page_name(const struct rk_sink *out, const char *name) {
    for (; *name; name++) {
        out->put(out->context, *name == ' ' ? "-" : name, 1);
    }
}

void rk_man_app(const struct rk_app *app, const struct rk_sink *out) {
    put(out, ".TH ");
    put_page_name(out, app->name);
    PUT(out, " 1 \"\" \"", app->name, " ", app->version, "\"\n.SH NAME\n");
    put_page_name(out, app->name);
    put(out, " \\- ");
    put_roff(out, app->summary);
    put(out, "\n.SH SYNOPSIS\n.B ");
    put_roff(out, app->name);
    put(out, "\nCOMMAND [ARGUMENT...] [OPTION...]\n.SH COMMANDS\n");
    for (size_t i = 0; i < app->cmd_count; i++) {
        put_man_cmd(app, &app->cmds[i], out);
    }
    put(out, ".SH OPTIONS OF EVERY COMMAND\n");
    put_man_opts(out, app->opts, app->opt_count);
    put_man_exit_codes(out);
}

bool rk_app_prints(const struct rk_app *app, int argc, char **argv, const struct rk_sink *out) {
    if (argc == 2 && text_equal(argv[1], "man")) {
        rk_man_app(app, out);
        return true;
    }
    return argc == 3 && text_equal(argv[1], "completions") &&
           rk_completions(app, argv[2], out) == 0;
}
