/* Queries: decoded once, each parameter once, of the type its row says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/http/member.h"

struct sample {
	const char *q;
	int64_t limit;
	bool flag;
};

#define FIELD(f) offsetof(struct sample, f)
static const struct member table[] = {
	{ .name = "q", .kind = MEMBER_LINE, .offset = FIELD(q), .most = 20 },
	{ .name = "limit", .kind = MEMBER_INTEGER, .offset = FIELD(limit),
	    .least = 1, .most = 100 },
	{ .name = "flag", .kind = MEMBER_BOOLEAN, .offset = FIELD(flag) },
};
static const struct member_source source = { table, 3, "" };
static struct member_fault fault;

static void
assert_q(const char *query, const char *expected)
{
	struct sample out = { 0 };
	json_t *object = NULL;

	assert_int_equal(member_parse_query(query, &source, &out, &object,
	    &fault), ERR_OK);
	assert_string_equal(out.q, expected);
	json_decref(object);
}

static void
assert_refused(const char *query, enum err expected, const char *member)
{
	struct sample out = { 0 };
	json_t *object = NULL;

	assert_int_equal(member_parse_query(query, &source, &out, &object,
	    &fault), expected);
	assert_null(object);
	assert_string_equal(fault.member, member);
}

static void
values_are_percent_decoded_and_plus_is_a_blank(void **state)
{
	(void)state;
	assert_q("q=a", "a");
	assert_q("q=", "");
	assert_q("q", "");
	assert_q("q=a%20b+c%2Bd", "a b c+d");
	assert_q("q=%C3%a9", "\xc3\xa9");
	assert_q("%71=a%26b%3Dc", "a&b=c");
	assert_q("q=a=b", "a=b");
	assert_q("limit=1&q=x&flag=true", "x");
}

static void
numbers_and_booleans_are_what_they_are(void **state)
{
	struct sample out = { 0 };
	json_t *object = NULL;

	(void)state;
	assert_int_equal(member_parse_query("limit=100&flag=true", &source,
	    &out, &object, &fault), ERR_OK);
	assert_int_equal(out.limit, 100);
	assert_true(out.flag);
	json_decref(object);
	assert_refused("limit=0", ERR_OUT_OF_RANGE, "limit");
	assert_refused("limit=101", ERR_OUT_OF_RANGE, "limit");
	assert_refused("limit=99999999999999999999", ERR_OUT_OF_RANGE,
	    "limit");
	assert_refused("limit=", ERR_WRONG_TYPE, "limit");
	assert_refused("limit=+1", ERR_WRONG_TYPE, "limit");
	assert_refused("limit=%2B1", ERR_WRONG_TYPE, "limit");
	assert_refused("limit=1x", ERR_WRONG_TYPE, "limit");
	assert_refused("limit=-", ERR_WRONG_TYPE, "limit");
	assert_refused("limit=0x1", ERR_WRONG_TYPE, "limit");
	assert_refused("flag=True", ERR_WRONG_TYPE, "flag");
	assert_refused("flag=", ERR_WRONG_TYPE, "flag");
}

static void
unknown_and_repeated_parameters_are_refused(void **state)
{
	(void)state;
	assert_refused("page=1", ERR_UNKNOWN_MEMBER, "page");
	assert_refused("Q=a", ERR_UNKNOWN_MEMBER, "Q");
	assert_refused("=a", ERR_UNKNOWN_MEMBER, "");
	assert_refused("q=a&q=b", ERR_UNKNOWN_MEMBER, "q");
	assert_refused("q=a&%71=a", ERR_UNKNOWN_MEMBER, "q");
	assert_refused("flag=false&flag=false", ERR_UNKNOWN_MEMBER, "flag");
	assert_refused("q=a&", ERR_UNKNOWN_MEMBER, "");
	assert_refused("&q=a", ERR_UNKNOWN_MEMBER, "");
	assert_refused("q=a&&limit=1", ERR_UNKNOWN_MEMBER, "");
	assert_refused("&", ERR_UNKNOWN_MEMBER, "");
}

static void
bad_encoding_is_refused(void **state)
{
	(void)state;
	assert_refused("q=%", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%4", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%4&limit=1", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%g0", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%00", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%C3", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%ED%A0%80", ERR_OUT_OF_RANGE, "q");
	assert_refused("q=%0A", ERR_OUT_OF_RANGE, "q");
	assert_refused("%q=1", ERR_UNKNOWN_MEMBER, "");
	assert_refused("q%00=1", ERR_UNKNOWN_MEMBER, "");
}

static void
an_empty_query_gives_nothing(void **state)
{
	struct sample out = { 0 };
	json_t *object = NULL;

	(void)state;
	assert_int_equal(member_parse_query("", &source, &out, &object,
	    &fault), ERR_OK);
	assert_null(out.q);
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    values_are_percent_decoded_and_plus_is_a_blank),
		cmocka_unit_test(numbers_and_booleans_are_what_they_are),
		cmocka_unit_test(unknown_and_repeated_parameters_are_refused),
		cmocka_unit_test(bad_encoding_is_refused),
		cmocka_unit_test(an_empty_query_gives_nothing),
	};

	return cmocka_run_group_tests_name("http_query", tests, NULL, NULL);
}
