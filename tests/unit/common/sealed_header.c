/* Sizes, keys and the header that we write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/encoding.h"
#include "common/sealed_header.h"
#include "common/sealed_open.h"
#include "common/secret.h"
#include "tests/unit/vectors.h"

static void
sealed_sizes_are_those_of_the_vectors_and_lead_back(void **state)
{
	json_t *vectors = vectors_load("sealed_size", 7), *vector;
	uint64_t plain;
	size_t i;

	(void)state;
	json_array_foreach(vectors, i, vector) {
		uint64_t size = vector_number(vector, "size");
		uint64_t sealed = vector_number(vector, "sealed_size");

		assert_int_equal(sealed_size(size), sealed);
		assert_int_equal(sealed_plaintext_size(sealed,
		    SEALED_HEADER_BYTES, &plain), ERR_OK);
		assert_int_equal(plain, size);
	}
	json_decref(vectors);
}

static void
sizes_that_no_sealed_file_has_are_told(void **state)
{
	static const uint64_t impossible[] = { 0, 167, 168, 184, 199,
		/* a last chunk that is empty, or shorter than its tag */
		168 + 16 + 65552 + 1, 168 + 16 + 65552 + 15,
		168 + 16 + 65552 + 16, 168 + 16 + 2 * 65552 + 16 };
	uint64_t plain;

	(void)state;
	for (size_t i = 0; i < sizeof(impossible) / sizeof(uint64_t); i++)
		assert_int_equal(sealed_plaintext_size(impossible[i],
		    SEALED_HEADER_BYTES, &plain), ERR_SEALED_TRUNCATED);
}

static void
every_size_from_0_to_200000_leads_back(void **state)
{
	uint64_t plain;

	(void)state;
	for (uint64_t size = 0; size <= 200000; size++)
		if (sealed_plaintext_size(sealed_size(size),
		    SEALED_HEADER_BYTES, &plain) != ERR_OK || plain != size)
			fail_msg("size %d", (int)size);
}

static void
an_identity_is_read_in_the_one_spelling_of_age(void **state)
{
	const char *good = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGF"
	    "PYYSJZGFPYYSJZGFPQ4EGAEX";
	char text[SEALED_IDENTITY_TEXT_SIZE];
	uint8_t identity[SEALED_IDENTITY_BYTES];

	(void)state;
	assert_int_equal(sealed_identity_parse(identity, good), ERR_OK);
	for (size_t i = 0; i < sizeof(identity); i++)
		assert_int_equal(identity[i], 0x42);
	sealed_identity_text(text, identity);
	assert_string_equal(text, good);
	for (char *c = text; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	assert_int_equal(sealed_identity_parse(identity, text), ERR_ENCODING);
	assert_int_equal(sealed_identity_parse(identity, ""), ERR_ENCODING);
	memcpy(text, good, sizeof(text));
	text[30] = text[30] == 'Q' ? 'P' : 'Q';
	assert_int_equal(sealed_identity_parse(identity, text), ERR_ENCODING);
}

/* RFC 7748, 6.1: Alice's and Bob's private keys. */
static void
a_recipient_is_the_public_key_of_rfc_7748(void **state)
{
	uint8_t identity[32], recipient[32];
	char text[65];

	(void)state;
	assert_int_equal(hex_decode(identity, 32, "77076d0a7318a57d3c16c17251b2"
	    "6645df4c2f87ebc0992ab177fba51db92c2a", 64), ERR_OK);
	assert_int_equal(sealed_recipient(recipient, identity), ERR_OK);
	hex_encode(text, recipient, 32);
	assert_string_equal(text, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26"
	    "381af4eba4a98eaa9b4e6a");
}

static void
a_header_opens_with_its_identity_and_no_other(void **state)
{
	uint8_t file[SEALED_HEADER_BYTES + SEALED_NONCE_BYTES] = { 0 };
	uint8_t identity[32], other[32], ephemeral[32], recipient[32];
	uint8_t file_key[SEALED_FILE_KEY_BYTES];
	struct sealed_head head;
	size_t size;

	(void)state;
	secret_random(identity, sizeof(identity));
	secret_random(other, sizeof(other));
	secret_random(ephemeral, sizeof(ephemeral));
	secret_random(file_key, sizeof(file_key));
	assert_int_equal(sealed_recipient(recipient, identity), ERR_OK);
	assert_int_equal(sealed_header_write(file, file_key, recipient,
	    ephemeral), ERR_OK);
	assert_int_equal(sealed_head_find(file, sizeof(file), &size), ERR_OK);
	assert_int_equal(size, SEALED_HEADER_BYTES);
	assert_int_equal(sealed_head_open(&head, identity, file, size),
	    ERR_OK);
	assert_int_equal(sealed_head_open(&head, other, file, size),
	    ERR_SEALED_NO_MATCH);
}

static void
every_flipped_bit_of_a_header_is_noticed(void **state)
{
	uint8_t file[SEALED_HEADER_BYTES + SEALED_NONCE_BYTES] = { 0 };
	uint8_t identity[32] = { 1 }, ephemeral[32] = { 2 }, recipient[32];
	uint8_t file_key[SEALED_FILE_KEY_BYTES] = { 3 };
	struct sealed_head head;

	(void)state;
	assert_int_equal(sealed_recipient(recipient, identity), ERR_OK);
	assert_int_equal(sealed_header_write(file, file_key, recipient,
	    ephemeral), ERR_OK);
	for (size_t i = 0; i < SEALED_HEADER_BYTES * 8; i++) {
		size_t size;
		enum err e;

		file[i / 8] = (uint8_t)(file[i / 8] ^ 1 << i % 8);
		e = sealed_head_find(file, SEALED_HEADER_BYTES, &size);
		if (e == ERR_OK && size > 0)
			e = sealed_head_open(&head, identity, file, size);
		else if (e == ERR_OK)
			e = ERR_SEALED_HEADER;	/* it has no end any more */
		assert_true(e == ERR_SEALED_HEADER || e == ERR_SEALED_MAC ||
		    e == ERR_SEALED_NO_MATCH);
		file[i / 8] = (uint8_t)(file[i / 8] ^ 1 << i % 8);
	}
}

static void
a_recipient_of_low_order_is_refused(void **state)
{
	uint8_t header[SEALED_HEADER_BYTES];
	const uint8_t recipient[32] = { 0 }, ephemeral[32] = { 2 };
	const uint8_t file_key[SEALED_FILE_KEY_BYTES] = { 3 };

	(void)state;
	assert_int_equal(sealed_header_write(header, file_key, recipient,
	    ephemeral), ERR_CRYPTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sealed_sizes_are_those_of_the_vectors_and_lead_back),
		cmocka_unit_test(sizes_that_no_sealed_file_has_are_told),
		cmocka_unit_test(every_size_from_0_to_200000_leads_back),
		cmocka_unit_test(
		    an_identity_is_read_in_the_one_spelling_of_age),
		cmocka_unit_test(a_recipient_is_the_public_key_of_rfc_7748),
		cmocka_unit_test(
		    a_header_opens_with_its_identity_and_no_other),
		cmocka_unit_test(every_flipped_bit_of_a_header_is_noticed),
		cmocka_unit_test(a_recipient_of_low_order_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
