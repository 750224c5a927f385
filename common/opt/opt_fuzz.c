/* Words from a person: any list of them is a call or a usage error that names its word. */
#include "common/opt/opt.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

enum { WORD_CAP = 80, LINE_CAP = 1024 };

static const struct rk_opt opts[] = {
    {.name = "speed", .letter = 's', .arg = "N", .help = "how fast"},
    {.name = "color", .arg = "WHEN", .help = "colours", .choices = "auto always never"},
    {.name = "help", .letter = 'h', .help = "this help"},
};
static const struct rk_cmd commands[] = {
    {.name = "image import",
     .args = "FILE...",
     .min_args = 1,
     .max_args = 3,
     .opts = opts,
     .opt_count = 2},
    {.name = "version", .args = ""},
    {.name = "emu", .args = "...", .pass_through = true},
};
static const struct rk_app app = {
    .name = "rekindle", .cmds = commands, .cmd_count = 3, .opts = opts, .opt_count = 3};

/* The input is words that end in NUL or newline. */
static int split(char *line, size_t len, char **argv) {
    static char program[] = "rekindle";
    int argc = 0;
    argv[argc++] = program;
    for (size_t i = 0; i < len && argc < WORD_CAP - 1;) {
        argv[argc++] = line + i;
        while (i < len && line[i] && line[i] != '\n') {
            i++;
        }
        line[i++] = 0;
    }
    argv[argc] = NULL;
    return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char line[LINE_CAP + 1];
    char *argv[WORD_CAP];
    struct rk_call call = {0};
    size_t len = size < LINE_CAP ? size : LINE_CAP;
    for (size_t i = 0; i < len; i++) {
        line[i] = (char)data[i];
    }
    line[len] = 0;
    int argc = split(line, len, argv);
    int error = rk_call_parse(&call, &app, argc, argv);
    if (error && (!call.problem || !call.word)) {
        abort();
    }
    uint64_t speed = 5;
    if (!error && rk_call_number(&call, "speed", 1, 9, &speed) == 0 && (speed < 1 || speed > 9)) {
        abort();
    }
    for (int i = 0; !error && i < call.arg_count; i++) {
        if (!call.args[i]) {
            abort();
        }
    }
    return 0;
}
