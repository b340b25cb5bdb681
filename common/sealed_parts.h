/* Steps of the age format that writing and reading a header share; for
 * common/sealed_*.c alone (docs/format.md, section 2).
 */
#ifndef COMMON_SEALED_PARTS_H
#define COMMON_SEALED_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/hmac.h"
#include "common/sealed_header.h"

#define SEALED_VERSION_LINE "age-encryption.org/v1\n"
#define SEALED_SHARED_BYTES 32
#define SEALED_BODY_BYTES (SEALED_FILE_KEY_BYTES + SEALED_TAG_BYTES)

/*
 * X25519 of one side's private key and the other's public one.  ERR_CRYPTO,
 * also when the result is all zero (a peer of low order).
 */
enum err sealed_shared_secret(uint8_t shared[static SEALED_SHARED_BYTES],
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    const uint8_t peer[static SEALED_RECIPIENT_BYTES]);

/*
 * The key that wraps the file key, from the shared secret, the ephemeral
 * public key and the recipient's.  ERR_CRYPTO.
 */
enum err sealed_wrap_key(uint8_t key[static HMAC_BYTES],
    const uint8_t shared[static SEALED_SHARED_BYTES],
    const uint8_t share[static SEALED_RECIPIENT_BYTES],
    const uint8_t recipient[static SEALED_RECIPIENT_BYTES]);

/* The MAC over the header up to and with "---".  ERR_CRYPTO. */
enum err sealed_header_mac(uint8_t mac[static HMAC_BYTES],
    const uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const void *header, size_t size);

#endif
