/* See fail.h. */
#include "emu/shell/fail.h"

#include <stdarg.h>
#include <stdio.h>

static void print(int error, const char *next, const char *format, va_list ap) {
    const struct rk_error_info *info = rk_error_info(error);
    fputs("rekindle emu: ", stderr);
    vfprintf(stderr, format, ap);
    fprintf(stderr, ": %s (E%03d)\nNext: %s\n", info->text, -info->error,
            next ? next : info->remedy);
}

int rk_shell_fail(int error, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    print(error, NULL, format, ap);
    va_end(ap);
    return error;
}

int rk_shell_fail_next(int error, const char *next, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    print(error, next, format, ap);
    va_end(ap);
    return error;
}
