/* Derivation from the master keys (docs/protocol.md, section 3). */
#include "commerced/keys.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/key_file.h"
#include "common/log.h"
#include "common/secret.h"

struct master_key {
	char id[MASTER_KEY_ID_MAX + 1];
	uint8_t bytes[MASTER_KEY_BYTES];
};

struct master_keys {
	struct master_keys *older;	/* owned; NULL: none */
	size_t count, capacity;
	struct master_key keys[];
};

/* --- the file ----------------------------------------------------------- */

static bool
master_key_id_is_valid(const char *id)
{
	size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return length > 0 && length <= MASTER_KEY_ID_MAX && id[length] == '\0';
}

static const struct master_key *
keys_find(const struct master_keys *keys,
    const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].id, id) == 0)
			return &keys->keys[i];
	return NULL;
}

/* One line; what is wrong with it, or NULL.  The key is never printed. */
static const char *
keys_add(void *context, const char *const words[], size_t count)
{
	struct master_keys *keys = context;
	struct master_key *key = &keys->keys[keys->count];

	if (count != 2)
		return "expected two words: id hex-key";
	if (!master_key_id_is_valid(words[0]))
		return "the first word is not an id (letters, digits, \"_\","
		    " \"-\"; at most 32)";
	if (keys_find(keys, words[0]) != NULL)
		return "the same id was given above";
	if (hex_decode(key->bytes, MASTER_KEY_BYTES, words[1],
	    strlen(words[1])) != ERR_OK)
		return "the key is not 64 lower-case hex digits";
	memcpy(key->id, words[0], strlen(words[0]) + 1);
	keys->count++;
	return NULL;
}

enum err
keys_load(const char *path, struct master_keys **out)
{
	struct key_file file;
	struct master_keys *keys = NULL;
	size_t capacity;
	enum err e;

	*out = NULL;
	e = key_file_open(&file, path);
	if (e != ERR_OK)
		goto out;
	/* All at once: growing by realloc would leave keys behind, unwiped. */
	capacity = 1 + key_file_lines_max(&file, 2 * MASTER_KEY_BYTES);
	keys = calloc(1, sizeof(*keys) + capacity * sizeof(keys->keys[0]));
	if (keys == NULL) {
		e = ERR_NO_MEMORY;
		goto out;
	}
	keys->capacity = capacity;
	e = key_file_read(&file, "id hex-key", keys_add, keys);
	if (e != ERR_OK)
		goto out;
	*out = keys;
	keys = NULL;
out:
	keys_free(keys);
	key_file_close(&file);
	return e;
}

void
keys_free(struct master_keys *keys)
{
	while (keys != NULL) {
		struct master_keys *older = keys->older;

		/* Beyond count, too: a refused line may have left bytes. */
		secret_wipe(keys->keys,
		    keys->capacity * sizeof(keys->keys[0]));
		free(keys);
		keys = older;
	}
}

/* --- one file after another ---------------------------------------------- */

static bool
keys_match(const struct master_key *key, const struct master_key *other)
{
	return strcmp(key->id, other->id) == 0 &&
	    CRYPTO_memcmp(key->bytes, other->bytes, MASTER_KEY_BYTES) == 0;
}

bool
keys_contain(const struct master_keys *keys, const struct master_keys *others)
{
	const struct master_key *found;

	for (size_t i = 0; i < others->count; i++) {
		found = keys_find(keys, others->keys[i].id);
		if (found == NULL || !keys_match(found, &others->keys[i]))
			return false;
	}
	return true;
}

bool
keys_equal(const struct master_keys *keys, const struct master_keys *others)
{
	if (keys->count != others->count)
		return false;
	for (size_t i = 0; i < keys->count; i++)
		if (!keys_match(&keys->keys[i], &others->keys[i]))
			return false;
	return true;
}

void
keys_keep(struct master_keys *keys, struct master_keys *older)
{
	keys->older = older;
}

size_t
keys_count(const struct master_keys *keys)
{
	return keys->count;
}

const char *
keys_id(const struct master_keys *keys, size_t index)
{
	return keys->keys[index].id;
}

const char *
keys_first_id(const struct master_keys *keys)
{
	return keys_id(keys, 0);
}

/* --- derivation --------------------------------------------------------- */

static enum err
keys_derive(uint8_t out[static HMAC_BYTES],
    const struct master_keys *keys, const char *id,
    const struct hkdf_input *context)
{
	const struct master_key *key = keys_find(keys, id);
	struct hkdf_input input = *context;

	if (key == NULL) {
		log_error("the master-key file has no line with the id %s:"
		    " put it back", id);
		return ERR_KEY_FILE;
	}
	input.key = key->bytes;
	input.key_size = sizeof(key->bytes);
	return hkdf_sha256(out, &input);
}

enum err
keys_download_key(uint8_t identity[static SEALED_IDENTITY_BYTES],
    const struct master_keys *keys, const char *id,
    const struct uuid *version)
{
	const struct hkdf_input context = {
		.salt = version->bytes,
		.salt_size = sizeof(version->bytes),
		.info = "counterfoil/v1/download-key",
	};

	return keys_derive(identity, keys, id, &context);
}

static const char *const code_info[CODE__COUNT] = {
	[CODE_GIFT] = "counterfoil/v1/gift-code",
	[CODE_CLAIM] = "counterfoil/v1/claim-code",
	[CODE_RESET] = "counterfoil/v1/reset-code",
};

static const char *const lookup_info[CODE__COUNT] = {
	[CODE_GIFT] = "counterfoil/v1/gift-code/lookup",
	[CODE_CLAIM] = "counterfoil/v1/claim-code/lookup",
	[CODE_RESET] = "counterfoil/v1/reset-code/lookup",
};

enum err
keys_code(char text[static CODE_TEXT_SIZE],
    const struct master_keys *keys, const char *id,
    const struct code_name *name)
{
	const struct hkdf_input context = { .info = code_info[name->kind] };
	const uint8_t index[] = {
		(uint8_t)(name->index >> 24), (uint8_t)(name->index >> 16),
		(uint8_t)(name->index >> 8), (uint8_t)name->index,
	};
	const struct hmac_part parts[] = {
		{ name->owner.bytes, sizeof(name->owner.bytes) },
		{ index, sizeof(index) },
	};
	uint8_t key[HMAC_BYTES], mac[HMAC_BYTES];
	enum err e = keys_derive(key, keys, id, &context);

	if (e == ERR_OK)
		e = hmac_sha256(mac, key, sizeof(key), parts, 2);
	if (e == ERR_OK)
		code_encode(text, mac);
	secret_wipe(key, sizeof(key));
	secret_wipe(mac, sizeof(mac));
	return e;
}

enum err
keys_code_lookup(uint8_t lookup[static CODE_LOOKUP_BYTES],
    const struct master_keys *keys, const char *id, enum code_kind kind,
    const char characters[static CODE_CHARACTERS + 1])
{
	const struct hkdf_input context = { .info = lookup_info[kind] };
	const struct hmac_part part = { characters, CODE_CHARACTERS };
	uint8_t key[HMAC_BYTES];
	enum err e = keys_derive(key, keys, id, &context);

	if (e == ERR_OK)
		e = hmac_sha256(lookup, key, sizeof(key), &part, 1);
	secret_wipe(key, sizeof(key));
	return e;
}
