/* Security tokens: the form of a URL, the key file, issue and verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "common/encoding.h"
#include "common/token.h"
#include "tests/unit/capture.h"
#include "tests/unit/vectors.h"

#define OBJECT \
	"abababababababababababababababababababababababababababababababab"
#define QUERY "commerce=shop.example.com&key=2026a&expires=1000&grant=g"
#define KEY_HEX \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_END "00112233445566778899aabbccddeeff"
#define ORIGIN "https://media.example.com"

static struct signing_keys *keys;
static struct signing_key key;

static struct signing_keys *
load(const char *text, enum err expected)
{
	struct signing_keys *out;
	const char *path = temporary_file(text);
	enum err e;

	capture_start();
	e = signing_keys_load(path, &out);
	(void)capture_end();
	unlink(path);
	assert_int_equal(e, expected);
	return out;
}

static int
make_keys(void **state)
{
	(void)state;
	keys = load("shop.example.com 2026a " KEY_HEX "\n", ERR_OK);
	key = *signing_keys_first(keys, "shop.example.com");
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	signing_keys_free(keys);
	return 0;
}

/* --- targets -------------------------------------------------------------- */

static enum err
parse(const char *target)
{
	struct token_target parsed;

	return token_target_parse(target, &parsed);
}

static void
a_full_target_is_taken_apart(void **state)
{
	const char *target = "/media/" OBJECT "?" QUERY
	    "&name=caf%C3%A9%20noir.ogg.age&token=abc";
	struct token_target parsed;

	(void)state;
	assert_int_equal(token_target_parse(target, &parsed), ERR_OK);
	assert_int_equal(parsed.resource, TOKEN_MEDIA);
	assert_string_equal(parsed.object, OBJECT);
	assert_string_equal(parsed.commerce_id, "shop.example.com");
	assert_string_equal(parsed.key_id, "2026a");
	assert_int_equal(parsed.expires_s, 1000);
	assert_string_equal(parsed.grant, "g");
	assert_string_equal(parsed.name, "caf\xc3\xa9 noir.ogg.age");
	assert_true(parsed.has_token);
	assert_int_equal(parsed.token_length, 3);
	assert_string_equal(parsed.token, "");
	assert_int_equal(parsed.signed_length, strlen(target) - 10);
}

static void
an_empty_token_is_told_from_none(void **state)
{
	struct token_target parsed;

	(void)state;
	assert_int_equal(token_target_parse("/media/" OBJECT "?" QUERY
	    "&token=", &parsed), ERR_OK);
	assert_true(parsed.has_token);
	assert_int_equal(parsed.token_length, 0);
	assert_int_equal(token_target_parse("/media/" OBJECT "?" QUERY,
	    &parsed), ERR_OK);
	assert_false(parsed.has_token);
}

static const char *const good_targets[] = {
	"/media/" OBJECT "?" QUERY,
	"/media/" OBJECT "?" QUERY "&name=a",
	"/media/" OBJECT "?" QUERY "&name=-_.~",
	"/media/" OBJECT "?" QUERY "&name=%26token%3Dx",
	"/media/" OBJECT "?" QUERY "&name=...",
	"/media/" OBJECT "?" QUERY "&token=any%thing!",
	"/objects/" OBJECT "?" QUERY,
	"/objects?" QUERY,
	"/objects?" QUERY "&after=" OBJECT,
	"/media/" OBJECT "?commerce=a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a-.-_b&key=_&expires=99999999999&grant=-",
};

static const char *const bad_targets[] = {
	"", "/", "/media", "/media/", "/media/?" QUERY, "/Media/" OBJECT "?"
	QUERY, "/objectsx?" QUERY, "/objects", "/objects?", "/objects/?" QUERY,
	"/media/" OBJECT, "/media/" OBJECT "?", "media/" OBJECT "?" QUERY,
	"//media/" OBJECT "?" QUERY, "http://h/media/" OBJECT "?" QUERY,
	"/media/../media/" OBJECT "?" QUERY, "/media/" OBJECT "/?" QUERY,
	"/media/" OBJECT "a?" QUERY,	/* 65 digits */
	"/media/bababababababababababababababababababababababababababababababab"
	"?" QUERY,			/* 63 */
	"/media/ABABABABABABABABABABABABABABABAB"
	"ABABABABABABABABABABABABABABABAB?" QUERY,
	"/media/%61babababababababababababababab"
	"abababababababababababababababab?" QUERY,
	/* parameters: removed, out of order, twice, spelt differently */
	"/media/" OBJECT "?key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=1",
	"/media/" OBJECT "?key=k&commerce=a&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&commerce=a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?Commerce=a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=%61&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a;key=k;expires=1;grant=g",
	"/media/" OBJECT "?&commerce=a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?" QUERY "&", "/media/" OBJECT "?" QUERY "&x=1",
	"/media/" OBJECT "?" QUERY "#f", "/media/" OBJECT "?" QUERY " ",
	"/media/" OBJECT "?" QUERY "&grant=h",
	"/media/" OBJECT "?" QUERY "&token=a&token=b",
	"/media/" OBJECT "?" QUERY "&token=a&name=b",
	"/media/" OBJECT "?" QUERY "&token=a&",
	"/media/" OBJECT "?" QUERY "&after=" OBJECT,
	"/objects/" OBJECT "?" QUERY "&token=a",
	"/objects/" OBJECT "?" QUERY "&name=a",
	"/objects?" QUERY "&name=a", "/objects?" QUERY "&token=a",
	"/objects?" QUERY "&after=", "/objects?" QUERY "&after=ab",
	/* ids */
	"/media/" OBJECT "?commerce=&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=.a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a.&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a..b&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=-a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a/b&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=" OBJECT "a&key=k&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&key=&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&key=a.b&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&key=123456789012345678901234567890123"
	"&expires=1&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=1&grant=",
	"/media/" OBJECT "?commerce=a&key=k&expires=1&grant=a.b",
	"/media/" OBJECT "?commerce=a&key=k&expires=1&grant=" OBJECT "a",
	/* expiry */
	"/media/" OBJECT "?commerce=a&key=k&expires=&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=0&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=01&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=-1&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=+1&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=1.0&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=0x1&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=1e3&grant=g",
	"/media/" OBJECT "?commerce=a&key=k&expires=100000000000&grant=g",
	/* names */
	"/media/" OBJECT "?" QUERY "&name=", "/media/" OBJECT "?" QUERY
	"&name=.", "/media/" OBJECT "?" QUERY "&name=..",
	"/media/" OBJECT "?" QUERY "&name=%2E%2E",
	"/media/" OBJECT "?" QUERY "&name=a/b",
	"/media/" OBJECT "?" QUERY "&name=a%2Fb",
	"/media/" OBJECT "?" QUERY "&name=a%5Cb",
	"/media/" OBJECT "?" QUERY "&name=%61",
	"/media/" OBJECT "?" QUERY "&name=%c3%a9",
	"/media/" OBJECT "?" QUERY "&name=a+b+%",
	"/media/" OBJECT "?" QUERY "&name=%4",
	"/media/" OBJECT "?" QUERY "&name=%GG",
	"/media/" OBJECT "?" QUERY "&name=%00",
	"/media/" OBJECT "?" QUERY "&name=%0A",
	"/media/" OBJECT "?" QUERY "&name=%7F",
	"/media/" OBJECT "?" QUERY "&name=%C2%80",
	"/media/" OBJECT "?" QUERY "&name=%E2%80%AE",
	"/media/" OBJECT "?" QUERY "&name=%E2%81%A6",
	"/media/" OBJECT "?" QUERY "&name=%C0%AF",
	"/media/" OBJECT "?" QUERY "&name=%C3",
	"/media/" OBJECT "?" QUERY "&name=%ED%A0%80",
	"/media/" OBJECT "?" QUERY "&name=%F4%90%80%80",
	"/media/" OBJECT "?" QUERY "&name=%E0%81%81",
	"/media/" OBJECT "?" QUERY "&name=%F0%80%81%81",
};

static void
each_accepted_form_is_parsed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good_targets) / sizeof(char *); i++)
		if (parse(good_targets[i]) != ERR_OK)
			fail_msg("refused: %s", good_targets[i]);
}

static void
every_other_spelling_is_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_targets) / sizeof(char *); i++)
		if (parse(bad_targets[i]) != ERR_MALFORMED_URL)
			fail_msg("accepted: %s", bad_targets[i]);
}

static void
names_have_at_most_255_bytes_once_decoded(void **state)
{
	char target[2048];
	size_t length = (size_t)snprintf(target, sizeof(target),
	    "/media/" OBJECT "?" QUERY "&name=");

	(void)state;
	for (size_t i = 0; i < 255; i++)
		memcpy(target + length + 3 * i, "%20", 4);
	assert_int_equal(parse(target), ERR_OK);
	memcpy(target + length + 3 * 255, "%20", 4);
	assert_int_equal(parse(target), ERR_MALFORMED_URL);
}

static void
a_built_url_is_the_one_that_is_parsed(void **state)
{
	const struct token_url parts = { .origin = ORIGIN,
		.resource = TOKEN_MEDIA, .object = OBJECT,
		.commerce_id = "shop.example.com", .key_id = "2026a",
		.expires_s = 1767225600, .grant = "kQ0Yb1mJ6Zl8w2s5xVnT3A",
		.name = "caf\xc3\xa9 noir.ogg.age" };
	struct token_target parsed;
	char url[TOKEN_TARGET_MAX];
	size_t length;

	(void)state;
	assert_int_equal(token_url_build(url, sizeof(url), &parts), ERR_OK);
	assert_string_equal(url, ORIGIN "/media/" OBJECT "?commerce=shop."
	    "example.com&key=2026a&expires=1767225600&grant=kQ0Yb1mJ6Zl8w2s5x"
	    "VnT3A&name=caf%C3%A9%20noir.ogg.age");
	assert_int_equal(token_target_parse(url + strlen(ORIGIN), &parsed),
	    ERR_OK);
	assert_string_equal(parsed.name, parts.name);
	length = strlen(url);
	assert_int_equal(token_url_build(url, length + 1, &parts), ERR_OK);
	assert_int_equal(token_url_build(url, length, &parts),
	    ERR_MALFORMED_URL);
}

static void
a_url_with_a_part_out_of_form_is_not_built(void **state)
{
	const struct token_url good = { .origin = ORIGIN,
		.resource = TOKEN_MEDIA, .object = OBJECT,
		.commerce_id = "s", .key_id = "k", .expires_s = 1,
		.grant = "g" };
	struct token_url bad[9];
	char url[TOKEN_TARGET_MAX];

	(void)state;
	for (size_t i = 0; i < 9; i++)
		bad[i] = good;
	bad[0].grant = "g&token=x";
	bad[1].commerce_id = "s&key=k";
	bad[2].key_id = "";
	bad[3].expires_s = 0;
	bad[4].expires_s = INT64_C(100000000000);
	bad[5].object = NULL;
	bad[6].name = "a/b";
	bad[7].after = OBJECT;
	bad[8].resource = TOKEN_LIST;
	assert_int_equal(token_url_build(url, sizeof(url), &good), ERR_OK);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(token_url_build(url, sizeof(url), &bad[i]),
		    ERR_MALFORMED_URL);
}

/* --- tokens --------------------------------------------------------------- */

static enum token_method
method_named(const char *name)
{
	return strcmp(name, "GET") == 0 ? TOKEN_GET :
	    strcmp(name, "PUT") == 0 ? TOKEN_PUT :
	    strcmp(name, "DELETE") == 0 ? TOKEN_DELETE : TOKEN_LIST_OBJECTS;
}

static void
the_vectors_are_issued_and_verified(void **state)
{
	json_t *vectors = vectors_load("token", 8), *vector;
	size_t i;

	(void)state;
	json_array_foreach(vectors, i, vector) {
		char line[256], token[TOKEN_LENGTH + 1];
		const char *origin = vector_text(vector, "origin");
		const char *expected = vector_text(vector, "security_token");
		struct token_target parsed;
		struct token_request request = {
			.method = method_named(vector_text(vector, "method")),
			.target = vector_text(vector, "target"),
			.parsed = &parsed, .token = expected,
			.token_length = TOKEN_LENGTH, .origins = &origin,
			.origin_count = 1 };
		struct signing_keys *set;

		assert_int_equal(token_target_parse(request.target, &parsed),
		    ERR_OK);
		(void)snprintf(line, sizeof(line), "%s %s %s\n",
		    vector_text(vector, "commerce_id"), parsed.key_id,
		    vector_text(vector, "signing_key"));
		set = load(line, ERR_OK);
		assert_int_equal(token_issue(token, signing_keys_first(set,
		    parsed.commerce_id), request.method,
		    vector_text(vector, "url")), ERR_OK);
		assert_string_equal(token, expected);
		assert_int_equal(token_verify(set, &request,
		    parsed.expires_s - 1), ERR_OK);
		assert_int_equal(token_verify(set, &request,
		    parsed.expires_s), ERR_TOKEN_EXPIRED);
		signing_keys_free(set);
	}
	json_decref(vectors);
}

static enum err
verify_at(const char *target, const char *token, int64_t now_s)
{
	static const char *const origins[] = { "https://old.example.com",
		ORIGIN, "https://new.example.com" };
	struct token_target parsed;
	struct token_request request = { .method = TOKEN_GET,
		.target = target, .parsed = &parsed, .token = token,
		.token_length = strlen(token), .origins = origins,
		.origin_count = 3 };

	if (token_target_parse(target, &parsed) != ERR_OK)
		return ERR_MALFORMED_URL;
	return token_verify(keys, &request, now_s);
}

static void
issue(char token[TOKEN_LENGTH + 1], const char *target)
{
	char url[TOKEN_TARGET_MAX];

	(void)snprintf(url, sizeof(url), ORIGIN "%s", target);
	assert_int_equal(token_issue(token, &key, TOKEN_GET, url), ERR_OK);
}

static void
token_is_refused_from_the_second_of_its_expiry(void **state)
{
	const char *target = "/media/" OBJECT "?" QUERY;
	char token[TOKEN_LENGTH + 1];

	(void)state;
	issue(token, target);
	assert_int_equal(verify_at(target, token, 999), ERR_OK);
	assert_int_equal(verify_at(target, token, 1000), ERR_TOKEN_EXPIRED);
	assert_int_equal(verify_at(target, token, INT64_MAX),
	    ERR_TOKEN_EXPIRED);
}

static void
an_expiry_more_than_8_days_ahead_is_refused(void **state)
{
	const char *target = "/media/" OBJECT "?commerce=shop.example.com"
	    "&key=2026a&expires=1000000&grant=g";
	char token[TOKEN_LENGTH + 1];

	(void)state;
	issue(token, target);
	assert_int_equal(verify_at(target, token, 1000000 -
	    TOKEN_EXPIRY_MAX_S), ERR_OK);
	assert_int_equal(verify_at(target, token, 999999 -
	    TOKEN_EXPIRY_MAX_S), ERR_TOKEN_REFUSED);
}

static void
each_flipped_bit_of_target_and_token_is_refused(void **state)
{
	char target[] = "/media/" OBJECT "?" QUERY "&name=a.ogg";
	char token[TOKEN_LENGTH + 1];
	enum err e;

	(void)state;
	issue(token, target);
	for (size_t i = 0; i < (sizeof(target) - 1) * 8; i++) {
		target[i / 8] = (char)(target[i / 8] ^ 1 << i % 8);
		e = verify_at(target, token, 999);
		assert_true(e == ERR_MALFORMED_URL || e == ERR_TOKEN_REFUSED);
		target[i / 8] = (char)(target[i / 8] ^ 1 << i % 8);
	}
	for (size_t i = 0; i < (size_t)TOKEN_LENGTH * 8; i++) {
		token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
		assert_int_equal(verify_at(target, token, 999),
		    ERR_TOKEN_REFUSED);
		token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
	}
	assert_int_equal(verify_at(target, token, 999), ERR_OK);
}

static void
tokens_of_another_length_are_refused(void **state)
{
	const char *target = "/media/" OBJECT "?" QUERY;
	char token[TOKEN_LENGTH + 2];

	(void)state;
	issue(token, target);
	assert_int_equal(verify_at(target, "", 999), ERR_TOKEN_REFUSED);
	token[TOKEN_LENGTH] = '=';
	token[TOKEN_LENGTH + 1] = '\0';
	assert_int_equal(verify_at(target, token, 999), ERR_TOKEN_REFUSED);
	token[TOKEN_LENGTH - 1] = '\0';
	assert_int_equal(verify_at(target, token, 999), ERR_TOKEN_REFUSED);
}

static void
another_method_another_origin_and_unknown_ids_are_refused(void **state)
{
	const char *const unknown[] = {
		"/media/" OBJECT "?commerce=other.example.com&key=2026a"
		"&expires=1000&grant=g",
		"/media/" OBJECT "?commerce=shop.example.com&key=2026b"
		"&expires=1000&grant=g" };
	const char *target = "/media/" OBJECT "?" QUERY;
	char token[TOKEN_LENGTH + 1];

	(void)state;
	assert_int_equal(token_issue(token, &key, TOKEN_PUT,
	    ORIGIN "/media/" OBJECT "?" QUERY), ERR_OK);
	assert_int_equal(verify_at(target, token, 999), ERR_TOKEN_REFUSED);
	assert_int_equal(token_issue(token, &key, TOKEN_GET,
	    "https://elsewhere.example.com/media/" OBJECT "?" QUERY), ERR_OK);
	assert_int_equal(verify_at(target, token, 999), ERR_TOKEN_REFUSED);
	for (size_t i = 0; i < 2; i++) {
		issue(token, unknown[i]);
		assert_int_equal(verify_at(unknown[i], token, 999),
		    ERR_TOKEN_REFUSED);
	}
}

/* --- the key file --------------------------------------------------------- */

static void
a_key_file_has_comments_and_several_issuers(void **state)
{
	struct signing_keys *set = load("# ours\r\n\n"
	    "shop.example.com new " KEY_HEX "\r\n"
	    "\tshop.example.com  old\t" KEY_HEX "\n"
	    "other k " KEY_HEX, ERR_OK);

	(void)state;
	assert_int_equal(signing_keys_count(set), 3);
	assert_string_equal(signing_keys_first(set,
	    "shop.example.com")->key_id, "new");
	assert_string_equal(signing_keys_first(set, "other")->key_id, "k");
	assert_null(signing_keys_first(set, "nobody"));
	signing_keys_free(set);
}

static void
faulty_key_files_are_refused_with_the_line_and_without_the_key(void **state)
{
	static const char *const faulty[] = { "s k " KEY_HEX "0\n",
		"s k\n", "s k " KEY_HEX " x\n", "s. k " KEY_HEX "\n",
		"s k.k " KEY_HEX "\n", "s k " KEY_HEX "\ns k " KEY_HEX "\n",
		"s k AABBCCDDEEFF00112233445566778899" HEX_END "\n" };
	struct signing_keys *set;
	const char *path, *said;

	(void)state;
	assert_null(load("# nothing\n", ERR_KEY_FILE));
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		path = temporary_file(faulty[i]);
		capture_start();
		assert_int_equal(signing_keys_load(path, &set), ERR_KEY_FILE);
		said = capture_end();
		assert_non_null(strstr(said, i == 5 ? ":2: " : ":1: "));
		assert_null(strstr(said, "0011223344"));
		unlink(path);
	}
}

static void
a_key_file_that_others_can_read_is_refused(void **state)
{
	const char *path = temporary_file("s k " KEY_HEX "\n");
	struct signing_keys *set;

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	capture_start();
	assert_int_equal(signing_keys_load(path, &set), ERR_PERMISSIONS);
	(void)capture_end();
	assert_null(set);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_target_is_taken_apart),
		cmocka_unit_test(an_empty_token_is_told_from_none),
		cmocka_unit_test(each_accepted_form_is_parsed),
		cmocka_unit_test(every_other_spelling_is_malformed),
		cmocka_unit_test(names_have_at_most_255_bytes_once_decoded),
		cmocka_unit_test(a_built_url_is_the_one_that_is_parsed),
		cmocka_unit_test(a_url_with_a_part_out_of_form_is_not_built),
		cmocka_unit_test(the_vectors_are_issued_and_verified),
		cmocka_unit_test(
		    token_is_refused_from_the_second_of_its_expiry),
		cmocka_unit_test(an_expiry_more_than_8_days_ahead_is_refused),
		cmocka_unit_test(
		    each_flipped_bit_of_target_and_token_is_refused),
		cmocka_unit_test(tokens_of_another_length_are_refused),
		cmocka_unit_test(
		    another_method_another_origin_and_unknown_ids_are_refused),
		cmocka_unit_test(a_key_file_has_comments_and_several_issuers),
		cmocka_unit_test(
	    faulty_key_files_are_refused_with_the_line_and_without_the_key),
		cmocka_unit_test(a_key_file_that_others_can_read_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
