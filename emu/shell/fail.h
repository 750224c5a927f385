/* How the program says that something failed: what, why and the next step, on stderr; the number is
 * an entry of error.def, the exit code follows from it.
 */
#ifndef RK_EMU_SHELL_FAIL_H
#define RK_EMU_SHELL_FAIL_H

#include "common/base/error.h"

/* Prints "rekindle emu: MESSAGE: TEXT (E012)" and "Next: REMEDY"; returns error. */
int rk_shell_fail(int error, const char *format, ...) RK_PRINTF(2, 3);
/* The same with a next step of its own instead of the list's. */
int rk_shell_fail_next(int error, const char *next, const char *format, ...) RK_PRINTF(3, 4);

#endif
