/* What a new board knows of Wi-Fi: --wifi SSID[:SECURITY[:PASS]], its place in the radio's memory,
 * and the neighbourhood in network.json.
 */
#ifndef RK_EMU_SHELL_WIFI_H
#define RK_EMU_SHELL_WIFI_H

#include "emu/shell/folder.h"

struct rk_wifi {
    char ssid[33];
    char pass[65];
    unsigned security; /* 0 open, 1 WEP, 2 WPA, 3 WPA2: core-hardware.md 7.2 */
};

/* SECURITY: open, wep, wpa, wpa2; without it WPA2 when a passphrase may follow, else open. Colons
 * in PASS are its own; "\:" is a colon in SSID. RK_E_RANGE: a part is too long or short;
 * RK_E_BAD_FORMAT. */
RK_NODISCARD int rk_wifi_parse(const char *text, struct rk_wifi *wifi);

/* Writes the radio's memory and network.json of a new board. wifi NULL: no stored network. */
RK_NODISCARD int rk_wifi_store(struct rk_folder *f, const struct rk_wifi *wifi);

#endif
