/* Security tokens: issue and verify (docs/protocol.md, section 2).  The forms
 * of URLs and their parts are in token_target.c.
 */
#include "common/token.h"

#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"
#include "common/hmac.h"
#include "common/key_file.h"
#include "common/log.h"
#include "common/secret.h"

/* A key, and the same made ready to verify with. */
struct ready_key {
	struct signing_key key;
	struct hmac_key prepared;
};

struct signing_keys {
	struct ready_key unknown;	/* random; for all that is not listed */
	size_t count, capacity;
	struct ready_key keys[];
};

/* --- the key file ------------------------------------------------------- */

static bool
signing_keys_have(const struct signing_keys *keys,
    const char *commerce_id, const char *key_id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].key.commerce_id, commerce_id) == 0 &&
		    strcmp(keys->keys[i].key.key_id, key_id) == 0)
			return true;
	return false;
}

/* One line; what is wrong with it, or NULL.  The key is never printed. */
static const char *
signing_keys_add(void *context, const char *const words[], size_t count)
{
	struct signing_keys *keys = context;
	struct ready_key *ready = &keys->keys[keys->count];
	struct signing_key *key = &ready->key;

	if (count != 3)
		return "expected three words: commerce-id key-id hex-key";
	if (!commerce_id_is_valid(words[0]))
		return "the first word is not a commerce id (letters, digits,"
		    " \"_\", \"-\", single dots; at most 64)";
	if (!key_id_is_valid(words[1], strlen(words[1])))
		return "the second word is not a key id (letters, digits,"
		    " \"_\", \"-\"; at most 32)";
	if (signing_keys_have(keys, words[0], words[1]))
		return "the same commerce id and key id were given above";
	if (hex_decode(key->bytes, SIGNING_KEY_BYTES, words[2],
	    strlen(words[2])) != ERR_OK)
		return "the key is not 64 lower-case hex digits";
	if (hmac_key_prepare(&ready->prepared, key->bytes,
	    SIGNING_KEY_BYTES) != ERR_OK)
		return "the key cannot be made ready for use";
	memcpy(key->commerce_id, words[0], strlen(words[0]) + 1);
	memcpy(key->key_id, words[1], strlen(words[1]) + 1);
	keys->count++;
	return NULL;
}

enum err
signing_keys_load(const char *path, struct signing_keys **out)
{
	struct key_file file;
	struct signing_keys *keys = NULL;
	size_t capacity;
	enum err e;

	*out = NULL;
	e = key_file_open(&file, path);
	if (e != ERR_OK)
		goto out;
	/* All at once: growing by realloc would leave keys behind, unwiped. */
	capacity = 1 + key_file_lines_max(&file, 2 * SIGNING_KEY_BYTES);
	keys = calloc(1, sizeof(*keys) + capacity * sizeof(keys->keys[0]));
	if (keys == NULL) {
		e = ERR_NO_MEMORY;
		goto out;
	}
	keys->capacity = capacity;
	secret_random(keys->unknown.key.bytes, SIGNING_KEY_BYTES);
	e = hmac_key_prepare(&keys->unknown.prepared, keys->unknown.key.bytes,
	    SIGNING_KEY_BYTES);
	if (e == ERR_OK)
		e = key_file_read(&file, "commerce-id key-id hex-key",
		    signing_keys_add, keys);
	if (e != ERR_OK)
		goto out;
	*out = keys;
	keys = NULL;
out:
	signing_keys_free(keys);
	key_file_close(&file);
	return e;
}

void
signing_keys_free(struct signing_keys *keys)
{
	if (keys == NULL)
		return;
	/* Beyond count, too: a refused line may have left bytes there. */
	secret_wipe(keys->keys, keys->capacity * sizeof(keys->keys[0]));
	secret_wipe(&keys->unknown, sizeof(keys->unknown));
	free(keys);
}

size_t
signing_keys_count(const struct signing_keys *keys)
{
	return keys->count;
}

const struct signing_key *
signing_keys_at(const struct signing_keys *keys, size_t index)
{
	return &keys->keys[index].key;
}

const struct signing_key *
signing_keys_first(const struct signing_keys *keys,
    const char *commerce_id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].key.commerce_id, commerce_id) == 0)
			return &keys->keys[i].key;
	return NULL;
}

/*
 * Always to the end of the list, so that the time says nothing about the place
 * of a pair; a pair not listed gets a key that fits nothing.
 */
static const struct ready_key *
signing_keys_find(
    const struct signing_keys *keys, const char *commerce_id,
    const char *key_id)
{
	const struct ready_key *found = &keys->unknown;

	for (size_t i = 0; i < keys->count; i++) {
		bool same = strcmp(keys->keys[i].key.commerce_id,
		    commerce_id) == 0;

		same &= strcmp(keys->keys[i].key.key_id, key_id) == 0;
		found = same ? &keys->keys[i] : found;
	}
	return found;
}

/* --- the token ---------------------------------------------------------- */

/* The first two lines of what is signed. */
static const char *
token_first_lines(enum token_method method)
{
	switch (method) {
	case TOKEN_GET:
		return "counterfoil-v1\nGET\n";
	case TOKEN_PUT:
		return "counterfoil-v1\nPUT\n";
	case TOKEN_DELETE:
		return "counterfoil-v1\nDELETE\n";
	case TOKEN_LIST_OBJECTS:
		return "counterfoil-v1\nLIST\n";
	}
	abort();
}

/* A URL in two pieces, so that nobody has to join them. */
struct signed_url {
	const char *origin;
	const char *target;
	size_t target_length;
};

static enum err
token_text(char token[static TOKEN_LENGTH + 1],
    const struct hmac_key *key, const char *commerce_id,
    enum token_method method, const struct signed_url *url)
{
	const char *first = token_first_lines(method);
	const struct hmac_part parts[] = {
		{ first, strlen(first) },
		{ commerce_id, strlen(commerce_id) },
		{ "\n", 1 },
		{ url->origin, strlen(url->origin) },
		{ url->target, url->target_length },
	};
	uint8_t mac[HMAC_BYTES];
	enum err e = hmac_sha256_prepared(mac, key, parts,
	    sizeof(parts) / sizeof(parts[0]));

	if (e == ERR_OK)
		base64url_encode(token, mac, sizeof(mac));
	secret_wipe(mac, sizeof(mac));
	return e;
}

enum err
token_issue(char token[static TOKEN_LENGTH + 1],
    const struct signing_key *key, enum token_method method, const char *url)
{
	const struct signed_url whole = { url, "", 0 };
	struct hmac_key prepared;
	enum err e = hmac_key_prepare(&prepared, key->bytes,
	    SIGNING_KEY_BYTES);

	if (e == ERR_OK)
		e = token_text(token, &prepared, key->commerce_id, method,
		    &whole);
	secret_wipe(&prepared, sizeof(prepared));
	return e;
}

/*
 * Does the presented token fit under key for any of the origins?  Every origin
 * is computed and every token compared, whatever came before.
 */
static enum err
token_compare(const struct token_request *request,
    const struct hmac_key *key, bool *fits)
{
	char presented[TOKEN_LENGTH] = { 0 };	/* NUL is in no token */
	char expected[TOKEN_LENGTH + 1];
	enum err e = ERR_OK;

	if (request->token_length == TOKEN_LENGTH)
		memcpy(presented, request->token, TOKEN_LENGTH);
	*fits = false;
	for (size_t i = 0; i < request->origin_count; i++) {
		const struct signed_url url = { request->origins[i],
		    request->target, request->parsed->signed_length };

		e = token_text(expected, key, request->parsed->commerce_id,
		    request->method, &url);
		if (e != ERR_OK)
			break;
		*fits |= secret_equal(presented, TOKEN_LENGTH, expected,
		    TOKEN_LENGTH);
	}
	secret_wipe(expected, sizeof(expected));
	return e;
}

enum err
token_verify(const struct signing_keys *keys,
    const struct token_request *request, int64_t now_s)
{
	const struct token_target *parsed = request->parsed;
	const struct ready_key *key = signing_keys_find(keys,
	    parsed->commerce_id, parsed->key_id);
	bool fits;
	enum err e = token_compare(request, &key->prepared, &fits);

	if (e != ERR_OK)
		return e;
	if (!fits || key == &keys->unknown)
		return ERR_TOKEN_REFUSED;
	if (parsed->expires_s - TOKEN_EXPIRY_MAX_S > now_s)
		return ERR_TOKEN_REFUSED;
	return now_s < parsed->expires_s ? ERR_OK : ERR_TOKEN_EXPIRED;
}
