/* Gifts and fulfilments: items that wait for who has the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

static enum err
write_claim(struct shop_transaction *tx, const void *in, void *out)
{
	return claim_take(tx, in, out);
}

static enum err
claim(struct fixture *fixture, int64_t account, const char *code,
    struct claim_result *out)
{
	const struct claim_request in = { .account = account, .code = code,
	    .code_length = strlen(code) };
	struct claim_result mine;

	return fixture_run(fixture, write_claim, &in,
	    out == NULL ? &mine : out);
}

static enum err
write_fulfilment(struct shop_transaction *tx, const void *in, void *out)
{
	return fulfilment_make(tx, in, out);
}

static enum err
fulfil(struct fixture *fixture, const struct uuid *items, size_t count,
    const char *key, struct fulfilment *out)
{
	const struct fulfilment_request in = { .items = items,
	    .item_count = count, .reference = "order 7",
	    .request = { .method = "POST", .path = "/fulfilments",
	    .idempotency_key = key } };

	return fixture_run(fixture, write_fulfilment, &in, out);
}

static enum err
give(struct fixture *fixture, int64_t account, const struct uuid *items,
    size_t count, struct purchase_result *out)
{
	const struct purchase_request in = { .account = account,
	    .items = items, .item_count = count, .is_gift = true,
	    .idempotency_key = "gift" };

	return fixture_purchase(fixture, &in, out);
}

static void
a_fulfilment_is_claimed_once(void **state)
{
	struct fixture *fixture = *state;
	int64_t one = fixture_account(fixture, "a@example.com", NULL);
	int64_t two = fixture_account(fixture, "b@example.com", NULL);
	struct uuid items[2] = { fixture_item_on_sale(fixture, "one", 10),
	    fixture_item_on_sale(fixture, "two", 20) };
	struct fulfilment made, again;
	struct claim_result claimed;

	assert_int_equal(fulfil(fixture, items, 2, "k", &made), ERR_OK);
	assert_string_equal(made.reference, "order 7");
	assert_int_equal(made.item_count, 2);
	assert_int_equal(made.expires_ms, FIXTURE_START_MS +
	    FULFILMENT_LIFETIME_S * 1000);
	assert_int_equal(fulfil(fixture, items, 2, "k", &again), ERR_OK);
	assert_true(again.is_replayed);
	assert_string_equal(again.claim_code, made.claim_code);
	assert_memory_equal(&again.id, &made.id, sizeof(made.id));

	assert_int_equal(claim(fixture, one, made.claim_code, &claimed),
	    ERR_OK);
	assert_int_equal(claimed.item_count, 2);
	assert_memory_equal(claimed.items, items, sizeof(items));
	assert_int_equal(fixture_library_count(fixture, one), 2);
	assert_int_equal(claim(fixture, one, made.claim_code, &claimed),
	    ERR_OK);
	assert_int_equal(claimed.item_count, 2);
	assert_int_equal(claim(fixture, two, made.claim_code, NULL),
	    ERR_CODE_USED);
	assert_int_equal(claim(fixture, two, "ABCD-EFGH-ABCD-EFGH", NULL),
	    ERR_CODE_UNKNOWN);
	assert_int_equal(claim(fixture, two, "", NULL), ERR_CODE_UNKNOWN);
	/* Neither money nor a receipt. */
	assert_int_equal(fixture_number(fixture, "SELECT (SELECT count(*)"
	    " FROM purchase) + (SELECT count(*) FROM transfer)"), 0);
}

static void
a_fulfilment_names_what_was_on_sale_once(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "one", 10);
	struct uuid items[2] = { item, item };
	struct fulfilment made;

	assert_int_equal(fulfil(fixture, items, 2, "k", &made),
	    ERR_DUPLICATE_ITEM);
	assert_memory_equal(&made.refused, &item, sizeof(item));
	items[1] = fixture_item(fixture, "draft", 1);
	assert_int_equal(fulfil(fixture, items, 2, "k", &made),
	    ERR_ITEM_NOT_ON_SALE);
	assert_memory_equal(&made.refused, &items[1], sizeof(item));
	items[1].bytes[15] ^= 1;
	assert_int_equal(fulfil(fixture, items, 2, "k", &made),
	    ERR_ITEM_NOT_ON_SALE);
	assert_int_equal(fulfil(fixture, items, 0, "k", &made),
	    ERR_OUT_OF_RANGE);
	/* Sold elsewhere before it was withdrawn here. */
	assert_int_equal(fixture_withdraw(fixture, &item), ERR_OK);
	assert_int_equal(fulfil(fixture, items, 1, "k", &made), ERR_OK);
}

static void
what_was_fulfilled_is_kept_until_it_is_claimed(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid track = fixture_item_on_sale(fixture, "one", 10);
	struct uuid album = fixture_album_on_sale(fixture, 20, &track, 1);
	struct fulfilment made;

	assert_int_equal(fulfil(fixture, &album, 1, "k", &made), ERR_OK);
	/* All goes from sale, and the file off. */
	assert_int_equal(fixture_withdraw(fixture, &album), ERR_OK);
	assert_int_equal(fixture_withdraw(fixture, &track), ERR_OK);
	assert_int_equal(fixture_contain(fixture, &album, NULL, 0), ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &track, "one.ogg"),
	    ERR_OK);
	assert_int_equal(claim(fixture, buyer, made.claim_code, NULL),
	    ERR_OK);
	assert_int_equal(fixture_library_count(fixture, buyer), 1);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM version WHERE state = 1"), 1);
}

static void
a_code_expires_after_thirty_days_and_a_gift_never(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid items[2] = { fixture_item_on_sale(fixture, "one", 10),
	    fixture_item_on_sale(fixture, "two", 20) };
	struct purchase_result gift = { 0 };
	struct fulfilment made;

	fixture_give(fixture, buyer, 100);
	assert_int_equal(fulfil(fixture, items, 1, "k", &made), ERR_OK);
	assert_int_equal(give(fixture, buyer, items + 1, 1, &gift), ERR_OK);
	fixture->now_ms += FULFILMENT_LIFETIME_S * 1000;
	assert_int_equal(claim(fixture, buyer, made.claim_code, NULL),
	    ERR_CODE_EXPIRED);
	assert_int_equal(claim(fixture, buyer, gift.claim_code, NULL),
	    ERR_OK);
	purchase_result_clear(&gift);
}

static void
a_gift_is_paid_in_full_and_owned_by_who_claims_it(void **state)
{
	struct fixture *fixture = *state;
	int64_t giver = fixture_account(fixture, "a@example.com", NULL);
	int64_t friend = fixture_account(fixture, "b@example.com", NULL);
	struct uuid tracks[2] = { fixture_item_on_sale(fixture, "one", 10),
	    fixture_item_on_sale(fixture, "two", 10) };
	struct uuid album = fixture_album_on_sale(fixture, 15, tracks, 2);
	struct uuid both[2] = { album, tracks[0] };
	struct purchase_result out = { 0 };
	struct claim_result claimed;
	char code[CODE_TEXT_SIZE];

	fixture_give(fixture, giver, 100);
	assert_int_equal(fixture_buy(fixture, giver, tracks, "1"), ERR_OK);
	assert_int_equal(give(fixture, giver, both, 2, &out),
	    ERR_ALREADY_OWNED);
	assert_int_equal(give(fixture, giver, &album, 1, &out), ERR_OK);
	assert_true(out.purchase.is_gift);
	assert_int_equal(fixture_balance(fixture, giver), 100 - 10 - 15);
	memcpy(code, out.claim_code, sizeof(code));
	assert_int_equal(fixture_library_count(fixture, giver), 1);
	assert_int_equal(give(fixture, giver, &album, 1, &out), ERR_OK);
	assert_true(out.is_replayed);
	assert_string_equal(out.claim_code, code);
	assert_int_equal(claim(fixture, friend, code, &claimed), ERR_OK);
	assert_int_equal(claimed.item_count, 1);
	assert_int_equal(fixture_library_count(fixture, friend), 2);
	/* A gift deducts nothing: its owner did not pay. */
	both[0] = fixture_album_on_sale(fixture, 50, &album, 1);
	fixture_give(fixture, friend, 100);
	assert_int_equal(fixture_buy(fixture, friend, both, "2"), ERR_OK);
	assert_int_equal(fixture_balance(fixture, friend), 50);
	purchase_result_clear(&out);
}

static void
what_is_owned_already_is_no_use_of_a_code(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid items[2] = { fixture_item_on_sale(fixture, "one", 0),
	    fixture_item_on_sale(fixture, "two", 0) };
	struct fulfilment single, both;
	struct claim_result claimed;

	assert_int_equal(fixture_buy(fixture, buyer, items, "1"), ERR_OK);
	assert_int_equal(fulfil(fixture, items, 1, "k", &single), ERR_OK);
	assert_int_equal(fulfil(fixture, items, 2, "l", &both), ERR_OK);
	assert_int_equal(claim(fixture, buyer, single.claim_code, &claimed),
	    ERR_ALREADY_OWNED);
	assert_int_equal(claimed.item_count, 1);
	assert_int_equal(claim(fixture, other, single.claim_code, NULL),
	    ERR_OK);
	assert_int_equal(claim(fixture, buyer, both.claim_code, NULL),
	    ERR_OK);
	assert_int_equal(fixture_library_count(fixture, buyer), 2);
}

static void
a_refunded_gift_ends_for_who_has_it_or_will(void **state)
{
	struct fixture *fixture = *state;
	int64_t giver = fixture_account(fixture, "a@example.com", NULL);
	int64_t friend = fixture_account(fixture, "b@example.com", NULL);
	struct uuid items[3] = { fixture_item_on_sale(fixture, "one", 10),
	    fixture_item_on_sale(fixture, "two", 20),
	    fixture_item_on_sale(fixture, "three", 30) };
	struct purchase_result out = { 0 };
	struct claim_result claimed;
	char code[CODE_TEXT_SIZE];
	struct uuid id;

	fixture_give(fixture, giver, 100);
	assert_int_equal(give(fixture, giver, items, 3, &out), ERR_OK);
	id = out.purchase.id;
	memcpy(code, out.claim_code, sizeof(code));
	/* Before it is claimed, the rest remains. */
	assert_int_equal(fixture_give_back(fixture, &id, items, 1), ERR_OK);
	assert_int_equal(claim(fixture, friend, code, &claimed), ERR_OK);
	assert_int_equal(claimed.item_count, 2);
	assert_int_equal(fixture_library_count(fixture, friend), 2);
	assert_int_equal(fixture_give_back(fixture, &id, items + 1, 1), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, friend), 1);
	assert_int_equal(fixture_give_back(fixture, &id, NULL, 0), ERR_OK);
	assert_int_equal(fixture_library_count(fixture, friend), 0);
	assert_int_equal(fixture_balance(fixture, giver), 100);
	purchase_result_clear(&out);
}

static void
a_gift_refunded_whole_cannot_be_claimed(void **state)
{
	struct fixture *fixture = *state;
	int64_t giver = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "one", 10);
	struct purchase_result out = { 0 };

	fixture_give(fixture, giver, 10);
	assert_int_equal(give(fixture, giver, &item, 1, &out), ERR_OK);
	assert_int_equal(fixture_give_back(fixture, &out.purchase.id, NULL, 0),
	    ERR_OK);
	assert_int_equal(claim(fixture, giver, out.claim_code, NULL),
	    ERR_CODE_EXPIRED);
	purchase_result_clear(&out);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fulfilment_is_claimed_once),
		TEST(a_fulfilment_names_what_was_on_sale_once),
		TEST(what_was_fulfilled_is_kept_until_it_is_claimed),
		TEST(a_code_expires_after_thirty_days_and_a_gift_never),
		TEST(a_gift_is_paid_in_full_and_owned_by_who_claims_it),
		TEST(what_is_owned_already_is_no_use_of_a_code),
		TEST(a_refunded_gift_ends_for_who_has_it_or_will),
		TEST(a_gift_refunded_whole_cannot_be_claimed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
