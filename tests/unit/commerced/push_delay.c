/* Back-off: a second doubled up to five minutes, ended by a success elsewhere,
 * except for what was refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "commerced/push_delay.h"

static void
back_off_doubles_up_to_five_minutes(void **state)
{
	static const int64_t expected_s[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256,
	    300, 300 };

	(void)state;
	for (size_t i = 0; i < sizeof(expected_s) / sizeof(expected_s[0]); i++)
		assert_int_equal(push_back_off_ms((int64_t)i + 1, 0),
		    expected_s[i] * 1000);
	assert_int_equal(push_back_off_ms(INT64_MAX, 0), 300000);
	assert_int_equal(push_back_off_ms(0, 0), 1000);
}

static void
chance_takes_at_most_a_half_away(void **state)
{
	(void)state;
	assert_in_range(push_back_off_ms(1, UINT32_MAX), 500, 501);
	assert_in_range(push_back_off_ms(20, UINT32_MAX), 150000, 150001);
	assert_int_equal(push_back_off_ms(2, UINT32_C(1) << 31), 1500);
}

static void
the_books_count_until_a_failure_of_this_process(void **state)
{
	struct push_delays delays = { 0 };

	(void)state;
	assert_int_equal(push_delays_get(&delays, 7, 5000), 5000);
	push_delays_add(&delays, 7, 9000, false);
	push_delays_add(&delays, 8, 8000, false);
	assert_int_equal(push_delays_get(&delays, 7, 5000), 9000);
	push_delays_add(&delays, 7, 9500, false);
	assert_int_equal(push_delays_get(&delays, 7, 5000), 9500);
	push_delays_remove(&delays, 7);
	push_delays_remove(&delays, 7);
	assert_int_equal(push_delays_get(&delays, 7, 5000), 5000);
	assert_int_equal(push_delays_get(&delays, 8, 5000), 8000);
	push_delays_clear(&delays);
}

static void
a_reset_ends_all_waiting_but_that_of_the_refused(void **state)
{
	struct push_delays delays = { 0 };

	(void)state;
	for (int64_t version = 0; version < 100; version++)
		push_delays_add(&delays, version, 9000, version % 2 == 1);
	push_delays_reset(&delays, false);
	for (int64_t version = 0; version < 100; version++)
		assert_int_equal(push_delays_get(&delays, version, 5000),
		    version % 2 == 1 ? 9000 : 0);
	assert_int_equal(push_delays_get(&delays, 1000, 5000), 0);
	push_delays_add(&delays, 2, 9900, false);
	assert_int_equal(push_delays_get(&delays, 2, 5000), 9900);
	push_delays_reset(&delays, true);
	assert_int_equal(push_delays_get(&delays, 1, 5000), 0);
	push_delays_clear(&delays);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(back_off_doubles_up_to_five_minutes),
		cmocka_unit_test(chance_takes_at_most_a_half_away),
		cmocka_unit_test(
		    the_books_count_until_a_failure_of_this_process),
		cmocka_unit_test(
		    a_reset_ends_all_waiting_but_that_of_the_refused),
	};

	return cmocka_run_group_tests_name("push_delay", tests, NULL, NULL);
}
