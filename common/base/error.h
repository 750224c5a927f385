/* Error numbers, their texts and exit codes: generated from error.def, the one list. */
#ifndef RK_COMMON_BASE_ERROR_H
#define RK_COMMON_BASE_ERROR_H

#include "common/base/attr.h"

enum rk_error {
    RK_OK = 0,
#define RK_ERROR(name, number, exit_code, text, remedy) RK_E_##name = -(number),
#include "common/base/error.def"
#undef RK_ERROR
};

struct rk_error_info {
    int error;          /* RK_E_x, negative */
    int exit_code;      /* what a program returns to the shell; a documented, stable table */
    const char *name;   /* "NOT_FOUND" */
    const char *text;   /* one clause, lower case, without a full stop */
    const char *remedy; /* the next step to take, a whole sentence */
};

/* What is known about an error. Never NULL: an unknown number gives the entry of INTERNAL. */
const struct rk_error_info *rk_error_info(int error);

/* Walks the list: NULL after the last. */
const struct rk_error_info *rk_error_at(size_t idx);

#endif
