/* Sizes, keys and header of the sealed file (docs/format.md, 1 and 2). */
#include "common/sealed_header.h"

#include <openssl/evp.h>
#include <string.h>

#include "common/encoding.h"
#include "common/hmac.h"
#include "common/sealed_parts.h"
#include "common/secret.h"

#define IDENTITY_PREFIX "age-secret-key-"

uint64_t
sealed_size(uint64_t plaintext_size)
{
	uint64_t chunks = plaintext_size / SEALED_CHUNK_BYTES +
	    (plaintext_size % SEALED_CHUNK_BYTES != 0);

	if (chunks == 0)
		chunks = 1;	/* nothing at all is one empty chunk */
	return SEALED_HEADER_BYTES + SEALED_NONCE_BYTES + plaintext_size +
	    SEALED_TAG_BYTES * chunks;
}

enum err
sealed_plaintext_size(uint64_t sealed_size, uint64_t header_size,
    uint64_t *plaintext_size)
{
	uint64_t payload, chunks, last;

	if (header_size > sealed_size ||
	    sealed_size - header_size < SEALED_NONCE_BYTES + SEALED_TAG_BYTES)
		return ERR_SEALED_TRUNCATED;
	payload = sealed_size - header_size - SEALED_NONCE_BYTES;
	chunks = (payload - 1) / SEALED_SEALED_CHUNK_BYTES + 1;
	last = payload - (chunks - 1) * SEALED_SEALED_CHUNK_BYTES;
	/* The only chunk may be empty; a last one after others never is. */
	if (last < SEALED_TAG_BYTES || (last == SEALED_TAG_BYTES && chunks > 1))
		return ERR_SEALED_TRUNCATED;
	*plaintext_size = payload - chunks * SEALED_TAG_BYTES;
	return ERR_OK;
}

/* --- keys --------------------------------------------------------------- */

void
sealed_identity_text(char text[static SEALED_IDENTITY_TEXT_SIZE],
    const uint8_t identity[static SEALED_IDENTITY_BYTES])
{
	/* It always fits: the size is that of this prefix and 32 bytes. */
	(void)bech32_encode(text, SEALED_IDENTITY_TEXT_SIZE, IDENTITY_PREFIX,
	    identity, SEALED_IDENTITY_BYTES, 1);
}

enum err
sealed_identity_parse(uint8_t identity[static SEALED_IDENTITY_BYTES],
    const char *text)
{
	if (text[0] != 'A')	/* age writes and reads upper case alone */
		return ERR_ENCODING;
	return bech32_decode(identity, SEALED_IDENTITY_BYTES, IDENTITY_PREFIX,
	    text);
}

enum err
sealed_recipient(uint8_t recipient[static SEALED_RECIPIENT_BYTES],
    const uint8_t identity[static SEALED_IDENTITY_BYTES])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
	    identity, SEALED_IDENTITY_BYTES);
	size_t size = SEALED_RECIPIENT_BYTES;
	enum err e = ERR_CRYPTO;

	if (key != NULL && EVP_PKEY_get_raw_public_key(key, recipient, &size) &&
	    size == SEALED_RECIPIENT_BYTES)
		e = ERR_OK;
	EVP_PKEY_free(key);
	return e;
}

enum err
sealed_shared_secret(uint8_t shared[static SEALED_SHARED_BYTES],
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    const uint8_t peer[static SEALED_RECIPIENT_BYTES])
{
	EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
	    identity, SEALED_IDENTITY_BYTES);
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
	    peer, SEALED_RECIPIENT_BYTES);
	EVP_PKEY_CTX *context = own == NULL ? NULL :
	    EVP_PKEY_CTX_new(own, NULL);
	size_t size = SEALED_SHARED_BYTES;
	enum err e = ERR_CRYPTO;

	/* Deriving fails by itself when the outcome is all zero (RFC 7748). */
	if (context != NULL && other != NULL &&
	    EVP_PKEY_derive_init(context) == 1 &&
	    EVP_PKEY_derive_set_peer(context, other) == 1 &&
	    EVP_PKEY_derive(context, shared, &size) == 1 &&
	    size == SEALED_SHARED_BYTES)
		e = ERR_OK;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(other);
	EVP_PKEY_free(own);
	return e;
}

enum err
sealed_wrap_key(uint8_t key[static HMAC_BYTES],
    const uint8_t shared[static SEALED_SHARED_BYTES],
    const uint8_t share[static SEALED_RECIPIENT_BYTES],
    const uint8_t recipient[static SEALED_RECIPIENT_BYTES])
{
	uint8_t salt[2 * SEALED_RECIPIENT_BYTES];
	const struct hkdf_input input = {
		.key = shared,
		.key_size = SEALED_SHARED_BYTES,
		.salt = salt,
		.salt_size = sizeof(salt),
		.info = "age-encryption.org/v1/X25519",
	};

	memcpy(salt, share, SEALED_RECIPIENT_BYTES);
	memcpy(salt + SEALED_RECIPIENT_BYTES, recipient,
	    SEALED_RECIPIENT_BYTES);
	return hkdf_sha256(key, &input);
}

enum err
sealed_header_mac(uint8_t mac[static HMAC_BYTES],
    const uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const void *header, size_t size)
{
	const struct hkdf_input input = {
		.key = file_key,
		.key_size = SEALED_FILE_KEY_BYTES,
		.info = "header",
	};
	const struct hmac_part part = { header, size };
	uint8_t key[HMAC_BYTES];
	enum err e = hkdf_sha256(key, &input);

	if (e == ERR_OK)
		e = hmac_sha256(mac, key, sizeof(key), &part, 1);
	secret_wipe(key, sizeof(key));
	return e;
}

/* --- the header --------------------------------------------------------- */

/* The file key under the wrapping key, which is used this once: nonce 0. */
static enum err
header_wrap(uint8_t body[static SEALED_BODY_BYTES],
    const uint8_t key[static HMAC_BYTES],
    const uint8_t file_key[static SEALED_FILE_KEY_BYTES])
{
	static const uint8_t nonce[12];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int length = 0, more = 0;
	enum err e = ERR_CRYPTO;

	if (cipher != NULL &&
	    EVP_EncryptInit_ex(cipher, EVP_chacha20_poly1305(), NULL, key,
	    nonce) &&
	    EVP_EncryptUpdate(cipher, body, &length, file_key,
	    SEALED_FILE_KEY_BYTES) &&
	    EVP_EncryptFinal_ex(cipher, body + length, &more) &&
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG,
	    SEALED_TAG_BYTES, body + SEALED_FILE_KEY_BYTES))
		e = ERR_OK;
	EVP_CIPHER_CTX_free(cipher);
	return e;
}

/* Standard base64 without padding, which is what age writes. */
static uint8_t *
header_add_base64(uint8_t *at, const uint8_t bytes[static 32])
{
	char text[BASE64URL_SIZE(32)];

	base64url_encode(text, bytes, 32);
	for (char *c = text; *c != '\0'; c++)
		*at++ = (uint8_t)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
	return at;
}

static uint8_t *
header_add_text(uint8_t *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length);
	return at + length;
}

enum err
sealed_header_write(uint8_t header[static SEALED_HEADER_BYTES],
    const uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const uint8_t recipient[static SEALED_RECIPIENT_BYTES],
    const uint8_t ephemeral[static SEALED_IDENTITY_BYTES])
{
	uint8_t share[SEALED_RECIPIENT_BYTES], shared[SEALED_SHARED_BYTES];
	uint8_t key[HMAC_BYTES], body[SEALED_BODY_BYTES], mac[HMAC_BYTES];
	uint8_t *at = header;
	enum err e = sealed_recipient(share, ephemeral);

	if (e == ERR_OK)
		e = sealed_shared_secret(shared, ephemeral, recipient);
	if (e == ERR_OK)
		e = sealed_wrap_key(key, shared, share, recipient);
	if (e == ERR_OK)
		e = header_wrap(body, key, file_key);
	if (e != ERR_OK)
		goto out;
	at = header_add_text(at, SEALED_VERSION_LINE "-> X25519 ");
	at = header_add_base64(at, share);
	at = header_add_text(at, "\n");
	at = header_add_base64(at, body);
	at = header_add_text(at, "\n---");
	e = sealed_header_mac(mac, file_key, header, (size_t)(at - header));
	if (e != ERR_OK)
		goto out;
	at = header_add_text(at, " ");
	at = header_add_base64(at, mac);
	(void)header_add_text(at, "\n");
out:
	secret_wipe(shared, sizeof(shared));
	secret_wipe(key, sizeof(key));
	return e;
}
