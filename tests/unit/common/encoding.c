/* Text forms of bytes: known answers, round trips, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/encoding.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* xorshift: the same bytes in every run. */
static uint32_t seed = 2463534242u;

static uint32_t
next_number(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static void
fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(next_number() >> 11);
}

/* --- hex ----------------------------------------------------------------- */

static void
hex_is_lower_case_and_complete(void **state)
{
	uint8_t bytes[256], decoded[256];
	char text[HEX_SIZE(256)];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	hex_encode(text, bytes, sizeof(bytes));
	assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
	assert_string_equal(text + 502, "fbfcfdfeff");
	assert_int_equal(hex_decode(decoded, 256, text, 512), ERR_OK);
	assert_memory_equal(decoded, bytes, sizeof(bytes));
	hex_encode(text, bytes, 0);
	assert_string_equal(text, "");
	assert_int_equal(hex_decode(decoded, 0, "", 0), ERR_OK);
}

static void
hex_of_another_length_or_alphabet_is_refused(void **state)
{
	static const char *const refused[] = { "", "0", "001", "0011223", "AB",
		"0g1122", "00112G", "0x1122", " 01122", "00112 ", "001122\n",
		"00112233", "A01122", "/01122", ":01122", "`01122", "@01122" };
	uint8_t bytes[3];

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(hex_decode(bytes, 3, refused[i],
		    strlen(refused[i])), ERR_ENCODING);
	assert_int_equal(hex_decode(bytes, 3, "00\0" "122", 6), ERR_ENCODING);
	assert_int_equal(hex_decode(bytes, SIZE_MAX / 2 + 2, "00", 2),
	    ERR_ENCODING);
}

/* --- base64url ----------------------------------------------------------- */

static const struct { const char *bytes, *text; } base64url_known[] = {
	{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "-_-_" }, { "\xff\xff", "__8" }, { "\xff", "_w" },
};

static void
base64url_gives_the_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(base64url_known); i++) {
		size_t size = strlen(base64url_known[i].bytes);
		char text[16];
		uint8_t bytes[8];

		base64url_encode(text,
		    (const uint8_t *)base64url_known[i].bytes, size);
		assert_string_equal(text, base64url_known[i].text);
		assert_int_equal(base64url_decode(bytes, size, text,
		    strlen(text)), ERR_OK);
		assert_memory_equal(bytes, base64url_known[i].bytes, size);
	}
}

static void
base64url_of_any_bytes_decodes_to_them(void **state)
{
	uint8_t bytes[100], decoded[100];
	char text[BASE64URL_SIZE(100)];

	(void)state;
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		fill(bytes, size);
		base64url_encode(text, bytes, size);
		assert_int_equal(strlen(text) + 1, BASE64URL_SIZE(size));
		assert_int_equal(base64url_decode(decoded, size, text,
		    strlen(text)), ERR_OK);
		assert_memory_equal(decoded, bytes, size);
	}
	assert_int_equal(BASE64URL_SIZE(32), 44);
	assert_int_equal(BASE64URL_SIZE(16), 23);
}

/* Of all texts of one length only one decodes to given bytes. */
static void
base64url_has_one_spelling_for_each_value(void **state)
{
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned accepted_one = 0, accepted_two = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		for (size_t j = 0; j < 64; j++) {
			char text[4] = { all[i], all[j], all[j], '\0' };
			uint8_t bytes[2];

			accepted_one += base64url_decode(bytes, 1, text, 2) ==
			    ERR_OK;
			accepted_two += base64url_decode(bytes, 2, text, 3) ==
			    ERR_OK;
		}
	}
	assert_int_equal(accepted_one, 256);
	assert_int_equal(accepted_two, 64 * 16);
}

static void
base64url_of_another_form_is_refused(void **state)
{
	static const char *const refused[] = { "", "Z", "Zg", "Zm8", "Zm9vYg",
		"Zm9v=", "Zm9", "Zm9v\n", " m9v", "Zm+v", "Zm/v", "Zm9=",
		"Zm.v", "Zm,v", "Zm[v", "Zm`v", "Zm{v", "Zm@v", "Zm:v",
		"Zm\x80v" };
	uint8_t bytes[3];

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(base64url_decode(bytes, 3, refused[i],
		    strlen(refused[i])), ERR_ENCODING);
	assert_int_equal(base64url_decode(bytes, 3, "Zm\0v", 4),
	    ERR_ENCODING);
	assert_int_equal(base64url_decode(bytes, 1, "Zh", 2), ERR_ENCODING);
	assert_int_equal(base64url_decode(bytes, 2, "Zm9", 3), ERR_ENCODING);
	assert_int_equal(base64url_decode(bytes, SIZE_MAX, "Zm9v", 4),
	    ERR_ENCODING);
}

/* --- Bech32 -------------------------------------------------------------- */

struct bech32_vector {
	const char *prefix;
	const char *text;	/* lower case */
	const char *hex;
};

/* From BIP 173, and two keys checked with age-keygen. */
static const struct bech32_vector bech32_known[] = {
	{ "a", "a12uel5l", "" },
	{ "abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
	  "00443214c74254b635cf84653a56d7c675be77df" },
	{ "split",
	  "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
	  "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d" },
	{ "?", "?1ezyfcl", "" },
	{ "age-secret-key-",
	  "age-secret-key-1ezdua5jd6r404kdcgkwaflxja57arcstrc7uq5f23k2d9xk342"
	  "6q7ndhwd",
	  "c89bced24dd0eafad9b8459dd4fcd2ed3dd1e20b1e3dc0512a8d94d29ad1aab4" },
	{ "age",
	  "age1ehstd4dqe0x00d7hc7p6vqlmx6qed0wk0yv7xvlw2vfegkp0z3yqdp57fw",
	  "cde0b6d5a0cbccf7b7d7c783a603fb368196bdd67919e333ee531394582f1448" },
};

static void
to_upper(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - 'a' + 'A');
}

static void
bech32_gives_the_known_answers_in_both_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bech32_known); i++) {
		const struct bech32_vector *v = &bech32_known[i];
		size_t size = strlen(v->hex) / 2;
		uint8_t bytes[40], decoded[40];
		char text[BECH32_SIZE_MAX], upper[BECH32_SIZE_MAX];

		assert_int_equal(hex_decode(bytes, size, v->hex, 2 * size),
		    ERR_OK);
		assert_int_equal(bech32_encode(text, sizeof(text), v->prefix,
		    bytes, size, 0), ERR_OK);
		assert_string_equal(text, v->text);
		assert_int_equal(bech32_decode(decoded, size, v->prefix,
		    text), ERR_OK);
		assert_memory_equal(decoded, bytes, size);
		assert_int_equal(bech32_encode(upper, sizeof(upper),
		    v->prefix, bytes, size, 1), ERR_OK);
		to_upper(text);
		assert_string_equal(upper, text);
		assert_int_equal(bech32_decode(decoded, size, v->prefix,
		    upper), ERR_OK);
		assert_memory_equal(decoded, bytes, size);
	}
}

static void
bech32_of_any_bytes_decodes_to_them(void **state)
{
	uint8_t bytes[40], decoded[40];
	char text[BECH32_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		size_t size = i % 41;

		fill(bytes, size);
		assert_int_equal(bech32_encode(text, sizeof(text), "a-1b",
		    bytes, size, (int)(i / 41 % 2)), ERR_OK);
		assert_int_equal(bech32_decode(decoded, size, "a-1b", text),
		    ERR_OK);
		assert_memory_equal(decoded, bytes, size);
	}
}

/* BIP 173 promises that up to four changed characters are found. */
static void
bech32_with_a_changed_character_is_refused(void **state)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio";
	char text[BECH32_SIZE_MAX];
	uint8_t bytes[32];
	size_t length = strlen(bech32_known[5].text);

	(void)state;
	for (size_t at = 0; at < length; at++) {
		for (size_t i = 0; i < sizeof(alphabet) - 1; i++) {
			memcpy(text, bech32_known[5].text, length + 1);
			if (text[at] == alphabet[i])
				continue;
			text[at] = alphabet[i];
			assert_int_equal(bech32_decode(bytes, 32, "age",
			    text), ERR_ENCODING);
		}
	}
}

static void
bech32_with_one_letter_of_the_other_case_is_refused(void **state)
{
	char text[BECH32_SIZE_MAX];
	uint8_t bytes[32];
	size_t length = strlen(bech32_known[5].text);

	(void)state;
	for (size_t at = 0; at < length; at++) {
		memcpy(text, bech32_known[5].text, length + 1);
		if (text[at] < 'a')
			continue;
		text[at] = (char)(text[at] - 'a' + 'A');
		assert_int_equal(bech32_decode(bytes, 32, "age", text),
		    ERR_ENCODING);
	}
}

static void
bech32_of_another_form_is_refused(void **state)
{
	const char *good = bech32_known[5].text;
	char text[BECH32_SIZE_MAX];
	uint8_t bytes[64];

	(void)state;
	/* another prefix, size, or length of the text */
	assert_int_equal(bech32_decode(bytes, 32, "agf", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 32, "ag", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 32, "", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 32, "AGE", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 31, "age", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 33, "age", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 41, "age", good), ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, SIZE_MAX, "age", good),
	    ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 32, "age", ""), ERR_ENCODING);
	for (size_t length = 0; length < strlen(good); length++) {
		memcpy(text, good, length);
		text[length] = '\0';
		assert_int_equal(bech32_decode(bytes, 32, "age", text),
		    ERR_ENCODING);
	}
	memcpy(text, good, strlen(good) + 1);
	memcpy(text + strlen(good), "q", 2);
	assert_int_equal(bech32_decode(bytes, 32, "age", text), ERR_ENCODING);
	/* BIP 173's own: bad checksum, checksum of an upper-case prefix */
	assert_int_equal(bech32_decode(bytes, 0, "a", "a12uel5m"),
	    ERR_ENCODING);
	assert_int_equal(bech32_decode(bytes, 0, "a", "A1G7SGD8"),
	    ERR_ENCODING);
}

/*
 * Spare bits that are not zero, under a checksum that is right: one byte has
 * two characters with two spare bits, so 3 of 4 spellings are refused. The
 * checksums were made with the reference implementation of BIP 173.
 */
static void
bech32_with_spare_bits_is_refused(void **state)
{
	uint8_t byte;

	(void)state;
	assert_int_equal(bech32_decode(&byte, 1, "a", "a1qqqd87cq"), ERR_OK);
	assert_int_equal(byte, 0);
	assert_int_equal(bech32_decode(&byte, 1, "a", "a1qpamnt9j"),
	    ERR_ENCODING);
	assert_int_equal(bech32_decode(&byte, 1, "a", "a1qzngxatd"),
	    ERR_ENCODING);
	assert_int_equal(bech32_decode(&byte, 1, "a", "a1qrw7jgkl"),
	    ERR_ENCODING);
}

static void
bech32_is_not_written_where_it_does_not_fit(void **state)
{
	static const uint8_t bytes[64] = { 0 };
	char text[BECH32_SIZE_MAX];
	size_t needed = strlen(bech32_known[5].text) + 1;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(bech32_encode(text, needed - 1, "age", bytes, 32, 0),
	    ERR_ENCODING);
	assert_int_equal(text[0], 'x');
	assert_int_equal(bech32_encode(text, needed, "age", bytes, 32, 0),
	    ERR_OK);
	assert_int_equal(text[needed], 'x');
	assert_int_equal(bech32_encode(text, sizeof(text), "age", bytes, 41,
	    0), ERR_ENCODING);
	assert_int_equal(bech32_encode(text, sizeof(text),
	    "abcdefghijklmnopqrstuvwxyz012345", bytes, 40, 0), ERR_OK);
	assert_int_equal(bech32_encode(text, sizeof(text),
	    "abcdefghijklmnopqrstuvwxyz0123456", bytes, 1, 0), ERR_ENCODING);
	assert_int_equal(bech32_encode(text, sizeof(text), "", bytes, 1, 0),
	    ERR_ENCODING);
	assert_int_equal(bech32_encode(text, sizeof(text), "Age", bytes, 1,
	    0), ERR_ENCODING);
	assert_int_equal(bech32_encode(text, sizeof(text), "a e", bytes, 1,
	    0), ERR_ENCODING);
	assert_int_equal(bech32_encode(text, sizeof(text), "\xc3\xa4", bytes,
	    1, 0), ERR_ENCODING);
}

/* --- codes --------------------------------------------------------------- */

static void
a_code_is_written_in_groups_of_four(void **state)
{
	static const struct { const char *hex, *text; } known[] = {
		{ "00000000000000000000", "0000-0000-0000-0000" },
		{ "ffffffffffffffffffff", "ZZZZ-ZZZZ-ZZZZ-ZZZZ" },
		{ "00443214c74254b635cf", "0123-4567-89AB-CDEF" },
		{ "0123456789abcdeffedc", "04HM-ASW9-NF6Y-ZZPW" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		uint8_t bytes[CODE_BYTES];
		char text[CODE_TEXT_SIZE];

		assert_int_equal(hex_decode(bytes, CODE_BYTES, known[i].hex,
		    2 * CODE_BYTES), ERR_OK);
		code_encode(text, bytes);
		assert_string_equal(text, known[i].text);
	}
}

static void
assert_normalises(const char *typed, const char *expected)
{
	char characters[CODE_CHARACTERS + 1];

	assert_int_equal(code_normalise(characters, typed, strlen(typed)),
	    ERR_OK);
	assert_string_equal(characters, expected);
}

static void
what_a_person_types_becomes_the_canonical_code(void **state)
{
	(void)state;
	assert_normalises("TE3N-537E-XCGP-7PVN", "TE3N537EXCGP7PVN");
	assert_normalises("te3n537excgp7pvn", "TE3N537EXCGP7PVN");
	assert_normalises(" te3n 537e\txcgp 7pvn ", "TE3N537EXCGP7PVN");
	assert_normalises("--t-e-3-n-537EXCGP7PVN--", "TE3N537EXCGP7PVN");
	assert_normalises("oOiI-lL00-1111-ABCD", "0011110011" "11ABCD");
}

static void
every_code_written_is_read_to_the_same_characters(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		uint8_t bytes[CODE_BYTES];
		char text[CODE_TEXT_SIZE], joined[CODE_CHARACTERS + 1];
		size_t used = 0;

		fill(bytes, sizeof(bytes));
		code_encode(text, bytes);
		for (size_t j = 0; text[j] != '\0'; j++)
			if (text[j] != '-')
				joined[used++] = text[j];
		joined[used] = '\0';
		assert_int_equal(used, CODE_CHARACTERS);
		assert_normalises(text, joined);
	}
}

static void
what_is_no_code_is_refused(void **state)
{
	static const char *const refused[] = { "", "-", "TE3N-537E-XCGP-7PV",
		"TE3N-537E-XCGP-7PVNN", "TE3N-537E-XCGP-7PVU",
		"TE3N_537E_XCGP_7PVN", "TE3N-537E-XCGP-7PV\xc3\x85",
		"TE3N\xe2\x80\x90-537EXCGP7PVN", "TE3N-537E-XCGP-7PV\n",
		"TE3N-537E-XCGP-7PVN\n", "TE3N-537E-XCGP-7PV*" };
	char characters[CODE_CHARACTERS + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(code_normalise(characters, refused[i],
		    strlen(refused[i])), ERR_ENCODING);
	assert_int_equal(code_normalise(characters, "TE3N\0" "37EXCGP7PVN",
	    16), ERR_ENCODING);
	assert_int_equal(code_normalise(characters, "TE3N537EXCGP7PVN", 15),
	    ERR_ENCODING);
}

/* --- UTF-8 --------------------------------------------------------------- */

static void
utf8_printable_takes_whole_characters_alone(void **state)
{
	static const struct { const char *text; size_t expected; } cases[] = {
		{ "a", 1 }, { " ", 1 }, { "~", 1 }, { "\x1f", 0 },
		{ "\x7f", 0 }, { "\n", 0 }, { "\x80", 0 }, { "\xbf", 0 },
		{ "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xc2\x80", 0 },
		{ "\xc2\x9f", 0 }, { "\xc2\xa0", 2 }, { "\xc3\xa9", 2 },
		{ "\xdf\xbf", 2 }, { "\xdf", 0 }, { "\xdf\x7f", 0 },
		{ "\xe0\x9f\xbf", 0 }, { "\xe0\xa0\x80", 3 },
		{ "\xe2\x82\xac", 3 }, { "\xe2\x82", 0 }, { "\xe2\x82z", 0 },
		{ "\xed\x9f\xbf", 3 }, { "\xed\xa0\x80", 0 },
		{ "\xed\xbf\xbf", 0 }, { "\xee\x80\x80", 3 },
		{ "\xef\xbf\xbf", 3 }, { "\xf0\x8f\xbf\xbf", 0 },
		{ "\xf0\x90\x80\x80", 4 }, { "\xf0\x9f\x8e\xb5", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 0 },
		{ "\xf0\x9f\x8e", 0 }, { "\xf5\x80\x80\x80", 0 },
		{ "\xff", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(utf8_printable(cases[i].text,
		    strlen(cases[i].text)), cases[i].expected);
	assert_int_equal(utf8_printable("", 1), 0);
	assert_int_equal(utf8_printable("\xc3\xa9", 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_is_lower_case_and_complete),
		cmocka_unit_test(hex_of_another_length_or_alphabet_is_refused),
		cmocka_unit_test(base64url_gives_the_known_answers),
		cmocka_unit_test(base64url_of_any_bytes_decodes_to_them),
		cmocka_unit_test(base64url_has_one_spelling_for_each_value),
		cmocka_unit_test(base64url_of_another_form_is_refused),
		cmocka_unit_test(bech32_gives_the_known_answers_in_both_cases),
		cmocka_unit_test(bech32_of_any_bytes_decodes_to_them),
		cmocka_unit_test(bech32_with_a_changed_character_is_refused),
		cmocka_unit_test(
		    bech32_with_one_letter_of_the_other_case_is_refused),
		cmocka_unit_test(bech32_of_another_form_is_refused),
		cmocka_unit_test(bech32_with_spare_bits_is_refused),
		cmocka_unit_test(bech32_is_not_written_where_it_does_not_fit),
		cmocka_unit_test(a_code_is_written_in_groups_of_four),
		cmocka_unit_test(
		    what_a_person_types_becomes_the_canonical_code),
		cmocka_unit_test(
		    every_code_written_is_read_to_the_same_characters),
		cmocka_unit_test(what_is_no_code_is_refused),
		cmocka_unit_test(utf8_printable_takes_whole_characters_alone),
	};

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
