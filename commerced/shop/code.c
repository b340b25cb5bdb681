#include "commerced/shop/code.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/db/codes.h"
#include "commerced/shop/code_find.h"
#include "commerced/shop/internal.h"
#include "common/secret.h"

void
gift_codes_clear(struct gift_codes *codes)
{
	if (codes->codes != NULL)
		secret_wipe(codes->codes,
		    codes->count * sizeof(codes->codes[0]));
	free(codes->codes);
	free(codes->lookups);
	*codes = (struct gift_codes){ 0 };
}

static enum err
gift_codes_check(const struct gift_codes_request *in, int64_t now_ms,
    const char **member)
{
	*member = "amount";
	if (in->amount_minor < 1 || in->amount_minor > MONEY_MAX)
		return ERR_OUT_OF_RANGE;
	*member = "count";
	if (in->count < 1 || in->count > GIFT_CODES_MAX)
		return ERR_OUT_OF_RANGE;
	*member = "expires_at";
	if (in->expires_ms < 0 ||
	    (in->expires_ms != 0 && in->expires_ms <= now_ms))
		return ERR_OUT_OF_RANGE;
	*member = NULL;
	return ERR_OK;
}

/* One code of a batch, which is kept nowhere, and what it is found by. */
static enum err
gift_code_compute(const struct master_keys *keys, struct gift_codes *codes,
    size_t index)
{
	const struct code_name name = { .kind = CODE_GIFT,
	    .owner = codes->batch, .index = (uint32_t)index };
	const char *code = codes->codes[index];
	char characters[CODE_CHARACTERS + 1];
	enum err e;

	e = keys_code(codes->codes[index], keys, codes->master_key, &name);
	if (!e)
		e = code_normalise(characters, code, strlen(code));
	if (!e)
		e = keys_code_lookup(codes->lookups[index], keys,
		    codes->master_key, CODE_GIFT, characters);
	secret_wipe(characters, sizeof(characters));
	return e;
}

static enum err
gift_codes_compute(struct shop *shop, struct gift_codes *codes)
{
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < codes->count; i++)
		e = gift_code_compute(shop_master_keys(shop), codes, i);
	return e;
}

enum err
gift_codes_prepare(struct shop *shop, const struct gift_codes_request *in,
    struct gift_codes *codes)
{
	size_t count = (size_t)in->count;

	gift_codes_clear(codes);
	if (in->count < 1 || in->count > GIFT_CODES_MAX)
		return ERR_OK;	/* gift_codes_issue() refuses it */
	codes->codes = calloc(count, sizeof(codes->codes[0]));
	codes->lookups = calloc(count, sizeof(codes->lookups[0]));
	if (codes->codes == NULL || codes->lookups == NULL)
		return ERR_NO_MEMORY;
	codes->count = count;
	codes->batch = shop_uuid(shop, shop_now_ms(shop));
	codes->amount_minor = in->amount_minor;
	codes->expires_ms = in->expires_ms;
	(void)stpncpy(codes->master_key,
	    keys_first_id(shop_master_keys(shop)),
	    sizeof(codes->master_key) - 1);
	return gift_codes_compute(shop, codes);
}

enum err
gift_codes_recall(struct shop *shop, struct gift_codes *codes)
{
	return codes->is_replayed ? gift_codes_compute(shop, codes) : ERR_OK;
}

static enum err
gift_codes_issue_new(struct shop_transaction *tx,
    const struct gift_codes *codes, int64_t *number)
{
	struct gift_batch batch = { .id = codes->batch,
	    .amount_minor = codes->amount_minor,
	    .count = (int64_t)codes->count, .expires_ms = codes->expires_ms,
	    .created_ms = tx->now_ms };
	enum err e;

	memcpy(batch.master_key, codes->master_key, sizeof(batch.master_key));
	e = db_gift_batch_add(tx->db, &batch);
	for (size_t i = 0; !e && i < codes->count; i++)
		e = db_gift_code_add(tx->db, batch.number, (int64_t)i,
		    codes->lookups[i]);
	*number = batch.number;
	return e;
}

/* The same request: of the same size. */
static enum err
gift_codes_replay(struct shop_transaction *tx, int64_t number,
    struct gift_codes *codes)
{
	struct gift_batch batch;
	enum err e;

	e = db_gift_batch_get(tx->db, number, &batch);
	if (e)
		return e;
	if ((size_t)batch.count != codes->count)
		return ERR_INTERNAL;
	codes->batch = batch.id;
	memcpy(codes->master_key, batch.master_key, sizeof(batch.master_key));
	codes->amount_minor = batch.amount_minor;
	codes->expires_ms = batch.expires_ms;
	codes->is_replayed = true;
	return ERR_OK;
}

enum err
gift_codes_issue(struct shop_transaction *tx,
    const struct gift_codes_request *in, struct gift_codes *codes,
    const char **member)
{
	int64_t number = 0;
	enum err e;

	*member = NULL;
	e = admin_request_find(tx, &in->request, &number);
	if (!e && number != 0)
		return gift_codes_replay(tx, number, codes);
	if (!e)
		e = gift_codes_check(in, tx->now_ms, member);
	if (!e)
		e = gift_codes_issue_new(tx, codes, &number);
	return e ? e : admin_request_remember(tx, &in->request, number);
}

enum err
code_find(struct shop_transaction *tx, const struct code_typed *typed,
    code_row *find, void *row)
{
	const struct master_keys *keys = shop_master_keys(tx->shop);
	char characters[CODE_CHARACTERS + 1];
	uint8_t lookup[CODE_LOOKUP_BYTES];
	enum err e;

	if (code_normalise(characters, typed->text, typed->length))
		return ERR_CODE_UNKNOWN;
	e = ERR_NOT_FOUND;
	for (size_t i = 0; e == ERR_NOT_FOUND && i < keys_count(keys); i++) {
		e = keys_code_lookup(lookup, keys, keys_id(keys, i),
		    typed->kind, characters);
		if (!e)
			e = find(tx->db, lookup, row);
	}
	secret_wipe(characters, sizeof(characters));
	return e == ERR_NOT_FOUND ? ERR_CODE_UNKNOWN : e;
}

static enum err
gift_code_find(struct db *db,
    const uint8_t lookup[static CODE_LOOKUP_BYTES], void *row)
{
	return db_gift_code_get(db, lookup, row);
}

static enum err
gift_code_take(struct shop_transaction *tx, int64_t account,
    const struct gift_code_row *code)
{
	const struct transfer transfer = { .at_ms = tx->now_ms,
	    .debit_account = LEDGER_GIFT_ISSUE, .credit_account = account,
	    .amount_minor = code->amount_minor, .kind = TRANSFER_GIFT,
	    .reference = code->number };
	enum err e;

	e = db_gift_code_take(tx->db, code->number, account, tx->now_ms);
	return e ? e : db_transfer_add(tx->db, &transfer);
}

enum err
gift_code_redeem(struct shop_transaction *tx,
    const struct gift_redemption *in, struct gift_redeemed *out)
{
	const struct code_typed typed = { .kind = CODE_GIFT,
	    .text = in->code, .length = in->code_length };
	struct gift_code_row code = { 0 };
	enum err e;

	*out = (struct gift_redeemed){ 0 };
	e = db_balance_get(tx->db, in->account, &out->balance_minor);
	if (e == ERR_NOT_FOUND)		/* the account was deleted meanwhile */
		e = ERR_SESSION_EXPIRED;
	if (!e)
		e = code_find(tx, &typed, gift_code_find, &code);
	if (e)
		return e;
	if (code.redeemed_by != 0) {
		out->is_replayed = code.redeemed_by == in->account;
		return out->is_replayed ? ERR_OK : ERR_CODE_USED;
	}
	if (code.expires_ms != 0 && code.expires_ms <= tx->now_ms)
		return ERR_CODE_EXPIRED;
	if (out->balance_minor > MONEY_MAX - code.amount_minor)
		return ERR_OUT_OF_RANGE;
	out->balance_minor += code.amount_minor;
	return gift_code_take(tx, in->account, &code);
}
