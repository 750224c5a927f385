/* The keys of a new board: the device's own, in the form that the firmware reads, and the server's.
 * Formats and places: cloud-protocol.md 1.3 to 1.5, core-hardware.md 1.2. The only file of the
 * emulator that knows OpenSSL.
 */
#ifndef RK_EMU_SHELL_KEYS_H
#define RK_EMU_SHELL_KEYS_H

#include "common/base/error.h"
#include "common/proto/record.h"

/* A new RSA-1024 key. */
RK_NODISCARD int rk_device_key_make(uint8_t der[RK_DEVICE_PRIVATE_BYTES]);
/* A key from a file: PEM or DER, PKCS#1 or PKCS#8, also the 612 bytes of a board's flash. RK_E_KEY
 * when it is not an RSA key of 1024 bits. */
RK_NODISCARD int rk_device_key_load(const char *path, uint8_t der[RK_DEVICE_PRIVATE_BYTES]);
/* Its public half as PEM; the caller frees *pem. */
RK_NODISCARD int rk_device_key_public(const uint8_t der[RK_DEVICE_PRIVATE_BYTES], char **pem);

/* A server's public key from a file: PEM or DER, public or private, or the record that published
 * tools write (key and address). RK_E_KEY when it is not RSA-2048 with e = 65537. has_address: the
 * file holds an address, too. */
RK_NODISCARD int rk_server_key_load(const char *path, uint8_t der[RK_SERVER_KEY_BYTES],
                                    struct rk_server_address *address, bool *has_address);

RK_NODISCARD int rk_random_bytes(uint8_t *out, size_t len);

#endif
