/* JSON that is written as text is what was meant, or nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/json_text.h"

/* Ends text. */
static void
assert_text(struct json_text *text, const char *expected)
{
	size_t length = 0;
	char *bytes = json_text_take(text, &length);

	assert_non_null(bytes);
	assert_string_equal(bytes, expected);
	assert_int_equal(length, strlen(expected));
	free(bytes);
}

static void
commas_stand_between_values_alone(void **state)
{
	struct json_text text;

	(void)state;
	json_text_begin(&text);
	json_text_open_list(&text, NULL);
	json_text_open_object(&text, NULL);
	json_text_close_object(&text);
	json_text_open_object(&text, NULL);
	json_text_open_list(&text, "none");
	json_text_close_list(&text);
	json_text_open_list(&text, "some");
	json_text_integer(&text, NULL, INT64_MIN);
	json_text_integer(&text, NULL, 0);
	json_text_string(&text, NULL, "[");
	json_text_string(&text, NULL, "{");
	json_text_string(&text, NULL, ":");
	json_text_string(&text, NULL, NULL);
	json_text_close_list(&text);
	json_text_boolean(&text, "yes", true);
	json_text_boolean(&text, "no", false);
	json_text_string(&text, "nothing", NULL);
	json_text_name(&text, "a \"name\"");
	json_text_open_object(&text, NULL);
	json_text_raw(&text, "raw", "1.5", 3);
	json_text_close_object(&text);
	json_text_close_object(&text);
	json_text_close_list(&text);
	assert_text(&text, "[{},{\"none\":[],\"some\":[-9223372036854775808,0,"
	    "\"[\",\"{\",\":\",null],\"yes\":true,\"no\":false,"
	    "\"nothing\":null,\"a \\\"name\\\"\":{\"raw\":1.5}}]");
}

static void
a_value_alone_has_no_comma(void **state)
{
	struct json_text text;

	(void)state;
	json_text_begin(&text);
	json_text_string(&text, NULL, "");
	assert_text(&text, "\"\"");
	json_text_begin(&text);
	json_text_bytes(&text, NULL, "a\0\x1f", 3);
	assert_text(&text, "\"a\\u0000\\u001F\"");
}

/* What a reader makes of it is what went in. */
static void
assert_kept(const char *string)
{
	struct json_text text;
	size_t length = 0;
	json_t *json;
	char *bytes;

	json_text_begin(&text);
	json_text_open_list(&text, NULL);
	json_text_string(&text, NULL, string);
	json_text_close_list(&text);
	bytes = json_text_take(&text, &length);
	assert_non_null(bytes);
	json = json_loadb(bytes, length, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_array_get(json, 0)),
	    string);
	json_decref(json);
	free(bytes);
}

static void
every_character_is_kept(void **state)
{
	char *text = malloc(70001);

	(void)state;
	for (char c = 1; c < 127; c++)
		assert_kept((const char[]){ c, 'x', c, '\0' });
	assert_kept("\x7f \xc2\x80\xc2\x9f\xc2\xa0 \xc3\xa9 \xed\x9f\xbf"
	    " \xee\x80\x80 \xf0\x9f\x8e\xb5 \xf4\x8f\xbf\xbf");
	assert_non_null(text);
	for (size_t i = 0; i < 70000; i++)
		text[i] = i % 1000 == 0 ? '\n' : 'x';
	for (size_t length = 2040; length <= 2056; length++) {
		text[length] = '\0';
		assert_kept(text);
		text[length] = 'x';
	}
	text[70000] = '\0';
	assert_kept(text);
	free(text);
}

static void
a_character_is_kept_wherever_it_stands(void **state)
{
	char text[20];

	(void)state;
	for (char c = 1; c < 127; c++)
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			memset(text, 'x', sizeof(text));
			text[i] = c;
			text[sizeof(text) - 1] = '\0';
			assert_kept(text);
		}
}

static void
what_is_not_utf8_is_none_wherever_it_stands(void **state)
{
	char bytes[20];

	(void)state;
	for (int c = 0x80; c < 0x100; c++)
		for (size_t i = 0; i < sizeof(bytes); i++) {
			struct json_text text;
			size_t length = 0;

			memset(bytes, 'x', sizeof(bytes));
			bytes[i] = (char)c;
			json_text_begin(&text);
			json_text_bytes(&text, NULL, bytes, sizeof(bytes));
			assert_null(json_text_take(&text, &length));
		}
}

static void
what_is_not_utf8_is_no_text(void **state)
{
	static const char *const broken[] = { "\x80", "a\xff", "\xc2",
		"\xc0\x80", "\xc2 ", "\xed\xa0\x80", "\xe2\x82",
		"\xf0\x82\x82\xac", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"fine \xc3\xa9 then\xc3" };

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct json_text text;
		size_t length = 0;

		json_text_begin(&text);
		json_text_open_object(&text, NULL);
		json_text_string(&text, "before", "fine");
		json_text_string(&text, "broken", broken[i]);
		json_text_string(&text, "after", "fine");
		json_text_close_object(&text);
		assert_null(json_text_take(&text, &length));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_between_values_alone),
		cmocka_unit_test(a_value_alone_has_no_comma),
		cmocka_unit_test(every_character_is_kept),
		cmocka_unit_test(a_character_is_kept_wherever_it_stands),
		cmocka_unit_test(what_is_not_utf8_is_none_wherever_it_stands),
		cmocka_unit_test(what_is_not_utf8_is_no_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
