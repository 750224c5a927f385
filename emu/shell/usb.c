/* See usb.h. */
#include "emu/shell/usb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/shell/fail.h"
#include "emu/shell/files.h"

#define USBIP_PORT "3240" /* IANA; design.md, Ports */

/* "ADDR:PORT", ":PORT", "PORT", "[V6]:PORT"; loopback without an address. */
static bool split_address(const char *text, char host[48], uint16_t *port) {
    const char *colon = strrchr(text, ':');
    const char *digits = colon ? colon + 1 : text;
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    char *end;
    unsigned long number = strtoul(*digits ? digits : USBIP_PORT, &end, 10);
    if (*end || number > 65535 || len >= 48) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = 0;
    if (len == 0) {
        strcpy(host, "127.0.0.1");
    }
    *port = (uint16_t)number;
    return true;
}

static int open_usbip(struct rk_shell_usb *u, uv_loop_t *loop,
                      const struct rk_shell_usb_options *o) {
    char host[48];
    uint16_t port;
    if (!split_address(o->usbip, host, &port)) {
        return rk_shell_fail_next(RK_E_RANGE, "Give ADDR:PORT with a numeric address.",
                                  "--usbip '%s'", o->usbip);
    }
    int rc = rk_usbip_server_start(loop, host, port, u->target, o->busid, &u->usbip);
    if (rc) {
        return rk_shell_fail(rc, "--usbip '%s'", o->usbip);
    }
    snprintf(u->address, sizeof u->address, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
             (unsigned)rk_usbip_server_port(u->usbip));
    return RK_OK;
}

static void write_pcap(void *ctx, const void *data, size_t len) {
    struct rk_shell_usb *u = ctx;
    (void)fwrite(data, 1, len, u->pcap_file); /* a full disk shows at fclose */
}

static int open_pcap(struct rk_shell_usb *u, const char *path) {
    u->pcap_file = fopen(path, "wb");
    if (!u->pcap_file) {
        return rk_shell_fail(rk_file_error(errno), "--pcap '%s'", path);
    }
    rk_usb_pcap_start(&u->pcap, u->target, write_pcap, u);
    return RK_OK;
}

int rk_shell_usb_open(struct rk_shell_usb *u, uv_loop_t *loop, struct rk_usb_target *target,
                      const struct rk_shell_usb_options *o) {
    memset(u, 0, sizeof *u);
    u->target = target;
    int rc = o->pcap ? open_pcap(u, o->pcap) : RK_OK;
    if (rc == RK_OK && o->usbip) {
        rc = open_usbip(u, loop, o);
    }
    if (rc == RK_OK && o->usbredir) {
        rc = rk_usbredir_client_start(loop, o->usbredir, target, &u->usbredir);
        if (rc) {
            (void)rk_shell_fail(rc, "--usbredir '%s'", o->usbredir);
        }
    }
    if (rc) {
        rk_shell_usb_close(u);
    }
    return rc;
}

bool rk_shell_usb_is_open(const struct rk_shell_usb *u) {
    return u->usbip || u->usbredir;
}

void rk_shell_usb_close(struct rk_shell_usb *u) {
    if (u->usbip) {
        rk_usbip_server_stop(u->usbip);
        u->usbip = NULL;
    }
    if (u->usbredir) {
        rk_usbredir_client_stop(u->usbredir);
        u->usbredir = NULL;
    }
    if (u->pcap_file) {
        rk_usb_pcap_stop(&u->pcap);
        if (fclose(u->pcap_file) != 0) {
            (void)rk_shell_fail(RK_E_IO, "the capture of USB");
        }
        u->pcap_file = NULL;
    }
}
