/* Members by table: what is taken, what is refused, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/http/member.h"

struct sample {
	const char *line;
	const char *text;
	int64_t number;
	bool flag;
	int64_t price_minor;
	struct uuid id;
	struct member_ids ids;
	int64_t time_s;
	const char *date;
	int choice;
};

static const char *const choices[] = { "red", "green", NULL };

#define FIELD(f) offsetof(struct sample, f)
static const struct member table[] = {
	{ .name = "line", .kind = MEMBER_LINE, .offset = FIELD(line),
	    .least = 1, .most = 8 },
	{ .name = "text", .kind = MEMBER_TEXT, .need = MEMBER_NULLABLE,
	    .offset = FIELD(text), .most = 8 },
	{ .name = "number", .kind = MEMBER_INTEGER, .offset = FIELD(number),
	    .least = -1, .most = 10 },
	{ .name = "flag", .kind = MEMBER_BOOLEAN, .offset = FIELD(flag) },
	{ .name = "price", .kind = MEMBER_MONEY, .offset = FIELD(price_minor),
	    .most = MONEY_MOST },
	{ .name = "id", .kind = MEMBER_ID, .offset = FIELD(id) },
	{ .name = "ids", .kind = MEMBER_IDS, .offset = FIELD(ids),
	    .least = 1, .most = 2 },
	{ .name = "time", .kind = MEMBER_TIME, .offset = FIELD(time_s) },
	{ .name = "date", .kind = MEMBER_DATE, .offset = FIELD(date) },
	{ .name = "choice", .kind = MEMBER_CHOICE, .offset = FIELD(choice),
	    .choices = choices },
};
#define COUNT (sizeof(table) / sizeof(table[0]))
static const struct member_source source = { table, COUNT, "EUR" };
static struct member_fault fault;

/* A result, with the text of its member when it is a refusal. */
static enum err
parse(const char *text, struct sample *out, struct member_presence *presence)
{
	json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);
	enum err e;

	assert_non_null(json);
	memset(out, 0, sizeof(*out));
	e = member_parse(json, &source, out, presence, &fault);
	member_clear(table, COUNT, out);
	json_decref(json);
	return e;
}

static void
assert_refused(const char *text, enum err expected, const char *member)
{
	struct sample out;

	assert_int_equal(parse(text, &out, NULL), expected);
	assert_string_equal(fault.member, member);
	assert_string_not_equal(fault.detail, "");
}

static void
assert_taken(const char *text)
{
	struct sample out;

	assert_int_equal(parse(text, &out, NULL), ERR_OK);
}

static void
every_kind_fills_its_field(void **state)
{
	json_t *json = json_pack("{s:s, s:s, s:i, s:b, s:{s:I, s:s}, s:s, "
	    "s:[s, s], s:s, s:s, s:s}", "line", "a\xc3\xa9", "text", "b\n\t",
	    "number", -1, "flag", 1, "price", "amount",
	    (json_int_t)1000000000000, "currency", "EUR",
	    "id", "0193a000-0000-7000-8000-000000000001",
	    "ids", "0193a000-0000-7000-8000-000000000002",
	    "0193a000-0000-7000-8000-000000000003",
	    "time", "1970-01-02T00:00:01Z", "date", "2024-02-29",
	    "choice", "green");
	struct sample out = { 0 };

	(void)state;
	assert_non_null(json);
	assert_int_equal(member_parse(json, &source, &out, NULL, &fault),
	    ERR_OK);
	assert_string_equal(out.line, "a\xc3\xa9");
	assert_string_equal(out.text, "b\n\t");
	assert_int_equal(out.number, -1);
	assert_true(out.flag);
	assert_int_equal(out.price_minor, 1000000000000);
	assert_int_equal(out.id.bytes[15], 1);
	assert_int_equal(out.ids.count, 2);
	assert_int_equal(out.ids.ids[1].bytes[15], 3);
	assert_int_equal(out.time_s, 86401);
	assert_string_equal(out.date, "2024-02-29");
	assert_int_equal(out.choice, 1);
	member_clear(table, COUNT, &out);
	assert_null(out.ids.ids);
	json_decref(json);
}

static void
what_is_absent_leaves_its_field_alone(void **state)
{
	struct member_presence presence;
	struct sample out;

	(void)state;
	assert_int_equal(parse("{}", &out, &presence), ERR_OK);
	assert_int_equal(presence.given, 0);
	assert_null(out.line);
}

static void
null_is_taken_where_a_patch_may_remove(void **state)
{
	struct member_presence presence;
	struct sample out;

	(void)state;
	assert_int_equal(parse("{\"text\": null, \"number\": 1}", &out,
	    &presence), ERR_OK);
	assert_int_equal(presence.given, 2 | 4);
	assert_int_equal(presence.nulls, 2);
	assert_null(out.text);
	assert_refused("{\"line\": null}", ERR_WRONG_TYPE, "line");
}

static void
a_required_member_must_be_there(void **state)
{
	static const struct member one = { .name = "one",
	    .kind = MEMBER_BOOLEAN, .need = MEMBER_REQUIRED };
	const struct member_source needed = { &one, 1, "EUR" };
	json_t *json = json_object();
	bool flag = false;

	(void)state;
	assert_int_equal(member_parse(json, &needed, &flag, NULL, &fault),
	    ERR_WRONG_TYPE);
	assert_string_equal(fault.member, "one");
	json_decref(json);
}

static void
unknown_members_are_named_and_cut_at_a_character(void **state)
{
	char text[512] = "{\"", expected[MEMBER_NAME_SIZE] = "";

	(void)state;
	assert_refused("{\"Line\": \"a\"}", ERR_UNKNOWN_MEMBER, "Line");
	assert_refused("{\"\": 1}", ERR_UNKNOWN_MEMBER, "");
	/* 1 + 2 * 32 bytes: the 64th is the first of a character. */
	strncat(text, "x", 2);
	strncat(expected, "x", 2);
	for (int i = 0; i < 60; i++)
		strncat(text, "\xc3\xa9", 3);
	for (int i = 0; i < 31; i++)
		strncat(expected, "\xc3\xa9", 3);
	strncat(text, "\": 1}", 6);
	assert_refused(text, ERR_UNKNOWN_MEMBER, expected);
}

static void
texts_have_bounds_and_no_control_characters(void **state)
{
	(void)state;
	assert_refused("{\"line\": 1}", ERR_WRONG_TYPE, "line");
	assert_refused("{\"line\": \"\"}", ERR_OUT_OF_RANGE, "line");
	assert_taken("{\"line\": \"12345678\"}");
	assert_refused("{\"line\": \"123456789\"}", ERR_OUT_OF_RANGE, "line");
	assert_refused("{\"line\": \"a\\u0000\"}", ERR_OUT_OF_RANGE, "line");
	assert_refused("{\"line\": \"a\\n\"}", ERR_OUT_OF_RANGE, "line");
	assert_refused("{\"line\": \"\\u007f\"}", ERR_OUT_OF_RANGE, "line");
	assert_refused("{\"line\": \"\\u0080\"}", ERR_OUT_OF_RANGE, "line");
	assert_refused("{\"line\": \"\\u009f\"}", ERR_OUT_OF_RANGE, "line");
	assert_taken("{\"line\": \"\\u00a0\"}");
	assert_taken("{\"text\": \"a\\r\\n\\t\"}");
	assert_refused("{\"text\": \"\\u001b\"}", ERR_OUT_OF_RANGE, "text");
}

static void
numbers_have_bounds_and_no_fraction(void **state)
{
	(void)state;
	assert_taken("{\"number\": 10}");
	assert_refused("{\"number\": 11}", ERR_OUT_OF_RANGE, "number");
	assert_refused("{\"number\": -2}", ERR_OUT_OF_RANGE, "number");
	assert_refused("{\"number\": 1.0}", ERR_WRONG_TYPE, "number");
	assert_refused("{\"number\": \"1\"}", ERR_WRONG_TYPE, "number");
	assert_refused("{\"flag\": 1}", ERR_WRONG_TYPE, "flag");
}

static void
money_has_an_amount_and_our_currency(void **state)
{
	(void)state;
	assert_taken("{\"price\": {\"amount\": 0, \"currency\": \"EUR\"}}");
	assert_refused("{\"price\": 1}", ERR_WRONG_TYPE, "price");
	assert_refused("{\"price\": {}}", ERR_WRONG_TYPE, "price.amount");
	assert_refused("{\"price\": {\"amount\": 1}}", ERR_WRONG_TYPE,
	    "price.currency");
	assert_refused("{\"price\": {\"amount\": -1, \"currency\": \"EUR\"}}",
	    ERR_OUT_OF_RANGE, "price.amount");
	assert_refused("{\"price\": {\"amount\": 1000000000001, "
	    "\"currency\": \"EUR\"}}", ERR_OUT_OF_RANGE, "price.amount");
	assert_refused("{\"price\": {\"amount\": 1, \"currency\": \"EU\"}}",
	    ERR_OUT_OF_RANGE, "price.currency");
	assert_refused("{\"price\": {\"amount\": 1, \"currency\": \"EUR\", "
	    "\"note\": 1}}", ERR_UNKNOWN_MEMBER, "price.note");
}

static void
ids_are_whole_and_not_too_many(void **state)
{
#define ID "\"0193a000-0000-7000-8000-000000000002\""
	(void)state;
	assert_taken("{\"ids\": [" ID ", " ID "]}");
	assert_refused("{\"ids\": []}", ERR_OUT_OF_RANGE, "ids");
	assert_refused("{\"ids\": [" ID ", " ID ", " ID "]}",
	    ERR_OUT_OF_RANGE, "ids");
	assert_refused("{\"ids\": " ID "}", ERR_WRONG_TYPE, "ids");
	assert_refused("{\"ids\": [" ID ", 7]}", ERR_WRONG_TYPE, "ids");
	assert_refused("{\"ids\": [\"x\"]}", ERR_OUT_OF_RANGE, "ids");
	assert_refused("{\"id\": \"x\"}", ERR_OUT_OF_RANGE, "id");
	assert_refused("{\"id\": null}", ERR_WRONG_TYPE, "id");
	assert_refused("{\"choice\": \"blue\"}", ERR_OUT_OF_RANGE, "choice");
}

static void
times_are_rfc_3339(void **state)
{
	static const struct { const char *text; int64_t unix_s; } rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T15:00:00Z", 1795359600 },
		{ "2026-11-22t15:00:00z", 1795359600 },
		{ "2026-11-22T16:30:00+01:30", 1795359600 },
		{ "2026-11-22T10:00:00-05:00", 1795359600 },
		{ "2026-11-22T15:00:00.999Z", 1795359600 },
		{ "2016-12-31T23:59:60Z", 1483228799 },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799) },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2026-11-22", -1 }, { "2026-11-22T15:00:00", -1 },
		{ "2026-11-22 15:00:00Z", -1 }, { "2026-11-22T15:00Z", -1 },
		{ "2026-02-29T15:00:00Z", -1 }, { "2026-13-01T15:00:00Z", -1 },
		{ "2026-11-22T24:00:00Z", -1 }, { "2026-11-22T15:60:00Z", -1 },
		{ "2026-11-22T15:00:61Z", -1 }, { "2026-11-22T15:00:00.Z", -1 },
		{ "2026-11-22T15:00:00+1:30", -1 },
		{ "2026-11-22T15:00:00+24:00", -1 },
		{ "2026-11-22T15:00:00ZZ", -1 }, { "", -1 },
		{ "9999-12-31T23:59:59-00:01", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t unix_s = -1;
		enum err e = member_time_parse(rows[i].text, &unix_s);

		assert_int_equal(unix_s, rows[i].unix_s);
		assert_int_equal(e, rows[i].unix_s < 0 ? ERR_OUT_OF_RANGE :
		    ERR_OK);
	}
}

static void
dates_are_days_that_exist(void **state)
{
	(void)state;
	assert_true(member_date_is_valid("2000-02-29"));
	assert_true(member_date_is_valid("0001-01-01"));
	assert_false(member_date_is_valid("1900-02-29"));
	assert_false(member_date_is_valid("2023-02-29"));
	assert_false(member_date_is_valid("2023-04-31"));
	assert_false(member_date_is_valid("2023-00-10"));
	assert_false(member_date_is_valid("2023-01-00"));
	assert_false(member_date_is_valid("0000-01-01"));
	assert_false(member_date_is_valid("2023-1-01"));
	assert_false(member_date_is_valid("2023-01-011"));
	assert_false(member_date_is_valid("2023/01/01"));
	assert_false(member_date_is_valid(""));
}

static void
utf8_has_one_form_for_each_character(void **state)
{
	static const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf",
	    "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
	    "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
	    "\xe2\x82", "\xff", "a\xc3(" };

	(void)state;
	assert_true(member_utf8_is_valid("", 0));
	assert_true(member_utf8_is_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xb5"
	    "\xf4\x8f\xbf\xbf\xed\x9f\xbf", 17));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(member_utf8_is_valid(bad[i], strlen(bad[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_fills_its_field),
		cmocka_unit_test(what_is_absent_leaves_its_field_alone),
		cmocka_unit_test(null_is_taken_where_a_patch_may_remove),
		cmocka_unit_test(a_required_member_must_be_there),
		cmocka_unit_test(
		    unknown_members_are_named_and_cut_at_a_character),
		cmocka_unit_test(texts_have_bounds_and_no_control_characters),
		cmocka_unit_test(numbers_have_bounds_and_no_fraction),
		cmocka_unit_test(money_has_an_amount_and_our_currency),
		cmocka_unit_test(ids_are_whole_and_not_too_many),
		cmocka_unit_test(times_are_rfc_3339),
		cmocka_unit_test(dates_are_days_that_exist),
		cmocka_unit_test(utf8_has_one_form_for_each_character),
	};

	return cmocka_run_group_tests_name("http_member", tests, NULL, NULL);
}
