/* rekindle help: commands, topics (topics.def), error numbers (error.def). */
#include "cli/cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *summary;
    const char *text;
} topics[] = {
#define TOPIC(name, summary, text) {name, summary, text},
#include "cli/cmd/topics.def"
#undef TOPIC
};

static void put_to_file(void *context, const char *text, size_t len) {
    fwrite(text, 1, len, context);
}

struct rk_sink rk_sink_to(FILE *file) {
    return (struct rk_sink){put_to_file, file};
}

static void print_overview(struct rk_ui *ui) {
    struct rk_sink sink = rk_sink_to(ui->out);
    rk_help_app(&rk_app, &sink);
    fputs("\ntopics (rekindle help TOPIC):\n", ui->out);
    for (size_t i = 0; i < RK_COUNT(topics); i++) {
        fprintf(ui->out, "  %-18s  %s\n", topics[i].name, topics[i].summary);
    }
    fputs("  errors              every error number, its exit code and remedy\n", ui->out);
}

static void print_error(struct rk_ui *ui, const struct rk_error_info *e) {
    fprintf(ui->out, "E%03d  %s\n      %s\n      exit code %d\n", -e->error, e->text, e->remedy,
            e->exit_code);
}

/* "E012", "e12" or "12". */
static const struct rk_error_info *error_by_word(const char *word) {
    char *end;
    long number = strtol(word + (*word == 'E' || *word == 'e'), &end, 10);
    if (*end || end == word || number <= 0 || number > 9999) {
        return NULL;
    }
    const struct rk_error_info *e = rk_error_info(-(int)number);
    return e->error == -(int)number ? e : NULL;
}

static bool print_topic(struct rk_ui *ui, const char *word) {
    if (strcmp(word, "errors") == 0) {
        for (size_t i = 0; rk_error_at(i); i++) {
            print_error(ui, rk_error_at(i));
        }
        return true;
    }
    for (size_t i = 0; i < RK_COUNT(topics); i++) {
        if (strcmp(topics[i].name, word) == 0) {
            fputs(topics[i].text, ui->out);
            return true;
        }
    }
    return false;
}

bool rk_help_group(FILE *to, const char *word) {
    size_t len = strlen(word);
    bool found = false;
    for (size_t i = 0; i < rk_app.cmd_count; i++) {
        const struct rk_cmd *cmd = &rk_app.cmds[i];
        if (strncmp(cmd->name, word, len) == 0 && cmd->name[len] == ' ') {
            fprintf(to, "  %s %s %s\n      %s\n", rk_app.name, cmd->name, cmd->args, cmd->summary);
            found = true;
        }
    }
    return found;
}

int rk_cmd_help(struct rk_call *call) {
    struct rk_ui *ui = rk_ui_of(call);
    struct rk_sink sink = rk_sink_to(ui->out);
    char name[64];
    ui->json = false; /* help is text for people */
    if (call->arg_count == 0) {
        print_overview(ui);
        return 0;
    }
    snprintf(name, sizeof name, "%s%s%s", call->args[0], call->arg_count > 1 ? " " : "",
             call->arg_count > 1 ? call->args[1] : "");
    const struct rk_cmd *cmd = rk_app_command(&rk_app, name);
    const struct rk_error_info *error = error_by_word(name);
    if (cmd) {
        rk_help_cmd(&rk_app, cmd, &sink);
    } else if (error) {
        print_error(ui, error);
    } else if (!print_topic(ui, name) && !rk_help_group(ui->out, name)) {
        return rk_ui_fail(ui, RK_E_NOT_FOUND, "no help on '%s'", name);
    }
    return 0;
}
