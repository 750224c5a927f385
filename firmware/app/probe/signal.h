/* The light shows a signal of common/led by its id, as firmware of E3 would. */
#ifndef RK_FIRMWARE_APP_PROBE_SIGNAL_H
#define RK_FIRMWARE_APP_PROBE_SIGNAL_H

#include "common/base/attr.h"

/* False: no such signal; the light stays. code: of a panic. */
bool rk_probe_signal_set(const char *id, unsigned code, uint32_t now_ms);
/* Writes the light's present level; call every millisecond. */
void rk_probe_signal_show(uint32_t now_ms);

#endif
