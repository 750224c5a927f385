/* The server's key on disk: see keys.h. */
#define _GNU_SOURCE
#include "server/loop/keys.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/error.h"

#define KEY_BITS     2048
#define KEY_FILE_MAX 8192

static int check_key(const struct rk_rsa_key *key) {
    uint8_t der[RK_SERVER_KEY_BYTES];
    int len = rk_rsa_public_der(key, der, sizeof der);
    return len > 0 && rk_server_key_is_valid(der, (size_t)len) ? 0 : RK_E_KEY;
}

static int read_key(int fd, struct rk_rsa_key **key) {
    char text[KEY_FILE_MAX];
    struct stat st;
    if (fstat(fd, &st) || st.st_size <= 0 || st.st_size > (off_t)sizeof text) {
        return RK_E_KEY;
    }
    if (st.st_mode & 077) {
        return RK_E_ACCESS;
    }
    ssize_t n = read(fd, text, sizeof text);
    *key = n > 0 ? rk_rsa_private_new(text, (size_t)n) : NULL;
    explicit_bzero(text, sizeof text);
    return *key ? check_key(*key) : RK_E_KEY;
}

/* Whole or not at all: written beside, synced, then linked to its name. */
static int write_key(const char *path, const struct rk_rsa_key *key) {
    char temp[PATH_MAX + 8];
    size_t len = 0;
    char *pem = rk_rsa_private_pem(key, &len);
    snprintf(temp, sizeof temp, "%s.new", path);
    unlink(temp);
    int fd = pem ? open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool good = fd >= 0 && write(fd, pem, len) == (ssize_t)len && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    rk_rsa_pem_free(pem, len);
    good = good && link(temp, path) == 0;
    unlink(temp);
    return good ? 0 : RK_E_IO;
}

int rk_keys_load(const char *dir, bool may_make, struct rk_rsa_key **key, bool *made) {
    char path[PATH_MAX];
    *key = NULL;
    *made = false;
    snprintf(path, sizeof path, "%s/%s", dir, RK_SERVER_KEY_FILE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && !may_make) {
        return RK_E_NOT_FOUND;
    }
    int err = 0;
    if (fd < 0) {
        *key = rk_rsa_generate(KEY_BITS);
        err = *key ? write_key(path, *key) : RK_E_CRYPTO;
        *made = !err;
    } else {
        err = read_key(fd, key);
        close(fd);
    }
    if (err) {
        rk_rsa_key_free(*key);
        *key = NULL;
    }
    return err;
}

int rk_keys_record(const struct rk_rsa_key *key, const char *host, uint16_t port,
                   uint8_t record[RK_SERVER_RECORD_BYTES]) {
    uint8_t der[RK_SERVER_KEY_BYTES];
    struct rk_server_address address;
    int len = rk_rsa_public_der(key, der, sizeof der);
    int err = len < 0 ? len : rk_server_address_parse(host, port, &address);
    return err ? err : rk_server_record_encode(der, (size_t)len, &address, record);
}
