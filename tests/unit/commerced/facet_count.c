/* Counting the values of a facet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/db/facet_count.h"

/* "value:count" for each that is taken, parted by blanks. */
static const char *
take(struct facet_count *counted, size_t limit)
{
	static char text[256];
	struct facets facets = { 0 };
	struct facet_list *list = &facets.lists[0];
	size_t length = 0;

	text[0] = '\0';
	assert_int_equal(facet_count_take(counted, limit, list), ERR_OK);
	for (size_t i = 0; i < list->count; i++)
		length += (size_t)snprintf(text + length,
		    sizeof(text) - length, "%s%s:%d", i == 0 ? "" : " ",
		    list->values[i].value, (int)list->values[i].count);
	facets_clear(&facets);
	facet_count_clear(counted);
	return text;
}

static void
add(struct facet_count *counted, const char *value, int64_t n)
{
	assert_int_equal(facet_count_add(counted, value, n), ERR_OK);
}

static void
the_most_frequent_come_first_then_by_name(void **state)
{
	struct facet_count counted = { 0 };

	(void)state;
	add(&counted, "b", 1);
	add(&counted, "c", 2);
	add(&counted, "a", 1);
	add(&counted, "d", 1);
	add(&counted, "d", 2);
	assert_string_equal(take(&counted, 10), "d:3 c:2 a:1 b:1");
	assert_string_equal(take(&counted, 10), "");
}

static void
no_more_are_taken_than_asked_for(void **state)
{
	static const char *const expected[] = { "", "e:5", "e:5 d:4",
		"e:5 d:4 c:3" };
	struct facet_count counted = { 0 };

	(void)state;
	for (size_t limit = 0; limit < 4; limit++) {
		for (int i = 1; i <= 5; i++)
			add(&counted, (char[]){ (char)('`' + i), '\0' }, i);
		assert_string_equal(take(&counted, limit), expected[limit]);
	}
}

static void
values_that_differ_in_ascii_case_are_one(void **state)
{
	struct facet_count counted = { 0 };

	(void)state;
	add(&counted, "Rock", 1);
	add(&counted, "rOCK", 1);
	add(&counted, "\xc3\x89t\xc3\xa9", 1);	/* the accents stay apart */
	add(&counted, "\xc3\xa9T\xc3\xa9", 1);
	add(&counted, "@", 1);			/* the neighbours of letters */
	add(&counted, "`", 1);
	assert_string_equal(take(&counted, 9), "Rock:2 @:1 `:1"
	    " \xc3\x89t\xc3\xa9:1 \xc3\xa9T\xc3\xa9:1");
}

static void
thousands_of_values_are_each_counted(void **state)
{
	struct facet_count counted = { 0 };
	char value[16];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20000; i++) {
			(void)snprintf(value, sizeof(value), "%s%d",
			    round == 1 ? "V" : "v", i);
			add(&counted, value, i == 12345 ? 2 : 1);
		}
	}
	assert_int_equal(counted.used, 20000);
	assert_string_equal(take(&counted, 3), "v12345:6 v0:3 v1:3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_frequent_come_first_then_by_name),
		cmocka_unit_test(no_more_are_taken_than_asked_for),
		cmocka_unit_test(values_that_differ_in_ascii_case_are_one),
		cmocka_unit_test(thousands_of_values_are_each_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
