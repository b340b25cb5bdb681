#include "tests/fuzz/daemon/expand.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/token.h"

#define VALUES_MAX 32
#define NAME_MAX_BYTES 32
#define VALUE_MAX_BYTES 512
#define URL_MAX (TOKEN_TARGET_MAX + 512)
#define FILL_MAX (128 * 1024)

static struct value {
	char name[NAME_MAX_BYTES];
	char text[VALUE_MAX_BYTES];
} values[VALUES_MAX];
static size_t value_count;

void
expand_load(const char *path)
{
	FILE *file = path == NULL ? NULL : fopen(path, "r");
	char name[NAME_MAX_BYTES], text[VALUE_MAX_BYTES];

	if (file == NULL) {
		fprintf(stderr, "no file of values: %s\n",
		    path == NULL ? "FUZZ_VALUES" : path);
		abort();
	}
	while (fscanf(file, "%31s %511s", name, text) == 2)
		expand_set(name, text);
	fclose(file);
}

void
expand_set(const char *name, const char *text)
{
	size_t i = 0;

	while (i < value_count && strcmp(values[i].name, name) != 0)
		i++;
	if (i == VALUES_MAX)
		abort();
	if (i == value_count)
		value_count++;
	(void)snprintf(values[i].name, sizeof(values[i].name), "%s", name);
	(void)snprintf(values[i].text, sizeof(values[i].text), "%s", text);
}

const char *
expand_value(const char *name)
{
	for (size_t i = 0; i < value_count; i++)
		if (strcmp(values[i].name, name) == 0)
			return values[i].text;
	return NULL;
}

/* --- tokens --------------------------------------------------------------- */

/* The text of the token for target, of length bytes, without its own. */
static void
make_token(char token[static TOKEN_LENGTH + 1], enum token_method method,
    const char *target, size_t length)
{
	const char *origin = expand_value("origin");
	const char *hex = expand_value("signing-key");
	struct signing_key key = { .key_id = "" };
	char url[URL_MAX];

	token[0] = '\0';
	if (origin == NULL || hex == NULL || length > TOKEN_TARGET_MAX ||
	    hex_decode(key.bytes, sizeof(key.bytes), hex, strlen(hex)))
		return;
	(void)snprintf(key.commerce_id, sizeof(key.commerce_id), "%s",
	    expand_value("commerce"));
	(void)snprintf(url, sizeof(url), "%s%.*s", origin, (int)length,
	    target);
	if (token_issue(token, &key, method, url) != ERR_OK)
		token[0] = '\0';
}

/* How long the target at text is, without "&token=". */
static size_t
target_length(const char *text)
{
	size_t length = strcspn(text, " \r\n");
	const char *token = memmem(text, length, "&token=", 7);

	return token == NULL ? length : (size_t)(token - text);
}

/* What the MAC calls the method of "METHOD /target". */
static enum token_method
method_of(const char *line, const char *target)
{
	if (strncmp(target, "/media/", 7) == 0)
		return TOKEN_GET;
	if (strncmp(target, "/objects/", 9) != 0)
		return TOKEN_LIST_OBJECTS;
	return target - line >= 7 && memcmp(target - 7, "DELETE ", 7) == 0 ?
	    TOKEN_DELETE : TOKEN_PUT;
}

/* The last target of stored in what was written so far; NULL: none. */
static const char *
last_target(const struct expansion *out)
{
	for (size_t i = out->size; i-- > 1;) {
		const char *at = out->bytes + i;

		if (at[-1] == ' ' && (strncmp(at, "/media/", 7) == 0 ||
		    strncmp(at, "/objects", 8) == 0))
			return at;
	}
	return NULL;
}

static void
expand_token(struct expansion *out, char token[static TOKEN_LENGTH + 1])
{
	const char *target, *object = expand_value("object");
	enum token_method method;
	size_t length;

	token[0] = '\0';
	out->bytes[out->size] = '\0';
	target = last_target(out);
	if (target == NULL)
		return;
	length = target_length(target);
	method = method_of(out->bytes, target);
	/* What other inputs ask for stays. */
	if (method == TOKEN_DELETE && object != NULL &&
	    memmem(target, length, object, strlen(object)) != NULL)
		return;
	make_token(token, method, target, length);
}

bool
expand_has_media_token(const struct expansion *sent)
{
	const char *end = sent->bytes + sent->size, *at = sent->bytes;
	char token[TOKEN_LENGTH + 1];

	while ((at = memmem(at, (size_t)(end - at), "/media/", 7)) != NULL) {
		make_token(token, TOKEN_GET, at, target_length(at));
		if (token[0] != '\0' && memmem(sent->bytes, sent->size, token,
		    TOKEN_LENGTH) != NULL)
			return true;
		at++;
	}
	return false;
}

/* --- all of it ------------------------------------------------------------ */

static void
add(struct expansion *out, const char *bytes, size_t size)
{
	if (size > EXPAND_MAX - out->size)
		size = EXPAND_MAX - out->size;
	memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

static void
add_fill(struct expansion *out, long count)
{
	if (count < 0 || count > FILL_MAX)
		count = FILL_MAX;
	if ((size_t)count > EXPAND_MAX - out->size)
		count = (long)(EXPAND_MAX - out->size);
	memset(out->bytes + out->size, 'x', (size_t)count);
	out->size += (size_t)count;
}

/* False: name is nothing that is known. */
static bool
add_value(struct expansion *out, const char *name)
{
	char text[TOKEN_LENGTH + 1];
	const char *value = expand_value(name);

	if (strcmp(name, "|") == 0) {
		if (out->cut_count < EXPAND_CUTS)
			out->cuts[out->cut_count++] = out->size;
	} else if (strncmp(name, "fill ", 5) == 0) {
		add_fill(out, strtol(name + 5, NULL, 10));
	} else if (strncmp(name, "in ", 3) == 0) {
		(void)snprintf(text, sizeof(text), "%" PRId64,
		    clock_unix_s() + strtol(name + 3, NULL, 10) % 1000000000);
		add(out, text, strlen(text));
	} else if (strcmp(name, "token") == 0) {
		expand_token(out, text);
		add(out, text, strlen(text));
	} else if (value != NULL) {
		add(out, value, strlen(value));
	} else {
		return false;
	}
	return true;
}

/* The name of "@{NAME}" at bytes; its size with all, 0 for none. */
static size_t
take_name(char name[static NAME_MAX_BYTES], const uint8_t *bytes, size_t size)
{
	const uint8_t *end;

	if (size < 4 || bytes[0] != '@' || bytes[1] != '{')
		return 0;
	end = memchr(bytes + 2, '}', size - 2);
	if (end == NULL || end - bytes - 2 >= NAME_MAX_BYTES)
		return 0;
	memcpy(name, bytes + 2, (size_t)(end - bytes) - 2);
	name[end - bytes - 2] = '\0';
	return (size_t)(end - bytes) + 1;
}

void
expand(struct expansion *out, const uint8_t *bytes, size_t size)
{
	char name[NAME_MAX_BYTES];

	out->size = out->cut_count = 0;
	while (size > 0) {
		size_t used = take_name(name, bytes, size);

		if (used == 0 || !add_value(out, name)) {
			add(out, (const char *)bytes, 1);
			used = 1;
		}
		bytes += used;
		size -= used;
	}
	out->bytes[out->size] = '\0';
}
