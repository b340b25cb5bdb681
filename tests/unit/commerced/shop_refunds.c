/* Money back, line by line, and what stays after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

/* Some items bought in one purchase, and its id. */
static struct uuid
buy(struct fixture *fixture, int64_t account, const struct uuid *items,
    size_t count)
{
	static int keys;
	char key[16];
	const struct purchase_request in = { .account = account,
	    .items = items, .item_count = count, .idempotency_key = key };
	struct purchase_result out = { 0 };
	struct uuid id;

	(void)snprintf(key, sizeof(key), "%d", keys++);
	assert_int_equal(fixture_purchase(fixture, &in, &out), ERR_OK);
	id = out.purchase.id;
	purchase_result_clear(&out);
	return id;
}

static void
a_refund_of_one_line_leaves_the_others(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[3] = { fixture_item_on_sale(fixture, "one", 10),
	    fixture_item_on_sale(fixture, "two", 20),
	    fixture_item_on_sale(fixture, "three", 30) };
	struct purchase purchase = { 0 };
	struct access_list access = { 0 };
	struct uuid id;

	fixture_give(fixture, buyer, 100);
	id = buy(fixture, buyer, items, 3);
	assert_int_equal(fixture_give_back(fixture, &id, &items[1], 1), ERR_OK);
	assert_int_equal(fixture_balance(fixture, buyer), 60);
	assert_int_equal(fixture_library_count(fixture, buyer), 2);
	assert_int_equal(access_for_items(fixture->shop, buyer, items, 3,
	    &access), ERR_OK);
	assert_int_equal(access.count, 2);
	assert_int_equal(purchase_get(fixture->shop, buyer, &id, &purchase),
	    ERR_OK);
	assert_int_equal(purchase.status, PURCHASE_PART_REFUNDED);
	assert_int_equal(purchase.refunded_minor, 20);
	assert_int_equal(purchase.total_minor, 60);
	assert_int_equal(purchase.lines[0].status, PURCHASE_PAID);
	assert_int_equal(purchase.lines[1].status, PURCHASE_REFUNDED);
	/* Once is enough; the rest goes without a list. */
	assert_int_equal(fixture_give_back(fixture, &id, &items[1], 1),
	    ERR_ALREADY_REFUNDED);
	assert_int_equal(fixture_give_back(fixture, &id, NULL, 0), ERR_OK);
	assert_int_equal(fixture_balance(fixture, buyer), 100);
	assert_int_equal(fixture_library_count(fixture, buyer), 0);
	assert_int_equal(fixture_give_back(fixture, &id, NULL, 0),
	    ERR_ALREADY_REFUNDED);
	/* And can be bought again. */
	(void)buy(fixture, buyer, items, 3);
	assert_int_equal(fixture_library_count(fixture, buyer), 3);
	access_list_clear(&access);
	purchase_clear(&purchase);
}

static void
deducting_and_refunding_gains_nothing(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid tracks[2] = { fixture_item_on_sale(fixture, "one", 100),
	    fixture_item_on_sale(fixture, "two", 100) };
	struct uuid album = fixture_album_on_sale(fixture, 150, tracks, 2);
	struct uuid bundle = fixture_album_on_sale(fixture, 400, &album, 1);
	struct uuid single, whole, all;

	fixture_give(fixture, buyer, 1000);
	single = buy(fixture, buyer, tracks, 1);
	whole = buy(fixture, buyer, &album, 1);
	assert_int_equal(fixture_balance(fixture, buyer), 1000 - 100 - 50);
	assert_int_equal(fixture_give_back(fixture, &single, NULL, 0),
	    ERR_NOT_REFUNDABLE);
	all = buy(fixture, buyer, &bundle, 1);
	assert_int_equal(fixture_balance(fixture, buyer), 1000 - 400);
	assert_int_equal(fixture_give_back(fixture, &single, NULL, 0),
	    ERR_NOT_REFUNDABLE);
	assert_int_equal(fixture_give_back(fixture, &whole, NULL, 0),
	    ERR_NOT_REFUNDABLE);
	/* From the outside in. */
	assert_int_equal(fixture_give_back(fixture, &all, NULL, 0), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, buyer), 2);
	assert_int_equal(fixture_give_back(fixture, &single, NULL, 0),
	    ERR_NOT_REFUNDABLE);
	assert_int_equal(fixture_give_back(fixture, &whole, NULL, 0), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, buyer), 1);
	assert_int_equal(fixture_give_back(fixture, &single, NULL, 0), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, buyer), 0);
	assert_int_equal(fixture_balance(fixture, buyer), 1000);
}

static void
a_repeated_refund_is_the_same(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[2] = { fixture_item_on_sale(fixture, "one", 10),
	    fixture_item_on_sale(fixture, "two", 20) };
	struct refund_request in = { .items = items, .item_count = 1,
	    .reason = "the reason", .request = { .method = "POST",
	    .path = "/a", .idempotency_key = "k" } };
	struct refund_result out = { 0 };
	struct uuid first;

	fixture_give(fixture, buyer, 100);
	in.purchase = buy(fixture, buyer, items, 2);
	assert_int_equal(fixture_refund(fixture, &in, &out), ERR_OK);
	assert_false(out.is_replayed);
	assert_int_equal(out.refund.amount_minor, 10);
	assert_int_equal(out.refund.item_count, 1);
	assert_string_equal(out.refund.reason, "the reason");
	assert_int_equal(out.purchase.status, PURCHASE_PART_REFUNDED);
	first = out.refund.id;
	assert_int_equal(fixture_refund(fixture, &in, &out), ERR_OK);
	assert_true(out.is_replayed);
	assert_memory_equal(&out.refund.id, &first, sizeof(first));
	assert_int_equal(fixture_balance(fixture, buyer), 80);
	in.request.request_hash[0] = 1;
	assert_int_equal(fixture_refund(fixture, &in, &out),
	    ERR_IDEMPOTENCY_KEY_REUSED);
	refund_result_clear(&out);
}

static void
lines_that_are_none_are_refused_by_name(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "one", 0);
	struct uuid other = fixture_item_on_sale(fixture, "two", 0);
	struct uuid twice[2] = { item, item };
	struct uuid id = buy(fixture, buyer, &item, 1), unknown = { { 1 } };

	assert_int_equal(fixture_give_back(fixture, &id, &other, 1),
	    ERR_OUT_OF_RANGE);
	assert_int_equal(fixture_give_back(fixture, &id, twice, 2),
	    ERR_DUPLICATE_ITEM);
	assert_int_equal(fixture_give_back(fixture, &unknown, NULL, 0),
	    ERR_NOT_FOUND);
	/* What cost nothing goes back without a transfer. */
	assert_int_equal(fixture_give_back(fixture, &id, &item, 1), ERR_OK);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM transfer"), 0);
	assert_int_equal(fixture_library_count(fixture, buyer), 0);
}

static void
a_balance_that_is_full_takes_nothing_back(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "one", 1);
	struct uuid id;

	fixture_give(fixture, buyer, 1);
	id = buy(fixture, buyer, &item, 1);
	fixture_give(fixture, buyer, MONEY_MAX);
	assert_int_equal(fixture_give_back(fixture, &id, NULL, 0),
	    ERR_NOT_REFUNDABLE);
	assert_int_equal(fixture_library_count(fixture, buyer), 1);
}

/* Open the shop again with another seller. */
static void
sell_as(struct fixture *fixture, const char *name, int64_t rate)
{
	struct shop_options options = fixture->options;

	shop_close(fixture->shop);
	options.signing_keys = fixture_signing_keys(fixture, "2026b");
	options.seller_name = name;
	options.seller_tax_id = rate == 0 ? NULL : "DE1";
	options.tax_rate = rate;
	assert_int_equal(shop_open(&options, &fixture->shop), ERR_OK);
}

static void
a_receipt_keeps_the_seller_and_the_tax_of_its_day(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[3] = { fixture_item_on_sale(fixture, "one", 119),
	    fixture_item_on_sale(fixture, "two", 99),
	    fixture_item_on_sale(fixture, "three", 100) };
	struct purchase_list list = { 0 };

	fixture_give(fixture, buyer, 1000);
	sell_as(fixture, "A Shop Ltd.", 1900);
	(void)buy(fixture, buyer, items, 2);
	sell_as(fixture, "Another", 0);
	(void)buy(fixture, buyer, items + 2, 1);
	sell_as(fixture, "A Shop Ltd.", 1900);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM seller"), 3);
	assert_int_equal(purchase_list(fixture->shop, buyer, 10, NULL, &list),
	    ERR_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.purchases[0].seller.legal_name, "Another");
	assert_null(list.purchases[0].seller.tax_id);
	assert_int_equal(list.purchases[0].tax_minor, 0);
	assert_string_equal(list.purchases[1].seller.legal_name,
	    "A Shop Ltd.");
	assert_string_equal(list.purchases[1].seller.tax_id, "DE1");
	assert_int_equal(list.purchases[1].seller.tax_rate, 1900);
	assert_int_equal(list.purchases[1].lines[0].tax_minor, 19);
	assert_int_equal(list.purchases[1].lines[1].tax_minor, 16);
	assert_int_equal(list.purchases[1].tax_minor, 35);
	purchase_list_clear(&list);
}

static void
the_contained_tax_is_rounded_to_the_nearest(void **state)
{
	(void)state;
	assert_int_equal(tax_contained(119, 1900), 19);
	assert_int_equal(tax_contained(99, 1900), 16);	/* 15.81 */
	assert_int_equal(tax_contained(0, 1900), 0);
	assert_int_equal(tax_contained(3, 2000), 1);	/* 0.5 */
	assert_int_equal(tax_contained(2, 2000), 0);	/* 0.33 */
	assert_int_equal(tax_contained(100, 0), 0);
	assert_int_equal(tax_contained(100, 10000), 50);
	assert_int_equal(tax_contained(MONEY_MAX, 10000), MONEY_MAX / 2);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refund_of_one_line_leaves_the_others),
		TEST(deducting_and_refunding_gains_nothing),
		TEST(a_repeated_refund_is_the_same),
		TEST(lines_that_are_none_are_refused_by_name),
		TEST(a_balance_that_is_full_takes_nothing_back),
		TEST(a_receipt_keeps_the_seller_and_the_tax_of_its_day),
		cmocka_unit_test(the_contained_tax_is_rounded_to_the_nearest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
