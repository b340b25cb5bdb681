/* Files of secrets: signing keys, master keys, the admin token, a buyer's
 * download key and security token.  Held against a plain reading of the same
 * lines; what holds a NUL is no such file.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "commerced/http/admin_token.h"
#include "commerced/keys.h"
#include "common/log.h"
#include "common/token.h"
#include "player/key.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/memory.h"

/* Lines that say something, and the first word of the first of them. */
struct reading {
	size_t lines;
	char first[256];
};

static struct reading
read_lines(const char *text)
{
	struct reading reading = { 0, "" };

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		size_t end = length > 0 && text[length - 1] == '\r' ?
		    length - 1 : length;
		size_t blank = strspn(text, " \t");

		if (blank < end && text[blank] != '#') {
			size_t word = strcspn(text + blank, " \t\r\n");

			if (reading.lines++ == 0 &&
			    word < sizeof(reading.first))
				memcpy(reading.first, text + blank, word);
		}
		text += length + (text[length] == '\n');
	}
	return reading;
}

static void
check_signing_keys(const char *path, const struct reading *reading,
    bool has_nul)
{
	struct signing_keys *keys = NULL;
	const struct signing_key *first;
	char token[TOKEN_LENGTH + 1];
	enum err e = signing_keys_load(path, &keys);

	PROMISE((e == ERR_OK) == (keys != NULL));
	PROMISE(e == ERR_OK || e == ERR_KEY_FILE);
	if (e != ERR_OK)
		return;
	PROMISE(!has_nul);
	PROMISE(signing_keys_count(keys) == reading->lines);
	first = signing_keys_first(keys, reading->first);
	PROMISE(first != NULL && commerce_id_is_valid(first->commerce_id));
	PROMISE(key_id_is_valid(first->key_id, strlen(first->key_id)));
	PROMISE(token_issue(token, first, TOKEN_GET, "http://a/b") == ERR_OK);
	signing_keys_free(keys);
}

static void
check_master_keys(const char *path, const struct reading *reading,
    bool has_nul)
{
	struct master_keys *keys = NULL;
	const struct uuid version = { { 1 } };
	uint8_t identity[SEALED_IDENTITY_BYTES];
	enum err e = keys_load(path, &keys);

	PROMISE((e == ERR_OK) == (keys != NULL));
	PROMISE(e == ERR_OK || e == ERR_KEY_FILE);
	if (e != ERR_OK)
		return;
	PROMISE(!has_nul);
	PROMISE(keys_count(keys) == reading->lines);
	PROMISE(strcmp(keys_first_id(keys), reading->first) == 0);
	for (size_t i = 0; i < keys_count(keys); i++)
		PROMISE(keys_download_key(identity, keys, keys_id(keys, i),
		    &version) == ERR_OK);
	keys_free(keys);
}

static void
check_admin_token(const char *path, const char *text, size_t size)
{
	struct admin_token *token = NULL;

	if (admin_token_load(path, &token) != ERR_OK)
		return;
	if (size > 0 && text[size - 1] == '\n')
		size--;
	PROMISE(size >= ADMIN_TOKEN_LEAST && size <= ADMIN_TOKEN_MOST);
	PROMISE(admin_token_matches(token, text, size));
	PROMISE(!admin_token_matches(token, text, size - 1));
	admin_token_free(token);
}

/* What a buyer keeps: one word in a file. */
static void
check_buyers(const char *path, const struct reading *reading)
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	char text[SEALED_IDENTITY_TEXT_SIZE], token[KEY_TOKEN_SIZE];

	if (key_read_identity(path, identity) == ERR_OK) {
		sealed_identity_text(text, identity);
		PROMISE(reading->lines == 1);
		PROMISE(strcasecmp(text, reading->first) == 0);
	}
	if (key_read_token(path, token) == ERR_OK) {
		PROMISE(reading->lines == 1);
		PROMISE(strcmp(token, reading->first) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size), path[MEMORY_PATH_SIZE];
	int fd = memory_file(bytes, size, path);
	const struct reading reading = read_lines(text);
	bool has_nul = strlen(text) != size;

	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	check_signing_keys(path, &reading, has_nul);
	check_master_keys(path, &reading, has_nul);
	check_admin_token(path, text, size);
	check_buyers(path, &reading);
	close(fd);
	free(text);
	return 0;
}
