/* One line per event on standard error, as text or as JSON. Keys, tokens and passwords are never
 * given to it.
 */
#ifndef RK_SERVER_LOOP_LOG_H
#define RK_SERVER_LOOP_LOG_H

#include <stdbool.h>

enum rk_log_level { RK_LOG_ERROR, RK_LOG_WARN, RK_LOG_INFO, RK_LOG_DEBUG };

struct rk_log {
    enum rk_log_level level;
    bool json;
    int fd;
};

/* Pairs of key and text, ended by NULL; a pair whose text is NULL or "" is left out. */
void rk_log(const struct rk_log *log, enum rk_log_level level, const char *event, ...)
    __attribute__((sentinel));

#endif
