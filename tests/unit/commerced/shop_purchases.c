/* Buying: the books after every way a purchase can go. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

static void
a_purchase_moves_money_and_gives_the_item(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	const struct purchase_request in = { .account = buyer,
	    .items = &item, .item_count = 1, .idempotency_key = "1" };
	struct purchase_result out = { 0 };
	struct item seen = { 0 };

	fixture_give(fixture, buyer, 500);
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	assert_false(out.is_replayed);
	assert_int_equal(out.purchase.number, 1);
	assert_int_equal(out.purchase.total_minor, 99);
	assert_int_equal(out.purchase.line_count, 1);
	assert_string_equal(out.purchase.lines[0].title, "waltz");
	assert_int_equal(fixture_balance(fixture, buyer), 401);
	assert_int_equal(item_get(fixture->shop, &item, buyer, &seen),
	    ERR_OK);
	assert_true(seen.owned);
	item_clear(&seen);
	purchase_result_clear(&out);
}

static void
the_same_key_again_is_the_same_purchase(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	struct purchase_request in = { .account = buyer, .items = &item,
	    .item_count = 1, .idempotency_key = "1",
	    .request_hash = { 1 } };
	struct purchase_result out = { 0 };
	struct uuid first;

	fixture_give(fixture, buyer, 500);
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	first = out.purchase.id;
	/* Also when the item has gone from sale since. */
	assert_int_equal(fixture_withdraw(fixture, &item), ERR_OK);
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	assert_true(out.is_replayed);
	assert_memory_equal(&first, &out.purchase.id, sizeof(first));
	assert_int_equal(out.purchase.line_count, 1);
	assert_int_equal(fixture_balance(fixture, buyer), 401);

	in.request_hash[0] = 2;
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_IDEMPOTENCY_KEY_REUSED);
	purchase_result_clear(&out);
}

static void
the_same_key_of_another_account_is_another_purchase(void **state)
{
	struct fixture *fixture = *state;
	int64_t one = fixture_account(fixture, "a@example.com", NULL);
	int64_t two = fixture_account(fixture, "b@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);

	fixture_give(fixture, one, 99);
	fixture_give(fixture, two, 99);
	assert_int_equal(fixture_buy(fixture, one, &item, "key"), ERR_OK);
	assert_int_equal(fixture_buy(fixture, two, &item, "key"), ERR_OK);
	assert_int_equal(fixture_number(fixture,
	    "SELECT max(id) FROM purchase"), 2);
}

static void
a_refused_request_may_be_repeated_with_its_key(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);

	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"),
	    ERR_PAYMENT_REQUIRED);
	fixture_give(fixture, buyer, 99);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_int_equal(fixture_balance(fixture, buyer), 0);
}

static void
a_balance_too_low_says_how_much_is_missing(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[] = { fixture_item_on_sale(fixture, "one", 99),
	    fixture_item_on_sale(fixture, "two", 150) };
	const struct purchase_request in = { .account = buyer,
	    .items = items, .item_count = 2, .idempotency_key = "1" };
	struct purchase_result out = { 0 };

	fixture_give(fixture, buyer, 100);
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_PAYMENT_REQUIRED);
	assert_int_equal(out.missing_minor, 149);
	assert_int_equal(out.total_minor, 249);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM entitlement"), 0);
	purchase_result_clear(&out);
}

static void
one_item_at_fault_refuses_all_and_is_named(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[] = { fixture_item_on_sale(fixture, "one", 1),
	    fixture_item(fixture, "draft", 1),
	    fixture_item_on_sale(fixture, "gone", 1), { { 7 } } };
	struct purchase_request in = { .account = buyer, .items = items,
	    .item_count = 4, .idempotency_key = "1" };
	struct purchase_result out = { 0 };

	fixture_give(fixture, buyer, 100);
	assert_int_equal(fixture_withdraw(fixture, &items[2]), ERR_OK);
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_ITEM_NOT_ON_SALE);
	assert_int_equal(out.refused_count, 3);
	assert_memory_equal(out.refused, items + 1, 3 * sizeof(items[0]));

	items[3] = items[0];
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_DUPLICATE_ITEM);
	assert_int_equal(out.refused_count, 1);

	in.item_count = 1;
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	items[1] = fixture_item_on_sale(fixture, "other", 1);
	in.item_count = 2;
	in.idempotency_key = "2";
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_ALREADY_OWNED);
	assert_int_equal(out.refused_count, 1);
	assert_memory_equal(out.refused, items, sizeof(items[0]));
	assert_int_equal(fixture_balance(fixture, buyer), 99);
	purchase_result_clear(&out);
}

static void
requests_out_of_bounds_are_refused(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	static struct uuid items[PURCHASE_ITEMS_MAX + 1];
	struct purchase_request in = { .account = buyer, .items = items,
	    .idempotency_key = "1" };
	struct purchase_result out = { 0 };

	for (size_t i = 0; i <= PURCHASE_ITEMS_MAX; i++)
		items[i].bytes[0] = (uint8_t)i;
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_OUT_OF_RANGE);
	in.item_count = PURCHASE_ITEMS_MAX + 1;
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_OUT_OF_RANGE);
	in.item_count = PURCHASE_ITEMS_MAX;
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_ITEM_NOT_ON_SALE);
	assert_int_equal(out.refused_count, PURCHASE_ITEMS_MAX);
	in.idempotency_key = "";
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_OUT_OF_RANGE);
	in.idempotency_key = "\t";
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_OUT_OF_RANGE);
	purchase_result_clear(&out);
}

static void
a_hundred_items_at_once_are_one_receipt(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	static struct uuid items[PURCHASE_ITEMS_MAX];
	const struct purchase_request in = { .account = buyer,
	    .items = items, .item_count = PURCHASE_ITEMS_MAX,
	    .idempotency_key = "1" };
	struct purchase_result out = { 0 };
	struct access_list access = { 0 };
	char title[16];

	for (int i = 0; i < PURCHASE_ITEMS_MAX; i++) {
		(void)snprintf(title, sizeof(title), "item %d", i);
		items[i] = fixture_item_on_sale(fixture, title, 1);
	}
	fixture_give(fixture, buyer, PURCHASE_ITEMS_MAX);
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	assert_int_equal(out.purchase.line_count, PURCHASE_ITEMS_MAX);
	assert_int_equal(access_for_purchase(fixture->shop, &out.purchase, NULL,
	    &access), ERR_OK);
	assert_int_equal(access.count, PURCHASE_ITEMS_MAX);
	for (int i = 0; i < PURCHASE_ITEMS_MAX; i++)
		assert_memory_equal(&access.entries[i].file.item, &items[i],
		    sizeof(items[i]));
	access_list_clear(&access);
	purchase_result_clear(&out);
	assert_int_equal(fixture_balance(fixture, buyer), 0);
}

static void
a_price_that_changed_is_refused_when_one_was_expected(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	struct purchase_request in = { .account = buyer, .items = &item,
	    .item_count = 1, .idempotency_key = "1",
	    .has_expected_total = true, .expected_total_minor = 98 };
	struct purchase_result out = { 0 };

	fixture_give(fixture, buyer, 99);
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_PRICE_CHANGED);
	assert_int_equal(out.total_minor, 99);
	in.expected_total_minor = 99;
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	purchase_result_clear(&out);
}

static void
what_is_free_needs_no_money_and_has_a_receipt(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "free", 0);

	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM transfer"), 0);
	assert_int_equal(fixture_number(fixture,
	    "SELECT max(id) FROM purchase"), 1);
}

static void
the_dearest_items_cost_what_no_balance_holds(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[] = {
		fixture_item_on_sale(fixture, "one", MONEY_MAX),
		fixture_item_on_sale(fixture, "two", MONEY_MAX) };
	struct purchase_request in = { .account = buyer, .items = items,
	    .item_count = 2, .idempotency_key = "1" };
	struct purchase_result out = { 0 };

	fixture_give(fixture, buyer, MONEY_MAX);
	assert_int_equal(fixture_purchase(fixture, &in, &out),
	    ERR_PAYMENT_REQUIRED);
	assert_int_equal(out.missing_minor, MONEY_MAX);
	in.item_count = 1;
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	assert_int_equal(fixture_balance(fixture, buyer), 0);
	purchase_result_clear(&out);
}

struct race {
	struct fixture *fixture;
	int64_t account;
	struct uuid item;
	char key[8];
	enum err result;
	bool is_replayed;
};

static void *
race_buy(void *argument)
{
	struct race *race = argument;
	const struct purchase_request in = { .account = race->account,
	    .items = &race->item, .item_count = 1,
	    .idempotency_key = race->key };
	struct purchase_result out = { 0 };

	race->result = fixture_purchase(race->fixture, &in, &out);
	race->is_replayed = out.is_replayed;
	purchase_result_clear(&out);
	return NULL;
}

/* Two threads at once; true: with the same key. */
static void
race_run(struct fixture *fixture, struct race races[2], bool same_key)
{
	int64_t buyer = fixture_account(fixture,
	    same_key ? "same@example.com" : "other@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	pthread_t threads[2];

	fixture_give(fixture, buyer, 500);
	for (int i = 0; i < 2; i++) {
		races[i] = (struct race){ .fixture = fixture,
		    .account = buyer, .item = item };
		(void)snprintf(races[i].key, sizeof(races[i].key), "%d",
		    same_key ? 0 : i);
		assert_int_equal(pthread_create(&threads[i], NULL, race_buy,
		    &races[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(fixture_balance(fixture, buyer), 401);
}

static void
two_at_once_with_one_key_are_one_sale_and_its_repetition(void **state)
{
	struct race races[2];

	race_run(*state, races, true);
	assert_int_equal(races[0].result, ERR_OK);
	assert_int_equal(races[1].result, ERR_OK);
	assert_true(races[0].is_replayed != races[1].is_replayed);
}

static void
two_at_once_with_two_keys_are_one_sale_and_a_refusal(void **state)
{
	struct race races[2];

	race_run(*state, races, false);
	assert_true((races[0].result == ERR_OK &&
	    races[1].result == ERR_ALREADY_OWNED) ||
	    (races[1].result == ERR_OK &&
	    races[0].result == ERR_ALREADY_OWNED));
}

static void
receipts_are_the_owners_and_page_from_the_newest(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct purchase_list page = { 0 };
	struct purchase one = { 0 };
	char title[16], *cursor;
	struct uuid item;

	for (int i = 1; i <= 4; i++) {
		(void)snprintf(title, sizeof(title), "item %d", i);
		item = fixture_item_on_sale(fixture, title, 0);
		assert_int_equal(fixture_buy(fixture, buyer, &item, title),
		    ERR_OK);
	}
	assert_int_equal(purchase_list(fixture->shop, buyer, 3, NULL, &page),
	    ERR_OK);
	assert_int_equal(page.count, 3);
	assert_int_equal(page.purchases[0].number, 4);
	assert_string_equal(page.purchases[0].lines[0].title, "item 4");
	assert_int_equal(purchase_get(fixture->shop, buyer,
	    &page.purchases[1].id, &one), ERR_OK);
	assert_int_equal(one.number, 3);
	assert_int_equal(purchase_get(fixture->shop, other,
	    &page.purchases[1].id, &one), ERR_NOT_FOUND);

	/* A newer one does not move what follows. */
	item = fixture_item_on_sale(fixture, "item 5", 0);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "item 5"),
	    ERR_OK);
	cursor = page.next;
	page.next = NULL;
	assert_non_null(cursor);
	assert_int_equal(purchase_list(fixture->shop, buyer, 3, cursor,
	    &page), ERR_OK);
	assert_int_equal(page.count, 1);
	assert_int_equal(page.purchases[0].number, 1);
	assert_null(page.next);
	/* Exactly a page: nothing follows. */
	assert_int_equal(purchase_list(fixture->shop, buyer, 5, NULL, &page),
	    ERR_OK);
	assert_null(page.next);
	assert_int_equal(purchase_list(fixture->shop, other, 3, cursor,
	    &page), ERR_OK);
	assert_int_equal(page.count, 0);
	cursor[3] ^= 1;
	assert_int_equal(purchase_list(fixture->shop, buyer, 3, cursor,
	    &page), ERR_MALFORMED_CURSOR);
	free(cursor);
	purchase_clear(&one);
	purchase_list_clear(&page);
}

static void
the_ledger_cannot_be_changed(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);

	fixture_give(fixture, buyer, 5);
	assert_true(fixture_sql_fails(fixture,
	    "UPDATE transfer SET amount = 6"));
	assert_true(fixture_sql_fails(fixture, "DELETE FROM transfer"));
	assert_true(fixture_sql_fails(fixture,
	    "UPDATE holding SET balance = -1 WHERE kind = 0"));
	assert_true(fixture_sql_fails(fixture,
	    "INSERT OR REPLACE INTO transfer SELECT id, at_ms,"
	    " debit_account, credit_account, 6, kind, reference"
	    " FROM transfer"));
}

static void
an_account_holds_only_what_is_whole(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);

	fixture_give(fixture, buyer, 99);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET balance = NULL WHERE kind = 0"));
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET key = 1 WHERE kind = 0"));
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET purchase = NULL WHERE kind = 1"));
	assert_true(fixture_sql_fails(fixture,
	    "UPDATE purchase SET request_hash = zeroblob(31)"));
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET key = 7 WHERE kind = 1"));
	assert_true(fixture_sql_fails(fixture,
	    "UPDATE holding SET kind = 2 WHERE kind = 1"));
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET purchase = NULL WHERE kind = 3"));
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET grant_seed = NULL WHERE kind = 3"));
	assert_true(fixture_sql_fails(fixture, "UPDATE holding"
	    " SET source = 4 WHERE kind = 3"));
	assert_true(fixture_sql_fails(fixture,
	    "INSERT INTO holding (account, kind, key) VALUES (1, 4, 1)"));
	assert_true(fixture_sql_fails(fixture, "DELETE FROM account"));
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_purchase_moves_money_and_gives_the_item),
		TEST(the_same_key_again_is_the_same_purchase),
		TEST(the_same_key_of_another_account_is_another_purchase),
		TEST(a_refused_request_may_be_repeated_with_its_key),
		TEST(a_balance_too_low_says_how_much_is_missing),
		TEST(one_item_at_fault_refuses_all_and_is_named),
		TEST(requests_out_of_bounds_are_refused),
		TEST(a_hundred_items_at_once_are_one_receipt),
		TEST(a_price_that_changed_is_refused_when_one_was_expected),
		TEST(what_is_free_needs_no_money_and_has_a_receipt),
		TEST(the_dearest_items_cost_what_no_balance_holds),
		TEST(two_at_once_with_one_key_are_one_sale_and_its_repetition),
		TEST(two_at_once_with_two_keys_are_one_sale_and_a_refusal),
		TEST(receipts_are_the_owners_and_page_from_the_newest),
		TEST(the_ledger_cannot_be_changed),
		TEST(an_account_holds_only_what_is_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
