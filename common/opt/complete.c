/* Shell completions from the tables of opt.h: commands, their second words, options, and the
 * choices of an option; files where nothing else fits. The bash script also serves zsh through
 * bashcompinit, so that there is one list of cases to get right.
 */
#include "common/opt/words.h"

static bool same_first_word(const char *a, const char *b) {
    size_t len = first_word_len(a);
    return first_word_len(b) == len && has_prefix(a, b, len);
}

static bool is_first_of_its_word(const struct rk_app *app, size_t idx) {
    for (size_t i = 0; i < idx; i++) {
        if (same_first_word(app->cmds[i].name, app->cmds[idx].name)) {
            return false;
        }
    }
    return true;
}

static void put_first_words(const struct rk_app *app, const struct rk_sink *out) {
    for (size_t i = 0; i < app->cmd_count; i++) {
        if (is_first_of_its_word(app, i)) {
            out->put(out->context, app->cmds[i].name, first_word_len(app->cmds[i].name));
            put(out, " ");
        }
    }
}

static void put_second_words(const struct rk_app *app, const char *name,
                             const struct rk_sink *out) {
    for (size_t i = 0; i < app->cmd_count; i++) {
        const char *other = app->cmds[i].name;
        if (same_first_word(other, name) && other[first_word_len(other)]) {
            PUT(out, other + first_word_len(other) + 1, " ");
        }
    }
}

static void put_opt_words(const struct rk_opt *opts, size_t count, const struct rk_sink *out) {
    for (size_t i = 0; i < count; i++) {
        PUT(out, "--", opts[i].name, " ");
    }
}

static void put_choice_cases(const struct rk_opt *opts, size_t count, const struct rk_sink *out) {
    for (size_t i = 0; i < count; i++) {
        if (opts[i].choices) {
            PUT(out, "    *' --", opts[i].name, "') words='", opts[i].choices, "' ;;\n");
        } else if (opts[i].arg) {
            PUT(out, "    *' --", opts[i].name, "') words= ;;\n");
        }
    }
}

static bool has_two_words(const struct rk_cmd *cmd) {
    return cmd->name[first_word_len(cmd->name)] == ' ';
}

/* "image import --json": after the whole name come options (and a second word where the first is
 * a command too). */
static void put_bash_cmd_case(const struct rk_app *app, const struct rk_cmd *cmd,
                              const struct rk_sink *out) {
    PUT(out, "    ' ", cmd->name, "'*) words='");
    put_opt_words(cmd->opts, cmd->opt_count, out);
    put_opt_words(app->opts, app->opt_count, out);
    if (!has_two_words(cmd)) {
        put_second_words(app, cmd->name, out);
    }
    put(out, "' ;;\n");
}

/* "image": the second words of a group. */
static void put_bash_group_cases(const struct rk_app *app, const struct rk_sink *out) {
    for (size_t i = 0; i < app->cmd_count; i++) {
        const char *name = app->cmds[i].name;
        if (has_two_words(&app->cmds[i]) && is_first_of_its_word(app, i)) {
            put(out, "    ' ");
            out->put(out->context, name, first_word_len(name));
            put(out, "') words='");
            put_second_words(app, name, out);
            put(out, "' ;;\n");
        }
    }
}

/* The commands of another program: its own script, fetched when first needed, fills the same
 * variables (its name has two words, so its function begins one word later). */
static void put_bash_other_program(const struct rk_app *app, const struct rk_cmd *cmd,
                                   const struct rk_sink *out) {
    PUT(out, "    ' ", cmd->name, "'*)\n        declare -F _", app->name, "_", cmd->name);
    PUT(out, " >/dev/null || eval \"$(", app->name, " ", cmd->name,
        " completions bash 2>/dev/null)\"\n");
    PUT(out, "        declare -F _", app->name, "_", cmd->name, " >/dev/null && _", app->name, "_",
        cmd->name, "\n        return ;;\n");
}

static void put_bash_cases(const struct rk_app *app, const struct rk_sink *out) {
    for (int two_words = 1; two_words >= 0; two_words--) {
        for (size_t i = 0; i < app->cmd_count; i++) {
            const struct rk_cmd *cmd = &app->cmds[i];
            if (!cmd->name[0] || has_two_words(cmd) != two_words) {
                continue;
            }
            if (cmd->pass_through) {
                put_bash_other_program(app, cmd, out);
            } else {
                put_bash_cmd_case(app, cmd, out);
            }
        }
    }
}

/* "rekindle emu" completes as _rekindle_emu, called by the script of rekindle. */
static void put_function_name(const struct rk_app *app, const struct rk_sink *out) {
    put(out, "_");
    for (const char *at = app->name; *at; at++) {
        out->put(out->context, *at == ' ' ? "_" : at, 1);
    }
}

/* The first case that matches wins: programs of their own, values of options, then names of two
 * words, then of one. */
static void put_bash(const struct rk_app *app, const struct rk_sink *out) {
    bool is_part = app->name[first_word_len(app->name)] == ' ';
    const char *skip = is_part ? "2" : "1";
    put_function_name(app, out);
    put(out, "() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\n");
    PUT(out, "    case \" ${COMP_WORDS[*]:", skip, ":COMP_CWORD-", skip, "}\" in\n");
    for (size_t i = 0; i < app->cmd_count; i++) {
        put_choice_cases(app->cmds[i].opts, app->cmds[i].opt_count, out);
    }
    put_choice_cases(app->opts, app->opt_count, out);
    put_bash_cases(app, out);
    put_bash_group_cases(app, out);
    put(out, "    ' ') words='");
    put_first_words(app, out);
    put(out, "' ;;\n    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n");
    if (!is_part) {
        PUT(out, "complete -o default -F _", app->name, " ", app->name, "\n");
    }
}

static void put_zsh(const struct rk_app *app, const struct rk_sink *out) {
    PUT(out, "#compdef ", app->name, "\nautoload -U +X bashcompinit && bashcompinit\n");
    put_bash(app, out);
}

int rk_completions(const struct rk_app *app, const char *shell, const struct rk_sink *out) {
    static const struct {
        const char *shell;
        void (*put)(const struct rk_app *app, const struct rk_sink *out);
    } makers[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", rk_complete_fish}};
    for (size_t i = 0; i < RK_COUNT(makers); i++) {
        if (text_equal(makers[i].shell, shell)) {
            makers[i].put(app, out);
            return 0;
        }
    }
    return RK_E_NOT_FOUND;
}
