/* The parser behind opt.h: GNU habits (--name VALUE, --name=VALUE, -x VALUE, -xVALUE, --, options
 * and arguments mixed), no abbreviations, because an abbreviation breaks when an option is added.
 */
#include "common/opt/words.h"

static int usage(struct rk_call *call, const char *problem, const char *word) {
    call->problem = problem;
    call->word = word;
    return RK_E_USAGE;
}

/* The two words of a command's name against argv; how many words matched, 0 for none. */
static int words_matched(const char *name, int argc, char **argv) {
    size_t first = first_word_len(name);
    if (argc < 1 || text_len(argv[0]) != first || !has_prefix(argv[0], name, first)) {
        return 0;
    }
    if (!name[first]) {
        return 1;
    }
    return argc > 1 && text_equal(argv[1], name + first + 1) ? 2 : 0;
}

static bool group_exists(const struct rk_app *app, const char *word) {
    size_t len = text_len(word);
    for (size_t i = 0; i < app->cmd_count; i++) {
        if (has_prefix(word, app->cmds[i].name, len) && app->cmds[i].name[len] == ' ') {
            return true;
        }
    }
    return false;
}

/* Finds the command; returns how many words of argv it took. */
static int find_command(struct rk_call *call, int argc, char **argv) {
    const struct rk_app *app = call->app;
    if (app->cmd_count == 1 && !app->cmds[0].name[0]) {
        call->cmd = &app->cmds[0];
        return 0;
    }
    int best = 0;
    for (size_t i = 0; i < app->cmd_count; i++) {
        int words = words_matched(app->cmds[i].name, argc, argv);
        if (words > best) {
            best = words;
            call->cmd = &app->cmds[i];
        }
    }
    return best;
}

static const struct rk_opt *find_in(const struct rk_opt *opts, size_t count, const char *name,
                                    size_t len, char letter) {
    for (size_t i = 0; i < count; i++) {
        if (letter ? opts[i].letter == letter
                   : text_len(opts[i].name) == len && has_prefix(name, opts[i].name, len)) {
            return &opts[i];
        }
    }
    return NULL;
}

static const struct rk_opt *find_opt(const struct rk_call *call, const char *name, size_t len,
                                     char letter) {
    const struct rk_opt *opt = NULL;
    if (call->cmd) {
        opt = find_in(call->cmd->opts, call->cmd->opt_count, name, len, letter);
    }
    return opt ? opt : find_in(call->app->opts, call->app->opt_count, name, len, letter);
}

static bool is_choice(const char *choices, const char *value) {
    size_t len = text_len(value);
    for (const char *at = choices; *at;) {
        size_t word = first_word_len(at);
        if (word == len && has_prefix(value, at, len)) {
            return true;
        }
        at += word;
        at += *at == ' ';
    }
    return false;
}

static int keep(struct rk_call *call, const struct rk_opt *opt, const char *value,
                const char *word) {
    if (opt->choices && !is_choice(opt->choices, value)) {
        return usage(call, "this value is not one of those allowed", value);
    }
    if (call->opt_count == RK_CALL_OPTS_CAP) {
        return usage(call, "too many options", word);
    }
    call->opt[call->opt_count++] = (struct rk_opt_value){.opt = opt, .value = value};
    return 0;
}

/* One option at argv[*at]; moves *at past its value. */
static int read_option(struct rk_call *call, int argc, char **argv, int *at) {
    char *word = argv[*at];
    bool is_long = word[1] == '-';
    char *name = word + (is_long ? 2 : 1);
    size_t len = 0;
    while (name[len] && name[len] != '=') {
        len++;
    }
    const struct rk_opt *opt = find_opt(call, name, len, is_long ? 0 : name[0]);
    if (!opt) {
        return usage(call, "unknown option", word);
    }
    char *attached = is_long ? (name[len] ? name + len + 1 : NULL) : (name[1] ? name + 1 : NULL);
    if (!opt->arg) {
        return attached ? usage(call, "this option takes no value", word)
                        : keep(call, opt, "", word);
    }
    if (!attached) {
        if (*at + 1 >= argc) {
            return usage(call, "this option needs a value", word);
        }
        attached = argv[++*at];
    }
    return keep(call, opt, attached, word);
}

static int read_words(struct rk_call *call, int argc, char **argv) {
    call->args = argv;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (text_equal(word, "--")) {
            while (++i < argc) {
                call->args[call->arg_count++] = argv[i];
            }
        } else if (word[0] == '-' && word[1]) {
            int error = read_option(call, argc, argv, &i);
            if (error) {
                return error;
            }
        } else {
            call->args[call->arg_count++] = word; /* never ahead of i: the list shrinks in place */
        }
    }
    call->args[call->arg_count] = NULL; /* argv has its own NULL at argc, so there is room */
    return 0;
}

static int check_arg_count(struct rk_call *call) {
    const struct rk_cmd *cmd = call->cmd;
    if (call->arg_count < cmd->min_args) {
        return usage(call, "an argument is missing", cmd->args);
    }
    if (cmd->max_args >= 0 && call->arg_count > cmd->max_args) {
        return usage(call, "one argument too many", call->args[cmd->max_args]);
    }
    return 0;
}

int rk_call_parse(struct rk_call *call, const struct rk_app *app, int argc, char **argv) {
    *call = (struct rk_call){.app = app, .host = call->host};
    if (argc < 1) {
        return usage(call, "no program name", "");
    }
    argc--;
    argv++;
    int words = find_command(call, argc, argv);
    if (call->cmd && call->cmd->pass_through) {
        call->args = argv + words;
        call->arg_count = argc - words;
        return 0;
    }
    int error = read_words(call, argc - words, argv + words);
    if (error) {
        return error;
    }
    if (!call->cmd && call->arg_count > 0) {
        return usage(
            call, group_exists(app, call->args[0]) ? "this needs a second word" : "unknown command",
            call->args[0]);
    }
    return call->cmd && !rk_call_has(call, "help") ? check_arg_count(call) : 0;
}

const char *rk_call_value(const struct rk_call *call, const char *name) {
    for (size_t i = call->opt_count; i-- > 0;) {
        if (text_equal(call->opt[i].opt->name, name)) {
            return call->opt[i].value;
        }
    }
    return NULL;
}

bool rk_call_has(const struct rk_call *call, const char *name) {
    return rk_call_value(call, name) != NULL;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20; /* lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static bool read_number(const char *text, uint64_t *out) {
    unsigned base = 10;
    if (text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        text += 2;
    }
    uint64_t value = 0;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        unsigned digit = (unsigned)digit_value(*text);
        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *out = value;
    return true;
}

int rk_call_number(struct rk_call *call, const char *name, uint64_t min, uint64_t max,
                   uint64_t *out) {
    const char *text = rk_call_value(call, name);
    uint64_t value = 0;
    if (!text) {
        return 0;
    }
    if (!read_number(text, &value) || value < min || value > max) {
        call->problem = "this is not a number in the allowed range";
        call->word = text;
        return RK_E_RANGE;
    }
    *out = value;
    return 0;
}

const struct rk_cmd *rk_app_command(const struct rk_app *app, const char *name) {
    for (size_t i = 0; i < app->cmd_count; i++) {
        if (text_equal(app->cmds[i].name, name)) {
            return &app->cmds[i];
        }
    }
    return NULL;
}
