/* Signed request targets for the load client, one a line, each with a grant
 * of its own: standard input has the object ids, which are taken in turn.
 *
 *	targets STYLE COUNT KEY-FILE ORIGIN
 *
 *	stored		the target, a tab, the token for Authorization
 *	stored-link	the target with the token as its last parameter
 *	nginx		for ngx_http_secure_link_module: MD5
 *	lighttpd	for check.lua: HMAC-SHA256
 *
 * COUNT 0: a line for each object.
 */
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/hmac.h"
#include "common/secret.h"
#include "common/token.h"
#include "tests/bench/storage/peer.h"

#define GRANT_BYTES 16
#define LIFETIME_S (24 * 3600)
#define OBJECT_LINE (OBJECT_ID_LENGTH + 1)

struct signer {
	const struct signing_key *key;
	const char *origin;
	int64_t expires_s;
};

typedef enum err line_writer(const struct signer *signer, const char *object,
    const char *grant);

static enum err stored_url(char *url, size_t capacity, char *token,
    const struct signer *signer, const struct token_url *variable)
{
	const struct token_url parts = {
		.origin = signer->origin,
		.resource = TOKEN_MEDIA,
		.object = variable->object,
		.commerce_id = signer->key->commerce_id,
		.key_id = signer->key->key_id,
		.expires_s = signer->expires_s,
		.grant = variable->grant,
	};
	enum err e = token_url_build(url, capacity, &parts);

	return e != ERR_OK ? e : token_issue(token, signer->key, TOKEN_GET,
	    url);
}

static enum err write_stored(const struct signer *signer, const char *object,
    const char *grant)
{
	const struct token_url variable = { .object = object, .grant = grant };
	char url[TOKEN_TARGET_MAX + 300], token[TOKEN_LENGTH + 1];
	enum err e = stored_url(url, sizeof(url), token, signer, &variable);

	if (e == ERR_OK)
		printf("%s\t%s\n", url + strlen(signer->origin), token);
	return e;
}

static enum err write_stored_link(const struct signer *signer,
    const char *object, const char *grant)
{
	const struct token_url variable = { .object = object, .grant = grant };
	char url[TOKEN_TARGET_MAX + 300], token[TOKEN_LENGTH + 1];
	enum err e = stored_url(url, sizeof(url), token, signer, &variable);

	if (e == ERR_OK)
		printf("%s&token=%s\n", url + strlen(signer->origin), token);
	return e;
}

/* MD5(expires path grant " " secret), as the configuration in servers.sh. */
static enum err write_nginx(const struct signer *signer, const char *object,
    const char *grant)
{
	char message[512], path[128], text[BASE64URL_SIZE(MD5_DIGEST_LENGTH)];
	uint8_t digest[MD5_DIGEST_LENGTH];

	snprintf(path, sizeof(path), "/%.2s/%.2s/%s", object, object + 2,
	    object);
	snprintf(message, sizeof(message), "%lld%s%s %s",
	    (long long)signer->expires_s, path, grant, PEER_SECRET);
	if (EVP_Digest(message, strlen(message), digest, NULL, EVP_md5(),
	    NULL) != 1)
		return ERR_CRYPTO;
	base64url_encode(text, digest, sizeof(digest));
	printf("%s?expires=%lld&grant=%s&md5=%s\n", path,
	    (long long)signer->expires_s, grant, text);
	return ERR_OK;
}

/* HMAC-SHA256(secret, path "?expires=...&grant=..."), as in check.lua. */
static enum err write_lighttpd(const struct signer *signer,
    const char *object, const char *grant)
{
	char url[256], text[HEX_SIZE(HMAC_BYTES)];
	struct hmac_part part = { url, 0 };
	uint8_t mac[HMAC_BYTES];
	enum err e;

	snprintf(url, sizeof(url), "/%.2s/%.2s/%s?expires=%lld&grant=%s",
	    object, object + 2, object, (long long)signer->expires_s, grant);
	part.size = strlen(url);
	e = hmac_sha256(mac, PEER_SECRET, strlen(PEER_SECRET), &part, 1);
	if (e != ERR_OK)
		return e;
	hex_encode(text, mac, sizeof(mac));
	printf("%s&mac=%s\n", url, text);
	return ERR_OK;
}

static line_writer *writer_of(const char *style)
{
	static const struct {
		const char *name;
		line_writer *writer;
	} styles[] = {
		{ "stored", write_stored },
		{ "stored-link", write_stored_link },
		{ "nginx", write_nginx },
		{ "lighttpd", write_lighttpd },
	};

	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
		if (strcmp(style, styles[i].name) == 0)
			return styles[i].writer;
	return NULL;
}

/* All lines of standard input, OBJECT_LINE bytes each, as one text. */
static char *objects_read(size_t *count)
{
	char line[OBJECT_LINE + 2], *objects = NULL;
	size_t capacity = 0;

	*count = 0;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (!object_id_is_valid(line, strlen(line)))
			goto failed;
		if (*count == capacity) {
			char *larger;

			capacity = capacity * 2 + 1024;
			larger = realloc(objects, capacity * OBJECT_LINE);
			if (larger == NULL)
				goto failed;
			objects = larger;
		}
		memcpy(objects + OBJECT_LINE * (*count)++, line, OBJECT_LINE);
	}
	if (*count > 0)
		return objects;
failed:
	free(objects);
	return NULL;
}

static enum err lines_write(line_writer *writer, const struct signer *signer,
    size_t lines)
{
	uint8_t random[GRANT_BYTES];
	char grant[BASE64URL_SIZE(GRANT_BYTES)];
	size_t count;
	char *objects = objects_read(&count);
	enum err e = objects == NULL ? ERR_IO : ERR_OK;

	if (lines == 0)
		lines = count;
	for (size_t i = 0; i < lines && e == ERR_OK; i++) {
		secret_random(random, sizeof(random));
		base64url_encode(grant, random, sizeof(random));
		e = writer(signer, objects + i % count * OBJECT_LINE, grant);
	}
	free(objects);
	return e != ERR_OK || fflush(stdout) == 0 ? e : ERR_IO;
}

int main(int argc, char *argv[])
{
	struct signing_keys *keys = NULL;
	line_writer *writer = argc == 5 ? writer_of(argv[1]) : NULL;
	struct signer signer = { .expires_s = clock_unix_s() + LIFETIME_S };
	enum err e;

	if (writer == NULL) {
		fputs("targets STYLE COUNT KEY-FILE ORIGIN <OBJECTS\n",
		    stderr);
		return 2;
	}
	signer.origin = argv[4];
	e = signing_keys_load(argv[3], &keys);
	if (e == ERR_OK) {
		signer.key = signing_keys_first(keys, PEER_COMMERCE_ID);
		e = signer.key == NULL ? ERR_KEY_FILE :
		    lines_write(writer, &signer, strtoul(argv[2], NULL, 10));
	}
	if (e != ERR_OK)
		fprintf(stderr, "targets: %s\n", err_text(e));
	signing_keys_free(keys);
	return e == ERR_OK ? 0 : 1;
}
