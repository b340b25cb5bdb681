#include "commerced/shop/refund.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/accounts.h"
#include "commerced/db/books.h"
#include "commerced/db/claims.h"
#include "commerced/db/purchases.h"
#include "commerced/db/refunds.h"
#include "commerced/shop/internal.h"

/* Which lines of a purchase go back. */
struct refund_lines {
	bool chosen[PURCHASE_ITEMS_MAX];
	int64_t amount_minor;
};

void
refund_result_clear(struct refund_result *result)
{
	purchase_clear(&result->purchase);
	refund_clear(&result->refund);
	*result = (struct refund_result){ 0 };
}

static void
refund_refuse(struct refund_result *out, const struct uuid *item)
{
	out->refused[out->refused_count++] = *item;
}

/* The line of an item; line_count when there is none. */
static size_t
refund_find_line(const struct purchase *purchase, const struct uuid *item)
{
	size_t i;

	for (i = 0; i < purchase->line_count; i++) {
		if (memcmp(&purchase->lines[i].item, item,
		    sizeof(*item)) == 0)
			break;
	}
	return i;
}

/* Those that were asked for, each once and not refunded yet. */
static enum err
refund_choose(const struct refund_request *in, struct refund_result *out,
    struct refund_lines *lines)
{
	const struct purchase *purchase = &out->purchase;

	for (size_t i = 0; i < in->item_count; i++) {
		size_t line = refund_find_line(purchase, &in->items[i]);
		enum err e = ERR_OK;

		if (line == purchase->line_count)
			e = ERR_OUT_OF_RANGE;
		else if (lines->chosen[line])
			e = ERR_DUPLICATE_ITEM;
		else if (purchase->lines[line].status == PURCHASE_REFUNDED)
			e = ERR_ALREADY_REFUNDED;
		if (e) {
			refund_refuse(out, &in->items[i]);
			return e;
		}
		lines->chosen[line] = true;
	}
	return ERR_OK;
}

static enum err
refund_choose_rest(const struct purchase *purchase,
    struct refund_lines *lines)
{
	bool any = false;

	for (size_t i = 0; i < purchase->line_count; i++) {
		lines->chosen[i] =
		    purchase->lines[i].status != PURCHASE_REFUNDED;
		any = any || lines->chosen[i];
	}
	return any ? ERR_OK : ERR_ALREADY_REFUNDED;
}

/*
 * What was deducted elsewhere stays paid: else a part would be had for
 * nothing, with an album that cost less for it.
 */
static enum err
refund_check_lines(struct shop_transaction *tx, struct refund_lines *lines,
    struct refund_result *out)
{
	const struct purchase *purchase = &out->purchase;
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < purchase->line_count; i++) {
		const struct purchase_line *line = &purchase->lines[i];
		bool is_deducted = false;

		if (!lines->chosen[i])
			continue;
		e = db_line_is_deducted(tx->db, purchase->number, (int64_t)i,
		    &is_deducted);
		if (is_deducted)
			refund_refuse(out, &line->item);
		lines->amount_minor += line->price_minor -
		    line->deducted_minor;
	}
	return !e && out->refused_count > 0 ? ERR_NOT_REFUNDABLE : e;
}

/* There is somebody to pay, and room for it. */
static enum err
refund_check_payee(struct shop_transaction *tx, int64_t number,
    int64_t amount_minor)
{
	struct account account;
	enum err e;

	e = db_account_get(tx->db, number, &account);
	if (e == ERR_NOT_FOUND ||
	    (!e && account.balance_minor > MONEY_MAX - amount_minor))
		e = ERR_NOT_REFUNDABLE;
	return e;
}

static enum err
refund_pay(struct shop_transaction *tx, const struct refund *refund,
    int64_t account)
{
	const struct transfer transfer = { .at_ms = tx->now_ms,
	    .debit_account = LEDGER_SALES, .credit_account = account,
	    .amount_minor = refund->amount_minor, .kind = TRANSFER_REFUND,
	    .reference = refund->number };

	return refund->amount_minor == 0 ? ERR_OK :
	    db_transfer_add(tx->db, &transfer);
}

/* The lines' rows; what they gave, to whomever, ends. */
static enum err
refund_end_lines(struct shop_transaction *tx,
    const struct refund_lines *lines, const struct refund_result *out)
{
	const struct purchase *purchase = &out->purchase;
	struct claim_row claim = { .claimed_by = purchase->account };
	enum err e = ERR_OK;

	if (purchase->is_gift)
		e = db_claim_by_purchase(tx->db, purchase->number, &claim);
	for (size_t i = 0; !e && i < purchase->line_count; i++) {
		if (!lines->chosen[i])
			continue;
		e = db_line_refund(tx->db, &out->refund, (int64_t)i,
		    claim.claimed_by);
		if (!e && purchase->is_gift)
			e = db_claim_item_set(tx->db, claim.number,
			    (int64_t)i, false);
	}
	return e;
}

static enum err
refund_set_status(struct shop_transaction *tx,
    const struct refund_lines *lines, struct purchase *purchase)
{
	purchase->status = PURCHASE_REFUNDED;
	for (size_t i = 0; i < purchase->line_count; i++) {
		if (!lines->chosen[i] &&
		    purchase->lines[i].status != PURCHASE_REFUNDED)
			purchase->status = PURCHASE_PART_REFUNDED;
	}
	return db_purchase_set_status(tx->db, purchase);
}

static enum err
refund_write(struct shop_transaction *tx, const struct refund_request *in,
    const struct refund_lines *lines, struct refund_result *out)
{
	struct refund *refund = &out->refund;
	enum err e;

	refund->id = shop_uuid(tx->shop, tx->now_ms);
	refund->purchase = out->purchase.number;
	refund->amount_minor = lines->amount_minor;
	refund->created_ms = tx->now_ms;
	refund->reason = strdup(in->reason);
	if (refund->reason == NULL)
		return ERR_NO_MEMORY;
	e = db_refund_add(tx->db, refund);
	if (!e)
		e = refund_end_lines(tx, lines, out);
	if (!e)
		e = refund_set_status(tx, lines, &out->purchase);
	if (!e)
		e = refund_pay(tx, refund, out->purchase.account);
	return e ? e : admin_request_remember(tx, &in->request,
	    refund->number);
}

static enum err
refund_make_new(struct shop_transaction *tx, const struct refund_request *in,
    struct refund_result *out)
{
	struct refund_lines lines = { .amount_minor = 0 };
	size_t length = strlen(in->reason);
	enum err e;

	if (length < 1 || length > REFUND_REASON_MAX ||
	    in->item_count > PURCHASE_ITEMS_MAX)
		return ERR_OUT_OF_RANGE;
	e = db_purchase_get_any(tx->db, &in->purchase, &out->purchase);
	if (!e)
		e = in->item_count > 0 ? refund_choose(in, out, &lines) :
		    refund_choose_rest(&out->purchase, &lines);
	if (!e)
		e = refund_check_lines(tx, &lines, out);
	if (!e)
		e = refund_check_payee(tx, out->purchase.account,
		    lines.amount_minor);
	return e ? e : refund_write(tx, in, &lines, out);
}

enum err
refund_make(struct shop_transaction *tx, const struct refund_request *in,
    struct refund_result *out)
{
	int64_t number = 0;
	enum err e;

	refund_result_clear(out);
	e = admin_request_find(tx, &in->request, &number);
	out->is_replayed = !e && number != 0;
	if (!e && !out->is_replayed) {
		e = refund_make_new(tx, in, out);
		number = out->refund.number;
	}
	if (e)
		return e;
	/* As the books have it now, for a first time and for all others. */
	refund_clear(&out->refund);
	purchase_clear(&out->purchase);
	e = db_refund_get(tx->db, number, &out->refund);
	return e ? e : db_purchase_by_number(tx->db, out->refund.purchase,
	    &out->purchase);
}
