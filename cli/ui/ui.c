/* Printing behind ui.h. */
#include "cli/ui/ui.h"

#include <stdarg.h>
#include <string.h>

void rk_ui_init(struct rk_ui *ui, const char *program, FILE *out, FILE *err) {
    *ui = (struct rk_ui){.out = out, .err = err, .program = program, .command = ""};
}

void rk_ui_release(struct rk_ui *ui) {
    json_decref(ui->result);
    json_decref(ui->warnings);
    ui->result = NULL;
    ui->warnings = NULL;
}

static void print_line(FILE *to, const char *prefix, const char *format, va_list arguments) {
    fputs(prefix, to);
    vfprintf(to, format, arguments);
    fputc('\n', to);
}

void rk_ui_say(struct rk_ui *ui, const char *format, ...) {
    if (ui->json) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    print_line(ui->out, "", format, arguments);
    va_end(arguments);
}

void rk_ui_note(struct rk_ui *ui, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(ui->err, "", format, arguments);
    va_end(arguments);
}

void rk_ui_warn(struct rk_ui *ui, const char *format, ...) {
    char text[RK_UI_TEXT_CAP];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(ui->err, "warning: %s\n", text);
    if (!ui->warnings) {
        ui->warnings = json_array();
    }
    json_array_append_new(ui->warnings, json_string(text));
}

void rk_ui_next(struct rk_ui *ui, const char *format, ...) {
    if (ui->json) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    print_line(ui->out, "Next: ", format, arguments);
    va_end(arguments);
}

void rk_ui_result(struct rk_ui *ui, json_t *result) {
    json_decref(ui->result);
    ui->result = result;
}

int rk_ui_fail(struct rk_ui *ui, int error, const char *format, ...) {
    if (ui->error) {
        return error;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ui->message, sizeof ui->message, format, arguments);
    va_end(arguments);
    ui->error = error;
    return error;
}

static void error_id(char id[8], const struct rk_error_info *e) {
    snprintf(id, 8, "E%03d", -e->error % 1000);
}

static void print_failure(const struct rk_ui *ui, const struct rk_error_info *e) {
    char id[8];
    error_id(id, e);
    fprintf(ui->err, "%s%s%s: %s%s%s (%s)\n", ui->program, *ui->command ? " " : "", ui->command,
            ui->message, *ui->message ? ": " : "", e->text, id);
    fprintf(ui->err, "Next: %s\n", e->remedy);
}

static json_t *failure_as_json(const struct rk_ui *ui, const struct rk_error_info *e) {
    char id[8];
    char message[2 * RK_UI_TEXT_CAP];
    error_id(id, e);
    snprintf(message, sizeof message, "%s%s%s", ui->message, *ui->message ? ": " : "", e->text);
    return json_pack("{s:s, s:s, s:i, s:s, s:s}", "id", id, "name", e->name, "code", e->exit_code,
                     "message", message, "remedy", e->remedy);
}

static void print_json(const struct rk_ui *ui, const struct rk_error_info *e) {
    json_t *object =
        json_pack("{s:i, s:b, s:s, s:O?, s:O?, s:o?}", "schema", RK_UI_JSON_SCHEMA, "ok", e == NULL,
                  "command", ui->command, "result", ui->result, "warnings", ui->warnings, "error",
                  e ? failure_as_json(ui, e) : NULL);
    json_dumpf(object, ui->out, JSON_COMPACT);
    fputc('\n', ui->out);
    json_decref(object);
}

int rk_ui_finish(struct rk_ui *ui, int error) {
    const struct rk_error_info *e = error ? rk_error_info(error) : NULL;
    if (ui->json) {
        print_json(ui, e);
    } else if (e) {
        print_failure(ui, e);
    }
    /* A result that did not reach the disk or the pipe is a failure, too. */
    if (fflush(ui->out) != 0 && !e) {
        e = rk_error_info(RK_E_IO);
        fprintf(ui->err, "%s: writing the result: %s\n", ui->program, e->text);
    }
    return e ? e->exit_code : 0;
}
