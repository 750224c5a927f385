/* What a person or a script sees: results on stdout, everything else on stderr; with --json one
 * object on stdout instead (host-tool.md 8.2). Every failure says what, why and the next step; its
 * number is an entry of error.def.
 */
#ifndef RK_CLI_UI_UI_H
#define RK_CLI_UI_UI_H

#include "common/base/error.h"

#include <jansson.h>
#include <stdio.h>

enum { RK_UI_TEXT_CAP = 512, RK_UI_JSON_SCHEMA = 1 };

struct rk_ui {
    FILE *out;
    FILE *err;
    const char *program; /* "rekindle" */
    const char *command; /* "image import" */
    bool json;
    json_t *result;               /* what rk_ui_result() was given */
    json_t *warnings;             /* array of texts */
    int error;                    /* the first failure */
    char message[RK_UI_TEXT_CAP]; /* and its text */
};

void rk_ui_init(struct rk_ui *ui, const char *program, FILE *out, FILE *err);
void rk_ui_release(struct rk_ui *ui);

/* A line of the result; not printed with --json. */
void rk_ui_say(struct rk_ui *ui, const char *format, ...) RK_PRINTF(2, 3);
/* A line about what is going on, to stderr. */
void rk_ui_note(struct rk_ui *ui, const char *format, ...) RK_PRINTF(2, 3);
/* What does not stop the command but should be known. */
void rk_ui_warn(struct rk_ui *ui, const char *format, ...) RK_PRINTF(2, 3);
/* At most one per command: the next step, fitted to what was found. Not printed with --json. */
void rk_ui_next(struct rk_ui *ui, const char *format, ...) RK_PRINTF(2, 3);

/* The result for --json; takes over the reference. */
void rk_ui_result(struct rk_ui *ui, json_t *result);

/* Records the failure and its cause in words, and returns `error` for the caller to return. Only
 * the first failure of a command is kept. */
int rk_ui_fail(struct rk_ui *ui, int error, const char *format, ...) RK_PRINTF(3, 4);

/* Prints the failure, or the JSON object, and gives the exit code for what the command returned. */
int rk_ui_finish(struct rk_ui *ui, int error);

#endif
