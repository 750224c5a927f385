/* TI CC3000 radio at SPI level (cc3000.md). nv = its EEPROM, 32 KB, laid out as the real one
 * (cc3000.md 4.1; cc3000_nvmem.c says what our files hold); blank (0xFF) becomes a factory-fresh
 * one at first power-up. dev->host = struct rk_net (emu/port/net.h), or NULL: no access point
 * anywhere. Not modelled: emu/MISSING.md.
 */
#ifndef RK_EMU_PART_CC3000_H
#define RK_EMU_PART_CC3000_H

#include "emu/core/device.h"
#include "emu/port/net.h"

extern const struct rk_dev_ops rk_cc3000_ops;

enum {
    RK_CC3000_IN_CS,     /* pin level: 0 selected */
    RK_CC3000_IN_ENABLE, /* VBAT_SW_EN level */
    RK_CC3000_IN_XFER,   /* RK_SPI_OUT_XFER values */
};
enum {
    RK_CC3000_OUT_IRQ, /* pin level, active low */
    RK_CC3000_OUT_COUNT,
};

#define RK_CC3000_NV_SIZE 32768u

/* Build numbers of service packs (cc3000.md 4.2); the package is 1 for all of them. */
#define RK_CC3000_SP_FACTORY 24u

/* A factory-fresh EEPROM: MAC address and service pack 1.`build`. nv of RK_CC3000_NV_SIZE. */
void rk_cc3000_nv_format(uint8_t *nv, const uint8_t mac[6], uint8_t build);

/* One stored network, as add-profile (0005) makes it, with file 14 saying so: what the firmware
 * finds after it was set up. security 0-3 (open, WEP, WPA, WPA2); a WEP key is bytes. RK_E_RANGE,
 * RK_E_LIMIT (seven are stored). nv must be formatted. */
struct rk_cc3000_profile {
    uint8_t ssid[32];
    uint8_t ssid_len;
    uint8_t key[64];
    uint8_t key_len;
    uint8_t security;
    uint8_t priority;
    uint8_t bssid[6];
};
RK_NODISCARD int rk_cc3000_nv_store(uint8_t *nv, const struct rk_cc3000_profile *profile);

/* Between runs. */
void rk_cc3000_attach(struct rk_dev *dev, struct rk_net *net);
void rk_cc3000_fault(struct rk_dev *dev, enum rk_net_fault fault, bool on);
/* A phone sends credentials over the air. RK_E_WRONG_MODE: the radio does not listen now. */
RK_NODISCARD int rk_cc3000_smartconfig(struct rk_dev *dev, const struct rk_cc3000_profile *profile);

/* What it is doing, for tests and `info`. */
struct rk_cc3000_info {
    bool powered, started, associated, has_ip, hung;
    bool smartconfig; /* listening for credentials */
    uint8_t open_sockets;
    uint8_t free_buffers;
    uint8_t queued;   /* packets that wait for the host */
    uint8_t patch[2]; /* package, build */
    uint8_t mac[6];
    uint32_t ip;
    uint64_t commands; /* since power-up of the machine */
};
void rk_cc3000_info_get(struct rk_dev *dev, struct rk_cc3000_info *info);

#endif
