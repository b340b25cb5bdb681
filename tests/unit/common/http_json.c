/* The text of a JSON value is the one that jansson makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/http_internal.h"

/* Takes json. */
static void
assert_same_text(json_t *json)
{
	size_t length = 0;
	char *expected = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	char *text = http_json_text(json, &length);

	assert_non_null(expected);
	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
	free(text);
	free(expected);
	json_decref(json);
}

static void
values_of_all_kinds_are_the_same(void **state)
{
	(void)state;
	assert_same_text(json_pack("{s:n, s:b, s:b, s:i, s:[], s:{}, s:s,"
	    " s:[i, [s], {s:f}], s:f}", "null", "yes", 1, "no", 0, "zero", 0,
	    "empty", "nothing", "text", "a text", "list", -1, "in a list",
	    "real", 0.1, "large", 1e300));
	assert_same_text(json_array());
	assert_same_text(json_object());
}

static void
integers_are_the_same_to_their_ends(void **state)
{
	static const json_int_t numbers[] = { 0, 1, -1, 9, 10, -10, 99, 100,
		1000000000000, INT64_MAX, INT64_MIN, INT64_MIN + 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_same_text(json_integer(numbers[i]));
}

static void
every_character_is_the_same(void **state)
{
	char text[3] = "x";

	(void)state;
	for (char c = 1; c < 127; c++) {
		text[1] = c;
		assert_same_text(json_pack("{s:s}", text, text));
	}
	assert_same_text(json_stringn("a\0b", 3));
	assert_same_text(json_string("\x7f \xc2\x80 \xc3\xa9 \xe2\x80\xa8"
	    " \xf0\x9f\x8e\xb5 </script> \\\"/"));
}

static void
long_texts_and_many_values_are_the_same(void **state)
{
	json_t *list = json_array();
	char *text = malloc(100001);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	for (size_t length = 2040; length < 2052; length++)
		assert_same_text(json_stringn(text, length));
	for (int i = 0; i < 5000; i++)
		json_array_append_new(list, json_pack("{s:i, s:s}", "number",
		    i, "title", "\n"));
	json_array_append_new(list, json_string(text));
	assert_same_text(list);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_all_kinds_are_the_same),
		cmocka_unit_test(integers_are_the_same_to_their_ends),
		cmocka_unit_test(every_character_is_the_same),
		cmocka_unit_test(long_texts_and_many_values_are_the_same),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
