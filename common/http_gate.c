/* Reading a request the way that leaves one meaning, or none. */
#include "common/http_gate.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define SINGLE(text) { text, sizeof(text) - 1 }

/* Fields that may be there once: two of them could be read in two ways. */
static const struct {
	const char *name;
	size_t length;
} single_fields[] = {
	SINGLE("Host"), SINGLE("Content-Length"), SINGLE("Transfer-Encoding"),
	SINGLE("Authorization"), SINGLE("Range"), SINGLE("If-Range"),
	SINGLE("Content-Range"), SINGLE("Content-Type"), SINGLE("Expect"),
	SINGLE("Idempotency-Key"), SINGLE("Origin"), SINGLE("Cookie")
};

#define SINGLE_COUNT (sizeof(single_fields) / sizeof(single_fields[0]))

enum { SINGLE_HOST, SINGLE_CONTENT_LENGTH, SINGLE_TRANSFER_ENCODING,
	SINGLE_EXPECT = 8 };

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter_or_digit(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A set of ASCII characters: a bit for each, in two words. */
struct characters {
	uint64_t low, high;
};

#define LOW(c) (UINT64_C(1) << (c))
#define HIGH(c) (UINT64_C(1) << ((c) - 64))
#define DIGITS UINT64_C(0x03ff000000000000)	/* low */
#define LETTERS UINT64_C(0x07fffffe07fffffe)	/* high */

static const struct characters token = {	/* RFC 9110, 5.6.2 */
	DIGITS | LOW('!') | LOW('#') | LOW('$') | LOW('%') | LOW('&') |
	    LOW('\'') | LOW('*') | LOW('+') | LOW('-') | LOW('.'),
	LETTERS | HIGH('^') | HIGH('_') | HIGH('`') | HIGH('|') | HIGH('~')
};
static const struct characters host = {		/* reg-name, RFC 3986 */
	DIGITS | LOW('-') | LOW('.') | LOW('%') | LOW('!') | LOW('$') |
	    LOW('&') | LOW('\'') | LOW('(') | LOW(')') | LOW('*') | LOW('+') |
	    LOW(',') | LOW(';') | LOW('='),
	LETTERS | HIGH('_') | HIGH('~')
};

static bool
is_in(const struct characters *set, unsigned char c)
{
	if (c >= 128)
		return false;
	return ((c < 64 ? set->low : set->high) >> (c & 63) & 1) != 0;
}

bool
http_is_token_character(unsigned char c)
{
	return is_in(&token, c);
}

bool
http_is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_in(&token, (unsigned char)text[i]))
			return false;
	return length > 0;
}

/* Eight at once: no borrow or carry reaches a byte but from one that is out
 * of the range. */
bool
http_is_from(unsigned char first, const char *text, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word, found = 0;
	size_t i = 0;

	for (; length - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		found |= (word - ones * first) | (word + ones) | word;
	}
	for (; i < length; i++)
		found |= (unsigned char)(text[i] - first) > '~' - first ?
		    0x80 : 0;
	return (found & ones * 0x80) == 0;
}

bool
http_field_value_is_sound(const char *value, size_t length)
{
	if (http_is_from(' ', value, length))
		return true;		/* as nearly all are */
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* origin-form, and only bytes that a URL may hold */
static const char *
check_target(const char *target)
{
	if (target == NULL || target[0] != '/')
		return "The request target must begin with a slash.";
	if (!http_is_from('!', target, strlen(target)))
		return "The request target holds a byte that must be "
		    "percent-encoded.";
	return NULL;
}

/*
 * uri-host [ ":" port ] of RFC 9110, 7.2; an empty host is refused.  Blanks
 * behind it are not part of the value (5.5), but the library leaves them.
 */
static bool
host_is_sound(const char *text, size_t length)
{
	const char *p = text, *end = text + length;

	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (p < end && *p == '[') {
		for (p++; p < end && *p != ']'; p++)
			if (!is_letter_or_digit((unsigned char)*p) &&
			    *p != ':' && *p != '.')
				return false;
		if (p == end || p == text + 1)
			return false;
		p++;
	} else {
		while (p < end && is_in(&host, (unsigned char)*p))
			p++;
		if (p == text)
			return false;
	}
	if (p < end && *p++ != ':')
		return false;
	if (end - p > 5)
		return false;
	while (p < end && is_digit((unsigned char)*p))
		p++;
	return p == end;
}

/* 1*DIGIT up to 2^63 - 1 */
static bool
length_parse(const char *text, size_t length, int64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit((unsigned char)text[i]))
			return false;
		if (*value > (INT64_MAX - (text[i] - '0')) / 10)
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return length > 0;
}

static bool
equals_any_case(const struct http_field *field, const char *text)
{
	return field->value_length == strlen(text) &&
	    strcasecmp(field->value, text) == 0;
}

/* Fill single[] with the fields of the table; each at most once. */
static const char *
check_fields(const struct http_gate_input *input,
    const struct http_field *single[SINGLE_COUNT])
{
	if (input->field_count > HTTP_FIELDS_MAX)
		return "The request has too many header fields.";
	for (size_t i = 0; i < input->field_count; i++) {
		const struct http_field *field = &input->fields[i];
		if (!http_is_token(field->name, field->name_length))
			return "A header field's name is not a token.";
		if (!http_field_value_is_sound(field->value,
		    field->value_length))
			return "A header field's value holds a control "
			    "character.";
		for (size_t j = 0; j < SINGLE_COUNT; j++) {
			if (field->name_length != single_fields[j].length ||
			    strcasecmp(field->name, single_fields[j].name) !=
			    0)
				continue;
			if (single[j] != NULL)
				return "A header field that may be there once "
				    "is there twice.";
			single[j] = field;
			break;
		}
	}
	return NULL;
}

static const char *
check_framing(const char *version, const struct http_field *content_length,
    const struct http_field *transfer_encoding, struct http_framing *framing)
{
	if (content_length != NULL && transfer_encoding != NULL)
		return "Content-Length and Transfer-Encoding contradict each "
		    "other.";
	if (transfer_encoding != NULL) {
		if (strcmp(version, "HTTP/1.1") != 0)
			return "Transfer-Encoding is not part of HTTP/1.0.";
		if (!equals_any_case(transfer_encoding, "chunked"))
			return "The only Transfer-Encoding understood is "
			    "chunked.";
		framing->content_length = -1;
	}
	if (content_length != NULL && !length_parse(content_length->value,
	    content_length->value_length, &framing->content_length))
		return "Content-Length is not a number of bytes.";
	return NULL;
}

enum err
http_gate_check(const struct http_gate_input *input,
    struct http_framing *framing, const char **reason)
{
	const struct http_field *single[SINGLE_COUNT] = { NULL };
	const struct http_field *expect;

	*framing = (struct http_framing){ 0 };
	if (strcmp(input->version, "HTTP/1.1") != 0 &&
	    strcmp(input->version, "HTTP/1.0") != 0)
		*reason = "The version is neither HTTP/1.0 nor HTTP/1.1.";
	else if (!http_is_token(input->method, strlen(input->method)))
		*reason = "The method is not a token.";
	else if ((*reason = check_target(input->target)) == NULL &&
	    (*reason = check_fields(input, single)) == NULL)
		*reason = check_framing(input->version,
		    single[SINGLE_CONTENT_LENGTH],
		    single[SINGLE_TRANSFER_ENCODING], framing);
	if (*reason != NULL)
		return ERR_MALFORMED_REQUEST;
	if (single[SINGLE_HOST] == NULL ||
	    !host_is_sound(single[SINGLE_HOST]->value,
	    single[SINGLE_HOST]->value_length)) {
		*reason = "Exactly one Host field with a host is needed.";
		return ERR_MALFORMED_REQUEST;
	}
	expect = single[SINGLE_EXPECT];
	if (expect != NULL && !equals_any_case(expect, "100-continue")) {
		*reason = "The only expectation understood is 100-continue.";
		return ERR_EXPECTATION_FAILED;
	}
	framing->expects_continue = expect != NULL &&
	    strcmp(input->version, "HTTP/1.1") == 0;
	/*
	 * A client must not (RFC 9110, section 10.1.1), and the library takes
	 * what follows for a body of nothing, before it takes an answer.
	 */
	if (framing->expects_continue && framing->content_length == 0) {
		*reason = "Expect: 100-continue is for requests with a body.";
		return ERR_MALFORMED_REQUEST;
	}
	return ERR_OK;
}

static bool
is_blank(const char *from, const char *to)
{
	for (const char *p = from; p < to; p++)
		if (*p != ' ' && *p != '\t')
			return false;
	return true;
}

bool
http_gate_layout_is_exact(const struct http_gate_input *input,
    uintptr_t target, uintptr_t end)
{
	uintptr_t at = (uintptr_t)input->method + strlen(input->method) + 1;

	if (target != at)
		return false;
	at += strlen(input->target) + 1;
	if ((uintptr_t)input->version != at)
		return false;
	at += strlen(input->version) + 2;	/* CR LF */
	for (size_t i = 0; i < input->field_count; i++) {
		const struct http_field *field = &input->fields[i];
		uintptr_t value = (uintptr_t)field->value;
		if ((uintptr_t)field->name != at)
			return false;
		at += field->name_length + 1;	/* ":" */
		if (value < at || value >= end ||
		    !is_blank(field->value - (value - at), field->value))
			return false;
		at = value + field->value_length + 2;	/* CR LF */
	}
	return at + 2 == end;	/* the empty line's CR LF */
}
