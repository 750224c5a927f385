/* Command line by tables: one table of commands and options makes the parser, the help, the man
 * page and the shell completions, for every program of the tree. Pure text work: no output, no
 * heap, no exit; a program prints what comes through the sink.
 */
#ifndef RK_COMMON_OPT_OPT_H
#define RK_COMMON_OPT_OPT_H

#include "common/base/error.h"

struct rk_opt {
    const char *name;    /* "json" for --json */
    char letter;         /* 'd' for -d, or 0 */
    const char *arg;     /* NULL: a switch; else what its value is called, "FILE" */
    const char *help;    /* one clause, lower case, no full stop */
    const char *choices; /* the only values allowed, separated by spaces; NULL: any */
};

struct rk_call;

struct rk_cmd {
    const char *name;    /* one or two words, "image import"; "" in a program without commands */
    const char *args;    /* positional arguments as help shows them, "FILE..."; "" when none */
    int min_args;        /* fewer is a usage error */
    int max_args;        /* more is a usage error; -1: no limit */
    const char *summary; /* one clause for lists */
    const char *about;   /* further paragraphs, or NULL */
    const struct rk_opt *opts;
    size_t opt_count;
    bool pass_through; /* what follows the name is not read: it belongs to another program */
    int (*run)(struct rk_call *call);
};

struct rk_app {
    const char *name; /* "rekindle" */
    const char *version;
    const char *summary;
    const struct rk_cmd *cmds;
    size_t cmd_count;
    const struct rk_opt *opts; /* options that every command takes */
    size_t opt_count;
};

enum { RK_CALL_OPTS_CAP = 64 };

struct rk_opt_value {
    const struct rk_opt *opt;
    const char *value; /* "" for a switch */
};

struct rk_call {
    const struct rk_app *app;
    const struct rk_cmd *cmd;
    char **args; /* positional arguments, NULL behind the last */
    int arg_count;
    struct rk_opt_value opt[RK_CALL_OPTS_CAP]; /* in the order given; may repeat */
    size_t opt_count;
    void *host; /* the program's own context */
    /* After RK_E_USAGE: what is wrong ("unknown option") and with which word. */
    const char *problem;
    const char *word;
};

/* Reads argv[1..]: finds the command, then its options and arguments, in any order; "--" ends the
 * options. argv is reordered and must outlive the call. A program with commands that is called
 * without one gets cmd = NULL. Returns 0, or RK_E_USAGE with call->problem and call->word set (and
 * call->cmd, when the command was understood). */
RK_NODISCARD int rk_call_parse(struct rk_call *call, const struct rk_app *app, int argc,
                               char **argv);

/* The last value given for an option; NULL when it was not given. */
const char *rk_call_value(const struct rk_call *call, const char *name);
bool rk_call_has(const struct rk_call *call, const char *name);

/* An option's value as a whole number (decimal, or 0x). When it was not given *out stays as it is.
 * Returns 0, or RK_E_RANGE with call->problem and call->word set. */
RK_NODISCARD int rk_call_number(struct rk_call *call, const char *name, uint64_t min, uint64_t max,
                                uint64_t *out);

/* The command of that name ("image import"), or NULL. */
const struct rk_cmd *rk_app_command(const struct rk_app *app, const char *name);

/* Where generated text goes, piece by piece. */
struct rk_sink {
    void (*put)(void *context, const char *text, size_t len);
    void *context;
};

void rk_help_app(const struct rk_app *app, const struct rk_sink *out);
/* Help of one command. */
void rk_help_cmd(const struct rk_app *app, const struct rk_cmd *cmd, const struct rk_sink *out);
/* Usage line only: "usage: rekindle image import FILE... [options]". */
void rk_help_usage(const struct rk_app *app, const struct rk_cmd *cmd, const struct rk_sink *out);
/* A man page in man(7) macros. */
void rk_man_app(const struct rk_app *app, const struct rk_sink *out);
/* Completion script for "bash", "zsh" or "fish"; RK_E_NOT_FOUND for another shell. */
RK_NODISCARD int rk_completions(const struct rk_app *app, const char *shell,
                                const struct rk_sink *out);
/* "PROGRAM man" and "PROGRAM completions SHELL", for a program that does not list them as commands
 * of its own: prints the text and returns true when that is what argv asks for. */
bool rk_app_prints(const struct rk_app *app, int argc, char **argv, const struct rk_sink *out);

#endif
