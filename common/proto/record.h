/* What a board keeps to find and prove its cloud (cloud-protocol.md 1.3 to 1.5): the server-address
 * record, the 512-byte region "server key, address", and the device's private key in the one DER
 * form that firmware reads without parsing.
 */
#ifndef RK_COMMON_PROTO_RECORD_H
#define RK_COMMON_PROTO_RECORD_H

#include "common/base/attr.h"

#define RK_ADDRESS_RECORD_BYTES 128
#define RK_ADDRESS_NAME_MAX     64 /* so that the port at 66 stays free */
#define RK_SERVER_KEY_BYTES     294
#define RK_SERVER_KEY_REGION    384
#define RK_SERVER_RECORD_BYTES  (RK_SERVER_KEY_REGION + RK_ADDRESS_RECORD_BYTES)
#define RK_DEVICE_PRIVATE_BYTES 611 /* padded form */
#define RK_CLOUD_PORT           5683

enum rk_address_type {
    RK_ADDRESS_IPV4 = 0,
    RK_ADDRESS_NAME = 1,
};

struct rk_server_address {
    enum rk_address_type type;
    uint8_t ipv4[4];
    char name[RK_ADDRESS_NAME_MAX + 1];
    uint16_t port; /* decode: RK_CLOUD_PORT when the record leaves it open */
};

/* host: dotted IPv4 or a name. RK_E_RANGE when it is neither, or too long. */
int rk_server_address_parse(const char *host, uint16_t port, struct rk_server_address *address);

void rk_server_address_encode(const struct rk_server_address *address,
                              uint8_t out[RK_ADDRESS_RECORD_BYTES]);

/* RK_E_BAD_FORMAT when a board would not accept the record. */
int rk_server_address_decode(const uint8_t *record, size_t len, struct rk_server_address *address);

/* The whole region as the boards keep it and as the published tools write it. key_der: 294 bytes.
 */
int rk_server_record_encode(const uint8_t *key_der, size_t key_len,
                            const struct rk_server_address *address,
                            uint8_t out[RK_SERVER_RECORD_BYTES]);

/* Is it SubjectPublicKeyInfo of a 2048-bit key with e = 65537 in the form that boards assume? */
bool rk_server_key_is_valid(const uint8_t *der, size_t len);

/* PKCS#1 RSAPrivateKey of 1024 bits in any valid DER, into the padded form (every integer 129 or 65
 * bytes). About one key in 55 is misread by the firmware otherwise. RK_E_BAD_FORMAT for another
 * size or exponent. */
int rk_device_private_pad(const uint8_t *der, size_t len, uint8_t out[RK_DEVICE_PRIVATE_BYTES]);

/* The 162-byte public key of a private key in the padded form. */
int rk_device_private_public(const uint8_t *der, size_t len, uint8_t out[162]);

#endif
