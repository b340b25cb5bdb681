/* Clocks run forward; Unix time is written as RFC 3339. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"

static void
assert_text(int64_t unix_s, const char *expected)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(text, unix_s);
	assert_string_equal(text, expected);
}

static void
unix_time_is_written_in_utc(void **state)
{
	(void)state;
	assert_text(0, "1970-01-01T00:00:00Z");
	assert_text(951782400, "2000-02-29T00:00:00Z");
	assert_text(1767225600, "2026-01-01T00:00:00Z");
	assert_text(2147483648, "2038-01-19T03:14:08Z");
	assert_text(4107542399, "2100-02-28T23:59:59Z");
	assert_text(4107542400, "2100-03-01T00:00:00Z");
	assert_text(INT64_C(253402300799), "9999-12-31T23:59:59Z");
}

static void
a_time_before_the_build_is_not_believed(void **state)
{
	(void)state;
	assert_true(clock_is_plausible(clock_unix_s()));
	assert_false(clock_is_plausible(0));
	assert_false(clock_is_plausible(-1));
	assert_false(clock_is_plausible(1577836800));	/* 2020 */
}

static void
the_time_zone_of_the_host_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Kathmandu", 1), 0);
	tzset();
	assert_text(1767225600, "2026-01-01T00:00:00Z");
}

static void
what_has_no_four_digits_of_year_is_clamped(void **state)
{
	(void)state;
	assert_text(-1, "1970-01-01T00:00:00Z");
	assert_text(INT64_MIN, "1970-01-01T00:00:00Z");
	assert_text(INT64_C(253402300800), "9999-12-31T23:59:59Z");
	assert_text(INT64_MAX, "9999-12-31T23:59:59Z");
}

static void
seconds_and_milliseconds_are_of_one_clock(void **state)
{
	int64_t before_s = clock_unix_s();
	int64_t now_ms = clock_unix_ms();
	int64_t after_s = clock_unix_s();

	(void)state;
	assert_true(before_s > 1700000000);
	assert_true(before_s * 1000 <= now_ms);
	/* Seconds are those of the last tick, which a busy host delays. */
	assert_true(now_ms < (after_s + 5) * 1000);
}

static void
the_monotonic_clock_follows_the_kernels(void **state)
{
	struct timespec now;
	int64_t first_ms = clock_monotonic_ms(), between_ms, last_ms;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	last_ms = clock_monotonic_ms();
	between_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	assert_true(first_ms <= between_ms);
	assert_true(between_ms <= last_ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unix_time_is_written_in_utc),
		cmocka_unit_test(a_time_before_the_build_is_not_believed),
		cmocka_unit_test(the_time_zone_of_the_host_changes_nothing),
		cmocka_unit_test(what_has_no_four_digits_of_year_is_clamped),
		cmocka_unit_test(seconds_and_milliseconds_are_of_one_clock),
		cmocka_unit_test(the_monotonic_clock_follows_the_kernels),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
