/* Text forms of bytes. Each decoder accepts exactly what its encoder makes,
 * save for the case of Bech32 and for codes, which people type.
 */
#include <stdbool.h>
#include <string.h>

#include "common/encoding.h"

/* --- hex ----------------------------------------------------------------- */

static const char hex_digits[] = "0123456789abcdef";

void
hex_encode(char *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		*text++ = hex_digits[bytes[i] >> 4];
		*text++ = hex_digits[bytes[i] & 15];
	}
	*text = '\0';
}

/* One more than the value of a digit; 0: it is none. */
static const unsigned char hex_values[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16
};

/* The value of a digit, or -1. */
static int
hex_value(char digit)
{
	return hex_values[(unsigned char)digit] - 1;
}

int
hex_digit_value(char digit)
{
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 :
	    hex_value(digit);
}

enum err
hex_decode(uint8_t *bytes, size_t size, const char *text, size_t length)
{
	if (length % 2 != 0 || length / 2 != size)
		return ERR_ENCODING;
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return ERR_ENCODING;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return ERR_OK;
}

/* --- base64url ----------------------------------------------------------- */

static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64url_encode(char *text, const uint8_t *bytes, size_t size)
{
	uint32_t group = 0;
	size_t left = size % 3;

	for (const uint8_t *end = bytes + size - left; bytes < end;
	    bytes += 3) {
		group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 |
		    bytes[2];
		*text++ = base64url_alphabet[group >> 18];
		*text++ = base64url_alphabet[group >> 12 & 63];
		*text++ = base64url_alphabet[group >> 6 & 63];
		*text++ = base64url_alphabet[group & 63];
	}
	if (left > 0) {
		group = (uint32_t)bytes[0] << 16 |
		    (left > 1 ? (uint32_t)bytes[1] << 8 : 0);
		*text++ = base64url_alphabet[group >> 18];
		*text++ = base64url_alphabet[group >> 12 & 63];
	}
	if (left > 1)
		*text++ = base64url_alphabet[group >> 6 & 63];
	*text = '\0';
}

static int
base64url_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

/* How many characters stand for size bytes; size may be anything. */
static size_t
base64url_length(size_t size)
{
	static const size_t rest[] = { 0, 2, 3 };

	return size / 3 * 4 + rest[size % 3];
}

enum err
base64url_decode(uint8_t *bytes, size_t size, const char *text, size_t length)
{
	uint32_t pending = 0;
	unsigned bits = 0;

	if (length != base64url_length(size))
		return ERR_ENCODING;
	for (size_t i = 0; i < length; i++) {
		int value = base64url_value(text[i]);

		if (value < 0)
			return ERR_ENCODING;
		pending = (pending << 6 | (uint32_t)value) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*bytes++ = (uint8_t)(pending >> bits);
		}
	}
	/* Bits beyond the last byte would be a second spelling of it. */
	return (pending & ((1u << bits) - 1)) == 0 ? ERR_OK : ERR_ENCODING;
}

/* --- groups of five bits, for both kinds of base 32 ---------------------- */

static char
ascii_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static char
ascii_upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* Group index of the bytes taken as one long number, zero bits at its end. */
static unsigned
bits_group(const uint8_t *bytes, size_t size, size_t index)
{
	size_t bit = index * 5, at = bit / 8;
	unsigned window = (unsigned)bytes[at] << 8;

	if (at + 1 < size)
		window |= bytes[at + 1];
	return window >> (11 - bit % 8) & 31;
}

/* --- Bech32 -------------------------------------------------------------- */

#define BECH32_PREFIX_MAX 32
#define BECH32_BYTES_MAX 40
#define BECH32_CHECKSUM 6

static const char bech32_alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* What the five bits that leave the checksum fold back into it. */
#define FOLD(top) (((top) & 1 ? 0x3b6a57b2u : 0) ^ \
	((top) & 2 ? 0x26508e6du : 0) ^ ((top) & 4 ? 0x1ea119fau : 0) ^ \
	((top) & 8 ? 0x3d4233ddu : 0) ^ ((top) & 16 ? 0x2a1462b3u : 0))
#define FOLD_4(top) FOLD(top), FOLD(top + 1), FOLD(top + 2), FOLD(top + 3)

/* One step of BIP 173's checksum: a BCH code over groups of five bits. */
static uint32_t
bech32_step(uint32_t sum, unsigned value)
{
	static const uint32_t folds[] = {
		FOLD_4(0), FOLD_4(4), FOLD_4(8), FOLD_4(12),
		FOLD_4(16), FOLD_4(20), FOLD_4(24), FOLD_4(28)
	};

	return (sum & 0x1ffffff) << 5 ^ value ^ folds[sum >> 25];
}

/* The checksum's state after the prefix, which enters it in two halves. */
static uint32_t
bech32_start(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *p = prefix; *p != '\0'; p++)
		sum = bech32_step(sum, (unsigned)*p >> 5);
	sum = bech32_step(sum, 0);
	for (const char *p = prefix; *p != '\0'; p++)
		sum = bech32_step(sum, (unsigned)*p & 31);
	return sum;
}

/* A prefix is visible ASCII, here without upper case. */
static bool
bech32_prefix_is_good(const char *prefix)
{
	size_t length = strnlen(prefix, BECH32_PREFIX_MAX + 1);

	if (length == 0 || length > BECH32_PREFIX_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (prefix[i] < 33 || prefix[i] > 126 ||
		    ascii_lower(prefix[i]) != prefix[i])
			return false;
	return true;
}

/* How many groups of five bits hold size bytes; size is small. */
static size_t
bech32_groups(size_t size)
{
	return (size * 8 + 4) / 5;
}

/* The part after the prefix: "1", the data, the checksum. */
static void
bech32_put(char *text, uint32_t sum, const uint8_t *bytes, size_t size)
{
	size_t groups = bech32_groups(size);

	*text++ = '1';
	for (size_t i = 0; i < groups; i++) {
		unsigned group = bits_group(bytes, size, i);

		sum = bech32_step(sum, group);
		*text++ = bech32_alphabet[group];
	}
	for (unsigned i = 0; i < BECH32_CHECKSUM; i++)
		sum = bech32_step(sum, 0);
	sum ^= 1;
	for (unsigned i = 0; i < BECH32_CHECKSUM; i++)
		*text++ = bech32_alphabet[sum >> (25 - 5 * i) & 31];
	*text = '\0';
}

enum err
bech32_encode(char *text, size_t capacity, const char *prefix,
    const uint8_t *bytes, size_t size, int upper)
{
	size_t prefix_length;

	if (!bech32_prefix_is_good(prefix) || size > BECH32_BYTES_MAX)
		return ERR_ENCODING;
	prefix_length = strlen(prefix);
	if (capacity < prefix_length + 1 + bech32_groups(size) +
	    BECH32_CHECKSUM + 1)
		return ERR_ENCODING;
	memcpy(text, prefix, prefix_length);
	bech32_put(text + prefix_length, bech32_start(prefix), bytes, size);
	if (upper)
		for (char *p = text; *p != '\0'; p++)
			*p = ascii_upper(*p);
	return ERR_OK;
}

static bool
is_mixed_case(const char *text)
{
	bool lower = false, upper = false;

	for (; *text != '\0'; text++) {
		lower = lower || ascii_upper(*text) != *text;
		upper = upper || ascii_lower(*text) != *text;
	}
	return lower && upper;
}

/* The value of a character of the data part, or -1. */
static int
bech32_value(char c)
{
	const char *at = c == '\0' ? NULL :
	    strchr(bech32_alphabet, ascii_lower(c));

	return at == NULL ? -1 : (int)(at - bech32_alphabet);
}

/* The data part, groups of five bits and the checksum, to size bytes. */
static enum err
bech32_take(uint8_t *bytes, size_t size, const char *text, uint32_t sum)
{
	size_t groups = bech32_groups(size);
	uint32_t pending = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < groups + BECH32_CHECKSUM; i++) {
		int value = bech32_value(text[i]);

		if (value < 0)
			return ERR_ENCODING;
		sum = bech32_step(sum, (unsigned)value);
		if (i >= groups)
			continue;
		pending = (pending << 5 | (uint32_t)value) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			*bytes++ = (uint8_t)(pending >> bits);
		}
	}
	if (sum != 1 || (pending & ((1u << bits) - 1)) != 0)
		return ERR_ENCODING;
	return ERR_OK;
}

enum err
bech32_decode(uint8_t *bytes, size_t size, const char *prefix,
    const char *text)
{
	size_t prefix_length, length;

	if (!bech32_prefix_is_good(prefix) || size > BECH32_BYTES_MAX)
		return ERR_ENCODING;
	prefix_length = strlen(prefix);
	length = prefix_length + 1 + bech32_groups(size) + BECH32_CHECKSUM;
	if (strnlen(text, length + 1) != length || is_mixed_case(text))
		return ERR_ENCODING;
	for (size_t i = 0; i < prefix_length; i++)
		if (ascii_lower(text[i]) != prefix[i])
			return ERR_ENCODING;
	if (text[prefix_length] != '1')
		return ERR_ENCODING;
	return bech32_take(bytes, size, text + prefix_length + 1,
	    bech32_start(prefix));
}

/* --- UTF-8 ---------------------------------------------------------------- */

/* The length that a first byte announces; 0: it is none. */
static size_t
utf8_announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/*
 * The least second byte after this first one, where that is not 0x80: below
 * lie C1 controls (c2) and overlong forms (e0, f0).
 */
static unsigned char
utf8_second_least(unsigned char first)
{
	return first == 0xc2 || first == 0xe0 ? 0xa0 :
	    first == 0xf0 ? 0x90 : 0x80;
}

/* The greatest: above lie surrogates (ed), and U+110000 and on (f4). */
static unsigned char
utf8_second_most(unsigned char first)
{
	return first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
}

size_t
utf8_printable(const char *text, size_t length)
{
	unsigned char first = (unsigned char)text[0], second;
	size_t announced = utf8_announced(first);

	if (announced == 0 || announced > length)
		return 0;
	if (announced == 1)
		return first >= 0x20 && first != 0x7f;
	second = (unsigned char)text[1];
	if (second < utf8_second_least(first) ||
	    second > utf8_second_most(first))
		return 0;
	for (size_t i = 2; i < announced; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
	return announced;
}

/* --- codes: Crockford base32 --------------------------------------------- */

static const char code_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
code_encode(char text[static CODE_TEXT_SIZE],
    const uint8_t bytes[static CODE_BYTES])
{
	for (size_t i = 0; i < CODE_CHARACTERS; i++) {
		if (i > 0 && i % 4 == 0)
			*text++ = '-';
		*text++ = code_alphabet[bits_group(bytes, CODE_BYTES, i)];
	}
	*text = '\0';
}

/* What this character means in a code; NUL when it has no place there. */
static char
code_canonical(char c)
{
	c = ascii_upper(c);
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return (char)(c != '\0' && strchr(code_alphabet, c) != NULL ? c : 0);
}

enum err
code_normalise(char characters[static CODE_CHARACTERS + 1], const char *text,
    size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '-' || c == ' ' || c == '\t')
			continue;
		c = code_canonical(c);
		if (c == '\0' || count == CODE_CHARACTERS)
			return ERR_ENCODING;
		characters[count++] = c;
	}
	if (count != CODE_CHARACTERS)
		return ERR_ENCODING;
	characters[count] = '\0';
	return ERR_OK;
}
