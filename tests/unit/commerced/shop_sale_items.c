/* What an item costs is remembered by the writer, and never longer than true:
 * each change counts from the next sale on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

#define DAY_MS INT64_C(86400000)

/* Somebody new, with enough money. */
static int64_t
buyer(struct fixture *fixture)
{
	static int buyers;
	char email[32];
	int64_t account;

	(void)snprintf(email, sizeof(email), "%d@example.com", buyers++);
	account = fixture_account(fixture, email, NULL);
	fixture_give(fixture, account, 10000);
	return account;
}

static enum err
sell(struct fixture *fixture, const struct uuid *item)
{
	return fixture_buy(fixture, buyer(fixture), item, "1");
}

/* What somebody new pays. */
static int64_t
cost(struct fixture *fixture, const struct uuid *item)
{
	int64_t account = buyer(fixture);

	assert_int_equal(fixture_buy(fixture, account, item, "1"), ERR_OK);
	return 10000 - fixture_balance(fixture, account);
}

/* An item that was sold so often that it is remembered. */
static struct uuid
remembered(struct fixture *fixture)
{
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 100);

	for (int i = 0; i < 3; i++)
		assert_int_equal(cost(fixture, &item), 100);
	return item;
}

static enum err
set_price(struct shop_transaction *tx, const struct uuid *item, int64_t price)
{
	const struct item_fields fields = { .given = ITEM_PRICE,
	    .price_minor = price };
	struct item_obstacles obstacles = { 0 };
	struct item out = { 0 };
	enum err e = item_change(tx, item, &fields, &out, &obstacles);

	item_clear(&out);
	item_obstacles_clear(&obstacles);
	return e;
}

/* A new price and a sale in one transaction; then a failure, if wanted. */
struct change_and_buy {
	struct purchase_request in;
	int64_t price_minor;
	enum err failure;
};

static enum err
change_and_buy(struct shop_transaction *tx, const void *in, void *out)
{
	const struct change_and_buy *what = in;
	enum err e = set_price(tx, what->in.items, what->price_minor);

	if (!e)
		e = purchase_buy(tx, &what->in, out);
	return e ? e : what->failure;
}

static void
a_price_counts_from_the_next_sale_on(void **state)
{
	const struct item_fields dearer = { .given = ITEM_PRICE,
	    .price_minor = 250 };
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);

	assert_int_equal(fixture_change(fixture, &item, &dearer, NULL),
	    ERR_OK);
	assert_int_equal(cost(fixture, &item), 250);
	assert_int_equal(cost(fixture, &item), 250);
}

static void
a_price_counts_within_its_transaction(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);
	const struct change_and_buy what = { .price_minor = 300,
	    .in = { .account = buyer(fixture), .items = &item,
	    .item_count = 1, .idempotency_key = "1" } };
	struct purchase_result out = { 0 };

	assert_int_equal(fixture_run(fixture, change_and_buy, &what, &out),
	    ERR_OK);
	assert_int_equal(out.purchase.total_minor, 300);
	purchase_result_clear(&out);
	assert_int_equal(cost(fixture, &item), 300);
}

static void
what_was_undone_is_not_remembered(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);
	const struct change_and_buy what = { .price_minor = 300,
	    .failure = ERR_OUT_OF_RANGE, .in = { .account = buyer(fixture),
	    .items = &item, .item_count = 1, .idempotency_key = "1" } };
	struct purchase_result out = { 0 };

	assert_int_equal(fixture_run(fixture, change_and_buy, &what, &out),
	    ERR_OUT_OF_RANGE);
	purchase_result_clear(&out);
	assert_int_equal(cost(fixture, &item), 100);
}

/* Not through the shop: by hand, say. */
static void
a_price_set_from_outside_counts_too(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);

	fixture_execute(fixture, "UPDATE item SET price = 70");
	assert_int_equal(cost(fixture, &item), 70);
}

static void
an_item_withdrawn_is_not_sold(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);

	assert_int_equal(fixture_withdraw(fixture, &item), ERR_OK);
	assert_int_equal(sell(fixture, &item), ERR_ITEM_NOT_ON_SALE);
	assert_int_equal(fixture_publish(fixture, &item), ERR_OK);
	assert_int_equal(cost(fixture, &item), 100);
}

static void
an_item_is_sold_from_its_release_on(void **state)
{
	const struct item_fields later = { .given = ITEM_RELEASED,
	    .released = "2026-09-23" };	/* it is the 21st */
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);

	assert_int_equal(fixture_change(fixture, &item, &later, NULL),
	    ERR_OK);
	fixture->now_ms = FIXTURE_START_MS - 2 * DAY_MS;
	assert_int_equal(sell(fixture, &item), ERR_ITEM_NOT_ON_SALE);
	fixture->now_ms = FIXTURE_START_MS + 2 * DAY_MS;
	for (int i = 0; i < 3; i++)
		assert_int_equal(cost(fixture, &item), 100);
	/* The clock was put back: it is remembered, but not released. */
	fixture->now_ms = FIXTURE_START_MS - 2 * DAY_MS;
	assert_int_equal(sell(fixture, &item), ERR_ITEM_NOT_ON_SALE);
}

static void
who_owns_it_is_asked_each_time(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);
	int64_t account = buyer(fixture);

	assert_int_equal(fixture_buy(fixture, account, &item, "1"), ERR_OK);
	assert_int_equal(fixture_buy(fixture, account, &item, "2"),
	    ERR_ALREADY_OWNED);
	assert_int_equal(cost(fixture, &item), 100);
}

static void
an_item_put_into_an_album_is_owned_with_it(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);
	struct uuid other = fixture_item_on_sale(fixture, "Polka", 100);
	struct uuid album = fixture_album_on_sale(fixture, 500, &other, 1);
	int64_t account = buyer(fixture);

	assert_int_equal(fixture_buy(fixture, account, &album, "1"), ERR_OK);
	assert_int_equal(cost(fixture, &item), 100);
	assert_int_equal(cost(fixture, &item), 100);
	assert_int_equal(fixture_contain(fixture, &album, &item, 1), ERR_OK);
	assert_int_equal(fixture_buy(fixture, account, &item, "2"),
	    ERR_ALREADY_OWNED);
}

/* Those that somebody bought are kept. */
static void
a_version_that_comes_later_is_marked_as_bought(void **state)
{
	static const char bought[] =
	    "SELECT count(*) FROM version WHERE bought = 1";
	struct fixture *fixture = *state;
	struct uuid item = remembered(fixture);

	assert_int_equal(fixture_number(fixture, bought), 1);
	assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg", "anew"),
	    ERR_OK);
	assert_int_equal(cost(fixture, &item), 100);
	fixture_store_all(fixture);
	assert_int_equal(fixture_number(fixture, bought), 1);
	assert_int_equal(cost(fixture, &item), 100);
	assert_int_equal(fixture_number(fixture, bought), 2);
}

/* Two in one transaction, of which the first marks; then a failure. */
static enum err
buy_twice_in_vain(struct shop_transaction *tx, const void *in, void *out)
{
	const struct purchase_request *requests = in;
	enum err e = purchase_buy(tx, &requests[0], out);

	if (!e)
		e = purchase_buy(tx, &requests[1], out);
	return e ? e : ERR_OUT_OF_RANGE;
}

static void
a_mark_that_was_undone_is_made_again(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 100);
	const struct purchase_request in[] = {
		{ .account = buyer(fixture), .items = &item, .item_count = 1,
		    .idempotency_key = "1" },
		{ .account = buyer(fixture), .items = &item, .item_count = 1,
		    .idempotency_key = "1" } };
	struct purchase_result out = { 0 };

	assert_int_equal(fixture_run(fixture, buy_twice_in_vain, in, &out),
	    ERR_OUT_OF_RANGE);
	purchase_result_clear(&out);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM version WHERE bought = 1"), 0);
	assert_int_equal(cost(fixture, &item), 100);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM version WHERE bought = 1"), 1);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_price_counts_from_the_next_sale_on),
		TEST(a_price_counts_within_its_transaction),
		TEST(what_was_undone_is_not_remembered),
		TEST(a_price_set_from_outside_counts_too),
		TEST(an_item_withdrawn_is_not_sold),
		TEST(an_item_is_sold_from_its_release_on),
		TEST(who_owns_it_is_asked_each_time),
		TEST(an_item_put_into_an_album_is_owned_with_it),
		TEST(a_version_that_comes_later_is_marked_as_bought),
		TEST(a_mark_that_was_undone_is_made_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
