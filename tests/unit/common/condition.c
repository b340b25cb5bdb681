/* If-Match, If-None-Match and If-Range compare entity tags as RFC 9110 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/condition.h"

static void
a_list_names_the_object_when_one_tag_does(void **state)
{
	static const struct {
		const char *list;
		bool strong, weak;
	} cases[] = {
		{ "\"abc\"", true, true },
		{ "W/\"abc\"", false, true },
		{ "*", true, true },
		{ " *", true, true },
		{ "\"x\", \"abc\"", true, true },
		{ "\"abc\",\"x\"", true, true },
		{ "\"x\" ,\t\"abc\" , \"y\"", true, true },
		{ ", ,\"abc\",,", true, true },
		{ "W/\"x\", W/\"abc\"", false, true },
		{ "\"a,b\", \"abc\"", true, true },
		{ "\"\", \"abc\"", true, true },
		{ "\"\xff\", \"abc\"", true, true },
		{ "", false, false },
		{ ",", false, false },
		{ "\"ab\"", false, false },
		{ "\"abcd\"", false, false },
		{ "\"ABC\"", false, false },
		{ "\" abc\"", false, false },
		{ "\"\"", false, false },
		{ "\"x\"", false, false },
		/* malformed: names nothing, whatever stands in it */
		{ "abc", false, false },
		{ "\"abc", false, false },
		{ "abc\"", false, false },
		{ "'abc'", false, false },
		{ "w/\"abc\"", false, false },
		{ "W/abc", false, false },
		{ "W\"abc\"", false, false },
		{ "\"abc\" \"x\"", false, false },
		{ "\"abc\"\"x\"", false, false },
		{ "\"abc\", x", false, false },
		{ "x, \"abc\"", false, false },
		{ "*, \"abc\"", false, false },
		{ "\"abc\", *", false, false },
		{ "\"abc\";", false, false },
		{ "**", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (condition_list_has(cases[i].list, "abc",
		    CONDITION_STRONG) != cases[i].strong)
			fail_msg("strong: %s", cases[i].list);
		if (condition_list_has(cases[i].list, "abc",
		    CONDITION_WEAK) != cases[i].weak)
			fail_msg("weak: %s", cases[i].list);
	}
}

static void
if_range_takes_the_one_strong_tag(void **state)
{
	static const char *const others[] = {
		"", "*", "abc", "W/\"abc\"", "\"ab\"", "\"abcd\"", "\"abc\" ",
		"\"abc\", \"abc\"", " \"abc\"", "\"abc",
		"Sun, 22 Nov 2026 12:00:00 GMT",
	};

	(void)state;
	assert_true(condition_is_tag("\"abc\"", "abc"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (condition_is_tag(others[i], "abc"))
			fail_msg("accepted: %s", others[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_names_the_object_when_one_tag_does),
		cmocka_unit_test(if_range_takes_the_one_strong_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
