#include "commerced/shop/password.h"

#include <openssl/evp.h>
#include <string.h>

#include "common/log.h"
#include "common/secret.h"

#define PASSWORD_N_LOG2 14
#define PASSWORD_R 8
#define PASSWORD_P 5
/* N * r * 128 bytes and some; a row that asks for more is refused. */
#define PASSWORD_MEMORY_MAX (UINT64_C(64) * 1024 * 1024)

enum err
password_check(const char *password, size_t length)
{
	size_t characters = 0;

	if (length > PASSWORD_BYTES_MAX)
		return ERR_OUT_OF_RANGE;
	/* Every byte of UTF-8 but those that continue a character. */
	for (size_t i = 0; i < length; i++)
		characters += ((unsigned char)password[i] & 0xc0) != 0x80;
	return characters < PASSWORD_LENGTH_MIN ? ERR_PASSWORD_TOO_SHORT :
	    ERR_OK;
}

static enum err
password_derive(const char *password, size_t length,
    const struct password_hash *hash, uint8_t out[static PASSWORD_HASH_BYTES])
{
	if (hash->n_log2 < 1 || hash->n_log2 > 24)
		return ERR_CRYPTO;
	if (EVP_PBE_scrypt(password, length, hash->salt, sizeof(hash->salt),
	    UINT64_C(1) << hash->n_log2, hash->r, hash->p,
	    PASSWORD_MEMORY_MAX, out, PASSWORD_HASH_BYTES) != 1) {
		log_error("scrypt failed: memory is short, or a stored hash "
		    "has parameters out of range");
		return ERR_CRYPTO;
	}
	return ERR_OK;
}

enum err
password_hash_make(const char *password, size_t length,
    const uint8_t salt[static PASSWORD_SALT_BYTES],
    struct password_hash *out)
{
	*out = (struct password_hash){ .n_log2 = PASSWORD_N_LOG2,
	    .r = PASSWORD_R, .p = PASSWORD_P };
	memcpy(out->salt, salt, PASSWORD_SALT_BYTES);
	return password_derive(password, length, out, out->bytes);
}

enum err
password_verify(const char *password, size_t length,
    const struct password_hash *hash)
{
	uint8_t bytes[PASSWORD_HASH_BYTES];
	enum err e;

	e = password_derive(password, length, hash, bytes);
	if (!e && !secret_equal(bytes, sizeof(bytes), hash->bytes,
	    sizeof(hash->bytes)))
		e = ERR_SIGN_IN_REFUSED;
	secret_wipe(bytes, sizeof(bytes));
	return e;
}

void
password_hash_dummy(struct password_hash *out)
{
	*out = (struct password_hash){ .n_log2 = PASSWORD_N_LOG2,
	    .r = PASSWORD_R, .p = PASSWORD_P };
}
