/* The search index: follows, is made anew, is asked without reading it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "commerced/db/db.h"
#include "commerced/db/items.h"
#include "commerced/db/search.h"
#include "commerced/db/statements.h"
#include "commerced/shop/search.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#define WAIT_MS 30000

/* --- plans ---------------------------------------------------------------- */

/* What the engine would do for a statement, a line for each step. */
static const char *
plan(sqlite3 *handle, enum statement number)
{
	static char text[4096];
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s",
	    statement_text(number));
	sqlite3_stmt *statement = NULL;
	size_t length = 0;

	text[0] = '\0';
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement,
	    NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		length += (size_t)snprintf(text + length, sizeof(text) -
		    length, "%s\n",
		    (const char *)sqlite3_column_text(statement, 3));
	assert_true(length > 0 && length < sizeof(text));
	(void)sqlite3_finalize(statement);
	sqlite3_free(sql);
	return text;
}

/* Does a line say that all of a table, or of an index, is read? */
static bool
plan_reads_all(const char *text)
{
	for (const char *line = text; line != NULL && *line != '\0';
	    line = strchr(line, '\n') == NULL ? NULL :
	    strchr(line, '\n') + 1) {
		if (strncmp(line, "SCAN ", 5) == 0 &&
		    strncmp(line, "SCAN CONSTANT", 13) != 0 &&
		    strncmp(line, "SCAN (", 6) != 0 &&
		    strncmp(line, "SCAN j ", 7) != 0 &&	/* what was asked for */
		    strncmp(line, "SCAN e\n", 7) != 0 && /* a query inside */
		    strncmp(line, "SCAN o\n", 7) != 0)
			return true;
	}
	return false;
}

static sqlite3 *
open_file(const struct fixture *fixture, const char *name)
{
	sqlite3 *handle = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY,
	    NULL), SQLITE_OK);
	return handle;
}

static void
every_statement_has_a_text_that_its_database_understands(void **state)
{
	sqlite3 *books = open_file(*state, "counterfoil.db");
	sqlite3 *index = open_file(*state, "search.db");

	for (enum statement i = 0; i < STMT__COUNT; i++) {
		sqlite3_stmt *statement = NULL;

		assert_non_null(statement_text(i));
		/* This one has a function of ours, which no other has. */
		if (i == STMT_SEARCH_LIST + DB_BY_RELEVANCE)
			continue;
		assert_int_equal(sqlite3_prepare_v2(i < STMT_SEARCH ? books :
		    index, statement_text(i), -1, &statement, NULL),
		    SQLITE_OK);
		assert_non_null(statement);
		(void)sqlite3_finalize(statement);
	}
	assert_int_equal(sqlite3_close(index), SQLITE_OK);
	assert_int_equal(sqlite3_close(books), SQLITE_OK);
}

static int
note_write(void *context, int action, const char *table, const char *column,
    const char *database, const char *trigger)
{
	bool *writes = context;

	(void)column;
	(void)database;
	(void)trigger;
	if ((action == SQLITE_INSERT || action == SQLITE_UPDATE ||
	    action == SQLITE_DELETE) && strcmp(table, "session") == 0)
		*writes = true;
	return SQLITE_OK;
}

static void
who_keeps_sessions_hears_of_every_write_to_one(void **state)
{
	sqlite3 *books = open_file(*state, "counterfoil.db");
	bool writes = false;
	unsigned count = 0;

	(void)sqlite3_set_authorizer(books, note_write, &writes);
	for (enum statement i = 0; i < STMT_SEARCH; i++) {
		sqlite3_stmt *statement = NULL;

		writes = false;
		assert_int_equal(sqlite3_prepare_v2(books, statement_text(i),
		    -1, &statement, NULL), SQLITE_OK);
		(void)sqlite3_finalize(statement);
		assert_int_equal((statement_changes(i) & DB_SESSIONS) != 0,
		    writes);
		count += writes;
	}
	assert_int_equal(count, 6);
	assert_int_equal(sqlite3_close(books), SQLITE_OK);
}

static void
what_is_asked_for_often_reads_no_whole_table(void **state)
{
	static const enum statement numbers[] = {
		STMT_SESSION_BY_TOKEN, STMT_CREDENTIALS_BY_EMAIL,
		STMT_ACCOUNT_GET, STMT_BALANCE_GET, STMT_ITEM_GET,
		STMT_ITEM_GET_NUMBER, STMT_ITEMS_LISTED,
		STMT_ITEM_GET_CHANGED, STMT_CHANGE_LAST, STMT_PURCHASE_LAST,
		STMT_SOLD_LIST, STMT_ITEM_OWNED, STMT_ITEM_OWNED_INSIDE,
		STMT_FILES_FOR_SALE, STMT_FILES_NEWEST, STMT_CONTENTS_LIST,
		STMT_ITEM_FOR_SALE, STMT_BUYER_GET,
		STMT_PURCHASE_GET, STMT_PURCHASE_LINES, STMT_PURCHASE_LIST,
		STMT_LIBRARY_LIST, STMT_LIBRARY_ITEM, STMT_LIBRARY_FILE,
		STMT_GIFT_CODE_GET, STMT_CLAIM_BY_LOOKUP,
		STMT_ITEM_COUNT_GENRE, STMT_ITEM_COUNT_KIND,
		STMT_REPORT_DAY_BEFORE, STMT_REPORT_ITEMS_EVER,
		STMT_REPORT + REPORT_SALES_BY_DAY
	};
	sqlite3 *handle = open_file(*state, "counterfoil.db");

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *text = plan(handle, numbers[i]);

		if (plan_reads_all(text))
			print_error("%s\n%s", statement_text(numbers[i]),
			    text);
		assert_false(plan_reads_all(text));
	}
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* Newest, title, creator, price: of all, of a creator, a genre, a kind. */
static void
pages_of_the_books_begin_where_the_page_before_ended(void **state)
{
	static const char *const places[] = {
		"item_by_publication (published_ms<?)",
		"item_by_title (title>?)", "item_by_creator (creator>?)",
		"item_by_price (price>?)", "USING INTEGER PRIMARY KEY (rowid<?)"
	};
	sqlite3 *handle = open_file(*state, "counterfoil.db");

	for (unsigned order = 0; order < 5; order++) {
		enum statement all = STMT_ITEM_LIST + 4 * order;

		assert_non_null(strstr(plan(handle, all), places[order]));
		assert_null(strstr(plan(handle, all), "TEMP B-TREE"));
		assert_non_null(strstr(plan(handle, all + 1),
		    order == DB_BY_PUBLICATION ?
		    "item_by_creators_newest (creator=? AND published_ms<?)" :
		    "item_by_creator"));
		assert_non_null(strstr(plan(handle, all + 2),
		    "item_by_genre (genre=?"));
		assert_non_null(strstr(plan(handle, all + 3),
		    "item_by_kind (kind=?"));
	}
	/* The newest of a creator, a genre, a kind need no sorting either. */
	assert_null(strstr(plan(handle, STMT_ITEM_LIST + 1), "TEMP B-TREE"));
	assert_null(strstr(plan(handle, STMT_ITEM_LIST + 2), "TEMP B-TREE"));
	assert_null(strstr(plan(handle, STMT_ITEM_LIST + 3), "TEMP B-TREE"));
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* --- following ------------------------------------------------------------ */

static bool
finds(struct fixture *fixture, const char *q, size_t count)
{
	const struct item_query query = { .q = q, .limit = 100,
	    .sort = ITEM_SORT_RELEVANCE };
	struct item_list page = { 0 };
	bool is_so;

	assert_int_equal(search_wait(fixture->shop, false, WAIT_MS), ERR_OK);
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	is_so = page.count == count;
	item_list_clear(&page);
	return is_so;
}

static void
rename_item(struct fixture *fixture, const struct uuid *item,
    const char *title)
{
	const struct item_fields fields = { .given = ITEM_TITLE,
	    .title = title };

	assert_int_equal(fixture_change(fixture, item, &fields, NULL),
	    ERR_OK);
}

static void
an_item_renamed_often_is_found_by_its_last_title_only(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "first", 1);
	char title[32];

	(void)fixture_item_on_sale(fixture, "another", 1);
	/* More often than there are places beside the first. */
	for (int i = 0; i < 150; i++) {
		(void)snprintf(title, sizeof(title), "title%d", i);
		rename_item(fixture, &item, title);
		assert_int_equal(search_wait(fixture->shop, false, WAIT_MS),
		    ERR_OK);
	}
	assert_true(finds(fixture, "first", 0));
	assert_true(finds(fixture, "title148", 0));
	assert_true(finds(fixture, "title149", 1));
	assert_true(finds(fixture, "t", 1));
	assert_true(finds(fixture, "another", 1));
	assert_int_equal(search_wait(fixture->shop, true, WAIT_MS), ERR_OK);
	assert_true(finds(fixture, "title149", 1));
	assert_true(finds(fixture, "t", 1));
}

static void
the_day_of_release_comes_without_a_change(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "tomorrow", 1);
	const struct item_fields fields = { .given = ITEM_RELEASED,
	    .released = "2026-09-23" };
	const struct item_query all = { .limit = 10 };
	struct facets facets = { 0 };
	struct search_status status;
	int64_t until_ms = 0;

	assert_int_equal(fixture_change(fixture, &item, &fields, NULL),
	    ERR_OK);
	assert_true(finds(fixture, "tomorrow", 0));
	fixture->now_ms = INT64_C(1790121600000);	/* 2026-09-23 */
	assert_true(finds(fixture, "tomorrow", 1));
	/* The count follows with the next look at the clock. */
	do {
		assert_int_equal(facets_get(fixture->shop, &all, &facets),
		    ERR_OK);
		search_status_get(fixture->shop, &status);
		assert_true(until_ms++ < 30000);
		(void)search_wait(fixture->shop, false, 1);
	} while (facets.lists[FACET_KIND].count == 0);
	assert_int_equal(facets.lists[FACET_KIND].values[0].count, 1);
	facets_clear(&facets);
}

static void
filters_and_words_are_one_query(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .q = "wal", .limit = 10,
	    .sort = ITEM_SORT_RELEVANCE, .creator = "SOMEBODY" };
	const char *const creators[] = { "Somebody", "Somebody Else", "!?" };
	struct item_list page = { 0 };

	for (size_t i = 0; i < 3; i++) {
		struct uuid item = fixture_item_on_sale(fixture, "waltz", 1);
		const struct item_fields fields = { .given = ITEM_CREATOR |
		    ITEM_GENRE, .creator = creators[i],
		    .genre = i == 2 ? "\xee\x80\x80" "a" : "Folk" };

		assert_int_equal(fixture_change(fixture, &item, &fields,
		    NULL), ERR_OK);
	}
	assert_true(finds(fixture, "wal", 3));
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 1);
	assert_string_equal(page.items[0].creator, "Somebody");
	/* A name without a word in it is compared all the same. */
	query.creator = "!?";
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 1);
	query = (struct item_query){ .q = "wal", .limit = 10,
	    .sort = ITEM_SORT_RELEVANCE, .has_kind = true,
	    .kind = ITEM_KIND_ALBUM };
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 0);
	query.kind = ITEM_KIND_TRACK;
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 3);
	item_list_clear(&page);
	/* The mark of kinds is no word. */
	assert_true(finds(fixture, "\xee\x80\x80" "a", 0));
}

/* What an index finds page by page, in order, with the scores of the ends. */
static size_t
search_all(struct db *index, struct item_filter *filter, int64_t found[300],
    double scores[300])
{
	struct search_page page;
	size_t count = 0, pages = 0;

	filter->after = db_item_first_place(DB_BY_RELEVANCE);
	do {
		assert_int_equal(db_search_list(index, filter, &page),
		    ERR_OK);
		assert_true(count + page.count <= 300);
		memcpy(found + count, page.items, page.count *
		    sizeof(found[0]));
		count += page.count;
		scores[pages++] = page.last.score;
		filter->after = page.last;
	} while (page.last.number != 0);
	return count;
}

/* Of what begins with begun, and others, as one prefix and as whole words. */
static size_t
finds_alike(struct db *index, const char *begun, const char *others)
{
	struct item_filter filter = { .order = DB_BY_RELEVANCE, .limit = 7,
	    .today = "2026-01-01" };
	int64_t found[2][300];
	double scores[2][300];
	char words[200];
	size_t count;

	(void)snprintf(words, sizeof(words), "\"%s\" *%s", begun, others);
	filter.words = words;
	filter.others = others;
	count = search_all(index, &filter, found[0], scores[0]);
	filter.begun = begun;
	/* Found by whole words alone. */
	filter.words = strlen(begun) > 3 && count > 0 ? "nothing" : words;
	if (strcmp(begun, "many") == 0)
		filter.words = words;
	assert_int_equal(search_all(index, &filter, found[1], scores[1]),
	    count);
	assert_memory_equal(found[0], found[1], count * sizeof(int64_t));
	assert_memory_equal(scores[0], scores[1], (count + 6) / 7 *
	    sizeof(double));
	return count;
}

static void
the_beginning_of_a_word_is_as_all_words_that_begin_so(void **state)
{
	static const char *const titles[] = { "waltz", "waltzes waltz",
	    "Waltzing, waltzes, waltz", "waltzer of a blue night", "valse",
	    "blue waltzes", "W\xc3\xa1ltz\xc3\xb3n blue", "walt" };
	const size_t count = sizeof(titles) / sizeof(titles[0]);
	struct fixture *fixture = *state;
	struct uuid items[24];
	struct db *index;
	char title[64], path[128];

	for (size_t i = 0; i < 3 * count; i++)
		items[i] = fixture_item_on_sale(fixture, titles[i % count],
		    (int64_t)i);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(title, sizeof(title), "many%d waltz%d", i,
		    i % 9);
		(void)fixture_item_on_sale(fixture, title, 1);
	}
	rename_item(fixture, &items[0], "other");
	assert_true(finds(fixture, "many", 40));
	(void)snprintf(path, sizeof(path), "%s/search.db", fixture->folder);
	assert_int_equal(db_open(path, DB_INDEX_READER, &index), ERR_OK);
	assert_int_equal(finds_alike(index, "waltz", ""), 57);
	assert_int_equal(finds_alike(index, "waltze", ""), 12);
	assert_int_equal(finds_alike(index, "waltz", " \"blue\""), 9);
	assert_int_equal(finds_alike(index, "waltz",
	    " \"blue\" \"night\" kind : \"" SEARCH_KIND_MARK "a\""), 3);
	assert_int_equal(finds_alike(index, "waltz",
	    " creator : \"nobody\""), 0);
	assert_int_equal(finds_alike(index, "walz", ""), 0);
	assert_int_equal(finds_alike(index, "wal", ""), 60);
	/* Too many words. */
	assert_int_equal(finds_alike(index, "many", ""), 40);
	db_close(index);
	/* As it is typed. */
	assert_true(finds(fixture, "WALTZ", 57));
	assert_true(finds(fixture, "blue night WaltZ", 3));
	assert_true(finds(fixture, "w\xc3\xa1ltz", 57));
	assert_true(finds(fixture, "waltz-", 57));
	assert_true(finds(fixture, "- waltzer", 3));
	assert_true(finds(fixture, "- \xc3\xa1 waltzer", 3));
	assert_true(finds(fixture, "\" a - waltzer", 3));
	assert_true(finds(fixture, "\"a\" waltzer", 3));
	assert_true(finds(fixture, "waltz \"", 8));
}

static void
an_index_is_used_again_only_with_its_books(void **state)
{
	struct fixture *fixture = *state;
	struct search_status status;

	(void)fixture_item_on_sale(fixture, "waltz", 1);
	assert_true(finds(fixture, "waltz", 1));
	fixture_reopen(fixture);
	assert_true(finds(fixture, "waltz", 1));
	search_status_get(fixture->shop, &status);
	assert_int_equal(status.made, 0);
	assert_true(status.is_ready);
	/* Books that say otherwise, as an old copy would. */
	fixture_execute(fixture,
	    "UPDATE shop SET search_era = zeroblob(16)");
	fixture_reopen(fixture);
	assert_true(finds(fixture, "waltz", 1));
	search_status_get(fixture->shop, &status);
	assert_int_equal(status.made, 1);
	fixture_execute(fixture, "UPDATE item SET change = 0");
	fixture_reopen(fixture);
	assert_true(finds(fixture, "waltz", 1));
	search_status_get(fixture->shop, &status);
	assert_int_equal(status.made, 1);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_has_a_text_that_its_database_understands),
		TEST(who_keeps_sessions_hears_of_every_write_to_one),
		TEST(what_is_asked_for_often_reads_no_whole_table),
		TEST(pages_of_the_books_begin_where_the_page_before_ended),
		TEST(an_item_renamed_often_is_found_by_its_last_title_only),
		TEST(the_day_of_release_comes_without_a_change),
		TEST(filters_and_words_are_one_query),
		TEST(the_beginning_of_a_word_is_as_all_words_that_begin_so),
		TEST(an_index_is_used_again_only_with_its_books),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
