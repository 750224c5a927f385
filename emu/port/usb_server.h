/* The USB faces of a running emulator on a libuv loop: a USB/IP server on TCP (usbip.h) and a
 * usbredir client on a unix socket (usbredir.h). The loop's owner calls; nothing here blocks.
 */
#ifndef RK_EMU_PORT_USB_SERVER_H
#define RK_EMU_PORT_USB_SERVER_H

#include <uv.h>

#include "emu/port/usb_target.h"

struct rk_usbip_server;
struct rk_usbredir_client;

/* Listens on a numeric address; port 0 picks one (rk_usbip_server_port). busid: up to 31 bytes, the
 * board's name; borrowed, as target is. *out is to be freed with _stop(). RK_OK, RK_E_RANGE (not an
 * address), RK_E_BUSY (in use), RK_E_NETWORK, RK_E_NO_MEMORY. */
RK_NODISCARD int rk_usbip_server_start(uv_loop_t *loop, const char *address, uint16_t port,
                                       struct rk_usb_target *target, const char *busid,
                                       struct rk_usbip_server **out);
uint16_t rk_usbip_server_port(const struct rk_usbip_server *server);
/* Closes every connection; the memory goes when the loop has turned once more. */
void rk_usbip_server_stop(struct rk_usbip_server *server);

/* Connects to QEMU's chardev (`-chardev socket,path=...,server=on,wait=off`), again and again every
 * 100 ms, so the order of starting does not matter. */
RK_NODISCARD int rk_usbredir_client_start(uv_loop_t *loop, const char *path,
                                          struct rk_usb_target *target,
                                          struct rk_usbredir_client **out);
bool rk_usbredir_client_connected(const struct rk_usbredir_client *client);
void rk_usbredir_client_stop(struct rk_usbredir_client *client);

#endif
