#include "commerced/shop/purchase.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/db/purchases.h"
#include "commerced/shop/basket.h"
#include "commerced/shop/claim_issue.h"
#include "commerced/shop/cursor.h"
#include "commerced/shop/internal.h"
#include "common/secret.h"

enum err
idempotency_key_check(const char *key, size_t length)
{
	if (length < 1 || length > IDEMPOTENCY_KEY_MAX)
		return ERR_OUT_OF_RANGE;
	for (size_t i = 0; i < length; i++) {
		if (key[i] < ' ' || key[i] > '~')
			return ERR_OUT_OF_RANGE;
	}
	return ERR_OK;
}

void
purchase_result_clear(struct purchase_result *result)
{
	purchase_clear(&result->purchase);
	secret_wipe(result->claim_code, sizeof(result->claim_code));
	/* Not the two long arrays: what is in them the rest says. */
	result->sale.sequence = 0;
	result->sale.is_plain = result->is_replayed = false;
	result->refused_count = 0;
	result->total_minor = result->missing_minor = 0;
}

/* This request was answered before. */
static enum err
purchase_replay(struct shop_transaction *tx,
    const struct purchase_request *in, const struct buyer_row *buyer,
    struct purchase_result *out)
{
	enum err e;

	if (memcmp(buyer->request_hash, in->request_hash,
	    REQUEST_HASH_BYTES) != 0)
		return ERR_IDEMPOTENCY_KEY_REUSED;
	out->is_replayed = true;
	e = db_purchase_by_number(tx->db, buyer->purchase, &out->purchase);
	return e || !out->purchase.is_gift ? e :
	    claim_code_of_gift(tx, buyer->purchase, out->claim_code);
}

static enum err
purchase_check_total(const struct purchase_request *in,
    const struct buyer_row *buyer, const struct basket *basket,
    struct purchase_result *out)
{
	out->total_minor = basket->total_minor;
	if (in->has_expected_total &&
	    in->expected_total_minor != basket->total_minor)
		return ERR_PRICE_CHANGED;
	if (!buyer->is_there)		/* the account was deleted meanwhile */
		return ERR_SESSION_EXPIRED;
	if (buyer->balance_minor >= basket->total_minor)
		return ERR_OK;
	out->missing_minor = basket->total_minor - buyer->balance_minor;
	return ERR_PAYMENT_REQUIRED;
}

/* As the configuration says today. */
static enum err
purchase_set_seller(const struct shop *shop, struct purchase *out)
{
	const struct shop_options *options = &shop->options;
	struct seller *seller = &out->seller;

	seller->number = shop->seller;
	seller->tax_rate = options->tax_rate;
	seller->legal_name = strdup(options->seller_name);
	if (options->seller_tax_id != NULL)
		seller->tax_id = strdup(options->seller_tax_id);
	return seller->legal_name == NULL || (seller->tax_id == NULL &&
	    options->seller_tax_id != NULL) ? ERR_NO_MEMORY : ERR_OK;
}

/* The receipt's own rows. */
static enum err
purchase_write(struct shop_transaction *tx,
    const struct purchase_request *in, const struct basket *basket,
    struct purchase *out)
{
	const struct deduction *deduction = basket->deductions.deductions;
	enum err e;

	out->id = shop_uuid(tx->shop, tx->now_ms);
	out->account = in->account;
	out->status = PURCHASE_PAID;
	out->created_ms = tx->now_ms;
	out->total_minor = basket->total_minor;
	out->is_gift = in->is_gift;
	e = purchase_set_seller(tx->shop, out);
	if (!e)
		e = db_purchase_add(tx->db, out, in->request_hash);
	for (size_t i = 0; !e && i < basket->count; i++) {
		e = db_purchase_line_add(tx->db, out->number, (int64_t)i,
		    &basket->lines[i]);
		for (size_t j = 0; !e && j < basket->deducted[i]; j++)
			e = db_deduction_add(tx->db, out->number, (int64_t)i,
			    deduction++);
	}
	return e ? e : db_purchase_key_add(tx->db, out, in->idempotency_key);
}

/*
 * What the money gives: each item, as its files are today.  For somebody
 * else, it waits for its code.
 */
static enum err
purchase_entitle(struct shop_transaction *tx, const struct basket *basket,
    const struct purchase *purchase, struct sale *sale)
{
	struct entitlement entitlement = { .account = purchase->account,
	    .source = SOURCE_PAID, .purchase = purchase->number,
	    .created_ms = tx->now_ms, .sequence = basket->lines[0].sequence };
	enum err e = ERR_OK;

	sale->sequence = entitlement.sequence;
	sale->is_plain = !purchase->is_gift;
	for (size_t i = 0; !e && i < basket->count; i++) {
		const struct sale_row *line = &basket->lines[i];

		entitlement.item = line->item;
		sale->is_plain = sale->is_plain && !line->is_container;
		if (!purchase->is_gift) {
			shop_random(tx->shop, sale->grant_seeds[i],
			    GRANT_SEED_BYTES);
			memcpy(entitlement.grant_seed, sale->grant_seeds[i],
			    GRANT_SEED_BYTES);
			e = db_entitlement_add(tx->db, &entitlement);
		}
		/*
		 * Its versions are marked once after each change of files.  An
		 * album may have been marked with what contains it, and what
		 * is in it not: that goes two levels down.
		 */
		if (!e && (line->is_container ||
		    line->sold_sequence < entitlement.sequence))
			e = db_item_sold(tx->db, line->item,
			    entitlement.sequence);
	}
	return e;
}

static enum err
purchase_wrap(struct shop_transaction *tx, const struct basket *basket,
    struct purchase_result *out)
{
	struct claim_row claim = { .kind = SOURCE_GIFT,
	    .purchase = out->purchase.number };
	int64_t items[PURCHASE_ITEMS_MAX];

	for (size_t i = 0; i < basket->count; i++)
		items[i] = basket->lines[i].item;
	return claim_issue(tx, &claim, items, basket->count, out->claim_code);
}

static enum err
purchase_pay(struct shop_transaction *tx, const struct purchase *purchase)
{
	const struct transfer transfer = { .at_ms = tx->now_ms,
	    .debit_account = purchase->account,
	    .credit_account = LEDGER_SALES,
	    .amount_minor = purchase->total_minor, .kind = TRANSFER_SALE,
	    .reference = purchase->number };

	if (purchase->total_minor == 0)
		return ERR_OK;
	return db_transfer_add(tx->db, &transfer);
}

static enum err
purchase_commit(struct shop_transaction *tx,
    const struct purchase_request *in, const struct buyer_row *buyer,
    struct purchase_result *out)
{
	struct basket basket;
	enum err e;

	e = basket_fill(tx->db, tx->now_ms, in, &basket, out);
	if (!e)
		e = purchase_check_total(in, buyer, &basket, out);
	if (!e)
		e = purchase_write(tx, in, &basket, &out->purchase);
	if (!e)
		e = purchase_entitle(tx, &basket, &out->purchase,
		    &out->sale);
	if (!e)
		e = purchase_pay(tx, &out->purchase);
	if (!e && in->is_gift)
		e = purchase_wrap(tx, &basket, out);
	if (!e)
		e = basket_take_lines(&basket, in, &out->purchase);
	basket_clear(&basket);
	return e;
}

enum err
purchase_buy(struct shop_transaction *tx, const struct purchase_request *in,
    struct purchase_result *out)
{
	struct buyer_row buyer;
	enum err e;

	purchase_result_clear(out);
	e = idempotency_key_check(in->idempotency_key,
	    strlen(in->idempotency_key));
	if (!e)
		e = db_buyer_get(tx->db, in->account, in->idempotency_key,
		    &buyer);
	if (e)
		return e;
	return buyer.purchase != 0 ? purchase_replay(tx, in, &buyer, out) :
	    purchase_commit(tx, in, &buyer, out);
}

enum err
purchase_quote(struct shop *shop, const struct purchase_request *in,
    struct purchase_result *out)
{
	struct basket basket;
	struct db *db;
	enum err e;

	purchase_result_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = basket_fill(db, shop_now_ms(shop), in, &basket, out);
	reader_return(shop, db);
	if (!e)
		e = basket_take_lines(&basket, in, &out->purchase);
	basket_clear(&basket);
	return e;
}

enum err
purchase_get(struct shop *shop, int64_t account, const struct uuid *id,
    struct purchase *out)
{
	struct db *db;
	enum err e;

	purchase_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_purchase_get(db, account, id, out);
	reader_return(shop, db);
	if (e)
		purchase_clear(out);
	return e;
}

/* One more than the page was asked for, to know whether one follows. */
static enum err
purchase_list_cut(struct purchase_list *list, size_t limit)
{
	struct cursor cursor = { .kind = CURSOR_PURCHASES };

	if (list->count <= limit)
		return ERR_OK;
	purchase_clear(&list->purchases[--list->count]);
	cursor.numbers[0] = list->purchases[limit - 1].number;
	return cursor_encode(&cursor, &list->next);
}

enum err
purchase_list(struct shop *shop, int64_t account, size_t limit,
    const char *text, struct purchase_list *out)
{
	struct cursor cursor = { .numbers = { INT64_MAX } };
	struct db *db;
	enum err e = ERR_OK;

	purchase_list_clear(out);
	if (limit < 1 || limit > PURCHASE_LIMIT_MAX)
		return ERR_OUT_OF_RANGE;
	if (text != NULL)
		e = cursor_decode(text, CURSOR_PURCHASES, &cursor);
	if (!e)
		e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_purchase_list(db, account, cursor.numbers[0], limit + 1, out);
	reader_return(shop, db);
	if (!e)
		e = purchase_list_cut(out, limit);
	if (e)
		purchase_list_clear(out);
	return e;
}
