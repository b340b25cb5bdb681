/* Derivation from the master keys, by the vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/keys.h"
#include "tests/unit/capture.h"
#include "tests/unit/vectors.h"

#define HEX_ONE \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_TWO \
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static enum err
load(const char *text, struct master_keys **out)
{
	const char *path = temporary_file(text);
	enum err e;

	capture_start();
	e = keys_load(path, out);
	assert_null(strstr(capture_end(), "0001020304"));
	unlink(path);
	return e;
}

static struct master_keys *
load_hex(const char *hex)
{
	struct master_keys *keys;
	char line[128];

	(void)snprintf(line, sizeof(line), "m %s\n", hex);
	assert_int_equal(load(line, &keys), ERR_OK);
	return keys;
}

static void
download_keys_and_recipients_are_those_of_the_vectors(void **state)
{
	json_t *vectors = vectors_load("download_key", 3), *vector;
	size_t i;

	(void)state;
	json_array_foreach(vectors, i, vector) {
		struct master_keys *keys = load_hex(vector_text(vector,
		    "master_key"));
		uint8_t identity[SEALED_IDENTITY_BYTES], recipient[32];
		char text[BECH32_SIZE_MAX];
		struct uuid version;

		assert_int_equal(uuid_parse(&version, vector_text(vector,
		    "version_id")), ERR_OK);
		assert_int_equal(keys_download_key(identity, keys, "m",
		    &version), ERR_OK);
		sealed_identity_text(text, identity);
		assert_string_equal(text, vector_text(vector,
		    "download_key"));
		assert_int_equal(sealed_recipient(recipient, identity),
		    ERR_OK);
		assert_int_equal(bech32_encode(text, sizeof(text), "age",
		    recipient, sizeof(recipient), 0), ERR_OK);
		assert_string_equal(text, vector_text(vector, "recipient"));
		keys_free(keys);
	}
	json_decref(vectors);
}

static enum code_kind
kind_named(const char *name)
{
	return strcmp(name, "gift-code") == 0 ? CODE_GIFT :
	    strcmp(name, "claim-code") == 0 ? CODE_CLAIM : CODE_RESET;
}

static void
codes_and_their_lookups_are_those_of_the_vectors(void **state)
{
	json_t *vectors = vectors_load("code", 4), *vector;
	size_t i;

	(void)state;
	json_array_foreach(vectors, i, vector) {
		struct master_keys *keys = load_hex(vector_text(vector,
		    "master_key"));
		struct code_name name = {
			.kind = kind_named(vector_text(vector, "kind")),
			.index = (uint32_t)vector_number(vector, "index") };
		char text[CODE_TEXT_SIZE], characters[CODE_CHARACTERS + 1];
		char hex[HEX_SIZE(CODE_LOOKUP_BYTES)];
		uint8_t lookup[CODE_LOOKUP_BYTES];

		assert_int_equal(uuid_parse(&name.owner, vector_text(vector,
		    "owner_id")), ERR_OK);
		assert_int_equal(keys_code(text, keys, "m", &name), ERR_OK);
		assert_string_equal(text, vector_text(vector, "code"));
		assert_int_equal(code_normalise(characters, text,
		    strlen(text)), ERR_OK);
		assert_int_equal(keys_code_lookup(lookup, keys, "m",
		    name.kind, characters), ERR_OK);
		hex_encode(hex, lookup, sizeof(lookup));
		assert_string_equal(hex, vector_text(vector, "lookup_hmac"));
		keys_free(keys);
	}
	json_decref(vectors);
}

static void
the_first_line_is_for_what_is_new_and_the_others_stay(void **state)
{
	static const struct uuid version;
	struct master_keys *keys;
	uint8_t one[SEALED_IDENTITY_BYTES], two[SEALED_IDENTITY_BYTES];

	(void)state;
	assert_int_equal(load("# rotated\nnew " HEX_TWO "\n\nold " HEX_ONE
	    "\n", &keys), ERR_OK);
	assert_int_equal(keys_count(keys), 2);
	assert_string_equal(keys_first_id(keys), "new");
	assert_string_equal(keys_id(keys, 1), "old");
	assert_int_equal(keys_download_key(one, keys, "new", &version),
	    ERR_OK);
	assert_int_equal(keys_download_key(two, keys, "old", &version),
	    ERR_OK);
	assert_memory_not_equal(one, two, sizeof(one));
	keys_free(keys);
}

static void
an_id_without_a_line_is_an_error_that_is_logged(void **state)
{
	static const struct uuid version;
	struct master_keys *keys = load_hex(HEX_ONE);
	uint8_t identity[SEALED_IDENTITY_BYTES];

	(void)state;
	capture_start();
	assert_int_equal(keys_download_key(identity, keys, "gone", &version),
	    ERR_KEY_FILE);
	assert_non_null(strstr(capture_end(), "gone"));
	keys_free(keys);
}

static void
new_keys_must_contain_the_old_ones(void **state)
{
	struct master_keys *one, *both, *turned, *other;

	(void)state;
	assert_int_equal(load("a " HEX_ONE "\n", &one), ERR_OK);
	assert_int_equal(load("a " HEX_ONE "\nb " HEX_TWO "\n", &both),
	    ERR_OK);
	assert_int_equal(load("b " HEX_TWO "\na " HEX_ONE "\n", &turned),
	    ERR_OK);
	assert_int_equal(load("a " HEX_TWO "\n", &other), ERR_OK);
	assert_true(keys_contain(both, one));
	assert_false(keys_contain(one, both));
	assert_true(keys_contain(turned, both));
	assert_false(keys_contain(other, one));
	assert_true(keys_equal(both, both));
	assert_false(keys_equal(both, turned));
	assert_false(keys_equal(both, one));
	assert_false(keys_equal(other, one));
	keys_keep(both, one);
	keys_keep(turned, both);
	keys_free(turned);
	keys_free(other);
}

static void
faulty_master_key_files_are_refused(void **state)
{
	static const char *const faulty[] = { "", "# none\n", "m\n",
		HEX_ONE "\n", "m " HEX_ONE "00\n", "m " HEX_ONE " x\n",
		"m.m " HEX_ONE "\n", "m " HEX_ONE "\nm " HEX_TWO "\n",
		"123456789012345678901234567890123 " HEX_ONE "\n" };
	struct master_keys *keys;

	(void)state;
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		assert_int_equal(load(faulty[i], &keys), ERR_KEY_FILE);
		assert_null(keys);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    download_keys_and_recipients_are_those_of_the_vectors),
		cmocka_unit_test(
		    codes_and_their_lookups_are_those_of_the_vectors),
		cmocka_unit_test(
		    the_first_line_is_for_what_is_new_and_the_others_stay),
		cmocka_unit_test(
		    an_id_without_a_line_is_an_error_that_is_logged),
		cmocka_unit_test(new_keys_must_contain_the_old_ones),
		cmocka_unit_test(faulty_master_key_files_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
