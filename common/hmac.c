/* HMAC-SHA256 from two SHA-256 states.
 *
 * OpenSSL 3 offers the MAC through EVP_MAC: fetched, allocated, keyed, copied
 * for each message.  With one context kept for each thread the check of a
 * token took 480 ns of which the hash was 220; from states that are plain
 * memory, and with a short message padded here so that all its blocks are one
 * call, it takes little more than the hash.  The functions are the ones that
 * EVP itself ends in (so the same hardware instructions), marked as deprecated
 * to lead programs to EVP, and part of every 3.x library.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/hmac.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "common/secret.h"

#define BLOCK_BYTES SHA256_CBLOCK
#define SHORT_MAX 448		/* bytes of a message: most tokens' are */
#define INNER_BYTE 0x36		/* RFC 2104: ipad and opad */
#define OUTER_BYTE 0x5c

_Static_assert(HMAC_KEY_MAX <= BLOCK_BYTES, "longer keys are hashed first");
_Static_assert(HMAC_BYTES == SHA256_DIGEST_LENGTH, "a MAC is one digest");

/* A state that has eaten the key, padded and xor-ed with byte. */
static bool
eat_key(SHA256_CTX *state, const uint8_t *key, size_t key_size, uint8_t byte)
{
	uint8_t block[BLOCK_BYTES];
	bool is_done;

	memset(block, byte, sizeof(block));
	for (size_t i = 0; i < key_size; i++)
		block[i] ^= key[i];
	is_done = SHA256_Init(state) == 1 &&
	    SHA256_Update(state, block, sizeof(block)) == 1;
	secret_wipe(block, sizeof(block));
	return is_done;
}

enum err
hmac_key_prepare(struct hmac_key *prepared, const void *key, size_t key_size)
{
	if (key_size == 0 || key_size > HMAC_KEY_MAX ||
	    !eat_key(&prepared->inner, key, key_size, INNER_BYTE) ||
	    !eat_key(&prepared->outer, key, key_size, OUTER_BYTE))
		return ERR_CRYPTO;
	return ERR_OK;
}

/* Of any length, by the library's own buffering. */
static enum err
mac_of_long(uint8_t mac[static HMAC_BYTES], const struct hmac_key *key,
    const struct hmac_part parts[], size_t count)
{
	SHA256_CTX state = key->inner;
	uint8_t digest[HMAC_BYTES];

	for (size_t i = 0; i < count; i++)
		if (SHA256_Update(&state, parts[i].bytes, parts[i].size) != 1)
			return ERR_CRYPTO;
	/* Final also wipes the state. */
	if (SHA256_Final(digest, &state) != 1)
		return ERR_CRYPTO;
	state = key->outer;
	if (SHA256_Update(&state, digest, sizeof(digest)) != 1 ||
	    SHA256_Final(mac, &state) != 1)
		return ERR_CRYPTO;
	return ERR_OK;
}

/*
 * End a message of size bytes as FIPS 180-4, section 5.1.1, has it, counting
 * the block that the state has eaten before; its new size, whole blocks.
 */
static size_t
pad(uint8_t *message, size_t size)
{
	size_t padded = (size + 1 + 8 + BLOCK_BYTES - 1) / BLOCK_BYTES *
	    BLOCK_BYTES;
	uint64_t bits = htobe64(((uint64_t)size + BLOCK_BYTES) * 8);

	/* All that can be missing: a known length takes no call. */
	memset(message + size, 0, BLOCK_BYTES + sizeof(bits));
	message[size] = 0x80;
	memcpy(message + padded - sizeof(bits), &bits, sizeof(bits));
	return padded;
}

/* What the state makes of whole blocks. */
static bool
digest_blocks(uint8_t digest[static HMAC_BYTES], const SHA256_CTX *start,
    const uint8_t *blocks, size_t size)
{
	SHA256_CTX state = *start;
	bool is_done = SHA256_Update(&state, blocks, size) == 1;
	uint32_t word;

	for (size_t i = 0; i < HMAC_BYTES / sizeof(word); i++) {
		word = htobe32(state.h[i]);
		memcpy(digest + i * sizeof(word), &word, sizeof(word));
	}
	secret_wipe(state.h, sizeof(state.h));
	return is_done;
}

enum err
hmac_sha256_prepared(uint8_t mac[static HMAC_BYTES],
    const struct hmac_key *key, const struct hmac_part parts[], size_t count)
{
	uint8_t message[SHORT_MAX + 2 * BLOCK_BYTES];
	uint8_t digest[HMAC_BYTES + 2 * BLOCK_BYTES];
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > SHORT_MAX - size)
			return mac_of_long(mac, key, parts, count);
		memcpy(message + size, parts[i].bytes, parts[i].size);
		size += parts[i].size;
	}
	if (!digest_blocks(digest, &key->inner, message, pad(message, size)) ||
	    !digest_blocks(mac, &key->outer, digest, pad(digest, HMAC_BYTES)))
		return ERR_CRYPTO;
	secret_wipe(digest, HMAC_BYTES);
	return ERR_OK;
}

enum err
hmac_sha256(uint8_t mac[static HMAC_BYTES], const void *key,
    size_t key_size, const struct hmac_part parts[], size_t count)
{
	struct hmac_key prepared;
	enum err e = hmac_key_prepare(&prepared, key, key_size);

	if (e == ERR_OK)
		e = hmac_sha256_prepared(mac, &prepared, parts, count);
	secret_wipe(&prepared, sizeof(prepared));
	return e;
}

enum err
sha256_digest(uint8_t digest[static HMAC_BYTES],
    const struct hmac_part parts[], size_t count)
{
	SHA256_CTX state;

	if (SHA256_Init(&state) != 1)
		return ERR_CRYPTO;
	for (size_t i = 0; i < count; i++)
		if (SHA256_Update(&state, parts[i].bytes, parts[i].size) != 1)
			return ERR_CRYPTO;
	return SHA256_Final(digest, &state) == 1 ? ERR_OK : ERR_CRYPTO;
}

enum err
hkdf_sha256(uint8_t out[static HMAC_BYTES],
    const struct hkdf_input *input)
{
	static const uint8_t no_salt[HMAC_BYTES];	/* RFC 5869, 2.2 */
	static const uint8_t first_block = 1;
	const struct hmac_part extract = { input->key, input->key_size };
	const struct hmac_part expand[] = {
		{ input->info, strlen(input->info) },
		{ &first_block, 1 },
	};
	uint8_t extracted[HMAC_BYTES];
	enum err e;

	if (input->salt_size == 0)
		e = hmac_sha256(extracted, no_salt, sizeof(no_salt), &extract,
		    1);
	else
		e = hmac_sha256(extracted, input->salt, input->salt_size,
		    &extract, 1);
	if (e == ERR_OK)
		e = hmac_sha256(out, extracted, sizeof(extracted), expand, 2);
	secret_wipe(extracted, sizeof(extracted));
	return e;
}
