/* A JSON value as text: what json_dumps() with JSON_COMPACT gives, byte for
 * byte, in less than half of its time, which was 6% of a sale.
 */
#include "common/http_internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 2048

struct text {
	char *bytes;
	size_t length, capacity;
	bool is_lost;		/* no memory for all of it */
};

static void put_value(struct text *text, const json_t *value);

static void
put(struct text *text, const char *bytes, size_t size)
{
	if (text->is_lost)
		return;
	/* One more for the NUL. */
	if (size >= text->capacity - text->length) {
		size_t capacity = 2 * (text->capacity + size);
		char *grown = realloc(text->bytes, capacity);

		if (grown == NULL) {
			text->is_lost = true;
			return;
		}
		text->bytes = grown;
		text->capacity = capacity;
	}
	memcpy(text->bytes + text->length, bytes, size);
	text->length += size;
}

static void
put_escaped(struct text *text, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char short_forms[] = "b\bf\fn\nr\rt\t\"\"\\\\";
	char out[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	for (const char *form = short_forms; *form != '\0'; form += 2)
		if ((unsigned char)form[1] == c) {
			out[1] = form[0];
			put(text, out, 2);
			return;
		}
	put(text, out, sizeof(out));
}

/* UTF-8 as it is, which the library has checked. */
static void
put_string(struct text *text, const char *string, size_t length)
{
	size_t from = 0;

	put(text, "\"", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)string[i];

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		put(text, string + from, i - from);
		put_escaped(text, c);
		from = i + 1;
	}
	put(text, string + from, length - from);
	put(text, "\"", 1);
}

static void
put_integer(struct text *text, json_int_t number)
{
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		digits[--at] = '-';
	put(text, digits + at, sizeof(digits) - at);
}

static void
put_real(struct text *text, const json_t *real)
{
	char *number = json_dumps(real, JSON_ENCODE_ANY);

	if (number == NULL)
		text->is_lost = true;
	else
		put(text, number, strlen(number));
	free(number);
}

static void
put_object(struct text *text, const json_t *object)
{
	/* The iterator is not for changing anything here. */
	json_t *members = (json_t *)(uintptr_t)object;
	void *member = json_object_iter(members);

	put(text, "{", 1);
	while (member != NULL) {
		const char *key = json_object_iter_key(member);

		put_string(text, key, strlen(key));
		put(text, ":", 1);
		put_value(text, json_object_iter_value(member));
		member = json_object_iter_next(members, member);
		if (member != NULL)
			put(text, ",", 1);
	}
	put(text, "}", 1);
}

static void
put_array(struct text *text, const json_t *array)
{
	size_t count = json_array_size(array);

	put(text, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put(text, ",", 1);
		put_value(text, json_array_get(array, i));
	}
	put(text, "]", 1);
}

/* As deep as our own answers are. */
static void
put_value(struct text *text, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(text, value);
		break;
	case JSON_ARRAY:
		put_array(text, value);
		break;
	case JSON_STRING:
		put_string(text, json_string_value(value),
		    json_string_length(value));
		break;
	case JSON_INTEGER:
		put_integer(text, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(text, value);
		break;
	case JSON_TRUE:
		put(text, "true", 4);
		break;
	case JSON_FALSE:
		put(text, "false", 5);
		break;
	case JSON_NULL:
		put(text, "null", 4);
		break;
	}
}

char *
http_json_text(const json_t *json, size_t *length)
{
	struct text text = { .bytes = malloc(FIRST_BYTES),
	    .capacity = FIRST_BYTES };

	if (text.bytes == NULL)
		return NULL;
	put_value(&text, json);
	if (text.is_lost) {
		free(text.bytes);
		return NULL;
	}
	text.bytes[text.length] = '\0';
	*length = text.length;
	return text.bytes;
}
