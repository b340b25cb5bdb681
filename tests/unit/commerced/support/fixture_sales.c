/* The fixture's buyers: what they buy, own and give back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

struct gift {
	int64_t account;
	struct gift_codes_request request;
};

/* A code that was prepared is issued and redeemed in one go. */
static enum err
write_gift(struct shop_transaction *tx, const void *in, void *out)
{
	const struct gift *gift = in;
	struct gift_codes *codes = out;
	const struct gift_redemption redemption = {
		.account = gift->account, .code = codes->codes[0],
		.code_length = strlen(codes->codes[0]) };
	struct gift_redeemed redeemed;
	const char *member;
	enum err e;

	e = gift_codes_issue(tx, &gift->request, codes, &member);
	return e ? e : gift_code_redeem(tx, &redemption, &redeemed);
}

void
fixture_give(struct fixture *fixture, int64_t account, int64_t amount_minor)
{
	static atomic_int gifts;
	char key[IDEMPOTENCY_KEY_MAX + 1];
	const struct gift in = { .account = account, .request = {
	    .amount_minor = amount_minor, .count = 1, .request = {
	    .method = "POST", .path = "/admin/v1/gift-codes",
	    .idempotency_key = key } } };
	struct gift_codes codes = { 0 };

	(void)snprintf(key, sizeof(key), "fixture %d",
	    atomic_fetch_add(&gifts, 1));
	assert_int_equal(gift_codes_prepare(fixture->shop, &in.request,
	    &codes), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_gift, &in, &codes),
	    ERR_OK);
	gift_codes_clear(&codes);
}

static enum err
write_purchase(struct shop_transaction *tx, const void *in, void *out)
{
	return purchase_buy(tx, in, out);
}

enum err
fixture_purchase(struct fixture *fixture, const struct purchase_request *in,
    struct purchase_result *out)
{
	return fixture_run(fixture, write_purchase, in, out);
}

static enum err
write_refund(struct shop_transaction *tx, const void *in, void *out)
{
	return refund_make(tx, in, out);
}

enum err
fixture_refund(struct fixture *fixture, const struct refund_request *in,
    struct refund_result *out)
{
	return fixture_run(fixture, write_refund, in, out);
}

enum err
fixture_give_back(struct fixture *fixture, const struct uuid *purchase,
    const struct uuid *items, size_t count)
{
	static int keys;
	char key[16];
	const struct refund_request in = { .purchase = *purchase,
	    .items = items, .item_count = count, .reason = "asked for",
	    .request = { .method = "POST", .path = "/refund",
	    .idempotency_key = key } };
	struct refund_result out = { 0 };
	enum err e;

	(void)snprintf(key, sizeof(key), "%d", keys++);
	e = fixture_refund(fixture, &in, &out);
	refund_result_clear(&out);
	return e;
}

size_t
fixture_library_count(struct fixture *fixture, int64_t account)
{
	struct library_query query = { .account = account, .limit = 3 };
	struct library_list page = { 0 };
	char *cursor = NULL;
	size_t count = 0;

	do {
		query.cursor = cursor;
		assert_int_equal(library_list(fixture->shop, &query, &page),
		    ERR_OK);
		count += page.count;
		free(cursor);
		cursor = page.next;
		page.next = NULL;
	} while (cursor != NULL);
	library_list_clear(&page);
	return count;
}

enum err
fixture_buy(struct fixture *fixture, int64_t account,
    const struct uuid *item, const char *key)
{
	const struct purchase_request in = { .account = account,
	    .items = item, .item_count = 1, .idempotency_key = key };
	struct purchase_result out = { 0 };
	enum err e = fixture_purchase(fixture, &in, &out);

	purchase_result_clear(&out);
	return e;
}

int64_t
fixture_balance(struct fixture *fixture, int64_t account)
{
	struct account out;

	assert_int_equal(account_get(fixture->shop, account, &out), ERR_OK);
	return out.balance_minor;
}
