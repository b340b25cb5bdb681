/* Bodies and queries: a JSON object (or, after a first "?", a query) taken
 * apart by a table that has a row of every kind.
 */
#include <string.h>

#include "commerced/http/member.h"
#include "tests/fuzz/fuzz.h"

struct everything {
	const char *line, *text, *secret, *date;
	int64_t integer, money, when;
	bool yes;
	struct uuid id;
	struct member_ids ids;
	int choice;
};

#define ROW(n, k, f, lo, hi) { .name = (n), .kind = (k), \
	.need = MEMBER_NULLABLE, .offset = offsetof(struct everything, f), \
	.least = (lo), .most = (hi) }

static const char *const choices[] = { "one", "two", NULL };

static const struct member table[] = {
	ROW("line", MEMBER_LINE, line, 1, 20),
	ROW("text", MEMBER_TEXT, text, 0, 100),
	ROW("secret", MEMBER_SECRET, secret, 1, 100),
	ROW("integer", MEMBER_INTEGER, integer, -5, 100),
	ROW("yes", MEMBER_BOOLEAN, yes, 0, 0),
	ROW("money", MEMBER_MONEY, money, 0, MONEY_MOST),
	ROW("id", MEMBER_ID, id, 0, 0),
	ROW("ids", MEMBER_IDS, ids, 1, 3),
	ROW("when", MEMBER_TIME, when, 0, 0),
	ROW("date", MEMBER_DATE, date, 0, 0),
	{ .name = "choice", .kind = MEMBER_CHOICE, .need = MEMBER_REQUIRED,
	    .offset = offsetof(struct everything, choice),
	    .choices = choices },
};

/* A query takes fewer kinds. */
static const struct member query_table[] = {
	ROW("line", MEMBER_LINE, line, 1, 20),
	ROW("integer", MEMBER_INTEGER, integer, -5, 100),
	ROW("yes", MEMBER_BOOLEAN, yes, 0, 0),
	ROW("id", MEMBER_ID, id, 0, 0),
	ROW("when", MEMBER_TIME, when, 0, 0),
	ROW("date", MEMBER_DATE, date, 0, 0),
	{ .name = "choice", .kind = MEMBER_CHOICE, .need = MEMBER_OPTIONAL,
	    .offset = offsetof(struct everything, choice),
	    .choices = choices },
};

static void
check_values(const struct everything *values)
{
	PROMISE(values->integer >= -5 && values->integer <= 100);
	PROMISE(values->money >= 0 && values->money <= MONEY_MOST);
	PROMISE(values->ids.count <= 3);
	PROMISE(values->choice == 0 || values->choice == 1);
	if (values->line != NULL)
		PROMISE(strlen(values->line) <= 20 &&
		    member_utf8_is_valid(values->line, strlen(values->line)));
	if (values->date != NULL)
		PROMISE(member_date_is_valid(values->date));
}

static void
check_body(const uint8_t *bytes, size_t size)
{
	static const struct member_source source = { table,
	    sizeof(table) / sizeof(table[0]), "EUR" };
	struct everything values = { 0 };
	struct member_presence presence = { 0, 0 };
	struct member_fault fault = { "", "" };
	json_t *object = json_loadb((const char *)bytes, size,
	    JSON_REJECT_DUPLICATES, NULL);

	if (object == NULL || !json_is_object(object)) {
		json_decref(object);
		return;
	}
	if (member_parse(object, &source, &values, &presence, &fault) ==
	    ERR_OK)
		check_values(&values);
	else
		PROMISE(fault.detail[0] != '\0');
	member_clear(table, source.count, &values);
	json_decref(object);
}

static void
check_query(const char *query)
{
	static const struct member_source source = { query_table,
	    sizeof(query_table) / sizeof(query_table[0]), "EUR" };
	struct everything values = { 0 };
	struct member_fault fault = { "", "" };
	json_t *object = NULL;

	if (member_parse_query(query, &source, &values, &object, &fault) ==
	    ERR_OK)
		check_values(&values);
	else
		PROMISE(object == NULL && fault.detail[0] != '\0');
	member_clear(query_table, source.count, &values);
	json_decref(object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *query;

	if (size == 0 || bytes[0] != '?') {
		check_body(bytes, size);
		return 0;
	}
	query = fuzz_text(bytes + 1, size - 1);
	check_query(query);
	free(query);
	return 0;
}
