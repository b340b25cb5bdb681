/* JSON as text: the bytes that json_dumps() with JSON_COMPACT gives. */
#include "common/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"

#define FIRST_BYTES 2048

void
json_text_begin(struct json_text *text)
{
	*text = (struct json_text){ .bytes = malloc(FIRST_BYTES),
	    .capacity = FIRST_BYTES };
	text->is_lost = text->bytes == NULL;
}

char *
json_text_take(struct json_text *text, size_t *length)
{
	char *bytes = text->bytes;

	*length = text->length;
	if (text->is_lost) {
		free(bytes);
		bytes = NULL;
	} else {
		bytes[text->length] = '\0';
	}
	*text = (struct json_text){ .is_lost = true };
	return bytes;
}

/* Room for size bytes and a NUL; NULL: there is none. */
static char *
room(struct json_text *text, size_t size)
{
	size_t capacity = 2 * (text->capacity + size);
	char *grown;

	if (text->is_lost)
		return NULL;
	if (size < text->capacity - text->length)
		return text->bytes + text->length;
	grown = realloc(text->bytes, capacity);
	if (grown == NULL) {
		text->is_lost = true;
		return NULL;
	}
	text->bytes = grown;
	text->capacity = capacity;
	return grown + text->length;
}

static void
put(struct json_text *text, const char *bytes, size_t size)
{
	char *at = room(text, size);

	if (at == NULL)
		return;
	memcpy(at, bytes, size);
	text->length += size;
}

/*
 * What comes before a value.  A comma, unless the last byte opens an object or
 * a list, or ends a name: no value ends with one of these.
 */
static void
put_name(struct json_text *text, const char *name)
{
	size_t length = name == NULL ? 0 : strlen(name);
	char *at = room(text, length + 4), *begin = at;
	char last;

	if (at == NULL)
		return;
	last = text->length == 0 ? '[' : at[-1];
	if (last != '[' && last != '{' && last != ':')
		*at++ = ',';
	if (name != NULL) {
		*at++ = '"';
		memcpy(at, name, length);
		at += length;
		*at++ = '"';
		*at++ = ':';
	}
	text->length += (size_t)(at - begin);
}

void
json_text_open_object(struct json_text *text, const char *name)
{
	put_name(text, name);
	put(text, "{", 1);
}

void
json_text_close_object(struct json_text *text)
{
	put(text, "}", 1);
}

void
json_text_open_list(struct json_text *text, const char *name)
{
	put_name(text, name);
	put(text, "[", 1);
}

void
json_text_close_list(struct json_text *text)
{
	put(text, "]", 1);
}

void
json_text_raw(struct json_text *text, const char *name, const char *json,
    size_t length)
{
	put_name(text, name);
	put(text, json, length);
}

/* --- strings -------------------------------------------------------------- */

static void
put_escaped(struct json_text *text, unsigned char c)
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

/* Bytes of the character that begins here, beyond ASCII; 0: not UTF-8. */
static size_t
beyond_ascii(const char *string, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)string;

	/* The control characters of C1 are not printable. */
	if (length >= 2 && bytes[0] == 0xc2 && bytes[1] >= 0x80 &&
	    bytes[1] < 0xa0)
		return 2;
	return utf8_printable(string, length);
}

/*
 * Are these eight ASCII that goes out as it is?  What is not gets its highest
 * bit set by one of the terms: beyond ASCII, below a blank, '"', '\\'.  What a
 * subtraction takes from the next byte is only where a byte was found already.
 */
static bool
is_plain_8(const char *string)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t w;

	memcpy(&w, string, sizeof(w));
	return ((w | (w - each * ' ') | ((w ^ each * '"') - each) |
	    ((w ^ each * '\\') - each)) & each << 7) == 0;
}

/* Bytes that go out as they are; *is_sound: then comes ASCII, or the end. */
static size_t
plain_length(const char *string, size_t length, bool *is_sound)
{
	size_t at = 0;

	*is_sound = true;
	while (at < length) {
		unsigned char c = (unsigned char)string[at];
		size_t step = 1;

		if (length - at >= 8 && is_plain_8(string + at)) {
			at += 8;
			continue;
		}
		if (c < ' ' || c == '"' || c == '\\')
			break;
		if (c >= 0x80)
			step = beyond_ascii(string + at, length - at);
		if (step == 0) {
			*is_sound = false;
			break;
		}
		at += step;
	}
	return at;
}

void
json_text_bytes(struct json_text *text, const char *name, const char *value,
    size_t length)
{
	bool is_sound = true;

	put_name(text, name);
	put(text, "\"", 1);
	while (is_sound) {
		size_t plain = plain_length(value, length, &is_sound);

		put(text, value, plain);
		if (plain == length)
			break;
		put_escaped(text, (unsigned char)value[plain]);
		value += plain + 1;
		length -= plain + 1;
	}
	put(text, "\"", 1);
	text->is_lost = text->is_lost || !is_sound;
}

void
json_text_string(struct json_text *text, const char *name, const char *value)
{
	if (value == NULL)
		json_text_raw(text, name, "null", 4);
	else
		json_text_bytes(text, name, value, strlen(value));
}

void
json_text_name(struct json_text *text, const char *name)
{
	json_text_string(text, NULL, name);
	put(text, ":", 1);
}

/* --- other values --------------------------------------------------------- */

void
json_text_integer(struct json_text *text, const char *name, int64_t value)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0)
		digits[--at] = '-';
	json_text_raw(text, name, digits + at, sizeof(digits) - at);
}

void
json_text_boolean(struct json_text *text, const char *name, bool value)
{
	if (value)
		json_text_raw(text, name, "true", 4);
	else
		json_text_raw(text, name, "false", 5);
}
