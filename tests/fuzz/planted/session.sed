# server/device/events.c
s/^        free(sub);/        (void)sub;/
