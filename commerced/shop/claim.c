#include "commerced/shop/claim.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/shop/claim_issue.h"
#include "commerced/shop/code_find.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/item.h"
#include "common/secret.h"

/* --- issuing -------------------------------------------------------------- */

static enum err
claim_code(struct shop_transaction *tx, const struct claim_row *claim,
    char code[static CODE_TEXT_SIZE])
{
	const struct code_name name = { .kind = CODE_CLAIM,
	    .owner = claim->id };

	return keys_code(code, shop_master_keys(tx->shop),
	    claim->master_key, &name);
}

static enum err
claim_write(struct shop_transaction *tx, struct claim_row *claim,
    const char code[static CODE_TEXT_SIZE])
{
	char characters[CODE_CHARACTERS + 1];
	uint8_t lookup[CODE_LOOKUP_BYTES];
	enum err e;

	e = code_normalise(characters, code, strlen(code));
	if (!e)
		e = keys_code_lookup(lookup, shop_master_keys(tx->shop),
		    claim->master_key, CODE_CLAIM, characters);
	if (!e)
		e = db_claim_add(tx->db, claim, lookup, tx->now_ms);
	secret_wipe(characters, sizeof(characters));
	return e;
}

enum err
claim_issue(struct shop_transaction *tx, struct claim_row *claim,
    const int64_t *items, size_t count, char code[static CODE_TEXT_SIZE])
{
	enum err e;

	claim->id = shop_uuid(tx->shop, tx->now_ms);
	(void)stpncpy(claim->master_key,
	    keys_first_id(shop_master_keys(tx->shop)),
	    sizeof(claim->master_key) - 1);
	e = db_sequence_get(tx->db, &claim->sequence);
	if (!e)
		e = claim_code(tx, claim, code);
	if (!e)
		e = claim_write(tx, claim, code);
	for (size_t i = 0; !e && i < count; i++)
		e = db_claim_item_add(tx->db, claim->number, (int64_t)i,
		    items[i]);
	return e;
}

enum err
claim_code_of_gift(struct shop_transaction *tx, int64_t purchase,
    char code[static CODE_TEXT_SIZE])
{
	struct claim_row claim;
	enum err e;

	e = db_claim_by_purchase(tx->db, purchase, &claim);
	return e ? e : claim_code(tx, &claim, code);
}

/* --- fulfilments ---------------------------------------------------------- */

/* Was it ever on sale, and has it something to give? */
static enum err
fulfilment_find_item(struct shop_transaction *tx, const struct uuid *id,
    int64_t *number)
{
	struct item item = { 0 };
	enum err e;

	e = db_item_get(tx->db, id, &item);
	if (!e)
		e = item_parts_get(tx->db, DB_FILES_FOR_SALE, &item);
	if (e == ERR_NOT_FOUND || (!e && (item.state == ITEM_DRAFT ||
	    (item.files.count == 0 && item.contains_count == 0))))
		e = ERR_ITEM_NOT_ON_SALE;
	*number = item.number;
	item_clear(&item);
	return e;
}

static enum err
fulfilment_find_items(struct shop_transaction *tx,
    const struct fulfilment_request *in, int64_t *items,
    struct fulfilment *out)
{
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < in->item_count; i++) {
		out->refused = in->items[i];
		e = fulfilment_find_item(tx, &in->items[i], &items[i]);
		for (size_t j = 0; !e && j < i; j++) {
			if (items[j] == items[i])
				e = ERR_DUPLICATE_ITEM;
		}
	}
	return e;
}

static enum err
fulfilment_issue(struct shop_transaction *tx,
    const struct fulfilment_request *in, struct fulfilment *out,
    int64_t *reference)
{
	struct claim_row claim = { .kind = SOURCE_FULFILMENT };
	int64_t items[PURCHASE_ITEMS_MAX];
	enum err e;

	if (in->item_count < 1 || in->item_count > PURCHASE_ITEMS_MAX ||
	    strlen(in->reference) > FULFILMENT_REFERENCE_MAX)
		return ERR_OUT_OF_RANGE;
	(void)stpncpy(claim.reference, in->reference,
	    FULFILMENT_REFERENCE_MAX);
	claim.expires_ms = tx->now_ms + FULFILMENT_LIFETIME_S * 1000;
	e = fulfilment_find_items(tx, in, items, out);
	if (!e)
		e = claim_issue(tx, &claim, items, in->item_count,
		    out->claim_code);
	/* Nothing of it goes before it is claimed. */
	for (size_t i = 0; !e && i < in->item_count; i++)
		e = db_item_sold(tx->db, items[i], claim.sequence);
	*reference = claim.number;
	return e;
}

/* The answer, as the books have it. */
static enum err
fulfilment_read(struct shop_transaction *tx, int64_t number,
    struct fulfilment *out)
{
	struct claim_items items = { 0 };
	struct claim_row claim;
	enum err e;

	e = db_claim_by_number(tx->db, number, &claim);
	if (!e)
		e = db_claim_items(tx->db, &claim, &items);
	if (!e)
		e = claim_code(tx, &claim, out->claim_code);
	out->id = claim.id;
	memcpy(out->reference, claim.reference, sizeof(out->reference));
	out->expires_ms = claim.expires_ms;
	for (; out->item_count < items.count; out->item_count++)
		out->items[out->item_count] =
		    items.items[out->item_count].id;
	free(items.items);
	return e;
}

enum err
fulfilment_make(struct shop_transaction *tx,
    const struct fulfilment_request *in, struct fulfilment *out)
{
	int64_t reference = 0;
	enum err e;

	*out = (struct fulfilment){ 0 };
	e = admin_request_find(tx, &in->request, &reference);
	out->is_replayed = !e && reference != 0;
	if (!e && !out->is_replayed) {
		e = fulfilment_issue(tx, in, out, &reference);
		if (!e)
			e = admin_request_remember(tx, &in->request,
			    reference);
	}
	return e ? e : fulfilment_read(tx, reference, out);
}

/* --- claiming ------------------------------------------------------------- */

static enum err
claim_find(struct db *db, const uint8_t lookup[static CODE_LOOKUP_BYTES],
    void *row)
{
	return db_claim_by_lookup(db, lookup, row);
}

static void
claim_tell(const struct claim_items *items, struct claim_result *out)
{
	for (; out->item_count < items->count; out->item_count++)
		out->items[out->item_count] =
		    items->items[out->item_count].id;
}

/* ERR_ALREADY_OWNED when there is nothing in it for the account. */
static enum err
claim_check_owned(struct shop_transaction *tx, int64_t account,
    const struct claim_items *items)
{
	bool is_owned = true;
	enum err e = ERR_OK;

	for (size_t i = 0; !e && is_owned && i < items->count; i++)
		e = db_item_is_owned(tx->db, account, items->items[i].item,
		    &is_owned);
	return !e && is_owned ? ERR_ALREADY_OWNED : e;
}

static enum err
claim_grant(struct shop_transaction *tx, const struct claim_row *claim,
    int64_t account, const struct claim_item *item)
{
	struct entitlement entitlement = { .account = account,
	    .item = item->item, .source = claim->kind,
	    .purchase = claim->purchase, .created_ms = tx->now_ms,
	    .sequence = claim->sequence };
	bool is_entitled = false;
	enum err e;

	e = db_item_is_entitled(tx->db, account, item->item, &is_entitled);
	if (e || is_entitled)
		return e;
	shop_random(tx->shop, entitlement.grant_seed,
	    sizeof(entitlement.grant_seed));
	e = db_entitlement_add(tx->db, &entitlement);
	return e ? e : db_claim_item_set(tx->db, claim->number,
	    item->position, true);
}

static enum err
claim_take_new(struct shop_transaction *tx, const struct claim_row *claim,
    int64_t account, const struct claim_items *items)
{
	enum err e;

	if (items->count == 0 || (claim->expires_ms != 0 &&
	    claim->expires_ms <= tx->now_ms))
		return ERR_CODE_EXPIRED;
	e = claim_check_owned(tx, account, items);
	if (!e)
		e = db_claim_take(tx->db, claim->number, account, tx->now_ms);
	for (size_t i = 0; !e && i < items->count; i++)
		e = claim_grant(tx, claim, account, &items->items[i]);
	return e;
}

enum err
claim_take(struct shop_transaction *tx, const struct claim_request *in,
    struct claim_result *out)
{
	const struct code_typed typed = { .kind = CODE_CLAIM,
	    .text = in->code, .length = in->code_length };
	struct claim_items items = { 0 };
	struct claim_row claim = { 0 };
	int64_t balance;
	enum err e;

	*out = (struct claim_result){ 0 };
	e = db_balance_get(tx->db, in->account, &balance);
	if (e == ERR_NOT_FOUND)		/* the account was deleted meanwhile */
		e = ERR_SESSION_EXPIRED;
	if (!e)
		e = code_find(tx, &typed, claim_find, &claim);
	if (!e && claim.claimed_by != 0 && claim.claimed_by != in->account)
		e = ERR_CODE_USED;
	if (!e)
		e = db_claim_items(tx->db, &claim, &items);
	if (!e && claim.claimed_by == 0)
		e = claim_take_new(tx, &claim, in->account, &items);
	claim_tell(&items, out);
	free(items.items);
	return e;
}
