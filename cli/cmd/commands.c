/* The table of commands: the one list. */
#include "cli/cmd/cmd.h"

#ifndef RK_VERSION
#define RK_VERSION "unknown"
#endif

static const struct rk_opt common_opts[] = {
    {.name = "json", .help = "one JSON object on stdout instead of text"},
    {.name = "help", .letter = 'h', .help = "explain the command"},
};

static const struct rk_opt image_list_opts[] = {
    {.name = "board", .arg = "NAME", .help = "only images of this board: core, photon, p1, ..."},
    {.name = "missing", .help = "only what is not in the store"},
    {.name = "packages", .help = "only the npm packages that bring what is missing"},
};

static const struct rk_cmd commands[] = {
    {.name = "emu",
     .args = "COMMAND ...",
     .summary = "the whole board in software: no hardware needed",
     .about = "Runs rekindle-emu with everything that follows; see `rekindle emu --help`.",
     .pass_through = true,
     .run = rk_cmd_emu},
    {.name = "server",
     .args = "COMMAND ...",
     .summary = "what the board calls home to",
     .about = "Runs rekindle-server with everything that follows; see `rekindle server --help`.",
     .pass_through = true,
     .run = rk_cmd_server},
    {.name = "image list",
     .args = "",
     .summary = "the published firmware images: what is in the store, how to get the rest",
     .opts = image_list_opts,
     .opt_count = RK_COUNT(image_list_opts),
     .run = rk_cmd_image_list},
    {.name = "image import",
     .args = "FILE.tgz|DIR|FILE...",
     .min_args = 1,
     .max_args = -1,
     .summary = "take published images out of a package or a folder into the store",
     .about = "Images are recognised by their SHA-256, whatever the file is called: a package as\n"
              "`npm pack` fetches it, an unpacked one, an old tool's folder, or single files.",
     .run = rk_cmd_image_import},
    {.name = "image info",
     .args = "FILE|NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "what a firmware image is, and whether it is whole",
     .about = "NAME is one that `rekindle image list` shows. A damaged image is said to be so and\n"
              "ends with exit code 6.",
     .run = rk_cmd_image_info},
    {.name = "help",
     .args = "[COMMAND|TOPIC|E012]",
     .max_args = 2,
     .summary = "explain a command, a topic or an error number",
     .run = rk_cmd_help},
    {.name = "version", .args = "", .summary = "print the version", .run = rk_cmd_version},
    {.name = "completions",
     .args = "bash|zsh|fish",
     .min_args = 1,
     .max_args = 1,
     .summary = "print a completion script for this shell",
     .run = rk_cmd_completions},
    {.name = "man", .args = "", .summary = "print the man page", .run = rk_cmd_man},
};

const struct rk_app rk_app = {
    .name = "rekindle",
    .version = RK_VERSION,
    .summary = "everything a Spark Core needs",
    .cmds = commands,
    .cmd_count = RK_COUNT(commands),
    .opts = common_opts,
    .opt_count = RK_COUNT(common_opts),
};
