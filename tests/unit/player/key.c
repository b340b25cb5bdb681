/* Keys and tokens that commands read from files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "player/key.h"
#include "tests/unit/capture.h"
#include "tests/unit/vectors.h"

#define KEY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYY" \
	"SJZGFPQ4EGAEX"
#define TOKEN "DtMfeSc6d3KDbVCkGGam6Q_lE7yKWIDJFGU_Zn08lbw"

static enum err
read_key(const char *text)
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	const char *path = temporary_file(text), *said;
	enum err e;

	capture_start();
	e = key_read_identity(path, identity);
	said = capture_end();
	/* One line that says what is wrong, and nothing of the key. */
	assert_int_equal(said[0] == '\0', e == ERR_OK);
	assert_null(strstr(said, "GFPYYSJZ"));
	unlink(path);
	if (e == ERR_OK)
		assert_int_equal(identity[0], 0x42);
	return e;
}

static void
a_key_file_is_what_age_keygen_writes(void **state)
{
	(void)state;
	assert_int_equal(read_key("# created: now\n# public key: age1x\n" KEY
	    "\n"), ERR_OK);
	assert_int_equal(read_key(KEY), ERR_OK);
	assert_int_equal(read_key("\r\n" KEY "\r\n"), ERR_OK);
}

static void
faulty_key_files_are_refused_without_showing_the_key(void **state)
{
	(void)state;
	assert_int_equal(read_key(""), ERR_KEY_FILE);
	assert_int_equal(read_key("# nothing\n"), ERR_KEY_FILE);
	assert_int_equal(read_key(KEY "\n" KEY "\n"), ERR_KEY_FILE);
	assert_int_equal(read_key(KEY " " KEY "\n"), ERR_KEY_FILE);
	assert_int_equal(read_key(KEY "A\n"), ERR_KEY_FILE);
	assert_int_equal(read_key("age1mlqagfeh8m2p4a9j9qluy7af2sy8zegdjhc0xuks"
	    "ty4vclprefwqhkh76x\n"), ERR_KEY_FILE);
}

static void
a_key_that_others_can_read_is_refused(void **state)
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	const char *path = temporary_file(KEY "\n");

	(void)state;
	assert_int_equal(chmod(path, 0644), 0);
	capture_start();
	assert_int_equal(key_read_identity(path, identity), ERR_PERMISSIONS);
	assert_non_null(strstr(capture_end(), "chmod 600"));
	unlink(path);
}

static void
a_token_file_holds_one_token(void **state)
{
	char token[KEY_TOKEN_SIZE];
	const char *path = temporary_file(TOKEN "\n");

	(void)state;
	assert_int_equal(key_read_token(path, token), ERR_OK);
	assert_string_equal(token, TOKEN);
	unlink(path);
	path = temporary_file(TOKEN "=\n");
	capture_start();
	assert_int_equal(key_read_token(path, token), ERR_KEY_FILE);
	assert_null(strstr(capture_end(), TOKEN));
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_file_is_what_age_keygen_writes),
		cmocka_unit_test(
		    faulty_key_files_are_refused_without_showing_the_key),
		cmocka_unit_test(a_key_that_others_can_read_is_refused),
		cmocka_unit_test(a_token_file_holds_one_token),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
