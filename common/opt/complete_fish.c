/* Completions for fish from the tables of opt.h: one `complete` line per command and option, each
 * with the condition under which it is offered.
 */
#include "common/opt/words.h"

/* Fish wants quotes in single-quoted text escaped. */
static void put_text(const struct rk_sink *out, const char *text) {
    put(out, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            put(out, "\\");
        }
        out->put(out->context, text, 1);
    }
    put(out, "'");
}

/* "complete -c rekindle -n 'CONDITION'": seen names a word that must stand before; NULL: none. A
 * program that is called by another's word ("rekindle emu") has that word before everything. */
static void put_head(const struct rk_app *app, const char *seen, size_t seen_len,
                     const struct rk_sink *out) {
    size_t first = first_word_len(app->name);
    const char *part = app->name + first;
    put(out, "complete -c ");
    out->put(out->context, app->name, first);
    put(out, " -n '");
    if (*part) {
        PUT(out, "__fish_seen_subcommand_from", part, seen ? "; and " : "");
    } else if (!seen) {
        put(out, "__fish_use_subcommand");
    }
    if (seen) {
        put(out, "__fish_seen_subcommand_from ");
        out->put(out->context, seen, seen_len);
    }
    put(out, "'");
}

static void put_opts(const struct rk_app *app, const char *seen, const struct rk_opt *opts,
                     size_t count, const struct rk_sink *out) {
    for (size_t i = 0; i < count; i++) {
        put_head(app, seen, first_word_len(seen), out);
        PUT(out, " -l ", opts[i].name);
        char letter[] = {' ', '-', 's', ' ', opts[i].letter, 0};
        put(out, opts[i].letter ? letter : "");
        if (opts[i].choices) {
            put(out, " -x -a ");
            put_text(out, opts[i].choices);
        } else if (opts[i].arg) {
            put(out, " -r");
        }
        put(out, " -d ");
        put_text(out, opts[i].help);
        put(out, "\n");
    }
}

static void put_group(const struct rk_app *app, const char *name, const struct rk_sink *out) {
    put_head(app, NULL, 0, out);
    put(out, " -a '");
    out->put(out->context, name, first_word_len(name));
    put(out, "'\n");
}

static void put_cmd(const struct rk_app *app, const struct rk_cmd *cmd, const struct rk_sink *out) {
    size_t first = first_word_len(cmd->name);
    const char *second = cmd->name[first] ? cmd->name + first + 1 : NULL;
    put_head(app, second ? cmd->name : NULL, first, out);
    PUT(out, " -a '", second ? second : cmd->name, "' -d ");
    put_text(out, cmd->summary);
    put(out, "\n");
    put_opts(app, cmd->name, cmd->opts, cmd->opt_count, out);
    put_opts(app, cmd->name, app->opts, app->opt_count, out);
    if (cmd->pass_through) {
        PUT(out, app->name, " ", cmd->name, " completions fish 2>/dev/null | source\n");
    }
}

static bool is_new_group(const struct rk_app *app, size_t idx) {
    const char *name = app->cmds[idx].name;
    size_t len = first_word_len(name);
    if (name[len] != ' ') {
        return false;
    }
    for (size_t i = 0; i < idx; i++) {
        if (first_word_len(app->cmds[i].name) == len && has_prefix(app->cmds[i].name, name, len)) {
            return false;
        }
    }
    return true;
}

void rk_complete_fish(const struct rk_app *app, const struct rk_sink *out) {
    for (size_t i = 0; i < app->cmd_count; i++) {
        if (!app->cmds[i].name[0]) {
            continue;
        }
        if (is_new_group(app, i)) {
            put_group(app, app->cmds[i].name, out);
        }
        put_cmd(app, &app->cmds[i], out);
    }
}
