/* HMAC-SHA256 and HKDF-SHA256 by the RFCs, with keys in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "common/encoding.h"
#include "common/hmac.h"

static void
assert_mac(const void *key, size_t key_size, const char *text,
    const char *expected)
{
	const struct hmac_part parts[] = { { text, 3 },
		{ text + 3, strlen(text) - 3 } };
	uint8_t mac[HMAC_BYTES];
	char hex[65];

	assert_int_equal(hmac_sha256(mac, key, key_size, parts, 2), ERR_OK);
	hex_encode(hex, mac, sizeof(mac));
	assert_string_equal(hex, expected);
}

/* RFC 4231, cases 1 and 2, one after the other and again. */
static void *
macs_of_the_rfc(void *unused)
{
	uint8_t key[20];

	memset(key, 0x0b, sizeof(key));
	for (int i = 0; i < 3; i++) {
		assert_mac(key, sizeof(key), "Hi There", "b0344c61d8db38535ca8"
		    "afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
		assert_mac(key, sizeof(key), "Hi There", "b0344c61d8db38535ca8"
		    "afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
		assert_mac("Jefe", 4, "what do ya want for nothing?",
		    "5bdcc146bf60754e6a042426089575c7"
		    "5a003f089d2739839dec58b964ec3843");
	}
	return unused;
}

static void
keys_may_take_turns_in_one_thread_and_in_several(void **state)
{
	pthread_t threads[4];

	(void)state;
	(void)macs_of_the_rfc(NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    macs_of_the_rfc, NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
keys_of_no_bytes_or_too_many_are_refused(void **state)
{
	uint8_t mac[HMAC_BYTES], key[HMAC_KEY_MAX + 1] = { 0 };

	(void)state;
	assert_int_equal(hmac_sha256(mac, key, 0, NULL, 0), ERR_CRYPTO);
	assert_int_equal(hmac_sha256(mac, key, sizeof(key), NULL, 0),
	    ERR_CRYPTO);
	assert_int_equal(hmac_sha256(mac, key, HMAC_KEY_MAX, NULL, 0),
	    ERR_OK);
}

/* FIPS 180-2, B.1. */
static void
sha256_is_the_same_in_one_part_or_three(void **state)
{
	static const struct hmac_part parts[] = {
		{ "a", 1 }, { "", 0 }, { "bc", 2 },
	}, whole = { "abc", 3 };
	uint8_t digest[HMAC_BYTES];
	char hex[65];

	(void)state;
	assert_int_equal(sha256_digest(digest, parts, 3), ERR_OK);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(sha256_digest(digest, &whole, 1), ERR_OK);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
}

/* RFC 5869: the first 32 bytes of cases 1 and 3. */
static void
hkdf_gives_the_bytes_of_the_rfc(void **state)
{
	static const uint8_t salt[13] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
		11, 12 };
	uint8_t key[22], out[HMAC_BYTES];
	struct hkdf_input input = { key, sizeof(key), salt, sizeof(salt),
		"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9" };
	char hex[65];

	(void)state;
	memset(key, 0x0b, sizeof(key));
	assert_int_equal(hkdf_sha256(out, &input), ERR_OK);
	hex_encode(hex, out, sizeof(out));
	assert_string_equal(hex, "3cb25f25faacd57a90434f64d0362f2a"
	    "2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	input.salt_size = 0;
	input.info = "";
	assert_int_equal(hkdf_sha256(out, &input), ERR_OK);
	hex_encode(hex, out, sizeof(out));
	assert_string_equal(hex, "8da4e775a563c18f715f802a063c5a31"
	    "b8a11f5c5ee1879ec3454e5f3c738d2d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    keys_may_take_turns_in_one_thread_and_in_several),
		cmocka_unit_test(keys_of_no_bytes_or_too_many_are_refused),
		cmocka_unit_test(sha256_is_the_same_in_one_part_or_three),
		cmocka_unit_test(hkdf_gives_the_bytes_of_the_rfc),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
