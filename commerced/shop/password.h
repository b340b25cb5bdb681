/* Passwords: scrypt (N = 2^14, r = 8, p = 5), the parameters kept beside the
 * hash.  Pure functions that take 16 MiB and about 0.1 s: worker threads.
 */
#ifndef COMMERCED_SHOP_PASSWORD_H
#define COMMERCED_SHOP_PASSWORD_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define PASSWORD_LENGTH_MIN 10		/* characters (code points) */
#define PASSWORD_BYTES_MAX 1024
#define PASSWORD_SALT_BYTES 16
#define PASSWORD_HASH_BYTES 32

struct password_hash {
	uint32_t n_log2, r, p;
	uint8_t salt[PASSWORD_SALT_BYTES];
	uint8_t bytes[PASSWORD_HASH_BYTES];
};

/*
 * Long enough?  ERR_PASSWORD_TOO_SHORT, or ERR_OUT_OF_RANGE above
 * PASSWORD_BYTES_MAX.
 */
enum err password_check(const char *password, size_t length);

/* Hash with today's parameters.  ERR_CRYPTO, ERR_NO_MEMORY. */
enum err password_hash_make(const char *password, size_t length,
    const uint8_t salt[static PASSWORD_SALT_BYTES],
    struct password_hash *out);

/* One that no password opens, at the same cost. */
void password_hash_dummy(struct password_hash *out);

/*
 * ERR_OK when it is that password, else ERR_SIGN_IN_REFUSED; compared in
 * constant time.  ERR_CRYPTO, ERR_NO_MEMORY.
 */
enum err password_verify(const char *password, size_t length,
    const struct password_hash *hash);

#endif
