/* `new`: makes a board folder. The board gets its images, keys and address before it has its name,
 * so a folder that exists is a board that is whole.
 */
#include "emu/periph/flash.h"
#include "emu/shell/commands.h"
#include "emu/shell/fail.h"
#include "emu/shell/folder.h"
#include "emu/shell/image_file.h"
#include "emu/shell/keys.h"
#include "emu/shell/wifi.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* core-hardware.md 1.1, 1.2 */
#define APP_OFF        0x5000u
#define SERVER_KEY_OFF 0x1000u
#define DEVICE_KEY_OFF 0x2000u
#define FACTORY_OFF    0x20000u

/* Everything that can be wrong is found before the folder is made. */
struct plan {
    struct rk_image_file app, factory, bootloader;
    struct rk_identity identity;
    uint8_t device_key[RK_DEVICE_PRIVATE_BYTES];
    uint8_t server_key[RK_SERVER_KEY_BYTES];
    bool has_server_key, has_address, has_wifi;
    struct rk_server_address address;
    struct rk_wifi wifi;
};

static int plan_images(struct plan *p, const struct rk_call *call) {
    static const struct {
        const char *option;
        size_t off;
        enum rk_image_place place;
    } wanted[] = {{"app", offsetof(struct plan, app), RK_PLACE_APP},
                  {"factory", offsetof(struct plan, factory), RK_PLACE_APP},
                  {"bootloader", offsetof(struct plan, bootloader), RK_PLACE_BOOTLOADER}};
    for (size_t i = 0; i < RK_COUNT(wanted); i++) {
        const char *name = rk_call_value(call, wanted[i].option);
        struct rk_image_file *file = (struct rk_image_file *)((char *)p + wanted[i].off);
        int rc = name ? rk_image_file_load(file, name, wanted[i].place) : 0;
        if (rc) {
            return rc;
        }
    }
    return 0;
}

/* Published boards have ids like 53ff6d065077535228300287 (emulator-findings.md): two bytes of
 * wafer position, the rest ASCII of the lot. The MAC prefix is TI's, which the firmware insists on
 * (core-hardware.md 8.4). */
static int plan_identity(struct plan *p, const struct rk_call *call) {
    const char *hex = rk_call_value(call, "id");
    uint8_t random[12];
    int rc = rk_random_bytes(random, sizeof random);
    if (rc) {
        return rk_shell_fail(rc, "a new identity");
    }
    memcpy(p->identity.id, random, sizeof random);
    p->identity.id[0] = 0x53;
    p->identity.id[1] = 0xFF;
    static const uint8_t prefix[3] = {0x08, 0x00, 0x28};
    memcpy(p->identity.mac, prefix, sizeof prefix);
    if (hex) {
        if (strlen(hex) != 24 || strspn(hex, "0123456789abcdefABCDEF") != 24) {
            return rk_shell_fail_next(RK_E_RANGE, "An id has 24 hexadecimal digits.", "--id '%s'",
                                      hex);
        }
        for (size_t i = 0; i < 12; i++) {
            unsigned value = 0;
            sscanf(hex + 2 * i, "%2x", &value);
            p->identity.id[i] = (uint8_t)value;
        }
    }
    /* As deep_update makes one: id bytes 2, 8 and 9, so a board with a given id has a given MAC. */
    p->identity.mac[3] = p->identity.id[2];
    p->identity.mac[4] = p->identity.id[8];
    p->identity.mac[5] = p->identity.id[9];
    return 0;
}

static int plan_address(struct plan *p, const struct rk_call *call) {
    const char *text = rk_call_value(call, "address");
    char host[RK_ADDRESS_NAME_MAX + 1];
    if (!text) {
        return 0;
    }
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : RK_CLOUD_PORT;
    int rc = RK_E_RANGE;
    if (len > 0 && len < sizeof host && port > 0 && port < 65536 && (!colon || *end == 0)) {
        memcpy(host, text, len);
        host[len] = 0;
        rc = rk_server_address_parse(host, (uint16_t)port, &p->address);
    }
    p->has_address = true;
    return rc ? rk_shell_fail_next(rc, "Give HOST:PORT with a name of at most 64 characters.",
                                   "--address '%s'", text)
              : 0;
}

static int plan_keys(struct plan *p, const struct rk_call *call) {
    const char *device = rk_call_value(call, "device-key");
    const char *server = rk_call_value(call, "server-key");
    int rc = device ? rk_device_key_load(device, p->device_key) : rk_device_key_make(p->device_key);
    if (rc == RK_E_KEY) {
        return rk_shell_fail_next(rc, "Give an RSA key of 1024 bits, as PEM or DER.",
                                  "device key '%s'", device);
    }
    if (rc) {
        return rk_shell_fail(rc, "device key '%s'", device ? device : "new");
    }
    if (!server) {
        return 0;
    }
    p->has_server_key = true;
    rc = rk_server_key_load(server, p->server_key, &p->address, &p->has_address);
    if (rc == RK_E_KEY) {
        return rk_shell_fail_next(
            rc, "Give an RSA key of 2048 bits with exponent 65537, as PEM or DER.",
            "server key '%s'", server);
    }
    return rc ? rk_shell_fail(rc, "server key '%s'", server) : 0;
}

static int plan_wifi(struct plan *p, const struct rk_call *call) {
    const char *text = rk_call_value(call, "wifi");
    int rc = text ? rk_wifi_parse(text, &p->wifi) : 0;
    p->has_wifi = text != NULL;
    return rc ? rk_shell_fail_next(rc,
                                   "Give SSID, SSID:open, SSID:wpa2:PASS (8 to 63 characters), "
                                   "SSID:wpa:PASS or SSID:wep:KEY (10 or 26 hexadecimal digits).",
                                   "--wifi '%s'", text)
              : 0;
}

static void release_plan(struct plan *p) {
    rk_image_file_release(&p->app);
    rk_image_file_release(&p->factory);
    rk_image_file_release(&p->bootloader);
    memset(p->device_key, 0, sizeof p->device_key);
}

static void put_image(uint8_t *at, const struct rk_image_file *file) {
    if (file->data) {
        memcpy(at, file->img.data, file->img.size_bytes);
    }
}

static void fill_memories(struct rk_folder *f, const struct plan *p) {
    uint8_t *internal = f->nv[RK_CORE_NV_INTERNAL];
    uint8_t *external = f->nv[RK_CORE_NV_EXTERNAL];
    rk_option_factory(f->nv[RK_CORE_NV_OPTION]);
    put_image(internal, &p->bootloader);
    put_image(internal + APP_OFF, &p->app);
    put_image(external + FACTORY_OFF, &p->factory);
    memcpy(external + DEVICE_KEY_OFF, p->device_key, sizeof p->device_key);
    if (p->has_server_key) {
        memcpy(external + SERVER_KEY_OFF, p->server_key, sizeof p->server_key);
    }
    if (p->has_address) {
        rk_server_address_encode(&p->address, external + SERVER_KEY_OFF + RK_SERVER_KEY_REGION);
    }
}

static int write_public_key(const struct rk_folder *f, const struct plan *p) {
    char path[RK_PATH_MAX];
    char *pem = NULL;
    int rc = rk_device_key_public(p->device_key, &pem);
    if (rc == 0) {
        rc = rk_path_in(f->path, "device.pub.pem", path);
    }
    if (rc == 0) {
        rc = rk_write_file(path, pem, strlen(pem), 0644);
    }
    free(pem);
    return rc;
}

static int make(const char *path, const struct plan *p) {
    struct rk_folder f;
    int rc = rk_folder_create(&f, path, &p->identity);
    if (rc == 0) {
        fill_memories(&f, p);
        rc = write_public_key(&f, p);
    }
    if (rc == 0) {
        rc = rk_wifi_store(&f, p->has_wifi ? &p->wifi : NULL);
    }
    if (rc == 0) {
        rc = rk_folder_finish(&f, path);
    }
    if (rc) {
        rk_folder_discard(&f);
    }
    return rc;
}

static void id_text(const struct plan *p, char text[25]) {
    for (size_t i = 0; i < sizeof p->identity.id; i++) {
        snprintf(text + 2 * i, 3, "%02x", p->identity.id[i]);
    }
}

static void tell(const char *name, const char *path, const struct plan *p) {
    char id[25];
    id_text(p, id);
    printf("board %s in %s\nid %s\npublic key %s/device.pub.pem\n", name, path, id, path);
    if (!p->app.data && !p->bootloader.data) {
        printf("Next: give it an application with --app, or a bootloader with --bootloader\n");
    } else {
        printf("Next: rekindle emu run %s\n", name);
    }
}

static void tell_json(const char *name, const char *path, const struct plan *p) {
    char id[25];
    id_text(p, id);
    json_t *json = json_pack("{s:s,s:s,s:s}", "board", name, "path", path, "id", id);
    if (json) {
        json_dumpf(json, stdout, JSON_COMPACT);
        putchar('\n');
    }
    json_decref(json);
}

static int plan_all(struct plan *p, const struct rk_call *call) {
    int rc = plan_images(p, call);
    rc = rc ? rc : plan_identity(p, call);
    rc = rc ? rc : plan_keys(p, call);
    rc = rc ? rc : plan_address(p, call);
    return rc ? rc : plan_wifi(p, call);
}

int rk_emu_cmd_new(struct rk_call *call) {
    char path[RK_PATH_MAX];
    const char *name = call->args[0];
    int rc = rk_board_path(name, path);
    if (rc) {
        return rk_shell_fail(rc, "board '%s'", name);
    }
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        return rk_shell_fail(RK_E_NO_MEMORY, "board '%s'", name);
    }
    rc = plan_all(plan, call);
    if (rc == 0) {
        rc = make(path, plan);
        if (rc) {
            rc = rk_shell_fail(rc, "board '%s' in %s", name, path);
        } else if (rk_call_has(call, "json")) {
            tell_json(name, path, plan);
        } else {
            tell(name, path, plan);
        }
    }
    release_plan(plan);
    free(plan);
    return rc;
}
