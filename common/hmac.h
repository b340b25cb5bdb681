/* SHA-256, HMAC-SHA256 and HKDF-SHA256 (FIPS 180-2, RFC 2104, RFC 5869).  A key
 * that is used again is prepared once; nothing here allocates, locks or keeps
 * anything.
 */
#ifndef COMMON_HMAC_H
#define COMMON_HMAC_H

#include <openssl/sha.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define HMAC_BYTES 32
#define HMAC_KEY_MAX 64		/* bytes; the block of SHA-256 */

struct hmac_part {
	const void *bytes;
	size_t size;
};

/*
 * A key as the two hashes that have eaten it.  As secret as the key: its
 * owner wipes it.  Never changed by use, so threads may share it.
 */
struct hmac_key {
	SHA256_CTX inner, outer;
};

/* key_size is 1 to HMAC_KEY_MAX.  ERR_CRYPTO, with *prepared undefined. */
enum err hmac_key_prepare(struct hmac_key *prepared, const void *key,
    size_t key_size);

/* The MAC over count parts, one after the other.  ERR_CRYPTO likewise. */
enum err hmac_sha256_prepared(uint8_t mac[static HMAC_BYTES],
    const struct hmac_key *key, const struct hmac_part parts[],
    size_t count);

/* Both in one. */
enum err hmac_sha256(uint8_t mac[static HMAC_BYTES], const void *key,
    size_t key_size, const struct hmac_part parts[], size_t count);

/* SHA-256 itself over count parts.  ERR_CRYPTO. */
enum err sha256_digest(uint8_t digest[static HMAC_BYTES],
    const struct hmac_part parts[], size_t count);

struct hkdf_input {
	const void *key;	/* input keying material */
	size_t key_size;
	const void *salt;	/* at most HMAC_KEY_MAX bytes; size 0: none */
	size_t salt_size;
	const char *info;
};

/* 32 bytes of output, no more are ever needed.  ERR_CRYPTO. */
enum err hkdf_sha256(uint8_t out[static HMAC_BYTES],
    const struct hkdf_input *input);

#endif
