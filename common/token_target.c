/* The one spelling of a URL (docs/protocol.md, section 1): take a request
 * target apart, and write one.
 */
#include <string.h>

#include "common/token.h"

#define EXPIRES_DIGITS_MAX 11

/* --- the forms of the parts --------------------------------------------- */

/* A set of ASCII characters: a bit for each, in two words. */
struct characters {
	uint64_t low, high;
};

#define DIGITS UINT64_C(0x03ff000000000000)	/* low */
#define LETTERS UINT64_C(0x07fffffe07fffffe)	/* high, from here on */
#define LOW(c) (UINT64_C(1) << (c))
#define HIGH(c) (UINT64_C(1) << ((c) - 64))

static const struct characters alphanumeric = { DIGITS, LETTERS };
static const struct characters word =			/* [A-Za-z0-9_-] */
    { DIGITS | LOW('-'), LETTERS | HIGH('_') };
static const struct characters unreserved =		/* RFC 3986, 2.3 */
    { DIGITS | LOW('-') | LOW('.'), LETTERS | HIGH('_') | HIGH('~') };

static bool
is_in(const struct characters *set, char c)
{
	unsigned char byte = (unsigned char)c;

	if (byte >= 128)
		return false;
	return ((byte < 64 ? set->low : set->high) >> (byte & 63) & 1) != 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_in(&word, c);
}

static bool
is_unreserved(char c)
{
	return is_in(&unreserved, c);
}

static bool
is_words(const char *text, size_t length, size_t most)
{
	if (length == 0 || length > most)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_word(text[i]))
			return false;
	return true;
}

/* [A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)* */
static bool
is_commerce_id(const char *text, size_t length)
{
	if (length == 0 || length > COMMERCE_ID_MAX ||
	    !is_in(&alphanumeric, text[0]) || text[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_word(text[i]) && text[i] != '.')
			return false;
		if (i > 0 && text[i] == '.' && text[i - 1] == '.')
			return false;
	}
	return true;
}

bool
commerce_id_is_valid(const char *text)
{
	return is_commerce_id(text, strlen(text));
}

bool
key_id_is_valid(const char *text, size_t length)
{
	return is_words(text, length, KEY_ID_MAX);
}

bool
object_id_is_valid(const char *text, size_t length)
{
	unsigned strange = 0;

	if (length != OBJECT_ID_LENGTH)
		return false;
	/* Without an early end, so that it becomes vector instructions. */
	for (size_t i = 0; i < OBJECT_ID_LENGTH; i++) {
		unsigned char c = (unsigned char)text[i];

		strange |= ((unsigned char)(c - '0') > 9) &
		    ((unsigned char)(c - 'a') > 5);
	}
	return strange == 0;
}

/* --- file names --------------------------------------------------------- */

/* How many bytes follow the first of a UTF-8 sequence, and its bits; -1. */
static int
utf8_lead(unsigned char byte, uint32_t *bits)
{
	if (byte < 0x80) {
		*bits = byte;
		return 0;
	}
	if (byte >= 0xc2 && byte <= 0xdf) {
		*bits = byte & 0x1fU;
		return 1;
	}
	if (byte >= 0xe0 && byte <= 0xef) {
		*bits = byte & 0x0fU;
		return 2;
	}
	if (byte >= 0xf0 && byte <= 0xf4) {
		*bits = byte & 0x07U;
		return 3;
	}
	return -1;
}

/* The character at text, and its length; 0 unless it is strict UTF-8. */
static size_t
utf8_character(const char *text, size_t length, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint32_t bits;
	int more = utf8_lead((unsigned char)text[0], &bits);

	if (more < 0 || (size_t)more >= length)
		return 0;
	for (int i = 1; i <= more; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		bits = bits << 6 | (byte & 0x3fU);
	}
	if (bits < least[more] || bits > 0x10ffff ||
	    (bits >= 0xd800 && bits <= 0xdfff))
		return 0;
	*out = bits;
	return (size_t)more + 1;
}

static bool
is_forbidden_in_name(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == '/' ||
	    c == '\\' || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

bool
file_name_is_valid(const char *utf8, size_t length)
{
	uint32_t character;
	size_t used;

	if (length == 0 || length > FILE_NAME_MAX)
		return false;
	if (utf8[0] == '.' && (length == 1 || (length == 2 && utf8[1] == '.')))
		return false;
	for (size_t i = 0; i < length; i += used) {
		used = utf8_character(utf8 + i, length - i, &character);
		if (used == 0 || is_forbidden_in_name(character))
			return false;
	}
	return true;
}

/* --- reading ------------------------------------------------------------ */

static bool
skip(const char **at, const char *literal)
{
	size_t length = strlen(literal);

	if (strncmp(*at, literal, length) != 0)
		return false;
	*at += length;
	return true;
}

/* The length of the text at `at` up to the next "&" or the end. */
static size_t
value_length(const char *at)
{
	return (size_t)(strchrnul(at, '&') - at);
}

static void
value_take(char *out, const char **at, size_t length)
{
	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length;
}

static bool
parse_object(const char **at, char out[OBJECT_ID_LENGTH + 1])
{
	if (!object_id_is_valid(*at, strnlen(*at, OBJECT_ID_LENGTH)))
		return false;
	value_take(out, at, OBJECT_ID_LENGTH);
	return **at == '?' || **at == '&' || **at == '\0';
}

static bool
parse_expires(const char **at, int64_t *out)
{
	size_t length = value_length(*at);
	int64_t seconds = 0;

	if (length == 0 || length > EXPIRES_DIGITS_MAX || **at == '0')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit((*at)[i]))
			return false;
		seconds = seconds * 10 + ((*at)[i] - '0');
	}
	*at += length;
	*out = seconds;
	return true;
}

/* The value of an upper-case hex digit; -1. */
static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte of a name: unreserved as it is, all else and only that as %XX. */
static bool
parse_name_byte(const char **at, char *out)
{
	int high, low;

	if (is_unreserved(**at)) {
		*out = *(*at)++;
		return true;
	}
	if (**at != '%' || (high = hex_digit((*at)[1])) < 0 ||
	    (low = hex_digit((*at)[2])) < 0)
		return false;
	*out = (char)(high << 4 | low);
	*at += 3;
	return !is_unreserved(*out);
}

static bool
parse_name(const char **at, char out[FILE_NAME_MAX + 1])
{
	size_t length = 0;

	while (**at != '\0' && **at != '&')
		if (length == FILE_NAME_MAX ||
		    !parse_name_byte(at, &out[length++]))
			return false;
	out[length] = '\0';
	return file_name_is_valid(out, length);
}

static bool
parse_query(const char **at, struct token_target *out)
{
	size_t length;

	if (!skip(at, "?commerce="))
		return false;
	length = value_length(*at);
	if (!is_commerce_id(*at, length))
		return false;
	value_take(out->commerce_id, at, length);
	if (!skip(at, "&key="))
		return false;
	length = value_length(*at);
	if (!key_id_is_valid(*at, length))
		return false;
	value_take(out->key_id, at, length);
	if (!skip(at, "&expires=") || !parse_expires(at, &out->expires_s) ||
	    !skip(at, "&grant="))
		return false;
	length = value_length(*at);
	if (!is_words(*at, length, GRANT_ID_MAX))
		return false;
	value_take(out->grant, at, length);
	return true;
}

/* What may stand there is not judged: that is the verification's. */
static bool
parse_token(const char **at, struct token_target *out)
{
	size_t length = value_length(*at);

	out->has_token = true;
	out->token_length = length;
	if (length == TOKEN_LENGTH)
		value_take(out->token, at, length);
	else
		*at += length;
	return true;
}

/* After the query: "&name=" and "&token=" of media, "&after=" of a list. */
static bool
parse_rest(const char **at, const char *target,
    struct token_target *out)
{
	if (out->resource == TOKEN_MEDIA && skip(at, "&name=") &&
	    !parse_name(at, out->name))
		return false;
	if (out->resource == TOKEN_LIST && skip(at, "&after=") &&
	    !parse_object(at, out->after))
		return false;
	out->signed_length = (size_t)(*at - target);
	if (out->resource == TOKEN_MEDIA && skip(at, "&token=") &&
	    !parse_token(at, out))
		return false;
	return **at == '\0';
}

enum err
token_target_parse(const char *target, struct token_target *out)
{
	const char *at = target;

	*out = (struct token_target){ .resource = TOKEN_LIST };
	if (strnlen(target, TOKEN_TARGET_MAX + 1) > TOKEN_TARGET_MAX)
		return ERR_MALFORMED_URL;
	if (skip(&at, "/media/"))
		out->resource = TOKEN_MEDIA;
	else if (skip(&at, "/objects/"))
		out->resource = TOKEN_OBJECT;
	else if (!skip(&at, "/objects"))
		return ERR_MALFORMED_URL;
	if (out->resource != TOKEN_LIST && !parse_object(&at, out->object))
		return ERR_MALFORMED_URL;
	if (!parse_query(&at, out) || !parse_rest(&at, target, out))
		return ERR_MALFORMED_URL;
	return ERR_OK;
}

/* --- writing ------------------------------------------------------------ */

/* Text that grows into the caller's memory; too_long once it did not fit. */
struct url_text {
	char *bytes;
	size_t length, capacity;
	bool too_long;
};

static void
url_add(struct url_text *url, const char *text, size_t length)
{
	if (url->too_long || length >= url->capacity - url->length) {
		url->too_long = true;
		return;
	}
	memcpy(url->bytes + url->length, text, length);
	url->length += length;
	url->bytes[url->length] = '\0';
}

static void
url_add_text(struct url_text *url, const char *text)
{
	url_add(url, text, strlen(text));
}

static void
url_add_name(struct url_text *url, const char *name)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *name != '\0'; name++) {
		unsigned char byte = (unsigned char)*name;
		const char escaped[] = { '%', digits[byte >> 4],
		    digits[byte & 0x0f] };

		if (is_unreserved(*name))
			url_add(url, name, 1);
		else
			url_add(url, escaped, sizeof(escaped));
	}
}

static void
url_add_number(struct url_text *url, int64_t number)
{
	char digits[EXPIRES_DIGITS_MAX];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0 && at > 0);
	url_add(url, digits + at, sizeof(digits) - at);
}

static bool
is_object(const char *text)
{
	return text != NULL && object_id_is_valid(text, strlen(text));
}

static bool
url_parts_are_valid(const struct token_url *parts)
{
	bool is_list = parts->resource == TOKEN_LIST;

	if (is_list ? parts->object != NULL : !is_object(parts->object))
		return false;
	if (parts->name != NULL && (parts->resource != TOKEN_MEDIA ||
	    !file_name_is_valid(parts->name, strlen(parts->name))))
		return false;
	if (parts->after != NULL && (!is_list || !is_object(parts->after)))
		return false;
	return commerce_id_is_valid(parts->commerce_id) &&
	    key_id_is_valid(parts->key_id, strlen(parts->key_id)) &&
	    is_words(parts->grant, strlen(parts->grant), GRANT_ID_MAX) &&
	    parts->expires_s > 0 && parts->expires_s <= INT64_C(99999999999);
}

enum err
token_url_build(char *url, size_t capacity,
    const struct token_url *parts)
{
	struct url_text text = { .bytes = url, .capacity = capacity };

	if (capacity == 0 || !url_parts_are_valid(parts))
		return ERR_MALFORMED_URL;
	url_add_text(&text, parts->origin);
	url_add_text(&text, parts->resource == TOKEN_MEDIA ? "/media/" :
	    parts->resource == TOKEN_OBJECT ? "/objects/" : "/objects");
	if (parts->object != NULL)
		url_add_text(&text, parts->object);
	url_add_text(&text, "?commerce=");
	url_add_text(&text, parts->commerce_id);
	url_add_text(&text, "&key=");
	url_add_text(&text, parts->key_id);
	url_add_text(&text, "&expires=");
	url_add_number(&text, parts->expires_s);
	url_add_text(&text, "&grant=");
	url_add_text(&text, parts->grant);
	if (parts->name != NULL) {
		url_add_text(&text, "&name=");
		url_add_name(&text, parts->name);
	}
	if (parts->after != NULL) {
		url_add_text(&text, "&after=");
		url_add_text(&text, parts->after);
	}
	return text.too_long ? ERR_MALFORMED_URL : ERR_OK;
}
