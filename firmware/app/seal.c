/* Turns a linked application into an image as the published ones are (core-hardware.md 1.4): the
 * module info learns where the module ends; product, SHA-256, suffix length and CRC-32 are added
 * behind it. Runs on the machine that builds. Usage: seal IN OUT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"
#include "common/sum/crc.h"
#include "common/sum/sha256.h"

#define MODULE_OFF   0x10Cu
#define APP_ADDR     0x08005000u
#define APP_SIZE     0x1B000u
#define SUFFIX_LEN   40u
#define CRC_LEN      4u
#define NOT_SET      0xFFFFu
#define SHA_FROM_END 38u

static uint8_t image[APP_SIZE];

static int fail(const char *what) {
    fprintf(stderr, "seal: %s\n", what);
    return 1;
}

static size_t seal(size_t len) {
    while (len % 4 != 0) {
        image[len++] = 0;
    }
    size_t end = len + SUFFIX_LEN;
    rk_put_u32le(image + MODULE_OFF + 4, APP_ADDR + (uint32_t)end);
    rk_put_u16le(image + len, NOT_SET);
    rk_put_u16le(image + len + 2, NOT_SET);
    rk_put_u16le(image + len + 4, 0);
    rk_sha256(image, end + CRC_LEN - SHA_FROM_END, image + len + 6);
    rk_put_u16le(image + end - 2, SUFFIX_LEN);
    rk_put_u32be(image + end, rk_crc32(image, end));
    return end + CRC_LEN;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        return fail("usage: seal IN OUT");
    }
    FILE *in = fopen(argv[1], "rb");
    size_t len = in ? fread(image, 1, sizeof image, in) : 0;
    if (in) {
        fclose(in);
    }
    if (len < MODULE_OFF + 24 || len > sizeof image - SUFFIX_LEN - CRC_LEN - 4) {
        return fail("the program is missing, too small or too big");
    }
    if (rk_get_u32le(image + MODULE_OFF) != APP_ADDR) {
        return fail("there is no module info behind the vector table");
    }
    len = seal(len);
    FILE *out = fopen(argv[2], "wb");
    bool fine = out && fwrite(image, 1, len, out) == len;
    if (out && fclose(out) != 0) {
        fine = false;
    }
    return fine ? 0 : fail("the result could not be written");
}
