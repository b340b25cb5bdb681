/* The one spelling of a URL (docs/protocol.md, section 1): take a request
 * target apart, and write one.
 */
#include <string.h>

#include "common/token.h"

#define EXPIRES_DIGITS_MAX 11

/* --- the forms of the parts --------------------------------------------- */

/* What an ASCII character may be part of; all others are 0. */
enum {
	WORD = 1,		/* [A-Za-z0-9_-] */
	ALPHANUMERIC = 2,
	UNRESERVED = 4		/* RFC 3986, 2.3 */
};
#define ANY (WORD | ALPHANUMERIC | UNRESERVED)
#define FIVE(c) \
	[c] = ANY, [(c) + 1] = ANY, [(c) + 2] = ANY, [(c) + 3] = ANY, \
	[(c) + 4] = ANY

static const unsigned char characters[256] = {
	FIVE('0'), FIVE('5'),
	FIVE('A'), FIVE('F'), FIVE('K'), FIVE('P'), FIVE('U'), ['Z'] = ANY,
	FIVE('a'), FIVE('f'), FIVE('k'), FIVE('p'), FIVE('u'), ['z'] = ANY,
	['-'] = WORD | UNRESERVED, ['_'] = WORD | UNRESERVED,
	['.'] = UNRESERVED, ['~'] = UNRESERVED
};

static bool
is_a(char c, unsigned what)
{
	return (characters[(unsigned char)c] & what) != 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_words(const char *text, size_t length, size_t most)
{
	if (length == 0 || length > most)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_a(text[i], WORD))
			return false;
	return true;
}

/* [A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)* */
static bool
is_commerce_id(const char *text, size_t length)
{
	if (length == 0 || length > COMMERCE_ID_MAX ||
	    !is_a(text[0], ALPHANUMERIC) || text[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_a(text[i], WORD) &&
		    (text[i] != '.' || text[i - 1] == '.'))
			return false;
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
	unsigned char strange = 0;	/* as wide as what it is made of */

	if (length != OBJECT_ID_LENGTH)
		return false;
	/* Without an early end, so that it becomes vector instructions. */
	for (size_t i = 0; i < OBJECT_ID_LENGTH; i++) {
		unsigned char c = (unsigned char)text[i];

		strange |= (unsigned char)(((unsigned char)(c - '0') > 9) &
		    ((unsigned char)(c - 'a') > 5));
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
		used = 1;
		if (is_a(utf8[i], UNRESERVED))
			continue;
		used = utf8_character(utf8 + i, length - i, &character);
		if (used == 0 || is_forbidden_in_name(character))
			return false;
	}
	return true;
}

/* --- reading ------------------------------------------------------------ */

/* What is left of a target; at the end is its NUL. */
struct reader {
	const char *at, *end;
};

/* Inline: with its length known the comparison is an instruction or two. */
static inline bool
skip(struct reader *in, const char *literal)
{
	size_t length = strlen(literal);

	if ((size_t)(in->end - in->at) < length ||
	    memcmp(in->at, literal, length) != 0)
		return false;
	in->at += length;
	return true;
}

/* The length of the text up to the next "&" or the end. */
static size_t
value_length(const struct reader *in)
{
	return (size_t)(strchrnul(in->at, '&') - in->at);
}

static void
value_take(struct reader *in, char *out, size_t length)
{
	memcpy(out, in->at, length);
	out[length] = '\0';
	in->at += length;
}

static bool
parse_object(struct reader *in, char out[OBJECT_ID_LENGTH + 1])
{
	if (in->end - in->at < OBJECT_ID_LENGTH ||
	    !object_id_is_valid(in->at, OBJECT_ID_LENGTH))
		return false;
	value_take(in, out, OBJECT_ID_LENGTH);
	return true;
}

static bool
parse_commerce_id(struct reader *in, char out[COMMERCE_ID_MAX + 1])
{
	size_t length = value_length(in);

	if (!is_commerce_id(in->at, length))
		return false;
	value_take(in, out, length);
	return true;
}

/* One to `most` of [A-Za-z0-9_-]; what comes next is for the caller. */
static bool
parse_words(struct reader *in, char *out, size_t most)
{
	const char *at = in->at;	/* of which the compiler knows that no
					 * character written changes it */
	size_t length = 0;

	while (length < most && is_a(at[length], WORD)) {
		out[length] = at[length];
		length++;
	}
	out[length] = '\0';
	in->at = at + length;
	return length > 0;
}

static bool
parse_expires(struct reader *in, int64_t *out)
{
	size_t length = 0;
	int64_t seconds = 0;

	if (*in->at == '0')
		return false;
	while (length < EXPIRES_DIGITS_MAX && is_digit(in->at[length]))
		seconds = seconds * 10 + (in->at[length++] - '0');
	in->at += length;
	*out = seconds;
	return length > 0;
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
parse_name_byte(struct reader *in, char *out)
{
	int high, low;

	if (is_a(*in->at, UNRESERVED)) {
		*out = *in->at++;
		return true;
	}
	if (*in->at != '%' || (high = hex_digit(in->at[1])) < 0 ||
	    (low = hex_digit(in->at[2])) < 0)
		return false;
	*out = (char)(high << 4 | low);
	in->at += 3;
	return !is_a(*out, UNRESERVED);
}

static bool
parse_name(struct reader *in, char out[FILE_NAME_MAX + 1])
{
	const char *at = in->at;
	size_t length = 0;

	/* Most names are nothing but such; "." and ".." are looked at. */
	while (length < FILE_NAME_MAX && is_a(at[length], UNRESERVED)) {
		out[length] = at[length];
		length++;
	}
	in->at = at + length;
	if (length > 2 && (*in->at == '\0' || *in->at == '&')) {
		out[length] = '\0';
		return true;
	}
	while (*in->at != '\0' && *in->at != '&')
		if (length == FILE_NAME_MAX ||
		    !parse_name_byte(in, &out[length++]))
			return false;
	out[length] = '\0';
	return file_name_is_valid(out, length);
}

static bool
parse_query(struct reader *in, struct token_target *out)
{
	return skip(in, "?commerce=") &&
	    parse_commerce_id(in, out->commerce_id) &&
	    skip(in, "&key=") && parse_words(in, out->key_id, KEY_ID_MAX) &&
	    skip(in, "&expires=") && parse_expires(in, &out->expires_s) &&
	    skip(in, "&grant=") && parse_words(in, out->grant, GRANT_ID_MAX);
}

/* What may stand there is not judged: that is the verification's. */
static void
parse_token(struct reader *in, struct token_target *out)
{
	size_t length = value_length(in);

	out->has_token = true;
	out->token_length = length;
	if (length == TOKEN_LENGTH)
		value_take(in, out->token, length);
	else
		in->at += length;
}

/*
 * After the query: "&name=" and "&token=" of media, "&after=" of a list.  What
 * is neither, also the rest of a value that was too long, ends it.
 */
static bool
parse_rest(struct reader *in, const char *target, struct token_target *out)
{
	if (out->resource == TOKEN_MEDIA && skip(in, "&name=") &&
	    !parse_name(in, out->name))
		return false;
	if (out->resource == TOKEN_LIST && skip(in, "&after=") &&
	    !parse_object(in, out->after))
		return false;
	out->signed_length = (size_t)(in->at - target);
	if (out->resource == TOKEN_MEDIA && skip(in, "&token="))
		parse_token(in, out);
	return in->at == in->end;
}

/* Texts by their ends alone: to clear all of it takes as long as to parse. */
static void
target_clear(struct token_target *out)
{
	out->resource = TOKEN_LIST;
	out->object[0] = '\0';
	out->commerce_id[0] = '\0';
	out->key_id[0] = '\0';
	out->expires_s = 0;
	out->grant[0] = '\0';
	out->name[0] = '\0';
	out->after[0] = '\0';
	out->signed_length = 0;
	out->has_token = false;
	out->token_length = 0;
	out->token[0] = '\0';
}

enum err
token_target_parse(const char *target, struct token_target *out)
{
	size_t length = strnlen(target, TOKEN_TARGET_MAX + 1);
	struct reader in = { target, target + length };

	target_clear(out);
	if (length > TOKEN_TARGET_MAX)
		return ERR_MALFORMED_URL;
	if (skip(&in, "/media/"))
		out->resource = TOKEN_MEDIA;
	else if (skip(&in, "/objects/"))
		out->resource = TOKEN_OBJECT;
	else if (!skip(&in, "/objects"))
		return ERR_MALFORMED_URL;
	if (out->resource != TOKEN_LIST && !parse_object(&in, out->object))
		return ERR_MALFORMED_URL;
	if (!parse_query(&in, out) || !parse_rest(&in, target, out))
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

		if (is_a(*name, UNRESERVED))
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
