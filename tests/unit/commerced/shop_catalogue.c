/* Items: drafts, publication, search, pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "commerced/shop/search.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#define WAIT_MS 30000

static enum err
check(const struct item_fields *fields, const char **member)
{
	return item_fields_check(fields, false, member);
}

static void
fields_of_another_form_are_refused_by_name(void **state)
{
	static char most[ITEM_DESCRIPTION_MAX + 2];
	static const char *const dates[] = { "2026-02-29", "2026-13-01",
	    "2026-00-10", "2026-01-00", "2026-04-31", "1900-02-29",
	    "2026-1-1", "20260101", "2026-01-01 ", "+026-01-01", "" };
	struct item_fields fields = { .given = ITEM_TITLE, .title = "" };
	const char *member;

	(void)state;
	assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);
	assert_string_equal(member, "title");
	memset(most, 'x', ITEM_TITLE_MAX);
	fields.title = most;
	assert_int_equal(check(&fields, &member), ERR_OK);
	assert_null(member);
	most[ITEM_TITLE_MAX] = 'x';
	assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);
	fields.title = "two\nlines";
	assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);

	fields = (struct item_fields){ .given = ITEM_PRICE,
	    .price_minor = -1 };
	assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);
	fields.price_minor = MONEY_MAX;
	assert_int_equal(check(&fields, &member), ERR_OK);
	fields.price_minor++;
	assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);
	assert_string_equal(member, "price");

	memset(most, 'x', ITEM_DESCRIPTION_MAX);
	fields = (struct item_fields){ .given = ITEM_DESCRIPTION,
	    .description = most };
	assert_int_equal(check(&fields, &member), ERR_OK);
	most[ITEM_DESCRIPTION_MAX] = 'x';
	assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);
	fields.description = NULL;
	assert_int_equal(check(&fields, &member), ERR_OK);

	fields = (struct item_fields){ .given = ITEM_RELEASED };
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		fields.released = dates[i];
		assert_int_equal(check(&fields, &member), ERR_OUT_OF_RANGE);
		assert_string_equal(member, "released");
	}
	fields.released = "2000-02-29";
	assert_int_equal(check(&fields, &member), ERR_OK);
	assert_int_equal(item_fields_check(&fields, true, &member),
	    ERR_WRONG_TYPE);
	assert_string_equal(member, "title");
}

struct change {
	struct uuid id;
	struct item_fields fields;
};

static enum err
write_change(struct shop_transaction *tx, const void *in, void *out)
{
	const struct change *change = in;

	struct item_obstacles obstacles = { 0 };
	enum err e = item_change(tx, &change->id, &change->fields, out,
	    &obstacles);

	item_obstacles_clear(&obstacles);
	return e;
}

static void
a_change_touches_what_is_given(void **state)
{
	struct fixture *fixture = *state;
	struct change change = { .id = fixture_item(fixture, "Waltz", 99) };
	struct item item = { 0 };

	change.fields = (struct item_fields){ .given = ITEM_PRICE |
	    ITEM_GENRE | ITEM_RELEASED | ITEM_DESCRIPTION,
	    .price_minor = 120, .genre = "folk", .released = "2026-11-22",
	    .description = "a\ndescription" };
	assert_int_equal(fixture_run(fixture, write_change, &change, &item),
	    ERR_OK);
	assert_string_equal(item.title, "Waltz");
	assert_string_equal(item.genre, "folk");
	assert_int_equal(item.price_minor, 120);
	change.fields = (struct item_fields){ .given = ITEM_GENRE };
	assert_int_equal(fixture_run(fixture, write_change, &change, &item),
	    ERR_OK);
	assert_int_equal(item_get_any(fixture->shop, &change.id, &item),
	    ERR_OK);
	assert_null(item.genre);
	assert_string_equal(item.released, "2026-11-22");
	assert_string_equal(item.description, "a\ndescription");
	assert_int_equal(item.state, ITEM_DRAFT);
	change.id.bytes[15] ^= 1;
	assert_int_equal(fixture_run(fixture, write_change, &change, &item),
	    ERR_NOT_FOUND);
	item_clear(&item);
}

struct publication {
	struct item item;
	struct item_obstacles obstacles;
};

static enum err
write_publish(struct shop_transaction *tx, const void *in, void *out)
{
	struct publication *publication = out;

	return item_publish(tx, in, &publication->item,
	    &publication->obstacles);
}

static void
publication_needs_every_file_to_be_stored(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = fixture_item(fixture, "Waltz", 99);
	struct publication out = { 0 };
	struct item_obstacles *obstacles = &out.obstacles;
	struct item item = { 0 };

	assert_int_equal(fixture_run(fixture, write_publish, &id, &out),
	    ERR_NOT_PUBLISHABLE);
	assert_true(obstacles->nothing);
	assert_int_equal(obstacles->files.count, 0);
	assert_int_equal(fixture_upload(fixture, &id, "a.ogg", "a"), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_publish, &id, &out),
	    ERR_NOT_PUBLISHABLE);
	assert_false(obstacles->nothing);
	assert_int_equal(obstacles->files.count, 1);
	assert_string_equal(obstacles->files.files[0].name, "a.ogg");
	fixture_store_all(fixture);
	assert_int_equal(fixture_upload(fixture, &id, "b.ogg", "b"), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_publish, &id, &out),
	    ERR_NOT_PUBLISHABLE);
	assert_false(obstacles->nothing);
	assert_int_equal(obstacles->files.count, 1);
	assert_string_equal(obstacles->files.files[0].name, "b.ogg");
	assert_int_equal(item_get(fixture->shop, &id, 0, &item),
	    ERR_NOT_FOUND);

	fixture_store_all(fixture);
	/* A new version of a stored file is nothing to wait for. */
	assert_int_equal(fixture_upload(fixture, &id, "a.ogg", "a2"),
	    ERR_OK);
	fixture->now_ms += 5;
	assert_int_equal(fixture_run(fixture, write_publish, &id, &out),
	    ERR_OK);
	assert_int_equal(out.item.published_ms, FIXTURE_START_MS + 5);
	assert_int_equal(obstacles->files.count, 0);
	assert_int_equal(item_get(fixture->shop, &id, 0, &item), ERR_OK);
	assert_int_equal(item.files.count, 2);
	assert_int_equal(item.files.files[0].version, 1);
	assert_int_equal(item.files.files[0].state, VERSION_STORED);
	assert_int_equal(item_get_any(fixture->shop, &id, &item), ERR_OK);
	assert_int_equal(item.files.files[0].version, 2);
	assert_int_equal(item.files.files[0].state, VERSION_PENDING);

	/* Off and on again: the first day stays. */
	fixture->now_ms += 5;
	assert_int_equal(fixture_withdraw(fixture, &id), ERR_OK);
	assert_int_equal(fixture_withdraw(fixture, &id), ERR_OK);
	assert_int_equal(item_get(fixture->shop, &id, 0, &item),
	    ERR_NOT_FOUND);
	assert_int_equal(fixture_publish(fixture, &id), ERR_OK);
	assert_int_equal(fixture_publish(fixture, &id), ERR_OK);
	assert_int_equal(item_get(fixture->shop, &id, 0, &item), ERR_OK);
	assert_int_equal(item.published_ms, FIXTURE_START_MS + 5);
	item_clear(&item);
	item_clear(&out.item);
}

static void
owners_see_what_was_withdrawn(void **state)
{
	struct fixture *fixture = *state;
	int64_t owner = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid id = fixture_item_on_sale(fixture, "Waltz", 0);
	struct item item = { 0 };

	assert_int_equal(fixture_buy(fixture, owner, &id, "1"), ERR_OK);
	assert_int_equal(fixture_withdraw(fixture, &id), ERR_OK);
	assert_int_equal(item_get(fixture->shop, &id, owner, &item), ERR_OK);
	assert_true(item.owned);
	assert_int_equal(item.state, ITEM_WITHDRAWN);
	assert_int_equal(item_get(fixture->shop, &id, other, &item),
	    ERR_NOT_FOUND);
	item_clear(&item);
}

/* The titles of all pages of a query, in order, parted by blanks. */
static const char *
titles(struct fixture *fixture, struct item_query query)
{
	static char text[2048];
	struct item_list page = { 0 };
	char *cursor = NULL;

	text[0] = '\0';
	assert_int_equal(search_wait(fixture->shop, false, WAIT_MS), ERR_OK);
	if (query.limit == 0)
		query.limit = 2;
	do {
		query.cursor = cursor;
		assert_int_equal(item_list(fixture->shop, &query, &page),
		    ERR_OK);
		assert_true(page.count <= query.limit);
		for (size_t i = 0; i < page.count; i++) {
			size_t length = strlen(text);

			(void)snprintf(text + length, sizeof(text) - length,
			    "%s%s", length == 0 ? "" : " ",
			    page.items[i].title);
		}
		free(cursor);
		cursor = page.next;
		page.next = NULL;
	} while (cursor != NULL);
	item_list_clear(&page);
	return text;
}

static struct uuid
stock(struct fixture *fixture, const char *title, const char *creator,
    const char *genre, int64_t price_minor)
{
	struct change change = { .id = fixture_item_on_sale(fixture, title,
	    price_minor) };
	struct item item = { 0 };

	change.fields = (struct item_fields){
	    .given = ITEM_CREATOR | ITEM_GENRE | ITEM_KIND,
	    .creator = creator, .genre = genre,
	    .kind = price_minor > 4 ? ITEM_KIND_ALBUM : ITEM_KIND_TRACK };
	assert_int_equal(fixture_run(fixture, write_change, &change, &item),
	    ERR_OK);
	item_clear(&item);
	fixture->now_ms += 1;
	return change.id;
}

static void
stock_five(struct fixture *fixture)
{
	(void)stock(fixture, "bravo", "Zoe", "folk", 5);
	(void)stock(fixture, "Alpha", "zoe", "folk", 1);
	(void)stock(fixture, "delta", "Ann", "rock", 3);
	(void)stock(fixture, "Charlie", "Bob", NULL, 3);
	(void)stock(fixture, "echo", "Ann", "Rock", 9);
	(void)fixture_item(fixture, "draft", 1);
}

static void
pages_come_in_the_order_that_was_asked_for(void **state)
{
	struct fixture *fixture = *state;

	stock_five(fixture);
	for (size_t limit = 1; limit <= 6; limit++) {
		struct item_query query = { .limit = limit };

		query.sort = ITEM_SORT_NEWEST;
		assert_string_equal(titles(fixture, query),
		    "echo Charlie delta Alpha bravo");
		query.sort = ITEM_SORT_TITLE;
		assert_string_equal(titles(fixture, query),
		    "Alpha bravo Charlie delta echo");
		query.sort = ITEM_SORT_CREATOR;
		assert_string_equal(titles(fixture, query),
		    "delta echo Charlie bravo Alpha");
		query.sort = ITEM_SORT_PRICE;
		assert_string_equal(titles(fixture, query),
		    "Alpha delta Charlie bravo echo");
		query.any_state = true;
		query.sort = ITEM_SORT_NEWEST;
		assert_string_equal(titles(fixture, query),
		    "draft echo Charlie delta Alpha bravo");
	}
}

/* Free ones, by as many accounts. */
static void
sell(struct fixture *fixture, const struct uuid *item, unsigned times)
{
	static unsigned buyers;
	char email[32];

	for (unsigned i = 0; i < times; i++) {
		(void)snprintf(email, sizeof(email), "b%u@example.com",
		    ++buyers);
		assert_int_equal(fixture_buy(fixture, fixture_account(fixture,
		    email, NULL), item, "1"), ERR_OK);
	}
}

static void
the_popular_is_what_was_sold_most(void **state)
{
	struct fixture *fixture = *state;
	struct uuid alpha = stock(fixture, "alpha one", "Zoe", "folk", 0);
	struct uuid bravo = stock(fixture, "bravo one", "Ann", "folk", 0);
	struct uuid delta = stock(fixture, "delta one", "zoe", "rock", 0);

	(void)stock(fixture, "echo", "Ann", NULL, 0);
	sell(fixture, &alpha, 2);
	sell(fixture, &bravo, 3);
	sell(fixture, &delta, 2);
	assert_int_equal(search_wait(fixture->shop, true, WAIT_MS), ERR_OK);
	for (size_t limit = 1; limit <= 5; limit++) {
		struct item_query query = { .limit = limit,
		    .sort = ITEM_SORT_POPULARITY };

		assert_string_equal(titles(fixture, query),
		    "bravo one delta one alpha one echo");
		query.creator = "ZOE";
		assert_string_equal(titles(fixture, query),
		    "delta one alpha one");
		query.creator = NULL;
		query.genre = "folk";
		assert_string_equal(titles(fixture, query),
		    "bravo one alpha one");
		query.q = "one";
		assert_string_equal(titles(fixture, query),
		    "bravo one alpha one");
		query.genre = NULL;
		query.creator = "zoe";
		assert_string_equal(titles(fixture, query),
		    "delta one alpha one");
	}
	assert_int_equal(fixture_number(fixture, "SELECT sum(sold)"
	    " FROM item_sales"), 7);
}

/* "value:count" of a facet, parted by blanks. */
static const char *
facet(struct fixture *fixture, const struct item_query *query,
    enum facet which)
{
	static char text[512];
	struct facets facets = { 0 };
	const struct facet_list *list = &facets.lists[which];
	size_t length = 0;

	text[0] = '\0';
	assert_int_equal(search_wait(fixture->shop, false, WAIT_MS), ERR_OK);
	assert_int_equal(facets_get(fixture->shop, query, &facets), ERR_OK);
	for (size_t i = 0; i < list->count; i++)
		length += (size_t)snprintf(text + length,
		    sizeof(text) - length, "%s%s:%d", i == 0 ? "" : " ",
		    list->values[i].value, (int)list->values[i].count);
	facets_clear(&facets);
	return text;
}

static void
facets_count_what_a_query_finds(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .limit = 20 };
	struct facets facets = { 0 };

	assert_string_equal(facet(fixture, &query, FACET_KIND), "");
	stock_five(fixture);
	(void)stock(fixture, "foxtrot", "Ann", "rock", 3);
	assert_string_equal(facet(fixture, &query, FACET_KIND),
	    "track:4 album:2");
	/* Of two spellings either may stand for both. */
	assert_int_equal(strncasecmp(facet(fixture, &query, FACET_CREATOR),
	    "Ann:3 zoe:2 Bob:1", 17), 0);
	assert_int_equal(strncasecmp(facet(fixture, &query, FACET_GENRE),
	    "rock:3 folk:2", 13), 0);
	query.limit = 1;
	assert_string_equal(facet(fixture, &query, FACET_KIND), "track:4");
	assert_string_equal(facet(fixture, &query, FACET_CREATOR), "Ann:3");
	query.limit = 20;
	query.creator = "ann";
	assert_string_equal(facet(fixture, &query, FACET_KIND),
	    "track:2 album:1");
	assert_string_equal(facet(fixture, &query, FACET_CREATOR), "Ann:3");
	query.q = "ech";
	assert_string_equal(facet(fixture, &query, FACET_KIND), "album:1");
	query.creator = NULL;
	query.q = "draft";
	assert_string_equal(facet(fixture, &query, FACET_KIND), "");
	query = (struct item_query){ .limit = 20, .has_kind = true,
	    .kind = ITEM_KIND_TRACK, .genre = "FOLK" };
	assert_string_equal(facet(fixture, &query, FACET_CREATOR), "zoe:1");
	query.limit = ITEM_LIMIT_MAX + 1;
	assert_int_equal(facets_get(fixture->shop, &query, &facets),
	    ERR_OUT_OF_RANGE);
}

static void
filters_narrow_and_ignore_case(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .sort = ITEM_SORT_TITLE };

	stock_five(fixture);
	query.creator = "ZOE";
	assert_string_equal(titles(fixture, query), "Alpha bravo");
	query.has_kind = true;
	query.kind = ITEM_KIND_ALBUM;
	assert_string_equal(titles(fixture, query), "bravo");
	query.creator = NULL;
	assert_string_equal(titles(fixture, query), "bravo echo");
	query.genre = "rock";
	assert_string_equal(titles(fixture, query), "echo");
	query.has_kind = false;
	query.genre = "ROCK";
	assert_string_equal(titles(fixture, query), "delta echo");
	query.q = "del";
	assert_string_equal(titles(fixture, query), "delta");
	query.creator = "Bob";
	assert_string_equal(titles(fixture, query), "");
}

static void
words_are_found_the_last_as_a_prefix(void **state)
{
	static const char *const hostile[] = { "\"", "\"\"\"", "*", "-",
	    "NEAR(a b)", "title:alpha", "alpha AND", "(", "a\" OR \"b",
	    "^alpha", "{title} : x", "\xff\xfe", "--", "%", "' OR 1=1" };
	struct fixture *fixture = *state;
	struct item_query query = { .sort = ITEM_SORT_RELEVANCE };
	char q[ITEM_QUERY_MAX + 2];
	struct item_list page = { 0 };

	stock_five(fixture);
	query.q = "  alp ";
	assert_string_equal(titles(fixture, query), "Alpha");
	query.q = "ann";	/* the shorter title fits better */
	assert_string_equal(titles(fixture, query), "echo delta");
	query.q = "ann ech";
	assert_string_equal(titles(fixture, query), "echo");
	query.q = "an echo";	/* only the last is a prefix */
	assert_string_equal(titles(fixture, query), "");
	query.q = "draft";
	assert_string_equal(titles(fixture, query), "");
	query.any_state = true;
	assert_string_equal(titles(fixture, query), "draft");
	query.any_state = false;
	query.q = "";
	assert_string_equal(titles(fixture, query), "");
	query.sort = ITEM_SORT_TITLE;
	query.q = "z";
	assert_string_equal(titles(fixture, query), "Alpha bravo");
	query.sort = ITEM_SORT_RELEVANCE;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		query.q = hostile[i];
		(void)titles(fixture, query);
	}
	/* Every byte becomes two or three: the worst that fits. */
	for (size_t i = 0; i < ITEM_QUERY_MAX; i++)
		q[i] = i % 2 == 0 ? '"' : ' ';
	q[ITEM_QUERY_MAX] = '\0';
	query.q = q;
	(void)titles(fixture, query);
	memset(q, '"', ITEM_QUERY_MAX);
	(void)titles(fixture, query);
	q[ITEM_QUERY_MAX] = 'x';
	q[ITEM_QUERY_MAX + 1] = '\0';
	query.limit = 1;
	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_OUT_OF_RANGE);
	query.q = NULL;
	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_OUT_OF_RANGE);
}

static void
what_was_changed_is_found_by_its_new_words_only(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .sort = ITEM_SORT_RELEVANCE };
	struct change change = { .id = fixture_item_on_sale(fixture, "before",
	    1) };
	struct item item = { 0 };

	change.fields = (struct item_fields){ .given = ITEM_TITLE,
	    .title = "after" };
	assert_int_equal(fixture_run(fixture, write_change, &change, &item),
	    ERR_OK);
	query.q = "before";
	assert_string_equal(titles(fixture, query), "");
	query.q = "after";
	assert_string_equal(titles(fixture, query), "after");
	item_clear(&item);
}

static void
relevance_ends_after_two_hundred(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .q = "same", .limit = ITEM_LIMIT_MAX,
	    .sort = ITEM_SORT_RELEVANCE };
	struct item_list page = { 0 };
	char *cursor;

	for (int i = 0; i < ITEM_RELEVANT_MAX + 1; i++)
		(void)fixture_item_on_sale(fixture, "same", 1);
	assert_int_equal(search_wait(fixture->shop, false, WAIT_MS), ERR_OK);
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, ITEM_LIMIT_MAX);
	cursor = page.next;
	page.next = NULL;
	query.cursor = cursor;
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, ITEM_LIMIT_MAX);
	assert_null(page.next);
	free(cursor);
	item_list_clear(&page);
}

/* Sorting all that a short prefix finds would take seconds. */
static void
other_orders_are_of_the_ten_thousand_most_popular(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .q = "man", .limit = 2,
	    .sort = ITEM_SORT_TITLE };
	struct item_list page = { 0 };

	fixture_execute(fixture, "INSERT INTO item (uuid, kind, state, title,"
	    " creator, price, created_ms, published_ms)"
	    " WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n"
	    " WHERE n < 10001) SELECT randomblob(16), 0, 1, 'many ' ||"
	    " printf('%05d', n), 'x', 1, n, n FROM n");
	(void)fixture_item_on_sale(fixture, "other", 1);
	assert_int_equal(search_wait(fixture->shop, true, WAIT_MS), ERR_OK);
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 2);
	/* Of those sold as often the newest is the most popular. */
	assert_string_equal(page.items[0].title, "many 00002");
	assert_string_equal(page.items[1].title, "many 00003");
	item_list_clear(&page);
	/* They have no files. */
	fixture_execute(fixture, "UPDATE item SET state = 2"
	    " WHERE title LIKE 'many %'");
}

static void
a_cursor_holds_its_place_while_items_come_and_go(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .sort = ITEM_SORT_TITLE, .limit = 2 };
	struct item_list page = { 0 };
	struct uuid bravo;
	char *cursor;

	(void)stock(fixture, "alpha", "x", NULL, 1);
	bravo = stock(fixture, "bravo", "x", NULL, 1);
	(void)stock(fixture, "charlie", "x", NULL, 1);
	(void)stock(fixture, "delta", "x", NULL, 1);
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_string_equal(page.items[1].title, "bravo");
	cursor = page.next;
	page.next = NULL;
	/* One before the place, one after it; the place itself goes. */
	(void)stock(fixture, "aardvark", "x", NULL, 1);
	(void)stock(fixture, "cat", "x", NULL, 1);
	assert_int_equal(fixture_withdraw(fixture, &bravo), ERR_OK);
	query.cursor = cursor;
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.items[0].title, "cat");
	assert_string_equal(page.items[1].title, "charlie");
	assert_non_null(page.next);
	free(cursor);
	item_list_clear(&page);
}

static void
cursors_that_are_none_are_refused(void **state)
{
	static const char *const texts[] = { "", "x", "!!!!", "AAAA",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	struct fixture *fixture = *state;
	struct item_query query = { .sort = ITEM_SORT_TITLE, .limit = 1 };
	struct item_list page = { 0 };
	static char large[5000];
	char *cursor;
	size_t length;

	stock_five(fixture);
	memset(large, 'A', sizeof(large) - 1);
	query.cursor = large;
	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_MALFORMED_CURSOR);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		query.cursor = texts[i];
		assert_int_equal(item_list(fixture->shop, &query, &page),
		    ERR_MALFORMED_CURSOR);
	}
	query.cursor = NULL;
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	cursor = page.next;
	page.next = NULL;
	assert_non_null(cursor);
	query.cursor = cursor;
	/* Of another order. */
	query.sort = ITEM_SORT_PRICE;
	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_MALFORMED_CURSOR);
	query.sort = ITEM_SORT_TITLE;
	/* With any one character changed, or the last cut. */
	length = strlen(cursor);
	for (size_t i = 0; i < length; i++) {
		char kept = cursor[i];

		cursor[i] = kept == 'B' ? 'C' : 'B';
		assert_int_equal(item_list(fixture->shop, &query, &page),
		    ERR_MALFORMED_CURSOR);
		cursor[i] = kept;
	}
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	cursor[length - 1] = '\0';
	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_MALFORMED_CURSOR);
	free(cursor);
	item_list_clear(&page);
}

static void
page_sizes_have_bounds(void **state)
{
	struct fixture *fixture = *state;
	struct item_query query = { .sort = ITEM_SORT_TITLE };
	struct item_list page = { 0 };

	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_OUT_OF_RANGE);
	query.limit = ITEM_LIMIT_MAX + 1;
	assert_int_equal(item_list(fixture->shop, &query, &page),
	    ERR_OUT_OF_RANGE);
	query.limit = ITEM_LIMIT_MAX;
	assert_int_equal(item_list(fixture->shop, &query, &page), ERR_OK);
	assert_int_equal(page.count, 0);
	assert_null(page.next);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fields_of_another_form_are_refused_by_name),
		TEST(a_change_touches_what_is_given),
		TEST(publication_needs_every_file_to_be_stored),
		TEST(owners_see_what_was_withdrawn),
		TEST(pages_come_in_the_order_that_was_asked_for),
		TEST(the_popular_is_what_was_sold_most),
		TEST(facets_count_what_a_query_finds),
		TEST(filters_narrow_and_ignore_case),
		TEST(words_are_found_the_last_as_a_prefix),
		TEST(what_was_changed_is_found_by_its_new_words_only),
		TEST(relevance_ends_after_two_hundred),
		TEST(other_orders_are_of_the_ten_thousand_most_popular),
		TEST(a_cursor_holds_its_place_while_items_come_and_go),
		TEST(cursors_that_are_none_are_refused),
		TEST(page_sizes_have_bounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
