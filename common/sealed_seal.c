/* Sealing a stream (docs/format.md, section 3).
 *
 * The last chunk is marked in its nonce, so a whole chunk is held back until
 * it is known whether anything follows.
 */
#include "common/sealed_seal.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/hmac.h"
#include "common/secret.h"

#define CHUNK_NONCE_BYTES 12	/* 11 of counter, big-endian; 1 if the last */

struct sealer {
	sealer_sink *sink;
	void *context;
	EVP_CIPHER_CTX *cipher;		/* has the payload key */
	uint64_t chunk;			/* number of the next one */
	size_t held_size;
	enum err failed;		/* once, then always */
	uint8_t held[SEALED_CHUNK_BYTES];
	uint8_t sealed[SEALED_SEALED_CHUNK_BYTES];
};

/* Seal size bytes as the next chunk and hand it to the sink. */
static enum err
sealer_chunk(struct sealer *sealer, const uint8_t *bytes,
    size_t size, bool is_last)
{
	uint8_t nonce[CHUNK_NONCE_BYTES] = { 0 };
	int length = 0, more = 0;

	for (int i = 0; i < 8; i++)
		nonce[10 - i] = (uint8_t)(sealer->chunk >> (8 * i));
	nonce[11] = is_last;
	sealer->chunk++;
	if (!EVP_EncryptInit_ex(sealer->cipher, NULL, NULL, NULL, nonce) ||
	    !EVP_EncryptUpdate(sealer->cipher, sealer->sealed, &length, bytes,
	    (int)size) ||
	    !EVP_EncryptFinal_ex(sealer->cipher, sealer->sealed + length,
	    &more) ||
	    (size_t)(length + more) != size ||
	    !EVP_CIPHER_CTX_ctrl(sealer->cipher, EVP_CTRL_AEAD_GET_TAG,
	    SEALED_TAG_BYTES, sealer->sealed + size))
		return ERR_CRYPTO;
	return sealer->sink(sealer->context, sealer->sealed,
	    size + SEALED_TAG_BYTES);
}

/* The secrets of one file; on the stack of sealer_begin() and wiped there. */
struct sealer_keys {
	uint8_t file_key[SEALED_FILE_KEY_BYTES];
	uint8_t ephemeral[SEALED_IDENTITY_BYTES];
	uint8_t payload_key[HMAC_BYTES];
};

/* Header and nonce to the sink, the payload key into the cipher. */
static enum err
sealer_begin(struct sealer *sealer,
    const uint8_t identity[static SEALED_IDENTITY_BYTES])
{
	struct sealer_keys keys;
	uint8_t recipient[SEALED_RECIPIENT_BYTES];
	uint8_t head[SEALED_HEADER_BYTES + SEALED_NONCE_BYTES];
	const struct hkdf_input payload = {
		.key = keys.file_key,
		.key_size = sizeof(keys.file_key),
		.salt = head + SEALED_HEADER_BYTES,
		.salt_size = SEALED_NONCE_BYTES,
		.info = "payload",
	};
	enum err e = sealed_recipient(recipient, identity);

	secret_random(keys.file_key, sizeof(keys.file_key));
	secret_random(keys.ephemeral, sizeof(keys.ephemeral));
	secret_random(head + SEALED_HEADER_BYTES, SEALED_NONCE_BYTES);
	if (e == ERR_OK)
		e = sealed_header_write(head, keys.file_key, recipient,
		    keys.ephemeral);
	if (e == ERR_OK)
		e = hkdf_sha256(keys.payload_key, &payload);
	if (e == ERR_OK && !EVP_EncryptInit_ex(sealer->cipher,
	    EVP_chacha20_poly1305(), NULL, keys.payload_key, NULL))
		e = ERR_CRYPTO;
	if (e == ERR_OK)
		e = sealer->sink(sealer->context, head, sizeof(head));
	secret_wipe(&keys, sizeof(keys));
	return e;
}

enum err
sealer_new(const uint8_t identity[static SEALED_IDENTITY_BYTES],
    sealer_sink *sink, void *context, struct sealer **out)
{
	struct sealer *sealer = malloc(sizeof(*sealer));
	enum err e;

	*out = NULL;
	if (sealer == NULL)
		return ERR_NO_MEMORY;
	sealer->sink = sink;
	sealer->context = context;
	sealer->chunk = 0;
	sealer->held_size = 0;
	sealer->failed = ERR_OK;
	sealer->cipher = EVP_CIPHER_CTX_new();
	e = sealer->cipher == NULL ? ERR_NO_MEMORY :
	    sealer_begin(sealer, identity);
	if (e != ERR_OK) {
		sealer_free(sealer);
		return e;
	}
	*out = sealer;
	return ERR_OK;
}

/* Add to what is held; how many bytes were taken. */
static size_t
sealer_hold(struct sealer *sealer, const uint8_t *bytes,
    size_t size)
{
	size_t room = SEALED_CHUNK_BYTES - sealer->held_size;
	size_t taken = size < room ? size : room;

	memcpy(sealer->held + sealer->held_size, bytes, taken);
	sealer->held_size += taken;
	return taken;
}

enum err
sealer_write(struct sealer *sealer, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0 && sealer->failed == ERR_OK) {
		size_t taken;

		if (sealer->held_size == SEALED_CHUNK_BYTES) {
			sealer->failed = sealer_chunk(sealer, sealer->held,
			    SEALED_CHUNK_BYTES, false);
			sealer->held_size = 0;
			continue;
		}
		if (sealer->held_size == 0 && size > SEALED_CHUNK_BYTES) {
			/* Whole and not the last: no need to copy it. */
			sealer->failed = sealer_chunk(sealer, at,
			    SEALED_CHUNK_BYTES, false);
			taken = SEALED_CHUNK_BYTES;
		} else {
			taken = sealer_hold(sealer, at, size);
		}
		at += taken;
		size -= taken;
	}
	return sealer->failed;
}

enum err
sealer_finish(struct sealer *sealer)
{
	if (sealer->failed == ERR_OK)
		sealer->failed = sealer_chunk(sealer, sealer->held,
		    sealer->held_size, true);
	return sealer->failed;
}

void
sealer_free(struct sealer *sealer)
{
	if (sealer == NULL)
		return;
	EVP_CIPHER_CTX_free(sealer->cipher);	/* wipes its key */
	secret_wipe(sealer->held, sealer->held_size);
	free(sealer);
}
