/* The admin token: one line of a secret file, whole or not at all. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "commerced/http/admin_token.h"
#include "tests/unit/capture.h"

static char path[64];
static struct admin_token *token;

static void
write_token(const char *bytes, size_t size, mode_t mode)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes, size), size);
	assert_int_equal(fchmod(descriptor, mode), 0);
	close(descriptor);
}

static int
make_path(void **state)
{
	int descriptor;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/counterfoil-token-XXXXXX");
	descriptor = mkstemp(path);
	return descriptor < 0 ? -1 : close(descriptor);
}

static int
remove_path(void **state)
{
	(void)state;
	admin_token_free(token);
	token = NULL;
	return unlink(path);
}

static enum err
load(const char *bytes, size_t size, mode_t mode)
{
	enum err e;

	write_token(bytes, size, mode);
	capture_start();
	e = admin_token_load(path, &token);
	capture_end();
	return e;
}

static bool
matches(const char *text)
{
	return admin_token_matches(token, text, strlen(text));
}

static void
the_line_matches_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(load("0123456789abcdef\n", 17, 0600), ERR_OK);
	assert_true(matches("0123456789abcdef"));
	assert_false(matches("0123456789abcdef\n"));
	assert_false(matches("0123456789abcde"));
	assert_false(matches("0123456789abcdeg"));
	assert_false(matches("0123456789ABCDEF"));
	assert_false(matches(""));
}

static void
what_is_no_token_is_refused(void **state)
{
	char longest[ADMIN_TOKEN_MOST + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(load("", 0, 0600), ERR_KEY_FILE);
	assert_int_equal(load("0123456789abcde\n", 16, 0600), ERR_KEY_FILE);
	assert_int_equal(load("0123456789 abcdef", 17, 0600), ERR_KEY_FILE);
	assert_int_equal(load("0123456789abcdef\n\n", 18, 0600),
	    ERR_KEY_FILE);
	assert_int_equal(load("0123456789abcdef\r\n", 18, 0600),
	    ERR_KEY_FILE);
	assert_int_equal(load("0123456789abcd\xc3\xa9", 16, 0600),
	    ERR_KEY_FILE);
	assert_int_equal(load(longest, sizeof(longest), 0600), ERR_KEY_FILE);
	assert_int_equal(load("0123456789abcdef\n", 17, 0640),
	    ERR_PERMISSIONS);
	assert_null(token);
	assert_int_equal(load(longest, sizeof(longest) - 1, 0600), ERR_OK);
}

static void
a_reload_takes_a_new_line_and_keeps_the_old_after_a_fault(void **state)
{
	enum err e;

	(void)state;
	assert_int_equal(load("0123456789abcdef\n", 17, 0600), ERR_OK);
	write_token("fedcba9876543210", 16, 0600);
	assert_int_equal(admin_token_reload(token), ERR_OK);
	assert_true(matches("fedcba9876543210"));
	assert_false(matches("0123456789abcdef"));
	write_token("short", 5, 0600);
	capture_start();
	e = admin_token_reload(token);
	assert_non_null(strstr(capture_end(), path));
	assert_int_equal(e, ERR_KEY_FILE);
	assert_true(matches("fedcba9876543210"));
}

#define TOKEN_TEST(f) cmocka_unit_test_setup_teardown(f, make_path, remove_path)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TOKEN_TEST(the_line_matches_and_nothing_else),
		TOKEN_TEST(what_is_no_token_is_refused),
		TOKEN_TEST(
		    a_reload_takes_a_new_line_and_keeps_the_old_after_a_fault),
	};

	return cmocka_run_group_tests_name("http_admin_token", tests, NULL,
	    NULL);
}
