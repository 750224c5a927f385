/* Look-ups in catalogue.def. */
#include "common/image/catalogue.h"

#include "common/board/era.h"

static const struct rk_catalogue_entry entries[] = {
#define RK_IMAGE(id_, file_, sha_, size_, platform_, kind_, load_, version_, eras_, licence_,      \
                 package_, path_, what_)                                                           \
    {id_,   file_,    sha_,     size_, platform_, RK_IMAGE_KIND_##kind_, load_, version_,          \
     eras_, licence_, package_, path_, what_},
#include "common/image/catalogue.def"
};

const struct rk_catalogue_entry *rk_catalogue_at(size_t idx) {
    return idx < RK_COUNT(entries) ? &entries[idx] : NULL;
}

static bool same_text(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct rk_catalogue_entry *rk_catalogue_by_id(const char *id) {
    for (size_t i = 0; i < RK_COUNT(entries); i++) {
        if (same_text(entries[i].id, id)) {
            return &entries[i];
        }
    }
    return NULL;
}

const struct rk_catalogue_entry *rk_catalogue_by_sha256(const uint8_t digest[RK_SHA256_LEN]) {
    static const char digits[] = "0123456789abcdef";
    char hex[2 * RK_SHA256_LEN + 1];
    for (size_t i = 0; i < RK_SHA256_LEN; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * RK_SHA256_LEN] = 0;
    for (size_t i = 0; i < RK_COUNT(entries); i++) {
        if (same_text(entries[i].sha256_hex, hex)) {
            return &entries[i];
        }
    }
    return NULL;
}
