/* Range asks for part of an object or is ignored; Content-Range says exactly
 * which piece arrives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/range.h"

#define SIZE 1000

struct select_case {
	const char *field;
	enum range_verdict verdict;
	uint64_t offset, length;
};

static void
check_all(const struct select_case *cases, size_t count, uint64_t size)
{
	for (size_t i = 0; i < count; i++) {
		struct range range = { 7, 7 };
		enum range_verdict verdict = range_select(cases[i].field,
		    size, &range);

		if (verdict != cases[i].verdict)
			fail_msg("\"%s\" of %u: verdict %d", cases[i].field,
			    (unsigned)size, (int)verdict);
		if (verdict != RANGE_PART)
			continue;
		if (range.offset != cases[i].offset ||
		    range.length != cases[i].length)
			fail_msg("\"%s\": %u+%u", cases[i].field,
			    (unsigned)range.offset, (unsigned)range.length);
	}
}

#define CHECK(cases, size) \
	check_all(cases, sizeof(cases) / sizeof((cases)[0]), size)

static void
one_range_is_served_cut_to_the_size(void **state)
{
	static const struct select_case cases[] = {
		{ "bytes=0-0", RANGE_PART, 0, 1 },
		{ "bytes=0-999", RANGE_PART, 0, 1000 },
		{ "bytes=0-1000", RANGE_PART, 0, 1000 },
		{ "bytes=999-999", RANGE_PART, 999, 1 },
		{ "bytes=999-", RANGE_PART, 999, 1 },
		{ "bytes=0-", RANGE_PART, 0, 1000 },
		{ "bytes=500-18446744073709551615", RANGE_PART, 500, 500 },
		{ "bytes=500-99999999999999999999999999", RANGE_PART, 500,
		    500 },
		{ "bytes=-1", RANGE_PART, 999, 1 },
		{ "bytes=-1000", RANGE_PART, 0, 1000 },
		{ "bytes=-1001", RANGE_PART, 0, 1000 },
		{ "bytes=-99999999999999999999999999", RANGE_PART, 0, 1000 },
		{ "Bytes=1-2", RANGE_PART, 1, 2 },
		{ "BYTES=1-2", RANGE_PART, 1, 2 },
		{ "bytes=00001-0002", RANGE_PART, 1, 2 },
		/* empty elements of a list count for nothing */
		{ "bytes=1-2,", RANGE_PART, 1, 2 },
		{ "bytes=,1-2", RANGE_PART, 1, 2 },
		{ "bytes=, ,1-2\t, ,", RANGE_PART, 1, 2 },
	};

	(void)state;
	CHECK(cases, SIZE);
}

static void
a_range_without_a_byte_cannot_be_satisfied(void **state)
{
	static const struct select_case cases[] = {
		{ "bytes=1000-", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=1000-1000", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=1000-2000", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=99999999999999999999999999-", RANGE_UNSATISFIABLE,
		    0, 0 },
		{ "bytes=18446744073709551615-18446744073709551615",
		    RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-0", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-000", RANGE_UNSATISFIABLE, 0, 0 },
	};

	(void)state;
	CHECK(cases, SIZE);
}

/* tests/scenario/stored-ranges-... sends the same forms to the daemon. */
static void
malformed_and_several_ranges_are_ignored(void **state)
{
	static const char *const fields[] = {
		"", " ", "bytes", "bytes=", "bytes= ", "bytes=,", "bytes=,,",
		"bytes=-", "bytes=--1", "bytes=-1-", "bytes=1", "bytes=a-b",
		"bytes=1-b", "bytes=a-1", "bytes=1-2-3", "bytes=1--2",
		"bytes=+1-2", "bytes=1-+2", "bytes=0x1-2", "bytes=1.0-2",
		"bytes=1-2.0", "bytes=1e1-20", "bytes=1 -2", "bytes=1- 2",
		"bytes= 1-2", "bytes =1-2", "bytes =", " bytes=1-2",
		"bytes:1-2", "bytes 1-2", "bytes=1-2;", "bytes=1-2 3-4",
		"bytes=1-2;3-4", "bytes=(1-2)", "bytes=\"1-2\"", "bytes=1/2",
		"bytes=5-2", "bytes=1-0", "bytes=*", "bytes=*/1000",
		"bytes=1-*", "bytes==1-2", "bytes=bytes=1-2", "byte=1-2",
		"bytess=1-2", "octets=1-2", "items=1-2", "none", "=1-2",
		"1-2", "bytes=1-2\x01", "bytes=\xc2\xb9-2", "bytes=1\t-2",
		"bytes=0-0,-1", "bytes=0-1,2-3", "bytes=0-1,5-2",
		"bytes=0-1, a", "bytes=5-2,0-1", "bytes=2000-,3000-",
		"bytes=0-,0-,0-,0-,0-", "bytes=0-1,,2-3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct range range;

		if (range_select(fields[i], SIZE, &range) != RANGE_WHOLE)
			fail_msg("\"%s\" is not ignored", fields[i]);
	}
}

static void
no_field_asks_for_the_whole(void **state)
{
	struct range range;

	(void)state;
	assert_int_equal(range_select(NULL, SIZE, &range), RANGE_WHOLE);
}

static void
an_empty_object_has_no_part(void **state)
{
	static const struct select_case cases[] = {
		{ "bytes=0-", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=0-0", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-0", RANGE_UNSATISFIABLE, 0, 0 },
		/* satisfiable, but there is no Content-Range for it */
		{ "bytes=-1", RANGE_WHOLE, 0, 0 },
	};

	(void)state;
	CHECK(cases, 0);
}

static void
the_largest_sizes_do_not_overflow(void **state)
{
	static const struct select_case cases[] = {
		{ "bytes=0-", RANGE_PART, 0, INT64_MAX },
		{ "bytes=-9223372036854775807", RANGE_PART, 0, INT64_MAX },
		{ "bytes=9223372036854775806-9223372036854775807", RANGE_PART,
		    INT64_MAX - 1, 1 },
		{ "bytes=9223372036854775807-", RANGE_UNSATISFIABLE, 0, 0 },
	};

	(void)state;
	CHECK(cases, INT64_MAX);
}

static void
a_content_range_gives_its_three_numbers(void **state)
{
	struct content_range range;

	(void)state;
	assert_true(range_parse_content("bytes 0-9/10", &range));
	assert_int_equal(range.from, 0);
	assert_int_equal(range.to, 9);
	assert_int_equal(range.total, 10);
	assert_true(range_parse_content("Bytes 7-7/9223372036854775807",
	    &range));
	assert_int_equal(range.from, 7);
	assert_int_equal(range.to, 7);
	assert_true(range.total == INT64_MAX);
}

static void
another_content_range_is_refused(void **state)
{
	static const char *const fields[] = {
		"", "bytes", "bytes ", "bytes 0-9", "bytes 0-9/", "bytes 0-9/*",
		"bytes */10", "bytes 0-/10", "bytes -9/10", "bytes 0-9/9",
		"bytes 0-10/10", "bytes 9-0/10", "bytes  0-9/10",
		"bytes 0 -9/10", "bytes 0-9 /10", "bytes 0-9/ 10",
		"bytes 0-9/10 ", "bytes 0-9/10,", "bytes=0-9/10",
		"octets 0-9/10", "bytes 0-9/9223372036854775808",
		"bytes 0-9/18446744073709551616",
		"bytes 0-18446744073709551616/18446744073709551617",
		"bytes 0-9/10/10", "bytes +0-9/10",
		"bytes 0x0-9/10", " bytes 0-9/10",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct content_range range;

		if (range_parse_content(fields[i], &range))
			fail_msg("\"%s\" is accepted", fields[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_range_is_served_cut_to_the_size),
		cmocka_unit_test(a_range_without_a_byte_cannot_be_satisfied),
		cmocka_unit_test(malformed_and_several_ranges_are_ignored),
		cmocka_unit_test(no_field_asks_for_the_whole),
		cmocka_unit_test(an_empty_object_has_no_part),
		cmocka_unit_test(the_largest_sizes_do_not_overflow),
		cmocka_unit_test(a_content_range_gives_its_three_numbers),
		cmocka_unit_test(another_content_range_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
