/* Albums and bundles: what they give, and what they cost those who own some
 * of it already.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

#define TRACKS 10

/* Tracks of 100 each. */
static void
make_tracks(struct fixture *fixture, struct uuid tracks[static TRACKS])
{
	char title[16];

	for (int i = 0; i < TRACKS; i++) {
		(void)snprintf(title, sizeof(title), "track %d", i);
		tracks[i] = fixture_item_on_sale(fixture, title, 100);
	}
}

static bool
owns(struct fixture *fixture, int64_t account, const struct uuid *id)
{
	struct item item = { 0 };
	bool is_owned;

	assert_int_equal(item_get(fixture->shop, id, account, &item), ERR_OK);
	is_owned = item.owned;
	item_clear(&item);
	return is_owned;
}

/* How many files of an item there is access to. */
static size_t
access_count(struct fixture *fixture, int64_t account, const struct uuid *id)
{
	struct access_list list = { 0 };
	size_t count;

	assert_int_equal(access_for_items(fixture->shop, account, id, 1,
	    &list), ERR_OK);
	count = list.count;
	access_list_clear(&list);
	return count;
}

/* Quoted and bought at the same; what it cost, or the negated error. */
static int64_t
buy_as_quoted(struct fixture *fixture, int64_t account,
    const struct uuid *items, size_t count, const char *key)
{
	struct purchase_request in = { .account = account, .items = items,
	    .item_count = count, .idempotency_key = key };
	struct purchase_result quote = { 0 }, out = { 0 };
	int64_t before = fixture_balance(fixture, account), total;
	enum err e;

	e = purchase_quote(fixture->shop, &in, &quote);
	if (e) {
		assert_int_equal(fixture_purchase(fixture, &in, &out), e);
		assert_int_equal(out.refused_count, quote.refused_count);
		assert_memory_equal(out.refused, quote.refused,
		    sizeof(out.refused));
		purchase_result_clear(&out);
		purchase_result_clear(&quote);
		return -(int64_t)e;
	}
	in.has_expected_total = true;
	in.expected_total_minor = quote.purchase.total_minor;
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	total = out.purchase.total_minor;
	assert_int_equal(total, before - fixture_balance(fixture, account));
	assert_int_equal(out.purchase.line_count, quote.purchase.line_count);
	for (size_t i = 0; i < out.purchase.line_count; i++)
		assert_int_equal(out.purchase.lines[i].deducted_minor,
		    quote.purchase.lines[i].deducted_minor);
	purchase_result_clear(&out);
	purchase_result_clear(&quote);
	return total;
}

static void
an_album_gives_what_it_contains(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[TRACKS], album;
	struct access_list access = { 0 };
	struct item item = { 0 };

	make_tracks(fixture, tracks);
	fixture_give(fixture, buyer, 5000);
	album = fixture_album_on_sale(fixture, 700, tracks, TRACKS);
	assert_int_equal(buy_as_quoted(fixture, buyer, &album, 1, "1"), 700);
	assert_int_equal(fixture_library_count(fixture, buyer), TRACKS);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM entitlement"), 1);
	assert_int_equal(access_for_items(fixture->shop, buyer, &album, 1,
	    &access), ERR_OK);
	assert_int_equal(access.count, TRACKS);
	for (int i = 0; i < TRACKS; i++) {
		assert_memory_equal(&access.entries[i].file.item, &tracks[i],
		    sizeof(tracks[i]));
		assert_true(owns(fixture, buyer, &tracks[i]));
		assert_int_equal(buy_as_quoted(fixture, buyer, &tracks[i], 1,
		    "2"), -ERR_ALREADY_OWNED);
	}
	access_list_clear(&access);
	assert_int_equal(item_get(fixture->shop, &album, buyer, &item),
	    ERR_OK);
	assert_true(item.owned);
	assert_int_equal(item.contains_count, TRACKS);
	assert_memory_equal(item.contains, tracks, sizeof(tracks));
	item_clear(&item);
}

static void
a_track_of_an_album_has_its_versions_and_reports(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid track = fixture_item_on_sale(fixture, "waltz", 1), album;
	struct library_query query = { .account = buyer, .limit = 10,
	    .unfinished = true };
	struct access_list access = { 0 };
	struct library_list list = { 0 };
	struct uuid file;

	album = fixture_album_on_sale(fixture, 0, &track, 1);
	assert_int_equal(fixture_buy(fixture, buyer, &album, "1"), ERR_OK);
	assert_int_equal(fixture_upload(fixture, &track, "waltz.ogg", "2nd"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(library_list(fixture->shop, &query, &list), ERR_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.entries[0].file.version, 2);
	assert_int_equal(list.entries[0].bought_version, 1);
	file = list.entries[0].file.id;
	for (int64_t version = 1; version <= 2; version++)
		assert_int_equal(access_for_file(fixture->shop, buyer, &file,
		    version, &access), ERR_OK);
	assert_int_equal(access_for_file(fixture->shop, other, &file, 0,
	    &access), ERR_NOT_FOUND);
	access_list_clear(&access);
	library_list_clear(&list);
}

static void
owners_get_what_is_put_in_and_keep_what_is_taken_out(void **state)
{
	struct fixture *fixture = *state;
	int64_t early = fixture_account(fixture, "a@example.com", NULL);
	int64_t late = fixture_account(fixture, "b@example.com", NULL);
	struct uuid tracks[TRACKS], album;

	make_tracks(fixture, tracks);
	album = fixture_album_on_sale(fixture, 0, tracks, 2);
	assert_int_equal(fixture_buy(fixture, early, &album, "1"), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, early), 2);
	assert_int_equal(fixture_contain(fixture, &album, tracks, 3), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, early), 3);
	assert_true(owns(fixture, early, &tracks[2]));

	/* The first goes, for those who come now. */
	assert_int_equal(fixture_contain(fixture, &album, tracks + 1, 2),
	    ERR_OK);
	assert_int_equal(fixture_buy(fixture, late, &album, "1"), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, early), 3);
	assert_int_equal(fixture_library_count(fixture, late), 2);
	assert_false(owns(fixture, late, &tracks[0]));
	assert_int_equal(access_count(fixture, early, &album), 3);
	assert_int_equal(access_count(fixture, late, &album), 2);
	/* Nothing of it may be lost to those who have it. */
	assert_int_equal(fixture_withdraw(fixture, &tracks[0]), ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &tracks[0],
	    "track 0.ogg"), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, early), 3);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM version WHERE state = 2"), 0);
}

static void
a_bundle_reaches_two_levels(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[TRACKS], albums[2], bundle;

	make_tracks(fixture, tracks);
	albums[0] = fixture_album_on_sale(fixture, 300, tracks, 5);
	/* The sixth stands in both. */
	albums[1] = fixture_album_on_sale(fixture, 300, tracks + 4, 5);
	bundle = fixture_album_on_sale(fixture, 500, albums, 2);
	fixture_give(fixture, buyer, 500);
	assert_int_equal(buy_as_quoted(fixture, buyer, &bundle, 1, "1"), 500);
	assert_int_equal(fixture_library_count(fixture, buyer), 9);
	assert_int_equal(access_count(fixture, buyer, &bundle), 9);
	assert_int_equal(access_count(fixture, buyer, &albums[1]), 5);
	assert_true(owns(fixture, buyer, &albums[0]));
	assert_true(owns(fixture, buyer, &tracks[8]));
	assert_false(owns(fixture, buyer, &tracks[9]));
	assert_int_equal(fixture_buy(fixture, buyer, &albums[1], "2"),
	    ERR_ALREADY_OWNED);
	/* Also what is put into an album of the bundle. */
	assert_int_equal(fixture_contain(fixture, &albums[1], tracks + 4, 6),
	    ERR_OK);
	assert_true(owns(fixture, buyer, &tracks[9]));
	assert_int_equal(fixture_library_count(fixture, buyer), 10);
}

static void
three_of_ten_tracks_are_deducted_from_the_album(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[TRACKS], album;
	struct item_fields dearer = { .given = ITEM_PRICE,
	    .price_minor = 130 };

	make_tracks(fixture, tracks);
	album = fixture_album_on_sale(fixture, 700, tracks, TRACKS);
	fixture_give(fixture, buyer, 5000);
	assert_int_equal(buy_as_quoted(fixture, buyer, tracks, 3, "1"), 300);
	/* The lower of what was paid and what it costs now. */
	assert_int_equal(fixture_change(fixture, &tracks[0], &dearer, NULL),
	    ERR_OK);
	dearer.price_minor = 60;
	assert_int_equal(fixture_change(fixture, &tracks[1], &dearer, NULL),
	    ERR_OK);
	assert_int_equal(buy_as_quoted(fixture, buyer, &album, 1, "2"),
	    700 - 100 - 60 - 100);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM deduction"), 3);
	assert_int_equal(fixture_library_count(fixture, buyer), TRACKS);
}

static void
nothing_costs_less_than_nothing(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[TRACKS], album;

	make_tracks(fixture, tracks);
	album = fixture_album_on_sale(fixture, 150, tracks, TRACKS);
	fixture_give(fixture, buyer, 5000);
	assert_int_equal(buy_as_quoted(fixture, buyer, tracks, 3, "1"), 300);
	assert_int_equal(buy_as_quoted(fixture, buyer, &album, 1, "2"), 0);
	/* 100 and 50; the third gave nothing. */
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM deduction"), 2);
	assert_int_equal(fixture_number(fixture,
	    "SELECT sum(amount) FROM deduction"), 150);
}

static void
what_was_free_or_came_with_another_album_deducts_nothing(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[TRACKS], albums[3], bundle;
	const struct item_fields price = { .given = ITEM_PRICE,
	    .price_minor = 100 };

	make_tracks(fixture, tracks);
	tracks[0] = fixture_item_on_sale(fixture, "free", 0);
	fixture_give(fixture, buyer, 5000);
	assert_int_equal(buy_as_quoted(fixture, buyer, tracks, 1, "1"), 0);
	assert_int_equal(fixture_change(fixture, tracks, &price, NULL),
	    ERR_OK);
	albums[0] = fixture_album_on_sale(fixture, 400, tracks, 5);
	assert_int_equal(buy_as_quoted(fixture, buyer, albums, 1, "2"), 400);
	albums[1] = fixture_album_on_sale(fixture, 400, tracks, 6);
	assert_int_equal(buy_as_quoted(fixture, buyer, albums + 1, 1, "3"),
	    400);
	/* A bundle deducts albums by what was paid for them. */
	albums[2] = fixture_album_on_sale(fixture, 400, tracks + 6, 2);
	bundle = fixture_album_on_sale(fixture, 1000, albums, 3);
	assert_int_equal(buy_as_quoted(fixture, buyer, tracks + 6, 1, "4"),
	    100);
	assert_int_equal(buy_as_quoted(fixture, buyer, &bundle, 1, "5"),
	    1000 - 400 - 400 - 100);
}

static void
an_album_together_with_what_it_contains_is_refused(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[TRACKS], album, basket[3];
	struct purchase_request in = { .account = buyer, .items = basket,
	    .item_count = 3, .idempotency_key = "1" };
	struct purchase_result out = { 0 };

	make_tracks(fixture, tracks);
	album = fixture_album_on_sale(fixture, 300, tracks, 5);
	basket[0] = tracks[4];
	basket[1] = fixture_album_on_sale(fixture, 500, &album, 1);
	basket[2] = tracks[5];
	fixture_give(fixture, buyer, 5000);
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_ALREADY_OWNED);
	assert_int_equal(out.refused_count, 1);
	assert_memory_equal(out.refused, &tracks[4], sizeof(tracks[4]));
	purchase_result_clear(&out);
	assert_int_equal(buy_as_quoted(fixture, buyer, basket + 1, 2, "1"),
	    600);
}

static void
cycles_and_three_levels_are_not_publishable(void **state)
{
	struct fixture *fixture = *state;
	struct uuid track = fixture_item_on_sale(fixture, "waltz", 1);
	struct uuid a = fixture_item(fixture, "a", 1);
	struct uuid b = fixture_item(fixture, "b", 1);
	struct uuid c = fixture_item(fixture, "c", 1);
	struct uuid both[2];
	struct item_fields fields = { .given = ITEM_CONTAINS,
	    .contains = &c, .contains_count = 1 };
	struct item_obstacles obstacles = { 0 };

	/* a contains b, and b a: a draft may, for as long as it is one. */
	assert_int_equal(fixture_contain(fixture, &a, &b, 1), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &b, &a, 1), ERR_OK);
	assert_int_equal(fixture_publish(fixture, &a), ERR_NOT_PUBLISHABLE);
	assert_int_equal(fixture_publish(fixture, &b), ERR_NOT_PUBLISHABLE);
	/* a, b, c, track are three steps; b, c, track are two */
	assert_int_equal(fixture_contain(fixture, &b, &c, 1), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &c, &track, 1), ERR_OK);
	assert_int_equal(fixture_publish(fixture, &a), ERR_NOT_PUBLISHABLE);
	assert_int_equal(fixture_publish(fixture, &b), ERR_OK);
	/* What is on sale, or part of it, is not made deeper, nor a ring. */
	assert_int_equal(fixture_contain(fixture, &track, &a, 1),
	    ERR_NOT_PUBLISHABLE);
	both[0] = track;
	both[1] = b;
	assert_int_equal(fixture_contain(fixture, &c, both, 2),
	    ERR_NOT_PUBLISHABLE);
	fields.contains = &a;
	assert_int_equal(fixture_change(fixture, &b, &fields, &obstacles),
	    ERR_NOT_PUBLISHABLE);
	assert_true(obstacles.too_deep);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM item_content"
	    " WHERE until_sequence = 9223372036854775807"), 3);
	item_obstacles_clear(&obstacles);
}

static void
contents_need_something_to_give(void **state)
{
	struct fixture *fixture = *state;
	struct uuid track = fixture_item_on_sale(fixture, "waltz", 1);
	struct uuid empty = fixture_item(fixture, "empty", 1);
	struct uuid album = fixture_item(fixture, "album", 1);
	struct uuid both[2] = { track, empty };
	struct item_fields fields = { .given = ITEM_CONTAINS,
	    .contains = both, .contains_count = 2 };
	struct item_obstacles obstacles = { 0 };

	assert_int_equal(fixture_contain(fixture, &album, both, 2), ERR_OK);
	assert_int_equal(fixture_publish(fixture, &album),
	    ERR_NOT_PUBLISHABLE);
	assert_int_equal(fixture_contain(fixture, &album, both, 1), ERR_OK);
	assert_int_equal(fixture_publish(fixture, &album), ERR_OK);
	assert_int_equal(fixture_change(fixture, &album, &fields,
	    &obstacles), ERR_NOT_PUBLISHABLE);
	assert_int_equal(obstacles.empty_count, 1);
	assert_memory_equal(obstacles.empty, &empty, sizeof(empty));
	fields.contains_count = 0;
	assert_int_equal(fixture_change(fixture, &album, &fields,
	    &obstacles), ERR_NOT_PUBLISHABLE);
	assert_true(obstacles.nothing);
	item_obstacles_clear(&obstacles);
	/* The last file of what an album on sale contains stays. */
	assert_int_equal(fixture_withdraw(fixture, &track), ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &track, "waltz.ogg"),
	    ERR_NOT_PUBLISHABLE);
	assert_int_equal(fixture_withdraw(fixture, &album), ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &track, "waltz.ogg"),
	    ERR_OK);
}

static void
contents_must_exist_and_come_once(void **state)
{
	struct fixture *fixture = *state;
	struct uuid album = fixture_item(fixture, "album", 1);
	struct uuid track = fixture_item(fixture, "track", 1);
	struct uuid two[2] = { track, track };

	assert_int_equal(fixture_contain(fixture, &album, two, 2),
	    ERR_DUPLICATE_ITEM);
	two[1].bytes[15] ^= 1;
	assert_int_equal(fixture_contain(fixture, &album, two, 2),
	    ERR_OUT_OF_RANGE);
	assert_int_equal(fixture_contain(fixture, &album, &album, 1),
	    ERR_OUT_OF_RANGE);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM item_content"), 0);
	assert_int_equal(fixture_contain(fixture, &album, two, 1), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &album, NULL, 0), ERR_OK);
}

static size_t
listed(struct fixture *fixture)
{
	const struct item_query query = { .sort = ITEM_SORT_NEWEST,
	    .limit = 10 };
	struct item_list list = { 0 };
	size_t count;

	assert_int_equal(item_list(fixture->shop, &query, &list), ERR_OK);
	count = list.count;
	item_list_clear(&list);
	return count;
}

static void
nothing_is_on_sale_before_its_release(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 0);
	/* The clock stands at 2026-09-21. */
	struct item_fields fields = { .given = ITEM_RELEASED,
	    .released = "2026-09-22" };
	struct item seen = { 0 };

	assert_int_equal(listed(fixture), 1);
	assert_int_equal(fixture_change(fixture, &item, &fields, NULL),
	    ERR_OK);
	assert_int_equal(buy_as_quoted(fixture, buyer, &item, 1, "1"),
	    -ERR_ITEM_NOT_ON_SALE);
	assert_int_equal(listed(fixture), 0);
	/* Its page is there, with the day. */
	assert_int_equal(item_get(fixture->shop, &item, 0, &seen), ERR_OK);
	assert_string_equal(seen.released, "2026-09-22");
	item_clear(&seen);
	fixture->now_ms += INT64_C(24) * 3600 * 1000;
	assert_int_equal(listed(fixture), 1);
	assert_int_equal(buy_as_quoted(fixture, buyer, &item, 1, "1"), 0);
}

/* What a teardown looks at: none of what is owned may be deleted. */
static void
what_an_album_in_a_bundle_contains_is_kept(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid track = fixture_item_on_sale(fixture, "one", 0);
	struct uuid other = fixture_item_on_sale(fixture, "two", 0);
	struct uuid inner = fixture_album_on_sale(fixture, 0, &track, 1);
	struct uuid album = fixture_album_on_sale(fixture, 0, &other, 1);
	struct uuid bundle = fixture_album_on_sale(fixture, 0, &album, 1);

	assert_int_equal(fixture_buy(fixture, buyer, &bundle, "1"), ERR_OK);
	assert_int_equal(fixture_withdraw(fixture, &bundle), ERR_OK);
	/* Three levels, of which the bundle reaches two, the album both. */
	assert_int_equal(fixture_contain(fixture, &album, &inner, 1), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &bundle, &album, 1), ERR_OK);
	buyer = fixture_account(fixture, "b@example.com", NULL);
	assert_int_equal(fixture_buy(fixture, buyer, &album, "1"), ERR_OK);
	fixture_check_books(fixture);
}

static void
what_had_left_an_album_before_it_came_is_not_given(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid tracks[TRACKS], inner, album, both[2];

	make_tracks(fixture, tracks);
	inner = fixture_album_on_sale(fixture, 0, tracks, 2);
	album = fixture_album_on_sale(fixture, 0, tracks + 2, 1);
	both[0] = tracks[2];
	both[1] = inner;
	assert_int_equal(fixture_buy(fixture, buyer, &album, "1"), ERR_OK);
	assert_int_equal(fixture_buy(fixture, other, &inner, "1"), ERR_OK);
	/* The second goes before the album comes, the first after. */
	assert_int_equal(fixture_contain(fixture, &inner, tracks, 1), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &album, both, 2), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &inner, tracks + 3, 1),
	    ERR_OK);
	assert_false(owns(fixture, buyer, &tracks[1]));
	assert_true(owns(fixture, buyer, &tracks[0]));
	assert_true(owns(fixture, buyer, &tracks[3]));
	assert_int_equal(fixture_library_count(fixture, buyer), 3);
	assert_int_equal(fixture_library_count(fixture, other), 3);
	/* It comes back while the album is away: it is theirs by now. */
	assert_int_equal(fixture_contain(fixture, &album, tracks + 2, 1),
	    ERR_OK);
	assert_int_equal(fixture_contain(fixture, &inner, tracks, 2), ERR_OK);
	assert_true(owns(fixture, buyer, &tracks[1]));
	assert_int_equal(fixture_library_count(fixture, buyer), 4);
}

static void
each_stay_in_an_album_counts_by_itself(void **state)
{
	struct fixture *fixture = *state;
	int64_t early = fixture_account(fixture, "a@example.com", NULL);
	int64_t late = fixture_account(fixture, "b@example.com", NULL);
	struct uuid tracks[TRACKS], inner, album, both[2];

	make_tracks(fixture, tracks);
	inner = fixture_album_on_sale(fixture, 0, tracks, 2);
	both[0] = tracks[2];
	both[1] = inner;
	album = fixture_album_on_sale(fixture, 0, both, 2);
	assert_int_equal(fixture_buy(fixture, early, &album, "1"), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &album, both, 1), ERR_OK);
	assert_int_equal(fixture_buy(fixture, late, &album, "1"), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &inner, tracks, 1), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &album, both, 2), ERR_OK);
	assert_true(owns(fixture, early, &tracks[1]));
	assert_false(owns(fixture, late, &tracks[1]));
	assert_int_equal(fixture_library_count(fixture, early), 3);
	assert_int_equal(fixture_library_count(fixture, late), 2);
	/* What is set to what it was has not been away. */
	assert_int_equal(fixture_contain(fixture, &album, both, 2), ERR_OK);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM item_content"), 5);
}

static void
files_that_were_gone_when_an_item_came_are_not_given(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid tracks[2] = { fixture_item_on_sale(fixture, "one", 0),
	    fixture_item_on_sale(fixture, "two", 0) };
	struct uuid album = fixture_album_on_sale(fixture, 0, tracks, 1);
	struct library_query query = { .account = buyer, .limit = 10 };
	struct library_list list = { 0 };

	assert_int_equal(fixture_upload(fixture, &tracks[1], "bonus.ogg", "x"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_buy(fixture, buyer, &album, "1"), ERR_OK);
	assert_int_equal(fixture_buy(fixture, other, &tracks[1], "1"),
	    ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &tracks[1],
	    "bonus.ogg"), ERR_OK);
	assert_int_equal(fixture_upload(fixture, &tracks[1], "two.ogg",
	    "second"), ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_contain(fixture, &album, tracks, 2), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, other), 2);
	assert_int_equal(library_list(fixture->shop, &query, &list), ERR_OK);
	assert_int_equal(list.count, 2);
	for (size_t i = 0; i < list.count; i++) {
		const struct library_entry *entry = &list.entries[i];

		/* As it was when it came. */
		assert_string_not_equal(entry->file.name, "bonus.ogg");
		assert_int_equal(entry->bought_version, entry->file.version);
	}
	library_list_clear(&list);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

static void
assert_same_parts(const struct item *item, const struct item *other)
{
	assert_int_equal(item->files.count, other->files.count);
	for (size_t i = 0; i < item->files.count; i++) {
		const struct file *file = &item->files.files[i];
		const struct file *same = &other->files.files[i];

		assert_memory_equal(&file->id, &same->id, sizeof(file->id));
		assert_memory_equal(&file->item, &item->id, sizeof(item->id));
		assert_string_equal(file->name, same->name);
	}
	assert_int_equal(item->contains_count, other->contains_count);
	if (item->contains_count > 0)
		assert_memory_equal(item->contains, other->contains,
		    item->contains_count * sizeof(item->contains[0]));
}

/* What belongs to an item is read for all of a page at once. */
static void
each_item_of_a_page_has_its_own(void **state)
{
	struct fixture *fixture = *state;
	struct uuid items[4];
	struct item_query query = { .sort = ITEM_SORT_TITLE, .limit = 100 };
	struct item_list list = { 0 };
	struct item item = { 0 };

	items[0] = fixture_item_on_sale(fixture, "d", 1);
	items[1] = fixture_item_on_sale(fixture, "b", 1);
	items[2] = fixture_item_on_sale(fixture, "c", 1);
	/* The first file has the last name; no list is in order of ids. */
	assert_int_equal(fixture_upload(fixture, &items[1], "a.ogg", "more"),
	    ERR_OK);
	fixture_store_all(fixture);
	items[3] = fixture_album_on_sale(fixture, 1, items, 3);
	(void)fixture_album_on_sale(fixture, 1,
	    (struct uuid[]){ items[2], items[1] }, 2);
	for (int people = 0; people < 2; people++) {
		query.any_state = people == 1;
		assert_int_equal(item_list(fixture->shop, &query, &list),
		    ERR_OK);
		assert_int_equal(list.count, 5);
		for (size_t i = 0; i < list.count; i++) {
			const struct item *of = &list.items[i];

			assert_int_equal(people == 1 ? item_get_any(
			    fixture->shop, &of->id, &item) : item_get(
			    fixture->shop, &of->id, 0, &item), ERR_OK);
			assert_same_parts(of, &item);
			item_clear(&item);
		}
		item_list_clear(&list);
	}
	assert_int_equal(item_get(fixture->shop, &items[3], 0, &item), ERR_OK);
	assert_int_equal(item.files.count, 0);
	assert_int_equal(item.contains_count, 3);
	assert_memory_equal(item.contains, items, sizeof(items[0]) * 3);
	item_clear(&item);
	assert_int_equal(item_get(fixture->shop, &items[1], 0, &item), ERR_OK);
	assert_int_equal(item.files.count, 2);
	assert_string_equal(item.files.files[0].name, "b.ogg");
	assert_string_equal(item.files.files[1].name, "a.ogg");
	assert_memory_equal(&item.files.files[1].item, &items[1],
	    sizeof(items[1]));
	item_clear(&item);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_album_gives_what_it_contains),
		TEST(a_track_of_an_album_has_its_versions_and_reports),
		TEST(owners_get_what_is_put_in_and_keep_what_is_taken_out),
		TEST(a_bundle_reaches_two_levels),
		TEST(three_of_ten_tracks_are_deducted_from_the_album),
		TEST(nothing_costs_less_than_nothing),
		TEST(what_was_free_or_came_with_another_album_deducts_nothing),
		TEST(an_album_together_with_what_it_contains_is_refused),
		TEST(cycles_and_three_levels_are_not_publishable),
		TEST(contents_need_something_to_give),
		TEST(contents_must_exist_and_come_once),
		TEST(nothing_is_on_sale_before_its_release),
		TEST(what_an_album_in_a_bundle_contains_is_kept),
		TEST(what_had_left_an_album_before_it_came_is_not_given),
		TEST(each_stay_in_an_album_counts_by_itself),
		TEST(files_that_were_gone_when_an_item_came_are_not_given),
		TEST(each_item_of_a_page_has_its_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
