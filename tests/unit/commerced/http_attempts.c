/* Attempts are counted by key, for a period, in bounded memory; and the cookie
 * of the web shop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/http/attempts.h"
#include "commerced/http/cookie.h"

static struct attempts *attempts;
static int64_t retry_s;

static int
make_attempts(void **state)
{
	(void)state;
	return attempts_new(3, 60000, 64, &attempts) == ERR_OK ? 0 : -1;
}

static int
free_attempts(void **state)
{
	(void)state;
	attempts_free(attempts);
	attempts = NULL;
	return 0;
}

static enum err
take(const char *account, const char *address, int64_t now_ms)
{
	const struct attempts_key key = { account, address };

	retry_s = -1;
	return attempts_take(attempts, &key, now_ms, &retry_s);
}

static void
the_one_too_many_is_refused_until_the_period_ends(void **state)
{
	(void)state;
	assert_int_equal(take("a", "1.2.3.4", 0), ERR_OK);
	assert_int_equal(take("a", "1.2.3.4", 1000), ERR_OK);
	assert_int_equal(take("a", "1.2.3.4", 2000), ERR_OK);
	assert_int_equal(take("a", "1.2.3.4", 3000), ERR_TOO_MANY_ATTEMPTS);
	assert_int_equal(retry_s, 57);
	assert_int_equal(take("a", "1.2.3.4", 59999), ERR_TOO_MANY_ATTEMPTS);
	assert_int_equal(retry_s, 1);
	assert_int_equal(take("a", "1.2.3.4", 60000), ERR_OK);
}

static void
keys_are_apart(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(take("a", "1.2.3.4", 0), ERR_OK);
	assert_int_equal(take("a", "1.2.3.4", 0), ERR_TOO_MANY_ATTEMPTS);
	assert_int_equal(take("a", "1.2.3.5", 0), ERR_OK);
	assert_int_equal(take("b", "1.2.3.4", 0), ERR_OK);
	assert_int_equal(take(NULL, "1.2.3.4", 0), ERR_OK);
	assert_int_equal(take("a", NULL, 0), ERR_OK);
	/* What stands behind what is no matter of luck. */
	assert_int_equal(take("a1", ".2.3.4", 0), ERR_OK);
}

static void
case_and_the_low_bits_of_ipv6_do_not_tell_keys_apart(void **state)
{
	(void)state;
	assert_int_equal(take("Ab@x", "2001:db8::1", 0), ERR_OK);
	assert_int_equal(take("aB@x", "2001:db8::2", 0), ERR_OK);
	assert_int_equal(take("ab@x", "2001:db8:0:0:ffff::", 0), ERR_OK);
	assert_int_equal(take("ab@x", "2001:db8::3", 0),
	    ERR_TOO_MANY_ATTEMPTS);
	assert_int_equal(take("ab@x", "2001:db8:0:1::1", 0), ERR_OK);
}

static void
what_is_given_back_may_be_taken_again(void **state)
{
	const struct attempts_key key = { "a", "1.2.3.4" };
	const struct attempts_key other = { "b", "1.2.3.4" };

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(take("a", "1.2.3.4", i), ERR_OK);
		attempts_give_back(attempts, &key, i);
	}
	attempts_give_back(attempts, &key, 100);
	attempts_give_back(attempts, &other, 100);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take("a", "1.2.3.4", 200), ERR_OK);
	assert_int_equal(take("a", "1.2.3.4", 200), ERR_TOO_MANY_ATTEMPTS);
}

static void
memory_is_bounded_and_the_oldest_is_forgotten_first(void **state)
{
	char account[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(account, sizeof(account), "%d", i);
		assert_int_equal(take(account, "x", i / 100), ERR_OK);
	}
	/* The one that came last is remembered. */
	assert_int_equal(take(account, "x", 1000), ERR_OK);
	assert_int_equal(take(account, "x", 1000), ERR_OK);
	assert_int_equal(take(account, "x", 1000), ERR_TOO_MANY_ATTEMPTS);
}

/* --- the cookie ----------------------------------------------------------- */

static void
assert_cookie(const char *field, const char *expected)
{
	const char *value = NULL;
	size_t length = 0;

	if (expected == NULL) {
		assert_false(cookie_find(field, "session", &value, &length));
		return;
	}
	assert_true(cookie_find(field, "session", &value, &length));
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(value, expected, length);
}

static void
the_cookie_is_found_by_its_whole_name_and_once(void **state)
{
	(void)state;
	assert_cookie("session=abc", "abc");
	assert_cookie("a=b; session=abc; c=d", "abc");
	assert_cookie("a=b;session=abc ;c=d", "abc");
	assert_cookie("session=", "");
	assert_cookie("session=a=b", "a=b");
	assert_cookie("", NULL);
	assert_cookie("session", NULL);
	assert_cookie("xsession=abc", NULL);
	assert_cookie("sessions=abc", NULL);
	assert_cookie("Session=abc", NULL);
	assert_cookie("a=session=abc", NULL);
	assert_cookie("session=a; session=b", NULL);
	assert_cookie("session=a; session=a", NULL);
	assert_cookie("; ; session=abc;", "abc");
}

static void
the_cookie_that_is_set_suits_the_shop(void **state)
{
	char text[COOKIE_FIELD_SIZE];

	(void)state;
	assert_string_equal(cookie_name("http://127.0.0.1:8080"), "session");
	assert_string_equal(cookie_name("https://example.com"),
	    "__Host-session");
	cookie_set_text(text, "https://example.com", "abc", 60);
	assert_string_equal(text, "__Host-session=abc; Path=/; Max-Age=60; "
	    "HttpOnly; SameSite=Lax; Secure");
	cookie_set_text(text, "http://127.0.0.1", "", 0);
	assert_string_equal(text, "session=; Path=/; Max-Age=0; HttpOnly; "
	    "SameSite=Lax");
}

#define ATTEMPTS_TEST(f) \
	cmocka_unit_test_setup_teardown(f, make_attempts, free_attempts)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ATTEMPTS_TEST(
		    the_one_too_many_is_refused_until_the_period_ends),
		ATTEMPTS_TEST(keys_are_apart),
		ATTEMPTS_TEST(
		    case_and_the_low_bits_of_ipv6_do_not_tell_keys_apart),
		ATTEMPTS_TEST(what_is_given_back_may_be_taken_again),
		ATTEMPTS_TEST(
		    memory_is_bounded_and_the_oldest_is_forgotten_first),
		cmocka_unit_test(
		    the_cookie_is_found_by_its_whole_name_and_once),
		cmocka_unit_test(the_cookie_that_is_set_suits_the_shop),
	};

	return cmocka_run_group_tests_name("http_attempts", tests, NULL, NULL);
}
