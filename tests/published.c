/* The store lookup behind published.h: $REKINDLE_IMAGES, else $XDG_DATA_HOME/rekindle/images, else
 * ~/.local/share/rekindle/images; an image is the file ID.bin there.
 */
#include "tests/published.h"
#include "tests/unit.h"

enum { IMAGE_CAP_BYTES = 2 * 1024 * 1024 };

static void store_path(char *path, size_t cap, const char *id) {
    const char *store = getenv("REKINDLE_IMAGES");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (store && *store) {
        snprintf(path, cap, "%s/%s.bin", store, id);
    } else if (data && *data) {
        snprintf(path, cap, "%s/rekindle/images/%s.bin", data, id);
    } else {
        snprintf(path, cap, "%s/.local/share/rekindle/images/%s.bin", home ? home : "", id);
    }
}

void rk_skip(const char *reason) {
    printf("skip: %s\n", reason);
    fflush(stdout);
    skip();
}

uint8_t *rk_published_find(const char *id, size_t *len) {
    char path[4096];
    store_path(path, sizeof path, id);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    uint8_t *bytes = malloc(IMAGE_CAP_BYTES);
    *len = bytes ? fread(bytes, 1, IMAGE_CAP_BYTES, file) : 0;
    fclose(file);
    return bytes;
}

uint8_t *rk_published_image(const char *id, size_t *len) {
    uint8_t *bytes = rk_published_find(id, len);
    if (!bytes) {
        char reason[256];
        snprintf(reason, sizeof reason, "no published image %s (./x images)", id);
        rk_skip(reason);
        return NULL;
    }
    assert_true(*len > 0 && *len < IMAGE_CAP_BYTES);
    return bytes;
}
