/* The sealed file: sizes, keys and header (docs/format.md; age v1 with one
 * X25519 stanza).
 */
#ifndef COMMON_SEALED_HEADER_H
#define COMMON_SEALED_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define SEALED_HEADER_BYTES 168		/* of the headers that we write */
#define SEALED_NONCE_BYTES 16		/* between header and first chunk */
#define SEALED_CHUNK_BYTES 65536	/* of plaintext */
#define SEALED_TAG_BYTES 16
#define SEALED_SEALED_CHUNK_BYTES (SEALED_CHUNK_BYTES + SEALED_TAG_BYTES)
#define SEALED_FILE_KEY_BYTES 16
#define SEALED_IDENTITY_BYTES 32	/* X25519 private key */
#define SEALED_RECIPIENT_BYTES 32	/* X25519 public key */
#define SEALED_IDENTITY_TEXT_SIZE 75	/* AGE-SECRET-KEY-1... and a NUL */
#define SEALED_HEADER_READ_MAX (64 * 1024)	/* longer ones are refused */

/* Size of the sealed file for plaintext_size bytes; header of ours. */
uint64_t sealed_size(uint64_t plaintext_size);

/*
 * Plaintext bytes in a sealed file of sealed_size bytes whose header has
 * header_size.  ERR_SEALED_TRUNCATED when no sealed file has that size.
 */
enum err sealed_plaintext_size(uint64_t sealed_size, uint64_t header_size,
    uint64_t *plaintext_size);

/* AGE-SECRET-KEY-1..., upper case, with a NUL. */
void sealed_identity_text(char text[static SEALED_IDENTITY_TEXT_SIZE],
    const uint8_t identity[static SEALED_IDENTITY_BYTES]);
/* ERR_ENCODING. */
enum err sealed_identity_parse(uint8_t identity[static SEALED_IDENTITY_BYTES],
    const char *text);

/* The public key of an identity.  ERR_CRYPTO. */
enum err sealed_recipient(uint8_t recipient[static SEALED_RECIPIENT_BYTES],
    const uint8_t identity[static SEALED_IDENTITY_BYTES]);

/*
 * The header that wraps file_key for recipient; ephemeral is a fresh random
 * X25519 private key, used once and wiped by the caller.
 * ERR_CRYPTO (also: a recipient of low order).
 */
enum err sealed_header_write(uint8_t header[static SEALED_HEADER_BYTES],
    const uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const uint8_t recipient[static SEALED_RECIPIENT_BYTES],
    const uint8_t ephemeral[static SEALED_IDENTITY_BYTES]);

#endif
