/* Lines of words of a secret file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/key_file.h"
#include "tests/unit/vectors.h"

static void
open_text(struct key_file *file, const char *text)
{
	const char *path = temporary_file(text);

	assert_int_equal(key_file_open(file, path), ERR_OK);
	unlink(path);
}

static void
only_lines_as_long_as_a_key_ask_for_memory(void **state)
{
	struct key_file file;
	const char *words[1];

	(void)state;
	open_text(&file, "\n\n\na bcd\nabcd\r\nabcdef");
	assert_int_equal(key_file_lines_max(&file, 5), 3);
	assert_int_equal(key_file_lines_max(&file, 6), 1);
	assert_int_equal(key_file_lines_max(&file, 7), 0);
	assert_int_equal(key_file_next(&file, words, 1), 2);
	assert_int_equal(key_file_lines_max(&file, 5), 2);
	key_file_close(&file);
}

static void
words_are_cut_at_blanks_and_tabs(void **state)
{
	struct key_file file;
	const char *words[2];

	(void)state;
	open_text(&file, " # a\n\t \na\tb  c\r\n\r\n#\nlast");
	assert_int_equal(key_file_next(&file, words, 2), 3);
	assert_string_equal(words[0], "a");
	assert_string_equal(words[1], "b");
	assert_int_equal(file.line, 3);
	assert_int_equal(key_file_next(&file, words, 2), 1);
	assert_string_equal(words[0], "last");
	assert_int_equal(key_file_next(&file, words, 2), 0);
	key_file_close(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_lines_as_long_as_a_key_ask_for_memory),
		cmocka_unit_test(words_are_cut_at_blanks_and_tabs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
