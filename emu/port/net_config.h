/* network.json: the neighbourhood of an emulated board as text. Outside bytes: everything is
 * checked, and unknown keys are errors that name them.
 *
 *   {
 *     "access_points": [{
 *       "ssid": "home", "bssid": "02:00:00:00:00:01", "hidden": false,
 *       "band": 2.4, "modes": "bgn", "channel": 6, "rssi": -50,
 *       "security": "open|wep|wpa|wpa2|wpa-mixed|wpa3", "passphrase": "...",
 *       "dhcp": {"range": ["192.168.1.100", "192.168.1.199"], "mask": "255.255.255.0",
 *                "gateway": "192.168.1.1", "dns": "192.168.1.1"},       or false
 *       "internet": true }],
 *     "dns": {"device.spark.io": "127.0.0.1"},
 *     "routes": {"127.0.0.1:5683": "127.0.0.1:15683"},
 *     "latency_ms": 20, "jitter_ms": 0, "loss_percent": 0, "bandwidth_kbps": 0, "seed": 1,
 *     "faults": ["late-close"]
 *   }
 *
 * Every key may be left out. A WEP passphrase is 10 or 26 hex digits, or 5 or 13 characters.
 */
#ifndef RK_EMU_PORT_NET_CONFIG_H
#define RK_EMU_PORT_NET_CONFIG_H

#include "emu/port/net.h"

/* No access point; the device cloud's historic names and address lead to 127.0.0.1:5683. */
void rk_net_config_default(struct rk_net_config *config);
/* One access point more, as `emu new --wifi` makes it: channel 6, -50 dBm, DHCP, internet. */
RK_NODISCARD int rk_net_config_add_ap(struct rk_net_config *config, const char *ssid,
                                      enum rk_net_security security, const char *passphrase);

/* On errors (RK_E_BAD_FORMAT, RK_E_RANGE, RK_E_LIMIT, RK_E_IO, RK_E_NOT_FOUND) `why` holds a line
 * that names the place. config then is undefined. */
RK_NODISCARD int rk_net_config_parse(const char *text, size_t len, struct rk_net_config *config,
                                     char *why, size_t why_cap);
RK_NODISCARD int rk_net_config_load(const char *path, struct rk_net_config *config, char *why,
                                    size_t why_cap);
RK_NODISCARD int rk_net_config_save(const char *path, const struct rk_net_config *config);

/* "wpa2" and so on; RK_E_NOT_FOUND. */
int rk_net_security_by_name(const char *name);
const char *rk_net_security_name(enum rk_net_security security);
/* "late-close" and so on; RK_E_NOT_FOUND. */
int rk_net_fault_by_key(const char *key);
const char *rk_net_fault_key(enum rk_net_fault fault);
const char *rk_net_fault_text(enum rk_net_fault fault);
/* "192.168.1.2" and "192.168.1.2:5683". */
bool rk_net_ip_parse(const char *text, uint32_t *ip);
bool rk_net_addr_parse(const char *text, struct rk_net_addr *addr);

#endif
