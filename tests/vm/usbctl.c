/* One control request from the guest's shell, for what no tool would send:
 *   usbctl VID:PID TYPE REQUEST VALUE INDEX [-r LENGTH | HEX]      numbers as strtoul reads them
 * prints what came back in hex. Exit: 0, 2 the device answered with STALL, 1 anything else. Static,
 * by Linux' usbdevfs, so that it runs in the virtual machine's bare root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define DEVICES "/sys/bus/usb/devices"

static unsigned attribute(const char *device, const char *name, int base) {
    char path[512], text[32] = "";
    snprintf(path, sizeof path, DEVICES "/%s/%s", device, name);
    FILE *f = fopen(path, "r");
    if (f) {
        if (!fgets(text, sizeof text, f)) {
            text[0] = 0;
        }
        fclose(f);
    }
    return (unsigned)strtoul(text, NULL, base);
}

static int open_device(const char *ids) {
    unsigned vendor = (unsigned)strtoul(ids, NULL, 16), product = 0;
    const char *colon = strchr(ids, ':');
    product = colon ? (unsigned)strtoul(colon + 1, NULL, 16) : 0;
    DIR *dir = opendir(DEVICES);
    int fd = -1;
    for (struct dirent *e; dir && fd < 0 && (e = readdir(dir)) != NULL;) {
        if (attribute(e->d_name, "idVendor", 16) == vendor &&
            attribute(e->d_name, "idProduct", 16) == product) {
            char path[64];
            snprintf(path, sizeof path, "/dev/bus/usb/%03u/%03u",
                     attribute(e->d_name, "busnum", 10), attribute(e->d_name, "devnum", 10));
            fd = open(path, O_RDWR);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return fd;
}

static uint16_t from_hex(const char *hex, uint8_t data[4096]) {
    uint16_t n = 0;
    unsigned byte;
    for (; n < 4096 && sscanf(hex, "%2x", &byte) == 1 && strlen(hex) >= 2; hex += 2) {
        data[n++] = (uint8_t)byte;
    }
    return n;
}

int main(int argc, char **argv) {
    static uint8_t data[4096];
    if (argc < 6) {
        return 1;
    }
    uint16_t length = 0;
    if (argc == 8 && strcmp(argv[6], "-r") == 0) {
        length = (uint16_t)(strtoul(argv[7], NULL, 0) % sizeof data);
    } else if (argc == 7) {
        length = from_hex(argv[6], data);
    }
    int fd = open_device(argv[1]);
    if (fd < 0) {
        fprintf(stderr, "no device %s\n", argv[1]);
        return 1;
    }
    struct usbdevfs_ctrltransfer t = {.bRequestType = (uint8_t)strtoul(argv[2], NULL, 0),
                                      .bRequest = (uint8_t)strtoul(argv[3], NULL, 0),
                                      .wValue = (uint16_t)strtoul(argv[4], NULL, 0),
                                      .wIndex = (uint16_t)strtoul(argv[5], NULL, 0),
                                      .wLength = length,
                                      .timeout = 5000,
                                      .data = data};
    int n = ioctl(fd, USBDEVFS_CONTROL, &t);
    if (n < 0) {
        perror("control");
        return errno == EPIPE ? 2 : 1;
    }
    for (int i = 0; i < n && (t.bRequestType & 0x80); i++) {
        printf("%02x", data[i]);
    }
    putchar('\n');
    return 0;
}
