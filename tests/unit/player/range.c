/* Byte ranges on the command line, object ids in URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "player/range.h"

#define OBJECT \
	"abababababababababababababababababababababababababababababababab"

static void
assert_range(const char *text, uint64_t size, uint64_t from, uint64_t count)
{
	struct byte_range range;
	uint64_t got_from, got_count;

	assert_int_equal(range_parse(text, &range), ERR_OK);
	assert_int_equal(range_resolve(&range, size, &got_from, &got_count),
	    ERR_OK);
	assert_int_equal(got_from, from);
	assert_int_equal(got_count, count);
}

static void
the_three_forms_give_the_bytes_that_http_would(void **state)
{
	(void)state;
	assert_range("0-0", 10, 0, 1);
	assert_range("0-9", 10, 0, 10);
	assert_range("3-5", 10, 3, 3);
	assert_range("3-99", 10, 3, 7);
	assert_range("9-", 10, 9, 1);
	assert_range("-3", 10, 7, 3);
	assert_range("-99", 10, 0, 10);
	assert_range("0-9223372036854775799", 10, 0, 10);
}

static void
other_forms_are_refused(void **state)
{
	static const char *const bad[] = { "", "-", "5", "5-4", "a-b", "1-x",
		" 1-2", "1 -2", "1-2 ", "--1", "1--2", "+1-2", "0x1-2",
		"1-2,4-5", "bytes=1-2", "99999999999999999999-",
		"1-18446744073709551616", "-18446744073709551616" };
	struct byte_range range;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (range_parse(bad[i], &range) != ERR_OUT_OF_RANGE)
			fail_msg("accepted: \"%s\"", bad[i]);
}

static void
a_range_without_a_byte_is_not_satisfiable(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} empty[] = { { "10-", 10 }, { "10-20", 10 }, { "-0", 10 },
		{ "0-", 0 }, { "-5", 0 } };
	struct byte_range range;
	uint64_t from, count;

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_int_equal(range_parse(empty[i].text, &range), ERR_OK);
		assert_int_equal(range_resolve(&range, empty[i].size, &from,
		    &count), ERR_RANGE_NOT_SATISFIABLE);
		assert_true(range_needs_end(&range, empty[i].size));
	}
	assert_int_equal(range_parse("0-5", &range), ERR_OK);
	assert_false(range_needs_end(&range, 10));
}

static void
an_object_id_is_taken_from_media_urls_alone(void **state)
{
	static const char *const none[] = { "", "https://h", "/media/" OBJECT,
		"https://h/x/media/" OBJECT, "https://h/objects/" OBJECT,
		"https://h/media/" OBJECT "a", "https://h/media/" OBJECT "/",
		"https://h/media/ab", "https://h?/media/" OBJECT,
		"https://h/media/ABABABABABABABABABABABABABABABAB"
		"ABABABABABABABABABABABABABABABAB" };
	char object[65];

	(void)state;
	assert_true(range_url_object("https://h:1/media/" OBJECT "?commerce=x",
	    object));
	assert_string_equal(object, OBJECT);
	assert_true(range_url_object("http://[::1]/media/" OBJECT, object));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (range_url_object(none[i], object))
			fail_msg("found one in: %s", none[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_three_forms_give_the_bytes_that_http_would),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(a_range_without_a_byte_is_not_satisfiable),
		cmocka_unit_test(an_object_id_is_taken_from_media_urls_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
