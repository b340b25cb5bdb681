/* UUIDs of version 7, and the one text form that is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/uuid.h"

static const uint8_t all_ones[10] = { 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255 };
static const uint8_t all_zeros[10];

static void
assert_made(int64_t now_ms, const uint8_t random[static 10],
    const char *expected)
{
	struct uuid uuid = uuid_make(now_ms, random);
	char text[UUID_TEXT_SIZE];

	uuid_text(text, &uuid);
	assert_string_equal(text, expected);
}

/* RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 GMT-05:00. */
static void
the_example_of_the_rfc_is_made(void **state)
{
	static const uint8_t random[10] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc,
		0x0c, 0x0c, 0x07, 0x39, 0x8f };

	(void)state;
	assert_made(INT64_C(0x017f22e279b0), random,
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void
version_and_variant_stand_whatever_the_random_bytes(void **state)
{
	(void)state;
	assert_made(0, all_zeros, "00000000-0000-7000-8000-000000000000");
	assert_made(INT64_C(0xffffffffffff), all_ones,
	    "ffffffff-ffff-7fff-bfff-ffffffffffff");
	assert_made(1, all_ones, "00000000-0001-7fff-bfff-ffffffffffff");
}

static void
a_later_millisecond_sorts_after_an_earlier_one(void **state)
{
	(void)state;
	for (int64_t ms = 1; ms < INT64_C(1) << 47; ms = ms * 3 + 1) {
		struct uuid earlier = uuid_make(ms - 1, all_ones);
		struct uuid later = uuid_make(ms, all_zeros);

		assert_true(memcmp(earlier.bytes, later.bytes,
		    UUID_BYTES) < 0);
	}
}

static void
new_ones_carry_the_clock_and_differ(void **state)
{
	int64_t before_ms = clock_unix_ms(), after_ms;
	struct uuid a = uuid_new(), b = uuid_new();
	uint64_t ms = 0;

	(void)state;
	after_ms = clock_unix_ms();
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | a.bytes[i];
	assert_true((int64_t)ms >= before_ms && (int64_t)ms <= after_ms);
	assert_int_equal(a.bytes[6] >> 4, 7);
	assert_int_equal(a.bytes[8] >> 6, 2);
	assert_memory_not_equal(a.bytes + 6, b.bytes + 6, 10);
}

static void
what_is_written_is_parsed_to_the_same(void **state)
{
	uint8_t random[10];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct uuid uuid, parsed;
		char text[UUID_TEXT_SIZE];

		for (size_t j = 0; j < sizeof(random); j++)
			random[j] = (uint8_t)(i * 2654435761u >> (j * 2));
		uuid = uuid_make((int64_t)i * 982451653, random);
		uuid_text(text, &uuid);
		assert_int_equal(strlen(text), 36);
		assert_int_equal(uuid_parse(&parsed, text), ERR_OK);
		assert_memory_equal(parsed.bytes, uuid.bytes, UUID_BYTES);
	}
}

static void
any_version_is_parsed(void **state)
{
	struct uuid uuid;

	(void)state;
	assert_int_equal(uuid_parse(&uuid,
	    "00000000-0000-0000-0000-000000000000"), ERR_OK);
	assert_int_equal(uuid_parse(&uuid,
	    "c232ab00-9414-11ec-b3c8-9f6bdeced846"), ERR_OK);
	assert_int_equal(uuid.bytes[0], 0xc2);
	assert_int_equal(uuid.bytes[15], 0x46);
}

static void
no_other_spelling_is_parsed(void **state)
{
	static const char *const refused[] = {
		"",
		"-",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398F",
		"017f22e279b07cc398c4dc0c0c07398f",
		"017f22e279b07cc398c4dc0c0c07398f----",
		"017f22e2-79b07-cc3-98c4-dc0c0c07398f",
		"017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
		" 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398 ",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"urn:uuid:017f22e2-79b0-7cc3-98c4-dc0",
	};
	struct uuid uuid, before;

	(void)state;
	memset(&uuid, 0x5a, sizeof(uuid));
	before = uuid;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(uuid_parse(&uuid, refused[i]), ERR_ENCODING);
		assert_memory_equal(&uuid, &before, sizeof(uuid));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc_is_made),
		cmocka_unit_test(
		    version_and_variant_stand_whatever_the_random_bytes),
		cmocka_unit_test(
		    a_later_millisecond_sorts_after_an_earlier_one),
		cmocka_unit_test(new_ones_carry_the_clock_and_differ),
		cmocka_unit_test(what_is_written_is_parsed_to_the_same),
		cmocka_unit_test(any_version_is_parsed),
		cmocka_unit_test(no_other_spelling_is_parsed),
	};

	return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
